"""Connections whose client is too slow, or says nothing, end: they would hold memory and file descriptors for ever.

uvicorn waits without limit for the head of a request, for its body, and for a client to take its answer. Its server
calls us ten times a second, and we look at its connections once in each second. Nothing here depends on the parser
or costs a request anything.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import resource
import signal
import socket
import struct
import termios
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

import uvicorn
from prometheus_client.metrics_core import Metric

from iotkg_api.metrics import counts, gauge

_LOG: Final = logging.getLogger(__name__)
_TICKS: Final = 10
"""uvicorn's ticks between two looks, which makes a second."""
_GRACE_S: Final = 2.0
"""A body that is late is first answered by its handler (408)."""
_LEAST_RATE: Final = 4096
"""Bytes of its answer that a client must take in each second of its patience; what follows them takes their place."""
_OTHER_FILES: Final = 256
_SIZE: Final = struct.Struct("i")


@dataclass(slots=True)
class _State:
    """What we knew of a connection when it last got on: its request, what it waits for, and the time."""

    cycle: object
    stage: str
    since: float
    pending: int


class Watch:
    """Ends connections that do not get on within ``patience_s`` seconds, and the idlest beyond ``limit``."""

    def __init__(self, patience_s: float, limit: int) -> None:
        self._patience_s = patience_s
        self._least_bytes = int(_LEAST_RATE * patience_s)
        self._limit = limit
        self._states: dict[Any, _State] = {}
        self.ended: dict[str, int] = {"head": 0, "body": 0, "answer": 0, "idle": 0}
        """Connections ended, by what they were late with; idle ones made room for others."""
        self.open: Collection[Any] = ()
        """The connections that are open, as the server keeps them."""

    def figures(self) -> Iterator[Metric]:
        """Tell of the connections."""
        yield gauge("iotkg_connections", "Connections that are open", len(self.open))
        yield counts("iotkg_connections_ended", "Connections ended for being slow", "reason", self.ended)

    def look(self, connections: Collection[Any], now: float) -> None:
        """Look at uvicorn's protocols, each with a ``transport`` and the ``cycle`` of its latest request."""
        old, self._states = self._states, {}
        for connection in list(connections):
            cycle, stage, pending = connection.cycle, _stage(connection), _pending(connection.transport)
            state = old.get(connection)
            if (
                state is None
                or state.cycle is not cycle
                or state.stage != stage
                or (stage == "answer" and abs(state.pending - pending) >= self._least_bytes)
            ):
                state = _State(cycle, stage, now, pending)
            limit = self._patience_s + (_GRACE_S if stage == "body" else 0)
            if stage != "work" and now - state.since > limit:
                self._end(connection, stage)
            else:
                self._states[connection] = state

    def make_room(self, connections: Collection[Any], now: float) -> None:
        """End those that wait for a request beyond the limit: first those that never had one, the longest first."""
        excess = len(connections) - self._limit
        if excess <= 0:
            return
        self.look(connections, now)
        waiting = [(state, connection) for connection, state in self._states.items() if state.stage == "head"]
        waiting.sort(key=lambda found: (found[0].cycle is not None, found[0].since))
        for _, connection in waiting[:excess]:
            self._end(connection, "idle")

    def _end(self, connection: Any, reason: str) -> None:
        self.ended[reason] += 1
        if reason in {"body", "answer"}:  # the others are everyday: a browser's spare connection is one
            _LOG.info("connection ended", extra={"reason": reason, "client": _client(connection)})
        connection.transport.abort()


class Server(uvicorn.Server):
    """uvicorn's server, with a watch over its connections."""

    def __init__(self, config: uvicorn.Config, watch: Watch, on_exit: Callable[[], None]) -> None:
        super().__init__(config)
        self._watch = watch
        self._on_exit = on_exit
        watch.open = self.server_state.connections

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End at once before the start, for there is no request to finish; then as uvicorn does."""
        if not self.started:
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)
            os._exit(128 + sig)  # a container's first process has to end itself
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish the requests under way, but for those that wait for what will not come."""
        self._on_exit()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Look after the connections; then what uvicorn does."""
        connections, now = self.server_state.connections, time.monotonic()
        if counter % _TICKS == 0:
            self._watch.look(connections, now)
        self._watch.make_room(connections, now)
        return await super().on_tick(counter)


def allow_files(connections: int) -> None:
    """Raise this process's limit of open files so far that it can hold so many connections, if it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        if allowed < wanted:
            _LOG.warning("too few files may be open for so many connections", extra={"files": allowed})


def _stage(connection: Any) -> str:
    """Say what a connection waits for: a head or a body from its client, our work, or its client to take more."""
    if connection.transport.get_write_buffer_size():
        return "answer"
    cycle = connection.cycle
    if cycle is None or cycle.response_complete:
        return "head"
    return "body" if cycle.more_body else "work"


def _pending(transport: asyncio.Transport) -> int:
    """Count the bytes the client has not taken: ours and, where the system says, those in its own buffer.

    The system asks for more only when a third of its buffer is free, which takes a slow client more than a moment.
    """
    ours = transport.get_write_buffer_size()
    sock = transport.get_extra_info("socket")
    if ours and sock is not None:
        with suppress(OSError):
            ours += _SIZE.unpack(fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(_SIZE.size)))[0]
    return ours


def _client(connection: Any) -> str:
    return connection.client[0] if connection.client else ""
