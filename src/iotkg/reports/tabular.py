"""The report as a table: CSV as RFC 4180 has it, with a header, for spreadsheets that must not run what they read."""

from __future__ import annotations

import csv
import io
from typing import Final

from iotkg.outcome import Outcome
from iotkg.reports.wording import message, rule_key, rule_name, rules, xml

COLUMNS: Final = (
    "severity",
    "file",
    "line",
    "column",
    "message",
    "advice",
    "focus",
    "path",
    "value",
    "shape",
    "rule",
    "component",
    "id",
)
"""The header; columns are only ever added at the end."""
_RUNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a cell begins with that a spreadsheet takes for a formula (OWASP, CSV Injection)."""


def to_csv(outcome: Outcome, lang: str) -> str:
    """Write a row for each finding, worst first; a cell that would be a formula gets an apostrophe before it."""
    known = rules(outcome)
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    for one in outcome.findings:
        stated = (
            one.severity.value,
            one.file or "",
            str(one.line or ""),
            str(one.column or ""),
            message(one, lang),
            one.advice.get(lang, ""),
            one.focus,
            one.path or "",
            one.value or "",
            one.shape,
            rule_name(known[rule_key(one.shape)], lang, outcome.prefixes),
            one.component,
            one.identity,
        )
        rows.writerow([_defused(xml(cell)) for cell in stated])
    return table.getvalue()


def _defused(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_RUNS) else cell
