"""Each defect seeded into the real data is found by the rule meant for it, in its place; every rule has a defect."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest

import cases
import mutations
from iotkg import inspecting
from iotkg.problems import CHECKS
from iotkg.vocab import CHECK, term

SHAPES = frozenset().union(*(cases.parsed(path) for path in (cases.ROOT / "shapes").glob("*.ttl")))
COPIES = mutations.copies()
CALENDAR = ("written", "calendar")
"""A day in no calendar cannot be compared: SHACL calls that a violation of sh:lessThanOrEquals, pySHACL passes it."""
CHECKED = [key for key in COPIES if key[0] != "read"]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """Check each copy once, when the first of its defects is asked for."""

    @cache
    def of(key, engine="shifty"):
        folder = tmp_path_factory.mktemp("copy")
        found = mutations.run(folder / "checkout", key[0], COPIES[key], engine)
        return {verdict.defect.name: verdict for verdict in found}

    return of


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "name"),
    [(key, defect.name) for key, seeded in COPIES.items() for defect in seeded],
    ids=lambda part: part if isinstance(part, str) else part[0],
)
def test_every_defect_is_found_by_its_rule_where_it_stands(verdicts, key, name):
    verdict = verdicts(key)[name]

    assert verdict.found, f"{verdict.defect.expect} says nothing of it"
    assert verdict.wanted in verdict.places
    assert not verdict.defect.says or any(verdict.defect.says in words for words in verdict.words)


@pytest.mark.slow
@pytest.mark.parametrize("key", CHECKED, ids=lambda key: "-".join(part for part in key if part))
def test_pyshacl_finds_the_same(tmp_path, key):
    """The engine of record and the quick one agree on everything that is found in a copy, in place and words."""
    found = {}
    for engine in ("shifty", "pyshacl"):
        _, findings = mutations.found_in(tmp_path / engine, key[0], COPIES[key], engine)
        found[engine] = {
            (one.shape, one.focus, one.path, one.value, one.severity, one.file, one.line, one.column)
            for one in findings
            if not (key == CALENDAR and "LessThan" in one.component)
        }

    assert found["pyshacl"]
    assert found["shifty"] == found["pyshacl"]


@pytest.mark.slow
def test_what_the_text_says_is_reported_as_what_shapes_say(tmp_path):
    """Findings of the text have a rule, a focus, both languages and a place; stages that did not run are not listed."""
    layout = mutations.checkout(tmp_path / "checkout", COPIES["quotes", ""])

    outcome = inspecting.inspect(inspecting.Request(start=layout.root, cached=False)).outcome

    said = [one for one in outcome.findings if one.shape.startswith(CHECK)]
    assert {one.shape.removeprefix(CHECK) for one in said} == {
        defect.expect.removeprefix("check:") for defect in COPIES["quotes", ""]
    }
    assert all(sorted(one.messages) == ["en", "zh"] and one.file and one.line for one in said)
    assert len({one.identity for one in said}) == len(said)
    assert {run.shape for run in outcome.runs if run.shape.startswith(CHECK)} == {
        CHECK + name for name, check in CHECKS.items() if check.stage in ("tree", "quotes")
    }
    assert sum(run.results for run in outcome.runs if run.shape.startswith(CHECK)) == len(said)
    assert any("does not fit the text" in note for note in outcome.notes)
    assert ox.parse(outcome.report(), format=ox.RdfFormat.N_TRIPLES)


def test_there_are_many_different_defects():
    names = Counter(defect.name for defect in mutations.defects())
    edits = Counter(
        (one.file, one.subject, one.old, one.new, tuple(one.drops), one.adds) for one in mutations.defects()
    )

    assert len(names) >= 200
    assert max(names.values()) == max(edits.values()) == 1


def rules():
    """Name every property shape that findings name, every check and every check of the text."""
    phased = {triple.subject for triple in SHAPES if triple.predicate == term("iotsh:phase")}
    yield from {
        f"iotsh:{triple.object.value.rpartition('#')[2]}"
        for triple in SHAPES
        if triple.subject in phased and triple.predicate == term("sh:property")
    }
    yield from (f"query:{path.stem}" for path in (cases.ROOT / "queries" / "checks").glob("*.rq"))
    yield from (f"check:{name}" for name in CHECKS)


@pytest.mark.parametrize("rule", sorted(rules()))
def test_every_rule_finds_a_defect(rule):
    """A rule that no defect of the real data can trip is not tested on it."""
    assert any(defect.expect == rule for defect in mutations.defects())


def test_a_defect_that_nothing_finds_is_missed(tmp_path):
    """The suite itself notices: the same edit, held against another rule."""
    (defect, *_) = mutations.defects()[-1:]
    layout = mutations.checkout(tmp_path / "checkout", [])

    verdict = mutations.verdict(layout, defect, [], "shifty")

    assert not verdict.found
    assert not verdict.right


def test_an_edit_that_matches_nothing_is_refused():
    """An edit that the data outgrew would seed nothing."""
    defect = mutations.Defect(name="x", stage="written", subject="a:b", old="iotkg:role", new="")

    with pytest.raises(AssertionError, match="stands 0 times"):
        mutations.edited("a:b\n  a iotkg:Task ;\n.\n", defect)
    with pytest.raises(AssertionError, match="a:c is not there"):
        mutations.block("a:b\n.\n", "a:c")


def test_places_are_counted_in_the_copy(tmp_path):
    layout = mutations.checkout(tmp_path / "checkout", [])
    path = layout.root / "data" / "x.ttl"
    path.write_text('# x\n\ntask:a\n  a iotkg:Task ;\n  iotkg:quote "q" ;\n.\n', encoding="utf-8")
    block = mutations.Defect(name="x", stage="written", file="data/x.ttl", subject="task:a", at="block")
    line = mutations.Defect(name="x", stage="written", file="data/x.ttl", subject="task:a", at="iotkg:quote")

    assert mutations.wanted(layout, block) == mutations.Place("data/x.ttl", 3, 1)
    assert mutations.wanted(layout, line) == mutations.Place("data/x.ttl", 5, 15)
    assert isinstance(layout.root, Path)
