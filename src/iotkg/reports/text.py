"""The report for the eye: a line for each finding as compilers write it, then the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from iotkg.findings import Finding, Severity
from iotkg.identifiers import shortened
from iotkg.outcome import Outcome

_WORDS = {
    "en": {"violation": "violation", "warning": "warning", "info": "info"},
    "zh": {"violation": "违规", "warning": "警告", "info": "提示"},
}


def to_text(outcome: Outcome, lang: str) -> str:
    """Write findings, worst first; those of severity info are counted by what they say."""
    names = outcome.prefixes
    lines = [line(one, lang, names) for one in outcome.findings if one.severity is not Severity.INFO]
    told = Counter(
        (one.shape, message(one, lang)) for one in outcome.findings if one.severity is Severity.INFO
    )
    name = _WORDS[lang]["info"]
    lines += [
        f"{name}: {count} × {words} ({short(shape, names)})" for (shape, words), count in sorted(told.items())
    ]
    lines.append(counts(outcome, lang))
    return "\n".join(lines) + "\n"


def counts(outcome: Outcome, lang: str) -> str:
    """Say how many violations and warnings there are."""
    number = Counter(one.severity.value for one in outcome.findings)
    if lang == "zh":
        return f"{number['violation']} 项违规，{number['warning']} 项警告"
    return ", ".join(
        f"{number[name]} {name}{'' if number[name] == 1 else 's'}" for name in ("violation", "warning")
    )


def line(finding: Finding, lang: str, prefixes: Mapping[str, str] | None = None) -> str:
    """Write a finding: place, severity, rule, focus, path and value, shape; then advice."""
    names = prefixes or {}
    place = f"{finding.file or '-'}:{finding.line or 0}:{finding.column or 0}"
    value = f" [{short(finding.value, names)}]" if finding.value else ""
    path = f" {finding.path}" if finding.path else ""
    first = (
        f"{place}: {_WORDS[lang][finding.severity.value]}: {message(finding, lang)}: "
        f"{short(finding.focus, names)}{path}{value} ({short(finding.shape, names)})"
    )
    advice = finding.advice.get(lang)
    return f"{first}\n    {advice}" if advice else first


def message(finding: Finding, lang: str) -> str:
    """Give the rule in a language, or in one that there is."""
    return finding.messages.get(lang) or next(iter(finding.messages.values()), "no message")


def short(value: str, prefixes: Mapping[str, str]) -> str:
    """Write an IRI as a prefixed name where a prefix of the files or of ours covers it; anything else as it is."""
    if value.startswith("_:"):
        return "[…]"
    return value if value.startswith('"') or ":" not in value else shortened(value, prefixes)
