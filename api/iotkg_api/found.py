"""What the answers to a question look like: as a page shows them, and in JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final, TypeAlias

from pyoxigraph import NamedNode

from iotkg import words
from iotkg.identifiers import shorten
from iotkg.model import Text
from iotkg.search import Found, Index
from iotkg.searchable import PASSAGE, Entry
from iotkg_api.pages import Page
from iotkg_api.wording import WORDING, say

PAGE: Final = 20
"""Answers of one page."""

_Line: TypeAlias = tuple[Text, str | None]
"""A text and where it leads."""

_SNIPPET: Final = {"zh": 110, "en": 240}
"""Characters of a text that are shown, by its language."""

_RENDERED: Final = 3
"""Lines of our English that are shown of a sentence."""

_EXAMPLES: Final = ("无锡", "标准", '"smart grid"', "863", "RFID 标准", "工信部")


@dataclass(frozen=True, kw_only=True, slots=True)
class Marked:
    """A text in pieces, each of them one of the words asked for or not, and where it leads."""

    pieces: tuple[tuple[str, bool], ...]
    language: str
    printed: bool = False
    href: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """One answer as the page shows it.

    ``also`` are other names that have the words, ``outside`` those that the texts do not print.
    """

    kind: str
    href: str | None
    number: str
    name: Marked
    other: Marked | None
    plan: tuple[str, Text] | None
    also: tuple[Marked, ...]
    outside: tuple[Marked, ...]
    texts: tuple[Marked, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Facet:
    """A way to narrow the answers: what it is, how many there are, and the address with and without it."""

    label: Text
    count: int
    href: str
    chosen: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchPage:
    """``/search``: the form, and the answers once something is asked."""

    question: str
    kind: str
    plan: str
    found: Found | None
    hits: tuple[Hit, ...]
    kinds: tuple[Facet, ...]
    plans: tuple[Facet, ...]
    any_kind: str
    any_plan: str
    anywhere: str
    previous: str
    following: str
    apart: tuple[tuple[str, int, str], ...]
    near: tuple[tuple[str, Text, str | None], ...]
    examples: tuple[tuple[str, str], ...]
    json: str


def page_of(page: Page, index: Index, found: Found, chosen: Mapping[str, str]) -> SearchPage:
    """Put answers as the page shows them; ``chosen`` are the question, the kind and the key of the plan."""

    def address(**changed: str | int) -> str:
        return page.url("/search", **{key: value for key, value in {**chosen, **changed}.items() if value})

    asked = bool(found.question)
    size, last = len(found.hits), found.offset + len(found.hits)
    return SearchPage(
        question=found.question,
        kind=chosen["kind"],
        plan=chosen["plan"],
        found=found if asked else None,
        hits=tuple(_hit(page, index, found, entry) for entry in found.hits),
        kinds=tuple(
            Facet(
                label=Text(kind_name(page, kind)),
                count=count,
                href=address(kind=kind),
                chosen=kind == chosen["kind"],
            )
            for kind, count in found.kinds
        ),
        plans=tuple(
            Facet(
                label=page.text(index.plans[plan].names),
                count=count,
                href=address(plan=key_of(plan)),
                chosen=key_of(plan) == chosen["plan"],
            )
            for plan, count in found.plans
        ),
        any_kind=address(kind=""),
        any_plan=address(plan=""),
        anywhere=address(kind="", plan=""),
        previous=address(offset=max(0, found.offset - PAGE)) if found.offset else "",
        following=address(offset=last) if size and last < found.total else "",
        apart=tuple((word.text, count, page.url("/search", q=word.text)) for word, count in found.apart),
        near=tuple(
            (kind_name(page, entry.kind), page.text(entry.names), page.link(NamedNode(entry.iri)))
            for entry in found.near
        ),
        examples=tuple((words_, page.url("/search", q=words_)) for words_ in _EXAMPLES),
        json=address(format="json"),
    )


def _hit(page: Page, index: Index, found: Found, entry: Entry) -> Hit:
    def marked(text: Text, href: str | None = None, *, whole: bool = True) -> Marked:
        language = text.language or page.language
        longest = 0 if whole else _SNIPPET[language if language in _SNIPPET else "en"]
        pieces = words.segments(found.words, text.value, longest)
        return Marked(pieces=pieces, language=language, printed=text.printed, href=href)

    def has(text: Text) -> bool:
        return bool(words.spans(found.words, text.value))

    href = page.link(NamedNode(entry.iri))
    name = page.text(entry.names) if entry.names else Text(shorten(entry.iri), "en")
    other = next((text for text in entry.names if text.language == page.other), None)
    plan = index.plans.get(entry.plans[0]) if len(entry.plans) == 1 and entry.kind != "plan" else None
    return Hit(
        kind=kind_name(page, entry.kind),
        href=href,
        number=entry.number,
        name=marked(name),
        other=marked(other) if other and other != name else None,
        plan=(page.link(NamedNode(plan.iri)) or "", page.text(plan.names)) if plan else None,
        also=tuple(
            marked(text)
            for text in entry.names
            if text not in (name, other) and has(text) and entry.kind != PASSAGE
        ),
        outside=tuple(marked(text) for text in entry.outside if has(text)),
        texts=tuple(
            marked(text, it, whole=False)
            for text, it in (
                _sentence(page, entry, has) if entry.kind == PASSAGE else _told(page, entry, has)
            )
        ),
    )


def _sentence(page: Page, entry: Entry, has: Callable[[Text], bool]) -> list[_Line]:
    """Give a sentence, which leads to the reader, and those lines of our English that have the words.

    Who reads English gets some of it in any case.
    """
    printed, *rendered = entry.texts
    reader = f"/source/{entry.document}"
    place = page.url(reader, char=f"{entry.start},{entry.end}") if page.has(reader) else None
    lines = [(text, page.link(NamedNode(thing))) for text, thing in zip(rendered, entry.things, strict=True)]
    found = [line for line in lines if has(line[0])]
    shown = found or (lines if page.language == "en" else [])
    return [(printed, place or page.link(NamedNode(entry.iri))), *shown[:_RENDERED]]


def _told(page: Page, entry: Entry, has: Callable[[Text], bool]) -> list[_Line]:
    """Give what is said of a thing that has the words, in the page's language or with what says it in that."""
    own, other = (
        [text for text in entry.texts if text.language == tag] for tag in (page.language, page.other)
    )
    if found := [text for text in own if has(text)]:
        return [(found[0], None)]
    pairs = zip_longest(other, own if len(own) == len(other) else ())
    return next(([(text, None) for text in pair if text] for pair in pairs if has(pair[0])), [])


def json_of(page: Page, index: Index, found: Found, chosen: Mapping[str, str], limit: int) -> dict[str, Any]:
    """Put answers as JSON has them; ``marks`` are [start, end) in code points of the text beside them."""
    last = found.offset + len(found.hits)
    kept = {key: value for key, value in chosen.items() if value}
    return {
        "query": found.question,
        "words": [word.text for word in found.words],
        "kind": chosen["kind"] or None,
        "plan": chosen["plan"] or None,
        "total": found.total,
        "anywhere": found.anywhere,
        "offset": found.offset,
        "limit": limit,
        "next": page.url("/search", **kept, offset=last, limit=limit, format="json")
        if found.hits and last < found.total
        else None,
        "kinds": [{"kind": kind, "label": _both(kind), "count": count} for kind, count in found.kinds],
        "plans": [
            {
                "plan": key_of(plan),
                "iri": plan,
                "label": _by_language(index.plans[plan].names),
                "count": count,
            }
            for plan, count in found.plans
        ],
        "results": [_result(page, found, entry) for entry in found.hits],
        "apart": [{"word": word.text, "count": count} for word, count in found.apart],
        "near": [
            {"iri": entry.iri, "kind": entry.kind, "label": _by_language(entry.names)} for entry in found.near
        ],
    }


def _result(page: Page, found: Found, entry: Entry) -> dict[str, Any]:
    def texts(them: tuple[Text, ...]) -> list[dict[str, Any]]:
        return [
            {"text": it.value, "language": it.language, "marks": words.spans(found.words, it.value)}
            for it in them
        ]

    told = texts(entry.texts)
    result: dict[str, Any] = {
        "iri": entry.iri,
        "url": page.link(NamedNode(entry.iri)),
        "kind": entry.kind,
        "number": entry.number or None,
        "names": texts(entry.names),
        "outside": texts(entry.outside),
        "texts": told,
        "plans": [key_of(plan) for plan in entry.plans],
    }
    if entry.kind == PASSAGE:
        for line, thing in zip(told[1:], entry.things, strict=True):
            line["iri"] = thing
        result |= {"document": entry.document, "start": entry.start, "end": entry.end}
    return result


def kind_name(page: Page, kind: str) -> str:
    """Word a kind in the page's language."""
    return page.worded("found", kind)


def _both(kind: str) -> dict[str, str]:
    key = f"found-{kind}"
    return {tag: say(key, tag) if key in WORDING else kind for tag in ("en", "zh")}


def _by_language(names: tuple[Text, ...]) -> dict[str, str]:
    return {text.language: text.value for text in reversed(names) if text.language}


def key_of(iri: str) -> str:
    """Give the key of a thing, the last part of its IRI."""
    return iri.rpartition("/")[2]
