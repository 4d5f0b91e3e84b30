"""The service over one release: what it holds while it runs, and how it starts.

It answers ``/sparql`` as soon as a query worker is there. A thread imports FastAPI meanwhile; another loads the release
for the pages then, whose first readers wait for it.

On its ``state``: ``settings``; ``metrics``, the counters, which outlive a release; ``cache``, finished answers;
``rests``, what is known of requests (``ahead``); ``release``, the manifest; ``pool``, for queries whose cost is not
known; ``whole``, a task that gives FastAPI's application, and once it is done: ``source``, the release for lookups
whose cost is known; ``answers``, the canned queries over it; ``default_triples``, the size of the default view;
``search``, which gives the index for searches.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib import import_module
from threading import Thread
from typing import Final

from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from iotkg.answering import open_answers
from iotkg.store import default_size, open_release, read_manifest
from iotkg_api import problems, sparql
from iotkg_api.edge import Edge
from iotkg_api.keeping import Cache
from iotkg_api.launching import Launched
from iotkg_api.metrics import Metrics
from iotkg_api.settings import Settings, from_environment
from iotkg_api.workers import Pool

_LOG: Final = logging.getLogger(__name__)
_LOADING: Final = problems.Problem(
    problems.Kind.BUSY, "The release is still being loaded", {"Retry-After": "1"}
)


class Application:
    """Answers requests from one release."""

    def __init__(self, settings: Settings, counters: Metrics, launched: Launched | None = None) -> None:
        self._launched = launched
        self._loader: Thread | None = None
        self.state = State()
        self.state.settings = settings
        self.state.metrics = counters
        self.state.cache = Cache(settings.cache_bytes)
        self.state.rests = {}
        self._quick = Starlette(routes=sparql.router.routes, exception_handlers=problems.HANDLERS)
        self._quick.state = self.state
        self.edge = Edge(self._route, self.state)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self.edge(scope, receive, send)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a program's query at once; hand all else to FastAPI's application, once that is there.

        Who looks after the service need not wait for it: until then ``/health`` is answered here.
        """
        if scope["path"] == "/sparql" and not _reads_html(scope):
            await self._quick(scope, receive, send)
            return
        if scope["path"] == "/health/live" and not self.state.whole.done():
            app: ASGIApp = Response(b'{"status":"live"}', media_type="application/json")
        elif scope["path"] == "/health/ready" and not self.state.whole.done():
            app = problems.response(_LOADING)
        else:
            try:
                app = await sparql.loaded(self.state)
            except problems.Problem as problem:
                app = problems.response(problem)
        await app(scope, receive, send)

    @property
    def loading(self) -> bool:
        """Whether a thread is still loading the release for the pages, which cannot be ended."""
        return self._loader is not None and self._loader.is_alive()

    def stop_loading(self) -> None:
        """Give up what is still being loaded, for nobody is going to ask for it; who waits for it is told."""
        self.state.whole.cancel()

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Load the release and start the workers; end them at the end.

        The folder is resolved once: a release put in its place meanwhile is for the next edition.

        Raises: InputError when the release is missing or broken; EngineError when no worker starts, or the store does
        not hold the release.
        """
        state = self.state
        settings = state.settings = replace(state.settings, dist=state.settings.dist.resolve())
        state.release = read_manifest(settings.dist)
        if settings.store:
            from iotkg_api.remote import join  # noqa: PLC0415  # only with a store elsewhere

            state.source, state.pool = await asyncio.to_thread(join, settings, state.release)
        else:
            state.pool = Pool(settings, state.release, state.metrics, self._launched)
        state.whole = asyncio.create_task(self._whole())
        state.whole.add_done_callback(_tell)
        try:
            try:
                await state.pool.start()
            except BaseException:
                state.whole.cancel()
                raise
            yield
        finally:
            self.stop_loading()
            await asyncio.wait([state.whole])
            await state.pool.close()

    async def _whole(self) -> ASGIApp:
        """Make FastAPI's application, without holding up the workers: two that load at a time are each slower."""
        await asyncio.to_thread(import_module, "iotkg_api.app")  # which takes as long as to load a release
        await self.state.pool.filled()
        done: Future[ASGIApp] = Future()
        done.set_running_or_notify_cancel()  # who gives it up does not wait, and what comes of it then is dropped

        def run() -> None:
            try:
                done.set_result(_load(self.state, self.state.settings))
            except BaseException as error:  # noqa: BLE001  # whatever it is, it is for the one who waits
                done.set_exception(error)

        self._loader = Thread(target=run, name="load", daemon=True)
        self._loader.start()
        return await asyncio.wrap_future(done)


def create_app(
    settings: Settings | None = None, counters: Metrics | None = None, launched: Launched | None = None
) -> Application:
    """Build the service; without settings, from the environment. ``launched`` is its workers' parent, if it is there.

    Raises: InvalidParameter or InputError when the settings cannot be read. What is wrong with the release shows
    when the application starts.
    """
    return Application(
        from_environment() if settings is None else settings,
        Metrics() if counters is None else counters,
        launched,
    )


def _load(state: State, settings: Settings) -> ASGIApp:
    """Load the release, and build FastAPI's application over it."""
    if settings.store:
        state.default_triples = state.pool.triples
    else:
        state.source = open_release(settings.dist)
        state.default_triples = default_size(state.source)
    state.answers = open_answers(settings.dist, state.source)
    from iotkg_api import searching  # noqa: PLC0415  # what imports FastAPI is not imported before the start
    from iotkg_api.app import whole_app  # noqa: PLC0415

    searching.prepare(state, settings.dist)
    app = whole_app(state)
    settle()
    return app


def settle() -> None:
    """Free what is in circles, and exempt all that is left from being looked through again and again.

    It stays as long as the release does, and to look through it would hold up some requests for tens of milliseconds.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _tell(task: asyncio.Task[ASGIApp]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _LOG.critical("the pages cannot be served", exc_info=error)


def _reads_html(scope: Scope) -> bool:
    return any(name == b"accept" and b"html" in value.lower() for name, value in scope["headers"])
