"""A small picture of each class: what stands above and below it, and the properties that lead from it and to it.

It is a column, so that it can be read on a phone: the class on top of a line, and beside the line a row for each
neighbour. The reference says the same in words, with links.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pyoxigraph import NamedNode

from iotkg.glossary import Entry, Glossary
from iotkg.identifiers import shorten
from iotkg.model import in_language

WIDTH: Final = 356
ROW: Final = 30
_MOST: Final = 8
"""Rows of one sort; the reference has them all."""
_ROOM: Final = 24
"""How many letters a name has room for; a Chinese character takes two."""
_WIDE: Final = "\u2e80"


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbour:
    """One row: ``sort`` is above, out, in or below; ``by`` names the property, where there is one."""

    sort: str
    name: str
    by: str
    y: int

    @property
    def short(self) -> str:
        """The name as far as there is room."""
        return _cut(self.name)

    @property
    def short_by(self) -> str:
        """The name of the property as far as there is room."""
        return _cut(self.by)


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbourhood:
    """A class with its neighbours; ``more`` counts those for which there is no row."""

    name: str
    rows: tuple[Neighbour, ...]
    y: int
    """Where the class itself stands."""
    more: int

    @property
    def height(self) -> int:
        """How high the picture is."""
        return (len(self.rows) + 1) * ROW + 8


def neighbourhood(glossary: Glossary, entry: Entry, language: str) -> Neighbourhood:
    """Give the picture of a class."""
    sorts: dict[str, list[tuple[str, NamedNode | None]]] = {
        "above": [("", iri) for iri in entry.above],
        "out": list(_ends(glossary, entry, "domains", "ranges", language)),
        "in": list(_ends(glossary, entry, "ranges", "domains", language)),
        "below": [("", iri) for iri in entry.below],
    }
    kept = [(sort, by, iri) for sort, them in sorts.items() for by, iri in them[:_MOST]]
    first = sum(sort == "above" for sort, _, _ in kept)
    rows = tuple(
        Neighbour(
            sort=sort,
            name=_name(glossary, iri, language),
            by=by,
            y=(number if sort == "above" else number + 1) * ROW + 4,
        )
        for number, (sort, by, iri) in enumerate(kept)
    )
    return Neighbourhood(
        name=_name(glossary, entry.iri, language),
        rows=rows,
        y=first * ROW + 4,
        more=sum(len(them) for them in sorts.values()) - len(rows),
    )


def _ends(
    glossary: Glossary, entry: Entry, here: str, there: str, language: str
) -> Iterator[tuple[str, NamedNode | None]]:
    """Give the properties that have a class at one end, with what is at the other."""
    for it in glossary.using(entry.iri, here):
        by = in_language(it.labels, language).value
        yield from ((by, iri) for iri in getattr(it, there) or (None,))


def _name(glossary: Glossary, iri: NamedNode | None, language: str) -> str:
    if iri is None:
        return "–"
    entry = glossary.entries.get(iri.value)
    return in_language(entry.labels, language).value if entry else shorten(iri.value)


def _cut(name: str) -> str:
    """Shorten a name to the room there is."""
    used = 0
    for at, letter in enumerate(name):
        used += 2 if letter >= _WIDE else 1
        if used > _ROOM and at < len(name) - 1:
            return f"{name[:at]}…"
    return name
