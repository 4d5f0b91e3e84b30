"""What a reader is told about a thing: from the store to the values of ``model``, in a handful of queries.

The dataset is frozen, so the ontology's names, the outlines of documents and the list of keys are read once and kept.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from iotkg.clauses import ClauseAssembly, Found, read_clauses
from iotkg.errors import InvalidParameter, UnknownEntity
from iotkg.heads import head, properties
from iotkg.identifiers import parts_of, shorten
from iotkg.links import ABOVE, KIN, Incoming, Window, outgoing, read_facts, read_incoming
from iotkg.model import Entity, Evidence, Links, Named, Place, Spot, Standing, Statement, Term, Texts, Unit
from iotkg.outline import Outline, read_outline
from iotkg.provenance import inferred_among
from iotkg.spelling import spelled
from iotkg.statements import LIMIT, Assembly, Cluster, read_cluster
from iotkg.store import Source
from iotkg.terms import Facts, Names, iri_of, number_of, texts
from iotkg.vocab import ID, IOTKG, RDF, SKOS, term

_AROUND_ANCHOR: Final = 160
_CLOSE: Final = 6
_INCOMING_DESCRIBED: Final = 1_000
_LIKENESS: Final = 0.7
_LONGEST_KEY: Final = 200
_NEIGHBOURS: Final = 1_000

_SORTS: Final = (
    "sector",
    "technology",
    "actor",
    "talent",
    "programme",
    "instrument",
    "facility",
    "implemented",
    "document",
    "place",
    "initiative",
    "initiative-kind",
    "deliverable",
    "other",
)
"""The sorts of things that a unit names, in the order of its page; ``implemented`` are the documents it carries out."""

_KEYS: Final = f"SELECT DISTINCT ?thing WHERE {{ ?thing a ?kind FILTER(STRSTARTS(STR(?thing), '{ID}')) }}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Description:
    """An entity in RDF: its facts, its anchors and what points to it, of which ``omitted`` are left out."""

    triples: tuple[Triple, ...]
    omitted: int


class Catalogue:
    """A frozen store, read for readers."""

    def __init__(self, source: Source) -> None:
        self.names = Names(source)
        self._outlines: dict[str, Outline | None] = {}

    @cached_property
    def keys(self) -> dict[str, NamedNode]:
        """Everything that has a page, by class segment and key, sorted."""
        found = sorted(iri_of(row["thing"]) for row in self.names.rows(_KEYS))
        return {iri.removeprefix(ID): NamedNode(iri) for iri in found}

    def near(self, path: str) -> tuple[Term, ...]:
        """Name the things whose class and key come close to a path like ``task/iot-2013_standards_2``."""
        path = path[:_LONGEST_KEY]
        key = path.rpartition("/")[2]
        same = [known for known in self.keys if known.rpartition("/")[2] == key]
        ordered = list(self.keys)
        here = bisect_left(ordered, path)
        around = ordered[max(0, here - _NEIGHBOURS) : here + _NEIGHBOURS]
        close = get_close_matches(path, around, _CLOSE, _LIKENESS)
        found = [self.keys[known] for known in dict.fromkeys([*same, *close])][:_CLOSE]
        terms = self.names.of(found)
        return tuple(terms[iri.value] for iri in found)

    def knows(self, path: str) -> bool:
        """Say whether anything is said of a class and key like ``task/iot-2013_standards_2``."""
        try:
            iri = NamedNode(f"{ID}{path}")
        except ValueError:
            return False
        return bool(self.names.rows(f"SELECT ?property WHERE {{ {iri} ?property ?value }} LIMIT 1"))

    def outline(self, iri: NamedNode) -> Outline | None:
        """Give the outline of the document that an IRI's key begins with; None when it belongs to none."""
        try:
            document = parts_of(iri)[1]
        except InvalidParameter:
            return None
        if document not in self._outlines:
            if f"source-text/{document}" not in self.keys:
                return None
            self._outlines[document] = read_outline(self.names, document)
        return self._outlines[document]

    def entity(self, iri: NamedNode, window: Window | None = None) -> Entity:
        """Tell about a thing; with a window, the only links are those it shows.

        Raises: UnknownEntity when nothing is said of the IRI.
        """
        facts, counts = read_facts(self.names, iri)
        if not facts:
            raise UnknownEntity(f"{iri.value} is not in the graph")
        cluster = read_cluster(self.names, iri)
        outline = self.outline(iri)
        incoming = read_incoming(
            self.names,
            iri,
            counts,
            window,
            crowded=len(cluster.own) >= LIMIT,
            unit=outline is not None and iri.value in outline.units,
        )
        return _Reading(
            catalogue=self,
            iri=iri,
            facts=facts,
            cluster=cluster,
            incoming=incoming,
            clauses=read_clauses(self.names, iri, self.outline, counts, window),
            window=window,
        ).entity()

    def evidence(self, anchor: Term, facts: Facts, around: int | None = None) -> Evidence:
        """Give an anchor's words with those around them; its own prefix and suffix where the text is not held."""
        start = number_of(next(iter(facts.get(IOTKG.startOffset.value, ())), None))
        end = number_of(next(iter(facts.get(IOTKG.endOffset.value, ())), None))
        outline = self.outline(anchor.iri)
        if outline:
            return outline.evidence(anchor, start, end, around)
        quote, prefix, suffix = (
            next((text.value for text in texts(facts.get(node.value, ()))), "")
            for node in (IOTKG.exactQuote, IOTKG.quotePrefix, IOTKG.quoteSuffix)
        )
        return Evidence(anchor=anchor, quote=quote, prefix=prefix, suffix=suffix, start=start, end=end)

    def description(self, iri: NamedNode) -> Description:
        """Describe a thing in RDF, its anchors and what points to it, blank nodes of the ontology left out.

        Raises: UnknownEntity when nothing is said of the IRI.
        """
        triples = dict.fromkeys(self._triples(f"BIND({iri} AS ?s) ?s ?p ?o"))
        if not triples:
            raise UnknownEntity(f"{iri.value} is not in the graph")
        triples |= dict.fromkeys(self._triples(f"{iri} iotkg:hasEvidence ?s . ?s ?p ?o"))
        pointing = sorted(self._triples(f"BIND({iri} AS ?o) ?s ?p ?o"), key=str)
        shown = dict.fromkeys(pointing[:_INCOMING_DESCRIBED])
        return Description(triples=tuple(triples | shown), omitted=len(pointing) - len(shown))

    def _triples(self, pattern: str) -> list[Triple]:
        """Find triples, those with a blank subject left out."""
        return [
            Triple(subject, predicate, value)
            for subject, predicate, value in self.names.table(f"SELECT ?s ?p ?o WHERE {{ {pattern} }}").rows
            if isinstance(subject, NamedNode) and isinstance(predicate, NamedNode) and value is not None
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    """What was read about one thing, on the way to an ``Entity``."""

    catalogue: Catalogue
    iri: NamedNode
    facts: Facts
    cluster: Cluster
    incoming: Incoming
    clauses: Found
    window: Window | None

    def entity(self) -> Entity:
        anchored = IOTKG.startOffset.value in self.facts
        itself = self.iri.value in self.cluster.own
        unit = self._unit()
        terms = self._terms(unit)
        vocabulary = self.catalogue.names.vocabulary
        assembly = Assembly(
            cluster=self.cluster,
            terms=terms,
            vocabulary=vocabulary,
            evidence=self.catalogue.evidence,
        )
        clauses = ClauseAssembly(
            found=self.clauses, terms=terms, vocabulary=vocabulary, outline_of=self.catalogue.outline
        )
        here = terms[self.iri.value]
        whole = self.window is None
        asked = properties(map(iri_of, self.facts.get(RDF.type.value, ()))) if whole else ()
        others = () if itself or not whole else outgoing(self.facts, terms, vocabulary, unit=unit is not None)
        links = (
            *(it for it in others if it.predicate.iri.value not in asked),
            *self.incoming.links(terms, apart=whole),
        )
        statements = tuple(self._untold(it, asked) for it in assembly.statements())
        words = tuple(
            self.catalogue.evidence(terms[anchor], facts) for anchor, facts in self.incoming.named.items()
        )
        own = [evidence for it in statements if it.term.iri == self.iri for evidence in it.evidence]
        told = [evidence for evidence in words if _lies_in(evidence, own)]
        return Entity(
            term=here,
            classes=self._classes(),
            kinds=frozenset(shorten(iri_of(value)) for value in self.facts.get(RDF.type.value, ())),
            also_called=self._texts(SKOS.altLabel),
            definitions=self._texts(term("skos:definition")),
            notes=() if itself else self._texts(term("skos:scopeNote"), term("skos:editorialNote")),
            place=self._place(unit, terms) if unit else None,
            here=self.catalogue.evidence(here, self.facts, _AROUND_ANCHOR) if anchored else None,
            statements=statements,
            named=tuple(evidence for evidence in words if evidence not in told),
            named_total=self.incoming.counts.get(IOTKG.identifies.value, 0) - len(told),
            identifies=tuple(terms[iri_of(value)] for value in self.facts.get(IOTKG.identifies.value, ())),
            whole_of=self._whole_of(),
            rests_on=() if itself or unit or not whole else self._rests_on(terms),
            provisions=clauses.provisions(),
            sets_out=clauses.sets_out(),
            names=self._names(unit, terms) if unit and unit.parent and whole else (),
            spoken_of=clauses.spoken_of(),
            kin=self.incoming.kin(self.facts, terms) if whole else (),
            head=head(asked, self.facts, terms),
            standing=self._standing() if whole and not unit and not itself else (),
            links=links,
            inferred=self._inferred(links, asked, statements),
            deprecated=any(text.value == "true" for text in self._texts(term("owl:deprecated"))),
        )

    def _untold(self, statement: Statement, told: Iterable[str]) -> Statement:
        """Leave out of a statement's facts, on its own page, what the head of the page tells."""
        if statement.term.iri != self.iri:
            return statement
        return replace(
            statement, facts=tuple(it for it in statement.facts if it.predicate.iri.value not in told)
        )

    def _inferred(
        self, links: Iterable[Links], asked: Iterable[str], statements: Iterable[Statement]
    ) -> dict[tuple[str, str, str], str]:
        """Find which of the facts shown a rule concluded."""
        kin = [term(name).value for name in KIN]
        outgoing = {it.predicate.iri.value for it in links if not it.incoming} | {*asked, *kin}
        said = [(self.iri, predicate, self.facts.get(predicate, ())) for predicate in outgoing]
        for it in statements:
            facts = self.cluster.facts[it.term.iri.value]
            said += [
                (it.term.iri, more.predicate.iri.value, facts[more.predicate.iri.value]) for more in it.facts
            ]
        for clause, predicate, values in self.clauses.said():
            said.append((NamedNode(clause), predicate, values))
        shown = [
            Triple(subject, NamedNode(predicate), value)
            for subject, predicate, values in said
            for value in values
            if not isinstance(value, BlankNode)
        ]
        shown += [
            Triple(NamedNode(thing), NamedNode(predicate), self.iri)
            for predicate, things in self.incoming.portions.items()
            for thing in things
        ]
        return {
            (it.subject.value, it.predicate.value, it.object.value): spelled(it.object)
            for it in inferred_among(self.catalogue.names, shown)
            if isinstance(it.subject, NamedNode) and isinstance(it.object, NamedNode | Literal)
        }

    def _standing(self) -> tuple[Standing, ...]:
        """Give where the thing stands, plan by plan of every document that names it."""
        spots: dict[str, list[Spot]] = {}
        outlines: dict[str, Outline] = {}
        for iri, (places, anchor) in self.incoming.standing.items():
            outline = self.catalogue.outline(NamedNode(iri))
            unit = outline.units.get(iri) if outline else None
            if outline and unit:
                held = (*outline.above(unit), unit)
                plan = next((it for it in held if it.kind == "plan"), held[0])
                outlines[held[0].term.iri.value] = outline
                spots.setdefault(plan.term.iri.value, []).append(
                    Spot(unit=unit, places=places, anchor=anchor)
                )
        return tuple(
            Standing(plan=unit, spots=tuple(sorted(spots.get(iri, ()), key=lambda spot: spot.unit.start)))
            for _, outline in sorted(outlines.items())
            for iri, unit in outline.units.items()
            if unit.kind == "plan" or iri in spots
        )

    def _terms(self, unit: Unit | None) -> dict[str, Term]:
        """Name everything that the page shows, in one query."""
        wanted = {self.iri.value, *self.cluster.things, *self.facts}
        asked = properties(map(iri_of, self.facts.get(RDF.type.value, ())))
        wanted |= {*asked, *(iri_of(value) for name in asked for value in self.facts.get(name, ()))} - {""}
        wanted |= {*self.incoming.named, *self.incoming.portions}
        hidden = self._unnamed(unit)
        wanted |= {
            value.value
            for predicate, values in self.facts.items()
            if predicate not in hidden
            for value in values
            if isinstance(value, NamedNode)
        }
        wanted |= {thing for things in self.incoming.portions.values() for thing in things}
        wanted |= self.clauses.things
        outline = self.catalogue.outline(self.iri)
        if unit and outline:
            spans = outline.marked_in(unit.start, unit.own_end)
            wanted |= {(span.entity or span.anchor).value for span in spans}
        return self.catalogue.names.of(NamedNode(iri) for iri in wanted)

    def _unnamed(self, unit: Unit | None) -> set[str]:
        """Give the properties whose values no page shows as links; a whole document names too much to list."""
        vocabulary = self.catalogue.names.vocabulary
        told = vocabulary.below(*(term(name).value for name in ABOVE.split())) | vocabulary.alignments
        whole = unit is not None and unit.parent is None
        return told | (vocabulary.below(IOTKG.mentions.value) if whole else set())

    def _texts(self, *predicates: NamedNode) -> Texts:
        return texts(value for predicate in predicates for value in self.facts.get(predicate.value, ()))

    def _classes(self) -> tuple[Term, ...]:
        vocabulary = self.catalogue.names.vocabulary
        types = [iri_of(value) for value in self.facts.get(RDF.type.value, ())]
        known = vocabulary.most_specific(kind for kind in types if kind in vocabulary.terms)
        return tuple(vocabulary.terms[kind] for kind in known)

    def _unit(self) -> Unit | None:
        outline = self.catalogue.outline(self.iri)
        return outline.units.get(self.iri.value) if outline else None

    def _whole_of(self) -> tuple[Unit, ...]:
        """Give the units of which an anchor is the whole text."""
        outline = self.catalogue.outline(self.iri)
        starts, ends = (
            self.facts.get(node.value, [None])[0] for node in (IOTKG.startOffset, IOTKG.endOffset)
        )
        span = (number_of(starts), number_of(ends))
        return tuple(u for u in outline.units.values() if (u.start, u.end) == span) if outline else ()

    def _place(self, unit: Unit, terms: dict[str, Term]) -> Place | None:
        outline = self.catalogue.outline(self.iri)
        if outline is None:
            return None
        above = outline.above(unit)
        plan = next((held for held in (*above, unit) if held.kind == "plan"), None)
        tables = [inner for inner in outline.within(plan) if inner.kind == "table"] if plan else []
        return Place(
            unit=unit,
            above=above,
            below=outline.tree(unit),
            beside=outline.below(above[-1]) if above else (),
            words=outline.words(unit.start, unit.own_end, terms),
            missing_tables=tuple(tables),
        )

    def _rests_on(self, terms: dict[str, Term]) -> tuple[Evidence, ...]:
        """Give the words that a thing rests on, in the order of the text."""
        outline = self.catalogue.outline(self.iri)
        anchors = [iri_of(value) for value in self.facts.get(IOTKG.hasEvidence.value, ())]
        known = [(outline.places[a], a) for a in anchors if outline and a in outline.places]
        return tuple(outline.evidence(terms[a], *span) for span, a in sorted(known) if outline)

    def _names(self, unit: Unit, terms: dict[str, Term]) -> tuple[Named, ...]:
        """Give what a unit names, but for what it sets out itself, by sort and in the order of the text."""
        outline = self.catalogue.outline(self.iri)
        first = outline.named_in(unit.start, unit.end) if outline else {}
        below = self.catalogue.names.vocabulary.below(IOTKG.mentions.value)
        found = {iri_of(value) for predicate in below for value in self.facts.get(predicate, ())}
        found -= {iri for things in self.clauses.stated.values() for iri in things}
        implemented = {iri_of(value) for value in self.facts.get(IOTKG.implementsDocument.value, ())}
        sorts: dict[str, list[Term]] = {}
        for iri in sorted(found, key=lambda iri: (first[iri].start if iri in first else unit.end, iri)):
            kind = "implemented" if iri in implemented else parts_of(NamedNode(iri))[0]
            sorts.setdefault(kind if kind in _SORTS else "other", []).append(terms[iri])
        words = {iri: span.anchor for iri, span in first.items()}
        return tuple(
            Named(sort=sort, things=tuple(sorts[sort]), words=words) for sort in _SORTS if sort in sorts
        )


def _lies_in(words: Evidence, longer: list[Evidence]) -> bool:
    """Say whether words are part of those that a thing is stated in."""
    return any(it.start <= words.start and words.end <= it.end for it in longer)
