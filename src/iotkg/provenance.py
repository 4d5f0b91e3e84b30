"""In which graphs triples stand, and which of them a rule concluded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pyoxigraph import NamedNode, Triple

from iotkg.terms import Names, iri_of

INFERRED: Final = "/inferred"
"""How the name of a graph ends that holds what rules concluded."""

_GRAPHS: Final = "SELECT ?s ?p ?o ?g WHERE {{ VALUES (?s ?p ?o) {{ {rows} }} GRAPH ?g {{ ?s ?p ?o }} }}"


def values_of(triples: Iterable[Triple]) -> str:
    """Write triples as the rows of a VALUES block."""
    return " ".join(f"({it.subject} {it.predicate} {it.object})" for it in triples)


def graphs_of(names: Names, triples: Iterable[Triple]) -> dict[Triple, tuple[NamedNode, ...]]:
    """Give the graphs in which each of some triples stands, in one query; those that stand nowhere are left out."""
    found: dict[Triple, list[NamedNode]] = {}
    rows = values_of(triples)
    for row in names.rows(_GRAPHS.format(rows=rows)) if rows else ():
        triple = Triple(row["s"], row["p"], row["o"])  # type: ignore[arg-type]
        found.setdefault(triple, []).append(NamedNode(iri_of(row["g"])))
    return {triple: tuple(sorted(graphs, key=str)) for triple, graphs in found.items()}


def inferred_among(names: Names, triples: Iterable[Triple]) -> frozenset[Triple]:
    """Give those of some triples that a rule concluded."""
    return frozenset(
        triple
        for triple, graphs in graphs_of(names, triples).items()
        if any(graph.value.endswith(INFERRED) for graph in graphs)
    )
