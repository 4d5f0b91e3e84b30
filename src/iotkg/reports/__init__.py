"""Reports of a validation, one module for each format; each writes the same findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from iotkg.outcome import Outcome
from iotkg.reports.github import to_github
from iotkg.reports.junit import to_junit
from iotkg.reports.page import to_html
from iotkg.reports.record import to_json
from iotkg.reports.sarif import to_sarif
from iotkg.reports.tabular import to_csv
from iotkg.reports.text import to_text
from iotkg.reports.turtle import to_turtle

Writer: TypeAlias = Callable[[Outcome, str], str]
"""Writes an outcome in a language, zh or en."""

FORMATS: Final[Mapping[str, Writer]] = {
    "text": to_text,
    "github": to_github,
    "sarif": to_sarif,
    "junit": to_junit,
    "json": to_json,
    "html": to_html,
    "csv": to_csv,
    "turtle": to_turtle,
}
"""Every format that ``iotkg validate`` writes, by name."""
