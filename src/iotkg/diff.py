"""What differs between two releases: triples added and removed, by graph and by thing.

Both are compared as written, line by line: a release's blank nodes are labelled canonically, so that equal triples are
equal lines. A blank node whose surroundings changed may have another label, and then counts as removed and added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Triple, parse

from iotkg.store import QUADS, Cell, Table, read_file
from iotkg.vocab import SKOS

_LABEL: Final = f" {SKOS.prefLabel} "


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How many triples of a graph, or about a thing, were added and removed."""

    name: str
    added: int
    removed: int
    labels: dict[str, str]
    """What a thing is called, by language; in the newer release where it is there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """What differs, as lists of quads and as counts."""

    added: tuple[Quad, ...]
    removed: tuple[Quad, ...]
    graphs: tuple[Counts, ...]
    things: tuple[Counts, ...]
    """Those with most changes first."""

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.added and not self.removed


def difference(old: Path, new: Path) -> Difference:
    """Compare two release folders.

    Raises: InputError when one is no release, or is not what its manifest says.
    """
    before, after = (read_file(dist, QUADS).splitlines() for dist in (old, new))
    gone, come = set(before) - set(after), set(after) - set(before)
    removed, added = _quads(gone), _quads(come)
    named = {str(quad.subject) for quad in (*removed, *added)}
    labels = _labels([*before, *after], named)
    return Difference(
        added=added,
        removed=removed,
        graphs=_counted(removed, added, lambda quad: quad.graph_name, {}),
        things=_counted(removed, added, lambda quad: quad.subject, labels),
    )


def changes(found: Difference) -> Table:
    """List every triple that differs, those removed first."""
    rows: list[tuple[Cell, ...]] = []
    for change, quads in (("removed", found.removed), ("added", found.added)):
        rows += [(Literal(change), *(_cell(term) for term in _terms(quad))) for quad in quads]
    return Table(("change", "graph", "subject", "predicate", "object"), tuple(rows))


def by_thing(found: Difference) -> Table:
    """Count what differs, thing by thing."""
    rows = [
        (
            NamedNode(it.name) if ":" in it.name and not it.name.startswith("_:") else Literal(it.name),
            Literal(it.labels.get("zh", "")),
            Literal(it.labels.get("en", "")),
            Literal(it.added),
            Literal(it.removed),
        )
        for it in found.things
    ]
    return Table(("thing", "thing_zh", "thing_en", "added", "removed"), tuple(rows))


def by_graph(found: Difference) -> Table:
    """Count what differs, graph by graph."""
    rows = [(NamedNode(it.name), Literal(it.added), Literal(it.removed)) for it in found.graphs]
    return Table(("graph", "added", "removed"), tuple(rows))


def _quads(lines: Iterable[str]) -> tuple[Quad, ...]:
    return tuple(parse("\n".join(sorted(lines)), RdfFormat.N_QUADS))


def _labels(lines: Iterable[str], subjects: set[str]) -> dict[str, dict[str, str]]:
    """Read what things are called; later lines win."""
    stated = [line for line in lines if _LABEL in line and line.partition(" ")[0] in subjects]
    found: dict[str, dict[str, str]] = {}
    for quad in parse("\n".join(stated), RdfFormat.N_QUADS):
        if isinstance(quad.subject, NamedNode) and isinstance(quad.object, Literal):
            found.setdefault(quad.subject.value, {})[quad.object.language or ""] = quad.object.value
    return found


def _counted(
    removed: Iterable[Quad],
    added: Iterable[Quad],
    of: Callable[[Quad], object],
    labels: dict[str, dict[str, str]],
) -> tuple[Counts, ...]:
    minus, plus = (Counter(_name(of(quad)) for quad in quads) for quads in (removed, added))
    names = sorted({*minus, *plus}, key=lambda name: (-minus[name] - plus[name], name))
    return tuple(
        Counts(name=name, added=plus[name], removed=minus[name], labels=labels.get(name, {}))
        for name in names
    )


def _name(term: object) -> str:
    return term.value if isinstance(term, NamedNode) else str(term)


def _terms(quad: Quad) -> tuple[object, object, object, object]:
    return quad.graph_name, quad.subject, quad.predicate, quad.object


def _cell(term: object) -> Cell:
    """Give a term as a table holds it; a quoted triple, which no release holds, as it is written."""
    if isinstance(term, Triple):
        return Literal(str(term))
    return term if isinstance(term, NamedNode | Literal) else Literal(str(term))
