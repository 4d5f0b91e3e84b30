"""What ``iotkg validate`` checks: this checkout with all its phases, or any data against any shapes.

Both give an outcome, from an earlier run where nothing has changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from iotkg import cache
from iotkg.changes import Changes
from iotkg.engines import DEFAULT, Choice, Engine, Limits, name_of
from iotkg.errors import InputError, IotkgError
from iotkg.layout import Layout
from iotkg.outcome import Outcome
from iotkg.rdffile import RdfFile, expand_paths, read_all


@dataclass(frozen=True, slots=True)
class Request:
    """What to check: files of data, shapes and ontology, or, without any, the checkout around ``start``."""

    start: Path
    data: Sequence[Path] = ()
    shapes: Sequence[Path] = ()
    ontology: Sequence[Path] = ()
    engine: Choice = "auto"
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
    return _generic(request) if request.data else _checkout(request)


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
        from iotkg import checking  # noqa: PLC0415 - an outcome that is known needs none of it

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


def _engines(choice: Choice) -> tuple[Engine, ...]:
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

    def check() -> Outcome:
        from iotkg.examining import examine  # noqa: PLC0415 - likewise

        return examine(layout, engine)

    outcome, known = _once(request, key, check)
    return Inspected(outcome, known, tuple(paths), layout.root)
