"""What all reports share: words in a language, names of shapes and places, and text made safe to show."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

from iotkg.findings import Finding, Severity
from iotkg.identifiers import shorten, shortened
from iotkg.outcome import Outcome, Rule, ShapeRun

SEVERITIES: Final = {
    "en": {Severity.VIOLATION: "violation", Severity.WARNING: "warning", Severity.INFO: "info"},
    "zh": {Severity.VIOLATION: "违规", Severity.WARNING: "警告", Severity.INFO: "提示"},
}
"""What each severity is called."""
EVERYTHING: Final = "everything"
"""The target of a check, which looks at the whole graph."""
UNNAMED: Final = "unnamed-shape"
"""The rule of findings whose shape has no IRI, nor belongs to one that has: its label differs from run to run."""

_SPACE: Final = re.compile(r"\s+")
# Controls of terminals and of direction, and halves of characters, which no encoding has.
_UNSEEN: Final = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_NO_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_HTML: Final = re.compile(
    r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(17))
    + "]"
)
_TYPE: Final = re.compile(r'"\^\^<([^<>\s]+)>\Z')
_WHOLE: Final = re.compile(r"<([^<>\s]+)>")
_LETTERS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_KINDS: Final = {
    "class": "类 {}",
    "node": "节点 {}",
    "objects of": "{} 的取值",
    "subjects of": "有 {} 者",
}


def message(finding: Finding, lang: str) -> str:
    """Give the rule in a language, or in one that there is."""
    return said(finding.messages, lang) or {"en": "no message", "zh": "无说明"}[lang]


def said(words: Mapping[str, str], lang: str) -> str:
    """Give words in a language, else in one of its kind (zh-Hans for zh), else in English, else in any."""
    alike = (text for tag, text in words.items() if tag.lower().startswith(f"{lang}-"))
    return words.get(lang) or next(alike, "") or words.get("en") or next(iter(words.values()), "")


def short(value: str, prefixes: Mapping[str, str]) -> str:
    """Write an IRI as a prefixed name where a prefix of the files or of ours covers it; anything else as it is."""
    if value.startswith("_:"):
        return "[…]"
    if is_iri(value):
        return shortened(value, prefixes)
    return _TYPE.sub(lambda match: f'"^^{shortened(match[1], prefixes)}', value)


def prefixed(text: str, prefixes: Mapping[str, str]) -> str:
    """Write the IRIs in a text, each in its angle brackets, as the files write them."""
    return _WHOLE.sub(lambda match: shortened(match[1], prefixes), text)


def is_iri(value: str) -> bool:
    """Say whether what a finding holds is an IRI, and no literal, blank node or file."""
    return _LETTERS.match(value) is not None


def line_of(text: str, most: int = 0) -> str:
    """Make text one line that a terminal only shows: no control does anything; cut it where ``most`` is given."""
    safe = _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", _SPACE.sub(" ", text)).strip()
    return safe if not most or len(safe) <= most else f"{safe[: most - 1]}…"


def written(text: str) -> str:
    """Keep text as it is but for halves of characters, which cannot be encoded."""
    return text.encode("utf-8", "replace").decode("utf-8")


def xml(text: str) -> str:
    """Replace the characters that no XML 1.0 document may hold, however they are escaped."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def html(text: str) -> str:
    """Replace the characters that no HTML document may hold (WHATWG, Preprocessing the input stream)."""
    return _NO_HTML.sub("\N{REPLACEMENT CHARACTER}", text)


def uri(name: str) -> tuple[str, bool]:
    """Give the URI of a file as the run names it, and whether it is relative to the folder of the run."""
    path = Path(name)
    if path.is_absolute() or ".." in path.parts:
        return f"file://{quote(os.fsencode(os.path.abspath(name)))}", False  # noqa: PTH100 - links are kept
    return quote(os.fsencode(path.as_posix())), True


def aim(words: str, lang: str, prefixes: Mapping[str, str]) -> str:
    """Say what a shape is aimed at: ``class iotkg:Task``, 类 iotkg:Task."""
    words = prefixed(words, prefixes)
    if lang == "en":
        return "the whole graph" if words == EVERYTHING else words
    if words == EVERYTHING:
        return "全图"
    kind = next((kind for kind in _KINDS if words.startswith(f"{kind} ")), None)
    return words if kind is None else _KINDS[kind].format(words.removeprefix(f"{kind} "))


def unmatched(outcome: Outcome, lang: str) -> list[str]:
    """Say which shapes had nothing to look at, where that counts."""
    stated = [prefixed(words, outcome.prefixes) for words in outcome.empty]
    if lang == "en" or not stated:
        return stated
    if not outcome.runs:
        return ["没有任何形状有目标；未校验任何内容"]
    return [
        f"{short(run.shape, outcome.prefixes)} 的目标在数据中没有匹配："
        f"{'、'.join(aim(words, lang, outcome.prefixes) for words in run.targets)}"
        for run in outcome.runs
        if not run.focus and run.targets != (EVERYTHING,)
    ] or stated


def plural(number: int, singular: str) -> str:
    """Count something in English."""
    return f"{number} {singular}{'' if number == 1 else 's'}"


def counts(outcome: Outcome, lang: str) -> str:
    """Say how many violations and warnings there are."""
    number = Counter(one.severity for one in outcome.findings)
    gating = (Severity.VIOLATION, Severity.WARNING)
    if lang == "zh":
        return "，".join(f"{number[kind]} 项{SEVERITIES['zh'][kind]}" for kind in gating)
    return ", ".join(plural(number[kind], SEVERITIES["en"][kind]) for kind in gating)


def rule_key(shape: str) -> str:
    """Give the name that a rule goes by in every run."""
    return shape if is_iri(shape) else UNNAMED


def rules(outcome: Outcome) -> dict[str, Rule]:
    """Give every rule that the outcome speaks of, by key: those stated, and for others what their findings say."""
    found = {rule.shape: rule for rule in outcome.rules}
    for run in outcome.runs:
        key = rule_key(run.shape)
        if key not in found:
            found[key] = Rule(key, names=run.names, file=run.file, line=run.line)
    for one in outcome.findings:
        key = rule_key(one.shape)
        if key not in found:
            found[key] = Rule(key, messages=dict(one.messages), severity=one.severity)
    return found


def rule_name(rule: Rule, lang: str, prefixes: Mapping[str, str]) -> str:
    """Name a rule for people."""
    name = said(rule.names, lang)
    if not name and rule.shape == UNNAMED:
        return {"en": "Shape without a name", "zh": "未命名的形状"}[lang]
    return name or short(rule.shape, prefixes)


@dataclass(slots=True)
class Group:
    """A shape or check that ran, None for rules that are neither, with the findings that are its own."""

    shape: str
    run: ShapeRun | None
    findings: list[Finding] = field(default_factory=list)


def by_run(outcome: Outcome) -> list[Group]:
    """Sort findings under the runs that made them, each under one; what no run lists comes last."""
    groups = [Group(rule_key(run.shape), run) for run in outcome.runs]
    focus = [frozenset(run.focus) for run in outcome.runs]
    listing: dict[str, list[int]] = defaultdict(list)
    for number, run in enumerate(outcome.runs):
        for shape in run.shapes or (run.shape,):
            listing[shape].append(number)
    others: dict[str, Group] = {}
    for one in outcome.findings:
        shown = _shown(one.focus)
        mine = listing.get(one.shape, ())
        home = next((number for number in mine if shown in focus[number]), next(iter(mine), None))
        if home is not None:
            groups[home].findings.append(one)
        else:
            key = rule_key(one.shape)
            others.setdefault(key, Group(key, None)).findings.append(one)
    return [*groups, *others.values()]


def _shown(focus: str) -> str:
    """Write a finding's focus as runs write theirs."""
    if focus.startswith("_:"):
        return "[…]"
    return shorten(focus) if is_iri(focus) else focus


def gathered(findings: Sequence[Finding], lang: str) -> list[list[Finding]]:
    """Put together the infos that say the same of different things; everything else stands alone."""
    groups: dict[object, list[Finding]] = {}
    for one in findings:
        same = (one.shape, message(one, lang)) if one.severity is Severity.INFO else id(one)
        groups.setdefault(same, []).append(one)
    return list(groups.values())
