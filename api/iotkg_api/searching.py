"""Search over HTTP: the page and its JSON, what the search boxes suggest, and how a browser adds us to its own box."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter
from pyoxigraph import NamedNode
from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response

from iotkg.errors import InvalidParameter, IotkgError
from iotkg.indexing import opened
from iotkg.search import LONGEST, Index, tidy
from iotkg.searchable import KINDS
from iotkg.terms import Names
from iotkg_api import operations
from iotkg_api.found import PAGE, json_of, key_of, kind_name, page_of
from iotkg_api.negotiation import HTML, Offer, choose, listing, once
from iotkg_api.pages import Page, conditional, language_of, render
from iotkg_api.problems import Kind, Problem

_JSON: Final = Offer("application/json", "application/json", ("json",))
_SUGGESTIONS: Final = Offer(
    "application/x-suggestions+json", "application/x-suggestions+json", ("suggestions",)
)
_DESCRIPTION: Final = "application/opensearchdescription+xml"
_VARY: Final = {"Vary": "Accept, Accept-Language"}
_MOST: Final = 100
_LAST: Final = 1_000_000


def prepare(state: State, folder: Path | None) -> Future[Index]:
    """Open the index aside, or make it, so that the service need not wait; ``folder`` is where it is kept."""
    aside = ThreadPoolExecutor(1, "search")
    opening = aside.submit(opened, lambda: Names(state.source), state.release["release"], folder)
    aside.shutdown(wait=False)
    state.search = opening
    return opening


def index_of(request: Request) -> Index:
    """Give the application's index, waiting for it when it is being made.

    Raises: IotkgError when it cannot be made; the next request tries again.
    """
    state = request.app.state
    opening = getattr(state, "search", None) or prepare(state, None)
    try:
        found: Index = opening.result()
    except IotkgError:
        state.search = None
        raise
    return found


def search(request: Request) -> Response:
    """Answer a question: a page, or JSON.

    Raises: InvalidParameter for a kind, plan or place in the list there is not, a question that is too long, or a
    parameter that stands twice; Problem for a type there is none of.
    """
    asked = once(request.query_params.multi_items())
    wanted = choose((HTML, _JSON), request.headers.getlist("accept"), asked.get("format"))
    if not wanted:
        raise _unacceptable(HTML, _JSON)
    question = _question(asked)
    index = index_of(request)
    kind, plan = index.kind(asked.get("kind", "")), index.plan(asked.get("plan", ""))
    limit = _number(asked, "limit", PAGE, 1, _MOST)
    offset = _number(asked, "offset", 0, 0, _LAST)
    page = Page(request, language_of(request))
    found = index.search(question, kind=kind, plan=plan, offset=offset, limit=limit)
    chosen = {"q": question, "kind": kind, "plan": key_of(plan)}
    if wanted[0] == _JSON:
        return _json_of(request, json_of(page, index, found, chosen, limit))
    return render(request, "search.html", page_of(page, index, found, chosen))


def suggest(request: Request) -> Response:
    """Complete what is being typed: for our own boxes, or in the form that browsers read.

    Raises: InvalidParameter when it is too long or stands twice; Problem for a type there is none of.
    """
    asked = once(request.query_params.multi_items())
    wanted = choose((_JSON, _SUGGESTIONS), request.headers.getlist("accept"), asked.get("format"))
    if not wanted:
        raise _unacceptable(_JSON, _SUGGESTIONS)
    question = _question(asked)
    page = Page(request, language_of(request))
    made = index_of(request).suggest(question)
    suggestions = [
        {
            "text": name.value,
            "language": name.language,
            "kind": entry.kind,
            "label": kind_name(page, entry.kind),
            "name": (page.text(entry.names) if entry.names else name).value,
            "iri": entry.iri,
            "url": page.link(NamedNode(entry.iri)),
        }
        for entry, name in made
    ]
    if wanted[0] == _JSON:
        return _json_of(request, {"query": question, "suggestions": suggestions})
    once_each = {it["text"]: it for it in reversed(suggestions)}
    listed = [it for it in suggestions if once_each[it["text"]] is it]
    base = _base(request)
    body = [
        question,
        [it["text"] for it in listed],
        [it["label"] for it in listed],
        [f"{base}{page.url('/search', q=str(it['text']))}" for it in listed],
    ]
    return _json_of(request, body, _SUGGESTIONS.content_type)


def opensearch(request: Request) -> Response:
    """Describe the search for browsers (OpenSearch 1.1), so that they can add it to their own box."""
    page = Page(request, language_of(request))
    context = {"base": _base(request), "longest": LONGEST}
    answer = render(request, "opensearch.xml", context)
    answer.headers["Content-Type"] = f"{_DESCRIPTION}; charset=utf-8"
    answer.headers["Content-Language"] = page.locale
    return answer


def _question(asked: Mapping[str, str]) -> str:
    question = tidy(asked.get("q", ""))
    if len(question) > LONGEST:
        raise InvalidParameter(
            f"q: has {len(question)} characters; ask with at most {LONGEST}, a few words find the most"
        )
    return question


def _number(asked: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    given = asked.get(name, "")
    if not given:
        return default
    if not (given.isascii() and given.isdecimal() and len(given) < len(str(_LAST)) + 1):
        raise InvalidParameter(f"{name}: {given[:LONGEST]!r} is no number from {least} to {most}")
    if not least <= int(given) <= most:
        raise InvalidParameter(f"{name}: {given} is not from {least} to {most}")
    return int(given)


def _base(request: Request) -> str:
    """Give the address that clients reach us at, without a path."""
    public: str = request.app.state.settings.public_url
    return public.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"


def _json_of(request: Request, body: object, content_type: str = "application/json") -> Response:
    written = json.dumps(body, ensure_ascii=False).encode()
    return conditional(request, Response(written, headers={**_VARY, "Content-Type": content_type}))


def _unacceptable(*offers: Offer) -> Problem:
    return Problem(Kind.NOT_ACCEPTABLE, "See types for what there is", _VARY, types=listing(offers))


router = APIRouter()
router.add_route("/search", search, include_in_schema=False)
router.add_route("/search/suggest", suggest, include_in_schema=False)
router.add_route("/opensearch.xml", opensearch, include_in_schema=False)


def _parameter(name: str, description: str, example: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "description": description,
        "schema": {"type": "string", **schema},
        "example": example,
    }


_QUESTION: Final = _parameter(
    "q",
    "Words in Chinese or English, all of which are looked for; words in quotes stand together. Also an IRI or a key.",
    "无锡",
    maxLength=LONGEST,
)
_REFUSED: Final = {
    "406": {"description": "None of the types asked for can be given"},
    "422": {"description": "A parameter has a value that is not allowed; what is, is named"},
}
PATHS: Final[dict[str, Any]] = {
    "/search": {
        "get": {
            "summary": "Search things and sentences by their words",
            "operationId": "search",
            "tags": ["Search"],
            "parameters": [
                _QUESTION,
                _parameter("kind", "Only answers of this kind", "task", enum=list(KINDS)),
                _parameter("plan", "Only what belongs to this plan, or is named in it", "application"),
                {
                    **_parameter("offset", "The first answer to give", ""),
                    "schema": {"type": "integer", "minimum": 0, "maximum": _LAST, "default": 0},
                    "example": 0,
                },
                {
                    **_parameter("limit", "How many answers to give", ""),
                    "schema": {"type": "integer", "minimum": 1, "maximum": _MOST, "default": PAGE},
                    "example": 5,
                },
                _parameter("format", "Beats Accept", "json", enum=["html", "json"]),
            ],
            "responses": {
                "200": {
                    "description": "The answers, best first, with counts by kind and plan; marks are [start, end) in "
                    "code points",
                    "content": operations.bodies("application/json", "text/html", json="object"),
                },
                **_REFUSED,
            },
        }
    },
    "/search/suggest": {
        "get": {
            "summary": "Complete a word that is being typed",
            "operationId": "suggest",
            "tags": ["Search"],
            "parameters": [
                {**_QUESTION, "example": "smart g"},
                _parameter("format", "Beats Accept", "json", enum=["json", "suggestions"]),
            ],
            "responses": {
                "200": {
                    "description": "Things whose names have the words, those that begin with them first",
                    "content": operations.bodies("application/json", "application/x-suggestions+json"),
                },
                **_REFUSED,
            },
        }
    },
    "/opensearch.xml": {
        "get": {
            "summary": "Describe the search for browsers (OpenSearch 1.1)",
            "operationId": "opensearch",
            "tags": ["Search"],
            "responses": {
                "200": {"description": "The description", "content": operations.bodies(_DESCRIPTION)}
            },
        }
    },
}
"""OpenAPI path items of these routes."""
