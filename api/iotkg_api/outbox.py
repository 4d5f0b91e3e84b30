"""Long answers on their way: in pieces, so that a client that takes them slowly holds no copy of them.

What is on its way is bounded: beyond that, the client that has been taking its answer for longest is left without the
rest. A client that gets on too slowly even when there is room is ended by ``connections``.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Final

from prometheus_client.metrics_core import Metric
from starlette.types import Message, Send

from iotkg_api.metrics import counts, gauge

PIECE: Final = 256 * 1024
"""An answer is long that has more bytes, and goes out in pieces of so many."""


class Cut(asyncio.CancelledError):
    """An answer was given up to make room for others; no failure, so it passes by the handlers of those."""


class Outbox:
    """Long answers, which together have at most ``limit`` bytes (but one may always go)."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: OrderedDict[asyncio.Task[Any], int] = OrderedDict()
        self._cut: set[asyncio.Task[Any]] = set()
        self._bytes = 0
        self._sent = {"whole": 0, "cut": 0}

    def figures(self) -> Iterator[Metric]:
        """Tell of the long answers."""
        yield gauge("iotkg_long_answers_bytes", "Bytes of long answers that are on their way", self._bytes)
        yield counts("iotkg_long_answers", "Long answers sent, whole or cut", "result", self._sent)

    async def send(self, message: Message, send: Send) -> None:
        """Send a long answer, or a long part of one.

        Raises: Cut when it is given up.
        """
        body = message.get("body", b"")
        task = asyncio.current_task()
        if task is None:  # pragma: no cover  # there is always one
            raise RuntimeError("an answer is sent by a task")
        self._held[task] = len(body)
        self._bytes += len(body)
        self._make_room()
        try:
            for at in range(0, len(body), PIECE):
                more = at + PIECE < len(body) or message.get("more_body", False)
                await send({**message, "body": body[at : at + PIECE], "more_body": more})
            self._sent["whole"] += 1
        except asyncio.CancelledError:
            if task not in self._cut:
                raise
            task.uncancel()
            raise Cut from None
        finally:
            self._cut.discard(task)
            self._bytes -= self._held.pop(task, 0)

    def _make_room(self) -> None:
        while self._bytes > self._limit and len(self._held) > 1:
            task, size = self._held.popitem(last=False)
            self._bytes -= size
            self._sent["cut"] += 1
            self._cut.add(task)
            task.cancel()
