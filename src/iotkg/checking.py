"""Hold any data against any shapes, and say all there is to say of it: the working of ``iotkg validate --data``.

No inference, as pySHACL by default: data and ontology are one graph, as they stand. A verdict that rests on nothing is
told apart from a good one: shapes without a focus node, terms nobody defines.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final

import pyoxigraph as ox

from iotkg.advice import Adviser
from iotkg.engines import DEFAULT, Choice, Engine, Limits, name_of, report_apart
from iotkg.errors import LimitExceeded, ShapesError
from iotkg.findings import Finding, Severity, Terms, parse_report, plain
from iotkg.identifiers import shorten, shortened
from iotkg.locating import Locator
from iotkg.outcome import Outcome, ShapeRun, identified, results, target_words
from iotkg.rdffile import RdfFile
from iotkg.rules import NAMES, shape_rules, unknown_term, words_of
from iotkg.shapegraph import Fault, Node, ShapesGraph, Term, index, shown
from iotkg.vocab import PREFIXES, QUERY, RDF, term

_IMPORTS: Final = term("owl:imports")
_ONTOLOGY: Final = term("owl:Ontology")
_WHOLE: Final = re.compile(r"<([^<>\s]+)>")
_SPARQL: Final = term("sh:SPARQLConstraintComponent").value
_SHARE: Final = 0.75
"""How much of the machine's memory a run of an engine may take."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be checked: the files of data, ontology and shapes, by what engine, within what limits."""

    data: Sequence[RdfFile]
    shapes: Sequence[RdfFile]
    ontology: Sequence[RdfFile] = ()
    engine: Choice = "auto"
    limits: Limits = field(default_factory=Limits)
    recursion: bool = False
    known: frozenset[ox.NamedNode] | None = None
    """The terms of our vocabulary, where data may use it; None when there is no ontology to read them from."""


def check(job: Job) -> Outcome:
    """Check data against shapes.

    Raises: ShapesError when the shapes are broken, are none, refer to each other in a circle (unless ``recursion``),
    or cannot be evaluated within the limits.
    """
    held = [triple for file in (*job.data, *job.ontology) for triple in file.triples]
    graph = ShapesGraph.of(triple for file in job.shapes for triple in file.triples)
    _refuse(graph, job)
    with ThreadPoolExecutor(1) as aside:  # the engine has a process of its own: look around while it works
        running = aside.submit(_run, job, held)
        unknown = list(_unknown(held, job.known))
        focus = graph.focus_nodes(held)
        try:
            engine, written, notes = running.result()
        except ShapesError as error:
            unparsed = _placed(graph.unparsed(_shape_prefixes(job)), job)
            if unparsed:
                raise ShapesError("\n".join(unparsed)) from error
            raise
    found = parse_report(
        (quad.triple for quad in ox.parse(written, format=ox.RdfFormat.N_TRIPLES)), graph.triples
    )
    found += unknown
    prefixes = _prefixes(job)
    if found:
        about = index(held)
        locator = Locator([*job.data, *job.ontology], shapes=graph.about)
        adviser = Adviser(graph.about, lambda: about)
        found = identified([locator.locate(adviser.advise(one)) for one in found], about)
        found = [_tidy(one, prefixes) for one in found]
    stated = Locator(job.shapes)
    return Outcome(
        findings=tuple(sorted(found)),
        runs=tuple(shape_runs(graph, focus, found, stated)),
        engine=engine,
        files=tuple(file.name for file in (*job.data, *job.ontology, *job.shapes)),
        triples=len(held),
        empty=tuple(sorted(_empty(graph, focus))),
        notes=(*notes, *_not_imported(job)),
        results=results(found),
        prefixes=prefixes,
        rules=(*shape_rules(graph, stated), *([unknown_term()] if job.known is not None else [])),
    )


def memory_allowed() -> int:
    """Give how many bytes of memory a run may take on this machine; 0 where that cannot be known."""
    try:
        allowed = int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * _SHARE)
    except (AttributeError, ValueError, OSError):
        return 0
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return allowed
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return allowed if limit == resource.RLIM_INFINITY else min(allowed, limit)


def _refuse(graph: ShapesGraph, job: Job) -> None:
    faults = _placed(graph.faults(), job)
    circle = graph.circle()
    if circle and not job.recursion:
        faults.append(
            f"shapes refer to each other in a circle, which SHACL leaves undefined: {' → '.join(circle)}; "
            "break it, or take what the engine makes of it with --allow-recursion"
        )
    if faults:
        raise ShapesError("\n".join(faults))


def _placed(faults: Iterable[Fault], job: Job) -> list[str]:
    """Put before each fault where what it is said of stands."""
    locator = Locator(job.shapes)
    said: set[str] = set()
    for fault in faults:
        place = locator.subject(fault.node) if fault.node is not None else None
        spot = place[1] if place else None
        where = (
            f"{locator.files[place[0]].name}{f':{spot.line}:{spot.column}' if spot else ''}: "
            if place
            else ""
        )
        said.add(f"{where}{fault.words}")
    return sorted(said)


def _not_imported(job: Job) -> Iterator[str]:
    """Say of what the shapes import and no file given here is that it was left out: nothing is fetched."""
    files = (*job.shapes, *job.ontology, *job.data)
    here = {
        t.subject for file in files for t in file.triples if t.predicate == RDF.type and t.object == _ONTOLOGY
    }
    wanted = {t.object for file in job.shapes for t in file.triples if t.predicate == _IMPORTS} - here
    for node in sorted(map(str, wanted)):
        yield f"the shapes import {node}, which was left out: nothing is fetched; name its file with --shapes"


def _shape_prefixes(job: Job) -> dict[str, str]:
    return {prefix: iri for file in job.shapes for prefix, iri in file.prefixes.items()}


def _run(job: Job, held: Sequence[ox.Triple]) -> tuple[str, bytes, list[str]]:
    """Run the engine asked for; where the quick one was not asked for by name, pySHACL stands in for it."""
    data = ox.serialize(held, format=ox.RdfFormat.N_TRIPLES) or b""
    shapes = ox.serialize(
        (triple for file in job.shapes for triple in file.triples), format=ox.RdfFormat.N_TRIPLES
    )
    prefixes = _shape_prefixes(job)

    def run(engine: Engine) -> bytes:
        return report_apart(engine, data, shapes or b"", prefixes=prefixes, limits=job.limits)

    if job.engine != "auto":
        return name_of(job.engine), run(job.engine), []
    try:
        return name_of(DEFAULT), run(DEFAULT), []
    except LimitExceeded:  # where the quick engine does not come to an end, the other does not either
        raise
    except ShapesError as error:
        try:
            return name_of("pyshacl"), run("pyshacl"), [f"{error}; the verdict is pySHACL's"]
        except ShapesError as second:
            raise second from error


def _unknown(held: Iterable[ox.Triple], known: frozenset[ox.NamedNode] | None) -> Iterator[Finding]:
    """Find uses of terms in our namespace that no ontology defines.

    Raises: ShapesError when our terms are used and there is no ontology to hold them against.
    """
    namespace = PREFIXES["iotkg"]
    described = {triple.subject for triple in held}
    for triple in held:
        used = [triple.predicate, *([triple.object] if triple.predicate == RDF.type else [])]
        for node in used:
            if not isinstance(node, ox.NamedNode) or not node.value.startswith(namespace):
                continue
            if known is None:
                raise ShapesError(
                    f"the data uses {shorten(node.value)} and there is no ontology to hold such terms against; "
                    "name it with --ontology"
                )
            if node in known or node in described or isinstance(triple.subject, ox.Triple):
                continue
            value = node if isinstance(triple.object, ox.Triple) else triple.object
            yield Finding(
                severity=Severity.VIOLATION,
                shape=f"{QUERY}unknown-term",
                focus=plain(triple.subject),
                path=shorten(triple.predicate.value),
                value=plain(value),
                component=_SPARQL,
                messages={
                    "en": f"{shorten(node.value)} is no term of the ontology",
                    "zh": f"本体中没有 {shorten(node.value)}",
                },
                terms=Terms(focus=triple.subject, path=triple.predicate, value=value),
            )


def shape_runs(
    graph: ShapesGraph, focus: Mapping[Node, set[Term]], found: Sequence[Finding], locator: Locator
) -> Iterator[ShapeRun]:
    """Say of each shape in ``focus`` what it looked at, and how much it found; the locator knows the shapes files."""
    for shape in sorted(focus, key=shown):
        below = graph.below(shape)
        place = locator.subject(shape)
        yield ShapeRun(
            shape=plain(shape),
            names=words_of(graph, shape, NAMES),
            file=locator.files[place[0]].name if place else None,
            line=place[1].line if place and place[1] else None,
            targets=tuple(target_words(kind, node) for kind, node in graph.targets[shape]),
            focus=tuple(sorted(shown(node) for node in focus[shape])),
            results=sum(
                one.terms is not None and one.terms.shape in below and one.terms.focus in focus[shape]
                for one in found
            ),
            shapes=tuple(sorted(plain(node) for node in below)),
        )


def _prefixes(job: Job) -> dict[str, str]:
    """Give the prefixes of all files, namespace first; the data's win, longer namespaces come first."""
    files = (*job.shapes, *job.ontology, *job.data)
    found = {iri: prefix for file in files for prefix, iri in file.prefixes.items() if prefix}
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


def _tidy(finding: Finding, prefixes: Mapping[str, str]) -> Finding:
    """Write whole IRIs in what is shown as the files write them, with their prefixes."""

    def short(match: re.Match[str]) -> str:
        return shortened(match[1], prefixes)

    return replace(
        finding,
        path=finding.path and _WHOLE.sub(short, finding.path),
        messages={language: _WHOLE.sub(short, text) for language, text in finding.messages.items()},
        advice={language: _WHOLE.sub(short, text) for language, text in finding.advice.items()},
    )


def _empty(graph: ShapesGraph, focus: dict[Node, set[Term]]) -> Iterator[str]:
    """Say which shapes had nothing to look at."""
    if not focus:
        yield "no shape has a target; nothing was checked"
    for shape, nodes in focus.items():
        if not nodes:
            aims = ", ".join(target_words(kind, node) for kind, node in graph.targets[shape])
            yield f"the target of {shown(shape)} matches nothing in the data: {aims}"


def defined(files: Iterable[RdfFile]) -> frozenset[ox.NamedNode]:
    """Give the terms in our namespace that ontology files define."""
    namespace = PREFIXES["iotkg"]
    return frozenset(
        triple.subject
        for file in files
        for triple in file.triples
        if isinstance(triple.subject, ox.NamedNode) and triple.subject.value.startswith(namespace)
    )
