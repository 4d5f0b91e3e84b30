"""What each page's template gets: one dataclass for each page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

from pyoxigraph import NamedNode

from iotkg.model import Entity, Evidence, Overview, Statement, Term, Texts, Unit

Claim: TypeAlias = tuple[Statement, ...]
"""Statements that say the same of several actors in the same words; most claims are one statement."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Passages:
    """Words of one plan, unit by unit; without a plan, of a text that is not held."""

    plan: Unit | None
    units: tuple[tuple[Unit | None, tuple[Evidence, ...]], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """An address and what it is called: a format, a download, the next portion."""

    label: str
    href: str
    type: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """How to cite something: its address here and its lasting one, and the forms that are shown and to be had."""

    href: str
    iri: str
    release: str
    result: str
    """The hash of an answer; empty for a thing."""
    gbt7714: str
    bibtex: str
    formats: tuple[Choice, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A canned query: its name and what it asks, in both languages."""

    name: str
    summary: Texts


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """Canned queries that belong together: some of them, and how many more there are."""

    label: str
    href: str
    questions: tuple[Question, ...]
    more: int


@dataclass(frozen=True, kw_only=True, slots=True)
class HomePage:
    """The first page, ``/``."""

    sets: tuple[tuple[Overview, tuple[Claim, ...]], ...]
    """Each plan set with what is said of all its tasks at once."""

    ways: tuple[str, ...]
    """Where one can go from here, by the words of the wording."""

    topics: tuple[Topic, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class EntityPage:
    """One thing, e.g. ``/doc/task/iot-2013_standards_2``."""

    entity: Entity
    claims: tuple[Claim, ...]
    """What the statements say, but for the owners and deadlines that a task's page begins with."""

    owners: tuple[Claim, ...]
    deadlines: tuple[Claim, ...]
    about: str
    """Which heading the statements stand under, a key of the wording."""

    named: tuple[Passages, ...]
    """Where the text names the thing."""

    rests_on: tuple[Passages, ...]
    """The words that a thing rests on."""

    numbers: Mapping[str, int]
    """The provisions of a unit, by IRI, as they are numbered on the page."""

    formats: tuple[Choice, ...]
    cited: Reference

    edition: bool
    """Whether the address names another release than the one that is served."""

    window: NamedNode | None
    """The property whose links are all that the page shows."""

    size: int
    """How many links such a page shows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorPage:
    """What went wrong, for a reader with a browser."""

    status: int
    title: str
    """A key of the wording."""

    detail: str
    near: tuple[Term, ...] = ()


def claims(statements: Iterable[Statement]) -> tuple[Claim, ...]:
    """Put statements together that say the same of several actors in the same words."""
    return tuple(tuple(same) for _, same in groupby(statements, key=_said))


def passages(words: Iterable[Evidence]) -> tuple[Passages, ...]:
    """Put words together by plan and unit; they come in the order of the text."""
    return tuple(
        Passages(
            plan=plan,
            units=tuple((unit, tuple(them)) for unit, them in groupby(there, key=_unit)),
        )
        for plan, there in groupby(words, key=_plan)
    )


def _plan(evidence: Evidence) -> Unit | None:
    """Give the plan that words stand in, else the document."""
    return next(iter(evidence.path[1:2] or evidence.path), None)


def _unit(evidence: Evidence) -> Unit | None:
    return evidence.path[-1] if evidence.path else None


def _said(statement: Statement) -> object:
    """Tell statements apart by everything but actor and IRI; what names no actor stands alone."""
    return (
        statement.kind.iri.value,
        statement.term.iri.value if statement.actor is None else "",
        statement.subject,
        statement.role,
        statement.basis,
        statement.inferred,
        statement.copies,
        statement.notes,
        statement.facts,
        statement.evidence,
    )
