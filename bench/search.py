"""How fast a search is beside the scan that SPARQL offers in its place, on the release: `python -m bench.search`.

The scan is a CONTAINS over every label, definition, translation and quote; it ranks nothing, counts nothing by kind,
and finds neither traditional characters nor stems. Both answer in one process, in turn; printed are medians and the
ratio of the two in the same run. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from iotkg import indexing, searchable
from iotkg.layout import Layout
from iotkg.store import open_release
from iotkg.terms import Names

QUESTIONS = ("无锡", "标准", "锡", "863", "RFID", "standard", "smart grid", "感知基础设施")
SCAN = """
SELECT ?thing ?text
WHERE {
  VALUES ?property {
    skos:prefLabel skos:altLabel skos:definition skos:scopeNote iotkg:translation iotkg:quote
  }
  ?thing ?property ?text .
  FILTER(CONTAINS(LCASE(STR(?text)), "%s"))
}
"""


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=30, help="runs of each; the median counts")
    runs = options.parse_args().runs
    dist = Layout.find(Path(__file__).resolve()).dist
    names = Names(open_release(dist))
    start = time.perf_counter()
    entries = list(searchable.entries(names))
    read = time.perf_counter()
    index = indexing.build(entries)
    built = time.perf_counter()
    indexing.of_release(dist)
    kept = time.perf_counter()
    indexing.of_release(dist)
    opened = time.perf_counter()
    print(
        f"read {read - start:.2f} s, index {built - read:.2f} s, open again {(opened - kept) * 1000:.1f} ms"
    )
    print(
        f"{'question':<14} {'found':>6} {'search ms':>10} {'suggest ms':>11} {'scan ms':>8} {'scan/search':>12}"
    )
    for question in QUESTIONS:
        found = index.search(question).total
        scan = SCAN % question.lower()
        taken = interleaved(
            runs,
            lambda: index.search(question),  # noqa: B023 - called within this turn of the loop
            lambda: index.suggest(question),  # noqa: B023
            lambda: names.rows(scan),  # noqa: B023
        )
        searched, suggested, scanned = (1000 * seconds for seconds in taken)
        ratio = scanned / searched
        print(
            f"{question:<14} {found:>6} {searched:>10.2f} {suggested:>11.2f} {scanned:>8.2f} {ratio:>12.1f}"
        )


def interleaved(runs: int, *jobs: Callable[[], object]) -> list[float]:
    """Give the median seconds of each job, run in turn so that noise falls on all of them."""
    taken: list[list[float]] = [[] for _ in jobs]
    for _ in range(runs):
        for job, seconds in zip(jobs, taken, strict=True):
            start = time.perf_counter()
            job()
            seconds.append(time.perf_counter() - start)
    return [statistics.median(seconds) for seconds in taken]


if __name__ == "__main__":
    main()
