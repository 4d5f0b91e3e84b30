"""The web process's ends of the sockets to the zygote and its workers."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, cast

from iotkg.errors import EngineError
from iotkg_api import wire
from iotkg_api.evaluation import Reply
from iotkg_api.launching import Launched
from iotkg_api.zygote import NOTICE, ORDER, REAP, SPAWN

_HEAD_BYTES: Final = 1 << 20
_PATIENCE_S: Final = 5.0
_CPUCLOCK_SCHED: Final = 2
_NICE: Final = 10


class WorkerLost(EngineError):
    """The connection to a worker closed."""


class Worker(asyncio.BufferedProtocol):
    """One worker: a connection that takes a query and gives a reply, one at a time."""

    def __init__(
        self,
        on_lost: Callable[[Worker], None] = lambda _: None,
        reap: Callable[[int], Awaitable[int | None]] | None = None,
    ) -> None:
        self.pid = 0
        self.lost = self.slowed = False
        self.burial: asyncio.Task[int | None] | None = None
        """Set by the pool once it has given the worker up."""
        self.epitaph = ""
        """Why it ended, set by the pool."""
        self._handle: int | None = None
        self._on_lost = on_lost
        self._reap = reap
        self._transport: asyncio.Transport | None = None
        self._reply: asyncio.Future[Reply] | None = None
        self._limit = 0
        self._buffer, self._at, self._whole = bytearray(wire.PIECE), 0, 0

    def ask(self, message: bytes, limit: int) -> asyncio.Future[Reply]:
        """Send a query; its reply, whose body has at most ``limit`` bytes, or WorkerLost is for the future.

        Raises: WorkerLost when the worker has ended already.
        """
        if self.lost or self._transport is None:
            raise WorkerLost(f"worker {self.pid} is gone")
        self._limit = limit
        self._reply = asyncio.get_running_loop().create_future()
        self._transport.write(message)
        return self._reply

    def fail(self, error: Exception) -> None:
        """Tell the one who waits for a reply that none will come."""
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(error)

    def close(self) -> None:
        """Close the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def hold(self) -> None:
        """Take hold of the process, so that it can be killed without its parent, and no other in its place."""
        if sys.platform == "linux":
            with suppress(OSError):  # it has ended already, or there are too many files
                self._handle = os.pidfd_open(self.pid)

    def busy_s(self) -> float:
        """Give the seconds of processor time it has used (Linux), or those that have passed elsewhere.

        On a machine that has much else to do, a query is not long for having to wait.
        """
        try:
            return time.clock_gettime((~self.pid << 3) | _CPUCLOCK_SCHED)  # clock_getcpuclockid(3)
        except OSError:
            return time.monotonic()

    def yield_to_others(self) -> None:
        """Let quick queries come first on the processor, for good: a process may not take this back."""
        self.slowed = True
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self.pid, _NICE)

    async def kill(self) -> int | None:
        """End the process; give its exit code, or None when its parent has died and nobody knows.

        The parent is told only once the process is gone, so that it need not wait while memory is given back.
        """
        if self._handle is not None:
            handle, self._handle = self._handle, None
            loop, gone = asyncio.get_running_loop(), asyncio.Event()
            try:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
                loop.add_reader(handle, gone.set)
                await gone.wait()
            finally:
                loop.remove_reader(handle)
                os.close(handle)
        return await self._reap(self.pid) if self._reap is not None else None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its ancestry

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # however it was lost
        """Tell the one who waits for a reply, and the pool."""
        self.lost = True
        self.fail(WorkerLost(f"worker {self.pid} is gone"))
        self._on_lost(self)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  # we know the size
        """Offer what is free: most frames come in one piece."""
        return memoryview(self._buffer)[self._at :]

    def buffer_updated(self, nbytes: int) -> None:
        """Take what came; hand over the reply once it is whole."""
        self._at += nbytes
        if self._at < max(self._whole, wire.LENGTHS.size):
            return
        head, body = wire.LENGTHS.unpack_from(self._buffer)
        start = wire.LENGTHS.size + head
        self._whole = start + body
        if self._reply is None or not 0 < head <= _HEAD_BYTES or body > self._limit or self._at > self._whole:
            self.close()  # not what we agreed on
            return
        if self._at < self._whole:
            if self._whole > len(self._buffer):
                self._buffer = self._buffer.ljust(self._whole, b"\0")
            return
        frame = memoryview(self._buffer)
        reply = Reply.from_frame(bytes(frame[wire.LENGTHS.size : start]), bytes(frame[start : self._whole]))
        if len(self._buffer) > wire.PIECE:
            self._buffer = bytearray(wire.PIECE)
        self._at = self._whole = 0
        waiting, self._reply = self._reply, None
        if not waiting.done():
            waiting.set_result(reply)


class Zygote(asyncio.Protocol):
    """The parent of the workers: a process, and the socket over which it takes orders."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        self.lost = False
        self._process = process
        self._control = control
        self._notices: deque[asyncio.Future[tuple[int, int]]] = deque()
        self._received = b""
        self._transport: asyncio.BaseTransport | None = None

    @classmethod
    async def join(cls, launched: Launched) -> Zygote:
        """Take over a zygote that has been started, and wait until it has loaded the release.

        Raises: EngineError when it ends first; it says why on standard error.
        """
        launched.control.setblocking(False)
        zygote = cls(launched.process, launched.control.dup())
        ready = zygote._expect()
        try:
            await asyncio.get_running_loop().create_connection(lambda: zygote, sock=launched.control)
            await ready
        except BaseException:
            launched.process.kill()  # it does not look at its socket while it loads
            await zygote.close()
            raise
        return zygote

    async def spawn(self, on_lost: Callable[[Worker], None]) -> Worker:
        """Have a worker forked, and connect to it.

        Raises: EngineError when the zygote has died.
        """
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        worker = Worker(on_lost, self.reap)
        try:
            with theirs:
                notice = self._order(SPAWN, 0, [theirs.fileno()])
            worker.pid, _ = await notice
            worker.hold()
        except BaseException:
            ours.close()
            raise
        await asyncio.get_running_loop().create_connection(lambda: worker, sock=ours)
        return worker

    async def reap(self, pid: int) -> int | None:
        """End a worker; give its exit code, or None when the zygote has died and nobody knows."""
        try:
            _, code = await self._order(REAP, pid, [])
        except EngineError:
            return None
        return code

    async def close(self) -> None:
        """Close the socket, upon which the zygote ends its workers and itself; insist after a while."""
        if self._transport is not None:
            self._transport.close()
        self._control.close()
        try:
            await asyncio.to_thread(self._process.wait, _PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # however it was lost
        """Tell all who wait for a notice."""
        self.lost = True
        for future in self._notices:
            if not future.done():
                future.set_exception(EngineError("the parent of the query workers has died"))

    def data_received(self, data: bytes) -> None:
        """Hand each notice to the one who waits for it; they come in the order of the orders."""
        self._received += data
        while len(self._received) >= NOTICE.size:
            pid, code = NOTICE.unpack(self._received[: NOTICE.size])
            self._received = self._received[NOTICE.size :]
            future = self._notices.popleft()
            if not future.done():
                future.set_result((pid, code))

    def _expect(self) -> asyncio.Future[tuple[int, int]]:
        future: asyncio.Future[tuple[int, int]] = asyncio.get_running_loop().create_future()
        self._notices.append(future)
        return future

    def _order(self, kind: bytes, pid: int, fds: list[int]) -> asyncio.Future[tuple[int, int]]:
        if self.lost:
            raise EngineError("the parent of the query workers has died")
        try:
            socket.send_fds(self._control, [ORDER.pack(kind, pid)], fds)
        except OSError as error:
            raise EngineError(f"the parent of the query workers takes no orders ({error})") from error
        return self._expect()
