"""SHACL engines side by side, each as its makers ship it: `python -m bench.engines`.

Time and memory on the real graph, and results that differ from pySHACL's, on it, on the defective copies of
tests/mutations and, with IOTKG_SHACL_SUITE, on the W3C suite. pySHACL and pyshifty are always there; pyshacl-turbo,
shacl and pyrudof take part when they are installed (`pip install pyshacl-turbo shacl pyrudof`, in an environment of
its own: the project does not need them). All read the same Turtle. Results are compared by focus node, path, value,
component and severity, blank nodes by being blank; details of results are left out. Linux only. Nothing else should
run meanwhile.
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
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeAlias

import pyoxigraph as ox

from bench.peers import ENGINES
from iotkg import build
from iotkg.errors import CurationError
from iotkg.layout import Layout
from iotkg.turtle import parse_turtle
from iotkg.validation import Phase, phases
from iotkg.vocab import PREFIXES, RDF, term

Result: TypeAlias = tuple[str, ...]
"""Focus, path, value, component, severity."""

REFERENCE = "pyshacl"
SPARQL = """
bench:OwnerIsStated
  a sh:NodeShape ;
  sh:targetClass iotkg:Task ;
  sh:sparql [
    sh:message "an owner of the task that no statement makes an owner"@en ;
    sh:prefixes bench: ;
    sh:select '''
      SELECT $this ?value
      WHERE {
        $this iotkg:effectiveOwner ?value .
        FILTER NOT EXISTS {
          ?statement iotkg:appliesTo $this ; iotkg:actor ?value ; iotkg:role/iotkg:owning true .
        }
      }''' ;
  ] ;
.
bench:OneStatementForAnActor
  a sh:NodeShape ;
  sh:targetClass iotkg:Responsibility ;
  sh:severity sh:Info ;
  sh:sparql [
    sh:message "another statement makes the same actor responsible for the same part"@en ;
    sh:prefixes bench: ;
    sh:select '''
      SELECT DISTINCT $this ?value
      WHERE {
        $this iotkg:actor ?value ; iotkg:appliesTo ?part .
        ?other a iotkg:Responsibility ; iotkg:actor ?value ; iotkg:appliesTo ?part .
        FILTER(?other != $this)
      }''' ;
  ] ;
.
bench:OpenWhenThePeriodBegins
  a sh:NodeShape ;
  sh:targetClass iotkg:Deadline ;
  sh:severity sh:Info ;
  sh:sparql [
    sh:message "still open when the period begins"@en ;
    sh:prefixes bench: ;
    sh:select '''
      SELECT $this ?value
      WHERE {
        $this iotkg:dueDate ?value .
        ?period a dct:PeriodOfTime ; dcat:startDate ?start .
        FILTER(?start < ?value)
      }''' ;
  ] ;
.
bench:
  sh:declare [ sh:prefix "dcat" ; sh:namespace "http://www.w3.org/ns/dcat#"^^xsd:anyURI ] ;
  sh:declare [ sh:prefix "dct" ; sh:namespace "http://purl.org/dc/terms/"^^xsd:anyURI ] ;
  sh:declare [ sh:prefix "iotkg" ; sh:namespace "https://w3id.org/iotkg/ontology#"^^xsd:anyURI ] ;
.
"""
"""Rules across entities, as they are written where there are no queries/checks: pySHACL asks them node by node."""
_TRUE = ox.Literal("true", datatype=term("xsd:boolean"))
_SAID = ("focusNode", "resultPath", "value", "sourceConstraintComponent", "resultSeverity")
_SHOWN = 3
"""How many of the results of one case are printed, and of them how much."""
_WIDTH = 60


@dataclass(frozen=True, slots=True)
class Case:
    """Two files to hold against each other."""

    name: str
    data: Path
    shapes: Path


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine says of one case: its results, or why it gives none."""

    results: Counter[Result] | None
    failure: str = ""


def main() -> None:
    """Measure, compare and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--runs", type=int, default=3, help="timed runs of each engine but pySHACL, which has one"
    )
    options.add_argument("--limit", type=int, default=300, help="seconds after which a case is given up")
    options.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    chosen = options.parse_args()
    layout = Layout.find(Path(__file__).resolve())
    engines = {name: known for name in chosen.engines if (known := installed(name))}
    engines = {REFERENCE: installed(REFERENCE), **engines}
    print(", ".join(f"{name} {number}" for name, number in engines.items()))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        timed(list(real(layout, folder)), engines, folder, chosen.limit, chosen.runs)
        compared("the defective copies", list(copies(layout, folder)), engines, folder, chosen.limit)
        if suite := os.environ.get("IOTKG_SHACL_SUITE"):
            compared("the W3C suite", list(w3c(layout, Path(suite), folder)), engines, folder, chosen.limit)
        else:
            print("\nthe W3C suite: give IOTKG_SHACL_SUITE (make suite)")


def installed(engine: str) -> str:
    """Give an engine's version, nothing where it is not installed."""
    try:
        return version(engine)
    except PackageNotFoundError:
        return ""


def real(layout: Layout, folder: Path) -> Iterator[Case]:
    """Write the real graph as the phases see it, and once with rules in SPARQL."""
    inputs = build.read(layout)
    whole = build.merged(build.assemble(inputs))
    yield case("written", folder, inputs.written, shapes(layout, "written"))
    yield case("complete", folder, whole, shapes(layout, "complete"))
    head = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())
    rules = parse_turtle(f"{head}@prefix bench: <http://example.org/bench#> .\n{SPARQL}", name="bench")
    yield case("complete, SPARQL", folder, whole, [*shapes(layout, "complete"), *rules])


def copies(layout: Layout, folder: Path) -> Iterator[Case]:
    """Write the defective copies of tests/mutations, each as the phases see it that it comes to."""
    _borrow(layout)
    import mutations  # noqa: PLC0415 - from the tests

    for (stage, name), seeded in mutations.copies().items():
        if stage == "read":
            continue
        label = " ".join(filter(None, (stage, name)))
        copy = mutations.checkout(folder / "copies" / label, seeded)
        inputs = build.read(copy)
        yield case(f"{label}, written", folder, inputs.written, shapes(copy, "written"))
        if stage not in {"complete", "graph"}:
            continue
        try:
            triples = build.merged(build.assemble(inputs))
        except CurationError as error:
            sys.exit(f"{label}: {error}")
        for defect in seeded:
            triples = mutations.changed(triples, defect)
        yield case(f"{label}, complete", folder, triples, shapes(copy, "complete"))


def w3c(layout: Layout, suite: Path, folder: Path) -> Iterator[Case]:
    """Write the cases of the W3C suite."""
    _borrow(layout)
    from test_reference import MF, SHT, entries, local  # noqa: PLC0415 - from the tests

    for name, (graph, entry) in entries(suite).items():
        action = graph.value(entry, MF.action)
        data, held = (
            [
                quad.triple
                for quad in ox.parse(local(iri).read_bytes(), ox.RdfFormat.TURTLE, base_iri=str(iri))
            ]
            for iri in (graph.value(action, SHT.dataGraph), graph.value(action, SHT.shapesGraph))
        )
        yield case(name, folder, data, held, dict(graph.namespaces()))


def case(
    name: str,
    folder: Path,
    data: Iterable[ox.Triple],
    held: Iterable[ox.Triple],
    prefixes: Mapping[str, str] = PREFIXES,
) -> Case:
    """Write one case; the prefixes count where SPARQL uses them undeclared."""
    place = Path(tempfile.mkdtemp(dir=folder))
    for path, triples in ((place / "data.ttl", data), (place / "shapes.ttl", held)):
        given = sorted(triples, key=str)
        path.write_bytes(ox.serialize(given, format=ox.RdfFormat.TURTLE, prefixes=dict(prefixes)) or b"")
    return Case(name, place / "data.ttl", place / "shapes.ttl")


def shapes(layout: Layout, phase: Phase) -> list[ox.Triple]:
    """Give the shapes, those of the other phase switched off."""
    stated = [
        quad.triple for path in layout.shapes for quad in ox.parse(path.read_bytes(), ox.RdfFormat.TURTLE)
    ]
    other = [shape for shape, when in phases(stated).items() if when != phase]
    return [*stated, *(ox.Triple(shape, term("sh:deactivated"), _TRUE) for shape in other)]


def _borrow(layout: Layout) -> None:
    tests = str(layout.root / "tests")
    if tests not in sys.path:
        sys.path.insert(0, tests)


def timed(cases: list[Case], engines: Mapping[str, str], folder: Path, limit: int, runs: int) -> None:
    """Print time, memory and differences of each engine on each of some graphs."""
    row = "{:<18} {:>8} {:<14} {:>8} {:>14} {:>7} {:>8} {:>8} {:>6}"
    print(
        "\n"
        + row.format(
            "graph", "triples", "engine", "seconds", "times pySHACL", "MB", "results", "missing", "extra"
        )
    )
    for one in cases:
        triples = sum(1 for _ in ox.parse(one.data.read_bytes(), ox.RdfFormat.TURTLE))
        reference = Answer(None)
        base = 0.0
        for engine in engines:
            seconds, memory, answer = [], 0, Answer(None)
            for _ in range(1 if engine == REFERENCE else runs):
                start = time.perf_counter()
                (answer,), memory = run(engine, [one], folder, limit)
                seconds.append(time.perf_counter() - start)
            if engine == REFERENCE:
                base, reference = seconds[0], answer
            took = statistics.median(seconds)
            if answer.results is None:
                print(
                    row.format(one.name, triples, engine, f"{took:.2f}", "", "", answer.failure, "", ""),
                    flush=True,
                )
                continue
            missing, extra = differences(reference, answer)
            numbers = (f"{took:.2f}", f"{base / took:.1f}x", f"{memory / 1e6:.0f}", answer.results.total())
            print(
                row.format(one.name, triples, engine, *numbers, missing.total(), extra.total()),
                flush=True,
            )


def compared(title: str, cases: list[Case], engines: Mapping[str, str], folder: Path, limit: int) -> None:
    """Print for each engine in which cases, and in how many results, it differs from pySHACL."""
    print(f"\n{title}: {len(cases)} cases", flush=True)
    said: dict[str, list[Answer]] = {engine: run(engine, cases, folder, limit)[0] for engine in engines}
    expected = said[REFERENCE]
    results = sum(one.results.total() for one in expected if one.results is not None)
    refused = [one.name for one, answer in zip(cases, expected, strict=True) if answer.results is None]
    print(f"{REFERENCE}: {results} results; refuses {', '.join(refused) or 'none'}")
    row = "{:<14} {:>13} {:>8} {:>6} {:>9}"
    print(row.format("engine", "cases differ", "missing", "extra", "failures"))
    details = []
    for engine, answers in said.items():
        count: Counter[str] = Counter()
        for one, wanted, given in zip(cases, expected, answers, strict=True):
            missing, extra = differences(wanted, given)
            fails = given.results is None and wanted.results is not None
            passes = given.results is not None and wanted.results is None
            if not (missing or extra or fails or passes):
                continue
            count.update(cases=1, missing=missing.total(), extra=extra.total(), failures=int(fails))
            words = f": {given.failure[:300]}" if fails else ": pySHACL refuses" if passes else ""
            details.append(f"{engine}: {one.name}: -{missing.total()} +{extra.total()}{words}")
            for mark, results_ in (("-", missing), ("+", extra)):
                rest = sorted(results_.elements())
                details += [
                    f"    {mark} {' | '.join(map(cropped, result))}"
                    for result in rest[: 0 if fails else _SHOWN]
                ]
        print(row.format(engine, *(count[name] for name in ("cases", "missing", "extra", "failures"))))
    print(*details, sep="\n", flush=True)


def cropped(words: str) -> str:
    """Shorten what is printed of a result."""
    kept = words.replace("http://www.w3.org/ns/shacl#", "sh:").replace("https://w3id.org/iotkg/", "")
    return kept if len(kept) <= _WIDTH else f"{kept[:_WIDTH]}…"


def differences(wanted: Answer, given: Answer) -> tuple[Counter[Result], Counter[Result]]:
    """Give the results that are missing and those that are too many; a refusal has none."""
    left, right = wanted.results or Counter(), given.results or Counter()
    return left - right, right - left


def run(engine: str, cases: list[Case], folder: Path, limit: int) -> tuple[list[Answer], int]:
    """Give an engine's answer to each case, and the memory it took; what ends its process is an answer too."""
    answers: list[Answer] = []
    memory = 0
    while len(answers) < len(cases):
        rest = cases[len(answers) :]
        reports = [folder / f"report-{number}" for number in range(len(rest))]
        jobs = [
            json.dumps([str(one.data), str(one.shapes), str(report)])
            for one, report in zip(rest, reports, strict=True)
        ]
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", "bench.peers", engine, str(limit)],
            input="\n".join(jobs),
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parents[1],
        )
        lines = [line for line in done.stdout.splitlines() if line]
        if done.returncode == 0:
            memory = int(lines.pop())
        for line, report, one in zip(lines, reports, rest, strict=False):
            failure = json.loads(line)
            answers.append(Answer(None, failure) if failure else Answer(results(report, one.shapes)))
        if done.returncode != 0:
            answers.append(Answer(None, f"ended with {done.returncode} {done.stderr.strip()[-200:]}"))
    return answers, memory


def results(report: Path, held: Path) -> Counter[Result]:
    """Read the results of a report; paths may stand in it or in the shapes."""
    said = described(report)
    stated = described(held)
    detail, result = term("sh:detail"), term("sh:result")
    inner = {node for about in said.values() for node in about.get(detail, ())}
    nodes = {node for about in said.values() for node in about.get(result, ())} - inner

    def shown(name: str, node: object) -> str:
        return way(node, said, stated) if name == "resultPath" else plain(node)

    return Counter(
        tuple(
            " ".join(sorted(shown(name, value) for value in said[node].get(term(f"sh:{name}"), ())))
            for name in _SAID
        )
        for node in nodes
    )


def described(path: Path) -> Mapping[object, dict[ox.NamedNode, list[object]]]:
    """Give what a Turtle file says, by subject."""
    about: dict[object, dict[ox.NamedNode, list[object]]] = defaultdict(lambda: defaultdict(list))
    for quad in ox.parse(path.read_bytes(), ox.RdfFormat.TURTLE):
        about[quad.subject][quad.predicate].append(quad.object)
    return about


def plain(node: object) -> str:
    """Write a term, blank nodes without their labels: every engine gives others."""
    return "_:" if isinstance(node, ox.BlankNode) else str(node)


def way(node: object, *places: Mapping[object, dict[ox.NamedNode, list[object]]]) -> str:
    """Write a path."""
    about = next((place[node] for place in places if node in place), {})
    if not isinstance(node, ox.BlankNode) or not about:
        return plain(node)
    if RDF.first in about:
        members = [*about[RDF.first], *about.get(RDF.rest, ())]
        return f"({' '.join(way(member, *places) for member in members)})"
    inside = (f"{step} {way(value, *places)}" for step, values in about.items() for value in values)
    return f"[{'; '.join(sorted(inside))}]"


if __name__ == "__main__":
    main()
