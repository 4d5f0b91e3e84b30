"""What ``iotkg validate`` checks: this checkout with all its phases, or any data against any shapes.

Both give an outcome, from an earlier run where nothing has changed since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pyoxigraph import Triple

from iotkg import build, cache, checking, identifiers
from iotkg.checking import shape_runs
from iotkg.engines import DEFAULT, Engine, Limits, name_of
from iotkg.errors import CurationError, InputError
from iotkg.findings import Finding, Severity, Terms, plain
from iotkg.identifiers import shorten
from iotkg.layout import Layout
from iotkg.loading import load_queries
from iotkg.locating import Locator
from iotkg.outcome import Outcome, ShapeRun, identified, results
from iotkg.problems import CHECKS, STAGES, Problem, Stage
from iotkg.queryfile import QueryFile
from iotkg.rdffile import RdfFile, expand_paths, read_all
from iotkg.shapegraph import ShapesGraph
from iotkg.validation import Phase, phases
from iotkg.vocab import CHECK, QUERY, term


@dataclass(frozen=True, slots=True)
class Request:
    """What to check: files of data, shapes and ontology, or, without any, the checkout around ``start``."""

    start: Path
    data: Sequence[Path] = ()
    shapes: Sequence[Path] = ()
    ontology: Sequence[Path] = ()
    engine: checking.Choice = "auto"
    seconds: float = Limits().seconds
    recursion: bool = False
    cached: bool = True


@dataclass(slots=True)
class Inspected:
    """An outcome, whether it was known from an earlier run, and the files it speaks of, read when asked for."""

    outcome: Outcome
    known: bool
    paths: tuple[Path, ...]
    root: Path | None = None
    _files: list[RdfFile] = field(default_factory=list)

    def files(self) -> list[RdfFile]:
        """Read the files again, named as the findings name them."""
        if not self._files:
            for file in read_all(self.paths):
                name = Path(file.name)
                inside = self.root is not None and name.is_relative_to(self.root)
                shown = name.relative_to(self.root).as_posix() if inside and self.root else file.name
                self._files.append(replace(file, name=shown))
        return self._files


def inspect(request: Request) -> Inspected:
    """Check what is asked for.

    Raises: InputError when a file cannot be read or parsed; ShapesError when the shapes are broken or cannot be
    evaluated within the limits.
    """
    return _generic(request) if request.data or request.shapes else _checkout(request)


def _generic(request: Request) -> Inspected:
    if not request.data:
        raise InputError("--shapes without --data: name the files to check with --data")
    shapes = expand_paths(request.shapes or request.data)
    data, ontology = expand_paths(request.data), expand_paths(request.ontology)
    terms = [] if request.ontology else _nearby_ontology(request.start)
    paths = (*data, *ontology, *shapes)
    name = cache.key(
        [
            *(_bytes(path) for path in (*paths, *terms)),
            *(str(path).encode() for path in paths),
            f"{len(data)} {len(ontology)} {request.engine} {request.recursion}".encode(),
            *(name_of(engine).encode() for engine in _engines(request.engine)),
        ]
    )
    known = cache.find(name) if request.cached else None
    if known is None:
        files = read_all([*data, *ontology, *shapes])
        held, rest = files[: len(data)], files[len(data) :]
        vocabulary = [*rest[: len(ontology)], *read_all(terms)]
        outcome = checking.check(
            checking.Job(
                data=held,
                ontology=rest[: len(ontology)],
                shapes=rest[len(ontology) :],
                engine=request.engine,
                limits=Limits(request.seconds, checking.memory_allowed()),
                recursion=request.recursion,
                known=checking.defined(vocabulary) if vocabulary else None,
            )
        )
        if request.cached:
            cache.keep(name, outcome)
    return Inspected(known or outcome, known is not None, tuple(dict.fromkeys(paths)))


def _engines(choice: checking.Choice) -> tuple[Engine, ...]:
    return (DEFAULT, "pyshacl") if choice == "auto" else (choice,)


def _nearby_ontology(start: Path) -> list[Path]:
    """Give the ontology of the checkout around a folder; nothing outside of one."""
    try:
        return list(Layout.find(start).ontology)
    except InputError:
        return []


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def _checkout(request: Request) -> Inspected:
    layout = Layout.find(request.start)
    engine: Engine = DEFAULT if request.engine == "auto" else request.engine
    paths = layout.turtle
    read = [
        *paths,
        *layout.rules,
        *layout.checks,
        *(path for key in layout.documents if (path := layout.source(key)).is_file()),
    ]
    name = cache.key(
        [
            *(_bytes(path) for path in read),
            *(layout.relative(path).encode() for path in read),
            name_of(engine).encode(),
        ]
    )
    known = cache.find(name) if request.cached else None
    if known is None:
        outcome = _phases(layout, engine)
        if request.cached:
            cache.keep(name, outcome)
    return Inspected(known or outcome, known is not None, tuple(paths), layout.root)


def _phases(layout: Layout, engine: Engine) -> Outcome:
    """Check the checkout as written and, where that is without violation, complete."""
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
    runs = [
        *_shape_runs(layout, {"written": written, "complete": triples}, found),
        *(_check_run(layout, check, found) for check in load_queries(layout, layout.checks).values()),
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
    layout: Layout, data: Mapping[Phase, set[Triple]], found: Sequence[Finding]
) -> Iterator[ShapeRun]:
    """Say what each shape looked at, in the phase that it is for."""
    files = [replace(file, name=layout.relative(Path(file.name))) for file in read_all(layout.shapes)]
    graph = ShapesGraph.of(triple for file in files for triple in file.triples)
    locator = Locator(files)
    stated = phases(graph.triples)
    for phase, triples in data.items():
        focus = graph.focus_nodes(list(triples))
        mine = {shape: nodes for shape, nodes in focus.items() if stated.get(shape) == phase}
        yield from shape_runs(graph, mine, found, locator)


def _check_run(layout: Layout, check: QueryFile, found: Iterable[Finding]) -> ShapeRun:
    shape = f"{QUERY}{check.name}"
    path = layout.root / "queries" / "checks" / f"{check.name}.rq"
    return ShapeRun(
        shape=shape,
        names={"en": check.header["summary"], "zh": check.header.get("summary-zh", check.header["summary"])},
        file=layout.relative(path),
        line=1,
        targets=("everything",),
        focus=(),
        results=sum(one.shape == shape for one in found),
    )


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
