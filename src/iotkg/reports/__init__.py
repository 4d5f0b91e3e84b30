"""Reports of a validation, one module for each format; each writes the same findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final, TypeAlias

from iotkg.outcome import Outcome

Writer: TypeAlias = Callable[[Outcome, str], str]
"""Writes an outcome in a language, zh or en."""


def _later(module: str, name: str) -> Writer:
    """Give a writer that is loaded when it first writes: a run needs one or two of them."""

    def write(outcome: Outcome, lang: str) -> str:
        writer: Writer = getattr(import_module(f"iotkg.reports.{module}"), name)
        return writer(outcome, lang)

    return write


FORMATS: Final[Mapping[str, Writer]] = {
    "text": _later("text", "to_text"),
    "github": _later("github", "to_github"),
    "sarif": _later("sarif", "to_sarif"),
    "junit": _later("junit", "to_junit"),
    "json": _later("record", "to_json"),
    "html": _later("page", "to_html"),
    "csv": _later("tabular", "to_csv"),
    "turtle": _later("turtle", "to_turtle"),
}
"""Every format that ``iotkg validate`` writes, by name."""
