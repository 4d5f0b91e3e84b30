"""Requests that are known byte for byte: they are answered before they are parsed.

A request that came in one piece, and whose answer was kept, is remembered by its bytes. When the same bytes come
again, the answer goes out at once, if the release that is served still keeps it; all that is remembered here is where
to look. Requests that say anything about their connection, or bring an identifier of their own, take the long way.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from typing import Final

from starlette.types import Scope

from iotkg_api.keeping import Cache
from iotkg_api.metrics import Metrics
from iotkg_api.observing import new_identifier
from iotkg_api.outbox import PIECE

KEY: Final = "iotkg.key"
"""Where the edge leaves, in a request's scope, what its kept answer is found by."""

HIT: Final = (b"cache-status", b"iotkg; hit")
"""An answer that was kept before (RFC 9211)."""

_LONGEST: Final = 4096
_MOST: Final = 4096
"""Requests remembered, and bytes of each: 16 MB at most."""

_PLAIN: Final = re.compile(rb"GET [^ ]+ HTTP/1\.1\r\n")
APART: Final = re.compile(
    rb"\r\n(?:connection:(?![ \t]*keep-alive[ \t]*\r\n)|expect|if-|upgrade|x-request-id|x-forwarded|forwarded|te:)",
    re.IGNORECASE,
)


class Shortcuts:
    """Remembered requests; ``cache`` gives the answers of the release that is served."""

    def __init__(self, cache: Callable[[], Cache | None], metrics: Metrics) -> None:
        self._cache = cache
        self._metrics = metrics
        self._known: dict[bytes, tuple[object, str]] = {}

    def learn(self, data: bytes, scope: Scope) -> None:
        """Remember a request that came in one piece, if its answer was a kept one."""
        key = scope.get(KEY)
        if key is None or data in self._known or len(data) > _LONGEST:
            return
        if _PLAIN.match(data) is None or APART.search(data):
            return
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[data] = key, scope["path"]

    def answer(self, data: bytes, default_headers: list[tuple[bytes, bytes]]) -> tuple[bytes, bytes] | None:
        """Give the head and the body of the answer to a known request, and count it; None to go the long way."""
        known = self._known.get(data)
        cache = self._cache()
        if known is None or cache is None or known[0] not in cache:
            return None
        started = time.monotonic()
        kept = cache.get(known[0])
        if kept is None or len(kept.body) > PIECE:  # a long answer goes out as the outbox lets it
            return None
        self._metrics.answered(known[1], kept.status, time.monotonic() - started, len(kept.body))
        return head(default_headers, lines(kept.headers), [HIT], new_identifier()), kept.body


def head(
    default_headers: list[tuple[bytes, bytes]],
    own: bytes,
    how: Iterable[tuple[bytes, bytes]],
    identifier: str,
) -> bytes:
    """Write the head of a good answer whose ``own`` lines are written; ``how`` says how it came about, if any does."""
    more = lines((*how, (b"x-request-id", identifier.encode())))
    return b"".join((b"HTTP/1.1 200 OK\r\n", lines(default_headers), own, more, b"\r\n"))


def lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Write headers, each on its line."""
    return b"".join([b"%b: %b\r\n" % pair for pair in headers])
