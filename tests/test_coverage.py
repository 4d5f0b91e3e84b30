"""How much of the text the graph says, on the real graph and with a clause taken away."""

import csv
import io

import httpx
import pytest
from pyoxigraph import DefaultGraph, Quad, Store

from iotkg import build
from iotkg.catalogue import Catalogue
from iotkg.coverage import bare_table, coverages, to_table
from iotkg.store import LocalStore
from iotkg.vocab import IOTKG, term

SENTENCE = "加强部门、行业、地区之间的协调与合作，发挥牵头部门作用。"


@pytest.fixture(scope="module")
def measured(store):
    (found,) = coverages(Catalogue(LocalStore(store)))
    return found


def as_store(triples):
    store = Store()
    store.bulk_extend(Quad(t.subject, t.predicate, t.object, DefaultGraph()) for t in triples)
    return store


def test_every_sentence_supports_something(measured):
    """The aim of the curation: whoever adds a sentence that says something curates it."""
    assert measured.total.sentences == 271
    assert measured.bare == ()
    assert dict(measured.sentences) == {"supported": 271, "only-names": 0, "nothing": 0}


def test_nearly_every_character_stands_in_an_anchor(measured):
    """What is left is grammar around quotes: 按照…的原则, 并, 和."""
    assert measured.total.anchored / measured.total.characters > 0.99


def test_plans_and_parts_add_up(measured):
    for counts in (measured.plans, measured.parts):
        for name in ("sentences", "supported", "characters", "anchored", "numerals"):
            assert sum(getattr(count, name) for _, count in counts) == getattr(measured.total, name)
    assert len(measured.plans) == 10
    assert [part for part, _ in measured.parts] == ["ideology", "goal", "group", "task", "safeguard"]


def test_every_numeral_is_told_by_something(measured):
    """Numbers of units and pages of the contents aside, each is a target, a deadline, a name or an exception."""
    told = dict(measured.numerals)
    assert set(told) == {"deadline", "exception", "name", "structure", "target"}
    assert told["exception"] < 30


def test_a_sentence_whose_statements_are_gone_is_listed(graphs):
    """Taken away: all that rests on words of one sentence of a safeguard. It still names bodies."""
    triples = build.merged(graphs)
    store = as_store(triples)
    start = next(t.object.value.index(SENTENCE) for t in triples if t.predicate == IOTKG.textContent)
    query = f"""PREFIX iotkg: <https://w3id.org/iotkg/ontology#>
      SELECT DISTINCT ?thing WHERE {{
        ?thing iotkg:hasEvidence ?anchor . ?anchor iotkg:startOffset ?start ; iotkg:endOffset ?end .
        FILTER(?start >= {start} && ?end <= {start + len(SENTENCE)})
      }}"""
    gone = {row["thing"] for row in store.query(query)}
    assert gone

    left = as_store(t for t in triples if t.subject not in gone)
    (found,) = coverages(Catalogue(LocalStore(left)))

    assert [sentence.text for sentence in found.bare] == [SENTENCE]
    assert found.bare[0].names
    assert found.bare[0].unit.term.iri == term("safeguard:iot-2013_application_s1")
    (row,) = bare_table([found]).records()
    assert (row["sentence"], row["start"]) == (SENTENCE, str(start))


def test_the_counts_make_a_table(measured):
    rows = to_table([measured]).records()
    assert len(rows) == 1 + 10 + 5
    assert rows[0]["name_en"] == "IoT Development Special Action Plans"
    assert rows[0]["sentences"] == rows[0]["supported"] == "271"


@pytest.fixture(scope="module")
def client(served):
    with httpx.Client(base_url=served.url) as client:
        yield client


@pytest.mark.parametrize(
    ("language", "heading"), [("en", "What the text does not say"), ("zh", "原文未说的内容")]
)
def test_the_quality_page_shows_coverage_and_what_is_unsaid(client, language, heading):
    page = client.get(f"/quality?lang={language}").text
    assert heading in page
    assert page.count(">271<") >= 2
    for tasks in (">1<", ">21<", ">88<", ">105<", ">5<"):
        assert tasks in page


def test_the_quality_tables_are_served(client):
    rows = list(csv.DictReader(io.StringIO(client.get("/quality/coverage.csv").text)))
    assert rows[0]["supported"] == "271"
    assert client.get("/quality/sentences.json").json() == []
    missing = client.get("/quality/nothing.csv")
    assert missing.status_code == 404
    assert "coverage.csv" in missing.text
