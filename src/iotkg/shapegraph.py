"""A shapes graph as text to be read: what it targets, what it says, and what an engine would pass over in silence.

Pure: reads triples. Source of the rules: W3C, Shapes Constraint Language (SHACL), Recommendation of 2017.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from graphlib import CycleError, TopologicalSorter
from typing import Final, TypeAlias, TypeVar

import pyoxigraph as ox

from iotkg.identifiers import shorten
from iotkg.vocab import PREFIXES, RDF, term

Node: TypeAlias = ox.NamedNode | ox.BlankNode
Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal
_Any = TypeVar("_Any", bound=Term)
Index: TypeAlias = dict[Term, dict[ox.NamedNode, list[Term]]]
"""The objects of each subject and predicate."""

KINDS: Final = (term("sh:NodeShape"), term("sh:PropertyShape"))
TARGETS: Final = {
    term("sh:targetClass"): "class",
    term("sh:targetNode"): "node",
    term("sh:targetObjectsOf"): "objects of",
    term("sh:targetSubjectsOf"): "subjects of",
}
USES_SHAPE: Final = {term(f"sh:{name}") for name in ("node", "not", "property", "qualifiedValueShape")}
_LISTS_SHAPES: Final = {term(f"sh:{name}") for name in ("and", "or", "xone")}
_CLASSES: Final = (term("rdfs:Class"), term("owl:Class"))
_SUBCLASS: Final = term("rdfs:subClassOf")
_DEACTIVATED: Final = term("sh:deactivated")
_ENTAILMENT = term("sh:entailment")
_PATH: Final = term("sh:path")
_PROPERTY: Final = term("sh:property")
_QUERIES: Final = (term("sh:select"), term("sh:ask"))
_OF_DATA: Final = term("sh:nodeShape")
"""Of a draft: a node's shape, said of data and without effect. The W3C suite still has it."""
_ADVANCED: Final = {
    term("sh:target"): "name its focus nodes with sh:targetClass, sh:targetNode or another core target",
    term("sh:js"): "write the constraint with sh:sparql",
    term("sh:expression"): "write the constraint with sh:sparql",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What makes a shapes graph worthless, and the node that it is said of, if it is of one."""

    node: Node | None
    words: str


@dataclass(frozen=True, slots=True)
class ShapesGraph:
    """The triples of one or several shapes files, indexed."""

    triples: tuple[ox.Triple, ...]
    about: Index

    @classmethod
    def of(cls, triples: Iterable[ox.Triple]) -> ShapesGraph:
        """Index triples."""
        kept = tuple(triples)
        return cls(kept, index(kept))

    @property
    def shapes(self) -> set[Node]:
        """Everything that SHACL takes for a shape: by its type, its target, its parameters, or its use."""
        found: set[Node] = set()
        for triple in self.triples:
            if isinstance(triple.subject, ox.Triple):
                continue
            if (triple.predicate == RDF.type and triple.object in KINDS) or triple.predicate in TARGETS:
                found.add(triple.subject)
            elif triple.predicate in USES_SHAPE and not isinstance(triple.object, ox.Literal | ox.Triple):
                found.add(triple.object)
            elif triple.predicate in _LISTS_SHAPES and not isinstance(triple.object, ox.Triple):
                found.update(m for m in members(triple.object, self.about) if not isinstance(m, ox.Literal))
        return found

    @property
    def targets(self) -> dict[Node, list[tuple[str, Term]]]:
        """What each active shape with a target is aimed at, as (kind, node); a shape that is a class aims at it."""
        found: dict[Node, list[tuple[str, Term]]] = {}
        for shape, properties in self.about.items():
            if isinstance(shape, ox.Literal) or self.deactivated(shape):
                continue
            aims = [(kind, node) for aim, kind in TARGETS.items() for node in properties.get(aim, ())]
            types = properties.get(RDF.type, ())
            if any(kind in types for kind in _CLASSES) and any(kind in types for kind in KINDS):
                aims.append(("class", shape))
            if aims:
                found[shape] = aims
        return found

    def deactivated(self, shape: Term) -> bool:
        """Say whether a shape is switched off."""
        return any(
            isinstance(value, ox.Literal) and value.value == "true"
            for value in self.about.get(shape, {}).get(_DEACTIVATED, ())
        )

    def uses(self, shape: Term) -> set[Node]:
        """Give the shapes that a shape refers to."""
        properties = self.about.get(shape, {})
        used = {node for use in USES_SHAPE for node in properties.get(use, ())}
        used |= {
            m for use in _LISTS_SHAPES for head in properties.get(use, ()) for m in members(head, self.about)
        }
        return {node for node in used if not isinstance(node, ox.Literal)}

    def below(self, shape: Node) -> set[Node]:
        """Give a shape and all that it refers to, however far."""
        return _closure(shape, self.uses)

    def owners(self) -> dict[Term, ox.NamedNode]:
        """Give for each shape without a name a named one that it belongs to: the name that lasts from run to run."""
        found: dict[Term, ox.NamedNode] = {}
        for shape in sorted(self.shapes, key=str):
            if isinstance(shape, ox.NamedNode):
                waiting = list(self.uses(shape))
                while waiting:
                    node = waiting.pop()
                    if isinstance(node, ox.BlankNode) and node not in found:
                        found[node] = shape
                        waiting += self.uses(node)
        return found

    def focus_nodes(self, data: Sequence[ox.Triple]) -> dict[Node, set[Term]]:
        """Give the focus nodes of each active shape with a target; those that match nothing have an empty set."""
        targets = self.targets
        instances = _Instances(data, [aim for aims in targets.values() for aim in aims])
        return {
            shape: {node for kind, aim in aims for node in instances.at(kind, aim)}
            for shape, aims in targets.items()
        }

    def circle(self) -> list[str]:
        """Give a circle of shapes that refer to each other, first and last the same, or nothing.

        SHACL leaves the verdict of such shapes undefined (Recommendation, section 3.4.3).
        """
        try:
            TopologicalSorter({shape: self.uses(shape) for shape in self.shapes}).prepare()
        except CycleError as error:
            return [shown(node) for node in error.args[1]]
        return []

    def faults(self) -> Iterator[Fault]:
        """Name what makes a verdict worthless: no shapes, unknown terms, shapes that are not there or cannot run."""
        shapes = self.shapes
        if not shapes:
            yield Fault(None, "there is no shape; nothing was checked")
        yield from self._unknown_terms(shapes)
        for shape in shapes:
            for used in self.uses(shape):
                if used not in self.about:
                    yield Fault(shape, f"{shown(shape)} uses {shown(used)}, which is no shape")
                elif used in self.about.get(shape, {}).get(_PROPERTY, ()) and _PATH not in self.about[used]:
                    yield _pathless(used)
            yield from self._ill_formed(shape)
        for triple in self.triples:
            if triple.predicate in _ADVANCED and not isinstance(triple.subject, ox.Triple):
                yield Fault(
                    triple.subject,
                    f"{shown(triple.subject)} has {shown(triple.predicate)}, of SHACL Advanced Features, which is "
                    f"not evaluated; {_ADVANCED[triple.predicate]}",
                )
            if triple.predicate == _ENTAILMENT and not isinstance(triple.subject, ox.Triple):
                yield Fault(
                    triple.subject,
                    f"the shapes ask for sh:entailment {shown(triple.object)}, and nothing is inferred here; put what "
                    "follows into the data, and leave sh:entailment out",
                )
        yield from self._unusable()

    def _unusable(self) -> Iterator[Fault]:
        """Name property shapes without a path and patterns that are no regular expression."""
        for triple in self.triples:
            if isinstance(triple.subject, ox.Triple):
                continue
            subject = self.about.get(triple.subject, {})
            if triple.predicate == RDF.type and triple.object == KINDS[1] and _PATH not in subject:
                yield _pathless(triple.subject)
            if triple.predicate == term("sh:pattern") and isinstance(triple.object, ox.Literal):
                try:
                    re.compile(triple.object.value)
                except re.error as error:
                    words = f"{shown(triple.subject)} has a pattern that is no regular expression: {error}"
                    yield Fault(triple.subject, words)

    def unparsed(self, prefixes: Mapping[str, str]) -> Iterator[Fault]:
        """Name SPARQL constraints and validators that do not parse; ``prefixes`` are those of the files."""
        declared = {
            _text(self.about[one], "sh:prefix"): _text(self.about[one], "sh:namespace")
            for properties in self.about.values()
            for one in properties.get(term("sh:declare"), ())
            if one in self.about
        }
        head = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in {**prefixes, **declared}.items())
        lines = head.count("\n")
        for node, properties in self.about.items():
            for kind in _QUERIES:
                for query in properties.get(kind, ()):
                    text = head + re.sub(r"[$?]PATH\b", "<path:>", query.value)
                    try:
                        ox.Store().query(text)
                    except (SyntaxError, ValueError) as error:
                        reason = str(getattr(error, "msg", error)).partition(": expected")[0]
                        reason = re.sub(
                            r"(\d+):(\d+)",
                            lambda at: f"line {int(at[1]) - lines}, column {at[2]}",
                            reason,
                            count=1,
                        )
                        if not isinstance(node, ox.Literal):
                            yield Fault(node, f"{shown(kind)} does not parse: {reason}")

    def _ill_formed(self, shape: Node) -> Iterator[Fault]:
        """Name parameters of the wrong kind, or that stand twice: engines differ on what they do then."""
        for parameter, values in self.about.get(shape, {}).items():
            name = shown(parameter)
            if parameter in _SINGLE and len(values) > 1:
                yield Fault(shape, f"{shown(shape)} has {len(values)} values of {name}, which takes one")
            for value in values:
                wanted = next(
                    (words for names, fits, words in _KINDS if parameter in names and not fits(value)), ""
                )
                if not wanted and parameter in _LISTS and value != RDF.nil:
                    wanted = "" if RDF.first in self.about.get(value, {}) else "a list, in ( )"
                if wanted:
                    yield Fault(shape, f"{shown(shape)} has {name} {shown(value)}, which is to be {wanted}")

    def _unknown_terms(self, shapes: set[Node]) -> Iterator[Fault]:
        is_term, names = _shacl()
        for triple in self.triples:
            if isinstance(triple.subject, ox.Triple) or (
                triple.predicate == _OF_DATA and triple.subject not in shapes
            ):
                continue
            for node in (triple.predicate, triple.object):
                if (
                    isinstance(node, ox.NamedNode)
                    and node.value.startswith(PREFIXES["sh"])
                    and not is_term(node.value)
                ):
                    name = node.value.removeprefix(PREFIXES["sh"])
                    near = get_close_matches(name, names, n=1)
                    mend = f"; is sh:{near[0]} meant?" if near else ""
                    yield Fault(triple.subject, f"sh:{name} is no term of SHACL{mend}")


def _pathless(shape: Node) -> Fault:
    return Fault(shape, f"{shown(shape)} has no sh:path, which a property shape needs")


class _Instances:
    """Finds the focus nodes of some targets in data; looks at nothing else, for data is large and targets are few."""

    def __init__(self, data: Sequence[ox.Triple], aims: Iterable[tuple[str, Term]]) -> None:
        wanted: dict[str, set[Term]] = defaultdict(set)
        for kind, aim in aims:
            wanted[kind].add(aim)
        below: dict[Term, set[Term]] = defaultdict(set)
        for triple in data:
            if triple.predicate == _SUBCLASS:
                lower, upper = triple.subject, triple.object
                if not isinstance(lower, ox.Triple) and not isinstance(upper, ox.Triple):
                    below[upper].add(lower)
        self._classes = {name: _closure(name, lambda item: below.get(item, ())) for name in wanted["class"]}
        classes = {name for names in self._classes.values() for name in names}
        self._found: dict[tuple[str, Term], set[Term]] = defaultdict(set)
        for triple in data:
            predicate = triple.predicate
            if predicate == RDF.type and triple.object in classes:
                self._add("class", triple.object, triple.subject)
            if predicate in wanted["subjects of"]:
                self._add("subjects of", predicate, triple.subject)
            if predicate in wanted["objects of"]:
                self._add("objects of", predicate, triple.object)

    def _add(self, kind: str, aim: Term | ox.Triple, node: Term | ox.Triple) -> None:
        if not isinstance(node, ox.Triple) and not isinstance(aim, ox.Triple):
            self._found[kind, aim].add(node)

    def at(self, kind: str, aim: Term) -> set[Term]:
        """Give the focus nodes of one target."""
        if kind == "node":
            return {aim}
        if kind == "class":
            return {node for name in self._classes[aim] for node in self._found[kind, name]}
        return self._found[kind, aim]


def _closure(start: _Any, step: Callable[[_Any], Iterable[_Any]]) -> set[_Any]:
    """Give what some steps lead to, the start included."""
    seen: set[_Any] = set()
    waiting = [start]
    while waiting:
        item = waiting.pop()
        if item not in seen:
            seen.add(item)
            waiting += step(item)
    return seen


def index(triples: Iterable[ox.Triple]) -> Index:
    """Give the objects of each subject and predicate, triple terms left out."""
    found: Index = defaultdict(lambda: defaultdict(list))
    for triple in triples:
        if not isinstance(triple.subject, ox.Triple) and not isinstance(triple.object, ox.Triple):
            found[triple.subject][triple.predicate].append(triple.object)
    return {subject: dict(properties) for subject, properties in found.items()}


def members(head: Term, about: Index) -> Iterator[Term]:
    """Yield the members of an RDF list, to its end or to where it circles."""
    seen: set[Term] = set()
    while head != RDF.nil and head in about and head not in seen:
        seen.add(head)
        cell = about[head]
        yield from cell.get(RDF.first, ())
        head = next(iter(cell.get(RDF.rest, ())), RDF.nil)


def shown(node: object) -> str:
    """Write a node as a message shows it."""
    if isinstance(node, ox.BlankNode):
        return "[…]"
    return shorten(node.value) if isinstance(node, ox.NamedNode) else str(node)


def _text(properties: Mapping[ox.NamedNode, list[Term]], name: str) -> str:
    return next((value.value for value in properties.get(term(name), ())), "")


def _is_of(datatype: ox.NamedNode, form: str, value: Term) -> bool:
    return (
        isinstance(value, ox.Literal)
        and value.datatype == datatype
        and re.fullmatch(form, value.value) is not None
    )


def _is_count(value: Term) -> bool:
    return _is_of(term("xsd:integer"), r"[+-]?\d+", value)


def _is_boolean(value: Term) -> bool:
    return _is_of(term("xsd:boolean"), "true|false|0|1", value)


def _is_iri(value: Term) -> bool:
    return isinstance(value, ox.NamedNode)


def _is_literal(value: Term) -> bool:
    return isinstance(value, ox.Literal)


def _named(*names: str) -> set[ox.NamedNode]:
    return {term(f"sh:{name}") for name in names}


_COUNTS: Final = _named(
    "minCount", "maxCount", "minLength", "maxLength", "qualifiedMinCount", "qualifiedMaxCount"
)
_BOOLEANS: Final = _named("closed", "uniqueLang", "qualifiedValueShapesDisjoint", "deactivated")
_LIMITS: Final = _named("minExclusive", "minInclusive", "maxExclusive", "maxInclusive")
_LISTS: Final = _LISTS_SHAPES | _named("in", "languageIn", "ignoredProperties")
_SINGLE: Final = (
    _COUNTS
    | _BOOLEANS
    | _LIMITS
    | _named("datatype", "nodeKind", "in", "languageIn", "ignoredProperties", "path")
)
_KINDS: Final[tuple[tuple[set[ox.NamedNode], Callable[[Term], bool], str], ...]] = (
    (_COUNTS, _is_count, "an xsd:integer"),
    (_BOOLEANS, _is_boolean, "true or false"),
    (_LIMITS, _is_literal, "a literal"),
    (
        _named("datatype", "nodeKind", "equals", "disjoint", "lessThan", "lessThanOrEquals"),
        _is_iri,
        "an IRI",
    ),
)
"""What values parameters take (Recommendation, section 4)."""


@cache
def _shacl() -> tuple[Callable[[str], bool], list[str]]:
    """Give what tells a term of SHACL, and the names to compare others with."""
    from rdflib.namespace import SH  # noqa: PLC0415 - heavy, and needed only where shapes are run

    return SH.__contains__, sorted(str(iri).rpartition("#")[2] for iri in dir(SH))
