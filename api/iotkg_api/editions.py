"""One release after another, without a request dropped in between.

Each release is served by an application of its own, with its store, its canned queries, its workers and whatever it
keeps. A new release is loaded beside the one that serves; new requests go to it from one moment on, and the old one
ends when its last request has been answered. A release that cannot be used is logged, and the old one keeps serving.

A look is taken on SIGHUP, and every few seconds where the settings say so.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from prometheus_client.metrics_core import Metric
from starlette.types import ASGIApp, Receive, Scope, Send

from iotkg.errors import InputError, IotkgError
from iotkg.store import MANIFEST, check_files, read_manifest
from iotkg_api.application import Application, settle
from iotkg_api.keeping import Cache
from iotkg_api.metrics import counts, of_application
from iotkg_api.settings import Settings

_LOG: Final = logging.getLogger(__name__)

Mark: TypeAlias = tuple[tuple[int, int, int] | None, ...]
"""What tells one release on disk from the next without reading it."""


@dataclass(eq=False, slots=True)
class Edition:
    """An application that has started, and how many requests it is answering."""

    app: Application
    ending: AsyncExitStack
    requests: int = 0
    empty: asyncio.Event = field(default_factory=asyncio.Event)

    def enter(self) -> None:
        """Count a request that it answers from now on."""
        self.requests += 1

    def leave(self) -> None:
        """Be done with a request."""
        self.requests -= 1
        if not self.requests:
            self.empty.set()

    @classmethod
    async def start(cls, make: Callable[[], Application], *, whole: bool = False) -> Edition:
        """Make an application and start it; the ``whole`` of it, or as much as answers queries."""
        app = await asyncio.to_thread(make)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(app.lifespan())
            if whole:
                await asyncio.shield(app.state.whole)
            return cls(app, stack.pop_all())
        raise AssertionError  # pragma: no cover  # for the type checker: a stack lets no exception vanish

    async def end(self) -> None:
        """Wait until the last request has been answered, and end the application."""
        if self.requests:
            self.empty.clear()
            await self.empty.wait()
        await self.ending.aclose()


class Editions:
    """The application that passes each request to the latest edition."""

    def __init__(self, settings: Settings, make: Callable[[], Application]) -> None:
        self._settings = settings
        self._make = make
        self.current: Edition | None = None
        """The one that new requests go to; None before the start."""
        self._mark: Mark = ()
        self._asked = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.reloads: dict[str, int] = {"taken": 0, "refused": 0}
        """How many new releases were taken over, and how many could not be."""
        self.broken = False
        """The first release, which there is no other to serve in place of, turned out to be broken."""
        self.on_broken: Callable[[], None] = lambda: None

    @property
    def cache(self) -> Cache | None:
        """The kept answers of the release that is served; None before the start."""
        return self.current.app.state.cache if self.current else None

    @property
    def loading(self) -> bool:
        """Whether a release is still being loaded, in a thread that cannot be ended."""
        return self.current is not None and self.current.app.loading

    def stop_loading(self) -> None:
        """Give up what is still being loaded; see ``Application.stop_loading``."""
        if self.current is not None:
            self.current.app.stop_loading()

    def figures(self) -> Iterator[Metric]:
        """Tell of the releases, and of the one that is served."""
        yield counts("iotkg_releases", "New releases seen since the start", "result", self.reloads)
        if self.current is not None:
            yield from of_application(self.current.app.state)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request from the edition that is current when it comes."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        edition = self.current
        if edition is None:  # pragma: no cover  # a server asks only after the start
            raise RuntimeError("the service has not started")
        edition.enter()
        try:
            await edition.app(scope, receive, send)
        finally:
            edition.leave()

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self._mark = _mark(self._settings.dist)
            self.current = await Edition.start(self._make)
            self.current.app.state.whole.add_done_callback(self._on_loaded)
        except Exception as error:  # noqa: BLE001  # uvicorn would take it for "has no lifespan" and serve
            if not isinstance(error, IotkgError):
                _LOG.critical("the service cannot start", exc_info=error)
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        with suppress(
            NotImplementedError, ValueError, RuntimeError
        ):  # no signals here, or not the main thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._asked.set)
        looking = asyncio.create_task(self._look())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        looking.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(looking, *self._tasks, return_exceptions=True)
        await self.current.ending.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    def _on_loaded(self, task: asyncio.Task[ASGIApp]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self.broken = True
            self.on_broken()

    async def _look(self) -> None:
        """Take over what is new, one after the other."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.watch_s or None):
                    await self._asked.wait()
            mark = await asyncio.to_thread(_mark, self._settings.dist)
            if self._asked.is_set() or mark != self._mark:
                self._asked.clear()
                self._mark = mark  # a release that cannot be used is tried again once it changes
                await self._take_over()

    async def _take_over(self) -> None:
        old = self.current
        try:
            await asyncio.to_thread(check_files, self._settings.dist)
            new = await Edition.start(self._make, whole=True)
        except Exception as error:  # noqa: BLE001  # whatever is wrong with the new, the old one serves
            self.reloads["refused"] += 1
            _LOG.error(  # a traceback only where it is our fault
                "the new release cannot be used; the old one keeps serving",
                extra={"fault": str(error)},
                exc_info=None if isinstance(error, IotkgError) else error,
            )
            return
        self.current = new
        self.reloads["taken"] += 1
        _LOG.info("a new release is served", extra={"release": new.app.state.release["release"]})
        if old is not None:
            task = asyncio.create_task(self._retire(old))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    @staticmethod
    async def _retire(old: Edition) -> None:
        try:
            await old.end()
        except asyncio.CancelledError:
            await old.ending.aclose()
            raise
        _LOG.info("the old release is gone", extra={"release": old.app.state.release["release"]})
        # else a circle of references would keep the store until Python looks for such
        for name in list(old.app.state):
            del old.app.state[name]
        settle()


def _mark(dist: Path) -> Mark:
    """Tell what stands in a folder by the files of its manifest: a release that is being copied changes once more."""
    found: list[tuple[int, int, int] | None] = []
    names = [MANIFEST]
    with suppress(InputError):
        names += read_manifest(dist)["files"]
    for name in names:
        try:
            status = (dist / name).stat()
        except OSError:
            found.append(None)
        else:
            found.append((status.st_ino, status.st_mtime_ns, status.st_size))
    return tuple(found)
