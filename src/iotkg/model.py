"""What a reader is told about a thing: values, without any notion of a store, a language choice or a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pyoxigraph import NamedNode


@dataclass(frozen=True, slots=True)
class Text:
    """A literal: its characters, its language where it has one, and whether they are the policy text's own."""

    value: str
    language: str | None = None
    printed: bool = False


Texts: TypeAlias = tuple[Text, ...]
"""The same thing said in several languages."""

Name: TypeAlias = tuple[Texts, ...]
"""A name in parts: one for what has a label, several for a statement named by those it connects."""


def in_language(texts: Iterable[Text], language: str) -> Text:
    """Choose the text in a language, else one without a language, else the first.

    The choice tells its language, so that a page can mark a fallback.
    """
    by_language = {text.language: text for text in reversed(tuple(texts))}
    return (
        by_language.get(language) or by_language.get(None) or next(reversed(by_language.values()), Text(""))
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """A thing with its IRI and its name.

    ``definition`` is that of a term of the ontology or a code list; ``basis`` that of a statement, whose name
    says who owns what and so never stands without it.
    """

    iri: NamedNode
    name: Name
    definition: Texts = ()
    basis: Texts = ()


Value: TypeAlias = Term | Text
"""The object of a fact: a thing or a literal."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Links:
    """Facts that share a property and a direction; ``values`` shows ``total`` of them from ``offset`` on."""

    predicate: Term
    incoming: bool
    values: tuple[Value, ...]
    total: int
    offset: int = 0

    @property
    def more(self) -> int:
        """How many facts follow those shown."""
        return self.total - self.offset - len(self.values)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """A piece of a document's tree; [start, end) is its span, [start, own_end) its own words.

    Units: Unicode code points of the source text, half open.
    """

    term: Term
    anchor: NamedNode
    kind: str
    number: str
    ordinal: int
    start: int
    end: int
    own_end: int
    parent: NamedNode | None
    children: tuple[NamedNode, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """A run of words under the same anchors; ``target`` is what they name or, for evidence, their anchor."""

    text: str
    target: Term | None = None
    names: bool = False
    supports: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """Words of the text, with those around them and the path of units they stand in, outermost first."""

    anchor: Term
    quote: str
    prefix: str
    suffix: str
    start: int
    end: int
    path: tuple[Unit, ...] = ()

    @property
    def cut_before(self) -> bool:
        """Whether the unit has more words before those given."""
        return bool(self.path) and self.start - len(self.prefix) > self.path[-1].start

    @property
    def cut_after(self) -> bool:
        """Whether the unit has more words after those given."""
        return bool(self.path) and self.end + len(self.suffix) < self.path[-1].end


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """A statement about a subject, with the words it rests on and how directly they support it.

    ``origin`` is the statement it was inherited from, ``copies`` the number of those inherited from it.
    """

    term: Term
    kind: Term
    subject: Term | None
    actor: Term | None = None
    role: Term | None = None
    owning: bool = False
    due: str = ""
    basis: Term | None = None
    rank: int = 0
    facts: tuple[Links, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    stated_in: Term | None = None
    origin: Statement | None = None
    copies: int = 0
    notes: Texts = ()
    translation: Texts = ()

    @property
    def inferred(self) -> bool:
        """Whether a rule derived it from a statement about something larger."""
        return self.origin is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Clause:
    """What the words of one unit set out: a provision, a target, an initiative, an output, a reference.

    ``facts`` holds what it says of itself, by prefixed property; ``words`` its own words first, then those at the
    other end of a reference; ``translation`` is ours, of its own words.
    """

    term: Term
    kind: Term
    unit: Term | None
    words: tuple[Evidence, ...] = ()
    translation: Texts = ()
    facts: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    notes: Texts = ()

    def of(self, name: str) -> tuple[Value, ...]:
        """Give the values of a property, such as ``iotkg:aimsAt``."""
        return self.facts.get(name, ())


@dataclass(frozen=True, kw_only=True, slots=True)
class Clauses:
    """Clauses of one kind in the order of the text; ``items`` shows ``total`` of them from ``offset`` on."""

    kind: Term
    items: tuple[Clause, ...]
    total: int
    offset: int = 0

    @property
    def more(self) -> int:
        """How many clauses follow those shown."""
        return self.total - self.offset - len(self.items)


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """Things of one sort that the words of a unit name, in the order of the text; ``sort`` is a class segment.

    ``words`` is an anchor of each, by IRI.
    """

    sort: str
    things: tuple[Term, ...]
    words: Mapping[str, NamedNode] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Branch:
    """A unit and those below it."""

    unit: Unit
    below: tuple[Branch, ...] = ()

    @property
    def tasks(self) -> int:
        """How many tasks the unit and those below it are."""
        return (self.unit.kind == "task") + sum(branch.tasks for branch in self.below)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a unit stands: the units above, below and beside it, its words, and the plan's missing tables."""

    unit: Unit
    above: tuple[Unit, ...]
    below: tuple[Branch, ...]
    beside: tuple[Unit, ...]
    words: tuple[Segment, ...]
    missing_tables: tuple[Unit, ...]

    @property
    def tasks(self) -> int:
        """How many tasks are below the unit."""
        return sum(branch.tasks for branch in self.below)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """A unit in whose own text a thing is named, how often, and an anchor whose words do."""

    unit: Unit
    places: int
    anchor: NamedNode


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where a thing stands in one plan, unit by unit; without a spot, the plan does not name it."""

    plan: Unit
    spots: tuple[Spot, ...]

    @property
    def places(self) -> int:
        """How often the plan names it."""
        return sum(spot.places for spot in self.spots)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """Everything a page tells about one thing.

    ``classes`` are the most specific ones, ``kinds`` all, as prefixed names.
    ``statements`` are those about it, by it (an actor), resting on it (an anchor) or, for a statement, itself;
    ``named`` is where the text names it; ``here`` the words of an anchor; ``rests_on`` those that a thing which is
    neither unit nor statement rests on. Of a unit, ``provisions`` and ``sets_out`` are what its words say and
    ``names`` what they name; ``spoken_of`` is where the words of others speak of the thing. ``kin`` are the terms
    above, below and beside it. ``head`` is what its page begins with, class by class, what is not said of it too;
    ``standing`` is where it stands, plan by plan. ``inferred`` are those of the facts shown that a rule concluded:
    subject, property and value, with how the value is written in Turtle.
    """

    term: Term
    classes: tuple[Term, ...]
    kinds: frozenset[str] = frozenset()
    also_called: Texts = ()
    definitions: Texts = ()
    notes: Texts = ()
    place: Place | None = None
    here: Evidence | None = None
    statements: tuple[Statement, ...] = ()
    named: tuple[Evidence, ...] = ()
    named_total: int = 0
    identifies: tuple[Term, ...] = ()
    whole_of: tuple[Unit, ...] = ()
    rests_on: tuple[Evidence, ...] = ()
    provisions: tuple[Clause, ...] = ()
    sets_out: tuple[Clauses, ...] = ()
    names: tuple[Named, ...] = ()
    spoken_of: tuple[Clauses, ...] = ()
    kin: tuple[Links, ...] = ()
    head: tuple[Links, ...] = ()
    standing: tuple[Standing, ...] = ()
    links: tuple[Links, ...] = ()
    inferred: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    deprecated: bool = False

    @property
    def owners(self) -> tuple[Statement, ...]:
        """The owning statements with the most direct basis."""
        return _most_direct(s for s in self.statements if s.owning)

    @property
    def deadlines(self) -> tuple[Statement, ...]:
        """The deadlines with the most direct basis."""
        return _most_direct(s for s in self.statements if s.due)


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanCounts:
    """A plan and how many units of each kind it has."""

    plan: Unit
    tasks: int
    groups: int
    safeguards: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BasisCount:
    """How many tasks have an owner, or a deadline, with a basis as their most direct one."""

    basis: Term
    tasks: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """A plan set in numbers, all counted in the graph."""

    term: Term
    plans: tuple[PlanCounts, ...]
    missing_tables: int
    characters: int
    owners: tuple[BasisCount, ...] = ()
    deadlines: tuple[BasisCount, ...] = ()
    stated: int = 0
    inherited: int = 0
    anchors: int = 0
    corpus_owners: tuple[Statement, ...] = field(default=())

    @property
    def tasks(self) -> int:
        """How many tasks the plans have."""
        return sum(plan.tasks for plan in self.plans)

    def owners_by(self, basis: str) -> int:
        """How many tasks have an owner with this basis as their most direct one."""
        return _by_basis(self.owners, basis)

    def deadlines_by(self, basis: str) -> int:
        """How many tasks have a deadline with this basis as their most direct one."""
        return _by_basis(self.deadlines, basis)


def _most_direct(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    found = tuple(statements)
    best = min((statement.rank for statement in found), default=0)
    return tuple(statement for statement in found if statement.rank == best)


def _by_basis(counts: Iterable[BasisCount], key: str) -> int:
    return sum(count.tasks for count in counts if count.basis.iri.value.endswith(f"/basis/{key}"))
