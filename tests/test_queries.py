"""The canned queries on the real graph: each parses, answers, and answers what was read in the text."""

import re
from collections import Counter
from pathlib import Path

import pytest
from pyoxigraph import NamedNode

from iotkg.answering import Answers
from iotkg.loading import load_queries
from iotkg.store import LocalStore
from iotkg.tables import to_tsv
from iotkg.topics import TOPICS

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "queries" / "answers").glob("*.rq"))
QUERIES = [path.stem for path in FILES]
QUESTIONS = 60
"""Competency questions that the queries answer, by number in their headers."""

ASKED = {
    "demonstrations-of-a-field": {"field": "energy"},
    "where-a-field-stands": {"field": "agriculture"},
    "where-a-technology-stands": {"technology": "smart-sensor"},
}
"""What a query is asked whose whole answer, each thing under each wider one, nobody would read."""


@pytest.fixture(scope="module")
def answers(layout, store):
    return Answers(LocalStore(store), load_queries(layout, layout.answers))


def test_every_competency_question_has_its_query(answers):
    """Each question is answered; a query that answers none of them says so by naming no number."""
    answered = {
        int(number)
        for query in answers.queries.values()
        for number in query.header.get("competency", "").split(",")
        if number.strip()
    }
    assert answered == set(range(1, QUESTIONS + 1))


@pytest.mark.parametrize("name", QUERIES)
def test_each_answers_as_its_golden_result_says(answers, golden, name):
    """The result was read against the text; a change to it is a change to what we say."""
    table = answers.run(name, **ASKED.get(name, {}))
    assert table.rows
    golden(f"queries/{name}.tsv", to_tsv(table))


@pytest.mark.parametrize("name", QUERIES)
def test_none_says_the_same_twice(answers, name):
    """Two ways to one answer make one row."""
    rows = Counter(tuple(row.items()) for row in answers.run(name).records())
    assert [row for row, times in rows.items() if times > 1] == []


@pytest.mark.parametrize("name", QUERIES)
def test_each_names_its_columns_and_asks_in_both_languages(answers, name):
    query = answers.queries[name]
    assert query.columns == answers.run(name).columns
    assert query.header["summary"].endswith("?")
    assert query.header["summary-zh"].endswith("？")
    assert ("description" in query.header) == ("description-zh" in query.header)
    assert "*" not in query.text[query.text.index("SELECT") : query.text.index("WHERE")].replace(
        "(COUNT(*)", ""
    )
    assert "ORDER BY" in query.text


@pytest.mark.parametrize("name", QUERIES)
def test_each_quote_stands_at_its_offsets(answers, inputs, name):
    text = inputs.texts["iot-2013"]
    table = answers.run(name)
    prefixes = [column.removesuffix("quote") for column in table.columns if column.endswith("quote")]
    for row in table.records():
        for prefix in prefixes:
            quote, start, end = (row[f"{prefix}{part}"] for part in ("quote", "start", "end"))
            if quote is not None:
                assert text[int(start) : int(end)] == quote


@pytest.mark.parametrize("name", QUERIES)
def test_a_parameter_keeps_the_rows_that_have_its_value(answers, name):
    """Without a value it means all; with one, the rows of all that have it, in the same order."""
    query = answers.queries[name]
    everything = answers.run(name).records()
    for parameter in query.parameters:
        values = {row[parameter.name] for row in everything}
        assert values <= {choice.iri.value for choice in answers.choices(parameter)}
        for value in sorted(values)[:3]:
            some = answers.run(name, **{parameter.name: value}).records()
            assert some == [row for row in everything if row[parameter.name] == value]


@pytest.mark.parametrize("name", QUERIES)
def test_choices_are_counted_as_the_rows_they_give(answers, name):
    """For each choice of a parameter, the rows there are, whatever the other parameters are."""
    query = answers.queries[name]
    everything = answers.run(name).records()
    values = answers.values(name, query.example)
    for given in ({}, values):
        counts = answers.counts(name, given)
        assert set(counts) == {parameter.name for parameter in query.parameters}
        for each, counted in counts.items():
            others = {other: iri.value for other, iri in given.items() if other != each}
            assert counted == Counter(
                row[each] for row in everything if all(row[o] == iri for o, iri in others.items())
            )


@pytest.mark.parametrize("name", QUERIES)
def test_each_has_a_topic_and_an_example_with_an_answer(answers, name):
    query = answers.queries[name]
    assert query.header["topic"] in TOPICS
    assert set(query.example) == {parameter.name for parameter in query.parameters}
    assert answers.run(name, **query.example).rows


@pytest.mark.parametrize("name", QUERIES)
def test_each_is_whole_as_a_file(answers, name):
    """Filled in, it runs elsewhere: every prefix is declared, once, and no slot is left."""
    query = answers.queries[name]
    text = answers.bound(name, query.example)
    body = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    used = set(re.findall(r"(?<![\w<?\"])([a-z][a-z-]*):[\w-]", re.sub(r'<[^>]*>|"[^"]*"', "", body)))
    declared = re.findall(r"^PREFIX ([a-z-]+):", text, re.MULTILINE)
    assert sorted(declared) == sorted(used)
    assert "UNDEF" not in body


def test_every_topic_has_queries(answers):
    assert {query.header["topic"] for query in answers.queries.values()} == set(TOPICS)


def test_the_owners_of_all_tasks_are_told_with_basis_and_words(answers):
    found = answers.run("owner-and-deadline").records()
    basis = {row["task"]: row["owner_basis"].rpartition("/")[2] for row in found}
    assert Counter(basis.values()) == {"task-text": 1, "plan-safeguard": 21, "corpus": 88}
    assert all(row["owner_quote"] and row["deadline_quote"] for row in found)
    assert {row["deadline"] for row in found} == {"2015-12-31"}


def test_the_counts_by_basis_add_up(answers):
    for name, expected in (
        ("tasks-by-owner-basis", {"task-text": 1, "plan-safeguard": 21, "corpus": 88}),
        ("tasks-by-deadline-basis", {"plan-goal": 105, "plan-title": 5}),
    ):
        counts = Counter()
        for row in answers.run(name).records():
            counts[row["basis"].rpartition("/")[2]] += int(row["tasks"])
        assert counts == expected


def test_wuxi_stands_in_six_units_of_five_plans(answers, inputs):
    """Every 无锡 of the text lies in a row, or in the title of a cited document."""
    found = answers.run("where-wuxi-stands").records()
    spans = [(int(row["start"]), int(row["end"])) for row in found + answers.run("cited-documents").records()]
    for match in re.finditer("无锡", inputs.texts["iot-2013"]):
        assert any(start <= match.start() < end for start, end in spans)
    assert {row["unit"].rpartition("/")[2] for row in found} == {
        "iot-2013_top-level_8",
        "iot-2013_application_goal",
        "iot-2013_application_13",
        "iot-2013_industry_4",
        "iot-2013_government-support_16",
        "iot-2013_talent_13",
    }
    assert len({row["plan"] for row in found}) == 5


def test_no_word_for_the_military_is_passed_over(answers, inputs):
    """Every 军队, 军地 and 军民 of the text lies in a row, and no subject has two rows for the same words."""
    found = answers.run("civil-military-coordination").records()
    spans = [(row["subject"], int(row["start"]), int(row["end"])) for row in found]
    for match in re.finditer("军[队地民]", inputs.texts["iot-2013"]):
        assert any(start <= match.start() and match.end() <= end for _, start, end in spans)
    assert not [
        (a, b) for a in spans for b in spans if a != b and a[0] == b[0] and a[1] <= b[1] and b[2] <= a[2]
    ]


IN_FIELD = {
    "agriculture": "application_2_grain-storage-and-transport-supervision",
    "energy": "application_7_smart-grid-pilots",
    "environmental-protection": "application_4_water-quality-monitoring",
    "industry": "application_13_wuxi-smart-manufacturing",
    "logistics": "application_3_air-transport",
    "medical-and-health-care": "application_10_hospital-management",
    "national-defence-development": "top-level_4_military-iot-application-demonstrations",
    "public-safety": "application_9_police-equipment-management",
    "smart-home": "application_12_smart-home-demonstration",
    "transport": "application_6_electric-bicycle-smart-management",
    "urban-management": "application_11_urban-infrastructure-management",
}
"""A field, and a demonstration whose own sector stands somewhere below it."""


@pytest.mark.parametrize(("field", "demonstration"), IN_FIELD.items())
def test_a_field_finds_the_demonstrations_of_what_is_under_it(answers, field, demonstration):
    found = answers.run("demonstrations-of-a-field", field=field).records()
    assert f"https://w3id.org/iotkg/id/initiative/iot-2013_{demonstration}" in {
        row["demonstration"] for row in found
    }
    assert {row["field_en"] for row in found} == {found[0]["field_en"]}


def test_a_technology_finds_the_places_of_what_is_under_it(answers):
    found = answers.run("where-a-technology-stands", technology="smart-sensor").records()
    assert {f"iot-2013_technology-rd_{number}" for number in (1, 2, 3, 4, 5)} <= {
        row["unit"].rpartition("/")[2] for row in found
    }


def test_wider_and_narrower_terms_are_told_both_ways(store):
    """What is written once, as wider or beside, is found from the other side too."""
    skos = "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
    for path, back in (("broader", "narrower"), ("related", "related")):
        pairs = f"{{ ?one skos:{path} ?two FILTER NOT EXISTS {{ ?two skos:{back} ?one }} }}"
        assert not store.query(f"{skos} ASK {pairs}", use_default_graph_as_union=True)


def test_each_missing_table_leaves_owners_and_dates_unsaid(answers):
    found = answers.run("missing-tables").records()
    tables = {row["table"]: row for row in found}
    assert len(tables) == 10
    assert all(row["omits_responsibility"] == row["omits_schedule"] == "true" for row in found)
    assert [t for t, row in tables.items() if row["caption_printed"] == "false"] == [
        "https://w3id.org/iotkg/id/table/iot-2013_government-support_table"
    ]
    passages = {row["passage"].rpartition("/")[2] for row in found if row["passage"]}
    assert passages == {"iot-2013_standards_s1", "iot-2013_legislation_s2"}


def test_values_are_read_in_every_form(answers):
    plan = answers.queries["tasks-of-a-plan"].parameter("plan")
    iri = NamedNode("https://w3id.org/iotkg/id/plan/iot-2013_talent")
    for text in (iri.value, "plan:iot-2013_talent", "iot-2013_talent", "talent"):
        assert answers.read_parameter(plan, text) == iri


def test_the_sixty_questions_are_listed_with_the_queries_that_answer_them(answers):
    """docs/questions.md names for each question exactly the queries whose headers name its number."""
    listed = {
        int(number): set(re.findall(r"`([a-z-]+)`", queries))
        for number, queries in re.findall(
            r"^\| (\d+) \| .+? \| (.+?) \|$", (ROOT / "docs" / "questions.md").read_text(), re.MULTILINE
        )
    }
    stated = {}
    for name, query in answers.queries.items():
        for number in filter(None, query.header.get("competency", "").split(",")):
            stated.setdefault(int(number), set()).add(name)
    assert listed == stated
