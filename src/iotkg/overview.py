"""A plan set in numbers, all counted in the graph."""

from __future__ import annotations

from typing import Final

from pyoxigraph import NamedNode

from iotkg.catalogue import Catalogue
from iotkg.model import BasisCount, Overview, PlanCounts
from iotkg.outline import Outline
from iotkg.terms import iri_of, number_of

_SETS: Final = "SELECT ?set WHERE { ?set a iotkg:PlanSet } ORDER BY ?set"
_OWNERS: Final = "iotkg:role/iotkg:owning true"
_DEADLINES: Final = "iotkg:dueDate ?date"
_BASES: Final = """
SELECT ?rank (COUNT(?task) AS ?count)
WHERE {{
  SELECT ?task (MIN(?any) AS ?rank)
  WHERE {{
    ?task iotkg:partOf {iri} ; a iotkg:Task .
    ?statement iotkg:appliesTo ?task ; {what} ; iotkg:basis/iotkg:basisRank ?any .
  }}
  GROUP BY ?task
}}
GROUP BY ?rank
ORDER BY ?rank
"""
_COUNTS: Final = """
SELECT (COUNT(?unit) AS ?stated) (COUNT(?origin) AS ?inherited)
WHERE {
  ?statement a iotkg:QualifiedStatement .
  OPTIONAL { ?statement iotkg:statedIn ?unit }
  OPTIONAL { ?statement iotkg:inheritedFrom ?origin }
}
"""


def overviews(catalogue: Catalogue) -> tuple[Overview, ...]:
    """Give every plan set whose text is held, in the order of their keys."""
    sets = [NamedNode(iri_of(row["set"])) for row in catalogue.names.rows(_SETS)]
    found = ((iri, catalogue.outline(iri)) for iri in sets)
    return tuple(_overview(catalogue, iri, outline) for iri, outline in found if outline)


def _overview(catalogue: Catalogue, iri: NamedNode, outline: Outline) -> Overview:
    units = outline.units.values()
    counted = catalogue.names.rows(_COUNTS)[0]
    entity = catalogue.entity(iri)
    return Overview(
        term=entity.term,
        plans=tuple(_plan_counts(outline, unit.term.iri) for unit in units if unit.kind == "plan"),
        missing_tables=sum(unit.kind == "table" for unit in units),
        characters=len(outline.text),
        owners=_bases(catalogue, iri, _OWNERS),
        deadlines=_bases(catalogue, iri, _DEADLINES),
        stated=number_of(counted["stated"]),
        inherited=number_of(counted["inherited"]),
        anchors=len(outline.spans),
        corpus_owners=entity.owners,
    )


def _plan_counts(outline: Outline, plan: NamedNode) -> PlanCounts:
    unit = outline.units[plan.value]
    kinds = [inner.kind for inner in outline.within(unit)]
    return PlanCounts(
        plan=unit, tasks=kinds.count("task"), groups=kinds.count("group"), safeguards=kinds.count("safeguard")
    )


def _bases(catalogue: Catalogue, iri: NamedNode, what: str) -> tuple[BasisCount, ...]:
    """Count tasks by the most direct basis of one kind of statement about them."""
    vocabulary = catalogue.names.vocabulary
    by_rank = {rank: vocabulary.terms[basis] for basis, rank in vocabulary.ranks.items()}
    return tuple(
        BasisCount(basis=by_rank[number_of(row["rank"])], tasks=number_of(row["count"]))
        for row in catalogue.names.rows(_BASES.format(iri=iri, what=what))
    )
