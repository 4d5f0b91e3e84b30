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
from iotkg.vocab import term

SHOWN: Final = 12
"""How many things that point here by one property a page shows beside everything else."""

_ABOVE: Final = "iotkg:partOf iotkg:hasPart iotkg:hasStatement iotkg:involvesActor"
"""The properties under these are the tree, the statements, and shortcuts past a statement's basis."""

_TOLD: Final = """
rdf:type rdfs:label skos:prefLabel skos:altLabel skos:hiddenLabel skos:definition skos:scopeNote
skos:editorialNote owl:deprecated iotkg:effectiveDeadline iotkg:endOffset iotkg:exactQuote iotkg:hasEvidence
iotkg:identifies iotkg:inPlan iotkg:inSource iotkg:numberLabel iotkg:ordinal iotkg:quotePrefix
iotkg:quoteSuffix iotkg:startOffset iotkg:textAnchor
"""
_POINTS: Final = (
    "iotkg:hasEvidence iotkg:textAnchor iotkg:identifies iotkg:inPlan iotkg:mentions iotkg:relatedTo"
)
_CROWD: Final = "iotkg:actor iotkg:appliesTo"
"""What the statements tell, unless there are too many of them for one page."""

_COUNTS: Final = """
SELECT ?property (COUNT(?thing) AS ?count)
WHERE {{
  ?thing ?property {iri} .
  FILTER(isIRI(?thing))
  FILTER NOT EXISTS {{
    ?narrower rdfs:subPropertyOf ?property .
    ?thing ?narrower {iri} .
    FILTER(?narrower != ?property)
  }}
}}
GROUP BY ?property
"""
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """Which of the things that point here by one property to show, when a page shows only those."""

    predicate: NamedNode
    offset: int = 0
    size: int = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Incoming:
    """What points to a thing: how many by each property, and the portion of them to show."""

    counts: Mapping[str, int]
    portions: Mapping[str, list[str]]
    offset: int = 0

    def links(self, terms: Mapping[str, Term]) -> tuple[Links, ...]:
        """Give the portions, named."""
        return tuple(
            Links(
                predicate=terms[predicate],
                incoming=True,
                values=tuple(terms[thing] for thing in things),
                total=self.counts[predicate],
                offset=self.offset,
            )
            for predicate, things in sorted(self.portions.items())
        )


def read_incoming(names: Names, iri: NamedNode, window: Window | None, *, crowded: bool) -> Incoming:
    """Count what points to a thing, and read the portion to show; ``crowded`` brings statements back as links."""
    rows = names.rows(_COUNTS.format(iri=iri))
    counts = {iri_of(row["property"]): number_of(row["count"]) for row in rows if "property" in row}
    hidden = _hidden(names.vocabulary, _POINTS if crowded else f"{_POINTS} {_CROWD}")
    shown = sorted(predicate for predicate in counts if predicate not in hidden)
    offset, limit = 0, SHOWN
    if window is not None:
        shown = [window.predicate.value] if window.predicate.value in counts else []
        offset, limit = window.offset, window.size
    branches = [_PORTION.format(property=p, iri=iri, offset=offset, limit=limit) for p in shown]
    portions: dict[str, list[str]] = {predicate: [] for predicate in shown}
    if branches:
        for row in names.rows(f"SELECT ?property ?thing WHERE {{ {' UNION '.join(branches)} }}"):
            portions[iri_of(row["property"])].append(iri_of(row["thing"]))
    named = {predicate: sorted(filter(None, things)) for predicate, things in portions.items()}
    return Incoming(counts=counts, portions=named, offset=offset)


def outgoing(facts: Facts, terms: Mapping[str, Term], vocabulary: Vocabulary) -> tuple[Links, ...]:
    """Give what else is said of a thing, each value under its narrowest properties."""
    hidden = _hidden(vocabulary, _TOLD)
    found = []
    for predicate, values in sorted(facts.items()):
        narrower = [facts[low] for low in facts if predicate in vocabulary.supers.get(low, ())]
        kept = [value for value in values if not any(value in others for others in narrower)]
        if predicate not in hidden and kept:
            found.append(named_links(terms, predicate, kept))
    return tuple(found)


def named_links(terms: Mapping[str, Term], predicate: str, values: Iterable[Node]) -> Links:
    """Give the facts of one property, named."""
    shown: list[Value] = []
    for value in sorted(values, key=str):
        if isinstance(value, NamedNode):
            shown.append(terms[value.value])
        else:
            printed = is_printed(predicate)
            language = "zh" if printed else getattr(value, "language", None)
            shown.append(Text(getattr(value, "value", str(value)), language, printed))
    return Links(predicate=terms[predicate], incoming=False, values=tuple(shown), total=len(shown))


def _hidden(vocabulary: Vocabulary, told: str) -> set[str]:
    return vocabulary.below(*_iris(_ABOVE)) | vocabulary.alignments | _iris(told)


def _iris(names: str) -> set[str]:
    return {term(name).value for name in names.split()}
