"""What changed since the release before, where the settings name one: read when it is first asked for, and kept."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from pyoxigraph import NamedNode
from starlette.requests import Request

from iotkg.diff import Counts, Difference, by_thing, changes, difference
from iotkg.errors import IotkgError
from iotkg.identifiers import local_path
from iotkg.model import Term, Text
from iotkg.store import QUERIES, RULES, Table, read_manifest
from iotkg.terms import Names
from iotkg_api.resources import catalogue_of
from iotkg_api.settings import Settings

_LOG: Final = logging.getLogger(__name__)
_SHOWN: Final = 50
_PREVIOUS: Final = "IOTKG_PREVIOUS"
TABLES: Final[dict[str, Callable[[Difference], Table]]] = {"things": by_thing, "changes": changes}
"""What can be had as a table: what differs, thing by thing and triple by triple."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Things of one class that changed: some of them, with how many triples were added and removed of all."""

    kind: str
    things: tuple[tuple[Term, Counts], ...]
    total: int
    added: int
    removed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """What differs from the release before; ``fault`` says why nobody can tell."""

    before: str = ""
    """The hash of the release before."""
    fault: str = ""
    difference: Difference | None = None
    groups: tuple[Group, ...] = ()
    files: tuple[str, ...] = ()
    """The canned queries and rules that were added, removed or changed, by file."""


def changed(request: Request) -> Changed | None:
    """Compare the release with the one before; None where the settings name none."""
    state = request.app.state
    if not hasattr(state, "changed"):
        settings: Settings = state.settings
        names = catalogue_of(request).names
        state.changed = (
            _compared(Path(settings.previous), settings.dist, names) if settings.previous else None
        )
    found: Changed | None = state.changed
    return found


def _compared(old: Path, new: Path, names: Names) -> Changed:
    try:
        before, after = read_manifest(old), read_manifest(new)
        found = difference(old, new)
    except (IotkgError, OSError, SyntaxError, ValueError) as error:
        _LOG.warning(
            "the release before cannot be compared", extra={"previous": str(old), "fault": str(error)}
        )
        # where it stands on this machine is for the log alone
        told = str(error).replace(str(old), _PREVIOUS).replace(str(new), "IOTKG_DIST")
        return Changed(fault=told if _PREVIOUS in told else f"{_PREVIOUS}: {told}")
    sums = [{name: entry["sha256"] for name, entry in it["files"].items()} for it in (before, after)]
    differing = sorted({name for name, _ in sums[0].items() ^ sums[1].items()})
    return Changed(
        before=before["release"],
        difference=found,
        groups=tuple(_groups(found, names)),
        files=tuple(name for name in differing if name.startswith((QUERIES, RULES))),
    )


def _groups(found: Difference, names: Names) -> Iterator[Group]:
    """Put what changed together by class, as the IRIs have it; those with most things first."""
    ordered = sorted(found.things, key=lambda it: _kind(it.name))
    groups = [(kind, tuple(them)) for kind, them in groupby(ordered, key=lambda it: _kind(it.name))]
    named = names.of(
        NamedNode(it.name) for _, them in groups for it in them[:_SHOWN] if not it.name.startswith("_:")
    )
    for kind, things in sorted(groups, key=lambda group: (-len(group[1]), group[0])):
        yield Group(
            kind=kind,
            things=tuple((_term(it, named), it) for it in things[:_SHOWN] if it.name in named),
            total=len(things),
            added=sum(it.added for it in things),
            removed=sum(it.removed for it in things),
        )


def _kind(name: str) -> str:
    """Give the class segment of an IRI of ours; ontology for its terms, else other."""
    local = local_path(name) or ""
    if local.startswith("ontology"):
        return "ontology"
    return local.split("/")[1] if local.startswith("id/") else "other"


def _term(counts: Counts, named: Mapping[str, Term]) -> Term:
    """Name a thing; one that is gone goes by what the release before called it."""
    labels = tuple(Text(words, language) for language, words in sorted(counts.labels.items()))
    return Term(iri=NamedNode(counts.name), name=(labels,)) if labels else named[counts.name]
