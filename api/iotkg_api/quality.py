"""The quality page: how much of the text the graph says, what is unsaid, what validation found, and what changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from pyoxigraph import NamedNode
from starlette.requests import Request
from starlette.responses import Response

from iotkg.coverage import Coverage, bare_table, coverages, to_table
from iotkg.model import Overview, Term
from iotkg.store import Table, read_file
from iotkg.tables import to_csv, to_json
from iotkg.validated import VALIDATION, Validated, from_json
from iotkg_api.changed import TABLES as CHANGES
from iotkg_api.changed import Changed, changed
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

_SHOWN: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class QualityPage:
    """What ``/quality`` shows."""

    measured: tuple[tuple[Coverage, Overview], ...]
    tables: tuple[str, ...]
    formats: tuple[str, ...]
    validated: Validated | None
    """What validation found; None where the release does not record it."""
    things: Mapping[str, Term]
    """What the findings are about, by IRI."""
    changed: Changed | None
    """What changed since the release before; None where none is given."""
    changes: tuple[str, ...]


def quality(request: Request) -> Response:
    """Answer the page."""
    validated = _validated(request)
    about = {iri for rule in validated.finding for iri in rule.things[:_SHOWN]} if validated else set()
    context = QualityPage(
        measured=tuple(zip(_measured(request), counted(request), strict=True)),
        tables=tuple(_TABLES),
        formats=tuple(_WRITERS),
        validated=validated,
        things=catalogue_of(request).names.of(NamedNode(iri) for iri in sorted(about)),
        changed=changed(request),
        changes=tuple(CHANGES),
    )
    return render(request, "quality.html", context)


def table(request: Request) -> Response:
    """Answer the counts, the sentences that nothing supports, or what changed, as a table for programs."""
    what, _, suffix = request.path_params["name"].partition(".")
    if what not in (*_TABLES, *CHANGES) or suffix not in _WRITERS:
        there = ", ".join(f"{known}.{form}" for known in (*_TABLES, *CHANGES) for form in _WRITERS)
        return failure(request, Kind.NOT_FOUND, f"There is no such table of quality; there are: {there}.")
    content_type, write = _WRITERS[suffix]
    if what in _TABLES:
        found = _TABLES[what](_measured(request))
    else:
        compared = changed(request)
        if compared is None or compared.difference is None:
            detail = compared.fault if compared else "No release before this one is given (IOTKG_PREVIOUS)"
            return failure(request, Kind.NOT_FOUND, detail)
        found = CHANGES[what](compared.difference)
    return conditional(request, Response(write(found), media_type=content_type))


def _validated(request: Request) -> Validated | None:
    """Read what the build recorded, once.

    Raises: InputError when the record is not the one of the release, or is none.
    """
    state = request.app.state
    if not hasattr(state, "validated"):
        there = VALIDATION in state.release["files"]
        state.validated = from_json(read_file(state.settings.dist, VALIDATION)) if there else None
    found: Validated | None = state.validated
    return found


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
