r"""What a query may ask, decided on its letters and tokens before any parser sees it.

Pure: query text in, an ``Inspection`` out, or ``Refused`` with the place. Limits keep the engine's recursive parser
far from the sizes that overflow its stack and with it end the process: all queries of others are held to them. The
service also refuses SERVICE and updates, as keywords, never as words in strings, comments, IRIs or names.
``\uXXXX`` escapes are looked at both as written and decoded, since engines differ in when they decode them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple
from urllib.parse import urljoin

MAX_DEPTH: Final = 100
"""Brackets within brackets; calls within calls overflow the stack between 300 and 1,000 (measured)."""
MAX_CLAUSES: Final = 500
"""Groups and clauses; chains of OPTIONAL, BIND or ``AS`` overflow between 1,000 and 4,000 (measured)."""
MAX_LINKS: Final = 1000
"""Commas, semicolons and full stops between patterns; overflow between 1,000 and 4,000 (measured)."""
MAX_OPERATORS: Final = 2000
"""Operators of expressions and paths; overflow between 4,000 and 50,000 (measured)."""
_FEW: Final = min(MAX_DEPTH, MAX_CLAUSES, MAX_LINKS, MAX_OPERATORS)
"""So many tokens cannot be more of anything than is allowed, so fewer are not counted."""

_ESCAPE: Final = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
_SPACE: Final = r"(?P<space>   \s++ | \#[^\r\n]*+ )"
_STRING: Final = r"""
      (?P<string>  \"\"\"(?:"{0,2}+(?:[^"\\]|\\.))*+\"\"\" | \'\'\'(?:'{0,2}+(?:[^'\\]|\\.))*+\'\'\'
                 | "(?:[^"\\\r\n]|\\.)*+" | '(?:[^'\\\r\n]|\\.)*+' )
    | (?P<broken>  \"\"\"(?:"{0,2}+(?:[^"\\]|\\.))*+ | \'\'\'(?:'{0,2}+(?:[^'\\]|\\.))*+
                 | "(?:[^"\\\r\n]|\\.)*+ | '(?:[^'\\\r\n]|\\.)*+ )
"""
_NAMES: Final = rf"""
      (?P<iri>     <(?:[^\x00-\x20<>"{{}}|^`\\]|{_ESCAPE})*+> )
    | (?P<blank>   _:\w[\w.\-]*+ )
    | (?P<name>    (?:[^\W\d_][\w.\-]*+(?<!\.))?:(?:[\w.\-:]|%[0-9A-Fa-f]{{2}}|\\[^\w\s])*+ )
    | (?P<run>     [^\W\d_][\w.\-]*+ )
"""
_REST: Final = r"""
      (?P<variable>[?$]\w++ )
    | (?P<tag>     @[A-Za-z]++(?:-[A-Za-z0-9]++)*+ )
    | (?P<number>  [+-]?(?:\d+\.\d*|\.?\d+)(?:[eE][+-]?\d+)? )
    | (?P<word>    [^\W\d]\w*+ )
    | (?P<mark>    \^\^ | && | \|\| | [<>!]= | . )
"""


def _pattern(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts), re.VERBOSE | re.DOTALL)


_TOKENS: Final = _pattern(_SPACE, _STRING, _NAMES, _REST)
_PARTS: Final = {
    # words, dots and hyphens that turned out to be no prefix
    "run": _pattern(_REST),
    # what follows a quote without its partner: nothing hides in it
    "broken": _pattern(r"(?P<space> \s++ )", _NAMES, _REST),
}
"""What some stretches consist of: each is read once more, not once from each of its characters."""

_OPERATORS: Final = frozenset(
    ["||", "&&", "|", "/", "^", "+", "-", "*", "!", "=", "!=", "<", ">", "<=", ">="]
)
_CLAUSES: Final = frozenset(
    "AS BASE BIND EXISTS FILTER FROM GRAPH LATERAL MINUS OPTIONAL UNION VALUES".split()  # noqa: SIM905
)
_UPDATES: Final = frozenset(
    ["ADD", "CLEAR", "COPY", "CREATE", "DELETE", "DROP", "INSERT", "LOAD", "MOVE", "WITH"]
)
_VOLATILE: Final = frozenset(["BNODE", "NOW", "RAND", "STRUUID", "UUID"])
_GRAPHS: Final = frozenset(["CONSTRUCT", "DESCRIBE"])
_CLOSING: Final = {"{": "}", "(": ")", "[": "]"}
_TELLING: Final = ("SERVICE", "FROM", "GRAPH", *sorted(_GRAPHS | _UPDATES | _VOLATILE), "\\")
"""A query in which none of these occurs, in whatever place, holds nothing that we look for."""
_SHORT: Final = min(MAX_CLAUSES, MAX_LINKS, MAX_OPERATORS)
"""A shorter text has too few characters to have too many of these."""


class Reason(StrEnum):
    """Why a query is refused."""

    READ_ONLY = "read-only"
    SERVICE = "service"
    TOO_COMPLEX = "too-complex"


class Refused(Exception):
    """A query the service does not evaluate; line and column count from 1, in code points."""

    def __init__(self, reason: Reason, message: str, line: int, column: int) -> None:
        super().__init__(f"{message} (line {line}, column {column})")
        self.reason = reason
        self.line = line
        self.column = column


class Token(NamedTuple):
    """One token: its kind (a group of the pattern), its text as written, and its offset."""

    kind: str
    text: str
    start: int

    @property
    def keyword(self) -> str:
        """The token in capitals where it is a bare word, else nothing."""
        return self.text.upper() if self.kind == "word" else ""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the tokens say of a query: FROM graphs, prefixes, and whether its answer may vary.

    The prefixes are those for writing triples, so there are none where the answer is a table.
    """

    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    prefixes: dict[str, str]
    volatile: bool


def inspect(query: str) -> Inspection:
    """Look at a query's tokens; at its letters where they say enough, which takes a tenth of the time.

    Raises: Refused for SERVICE, an update, or a query too deep or too long a chain.
    """
    if is_plain(query):
        return _PLAIN
    tokens = measured(query)
    _refuse_service(query, tokens)
    decoded = decode(query)
    if decoded != query:
        _refuse_service(decoded, list(tokenize(decoded)))
    prefixes, base, body = _prologue(tokens)
    if body and body[0].keyword in _UPDATES:
        message = f"{body[0].keyword} is an update, and this service is read-only"
        raise _refused(Reason.READ_ONLY, message, query, body[0].start)
    default, named = _dataset(body, prefixes, base)
    form = body[0].keyword if body else ""
    return Inspection(default, named, prefixes if form in _GRAPHS else {}, _is_volatile(body))


_PLAIN: Final = Inspection((), (), {}, volatile=False)


def is_plain(query: str) -> bool:
    """Say whether a query, if it is one, can only be a SELECT or an ASK of the default view, of one answer."""
    capitals = query.upper()
    return (
        len(query) < _SHORT
        and not any(word in capitals for word in _TELLING)
        and sum(map(query.count, _CLOSING)) <= MAX_DEPTH
    )


def form_of(query: str) -> str:
    """Give the keyword that says what a query asks for, in capitals; empty when there is none."""
    body = _prologue(list(tokenize(query)))[2]
    return body[0].keyword if body else ""


def measured(query: str) -> list[Token]:
    """Give a query's tokens, if there are few enough for the engine.

    Raises: Refused for a query too deep or too long a chain.
    """
    tokens = []
    size = _Size(query)
    for token in tokenize(query):
        tokens.append(token)
        if len(tokens) == _FEW:
            for earlier in tokens:
                size.add(earlier)
        elif len(tokens) > _FEW:
            size.add(token)
    return tokens


def tokenize(query: str) -> Iterator[Token]:
    """Split a query into its tokens, without white space and comments; every character belongs to one.

    Takes time in proportion to the query's length, whatever it holds.
    """
    yield from _tokens(_TOKENS, query, 0, len(query))


def _tokens(pattern: re.Pattern[str], query: str, start: int, end: int) -> Iterator[Token]:
    for match in pattern.finditer(query, start, end):
        kind = match.lastgroup or "mark"
        if kind == "broken":
            yield Token("mark", query[match.start()], match.start())
            yield from _tokens(_PARTS[kind], query, match.start() + 1, match.end())
        elif kind == "run":
            yield from _tokens(_PARTS[kind], query, match.start(), match.end())
        elif kind != "space":
            yield Token(kind, match.group(), match.start())


def decode(text: str) -> str:
    r"""Replace ``\uXXXX`` and ``\UXXXXXXXX`` by their characters, except after another backslash."""
    return re.sub(rf"{_ESCAPE}|\\.", _decoded, text, flags=re.DOTALL)


def _decoded(match: re.Match[str]) -> str:
    escape = match.group()
    if escape[1] not in "uU" or len(escape) == len(r"\u"):
        return escape
    code = int(escape[len(r"\u") :], base=16)
    return chr(code) if code <= 0x10FFFF else escape  # noqa: PLR2004  # the last code point


def position(text: str, offset: int) -> tuple[int, int]:
    """Give the line and column of an offset, both from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _refused(reason: Reason, message: str, query: str, offset: int) -> Refused:
    return Refused(reason, message, *position(query, offset))


class _Size:
    """Counts what the engine's parser and planner recurse over; lists of VALUES are data and count for nothing."""

    def __init__(self, query: str) -> None:
        self._query = query
        self._open: list[str] = []
        self._clauses = self._links = self._operators = 0
        self._data_from: int | None = None

    def add(self, token: Token) -> None:
        text = token.text
        if token.kind == "mark":
            self._bracket(token)
        in_data = self._data_from is not None and len(self._open) > self._data_from
        if token.keyword == "VALUES":
            self._data_from = len(self._open)
        if in_data:
            return
        self._clauses += token.keyword in _CLAUSES or text == "{"
        self._links += text in {".", ";"} or (text == "," and "(" not in self._open[-1:])
        self._operators += text in _OPERATORS or (token.kind == "number" and text[0] in "+-")
        for count, limit, what in (
            (self._clauses, MAX_CLAUSES, "groups and clauses"),
            (self._links, MAX_LINKS, "patterns"),
            (self._operators, MAX_OPERATORS, "operators"),
        ):
            if count > limit:
                self._refuse(token, f"The query has more than {limit:,} {what}")

    def _bracket(self, token: Token) -> None:
        if token.text in _CLOSING:
            self._open.append(token.text)
            if len(self._open) > MAX_DEPTH:
                self._refuse(token, f"Brackets are nested more than {MAX_DEPTH} deep")
        elif self._open and token.text == _CLOSING[self._open[-1]]:
            self._open.pop()
            if self._data_from == len(self._open) and token.text == "}":
                self._data_from = None

    def _refuse(self, token: Token, message: str) -> None:
        raise _refused(Reason.TOO_COMPLEX, message, self._query, token.start)


def _refuse_service(query: str, tokens: list[Token]) -> None:
    """Refuse the keyword, also where it is stuck to what follows and the prefix is not declared."""
    if "SERVICE" not in query.upper():
        return
    declared = {after.text for token, after in pairwise(tokens) if token.keyword == "PREFIX"}
    for token in tokens:
        stuck = token.kind == "name" and token.text.upper().startswith("SERVICE")
        if token.keyword.startswith("SERVICE") or (
            stuck and f"{token.text.partition(':')[0]}:" not in declared
        ):
            message = "SERVICE is refused: this service calls no other"
            raise _refused(Reason.SERVICE, message, query, token.start)


def _prologue(tokens: list[Token]) -> tuple[dict[str, str], str, list[Token]]:
    """Read BASE and PREFIX; give the prefixes, the base and the tokens that follow."""
    prefixes: dict[str, str] = {}
    base, at = "", 0
    while at < len(tokens):
        after = [token.text for token in tokens[at + 1 : at + 3]]
        if tokens[at].keyword == "BASE" and after:
            base = _resolve(base, after[0])
            at += 2
        elif tokens[at].keyword == "PREFIX" and len(after) == 2:  # noqa: PLR2004  # a prefix and its IRI
            prefixes[after[0].removesuffix(":")] = _resolve(base, after[1])
            at += 3
        else:
            break
    return prefixes, base, tokens[at:]


def _dataset(
    body: list[Token], prefixes: dict[str, str], base: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read FROM and FROM NAMED, each graph once; undeclared prefixes are left to the parser's complaint."""
    default: dict[str, None] = {}
    named: dict[str, None] = {}
    for at, token in enumerate(body):
        if token.keyword != "FROM":
            continue
        is_named = [t.keyword for t in body[at + 1 : at + 2]] == ["NAMED"]
        for source in body[at + 1 + is_named : at + 2 + is_named]:
            prefix, _, local = source.text.partition(":")
            if source.kind == "iri":
                (named if is_named else default)[_resolve(base, source.text)] = None
            elif source.kind == "name" and prefix in prefixes:
                (named if is_named else default)[prefixes[prefix] + re.sub(r"\\(.)", r"\1", local)] = None
    return tuple(default), tuple(named)


def _resolve(base: str, iri: str) -> str:
    """Resolve an IRI as written, in angle brackets; one that cannot be is left to the parser's complaint."""
    reference = decode(iri.removeprefix("<").removesuffix(">"))
    try:
        return urljoin(base, reference)
    except ValueError:
        return reference


def _is_volatile(body: list[Token]) -> bool:
    """Say whether two evaluations may differ: the clock, chance, fresh blank nodes, the order of graphs."""
    builds = bool(body) and body[0].keyword == "CONSTRUCT"
    return any(
        token.keyword in _VOLATILE
        or (token.keyword == "GRAPH" and after.kind == "variable")
        or (builds and (token.kind == "blank" or token.text in {"[", "("}))
        for token, after in pairwise([*body, Token("mark", "", 0)])
    )
