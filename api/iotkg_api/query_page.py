"""What the pages of canned queries show: the list by topic; one query with its form, its answer and its citation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal, NamedNode

from iotkg.answering import Answers
from iotkg.identifiers import shorten
from iotkg.model import Text
from iotkg.queryfile import QueryFile
from iotkg.store import Cell
from iotkg_api.contexts import Choice as Link
from iotkg_api.contexts import Reference
from iotkg_api.pages import Page
from iotkg_api.wording import WORDING

_PRINTED: Final = frozenset({"after", "before", "indefinite", "measure_word", "number"})
"""Columns that hold words of the text and rest on no anchor of their own."""
_PARTS: Final = ("start", "end", "evidence")
_LANGUAGES: Final = ("zh", "en")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One value of a table as a page shows it."""

    text: Text
    href: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One choice in a form: its key, its label, and how many rows it gives."""

    key: str
    label: Text
    rows: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One parameter in the form: its name, its label, what may be chosen, what is, and the rows of all."""

    name: str
    label: Text
    options: tuple[Option, ...]
    chosen: str
    rows: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """The name of a column in the page's language and in the other one."""

    text: str
    other: str


@dataclass(frozen=True, kw_only=True, slots=True)
class QueryPage:
    """A canned query and its answer, e.g. ``/queries/owner-and-deadline?plan=standards``."""

    name: str
    topic: Text
    topic_href: str
    summary: Text
    other: Text
    description: Text | None
    fields: tuple[Field, ...]
    headings: tuple[Heading, ...]
    rows: tuple[tuple[Shown | None, ...], ...]
    total: int
    first: int
    last: int
    pages: Mapping[str, str]
    """Addresses of the other pages by relation: first, prev, next, last."""
    formats: tuple[Link, ...]
    text: str
    editor: str
    cited: Reference
    edition: str
    """``same`` or ``other`` when the address names another release than the one served, else empty."""
    now: str
    """The address of what is asked, whatever the release."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """One query in the list: its name, and its question in both languages."""

    name: str
    question: Text
    other: Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """The queries of one topic."""

    key: str
    label: Text
    other: Text
    lead: Text
    queries: tuple[Listed, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class QueriesPage:
    """The list of canned queries, ``/queries``, whole or those in which some words stand."""

    sections: tuple[Section, ...]
    words: str
    found: int


def form(page: Page, answers: Answers, query: QueryFile, values: Mapping[str, NamedNode]) -> Iterator[Field]:
    """Give the fields of a query's form; choices that give no row are left out, but for the one that is chosen."""
    counts = answers.counts(query.name, values)
    for parameter in query.parameters:
        rows = counts[parameter.name]
        chosen = values.get(parameter.name)
        yield Field(
            name=parameter.name,
            label=Text(parameter.label[page.language], page.language),
            options=tuple(
                Option(
                    key=choice.key,
                    label=Text(choice.label[page.language], page.language),
                    rows=rows[choice.iri.value],
                )
                for choice in answers.choices(parameter)
                if rows[choice.iri.value] or choice.iri == chosen
            ),
            chosen=chosen.value.rpartition("/")[2] if chosen else "",
            rows=rows.total(),
        )


def header(query: QueryFile, key: str, language: str) -> Text:
    """Read a header in a language; English is its plain form."""
    chinese = query.header.get(f"{key}-zh")
    return Text(chinese, "zh") if language == "zh" and chinese else Text(query.header[key], "en")


def shown_columns(columns: tuple[str, ...], language: str) -> Iterator[str]:
    """Leave out what another column's cell shows: labels of an entity, offsets and anchor of a quote.

    The English of a quote is for the English page.
    """
    for column in columns:
        stem, _, last = column.rpartition("_")
        prefix = f"{stem}_" if stem else ""
        labels = last in _LANGUAGES and stem in columns
        rendered = language == last == "en" and stem.endswith("quote")
        behind = last in _PARTS and f"{prefix}quote" in columns
        offset = last in {"start", "end"} and f"{prefix}evidence" in columns
        if (rendered or not labels) and not behind and not offset:
            yield column


def heading(page: Page, column: str) -> Heading:
    """Name a column in both languages."""
    return Heading(text=column_name(column, page.language), other=column_name(column, page.other))


def column_name(column: str, language: str) -> str:
    """Name a column: by its own wording, or by that of the one whose label, offset or evidence it is.

    Raises: KeyError for a column that has no wording; a test holds every canned query to some.
    """
    if f"column-{column}" in WORDING:
        return WORDING[f"column-{column}"][language == "zh"]
    stem, _, last = column.rpartition("_")
    if last in _LANGUAGES:
        of, role = stem, f"column-in-{last}"
    else:
        of, role = f"{stem}_quote" if stem else "quote", f"column-of-{last}"
        of = of if f"column-{of}" in WORDING else stem
    return WORDING[role][language == "zh"].format(of=column_name(of, language))


def shown(page: Page, column: str, row: Mapping[str, Cell]) -> Shown | None:
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
