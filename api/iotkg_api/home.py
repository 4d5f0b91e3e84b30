"""The first page: what this is, the plans in numbers, what the text does not say, and how to ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from iotkg.describing import by_topic
from iotkg.model import Overview, Text
from iotkg.overview import overviews
from iotkg.queryfile import QueryFile
from iotkg.topics import TOPICS
from iotkg_api.contexts import Claim, HomePage, Question, Topic, claims
from iotkg_api.pages import Page, language_of, render
from iotkg_api.resources import catalogue_of

_DUMPS: Final = "/dumps"
_MOST: Final = 3
"""Questions of each topic that the page names; the list has all."""
_WAYS: Final = ("/source", "/search", "/pictures", "/compare", "/sparql", "/ontology", "/quality", _DUMPS)
"""Ways into the graph, where this service has them; each has a name and a sentence in the wording."""


def home(request: Request) -> Response:
    """Answer the first page."""
    page = Page(request, language_of(request))
    return render(
        request,
        "home.html",
        HomePage(
            sets=_sets(request),
            ways=tuple(way.removeprefix("/") for way in _WAYS if page.has(way)),
            topics=tuple(_topics(request, page)),
        ),
    )


def counted(request: Request) -> tuple[Overview, ...]:
    """Count every plan set, once: the dataset is frozen."""
    state = request.app.state
    if getattr(state, "overviews", None) is None:
        state.overviews = overviews(catalogue_of(request))
    found: tuple[Overview, ...] = state.overviews
    return found


def _sets(request: Request) -> tuple[tuple[Overview, tuple[Claim, ...]], ...]:
    return tuple((overview, claims(overview.corpus_owners)) for overview in counted(request))


def _topics(request: Request, page: Page) -> Iterator[Topic]:
    """Give each topic with the questions that it begins with, and how many it has."""
    answers = getattr(request.app.state, "answers", None)
    for key, queries in by_topic(answers) if answers else ():
        label = TOPICS[key].label[page.language]
        yield Topic(
            label=label,
            href=page.url(f"/queries#{key}"),
            questions=tuple(_question(query) for query in queries[:_MOST]),
            more=max(0, len(queries) - _MOST),
        )


def _question(query: QueryFile) -> Question:
    summary = (Text(query.header["summary"], "en"), Text(query.header["summary-zh"], "zh"))
    return Question(name=query.name, summary=summary)


router = APIRouter()
router.add_route("/", home, include_in_schema=False)
