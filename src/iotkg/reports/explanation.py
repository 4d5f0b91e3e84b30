"""Why a run passed: every shape and check with its target, how much it looked at, and what it found."""

from __future__ import annotations

from iotkg.outcome import Outcome
from iotkg.reports.text import short

_SHOWN = 5


def to_explanation(outcome: Outcome, lang: str) -> str:
    """Write a paragraph for each shape and check, then the engine and the size of the data."""
    lines = []
    for run in outcome.runs:
        name = run.names.get(lang) or next(iter(run.names.values()), "")
        place = f"{run.file or '-'}:{run.line or 0}"
        found = f"{run.results} finding{'' if run.results == 1 else 's'}"
        looked = f"{len(run.focus)} focus node{'' if len(run.focus) == 1 else 's'}"
        if run.targets == ("everything",):
            looked = "the whole graph"
        lines.append(f"{place}: {short(run.shape, outcome.prefixes)} {name}".rstrip())
        lines.append(f"    {', '.join(run.targets)}: {looked}, {found}")
        if run.focus:
            more = len(run.focus) - _SHOWN
            lines.append(f"    {' '.join(run.focus[:_SHOWN])}{f' and {more} more' if more > 0 else ''}")
    lines.append(f"{outcome.engine} on {outcome.triples} triples of {len(outcome.files)} files")
    return "\n".join(lines) + "\n"
