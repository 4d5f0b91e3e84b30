"""The whole application: every router, described in OpenAPI.

``server`` starts without it, for FastAPI takes long to import, and hands it all that is not ``/sparql``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Router
from starlette.types import Receive, Scope, Send

from iotkg_api import (
    answers,
    compare,
    dumps,
    explaining,
    health,
    home,
    metrics,
    ontology,
    operations,
    pages,
    pictures,
    problems,
    quality,
    query_operations,
    reader,
    reference,
    resources,
    searching,
    sparql,
)

ROUTERS: Final[Sequence[APIRouter | Router]] = (
    home.router,
    resources.router,
    answers.router,
    compare.router,
    pictures.router,
    quality.router,
    reader.router,
    explaining.router,
    ontology.router,
    dumps.router,
    reference.router,
    searching.router,
    sparql.router,
    health.router,
    metrics.router,
    pages.router,
)
"""Every router of the service: add new ones here."""

PATHS: Final[dict[str, Any]] = {
    **resources.PATHS,
    **query_operations.PATHS,
    **compare.PATHS,
    **dumps.PATHS,
    **explaining.PATHS,
    **ontology.PATHS,
    **pictures.PATHS,
    **metrics.PATHS,
    **reader.PATHS,
    **searching.PATHS,
    **sparql.PATHS,
}
"""OpenAPI path items of the routes that are not FastAPI's own."""


class Service(FastAPI):
    """FastAPI, describing its thin routes too."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; FastAPI's own routes know no HEAD, and the edge sends no body to one."""
        if scope["type"] == "http" and scope["method"] == "HEAD" and scope["path"].startswith("/health/"):
            scope = {**scope, "method": "GET"}
        await super().__call__(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """Give the OpenAPI description of every operation."""
        own = super().openapi()
        shared = query_operations.components(self.state.answers)
        known = own.get("components", {})
        components = {**known, **{kind: {**known.get(kind, {}), **them} for kind, them in shared.items()}}
        paths = {**PATHS, **query_operations.paths(self.state.answers)}
        return operations.completed({**own, "components": components}, paths)


def described(request: Request) -> Response:
    """Answer the OpenAPI description."""
    return pages.conditional(request, JSONResponse(request.app.openapi()))


def whole_app(state: State) -> FastAPI:
    """Build the application over the state that the server has loaded, or is loading."""
    app = Service(
        title="iotkg",
        summary="China's IoT special action plans (2013-2015) as a knowledge graph",
        openapi_url=None,  # that answer is worked out anew each time; ours is kept
        docs_url=None,  # these pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # the redirect would repeat the Host header
    )
    app.state = state
    app.add_route("/openapi.json", described, include_in_schema=False)
    for router in ROUTERS:
        app.router.routes.extend(router.routes)
    for kind, handler in problems.HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.add_exception_handler(RequestValidationError, problems.on_validation_error)
    return app
