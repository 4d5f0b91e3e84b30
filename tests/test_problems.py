"""Faults that the text shows are values: they read as one line, and know the statement at fault."""

from __future__ import annotations

import re

import pytest

import cases
from iotkg.errors import QuoteError
from iotkg.problems import CHECKS, STAGES, Problem, both, placed
from iotkg.vocab import IOTKG, term

SUBJECT = term("task:a")
MODULES = ("accounting", "document", "evidence", "exceptions", "labels")


def test_a_problem_reads_as_its_place_and_its_words():
    problem = Problem(kind="quote-not-found", messages=both("no such words", "没有这样的文字"))

    assert str(problem) == "no such words"
    (whole,) = placed([problem], "data/x.ttl:7", SUBJECT)
    assert str(whole) == "data/x.ttl:7: no such words"
    assert whole.subject == SUBJECT


def test_an_error_lists_its_problems_in_order():
    problems = [
        Problem(kind="quote-not-found", messages=both(words, words), place=place, path=IOTKG.quote)
        for place, words in (("b.ttl:1", "x"), ("a.ttl:9", "z"), ("a.ttl:9", "y"))
    ]

    error = QuoteError(problems)

    assert str(error) == "a.ttl:9: y\na.ttl:9: z\nb.ttl:1: x"
    assert [one.place for one in error.problems] == ["a.ttl:9", "a.ttl:9", "b.ttl:1"]


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_has_a_name_in_both_languages_and_a_stage(name):
    check = CHECKS[name]

    assert check.stage in STAGES
    assert re.search(r"[一-鿿]", check.names["zh"])
    assert check.names["en"].isascii() or "《》" in check.names["en"]


def test_the_checks_of_the_build_are_those_that_are_named():
    """A kind that the code made up, or one that no code uses, would be told of wrongly."""
    texts = [(cases.ROOT / "src" / "iotkg" / f"{name}.py").read_text(encoding="utf-8") for name in MODULES]
    used = {name for text in texts for name in re.findall(r'kind="([a-z-]+)"', text)}
    used |= {name for text in texts for name in re.findall(r'"(quote-[a-z-]+)" if elsewhere', text)}
    used |= {name for text in texts for name in re.findall(r'else "(quote-[a-z-]+)"', text)}
    used |= {f"{what}-unaccounted" for what in ("numeral", "title", "watched-words")}

    assert used == set(CHECKS)


def test_stages_stand_in_the_order_in_which_they_run():
    assert [check.stage for check in CHECKS.values()] == sorted(
        (check.stage for check in CHECKS.values()), key=STAGES.index
    )
