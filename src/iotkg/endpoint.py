"""The same questions to any SPARQL 1.1 endpoint, through SPARQLWrapper."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from pyoxigraph import Literal, QueryBoolean, QueryResultsFormat, QuerySolutions, parse_query_results

from iotkg import guard
from iotkg.errors import InputError, RemoteError
from iotkg.store import Cell, Solutions, Source, Table
from iotkg.transport import Client, Credentials, Reply
from iotkg.vocab import term

_LONG_QUERY: Final = 2000
"""Characters above which a query is sent by POST: proxies refuse long addresses."""
_SHOWN: Final = 300
_TABLE: Final = "application/sparql-results+json"
_GRAPH: Final = "application/n-triples"
_TABLES: Final = frozenset({_TABLE, "application/json"})
_PARTIAL: Final = ("x-sparql-maxrows", "x-sql-state")
"""Headers by which Virtuoso says that it left off before the end."""
_VIRTUOSO_ASK: Final = "__ASK_RETVAL"
_BOOLEAN: Final = term("xsd:boolean")
_TRUTH: Final = {"0": Literal(False), "1": Literal(True)}
_TRUE: Final = b'{"head":{},"boolean":true}'
_FALSE: Final = b'{"head":{},"boolean":false}'


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How long and how large one answer may be."""

    deadline_s: float = 60.0
    bytes: int = 1 << 30


def of_the_web(url: str) -> str:
    """Give an address back that HTTP can reach.

    Raises: InputError naming the scheme of any other.
    """
    if url.startswith(("http://", "https://")):
        return url
    scheme, found, _ = url.partition("://")
    said = f"{scheme}:// is not spoken" if found else "no scheme is given"
    raise InputError(f"{url!r} is no address of an endpoint: {said}; it begins with http:// or https://")


class RemoteStore(Source):
    """A SPARQL endpoint by its address.

    ``default`` is the graph that is asked where a query names none, ``named`` those that GRAPH may name then; without
    them, the dataset is the endpoint's own choice.
    Raises: InputError when the address is not one of the web.
    """

    def __init__(
        self,
        url: str,
        *,
        default: str = "",
        named: Sequence[str] = (),
        credentials: Credentials | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.url = of_the_web(url)
        self._default = (default,) if default else ()
        self._named = tuple(named)
        self._limits = limits or Limits()
        self._credentials = credentials or Credentials()
        self._client = Client(self._credentials, deadline_s=self._limits.deadline_s, limit=self._limits.bytes)

    def viewing(self, default: str, named: Sequence[str] = ()) -> RemoteStore:
        """Give the same endpoint with a dataset of its own."""
        return RemoteStore(
            self.url, default=default, named=named, credentials=self._credentials, limits=self._limits
        )

    def solutions(self, query: str) -> Solutions:
        """Answer a SELECT or an ASK; see ``Source``."""
        form = guard.form_of(query)
        if form in {"CONSTRUCT", "DESCRIBE"}:
            raise InputError("the query gives a graph; ask a SELECT or an ASK")
        return self.table(query, form)

    def select(self, query: str) -> Table:
        """Answer a SELECT or an ASK as a table; see ``Source``. Truth values are spelled as in memory."""
        found = super().select(query)
        return Table(found.columns, tuple(tuple(map(_spelled, row)) for row in found.rows))

    def table(
        self, query: str, form: str = "SELECT", default: Sequence[str] = (), named: Sequence[str] = ()
    ) -> Solutions:
        """Answer a SELECT or an ASK over the graphs named; read to its end before it is given.

        Raises: InputError when the endpoint cannot parse the query; RemoteTooSlow; RemoteError.
        """
        reply = self._ask(query, form, _TABLE, default, named)
        if reply.media_type not in _TABLES:
            raise RemoteError(
                f"{self.url} answers with {reply.media_type or 'no type'}, which is no SPARQL result"
            )
        try:
            found = parse_query_results(reply.body, format=QueryResultsFormat.JSON)
            if isinstance(found, QueryBoolean):
                return found
            if [variable.value for variable in found.variables] == [_VIRTUOSO_ASK]:
                return _boolean(any(str(getattr(row[0], "value", "")) == "1" for row in found))
            deque(found, maxlen=0)  # what is broken must not be found half-way
            again = parse_query_results(reply.body, format=QueryResultsFormat.JSON)
        except (SyntaxError, ValueError) as error:
            raise RemoteError(f"{self.url} answers with what is no SPARQL result: {error}") from error
        if not isinstance(again, QuerySolutions):  # pragma: no cover - the same bytes
            raise TypeError(again)
        return again

    def graph(self, query: str, form: str, default: Sequence[str] = (), named: Sequence[str] = ()) -> bytes:
        """Answer a CONSTRUCT or a DESCRIBE in N-Triples; see ``table``."""
        reply = self._ask(query, form, _GRAPH, default, named)
        if reply.media_type != _GRAPH:
            raise RemoteError(f"{self.url} answers with {reply.media_type or 'no type'}, not with N-Triples")
        if not reply.framed:
            raise RemoteError(f"{self.url} does not say where its answer ends; it may be a part of it")
        return reply.body

    def _ask(self, query: str, form: str, accept: str, default: Sequence[str], named: Sequence[str]) -> Reply:
        from SPARQLWrapper import GET, POST, SPARQLWrapper  # noqa: PLC0415 - brings rdflib, only where it is used

        wrapper = SPARQLWrapper(self.url, agent="iotkg")
        wrapper.setOnlyConneg(True)
        # set, not parsed: it looks for the form by a pattern that takes ages on some texts, and may find an update
        wrapper.queryString, wrapper.queryType = query, form
        if not default and not named:
            default, named = self._default, self._named if "graph" in query.lower() else ()
        for graph in default:
            wrapper.addDefaultGraph(graph)
        for graph in named:
            wrapper.addNamedGraph(graph)
        wrapper.setMethod(POST if len(query) > _LONG_QUERY or named else GET)
        request = wrapper._createRequest()  # noqa: SLF001 - its own sending reads without end and follows redirects
        request.add_header("Accept", accept)
        reply = self._client.send(request)
        if reply.status == HTTPStatus.BAD_REQUEST:
            said = reply.body.decode("utf-8", "replace").strip()[:_SHOWN]
            raise InputError(f"{self.url} cannot parse the query: {said}")
        if reply.status != HTTPStatus.OK:
            raise RemoteError(f"{self.url} does not answer: {wrong(reply)}")
        if any(name in reply.headers for name in _PARTIAL):
            raise RemoteError(
                f"{self.url} gives a part of the answer only; raise its limits, or ask for less"
            )
        return reply


def wrong(reply: Reply) -> str:
    """Say what an answer that is none means."""
    if HTTPStatus.MULTIPLE_CHOICES <= reply.status < HTTPStatus.BAD_REQUEST:
        return f"it sends to {reply.headers.get('location', 'elsewhere')}; give that address if it is right"
    if reply.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return f"{reply.status}, it wants credentials: IOTKG_STORE_USER and IOTKG_STORE_PASSWORD, or IOTKG_STORE_TOKEN"
    return f"its status is {reply.status}"


def _spelled(cell: Cell) -> Cell:
    """Give a truth value its canonical form: Virtuoso writes 1 for true, which is the same value."""
    if isinstance(cell, Literal) and cell.datatype == _BOOLEAN:
        return _TRUTH.get(cell.value, cell)
    return cell


def _boolean(value: bool) -> QueryBoolean:
    found = parse_query_results(_TRUE if value else _FALSE, format=QueryResultsFormat.JSON)
    if not isinstance(found, QueryBoolean):  # pragma: no cover - it is one
        raise TypeError(found)
    return found
