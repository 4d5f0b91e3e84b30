"""From a finding to the file, line and column at fault: the statement where it is written, else the subject's block.

A path of several steps is followed in the files' own statements from the focus node, and the statement that writes the
value is the one at fault; where that only says what type a thing has, the link to the thing is. What follows from
statements stands in no file: it has its subject's place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import pyoxigraph as ox

from iotkg.findings import Finding, Terms
from iotkg.positions import Positions, Spot
from iotkg.rdffile import RdfFile
from iotkg.shapegraph import Index, Term, members
from iotkg.vocab import RDF, term

_INVERSE = term("sh:inversePath")
_ALTERNATIVE = term("sh:alternativePath")
_QUALIFIED = term("sh:qualifiedValueShape")
_LANGUAGES = term("sh:languageIn")
_CLASS = term("sh:class")
_PROPERTY = term("sh:property")
_PATH = term("sh:path")
_VALUE = term("sh:hasValue")
_REPEATED = (term("sh:zeroOrMorePath"), term("sh:oneOrMorePath"), term("sh:zeroOrOnePath"))
_Way: TypeAlias = tuple[tuple[int, ox.Triple] | None, Term]
"""The statement of a way that is at fault where its end is (none for no step), and that end."""

_FAR = 1000
"""How many nodes a path of any length is followed over before it is given up."""


@dataclass(slots=True)
class Locator:
    """Finds places in files; reads where statements stand only in the files that findings lead to.

    ``origins`` give for what follows from a statement the subject that the statement is about; ``shapes`` say which of
    several values count where too many are of one kind.
    """

    files: Sequence[RdfFile]
    origins: Mapping[Term, Term] = field(default_factory=dict)
    shapes: Index = field(default_factory=dict)
    _about: dict[Term, list[tuple[int, ox.Triple]]] = field(default_factory=lambda: defaultdict(list))
    _to: dict[Term, list[tuple[int, ox.Triple]]] | None = None
    _places: dict[int, Positions] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, file in enumerate(self.files):
            for triple in file.triples:
                subject = triple.subject
                if not isinstance(subject, ox.Triple):
                    self._about[subject].append((number, triple))

    def locate(self, finding: Finding) -> Finding:
        """Add file, line and column; as it is when the files say nothing of the finding's focus."""
        if finding.terms is None:
            return finding
        found = self._statement(finding.terms, finding.component) or self.subject(finding.terms.focus)
        if found is None:
            return finding
        number, spot = found
        name = self.files[number].name
        if spot is None:
            return replace(finding, file=name)
        return replace(finding, file=name, line=spot.line, column=spot.column)

    def subject(self, node: Term) -> tuple[int, Spot | None] | None:
        """Give where a node is described: the block that states its type, else its first, else where it is named."""
        known = self._about.get(node)
        if not known and node in self.origins:
            node = self.origins[node]
            known = self._about.get(node)
        if known and not isinstance(node, ox.Literal):
            number = next((number for number, triple in known if triple.predicate == RDF.type), known[0][0])
            return number, self._in(number).block(node)
        for number, triple in self._pointing(node):
            return number, self._spot(number, triple)
        return None

    def _pointing(self, node: Term) -> list[tuple[int, ox.Triple]]:
        """Give the statements whose object a node is; they are indexed when they are first asked for."""
        if self._to is None:
            self._to = defaultdict(list)
            for number, file in enumerate(self.files):
                for triple in file.triples:
                    value = triple.object
                    if not isinstance(value, ox.Triple) and not isinstance(triple.subject, ox.Triple):
                        self._to[value].append((number, triple))
        return self._to.get(node, [])

    def _statement(self, terms: Terms, component: str) -> tuple[int, Spot | None] | None:
        """Give where the statement at fault is written."""
        if terms.path is None:
            return None
        if terms.value is not None:
            way = next(self._to_value(terms), None)
            return (way[0], self._spot(*way)) if way is not None else None
        if "Max" not in component and "UniqueLang" not in component:
            return None  # something is missing: the block is where it belongs
        counted = (
            self.shapes.get(terms.shape, {}).get(_QUALIFIED, ())  # type: ignore[arg-type]
            if "Qualified" in component
            else ()
        )
        ways = [
            first
            for first, end in self._follow(terms.path, terms.focus, terms.spelling)
            if first is not None and all(self._counts(end, shape) for shape in counted)
        ]
        if not ways:
            return None
        placed = sorted(
            ((self.files[number].name, self._spot(number, triple), number) for number, triple in ways),
            key=lambda way: (way[0], way[1] or Spot(0, 0)),
        )
        return placed[-1][2], placed[-1][1]  # the last one is most likely the one too many

    def _to_value(self, terms: Terms) -> Iterator[tuple[int, ox.Triple]]:
        """Yield the statements by which a path leads to a value; all of a property that is itself at fault."""
        if terms.path is None:
            return
        for first, end in self._follow(terms.path, terms.focus, terms.spelling):
            if first is not None and terms.value in (end, terms.path):
                yield first

    def _counts(self, value: Term, shape: Term) -> bool:
        """Say whether a value is of the kind that is counted, as far as its language, class and values tell."""
        stated = self.shapes.get(shape, {})
        for head in stated.get(_LANGUAGES, ()):
            allowed = {item.value for item in members(head, self.shapes) if isinstance(item, ox.Literal)}
            if not isinstance(value, ox.Literal) or value.language not in allowed:
                return False
        said = [triple for _, triple in self._about.get(value, ())]
        for wanted in stated.get(_CLASS, ()):
            if not any(triple.predicate == RDF.type and triple.object == wanted for triple in said):
                return False
        for inner in stated.get(_PROPERTY, ()):
            about = self.shapes.get(inner, {})
            for path in about.get(_PATH, ()):
                held = {triple.object for triple in said if triple.predicate == path}
                if isinstance(path, ox.NamedNode) and not held.issuperset(about.get(_VALUE, ())):
                    return False
        return True

    def _follow(self, path: Term, start: Term, spelling: Index) -> Iterator[_Way]:
        """Walk a property path from a node."""
        if isinstance(path, ox.NamedNode):
            yield from self._step(path, start)
            return
        spelt = spelling.get(path, {})
        if RDF.first in spelt:
            yield from self._sequence(list(members(path, spelling)), start, spelling)
            return
        for inner in spelt.get(_INVERSE, ()):
            for number, triple in self._pointing(start):
                if triple.predicate == inner and not isinstance(triple.subject, ox.Triple):
                    yield (number, triple), triple.subject
        for choice in spelt.get(_ALTERNATIVE, ()):
            for inner in members(choice, spelling):
                yield from self._follow(inner, start, spelling)
        for repeated in _REPEATED:
            for inner in spelt.get(repeated, ()):
                yield from self._repeat(inner, start, spelling)

    def _step(self, predicate: ox.NamedNode, start: Term) -> Iterator[_Way]:
        for number, triple in self._about.get(start, ()):
            if triple.predicate == predicate and not isinstance(triple.object, ox.Triple):
                yield (number, triple), triple.object

    def _sequence(self, steps: Sequence[Term], start: Term, spelling: Index) -> Iterator[_Way]:
        if not steps:
            yield None, start
            return
        for first, end in self._follow(steps[0], start, spelling):
            for later, last in self._sequence(steps[1:], end, spelling):
                yield _at_fault(first, later), last

    def _repeat(self, inner: Term, start: Term, spelling: Index) -> Iterator[_Way]:
        seen: set[Term] = {start}
        waiting: list[tuple[tuple[int, ox.Triple] | None, Term]] = [(None, start)]
        while waiting and len(seen) < _FAR:
            first, node = waiting.pop()
            yield first, node
            for step, end in self._follow(inner, node, spelling):
                if end not in seen:
                    seen.add(end)
                    waiting.append((_at_fault(first, step), end))

    def _spot(self, number: int, triple: ox.Triple) -> Spot | None:
        subject, value = triple.subject, triple.object
        if isinstance(subject, ox.Triple) or isinstance(value, ox.Triple):
            return None
        places = self._in(number)
        spots = places.statements(subject, triple.predicate, value)
        return min(spots, default=None) or places.block(subject)

    def _in(self, number: int) -> Positions:
        if number not in self._places:
            self._places[number] = self.files[number].positions()
        return self._places[number]


def _at_fault(
    first: tuple[int, ox.Triple] | None, later: tuple[int, ox.Triple] | None
) -> tuple[int, ox.Triple] | None:
    """Choose between two statements of one way: the later one, unless it only says what type a thing has."""
    return first if later is None or (first is not None and later[1].predicate == RDF.type) else later
