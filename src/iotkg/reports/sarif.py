"""SARIF 2.1.0 (OASIS, Errata 01), as code scanning services and editors read it.

Columns count characters. Files are relative to SRCROOT, the folder that the run names them from.
"""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from typing import Any, Final

from iotkg.findings import Finding, Severity
from iotkg.outcome import Outcome, Rule
from iotkg.reports.text import about
from iotkg.reports.wording import (
    message,
    prefixed,
    rule_key,
    rule_name,
    rules,
    said,
    short,
    unmatched,
    uri,
    written,
)
from iotkg.vocab import BASE

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {Severity.VIOLATION: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_ROOT: Final = "SRCROOT"
_WEB_IRI: Final = re.compile(r"https?://[^\s<>\"{}|\\^`\x00-\x20]+\Z")
_WORDS: Final = {
    "en": {"shape": "Shape", "stands": "Stated in", "root": "The folder that files are named from"},
    "zh": {"shape": "形状", "stands": "出处", "root": "文件名所相对的目录"},
}


def to_sarif(outcome: Outcome, lang: str) -> str:
    """Write one run; every rule is listed, whether it found something or not."""
    known = rules(outcome)
    places = {key: number for number, key in enumerate(known)}
    run = {
        "tool": {"driver": _driver(outcome, known, lang)},
        "language": lang,
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": _WORDS[lang]["root"]}}},
        "invocations": [_invocation(outcome, lang)],
        "results": [_result(one, outcome, known, places, lang) for one in outcome.findings],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return written(json.dumps(log, ensure_ascii=False, indent=1)) + "\n"


def _driver(outcome: Outcome, known: dict[str, Rule], lang: str) -> dict[str, Any]:
    return {
        "name": "iotkg",
        "fullName": f"iotkg validate ({outcome.engine})",
        "version": version("iotkg"),
        "informationUri": BASE,
        "rules": [_rule(rule, outcome, lang) for rule in known.values()],
    }


def _rule(rule: Rule, outcome: Outcome, lang: str) -> dict[str, Any]:
    """Describe a rule: its name, what it says, where it stands and, where it has one, the page on it."""
    name = rule_name(rule, lang, outcome.prefixes)
    described = said(rule.descriptions, lang)
    full = prefixed(said(rule.messages, lang), outcome.prefixes) or described or name
    shape = short(rule.shape, outcome.prefixes)
    more = [described] if described and described != full else []
    places = [f"{_WORDS[lang]['shape']}: {shape}"]
    if rule.file:
        places.append(f"{_WORDS[lang]['stands']}: {rule.file}:{rule.line or 1}")
    stated = {
        "id": rule.shape,
        "name": name,
        "shortDescription": {"text": name},
        "fullDescription": {"text": full},
        "help": {"text": "\n\n".join([full, *more, "\n".join(places)])},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }
    if rule.help and _WEB_IRI.match(rule.help):
        stated["helpUri"] = rule.help
    return stated


def _invocation(outcome: Outcome, lang: str) -> dict[str, Any]:
    """Say whether the run was whole; what kept it from that is an error, other notes are notes."""
    told = [("note", words) for words in outcome.notes] if not outcome.partial else []
    faults = [*unmatched(outcome, lang), *(outcome.notes if outcome.partial else ())]
    return {
        "executionSuccessful": not (outcome.partial or outcome.empty),
        "toolExecutionNotifications": [
            {"level": level, "message": {"text": prefixed(words, outcome.prefixes)}}
            for level, words in [*(("error", words) for words in faults), *told]
        ],
    }


def _result(
    one: Finding, outcome: Outcome, known: dict[str, Rule], places: dict[str, int], lang: str
) -> dict[str, Any]:
    key = rule_key(one.shape)
    advice = one.advice.get(lang)
    words = f"{message(one, lang)}: {about(one, outcome.prefixes)}"
    found = {
        "ruleId": key,
        "ruleIndex": places[key],
        "level": _LEVELS[one.severity],
        "message": {"text": f"{words}\n{advice}" if advice else words},
        "locations": [_location(one, known[key], outcome)],
        "properties": {
            name: value
            for name, value in (
                ("focus", one.focus),
                ("path", one.path),
                ("value", one.value),
                ("component", one.component),
            )
            if value
        },
    }
    if one.identity:
        found["partialFingerprints"] = {"iotkg/v1": one.identity}
    return found


def _location(one: Finding, rule: Rule, outcome: Outcome) -> dict[str, Any]:
    """Say where a finding stands; one that no file speaks of is at its rule, for services refuse results of no file."""
    logical = {
        "fullyQualifiedName": one.focus,
        "name": short(one.focus, outcome.prefixes),
        "kind": "resource",
    }
    location: dict[str, Any] = {"logicalLocations": [logical]} if one.focus else {}
    file, line, column = (one.file, one.line, one.column) if one.file else (rule.file, rule.line, None)
    if file is None:
        return location
    address, relative = uri(file)
    physical: dict[str, Any] = {
        "artifactLocation": {"uri": address} | ({"uriBaseId": _ROOT} if relative else {})
    }
    if line:
        physical["region"] = {"startLine": line} | ({"startColumn": column} if column else {})
    return {"physicalLocation": physical} | location
