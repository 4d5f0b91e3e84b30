"""``/compare``: two or three plans, or bodies, side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from iotkg.errors import InvalidParameter
from iotkg.identifiers import expand
from iotkg.model import Term
from iotkg.sides import MOST, Aspect, bodies, bodies_beside, plans, plans_beside, table_of_sides
from iotkg.store import Table
from iotkg.tables import to_csv, to_json
from iotkg.terms import Names
from iotkg_api import operations
from iotkg_api.pages import Page, conditional, language_of, render
from iotkg_api.problems import Kind, Problem
from iotkg_api.resources import catalogue_of

_WRITERS: Final[dict[str, tuple[str, Callable[[Table], str]]]] = {
    "csv": ("text/csv; charset=utf-8", to_csv),
    "json": ("application/json", to_json),
}
_KINDS: Final[dict[str, tuple[Callable[[Names], tuple[Term, ...]], Callable[..., tuple[Aspect, ...]]]]] = {
    "plan": (plans, plans_beside),
    "body": (bodies, bodies_beside),
}
_SPELLINGS: Final = 3
_SHOWN: Final = ("all", "shared", "differing")


@dataclass(frozen=True, kw_only=True, slots=True)
class ComparePage:
    """A comparison, or, without sides, the form to choose them."""

    kinds: tuple[tuple[str, tuple[Term, ...]], ...]
    kind: str
    sides: tuple[Term, ...]
    aspects: tuple[Aspect, ...]
    shown: str
    ways: tuple[tuple[str, str], ...]
    """Each way of choosing rows, with its address."""
    downloads: tuple[tuple[str, str], ...]
    most: int = MOST


def compare(request: Request) -> Response:
    """Answer the page, or with a suffix the comparison as a table.

    Raises: InvalidParameter for sides that there are none of, or too many; Problem for another suffix.
    """
    suffix = request.path_params.get("suffix", "")
    if suffix and suffix not in _WRITERS:
        raise Problem(Kind.NOT_FOUND, f"There is no /compare.{suffix}; there is .{' and .'.join(_WRITERS)}")
    names = catalogue_of(request).names
    kind, given = _asked(request)
    known = {of: listed(names) for of, (listed, _) in _KINDS.items() if of == kind or not given}
    sides = _sides(kind, given, known[kind]) if given else ()
    aspects = _KINDS[kind][1](names, [side.iri for side in sides]) if sides else ()
    if suffix:
        content_type, write = _WRITERS[suffix]
        return conditional(request, Response(write(table_of_sides(aspects, sides)), media_type=content_type))
    shown = request.query_params.get("show", "all")
    if shown not in _SHOWN:
        raise InvalidParameter(f"show: {shown!r} is none of {', '.join(_SHOWN)}")
    page = Page(request, language_of(request))
    query = "&".join(f"{kind}={_key(side)}" for side in sides)

    def here(path: str, more: str) -> str:
        address = page.url(path)
        return f"{address}{'&' if '?' in address else '?'}{query}{more}"

    context = ComparePage(
        kinds=tuple(known.items()),
        kind=kind,
        sides=sides,
        aspects=aspects,
        shown=shown,
        ways=tuple((way, here("/compare", f"&show={way}")) for way in _SHOWN),
        downloads=tuple((name, here(f"/compare.{name}", "")) for name in _WRITERS),
    )
    return render(request, "compare.html", context)


def _asked(request: Request) -> tuple[str, list[str]]:
    """Read ``plan`` or ``body``, and what is to be compared; a choice left empty counts for nothing."""
    given = {kind: [text for text in request.query_params.getlist(kind) if text] for kind in _KINDS}
    used = [kind for kind, texts in given.items() if texts]
    if len(used) > 1:
        raise InvalidParameter("plan and body: compare plans, or bodies, not one with the other")
    kind = used[0] if used else next(iter(_KINDS))
    return kind, given[kind]


def _sides(kind: str, given: list[str], choices: tuple[Term, ...]) -> tuple[Term, ...]:
    different = dict.fromkeys(given)
    few = len(different) <= _SPELLINGS * MOST  # one may be spelled in some ways
    sides = tuple(dict.fromkeys(_read(kind, text, choices) for text in different)) if few else ()
    if not 1 < len(sides) <= MOST:
        raise InvalidParameter(
            f"{kind}: {len(different)} given; name two or three different ones, as in {kind}=…&{kind}=…"
        )
    return sides


def _read(kind: str, text: str, choices: tuple[Term, ...]) -> Term:
    iri = expand(text)
    for choice in choices:
        key = _key(choice)
        if text in {key, choice.iri.value} or choice.iri == iri or key.endswith(f"_{text}"):
            return choice
    allowed = ", ".join(_key(choice) for choice in choices)
    raise InvalidParameter(f"{kind}: {text[:80]!r} is none of {allowed}")


def _key(thing: Term) -> str:
    return thing.iri.value.rpartition("/")[2]


router = APIRouter()
router.add_route("/compare", compare, include_in_schema=False)
router.add_route("/compare.{suffix}", compare, include_in_schema=False)

_SIDES: Final = {"type": "array", "items": {"type": "string"}, "maxItems": MOST}
_PARAMETERS: Final = [
    {
        "name": "plan",
        "in": "query",
        "description": "Two or three plans, by key or the end of it",
        "schema": _SIDES,
        "example": ["standards", "security"],
    },
    {"name": "body", "in": "query", "description": "Or two or three bodies, by key", "schema": _SIDES},
]
_RESPONSES: Final = {
    "200": {"description": "Each thing that is named, and for each side the words that name it"},
    "422": {"description": "A plan or body there is none of, one alone, or more than three"},
}
PATHS: Final[dict[str, Any]] = {
    f"/compare{suffix}": {
        "get": {
            "summary": f"Compare plans or bodies{words}",
            "operationId": f"compare{suffix.replace('.', '_')}",
            "tags": ["Things"],
            "parameters": _PARAMETERS,
            "responses": {
                "200": {**_RESPONSES["200"], "content": operations.bodies(content_type, json="array")},
                "422": _RESPONSES["422"],
            },
        }
    }
    for suffix, words, content_type in (
        ("", ", as a page", "text/html"),
        (".csv", ", as CSV", "text/csv"),
        (".json", ", as JSON", "application/json"),
    )
}
"""OpenAPI path items of these routes."""
