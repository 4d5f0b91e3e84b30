"""Findings are values in one total order, read from a report and the shapes it speaks of."""

from __future__ import annotations

import random

import pyoxigraph as ox
import pytest

from iotkg.findings import Finding, Severity, fill, parse_report, plain, shown

HEAD = """
@prefix : <https://w3id.org/iotkg/shapes#> .
@prefix iotkg: <https://w3id.org/iotkg/ontology#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix task: <https://w3id.org/iotkg/id/task/> .
"""
SHAPES = """
:Task-owner a sh:PropertyShape ; sh:message "No owner"@en , "没有责任主体"@zh .
:Task-words a sh:NodeShape ; sh:message "{?value} of {$this}"@en , "{$this}的{?value}"@zh .
"""


def parsed(text):
    return [quad.triple for quad in ox.parse(HEAD + text, format=ox.RdfFormat.TURTLE)]


def report(**more):
    """Write a report of one result."""
    stated = {
        "focusNode": "task:a",
        "sourceShape": ":Task-owner",
        "resultSeverity": "sh:Violation",
        "sourceConstraintComponent": "sh:MinCountConstraintComponent",
        **more,
    }
    return (
        "[] a sh:ValidationReport ; sh:result [ "
        + " ; ".join(f"sh:{k} {v}" for k, v in stated.items())
        + " ] ."
    )


def finding(**more):
    stated = {
        "severity": Severity.VIOLATION,
        "shape": "s",
        "focus": "f",
        "component": "c",
        "messages": {"en": "m"},
    }
    return Finding(**(stated | more))


def test_a_result_becomes_a_finding_with_the_messages_of_its_shape():
    """Both languages come from the shape; IRIs are bare."""
    (found,) = parse_report(parsed(report()), parsed(SHAPES))

    assert found == Finding(
        severity=Severity.VIOLATION,
        shape="https://w3id.org/iotkg/shapes#Task-owner",
        focus="https://w3id.org/iotkg/id/task/a",
        component="http://www.w3.org/ns/shacl#MinCountConstraintComponent",
        messages={"en": "No owner", "zh": "没有责任主体"},
    )


def test_messages_without_language_are_replaced_by_those_of_the_shape():
    """What sh:sparql says comes filled and without language from pySHACL: the shape still has both."""
    text = report(sourceShape=":Task-words", resultMessage='"3 of task:a"', value="3")

    (found,) = parse_report(parsed(text), parsed(SHAPES))

    assert found.messages == {"en": "3 of task:a", "zh": "task:a的3"}


def test_messages_of_a_constraint_come_before_those_of_its_shape():
    """A sh:sparql constraint may state its own message."""
    shapes = SHAPES + ':words sh:message "own"@en .'

    (found,) = parse_report(parsed(report(sourceConstraint=":words")), parsed(shapes))

    assert found.messages["en"] == "own"


def test_a_shape_without_message_leaves_the_engines_words():
    """They count as English."""
    (found,) = parse_report(
        parsed(report(sourceShape=":Other", resultMessage='"Less than 1"')), parsed(SHAPES)
    )

    assert found.messages == {}
    assert found.terms.said == {"en": "Less than 1"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("iotkg:actor", "iotkg:actor"),
        ("[ sh:inversePath iotkg:appliesTo ]", "^iotkg:appliesTo"),
        ("( iotkg:role iotkg:owning )", "iotkg:role/iotkg:owning"),
        ("( [ sh:inversePath iotkg:appliesTo ] iotkg:role )", "^iotkg:appliesTo/iotkg:role"),
        ("[ sh:alternativePath ( iotkg:cites iotkg:mentions ) ]", "iotkg:cites|iotkg:mentions"),
        ("[ sh:zeroOrMorePath iotkg:partOf ]", "iotkg:partOf*"),
        ("[ sh:oneOrMorePath ( iotkg:a iotkg:b ) ]", "(iotkg:a/iotkg:b)+"),
        ("[ sh:zeroOrOnePath [ sh:alternativePath ( iotkg:a iotkg:b ) ] ]", "(iotkg:a|iotkg:b)?"),
    ],
)
def test_paths_are_written_as_sparql_writes_them(path, text):
    """Every kind of SHACL path can be read."""
    (found,) = parse_report(parsed(report(resultPath=path)), parsed(SHAPES))

    assert found.path == text


def test_details_of_nested_shapes_are_no_findings_of_their_own():
    """Only what the report gives as a result counts."""
    nested = "[ a sh:ValidationResult ; sh:sourceShape :Inner ; sh:focusNode task:a ]"

    assert len(parse_report(parsed(report(detail=nested)), parsed(SHAPES))) == 1


def test_an_empty_report_gives_no_finding():
    """Conformance is no finding."""
    assert parse_report(parsed("[] a sh:ValidationReport ; sh:conforms true ."), []) == []


def test_findings_have_one_order():
    """Worst first, then by file and line, then by everything else; whatever order they came in."""
    ordered = [
        finding(file="a", line=2),
        finding(file="a", line=10),
        finding(file="b", line=1),
        finding(file="b", line=1, focus="g"),
        finding(file="b", line=1, focus="g", value="v"),
        finding(severity=Severity.WARNING),
        finding(severity=Severity.WARNING, messages={"en": "n"}),
        finding(severity=Severity.INFO),
    ]
    mixed = ordered.copy()
    random.Random(1).shuffle(mixed)

    assert sorted(mixed) == ordered
    assert ordered[0] <= ordered[1] < ordered[2]


def test_findings_can_be_members_of_a_set():
    """Equal findings are one."""
    assert len({finding(), finding(), finding(value="v")}) == 2


def test_terms_are_shown_for_people_and_kept_plain_for_machines():
    """A message shows prefixed names and words; a finding holds IRIs and N-Triples."""
    iri, text = ox.NamedNode("https://w3id.org/iotkg/id/task/a"), ox.Literal("到2015 年", language="zh")

    assert (shown(iri), plain(iri)) == ("task:a", "https://w3id.org/iotkg/id/task/a")
    assert (shown(text), plain(text)) == ("到2015 年", '"到2015 年"@zh')


def test_templates_keep_names_they_do_not_know():
    """A missing value is seen, and braces in values are not read again."""
    assert fill("{a} {?b} {$c} {d}", {"a": "{b}", "b": "2", "c": "3"}) == "{b} 2 3 {d}"
