"""What a larger corpus costs, in memory and in Oxigraph's server: load, memory, and the time of everyday questions.

The corpora are the real one several times over, each time with documents of another name. Printed are medians in
milliseconds and their ratio to the same question in memory on the real corpus, in the same run: those ratios are what
docs/scaling.md goes by. Run on a quiet machine: ``python -m bench.scaling --times 1 10``; a hundred corpora take some
gigabytes of memory, ``--memory`` without the server.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph as ox

from bench.validate import copies
from iotkg.answering import Answers
from iotkg.catalogue import Catalogue
from iotkg.endpoint import RemoteStore
from iotkg.errors import RemoteError
from iotkg.layout import Layout
from iotkg.loading import load_queries
from iotkg.publish import GraphStore
from iotkg.published import default_graph
from iotkg.store import QUADS, LocalStore, Source
from iotkg.transport import Credentials
from iotkg.vocab import ID, PREFIXES

RUNS = 15
DEADLINE_S = 900.0
THING = ox.NamedNode(f"{ID}task/iot-2013_standards_2")
LOOKUP = f"SELECT ?label WHERE {{ {THING} <{PREFIXES['skos']}prefLabel> ?label }}"
CANNED = "owner-and-deadline"
NAME = default_graph("bench")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--times", type=int, nargs="+", default=[1, 10], help="sizes, in real corpora")
    options.add_argument("--memory", action="store_true", help="leave the server out")
    chosen = options.parse_args()
    layout = Layout.find(Path(__file__).resolve())
    whole = {quad.triple for quad in ox.parse((layout.dist / QUADS).read_bytes(), ox.RdfFormat.N_QUADS)}
    real = sorted(whole, key=str)
    report = Report()
    print(f"{'corpora':>8} {'triples':>11} {'store':<9} {'what':<14} {'value':>10}  times memory at 1")
    for times in chosen.times:
        store = ox.Store()
        began = time.perf_counter()
        store.bulk_extend(ox.Quad(t.subject, t.predicate, t.object) for t in copies(real, times))
        report.corpus = f"{times:>8} {len(store):>11,}"
        report.told("memory", "load s", time.perf_counter() - began)
        report.told("memory", "resident MB", resident("self"))
        ask(report, "memory", LocalStore(store), layout)
        if chosen.memory:
            continue
        with server() as (graphs, pid):
            began = time.perf_counter()
            graphs.put(NAME, copies(real, times))
            report.told("oxigraph", "load s", time.perf_counter() - began)
            report.told("oxigraph", "resident MB", resident(str(pid)))
            ask(report, "oxigraph", graphs.source.viewing(NAME), layout)


def ask(report: Report, kind: str, source: Source, layout: Layout) -> None:
    """Time a look-up, a canned query for one plan, and what the page of a task needs."""
    canned = Answers(source, load_queries(layout, layout.answers)).bound(
        CANNED, {"plan": "iot-2013_standards"}
    )
    catalogue = Catalogue(source)
    catalogue.entity(THING)
    questions: dict[str, Callable[[], object]] = {
        "look-up ms": lambda: source.select(LOOKUP),
        "canned ms": lambda: source.select(canned),
        "page ms": lambda: catalogue.entity(THING),
    }
    for what, question in questions.items():
        taken = []
        for _ in range(RUNS):
            began = time.perf_counter()
            question()
            taken.append(time.perf_counter() - began)
        report.told(kind, what, statistics.median(taken) * 1000)


class Report:
    """Prints figures, each with its ratio to the first of its sort."""

    def __init__(self) -> None:
        self._first: dict[str, float] = {}
        self.corpus = ""

    def told(self, kind: str, what: str, value: float) -> None:
        """Print one figure of one kind of store."""
        ratio = value / self._first.setdefault(what, value)
        print(f"{self.corpus} {kind:<9} {what:<14} {value:>10,.2f}  {ratio:,.2f}", flush=True)


@contextmanager
def server() -> Iterator[tuple[GraphStore, int]]:
    """Run Oxigraph's server in memory, on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    program = Path(sys.executable).parent / "oxigraph"
    process = subprocess.Popen(  # noqa: S603 - the environment's own program
        [str(program), "serve", "--bind", address], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    query = f"http://{address}/query"
    try:
        wait(RemoteStore(query))
        yield GraphStore(query, f"http://{address}/store", Credentials(), DEADLINE_S), process.pid
    finally:
        process.kill()
        process.wait()


def wait(source: Source) -> None:
    """Wait until a server answers."""
    for _ in range(100):
        try:
            source.select("ASK {}")
        except RemoteError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server does not start")


def resident(pid: str) -> float:
    """Give the resident memory of a process in MB (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


if __name__ == "__main__":
    main()
