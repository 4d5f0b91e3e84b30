"""Queries that go to a worker before their request is parsed, because all of it but the query is known.

Programs send the same request again and again with another query in it. The rest of a request, its other parameters
and its headers, is remembered once it was answered the long way with an answer that was kept: what it asks for, and
what its answer carries. The next query with the same rest is evaluated at once, and a good answer that comes soon goes
out as the long way would have sent it, and is kept like it. Whatever else comes of it, the request takes the long way,
with the evaluation under way; so nothing is refused, logged, compressed or cut short here.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote_to_bytes

from prometheus_client.metrics_core import Metric
from starlette.types import Scope

from iotkg_api.coding import SHORTEST
from iotkg_api.edge import LED, STORED, Lead, Led, etag_of, form_of, key_with
from iotkg_api.editions import Edition, Editions
from iotkg_api.evaluation import Outcome, Reply
from iotkg_api.keeping import Kept
from iotkg_api.limiting import client_of
from iotkg_api.logs import REQUEST
from iotkg_api.metrics import Metrics, counts
from iotkg_api.observing import AHEAD, LEFT, new_identifier
from iotkg_api.outbox import PIECE
from iotkg_api.shortcuts import APART, head, lines
from iotkg_api.sparql import ASKED, Asked, Early

_PATH: Final = "/sparql"
_START: Final = b"GET /sparql?query="
_QUERY_AT: Final = len(b"GET /sparql?")
_VALUE: Final = re.compile(rb"[A-Za-z0-9._~!$'()*+,;:@/?%-]+")
"""A query in the characters that RFC 3986 allows; what else the parser takes is left to it."""
_REST: Final = re.compile(rb"(?:&[^ #]*)? HTTP/1\.1\r\n")
_CODED: Final = re.compile(rb"\r\naccept-encoding:", re.IGNORECASE)
_LONGEST: Final = 32 * 1024
_LONGEST_REST: Final = 4096
_MOST: Final = 1024
"""Rests remembered, and bytes of each: with what is kept beside it, some 16 MB at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rest:
    """All of a request but its query: what it asked for and what its answer carried, the last time."""

    asked: Asked
    """With an empty text, for many of these are kept."""
    key: object
    """What the answer was found by, but for the query string."""
    headers: list[tuple[bytes, bytes]]
    """Of the answer, but for those that its bytes decide."""
    lines: bytes
    """These, written."""
    form: bytes
    coded: bool
    """A longer answer may have to be compressed."""

    @classmethod
    def of(cls, rest: bytes, asked: Asked, led: Led) -> Rest:
        """Take from an answer what is the same for another query."""
        kept = [pair for pair in led.kept.headers if pair[0] not in {b"etag", b"content-length"}]
        coded = _CODED.search(rest) is not None
        form = form_of(led.release, kept)
        asked = replace(asked, query=asked.query.asking(""))
        return cls(
            asked=asked, key=key_with(led.key, b""), headers=kept, lines=lines(kept), form=form, coded=coded
        )

    def written(self, kept: Kept) -> bytes:
        """Write the headers of an answer that is ``finished``."""
        return self.lines + lines(kept.headers[len(self.headers) :])

    def finished(self, reply: Reply) -> Kept | None:
        """Give the answer that the long way would give; None where that may differ in more than its bytes."""
        asked, body = self.asked, reply.body
        if (
            reply.outcome is not Outcome.ANSWER
            or reply.volatile
            or (reply.table, reply.media_type) != (asked.table, asked.media_type)
            or len(body) > PIECE
            or (self.coded and len(body) >= SHORTEST)
        ):
            return None
        etag = etag_of(self.form, body)
        lengths = [(b"content-length", b"%d" % len(body)), (b"etag", etag.encode())]
        return Kept(status=200, headers=[*self.headers, *lengths], body=body, etag=etag)


class Request:
    """A request whose query is evaluated ahead of its parsing, by the edition that was current then."""

    # what uvicorn asks of the request that a connection is busy with
    response_complete = False
    more_body = False
    disconnected = False
    message_event = asyncio.Event()

    def __init__(self, edition: Edition, rest: Rest, key: object, text: str, client: str) -> None:
        self.keep_alive = True
        self.identifier = new_identifier()
        self.began = time.monotonic()
        named = REQUEST.set(self.identifier)
        self.early = Early(edition.app.state.pool, rest.asked.query.asking(text), client)
        REQUEST.reset(named)
        self._edition = edition
        self.rest = rest
        self.kept: Kept | None = None
        self.lead: Lead = edition.app.edge.lead(key)
        edition.enter()

    def finished(self) -> Kept | None:
        """Give the answer; None where the request has to take the long way."""
        reply = self.early.reply
        if not self.keep_alive or reply.cancelled() or reply.exception() is not None:
            return None
        return self.rest.finished(reply.result())

    def end(self, kept: Kept | None = None) -> None:
        """Be done with the evaluation, and give it up if it is under way; others that ask the same get what it gave."""
        named = REQUEST.set(self.identifier)
        self.early.end()
        REQUEST.reset(named)
        self.lead.land(kept)

    def leave(self) -> None:
        """Be done with it here."""
        self._edition.leave()


class Ahead:
    """What is known of requests, for each edition anew."""

    def __init__(self, editions: Editions, metrics: Metrics) -> None:
        self._editions = editions
        self._metrics = metrics
        self._ends = {"answered": 0, "long way": 0, "left": 0}

    def figures(self) -> Iterator[Metric]:
        """Tell of the requests that were begun ahead of their parsing."""
        about = "Requests whose query was evaluated before they were parsed, by what came of it"
        yield counts("iotkg_ahead", about, "result", self._ends)

    def learn(self, data: bytes, scope: Scope) -> None:
        """Remember the rest of a request that came in one piece, if its answer was evaluated and kept."""
        led: Led | None = scope.get(LED)
        asked: Asked | None = scope.get(ASKED)
        edition = self._editions.current
        if led is None or asked is None or edition is None or not data.startswith(_START):
            return
        known, rest = edition.app.state.rests, data[_end(data) :]
        if rest in known or len(rest) > _LONGEST_REST or not _REST.match(rest) or APART.search(rest):
            return
        if led.release == edition.app.state.release["release"] and not _is_coded(led.kept):
            if len(known) >= _MOST:
                known.clear()
            known[rest] = Rest.of(rest, asked, led)

    def begin(self, data: bytes, client: tuple[str, int] | None) -> Request | None:
        """Begin with a request if its rest is known, and its answer neither kept nor under way."""
        edition = self._editions.current
        if edition is None or len(data) > _LONGEST or not data.startswith(_START):
            return None
        end = _end(data)
        rest: Rest | None = edition.app.state.rests.get(data[end:])
        value = data[len(_START) : end]
        if rest is None or not _VALUE.fullmatch(value):
            return None
        try:  # as urllib.parse.parse_qsl does it, which takes fields apart elsewhere
            text = unquote_to_bytes(value.replace(b"+", b" ")).decode()
        except UnicodeDecodeError:
            return None
        key = key_with(rest.key, data[_QUERY_AT : data.index(b" ", end)])
        if "\0" in text or edition.app.edge.answers(key):
            return None
        return Request(edition, rest, key, text, client_of({"client": client}))

    def answer(
        self, request: Request, default_headers: list[tuple[bytes, bytes]]
    ) -> tuple[bytes, bytes] | None:
        """Give the head and the body of the answer; None where that is for the long way."""
        kept = request.kept = request.finished()
        if kept is None:
            return None
        how = [STORED] * request.lead.stores(kept)
        return head(default_headers, request.rest.written(kept), how, request.identifier), kept.body

    def answered(self, request: Request) -> None:
        """Keep an answer, and count it: once it is on its way, for its client need not wait for that."""
        kept = request.kept
        request.end(kept)
        request.leave()
        self._ends["answered"] += 1
        if kept is not None:
            self._metrics.answered(_PATH, kept.status, time.monotonic() - request.began, len(kept.body))

    def hand_over(self, request: Request, scope: Scope) -> None:
        """Let the long way have the evaluation."""
        self._ends["long way"] += 1
        request.leave()
        scope[AHEAD] = request

    def leave(self, request: Request) -> None:
        """Give a request up whose client has left."""
        self._ends["left"] += 1
        request.end()
        request.leave()
        self._metrics.answered(_PATH, LEFT, time.monotonic() - request.began, 0)


def _end(data: bytes) -> int:
    """Give where a request's query ends: at the next parameter, or with the target."""
    end = data.find(b" ", len(_START))
    found = data.find(b"&", len(_START), end)
    return end if found < 0 else found


def _is_coded(kept: Kept) -> bool:
    return any(name == b"content-encoding" for name, _ in kept.headers)
