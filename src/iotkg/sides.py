"""Plans, or bodies, side by side: what several of them speak of, and what only one does, with the words.

In: the names of a store and what is to be compared. Out: one row for each thing, one cell for each side. Nothing is
judged here: a thing is shared where words of each side name it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal, NamedNode

from iotkg.model import Term
from iotkg.store import Cell, Table
from iotkg.terms import Names, Row, iri_of, number_of

MOST: Final = 3
"""How many may be compared at once: more columns than that cannot be read."""

_KINDS: Final = {
    "sector": "iotkg:Sector",
    "technology": "iotkg:Technology",
    "document": "iotkg:PolicyDocument",
    "cited": "iotkg:ExternalDocument",
    "body": "iotkg:Actor",
    "initiative": "iotkg:Initiative",
    "programme": "iotkg:FundingProgramme",
    "talent": "iotkg:TalentKind",
}
_JOINED: Final = {"cited": "document"}
_ORDER: Final = (
    *("sector", "technology", "document", "target", "safeguard", "body", "initiative", "programme", "talent"),
)
_NAMED: Final = """
SELECT ?side ?kind ?thing ?unit ?quote ?evidence ?start
WHERE {{
  VALUES ?side {{ {sides} }}
  ?unit iotkg:inPlan ?side .
  ?evidence
    iotkg:standsIn ?unit ;
    iotkg:identifies ?thing ;
    iotkg:exactQuote ?quote ;
    iotkg:startOffset ?start .
  ?thing a ?class .
  VALUES (?class ?kind) {{ {kinds} }}
}}
ORDER BY ?start ?thing
"""
_TARGETS: Final = """
SELECT ?side ?thing ?unit ?quote ?evidence ?start
WHERE {{
  VALUES ?side {{ {sides} }}
  ?target
    iotkg:inPlan ?side ;
    a iotkg:Target ;
    iotkg:countsThing ?thing ;
    iotkg:appliesTo ?unit ;
    iotkg:hasEvidence ?evidence .
  ?evidence
    iotkg:exactQuote ?quote ;
    iotkg:startOffset ?start .
}}
ORDER BY ?start ?thing
"""
_SAFEGUARDS: Final = """
SELECT ?side ?thing ?label ?evidence ?start
WHERE {{
  VALUES ?side {{ {sides} }}
  ?thing
    iotkg:inPlan ?side ;
    a iotkg:SafeguardMeasure ;
    iotkg:textAnchor ?evidence ;
    skos:prefLabel ?label .
  FILTER(LANG(?label) = "zh")
  ?evidence iotkg:startOffset ?start .
}}
ORDER BY ?start
"""
_DUTIES: Final = """
SELECT ?side ?role ?thing ?quote ?evidence ?start ?unit
WHERE {{
  VALUES ?side {{ {sides} }}
  ?statement
    iotkg:actor ?side ;
    iotkg:role ?role ;
    iotkg:appliesTo ?thing ;
    iotkg:hasEvidence ?evidence .
  FILTER NOT EXISTS {{ ?statement iotkg:inheritedFrom ?origin }}
  ?evidence
    iotkg:exactQuote ?quote ;
    iotkg:startOffset ?start ;
    iotkg:standsIn ?unit .
}}
ORDER BY ?start ?thing
"""
_WHERE: Final = """
SELECT ?side ?thing ?quote ?evidence ?start ?unit
WHERE {{
  VALUES ?side {{ {sides} }}
  ?evidence
    iotkg:identifies ?side ;
    iotkg:standsIn ?unit ;
    iotkg:exactQuote ?quote ;
    iotkg:startOffset ?start .
  ?unit iotkg:inPlan ?thing .
}}
ORDER BY ?start ?thing
"""
_PLANS: Final = (
    "SELECT ?side ?start WHERE { ?side a iotkg:ActionPlan ; iotkg:textAnchor/iotkg:startOffset ?start }"
)
_BODIES: Final = """
SELECT ?side (COUNT(?statement) AS ?start)
WHERE {
  ?statement iotkg:actor ?side .
  FILTER NOT EXISTS { ?statement iotkg:inheritedFrom ?origin }
}
GROUP BY ?side
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """Words of one side: their anchor, the unit that they stand in, and where they begin (code points)."""

    anchor: NamedNode
    quote: str
    unit: Term
    start: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One thing, and for each side the passages that name it."""

    thing: Term
    cells: tuple[tuple[Passage, ...], ...]

    @property
    def sides(self) -> int:
        """How many sides speak of it."""
        return sum(bool(cell) for cell in self.cells)


@dataclass(frozen=True, kw_only=True, slots=True)
class Aspect:
    """What is compared: a kind of things, or for bodies a role; what is shared comes first, in the text's order."""

    key: str
    role: Term | None
    lines: tuple[Line, ...]

    def shared(self) -> int:
        """How many things every side speaks of."""
        return sum(all(line.cells) for line in self.lines)

    def alone(self, side: int) -> int:
        """How many things only this side speaks of."""
        return sum(line.sides == 1 and bool(line.cells[side]) for line in self.lines)


def plans(names: Names) -> tuple[Term, ...]:
    """List the plans, in the order of the text."""
    return _listed(names, _PLANS, lambda row: number_of(row["start"]))


def bodies(names: Names) -> tuple[Term, ...]:
    """List the bodies that a statement of the text makes responsible, those with most statements first."""
    return _listed(names, _BODIES, lambda row: -number_of(row["start"]))


def _listed(names: Names, query: str, order: Callable[[Row], int]) -> tuple[Term, ...]:
    rows = sorted(names.rows(query), key=lambda row: (order(row), iri_of(row["side"])))
    found = [NamedNode(iri_of(row["side"])) for row in rows]
    terms = names.of(found)
    return tuple(terms[iri.value] for iri in found)


def plans_beside(names: Names, sides: Sequence[NamedNode]) -> tuple[Aspect, ...]:
    """Compare plans by what they name, what they count and how they are safeguarded."""
    asked = " ".join(map(str, sides))
    kinds = " ".join(f'({name} "{kind}")' for kind, name in _KINDS.items())
    found: dict[str, list[Row]] = defaultdict(list)
    for row in names.rows(_NAMED.format(sides=asked, kinds=kinds)):
        kind = row["kind"].value if isinstance(row["kind"], Literal) else ""
        found[_JOINED.get(kind, kind)].append(row)
    found["target"] = names.rows(_TARGETS.format(sides=asked))
    found["safeguard"] = _by_title(names.rows(_SAFEGUARDS.format(sides=asked)))
    terms = _terms(names, (row for rows in found.values() for row in rows))
    return tuple(
        Aspect(key=key, role=None, lines=_lines(terms, sides, found[key])) for key in _ORDER if found[key]
    )


def bodies_beside(names: Names, sides: Sequence[NamedNode]) -> tuple[Aspect, ...]:
    """Compare bodies by what the text makes them do, role by role, and by the plans whose words name them."""
    asked = " ".join(map(str, sides))
    by_role: dict[str, list[Row]] = defaultdict(list)
    for row in names.rows(_DUTIES.format(sides=asked)):
        by_role[iri_of(row["role"])].append(row)
    where = names.rows(_WHERE.format(sides=asked))
    terms = _terms(names, (*where, *(row for rows in by_role.values() for row in rows)))
    aspects = [
        Aspect(key="role", role=terms[role], lines=_lines(terms, sides, rows))
        for role, rows in sorted(by_role.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
    return (*aspects, *([Aspect(key="plan", role=None, lines=_lines(terms, sides, where))] if where else []))


def table_of_sides(aspects: Iterable[Aspect], sides: Sequence[Term]) -> Table:
    """Give a comparison as a table: one row for each passage, things and sides by IRI and in both languages."""
    columns = (
        *("aspect", "thing", "thing_zh", "thing_en", "side", "side_zh", "side_en", "sides"),
        *("unit", "unit_zh", "unit_en", "quote", "start", "evidence"),
    )
    rows = [
        (
            Literal(aspect.role.iri.value if aspect.role else aspect.key),
            *_cells(line.thing),
            *_cells(side),
            Literal(line.sides),
            *_cells(passage.unit),
            Literal(passage.quote),
            Literal(passage.start),
            passage.anchor,
        )
        for aspect in aspects
        for line in aspect.lines
        for side, cell in zip(sides, line.cells, strict=True)
        for passage in cell
    ]
    return Table(columns, tuple(rows))


def _cells(thing: Term) -> tuple[Cell, Cell, Cell]:
    """Give a thing's IRI and what it is called in Chinese and in English."""
    called = {language: _called(thing, language) for language in ("zh", "en")}
    return thing.iri, Literal(called["zh"]), Literal(called["en"])


def _called(thing: Term, language: str) -> str:
    words = (
        next((t.value for t in part if t.language == language), part[0].value) for part in thing.name if part
    )
    return " · ".join(words)


def _by_title(rows: Iterable[Row]) -> list[Row]:
    """Let measures of the same title be one thing, the first of that title, each with its own passage."""
    first: dict[str, Row] = {}
    told = []
    for row in rows:
        title = "".join(row["label"].value.split()) if isinstance(row["label"], Literal) else ""
        known = first.setdefault(title, row)
        told.append({**row, "thing": known["thing"], "unit": row["thing"], "quote": row["label"]})
    return told


def _terms(names: Names, rows: Iterable[Row]) -> Mapping[str, Term]:
    """Name all that rows speak of, in one query."""
    found = {iri_of(row[part]) for row in rows for part in ("thing", "unit", "role") if part in row}
    return names.of(map(NamedNode, sorted(found)))


def _lines(terms: Mapping[str, Term], sides: Sequence[NamedNode], rows: Sequence[Row]) -> tuple[Line, ...]:
    passages: dict[str, dict[str, dict[int, Passage]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        start = number_of(row["start"])
        passages[iri_of(row["thing"])][iri_of(row["side"])][start] = Passage(
            anchor=NamedNode(iri_of(row["evidence"])),
            quote=row["quote"].value if isinstance(row["quote"], Literal) else "",
            unit=terms[iri_of(row["unit"])],
            start=start,
        )
    lines = [
        Line(thing=terms[thing], cells=tuple(tuple(by_side[side.value].values()) for side in sides))
        for thing, by_side in passages.items()
    ]
    return tuple(sorted(lines, key=lambda line: (-line.sides, _first(line))))


def _first(line: Line) -> tuple[int, int, str]:
    """Order what stands on the left first, in the order of the text."""
    side, cell = next((number, cell) for number, cell in enumerate(line.cells) if cell)
    return side, cell[0].start, line.thing.iri.value
