"""Where statements stand: the line and column of every subject and object of a Turtle file.

pyoxigraph parses; its parser says nothing of places. So the tokens of a text that has been parsed are walked once
more, and what is met is matched with the parser's triples: those of one subject and predicate come in one order.
Pure. Reads Turtle, and N-Triples, N-Quads and TriG, which differ from it by little.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from urllib.parse import urljoin

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from iotkg.tokens import TOKEN
from iotkg.vocab import RDF

Node: TypeAlias = NamedNode | BlankNode
Term: TypeAlias = NamedNode | BlankNode | Literal

_BREAK: Final = re.compile(r"\r\n|\r|\n")
_ESCAPE: Final = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_LOCAL_ESCAPE: Final = re.compile(r"\\(.)")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_CLOSING: Final = {".", ";", ",", "]", ")", "}"}
_END: Final = "the end of the text"


@dataclass(frozen=True, order=True, slots=True)
class Spot:
    """A place in a text: line and column, both from 1; columns count characters."""

    line: int
    column: int


@dataclass(slots=True)
class Positions:
    """The places of one file's statements; empty where the text could not be followed."""

    _objects: dict[Triple, list[Spot]] = field(default_factory=dict)
    _subjects: dict[Node, list[Spot]] = field(default_factory=dict)
    _starts: list[int] = field(default_factory=list)

    def statements(self, subject: Node, predicate: NamedNode, value: Term) -> list[Spot]:
        """Give where the object of a statement is written, once for each time it is."""
        return self._objects.get(Triple(subject, predicate, value), [])

    def about(self, subject: Node, predicate: NamedNode) -> list[Spot]:
        """Give where the objects of a subject's predicate are written, in the file's order."""
        return sorted(
            spot
            for triple, spots in self._objects.items()
            if triple.subject == subject and triple.predicate == predicate
            for spot in spots
        )

    def block(self, subject: Node) -> Spot | None:
        """Give where the first block about a subject begins."""
        return min(self._subjects.get(subject, ()), default=None)

    def starts(self) -> set[int]:
        """Give the lines on which blocks about subjects begin, those inside brackets left out."""
        return set(self._starts)


def locate(text: str, triples: Iterable[Triple], *, base: str = "", mark: str = "") -> Positions:
    """Find the places of a file's triples, given as its parser gave them, in their order.

    ``base`` is the IRI that the parser was given for relative ones, ``mark`` what was put before the labels of blank
    nodes since. Blank nodes are matched by where they stand; those that cannot be told apart have no place.
    """
    walk = _Walk(text, base)
    try:
        walk.document()
    except (_Lost, RecursionError, KeyError, ValueError):  # beyond this walk: RDF 1.2, very deep brackets
        return Positions()
    parsed: dict[Node, dict[NamedNode, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for triple in triples:
        if isinstance(triple.subject, Triple) or isinstance(triple.object, Triple):
            return Positions()
        parsed[triple.subject][triple.predicate].append(triple.object)
    return _match(walk, parsed, _Lines(text), mark)


def _match(
    walk: _Walk, parsed: dict[Node, dict[NamedNode, list[Term]]], lines: _Lines, mark: str
) -> Positions:
    """Lay the walk beside what was parsed, from the named subjects inwards."""
    found = Positions(_starts=[lines.spot(offset).line for offset in walk.blocks])
    names: dict[Node, str] = {node: node.value for node in parsed if isinstance(node, NamedNode)}
    labels = {node: f"_:{node.value.removeprefix(mark)}" for node in parsed if isinstance(node, BlankNode)}
    names |= {node: label for node, label in labels.items() if label in walk.subjects}
    inner = {value for values in parsed.values() for objects in values.values() for value in objects}
    roots = [node for node in parsed if isinstance(node, BlankNode) and node not in inner | names.keys()]
    if len(roots) == len(walk.roots):
        names |= dict(zip(roots, walk.roots, strict=True))
    waiting = list(names)
    while waiting:
        node = waiting.pop()
        for offset in walk.subjects.get(names[node], ()):
            found._subjects.setdefault(node, []).append(lines.spot(offset))  # noqa: SLF001 - built here
        for predicate, values in parsed.get(node, {}).items():
            written = walk.rows.get((names[node], predicate.value), [])
            if len(written) != len(values):
                continue
            for value, (name, offset) in zip(values, written, strict=True):
                spots = found._objects.setdefault(Triple(node, predicate, value), [])  # noqa: SLF001
                spots.append(lines.spot(offset))
                if name is not None and isinstance(value, BlankNode) and value not in names:
                    names[value] = name
                    waiting.append(value)
    return found


class _Lost(Exception):
    """The text is none that this walk can follow."""


class _Lines:
    """Turns offsets into spots, counting lines as the parser does."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in _BREAK.finditer(text))]

    def spot(self, offset: int) -> Spot:
        line = bisect_right(self._starts, offset)
        return Spot(line, offset - self._starts[line - 1] + 1)


class _Walk:
    """Follows the grammar of Turtle over the tokens of a text that parses.

    ``rows`` gives, by subject and predicate, each object's name, where it is a blank node, and its offset;
    ``subjects`` where each subject's blocks begin, ``blocks`` where the outermost do; ``roots`` the blank nodes that
    stand in no other statement.
    """

    def __init__(self, text: str, base: str) -> None:
        self._tokens: Iterator[re.Match[str]] = (
            token for token in TOKEN.finditer(text) if token.lastgroup != "comment"
        )
        self._next = next(self._tokens, None)
        self._prefixes: dict[str, str] = {}
        self._base = base
        self._count = 0
        self.rows: dict[tuple[str, str], list[tuple[str | None, int]]] = defaultdict(list)
        self.subjects: dict[str, list[int]] = defaultdict(list)
        self.blocks: list[int] = []
        self.roots: list[str] = []

    def document(self) -> None:
        """Walk to the end of the text."""
        while self._next is not None:
            word = self._next.group()
            directive = word.lower().lstrip("@")
            if self._next.lastgroup in ("keyword", "name") and directive in ("prefix", "base", "version"):
                self._directive(directive, at=word.startswith("@"))
            elif word in ("{", "}") or (self._next.lastgroup == "name" and directive == "graph"):
                self._take()
            else:
                self._block()

    def _take(self) -> re.Match[str]:
        token, self._next = self._next, next(self._tokens, None)
        if token is None:
            raise _Lost(_END)
        return token

    def _peek(self) -> str:
        return self._next.group() if self._next is not None else _END

    def _directive(self, name: str, *, at: bool) -> None:
        self._take()
        if name == "prefix":
            prefix = self._take().group()
            self._prefixes[prefix.rstrip(":")] = self._iri(self._take())
        elif name == "base":
            self._base = self._iri(self._take())
        else:
            self._take()
        if at and self._peek() == ".":
            self._take()

    def _block(self) -> None:
        """Walk one subject with all that is said of it; in TriG a graph's name may stand in its place."""
        start = self._take()
        alone = start.group() in ("[", "(")
        name = self._node(start)
        if self._peek() == "{":
            self._take()
            return
        if alone:
            self.roots.append(name)
        self.subjects[name].append(start.start())
        self.blocks.append(start.start())
        if self._peek() not in _CLOSING:
            self._statements(name)
        if self._peek() == ".":
            self._take()
        elif self._peek() != "}":
            raise _Lost(self._peek())

    def _statements(self, subject: str) -> None:
        while self._peek() not in _CLOSING:
            verb = self._take()
            predicate = RDF.type.value if verb.group() == "a" else self._name(verb)
            self._objects(subject, predicate)
            while self._peek() == ";":
                self._take()

    def _objects(self, subject: str, predicate: str) -> None:
        while True:
            start = self._take()
            name: str | None = None
            row = self.rows[subject, predicate]
            place = len(row)
            row.append((None, start.start()))  # before what is inside it: the outer one comes first
            if start.lastgroup == "string":
                self._literal()
            elif start.lastgroup != "number" and start.group() not in ("true", "false"):
                name = self._node(start)
                row[place] = (name, start.start())
            if self._peek() not in _CLOSING:
                self._take()  # the graph of a quad
            if self._peek() != ",":
                return
            self._take()

    def _literal(self) -> None:
        if self._next is not None and self._next.lastgroup == "language":
            self._take()
        elif self._peek() == "^^":
            self._take()
            self._take()

    def _node(self, start: re.Match[str]) -> str:
        """Walk a node and give its name; an anonymous one gets a name of this walk's own."""
        if start.group() == "[":
            name = self._anonymous()
            self.subjects[name].append(start.start())
            self._statements(name)
            self._closing("]")
            return name
        if start.group() == "(":
            return self._list(start.start())
        return self._name(start)

    def _list(self, start: int) -> str:
        """Walk a list: each cell is a node, with its member and the rest."""
        if self._peek() == ")":
            self._take()
            return RDF.nil.value
        first = cell = self._anonymous()
        self.subjects[cell].append(start)
        while True:
            self._member(cell)
            if self._peek() == ")":
                self.rows[cell, RDF.rest.value].append((RDF.nil.value, self._take().start()))
                return first
            rest = self._anonymous()
            place = self._next.start() if self._next is not None else 0
            self.rows[cell, RDF.rest.value].append((rest, place))
            self.subjects[rest].append(place)
            cell = rest

    def _member(self, cell: str) -> None:
        start = self._take()
        if start.lastgroup == "string":
            self._literal()
            self.rows[cell, RDF.first.value].append((None, start.start()))
        elif start.lastgroup == "number" or start.group() in ("true", "false"):
            self.rows[cell, RDF.first.value].append((None, start.start()))
        else:
            self.rows[cell, RDF.first.value].append((self._node(start), start.start()))

    def _closing(self, bracket: str) -> None:
        if self._take().group() != bracket:
            raise _Lost(bracket)

    def _anonymous(self) -> str:
        self._count += 1
        return f"[{self._count}"

    def _name(self, token: re.Match[str]) -> str:
        word = token.group()
        if token.lastgroup == "iri":
            return self._iri(token)
        if token.lastgroup != "name" or ":" not in word:
            raise _Lost(word)
        prefix, _, local = word.partition(":")
        if prefix == "_":
            return word
        return self._prefixes[prefix] + _LOCAL_ESCAPE.sub(r"\1", local)

    def _iri(self, token: re.Match[str]) -> str:
        iri = _ESCAPE.sub(lambda code: chr(int(code[1] or code[2], 16)), token.group()[1:-1])
        return iri if _SCHEME.match(iri) or not self._base else urljoin(self._base, iri)
