"""``make mutation``: seed every defect, print what found it and whether it pointed at the right line."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

import mutations
from iotkg.engines import Engine


def main(engines: tuple[Engine, ...]) -> int:
    """Print the table; give 1 when a defect was missed or misplaced."""
    table = Table(
        "defect", "rule", "found", "line", "column", "engine", title="Defects seeded into the real data"
    )
    verdicts = [
        verdict
        for engine in engines
        for number, ((stage, _), seeded) in enumerate(mutations.copies().items())
        if stage != "read" or engine == engines[0]
        for verdict in _one(engine, number, stage, seeded)
    ]
    for verdict in verdicts:
        wanted, place = verdict.wanted, (verdict.places or (mutations.Place(None, None, None),))[0]
        place = wanted if wanted in verdict.places else place
        line = "-" if wanted.line is None else _mark((place.file, place.line) == (wanted.file, wanted.line))
        column = "-" if wanted.line is None else _mark(place.column == wanted.column)
        defect = verdict.defect
        rule = defect.expect or "the file cannot be read"
        table.add_row(defect.name, rule, _mark(verdict.found), line, column, verdict.engine)
    console = Console(width=None if sys.stdout.isatty() else 160, soft_wrap=False)
    console.print(table)
    missed = [verdict for verdict in verdicts if not verdict.right]
    for verdict in missed:
        console.print(
            f"{verdict.engine}: {verdict.defect.name}: wanted {verdict.wanted} {verdict.defect.says}, "
            f"found {verdict.places} {verdict.words}",
            markup=False,
            highlight=False,
        )
    console.print(f"{len(verdicts)} defects, {len(missed)} missed or misplaced", highlight=False)
    return 1 if missed else 0


def _one(engine: Engine, number: int, stage: str, seeded: list[mutations.Defect]) -> list[mutations.Verdict]:
    with tempfile.TemporaryDirectory() as folder:
        return mutations.run(Path(folder) / str(number), stage, seeded, engine)


def _mark(right: bool) -> str:
    return "[green]✓[/]" if right else "[red]✗[/]"


if __name__ == "__main__":
    names: list[Engine] = ["shifty", "pyshacl"] if "--pyshacl" in sys.argv[1:] else ["shifty"]
    sys.exit(main(tuple(names)))
