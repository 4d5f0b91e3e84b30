"""Rules: what shapes and checks say for people who read a report, taken from the files that state them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import pyoxigraph as ox

from iotkg.advice import parameters, sayings
from iotkg.findings import Severity, plain, severity_of
from iotkg.locating import Locator
from iotkg.outcome import Rule
from iotkg.problems import CHECKS
from iotkg.queryfile import QueryFile
from iotkg.shapegraph import ShapesGraph, Term, shown
from iotkg.vocab import CHECK, QUERY, term

NAMES: Final = (term("skos:prefLabel"), term("rdfs:label"), term("sh:name"))
"""What names a shape, the best first."""

_DESCRIPTIONS: Final = (term("sh:description"), term("skos:definition"), term("rdfs:comment"))
_HELP: Final = (term("rdfs:seeAlso"), term("rdfs:isDefinedBy"))
_WEB: Final = ("http://", "https://")


def words_of(graph: ShapesGraph, node: Term, predicates: Iterable[ox.NamedNode]) -> dict[str, str]:
    """Give by language what a node says under the first of some predicates that has that language."""
    said = graph.about.get(node, {})
    words: dict[str, str] = {}
    for predicate in predicates:
        for value in said.get(predicate, ()):
            if isinstance(value, ox.Literal):
                words.setdefault(value.language or "en", value.value)
    return words


def shape_rules(graph: ShapesGraph, locator: Locator) -> Iterator[Rule]:
    """Give the rules of all shapes that have a name; the locator knows the shapes files."""
    for shape in sorted(graph.shapes, key=shown):
        if not isinstance(shape, ox.NamedNode):
            continue
        said = graph.about.get(shape, {})
        place = locator.subject(shape)
        pages = [
            node.value for name in _HELP for node in said.get(name, ()) if isinstance(node, ox.NamedNode)
        ]
        yield Rule(
            shape=plain(shape),
            names=words_of(graph, shape, NAMES),
            messages=_messages(graph, shape),
            descriptions=words_of(graph, shape, _DESCRIPTIONS),
            severity=severity_of(next(iter(said.get(term("sh:severity"), ())), None)),
            help=next((page for page in pages if page.startswith(_WEB)), None),
            file=locator.files[place[0]].name if place else None,
            line=place[1].line if place and place[1] else None,
        )


def _messages(graph: ShapesGraph, shape: Term) -> dict[str, str]:
    """Give what a shape says: its own message, else its SPARQL constraint's, else what its constraints amount to."""
    said = graph.about.get(shape, {})
    for node in (shape, *said.get(term("sh:sparql"), ())):
        words = words_of(graph, node, [term("sh:message")])
        if words:
            return words
    both = sayings(parameters(said))
    return {"en": "; ".join(en for en, _ in both), "zh": "；".join(zh for _, zh in both)} if both else {}


def check_rule(check: QueryFile, file: str) -> Rule:
    """Give the rule of a query that must return no row."""
    header = check.header
    return Rule(
        shape=f"{QUERY}{check.name}",
        names={"en": header["summary"], "zh": header.get("summary-zh", header["summary"])},
        messages={"en": header["message"], "zh": header["message-zh"]},
        severity=Severity(header["severity"]),
        file=file,
        line=1,
    )


def unknown_term() -> Rule:
    """Give the rule that data uses only terms of ours that the ontology defines."""
    return Rule(
        shape=f"{QUERY}unknown-term",
        names={"en": "Terms that no ontology defines", "zh": "本体未定义的词项"},
        messages={
            "en": "Every iotkg: class and property that is used is defined by the ontology",
            "zh": "所用的每个 iotkg: 类和属性均须在本体中定义",
        },
    )


def text_rules() -> Iterator[Rule]:
    """Give the rules of the checks that hold statements against the text, one for each kind of fault."""
    for kind, check in CHECKS.items():
        yield Rule(shape=f"{CHECK}{kind}", names=check.names, messages=check.names)
