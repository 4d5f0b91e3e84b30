"""The outermost layer: what every answer carries, and answers that are finished already.

A release is frozen, so a good answer to the very same request never changes. Handlers mark such an answer
(``pages.conditional``); here, and nowhere else, it gets its ETag, is compressed where that pays, is kept in bounded
memory, and is not sent to a client that has it. A request whose answer is kept reaches no routing and no framework.
Requests for one answer that arrive together are evaluated once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Final, TypeAlias

from starlette.datastructures import Headers, MutableHeaders, State
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from iotkg_api import framing, negotiation, problems
from iotkg_api.coding import compressed, compresses
from iotkg_api.keeping import Kept
from iotkg_api.observing import AHEAD
from iotkg_api.pages import FROZEN
from iotkg_api.protocol import body_of
from iotkg_api.shortcuts import HIT, KEY

HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Retry-After, X-Release, X-Request-Id, X-Result-SHA256, "
    "X-Total-Count, X-Truncated",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
}
"""What every answer carries, errors too, unless the handler set it itself."""

_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS, POST",
    "Access-Control-Allow-Headers": "Accept, Accept-Language, Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
}
_READS: Final = frozenset({"GET", "HEAD"})
_DECIDING: Final = frozenset({b"accept", b"accept-language", b"accept-encoding", b"host"})
"""Headers of a request that decide what its answer is; to a POST also what its body is."""

_OF_A_BODY: Final = frozenset({b"content-type", b"content-encoding"})
_APART: Final = frozenset({b"range", b"transfer-encoding", b"authorization"})
"""Headers of requests whose answers are never kept."""

_NOT_MODIFIED: Final = frozenset({b"content-type", b"content-length", b"content-encoding"})
"""Headers that an answer without a body leaves out."""

_ETAG_LENGTH: Final = 32
_QUERY_STRING: Final = 3
"""Its place in what an answer is found by."""

_COLLAPSED: Final = (b"cache-status", b"iotkg; fwd=miss; collapsed")
STORED: Final = (b"cache-status", b"iotkg; fwd=miss; stored")
"""How an answer came about (RFC 9211): evaluated for another client just now, or kept from now on."""

LED: Final = "iotkg.led"
"""Where an answer that was evaluated and kept is left in its request's scope."""


Flight: TypeAlias = "asyncio.Future[Kept | None]"
"""An answer that is being evaluated, for those who ask the same meanwhile; None where it may not be kept."""


@dataclass(frozen=True, slots=True)
class Lead:
    """A request that is being answered by an edge."""

    edge: Edge
    key: object
    flight: Flight

    def stores(self, kept: Kept) -> bool:
        """Say whether an answer is going to be kept."""
        return bool(self.edge.state.cache.takes(self.key, kept))

    def land(self, kept: Kept | None = None) -> None:
        """Be done with it; see ``Edge.land``."""
        self.edge.land(self, kept)


@dataclass(frozen=True, kw_only=True, slots=True)
class Led:
    """An answer that was evaluated and may be kept, by what it is found, and of which release it is."""

    key: object
    kept: Kept
    release: str


class Edge:
    """The service as the HTTP server sees it.

    Reads ``release`` (the manifest), ``settings`` and ``cache`` of the application's state.
    """

    def __init__(self, app: ASGIApp, state: State) -> None:
        self.state = state
        self._app = app
        self._flights: dict[object, Flight] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            scope = framing.accepted(scope)
        except problems.Problem as problem:
            await problems.response(problem)(scope, receive, _Delivery(send, scope))
            return
        method = scope["method"]
        if method == "OPTIONS" and "access-control-request-method" in Headers(scope=scope):
            await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, _with_headers(send))
            return
        if method == "POST":
            try:
                receive, body = await self._posted(scope, receive)
            except problems.Problem as problem:
                answer = problems.answer(Request(scope), problem)
                await answer(scope, receive, _Delivery(send, scope))
                return
            key = _key(scope, body)
        else:
            key = _key(scope, b"") if method in _READS else None
        if key is None:
            await self._evaluate(scope, receive, _Delivery(send, scope))
            return
        lead = self._begun(scope, key)
        kept, how = self.state.cache.get(key), HIT
        if kept is None and lead is None and (flight := self._flights.get(key)) is not None:
            kept, how = await asyncio.shield(flight), _COLLAPSED
        if kept is not None:
            if how is HIT and method == "GET":
                scope[KEY] = key
            await _deliver(kept, scope, send, how)
            return
        await self._lead(lead or self.lead(key), scope, receive, send)

    def answers(self, key: object) -> bool:
        """Say whether the answer to a request is kept, or being evaluated."""
        return key in self.state.cache or key in self._flights

    def lead(self, key: object) -> Lead:
        """Take it on to answer a request; those that ask the same meanwhile wait for the answer."""
        flight: Flight = asyncio.get_running_loop().create_future()
        self._flights.setdefault(key, flight)
        return Lead(self, key, flight)

    def _begun(self, scope: Scope, key: object) -> Lead | None:
        """Give what was begun here before the request was parsed."""
        lead: Lead | None = scope[AHEAD].lead if AHEAD in scope else None
        return lead if lead is not None and lead.edge is self and lead.key == key else None

    def land(self, lead: Lead, kept: Kept | None) -> bool:
        """Give those who wait for it the answer, or none, and keep it; say whether it is kept."""
        if self._flights.get(lead.key) is lead.flight:
            del self._flights[lead.key]
        if not lead.flight.done():
            lead.flight.set_result(kept)
        return kept is not None and self.state.cache.put(lead.key, kept)

    async def _lead(self, lead: Lead, scope: Scope, receive: Receive, send: Send) -> None:
        """Evaluate a request; those that ask the same meanwhile get the same answer, if it may be kept."""

        def keep(kept: Kept) -> bool:
            stored = self.land(lead, kept)
            if stored:
                scope[LED] = Led(key=lead.key, kept=kept, release=self.state.release["release"])
            return stored

        try:
            await self._evaluate(scope, receive, _Delivery(send, scope, self.state, keep))
        finally:
            self.land(lead, None)

    async def _evaluate(self, scope: Scope, receive: Receive, delivery: _Delivery) -> None:
        try:
            await self._app(scope, receive, delivery)
        except Exception:
            if (
                not delivery.complete
            ):  # else it has been answered and logged; the framework raises it all the same
                raise

    async def _posted(self, scope: Scope, receive: Receive) -> tuple[Receive, bytes]:
        """Read the body of a POST, and give it again to the handler.

        Raises: Problem when it is too long or too slow.
        """
        settings = self.state.settings
        body = await body_of(
            Request(scope, receive), max_bytes=settings.query_bytes, patience_s=settings.patience_s
        )
        replayed = False

        async def replay() -> Message:
            nonlocal replayed
            if replayed:
                return await receive()
            replayed = True
            return {"type": "http.request", "body": body, "more_body": False}

        return replay, body


class _Delivery:
    """Passes an answer on: with our headers, and finished where it comes in one piece."""

    def __init__(
        self,
        send: Send,
        scope: Scope,
        state: State | None = None,
        keep: Callable[[Kept], bool] | None = None,
    ) -> None:
        self.started = self.complete = False
        self._send = send
        self._scope = scope
        self._state = state
        self._keep = keep
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            _complete(message)
            self._start = message
            return
        start, self._start = self._start, None
        self.complete = not message.get("more_body")
        if start is not None and message["type"] == "http.response.body" and self.complete:
            await self._finish(start, message.get("body", b""))
            return
        if start is not None:
            await self._send(start)
        await self._send(message)

    async def _finish(self, start: Message, body: bytes) -> None:
        """Send an answer whose body is whole."""
        headers = MutableHeaders(raw=start["headers"])
        status, method = start["status"], self._scope["method"]
        named = status == HTTPStatus.PARTIAL_CONTENT or "etag" in headers  # as it is, by whoever made it
        if not named and "content-encoding" not in headers and compresses(headers.get("content-type", "")):
            headers.add_vary_header("Accept-Encoding")
            accepted = Headers(scope=self._scope).getlist("accept-encoding")
            coding = negotiation.coding(accepted)
            if coding is None and status == HTTPStatus.OK:
                await self._refuse_coding(accepted)
                return
            packed = await compressed(body) if coding == "gzip" else None
            if packed is not None:
                body = packed
                headers["Content-Encoding"] = "gzip"
                headers["Content-Length"] = str(len(body))
        etag = ""
        frozen = status == HTTPStatus.OK and headers.get("cache-control") == FROZEN
        if frozen and method in _READS and self._state is not None:
            etag = etag_of(form_of(self._state.release["release"], headers.raw), body)
            headers["ETag"] = etag
        elif frozen:
            headers["Cache-Control"] = "no-store"  # to others: their caches hold no answers to POST
        kept = Kept(status=status, headers=start["headers"], body=body, etag=etag)
        stored = frozen and self._keep is not None and self._keep(kept)
        await _deliver(kept, self._scope, self._send, *[STORED] * stored)

    async def _refuse_coding(self, accepted: Iterable[str]) -> None:
        detail = f"An answer comes as it is or in gzip; Accept-Encoding allows neither: {', '.join(accepted)}"
        problem = problems.Problem(
            problems.Kind.NOT_ACCEPTABLE, detail, {"Vary": "Accept-Encoding"}, codings=["gzip", "identity"]
        )
        await problems.response(problem)(self._scope, _nothing, _with_headers(self._send))


async def _deliver(kept: Kept, scope: Scope, send: Send, *more: tuple[bytes, bytes]) -> None:
    """Send an answer with ``more`` headers, or say that the client has it."""
    reads, headers, body = scope["method"] in _READS, kept.headers, kept.body
    status = kept.status
    if reads and status == HTTPStatus.OK:
        known = [value.decode("latin-1") for name, value in scope["headers"] if name == b"if-none-match"]
        named = bool(kept.etag) and negotiation.names(known, kept.etag)
        if named or negotiation.names_any(known):
            status, body = HTTPStatus.NOT_MODIFIED, b""
            headers = [pair for pair in headers if pair[0] not in _NOT_MODIFIED]
    if scope["method"] == "HEAD":
        body = b""
    # a copy of the headers, for a layer further out may add to them
    await send({"type": "http.response.start", "status": int(status), "headers": [*headers, *more]})
    await send({"type": "http.response.body", "body": body})


def _key(scope: Scope, body: bytes) -> object | None:
    """Give all that decides the answer to a request, byte for byte; None where it may not be kept."""
    posted = scope["method"] == "POST"
    parts: list[object] = [posted, scope["scheme"], scope["raw_path"], scope["query_string"], body]
    for pair in scope["headers"]:
        name = pair[0]
        if name in _DECIDING or (posted and name in _OF_A_BODY):
            parts.append(pair)
        elif name in _APART or (name == b"content-length" and not posted and pair[1] != b"0"):
            return None
    return tuple(parts)


def key_with(key: object, query_string: bytes) -> object:
    """Give what the answer to another query string is found by."""
    if not isinstance(key, tuple):  # pragma: no cover  # every key is one
        raise TypeError("a key is what _key gives")
    return (*key[:_QUERY_STRING], query_string, *key[_QUERY_STRING + 1 :])


def form_of(release: str, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Name all of an answer but its bytes: its release, type, language and coding."""
    found = Headers(raw=[*headers])
    return "\n".join(
        [release, *(found.get(f"content-{name}", "") for name in ("type", "language", "encoding"))]
    ).encode()


def etag_of(form: bytes, body: bytes) -> str:
    """Name an answer by its form and its bytes."""
    return f'"{sha256(form + sha256(body).digest()).hexdigest()[:_ETAG_LENGTH]}"'


def _complete(start: Message) -> None:
    headers = MutableHeaders(raw=start["headers"])
    for name, value in HEADERS.items():
        headers.setdefault(name, value)


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            _complete(message)
        await send(message)

    return sending


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
