"""The pool of query workers, as the web process sees it.

``Pool.query`` hands a query to a free worker and waits for its reply, no longer than the deadline. A worker that
is late, dies, or whose client has gone is ended and replaced; other queries do not notice.

What a query costs nobody knows beforehand. So every query starts as a quick one, on any free worker, and the clients'
queries take turns. One that is not done soon is *long*. Of several workers one is never left to long queries: where a
query becomes long on the last of them, it is stopped and starts again when a long one has ended. A query is read-only,
so starting again changes nothing, and a query known to be long starts as one.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Final

from iotkg.errors import EngineError
from iotkg.store import QUADS, Manifest
from iotkg_api.channels import Worker, WorkerLost, Zygote
from iotkg_api.endings import Busy, Killed, Moved, TooSlow, obituary
from iotkg_api.evaluation import Query, Reply
from iotkg_api.first import First
from iotkg_api.launching import Launched, launch
from iotkg_api.metrics import Metrics
from iotkg_api.queueing import FairQueue, Job, Place
from iotkg_api.settings import Settings

_LOG: Final = logging.getLogger(__name__)
_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 5.0
_LOOK_S: Final = 0.02
"""Seconds between two looks at a query that has taken half the time of a quick one."""
_EVERYDAY: Final = frozenset({"grown", "left", "long", "moved"})
_PATIENCE: Final = 6
"""How many times as long as a quick query one that runs alone may take before it comes last on the processor."""
_SOME: Final = 3
"""Quick queries that end beside a long one, after which it does not run alone."""
_REMEMBERED: Final = 1024
"""Queries known to be long."""


class Pool:
    """Workers over one release.

    The release's file is opened once and handed to each zygote, so a new release put in place on disk does not
    change what this service answers.
    """

    def __init__(
        self,
        settings: Settings,
        manifest: Manifest,
        metrics: Metrics | None = None,
        launched: Launched | None = None,
    ) -> None:
        self._settings = settings
        self._launched = launched
        self._first: First | None = None
        self._full: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._metrics = Metrics() if metrics is None else metrics
        self._sha256 = manifest["files"][QUADS]["sha256"]
        self._file = (Path(settings.dist) / QUADS).open("rb")
        self._zygote: Zygote | None = None
        self._workers: set[Worker] = set()
        # the last one back goes first: what it read is still in the caches, and it has its own pages by now
        self._idle: list[Worker] = []
        self._quick: FairQueue[Worker] = FairQueue()
        self._slow: FairQueue[Worker] = FairQueue()
        self._long: set[Worker] = set()
        self._max_long = max(1, settings.workers - 1)
        self._load: Counter[str] = Counter()
        """Long queries of each client, under way or waiting."""
        self._known_long: OrderedDict[int, None] = OrderedDict()
        self._quick_ends = 0
        self._short = asyncio.Event()
        self._supervisor: asyncio.Task[None] | None = None
        self._burials: set[asyncio.Task[int | None]] = set()

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
        return len(self._quick) + len(self._slow)

    @property
    def long(self) -> int:
        """Queries under way that are no longer quick."""
        return len(self._long)

    @property
    def pids(self) -> frozenset[int]:
        """The processes of the workers."""
        return frozenset(worker.pid for worker in self._workers)

    async def start(self) -> None:
        """Start the zygote and all workers; aside, where there is a first worker that can answer meanwhile.

        Raises: EngineError when the release cannot be loaded, which may show in ``filled`` only.
        """
        if self._launched is not None and self._launched.first is not None and self._is_ours(self._launched):
            limits = (self._settings.result_bytes, self._settings.quick_s)
            self._first = await First.join(self._launched.first, *limits)
        if self._first is None:
            await self._fill()
        self._short.set()
        self._supervisor = asyncio.create_task(self._supervise())

    async def filled(self) -> None:
        """Wait until all workers are there.

        Raises: EngineError when the release cannot be loaded.
        """
        await asyncio.shield(self._full)

    async def close(self) -> None:
        """End all workers and the zygote, and refuse those who wait."""
        if self._supervisor is not None:
            self._supervisor.cancel()
            with suppress(asyncio.CancelledError):
                await self._supervisor
        if self._launched is not None:
            self._launched.close()
        self._end_first()
        for place in (*self._quick.all(), *self._slow.all()):
            if not place.turn.done():
                place.turn.set_exception(Busy("The service is shutting down"))
        for worker in list(self._workers):
            self._bury(worker)
        await asyncio.gather(*self._burials, return_exceptions=True)
        if self._zygote is not None:
            await self._zygote.close()
        self._file.close()

    def begin(self, query: Query, client: str = "") -> Job | None:
        """Begin with a query if that can be done at once, for one who sees it through.

        That is by ``end`` once its reply has come, or by ``query``.
        """
        message = query.frame()
        if not self._idle or self._quick or hash(message) in self._known_long:
            return None
        worker = self._pick()
        if worker.lost:
            self._bury(worker, "died")
            return None
        job = self._ask(worker, message, client)
        self._metrics.waited(0)
        return job

    def end(self, job: Job) -> None:
        """Be done with a query that was begun: with its worker too if its reply has not come. Once is enough."""
        if job.over:
            return
        job.over = True
        if job.reply.cancel() or job.reply.cancelled():
            self._leave(job, "left")
        elif job.reply.exception() is None and job.reply.result().retire:
            self._leave(job, "grown")
        else:
            self._leave(job, "")

    async def query(self, query: Query, client: str = "", job: Job | None = None) -> Reply:
        """Evaluate a query in a worker; the queries of one ``client`` take turns with those of others.

        ``job`` is what was begun with it. Where a worker is killed from outside, another one tries once more.

        Raises: TooSlow at the deadline; Busy when no worker is free in time; WorkerDied.
        """
        if self._first is not None and (reply := await self._first.answer(query)) is not None:
            self._metrics.waited(0)
            return reply
        message = query.frame()
        with suppress(Killed):
            return await self._try(message, client, job)
        return await self._try(message, client)

    async def _try(self, message: bytes, client: str, job: Job | None = None) -> Reply:
        if job is not None or hash(message) not in self._known_long:
            with suppress(Moved):
                return await self._evaluate(message, client, job, long=False)
        self._load[client] += 1
        try:
            return await self._evaluate(message, client, long=True)
        finally:
            self._unload(client)

    def _ask(self, worker: Worker, message: bytes, client: str) -> Job:
        reply = worker.ask(message, self._settings.result_bytes)
        since = asyncio.get_running_loop().time()
        return Job(worker, client, reply, since, worker.busy_s(), self._quick_ends)

    async def _evaluate(self, message: bytes, client: str, job: Job | None = None, *, long: bool) -> Reply:
        job = job or self._ask(await self._living(client, long=long), message, client)
        worker, job.over = job.worker, True  # from here on it ends here
        looked_at = job.since + self._settings.quick_s / 2
        job.timer = asyncio.get_running_loop().call_at(looked_at, self._watch, job)
        reason = "left"
        try:
            async with asyncio.timeout_at(job.since + self._settings.deadline_s):
                reply = await job.reply
            reason = "grown" if reply.retire else "long" if self._has_enough_slow(worker) else ""
            self._remember(message, long=job.outlasted)
        except TimeoutError:
            reason = "deadline"
            self._remember(message, long=True)
            limit = self._settings.deadline_s
            raise TooSlow(f"The query was stopped at its limit of {limit:g} seconds") from None
        except Moved:
            reason = "moved"
            self._remember(message, long=True)
            raise
        except WorkerLost:
            code = await asyncio.shield(self._bury(worker))
            reason, died = obituary(code)
            self._ended(worker, reason)
            raise died from None
        else:
            return reply
        finally:
            job.timer.cancel()
            self._long.discard(worker)
            if job.promoted:
                self._unload(client)
            self._leave(job, reason)

    def _leave(self, job: Job, reason: str) -> None:
        """Let a query's worker go: for good where there is a reason to."""
        self._quick_ends += not job.outlasted
        if reason:
            self._bury(job.worker, reason)
            self._dispatch()
        else:
            self._release(job.worker)

    def _watch(self, job: Job) -> None:
        """Look again and again how long a query takes: whether it is still quick, and whether it holds others up."""
        loop, quick_s = asyncio.get_running_loop(), self._settings.quick_s
        used = job.worker.busy_s() - job.began
        if not job.outlasted and used >= quick_s:
            job.outlasted = True
            if job.worker not in self._long and not self._promote(job):
                return
        in_the_way = used >= quick_s / 2 and self._quick_ends - job.quick_ends >= _SOME
        late = job.outlasted and loop.time() >= job.since + quick_s * _PATIENCE
        if not job.worker.slowed and (in_the_way or late):
            job.worker.yield_to_others()  # not before, for it cannot be undone
        if not (job.outlasted and job.worker.slowed):
            job.timer = loop.call_later(_LOOK_S, self._watch, job)

    def _promote(self, job: Job) -> bool:
        """Take a query for long that has used its time as a quick one; stop it where no more may be long."""
        if len(self._long) >= self._max_long:
            job.worker.fail(Moved("The query is long"))
            return False
        self._long.add(job.worker)
        self._load[job.client] += 1
        job.promoted = True
        return True

    def _remember(self, message: bytes, *, long: bool) -> None:
        """Know a query for a long one, until it is quick again."""
        if not long:
            self._known_long.pop(hash(message), None)
            return
        self._known_long[hash(message)] = None
        if len(self._known_long) > _REMEMBERED:
            self._known_long.popitem(last=False)

    def _unload(self, client: str) -> None:
        self._load[client] -= 1
        if not self._load[client]:
            del self._load[client]

    async def _living(self, client: str, *, long: bool) -> Worker:
        """Wait for a worker that has not died meanwhile."""
        worker = await self._acquire(client, long=long)
        while worker.lost:
            self._long.discard(worker)
            self._bury(worker, "died")
            worker = await self._acquire(client, long=long)
        return worker

    async def _acquire(self, client: str, *, long: bool) -> Worker:
        if not long and self._idle and not self._quick:
            self._metrics.waited(0)
            return self._pick()
        loop = asyncio.get_running_loop()
        place: Place[Worker] = Place(client, loop.create_future())
        queue = self._slow if long else self._quick
        queue.add(place)
        if self.waiting > self._settings.queue:
            self._turn_away()
        self._dispatch()
        worker = None
        try:
            async with asyncio.timeout(self._settings.deadline_s):
                worker = await place.turn
        except TimeoutError:
            raise Busy(f"No worker became free within {self._settings.deadline_s:g} seconds") from None
        else:
            return worker
        finally:
            self._metrics.waited(loop.time() - place.since)
            queue.remove(place)
            turn = place.turn
            if worker is None and turn.done() and not turn.cancelled() and turn.exception() is None:
                self._long.discard(turn.result())
                self._release(turn.result())  # given to us at the moment we gave up

    def _pick(self, *, long: bool = False) -> Worker:
        """Take an idle worker: a slowed one for a long query, or while nobody else is there to come before it.

        So slowed ones are kept, up to as many as queries may be long: a worker that takes another's place has first to
        copy each page of the graph that it reads, for the engine counts in it how often a thing is used.
        """
        slowed = long or len(self._idle) == self.alive
        worker = next((it for it in reversed(self._idle) if it.slowed is slowed), self._idle[-1])
        self._idle.remove(worker)
        return worker

    def _has_enough_slow(self, worker: Worker) -> bool:
        """Say whether a worker is slowed, and one too many that are."""
        return worker.slowed and sum(it.slowed for it in self._workers) > self._max_long

    def _turn_away(self) -> None:
        """Refuse the last request of the client that has the most waiting."""
        lines = [queue for queue in (self._quick, self._slow) if queue]
        last = max(lines, key=len).last_of_longest()
        for queue in lines:
            queue.remove(last)
        if not last.turn.done():
            last.turn.set_exception(Busy(f"{self.waiting} requests are waiting already"))

    def _release(self, worker: Worker) -> None:
        """Give a worker to the next request that waits, or let it idle."""
        if worker.lost:
            self._bury(worker, "" if worker.burial else "died")
            return
        self._idle.append(worker)
        self._dispatch()

    def _dispatch(self) -> None:
        """Give idle workers to those who wait: to long queries as many as may be long, the others to quick ones."""
        while self._idle:
            # a worker that is being replaced is not there for the quick
            long = bool(self._slow) and len(self._long) < min(self._max_long, max(1, self.alive - 1))
            if not long and not self._quick:
                return
            place = (self._slow if long else self._quick).next(self._load)
            if place.turn.done():
                continue
            worker = self._pick(long=long)
            if long:
                self._long.add(worker)
            place.turn.set_result(worker)

    def _bury(self, worker: Worker, reason: str = "") -> asyncio.Task[int | None]:
        """Take a worker out of the pool, end its process and have it replaced; once for each worker."""
        if reason:
            self._ended(worker, reason)
        if worker.burial is not None:
            return worker.burial
        worker.close()
        self._workers.discard(worker)
        with suppress(ValueError):
            self._idle.remove(worker)
        worker.burial = asyncio.create_task(worker.kill())
        self._burials.add(worker.burial)
        worker.burial.add_done_callback(self._burials.discard)
        self._short.set()
        return worker.burial

    def _ended(self, worker: Worker, reason: str) -> None:
        """Tell once why a worker has ended."""
        if worker.epitaph:
            return
        worker.epitaph = reason
        self._metrics.ended(reason)
        _LOG.log(
            logging.INFO if reason in _EVERYDAY else logging.WARNING,
            "a query worker has ended",
            extra={"worker": worker.pid, "reason": reason},
        )

    async def _supervise(self) -> None:
        """Keep the pool full; when the zygote cannot be restarted, try again ever more slowly."""
        pause = _FIRST_PAUSE
        while True:
            await self._short.wait()
            self._short.clear()
            while self.alive < self._settings.workers:
                try:
                    await self._fill()
                    pause = _FIRST_PAUSE
                except (EngineError, OSError) as error:
                    if not self._full.done():
                        self._full.set_exception(error)
                        return
                    _LOG.error("no query worker could be started; trying again", extra={"fault": str(error)})
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)

    async def _fill(self) -> None:
        """Start as many workers as are missing."""
        while self.alive < self._settings.workers:
            await self._add()
        if not self._full.done():
            self._full.set_result(None)

    async def _add(self) -> None:
        if self._zygote is None or self._zygote.lost:
            if self._zygote is not None:
                _LOG.warning("the parent of the query workers has died; starting another")
                await self._zygote.close()
            self._zygote = await Zygote.join(self._launch())
        worker = await self._zygote.spawn(self._on_lost)
        self._workers.add(worker)
        self._end_first()
        self._release(worker)

    def _end_first(self) -> None:
        if self._first is not None:
            self._first.close()
            self._first = None

    def _launch(self) -> Launched:
        """Take the zygote that was launched beforehand, once, if it is one for this release; else launch one."""
        launched, self._launched = self._launched, None
        if launched is not None and not self._is_ours(launched):
            launched.close()
            launched = None
        return launched or launch(self._file, self._sha256, self._settings)

    def _is_ours(self, launched: Launched) -> bool:
        return launched.sha256 == self._sha256

    def _on_lost(self, worker: Worker) -> None:
        """Replace a worker that died while it idled; the one who waits for a busy worker buries it."""
        if worker in self._idle:
            self._bury(worker, "died")
