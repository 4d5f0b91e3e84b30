"""The printed structure of a plan set, found in its text.

Pure: text in, units with offsets out. The text is read by number patterns and not by lines, since items share
a line, a heading is glued to a table's caption, and a line breaks inside a word. Nothing is normalised: offsets
are Unicode code points of the text as it is, half open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from iotkg.errors import InputError

_PLAN = re.compile(r"^(?P<title>\S+专项行动计划)\s*（\d{4}-\d{4}\s*年[）)]", re.MULTILINE)
_SECTIONS = {
    "指导思想": ("ideology", "guiding-ideology"),
    "总体目标": ("goal", "overall-goal"),
    "重点任务": ("tasks", "key-tasks"),
    "分工与进度": ("schedule", "division-and-schedule"),
    "保障措施": ("safeguards", "safeguards"),
}
_SECTION = re.compile(rf"(?P<number>[一二三四五]、)(?P<title>{'|'.join(_SECTIONS)})")
_BRACKETED = re.compile(r"^(?P<number>（[一二三四五六七八九十]+）)(?P<title>[^。\n]+)", re.MULTILINE)
_ITEM = re.compile(r"(?:^|(?<=[\s。]))(?P<number>(?P<value>\d+)、)(?P<title>[^。\n]+)", re.MULTILINE)
_CONTENTS = re.compile(r"^(?P<title>\S+专项行动计划) *\.{3,} *(?P<page>\d+)", re.MULTILINE)
_CAPTION = re.compile(r"重点任务分工与进度表")
_ANNOUNCEMENT = re.compile(r"具体分工与进度如下表所示")
_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """One piece of the text: the plan set, a plan, section, group, task, safeguard or table.

    ``local`` is the last part of its key (``7``, ``g1``, ``goal``); ``parent`` an index into the list of units;
    [start, end) its span without the white space behind it, ``own_end`` where its first child starts,
    ``contents`` where the table of contents prints a plan's page.
    """

    kind: str
    local: str
    number: str | None
    title: str | None
    start: int
    end: int
    own_end: int = 0
    parent: int | None = None
    ordinal: int = 1
    section_type: str | None = None
    contents: tuple[int, int] | None = None


@dataclass(slots=True)
class _Draft:
    """A unit and those below it, while the tree is being read."""

    unit: Unit
    children: list[_Draft] = field(default_factory=list)


def value_of(number: str) -> int:
    """Read a printed number: ``16、``, ``（十三）`` or ``二、``.

    Raises: InputError when it is none.
    """
    text = number.strip("（）、")
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.partition("十")
    digits = ([tens] if tens else []) + ([ones] if ones else [])
    if not text or any(digit not in _DIGITS for digit in digits if digit) or (not ten and len(text) != 1):
        raise InputError(f"{number!r} is no printed number")
    if not ten:
        return _DIGITS.index(text)
    return (_DIGITS.index(tens) if tens else 1) * 10 + (_DIGITS.index(ones) if ones else 0)


def parse(text: str) -> list[Unit]:
    """Find every unit of a plan set, in the order of the text, each before its children.

    Raises: InputError when the text holds no plan, or a plan's printed numbers are not 1, 2, 3 ….
    """
    titles = list(_PLAN.finditer(text))
    if len(titles) < 2 or titles[0].start() != 0:  # noqa: PLR2004 - a set's title and at least one plan
        raise InputError(
            "the text has no title line and plans of the form …专项行动计划 （2013-2015 年）; is it the right file?"
        )
    root = _Draft(_unit("plan-set", "", titles[0], len(text)))
    contents = {match["title"]: match.span("page") for match in _CONTENTS.finditer(text)}
    for match, until in _spans(titles[1:], len(text)):
        plan = _Draft(replace(_unit("plan", "", match, until), contents=contents.get(match["title"])))
        plan.children = list(_sections(text, match.end(), until))
        root.children.append(plan)
    units: list[Unit] = []
    _flatten(root, None, text, units)
    return units


def _unit(kind: str, local: str, match: re.Match[str], until: int) -> Unit:
    number = match.groupdict().get("number")
    return Unit(kind=kind, local=local, number=number, title=match["title"], start=match.start(), end=until)


def _spans(matches: list[re.Match[str]], until: int) -> Iterator[tuple[re.Match[str], int]]:
    """Pair each heading with the start of the next one."""
    ends = [following.start() for _, following in pairwise(matches)]
    return zip(matches, [*ends, until], strict=True) if matches else iter(())


def _sections(text: str, start: int, until: int) -> Iterator[_Draft]:
    found = list(_SECTION.finditer(text, start, until))
    _require_run([match["number"] for match in found], text, start)
    for match, end in _spans(found, until):
        local, kind = _SECTIONS[match["title"]]
        section = _Draft(replace(_unit("section", local, match, end), section_type=kind))
        match_kind = {"tasks": _tasks, "schedule": _table, "safeguards": _safeguards}.get(local)
        if match_kind:
            section.children = list(match_kind(text, match.end(), end))
        yield section


def _tasks(text: str, start: int, until: int) -> Iterator[_Draft]:
    """Read the groups and tasks of 重点任务; a bracketed heading without numbered items is itself a task."""
    headings = list(_BRACKETED.finditer(text, start, until))
    _require_run([match["number"] for match in headings], text, start)
    items = list(_running_items(text, start, until))
    for match, end in _spans(headings, until):
        value = value_of(match["number"])
        below = [item for item in items if match.start() < item.start() < end]
        if below:
            group = _Draft(_unit("group", f"g{value}", match, end))
            group.children = [
                _Draft(_unit("task", item["value"], item, item_end)) for item, item_end in _spans(below, end)
            ]
            yield group
        else:
            local = f"g{value}" if items else str(value)
            yield _Draft(_unit("task", local, match, end))


def _running_items(text: str, start: int, until: int) -> Iterator[re.Match[str]]:
    """Find 1、 2、 3、 …: the numbers run on across the groups of a plan, so a stray number is no item."""
    expected = 1
    for match in _ITEM.finditer(text, start, until):
        if int(match["value"]) == expected:
            yield match
            expected += 1


def _safeguards(text: str, start: int, until: int) -> Iterator[_Draft]:
    headings = list(_BRACKETED.finditer(text, start, until))
    _require_run([match["number"] for match in headings], text, start)
    for match, end in _spans(headings, until):
        yield _Draft(_unit("safeguard", f"s{value_of(match['number'])}", match, end))


def _table(text: str, start: int, until: int) -> Iterator[_Draft]:
    """Find the announcement of the table, and its caption where one is printed."""
    announced = _ANNOUNCEMENT.search(text, start, until)
    if announced:
        caption = _CAPTION.search(text, announced.end(), until)
        title = caption.group() if caption else None
        yield _Draft(
            Unit(kind="table", local="table", number=None, title=title, start=announced.start(), end=until)
        )


def _require_run(numbers: list[str], text: str, start: int) -> None:
    values = [value_of(number) for number in numbers]
    if values != list(range(1, len(values) + 1)):
        line = text.count("\n", 0, start) + 1
        raise InputError(f"below line {line} of the source text the printed numbers are {', '.join(numbers)}")


def _flatten(draft: _Draft, parent: int | None, text: str, units: list[Unit], ordinal: int = 1) -> None:
    start = draft.unit.start
    end = start + len(text[start : draft.unit.end].rstrip())
    own_end = draft.children[0].unit.start if draft.children else end
    index = len(units)
    units.append(replace(draft.unit, end=end, own_end=own_end, parent=parent, ordinal=ordinal))
    for position, child in enumerate(draft.children, 1):
        _flatten(child, index, text, units, position)
