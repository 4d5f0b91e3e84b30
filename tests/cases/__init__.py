"""Cases for shapes and checks: a good graph of a fictional archipelago, and small changes to it.

``written.ttl`` is the good graph as curators write it, ``complete.ttl`` what follows from it. A case is a file in
the folder of the shape or check it is about. Its header says in which phase it is checked, which triples of the
good graph it drops (subject, predicate, object; ``*`` stands for any) and what must be found, no more and no less:

    # phase: written
    # drops: actor:harbour-office skos:prefLabel *
    # expects: iotsh:Labelled-chinese actor:harbour-office

Its body is what it adds. The ontology and the code lists are there as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pyoxigraph import Triple

from iotkg.identifiers import expand
from iotkg.turtle import parse_turtle
from iotkg.validation import Phase

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Case:
    """A graph and the findings it must give, each a shape or check and a focus, as IRIs."""

    name: str
    phase: Phase
    triples: frozenset[Triple]
    expected: frozenset[tuple[str, str]]


def parsed(path: Path) -> frozenset[Triple]:
    """Read a file's triples."""
    return frozenset(parse_turtle(path.read_text(encoding="utf-8"), name=str(path)))


@cache
def good(phase: Phase) -> frozenset[Triple]:
    """Give the good graph of a phase, with the code lists."""
    names = ["written"] if phase == "written" else ["written", "complete"]
    files = [ROOT / "ontology" / "schemes.ttl", *(FOLDER / f"{name}.ttl" for name in names)]
    return frozenset().union(*(parsed(path) for path in files))


def read(path: Path) -> Case:
    """Read a case."""
    lines = path.read_text(encoding="utf-8").splitlines()
    header: dict[str, list[str]] = {"phase": [], "drops": [], "expects": []}
    for line in lines[1:]:
        if not line.startswith("# "):
            break
        key, _, value = line.removeprefix("# ").partition(": ")
        header[key].append(value)
    (phase,) = header["phase"]
    return Case(
        name=f"{path.parent.name}/{path.stem}",
        phase=phase,
        triples=dropped(good(phase), header["drops"]) | parsed(path),
        expected=frozenset(tuple(iri(name) for name in line.split()) for line in header["expects"]),
    )


def dropped(triples: frozenset[Triple], patterns: Iterable[str]) -> frozenset[Triple]:
    """Take away what matches the patterns; a pattern that matches nothing is a fault of the case."""
    for pattern in patterns:
        wanted = [None if name == "*" else iri(name) for name in pattern.split()]
        gone = {
            triple
            for triple in triples
            if all(
                name is None or name == node.value
                for name, node in zip(wanted, (triple.subject, triple.predicate, triple.object), strict=True)
            )
        }
        assert gone, f"nothing matches {pattern}"
        triples -= gone
    return triples


def iri(name: str) -> str:
    """Resolve a prefixed name."""
    found = expand(name)
    assert found is not None, name
    return found.value
