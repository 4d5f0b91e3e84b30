"""Canonical Turtle: one layout for every file, so that a diff shows what was changed and nothing else.

Pure: text in, text out. Built on pyoxigraph's parser, which keeps the lexical forms that its store rewrites.
What the parser does not report - comments, bound prefixes, how a number was spelt - is read from the tokens.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, parse

from iotkg.errors import TurtleError
from iotkg.identifiers import shorten
from iotkg.tokens import PLAIN, RDF12, TANGLED, TOKEN, blank_node_faults, faults, header, iri_of
from iotkg.vocab import PREFIXES, RDF, XSD, term

_WIDTH: Final = 100
_FIRST: Final = """
skos:prefLabel skos:altLabel skos:hiddenLabel skos:definition skos:scopeNote skos:example skos:inScheme
skos:notation rdfs:subClassOf rdfs:subPropertyOf sh:targetClass sh:targetSubjectsOf sh:path sh:name
sh:description sh:message sh:severity sh:minCount sh:maxCount sh:datatype sh:class sh:nodeKind sh:pattern
sh:in sh:or sh:property sh:sparql sh:prefixes sh:select
"""
_LAST: Final = """
iotkg:statedIn iotkg:quote iotkg:within iotkg:verbatim iotkg:translation dcterms:source
skos:editorialNote skos:changeNote rdfs:isDefinedBy owl:deprecated dcterms:isReplacedBy
"""
_RANK: Final = {
    "rdf:type": (0, 0),
    **{name: (1, place) for place, name in enumerate(_FIRST.split())},
    **{name: (3, place) for place, name in enumerate(_LAST.split())},
}
"""Where a predicate stands in a block; all others stand in between, by prefixed name."""

_LANGUAGES: Final = {"zh": 0, "en": 1}
_ONTOLOGY: Final = term("owl:Ontology")
_INDENT: Final = "  "
_ESCAPES: Final = {"\t": "\\t", "\r": "\\r"}
_CELL: Final = {RDF.first: 1, RDF.rest: 1}
_UNSEEN: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Characters that break a line in some editor, or hide what is there; a newline has its own form."""

_Subject = NamedNode | BlankNode
_Object = NamedNode | BlankNode | Literal
_Natural = tuple[list[tuple[str, int, str]], str]


def format_turtle(text: str, *, name: str = "<text>") -> str:
    """Lay a file out: the same triples, in the one order and spelling.

    Raises: TurtleError with a line ``name:line:column: what is wrong; the mend`` for each fault.
    """
    triples = parse_turtle(text, name=name)
    _refuse(text, name, faults(text))
    writer = _Writer(triples)
    _refuse(text, name, blank_node_faults(text, writer.tangled))
    return writer.document(header(text))


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
    for token in TOKEN.finditer(text):
        start, end = token.span()
        alone = text[start - 1 : start] in ("", "\n") and text[end : end + 1] == "\n"
        iri = iri_of(token) if alone and before == "." else None
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
                raise TurtleError(RDF12)
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
            raise TurtleError(f"{min(map(str, self.tangled))} {TANGLED}")
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
            values = [(value, self._term(value)) for value in about[predicate]]
            if len(values) > 1:
                values.sort(key=_value_rank)
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
            raise TurtleError(RDF12)
        if literal.language is not None:
            return f"{_quoted(literal.value)}@{literal.language}"
        if literal.datatype == XSD.string:
            return _quoted(literal.value)
        plain = PLAIN.get(literal.datatype)
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


@cache
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
