"""Who is next, and who is at it: one line of waiting requests for each client, served in turn.

So a client that sends a hundred queries does not make others wait for a hundred, only for its next one.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from iotkg_api.channels import Worker
    from iotkg_api.evaluation import Reply

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class Place(Generic[T]):
    """A place in a line: whose it is, what comes when it is its turn, and when it was taken."""

    client: str
    turn: asyncio.Future[T]
    since: float = field(default_factory=lambda: asyncio.get_running_loop().time())


class FairQueue(Generic[T]):
    """Lines of places, one for each client."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, deque[Place[T]]] = OrderedDict()
        self._length = 0

    def __len__(self) -> int:
        """Count the places."""
        return self._length

    def add(self, place: Place[T]) -> None:
        """Put a place at the end of its client's line."""
        self._lines.setdefault(place.client, deque()).append(place)
        self._length += 1

    def next(self, load: Mapping[str, int]) -> Place[T]:
        """Take the next place: of the clients with the least load, the one that was served longest ago.

        Raises: ValueError when nobody waits.
        """
        client = min(self._lines, key=lambda client: load.get(client, 0))  # the first of equals
        place = self._lines[client][0]
        self.remove(place)
        if client in self._lines:
            self._lines.move_to_end(client)
        return place

    def remove(self, place: Place[T]) -> None:
        """Take a place out of its line, if it still stands there."""
        line = self._lines.get(place.client)
        if line is None or place not in line:
            return
        line.remove(place)
        self._length -= 1
        if not line:
            del self._lines[place.client]

    def last_of_longest(self) -> Place[T]:
        """Give the last place of the longest line.

        Raises: ValueError when nobody waits.
        """
        return max(self._lines.values(), key=len)[-1]

    def all(self) -> list[Place[T]]:
        """Give every place."""
        return [place for line in self._lines.values() for place in line]


@dataclass(slots=True)
class Job:
    """A query under way: its worker, whose it is, its reply, and when it began.

    That is by the clock, by the worker's time, and by how many quick queries had ended.
    """

    worker: Worker
    client: str
    reply: asyncio.Future[Reply]
    since: float
    began: float
    quick_ends: int
    over: bool = False
    timer: asyncio.TimerHandle | None = None
    outlasted: bool = False
    promoted: bool = False
    """It became long under way."""
