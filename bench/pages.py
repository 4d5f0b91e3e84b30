"""How long pages take, beside Datasette's row page on the same rows: `make bench-pages`.

Datasette gets the release's tables as SQLite, one table for each kind of thing, and shows a thing's row; the pages
here show what is said of it, in which words, and what speaks of it. Both run on loopback at the same time, neither
with more than one connection; wrk asks one after the other for the same things, so that what else the machine does
weighs on both. Distinct requests differ in a header, and nothing kept answers them; repeated ones are the same again.
The figures are milliseconds: of each page the median of wrk's run, and of these the median. Nothing else should run
meanwhile.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bench.driving import drive
from bench.servers import Server, datasette, ours
from iotkg.layout import Layout

AIM_MS: Final = 50.0
"""What an entity page may take that nothing kept answers."""
KINDS: Final = ("plan", "task", "safeguard", "actor", "sector", "technology", "place", "responsibility")
PAGES: Final = {
    "home": "/",
    "search": f"/search?q={quote('无锡')}",
    "canned query": "/queries/owner-and-deadline?plan=standards",
    "reader": "/source/iot-2013/standards",
}


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--datasette", type=Path, required=True, help="the command")
    options.add_argument("--things", type=int, default=3, help="things of each kind that are asked for")
    options.add_argument("--seconds", type=int, default=1, help="length of one run")
    chosen = options.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed; it drives the servers (Debian: apt-get install wrk)")
    dist = Layout.find(Path(__file__).resolve()).dist
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "release.db"
        things = [
            key for kind, keys in tabled(dist / "tables", data) for key in spread(kind, keys, chosen.things)
        ]
        with ours(dist) as mine, datasette(chosen.datasette, data) as peer:
            mine.wait("ASK {}")
            peer.wait("")
            compare(mine, peer, things, chosen.seconds)


def tabled(tables: Path, data: Path) -> Iterator[tuple[str, list[str]]]:
    """Write a release's tables to SQLite, each row under the key of its thing; give the keys by kind."""
    with closing(sqlite3.connect(data)) as base, base:
        for path in sorted(tables.glob("*.csv")):
            with path.open(encoding="utf-8", newline="") as file:
                header, *rows = csv.reader(file)
            columns = ", ".join(f'"{name}"' for name in header)
            base.execute(f'CREATE TABLE "{path.stem}" (key PRIMARY KEY, {columns})')
            keys = [row[0].rpartition("/")[2] for row in rows]
            places = ", ".join("?" * (len(header) + 1))
            base.executemany(
                f'INSERT INTO "{path.stem}" VALUES ({places})',  # noqa: S608  # names of our own columns
                ([key, *row] for key, row in zip(keys, rows, strict=True)),
            )
            if path.stem in KINDS:
                yield path.stem, keys


def spread(kind: str, keys: list[str], most: int) -> list[str]:
    """Choose some things of a kind, from all over it; Datasette writes some signs in a key in its own way."""
    plain = [key for key in keys if key.replace("-", "").replace("_", "").isalnum()]
    return [f"{kind}/{key}" for key in plain[:: max(1, len(plain) // most)][:most]]


def compare(mine: Server, peer: Server, things: list[str], seconds: int) -> None:
    """Drive both, thing by thing, then the other pages, and print."""
    print(
        f"{len(things)} things\n{'page':<24} {'distinct ms':>12} {'slowest':>8} {'repeated ms':>12}  times the row page"
    )
    found: dict[str, dict[bool, list[float]]] = {
        name: {False: [], True: []} for name in ("row page (Datasette)", "entity page", *PAGES)
    }
    for repeated in (False, True):
        for thing in things:
            for name, server, path in (
                ("row page (Datasette)", peer, f"/release/{thing}"),
                ("entity page", mine, f"/doc/{thing}"),
            ):
                found[name][repeated].append(taken(server, path, seconds, repeated=repeated))
        for name, path in PAGES.items():
            found[name][repeated] += [taken(mine, path, seconds, repeated=repeated) for _ in range(3)]
    row = statistics.median(found["row page (Datasette)"][False])
    for name, times in found.items():
        distinct, again = (statistics.median(times[repeated]) for repeated in (False, True))
        print(f"{name:<24} {distinct:>12.2f} {max(times[False]):>8.2f} {again:>12.2f}  {distinct / row:.2f}")
    entity = statistics.median(found["entity page"][False])
    verdict = "met" if entity < AIM_MS else "missed"
    print(f"an entity page takes {entity:.1f} ms; the aim is less than {AIM_MS:.0f} ms: {verdict}")


def taken(server: Server, path: str, seconds: int, *, repeated: bool) -> float:
    """Give the median milliseconds of a page."""
    return drive(server.url, path, "text/html", 1, seconds, repeated=repeated).p50_ms


if __name__ == "__main__":
    main()
