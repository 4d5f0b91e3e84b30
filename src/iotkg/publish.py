"""Loading a release into a store elsewhere, over the SPARQL 1.1 Graph Store Protocol.

Each graph is put whole, in one request, so a reader sees the old or the new one; the default view goes into a graph of
the release's own, which nobody reads until the mark names it. What stands already, by count and hash, is left alone:
a run that was broken off is taken up by the next. Graphs of older releases go last, but the default view before this
one, which services may still be reading.

Source: https://www.w3.org/TR/sparql11-http-rdf-update/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit
from urllib.request import Request

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    parse,
    serialize,
)

from iotkg.endpoint import Limits, RemoteStore, of_the_web, wrong
from iotkg.errors import InputError, RemoteError
from iotkg.published import (
    MARK,
    Standing,
    current,
    default_graph,
    in_default,
    is_default_graph,
    mark,
    previous,
)
from iotkg.store import QUADS, check_files, read_manifest
from iotkg.transport import Client, Credentials, Reply
from iotkg.vocab import GRAPH

_LIMIT: Final = 1 << 32
_TYPE: Final = "text/turtle"
_PREFIX: Final = b"@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
"""Without it Virtuoso guesses by the first characters, and takes a graph of one long text for plain text."""

_GRAPHS: Final = "SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }"
_PATHS: Final = {"/query": "/store", "/sparql": "/sparql-graph-crud-auth"}
"""Where the graph store is beside the query endpoint: Oxigraph's, Virtuoso's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What was done about a graph: ``kept``, ``loaded`` or ``removed``."""

    graph: str
    triples: int
    done: str


class GraphStore:
    """A graph store by the addresses of its query endpoint and of its graphs."""

    def __init__(self, query: str, graphs: str, credentials: Credentials, deadline_s: float) -> None:
        limits = Limits(deadline_s=deadline_s)
        self.source = RemoteStore(query, credentials=credentials, limits=limits)
        self._graphs = of_the_web(graphs)
        self._client = Client(credentials, deadline_s=deadline_s, limit=_LIMIT)

    def names(self) -> set[str]:
        """List the graphs that hold anything."""
        return {cell.value for (cell,) in self.source.select(_GRAPHS).rows if isinstance(cell, NamedNode)}

    def count(self, name: str) -> int:
        """Count the triples of a graph."""
        query = f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{name}> {{ ?s ?p ?o }} }}"
        ((found,),) = self.source.select(query).rows
        return int(found.value) if isinstance(found, Literal) else 0

    def read(self, name: str) -> list[Triple]:
        """Read a graph back; one that is not there has no triple.

        Raises: RemoteError when what comes is no whole graph.
        """
        reply = self._send("GET", name)
        if reply.status == HTTPStatus.NOT_FOUND:
            return []
        if reply.status != HTTPStatus.OK:
            raise RemoteError(f"{name} cannot be read back: {wrong(reply)}")
        try:
            return [quad.triple for quad in parse(reply.body, RdfFormat.N_TRIPLES)]
        except SyntaxError as error:
            raise RemoteError(f"{name} cannot be read back as N-Triples: {error}") from error

    def put(self, name: str, triples: Iterable[Triple]) -> None:
        """Put a graph in place of what is there.

        Raises: RemoteError when the store does not take it.
        """
        body = _PREFIX + (serialize(triples, format=RdfFormat.N_TRIPLES) or b"")
        self._done("PUT", name, self._send("PUT", name, body))

    def delete(self, name: str) -> None:
        """Remove a graph; one that is gone already is no fault.

        Raises: RemoteError when the store refuses.
        """
        reply = self._send("DELETE", name)
        if reply.status != HTTPStatus.NOT_FOUND:
            self._done("DELETE", name, reply)

    @staticmethod
    def _done(what: str, name: str, reply: Reply) -> None:
        if not HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
            raise RemoteError(f"{what} of {name} is refused: {wrong(reply)}")

    def _send(self, method: str, name: str, body: bytes | None = None) -> Reply:
        request = Request(  # noqa: S310 - the address was held to http and https
            f"{self._graphs}?graph={quote(name, safe='')}",
            body,
            {"Accept": "application/n-triples" if method == "GET" else "*/*", "User-Agent": "iotkg"},
            method=method,
        )
        if body is not None:
            request.add_header("Content-Type", _TYPE)
        return self._client.send(request)


def graph_store_of(query: str) -> str:
    """Guess where the graphs are beside a query endpoint: as Oxigraph or Virtuoso has them.

    Raises: InputError when the address is like neither's, or none of the web.
    """
    parts = urlsplit(of_the_web(query))
    path = next((path for end, path in _PATHS.items() if parts.path.endswith(end)), "")
    if not path:
        raise InputError(f"{query}: where its graph store is cannot be guessed; say so with --graphs")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rpartition('/')[0]}{path}"


def publish(dist: Path, store: GraphStore, told: Callable[[str], None] = lambda _: None) -> Iterator[Step]:
    """Bring a store to hold a release; give what was done about each graph, as it is done.

    Raises: InputError when the release cannot be read; RemoteError when the store fails, or does not give back what
    was put.
    """
    check_files(dist)
    release = read_manifest(dist)["release"]
    graphs = _read(dist, release)
    before = current(store.source)
    if (
        before == release
    ):  # broken off after the mark, or published before: what it replaced is still what it replaced
        before = previous(store.source)
    standing: dict[str, Standing] = {}
    for name, triples in graphs.items():
        standing[name] = Standing(name=name, triples=len(triples), sha256=fingerprint(triples))
        told(name)
        if stands(store, standing[name]):
            yield Step(graph=name, triples=len(triples), done="kept")
            continue
        store.put(name, triples)
        if not stands(store, standing[name]):
            raise RemoteError(
                f"{name}: the store does not hold what was put there ({store.count(name):,} triples)"
            )
        yield Step(graph=name, triples=len(triples), done="loaded")
    marked = mark(release, standing, before)
    store.put(MARK, marked)
    if current(store.source) != release:
        raise RemoteError(f"{MARK}: the store does not name the release that was put there")
    keep = {*graphs, MARK, default_graph(before)} if before else {*graphs, MARK}
    for name in sorted(_ours(store) - keep):
        told(name)
        count = store.count(name)
        store.delete(name)
        yield Step(graph=name, triples=count, done="removed")


def _ours(store: GraphStore) -> set[str]:
    """Name the graphs of the store that are this dataset's: other data in it is not touched."""
    return {name for name in store.names() if name.startswith(GRAPH) or is_default_graph(name)}


def stands(store: GraphStore, wanted: Standing) -> bool:
    """Say whether a graph is there as it should be: its size first, for that is quick, then every triple."""
    return (
        store.count(wanted.name) == wanted.triples and fingerprint(store.read(wanted.name)) == wanted.sha256
    )


def fingerprint(triples: Iterable[Triple]) -> str:
    """Hash a graph so that isomorphic graphs have one hash, and others have others.

    Ground triples are sorted as N-Triples; those with blank nodes get RDFC-1.0's labels first. A graph is isomorphic to
    another exactly if the ground parts are equal and the others isomorphic, so the parts can be taken one by one.
    """
    ground: list[str] = []
    blank = Dataset()
    for triple in triples:
        if isinstance(triple.subject, BlankNode) or isinstance(triple.object, BlankNode):
            blank.add(Quad(triple.subject, triple.predicate, triple.object, DefaultGraph()))
        else:
            ground.append(str(triple))
    blank.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    lines = sorted({*ground, *(str(quad.triple) for quad in blank)})
    return sha256("\n".join(lines).encode()).hexdigest()


def _read(dist: Path, release: str) -> Mapping[str, list[Triple]]:
    """Read the graphs of a release and the union that is its default view, which comes first: it is the most work."""
    graphs: dict[str, list[Triple]] = {}
    view: dict[Triple, None] = {}
    for quad in parse((dist / QUADS).read_bytes(), RdfFormat.N_QUADS):
        name = quad.graph_name.value if isinstance(quad.graph_name, NamedNode) else ""
        graphs.setdefault(name, []).append(quad.triple)
        if in_default(name):
            view[quad.triple] = None
    return {default_graph(release): list(view), **graphs}
