"""Shapes and checks: whether the triples say what they should, and nothing they should not.

A SHACL engine gives the verdict on shapes, pyoxigraph runs the checks: queries that must return no row. Each shape
and check says in which phase it holds: on what was written, or on what is complete after inference.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, Literal, TypeAlias

import pyoxigraph as ox

from iotkg.engines import DEFAULT, Engine, report
from iotkg.errors import ShapesError
from iotkg.findings import Finding, Severity, fill, parse_report, plain, shown
from iotkg.identifiers import shorten
from iotkg.queryfile import QueryFile
from iotkg.turtle import parse_turtle
from iotkg.vocab import PREFIXES, QUERY, RDF, term

Phase: TypeAlias = Literal["written", "complete"]
Shapes: TypeAlias = tuple[tuple[str, str], ...]

_BOTH: Final = "both"
_COMPONENT: Final = term("sh:SPARQLConstraintComponent").value
_DEACTIVATED = ox.Literal("true", datatype=term("xsd:boolean"))
_KINDS = (term("sh:NodeShape"), term("sh:PropertyShape"))
_PHASE = term("iotsh:phase")
_SUBCLASS = term("rdfs:subClassOf")
_PHASES: dict[ox.NamedNode, Phase] = {term("iotsh:written"): "written", term("iotsh:complete"): "complete"}
_TARGETS = {
    term("sh:targetClass"),
    term("sh:targetNode"),
    term("sh:targetObjectsOf"),
    term("sh:targetSubjectsOf"),
}
_SAYS_NOTHING = {
    RDF.type,
    _PHASE,
    term("skos:prefLabel"),
    term("sh:deactivated"),
    *(
        term(f"sh:{name}")
        for name in ("description", "group", "message", "name", "order", "path", "severity")
    ),
    *_TARGETS,
}
_USES_SHAPE = {term("sh:node"), term("sh:not"), term("sh:property"), term("sh:qualifiedValueShape")}


def validate(
    triples: Iterable[ox.Triple],
    *,
    shapes: Sequence[tuple[str, str]],
    phase: Phase,
    allow_empty: bool = False,
    engine: Engine = DEFAULT,
) -> list[Finding]:
    """Hold triples against the shapes of a phase, each a file name and its Turtle; sorted.

    Raises: ShapesError when the shapes are broken, when there are none, or, unless ``allow_empty``, when nothing
    is violated and a shape had nothing to look at. TurtleError when a file is no Turtle.
    """
    data = list(triples)
    parsed = _parse(tuple(shapes))
    active = {shape for shape, when in _phases(parsed).items() if when == phase}
    if not active:
        raise ShapesError(f"no shape has iotsh:phase iotsh:{phase}; nothing was checked")
    findings = parse_report(report(engine, data, _activated(tuple(shapes), phase)), parsed)
    if allow_empty or any(finding.severity is Severity.VIOLATION for finding in findings):
        return findings
    empty = sorted(shorten(shape.value) for shape in active - _matched(data, parsed))
    if empty:
        raise ShapesError(f"the targets of these shapes match nothing in the data: {', '.join(empty)}")
    return findings


def run_checks(store: ox.Store, checks: Sequence[QueryFile], *, phase: Phase) -> list[Finding]:
    """Run the checks of a phase over the default graph; each row is a finding; sorted.

    Raises: ShapesError naming the file when there is no check to run, or a check cannot be run.
    """
    active = [check for check in checks if _check_phase(check) in {phase, _BOTH}]
    if not active:
        raise ShapesError(f"no check has the phase {phase}; nothing was checked")
    return sorted(finding for check in active for finding in _rows(store, check))


def _check_phase(check: QueryFile) -> str:
    stated = check.header.get("phase", "")
    if stated not in {*_PHASES.values(), _BOTH}:
        raise ShapesError(f"{_file(check)}: '#+ phase:' is one of written, complete, both")
    return stated


def _rows(store: ox.Store, check: QueryFile) -> Iterator[Finding]:
    """Run one check and make a finding of each row."""
    try:
        severity = Severity(check.header["severity"])
        answer = store.query(check.text)
        rows = list(answer) if isinstance(answer, ox.QuerySolutions) else []
    except (KeyError, ValueError, SyntaxError, RuntimeError) as error:
        raise ShapesError(f"{_file(check)}: {error}") from error
    names = [variable.value for variable in answer.variables] if isinstance(answer, ox.QuerySolutions) else []
    if "focus" not in names:
        raise ShapesError(
            f"{_file(check)}: a check is a SELECT of ?focus, and of ?path and ?value where it can"
        )
    for row in rows:
        bound = {
            name: value
            for name in names
            if isinstance(value := row[name], ox.NamedNode | ox.BlankNode | ox.Literal)
        }
        if "focus" not in bound:
            raise ShapesError(f"{_file(check)}: a row leaves ?focus unbound")
        words = {name: shown(value) for name, value in bound.items()}
        yield Finding(
            severity=severity,
            shape=f"{QUERY}{check.name}",
            focus=plain(bound["focus"]),
            path=words.get("path"),
            value=plain(bound["value"]) if "value" in bound else None,
            component=_COMPONENT,
            messages={
                "en": fill(check.header["message"], words),
                "zh": fill(check.header["message-zh"], words),
            },
        )


def _file(check: QueryFile) -> str:
    return f"queries/checks/{check.name}.rq"


@lru_cache(maxsize=4)
def _parse(shapes: Shapes) -> tuple[ox.Triple, ...]:
    """Read the shapes and refuse those that an engine would pass over in silence."""
    triples: list[ox.Triple] = []
    faults: list[str] = []
    for name, text in shapes:
        parsed = parse_turtle(text, name=name)
        if not any(triple.predicate == RDF.type and triple.object in _KINDS for triple in parsed):
            faults.append(f"{name}: holds no shape")
        triples += parsed
    if not shapes:
        faults.append("there are no shapes; nothing was checked")
    faults += _faults(triples)
    if faults:
        raise ShapesError("\n".join(sorted(faults)))
    return tuple(triples)


def _faults(triples: Sequence[ox.Triple]) -> Iterator[str]:
    """Name unknown SHACL terms, references to shapes that are not there, and shapes that never run."""
    from rdflib.namespace import SH  # noqa: PLC0415 - heavy, and needed only where shapes are run

    nodes = {node for triple in triples for node in (triple.predicate, triple.object)}
    for node in nodes:
        if isinstance(node, ox.NamedNode) and node.value.startswith(PREFIXES["sh"]) and node.value not in SH:
            yield f"{shorten(node.value)} is no term of SHACL"
    shapes = {t.subject for t in triples if t.predicate == RDF.type and t.object in _KINDS}
    used = {t.object for t in triples if t.predicate in _USES_SHAPE}
    for user, name in {(t.subject, t.object) for t in triples if t.predicate in _USES_SHAPE}:
        if name not in shapes:
            yield f"{_name(user)} uses {_name(name)}, which is no shape"
    listed = {triple.object for triple in triples if triple.predicate == RDF.first}
    aimed = {triple.subject for triple in triples if triple.predicate in _TARGETS}
    phases = Counter(t.subject for t in triples if t.predicate == _PHASE and t.object in _PHASES)
    for shape in shapes | aimed:
        if shape in aimed and phases[shape] != 1:
            yield f"{_name(shape)} needs one iotsh:phase: iotsh:written or iotsh:complete"
        elif shape not in aimed | used | listed:
            yield f"{_name(shape)} has no target and is used by no shape"
        if not {triple.predicate for triple in triples if triple.subject == shape} - _SAYS_NOTHING:
            yield f"{_name(shape)} states no constraint"
    yield from _unusable(triples)


def _unusable(triples: Sequence[ox.Triple]) -> Iterator[str]:
    """Name property shapes without a path and patterns that are no regular expression: engines pass over them."""
    pathed = {triple.subject for triple in triples if triple.predicate == term("sh:path")}
    for triple in triples:
        if triple.predicate == RDF.type and triple.object == _KINDS[1] and triple.subject not in pathed:
            yield f"{_name(triple.subject)} has no sh:path"
        if triple.predicate == term("sh:pattern") and isinstance(triple.object, ox.Literal):
            try:
                re.compile(triple.object.value)
            except re.error as error:
                yield f"{_name(triple.subject)} has a pattern that is no regular expression: {error}"


def _name(node: object) -> str:
    return shorten(node.value) if isinstance(node, ox.NamedNode) else str(node)


def _phases(triples: Iterable[ox.Triple]) -> dict[ox.NamedNode, Phase]:
    """Give the phase of each shape with a target."""
    return {
        triple.subject: _PHASES[triple.object]
        for triple in triples
        if triple.predicate == _PHASE
        and isinstance(triple.subject, ox.NamedNode)
        and isinstance(triple.object, ox.NamedNode)
        and triple.object in _PHASES
    }


def _matched(data: Sequence[ox.Triple], shapes: Iterable[ox.Triple]) -> set[object]:
    """Give the shapes that have a focus node in the data."""
    predicates: set[object] = {triple.predicate for triple in data}
    present: dict[str, set[object]] = {
        "targetClass": _inhabited(data),
        "targetNode": {node for triple in data for node in (triple.subject, triple.object)},
        "targetObjectsOf": predicates,
        "targetSubjectsOf": predicates,
    }
    return {
        triple.subject
        for triple in shapes
        if triple.predicate in _TARGETS
        and triple.object in present[triple.predicate.value.removeprefix(PREFIXES["sh"])]
    }


def _inhabited(data: Sequence[ox.Triple]) -> set[object]:
    """Give the classes that have an instance, in themselves or in a class below them."""
    above: dict[object, list[object]] = {}
    for triple in data:
        if triple.predicate == _SUBCLASS:
            above.setdefault(triple.subject, []).append(triple.object)
    found: set[object] = set()
    waiting: list[object] = [triple.object for triple in data if triple.predicate == RDF.type]
    while waiting:
        item = waiting.pop()
        if item not in found:
            found.add(item)
            waiting += above.get(item, ())
    return found


@lru_cache(maxsize=4)
def _activated(shapes: Shapes, phase: Phase) -> tuple[ox.Triple, ...]:
    """Give the shapes as an engine reads them, those of the other phase deactivated."""
    triples = _parse(shapes)
    other = [shape for shape, when in _phases(triples).items() if when != phase]
    return (*triples, *(ox.Triple(shape, term("sh:deactivated"), _DEACTIVATED) for shape in other))
