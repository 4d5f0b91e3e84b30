"""The SPARQL editor: what a browser gets at ``/sparql``.

Complete without scripts: a form, the canned queries as examples, and the answer as a table. Where the scripts were
bundled (``make web``), a maintained editor takes the form's place, and asks the same endpoint.
"""

from __future__ import annotations

import json
from asyncio import to_thread
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Final

from pyoxigraph import (
    Literal,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    parse_query_results,
)
from starlette.requests import Request
from starlette.responses import Response

from iotkg.identifiers import shorten
from iotkg.model import Text
from iotkg.vocab import ID, PREFIXES
from iotkg_api.evaluation import Query, Reply
from iotkg_api.pages import Page, language_of, render
from iotkg_api.problems import Problem
from iotkg_api.protocol import Operation

SHOWN: Final = 1000
_CELLS_SHOWN: Final = 20_000
_COLUMNS_SHOWN: Final = 100
_GRAPH_SHOWN: Final = 200_000
"""Bytes of Turtle; a page with more takes seconds to make, and nobody reads it."""
"""Rows that the page draws; the downloads have all."""

BARS: Final = 60
"""Rows that a chart draws."""

FORMATS: Final = ("csv", "tsv", "json", "xml")
GRAPH_FORMATS: Final = ("turtle", "ntriples", "jsonld", "rdfxml")

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' "
    "'sha256-zCK2EVMoPc04mRF/g5CotUvxbJPWS+8V0b+s9ptqQIk='; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""As on every page, and what the editor writes besides: style attributes, and one style sheet (of column-resizer)."""
_JSON: Final = "application/sparql-results+json"
_TURTLE: Final = "text/turtle"
_BUNDLE: Final = Path(__file__).parent / "static" / "built-editor.js"
_EXAMPLE: Final = f"""\
PREFIX iotkg: <{PREFIXES["iotkg"]}>
PREFIX skos: <{PREFIXES["skos"]}>

SELECT ?plan ?name (COUNT(?task) AS ?tasks)
WHERE {{{{
  ?task
    a iotkg:Task ;
    iotkg:inPlan ?plan .
  ?plan skos:prefLabel ?name .
  FILTER(LANG(?name) = "{{language}}")
}}}}
GROUP BY ?plan ?name
ORDER BY DESC(?tasks) ?plan
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One value of a result; ``href`` where it is something one can go to."""

    text: Text
    href: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """What came back: a table, a truth value, a graph, or what is wrong."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell | None, ...], ...] = ()
    total: int = 0
    answer: bool | None = None
    graph: str = ""
    wrong: str = ""
    volatile: bool = False
    """Asked again, it may differ."""
    whole: bool = True
    """All columns of a table are there, and all of a graph."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EditorPage:
    """The editor, ``/sparql``, with the answer to the query it was called with."""

    query: str
    examples: tuple[tuple[str, Text], ...]
    example: str
    drawn: Drawn | None
    downloads: tuple[tuple[str, str], ...]
    scripts: bool
    words: str
    """What the scripts say, as JSON."""


async def editor(request: Request, asked: Operation) -> Response:
    """Answer a browser: the editor, with the answer to its query or the canned query named by ``example``.

    Raises: UnknownQuery for an example that there is none of.
    """
    page = Page(request, language_of(request))
    known = request.app.state.answers.queries
    example = request.query_params.get("example", "")
    text = asked.query
    if not text:
        answers = request.app.state.answers
        text = answers.query(example).text if example else _EXAMPLE.format(language=page.language)
    drawn, status, later = (await _drawn(request, page, asked)) if asked.query else (None, HTTPStatus.OK, {})
    headers = {**later, "Content-Security-Policy": _POLICY}
    if drawn is not None and drawn.volatile:
        headers["Cache-Control"] = "no-store"
    formats = GRAPH_FORMATS if drawn and drawn.graph else FORMATS
    context = EditorPage(
        query=text,
        examples=tuple((name, _summary(query.header, page.language)) for name, query in known.items()),
        example=example,
        drawn=drawn,
        downloads=tuple((name, page.url("/sparql", query=text, format=name)) for name in formats),
        scripts=_BUNDLE.exists(),
        words=_words(page),
    )
    return await to_thread(render, request, "sparql.html", context, status=status, headers=headers)


async def _drawn(request: Request, page: Page, asked: Operation) -> tuple[Drawn, int, dict[str, str]]:
    """Evaluate the query and give what is to be drawn, with the status of the page and headers of a failure."""
    from iotkg_api.sparql import evaluate, refusal  # noqa: PLC0415 - which shows this page

    query = Query(
        text=asked.query or "",
        tables=(_JSON,),
        graphs=(_TURTLE,),
        default_graphs=asked.default_graphs,
        named_graphs=asked.named_graphs,
    )
    try:
        reply = await evaluate(request, query)
        wrong = refusal(request, reply)
        if wrong is not None:
            raise wrong
    except Problem as problem:
        return Drawn(wrong=problem.detail), problem.kind.status, problem.headers
    drawn = await to_thread(_draw, page, reply)
    return replace(drawn, volatile=reply.volatile), HTTPStatus.OK, {}


def _draw(page: Page, reply: Reply) -> Drawn:
    """Give as much of an answer as a page can show; the downloads have all."""
    if not reply.table:
        graph = reply.body[:_GRAPH_SHOWN].decode("utf-8", "ignore")
        return Drawn(graph=graph, whole=len(reply.body) <= _GRAPH_SHOWN)
    found = parse_query_results(BytesIO(reply.body), format=QueryResultsFormat.JSON)
    if isinstance(found, QueryBoolean):
        return Drawn(answer=bool(found))
    if not isinstance(found, QuerySolutions):  # pragma: no cover  # results are one or the other
        raise TypeError(found)
    names = [variable.value for variable in found.variables]
    columns = tuple(names[:_COLUMNS_SHOWN])
    shown = min(SHOWN, _CELLS_SHOWN // max(len(columns), 1))
    rows: list[tuple[Cell | None, ...]] = []
    total = 0
    for solution in found:
        total += 1
        if total <= shown:
            rows.append(tuple(_cell(page, solution[name]) for name in columns))
    return Drawn(columns=columns, rows=tuple(rows), total=total, whole=len(columns) == len(names))


def _cell(page: Page, value: object) -> Cell | None:
    if value is None:
        return None
    if isinstance(value, NamedNode):
        return Cell(text=Text(shorten(value.value)), href=page.link(value))
    if isinstance(value, Literal):
        return Cell(text=Text(value.value, value.language))
    return Cell(text=Text(str(value)))


def _summary(header: Mapping[str, str], language: str) -> Text:
    chinese = header.get("summary-zh")
    return Text(chinese, "zh") if language == "zh" and chinese else Text(header["summary"], "en")


def _words(page: Page) -> str:
    """Give the scripts their words and our prefixes."""
    keys = ("query", "run", "share", "chart", "table", "response", "compact", "cut", "filter", "size")
    words = {key: page.say(f"editor-{key}") for key in keys}
    more = {
        "bars": BARS,
        "more": page.say("editor-more", n=BARS),
        "paging": {
            "info": page.say("editor-rows", start="_START_", end="_END_", total="_TOTAL_"),
            "infoEmpty": page.say("none"),
            "zeroRecords": page.say("editor-nothing"),
        },
        "pages": page.url("/doc/"),
        "prefixes": PREFIXES,
        "things": ID,
    }
    return json.dumps({**words, **more}, ensure_ascii=False)
