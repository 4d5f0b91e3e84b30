"""Failures as answers: one shape of body for all of them (RFC 9457), and which status each failure has."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Coroutine, Mapping
from enum import Enum
from http import HTTPStatus
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from iotkg.errors import (
    CurationError,
    EngineError,
    InputError,
    InvalidParameter,
    IotkgError,
    OutputError,
    RemoteError,
    RemoteTooSlow,
    RequestError,
    ShapesError,
    UnknownEntity,
    UnknownQuery,
)
from iotkg.vocab import BASE
from iotkg_api.logs import PATH_SHOWN, REQUEST
from iotkg_api.pages import error_page, wants_html
from iotkg_api.settings import Settings

_LOG: Final = logging.getLogger(__name__)

_ADDRESS: Final = re.compile(r"https?://[^\s\"'<>,;]+")

MEDIA_TYPE: Final = "application/problem+json"
Extra: TypeAlias = str | int | list[str] | list[dict[str, str]]


class Kind(Enum):
    """What can go wrong: the last part of the type's IRI, the status, and a title for people."""

    BAD_REQUEST = ("bad-request", 400, "The request does not follow the SPARQL 1.1 Protocol")
    SYNTAX = ("syntax-error", 400, "The query is not valid SPARQL")
    READ_ONLY = ("read-only", 400, "This service is read-only")
    SERVICE = ("service-refused", 400, "Queries that call other services are refused")
    UNKNOWN_GRAPH = ("unknown-graph", 400, "The dataset has no such graph")
    TOO_COMPLEX = ("too-complex", 400, "The query is nested too deeply or too long a chain")
    QUERY_FAILED = ("query-failed", 400, "The query cannot be evaluated")
    RESULT_TOO_LARGE = ("result-too-large", 400, "The result is too large")
    NOT_FOUND = ("not-found", 404, "There is no such thing")
    NOT_ACCEPTABLE = ("not-acceptable", 406, "None of the types asked for can be given")
    TIMEOUT = ("request-timeout", 408, "The request took too long to arrive")
    OTHER_RELEASE = ("other-release", 410, "Another release is served")
    REQUEST_TOO_LARGE = ("request-too-large", 413, "The request is too large")
    UNSUPPORTED_TYPE = ("unsupported-media-type", 415, "The body has a type we do not read")
    NO_SUCH_PART = ("range-not-satisfiable", 416, "The file has no such part")
    HEADERS_TOO_LARGE = ("headers-too-large", 431, "The headers are too large")
    TOO_MANY = ("too-many-requests", 429, "There are too many requests")
    INVALID_PARAMETER = ("invalid-parameter", 422, "A parameter has a value that is not allowed")
    INTERNAL = ("internal-error", 500, "The service failed")
    TOO_SLOW = ("too-slow", 503, "The query took longer than it may")
    BUSY = ("busy", 503, "All workers are busy")
    WORKER_DIED = ("worker-died", 503, "The query ended the process that evaluated it")
    STORE = ("store-failed", 502, "The store behind this service gives no answer")
    STORE_TOO_SLOW = ("store-too-slow", 504, "The store behind this service takes too long")
    ENGINE = ("engine-failed", 503, "The engine failed; the answer is not known")

    def __init__(self, slug: str, status: int, title: str) -> None:
        self.slug = slug
        self.status = status
        self.title = title


KINDS: Final[dict[type[IotkgError], Kind]] = {
    UnknownQuery: Kind.NOT_FOUND,
    UnknownEntity: Kind.NOT_FOUND,
    InvalidParameter: Kind.INVALID_PARAMETER,
    RequestError: Kind.BAD_REQUEST,
    EngineError: Kind.ENGINE,
    RemoteError: Kind.STORE,
    RemoteTooSlow: Kind.STORE_TOO_SLOW,
    InputError: Kind.INTERNAL,
    OutputError: Kind.INTERNAL,
    CurationError: Kind.INTERNAL,
    ShapesError: Kind.INTERNAL,
}
"""The kind of each error of the library; a subclass has its nearest ancestor's."""


class Problem(Exception):
    """A failure to be answered: raise it in a handler.

    ``extra`` becomes members of the body (``line``, ``column``, ``types``), ``headers`` those of the answer.
    """

    def __init__(
        self, kind: Kind, detail: str, headers: Mapping[str, str] | None = None, **extra: Extra
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = extra

    @property
    def body(self) -> dict[str, Extra]:
        """The members of the problem details."""
        return {
            "type": f"{BASE}problem/{self.kind.slug}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            **self.extra,
        }


def contradiction(suffix: str, format_: str | None) -> Problem:
    """Refuse an address whose suffix and ``format`` ask for different types: neither is the one meant for sure."""
    detail = f"The suffix .{suffix} and format={format_} ask for different types; leave one of them out"
    return Problem(Kind.NOT_ACCEPTABLE, detail, {"Vary": "Accept, Accept-Language"})


def from_error(error: IotkgError, settings: Settings | None = None) -> Problem:
    """Say what an error of the library means to a client, who need not know files and other machines by name."""
    kind = next((KINDS[cls] for cls in type(error).__mro__ if cls in KINDS), Kind.INTERNAL)
    if kind is Kind.INTERNAL:
        return Problem(kind, "The release that is served cannot be read as it should; the log says why")
    detail = str(error)
    if isinstance(error, RemoteError):
        detail = _ADDRESS.sub(lambda found: found[0] if found[0].startswith(BASE) else "the store", detail)
        detail = detail.replace((settings and urlsplit(settings.store).hostname) or "\0", "the store")
    return Problem(kind, detail)


def response(problem: Problem) -> Response:
    """Write a problem as an answer."""
    return _write(problem.body, problem.kind.status, problem.headers)


def _write(body: Mapping[str, object], status: int, headers: Mapping[str, str] | None) -> Response:
    request = REQUEST.get()
    if request:
        body = {**body, "instance": f"{BASE}request/{request}"}
    content = json.dumps(body, ensure_ascii=False).encode()
    all_headers = {"Cache-Control": "no-store", **(headers or {})}
    return Response(content, status, headers=all_headers, media_type=MEDIA_TYPE)


async def on_problem(request: Request, error: Exception) -> Response:
    """Answer a Problem that a handler raised."""
    if not isinstance(error, Problem):  # pragma: no cover  # registered for Problem alone
        raise error
    return answer(request, error)


async def on_iotkg_error(request: Request, error: Exception) -> Response:
    """Answer an error of the library."""
    if not isinstance(error, IotkgError):  # pragma: no cover  # registered for IotkgError alone
        raise error
    problem = from_error(error, getattr(request.app.state, "settings", None))
    if problem.kind.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        what = {"method": request.method, "path": request.url.path[:PATH_SHOWN], "fault": str(error)}
        _LOG.error("a request failed", extra=what)
    return answer(request, problem)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses: no such path (404), no such method (405, with Allow).

    A path that has no answer of its own to OPTIONS says here which methods it has.
    """
    if not isinstance(error, HTTPException):  # pragma: no cover  # registered for HTTPException alone
        raise error
    headers = dict(error.headers or {})
    if "Allow" in headers:
        headers["Allow"] = ", ".join(sorted({*headers["Allow"].split(", "), "OPTIONS"}))
        if request.method == "OPTIONS":
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
    if wants_html(request):
        return _page(request, error.status_code, error.detail, headers)
    phrase = HTTPStatus(error.status_code).phrase
    body = {"type": "about:blank", "title": phrase, "status": error.status_code, "detail": error.detail}
    return _write(body, error.status_code, headers)


async def on_validation_error(request: Request, error: Exception) -> Response:
    """Answer parameters that do not fit their declared types."""
    from fastapi.exceptions import RequestValidationError  # noqa: PLC0415  # the service starts without FastAPI

    if not isinstance(error, RequestValidationError):  # pragma: no cover  # registered for it alone
        raise error
    faults = [{"parameter": str(e["loc"][-1]), "message": str(e["msg"])} for e in error.errors()]
    detail = "; ".join(f"{fault['parameter']}: {fault['message']}" for fault in faults)
    return answer(request, Problem(Kind.INVALID_PARAMETER, detail, faults=faults))


async def on_fault(request: Request, error: Exception) -> Response:
    """Answer what nobody foresaw; what it was is for our log."""
    what = {"method": request.method, "path": request.url.path[:PATH_SHOWN]}
    _LOG.error("a request failed", extra=what, exc_info=error)
    return response(Problem(Kind.INTERNAL, "The fault is ours, and has been logged"))


def answer(request: Request, problem: Problem) -> Response:
    """Answer a failure: a page for a browser, problem details for a program."""
    if wants_html(request):
        return _page(request, problem.kind.status, problem.detail, problem.headers)
    return response(problem)


def _page(request: Request, status: int, detail: str, headers: Mapping[str, str] | None) -> Response:
    page = error_page(request, status, detail)
    page.headers.update({"Cache-Control": "no-store", **(headers or {})})
    return page


HANDLERS: Final[dict[type[Exception], Callable[[Request, Exception], Coroutine[Any, Any, Response]]]] = {
    Problem: on_problem,
    IotkgError: on_iotkg_error,
    HTTPException: on_http_exception,
    Exception: on_fault,
}
"""What answers the exceptions that a handler may raise."""
