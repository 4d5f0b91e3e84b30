"""Clauses: what the words of a unit set out, and which clauses of the text speak of a thing.

One query reads both. Their order is that of the text, so it comes from the document's outline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from pyoxigraph import NamedNode

from iotkg.identifiers import parts_of, shorten
from iotkg.links import Window, named_values
from iotkg.model import Clause, Clauses, Evidence, Term, Value
from iotkg.outline import Outline
from iotkg.terms import Facts, Names, Node, Vocabulary, iri_of, texts
from iotkg.vocab import IOTKG, PREFIXES, RDF, term

OutlineOf: TypeAlias = Callable[[NamedNode], Outline | None]
"""Gives the outline of the document that an anchor stands in."""

SHOWN: Final = 20
"""How many clauses of one kind that speak of a thing its page shows beside everything else."""

PROVISIONS: Final = ("iotkg:Principle", "iotkg:Ground", "iotkg:Measure", "iotkg:Aim")
SET_OUT: Final = (
    "iotkg:Target",
    "iotkg:Initiative",
    "iotkg:Deliverable",
    "iotkg:FundingSupport",
    "iotkg:CrossReference",
    "iotkg:Mention",
    "iotkg:Exception",
)
"""What a unit sets out beside its provisions, in the order of its page."""

SPOKEN_OF: Final = (
    "iotkg:Initiative",
    "iotkg:FundingSupport",
    "iotkg:Deliverable",
    "iotkg:Measure",
    "iotkg:Aim",
    "iotkg:Ground",
    "iotkg:Principle",
)
"""The kinds of clauses that speak of a thing, in the order of its page."""

_KINDS: Final = {term(name).value: name for name in (*PROVISIONS, *SET_OUT)}
_HERE: Final = (IOTKG.statedIn.value, IOTKG.appliesTo.value)
_SPEAKS: Final = (
    "iotkg:mentions",
    "iotkg:addressee",
    "iotkg:supports",
    "iotkg:fundingProgramme",
    "iotkg:aimsAt",
)
_FACTS: Final = """
iotkg:measureType iotkg:addressee iotkg:aimsAt iotkg:implementationMode iotkg:projectLevel iotkg:aboutSector
iotkg:aboutTechnology iotkg:targetPlace iotkg:deliverableType iotkg:fundingProgramme iotkg:supports
iotkg:countsThing iotkg:minValue iotkg:maxValue iotkg:nominalValue iotkg:valueKind iotkg:verbatim
iotkg:refersTo iotkg:referenceType iotkg:mentionOf iotkg:exceptedLabel iotkg:reason
"""
"""What a clause says of itself."""

_READ: Final = f"""
rdf:type iotkg:hasEvidence iotkg:quote iotkg:statedIn iotkg:appliesTo iotkg:translation skos:editorialNote {_FACTS}
"""
_CLAUSES: Final = f"""
SELECT ?thing ?property ?value
WHERE {{{{
  {{{{
    SELECT DISTINCT ?thing
    WHERE {{{{
      ?thing {"|".join(("iotkg:statedIn", "iotkg:appliesTo", *_SPEAKS))} {{iri}} .
      FILTER EXISTS {{{{ ?thing a ?kind FILTER(?kind IN ({", ".join(_KINDS.values())})) }}}}
    }}}}
  }}}}
  ?thing ?property ?value .
  FILTER(?property IN ({", ".join(_READ.split())}))
}}}}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The clauses to show, as triples: those a unit states, and those that speak of it, by kind.

    ``totals`` counts the latter, of which a portion is kept.
    """

    facts: Mapping[str, Facts]
    stated: Mapping[str, tuple[str, ...]]
    speaking: Mapping[str, tuple[str, ...]]
    totals: Mapping[str, int]
    offset: int = 0

    @property
    def things(self) -> set[str]:
        """Everything that the clauses name."""
        shown = {iri for group in (self.stated, self.speaking) for iris in group.values() for iri in iris}
        values = (
            value
            for iri in shown
            for property_, values in self.facts[iri].items()
            if property_ not in (RDF.type.value, IOTKG.hasEvidence.value)
            for value in values
        )
        return shown | {iri for iri in map(iri_of, values) if iri} | set(_IRIS.values())

    def said(self) -> Iterator[tuple[str, str, list[Node]]]:
        """Give what the clauses shown say of themselves: clause, property, values."""
        for group in (self.stated, self.speaking):
            for iri in (iri for iris in group.values() for iri in iris):
                yield from ((iri, name, values) for name, values in self.facts[iri].items() if name in _SAID)


NOTHING: Final = Found(facts={}, stated={}, speaking={}, totals={})


def read_clauses(
    names: Names, iri: NamedNode, outline_of: OutlineOf, counts: Mapping[str, int], window: Window | None
) -> Found:
    """Read the clauses that a thing states and those that speak of it; a window on a kind shows that one alone.

    ``counts`` says what points to the thing, so that nothing is asked in vain.
    """
    speaking = names.vocabulary.below(*(term(name).value for name in _SPEAKS))
    if speaking.isdisjoint(counts) and not set(_HERE) & set(counts):
        return NOTHING
    wanted = shorten(window.predicate.value) if window else ""
    if window and wanted not in SPOKEN_OF:
        return NOTHING
    facts: dict[str, dict[str, list[Node]]] = {}
    for row in names.rows(_CLAUSES.format(iri=iri)):
        known = facts.setdefault(iri_of(row["thing"]), {})
        known.setdefault(iri_of(row["property"]), []).append(row["value"])
    stated: dict[str, list[str]] = {}
    others: dict[str, list[str]] = {}
    for thing in sorted(facts, key=lambda thing: (_start(outline_of, facts[thing]), thing)):
        kind = next(_KINDS[top] for top in _KINDS if _is(facts[thing], top))
        here = any(iri in facts[thing].get(property_, ()) for property_ in _HERE)
        (stated if here else others).setdefault(kind, []).append(thing)
    offset, size = (window.offset, window.size) if window else (0, SHOWN)
    return Found(
        facts=facts,
        stated={} if window else {kind: tuple(things) for kind, things in stated.items()},
        speaking={
            kind: tuple(others[kind][offset : offset + size])
            for kind in SPOKEN_OF
            if kind in others and wanted in ("", kind)
        },
        totals={kind: len(things) for kind, things in others.items()},
        offset=offset,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ClauseAssembly:
    """What it takes to turn clauses into values: names, the vocabulary, and where anchors stand."""

    found: Found
    terms: Mapping[str, Term]
    vocabulary: Vocabulary
    outline_of: OutlineOf

    def provisions(self) -> tuple[Clause, ...]:
        """Give what a unit says, in the order of the text."""
        things = [thing for kind in PROVISIONS for thing in self.found.stated.get(kind, ())]
        things.sort(key=lambda thing: (_start(self.outline_of, self.found.facts[thing]), thing))
        return tuple(self.clause(thing) for thing in things)

    def sets_out(self) -> tuple[Clauses, ...]:
        """Give what else a unit sets out, by kind."""
        return tuple(
            Clauses(
                kind=self._kind(kind),
                items=tuple(self.clause(thing) for thing in self.found.stated[kind]),
                total=len(self.found.stated[kind]),
            )
            for kind in SET_OUT
            if kind in self.found.stated
        )

    def spoken_of(self) -> tuple[Clauses, ...]:
        """Give the clauses of others that speak of the thing, by kind, a portion of each."""
        return tuple(
            Clauses(
                kind=self._kind(kind),
                items=tuple(self.clause(thing) for thing in things),
                total=self.found.totals[kind],
                offset=self.found.offset,
            )
            for kind, things in self.found.speaking.items()
        )

    def clause(self, iri: str) -> Clause:
        """Give one clause."""
        facts = self.found.facts[iri]
        types = [top for top in map(iri_of, facts.get(RDF.type.value, ())) if top in self.vocabulary.terms]
        specific = [t for t in self.vocabulary.most_specific(types) if t.startswith(PREFIXES["iotkg"])]
        unit = next((iri_of(value) for value in facts.get(IOTKG.statedIn.value, ())), "")
        return Clause(
            term=self.terms[iri],
            kind=self.vocabulary.terms[specific[0]] if specific else self.terms[iri],
            unit=self.terms.get(unit),
            words=self._words(facts, unit),
            translation=texts(facts.get(IOTKG.translation.value, ())),
            facts=dict(self._said(facts)),
            notes=texts(facts.get(term("skos:editorialNote").value, ())),
        )

    def _kind(self, name: str) -> Term:
        return self.terms[term(name).value]

    def _said(self, facts: Facts) -> Iterable[tuple[str, tuple[Value, ...]]]:
        for property_, name in _SAID.items():
            if property_ in facts:
                yield name, named_values(self.terms, property_, facts[property_])

    def _words(self, facts: Facts, unit: str) -> tuple[Evidence, ...]:
        """Give its own words, then those elsewhere; where the text is not held, the quotes alone."""
        found = []
        for anchor in map(iri_of, facts.get(IOTKG.hasEvidence.value, ())):
            place = _place(self.outline_of, anchor)
            if place:
                outline, start, end = place
                found.append(outline.evidence(_anchor(anchor), start, end))
        if found:
            units = {evidence.start: {held.term.iri.value for held in evidence.path} for evidence in found}
            return tuple(sorted(found, key=lambda it: (unit not in units[it.start], it.start)))
        return tuple(
            Evidence(anchor=self.terms[anchor], quote=text.value, prefix="", suffix="", start=0, end=0)
            for anchor in sorted(map(iri_of, facts.get(IOTKG.hasEvidence.value, ())))[:1]
            if anchor in self.terms
            for text in texts(facts.get(IOTKG.quote.value, ()))
        )


_SAID: Final = {term(name).value: name for name in _FACTS.split()}
_IRIS: Final = {name: term(name).value for name in _KINDS.values()}


def _anchor(iri: str) -> Term:
    """Name an anchor, whose words stand beside it."""
    return Term(iri=NamedNode(iri), name=())


def _is(facts: Facts, top: str) -> bool:
    return any(iri_of(value) == top for value in facts.get(RDF.type.value, ()))


def _place(outline_of: OutlineOf, anchor: str) -> tuple[Outline, int, int] | None:
    outline = outline_of(NamedNode(anchor))
    span = outline.places.get(anchor) if outline else None
    return (outline, *span) if outline and span else None


def _start(outline_of: OutlineOf, facts: Facts) -> tuple[str, int, int]:
    """Say where a clause's first words stand: in which document, from where on, the longer one first."""
    spans = []
    for anchor in map(iri_of, facts.get(IOTKG.hasEvidence.value, ())):
        place = _place(outline_of, anchor)
        if place:
            spans.append((parts_of(NamedNode(anchor))[1], place[1], -place[2]))
    return min(spans, default=("", 0, 0))
