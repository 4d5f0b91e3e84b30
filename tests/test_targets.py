"""The quantities of the text: their numbers are those that are printed."""

import re
from collections import Counter

import pytest

from iotkg.source_text import value_of

SELECT = """
PREFIX iotkg: <https://w3id.org/iotkg/ontology#>
SELECT ?target ?kind ?verbatim ?min ?max ?nominal WHERE {
  ?target a iotkg:Target ; iotkg:valueKind ?kind ; iotkg:verbatim ?verbatim .
  OPTIONAL { ?target iotkg:minValue ?min } OPTIONAL { ?target iotkg:maxValue ?max }
  OPTIONAL { ?target iotkg:nominalValue ?nominal }
}"""
SEVERAL = {"数千": 1_000, "数万": 10_000, "数十万": 100_000}


@pytest.fixture(scope="module")
def targets(store):
    names = ("target", "kind", "verbatim", "min", "max", "nominal")
    return [{name: row[name].value if row[name] else None for name in names} for row in store.query(SELECT)]


def printed(verbatim):
    """Read the numbers of an expression: 2-3 个, 1 万户以上, 十三个, 数千名."""
    several = re.match("数[十百千万]+", verbatim)
    if several:
        return [SEVERAL[several.group()]]
    digits = [int(number) for number in re.findall(r"\d+", verbatim)]
    if digits:
        return [number * (10_000 if "万" in verbatim else 1) for number in digits]
    chinese = re.match("[一二三四五六七八九十]+(?=个)", verbatim)
    return [value_of(f"（{chinese.group()}）")] if chinese else []


def test_there_are_so_many_of_each_kind(targets):
    assert Counter(target["kind"].rpartition("/")[2] for target in targets) == {
        "indefinite": 34,
        "range": 12,
        "exact": 9,
        "directional": 4,
        "at-least": 3,
        "order-of-magnitude": 3,
        "approximate": 2,
    }


def test_the_numbers_are_those_that_are_printed(targets):
    """以上 has a floor, 左右 a nominal value, 一批 no number: each number printed is used, and no other."""
    for target in targets:
        used = [int(target[name]) for name in ("min", "max", "nominal") if target[name] is not None]
        assert sorted(set(used)) == sorted(set(printed(target["verbatim"]))), target


def test_each_industry_has_a_target_of_its_own_and_there_is_no_total(targets):
    keys = [target["target"].rpartition("/")[2] for target in targets]
    assert sum(key.startswith("iot-2013_application_1_") for key in keys) == 5
