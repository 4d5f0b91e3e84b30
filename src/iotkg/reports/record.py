"""The report for programs: everything a finding has, in both languages; report.schema.json describes it."""

from __future__ import annotations

import json
from collections import Counter
from importlib.metadata import version
from typing import Any, Final

from iotkg.findings import Severity
from iotkg.outcome import Outcome
from iotkg.reports.wording import rule_key, rules, written

VERSION: Final = 1
"""Grows when something is taken away or changes its meaning, and not when something is added."""


def to_json(outcome: Outcome, lang: str) -> str:  # noqa: ARG001 - a record has all languages
    """Write the whole outcome but for the nodes that shapes looked at, which it counts."""
    number = Counter(one.severity for one in outcome.findings)
    record: dict[str, Any] = {
        "version": VERSION,
        "tool": {"name": "iotkg", "version": version("iotkg"), "engine": outcome.engine},
        "summary": {
            "good": outcome.good,
            "conforms": not outcome.findings,
            "failOn": outcome.threshold.value,
            "counts": {severity.value: number[severity] for severity in Severity},
            "files": len(outcome.files),
            "triples": outcome.triples,
        },
        "notes": list(outcome.notes),
        "unmatched": list(outcome.empty),
        "findings": [
            {
                "id": one.identity,
                "severity": one.severity.value,
                "rule": rule_key(one.shape),
                "focus": one.focus,
                "path": one.path,
                "value": one.value,
                "component": one.component,
                "messages": dict(one.messages),
                "advice": dict(one.advice),
                "file": one.file,
                "line": one.line,
                "column": one.column,
            }
            for one in outcome.findings
        ],
        "rules": {
            key: {
                "names": dict(rule.names),
                "messages": dict(rule.messages),
                "descriptions": dict(rule.descriptions),
                "severity": rule.severity.value,
                "help": rule.help,
                "file": rule.file,
                "line": rule.line,
            }
            for key, rule in rules(outcome).items()
        },
        "runs": [
            {
                "rule": rule_key(run.shape),
                "targets": list(run.targets),
                "focusNodes": len(run.focus),
                "findings": run.results,
            }
            for run in outcome.runs
        ],
        "files": list(outcome.files),
        "prefixes": dict(outcome.prefixes),
    }
    return written(json.dumps(record, ensure_ascii=False, indent=1)) + "\n"
