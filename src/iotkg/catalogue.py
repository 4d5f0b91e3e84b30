"""What a reader is told about a thing: from the store to the values of ``model``, in a handful of queries.

The store's default graph is the union of the release's graphs. The dataset is frozen, so the ontology's names, the
outlines of documents and the list of keys are read once and kept.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Final

from pyoxigraph import DefaultGraph, NamedNode, Store, Triple

from iotkg.errors import InvalidParameter, UnknownEntity
from iotkg.identifiers import parts_of
from iotkg.links import Incoming, Window, outgoing, read_incoming
from iotkg.model import Entity, Evidence, Place, Term, Texts, Unit
from iotkg.outline import Outline, read_outline
from iotkg.statements import LIMIT, Assembly, Cluster, read_cluster
from iotkg.terms import Facts, Names, Node, iri_of, number_of, texts
from iotkg.vocab import ID, IOTKG, RDF, SKOS, term

_AROUND_ANCHOR: Final = 160
_CLOSE: Final = 6
_INCOMING_DESCRIBED: Final = 1_000
_LIKENESS: Final = 0.7
_LONGEST_KEY: Final = 200
_NAMED_SHOWN: Final = 30
_NEIGHBOURS: Final = 1_000

_FACTS: Final = """
SELECT ?property ?value
WHERE { %s ?property ?value FILTER(?property != iotkg:textContent) }
"""
_NAMED: Final = """
SELECT ?anchor ?start ?end
WHERE {{
  ?anchor
    iotkg:identifies {iri} ;
    iotkg:inSource ?source ;
    iotkg:startOffset ?start ;
    iotkg:endOffset ?end .
}}
ORDER BY ?source ?start ?anchor
LIMIT {limit}
"""
_KEYS: Final = f"SELECT DISTINCT ?thing WHERE {{ ?thing a ?kind FILTER(STRSTARTS(STR(?thing), '{ID}')) }}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Description:
    """An entity in RDF: its facts, its anchors and what points to it, of which ``omitted`` are left out."""

    triples: tuple[Triple, ...]
    omitted: int


class Catalogue:
    """A frozen store, read for readers."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.names = Names(store)
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
        return any(self._store.quads_for_pattern(iri, None, None, DefaultGraph()))

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
        facts: dict[str, list[Node]] = {}
        for row in self.names.rows(_FACTS % iri):
            facts.setdefault(iri_of(row["property"]), []).append(row["value"])
        if not facts:
            raise UnknownEntity(f"{iri.value} is not in the graph")
        cluster = read_cluster(self.names, iri)
        return _Reading(
            catalogue=self,
            iri=iri,
            facts=facts,
            cluster=cluster,
            incoming=read_incoming(self.names, iri, window, crowded=len(cluster.own) >= LIMIT),
            windowed=window is not None,
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
        triples = dict.fromkeys(self._triples(iri, None))
        if not triples:
            raise UnknownEntity(f"{iri.value} is not in the graph")
        anchors = [t.object for t in triples if t.predicate == IOTKG.hasEvidence]
        for anchor in anchors:
            if isinstance(anchor, NamedNode):
                triples |= dict.fromkeys(self._triples(anchor, None))
        pointing = [t for t in self._triples(None, iri) if isinstance(t.subject, NamedNode)]
        pointing.sort(key=str)
        shown = dict.fromkeys(pointing[:_INCOMING_DESCRIBED])
        return Description(triples=tuple(triples | shown), omitted=len(pointing) - len(shown))

    def _triples(self, subject: NamedNode | None, value: NamedNode | None) -> list[Triple]:
        return [quad.triple for quad in self._store.quads_for_pattern(subject, None, value, DefaultGraph())]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    """What was read about one thing, on the way to an ``Entity``."""

    catalogue: Catalogue
    iri: NamedNode
    facts: Facts
    cluster: Cluster
    incoming: Incoming
    windowed: bool

    def entity(self) -> Entity:
        anchored = IOTKG.startOffset.value in self.facts
        itself = self.iri.value in self.cluster.own
        unit = self._unit()
        named = self._named()
        terms = self._terms(unit, named)
        vocabulary = self.catalogue.names.vocabulary
        assembly = Assembly(
            cluster=self.cluster, terms=terms, vocabulary=vocabulary, evidence=self.catalogue.evidence
        )
        here = terms[self.iri.value]
        others = () if itself or self.windowed else outgoing(self.facts, terms, vocabulary)
        return Entity(
            term=here,
            classes=self._classes(),
            also_called=self._texts(SKOS.altLabel),
            definitions=self._texts(term("skos:definition")),
            notes=() if itself else self._texts(term("skos:scopeNote"), term("skos:editorialNote")),
            place=self._place(unit, terms) if unit else None,
            here=self.catalogue.evidence(here, self.facts, _AROUND_ANCHOR) if anchored else None,
            statements=assembly.statements(),
            named=tuple(self.catalogue.evidence(terms[anchor], facts) for anchor, facts in named.items()),
            named_total=self.incoming.counts.get(IOTKG.identifies.value, 0),
            identifies=tuple(terms[iri_of(value)] for value in self.facts.get(IOTKG.identifies.value, ())),
            whole_of=self._whole_of(),
            links=(*others, *self.incoming.links(terms)),
            deprecated=any(text.value == "true" for text in self._texts(term("owl:deprecated"))),
        )

    def _terms(self, unit: Unit | None, named: dict[str, Facts]) -> dict[str, Term]:
        """Name everything that the page shows, in one query."""
        wanted = {self.iri.value, *self.cluster.things, *self.facts, *named, *self.incoming.portions}
        wanted |= {v.value for values in self.facts.values() for v in values if isinstance(v, NamedNode)}
        wanted |= {thing for things in self.incoming.portions.values() for thing in things}
        outline = self.catalogue.outline(self.iri)
        if unit and outline:
            spans = outline.spans_in(unit.start, unit.own_end)
            wanted |= {(span.entity or span.anchor).value for span in spans}
        return self.catalogue.names.of(NamedNode(iri) for iri in wanted)

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

    def _named(self) -> dict[str, Facts]:
        if IOTKG.identifies.value not in self.incoming.counts or self.windowed:
            return {}
        rows = self.catalogue.names.rows(_NAMED.format(iri=self.iri, limit=_NAMED_SHOWN))
        return {
            iri_of(row["anchor"]): {
                IOTKG.startOffset.value: [row["start"]],
                IOTKG.endOffset.value: [row["end"]],
            }
            for row in rows
        }
