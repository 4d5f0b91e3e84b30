"""SHACL engines: the quick one for work, and pySHACL, whose verdict is the one of record.

Both take data and shapes as triples and give the W3C report as triples. tests/test_engines.py holds their verdicts
against each other on every case and on the whole graph. rdflib and pySHACL are imported only when pySHACL runs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import pyoxigraph as ox

from iotkg.errors import ShapesError

if TYPE_CHECKING:
    from rdflib import Graph

Engine: TypeAlias = Literal["shifty", "pyshacl"]
"""``shifty`` is some twenty times faster; ``pyshacl`` is the reference."""

DEFAULT: Final[Engine] = "shifty"


def report(engine: Engine, data: Iterable[ox.Triple], shapes: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
    """Hold data against shapes and give the validation report.

    Raises: ShapesError when the engine cannot evaluate the shapes.
    """
    return (_shifty if engine == "shifty" else _pyshacl)(data, shapes)


def _shifty(data: Iterable[ox.Triple], shapes: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
    from shifty._shifty import PreparedValidator  # noqa: PLC0415 - needed only where shapes are run

    try:
        validator = PreparedValidator(shapes=_written(shapes), shapes_format="ntriples")
        result = validator.validate_w3c(
            data=_written(data), data_format="ntriples", run_infer=False, on_unsupported="error"
        )
    except Exception as error:  # the engine raises what its parsers and planners do
        raise ShapesError(f"shifty cannot evaluate the shapes: {error}") from error
    if result.diagnostics:
        raise ShapesError(f"shifty cannot evaluate the shapes: {'; '.join(result.diagnostics)}")
    return (quad.triple for quad in ox.parse(result.report_turtle, format=ox.RdfFormat.TURTLE))


def _pyshacl(data: Iterable[ox.Triple], shapes: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
    from pyshacl import validate as pyshacl_validate  # noqa: PLC0415 - heavy, and needed only here
    from rdflib import Graph  # noqa: PLC0415 - likewise

    try:
        with _quiet():
            _, found, message = pyshacl_validate(
                _graph(data),
                shacl_graph=_graph(shapes),
                inference="none",
                advanced=False,
                meta_shacl=False,
                inplace=True,
            )
    except Exception as error:  # pySHACL lets every error of its parts through
        raise ShapesError(f"pySHACL cannot evaluate the shapes: {error}") from error
    if not isinstance(found, Graph):
        raise ShapesError(f"pySHACL cannot evaluate the shapes: {message}")
    written = found.serialize(format="nt", encoding="utf-8")
    return (quad.triple for quad in ox.parse(written, format=ox.RdfFormat.N_TRIPLES))


def _written(triples: Iterable[ox.Triple]) -> bytes:
    return ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""


def _graph(triples: Iterable[ox.Triple]) -> Graph:
    """Copy triples to rdflib."""
    from rdflib import Graph  # noqa: PLC0415 - heavy, and needed only where pySHACL runs

    with _quiet():
        return Graph().parse(data=_written(triples), format="nt")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep rdflib from logging ill-formed literals with a traceback: sh:datatype reports them."""
    logger = logging.getLogger("rdflib.term")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
