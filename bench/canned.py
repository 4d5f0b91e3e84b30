"""How the time of each canned query grows with the graph: `python -m bench.canned --times 10`.

Each query is asked with its example on the release and on that graph several times over, where the further copies are
documents of another name: what the example selects stays the same, so a query whose plan begins with what is selected
takes as long as before. One line for each query: its time on the release and on the larger graph (medians, in
milliseconds of processor time), how many times as long that is, its rows on each, and what that means. Where the rows
grow, because nothing binds the question to a document, so may the time; where they do not, it may at most double. The
last line counts those that keep to it.

Both graphs are held in this process and asked in turn, so that both see the same machine. A hundred copies take six
gigabytes of memory.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox

from bench.validate import copies
from iotkg.answering import Answers, open_answers
from iotkg.layout import find_release
from iotkg.store import LocalStore

ALLOWED = 2.0
"""How many times as long a selective query may take on the larger graph."""
_NOISE_MS = 1.0
"""Queries quicker than this on both graphs are not told apart from the machine's noise."""


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--times", type=int, default=10, help="size of the larger graph, in real ones")
    options.add_argument("--runs", type=int, default=5, help="runs of each query; the median counts")
    options.add_argument("names", nargs="*", help="queries to measure; all without any")
    chosen = options.parse_args()
    answers = open_answers(find_release(Path(__file__).resolve().parent))
    real = default_graph(answers)
    small, large = (LocalStore(store) for store in (stored(real), stored(copies(real, chosen.times))))
    print(f"the release: {len(real):,} triples; {chosen.times} of it: {len(large.store):,}")
    print(
        f"{'query':<44} {'ms at 1':>8} {f'at {chosen.times}':>8} {'times':>6} {'rows':>6} {f'at {chosen.times}':>6}"
    )
    selective = kept = 0
    for name in chosen.names or answers.queries:
        query = answers.query(name)
        text = query.bind(answers.values(name, query.example))
        both = [[timed(store, text) for store in (small, large)] for _ in range(chosen.runs)]
        (one, rows), (other, more) = (
            (statistics.median(run[place][0] for run in both), both[0][place][1]) for place in (0, 1)
        )
        slow = other > max(ALLOWED * one, _NOISE_MS)
        said = "its rows grow" if more > rows else "TOO SLOW" if slow else "ok"
        selective += more <= rows
        kept += more <= rows and not slow
        print(f"{name:<44} {one:8.1f} {other:8.1f} {other / one:6.1f} {rows:6} {more:6}  {said}", flush=True)
    print(f"{kept} of {selective} whose rows do not grow take at most {ALLOWED:g} times as long")


def default_graph(answers: Answers) -> list[ox.Triple]:
    """Give what the release holds in its default graph, in one order."""
    table = answers.select("SELECT ?s ?p ?o WHERE { ?s ?p ?o }")
    return sorted((ox.Triple(*row) for row in table.rows), key=str)  # type: ignore[arg-type]


def stored(triples: Iterable[ox.Triple]) -> ox.Store:
    """Put triples in the default graph of a store of their own."""
    store = ox.Store()
    store.bulk_extend(ox.Quad(it.subject, it.predicate, it.object, ox.DefaultGraph()) for it in triples)
    return store


def timed(store: LocalStore, query: str) -> tuple[float, int]:
    """Ask once: milliseconds of this process's own time, and the number of rows."""
    start = time.process_time()
    rows = len(store.select(query).rows)
    return (time.process_time() - start) * 1000, rows


if __name__ == "__main__":
    main()
