"""How a release stands in a store elsewhere: which graphs it takes, and how the store says what it holds.

A store may hold other data too, and engines differ in what a query sees that names no graph: Oxigraph takes its unnamed
graph, Virtuoso all graphs, a triple of two of them twice. So the union that is the default view stands in a graph of
its own, named by the release, and every query names it (``default-graph-uri``). One small graph says which release is
the current one; it is written last, so that a release is taken over whole or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from iotkg.errors import RemoteError
from iotkg.identifiers import graph
from iotkg.store import APART, Source
from iotkg.vocab import BASE, PREFIXES, RDF, XSD, term

MARK: Final = graph("published").value
"""The graph that names the current release."""
NOWHERE: Final = graph("nowhere").value
"""A graph that nobody fills: what a query's default graph is that has named ones only."""

_SHOWN: Final = 16
_HASH: Final = NamedNode(f"{PREFIXES['dcterms']}identifier")
_REPLACES: Final = NamedNode(f"{PREFIXES['dcterms']}replaces")
_BEFORE: Final = (
    f"SELECT ?hash WHERE {{ GRAPH <{MARK}> {{ <{BASE}dataset> <{_REPLACES.value}> ?hash }} }} LIMIT 1"
)
_CURRENT: Final = f"""
SELECT ?hash (COUNT(?graph) AS ?graphs) WHERE {{
  GRAPH <{MARK}> {{ <{BASE}dataset> <{_HASH.value}> ?hash ; <{term("void:subset").value}> ?graph }}
}}
GROUP BY ?hash
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A graph as it should stand: its name, its size, and the hash of its triples."""

    name: str
    triples: int
    sha256: str


def default_graph(release: str) -> str:
    """Name the graph that holds the default view of a release, given by its hash."""
    return graph(f"default/{release[:_SHOWN]}").value


def is_default_graph(name: str) -> bool:
    """Say whether a graph is the default view of some release."""
    return name.startswith(graph("default/").value)


def in_default(name: str) -> bool:
    """Say whether a graph's triples belong to the default view."""
    return name not in APART


def mark(release: str, standing: Mapping[str, Standing], before: str = "") -> list[Triple]:
    """Say which release is the current one, what its graphs hold, and which one was current before."""
    dataset = NamedNode(f"{BASE}dataset")
    triples = [Triple(dataset, RDF.type, term("void:Dataset")), Triple(dataset, _HASH, Literal(release))]
    if before:
        triples.append(Triple(dataset, _REPLACES, Literal(before)))
    for found in standing.values():
        name = NamedNode(found.name)
        size = Literal(str(found.triples), datatype=XSD.integer)
        triples += [
            Triple(dataset, term("void:subset"), name),
            Triple(name, term("void:triples"), size),
            Triple(name, _HASH, Literal(found.sha256)),
        ]
    return triples


def current(source: Source) -> str:
    """Give the hash of the release that a store says it holds; empty when it says nothing.

    Raises: RemoteError when it names several.
    """
    hashes = [cell.value for cell, _ in source.select(_CURRENT).rows if isinstance(cell, Literal)]
    if len(hashes) > 1:
        raise RemoteError(f"the store names several releases as the current one: {', '.join(hashes)}")
    return hashes[0] if hashes else ""


def previous(source: Source) -> str:
    """Give the hash of the release that was current before; empty when there was none."""
    return next((cell.value for (cell,) in source.select(_BEFORE).rows if isinstance(cell, Literal)), "")


def check(source: Source, release: str) -> int:
    """Hold a store to naming a release as its current one, and to holding it; give its default view's size.

    ``source`` is the store with all its graphs. Raises: RemoteError when it holds another release, or a part of it.
    """
    view = default_graph(release)
    subset, size_of = term("void:subset").value, term("void:triples").value
    told = f"GRAPH <{MARK}> {{ ?any <{subset}> <{view}> . <{view}> <{size_of}> ?n }}"
    counted = f"{{ SELECT (COUNT(*) AS ?found) WHERE {{ GRAPH <{view}> {{ ?s ?p ?o }} }} }}"
    for size, found in source.select(f"SELECT ?n ?found WHERE {{ {told} {counted} }}").rows:
        if isinstance(size, Literal) and isinstance(found, Literal) and size.value == found.value:
            return int(size.value)
    held = current(source)
    says = f"says that it holds release {held[:_SHOWN]}" if held else "names no release of ours"
    raise RemoteError(
        f"the store {says}, and does not hold release {release[:_SHOWN]} whole; load it with iotkg publish --to"
    )
