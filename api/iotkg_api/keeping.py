"""Finished answers in bounded memory, the least recently used dropped first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_OVERHEAD: Final = 2048
"""Bytes that Python needs for an entry besides what it holds; rather too many than too few."""

_OF_AN_OBJECT: Final = 64

_SHARE: Final = 4
"""One answer may take one part in so many of the memory."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A finished answer; ``etag`` is empty where it has none."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    etag: str = ""


class Cache:
    """Answers of one release by request, in at most ``limit`` bytes; 0 keeps none."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.bytes = 0
        """What is kept now, keys and overhead included."""
        self.hits = 0
        self.misses = 0
        self._kept: OrderedDict[object, tuple[Kept, int]] = OrderedDict()

    def __len__(self) -> int:
        """Count the answers kept."""
        return len(self._kept)

    def __contains__(self, key: object) -> bool:
        """Say whether the answer to a request is kept."""
        return key in self._kept

    def get(self, key: object) -> Kept | None:
        """Give the answer to a request, if it is kept."""
        found = self._kept.get(key)
        if found is None:
            self.misses += 1
            return None
        self.hits += 1
        self._kept.move_to_end(key)
        return found[0]

    def takes(self, key: object, kept: Kept) -> bool:
        """Say whether an answer is one to keep, by its size."""
        return _cost(key, kept) * _SHARE <= self.limit

    def put(self, key: object, kept: Kept) -> bool:
        """Keep an answer, unless it would take too much of the memory; say whether it is kept."""
        size = _cost(key, kept)
        if size * _SHARE > self.limit:
            return False
        old = self._kept.pop(key, None)
        self.bytes += size - (old[1] if old else 0)
        self._kept[key] = kept, size
        while self.bytes > self.limit:
            _, (_, dropped) = self._kept.popitem(last=False)
            self.bytes -= dropped
        return True


def _cost(key: object, kept: Kept) -> int:
    return len(kept.body) + _size(key) + _OVERHEAD


def _size(key: object) -> int:
    """Count the bytes that a key takes: nested tuples of bytes and small things."""
    if isinstance(key, tuple):
        return _OF_AN_OBJECT + sum(map(_size, key))
    return _OF_AN_OBJECT + len(key) if isinstance(key, bytes) else 0
