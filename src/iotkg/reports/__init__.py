"""Reports of a validation, one module for each family of formats; each writes the same findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from iotkg.outcome import Outcome
from iotkg.reports.text import to_text
from iotkg.reports.turtle import to_turtle

Writer: TypeAlias = Callable[[Outcome, str], str]
"""Writes an outcome in a language, zh or en."""

FORMATS: Final[Mapping[str, Writer]] = {
    "text": to_text,
    "turtle": to_turtle,
}
"""Every format that ``iotkg validate`` writes, by name."""
