"""A document's outline: its text, its tree of units with their spans, and the anchors inside them.

The dataset is frozen, so an outline is read once and kept. It answers where words stand, what a unit's own words
are and which of them name something, without asking the store again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from pyoxigraph import NamedNode

from iotkg import identifiers
from iotkg.model import Branch, Evidence, Segment, Term, Unit
from iotkg.terms import Names, Row, iri_of, number_of

_AROUND: Final = 32
_UNITS: Final = """
SELECT ?unit ?anchor ?start ?end ?parent ?number ?ordinal
WHERE {
  ?anchor iotkg:inSource %s ; iotkg:startOffset ?start ; iotkg:endOffset ?end .
  ?unit iotkg:textAnchor ?anchor .
  OPTIONAL { ?unit iotkg:directPartOf ?parent }
  OPTIONAL { ?unit iotkg:numberLabel ?number }
  OPTIONAL { ?unit iotkg:ordinal ?ordinal }
}
ORDER BY ?start DESC(?end) ?unit
"""
_ANCHORS: Final = """
SELECT ?anchor ?start ?end ?entity ?claims
WHERE {
  ?anchor iotkg:inSource %s ; iotkg:startOffset ?start ; iotkg:endOffset ?end .
  OPTIONAL { ?anchor iotkg:identifies ?entity }
  FILTER NOT EXISTS { ?unit iotkg:textAnchor ?anchor }
  OPTIONAL {
    SELECT DISTINCT ?anchor (true AS ?claims)
    WHERE {
      ?statement
        iotkg:hasEvidence ?anchor ;
        iotkg:role|iotkg:dueDate|iotkg:valueKind|iotkg:refersTo ?claimed .
    }
  }
}
ORDER BY ?start ?end ?entity
"""
_TEXT: Final = "SELECT ?text WHERE { %s iotkg:textContent ?text }"


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """An anchor that is not a whole unit; ``entity`` is what its words name, when they name something.

    ``claims`` says that an owner, a date, a number or a reference rests on it; almost every word of a unit is part
    of a provision.
    """

    anchor: NamedNode
    start: int
    end: int
    entity: NamedNode | None
    claims: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Outline:
    """One document: its text, its units in the order of the text, and its anchors by where they start.

    ``places`` is where each anchor stands, those of whole units too.
    """

    text: str
    units: Mapping[str, Unit]
    spans: tuple[Span, ...]
    places: Mapping[str, tuple[int, int]]

    def above(self, unit: Unit) -> tuple[Unit, ...]:
        """Give the units that hold this one, outermost first."""
        parent = self.units.get(unit.parent.value) if unit.parent else None
        return (*self.above(parent), parent) if parent else ()

    def tree(self, unit: Unit) -> tuple[Branch, ...]:
        """Give what is inside this unit; of a plan set, its plans alone."""
        deeper = unit.kind != "plan-set"
        return tuple(Branch(unit=u, below=self.tree(u) if deeper else ()) for u in self.below(unit))

    def below(self, unit: Unit) -> tuple[Unit, ...]:
        """Give the units directly inside this one, in the order of the text."""
        return tuple(self.units[child.value] for child in unit.children)

    def within(self, unit: Unit) -> tuple[Unit, ...]:
        """Give all units inside this one, in the order of the text."""
        found = self.below(unit)
        return tuple(inner for child in found for inner in (child, *self.within(child)))

    def path_to(self, start: int, end: int) -> tuple[Unit, ...]:
        """Give the units whose spans hold [start, end), outermost first."""
        return tuple(unit for unit in self.units.values() if unit.start <= start and end <= unit.end)

    def spans_in(self, start: int, end: int) -> list[Span]:
        """Give the anchors that lie inside [start, end)."""
        first = bisect_left(self.spans, start, key=lambda span: span.start)
        last = bisect_left(self.spans, end, key=lambda span: span.start)
        return [span for span in self.spans[first:last] if span.end <= end]

    def marked_in(self, start: int, end: int) -> list[Span]:
        """Give the anchors inside [start, end) that name something or that a claim rests on."""
        return [span for span in self.spans_in(start, end) if span.entity is not None or span.claims]

    def named_in(self, start: int, end: int) -> dict[str, Span]:
        """Give what the words in [start, end) name, with the first words that name it."""
        found: dict[str, Span] = {}
        for span in self.spans_in(start, end):
            if span.entity is not None:
                found.setdefault(span.entity.value, span)
        return found

    def words(self, start: int, end: int, named: Mapping[str, Term]) -> tuple[Segment, ...]:
        """Cut [start, end) where a marked anchor begins or ends; of several anchors the shortest counts."""
        spans = self.marked_in(start, end)
        edges = sorted({start, end, *(edge for span in spans for edge in (span.start, span.end))})
        found = []
        for left, right in pairwise(edges):
            over = [span for span in spans if span.start <= left and right <= span.end]
            span = min(over, key=lambda span: (span.end - span.start, span.entity is None), default=None)
            target = named[(span.entity or span.anchor).value] if span else None
            found.append(
                Segment(
                    text=self.text[left:right],
                    target=target,
                    names=span is not None and span.entity is not None,
                    supports=any(other.claims for other in over),
                )
            )
        return tuple(found)

    def evidence(self, anchor: Term, start: int, end: int, around: int | None = None) -> Evidence:
        """Give words with those around them, which end where the innermost unit that holds them ends."""
        around = _AROUND if around is None else around
        path = self.path_to(start, end)
        left = max(start - around, min(path[-1].start if path else 0, start))
        right = min(end + around, max(path[-1].end if path else len(self.text), end))
        return Evidence(
            anchor=anchor,
            quote=self.text[start:end],
            prefix=self.text[left:start],
            suffix=self.text[end:right],
            start=start,
            end=end,
            path=path,
        )


def read_outline(names: Names, document: str) -> Outline | None:
    """Read the outline of a document by its key; None when the store has no such text."""
    source = identifiers.mint("source-text", document)
    found = names.rows(_TEXT % source)
    if not found:
        return None
    rows = names.rows(_UNITS % source)
    terms = names.of(NamedNode(iri_of(row["unit"])) for row in rows)
    children: dict[str, list[NamedNode]] = {}
    for row in rows:
        children.setdefault(iri_of(row.get("parent")), []).append(NamedNode(iri_of(row["unit"])))
    starts = {iri_of(row["unit"]): number_of(row["start"]) for row in rows}
    units = {}
    for row in rows:
        iri = iri_of(row["unit"])
        below = tuple(children.get(iri, ()))
        units[iri] = Unit(
            term=terms[iri],
            anchor=NamedNode(iri_of(row["anchor"])),
            kind=identifiers.parts_of(terms[iri].iri)[0],
            number=getattr(row.get("number"), "value", ""),
            ordinal=number_of(row.get("ordinal")),
            start=starts[iri],
            end=number_of(row["end"]),
            own_end=starts[below[0].value] if below else number_of(row["end"]),
            parent=_node(row, "parent"),
            children=below,
        )
    spans = tuple(
        Span(
            anchor=NamedNode(iri_of(row["anchor"])),
            start=number_of(row["start"]),
            end=number_of(row["end"]),
            entity=_node(row, "entity"),
            claims="claims" in row,
        )
        for row in names.rows(_ANCHORS % source)
    )
    places = {span.anchor.value: (span.start, span.end) for span in spans}
    places |= {unit.anchor.value: (unit.start, unit.end) for unit in units.values()}
    return Outline(text=getattr(found[0]["text"], "value", ""), units=units, spans=spans, places=places)


def _node(row: Row, variable: str) -> NamedNode | None:
    iri = iri_of(row.get(variable))
    return NamedNode(iri) if iri else None
