"""Links: what else is said of a thing and what points to it, by property, in portions.

What a page tells in a better form is left out: the tree, the statements, and shortcuts that would name an owner or
a date without its basis. So are other vocabularies' properties that only repeat ours, and a property where a
narrower one holds too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pyoxigraph import NamedNode

from iotkg.model import Links, Term, Text, Value
from iotkg.terms import Facts, Names, Node, Vocabulary, iri_of, is_printed, number_of
from iotkg.vocab import IOTKG, term

SHOWN: Final = 12
"""How many things that point here by one property a page shows beside everything else."""

KIN: Final = ("skos:broader", "skos:narrower", "skos:related")
"""What stands above, below and beside a term; only the first and the last are written down."""

_KIN_SHOWN: Final = 60
ABOVE: Final = "iotkg:partOf iotkg:hasPart iotkg:hasStatement iotkg:involvesActor"
"""The properties under these are the tree, the statements, and shortcuts past a statement's basis."""

_TOLD: Final = """
rdf:type rdfs:label skos:prefLabel skos:altLabel skos:hiddenLabel skos:definition skos:scopeNote
skos:editorialNote owl:deprecated iotkg:effectiveDeadline iotkg:endOffset iotkg:exactQuote iotkg:hasEvidence
iotkg:identifies iotkg:inPlan iotkg:inSource iotkg:numberLabel iotkg:ordinal iotkg:quotePrefix
iotkg:quoteSuffix iotkg:standsIn iotkg:startOffset iotkg:textAnchor skos:broader skos:narrower skos:related
"""
_POINTS: Final = (
    "iotkg:hasEvidence iotkg:textAnchor iotkg:identifies iotkg:inPlan iotkg:relatedTo iotkg:standsIn "
    "iotkg:hasInitiative iotkg:initiativeOf iotkg:produces"
)
_SPOKEN: Final = "iotkg:mentions iotkg:addressee iotkg:supports iotkg:fundingProgramme iotkg:aimsAt"
"""What the clauses that speak of a thing tell, and the list of where the text names it."""

_KEPT: Final = "iotkg:cites iotkg:implementsDocument"
"""Kinds of mention that tell more than that the text names a document."""

_OF_UNITS: Final = "iotkg:mentions iotkg:hasInitiative iotkg:produces iotkg:relatedTo"
"""What the page of a unit shows as what its words set out and name."""

_CROWD: Final = "iotkg:actor iotkg:appliesTo"
"""What the statements tell, unless there are too many of them for one page."""

_NAMED_SHOWN: Final = 40
"""How many of the words that name a thing a page shows beside everything else."""

_FACTS: Final = """
SELECT ?property ?value ?pointing ?count
WHERE {{
  {{ {iri} ?property ?value FILTER(?property != iotkg:textContent) }}
  UNION {{
    SELECT ?pointing (COUNT(?thing) AS ?count)
    WHERE {{
      ?thing ?pointing {iri} .
      FILTER(isIRI(?thing))
      FILTER NOT EXISTS {{
        ?narrower rdfs:subPropertyOf ?pointing .
        ?thing ?narrower {iri} .
        FILTER(?narrower != ?pointing)
      }}
    }}
    GROUP BY ?pointing
  }}
}}
"""
"""What is said of a thing, and how many others point to it by each property."""

_PORTION: Final = """
{{
  SELECT (<{property}> AS ?property) ?thing
  WHERE {{
    ?thing <{property}> {iri} .
    FILTER(isIRI(?thing))
    FILTER NOT EXISTS {{
      ?narrower rdfs:subPropertyOf <{property}> .
      ?thing ?narrower {iri} .
      FILTER(?narrower != <{property}>)
    }}
  }}
  ORDER BY ?thing
  OFFSET {offset}
  LIMIT {limit}
}}
"""
_NAMED: Final = """
{{
  SELECT ?thing ?source ?start ?end
  WHERE {{
    ?thing
      iotkg:identifies {iri} ;
      iotkg:inSource ?source ;
      iotkg:startOffset ?start ;
      iotkg:endOffset ?end .
  }}
  ORDER BY ?source ?start ?thing
  OFFSET {offset}
  LIMIT {limit}
}}
"""
_STANDING: Final = """
{{
  SELECT ?unit (COUNT(?words) AS ?places) (MIN(STR(?words)) AS ?one)
  WHERE {{ ?words iotkg:identifies {iri} ; iotkg:standsIn ?unit }}
  GROUP BY ?unit
}}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """Which of the things that point here by one property to show, when a page shows only those."""

    predicate: NamedNode
    offset: int = 0
    size: int = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Incoming:
    """What points to a thing: how many by each property, and the portion of them to show.

    ``named`` are the anchors of words that name it, in the order of the text, with where they begin and end;
    ``standing`` is each unit in whose own text such words stand, with how many they are, and one of them.
    """

    counts: Mapping[str, int]
    portions: Mapping[str, list[str]]
    named: Mapping[str, Facts]
    standing: Mapping[str, tuple[int, NamedNode]]
    offset: int = 0

    def links(self, terms: Mapping[str, Term], *, apart: bool = False) -> tuple[Links, ...]:
        """Give the portions, named; ``apart`` leaves out those that ``kin`` gives."""
        return tuple(
            Links(
                predicate=terms[predicate],
                incoming=True,
                values=tuple(terms[thing] for thing in things),
                total=self.counts[predicate],
                offset=self.offset,
            )
            for predicate, things in sorted(self.portions.items())
            if not apart or predicate not in _iris(" ".join(KIN))
        )

    def kin(self, facts: Facts, terms: Mapping[str, Term]) -> tuple[Links, ...]:
        """Give the terms above, below and beside a thing, which are written down in one direction or the other."""
        found = []
        for name, back in zip(KIN, ("", KIN[0], KIN[2]), strict=True):
            predicate = term(name)
            known = [terms[iri_of(value)] for value in facts.get(predicate.value, ())]
            pointing = term(back).value if back else ""
            known += [terms[thing] for thing in self.portions.get(pointing, ())]
            things = {thing.iri.value: thing for thing in known}
            hidden = self.counts.get(pointing, 0) - len(self.portions.get(pointing, ()))
            if things:
                values = tuple(thing for _, thing in sorted(things.items()))
                named = Term(iri=predicate, name=((Text(name),),))
                found.append(
                    Links(predicate=named, incoming=False, values=values, total=len(values) + hidden)
                )
        return tuple(found)


def read_facts(names: Names, iri: NamedNode) -> tuple[Facts, Mapping[str, int]]:
    """Read what is said of a thing, and count what points to it by each property."""
    facts: dict[str, list[Node]] = {}
    counts = {}
    for row in names.rows(_FACTS.format(iri=iri)):
        if "property" in row:
            facts.setdefault(iri_of(row["property"]), []).append(row["value"])
        elif "pointing" in row:
            counts[iri_of(row["pointing"])] = number_of(row["count"])
    return facts, counts


def read_incoming(
    names: Names,
    iri: NamedNode,
    counts: Mapping[str, int],
    window: Window | None,
    *,
    crowded: bool,
    unit: bool,
) -> Incoming:
    """Read the portion to show of what points to a thing.

    ``crowded`` brings statements back as links; ``unit`` says that the clauses stated in the thing are shown.
    """
    told = f"{_POINTS} {'' if crowded else _CROWD} {'iotkg:statedIn' if unit else ''}"
    spoken = names.vocabulary.below(*_iris(_SPOKEN)) - _iris(_KEPT)
    hidden = _hidden(names.vocabulary, told) | spoken
    shown = sorted(predicate for predicate in counts if predicate not in hidden)
    offset, limit = 0, SHOWN
    if window is not None:
        shown = [window.predicate.value] if window.predicate.value in counts else []
        offset, limit = window.offset, window.size
    kin = _iris(" ".join(KIN))
    branches = [
        _PORTION.format(
            property=p, iri=iri, offset=offset, limit=_KIN_SHOWN if p in kin and window is None else limit
        )
        for p in shown
    ]
    identifies = IOTKG.identifies
    if identifies.value in counts and (window is None or window.predicate == identifies):
        branches.append(_NAMED.format(iri=iri, offset=offset, limit=window.size if window else _NAMED_SHOWN))
        branches.append(_STANDING.format(iri=iri))
    portions: dict[str, list[str]] = {predicate: [] for predicate in shown}
    anchors = []
    standing: dict[str, tuple[int, NamedNode]] = {}
    columns = "?property ?thing ?source ?start ?end ?unit ?places ?one"
    for row in names.rows(f"SELECT {columns} WHERE {{ {' UNION '.join(branches)} }}") if branches else ():
        if "property" in row:
            portions[iri_of(row["property"])].append(iri_of(row["thing"]))
        elif "unit" in row:
            one = NamedNode(getattr(row["one"], "value", ""))
            standing[iri_of(row["unit"])] = (number_of(row["places"]), one)
        else:
            anchors.append(row)
    anchors.sort(key=lambda row: (iri_of(row["source"]), number_of(row["start"]), iri_of(row["thing"])))
    return Incoming(
        counts=counts,
        portions={predicate: sorted(filter(None, things)) for predicate, things in portions.items()},
        named={
            iri_of(row["thing"]): {
                IOTKG.startOffset.value: [row["start"]],
                IOTKG.endOffset.value: [row["end"]],
            }
            for row in anchors
        },
        standing=standing,
        offset=offset,
    )


def outgoing(
    facts: Facts, terms: Mapping[str, Term], vocabulary: Vocabulary, *, unit: bool
) -> tuple[Links, ...]:
    """Give what else is said of a thing, each value under its narrowest properties."""
    hidden = _hidden(vocabulary, _TOLD)
    if unit:
        hidden |= vocabulary.below(*_iris(_OF_UNITS))
    return tuple(
        named_links(terms, predicate, values)
        for predicate, values in sorted(narrowest(facts, vocabulary).items())
        if predicate not in hidden
    )


def narrowest(facts: Facts, vocabulary: Vocabulary) -> Facts:
    """Keep each value under its narrowest properties."""
    kept = {}
    for predicate, values in facts.items():
        narrower = [facts[low] for low in facts if predicate in vocabulary.supers.get(low, ())]
        left = [value for value in values if not any(value in others for others in narrower)]
        if left:
            kept[predicate] = left
    return kept


def named_links(terms: Mapping[str, Term], predicate: str, values: Iterable[Node]) -> Links:
    """Give the facts of one property, named."""
    shown = named_values(terms, predicate, values)
    return Links(predicate=terms[predicate], incoming=False, values=shown, total=len(shown))


def named_values(terms: Mapping[str, Term], predicate: str, values: Iterable[Node]) -> tuple[Value, ...]:
    """Name the values of a property; literals that are words of the text say so."""
    shown: list[Value] = []
    for value in sorted(values, key=str):
        if isinstance(value, NamedNode):
            shown.append(terms[value.value])
        else:
            printed = is_printed(predicate)
            language = "zh" if printed else getattr(value, "language", None)
            shown.append(Text(getattr(value, "value", str(value)), language, printed))
    return tuple(shown)


def _hidden(vocabulary: Vocabulary, told: str) -> set[str]:
    return vocabulary.below(*_iris(ABOVE)) | vocabulary.alignments | _iris(told)


def _iris(names: str) -> set[str]:
    return {term(name).value for name in names.split()}
