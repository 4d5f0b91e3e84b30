"""Canonical Turtle: one layout for every file, so that a diff shows what was changed and nothing else.

Pure: text in, text out. Built on pyoxigraph's parser, which keeps the lexical forms that its store rewrites.
What the parser does not report - comments, bound prefixes, how a number was spelt - is read from the tokens.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, parse

from iotkg.errors import TurtleError
from iotkg.identifiers import expand, shorten
from iotkg.vocab import PREFIXES, RDF, XSD, term

_WIDTH: Final = 100
_FIRST: Final = """
skos:prefLabel skos:altLabel skos:hiddenLabel skos:definition skos:scopeNote skos:example skos:inScheme
skos:notation rdfs:subClassOf rdfs:subPropertyOf sh:targetClass sh:targetSubjectsOf sh:path sh:name
sh:description sh:message sh:severity sh:minCount sh:maxCount sh:datatype sh:class sh:nodeKind sh:pattern
sh:in sh:or sh:property sh:sparql sh:prefixes sh:select
"""
_LAST: Final = """
iotkg:statedIn iotkg:quote iotkg:within iotkg:verbatim dcterms:source skos:editorialNote skos:changeNote
rdfs:isDefinedBy owl:deprecated dcterms:isReplacedBy
"""
_RANK: Final = {
    "rdf:type": (0, 0),
    **{name: (1, place) for place, name in enumerate(_FIRST.split())},
    **{name: (3, place) for place, name in enumerate(_LAST.split())},
}
"""Where a predicate stands in a block; all others stand in between, by prefixed name."""

_LANGUAGES: Final = {"zh": 0, "en": 1}
_PLAIN: Final = {
    term("xsd:integer"): re.compile(r"0|-?[1-9][0-9]*"),
    term("xsd:decimal"): re.compile(r"(?!-0\.0\Z)-?(?:0|[1-9][0-9]*)\.(?:0|[0-9]*[1-9])"),
    term("xsd:boolean"): re.compile(r"true|false"),
}
"""The one form in which a value is written without quotes."""

_ONTOLOGY: Final = term("owl:Ontology")
_DATE: Final = term("xsd:date").value
_FLOATING: Final = {term("xsd:double").value, term("xsd:float").value}

_INDENT: Final = "  "
_ESCAPES: Final = {"\t": "\\t", "\r": "\\r"}
_CELL: Final = {RDF.first: 1, RDF.rest: 1}
_DELIMITER: Final = r"""\x00-\x20<>"'()\[\]{},;.\#\\^@~|"""
_TOKEN: Final = re.compile(
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
_UNSEEN: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Characters that break a line in some editor, or hide what is there; a newline has its own form."""

_COMMENT: Final = "a comment below the header would be lost; make it a skos:editorialNote or remove it"
_RDF12: Final = "RDF 1.2 is beyond the other tools; name the statement as a node, drop a text's direction"
_TANGLED: Final = "is shared or part of a circle, which brackets cannot express; give the node an IRI"

_Subject = NamedNode | BlankNode
_Object = NamedNode | BlankNode | Literal
_Natural = tuple[list[tuple[str, int, str]], str]


def format_turtle(text: str, *, name: str = "<text>") -> str:
    """Lay a file out: the same triples, in the one order and spelling.

    Raises: TurtleError with a line ``name:line:column: what is wrong; the mend`` for each fault.
    """
    triples = parse_turtle(text, name=name)
    _refuse(text, name, _faults(text))
    writer = _Writer(triples)
    _refuse(text, name, _blank_node_faults(text, writer.tangled))
    return writer.document(_header(text))


def parse_turtle(text: str, *, name: str) -> list[Triple]:
    """Read a file's triples, each literal as it was spelt; ``name`` is what an error calls the file.

    Raises: TurtleError naming line and column when the text is no Turtle.
    """
    try:
        return [quad.triple for quad in parse(text.encode(), RdfFormat.TURTLE)]
    except SyntaxError as error:
        reason = error.msg.partition(": ")[2] or error.msg
        raise TurtleError(f"{name}:{error.lineno}:{error.offset}: {reason}") from error
    except UnicodeEncodeError as error:
        place = _place(text, error.start)
        raise TurtleError(f"{name}:{place}: half a surrogate pair is no character; remove it") from error


def subject_lines(text: str) -> dict[str, int]:
    """Give the line, from 1, on which each IRI's block starts; blocks not laid out as here are left out."""
    lines: dict[str, int] = {}
    line, counted, before = 1, 0, "."
    for token in _TOKEN.finditer(text):
        start, end = token.span()
        alone = text[start - 1 : start] in ("", "\n") and text[end : end + 1] == "\n"
        iri = _iri(token) if alone and before == "." else None
        if iri is not None:
            line += text.count("\n", counted, start)
            counted = start
            lines.setdefault(iri, line)
        before = before if token.lastgroup == "comment" else token.group()
    return lines


def graph_to_turtle(triples: Iterable[Triple | Quad], header: str = "") -> str:
    """Write triples in the layout of every file; ``header`` is comment lines, each with its ``#``.

    Raises: TurtleError when blank nodes are shared or form a circle, or a term is one of RDF 1.2.
    """
    return _Writer(triples).document(header)


def _refuse(text: str, name: str, faults: Iterable[tuple[int, str]]) -> None:
    found = sorted(faults)
    if found:
        raise TurtleError("\n".join(f"{name}:{_place(text, start)}: {what}" for start, what in found))


def _place(text: str, offset: int) -> str:
    """Turn an offset into line and column, both from 1, counting lines as the parser does."""
    lines = re.split(r"\r\n|\r|\n", text[:offset])
    return f"{len(lines)}:{len(lines[-1]) + 1}"


def _header_end(text: str) -> int:
    match = _HEADER.match(text)
    return match.end() if match else 0


def _header(text: str) -> str:
    return "\n".join(line.rstrip() for line in text[: _header_end(text)].strip().split("\n"))


def _iri(token: re.Match[str]) -> str | None:
    """Read the IRI that a token names; None when it names none, or by a prefix or spelling not ours."""
    if token.lastgroup == "iri":
        return _UNICODE_ESCAPE.sub(lambda code: chr(int(code[1] or code[2], 16)), token.group()[1:-1])
    found = expand(token.group()) if token.lastgroup == "name" else None
    return found.value if found else None


def _faults(text: str) -> Iterator[tuple[int, str]]:
    """Find what parses and is not allowed: where it starts, and what to say of it."""
    header_end = _header_end(text)
    tokens: list[re.Match[str]] = []
    for token in _TOKEN.finditer(text):
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
        if token.lastgroup == "number" and not any(form.fullmatch(word) for form in _PLAIN.values()):
            yield start, f"{word} is not how we spell that number; write it like 1500, -3, 0.5 or 1500.0"
        elif _directive(token) == "base":
            yield start, "a base hides what an IRI is; write prefixed names or full IRIs"
        elif word in ("<<", "{", "~") or (token.lastgroup == "language" and "--" in word):
            yield start, _RDF12


def _prefix_faults(tokens: list[re.Match[str]]) -> Iterator[tuple[int, str]]:
    """Find prefixes bound to another IRI than ours, and the first use of each that is not ours."""
    unknown: dict[str, int] = {}
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        prefix, colon, _ = token.group().partition(":")
        if token.lastgroup != "name" or not colon or prefix == "_":
            continue
        if before and after and _directive(before) == "prefix":
            ours = PREFIXES.get(prefix)
            if ours is not None and _iri(after) != ours:
                yield token.start(), f"the prefix {prefix}: is bound to {after.group()}; bind it to <{ours}>"
        elif prefix not in PREFIXES:
            unknown.setdefault(prefix, token.start())
    for prefix, start in unknown.items():
        yield start, f"the prefix {prefix}: is none of ours; write one that is, or add it to vocab.PREFIXES"


def _datatype_faults(tokens: list[re.Match[str]]) -> Iterator[tuple[int, str]]:
    for value, mark, datatype in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if mark.group() != "^^":
            continue
        iri = _iri(datatype)
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


def _blank_node_faults(text: str, tangled: set[BlankNode]) -> Iterator[tuple[int, str]]:
    """Find the first mention of each node; one without a label is neither shared nor in a circle."""
    labels = {str(node) for node in tangled}
    for token in _TOKEN.finditer(text):
        if token.group() in labels:
            labels.remove(token.group())
            yield token.start(), f"{token.group()} {_TANGLED}"


@dataclass(frozen=True, slots=True)
class _Written:
    """A term as it is written: on one line where it can be, over several where it may."""

    flat: str | None
    lines: tuple[str, ...] = ()

    def between(self, before: str, after: str = "") -> list[str]:
        """Give the term's lines with what stands around it; several where one would be too long."""
        line = f"{before}{self.flat}{after}"
        if not self.lines or (self.flat is not None and len(line) <= _WIDTH):
            return [line]
        return [before + self.lines[0], *self.lines[1:-1], self.lines[-1] + after]

    def __str__(self) -> str:
        return "\n".join(self.lines) if self.flat is None else self.flat


class _Writer:
    """Lays out one graph; inner nodes are written before outer ones, so that no nesting is too deep.

    ``tangled`` holds the blank nodes that brackets cannot express; without any, the graph is a forest.
    """

    def __init__(self, triples: Iterable[Triple | Quad]) -> None:
        self._graph: dict[_Subject, dict[NamedNode, list[_Object]]] = {}
        for subject, predicate, value in dict.fromkeys((t.subject, t.predicate, t.object) for t in triples):
            if isinstance(subject, Triple) or isinstance(value, Triple):
                raise TurtleError(_RDF12)
            self._graph.setdefault(subject, {}).setdefault(predicate, []).append(value)
        self._names: dict[NamedNode, str] = {}
        self._lists: dict[BlankNode, list[_Object]] = {}
        self._nested: list[tuple[BlankNode, int]] = []
        self._written: dict[BlankNode, _Written] = {}
        uses = Counter(node for subject in self._graph for node in _blank(self._values(subject)))
        self._roots = [subject for subject in self._graph if subject not in uses]
        self.tangled = {node for node, count in uses.items() if count > 1}
        if not self.tangled:
            self.tangled = set(_blank(self._graph)) - self._descend()

    def document(self, header: str) -> str:
        """Write the header, the prefixes used and a block for each subject, a blank line between.

        Raises: TurtleError when a blank node is tangled.
        """
        if self.tangled:
            raise TurtleError(f"{min(map(str, self.tangled))} {_TANGLED}")
        for node, depth in reversed(self._nested):
            self._written[node] = self._list(node, depth) if node in self._lists else self._node(node, depth)
        named = sorted((root for root in self._roots if isinstance(root, NamedNode)), key=self._rank)
        blocks = [self._block(self._name(subject), subject) for subject in named]
        blocks += sorted((self._block("[]", node) for node in _blank(self._roots)), key=_natural)
        used = {name.partition(":")[0] for name in self._names.values()}
        bindings = [f"@prefix {prefix}: <{iri}> ." for prefix, iri in PREFIXES.items() if prefix in used]
        parts = [part for part in (header.rstrip("\n"), "\n".join(bindings), *blocks) if part]
        return "\n\n".join(parts) + "\n" if parts else ""

    def _descend(self) -> set[_Subject]:
        """List the nodes below the roots, outer before inner, with the depth of the line each starts on.

        Given back is every node met on the way, roots and cells of lists too; the rest form circles.
        """
        met = set(self._roots)
        below = [(node, 1) for root in self._roots for node in _blank(self._values(root))]
        while below:
            node, depth = below.pop()
            cells = self._cells(node)
            if cells:
                self._lists[node] = [self._graph[cell][RDF.first][0] for cell in cells]
            self._nested.append((node, depth))
            met.update((node, *cells))
            inner = self._lists.get(node) or self._values(node)
            below += [(part, depth + 1) for part in _blank(inner)]
        return met

    def _cells(self, head: BlankNode) -> list[BlankNode]:
        """Follow a list to its end; no cells when one of them is unlike a list's."""
        cells: list[BlankNode] = []
        cell: _Object = head
        while isinstance(cell, BlankNode):
            about = self._graph.get(cell, {})
            if {predicate: len(values) for predicate, values in about.items()} != _CELL:
                return []
            cells.append(cell)
            cell = about[RDF.rest][0]
        return cells if cell == RDF.nil else []

    def _values(self, subject: _Subject) -> list[_Object]:
        return list(chain.from_iterable(self._graph.get(subject, {}).values()))

    def _rank(self, subject: NamedNode) -> tuple[bool, _Natural]:
        return _ONTOLOGY not in self._graph[subject].get(RDF.type, []), _natural(shorten(subject.value))

    def _block(self, name: str, subject: _Subject) -> str:
        return "\n".join([name, *self._statements(subject, 1), "."])

    def _statements(self, subject: _Subject, depth: int) -> list[str]:
        about = self._graph.get(subject, {})
        lines: list[str] = []
        for predicate in sorted(about, key=_predicate_rank):
            verb = "a" if predicate == RDF.type else self._name(predicate)
            values = sorted(((value, self._term(value)) for value in about[predicate]), key=_value_rank)
            for _, written in values:
                lines += written.between(f"{_INDENT * depth}{verb} ", " ;")
        return lines

    def _node(self, node: BlankNode, depth: int) -> _Written:
        statements = self._statements(node, depth + 1)
        return _Written(None, ("[", *statements, f"{_INDENT * depth}]")) if statements else _Written("[]")

    def _list(self, head: BlankNode, depth: int) -> _Written:
        items = [self._term(item) for item in self._lists[head]]
        lines = [line for item in items for line in item.between(_INDENT * (depth + 1))]
        flat = [item.flat for item in items if item.flat is not None and "\n" not in item.flat]
        fits = len(flat) == len(items) and sum(map(len, flat)) < _WIDTH
        return _Written(f"( {' '.join(flat)} )" if fits else None, ("(", *lines, f"{_INDENT * depth})"))

    def _term(self, value: _Object) -> _Written:
        if isinstance(value, BlankNode):
            return self._written[value]
        if isinstance(value, NamedNode):
            return _Written("()" if value == RDF.nil else self._name(value))
        return _Written(self._literal(value))

    def _literal(self, literal: Literal) -> str:
        if literal.direction is not None:
            raise TurtleError(_RDF12)
        if literal.language is not None:
            return f"{_quoted(literal.value)}@{literal.language}"
        if literal.datatype == XSD.string:
            return _quoted(literal.value)
        plain = _PLAIN.get(literal.datatype)
        if plain is not None and plain.fullmatch(literal.value):
            return literal.value
        return f"{_quoted(literal.value)}^^{self._name(literal.datatype)}"

    def _name(self, iri: NamedNode) -> str:
        if iri not in self._names:
            self._names[iri] = shorten(iri.value)
        return self._names[iri]


def _blank(terms: Iterable[_Object]) -> list[BlankNode]:
    return [term for term in terms if isinstance(term, BlankNode)]


def _quoted(value: str) -> str:
    """Quote a literal; over several lines when it has them, else on one."""
    text = value.replace("\\", "\\\\")
    if "\n" in value:
        safe = re.sub(r'"(?="|\Z)', r"\"", text)
        quoted = f'"""{safe}"""'
    else:
        safe = text.replace('"', '\\"')
        quoted = f'"{safe}"'
    return _UNSEEN.sub(lambda match: _ESCAPES.get(match[0], f"\\u{ord(match[0]):04X}"), quoted)


def _natural(text: str) -> _Natural:
    """Order names as people do: runs of digits by their value, so that x_2 comes before x_10."""
    runs = re.findall(r"([^0-9]*)([0-9]*)", text.strip("<>"))
    numbers = [(word, digits.lstrip("0")) for word, digits in runs]
    return [(word, len(digits), digits) for word, digits in numbers], text


def _predicate_rank(predicate: NamedNode) -> tuple[int, int, _Natural]:
    name = shorten(predicate.value)
    return *_RANK.get(name, (2, 0)), _natural(name)


def _value_rank(pair: tuple[_Object, _Written]) -> tuple[int, str, _Natural]:
    """Order values: Chinese, English, other languages, other literals, IRIs, blank nodes."""
    value, written = pair
    language = (value.language or "") if isinstance(value, Literal) else ""
    kind = 3 + (Literal, NamedNode, BlankNode).index(type(value))
    if language:
        kind = _LANGUAGES.get(language.partition("-")[0], 2)
    return kind, language, _natural(str(written))
