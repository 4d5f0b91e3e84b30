"""What ``iotkg validate`` checks: this checkout with all its phases, or any data against any shapes.

Both give an outcome, from an earlier run where nothing has changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pyoxigraph import Triple

from iotkg import build, cache, checking, identifiers
from iotkg.changes import Changes
from iotkg.checking import shape_runs
from iotkg.engines import DEFAULT, Engine, Limits, name_of
from iotkg.errors import CurationError, InputError, IotkgError
from iotkg.findings import Finding, Severity, Terms, plain
from iotkg.identifiers import shorten
from iotkg.layout import Layout
from iotkg.loading import load_queries
from iotkg.locating import Locator
from iotkg.outcome import Outcome, ShapeRun, identified, results
from iotkg.problems import CHECKS, STAGES, Problem, Stage
from iotkg.queryfile import QueryFile
from iotkg.rdffile import RdfFile, expand_paths, read_all
from iotkg.rules import check_rule, shape_rules, text_rules
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
    base: str = ""


@dataclass(slots=True)
class Inspected:
    """An outcome, whether it was known from an earlier run, and the files it speaks of, read when asked for."""

    outcome: Outcome
    known: bool
    paths: tuple[Path, ...]
    root: Path | None = None
    base: str = ""
    _files: list[RdfFile] = field(default_factory=list)

    def files(self) -> list[RdfFile]:
        """Read the files again, named as the findings name them."""
        if not self._files:
            for file in read_all(self.paths, base=self.base):
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


def watched(request: Request) -> list[Path]:
    """Name the files and folders that a run reads; what is not there yet may come.

    Raises: InputError outside of a checkout, when none is named.
    """
    if request.data:
        return [*request.data, *request.shapes, *request.ontology]
    return list(Layout.find(request.start).parts)


def earlier(request: Request, changes: Changes) -> tuple[frozenset[str], str]:
    """Check what is asked for as it was in the commit of the changes: the identities of what is found.

    The second part says why nothing is known of it, where that is so; else it is empty.
    """
    with TemporaryDirectory(prefix="iotkg-") as name:
        try:
            then = _as_it_was(request, changes, Path(name).resolve())
            found = inspect(then).outcome.findings if then else ()
        except IotkgError as error:
            return frozenset(), str(error).partition("\n")[0].replace(f"{Path(name).resolve()}/", "")
    return frozenset(one.identity for one in found), ""


def _as_it_was(request: Request, changes: Changes, folder: Path) -> Request | None:
    """Restore what a request reads below a folder and ask for that; None where there was nothing to check."""
    try:
        parts = watched(replace(request, data=(), shapes=(), ontology=()))
    except InputError:
        parts = []  # any folder, and no checkout around it
    places = [*request.data, *request.shapes, *request.ontology, *parts]
    now = changes.restore(places, folder)

    def moved(paths: Sequence[Path]) -> list[Path]:
        return [path for place in paths if (path := now[place]) is not None]

    then = replace(
        request,
        data=moved(request.data),
        shapes=moved(request.shapes),
        ontology=moved(request.ontology),
        start=folder / (changes.name(request.start) or ""),
        cached=request.cached and not request.data,  # elsewhere in each run, so never found again
    )
    needed = [request.data, request.shapes] if request.data else [parts]
    return then if all(moved(paths) for paths in needed if paths) else None


def _once(request: Request, key: Callable[[], str], check: Callable[[], Outcome]) -> tuple[Outcome, bool]:
    """Give the outcome of an earlier run and True, or else a new one, which is kept."""
    if not request.cached:
        return check(), False
    name = key()
    known = cache.find(name)
    if known is not None:
        return known, True
    outcome = check()
    if key() == name:  # a file that was saved meanwhile may have been read as it was before or after
        cache.keep(name, outcome)
    return outcome, False


def _generic(request: Request) -> Inspected:
    if not request.data:
        raise InputError("--shapes without --data: name the files to check with --data")
    shapes = expand_paths(request.shapes or request.data)
    data, ontology = expand_paths(request.data), expand_paths(request.ontology)
    terms = [] if request.ontology else _nearby_ontology(request.start)
    paths = (*data, *ontology, *shapes)

    def key() -> str:
        return cache.key(
            [
                *(_bytes(path) for path in (*paths, *terms)),
                *(str(path).encode("utf-8", "surrogateescape") for path in paths),
                f"{len(data)} {len(ontology)} {request.engine} {request.recursion} {request.seconds}".encode(),
                request.base.encode(),
                *(name_of(engine).encode() for engine in _engines(request.engine)),
            ]
        )

    def check() -> Outcome:
        files = read_all([*data, *ontology, *shapes], base=request.base)
        held, rest = files[: len(data)], files[len(data) :]
        vocabulary = [*rest[: len(ontology)], *read_all(terms)]
        return checking.check(
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

    outcome, known = _once(request, key, check)
    return Inspected(outcome, known, tuple(dict.fromkeys(paths)), base=request.base)


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

    def key() -> str:
        return cache.key(
            [
                *(_bytes(path) for path in read),
                *(layout.relative(path).encode() for path in read),
                name_of(engine).encode(),
            ]
        )

    outcome, known = _once(request, key, lambda: _phases(layout, engine))
    return Inspected(outcome, known, tuple(paths), layout.root)


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
    checks = load_queries(layout, layout.checks).values()
    files = [replace(file, name=layout.relative(Path(file.name))) for file in read_all(layout.shapes)]
    graph = ShapesGraph.of(triple for file in files for triple in file.triples)
    stated = Locator(files)
    runs = [
        *_shape_runs(graph, stated, {"written": written, "complete": triples}, found),
        *(_check_run(layout, check, found) for check in checks),
        *(_text_run(layout, name, inputs, found) for name, check in CHECKS.items() if check.stage in reached),
    ]
    rules = [
        *shape_rules(graph, stated),
        *(check_rule(check, _check_file(layout, check)) for check in checks),
        *text_rules(),
    ]
    return Outcome(
        findings=tuple(sorted(found)),
        runs=tuple(runs),
        engine=name_of(engine),
        files=tuple(layout.relative(path) for path in layout.turtle),
        triples=len(triples),
        notes=tuple(notes),
        results=results(found),
        rules=tuple(rules),
        partial=bool(notes),
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
