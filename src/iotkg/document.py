"""A document: its text, and its curated tree joined with the printed one.

Source: docs/curating.md, "The tree".
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from pyoxigraph import Literal, NamedNode, Triple

from iotkg import identifiers
from iotkg.errors import TreeMismatch
from iotkg.loading import Curated
from iotkg.problems import Problem, both
from iotkg.source_text import Unit, parse
from iotkg.vocab import ID, IOTKG, RDF, SKOS

_CLASSES = {
    "plan-set": IOTKG.PlanSet,
    "plan": IOTKG.ActionPlan,
    "section": IOTKG.Section,
    "group": IOTKG.TaskGroup,
    "task": IOTKG.Task,
    "safeguard": IOTKG.SafeguardMeasure,
    "table": IOTKG.MissingTable,
}

About: TypeAlias = Mapping[NamedNode, list[NamedNode | Literal]]
"""What is said of one subject, by property."""


@dataclass(frozen=True)
class Document:
    """A document's text, its curated statements and its units joined with the printed ones."""

    key: str
    text: str
    curated: Curated
    index: Mapping[NamedNode, About]
    units: Mapping[NamedNode, Unit]
    parents: Mapping[NamedNode, NamedNode]

    def ancestors(self, unit: NamedNode) -> Iterator[NamedNode]:
        """Yield a unit's parent, its parent's parent and so on."""
        while (found := self.parents.get(unit)) is not None:
            yield found
            unit = found

    def plan(self, unit: NamedNode) -> NamedNode | None:
        """Give the plan a unit belongs to, itself included; None for the plan set."""
        return self._plans.get(unit)

    @cached_property
    def _plans(self) -> dict[NamedNode, NamedNode]:
        """The plan of each unit: asked for every label in the text."""
        return {
            unit: plan
            for unit in self.units
            for plan in (unit, *self.ancestors(unit))
            if self.units[plan].kind == "plan"
        }

    def plan_of(self, subject: NamedNode) -> NamedNode | None:
        """Give the plan in which a subject is stated; None where it is stated in none."""
        stated = (unit for unit in self.index[subject].get(IOTKG.statedIn, ()) if unit in self.units)
        return next((self.plan(unit) for unit in stated if isinstance(unit, NamedNode)), None)

    def unit_at(self, offset: int) -> NamedNode:
        """Give the unit in whose own text, or behind it, an offset stands."""
        position = bisect_right(self.units_by_start, offset, key=lambda item: item[0]) - 1
        return self.units_by_start[position][1]

    @cached_property
    def units_by_start(self) -> list[tuple[int, NamedNode]]:
        """The units in the order of the text, parents before children."""
        return sorted(((unit.start, iri) for iri, unit in self.units.items()), key=lambda item: item[0])

    @property
    def speaking(self) -> dict[NamedNode, list[NamedNode]]:
        """Give each unit with everything that is stated in it, itself first."""
        found = {unit: [unit] for unit in self.units}
        for subject, about in self.index.items():
            for unit in about.get(IOTKG.statedIn, ()):
                if isinstance(unit, NamedNode) and unit in found:
                    found[unit].append(subject)
        return found

    def of_class(self, *classes: NamedNode) -> Iterator[NamedNode]:
        """Yield the curated subjects that are written to be of one of the classes."""
        wanted = set(classes)
        return (iri for iri, about in self.index.items() if wanted & set(about.get(RDF.type, ())))

    def own_text(self, unit: NamedNode) -> tuple[int, int]:
        """Give the span of a unit's own text: up to where its first child starts."""
        return self.units[unit].start, self.units[unit].own_end


def join(key: str, text: str, curated: Curated) -> Document:
    """Match the curated tree with the printed one.

    Raises: TreeMismatch naming each unit and file where kind, number, title or parent differ.
    """
    index = index_of(curated.triples)
    printed = parse(text)
    slugs = {
        label.value: iri.value.rpartition("/")[2]
        for iri, about in index.items()
        if IOTKG.ActionPlan in about.get(RDF.type, ())
        for label in _chinese(about)
    }
    faults: list[Problem] = []
    iris: dict[int, NamedNode] = {}
    plan = key
    for position, unit in enumerate(printed):
        if unit.kind == "plan":
            plan = slugs.get(unit.title or "", "")
            if not plan:
                faults.append(_unknown_plan(key, unit.title or "", index, {u.title for u in printed}))
        name = f"{plan}_{unit.local}" if unit.local else plan
        iris[position] = NamedNode(f"{ID}{unit.kind}/{name}")
    if faults:  # the units of a plan that is not known cannot be named
        raise TreeMismatch(faults)
    for position, iri in iris.items():
        parent = printed[position].parent
        faults += _differences(
            iri, printed[position], index.get(iri), iris[parent] if parent is not None else None, curated
        )
    units = {iris[position]: unit for position, unit in enumerate(printed)}
    for iri, about in index.items():
        kinds = set(about.get(RDF.type, ())) & set(_CLASSES.values())
        if kinds and iri not in units:
            shown = identifiers.shorten(iri.value)
            faults.append(
                Problem(
                    kind="unit-not-printed",
                    messages=both(f"{shown} is not printed in the text", f"{shown} 未见于文本"),
                    place=curated.place(iri),
                    subject=iri,
                )
            )
    if faults:
        raise TreeMismatch(faults)
    parents = {iris[p]: iris[u.parent] for p, u in enumerate(printed) if u.parent is not None}
    return Document(key, text, curated, index, units, parents)


def _unknown_plan(
    key: str, title: str, index: Mapping[NamedNode, About], titles: Container[str | None]
) -> Problem:
    """Say that a plan is printed and not curated; a curated one whose label is not printed is likely the one meant."""
    others = [
        (iri, label)
        for iri, about in index.items()
        if IOTKG.ActionPlan in about.get(RDF.type, ())
        for label in _chinese(about)
        if label.value not in titles
    ]
    iri, label = others[0] if len(others) == 1 else (NamedNode(f"{ID}plan-set/{key}"), None)
    return Problem(
        kind="plan-not-curated",
        messages=both(
            f"the text prints the plan {title}, which no iotkg:ActionPlan has as its label",
            f"文本印有计划“{title}”，而没有以此为标签的 iotkg:ActionPlan",
        ),
        subject=iri,
        path=SKOS.prefLabel if label else None,
        value=label,
    )


def _differences(
    iri: NamedNode,
    unit: Unit,
    about: About | None,
    parent: NamedNode | None,
    curated: Curated,
) -> Iterator[Problem]:
    """Say where a curated unit differs from the printed one."""
    shown = identifiers.shorten(iri.value)
    if about is None:
        heading = f"{unit.number or ''}{unit.title or ''}"
        yield Problem(
            kind="unit-not-curated",
            messages=both(
                f"{shown} ({heading}) is printed in the text and not curated",
                f"{shown}（{heading}）见于文本而未录入",
            ),
            subject=iri,
            near=parent,
        )
        return
    expected: dict[NamedNode, NamedNode | Literal | None] = {
        RDF.type: _CLASSES[unit.kind],
        IOTKG.directPartOf: parent,
        IOTKG.numberLabel: Literal(unit.number) if unit.number else None,
    }
    if unit.title:
        expected[SKOS.prefLabel] = Literal(unit.title, language="zh")
    for predicate, value in expected.items():
        written = about.get(predicate, [])
        if value is None and not written:
            continue
        if value is None or value not in written:
            name = identifiers.shorten(predicate.value)
            said = ", ".join(str(item) for item in written) or "nothing"
            yield Problem(
                kind="unit-differs",
                messages=both(
                    f"{shown} {name} is {said}; the text has {value or 'none'}",
                    f"{shown} 的 {name} 为 {said}；文本中为 {value or '无'}",
                ),
                place=curated.place(iri),
                subject=iri,
                path=predicate,
                value=_wrong(written, value),
            )


def _wrong(
    written: list[NamedNode | Literal], value: NamedNode | Literal | None
) -> NamedNode | Literal | None:
    """Give the value that stands where the printed one should: of several, the one in the same language."""
    language = value.language if isinstance(value, Literal) else None
    alike = [item for item in written if not isinstance(item, Literal) or item.language == language]
    return next(iter([*alike, *written]), None)


def _chinese(about: Mapping[NamedNode, list[NamedNode | Literal]]) -> list[Literal]:
    return [v for v in about.get(SKOS.prefLabel, ()) if isinstance(v, Literal) and v.language == "zh"]


def index_of(triples: Iterable[Triple]) -> dict[NamedNode, About]:
    """Group triples by subject and property."""
    index: dict[NamedNode, dict[NamedNode, list[NamedNode | Literal]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for triple in triples:
        if isinstance(triple.subject, NamedNode) and isinstance(triple.object, NamedNode | Literal):
            index[triple.subject][triple.predicate].append(triple.object)
    return {subject: dict(about) for subject, about in index.items()}
