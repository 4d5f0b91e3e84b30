"""The words of the text as HTML: marks inside marks, each with its id, the innermost a link.

Written without a template: a page has a thousand marks.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from markupsafe import Markup, escape
from pyoxigraph import NamedNode

from iotkg import identifiers
from iotkg.highlights import HERE, Mark, Node, Piece
from iotkg.matching import Span
from iotkg.model import Text, in_language
from iotkg.reading import Book, Run
from iotkg.terms import one_line
from iotkg_api.pages import Page

_LEADER: Final = re.compile(r"\.{4,}")
_NAMED: Final = 3
"""How many things a tooltip names of those that one mark is for."""

_HIGHEST: Final = 5
_LABEL: Final = 80


class Writer:
    """Writes the runs of one page; ``taken`` are the spans whose ids others have."""

    def __init__(self, page: Page, book: Book, shown: Collection[str], taken: Collection[Span]) -> None:
        self._page = page
        self._book = book
        self._shown = frozenset(shown)
        self._taken = set(taken)
        self._told: dict[Mark, str] = {}
        self._tags: dict[tuple[Mark, ...], str] = {}

    def run(self, run: Run) -> Markup:
        """Write the words of a run; without tags they are the text, character for character."""
        found: list[str] = []
        self._write(run.pieces, (), found)
        return Markup("".join(found))  # noqa: S704 - every value was escaped

    def _write(self, pieces: tuple[Piece, ...], above: tuple[Mark, ...], found: list[str]) -> None:
        for piece in pieces:
            if isinstance(piece, Node):
                mark = piece.mark
                inside = (*above, mark) if mark.kind in self._shown else above
                tag = "mark" if mark.kind == HERE else "span"
                found.append(f"<{tag}{self._attributes(piece)}>")
                self._write(piece.inside, inside, found)
                found.append(f"</{tag}>")
            else:
                found.append(self._words(*piece, above))

    def _attributes(self, node: Node) -> str:
        mark = node.mark
        span = (mark.start, mark.end)
        classes = mark.kind if mark.kind == HERE else f"k {mark.kind} h{min(node.height, _HIGHEST)}"
        if not node.first:
            classes += " cont"
        if node.first and span not in self._taken:
            self._taken.add(span)
            return f' id="char={span[0]},{span[1]}" class="{classes}"'
        return f' data-char="{span[0]},{span[1]}" class="{classes}"'

    def _words(self, start: int, end: int, above: tuple[Mark, ...]) -> str:
        words = str(escape(self._book.outline.text[start:end]))
        if not above:
            return _LEADER.sub(lambda dots: f'<span class="leader">{dots[0]}</span>', words)
        if above not in self._tags:
            title = "\n".join(self._tell(mark) for mark in reversed(above))
            self._tags[above] = f'<a href="{escape(self._target(above[-1]))}" title="{escape(title)}">'
        return f"{self._tags[above]}{words}</a>"

    def _target(self, mark: Mark) -> str:
        """Address what a mark is for: the thing, or the anchor that lists them all."""
        things = mark.things
        anchor = identifiers.anchor(self._book.key, mark.start, mark.end)
        return self._page.link(things[0] if len(things) == 1 else anchor) or ""

    def _tell(self, mark: Mark) -> str:
        """Say what a mark is for: the kind, and the things by name."""
        if mark not in self._told:
            kind = self._page.say_of("mark", mark.kind)
            names = [name for thing in mark.things if (name := self._name(thing))]
            names = list(dict.fromkeys(names))[:_NAMED]
            said = self._page.say("comma").join(names)
            self._told[mark] = f"{kind}{self._page.say('colon')}{said}" if said else kind
        return self._told[mark]

    def _name(self, thing: NamedNode) -> str:
        """Name a thing by its label, else by our translation of its words where the page is English."""
        labels = self._book.labels.get(thing.value, ())
        ours = self._book.translations.get(thing.value, ())
        name = in_language(labels or ours, self._page.language) if labels or ours else Text("")
        if not labels and name.language != self._page.language:
            return ""
        line = one_line(name.value)
        return line if len(line) <= _LABEL else f"{line[:_LABEL]}…"
