"""The service description: what the endpoint can do and which graphs it holds.

Source: https://www.w3.org/TR/sparql11-service-description/
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Final

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, serialize

from iotkg.vocab import PREFIXES, RDF, XSD

_SD: Final = "http://www.w3.org/ns/sparql-service-description#"
_FORMATS: Final = "http://www.w3.org/ns/formats/"
_RESULTS: Final = (
    "SPARQL_Results_JSON",
    "SPARQL_Results_XML",
    "SPARQL_Results_CSV",
    "SPARQL_Results_TSV",
    "Turtle",
    "N-Triples",
    "JSON-LD",
    "RDF_XML",
)


def describe(endpoint: str, triples: int, graphs: Mapping[str, int], media_type: str) -> bytes:
    """Write the description of an endpoint whose default graph has so many triples, as its graphs have.

    Raises: ValueError when nothing writes the media type.
    """
    format_ = RdfFormat.from_media_type(media_type)
    if format_ is None:
        raise ValueError(f"{media_type} is no format of graphs")
    prefixes = {"sd": _SD, "formats": _FORMATS, "void": PREFIXES["void"], "xsd": PREFIXES["xsd"]}
    output = BytesIO()
    serialize(_triples(endpoint, triples, graphs), output, format_, prefixes=prefixes)
    return output.getvalue()


def _triples(endpoint: str, triples: int, graphs: Mapping[str, int]) -> list[Triple]:
    """Build the description; parts without an address of their own are fragments of the endpoint's."""
    service = NamedNode(endpoint)
    dataset, default = NamedNode(f"{endpoint}#dataset"), NamedNode(f"{endpoint}#default-graph")
    described = [
        Triple(service, RDF.type, _sd("Service")),
        Triple(service, _sd("endpoint"), service),
        Triple(service, _sd("supportedLanguage"), _sd("SPARQL11Query")),
        Triple(service, _sd("defaultDataset"), dataset),
        Triple(dataset, RDF.type, _sd("Dataset")),
        Triple(dataset, _sd("defaultGraph"), default),
        *_graph(default, triples),
    ]
    described += [Triple(service, _sd("resultFormat"), NamedNode(_FORMATS + name)) for name in _RESULTS]
    for number, (name, size) in enumerate(sorted(graphs.items()), 1):
        named = NamedNode(f"{endpoint}#named-graph-{number}")
        graph = NamedNode(f"{endpoint}#graph-{number}")
        described += [
            Triple(dataset, _sd("namedGraph"), named),
            Triple(named, RDF.type, _sd("NamedGraph")),
            Triple(named, _sd("name"), NamedNode(name)),
            Triple(named, _sd("graph"), graph),
            *_graph(graph, size),
        ]
    return sorted(described, key=lambda triple: str(triple.subject))


def _graph(graph: NamedNode, size: int) -> list[Triple]:
    count = Literal(str(size), datatype=XSD.integer)
    return [
        Triple(graph, RDF.type, _sd("Graph")),
        Triple(graph, NamedNode(PREFIXES["void"] + "triples"), count),
    ]


def _sd(name: str) -> NamedNode:
    return NamedNode(_SD + name)
