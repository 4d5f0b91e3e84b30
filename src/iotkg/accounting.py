"""Nothing passed over: every numeral, every 《》 title and every watched word is anchored or excepted.

A numeral is accounted for by the ``iotkg:verbatim`` of a target or a deadline, by standing in the name of
something that is linked, by being a printed number or a page of the contents, or by an exception. A title and a
watched word are accounted for by the name of something that is linked, or by an exception. Which words are watched
the plan set says (``iotkg:watchedWords``). Source: docs/curating.md, "Nothing passed over".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pyoxigraph import Literal

from iotkg import identifiers
from iotkg.anchors import Anchors
from iotkg.document import Document
from iotkg.errors import AccountError
from iotkg.exceptions import Exceptions
from iotkg.matching import Matcher, Span, inside
from iotkg.problems import Problem, both
from iotkg.vocab import IOTKG

_NUMERAL = re.compile(r"\d+|[〇零一二三四五六七八九十百千万亿两]+")
_TITLE = re.compile(r"(?<=《)[^《》]+(?=》)")
_PLAN_KINDS = ("plan", "plan-set")
_SHOWN = {
    "numeral": ("the numeral", "数字"),
    "title": ("the title", "标题"),
    "watched-words": ("the watched words", "受关注的词语"),
}


def account(document: Document, anchors: Anchors, matcher: Matcher, exceptions: Exceptions) -> None:
    """Hold every numeral, title and watched word against what is anchored; runs after everything else that excuses.

    Raises: AccountError naming each that is left, with its offset and the words around it, and each exception that
    excused nothing.
    """
    names = set(anchors.named) | set(_printed_titles(document, matcher))
    numbers = names | set(_verbatims(document, anchors)) | set(_structural(document))
    faults = [
        *_left(document, "numeral", matcher.search(_NUMERAL), numbers, exceptions),
        *_left(document, "title", matcher.search(_TITLE), names, exceptions),
    ]
    for words in _watched(document):
        faults += _left(document, "watched-words", matcher.find(words), numbers, exceptions)
    faults += exceptions.unused()
    if faults:
        raise AccountError(faults)


def _left(
    document: Document, what: str, spans: Iterator[Span], known: set[Span], exceptions: Exceptions
) -> Iterator[Problem]:
    """Name the places that nothing accounts for."""
    for start, end in spans:
        words = document.text[start:end]
        if not inside((start, end), known) and not exceptions.excuse(words, (start, end)):
            unit = document.unit_at(start)
            around = document.text[max(0, start - 8) : end + 8]
            shown = identifiers.shorten(unit.value)
            en, zh = _SHOWN[what]
            yield Problem(
                kind=f"{what}-unaccounted",
                messages=both(
                    f"{en} {words} at {start} in {shown} "
                    f"(…{around!r}…) is not accounted for; curate what it says, or except it with a reason",
                    f"{shown} 第 {start} 字处的{zh}“{words}”（…{around!r}…）无所归属；"
                    "请录入其所述内容，或列为例外并说明理由",
                ),
                place=document.curated.place(unit),
                subject=unit,
                value=Literal(words),
            )


def _watched(document: Document) -> Iterator[str]:
    for about in document.index.values():
        for words in about.get(IOTKG.watchedWords, ()):
            yield words.value


def _printed_titles(document: Document, matcher: Matcher) -> Iterator[Span]:
    """Yield where units print their titles, and where else the names of plans stand."""
    for unit in document.units.values():
        if unit.title and unit.kind in _PLAN_KINDS:
            yield from matcher.find(unit.title)
        elif unit.title and unit.kind != "task":
            yield unit.start, unit.start + len((unit.number or "") + unit.title)


def _structural(document: Document) -> Iterator[Span]:
    """Yield printed numbers of units and the page numbers of the contents."""
    for unit in document.units.values():
        if unit.number:
            yield unit.start, unit.start + len(unit.number)
        if unit.contents:
            yield unit.contents


def _verbatims(document: Document, anchors: Anchors) -> Iterator[Span]:
    """Yield where the expressions of targets and deadlines stand in their quotes."""
    for iri, about in document.index.items():
        for verbatim in about.get(IOTKG.verbatim, ()):
            if isinstance(verbatim, Literal):
                for start, end in anchors.evidence[iri]:
                    for match in re.finditer(re.escape(verbatim.value), document.text[start:end]):
                        yield start + match.start(), start + match.end()
