"""One SHACL engine in a process of its own: `python -m bench.peers ENGINE SECONDS < jobs`.

A job is a line of JSON, ``[data, shapes, report]``: two Turtle files to read and one to write. For each job one
line of JSON goes to standard output: ``null``, or why there is no report. The last line is the memory that the process
took at most, in bytes. A job that takes more than SECONDS ends the process: no engine can be interrupted. Nothing of
this project is imported, so that time and memory are the engine's.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path


def _pyshacl(data: str, shapes: str) -> bytes:
    from pyshacl import validate  # noqa: PLC0415 - each engine alone in its process

    return _as_pyshacl(validate, data, shapes)


def _turbo(data: str, shapes: str) -> bytes:
    from pyshacl_turbo import validate  # noqa: PLC0415 - each engine alone in its process

    return _as_pyshacl(validate, data, shapes)


def _as_pyshacl(validate: Callable[..., tuple[bool, object, str]], data: str, shapes: str) -> bytes:
    import rdflib  # noqa: PLC0415 - only where an engine needs it

    rdflib.NORMALIZE_LITERALS = False
    logging.getLogger("rdflib.term").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    _, report, said = validate(
        data,
        shacl_graph=shapes,
        data_graph_format="turtle",
        shacl_graph_format="turtle",
        inference="none",
        advanced=False,
    )
    if not isinstance(report, rdflib.Graph):
        raise report if isinstance(report, Exception) else RuntimeError(said)
    return report.serialize(format="nt", encoding="utf-8")


def _shifty(data: str, shapes: str) -> bytes:
    from shifty._shifty import PreparedValidator  # noqa: PLC0415 - each engine alone in its process

    validator = PreparedValidator(shapes=Path(shapes).read_bytes(), shapes_format="turtle")
    result = validator.validate_w3c(
        data=Path(data).read_bytes(),
        data_format="turtle",
        run_infer=False,
        graph_mode="data",
        on_unsupported="error",
    )
    if result.diagnostics:
        raise RuntimeError("; ".join(result.diagnostics))
    return result.report_turtle.encode()


def _shacl(data: str, shapes: str) -> bytes:
    import shacl  # noqa: PLC0415 - each engine alone in its process

    return shacl.validate(data, shapes).serialize("ntriples").encode()


def _rudof(data: str, shapes: str) -> bytes:
    import pyrudof  # noqa: PLC0415 - each engine alone in its process

    engine = pyrudof.Rudof(pyrudof.RudofConfig())
    engine.read_data(data, pyrudof.RDFFormat.Turtle, reader_mode=pyrudof.ReaderMode.Strict)
    engine.read_shacl(shapes, pyrudof.ShaclFormat.Turtle, reader_mode=pyrudof.ReaderMode.Strict)
    engine.validate_shacl()
    return engine.serialize_shacl_validation_results(pyrudof.ResultShaclValidationFormat.NTriples).encode()


ENGINES: dict[str, Callable[[str, str], bytes]] = {
    "pyshacl": _pyshacl,
    "pyshifty": _shifty,
    "pyshacl-turbo": _turbo,
    "shacl": _shacl,
    "pyrudof": _rudof,
}
"""By the name of the package on PyPI. Reports are N-Triples, or Turtle, which N-Triples are as well."""


def main() -> None:
    """Do the jobs."""
    evaluate, seconds = ENGINES[sys.argv[1]], int(sys.argv[2])
    for job in sys.stdin:
        data, shapes, report = json.loads(job)
        signal.alarm(seconds)
        try:
            written = evaluate(data, shapes)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - a panic in Rust is no Exception
            said: str | None = f"{type(error).__name__}: {error}"
        else:
            Path(report).write_bytes(written)
            said = None
        signal.alarm(0)
        print(json.dumps(said), flush=True)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    print(next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")))


if __name__ == "__main__":
    main()
