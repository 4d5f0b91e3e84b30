"""Long tables in pages: ``limit`` and ``offset`` read, and links to the other pages (RFC 8288)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from iotkg.errors import InvalidParameter

MOST: Final = 10_000
"""Rows that one answer holds at most; further ones are on further pages."""
ON_PAGES: Final = 200
"""Rows that a page for readers holds unless another ``limit`` is asked for."""
_DIGITS: Final = 9
"""Of a number that any engine holds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Which rows of an answer are given: up to ``limit`` of them from ``offset``, of ``total``."""

    limit: int
    offset: int
    total: int

    @property
    def end(self) -> int:
        """The row after the last one given, counted from 0."""
        return max(min(self.offset + self.limit, self.total), self.offset)

    @property
    def is_whole(self) -> bool:
        """Say whether these are all rows there are."""
        return self.offset == 0 and self.end == self.total

    @property
    def said(self) -> str:
        """Say which rows these are, counted from 1."""
        given = f"rows {self.offset + 1}-{self.end}" if self.end > self.offset else "no rows"
        return f"{given} of {self.total}"

    @property
    def offsets(self) -> dict[str, int]:
        """Where the other pages start, by relation: first, prev, next and last, those that there are."""
        if self.is_whole:
            return {}
        last = max(self.total - 1, 0) // self.limit * self.limit
        found = {"first": 0, "last": last}
        if self.offset > 0:
            found["prev"] = min(max(self.offset - self.limit, 0), last)
        if self.end < self.total:
            found["next"] = self.end
        return {
            relation: found[relation] for relation in ("first", "prev", "next", "last") if relation in found
        }


def read_part(asked: Mapping[str, str], total: int, usual: int) -> Part:
    """Read ``limit`` and ``offset``; left out or empty they are ``usual`` and 0.

    Raises: InvalidParameter naming the one that is no number, or out of its bounds.
    """
    return Part(
        limit=_number(asked, "limit", usual, 1, MOST),
        offset=_number(asked, "offset", 0, 0, 10**_DIGITS - 1),
        total=total,
    )


def links(part: Part, address: Callable[[int], str]) -> Iterator[str]:
    """Give the links to the other pages, for a Link header; ``address`` gives that of an offset."""
    for relation, offset in part.offsets.items():
        yield f'<{address(offset)}>; rel="{relation}"'


def _number(asked: Mapping[str, str], name: str, usual: int, least: int, most: int) -> int:
    text = asked.get(name, "")
    if not text:
        return usual
    if not text.isascii() or not text.isdecimal() or len(text) > _DIGITS or not least <= int(text) <= most:
        raise InvalidParameter(
            f"{name}: {text[:80]!r} is not allowed; it is a whole number from {least} to {most}"
        )
    return int(text)
