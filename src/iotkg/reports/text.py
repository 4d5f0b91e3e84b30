"""The report for the eye: a line for each finding as compilers write it, then the counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from iotkg.findings import Finding
from iotkg.outcome import Outcome
from iotkg.reports.wording import SEVERITIES, counts, gathered, line_of, message, short

_LONG: Final = 300
"""How much of a value a line shows."""


def to_text(outcome: Outcome, lang: str) -> str:
    """Write findings, worst first; infos that say the same of several things are one line that counts them."""
    names = outcome.prefixes
    lines, told = [], []
    for group in gathered(outcome.findings, lang):
        if len(group) == 1:
            lines.append(line(group[0], lang, names))
        else:
            words = f"{len(group)} × {line_of(message(group[0], lang))} ({short(group[0].shape, names)})"
            told.append(f"{SEVERITIES[lang][group[0].severity]}: {words}")
    return "\n".join([*lines, *told, counts(outcome, lang)]) + "\n"


def line(finding: Finding, lang: str, prefixes: Mapping[str, str] | None = None) -> str:
    """Write a finding: place, severity, rule, focus, path and value, shape; then advice."""
    place = f"{line_of(finding.file or '-')}:{finding.line or 0}:{finding.column or 0}"
    first = (
        f"{place}: {SEVERITIES[lang][finding.severity]}: {line_of(message(finding, lang))}: "
        f"{about(finding, prefixes or {})} ({line_of(short(finding.shape, prefixes or {}))})"
    )
    advice = finding.advice.get(lang)
    return f"{first}\n    {line_of(advice)}" if advice else first


def about(finding: Finding, prefixes: Mapping[str, str]) -> str:
    """Write what a finding is about: focus, path and value, in one line."""
    value = f" [{line_of(short(finding.value, prefixes), _LONG)}]" if finding.value else ""
    path = f" {finding.path}" if finding.path else ""
    return f"{line_of(short(finding.focus, prefixes), _LONG)}{line_of(path) and f' {line_of(path)}'}{value}"
