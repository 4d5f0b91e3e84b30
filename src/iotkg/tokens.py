"""Turtle's tokens: what the parser does not report, and what parses but our layout refuses.

Comments, bound prefixes and the spelling of numbers and dates are gone once a text is parsed, so they are read here.
Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from pyoxigraph import BlankNode

from iotkg.identifiers import expand
from iotkg.vocab import PREFIXES, term

PLAIN: Final = {
    term("xsd:integer"): re.compile(r"0|-?[1-9][0-9]*"),
    term("xsd:decimal"): re.compile(r"(?!-0\.0\Z)-?(?:0|[1-9][0-9]*)\.(?:0|[0-9]*[1-9])"),
    term("xsd:boolean"): re.compile(r"true|false"),
}
"""The one form in which a value is written without quotes."""

_DATE: Final = term("xsd:date").value
_FLOATING: Final = {term("xsd:double").value, term("xsd:float").value}

_DELIMITER: Final = r"""\x00-\x20<>"'()\[\]{},;.\#\\^@~|"""
TOKEN: Final = re.compile(
    rf"""
      (?P<comment> \#[^\r\n]* )
    | (?P<iri>     <[^\x00-\x20<>]*> )
    | (?P<string>  \"""(?:[^"\\]|\\.|"(?!""))*+\""" | "(?:[^"\\\r\n]|\\.)*+"
                 | '''(?:[^'\\]|\\.|'(?!''))*+''' | '(?:[^'\\\r\n]|\\.)*+' )
    | (?P<language>(?<=["'])@[A-Za-z]+(?:-+[A-Za-z0-9]+)* )
    | (?P<keyword> @[A-Za-z]+ )
    | (?P<number>  [+-]?(?: (?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]+ | [0-9]*\.[0-9]+ | [0-9]+ ) )
    | (?P<name>    [^{_DELIMITER}](?:[^{_DELIMITER}]|\\.|\.+(?=[^{_DELIMITER}]|\\))* )
    | (?P<mark>    \^\^ | << | [^\x00-\x20] )
    """,
    re.VERBOSE | re.DOTALL,
)
"""Looser than Turtle's grammar: it is for texts that have been parsed, and never fails on others."""

_HEADER: Final = re.compile(r"\s*(?:#[^\r\n]*(?:\r?\n|\Z))*")
_UNICODE_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U00((?:10|0[0-9A-Fa-f])[0-9A-Fa-f]{4}))")
_DAY: Final = re.compile(r"""("|'|\"""|''')(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})\1""")
_COMMENT: Final = "a comment below the header would be lost; make it a skos:editorialNote or remove it"
RDF12: Final = "RDF 1.2 is beyond the other tools; name the statement as a node, drop a text's direction"
TANGLED: Final = "is shared or part of a circle, which brackets cannot express; give the node an IRI"


def _header_end(text: str) -> int:
    match = _HEADER.match(text)
    return match.end() if match else 0


def header(text: str) -> str:
    """Give the comment lines at the top of a file."""
    return "\n".join(line.rstrip() for line in text[: _header_end(text)].strip().split("\n"))


def iri_of(token: re.Match[str]) -> str | None:
    """Read the IRI that a token names; None when it names none, or by a prefix or spelling not ours."""
    if token.lastgroup == "iri":
        return _UNICODE_ESCAPE.sub(lambda code: chr(int(code[1] or code[2], 16)), token.group()[1:-1])
    found = expand(token.group()) if token.lastgroup == "name" else None
    return found.value if found else None


def faults(text: str) -> Iterator[tuple[int, str]]:
    """Find what parses and is not allowed: where it starts, and what to say of it."""
    header_end = _header_end(text)
    tokens: list[re.Match[str]] = []
    for token in TOKEN.finditer(text):
        if token.lastgroup != "comment":
            tokens.append(token)
        elif token.start() >= header_end:
            yield token.start(), _COMMENT
    yield from _token_faults(tokens)
    yield from _prefix_faults(tokens)
    yield from _datatype_faults(tokens)


def _directive(token: re.Match[str]) -> str:
    """Read the word that begins a directive; a language, as in ``"x"@base``, begins none."""
    return token.group().lower().lstrip("@") if token.lastgroup in ("keyword", "name") else ""


def _token_faults(tokens: list[re.Match[str]]) -> Iterator[tuple[int, str]]:
    for token in tokens:
        start, word = token.start(), token.group()
        if token.lastgroup == "number" and not any(form.fullmatch(word) for form in PLAIN.values()):
            yield start, f"{word} is not how we spell that number; write it like 1500, -3, 0.5 or 1500.0"
        elif _directive(token) == "base":
            yield start, "a base hides what an IRI is; write prefixed names or full IRIs"
        elif word in ("<<", "{", "~") or (token.lastgroup == "language" and "--" in word):
            yield start, RDF12


def _prefix_faults(tokens: list[re.Match[str]]) -> Iterator[tuple[int, str]]:
    """Find prefixes bound to another IRI than ours, and the first use of each that is not ours."""
    unknown: dict[str, int] = {}
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        prefix, colon, _ = token.group().partition(":")
        if token.lastgroup != "name" or not colon or prefix == "_":
            continue
        if before and after and _directive(before) == "prefix":
            ours = PREFIXES.get(prefix)
            if ours is not None and iri_of(after) != ours:
                yield token.start(), f"the prefix {prefix}: is bound to {after.group()}; bind it to <{ours}>"
        elif prefix not in PREFIXES:
            unknown.setdefault(prefix, token.start())
    for prefix, start in unknown.items():
        yield start, f"the prefix {prefix}: is none of ours; write one that is, or add it to vocab.PREFIXES"


def _datatype_faults(tokens: list[re.Match[str]]) -> Iterator[tuple[int, str]]:
    for value, mark, datatype in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if mark.group() != "^^":
            continue
        iri = iri_of(datatype)
        if iri == _DATE and not _is_day(value.group()):
            yield value.start(), f"{value.group()} is no day of the calendar; write it like 2021-02-01"
        elif iri in _FLOATING:
            yield value.start(), "a double or float is not exact; write a decimal such as 1500.0"


def _is_day(quoted: str) -> bool:
    match = _DAY.fullmatch(quoted)
    try:
        return match is not None and bool(date.fromisoformat(match["day"]))
    except ValueError:
        return False


def blank_node_faults(text: str, tangled: set[BlankNode]) -> Iterator[tuple[int, str]]:
    """Find the first mention of each node; one without a label is neither shared nor in a circle."""
    labels = {str(node) for node in tangled}
    for token in TOKEN.finditer(text):
        if token.group() in labels:
            labels.remove(token.group())
            yield token.start(), f"{token.group()} {TANGLED}"
