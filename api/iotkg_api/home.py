"""The first page: what this is, the plans in numbers, what the text does not say, and how to ask."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from iotkg.model import Overview, Text
from iotkg.overview import overviews
from iotkg.vocab import PREFIXES
from iotkg_api.contexts import Choice, Claim, HomePage, Question, claims
from iotkg_api.pages import Page, language_of, render
from iotkg_api.resources import catalogue_of

_FORMATS: Final = ("csv", "tsv", "json", "xml")
_DUMPS: Final = "/dumps/{name}"
_SPARQL: Final = f"""\
PREFIX iotkg: <{PREFIXES["iotkg"]}>
PREFIX skos: <{PREFIXES["skos"]}>

SELECT ?task ?owner ?basis ?quote
WHERE {{{{
  ?statement
    iotkg:appliesTo ?subject ;
    iotkg:role/iotkg:owning true ;
    iotkg:actor/skos:prefLabel ?owner ;
    iotkg:basis/skos:prefLabel ?basis ;
    iotkg:hasEvidence/iotkg:exactQuote ?quote .
  ?subject skos:prefLabel ?task .
  FILTER(LANG(?task) = "{{language}}" && LANG(?owner) = "{{language}}" && LANG(?basis) = "{{language}}")
}}}}
ORDER BY ?basis ?owner ?task ?quote
LIMIT 20
"""


def home(request: Request) -> Response:
    """Answer the first page."""
    page = Page(request, language_of(request))
    return render(
        request,
        "home.html",
        HomePage(
            sets=_sets(request),
            questions=_questions(request),
            sparql=_SPARQL.format(language=page.language) if page.has("/sparql") else "",
            formats=_FORMATS,
            downloads=_downloads(request, page),
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


def _questions(request: Request) -> tuple[Question, ...]:
    answers = getattr(request.app.state, "answers", None)
    return tuple(
        Question(
            name=name,
            summary=(Text(query.header["summary"], "en"), Text(query.header["summary-zh"], "zh")),
        )
        for name, query in (answers.queries if answers else {}).items()
    )


def _downloads(request: Request, page: Page) -> tuple[Choice, ...]:
    manifest = getattr(request.app.state, "release", None)
    files = manifest.get("files", {}) if isinstance(manifest, dict) and page.has(_DUMPS) else {}
    return tuple(Choice(label=name, href=page.url(_DUMPS.format(name=name))) for name in sorted(files))


router = APIRouter()
router.add_route("/", home, include_in_schema=False)
