"""``/sparql``: queries by the SPARQL 1.1 Protocol, answered by the workers; without a query, what we can do.

Answers are buffered whole, so an error never follows a 200. The web process neither parses nor evaluates a
query's text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from math import ceil
from typing import Any, Final

from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router
from starlette.types import ASGIApp, Receive

from iotkg.errors import InvalidParameter
from iotkg.vocab import PREFIXES
from iotkg_api import description, editor, operations
from iotkg_api.endings import Busy, TooSlow, WorkerDied
from iotkg_api.evaluation import Outcome, Query, Reply
from iotkg_api.limiting import client_of
from iotkg_api.negotiation import GRAPHS, HTML, TABLES, Offer, agreed, choose, listing
from iotkg_api.observing import AHEAD, note
from iotkg_api.pages import FROZEN, conditional
from iotkg_api.problems import Kind, Problem
from iotkg_api.protocol import FORM, QUERY, Operation, read

_METHODS: Final = ("GET", "HEAD", "OPTIONS", "POST")
_KINDS: Final = {
    Outcome.SYNTAX: Kind.SYNTAX,
    Outcome.READ_ONLY: Kind.READ_ONLY,
    Outcome.SERVICE: Kind.SERVICE,
    Outcome.TOO_COMPLEX: Kind.TOO_COMPLEX,
    Outcome.UNKNOWN_GRAPH: Kind.UNKNOWN_GRAPH,
    Outcome.NOT_ACCEPTABLE: Kind.NOT_ACCEPTABLE,
    Outcome.TOO_LARGE: Kind.RESULT_TOO_LARGE,
    Outcome.FAILED: Kind.QUERY_FAILED,
}
_HASH_LENGTH: Final = 16
AT_ONCE_S: Final = 0.02
"""Seconds within which most queries are answered; before, nobody looks whether the client is still there."""

ASKED: Final = "iotkg.asked"
"""Where what a request asked for is left in its scope."""

router = Router()


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A query, and the type its answer has."""

    query: Query
    table: bool
    media_type: str


class Early:
    """A query that is being evaluated by a pool: by a worker already, or in a task that waits for one."""

    def __init__(self, pool: Any, query: Query, client: str) -> None:
        self.pool = pool
        self.query = query
        self._client = client
        self._job = pool.begin(query, client)
        self._task = None if self._job is not None else self._see_through()

    def _see_through(self) -> asyncio.Task[Reply]:
        task: asyncio.Task[Reply] = asyncio.create_task(self.pool.query(self.query, self._client, self._job))
        task.add_done_callback(self._look)
        return task

    def _look(self, task: asyncio.Task[Reply]) -> None:
        """Look at what came of a query, for nobody may be left who does; the task may never have run."""
        if not task.cancelled():
            task.exception()
        elif self._job is not None:
            self.pool.end(self._job)

    @property
    def reply(self) -> asyncio.Future[Reply]:
        """What comes first of it: a reply, or what is for ``task`` to see to."""
        return self._job.reply if self._task is None else self._task

    @property
    def task(self) -> asyncio.Task[Reply]:
        """See it through to its end, in a task."""
        if self._task is None:
            self._task = self._see_through()
        return self._task

    def end(self) -> None:
        """Be done with it, and give it up if it is still under way."""
        if self._task is None:
            self.pool.end(self._job)
        else:
            self._task.cancel()


async def sparql(request: Request) -> Response:
    """Answer a request to the endpoint.

    Raises: Problem, which the application answers.
    """
    if request.method == "OPTIONS":
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Allow": ", ".join(_METHODS)})
    settings = request.app.state.settings
    asked = await read(request, max_bytes=settings.query_bytes, patience_s=settings.patience_s)
    if not asked.formats and _prefers_page(request):
        return await editor.editor(request, asked)
    if asked.query is None:
        return await _describe(request, asked.formats)
    return await _answer(request, asked, asked.query)


def _prefers_page(request: Request) -> bool:
    """Say whether this is a browser at the address bar: it wants HTML more than any result."""
    accept = request.headers.getlist("accept")
    return (
        bool(accept) and request.method != "POST" and choose((*TABLES, *GRAPHS, HTML), accept)[:1] == (HTML,)
    )


async def loaded(state: State) -> ASGIApp:
    """Wait for FastAPI's application, with which all of the release is loaded.

    Raises: Problem when the service ends before that.
    """
    try:
        app: ASGIApp = await asyncio.shield(state.whole)
    except asyncio.CancelledError:
        if not state.whole.cancelled():
            raise
        raise Problem(Kind.BUSY, "The service is shutting down", {"Retry-After": "5"}) from None
    return app


async def _describe(request: Request, formats: Sequence[str]) -> Response:
    state = request.app.state
    await loaded(state)  # it counts triples
    offers = _wanted(request, formats, GRAPHS)
    if not offers:
        detail = "There is no query; the description of the service comes in the types listed"
        raise Problem(Kind.NOT_ACCEPTABLE, detail, {"Vary": "Accept"}, types=listing(GRAPHS))
    endpoint = state.settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")
    content = description.describe(
        f"{endpoint}/sparql", state.default_triples, state.release["graphs"], offers[0].canonical
    )
    described = Response(content, headers={"Content-Type": offers[0].content_type, "Vary": "Accept"})
    return conditional(request, described)


def _wanted(request: Request, formats: Sequence[str], offers: Sequence[Offer]) -> tuple[Offer, ...]:
    try:
        return agreed(offers, request.headers.getlist("accept"), formats)
    except InvalidParameter as error:
        raise Problem(Kind.BAD_REQUEST, str(error)) from error


async def _answer(request: Request, asked: Operation, text: str) -> Response:
    offers = _wanted(request, asked.formats, (*TABLES, *GRAPHS))
    tables = tuple(offer for offer in offers if offer in TABLES)
    graphs = tuple(offer for offer in offers if offer in GRAPHS)
    if not offers:
        wanted = ", ".join(asked.formats or request.headers.getlist("accept"))
        raise _not_acceptable(f"We cannot write {wanted}", listing(TABLES, GRAPHS))
    query = Query(
        text=text,
        tables=tuple(offer.canonical for offer in tables),
        graphs=tuple(offer.canonical for offer in graphs),
        default_graphs=asked.default_graphs,
        named_graphs=asked.named_graphs,
    )
    reply = await evaluate(request, query)
    request.scope[ASKED] = Asked(query=query, table=reply.table, media_type=reply.media_type)
    wrong = refusal(request, reply)
    if wrong is not None:
        raise wrong
    offer = next(o for o in (tables if reply.table else graphs) if o.canonical == reply.media_type)
    headers = {
        "Content-Type": offer.content_type,
        "Vary": "Accept",
        "Cache-Control": "no-store" if reply.volatile else FROZEN,
    }
    return Response(reply.body, headers=headers)


async def evaluate(request: Request, query: Query) -> Reply:
    """Have a worker evaluate a query, for as long as its client waits.

    Raises: Problem when it takes too long or too much, or no worker is free.
    """
    pool = request.app.state.pool
    note(request.scope, query=sha256(query.text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_LENGTH])
    later = {"Retry-After": str(ceil(request.app.state.settings.deadline_s))}
    try:
        early: Early | None = request.scope[AHEAD].early if AHEAD in request.scope else None
        if early is None or early.pool is not pool or early.query != query:
            early = Early(pool, query, client_of(request.scope))
        reply = await _while_connected(request, early.task)
    except TooSlow as error:
        note(request.scope, outcome="too-slow")
        raise Problem(Kind.TOO_SLOW, str(error), later) from error
    except Busy as error:
        note(request.scope, outcome="busy")
        raise Problem(Kind.BUSY, str(error), later) from error
    except WorkerDied as error:
        note(request.scope, outcome="worker-died")
        raise Problem(Kind.WORKER_DIED, str(error), later) from error
    note(request.scope, outcome=reply.outcome)
    return reply


async def _while_connected(request: Request, task: asyncio.Task[Reply]) -> Reply:
    """Wait for a reply, and give the query up when its client leaves."""
    tasks: set[asyncio.Task[Any]] = {task}
    try:
        await asyncio.wait(tasks, timeout=AT_ONCE_S)
        if not task.done():
            tasks.add(asyncio.create_task(_disconnected(request.receive)))
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            note(request.scope, outcome="left")
            raise Problem(Kind.BAD_REQUEST, "The client left")  # nobody reads this
        return task.result()
    finally:
        if not all(each.done() for each in tasks):
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def refusal(request: Request, reply: Reply) -> Problem | None:
    """Say what is wrong with a query by what came of it; None where it was answered."""
    if reply.outcome is Outcome.ANSWER:
        return None
    kind = _KINDS[reply.outcome]
    if reply.outcome is Outcome.NOT_ACCEPTABLE:
        return _not_acceptable(reply.detail, listing(TABLES if reply.table else GRAPHS))
    if reply.outcome is Outcome.UNKNOWN_GRAPH:
        return Problem(kind, reply.detail, graphs=sorted(request.app.state.release["graphs"]))
    if reply.line is not None and reply.column is not None:
        return Problem(kind, reply.detail, line=reply.line, column=reply.column)
    return Problem(kind, reply.detail)


def _not_acceptable(detail: str, types: list[str]) -> Problem:
    return Problem(
        Kind.NOT_ACCEPTABLE, f"{detail}; there is {', '.join(types)}", {"Vary": "Accept"}, types=types
    )


router.add_route("/sparql", sparql, methods=list(_METHODS), include_in_schema=False)

_TYPES: Final = dict.fromkeys([*listing(TABLES, GRAPHS), *(offer.media_type for offer in (*TABLES, *GRAPHS))])
_CONTENT: Final = operations.bodies(*_TYPES, HTML.media_type)
_GRAPHS_SCHEMA: Final = {"type": "array", "items": {"type": "string", "format": "iri"}}
_PARAMETERS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "query": ("A SPARQL 1.1 query; without one, the answer describes the service", {"type": "string"}),
    "default-graph-uri": ("Graphs to merge into the default graph", _GRAPHS_SCHEMA),
    "named-graph-uri": ("Graphs that GRAPH may name", _GRAPHS_SCHEMA),
    "format": (
        "Beats Accept: a media type, or json, xml, csv, tsv, turtle, ntriples, jsonld, rdfxml",
        {"type": "string"},
    ),
}
_EXAMPLE: Final = {
    "query": {
        "example": f"PREFIX iotkg: <{PREFIXES['iotkg']}> PREFIX rdfs: <{PREFIXES['rdfs']}> "
        "SELECT ?task ?label { ?task a iotkg:Task ; rdfs:label ?label } LIMIT 5"
    }
}
_RESPONSES: Final = {
    "200": {"description": "The result, or the description of the service", "content": _CONTENT},
    "304": {"description": "The answer has not changed"},
    "400": {"description": "The query is wrong, refused, or has too large a result"},
    "406": {"description": "None of the types asked for can be given"},
    "413": {"description": "The request is too large"},
    "503": {"description": "The query is too slow or uses too much memory"},
}

PATHS: Final[dict[str, Any]] = {
    "/sparql": {
        "get": {
            "summary": "Query the graph",
            "operationId": "sparql_get",
            "tags": ["SPARQL"],
            "parameters": [
                {"name": name, "in": "query", "description": text, "schema": schema, **_EXAMPLE.get(name, {})}
                for name, (text, schema) in _PARAMETERS.items()
            ],
            "responses": _RESPONSES,
        },
        "post": {
            "summary": "Query the graph",
            "operationId": "sparql_post",
            "tags": ["SPARQL"],
            "requestBody": {
                "required": True,
                "content": {
                    QUERY: {"schema": {"type": "string"}},
                    FORM: {
                        "schema": {
                            "type": "object",
                            "required": ["query"],
                            "properties": {name: schema for name, (_, schema) in _PARAMETERS.items()},
                        }
                    },
                },
            },
            "responses": {
                **_RESPONSES,
                "415": {"description": "The body has a type we do not read"},
            },
        },
    }
}
"""The endpoint in OpenAPI's words, since its route is not FastAPI's."""
