"""The quality page: how much of the text the graph says, and what the text does not say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from iotkg.coverage import Coverage, bare_table, coverages, to_table
from iotkg.model import Overview
from iotkg.store import Table
from iotkg.tables import to_csv, to_json
from iotkg_api.home import counted
from iotkg_api.pages import conditional, render
from iotkg_api.problems import Kind
from iotkg_api.resources import catalogue_of, failure

_WRITERS: Final[dict[str, tuple[str, Callable[[Table], str]]]] = {
    "csv": ("text/csv; charset=utf-8", to_csv),
    "json": ("application/json", to_json),
}
_TABLES: Final[dict[str, Callable[[tuple[Coverage, ...]], Table]]] = {
    "coverage": to_table,
    "sentences": bare_table,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class QualityPage:
    """What ``/quality`` shows."""

    measured: tuple[tuple[Coverage, Overview], ...]
    tables: tuple[str, ...]
    formats: tuple[str, ...]


def quality(request: Request) -> Response:
    """Answer the page."""
    pairs = tuple(zip(_measured(request), counted(request), strict=True))
    return render(
        request, "quality.html", QualityPage(measured=pairs, tables=tuple(_TABLES), formats=tuple(_WRITERS))
    )


def table(request: Request) -> Response:
    """Answer the counts, or the sentences that nothing supports, as a table for programs."""
    what, _, suffix = request.path_params["name"].partition(".")
    if what not in _TABLES or suffix not in _WRITERS:
        there = ", ".join(f"{known}.{form}" for known in _TABLES for form in _WRITERS)
        return failure(request, Kind.NOT_FOUND, f"There is no such table of quality; there are: {there}.")
    content_type, write = _WRITERS[suffix]
    return conditional(request, Response(write(_TABLES[what](_measured(request))), media_type=content_type))


def _measured(request: Request) -> tuple[Coverage, ...]:
    """Measure once: the dataset is frozen."""
    state = request.app.state
    if getattr(state, "coverages", None) is None:
        state.coverages = coverages(catalogue_of(request))
    found: tuple[Coverage, ...] = state.coverages
    return found


router = APIRouter()
router.add_route("/quality", quality, include_in_schema=False)
router.add_route("/quality/{name}", table, include_in_schema=False)
