"""The ontology as a reference: each term with its words, its place among others, its use, and an example."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from iotkg.identifiers import graph
from iotkg.model import Texts
from iotkg.spelling import spelled
from iotkg.terms import Names, Node, iri_of, number_of, texts
from iotkg.vocab import ID, PREFIXES, RDF, SKOS, term

OURS: Final = PREFIXES["iotkg"]
ONTOLOGY: Final = graph("ontology")
KINDS: Final = {
    term("owl:Class").value: "class",
    term("owl:ObjectProperty").value: "property",
    term("owl:DatatypeProperty").value: "property",
    SKOS.ConceptScheme.value: "scheme",
}
TRAITS: Final = ("owl:FunctionalProperty", "owl:SymmetricProperty", "owl:TransitiveProperty")
_ABOVE: Final = (term("rdfs:subClassOf").value, term("rdfs:subPropertyOf").value)
_LINES: Final = 7
_LONGEST: Final = 60

_FACTS: Final = f"SELECT ?term ?property ?value WHERE {{ GRAPH {ONTOLOGY} {{ ?term ?property ?value }} }}"
_SCHEMES: Final = "SELECT ?term ?property ?value WHERE { ?term a skos:ConceptScheme ; ?property ?value }"
_CHAINS: Final = f"""
SELECT ?p ?first ?second
WHERE {{ GRAPH {ONTOLOGY} {{
  ?p owl:propertyChainAxiom ?list . ?list rdf:first ?first ; rdf:rest ?rest . ?rest rdf:first ?second
}} }}
ORDER BY ?p ?first ?second
"""
_INSTANCES: Final = f"""
SELECT ?term (COUNT(DISTINCT ?thing) AS ?count)
WHERE {{ ?thing a ?term FILTER(STRSTARTS(STR(?thing), "{ID}")) }}
GROUP BY ?term
"""
_FIRSTS: Final = f"""
SELECT ?term (MIN(STR(?thing)) AS ?first)
WHERE {{
  {{ SELECT DISTINCT ?thing WHERE {{
    GRAPH ?g {{ ?thing a ?stated }} FILTER(!STRENDS(STR(?g), "/inferred") && STRSTARTS(STR(?thing), "{ID}"))
  }} }}
  ?thing a ?term
}}
GROUP BY ?term
"""
_USES: Final = """
SELECT ?term (COUNT(*) AS ?count) (MIN(STR(?thing)) AS ?first)
WHERE { ?thing ?term ?value FILTER(isIRI(?thing)) }
GROUP BY ?term
"""
_POINTED: Final = f"""
SELECT ?term (COUNT(*) AS ?count) (MIN(STR(?thing)) AS ?first)
WHERE {{ GRAPH {ONTOLOGY} {{ ?term skos:inScheme ?scheme }} ?thing ?property ?term FILTER(isIRI(?thing)) }}
GROUP BY ?term
"""
_MEMBERS: Final = "SELECT ?term (COUNT(?thing) AS ?count) WHERE { ?thing skos:inScheme ?term } GROUP BY ?term"


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """How often a term is used, and the first thing that does, by IRI."""

    count: int = 0
    first: NamedNode | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A term of ours. All terms are by IRI, sorted; ``above`` and ``aligned`` leave out what only follows."""

    iri: NamedNode
    kind: str
    """class, property, scheme or code."""

    literal: bool = False
    """Whether the values of a property are literals."""

    labels: Texts = ()
    definitions: Texts = ()
    notes: Texts = ()
    above: tuple[NamedNode, ...] = ()
    below: tuple[NamedNode, ...] = ()
    aligned: tuple[tuple[str, NamedNode], ...] = ()
    """Terms of other vocabularies: by which property, and which."""

    domains: tuple[NamedNode, ...] = ()
    ranges: tuple[NamedNode, ...] = ()
    inverse: tuple[NamedNode, ...] = ()
    chains: tuple[tuple[NamedNode, NamedNode], ...] = ()
    """Pairs of properties that imply this one, one after the other."""

    traits: tuple[NamedNode, ...] = ()
    scheme: NamedNode | None = None
    use: Use = field(default_factory=Use)
    example: tuple[str, ...] = ()
    """Lines of Turtle from the data; the prefixes are ours."""

    @property
    def key(self) -> str:
        """The name of the term without its namespace: its anchor on the page."""
        return self.iri.value.removeprefix(OURS).removeprefix(ID).replace("/", "-")


@dataclass(frozen=True, kw_only=True, slots=True)
class Glossary:
    """Every term, by IRI, and the terms of others that the data uses with the number of times."""

    entries: Mapping[str, Entry]
    outside: tuple[tuple[NamedNode, str, int], ...]
    """A term, whether it is a class or a property, and its use."""

    def of(self, kind: str) -> tuple[Entry, ...]:
        """Give the terms of a kind, by IRI."""
        return tuple(entry for entry in self.entries.values() if entry.kind == kind)

    def codes(self, scheme: NamedNode) -> tuple[Entry, ...]:
        """Give the codes of a closed list."""
        return tuple(entry for entry in self.of("code") if entry.scheme == scheme)

    def aligned_with(self, iri: NamedNode) -> tuple[Entry, ...]:
        """Give our terms that stand directly under another vocabulary's."""
        return tuple(entry for entry in self.entries.values() if ("above", iri) in entry.aligned)

    def using(self, iri: NamedNode, end: str) -> tuple[Entry, ...]:
        """Give the properties that name a class as their ``domains`` or ``ranges``."""
        return tuple(entry for entry in self.of("property") if iri in getattr(entry, end))


def read_glossary(names: Names) -> Glossary:
    """Read the reference from a store, in a dozen queries."""
    facts: dict[str, dict[str, list[Node]]] = {}
    for row in (*names.rows(_FACTS), *names.rows(_SCHEMES)):
        if isinstance(row["term"], NamedNode):
            values = facts.setdefault(row["term"].value, {}).setdefault(iri_of(row["property"]), [])
            if row["value"] not in values:
                values.append(row["value"])
    uses = {kind: _uses(names, *queries) for kind, queries in _QUERIES.items()}
    chains: dict[str, list[tuple[NamedNode, NamedNode]]] = {}
    for row in names.rows(_CHAINS):
        chains.setdefault(iri_of(row["p"]), []).append(
            (NamedNode(iri_of(row["first"])), NamedNode(iri_of(row["second"])))
        )
    bare = {
        iri: _entry(iri, known, facts, uses, tuple(chains.get(iri, ())))
        for iri, known in sorted(facts.items())
        if _kind(iri, known)
    }
    examples = _examples(names, bare.values())
    entries = {iri: _exemplified(entry, examples.get(iri, ())) for iri, entry in bare.items()}
    outside = (
        (NamedNode(iri), kind, use.count)
        for kind in ("class", "property")
        for iri, use in sorted(uses[kind].items())
        if iri not in entries
    )
    return Glossary(entries=entries, outside=tuple(outside))


_QUERIES: Final = {
    "class": (_INSTANCES, _FIRSTS),
    "property": (_USES,),
    "code": (_POINTED,),
    "scheme": (_MEMBERS,),
}


def _uses(names: Names, *queries: str) -> dict[str, Use]:
    """Read counts and first things; of a class, the first that is not inferred through and through."""
    counts: dict[str, int] = {}
    firsts: dict[str, NamedNode] = {}
    for row in (row for query in queries for row in names.rows(query)):
        iri = iri_of(row["term"])
        if "count" in row:
            counts[iri] = number_of(row["count"])
        if isinstance(first := row.get("first"), Literal):
            firsts[iri] = NamedNode(first.value)
    return {iri: Use(count=count, first=firsts.get(iri)) for iri, count in counts.items()}


def _kind(iri: str, known: Mapping[str, list[Node]]) -> str:
    if iri.startswith((OURS, f"{ID}scheme/")):
        kinds = (KINDS.get(iri_of(value)) for value in known.get(RDF.type.value, ()))
        return next((kind for kind in kinds if kind), "")
    return "code" if iri.startswith(ID) and _SCHEME in known else ""


_SCHEME: Final = term("skos:inScheme").value


def _entry(
    iri: str,
    known: Mapping[str, list[Node]],
    facts: Mapping[str, Mapping[str, list[Node]]],
    uses: Mapping[str, Mapping[str, Use]],
    chains: tuple[tuple[NamedNode, NamedNode], ...],
) -> Entry:
    def iris(*properties: str) -> tuple[NamedNode, ...]:
        found = {iri_of(value) for name in properties for value in known.get(term(name).value, ())}
        return tuple(NamedNode(it) for it in sorted(found - {""}))

    kind = _kind(iri, known)
    node = NamedNode(iri)
    above = iris("rdfs:subClassOf", "rdfs:subPropertyOf")
    turned = {
        NamedNode(other) for other, said in facts.items() if node in said.get(term("owl:inverseOf").value, ())
    }
    return Entry(
        iri=node,
        kind=kind,
        literal=term("owl:DatatypeProperty") in known.get(RDF.type.value, ()),
        labels=texts(known.get(SKOS.prefLabel.value, ())),
        definitions=texts(known.get(term("skos:definition").value, ())),
        notes=texts(known.get(term("skos:scopeNote").value, ())),
        above=tuple(it for it in above if it.value.startswith(OURS)),
        below=tuple(
            NamedNode(other)
            for other, said in sorted(facts.items())
            if other.startswith(OURS) and any(node in said.get(name, ()) for name in _ABOVE)
        ),
        aligned=(
            *(("above", it) for it in above if not it.value.startswith(OURS)),
            *(("close", it) for it in iris("skos:closeMatch")),
        ),
        domains=iris("schema:domainIncludes"),
        ranges=iris("schema:rangeIncludes"),
        inverse=tuple(sorted({*iris("owl:inverseOf"), *turned}, key=str)),
        chains=chains,
        traits=tuple(it for it in iris("rdf:type") if it in map(term, TRAITS)),
        scheme=next(iter(iris("skos:inScheme")), None) if kind == "code" else None,
        use=uses[kind].get(iri, Use()),
    )


def _exemplified(entry: Entry, example: tuple[str, ...]) -> Entry:
    values = {name: getattr(entry, name) for name in entry.__dataclass_fields__}
    return Entry(**{**values, "example": example})


def _examples(names: Names, entries: Iterable[Entry]) -> dict[str, tuple[str, ...]]:
    """Write what is stated of the first instance of each class, and the first triple of each property."""
    classes = {entry.use.first: entry for entry in entries if entry.kind == "class" and entry.use.first}
    things = " ".join(str(node) for node in classes)
    stated = "GRAPH ?g { ?thing ?property ?value } FILTER(!STRENDS(STR(?g), '/inferred'))"
    found: dict[NamedNode, set[Triple]] = {}
    for row in names.rows(
        f"SELECT ?thing ?property ?value WHERE {{ VALUES ?thing {{ {things} }} {stated} }}"
    ):
        triple = Triple(row["thing"], row["property"], row["value"])  # type: ignore[arg-type]
        found.setdefault(NamedNode(iri_of(row["thing"])), set()).add(triple)
    examples: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        first = entry.use.first
        if entry.kind == "class" and first in found:
            examples[entry.iri.value] = _block(found[first])
    pairs = " ".join(
        f"({entry.use.first} {entry.iri})"
        for entry in entries
        if entry.kind == "property" and entry.use.first
    )
    asked = f"VALUES (?thing ?term) {{ {pairs} }} ?thing ?term ?value"
    values: dict[tuple[str, str], list[Node]] = {}
    for row in names.rows(f"SELECT ?thing ?term ?value WHERE {{ {asked} }}"):
        values.setdefault((iri_of(row["term"]), iri_of(row["thing"])), []).append(row["value"])
    for (name, thing), said in values.items():
        line = f"{spelled(NamedNode(thing))} {spelled(NamedNode(name))} {_short(min(said, key=str))} ."
        examples[name] = (line,)
    return examples


def _block(triples: Iterable[Triple]) -> tuple[str, ...]:
    """Write a block of Turtle, its first lines; long words are cut."""
    said = sorted((t for t in triples if not isinstance(t.object, BlankNode)), key=_order)
    shown = [
        f"  {'a' if t.predicate == RDF.type else spelled(t.predicate)} {_short(t.object)} ;"
        for t in said[:_LINES]
    ]
    more = ("  # …",) if len(said) > _LINES else ()
    return (spelled(said[0].subject), *shown, *more, ".")


def _order(triple: Triple) -> tuple[bool, bool, str, str]:
    named = triple.predicate in (SKOS.prefLabel, term("skos:definition"))
    return triple.predicate != RDF.type, named, triple.predicate.value, str(triple.object)


def _short(node: Node | Triple) -> str:
    if isinstance(node, Literal) and len(node.value) > _LONGEST:
        cut = f"{' '.join(node.value[:_LONGEST].split())}…"
        return spelled(Literal(cut, language=node.language) if node.language else Literal(cut))
    return spelled(node)
