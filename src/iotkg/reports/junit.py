"""JUnit's XML, as Jenkins, GitLab and others read it.

A suite for each shape or check that ran. Where nothing fails the run, it has one test, which passes and says how much
was looked at; else a test for each finding that does, since readers show but one failure of a test, and find a test
again by its class and name.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from typing import Final

from iotkg.findings import Finding
from iotkg.outcome import Outcome
from iotkg.reports.explanation import looked_at
from iotkg.reports.text import about, line
from iotkg.reports.wording import EVERYTHING, Group, by_run, message, rule_name, rules, short, unmatched, xml

_LONG: Final = 250
_RUN: Final = "iotkg validate"


def to_junit(outcome: Outcome, lang: str) -> str:
    """Write a suite for each shape and check, and one for what kept the run from being whole."""
    known = rules(outcome)
    root = ET.Element("testsuites", {"name": _RUN})
    whole = _whole(outcome, lang)
    if whole is not None:
        root.append(whole)
    for group in by_run(outcome):
        name = rule_name(known[group.shape], lang, outcome.prefixes)
        root.append(_suite(group, name, outcome, lang))
    for key in ("tests", "failures", "errors", "skipped"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    root.set("time", "0")
    ET.indent(root)
    written = ET.tostring(root, encoding="unicode", short_empty_elements=True)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{written}\n'


def _whole(outcome: Outcome, lang: str) -> ET.Element | None:
    """Give a suite of its own to shapes that had nothing to look at, and to a run that did not check everything."""
    faults = [*unmatched(outcome, lang), *(outcome.notes if outcome.partial else ())]
    told = () if outcome.partial else outcome.notes
    if not faults and not told and outcome.runs:
        return None
    cases = []
    for words in dict.fromkeys(faults):
        case = _case(_RUN, words)
        ET.SubElement(case, "error", {"message": xml(words), "type": "unchecked"}).text = xml(words)
        cases.append(case)
    if not cases:
        cases.append(_case(_RUN, outcome.engine))
        _say(cases[0], told)
    return _counted(_RUN, cases)


def _suite(group: Group, name: str, outcome: Outcome, lang: str) -> ET.Element:
    shape = short(group.shape, outcome.prefixes)
    failing = [one for one in group.findings if outcome.fails(one)]
    beside = [line(one, lang, outcome.prefixes) for one in group.findings if not outcome.fails(one)]
    run = group.run
    file, at = (run.file, run.line) if run else (None, None)
    nothing = run is not None and not run.focus and run.targets != (EVERYTHING,)
    if run is not None and not nothing:
        beside.insert(0, looked_at(run, lang))
    cases = list(_failures(failing, shape, outcome, lang))
    if not cases:
        case = _case(shape, name, file, at)
        if run is not None and nothing:
            ET.SubElement(case, "skipped", {"message": looked_at(run, lang)})
        _say(case, beside)
        cases.append(case)
        beside = []
    suite = _counted(shape if name == shape else f"{shape} {name}", cases)
    _say(suite, beside)
    return suite


def _failures(failing: Iterable[Finding], shape: str, outcome: Outcome, lang: str) -> Iterable[ET.Element]:
    """Give a test for each finding, all of different names."""
    used: set[str] = set()
    for one in failing:
        words = message(one, lang)
        name = f"{about(one, outcome.prefixes)}: {words}"[:_LONG]
        if name in used:
            name = f"{name} ({one.identity})"
        if name in used:
            name = f"{name} ({len(used)})"
        used.add(name)
        case = _case(shape, name, one.file, one.line)
        failure = ET.SubElement(case, "failure", {"message": xml(words), "type": one.severity.value})
        failure.text = xml(line(one, lang, outcome.prefixes))
        yield case


def _case(kind: str, name: str, file: str | None = None, at: int | None = None) -> ET.Element:
    case = ET.Element("testcase", {"classname": xml(kind), "name": xml(name), "time": "0"})
    if file:
        case.set("file", xml(file))
    if file and at:
        case.set("line", str(at))
    return case


def _counted(name: str, cases: list[ET.Element]) -> ET.Element:
    suite = ET.Element("testsuite", {"name": xml(name), "tests": str(len(cases)), "time": "0"})
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(key, str(sum(case.find(tag) is not None for case in cases)))
    suite.extend(cases)
    return suite


def _say(where: ET.Element, lines: Iterable[str]) -> None:
    text = "\n".join(lines)
    if text:
        ET.SubElement(where, "system-out").text = xml(text)
