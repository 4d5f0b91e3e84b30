"""Canned queries over HTTP: a list, a page with a form, the answer in any of the result formats, and how to cite it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter
from pyoxigraph import NamedNode, QueryResultsFormat
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from iotkg.answering import Answers
from iotkg.citing import Citation
from iotkg.describing import by_topic
from iotkg.errors import InvalidParameter
from iotkg.model import Text
from iotkg.queryfile import QueryFile
from iotkg.store import Table
from iotkg.tables import digest, to_results
from iotkg.topics import TOPICS
from iotkg_api import citations, query_page
from iotkg_api.contexts import Choice as Link
from iotkg_api.contexts import Reference
from iotkg_api.negotiation import HTML, TABLES, Offer, choose, differ, listing, once
from iotkg_api.pages import Page, conditional, language_of, render
from iotkg_api.paging import MOST, ON_PAGES, Part, links, read_part
from iotkg_api.problems import Kind, Problem, contradiction

FORMATS: Final = ("csv", "tsv", "json", "xml", "xlsx", "rq")
"""Suffixes under which an answer, or the query itself, is to be had."""
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OWN: Final = frozenset({"lang", "format", "limit", "offset", "bom", "release", "result"})
"""Parameters of the address that are none of the query's."""

_QUERY_TYPE: Final = "application/sparql-query"
_JSON: Final = Offer("application/json", "application/json", ("json",))
_OFFERS: Final = (HTML, *TABLES, Offer(XLSX, XLSX, ("xlsx",)))
CITED: Final = tuple(offer.media_type for offer in citations.OFFERS)
"""Types of a citation."""
_VARY: Final = {"Vary": "Accept, Accept-Language"}
_HASH: Final = re.compile(r"[0-9a-f]{8,64}\Z")
_YES: Final = {"": False, "0": False, "1": True}


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One canned query as an address asks for it, and its whole answer."""

    query: QueryFile
    values: Mapping[str, NamedNode]
    own: Mapping[str, str]
    """What the address says beside the query's parameters."""
    text: str
    table: Table
    citation: Citation

    @property
    def given(self) -> dict[str, str]:
        """The query's parameters as they were given, for links to the same question."""
        return dict(self.citation.parameters)

    @property
    def edition(self) -> str:
        """Say whether the address means another release than the one that is served, and its answer is another.

        Empty: it names this release, or none; ``same``: another one, but the answer it names is this one; ``other``:
        what it names is not what this release answers, or nobody can tell.

        Raises: InvalidParameter for a hash that is none.
        """
        release, result = (self.own.get(name, "") for name in ("release", "result"))
        for name, value in (("release", release), ("result", result)):
            if value and not _HASH.match(value):
                raise InvalidParameter(f"{name}: {value[:80]!r} is no hash; it is 8 to 64 hexadecimal digits")
        if result and not self.citation.result.startswith(result):
            return "other"
        if release and not self.citation.release.startswith(release):
            return "same" if result else "other"
        return ""


def listed(request: Request) -> Response:
    """List the canned queries, those only in which the words of ``q`` stand: a page, or JSON.

    Raises: InvalidParameter for a parameter that stands twice; Problem for a type there is none of.
    """
    answers = _answers(request)
    asked = once(request.query_params.multi_items())
    wanted = choose((HTML, _JSON), request.headers.getlist("accept"), asked.get("format"))
    if not wanted:
        raise _unacceptable(HTML, _JSON)
    page = Page(request, language_of(request))
    words = " ".join(asked.get("q", "").split())
    sections = tuple(_sections(page, answers, words.casefold().split()))
    if wanted[0] == _JSON:
        body = [_described(page, answers.query(it.name)) for section in sections for it in section.queries]
        written = json.dumps(body, ensure_ascii=False, indent=2).encode()
        return conditional(request, Response(written, media_type="application/json", headers=_VARY))
    found = sum(len(section.queries) for section in sections)
    return render(
        request, "queries.html", query_page.QueriesPage(sections=sections, words=words, found=found)
    )


def answer(request: Request) -> Response:
    """Answer a canned query, in the format asked for.

    Raises: UnknownQuery; InvalidParameter for a parameter or a value there is not, or one that stands twice; Problem
    for a type there is none of, two that differ, or an answer of another release.
    """
    name, dot, suffix = request.path_params["name"].rpartition(".")
    if dot and suffix == "bib":
        return _cite(request, name, (citations.BIBTEX,))
    if not dot or suffix not in FORMATS:
        name, suffix = request.path_params["name"], ""
    format_ = once(request.query_params.multi_items()).get("format")
    asked = _read(request, name)
    if suffix and differ(suffix, format_, _OFFERS):
        raise contradiction(suffix, format_)
    wanted = choose(_OFFERS, request.headers.getlist("accept"), suffix or format_) if suffix != "rq" else ()
    if not wanted and suffix != "rq":
        raise _unacceptable(*_OFFERS)
    if wanted and wanted[0] == HTML:
        return _page(request, asked)
    if asked.edition == "other":
        raise Problem(
            Kind.OTHER_RELEASE,
            f"What this address cites is not what the release {asked.citation.release} answers; leave release and "
            "result out for its answer",
            {**_VARY, **_marks(asked)},
            served=asked.citation.release,
        )
    if not wanted:
        return conditional(
            request, Response(asked.text, media_type=_QUERY_TYPE, headers={**_VARY, **_marks(asked)})
        )
    return _data(request, asked, wanted[0])


def cite(request: Request) -> Response:
    """Say how to cite an answer: GB/T 7714, BibTeX or CSL-JSON, with today as the day of access.

    Raises: as ``answer``.
    """
    return _cite(request, request.path_params["name"], citations.OFFERS)


def choices(request: Request) -> Response:
    """List what each parameter of a canned query may be, with the rows that each choice gives, as JSON.

    Raises: UnknownQuery; InvalidParameter as ``answer``.
    """
    answers = _answers(request)
    query = answers.query(request.path_params["name"])
    given = once(request.query_params.multi_items())
    values = answers.values(
        query.name, {key: value for key, value in given.items() if key not in OWN and value}
    )
    counts = answers.counts(query.name, values)
    body = {
        parameter.name: [
            {
                "key": choice.key,
                "iri": choice.iri.value,
                "label": dict(choice.label),
                "rows": counts[parameter.name][choice.iri.value],
            }
            for choice in answers.choices(parameter)
        ]
        for parameter in query.parameters
    }
    written = json.dumps(body, ensure_ascii=False, indent=2).encode()
    return conditional(request, Response(written, media_type="application/json", headers=_VARY))


def lasting(request: Request) -> Response:
    """Send from the lasting address of a query to its page here."""
    path = f"{request.scope.get('root_path', '')}/queries/{request.path_params['name']}"
    asked = request.url.query
    return RedirectResponse(f"{path}?{asked}" if asked else path, 303)


def _read(request: Request, name: str) -> Asked:
    answers = _answers(request)
    query = answers.query(name)
    all_given = once(request.query_params.multi_items())
    values = answers.values(
        name, {key: value for key, value in all_given.items() if key not in OWN and value}
    )
    text = query.bind(values)
    table = request.app.state.source.select(text)
    return Asked(
        query=query,
        values=values,
        own={key: value for key, value in all_given.items() if key in OWN},
        text=text,
        table=table,
        citation=Citation(
            query=name,
            question={"en": query.header["summary"], "zh": query.header["summary-zh"]},
            parameters={key: iri.value.rpartition("/")[2] for key, iri in values.items()},
            release=request.app.state.release["release"],
            result=digest(table),
        ),
    )


def _data(request: Request, asked: Asked, offer: Offer) -> Response:
    part = read_part(asked.own, len(asked.table.rows), MOST)
    cut = Table(asked.table.columns, asked.table.rows[part.offset : part.end])
    marked = asked.own.get("bom", "")
    if marked not in _YES:
        raise InvalidParameter(f"bom: {marked[:80]!r} is not allowed; it is 1 or 0")
    if offer.canonical == XLSX:
        body = _workbook(asked, cut, part)
    else:
        body = to_results(cut, QueryResultsFormat.from_media_type(offer.canonical) or QueryResultsFormat.JSON)
    if _YES[marked] and offer.canonical == "text/csv":
        body = b"\xef\xbb\xbf" + body
    page = Page(request, language_of(request))
    kept = {
        key: value for key, value in asked.own.items() if key not in {"offset", "limit", "lang"} and value
    }

    def address(offset: int) -> str:
        return page.url(page.path, **asked.given, **kept, limit=part.limit, offset=offset)

    named = [f'<{asked.citation.iri}>; rel="cite-as"', *links(part, address)]
    sent = {**_VARY, **_marks(asked, part), "Link": ", ".join(named), "Content-Type": offer.content_type}
    if offer.canonical == XLSX or _YES[marked]:
        suffix = "xlsx" if offer.canonical == XLSX else "csv"
        sent["Content-Disposition"] = f'attachment; filename="{asked.query.name}.{suffix}"'
    return conditional(request, Response(body, headers=sent))


def _marks(asked: Asked, part: Part | None = None) -> dict[str, str]:
    """Name release and result, and say which rows are given where those are not all."""
    marks = {
        "X-Release": asked.citation.release,
        "X-Result-SHA256": asked.citation.result,
        "X-Total-Count": str(len(asked.table.rows)),
    }
    return marks if part is None or part.is_whole else {**marks, "X-Truncated": part.said}


def _workbook(asked: Asked, table: Table, part: Part) -> bytes:
    from iotkg.spreadsheet import to_xlsx  # noqa: PLC0415 - of all that is served, only workbooks need it

    names = [
        "\n".join(query_page.column_name(column, language) for language in ("en", "zh"))
        for column in table.columns
    ]
    about = [
        ("Question", asked.query.header["summary"]),
        ("问题", asked.query.header["summary-zh"]),
        *(
            (label, asked.query.header[key])
            for label, key in (("Note", "description"), ("说明", "description-zh"))
            if key in asked.query.header
        ),
        ("Query 查询", asked.citation.asked()),
        ("Rows 行", part.said),
        ("Release 发布版本", asked.citation.release),
        ("Result 结果 (SHA-256)", asked.citation.result),
        ("Address 网址", asked.citation.iri),
        *(
            (f"Column 列: {name.replace(chr(10), ' ')}", column)
            for name, column in zip(names, table.columns, strict=True)
        ),
    ]
    return to_xlsx(table, names, sheet=asked.query.name[:31], about=about)


def _cite(request: Request, name: str, offers: tuple[Offer, ...]) -> Response:
    asked = _read(request, name)
    if asked.edition == "other":
        raise Problem(Kind.OTHER_RELEASE, "This release has another answer", served=asked.citation.release)
    answer = citations.respond(
        request, asked.citation, offers, asked.own.get("format"), {**_VARY, **_marks(asked)}
    )
    if answer is None:
        raise _unacceptable(*offers)
    return answer


def _page(request: Request, asked: Asked) -> Response:
    page = Page(request, language_of(request))
    query, path = asked.query, f"/queries/{asked.query.name}"
    edition = asked.edition
    part = read_part(asked.own, len(asked.table.rows), ON_PAGES)
    columns = tuple(
        column
        for column in query_page.shown_columns(asked.table.columns, page.language)
        if column not in asked.values
    )
    rows = asked.table.rows[part.offset : part.end] if edition != "other" else ()
    kept = {key: asked.own[key] for key in ("release", "result") if asked.own.get(key)}
    offsets = {
        relation: page.url(path, **asked.given, **kept, limit=part.limit, offset=offset)
        for relation, offset in part.offsets.items()
    }
    topic = query.header["topic"]
    context = query_page.QueryPage(
        name=query.name,
        topic=Text(TOPICS[topic].label[page.language], page.language),
        topic_href=page.url(f"/queries#{topic}"),
        summary=query_page.header(query, "summary", page.language),
        other=query_page.header(query, "summary", page.other),
        description=query_page.header(query, "description", page.language)
        if "description" in query.header
        else None,
        fields=tuple(query_page.form(page, _answers(request), query, asked.values)),
        headings=tuple(query_page.heading(page, column) for column in columns),
        rows=tuple(
            tuple(
                query_page.shown(page, column, dict(zip(asked.table.columns, row, strict=True)))
                for column in columns
            )
            for row in rows
        ),
        total=part.total,
        first=part.offset + 1 if part.end > part.offset else 0,
        last=part.end,
        pages=offsets,
        formats=tuple(_downloads(page, path, asked.given)),
        text=asked.text,
        editor=page.url("/sparql", query=asked.text) if page.has("/sparql") else "",
        cited=_cited(page, path, asked.citation),
        edition=edition,
        now=page.url(path, **asked.given),
    )
    named = [
        f'<{asked.citation.iri}>; rel="cite-as"',
        *(f'<{href}>; rel="{it}"' for it, href in offsets.items()),
    ]
    sent = {**_marks(asked, part), "Link": ", ".join(named)}
    if edition == "other":
        return render(
            request,
            "query.html",
            context,
            status=Kind.OTHER_RELEASE.status,
            headers={**sent, "Cache-Control": "no-store"},
        )
    return render(request, "query.html", context, headers=sent)


def _downloads(page: Page, path: str, given: Mapping[str, str]) -> Iterator[Link]:
    for suffix in FORMATS:
        if suffix == "csv":
            yield Link(
                label=page.say("csv-excel"), href=page.url(f"{path}.csv", **given, bom=1), type="text/csv"
            )
        label = page.say("as-query") if suffix == "rq" else suffix.upper()
        kind = {"rq": _QUERY_TYPE, "xlsx": XLSX}.get(suffix) or choose(TABLES, (), suffix)[0].media_type
        yield Link(label=label, href=page.url(f"{path}.{suffix}", **given), type=kind)


def _cited(page: Page, path: str, citation: Citation) -> Reference:
    name, _, query = citation.address.partition("?")
    href = page.url(f"/queries/{name}", **dict(parse_qsl(query)))
    return citations.shown(page, citation, href, f"{path}/cite", citation.parameters)


def _sections(page: Page, answers: Answers, words: list[str]) -> Iterator[query_page.Section]:
    for topic, queries in by_topic(answers):
        said = TOPICS[topic]
        found = [
            query
            for query in queries
            if all(word in " ".join([query.name, *query.header.values()]).casefold() for word in words)
        ]
        if found:
            yield query_page.Section(
                key=topic,
                label=Text(said.label[page.language], page.language),
                other=Text(said.label[page.other], page.other),
                lead=Text(said.lead[page.language], page.language),
                queries=tuple(
                    query_page.Listed(
                        name=query.name,
                        question=query_page.header(query, "summary", page.language),
                        other=query_page.header(query, "summary", page.other),
                    )
                    for query in found
                ),
            )


def _described(page: Page, query: QueryFile) -> dict[str, Any]:
    topic = query.header["topic"]
    path = f"/queries/{query.name}"
    return {
        "name": query.name,
        "url": page.url(path),
        "example": page.url(path, **query.example),
        "topic": {"key": topic, "label": dict(TOPICS[topic].label)},
        "summary": {"en": query.header["summary"], "zh": query.header["summary-zh"]},
        "parameters": [
            {
                "name": parameter.name,
                "class": parameter.kind,
                "label": dict(parameter.label),
                "required": False,
                "default": None,
                "example": query.example[parameter.name],
            }
            for parameter in query.parameters
        ],
        "choices": page.url(f"{path}/choices") if query.parameters else None,
        "columns": [
            {"name": column, "label": {each: query_page.column_name(column, each) for each in ("en", "zh")}}
            for column in query.columns
        ],
    }


def _unacceptable(*offers: Offer) -> Problem:
    return Problem(Kind.NOT_ACCEPTABLE, "See types for what there is", _VARY, types=listing(offers))


def _answers(request: Request) -> Answers:
    found: Answers = request.app.state.answers
    return found


router = APIRouter()
router.add_route("/queries", listed, include_in_schema=False)
router.add_route("/queries/{name}", answer, include_in_schema=False)
router.add_route("/queries/{name}/cite", cite, include_in_schema=False)
router.add_route("/queries/{name}/choices", choices, include_in_schema=False)
router.add_route("/query/{name}", lasting, include_in_schema=False)
