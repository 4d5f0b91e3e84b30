"""``/pictures``: what canned queries answer, drawn; each picture has its table and its data beside it.

The server chooses what is drawn and says it in words; without scripts the table is the picture. The drawing itself is
api/web/src/pictures.js.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from iotkg.answering import Answers
from iotkg.errors import InvalidParameter
from iotkg_api import drawings, operations
from iotkg_api.drawings import Drawing, Record
from iotkg_api.pages import Page, language_of, render
from iotkg_api.problems import Kind, Problem

_BUNDLE: Final = Path(__file__).parent / "static" / "built-pictures.js"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' "
    "'sha256-+TfQir1nvDucAdvE6XUQBt4ayUjpAWkbw2kCdSfekHM=' 'sha256-vnLCBQhI2E03zAY/Mp8RxBhuZSloT7+cclqIlG2t6/M='; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""As on every page, and the two style sheets that the drawing library writes into its pictures and legends."""
_LEAST: Final = 3
"""How many plans must name a thing for it to be drawn, until the reader says otherwise."""
_PLANS: Final = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture: the canned query it is drawn from, the parameters that it takes, and how its answer is drawn."""

    name: str
    query: str
    draw: Callable[[Page, Sequence[Record], int], Drawing]
    plan: str = ""
    """The plan that is drawn until the reader chooses another; empty where all are."""
    least: bool = False
    """Whether things that few plans name can be left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PicturesPage:
    """The list of pictures, ``/pictures``."""

    pictures: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PicturePage:
    """One picture, e.g. ``/pictures/sectors``."""

    name: str
    query: str
    query_href: str
    formats: tuple[tuple[str, str], ...]
    drawing: Drawing
    others: tuple[str, ...]
    plans: tuple[tuple[str, str], ...]
    plan: str
    least: int
    most: int
    scripts: bool
    data: str


def listed(request: Request) -> Response:
    """List the pictures."""
    return render(request, "pictures.html", PicturesPage(pictures=tuple(PICTURES)))


def picture(request: Request) -> Response:
    """Answer one picture.

    Raises: Problem for one that there is none of; InvalidParameter for a plan or a number that is not allowed.
    """
    name = request.path_params["name"]
    found = PICTURES.get(name)
    if found is None:
        raise Problem(Kind.NOT_FOUND, f"There is no picture {name!r}; there is {', '.join(PICTURES)}")
    page = Page(request, language_of(request))
    answers: Answers = request.app.state.answers
    plan, least = request.query_params.get("plan") or found.plan, _least(request) if found.least else 1
    given = {"plan": plan} if found.plan else {}
    table = answers.run(found.query, **given)
    records = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    drawing = found.draw(page, records, least)
    context = PicturePage(
        name=name,
        query=found.query,
        query_href=page.url(f"/queries/{found.query}", **given),
        formats=tuple(
            (form, page.url(f"/queries/{found.query}.{form}", **given)) for form in ("csv", "json")
        ),
        drawing=drawing,
        others=tuple(other for other in PICTURES if other != name),
        plans=_plans(answers, page) if found.plan else (),
        plan=plan,
        least=least if found.least else 0,
        most=_PLANS,
        scripts=_BUNDLE.exists(),
        data=json.dumps(
            {"kind": name, "label": page.say(f"picture-{name}"), "words": drawing.words, **drawing.data},
            ensure_ascii=False,
        ),
    )
    return render(request, "picture.html", context, headers={"Content-Security-Policy": _POLICY})


def _least(request: Request) -> int:
    asked = request.query_params.get("least") or str(_LEAST)
    if asked not in {str(number) for number in range(1, _PLANS + 1)}:
        raise InvalidParameter(f"least: {asked[:20]!r} is no number from 1 to {_PLANS}")
    return int(asked)


def _plans(answers: Answers, page: Page) -> tuple[tuple[str, str], ...]:
    parameter = answers.query("tasks-of-a-plan").parameter("plan")
    return tuple(
        (choice.key.partition("_")[2], choice.label[page.language]) for choice in answers.choices(parameter)
    )


PICTURES: Final[dict[str, Picture]] = {
    picture.name: picture
    for picture in (
        Picture(name="owners", query="owner-and-deadline", draw=drawings.matrix),
        Picture(
            name="sectors", query="sectors-in-plans", draw=drawings.heat("sector", "sectors"), least=True
        ),
        Picture(
            name="technologies",
            query="technologies-in-plans",
            draw=drawings.heat("technology", "technologies"),
            least=True,
        ),
        Picture(name="references", query="cross-references", draw=drawings.network),
        Picture(name="targets", query="targets", draw=drawings.targets),
        Picture(name="periods", query="periods-of-years", draw=drawings.periods),
        Picture(name="deadlines", query="owner-and-deadline", draw=drawings.deadlines),
        Picture(name="tree", query="tasks-of-a-plan", draw=drawings.tree, plan="standards"),
    )
}
"""Every picture by its name, in the order of the list."""

router = APIRouter()
router.add_route("/pictures", listed, include_in_schema=False)
router.add_route("/pictures/{name}", picture, include_in_schema=False)

PATHS: Final[dict[str, Any]] = {
    "/pictures/{name}": {
        "get": {
            "summary": "Look at a picture and its table",
            "operationId": "picture",
            "tags": ["Pages"],
            "parameters": [
                {
                    "name": "name",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string", "enum": list(PICTURES)},
                    "example": "sectors",
                },
                {
                    "name": "plan",
                    "in": "query",
                    "schema": {"type": "string"},
                    "description": "For tree: the plan drawn",
                },
                {
                    "name": "least",
                    "in": "query",
                    "schema": {"type": "integer", "minimum": 1, "maximum": _PLANS},
                    "description": "For sectors and technologies: in how many plans they are named at least",
                },
            ],
            "responses": {
                "200": {"description": "The page", "content": operations.bodies("text/html")},
                "404": {"description": "There is no such picture; those there are, are named"},
                "422": {"description": "A plan there is none of, or a number out of range"},
            },
        }
    }
}
"""OpenAPI path items of these routes."""
