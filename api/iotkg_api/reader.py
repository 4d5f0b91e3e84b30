"""The reader: the whole text plan by plan, its marks and its English, and deep links by offset.

``/source/{document}`` is the contents and the front matter, ``/source/{document}/{plan}`` one plan, and
``/source/{document}.txt`` the bytes. Offsets are code points as in RFC 5147: ``?char=start,end`` finds the page on
which the words stand and marks them; every anchor and every unit has the id ``char=start,end`` there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Router

from iotkg.catalogue import Catalogue
from iotkg.errors import InvalidParameter
from iotkg.highlights import KINDS
from iotkg.matching import Span
from iotkg.model import Branch, Term, Unit
from iotkg.reading import Book, Passage, Run, read_book, span_of
from iotkg_api import operations
from iotkg_api.choices import GROUPS, Choices, read_choices
from iotkg_api.markup import Writer
from iotkg_api.negotiation import HTML, Offer, choose, listing
from iotkg_api.pages import Page, conditional, language_of, render
from iotkg_api.problems import Kind, Problem
from iotkg_api.resources import catalogue_of, failure

_TEXT: Final = Offer("text/plain", "text/plain", ("txt", "text"))
_OFFERS: Final = (HTML, _TEXT)
_VARY: Final = {"Vary": "Accept, Accept-Language"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Printed:
    """A run of words, written."""

    run: Run
    words: Markup


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A unit of a page, written; ``links`` are those in its own words, ``after`` the id of the unit behind it."""

    passage: Passage
    key: str
    heading: Printed | None
    runs: tuple[Printed, ...]
    links: int
    after: str
    below: tuple[Part, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ReaderPage:
    """A plan, e.g. ``/source/iot-2013/standards``, or the contents and front matter, ``/source/iot-2013``."""

    book: Book
    plan: Unit
    part: Part
    choices: Choices
    groups: Mapping[str, tuple[str, ...]]
    here: Span | None
    before: Unit | None
    after: Unit | None
    plans: tuple[tuple[Unit, tuple[Branch, ...]], ...]


def listed(request: Request) -> Response:
    """Send to the only document, or list them."""
    catalogue = catalogue_of(request)
    keys = [path.partition("/")[2] for path in catalogue.keys if path.startswith("source-text/")]
    page = Page(request, language_of(request))
    if len(keys) == 1:
        headers = {"Vary": "Accept-Language"}
        return RedirectResponse(page.url(f"/source/{keys[0]}"), 303, headers=headers)
    books = [book for key in keys if (book := _book(request, catalogue, key))]
    return render(request, "reader_list.html", {"books": books})


def contents(request: Request) -> Response:
    """Answer a document: its contents and front matter, its bytes, or the page on which an offset stands."""
    catalogue = catalogue_of(request)
    key, dot, suffix = request.path_params["document"].rpartition(".")
    if not dot or suffix not in _TEXT.names:
        key, suffix = request.path_params["document"], None
    book = _book(request, catalogue, key)
    if book is None:
        page = Page(request, language_of(request))
        detail = page.say("reader-unknown", what=key[:80])
        return failure(request, Kind.NOT_FOUND, detail, catalogue.near(f"plan-set/{key}"))
    try:
        choices = read_choices(request)
        here = _here(request, book)
    except InvalidParameter as error:
        return failure(request, Kind.INVALID_PARAMETER, str(error))
    wanted = choose(_OFFERS, request.headers.getlist("accept"), suffix or request.query_params.get("format"))
    if not wanted:
        raise Problem(Kind.NOT_ACCEPTABLE, "See types for what there is", _VARY, types=listing(_OFFERS))
    if wanted[0] == _TEXT:
        return _text(request, book, here)
    plan = book.plan_at(here[0]) if here else None
    if here and plan:
        page = Page(request, language_of(request))
        return RedirectResponse(_address(page, book, plan, choices, here), 303, headers=_VARY)
    return _page(request, book, book.whole, choices, here)


def plan(request: Request) -> Response:
    """Answer a plan's words; an offset that stands in another plan sends there."""
    catalogue = catalogue_of(request)
    key, slug = request.path_params["document"], request.path_params["plan"]
    book = _book(request, catalogue, key)
    unit = book.plan(slug) if book else None
    page = Page(request, language_of(request))
    if book is None or unit is None:
        near = _near(book, slug) if book else catalogue.near(f"plan-set/{key}")
        detail = page.say("reader-unknown", what=f"{key}/{slug}"[:80])
        return failure(request, Kind.NOT_FOUND, detail, near)
    try:
        choices = read_choices(request)
        here = _here(request, book)
    except InvalidParameter as error:
        return failure(request, Kind.INVALID_PARAMETER, str(error))
    if here and not (here[0] < book.until(unit) and unit.start < here[1]):
        return RedirectResponse(
            _address(page, book, book.plan_at(here[0]), choices, here), 303, headers=_VARY
        )
    return _page(request, book, unit, choices, here)


def _page(request: Request, book: Book, unit: Unit, choices: Choices, here: Span | None) -> Response:
    page = Page(request, language_of(request))
    units = {(it.start, it.end) for it in book.outline.units.values()}
    passage = book.passage(unit, choices.shown, None if here in units else here)  # a unit is marked as such
    writer = Writer(page, book, choices.shown, units)
    plans = book.plans
    number = plans.index(unit) if unit in plans else -1
    return render(
        request,
        "reader.html" if unit.parent else "reader_contents.html",
        ReaderPage(
            book=book,
            plan=unit,
            part=_part(writer, book, passage, ""),
            choices=choices,
            groups=GROUPS,
            here=here,
            before=plans[number - 1] if number > 0 else None,
            after=plans[number + 1] if number + 1 < len(plans) else None,
            plans=() if unit.parent else tuple((it, book.outline.tree(it)) for it in plans),
        ),
    )


def _part(writer: Writer, book: Book, passage: Passage, after: str) -> Part:
    heading = Printed(run=passage.heading, words=writer.run(passage.heading)) if passage.heading else None
    runs = tuple(Printed(run=run, words=writer.run(run)) for run in passage.runs)
    keys = [_key(book, child.unit) for child in passage.below]
    return Part(
        passage=passage,
        key=_key(book, passage.unit),
        heading=heading,
        runs=runs,
        links=sum(printed.words.count("<a ") for printed in (*runs, *([heading] if heading else []))),
        after=keys[0] if keys else after,
        below=tuple(
            _part(writer, book, child, behind)
            for child, behind in zip(passage.below, [*keys[1:], after], strict=False)
        ),
    )


def _key(book: Book, unit: Unit) -> str:
    """Give the id of a unit on its page: its key without the document's."""
    return unit.term.iri.value.rpartition("/")[2].removeprefix(f"{book.key}_")


def _text(request: Request, book: Book, here: Span | None) -> Response:
    """Answer the bytes, or those of the words asked for."""
    text = book.outline.text[slice(*here)] if here else book.outline.text
    return conditional(request, Response(text.encode(), media_type=_TEXT.content_type, headers=_VARY))


def _here(request: Request, book: Book) -> Span | None:
    asked = request.query_params.get("char")
    return None if asked is None else span_of(asked, len(book.outline.text))


def _address(page: Page, book: Book, plan: Unit | None, choices: Choices, here: Span) -> str:
    start, end = here
    path = f"/source/{book.key}/{book.slug(plan)}" if plan else f"/source/{book.key}"
    return page.url(f"{path}#char={start},{end}", char=f"{start},{end}", **choices.kept)


def _near(book: Book, slug: str) -> tuple[Term, ...]:
    """Give the plans that may have been meant; all of them when none is close."""
    plans = {book.slug(plan): plan.term for plan in book.plans}
    return tuple(plans[close] for close in get_close_matches(slug[:80], plans)) or tuple(plans.values())


def _book(request: Request, catalogue: Catalogue, key: str) -> Book | None:
    """Give a document, read once for a catalogue: the dataset is frozen."""
    state = request.app.state
    if getattr(state, "books", (None,))[0] is not catalogue:
        state.books = (catalogue, {})
    books: dict[str, Book] = state.books[1]
    if key not in books and f"source-text/{key}" in catalogue.keys:
        found = read_book(catalogue, key)
        if found:
            books[key] = found
    return books.get(key)


router = Router()
router.add_route("/source", listed)
router.add_route("/source/{document}", contents)
router.add_route("/source/{document}/{plan}", plan)

_PARAMETERS: Final[list[dict[str, Any]]] = [
    {
        "name": "document",
        "in": "path",
        "required": True,
        "schema": {"type": "string"},
        "example": "iot-2013",
        "description": "The document's key, such as iot-2013; with .txt the bytes",
    },
    {
        "name": "char",
        "in": "query",
        "schema": {"type": "string", "pattern": "^[0-9]{0,9},[0-9]{0,9}$"},
        "example": "3883,3890",
        "description": "Words to be marked: start,end in code points, the end not included (RFC 5147). The page on "
        "which they stand is found",
    },
    {
        "name": "show",
        "in": "query",
        "schema": {"type": "array", "items": {"type": "string", "enum": [*KINDS, "english", "none", "all"]}},
        "style": "form",
        "explode": True,
        "example": ["responsibility", "deadline"],
        "description": "What is marked, and english for our translation beside it; none, with nothing else, for the "
        "bare text",
    },
    {
        "name": "uncovered",
        "in": "query",
        "schema": {"type": "string", "enum": ["0", "1"]},
        "example": "1",
        "description": "1 to tell what rests on each sentence, and which carry nothing",
    },
]
_PLAN: Final = {
    "name": "plan",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "example": "standards",
    "description": "The part of a plan's key behind the document's",
}
_FOUND: Final = {
    "303": {"description": "The words asked for stand on another page"},
    "404": {"description": "There is no such text; near ones are listed"},
    "422": {"description": "A parameter has a value that is not allowed; what is, is named"},
}
PATHS: Final[dict[str, Any]] = {
    "/source": {
        "get": {
            "summary": "List the texts",
            "operationId": "texts",
            "tags": ["Text"],
            "responses": {
                "200": {"description": "The texts", "content": operations.bodies("text/html")},
                "303": {"description": "There is one text, and it is here"},
            },
        }
    },
    "/source/{document}": {
        "get": {
            "summary": "Read a text: its contents, or its bytes",
            "description": "The type is negotiated; .txt on the key or format= beats Accept. An address "
            "/source/{document}.txt#char=start,end names words of the plain text (RFC 5147).",
            "operationId": "text",
            "tags": ["Text"],
            "parameters": [_PARAMETERS[0], {**_PARAMETERS[1], "example": "116,126"}, *_PARAMETERS[2:]],
            "responses": {
                "200": {
                    "description": "Contents and front matter; as plain text the bytes, or those of the words in char",
                    "content": operations.bodies(*listing(_OFFERS)),
                },
                **_FOUND,
                "406": {"description": "None of the types asked for can be given"},
            },
        }
    },
    "/source/{document}/{plan}": {
        "get": {
            "summary": "Read a plan",
            "description": "Every anchor and every unit has the id char=start,end on the page of its plan.",
            "operationId": "plan-text",
            "tags": ["Text"],
            "parameters": [_PARAMETERS[0], _PLAN, *_PARAMETERS[1:]],
            "responses": {
                "200": {
                    "description": "The plan's words, marked",
                    "content": operations.bodies("text/html"),
                },
                **_FOUND,
            },
        }
    },
}
"""OpenAPI path items of this module's routes."""
