"""The service: its routes, what every answer carries, and what it holds while it runs.

On ``app.state``: ``settings``; ``release``, the manifest; ``source``, the release for lookups whose cost is known;
``answers``, the canned queries over it; ``default_triples``, the size of the default view; ``pool``, for queries
whose cost is not known; ``metrics``, the counters, which outlive a release.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from math import ceil
from typing import Any, Final

import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from iotkg.answering import open_answers
from iotkg.errors import IotkgError
from iotkg.store import default_size, open_release, read_manifest
from iotkg_api import (
    answers,
    compare,
    explaining,
    framing,
    health,
    home,
    logs,
    metrics,
    pages,
    pictures,
    problems,
    quality,
    resources,
    sparql,
)
from iotkg_api.connections import Server, Watch, allow_files
from iotkg_api.editions import Editions
from iotkg_api.limiting import Rate
from iotkg_api.metrics import Metrics
from iotkg_api.observing import Observed
from iotkg_api.settings import Settings, from_environment
from iotkg_api.workers import Pool

_LOG: Final = logging.getLogger(__name__)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    home.router,
    resources.router,
    answers.router,
    compare.router,
    pictures.router,
    quality.router,
    explaining.router,
    sparql.router,
    health.router,
    metrics.router,
    pages.router,
)
"""Every router of the service: add new ones here."""

PATHS: Final[dict[str, Any]] = {
    **resources.PATHS,
    **answers.PATHS,
    **compare.PATHS,
    **explaining.PATHS,
    **pictures.PATHS,
    **sparql.PATHS,
}
"""OpenAPI path items of the routes that are not FastAPI's own."""

HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Retry-After, X-Request-Id",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
}
"""What every answer carries, errors too, unless the handler set it itself."""

_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS, POST",
    "Access-Control-Allow-Headers": "Accept, Accept-Language, Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
}
_HEAD_BYTES: Final = 512 * 1024
"""The longest request line and headers: enough for a query of 200 kB in a GET."""
_NOT_STARTED: Final = 3
"""Exit code when the release cannot be loaded or the address cannot be listened on."""


class Service(FastAPI):
    """FastAPI, describing its thin routes too."""

    def openapi(self) -> dict[str, Any]:
        """Give the OpenAPI description of every operation."""
        described = super().openapi()
        described["paths"] = {**described["paths"], **PATHS}
        return described


class Edge:
    """Outermost layer: the headers every answer carries, CORS preflights, and the answer when a handler fails."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with our headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(raw=message["headers"])
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            scope = framing.accepted(scope)
        except problems.Problem as error:
            await problems.response(error)(scope, receive, send_with_headers)
            return
        if scope["method"] == "OPTIONS" and "access-control-request-method" in Headers(scope=scope):
            await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, send_with_headers)
            return
        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            if started:
                raise
            _LOG.exception("%s %s failed", scope["method"], scope["path"])
            failed = problems.Problem(problems.Kind.INTERNAL, "The fault is ours, and has been logged")
            await problems.response(failed)(scope, receive, send_with_headers)


def create_app(settings: Settings | None = None, counters: Metrics | None = None) -> FastAPI:
    """Build the application; without settings, from the environment.

    Raises: InvalidParameter or InputError when the settings cannot be read. What is wrong with the release shows
    when the application starts.
    """
    chosen = from_environment() if settings is None else settings
    app = Service(
        title="iotkg",
        summary="China's IoT special action plans (2013-2015) as a knowledge graph",
        docs_url=None,  # these pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # the redirect would repeat the Host header
        lifespan=_lifespan,
    )
    app.state.settings = chosen
    app.state.metrics = Metrics() if counters is None else counters
    for router in ROUTERS:
        app.include_router(router)
    app.add_exception_handler(problems.Problem, problems.on_problem)
    app.add_exception_handler(IotkgError, problems.on_iotkg_error)
    app.add_exception_handler(HTTPException, problems.on_http_exception)
    app.add_exception_handler(RequestValidationError, problems.on_validation_error)
    app.add_middleware(Edge)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load the release and start the workers; end them when the application stops.

    The folder is resolved once: a release put in its place meanwhile is for the next edition.
    """
    settings: Settings = app.state.settings
    settings = app.state.settings = replace(settings, dist=settings.dist.resolve())
    app.state.release = read_manifest(settings.dist)
    app.state.pool = Pool(settings, app.state.release, app.state.metrics)
    try:
        loading = asyncio.to_thread(open_release, settings.dist)
        app.state.source, _ = await asyncio.gather(loading, app.state.pool.start())
        app.state.answers = open_answers(settings.dist, app.state.source)
        app.state.default_triples = default_size(app.state.source)
        yield
    finally:
        await app.state.pool.close()


def run(settings: Settings) -> None:
    """Serve until stopped by SIGINT or SIGTERM, finishing the requests under way.

    Raises: InputError when there is no release to serve.
    """
    read_manifest(settings.dist)
    allow_files(settings.connections)
    counters = Metrics()
    editions = Editions(settings, lambda: create_app(settings, counters))
    watch = Watch(settings.patience_s, settings.connections)
    counters.add(editions.figures)
    counters.add(watch.figures)
    rate = Rate(settings.rate) if settings.rate else None
    config = uvicorn.Config(
        Observed(editions, counters, rate=rate, log=settings.access_log, headers=HEADERS),
        host=settings.host,
        port=settings.port,
        http="h11",  # httptools limits no head, and refuses a request line above 64 kB
        h11_max_incomplete_event_size=_HEAD_BYTES,
        access_log=False,
        log_config=None,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=settings.proxies,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=ceil(settings.deadline_s) + 1,
    )
    server = Server(config, watch)
    with logs.threaded(), suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(_NOT_STARTED)
