"""Highlights: the words of a text cut into nested marks, so that what overlaps can be told apart.

Pure: marks and a span in, nested pieces out. Marks that cross are cut; one that is cut is told by its parts, of
which the first begins where the mark does. Units: Unicode code points of the text, half open.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Final, TypeAlias

from pyoxigraph import NamedNode

KINDS: Final[dict[str, tuple[str, ...]]] = {
    "provision": ("measure", "aim", "ground", "principle"),
    "shared": ("shared-wording",),
    "exception": ("exception",),
    "responsibility": ("responsibility",),
    "deadline": ("deadline", "period"),
    "target": ("target",),
    "funding": ("funding-support",),
    "reference": ("xref",),
    "initiative": ("initiative", "initiative-kind"),
    "output": ("deliverable",),
    "mention": ("mention",),
    "body": ("actor",),
    "sector": ("sector",),
    "technology": ("technology",),
    "document": ("document", "plan", "plan-set"),
    "place": ("place",),
    "programme": ("programme",),
    "instrument": ("instrument",),
    "facility": ("facility",),
    "talent": ("talent",),
}
"""Kinds of marks and the classes of things (segments of their IRIs) that each is for; of several on the very same
words, the kind that comes first here stands outside."""

HERE: Final = "here"
"""The kind of a mark that nothing rests on: words that a reader asked for."""

KIND_OF: Final = {segment: kind for kind, segments in KINDS.items() for segment in segments}
_RANK: Final = {kind: rank for rank, kind in enumerate((HERE, *KINDS))}


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """Words to be marked: [start, end), and what they are for.

    ``named`` are the things of the kind that the words name, ``stated`` those that rest on them.
    """

    start: int
    end: int
    kind: str
    named: tuple[NamedNode, ...] = ()
    stated: tuple[NamedNode, ...] = ()

    @property
    def things(self) -> tuple[NamedNode, ...]:
        """Everything the mark is for, each thing once."""
        return tuple(dict.fromkeys((*self.named, *self.stated)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A part of a mark, with what stands inside it.

    ``first`` says that the part begins where its mark does; ``height`` how many marks that are shown stand inside
    it one in another, so that lines under the words can be stacked.
    """

    mark: Mark
    start: int
    end: int
    inside: tuple[Piece, ...]
    height: int

    @property
    def first(self) -> bool:
        """Whether this part is the one with which its mark begins."""
        return self.start == self.mark.start


Piece: TypeAlias = Node | tuple[int, int]
"""A part of a mark, or a run of words under no further mark."""

_Entry: TypeAlias = tuple[int, int, int, int, Mark]


def nest(marks: Iterable[Mark], start: int, end: int, shown: Collection[str]) -> tuple[Piece, ...]:
    """Cut the words [start, end) at the bounds of the marks that reach into them; what is longer stands outside.

    ``shown`` are the kinds whose lines need room; the others are cut and nested all the same.
    """
    heap: list[_Entry] = [
        (max(mark.start, start), -min(mark.end, end), _RANK[mark.kind], number, mark)
        for number, mark in enumerate(marks)
        if mark.start < end and start < mark.end
    ]
    heapify(heap)
    return tuple(_pieces(heap, start, end, frozenset(shown)))


def _pieces(heap: list[_Entry], start: int, end: int, shown: frozenset[str]) -> Iterator[Piece]:
    at = start
    while heap and heap[0][0] < end:
        left, negative, rank, number, mark = heappop(heap)
        right = -negative
        if right > end:  # it crosses the mark that we are in: what is left of it comes behind that one
            heappush(heap, (end, negative, rank, number, mark))
            right = end
        if at < left:
            yield (at, left)
        inside = tuple(_pieces(heap, left, right, shown))
        yield Node(mark=mark, start=left, end=right, inside=inside, height=_height(inside, shown))
        at = right
    if at < end:
        yield (at, end)


def _height(inside: tuple[Piece, ...], shown: frozenset[str]) -> int:
    return max(
        (piece.height + (piece.mark.kind in shown) for piece in inside if isinstance(piece, Node)), default=0
    )
