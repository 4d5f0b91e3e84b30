"""What an operator sees of each request: its identifier, its line in the log and its place in the figures.

Also where a client that asks too often is told so. A handler adds what it knows with ``note``.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable, Mapping
from itertools import count
from math import ceil
from secrets import token_hex
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from iotkg_api.limiting import Rate, client_of
from iotkg_api.logs import PATH_SHOWN, REQUEST
from iotkg_api.metrics import Metrics
from iotkg_api.outbox import PIECE, Cut, Outbox
from iotkg_api.problems import Kind, Problem, response

_LOG: Final = logging.getLogger(__name__)
_NOTES: Final = "iotkg.notes"
AHEAD: Final = "iotkg.ahead"
"""Where a request's scope brings what was begun with it before it was parsed (``ahead.Request``)."""

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}\Z")
_PROCESS: Final = token_hex(4)
_NUMBERS: Final = count()
"""What is made of these two is unlike any other process's, and costs no call to the system."""
_SLOW_S: Final = 1.0
_FAULT: Final = 500
LEFT: Final = 499
"""The status that proxies log for a client that left; it is never sent."""
_NOTABLE: Final = frozenset({408, 413, 429, LEFT})
_FREE: Final = ("/health/", "/metrics")


def note(scope: Scope, **what: str | int) -> None:
    """Add to what the log says of a request: its ``outcome``, the hash of its ``query``; never the text."""
    scope.setdefault(_NOTES, {}).update(what)


class Observed:
    """The outermost layer."""

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        outbox: Outbox,
        *,
        rate: Rate | None,
        log: str,
        headers: Mapping[str, str],
    ) -> None:
        self._app = app
        self._outbox = outbox
        self._metrics = metrics
        self._rate = rate
        self._log = log
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless its client asks too often; count and log what came of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        identifier = _identifier(scope)
        token = REQUEST.set(identifier)
        notes: dict[str, Any] = {}
        scope[_NOTES] = notes
        header = (b"x-request-id", identifier.encode("ascii"))
        status = sent = 0
        headers: list[tuple[bytes, bytes]] = []

        async def send_observed(message: Message) -> None:
            nonlocal status, sent, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], [*message.get("headers", ()), header]
                await send({**message, "headers": headers})
                return
            length = len(message.get("body", b""))
            if length > PIECE:
                await self._outbox.send(message, send)
            else:
                await send(message)
            sent += length

        try:
            wait = self._wait(scope, started)
            if wait:
                await self._refuse(wait)(scope, receive, send_observed)
            else:
                await self._app(scope, receive, send_observed)
        except Cut:
            notes["outcome"] = (
                "cut"  # the server sees that the answer is not whole, and closes the connection
            )
        finally:
            if AHEAD in scope:
                scope[AHEAD].end()
            seconds = time.monotonic() - started
            if notes.get("outcome") == "left" or not status:
                status = LEFT
            self._metrics.answered(scope["path"], status, seconds, sent)
            if self._tells(status, seconds, notes):
                what = {"status": status, "ms": round(seconds * 1000, 1), "bytes": sent}
                _tell(scope, what | notes | _from_cache(headers))
            REQUEST.reset(token)

    def _wait(self, scope: Scope, now: float) -> float:
        if self._rate is None or scope["path"].startswith(_FREE):
            return 0
        return self._rate.wait(client_of(scope), now)

    def _refuse(self, wait: float) -> ASGIApp:
        detail = "There are more requests from your address than this service allows; ask again later"
        problem = Problem(Kind.TOO_MANY, detail, {**self._headers, "Retry-After": str(ceil(wait))})
        return response(problem)

    def _tells(self, status: int, seconds: float, notes: Mapping[str, Any]) -> bool:
        """Say whether the log tells of a request."""
        if self._log != "failures":
            return self._log == "all"
        return status >= _FAULT or status in _NOTABLE or seconds >= _SLOW_S or notes.get("outcome") == "cut"


def _tell(scope: Scope, what: Mapping[str, Any]) -> None:
    """Write a request's line."""
    asked = {"client": client_of(scope), "method": scope["method"], "path": scope["path"][:PATH_SHOWN]}
    level = logging.WARNING if what["status"] >= _FAULT else logging.INFO
    _LOG.log(level, "request", extra={**asked, **what})


def _from_cache(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Say how an answer that may be kept came about: hit, collapsed or stored."""
    for name, value in headers:
        if name == b"cache-status":
            return {"cache": str(value, "ascii").rpartition(" ")[2]}
    return {}


def _identifier(scope: Scope) -> str:
    """Take the client's identifier of a request if it is well formed, else the one it got, or make one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.match(value):
            return str(value, "ascii")
    return str(scope[AHEAD].identifier) if AHEAD in scope else new_identifier()


def new_identifier() -> str:
    """Make an identifier that no other request has."""
    return f"{_PROCESS}{next(_NUMBERS):08x}"
