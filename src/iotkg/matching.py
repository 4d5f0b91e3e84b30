"""Where words stand in a text, white space skipped: 863计划 finds 863 计划; offsets stay raw.

Pure: text and words in, spans out. Units: Unicode code points of the text as it is, half open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]
"""Raw offsets of words, half open."""

_LATIN = re.compile(r"[0-9A-Za-z]")


def squeeze(text: str) -> str:
    """Leave out all white space."""
    return "".join(text.split())


def inside(span: Span, spans: set[Span]) -> bool:
    """Say whether a span lies within one of several."""
    return any(start <= span[0] and span[1] <= end for start, end in spans)


@dataclass(frozen=True)
class Matcher:
    """Finds words in one text."""

    text: str
    squeezed: str = field(init=False)
    kept: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "squeezed", squeeze(self.text))
        object.__setattr__(self, "kept", tuple(i for i, c in enumerate(self.text) if not c.isspace()))

    def find(self, words: str) -> Iterator[Span]:
        """Yield each place of the words; Latin words and numbers only where they are whole."""
        wanted = squeeze(words)
        at = self.squeezed.find(wanted) if wanted else -1
        while at >= 0:
            if not self._cuts(at, at + len(wanted)):
                yield self.raw(at, at + len(wanted))
            at = self.squeezed.find(wanted, at + 1)

    def search(self, pattern: re.Pattern[str]) -> Iterator[Span]:
        """Yield each place of a pattern that is written without white space."""
        for match in pattern.finditer(self.squeezed):
            yield self.raw(*match.span())

    def raw(self, start: int, end: int) -> Span:
        """Turn offsets without white space into raw ones."""
        return self.kept[start], self.kept[end - 1] + 1

    def _cuts(self, start: int, end: int) -> bool:
        """Say whether a span cuts a Latin word or a number in two."""
        return self._joined(start) or self._joined(end)

    def _joined(self, at: int) -> bool:
        text = self.squeezed
        return 0 < at < len(text) and bool(_LATIN.match(text[at - 1]) and _LATIN.match(text[at]))
