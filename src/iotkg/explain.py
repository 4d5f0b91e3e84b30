"""Why a triple holds: where it is stated, or by which rule it follows from what, down to the words of the text.

The build records the round in which each triple was inferred. A derivation takes only premises of earlier rounds,
so an explanation ends in what is stated and cannot circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from iotkg.deriving import ASKED, Rule
from iotkg.errors import UnknownEntity
from iotkg.inference import Derivation, key_of
from iotkg.provenance import INFERRED, graphs_of, values_of
from iotkg.spelling import spelled
from iotkg.terms import Names, iri_of, number_of, one_line
from iotkg.vocab import GRAPH

Records: TypeAlias = Mapping[str, Mapping[str, Derivation]]
"""How each triple of an inferred graph came about, by graph and ``key_of``."""

_LONGEST: Final = 300
_NEAR: Final = 12

_WAYS: Final = (
    "?anchor iotkg:identifies ?o ; iotkg:standsIn ?s",
    "?s iotkg:hasEvidence ?anchor FILTER NOT EXISTS { ?s iotkg:textAnchor ?whole }",
    "?s iotkg:inSource ?source . BIND(?s AS ?anchor)",
    "?s iotkg:textAnchor ?anchor FILTER(?p = skos:prefLabel)",
)
"""From a stated triple to the words it rests on: a label's, a statement's, an anchor's own, a named unit's."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words of the text that a stated triple rests on, and their anchor."""

    anchor: NamedNode
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Stated:
    """A triple that some graph states: which graphs, the place in the files where its subject is described, words."""

    triple: Triple
    graphs: tuple[NamedNode, ...] = ()
    place: str = ""
    words: tuple[Words, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What a rule concludes at once, and the premises.

    A step that is told further above is ``repeated`` and has none of them.
    """

    rule: Rule
    round: int
    concludes: tuple[Triple, ...]
    steps: tuple[Step, ...] = ()
    stated: tuple[Stated, ...] = ()
    repeated: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Why a triple holds: it is stated, or a step concludes it.

    Neither when it is inferred, and the release does not record how.
    """

    triple: Triple
    stated: Stated | None
    step: Step | None
    graphs: tuple[NamedNode, ...]


class Explainer:
    """A release's rules and records, over its store."""

    def __init__(
        self,
        names: Names,
        rules: Mapping[str, Rule],
        records: Records,
        places: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        self.names = names
        self._rules = rules
        self._records = records
        self._places = places or {}

    def explain(self, triple: Triple) -> Explanation:
        """Tell why a triple holds.

        Raises: UnknownEntity when it does not hold.
        """
        graphs = graphs_of(self.names, [triple]).get(triple, ())
        if not graphs:
            raise UnknownEntity(f"{' '.join(parts_of(triple))} does not hold")
        inferred = [graph for graph in graphs if graph.value.endswith(INFERRED)]
        if len(inferred) < len(graphs):
            return Explanation(triple=triple, stated=self._told([triple])[triple], step=None, graphs=graphs)
        record = self._records.get(inferred[0].value, {})
        step = _Tracing(self.names, self._rules, record).step(triple) if key_of(triple) in record else None
        return Explanation(
            triple=triple, stated=None, step=self._completed(step) if step else None, graphs=graphs
        )

    def near(self, triple: Triple) -> tuple[Triple, ...]:
        """Give triples that hold and differ from one that does not in one part: object, then property, then subject."""
        s, p, o = triple.subject, triple.predicate, triple.object
        found: dict[Triple, None] = {}
        for pattern in (f"{s} {p} ?o", f"{s} ?p {o}", f"?s {p} {o}"):
            rows = self.names.rows(f"SELECT * WHERE {{ {pattern} }} ORDER BY ?s ?p ?o LIMIT {_NEAR}")
            for row in rows:
                parts = (row.get("s", s), row.get("p", p), row.get("o", o))
                if not any(isinstance(part, BlankNode | Triple) for part in parts):
                    found[Triple(*parts)] = None  # type: ignore[arg-type]
        return tuple(found)[:_NEAR]

    def _completed(self, step: Step) -> Step:
        """Put graphs, places and words to all that is stated under a step."""
        told = self._told({it.triple for it in _leaves(step)})

        def complete(part: Step) -> Step:
            return Step(
                rule=part.rule,
                round=part.round,
                concludes=part.concludes,
                steps=tuple(map(complete, part.steps)),
                stated=tuple(told[it.triple] for it in part.stated),
                repeated=part.repeated,
            )

        return complete(step)

    def _told(self, triples: Iterable[Triple]) -> dict[Triple, Stated]:
        every = sorted(set(triples), key=str)
        named = [triple for triple in every if not _nameless(triple)]
        graphs = graphs_of(self.names, named)
        words: dict[Triple, list[Words]] = {}
        for row in self.names.rows(_words_query(named)) if named else ():
            triple = Triple(row["s"], row["p"], row["o"])  # type: ignore[arg-type]
            text = row["words"]
            if isinstance(text, Literal) and len(text.value) <= _LONGEST:
                words.setdefault(triple, []).append(
                    Words(NamedNode(iri_of(row["anchor"])), one_line(text.value))
                )
        return {
            triple: Stated(
                triple=triple,
                graphs=graphs.get(triple, ())
                or (NamedNode(f"{GRAPH}ontology"),),  # only it has nameless nodes
                place=self._place(triple),
                words=tuple(words.get(triple, ())),
            )
            for triple in every
        }

    def _place(self, triple: Triple) -> str:
        subject = triple.subject.value if isinstance(triple.subject, NamedNode) else ""
        return self._places.get((subject, triple.predicate.value)) or self._places.get((subject, ""), "")


@dataclass(frozen=True, slots=True)
class _Derived:
    """One triple's derivation: the rule, its round, the premises taken."""

    rule: Rule
    round: int
    premises: tuple[Triple, ...]


class _Tracing:
    """One explanation under way: each derivation is sought once, and each step is told once."""

    def __init__(self, names: Names, rules: Mapping[str, Rule], record: Mapping[str, Derivation]) -> None:
        self._names = names
        self._rules = rules
        self._record = record
        self._told: set[tuple[str, tuple[Triple, ...]]] = set()

    def step(self, triple: Triple) -> Step:
        """Trace a triple of the record back to what is stated."""
        return self._steps([triple])[0]

    def _steps(self, goals: Sequence[Triple]) -> tuple[Step, ...]:
        """Trace triples; those that the same rule draws from the same premises are one step."""
        steps: dict[tuple[str, tuple[Triple, ...]], tuple[_Derived, list[Triple]]] = {}
        found = self._derived(goals)
        for goal in goals:
            derived = found[goal]
            key = (derived.rule.query.name, derived.premises)
            steps.setdefault(key, (derived, []))[1].append(goal)
        return tuple(self._told_once(key, *found) for key, found in steps.items())

    def _told_once(
        self, key: tuple[str, tuple[Triple, ...]], derived: _Derived, concludes: list[Triple]
    ) -> Step:
        repeated = key in self._told
        self._told.add(key)
        inferred = [premise for premise in derived.premises if key_of(premise) in self._record]
        return Step(
            rule=derived.rule,
            round=derived.round,
            concludes=tuple(concludes),
            steps=() if repeated else self._steps(inferred),
            stated=()
            if repeated
            else tuple(Stated(triple=premise) for premise in derived.premises if premise not in inferred),
            repeated=repeated,
        )

    def _derived(self, triples: Iterable[Triple]) -> dict[Triple, _Derived]:
        """Find premises of earlier rounds: of the earliest there are, and always the same ones.

        Raises: KeyError or ValueError when the records are not those of this store.
        """
        by_rule: dict[str, list[Triple]] = {}
        for triple in triples:
            by_rule.setdefault(self._record[key_of(triple)].rule, []).append(triple)
        found = {}
        for name, concluded in by_rule.items():
            rule = self._rules[name]
            for triple, ways in self._ways(rule, concluded).items():
                last = self._record[key_of(triple)].round
                earlier = [(rounds, way) for way in ways if max(rounds := self._rounds(way)) < last]
                best = min(earlier, key=lambda found: (sorted(found[0], reverse=True), str(found[1])))
                found[triple] = _Derived(rule, last, best[1])
        return found

    def _ways(self, rule: Rule, triples: Iterable[Triple]) -> dict[Triple, list[tuple[Triple, ...]]]:
        """Find the premises from which a rule concludes triples, in one query."""
        goals = [(triple, goal) for triple in triples for goal in rule.goals(triple)]
        ways: dict[Triple, list[tuple[Triple, ...]]] = {triple: [] for triple in triples}
        for row in self._names.rows(rule.asking(*(goal for _, goal in goals))):
            values = {name: value for name, value in row.items() if not isinstance(value, Triple)}
            ways[goals[number_of(values.pop(ASKED))][0]].append(rule.instances(values))
        return ways

    def _rounds(self, premises: Iterable[Triple]) -> list[int]:
        return [self._record[key].round if (key := key_of(it)) in self._record else 0 for it in premises]


def parts_of(triple: Triple) -> tuple[str, str, str]:
    """Write a triple's parts as one writes them in Turtle."""
    return spelled(triple.subject), spelled(triple.predicate), spelled(triple.object)


def _leaves(step: Step) -> Iterable[Stated]:
    yield from step.stated
    for below in step.steps:
        yield from _leaves(below)


def _nameless(triple: Triple) -> bool:
    return isinstance(triple.subject, BlankNode) or isinstance(triple.object, BlankNode)


def _words_query(triples: Iterable[Triple]) -> str:
    """Write one branch for each way; the VALUES in each keeps the engine from scanning all anchors."""
    rows = values_of(triples)
    branches = (
        f"{{ VALUES (?s ?p ?o) {{ {rows} }} {way} {{ ?anchor iotkg:exactQuote ?words }} }}" for way in _WAYS
    )
    return f"SELECT DISTINCT ?s ?p ?o ?anchor ?words WHERE {{ {' UNION '.join(branches)} }} ORDER BY ?anchor"
