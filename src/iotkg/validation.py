"""Shapes and checks: whether the triples say what they should, and nothing they should not.

A SHACL engine gives the verdict on shapes, pyoxigraph runs the checks: queries that must return no row. Each shape
and check says in which phase it holds: on what was written, or on what is complete after inference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, Literal, TypeAlias

import pyoxigraph as ox

from iotkg.engines import DEFAULT, Engine, report
from iotkg.errors import ShapesError
from iotkg.findings import Finding, Severity, Terms, fill, parse_report, plain, shown
from iotkg.identifiers import shorten
from iotkg.queryfile import QueryFile
from iotkg.shapegraph import KINDS, TARGETS, Index, Node, ShapesGraph
from iotkg.turtle import parse_turtle
from iotkg.vocab import QUERY, RDF, term

Phase: TypeAlias = Literal["written", "complete"]
Shapes: TypeAlias = tuple[tuple[str, str], ...]

_BOTH: Final = "both"
_COMPONENT: Final = term("sh:SPARQLConstraintComponent").value
_DEACTIVATED = ox.Literal("true", datatype=term("xsd:boolean"))
_PHASE = term("iotsh:phase")
_PHASES: dict[ox.NamedNode, Phase] = {term("iotsh:written"): "written", term("iotsh:complete"): "complete"}
_SAYS_NOTHING = {
    RDF.type,
    _PHASE,
    term("skos:prefLabel"),
    term("sh:deactivated"),
    *(
        term(f"sh:{name}")
        for name in ("description", "group", "message", "name", "order", "path", "severity")
    ),
    *TARGETS,
}


def validate(
    triples: Iterable[ox.Triple],
    *,
    shapes: Sequence[tuple[str, str]],
    phase: Phase,
    allow_empty: bool = False,
    engine: Engine = DEFAULT,
    written: bytes | None = None,
) -> list[Finding]:
    """Hold triples against the shapes of a phase, each a file name and its Turtle; sorted.

    ``written`` is the same triples as N-Triples, where they are at hand.

    Raises: ShapesError when the shapes are broken, when there are none, or, unless ``allow_empty``, when nothing
    is violated and a shape had nothing to look at. TurtleError when a file is no Turtle.
    """
    data = list(triples)
    parsed = _parse(tuple(shapes))
    active = {shape for shape, when in phases(parsed).items() if when == phase}
    if not active:
        raise ShapesError(f"no shape has iotsh:phase iotsh:{phase}; nothing was checked")
    findings = parse_report(report(engine, written or data, _activated(tuple(shapes), phase)), parsed)
    if allow_empty or any(finding.severity is Severity.VIOLATION for finding in findings):
        return findings
    focus = ShapesGraph.of(parsed).focus_nodes(data)
    empty = sorted(_name(shape) for shape in active if not focus.get(shape))
    if empty:
        raise ShapesError(f"the targets of these shapes match nothing in the data: {', '.join(empty)}")
    return findings


def described(shapes: Sequence[tuple[str, str]]) -> Index:
    """Give what the shapes say, by subject; each shape is a file name and its Turtle."""
    return ShapesGraph.of(_parse(tuple(shapes))).about


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
            terms=Terms(
                focus=bound["focus"],
                path=bound["path"] if isinstance(bound.get("path"), ox.NamedNode) else None,
                value=bound.get("value"),
            ),
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
        if not any(triple.predicate == RDF.type and triple.object in KINDS for triple in parsed):
            faults.append(f"{name}: holds no shape")
        triples += parsed
    if not shapes:
        faults.append("there are no shapes; nothing was checked")
    faults += _faults(triples)
    if faults:
        raise ShapesError("\n".join(sorted(faults)))
    return tuple(triples)


def _faults(triples: Sequence[ox.Triple]) -> Iterator[str]:
    """Name what no engine would say: what any shapes must not be, and what ours must be besides."""
    graph = ShapesGraph.of(triples)
    yield from {fault.words for fault in graph.faults()}
    used = {node for shape in graph.shapes for node in graph.uses(shape)}
    aimed = {triple.subject for triple in triples if triple.predicate in TARGETS}
    phases = Counter(t.subject for t in triples if t.predicate == _PHASE and t.object in _PHASES)
    for shape in graph.shapes:
        if shape in aimed and phases[shape] != 1:
            yield f"{_name(shape)} needs one iotsh:phase: iotsh:written or iotsh:complete"
        elif shape not in aimed | used:
            yield f"{_name(shape)} has no target and is used by no shape"
        if not graph.about.get(shape, {}).keys() - _SAYS_NOTHING:
            yield f"{_name(shape)} states no constraint"


def _name(node: object) -> str:
    return shorten(node.value) if isinstance(node, ox.NamedNode) else str(node)


def phases(triples: Iterable[ox.Triple]) -> dict[Node, Phase]:
    """Give the phase of each shape with a target."""
    return {
        triple.subject: _PHASES[triple.object]
        for triple in triples
        if triple.predicate == _PHASE
        and isinstance(triple.subject, ox.NamedNode)
        and isinstance(triple.object, ox.NamedNode)
        and triple.object in _PHASES
    }


@lru_cache(maxsize=4)
def _activated(shapes: Shapes, phase: Phase) -> tuple[ox.Triple, ...]:
    """Give the shapes as an engine reads them, those of the other phase deactivated."""
    triples = _parse(shapes)
    other = [shape for shape, when in phases(triples).items() if when != phase]
    return (*triples, *(ox.Triple(shape, term("sh:deactivated"), _DEACTIVATED) for shape in other))
