"""The pool of query workers, as the web process sees it.

``Pool.query`` hands a query to a free worker and waits for its reply, no longer than the deadline. A worker that
is late, dies, or whose client has gone is ended and replaced; other queries do not notice. Waiting requests are
served in the order they came.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Final

from iotkg.errors import EngineError
from iotkg.store import QUADS, Manifest
from iotkg_api import wire, zygote
from iotkg_api.channels import Worker, WorkerLost, Zygote
from iotkg_api.evaluation import Query, Reply
from iotkg_api.settings import Settings

_LOG: Final = logging.getLogger(__name__)
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 5.0


class TooSlow(EngineError):
    """A query was not answered within its deadline."""


class Busy(EngineError):
    """No worker became free in time, or too many requests wait already."""


class WorkerDied(EngineError):
    """The worker ended while it evaluated a query: out of memory, stack overflow, or killed."""


class Pool:
    """Workers over one release.

    The release's file is opened once and handed to each zygote, so a new release put in place on disk does not
    change what this service answers.
    """

    def __init__(self, settings: Settings, manifest: Manifest) -> None:
        self._settings = settings
        self._sha256 = manifest["files"][QUADS]["sha256"]
        self._file = (Path(settings.dist) / QUADS).open("rb")
        self._zygote: Zygote | None = None
        self._workers: set[Worker] = set()
        self._idle: deque[Worker] = deque()
        self._waiting: deque[asyncio.Future[Worker]] = deque()
        self._short = asyncio.Event()
        self._supervisor: asyncio.Task[None] | None = None
        self._burials: set[asyncio.Task[int | None]] = set()
        self.ended = 0
        """Workers ended or lost since the start."""

    @property
    def alive(self) -> int:
        """Workers that run, idle or busy."""
        return len(self._workers)

    @property
    def idle(self) -> int:
        """Workers that wait for a query."""
        return len(self._idle)

    @property
    def waiting(self) -> int:
        """Requests that wait for a worker."""
        return len(self._waiting)

    @property
    def pids(self) -> frozenset[int]:
        """The processes of the workers."""
        return frozenset(worker.pid for worker in self._workers)

    async def start(self) -> None:
        """Start the zygote and all workers.

        Raises: EngineError when the release cannot be loaded.
        """
        while self.alive < self._settings.workers:
            await self._add()
        self._supervisor = asyncio.create_task(self._supervise())

    async def close(self) -> None:
        """End all workers and the zygote, and refuse those who wait."""
        if self._supervisor is not None:
            self._supervisor.cancel()
            with suppress(asyncio.CancelledError):
                await self._supervisor
        for future in self._waiting:
            if not future.done():
                future.set_exception(Busy("The service is shutting down"))
        workers, self._workers = self._workers, set()
        self._idle.clear()
        for worker in workers:
            worker.close()
        if self._zygote is not None:
            await self._zygote.close()
        await asyncio.gather(*self._burials, return_exceptions=True)
        self._file.close()

    async def query(self, query: Query) -> Reply:
        """Evaluate a query in a worker.

        Raises: TooSlow at the deadline; Busy when no worker is free in time; WorkerDied.
        """
        worker = await self._acquire()
        while worker.lost:
            self._bury(worker)
            worker = await self._acquire()
        keep = False
        try:
            async with asyncio.timeout(self._settings.deadline_s):
                reply = await worker.ask(wire.frame(query.head()), self._settings.result_bytes)
            keep = not reply.retire
        except TimeoutError:
            limit = self._settings.deadline_s
            raise TooSlow(f"The query was stopped at its limit of {limit:g} seconds") from None
        except WorkerLost:
            raise WorkerDied(_obituary(await self._bury(worker))) from None
        else:
            return reply
        finally:
            if keep:
                self._release(worker)
            else:
                self._bury(worker)

    async def _acquire(self) -> Worker:
        if self._idle and not self._waiting:
            return self._idle.popleft()
        if len(self._waiting) >= self._settings.queue:
            raise Busy(f"{len(self._waiting)} requests are waiting already")
        future: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        worker = None
        try:
            async with asyncio.timeout(self._settings.deadline_s):
                worker = await future
        except TimeoutError:
            raise Busy(f"No worker became free within {self._settings.deadline_s:g} seconds") from None
        else:
            return worker
        finally:
            if future in self._waiting:
                self._waiting.remove(future)
            if worker is None and future.done() and not future.cancelled() and future.exception() is None:
                self._release(future.result())  # given to us at the moment we gave up

    def _release(self, worker: Worker) -> None:
        """Give a worker to the next request that waits, or let it idle."""
        if worker.lost:
            self._bury(worker)
            return
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(worker)
                return
        self._idle.append(worker)

    def _bury(self, worker: Worker) -> asyncio.Task[int | None]:
        """Take a worker out of the pool, end its process and have it replaced; once for each worker."""
        if worker.burial is not None:
            return worker.burial
        worker.close()
        self._workers.discard(worker)
        with suppress(ValueError):
            self._idle.remove(worker)
        self.ended += 1
        worker.burial = asyncio.create_task(worker.zygote.reap(worker.pid))
        self._burials.add(worker.burial)
        worker.burial.add_done_callback(self._burials.discard)
        self._short.set()
        return worker.burial

    async def _supervise(self) -> None:
        """Keep the pool full; when the zygote cannot be restarted, try again ever more slowly."""
        pause = _FIRST_PAUSE
        while True:
            await self._short.wait()
            self._short.clear()
            while self.alive < self._settings.workers:
                try:
                    await self._add()
                    pause = _FIRST_PAUSE
                except (EngineError, OSError) as error:
                    _LOG.error("no query worker could be started (%s); trying again", error)
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)

    async def _add(self) -> None:
        if self._zygote is None or self._zygote.lost:
            if self._zygote is not None:
                _LOG.warning("the parent of the query workers has died; starting another")
                await self._zygote.close()
            self._zygote = await Zygote.start(
                self._file, self._sha256, self._settings.memory_bytes, self._settings.result_bytes
            )
        worker = await self._zygote.spawn(self._on_lost)
        self._workers.add(worker)
        self._release(worker)

    def _on_lost(self, worker: Worker) -> None:
        """Replace a worker that died while it idled; the one who waits for a busy worker buries it."""
        if worker in self._idle:
            _LOG.warning("query worker %d has died; replacing it", worker.pid)
            self._bury(worker)


def _obituary(code: int | None) -> str:
    """Say how a worker ended: its exit code, or minus the signal that ended it, or None."""
    if code in {-signal.SIGABRT, zygote.EXIT_MEMORY}:
        return (
            "The query needed more memory than one query may use; ask for less, or sort and group fewer rows"
        )
    if code in {-signal.SIGSEGV, -signal.SIGBUS}:
        return "The query is nested too deeply or too long a chain for the engine; make it simpler"
    return "The process that evaluated the query was ended; try again"
