"""How fast `iotkg serve` is beside other servers on the same data: `make bench-serve`.

Servers run one after another, driven by wrk on loopback; each figure is the median of some runs, and each ratio is to
a peer measured in the same run. Peers are Oxigraph's own server (in memory), a plain FastAPI service over pyoxigraph
and, where the interpreter of a virtual environment with it is named, rdflib-endpoint. Distinct requests differ in a
comment or a header, so that nothing kept answers them; repeated ones are the same bytes again. Nothing else should
run meanwhile. ``--times 100`` takes 24 GB of memory and most of an hour.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import quote

from bench.driving import PATIENCE_S, Load, drive, drive_beside
from bench.servers import Server, folded, ours, oxigraph, plain, rdflib_endpoint, whole
from iotkg.layout import Layout
from iotkg.vocab import ID, PREFIXES

SMALL = f"SELECT ?p ?o WHERE {{ <{ID}task/iot-2013_standards_2> ?p ?o }}"
MEDIUM = "SELECT ?kind (COUNT(?s) AS ?n) WHERE { ?s a ?kind } GROUP BY ?kind ORDER BY DESC(?n)"
ROWS = f"SELECT ?s ?kind ?name WHERE {{ ?s a ?kind ; <{PREFIXES['skos']}prefLabel> ?name }} LIMIT 1000"
RUNAWAY = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
CANNED = "/queries/owner-and-deadline"
ENTITY = "/doc/task/iot-2013_standards_2"
_QUERIES = {"small": SMALL, "medium": MEDIUM, "1,000 rows": ROWS}
_LEAST_RUNS = 3
_RESTARTED = {"iotkg", "plain"}
"""Whose start is measured; Oxigraph's has no data, which is sent to it."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing to ask of a server: its path, whose mark is replaced for distinct requests, and its Accept."""

    name: str
    path: str
    accept: str = "application/sparql-results+json"


def asks(endpoint: str) -> list[Ask]:
    """List what every server is asked."""
    return [Ask(name, f"{endpoint}?query={quote(f'{query} #MARK')}") for name, query in _QUERIES.items()]


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--times", type=int, nargs="+", default=[1, 10], help="sizes of the graph, in real ones"
    )
    options.add_argument("--runs", type=int, default=3, help="runs of each measurement; the median counts")
    options.add_argument("--seconds", type=int, default=2, help="length of one run")
    options.add_argument("--rdflib-endpoint", type=Path, help="Python that has rdflib-endpoint")
    chosen = options.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed; it drives the servers (Debian: apt-get install wrk)")
    dist = Layout.find(Path(__file__).resolve()).dist
    for times in chosen.times:
        with tempfile.TemporaryDirectory() as folder:
            release = folded(dist, times, Path(folder))
            with ProcessPoolExecutor(1, get_context("spawn")) as aside:  # which gives its memory back
                data = aside.submit(whole, release, Path(folder)).result()
            compare(release, data, times, chosen)
    runaway(dist, chosen)


def compare(release: Path, data: Path, times: int, chosen: argparse.Namespace) -> None:
    """Drive every server on one graph, and print."""
    print(f"\n{times} x real\n{'server':<18} {'start s':>8} {'memory MB':>10}")
    makers = {
        "iotkg": lambda: ours(release, deadline_s=PATIENCE_S),  # whatever the size of the graph
        "oxigraph": lambda: oxigraph(data),
        "plain": lambda: plain(data),
    }
    if chosen.rdflib_endpoint and times == 1:
        makers["rdflib-endpoint"] = lambda: rdflib_endpoint(chosen.rdflib_endpoint, data)
    found: dict[str, dict[tuple[str, int, bool], Load]] = {}
    for name, make in makers.items():
        starts = []
        for _ in range(chosen.runs if name in _RESTARTED else 1):
            with make() as server:
                starts.append(server.wait(SMALL))
                if len(starts) == chosen.runs or name not in _RESTARTED:
                    if name == "iotkg":
                        server.wait_for_pages()
                    found[name] = measured(server, chosen)
                    if name == "iotkg":
                        found[name] |= measured_pages(server, chosen)
                    print(
                        f"{name:<18} {statistics.median(starts):>8.2f} {server.memory():>10.0f}", flush=True
                    )
    print(f"{'asked':<26} {'connections':>11} {'iotkg req/s':>12} {'p50 ms':>8}  times the peer's rate")
    for key, load in found["iotkg"].items():
        what = f"{key[0]}, {'repeated' if key[2] else 'distinct'}"
        peers = {name: loads[key].rate for name, loads in found.items() if name != "iotkg" and key in loads}
        ratios = "  ".join(f"{name} {load.rate / rate:.2f}" for name, rate in peers.items() if rate)
        print(f"{what:<26} {key[1]:>11} {load.rate:>12.0f} {load.p50_ms:>8.2f}  {ratios}", flush=True)


def measured(server: Server, chosen: argparse.Namespace) -> dict[tuple[str, int, bool], Load]:
    """Drive one server with queries."""
    return {
        (ask.name, connections, repeated): median(server, ask, connections, chosen, repeated=repeated)
        for ask in asks(server.endpoint)
        for repeated in (False, True)
        for connections in (1, 16)
    }


def measured_pages(server: Server, chosen: argparse.Namespace) -> dict[tuple[str, int, bool], Load]:
    """Drive ours with what the others do not have."""
    pages = [
        Ask("entity page", ENTITY, "text/html"),
        Ask("canned, page", f"{CANNED}?plan=iot-2013_standards", "text/html"),
        Ask("canned, CSV", f"{CANNED}.csv?plan=iot-2013_standards", "text/csv"),
    ]
    return {
        (ask.name, connections, repeated): median(server, ask, connections, chosen, repeated=repeated)
        for ask in pages
        for repeated in (False, True)
        for connections in (1, 16)
    }


def median(server: Server, ask: Ask, connections: int, chosen: argparse.Namespace, *, repeated: bool) -> Load:
    """Give the median run by rate."""
    runs = [
        drive(server.url, ask.path, ask.accept, connections, chosen.seconds, repeated=repeated)
        for _ in range(chosen.runs)
    ]
    return sorted(runs, key=lambda load: load.rate)[len(runs) // 2]


def runaway(dist: Path, chosen: argparse.Namespace) -> None:
    """Say how late a runaway query ends, and what others notice of it."""
    with ours(dist, deadline_s=1) as server:
        server.wait(SMALL)
        small = asks(server.endpoint)[0]
        idle = [
            drive(server.url, small.path, small.accept, 1, chosen.seconds, repeated=False)
            for _ in range(max(_LEAST_RUNS, chosen.runs))
        ]
        runs = [
            drive_beside(server, RUNAWAY, small.path, small.accept, chosen.seconds)
            for _ in range(max(_LEAST_RUNS, chosen.runs))
        ]
    late = [1000 * (seconds - 1) for _, ends in runs for seconds in ends]
    quiet, busy = (
        statistics.median(load.p99_ms for load in loads) for loads in (idle, [run[0] for run in runs])
    )
    print(
        f"\na runaway query ends {statistics.median(late):.0f} ms after its deadline (at most {max(late):.0f} ms)"
    )
    print(
        f"p99 of a small query: {quiet:.2f} ms idle, {busy:.2f} ms beside runaways: {busy / quiet:.1f} times"
    )


if __name__ == "__main__":
    main()
