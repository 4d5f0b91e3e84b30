"""Plans and bodies side by side, held against the graph and over a real socket."""

import csv
import html
import io
import re

import httpx
import pytest
from pyoxigraph import NamedNode

from iotkg.sides import bodies, plans, plans_beside
from iotkg.store import LocalStore
from iotkg.terms import Names
from iotkg.vocab import ID
from serving import PATIENCE_S

PLAN = f"{ID}plan/iot-2013_"
BROWSER = {"Accept": "text/html"}
NAMED = """
PREFIX iotkg: <https://w3id.org/iotkg/ontology#>
SELECT DISTINCT ?thing WHERE {{
  ?unit iotkg:inPlan <{plan}> . ?evidence iotkg:standsIn ?unit ; iotkg:identifies ?thing . ?thing a iotkg:{kind} }}"""


@pytest.fixture(scope="module")
def names(store):
    return Names(LocalStore(store))


def named(store, plan, kind):
    """Ask the graph itself what a plan names."""
    table = LocalStore(store).select(NAMED.format(plan=f"{PLAN}{plan}", kind=kind))
    return {row[0].value for row in table.rows}


@pytest.mark.parametrize(("kind", "key"), [("Sector", "sector"), ("Technology", "technology")])
@pytest.mark.parametrize("pair", [("standards", "security"), ("application", "technology-rd")])
def test_what_is_shared_and_what_is_not_is_what_the_graph_says(store, names, kind, key, pair):
    left, right = pair
    sides = [NamedNode(f"{PLAN}{left}"), NamedNode(f"{PLAN}{right}")]
    aspect = next(aspect for aspect in plans_beside(names, sides) if aspect.key == key)
    one, other = named(store, left, kind), named(store, right, kind)
    assert aspect.shared() == len(one & other)
    assert [aspect.alone(0), aspect.alone(1)] == [len(one - other), len(other - one)]
    assert {line.thing.iri.value for line in aspect.lines} == one | other


def test_every_passage_has_the_words_of_its_anchor(store, names):
    sides = [NamedNode(f"{PLAN}{plan}") for plan in ("standards", "security", "talent")]
    aspects = plans_beside(names, sides)
    assert {aspect.key for aspect in aspects} >= {"sector", "technology", "document", "target", "safeguard"}
    passages = [
        p for a in aspects if a.key != "safeguard" for line in a.lines for cell in line.cells for p in cell
    ]
    assert len(passages) > 100
    for passage in passages:
        query = f"SELECT ?q {{ {passage.anchor} <https://w3id.org/iotkg/ontology#exactQuote> ?q }}"
        assert LocalStore(store).select(query).rows[0][0].value == passage.quote


def test_what_can_be_compared(names):
    assert [term.iri.value.removeprefix(PLAN) for term in plans(names)][:3] == [
        "top-level",
        "standards",
        "technology-rd",
    ]
    assert len(plans(names)) == 10
    assert f"{ID}actor/sac" in {term.iri.value for term in bodies(names)}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_shows_each_side_with_its_words(served, lang):
    query = f"plan=standards&plan=security&lang={lang}"
    page = httpx.get(f"{served.url}/compare?{query}", headers=BROWSER, timeout=PATIENCE_S)
    assert page.status_code == 200
    assert {"en": "Named by all", "zh": "均提及"}[lang] in page.text
    table = httpx.get(f"{served.url}/compare.csv?{query}", timeout=PATIENCE_S).text
    rows = list(csv.DictReader(io.StringIO(table)))
    anchors = {row["evidence"].removeprefix(ID) for row in rows}
    linked = set(re.findall(r'href="/doc/(anchor/[^"?]*)', page.text))
    assert linked == anchors
    shown = {row[f"thing_{lang}"] for row in rows if row["aspect"] == "document"}
    assert all(html.escape(words) in page.text for words in shown)


def test_only_what_is_shared_or_only_what_differs(served):
    def things(show):
        url = f"{served.url}/compare?plan=standards&plan=security&show={show}"
        text = httpx.get(url, headers=BROWSER, timeout=PATIENCE_S).text
        return re.findall(r'<th scope="row"><a href="(/doc/[^"]*)"', text)

    assert sorted([*things("shared"), *things("differing")]) == sorted(things("all"))
    assert 0 < len(things("shared")) < len(things("differing"))


def test_bodies_are_compared_by_role(served):
    rows = httpx.get(f"{served.url}/compare.json?body=sac&body=miit", timeout=PATIENCE_S).json()
    led = [row for row in rows if row["aspect"].endswith("role/lead") and row["side"].endswith("actor/sac")]
    assert [row["quote"] for row in led] == ["国家标准委牵头"]
    assert {row["side"] for row in rows} == {f"{ID}actor/sac", f"{ID}actor/miit"}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("plan=standards", "name two or three different ones"),
        ("plan=standards&plan=standards", "name two or three different ones"),
        ("plan=standards&plan=security&plan=talent&plan=industry", "name two or three"),
        ("plan=standards&plan=nothing", "is none of"),
        ("&".join(f"plan=nothing-{number}" for number in range(12)), "12 given; name two or three"),
        ("plan=standards&body=sac", "not one with the other"),
        ("plan=standards&plan=security&show=some", "show: 'some' is none of"),
        ("plan=<script>&plan=security", "is none of"),
    ],
)
def test_sides_that_there_are_none_of_are_refused_by_name(served, query, words):
    answer = httpx.get(f"{served.url}/compare?{query}", timeout=PATIENCE_S)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    page = httpx.get(f"{served.url}/compare?{query}", headers=BROWSER, timeout=PATIENCE_S)
    assert page.status_code == 422
    assert "<script>" not in page.text


def test_without_sides_one_chooses(served):
    page = httpx.get(f"{served.url}/compare?lang=en", headers=BROWSER, timeout=PATIENCE_S).text
    assert page.count('<select name="plan">') == page.count('<select name="body">') == 3
    assert (
        httpx.get(f"{served.url}/compare.xls?plan=standards&plan=security", timeout=PATIENCE_S).status_code
        == 404
    )
