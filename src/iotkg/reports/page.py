"""One self-contained page of HTML: nothing is fetched, and its script only filters what can be read without it."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from typing import Any, Final

from iotkg.findings import Finding, Severity
from iotkg.outcome import Outcome
from iotkg.reports.explanation import found, looked_at
from iotkg.reports.wording import (
    SEVERITIES,
    aim,
    gathered,
    html,
    message,
    plural,
    prefixed,
    rule_key,
    rule_name,
    rules,
    said,
    short,
    unmatched,
    uri,
)

_LONG: Final = 240
"""How much of a value is shown before it is folded."""

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "title": "Validation report",
        "good": "Passed",
        "bad": "Failed",
        "nothing": "Nothing was found.",
        "unplaced": "In no file",
        "focus": "focus",
        "path": "path",
        "value": "value",
        "filter": "Show",
        "search": "Containing",
        "any": "every shape",
        "shape": "Shape",
        "shown": "shown",
        "ran": "What was checked",
        "target": "Target",
        "looked": "Looked at",
        "found": "Found",
        "times": "places",
        "more": "in full",
        "by": "Written by",
        "engine": "Engine",
        "files": "Files",
        "triples": "Triples",
        "link": "link to this finding",
    },
    "zh": {
        "title": "校验报告",
        "good": "通过",
        "bad": "未通过",
        "nothing": "未发现问题。",
        "unplaced": "不在任何文件中",
        "focus": "节点",
        "path": "路径",
        "value": "值",
        "filter": "显示",
        "search": "包含",
        "any": "全部形状",
        "shape": "形状",
        "shown": "项显示",
        "ran": "校验内容",
        "target": "目标",
        "looked": "校验范围",
        "found": "结果",
        "times": "处",
        "more": "全文",
        "by": "生成工具：",
        "engine": "引擎",
        "files": "文件",
        "triples": "三元组",
        "link": "本项链接",
    },
}


def to_html(outcome: Outcome, lang: str) -> str:
    """Write the page: the verdict, findings by file and line, then every shape and check with what it looked at."""
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - costs more than a run answered from the cache
    from markupsafe import Markup  # noqa: PLC0415 - likewise

    style, script = _inlined("page.css"), _inlined("page.js")
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: html(value) if type(value) is str else value,
    )
    return environment.from_string(_inlined("page.html")).render(
        lang=lang,
        words=_WORDS[lang],
        severities=SEVERITIES[lang],
        good=outcome.good,
        partial=outcome.partial,
        counts=_counts(outcome, lang),
        notes=[prefixed(words, outcome.prefixes) for words in outcome.notes],
        empty=unmatched(outcome, lang),
        sections=_sections(outcome, lang),
        rules=_found_rules(outcome, lang),
        runs=_runs(outcome, lang),
        engine=outcome.engine,
        files=len(outcome.files),
        triples=f"{outcome.triples:,}",
        version=version("iotkg"),
        style=Markup(style),  # noqa: S704 - ours
        script=Markup(script),  # noqa: S704 - ours
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _inlined(name: str) -> str:
    return (files("iotkg.reports") / name).read_text(encoding="utf-8").strip()


def _hash(text: str) -> str:
    """Name an inline script or style as a content security policy does."""
    return f"sha256-{b64encode(sha256(text.encode('utf-8')).digest()).decode('ascii')}"


def _counts(outcome: Outcome, lang: str) -> list[tuple[str, int, str]]:
    number = Counter(one.severity for one in outcome.findings)
    return [
        (
            severity.value,
            number[severity],
            _count_word(number[severity], severity, lang),
        )
        for severity in Severity
    ]


def _count_word(number: int, severity: Severity, lang: str) -> str:
    if lang == "zh":
        return f"项{SEVERITIES['zh'][severity]}"
    return plural(number, SEVERITIES["en"][severity]).partition(" ")[2]


def _sections(outcome: Outcome, lang: str) -> list[dict[str, Any]]:
    """Give findings by file, those in no file last, each file's in their order."""
    inside: dict[str, list[Finding]] = defaultdict(list)
    for one in outcome.findings:
        inside[one.file or ""].append(one)
    names = {key: rule_name(rule, lang, outcome.prefixes) for key, rule in rules(outcome).items()}
    return [
        {
            "file": file,
            "href": uri(file)[0] if file else "",
            "counts": [
                (kind, number, _count_word(number, Severity(kind), lang))
                for kind, number in _by_severity(inside[file])
            ],
            "cards": [
                _card(group, outcome, names, lang)
                for group in gathered(
                    sorted(inside[file], key=lambda one: (one.line or 0, one.column or 0)), lang
                )
            ],
        }
        for file in sorted(inside, key=lambda file: (not file, file))
    ]


def _by_severity(findings: list[Finding]) -> list[tuple[str, int]]:
    number = Counter(one.severity for one in findings)
    return [(severity.value, number[severity]) for severity in Severity if number[severity]]


def _card(group: list[Finding], outcome: Outcome, names: Mapping[str, str], lang: str) -> dict[str, Any]:
    one, key = group[0], rule_key(group[0].shape)
    shape = short(key, outcome.prefixes)
    value = short(one.value, outcome.prefixes) if one.value else ""
    return {
        "id": f"f-{one.identity}" if one.identity else "",
        "severity": one.severity.value,
        "rule": key,
        "name": names[key] if names[key] != shape else "",
        "shape": shape,
        "message": message(one, lang),
        "advice": one.advice.get(lang, ""),
        "path": one.path or "",
        "value": value,
        "cut": f"{value[: _LONG - 1]}…" if len(value) > _LONG else "",
        "places": [
            {
                "line": each.line,
                "column": each.column,
                "focus": short(each.focus, outcome.prefixes),
                "iri": each.focus,
            }
            for each in group
        ],
    }


def _found_rules(outcome: Outcome, lang: str) -> list[tuple[str, str]]:
    """Give the rules that found something, for the filter, by name."""
    known = rules(outcome)
    keys = {rule_key(one.shape) for one in outcome.findings}
    return sorted(
        ((key, rule_name(known[key], lang, outcome.prefixes)) for key in keys), key=lambda item: item[::-1]
    )


def _runs(outcome: Outcome, lang: str) -> list[dict[str, Any]]:
    return [
        {
            "shape": short(run.shape, outcome.prefixes),
            "name": said(run.names, lang),
            "targets": [aim(words, lang, outcome.prefixes) for words in run.targets],
            "looked": looked_at(run, lang),
            "found": found(run, lang),
            "bad": bool(run.results),
            "file": run.file or "",
            "line": run.line,
            "href": uri(run.file)[0] if run.file else "",
        }
        for run in outcome.runs
    ]
