"""Statements: from the triples about a thing's statements to values that carry basis, words and origin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pyoxigraph import NamedNode

from iotkg.links import named_links, narrowest
from iotkg.model import Evidence, Links, Statement, Term
from iotkg.terms import Facts, Names, Node, Vocabulary, iri_of, texts
from iotkg.vocab import IOTKG, RDF, SKOS, term

LIMIT: Final = 100
"""How many statements of one thing are read; more are reached page by page, as links."""

CLAUSES: Final = "iotkg:Provision iotkg:Target iotkg:FundingSupport iotkg:CrossReference"
"""Statements that the page of their unit shows as what its words set out (see ``clauses``)."""

_ACTOR: Final = term("iotkg:actor").value
_DUE: Final = term("iotkg:dueDate").value
_NOTE: Final = term("skos:editorialNote").value
_ORIGIN: Final = term("iotkg:inheritedFrom").value
_ROLE: Final = term("iotkg:role").value
_SHOWN: Final = {
    _ACTOR,
    _DUE,
    _NOTE,
    _ORIGIN,
    _ROLE,
    *(
        node.value
        for node in (
            RDF.type,
            SKOS.prefLabel,
            SKOS.altLabel,
            SKOS.hiddenLabel,
            term("rdfs:label"),
            term("skos:definition"),
            term("iotkg:initiativeOf"),
            IOTKG.appliesTo,
            IOTKG.basis,
            IOTKG.hasEvidence,
            IOTKG.inPlan,
            IOTKG.quote,
            IOTKG.statedIn,
            IOTKG.targetQuote,
            IOTKG.translation,
            IOTKG.within,
        )
    ),
}
"""Properties that a statement's own fields hold; the rest are its further facts."""

_SHORTCUTS: Final = {term("iotkg:involvesActor").value, term("iotkg:effectiveOwner").value}
"""Properties that would name an owner without its basis."""

_CLUSTER: Final = """
SELECT DISTINCT ?thing ?property ?value ?origin ?copy
WHERE {{
  {{
    SELECT DISTINCT ?statement
    WHERE {{
      {{ VALUES ?statement {{ {iri} }} ?statement iotkg:statedIn|iotkg:inheritedFrom ?from }}
      UNION {{
        ?statement iotkg:appliesTo {iri} .
        FILTER NOT EXISTS {{ ?statement a ?clause VALUES ?clause {{ {clauses} }} }}
      }}
      UNION {{ ?statement iotkg:statedIn {iri} ; iotkg:role|iotkg:dueDate ?claimed }}
      UNION {{ ?statement iotkg:actor {iri} ; iotkg:statedIn ?unit }}
      UNION {{ ?statement iotkg:hasEvidence {iri} ; iotkg:statedIn ?unit }}
    }}
    ORDER BY ?statement
    LIMIT {limit}
  }}
  {{ ?statement iotkg:inheritedFrom?/iotkg:hasEvidence? ?thing . ?thing ?property ?value }}
  UNION {{ ?copy iotkg:inheritedFrom ?statement . BIND(?statement AS ?origin) }}
}}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """A thing's statements with their origins and anchors, as triples; ``own`` are the statements themselves."""

    facts: Mapping[str, Facts]
    own: tuple[str, ...]
    copies: Mapping[str, int]

    @property
    def things(self) -> set[str]:
        """Everything that the statements speak of, their properties too."""
        found = set(self.facts)
        for facts in self.facts.values():
            found |= set(facts)
            found |= {
                value.value
                for property_, values in facts.items()
                if property_ not in (RDF.type.value, IOTKG.inSource.value)
                for value in values
                if isinstance(value, NamedNode)
            }
        return found


def read_cluster(names: Names, iri: NamedNode) -> Cluster:
    """Read the statements that are about a thing, stated in it, give it a role, rest on it, or are it."""
    facts: dict[str, dict[str, list[Node]]] = {}
    copies = Counter[str]()
    for row in names.rows(_CLUSTER.format(iri=iri, limit=LIMIT, clauses=CLAUSES)):
        if "copy" in row:
            copies[iri_of(row["origin"])] += 1
            continue
        of_thing = facts.setdefault(iri_of(row["thing"]), {})
        of_thing.setdefault(iri_of(row["property"]), []).append(row["value"])
    own = tuple(sorted(thing for thing, known in facts.items() if _is_own(thing, known, iri)))
    return Cluster(facts=facts, own=own, copies=copies)


def _is_own(thing: str, known: Facts, iri: NamedNode) -> bool:
    if thing == iri.value:
        return _ORIGIN in known or IOTKG.statedIn.value in known
    if iri in known.get(IOTKG.appliesTo.value, ()):
        return True
    if iri in known.get(IOTKG.statedIn.value, ()) and (_ROLE in known or _DUE in known):
        return True
    stated = IOTKG.statedIn.value in known
    return stated and (iri in known.get(_ACTOR, ()) or iri in known.get(IOTKG.hasEvidence.value, ()))


@dataclass(frozen=True, kw_only=True, slots=True)
class Assembly:
    """What it takes to turn a cluster into statements: names, the vocabulary, and where anchors stand."""

    cluster: Cluster
    terms: Mapping[str, Term]
    vocabulary: Vocabulary
    evidence: Callable[[Term, Facts], Evidence]

    def statements(self) -> tuple[Statement, ...]:
        """Give the statements, those with the most direct basis first."""
        found = [self.statement(iri) for iri in self.cluster.own]
        return tuple(sorted(found, key=_order))

    def statement(self, iri: str) -> Statement:
        """Give one statement, with the one it was inherited from."""
        facts = self.cluster.facts[iri]
        origin = next(iter(self._terms(facts, _ORIGIN)), None)
        basis = self._one(facts, IOTKG.basis.value)
        role = self._one(facts, _ROLE)
        anchors = [
            anchor
            for anchor in self._terms(facts, IOTKG.hasEvidence.value)
            if anchor.iri.value in self.cluster.facts
        ]
        evidence = [self.evidence(anchor, self.cluster.facts[anchor.iri.value]) for anchor in anchors]
        stated_in = self._one(facts, IOTKG.statedIn.value)
        return Statement(
            term=self.terms[iri],
            kind=self._kind(iri, facts),
            subject=self._one(facts, IOTKG.appliesTo.value),
            actor=self._one(facts, _ACTOR),
            role=role,
            owning=role is not None and role.iri.value in self.vocabulary.owning,
            due=next((text.value for text in texts(facts.get(_DUE, ()))), ""),
            basis=basis,
            rank=self.vocabulary.ranks.get(basis.iri.value, 0) if basis else 0,
            facts=self._further(facts),
            evidence=tuple(
                sorted(evidence, key=lambda found: (_is_elsewhere(found, stated_in), found.start))
            ),
            stated_in=stated_in,
            origin=self.statement(origin.iri.value) if origin else None,
            copies=self.cluster.copies.get(iri, 0),
            notes=texts(facts.get(_NOTE, ())),
            translation=texts(facts.get(IOTKG.translation.value, ())),
        )

    def _kind(self, iri: str, facts: Facts) -> Term:
        kinds = [iri_of(value) for value in facts.get(RDF.type.value, ())]
        known = [kind for kind in kinds if kind in self.vocabulary.terms]
        return self.vocabulary.terms[self.vocabulary.most_specific(known)[0]] if known else self.terms[iri]

    def _terms(self, facts: Facts, predicate: str) -> list[Term]:
        return [self.terms[iri] for iri in sorted(iri_of(value) for value in facts.get(predicate, ())) if iri]

    def _one(self, facts: Facts, predicate: str) -> Term | None:
        return next(iter(self._terms(facts, predicate)), None)

    def _further(self, facts: Facts) -> tuple[Links, ...]:
        hidden = self.vocabulary.alignments | self.vocabulary.below(*_SHORTCUTS) | _SHOWN
        return tuple(
            named_links(self.terms, predicate, values)
            for predicate, values in sorted(narrowest(facts, self.vocabulary).items())
            if predicate not in hidden
        )


def _order(statement: Statement) -> tuple[object, ...]:
    """Put the most direct first, and next to each other what the same words say of several actors."""
    return (
        statement.rank,
        statement.inferred,
        statement.kind.iri.value,
        [evidence.start for evidence in statement.evidence],
        statement.role.iri.value if statement.role else "",
        statement.term.iri.value,
    )


def _is_elsewhere(evidence: Evidence, stated_in: Term | None) -> bool:
    """Say whether words stand at the other end of a cross-reference, and so come second."""
    return stated_in is not None and stated_in.iri not in {unit.term.iri for unit in evidence.path}
