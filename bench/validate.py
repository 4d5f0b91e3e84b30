"""How fast `iotkg validate` is beside pySHACL, on the real graph and on a larger one: `make bench`.

Each command runs as a user would start it, in a process of its own, on the same files and shapes. Printed are medians
and ratios to pySHACL in the same run; findings are held against pySHACL's first, for a quick wrong answer is worth
nothing. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pyoxigraph as ox

from iotkg import build
from iotkg.layout import Layout
from iotkg.validation import phases
from iotkg.vocab import ID, term

FILES = 100
"""How many files the data is parted into: one of them is what a curator saves."""
DEFECTS = 25
"""How many statements are taken away, so that there is something to find."""
_TRUE = ox.Literal("true", datatype=term("xsd:boolean"))


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--times", type=int, default=10, help="size of the larger graph, in real ones")
    options.add_argument("--runs", type=int, default=3, help="runs of each of ours; the median counts")
    chosen = options.parse_args()
    layout = Layout.find(Path(__file__).resolve())
    triples = sorted(build.merged(build.assemble(build.read(layout))), key=str)
    print(f"{'graph':>12} {'triples':>9} {'command':<22} {'seconds':>8} {'times pySHACL':>14}")
    for times in sorted({1, chosen.times}):
        with tempfile.TemporaryDirectory() as folder:
            measure(layout, list(copies(triples, times)), Path(folder), f"{times} x real", chosen.runs)


def copies(triples: list[ox.Triple], times: int) -> Iterator[ox.Triple]:
    """Give the graph several times over, each time with documents of another name."""
    yield from triples
    for number in range(1, times):

        def moved(node: object, mark: str = f"iot-{2013 + number * 10}") -> object:
            if isinstance(node, ox.NamedNode) and node.value.startswith(ID) and "/iot-2013" in node.value:
                return ox.NamedNode(node.value.replace("/iot-2013", f"/{mark}", 1))
            return node

        for triple in triples:
            if (subject := moved(triple.subject)) != triple.subject:
                yield ox.Triple(subject, triple.predicate, moved(triple.object))  # type: ignore[arg-type]


def measure(layout: Layout, triples: list[ox.Triple], folder: Path, name: str, runs: int) -> None:
    """Time pySHACL and ours on one graph."""
    data, whole, shapes = written(layout, triples, folder)
    environment = {**os.environ, "IOTKG_CACHE": str(folder / "cache")}
    binaries = Path(sys.executable).parent
    report = folder / "report.json"

    def ours(engine: str = "auto") -> None:
        command = [binaries / "iotkg", "validate", "--data", data, "--shapes", shapes, "--engine", engine]
        run([*command, "--allow-empty", "--output", f"json={report}", "--format", "csv"], environment)

    def peer() -> None:
        run(
            [binaries / "pyshacl", "-s", shapes, "-f", "turtle", "-o", folder / "peer.ttl", whole],
            environment,
        )

    def forget() -> None:
        for entry in (folder / "cache").glob("*"):
            entry.unlink()

    def touch() -> None:
        first = min(data.iterdir())
        first.write_bytes(first.read_bytes() + b"# saved\n")

    base = timed(peer, 1)
    expected = found_by_peer(folder / "peer.ttl")
    line(name, len(triples), "pyshacl", base, base)
    for words, before in (("cold", forget), ("unchanged", None), ("one file saved", touch)):
        line(name, len(triples), f"iotkg, {words}", timed(ours, runs, before), base)
        if found_by_ours(report) != expected:
            sys.exit(f"{name}, {words}: the findings are not pySHACL's")


def written(layout: Layout, triples: list[ox.Triple], folder: Path) -> tuple[Path, Path, Path]:
    """Write the data as many files and as one, with defects, and the shapes that hold on what is complete."""
    lacking = [t for t in triples if t.predicate in {term("iotkg:effectiveDeadline"), term("iotkg:basis")}]
    gone = set(lacking[:: max(1, len(lacking) // DEFECTS)])
    kept = [triple for triple in triples if triple not in gone]
    parts: dict[int, list[ox.Triple]] = defaultdict(list)
    for triple in kept:
        anonymous = isinstance(triple.subject, ox.BlankNode) or isinstance(triple.object, ox.BlankNode)
        parts[0 if anonymous else sum(str(triple.subject).encode()) % FILES].append(triple)
    data = folder / "data"
    data.mkdir()
    for number, part in parts.items():
        (data / f"part-{number:03}.ttl").write_bytes(ox.serialize(part, format=ox.RdfFormat.TURTLE) or b"")
    whole = folder / "whole.ttl"
    whole.write_bytes(ox.serialize(kept, format=ox.RdfFormat.TURTLE) or b"")
    stated = [
        quad.triple for path in layout.shapes for quad in ox.parse(path.read_bytes(), ox.RdfFormat.TURTLE)
    ]
    other = [
        ox.Triple(shape, term("sh:deactivated"), _TRUE)
        for shape, phase in phases(stated).items()
        if phase != "complete"
    ]
    shapes = folder / "shapes.ttl"
    shapes.write_bytes(ox.serialize([*stated, *other], format=ox.RdfFormat.TURTLE) or b"")
    return data, whole, shapes


def run(command: list[str | Path], environment: dict[str, str]) -> None:
    """Run a command to its end; what it finds is read from its report."""
    done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, check=False)  # noqa: S603
    if done.returncode not in (0, 1):
        sys.exit(f"{command[0]} ended with {done.returncode}: {done.stderr.decode()[-2000:]}")


def timed(command: Callable[[], None], runs: int, before: Callable[[], None] | None = None) -> float:
    """Give the median of some runs, in seconds."""
    seconds = []
    for _ in range(runs):
        if before is not None:
            before()
        start = time.perf_counter()
        command()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def found_by_peer(path: Path) -> list[tuple[str, str]]:
    """Read focus and component of each result of pySHACL's report, details left out."""
    about: dict[object, dict[str, list[object]]] = defaultdict(lambda: defaultdict(list))
    for quad in ox.parse(path.read_bytes(), ox.RdfFormat.TURTLE):
        about[quad.subject][quad.predicate.value.rpartition("#")[2]].append(quad.object)
    inner = {node for said in about.values() for node in said["detail"]}
    results = [node for said in list(about.values()) for node in said["result"] if node not in inner]
    return sorted(
        (about[node]["focusNode"][0].value, about[node]["sourceConstraintComponent"][0].value)  # type: ignore[attr-defined]
        for node in results
    )


def found_by_ours(path: Path) -> list[tuple[str, str]]:
    """Read the same of our report."""
    return sorted((one["focus"], one["component"]) for one in json.loads(path.read_bytes())["findings"])


def line(name: str, triples: int, command: str, seconds: float, base: float) -> None:
    """Print one measurement."""
    print(f"{name:>12} {triples:>9} {command:<22} {seconds:>8.2f} {base / seconds:>13.1f}x", flush=True)


if __name__ == "__main__":
    main()
