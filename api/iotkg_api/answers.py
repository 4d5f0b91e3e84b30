"""Canned queries over HTTP: a list, a page with a form, and the answer in any of the result formats."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from pyoxigraph import Literal, NamedNode, QueryResultsFormat
from starlette.requests import Request
from starlette.responses import Response

from iotkg.answering import Answers, Choice
from iotkg.identifiers import shorten
from iotkg.model import Text
from iotkg.queryfile import QueryFile
from iotkg.store import Cell, Table, table_of
from iotkg_api.negotiation import HTML, TABLES, Offer, choose, differ, listing, once
from iotkg_api.pages import Page, conditional, language_of, render
from iotkg_api.problems import Kind, Problem, contradiction
from iotkg_api.wording import WORDING

FORMATS: Final = ("csv", "tsv", "json", "xml", "rq")
"""Suffixes under which an answer, or the query itself, is to be had."""

_QUERY_TYPE: Final = "application/sparql-query"
_JSON: Final = Offer("application/json", "application/json", ("json",))
_OFFERS: Final = (HTML, *TABLES)
_PRINTED: Final = frozenset({"after", "before", "indefinite", "measure_word", "number"})
"""Columns that hold words of the text and rest on no anchor of their own."""

_NO_PARAMETER: Final = frozenset({"lang", "format"})
_VARY: Final = {"Vary": "Accept, Accept-Language"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One value of a table as a page shows it."""

    text: Text
    href: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One parameter in the form: its name, its label, what may be chosen, and what is."""

    name: str
    label: Text
    choices: tuple[Choice, ...]
    chosen: str


@dataclass(frozen=True, kw_only=True, slots=True)
class QueryPage:
    """A canned query and its answer, e.g. ``/queries/owner-and-deadline?plan=standards``."""

    name: str
    summary: Text
    description: Text | None
    fields: tuple[Field, ...]
    headings: tuple[str, ...]
    rows: tuple[tuple[Shown | None, ...], ...]
    formats: tuple[tuple[str, str], ...]
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class QueriesPage:
    """The list of canned queries, ``/queries``."""

    queries: tuple[tuple[str, Text, Text], ...]
    """Name, question in the page's language, question in the other one."""


def listed(request: Request) -> Response:
    """List the canned queries: a page, or JSON.

    Raises: InvalidParameter for a parameter that stands twice; Problem for a type there is none of.
    """
    answers = _answers(request)
    asked = once(request.query_params.multi_items())
    wanted = choose((HTML, _JSON), request.headers.getlist("accept"), asked.get("format"))
    if not wanted:
        raise _unacceptable(HTML, _JSON)
    page = Page(request, language_of(request))
    if wanted[0] == _JSON:
        body = [_described(page, query) for query in answers.queries.values()]
        written = json.dumps(body, ensure_ascii=False, indent=2).encode()
        return conditional(request, Response(written, media_type="application/json", headers=_VARY))
    rows = tuple(
        (name, _header(query, "summary", page.language), _header(query, "summary", page.other))
        for name, query in answers.queries.items()
    )
    return render(request, "queries.html", QueriesPage(queries=rows))


def answer(request: Request) -> Response:
    """Answer a canned query, in the format asked for.

    Raises: UnknownQuery; InvalidParameter for a parameter or a value there is not, or one that stands twice; Problem
    for a type there is none of, or two that differ.
    """
    answers = _answers(request)
    name, dot, suffix = request.path_params["name"].rpartition(".")
    if not dot or suffix not in FORMATS:
        name, suffix = request.path_params["name"], ""
    asked = once(request.query_params.multi_items())
    given = {key: value for key, value in asked.items() if key not in _NO_PARAMETER and value}
    query = answers.query(name)
    text = answers.bound(name, given)
    if suffix and differ(suffix, asked.get("format"), _OFFERS):
        raise contradiction(suffix, asked.get("format"))
    if suffix == "rq":
        return conditional(request, Response(text, media_type=_QUERY_TYPE, headers=_VARY))
    wanted = choose(_OFFERS, request.headers.getlist("accept"), suffix or asked.get("format"))
    if not wanted:
        raise _unacceptable(*_OFFERS)
    found = request.app.state.source.solutions(text)
    if wanted[0] == HTML:
        return render(request, "query.html", _page(request, query, text, table_of(found), given))
    kind = QueryResultsFormat.from_media_type(wanted[0].canonical)
    body = found.serialize(format=kind)
    sent = {**_VARY, "Content-Type": wanted[0].content_type}
    return conditional(request, Response(body, headers=sent))


def _page(request: Request, query: QueryFile, text: str, table: Table, given: Mapping[str, str]) -> QueryPage:
    page = Page(request, language_of(request))
    columns = tuple(column for column in _columns(table.columns, page.language) if column not in given)
    path = f"/queries/{query.name}"
    return QueryPage(
        name=query.name,
        summary=_header(query, "summary", page.language),
        description=_header(query, "description", page.language) if "description" in query.header else None,
        fields=tuple(_fields(request, query, given, page)),
        headings=tuple(_heading(page, column) for column in columns),
        rows=tuple(
            tuple(_shown(page, column, dict(zip(table.columns, row, strict=True))) for column in columns)
            for row in table.rows
        ),
        formats=tuple((suffix, page.url(f"{path}.{suffix}", **given)) for suffix in FORMATS),
        text=text,
    )


def _fields(request: Request, query: QueryFile, given: Mapping[str, str], page: Page) -> Iterator[Field]:
    answers = _answers(request)
    for parameter in query.parameters:
        value = given.get(parameter.name)
        chosen = answers.read_parameter(parameter, value).value.rpartition("/")[2] if value else ""
        yield Field(
            name=parameter.name,
            label=Text(parameter.label[page.language], page.language),
            choices=answers.choices(parameter),
            chosen=chosen,
        )


def _columns(columns: tuple[str, ...], language: str) -> Iterator[str]:
    """Leave out what another column's cell shows: labels of an entity, offsets and anchor of a quote.

    The English of a quote is for the English page.
    """
    for column in columns:
        stem, _, last = column.rpartition("_")
        prefix = f"{stem}_" if stem else ""
        labels = last in {"zh", "en"} and stem in columns
        rendered = language == last == "en" and stem.endswith("quote")
        behind = last in {"start", "end", "evidence"} and f"{prefix}quote" in columns
        offset = last in {"start", "end"} and f"{prefix}evidence" in columns
        if (rendered or not labels) and not behind and not offset:
            yield column


def _shown(page: Page, column: str, row: Mapping[str, Cell]) -> Shown | None:
    """Show a value: an entity by its label, a quote and an offset with a link to their words in the text."""
    value = row[column]
    if value is None:
        return None
    prefix = column.removesuffix("quote").removesuffix("evidence")
    anchor, start, end = (row.get(f"{prefix}{part}") for part in ("evidence", "start", "end"))
    href = page.words(anchor) if isinstance(anchor, NamedNode) and prefix != column else None
    if isinstance(value, NamedNode):
        label = row.get(f"{column}_{page.language}")
        if isinstance(label, Literal):
            return Shown(text=Text(label.value, label.language), href=page.link(value))
        span = f"{start.value}–{end.value}" if isinstance(start, Literal) and isinstance(end, Literal) else ""
        return Shown(text=Text(span or shorten(value.value)), href=href or page.link(value))
    if isinstance(value, Literal) and (href or column in _PRINTED):
        return Shown(text=Text(value.value, "zh", printed=column != "number"), href=href)
    return Shown(text=_literal(page, value))


def _literal(page: Page, value: Cell) -> Text:
    if isinstance(value, Literal):
        if value.datatype.value.endswith("#boolean"):
            return Text(page.say("yes" if value.value == "true" else "no"))
        if value.datatype.value.endswith("#date"):
            return Text(page.date(value.value))
        return Text(value.value, value.language)
    return Text(str(value))


def _heading(page: Page, column: str) -> str:
    key = f"column-{column}"
    return page.say(key) if key in WORDING else column.replace("_", " ")


def _header(query: QueryFile, key: str, language: str) -> Text:
    """Read a header in a language; English is its plain form."""
    chinese = query.header.get(f"{key}-zh")
    return Text(chinese, "zh") if language == "zh" and chinese else Text(query.header[key], "en")


def _described(page: Page, query: QueryFile) -> dict[str, Any]:
    return {
        "name": query.name,
        "url": page.url(f"/queries/{query.name}"),
        "summary": {"en": query.header["summary"], "zh": query.header["summary-zh"]},
        "parameters": [
            {"name": parameter.name, "class": parameter.kind, "label": dict(parameter.label)}
            for parameter in query.parameters
        ],
        "columns": list(query.columns),
    }


def _unacceptable(*offers: Offer) -> Problem:
    return Problem(Kind.NOT_ACCEPTABLE, "See types for what there is", _VARY, types=listing(offers))


def _answers(request: Request) -> Answers:
    found: Answers = request.app.state.answers
    return found


router = APIRouter()
router.add_route("/queries", listed, include_in_schema=False)
router.add_route("/queries/{name}", answer, include_in_schema=False)

PATHS: Final[dict[str, Any]] = {
    "/queries": {
        "get": {
            "summary": "List the canned queries",
            "operationId": "queries",
            "tags": ["Queries"],
            "responses": {"200": {"description": "Each query's name, question, parameters and columns"}},
        }
    },
    "/queries/{name}": {
        "get": {
            "summary": "Answer a canned query",
            "description": "A suffix on the name (.csv .tsv .json .xml, .rq for the query itself) beats Accept, and "
            "so does format=; the two may not differ. The parameters of each query are listed at /queries; each may "
            "stand once.",
            "operationId": "query",
            "tags": ["Queries"],
            "parameters": [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}],
            "responses": {
                "200": {
                    "description": "The answer",
                    "content": {kind: {} for kind in ("text/html", *listing(TABLES))},
                },
                "404": {"description": "There is no such query; near ones are named"},
                "406": {
                    "description": "None of the types asked for can be given, or suffix and format differ"
                },
                "422": {"description": "A parameter or its value is not allowed; what is, is named"},
            },
        }
    },
}
"""OpenAPI path items of these routes."""
