"""The printed structure, found in the real text."""

from collections import Counter

import pytest

from iotkg.errors import InputError
from iotkg.source_text import parse, value_of

TASKS = [9, 7, 16, 14, 7, 7, 5, 25, 5, 15]
SAFEGUARDS = [0, 4, 4, 4, 3, 3, 4, 0, 3, 2]


@pytest.fixture(scope="module")
def text(inputs):
    return inputs.texts["iot-2013"]


@pytest.fixture(scope="module")
def units(text):
    return parse(text)


def test_the_text_holds_the_units_that_are_printed_in_it(units):
    assert Counter(unit.kind for unit in units) == {
        "plan-set": 1,
        "plan": 10,
        "section": 48,
        "group": 16,
        "task": 110,
        "safeguard": 27,
        "table": 10,
    }


@pytest.mark.parametrize(("kind", "numbers"), [("task", TASKS), ("safeguard", SAFEGUARDS)])
def test_each_plan_has_its_number_of(units, kind, numbers):
    plans, counts = -1, Counter()
    for unit in units:
        plans += unit.kind == "plan"
        counts[plans] += unit.kind == kind
    assert [counts[plan] for plan in range(10)] == numbers


def test_the_outline_reads_as_the_text_does(units, golden):
    depth = {}
    lines = []
    for position, unit in enumerate(units):
        depth[position] = 0 if unit.parent is None else depth[unit.parent] + 1
        printed = f"{unit.number or ''}{unit.title or '(no caption)'}"
        lines.append(
            f"{'  ' * depth[position]}{unit.kind} {unit.local or '-'} {unit.start}-{unit.end} {printed}\n"
        )
    golden("outline.txt", "".join(lines))


def test_each_character_belongs_to_exactly_one_own_text(text, units):
    """100 %: only white space stands outside, and no two own texts overlap."""
    owners = Counter(offset for unit in units for offset in range(unit.start, unit.own_end))
    assert set(owners.values()) == {1}
    assert {text[offset] for offset in range(len(text)) if offset not in owners} <= set(" \n\u00a0")


def test_a_unit_begins_with_its_printed_number_and_ends_before_white_space(text, units):
    for unit in units:
        opening = "具体分工与进度如下表所示" if unit.kind == "table" else f"{unit.number or ''}{unit.title}"
        assert text.startswith(opening, unit.start)
        assert not text[unit.end - 1].isspace()


def test_printed_numbers_are_read():
    assert [value_of(n) for n in ("1、", "16、", "（九）", "（十）", "（十三）", "二、", "（二十一）")] == [
        1,
        16,
        9,
        10,
        13,
        2,
        21,
    ]
    for wrong in ("（）", "（十十）", "x、", "（一二）"):
        with pytest.raises(InputError):
            value_of(wrong)


def test_a_text_without_plans_is_refused():
    with pytest.raises(InputError, match="is it the right file"):
        parse("物联网\n")


def test_a_missing_number_is_refused(text):
    """Numbers that do not run 1, 2, 3 … mean a lost unit."""
    with pytest.raises(InputError, match="printed numbers are （一）, （三）"):
        parse(text.replace("（二）加快研制基础共性标准", "加快研制基础共性标准"))
