"""This checkout, checked in both phases: what was written, then everything that follows from it.

What the text says against a statement becomes a finding like those of shapes and queries.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pyoxigraph import Triple

from iotkg import build, identifiers
from iotkg.checking import shape_runs
from iotkg.engines import DEFAULT, Engine, name_of
from iotkg.errors import CurationError
from iotkg.findings import Finding, Severity, Terms, plain
from iotkg.identifiers import shorten
from iotkg.layout import Layout
from iotkg.loading import load_queries
from iotkg.locating import Locator
from iotkg.outcome import Outcome, Rule, ShapeRun, identified, results
from iotkg.problems import CHECKS, STAGES, Problem, Stage
from iotkg.queryfile import QueryFile
from iotkg.rdffile import read_all
from iotkg.rules import check_rule, shape_rules, text_rules
from iotkg.shapegraph import ShapesGraph
from iotkg.validated import Validated, held
from iotkg.validation import Phase, phases
from iotkg.vocab import CHECK, QUERY, term


def examine(layout: Layout, engine: Engine) -> Outcome:
    """Check the checkout as written and, where that is without violation, complete.

    Raises: InputError when a file cannot be read or parsed; ShapesError when the shapes are broken.
    """
    inputs = build.read(layout)
    written = inputs.written
    found = build.check(layout, inputs, written, "written", engine=engine)
    notes: list[str] = []
    triples = written
    reached: Sequence[Stage] = ()
    if any(one.severity is Severity.VIOLATION for one in found):
        notes.append("what follows from the data was not checked, for what is written is at fault")
    else:
        reached = STAGES
        try:
            triples = build.merged(build.assemble(inputs))
            found += build.check(layout, inputs, triples, "complete", engine=engine)
        except CurationError as error:
            found += located(inputs, error.problems)
            reached = STAGES[: max(STAGES.index(CHECKS[one.kind].stage) for one in error.problems) + 1]
            notes.append(
                "what follows from the data was not checked, for what is written does not fit the text"
            )
    checks, graph, stated = _rules_files(layout)
    runs = [
        *_shape_runs(graph, stated, {"written": written, "complete": triples}, found),
        *(_check_run(layout, check, found) for check in checks),
        *(_text_run(layout, name, inputs, found) for name, check in CHECKS.items() if check.stage in reached),
    ]
    return Outcome(
        findings=tuple(sorted(found)),
        runs=tuple(runs),
        engine=name_of(engine),
        files=tuple(layout.relative(path) for path in layout.turtle),
        triples=len(triples),
        notes=tuple(notes),
        results=results(found),
        rules=_rules(layout, checks, graph, stated),
        partial=bool(notes),
    )


def record(layout: Layout, found: Iterable[Finding], triples: int, engine: Engine = DEFAULT) -> Validated:
    """Write down, rule by rule, what was found in a release with so many triples; without violation, all was held."""
    about: dict[str, list[str]] = {}
    for finding in found:
        about.setdefault(finding.shape, []).append(finding.focus)
    rules = _rules(layout, *_rules_files(layout))
    return Validated(
        engine=name_of(engine),
        triples=triples,
        rules=tuple(held(it.shape, it.severity.value, it.names, about.get(it.shape, ())) for it in rules),
    )


def _rules_files(layout: Layout) -> tuple[Collection[QueryFile], ShapesGraph, Locator]:
    checks = load_queries(layout, layout.checks).values()
    files = [replace(file, name=layout.relative(Path(file.name))) for file in read_all(layout.shapes)]
    graph = ShapesGraph.of(triple for file in files for triple in file.triples)
    return checks, graph, Locator(files)


def _rules(
    layout: Layout, checks: Iterable[QueryFile], graph: ShapesGraph, stated: Locator
) -> tuple[Rule, ...]:
    return (
        *shape_rules(graph, stated),
        *(check_rule(check, _check_file(layout, check)) for check in checks),
        *text_rules(),
    )


def located(inputs: build.Inputs, problems: Iterable[Problem]) -> list[Finding]:
    """Make findings of what the text says against statements, each where its statement is written."""
    locator = Locator(inputs.files)
    findings = []
    for problem in problems:
        found = locator.locate(_problem(problem))
        if found.file is None and problem.near is not None:
            beside = locator.locate(_problem(replace(problem, subject=problem.near, path=None, value=None)))
            found = replace(found, file=beside.file, line=beside.line, column=beside.column)
        findings.append(found)
    return identified(findings, {})


def _problem(problem: Problem) -> Finding:
    """Make a finding of what the text says against a statement."""
    subject, value = problem.subject, problem.value
    return Finding(
        severity=Severity.VIOLATION,
        shape=f"{CHECK}{problem.kind}",
        focus=plain(subject) if subject is not None else "",
        path=shorten(problem.path.value) if problem.path is not None else None,
        value=plain(value) if value is not None else None,
        component=term("sh:SPARQLConstraintComponent").value,
        messages=problem.messages,
        terms=Terms(focus=subject, path=problem.path, value=value) if subject is not None else None,
    )


def _shape_runs(
    graph: ShapesGraph, locator: Locator, data: Mapping[Phase, set[Triple]], found: Sequence[Finding]
) -> Iterator[ShapeRun]:
    """Say what each shape looked at, in the phase that it is for."""
    stated = phases(graph.triples)
    for phase, triples in data.items():
        focus = graph.focus_nodes(list(triples))
        mine = {shape: nodes for shape, nodes in focus.items() if stated.get(shape) == phase}
        yield from shape_runs(graph, mine, found, locator)


def _check_run(layout: Layout, check: QueryFile, found: Iterable[Finding]) -> ShapeRun:
    shape = f"{QUERY}{check.name}"
    return ShapeRun(
        shape=shape,
        names={"en": check.header["summary"], "zh": check.header.get("summary-zh", check.header["summary"])},
        file=_check_file(layout, check),
        line=1,
        targets=("everything",),
        focus=(),
        results=sum(one.shape == shape for one in found),
        shapes=(shape,),
    )


def _check_file(layout: Layout, check: QueryFile) -> str:
    return layout.relative(layout.root / "queries" / "checks" / f"{check.name}.rq")


def _text_run(layout: Layout, name: str, inputs: build.Inputs, found: Iterable[Finding]) -> ShapeRun:
    shape = f"{CHECK}{name}"
    return ShapeRun(
        shape=shape,
        names=CHECKS[name].names,
        file=None,
        line=None,
        targets=tuple(layout.relative(layout.source(key)) for key in inputs.documents),
        focus=tuple(sorted(shorten(identifiers.mint("source-text", key).value) for key in inputs.documents)),
        results=sum(one.shape == shape for one in found),
    )
