"""Workflow commands of GitHub Actions: annotations at the lines of a change.

Source: GitHub, "Workflow commands for GitHub Actions", and the escaping of actions/toolkit (core/src/command.ts).
"""

from __future__ import annotations

from typing import Final

from iotkg.findings import Finding, Severity
from iotkg.outcome import Outcome, Rule
from iotkg.reports.text import about
from iotkg.reports.wording import (
    counts,
    gathered,
    line_of,
    message,
    prefixed,
    rule_key,
    rule_name,
    rules,
    short,
    unmatched,
    written,
)

_COMMANDS: Final = {Severity.VIOLATION: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_TOOL: Final = "iotkg validate"
_BREAK: Final = "\n"
_LONG: Final = 200
"""How much of a title is shown."""


def to_github(outcome: Outcome, lang: str) -> str:
    """Write an annotation for each finding, worst first; infos that say the same are one, at the first place."""
    known = rules(outcome)
    groups = gathered(outcome.findings, lang)
    lines = [_annotation(group, outcome, known[rule_key(group[0].shape)], lang) for group in groups]
    told = "warning" if outcome.partial else "notice"
    lines += [_command(told, {"title": _TOOL}, prefixed(words, outcome.prefixes)) for words in outcome.notes]
    lines += [_command("error", {"title": _TOOL}, words) for words in unmatched(outcome, lang)]
    lines.append(counts(outcome, lang))
    return "\n".join(lines) + "\n"


def _annotation(group: list[Finding], outcome: Outcome, rule: Rule, lang: str) -> str:
    """Write a finding, or several infos as one."""
    one = group[0]
    shape, name = short(rule.shape, outcome.prefixes), rule_name(rule, lang, outcome.prefixes)
    properties = {"title": shape if name == shape else f"{name} ({shape})"}
    if one.file:
        place = {"line": one.line, "col": one.column}
        properties = {
            "file": one.file,
            **{key: str(number) for key, number in place.items() if number},
            **properties,
        }
    words = f"{message(one, lang)}: {about(one, outcome.prefixes)}"
    if len(group) > 1:
        words = f"{len(group)} × {message(one, lang)}"
    advice = one.advice.get(lang)
    return _command(_COMMANDS[one.severity], properties, f"{words}\n{advice}" if advice else words)


def _command(name: str, properties: dict[str, str], words: str) -> str:
    """Write a command; the runner ends it at the line's end and its properties at commas and colons."""
    stated = []
    for key, value in properties.items():
        text = written(value) if key == "file" else line_of(value, _LONG)
        stated.append(f"{key}={_escaped(text).replace(':', '%3A').replace(',', '%2C')}")
    lines = [safe for part in words.split("\n") if (safe := line_of(part))] or [
        "-"
    ]  # none is shown without words
    return f"::{name} {','.join(stated)}::{_escaped(_BREAK.join(lines))}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
