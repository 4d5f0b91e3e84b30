"""Names: what the things of a store are called, and the ontology's words for properties and classes.

The ontology and the code lists are small and read once; the names of other things are asked for in one query for
all that a page shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

from pyoxigraph import BlankNode, Literal, NamedNode

from iotkg.identifiers import shorten
from iotkg.model import Name, Term, Text, Texts
from iotkg.store import Source, Table
from iotkg.vocab import IOTKG, PREFIXES, SKOS, term

Node: TypeAlias = NamedNode | BlankNode | Literal
Facts: TypeAlias = Mapping[str, list[Node]]
"""What is said of one thing: values by property."""

Row: TypeAlias = dict[str, Node]
"""What a query found for its variables, those without a value left out."""

_QUOTE_SHOWN: Final = 40
_CLAUSE_SHOWN: Final = 120
_PROLOGUE: Final = "".join(
    f"PREFIX {prefix}: <{PREFIXES[prefix]}>\n" for prefix in ("iotkg", "owl", "rdf", "rdfs", "skos")
)
_VOCABULARY: Final = """
SELECT ?term ?property ?value
WHERE {
  {
    VALUES ?kind {
      owl:Class owl:ObjectProperty owl:DatatypeProperty owl:AnnotationProperty skos:ConceptScheme
    }
    ?term a ?kind
  } UNION { ?term skos:inScheme ?scheme }
  VALUES ?property {
    skos:prefLabel skos:definition rdfs:subClassOf rdfs:subPropertyOf iotkg:basisRank iotkg:owning
  }
  ?term ?property ?value .
}
"""
_CLAUSES: Final = "iotkg:Principle, iotkg:Ground, iotkg:Measure, iotkg:Aim, iotkg:FundingSupport"
"""What is called by its words: it has no other name, and they are all that it says."""

_PARTS: Final = (
    "skos:prefLabel ?label",
    "iotkg:exactQuote ?label",
    # filters: from a path or VALUES the engine would read every clause there is
    f"?says ?label ; a ?clause . FILTER(?says IN (iotkg:translation, iotkg:quote)) FILTER(?clause IN ({_CLAUSES}))",
    "iotkg:exceptedLabel ?own ; iotkg:quote ?label",
    "a iotkg:SharedWording ; iotkg:hasEvidence/iotkg:exactQuote ?label",
    "iotkg:actor/skos:prefLabel ?label",
    "iotkg:role/skos:prefLabel ?label",
    "iotkg:mentionOf/skos:prefLabel ?label",
    "iotkg:mentionOf ?entity ; iotkg:quote ?label",
    "iotkg:verbatim ?label",
    "iotkg:appliesTo/skos:prefLabel ?label",
    "iotkg:refersTo/skos:prefLabel ?label",
    "iotkg:basis/skos:prefLabel ?label",
)
"""The parts of a name: a thing without a label is called by its words, or by what it connects, in this order; then
its basis."""

_PRINTED: Final = {
    node.value
    for node in (
        IOTKG.quote,
        IOTKG.exactQuote,
        IOTKG.numberLabel,
        IOTKG.quotePrefix,
        IOTKG.quoteSuffix,
        IOTKG.targetQuote,
        IOTKG.within,
        term("iotkg:measureWord"),
        term("iotkg:verbatim"),
        IOTKG.exceptedLabel,
    )
}
"""Properties whose literals are the text's own words; they carry no language tag."""

_WHOLE: Final = 5
"""The parts before this one are a whole name."""

_CLAUSE: Final = 2
"""The part that is a whole clause: in English its translation, in Chinese its words."""

_BASIS: Final = len(_PARTS) - 1
_WORDS: Final = frozenset(
    number
    for number, pattern in enumerate(_PARTS)
    if pattern.endswith(("iotkg:exactQuote ?label", "iotkg:quote ?label", "iotkg:verbatim ?label"))
)
"""Parts that are words of the text."""

_BROKEN: Final = re.compile(r"(?<=[\u2e80-\uffef]) (?=[\u2e80-\uffef])")
"""A space between two Chinese characters: a line of the source ended there."""

_TRUE: Final = Literal(value=True)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The ontology and the code lists: names, super-terms, ranks of bases, and which roles own."""

    terms: Mapping[str, Term]
    supers: Mapping[str, frozenset[str]]
    ranks: Mapping[str, int]
    owning: frozenset[str]

    def below(self, *tops: str) -> set[str]:
        """Give some terms of ours and all that are under them."""
        return {*tops, *(iri for iri, above in self.supers.items() if not above.isdisjoint(tops))}

    @property
    def alignments(self) -> set[str]:
        """Other vocabularies' terms above ours; their triples repeat ours."""
        ours = PREFIXES["iotkg"]
        above = {iri for low, supers in self.supers.items() if low.startswith(ours) for iri in supers}
        return {iri for iri in above if not iri.startswith((ours, PREFIXES["skos"]))}

    def most_specific(self, iris: Iterable[str]) -> list[str]:
        """Leave out every term that stands above another one of them."""
        found = set(iris)
        above = {top for iri in found for top in self.supers.get(iri, ()) if top != iri}
        return sorted(found - above)


class Names:
    """A store's names."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def table(self, query: str) -> Table:
        """Run a SELECT with our prefixes declared."""
        return self._source.select(_PROLOGUE + query)

    def rows(self, query: str) -> list[Row]:
        """Run a SELECT with our prefixes declared; see ``Row``."""
        table = self.table(query)
        return [
            {name: value for name, value in zip(table.columns, row, strict=True) if value is not None}
            for row in table.rows
        ]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The ontology and the code lists, read once."""
        facts: dict[str, dict[str, list[Node]]] = {}
        for row in self.rows(_VOCABULARY):
            if isinstance(row["term"], NamedNode):
                properties = facts.setdefault(row["term"].value, {})
                properties.setdefault(iri_of(row["property"]), []).append(row["value"])
        label, definition = SKOS.prefLabel.value, term("skos:definition").value
        above = (term("rdfs:subClassOf").value, term("rdfs:subPropertyOf").value)
        rank, owning = term("iotkg:basisRank").value, term("iotkg:owning").value
        return Vocabulary(
            terms={
                iri: Term(
                    iri=NamedNode(iri),
                    name=(texts(known[label]),),
                    definition=texts(known.get(definition, ())),
                )
                for iri, known in facts.items()
                if label in known
            },
            supers={
                iri: frozenset(
                    value.value
                    for kind in above
                    for value in known.get(kind, ())
                    if isinstance(value, NamedNode) and value.value != iri
                )
                for iri, known in facts.items()
            },
            ranks={iri: number_of(known[rank][0]) for iri, known in facts.items() if rank in known},
            owning=frozenset(
                iri for iri, known in facts.items() if known.get(owning) and known[owning][0] == _TRUE
            ),
        )

    def of(self, iris: Iterable[NamedNode]) -> dict[str, Term]:
        """Name things, in one query; what has no name is called by its shortened IRI."""
        wanted = {iri.value: iri for iri in iris}
        known = self.vocabulary.terms
        found = {iri: known[iri] for iri in wanted if iri in known}
        asked = [node for iri, node in wanted.items() if iri not in found]
        parts: dict[str, dict[int, list[Node]]] = {}
        for row in self.rows(_names_query(asked)) if asked else ():
            of_thing = parts.setdefault(iri_of(row["thing"]), {})
            of_thing.setdefault(number_of(row["part"]), []).append(row["label"])
        for node in asked:
            known_parts = parts.get(node.value, {})
            basis = texts(known_parts.pop(_BASIS, ()))
            if known_parts and min(known_parts) < _WHOLE:
                basis = ()  # words claim no more than they say
            found[node.value] = Term(iri=node, name=_name(node, known_parts), basis=basis)
        return found


def _names_query(iris: Iterable[NamedNode]) -> str:
    """Write one branch for each part; the VALUES in each keeps the engine from scanning all labels."""
    values = " ".join(str(iri) for iri in iris)
    branches = [
        f"{{ VALUES ?thing {{ {values} }} ?thing {pattern} . BIND({number} AS ?part) }}"
        for number, pattern in enumerate(_PARTS)
    ]
    return f"SELECT DISTINCT ?thing ?part ?label WHERE {{ {' UNION '.join(branches)} }}"


def _name(node: NamedNode, parts: Mapping[int, list[Node]]) -> Name:
    if not parts:
        return ((Text(shorten(node.value)),),)
    numbers = [min(parts)] if min(parts) < _WHOLE else sorted(parts)
    return tuple(tuple(_part(number, text) for text in _distinct(parts[number])) for number in numbers)


def _part(number: int, text: Text) -> Text:
    if number == _CLAUSE:
        return text if text.language else _words(text, _CLAUSE_SHOWN)
    return _words(text, _QUOTE_SHOWN) if number in _WORDS else text


def _distinct(labels: Iterable[Node]) -> Texts:
    """Leave out words that differ in white space alone: the same words may be printed with other line breaks."""
    return tuple({("".join(text.value.split()), text.language): text for text in texts(labels)}.values())


def _words(text: Text, longest: int) -> Text:
    """Shorten words of the text to one line."""
    line = one_line(text.value)
    return Text(line if len(line) <= longest else f"{line[:longest]}…", "zh", printed=True)


def one_line(words: str) -> str:
    """Put words of the text on one line, as they read: a line break within Chinese is no space."""
    line = " ".join(words.split())
    return _BROKEN.sub("", line)


def texts(values: Iterable[Node]) -> tuple[Text, ...]:
    """Read literals, Chinese and English in a fixed order."""
    found = {Text(value.value, value.language) for value in values if isinstance(value, Literal)}
    return tuple(sorted(found, key=lambda text: (text.language or "", text.value)))


def iri_of(value: Node | None) -> str:
    """Read an IRI; empty when it is none."""
    return value.value if isinstance(value, NamedNode) else ""


def number_of(value: Node | None) -> int:
    """Read an integer; 0 when it is none."""
    return int(value.value) if isinstance(value, Literal) else 0


def is_printed(predicate: str) -> bool:
    """Say whether a property's literals are the text's own words; they carry no language tag."""
    return predicate in _PRINTED
