"""SHACL engines: the quick one for work, and pySHACL, whose verdict is the one of record.

Both take data and shapes as triples and give the W3C report as triples. tests/test_engines.py holds their verdicts
against each other on every case, on the whole graph and on the W3C test suite. rdflib and pySHACL are imported only
when pySHACL runs. Shapes of strangers run apart, in a process with a time and a memory limit: a SPARQL constraint
can ask for more than there is of either, and neither engine can be interrupted.
"""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import pyoxigraph as ox

from iotkg.errors import EngineError, LimitExceeded, ShapesError
from iotkg.marking import SPARQL, marked, unmarked

if TYPE_CHECKING:
    from rdflib import Graph

Engine: TypeAlias = Literal["shifty", "pyshacl"]
"""``shifty`` is several times faster; ``pyshacl`` is the reference."""

Choice: TypeAlias = Literal["auto", Engine]
"""``auto``: the quick engine, and pySHACL for what it cannot evaluate."""

DEFAULT: Final[Engine] = "shifty"
_LABEL: Final = re.compile(rb"_:([0-9A-Za-z]+)")
_ONE: Final = re.compile(
    rb"(?m)^[^\n]*<http://www\.w3\.org/ns/shacl#(?:uniqueLang|closed|deactivated)> "
    rb'"1"\^\^<http://www\.w3\.org/2001/XMLSchema#boolean> \.\n'
)
"""Switches set to ``"1"``: SHACL asks for the literal ``true`` (W3C test uniqueLang-002); engines are of two minds."""
_PACKAGES: Final[dict[Engine, str]] = {"shifty": "pyshifty", "pyshacl": "pyshacl"}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may take: seconds of time, bytes of memory (0: as much as there is)."""

    seconds: float = 600.0
    memory: int = 0


def name_of(engine: Engine) -> str:
    """Name an engine with its version, as ``pyshacl 0.40.1``."""
    return f"{engine} {version(_PACKAGES[engine])}"


def report(
    engine: Engine,
    data: Iterable[ox.Triple] | bytes,
    shapes: Iterable[ox.Triple],
    prefixes: Mapping[str, str] | None = None,
) -> Iterator[ox.Triple]:
    """Hold data, as triples or as N-Triples, against shapes and give the validation report.

    ``prefixes`` are those of the shapes files: pySHACL lets SPARQL constraints use them.

    Raises: ShapesError when the engine cannot evaluate the shapes.
    """
    held = data if isinstance(data, bytes) else _written(data)
    return _read(_evaluate(engine, held, _written(shapes), prefixes or {}))


def report_apart(
    engine: Engine,
    data: bytes,
    shapes: bytes,
    *,
    prefixes: Mapping[str, str],
    limits: Limits,
) -> bytes:
    """Do what ``report`` does in a process of its own, with N-Triples in and out.

    Raises: ShapesError when the engine cannot evaluate the shapes; LimitExceeded when it takes more than is allowed.
    """
    head = {
        "engine": engine,
        "memory": limits.memory,
        "data": len(data),
        "shapes": len(shapes),
        "prefixes": dict(prefixes),
    }
    command = [sys.executable, "-m", "iotkg.engines"]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command,
            input=json.dumps(head).encode() + b"\n" + data + shapes,
            capture_output=True,
            timeout=limits.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise LimitExceeded(
            f"{engine} was stopped after {limits.seconds:g} s; a SPARQL constraint may never end: mend it, "
            "or allow more with --timeout SECONDS"
        ) from error
    verdict, _, rest = done.stdout.partition(b"\n")
    if verdict == b"report":
        return rest
    if verdict == b"refused":
        raise ShapesError(rest.decode("utf-8"))
    if (
        b"MemoryError" in done.stderr
        or b"memory allocation" in done.stderr
        or done.returncode == -signal.SIGKILL
    ):
        raise LimitExceeded(
            f"{engine} needs more memory than the {limits.memory / 1e9:.1f} GB it may take; "
            "a SPARQL constraint may pair everything with everything"
        )
    last = (done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"])[-1]
    raise EngineError(f"{engine} ended with code {done.returncode}: {last}")


def _serve() -> None:
    """Run one report for ``report_apart``, over standard input and output."""
    incoming = sys.stdin.buffer
    head = json.loads(incoming.readline())
    if head["memory"] and os.name == "posix":
        import resource  # noqa: PLC0415 - not on every system

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        memory = head["memory"] if hard == resource.RLIM_INFINITY else min(head["memory"], hard)
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    data, shapes = incoming.read(head["data"]), incoming.read(head["shapes"])
    try:
        answer = b"report\n" + _evaluate(head["engine"], data, shapes, head["prefixes"])
    except ShapesError as error:
        answer = b"refused\n" + str(error).encode("utf-8")
    sys.stdout.buffer.write(answer)


def _evaluate(engine: Engine, data: bytes, shapes: bytes, prefixes: Mapping[str, str]) -> bytes:
    shapes = _ONE.sub(b"", shapes)

    def run(shapes: bytes) -> bytes:
        return _shifty(data, shapes) if engine == "shifty" else _pyshacl(data, shapes, prefixes)

    if SPARQL.value.encode() not in shapes:
        return run(shapes)
    triples, marks = marked(_read(shapes))
    return _written(unmarked(_read(run(_written(triples))), marks))


def _shifty(data: bytes, shapes: bytes) -> bytes:
    from shifty._shifty import PreparedValidator  # noqa: PLC0415 - needed only where shapes are run

    try:
        validator = PreparedValidator(shapes=shapes, shapes_format="ntriples")
        result = validator.validate_w3c(
            data=data,
            data_format="ntriples",
            run_infer=False,
            graph_mode="data",  # else the shapes count as data, and blank nodes of both twice
            on_unsupported="error",
        )
    except MemoryError:
        raise
    except Exception as error:  # the engine raises what its parsers and planners do
        raise ShapesError(f"shifty cannot evaluate the shapes: {error}") from error
    if result.diagnostics:
        raise ShapesError(f"shifty cannot evaluate the shapes: {'; '.join(result.diagnostics)}")
    return _written(quad.triple for quad in ox.parse(result.report_turtle, format=ox.RdfFormat.TURTLE))


def _pyshacl(data: bytes, shapes: bytes, prefixes: Mapping[str, str]) -> bytes:
    from pyshacl import validate as pyshacl_validate  # noqa: PLC0415 - heavy, and needed only here
    from rdflib import Graph  # noqa: PLC0415 - likewise

    try:
        with _as_written(), _quiet():
            held, shapes_graph = _graph(data), _graph(shapes)
            for prefix, namespace in prefixes.items():
                shapes_graph.bind(prefix, namespace, replace=True)
                held.bind(prefix, namespace, replace=True)
            _, found, message = pyshacl_validate(
                held,
                shacl_graph=shapes_graph,
                inference="none",
                advanced=False,
                meta_shacl=False,
                inplace=True,
            )
    except MemoryError:
        raise
    except Exception as error:  # pySHACL lets every error of its parts through
        raise ShapesError(f"pySHACL cannot evaluate the shapes: {error}") from error
    if not isinstance(found, Graph):
        raise ShapesError(f"pySHACL cannot evaluate the shapes: {message}")
    return found.serialize(format="nt", encoding="utf-8")


def _written(triples: Iterable[ox.Triple]) -> bytes:
    return ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""


def _read(written: bytes) -> Iterator[ox.Triple]:
    return (quad.triple for quad in ox.parse(written, format=ox.RdfFormat.N_TRIPLES))


def _graph(written: bytes) -> Graph:
    """Copy triples to rdflib, blank nodes with the labels they have: a report is to speak of the same ones."""
    from rdflib import BNode, Graph  # noqa: PLC0415 - heavy, and needed only where pySHACL runs

    labels = {label.decode("ascii") for label in _LABEL.findall(written)}
    return Graph().parse(data=written, format="nt", bnode_context={label: BNode(label) for label in labels})


@contextmanager
def _as_written() -> Iterator[None]:
    """Keep rdflib from respelling literals: ``"2011-01-01"^^xsd:dateTime`` is to be reported as it stands."""
    import rdflib  # noqa: PLC0415 - heavy, and needed only where pySHACL runs

    before = rdflib.NORMALIZE_LITERALS
    rdflib.NORMALIZE_LITERALS = False
    try:
        yield
    finally:
        rdflib.NORMALIZE_LITERALS = before


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep rdflib from logging ill-formed literals with a traceback, and pySHACL from warning that it compared them.

    sh:datatype reports them.
    """
    logger = logging.getLogger("rdflib.term")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "NotImplemented should not be used", DeprecationWarning)
            yield
    finally:
        logger.setLevel(before)


if __name__ == "__main__":
    _serve()
