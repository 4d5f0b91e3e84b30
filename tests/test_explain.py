"""Every inferred triple explains itself: by a rule, from premises that give it again, down to what is stated."""

import json
import re

import httpx
import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store, Triple

from iotkg import identifiers, telling
from iotkg.cli import app as cli
from iotkg.deriving import read_rule
from iotkg.errors import InvalidParameter, QueryFileError, UnknownEntity
from iotkg.inference import key_of, read_record
from iotkg.queryfile import parse_query
from iotkg.spelling import read_triple, spelled
from iotkg.store import load_release, open_release, read_manifest
from iotkg.terms import Names
from iotkg.vocab import IOTKG, term

INFERRED = identifiers.graph("iot-2013/inferred")
SAMPLE = 12
"""How many triples of each rule are explained: the first, the last and those spread between."""

HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def explainer(dist):
    return telling.open_explainer(dist, Names(open_release(dist)))


@pytest.fixture(scope="module")
def by_rule(assembled):
    found = {}
    for triple, how in sorted(assembled[1]["iot-2013"].items(), key=lambda item: str(item[0])):
        found.setdefault(how.rule, []).append(triple)
    return {rule: triples[:: max(1, len(triples) // SAMPLE)] for rule, triples in found.items()}


def walk(step):
    yield step
    for below in step.steps:
        yield from walk(below)


def test_the_record_holds_every_inferred_triple_of_the_release(dist, assembled):
    """Also as the release's store writes them: a literal in another form would have another key."""
    record = read_record((dist / "derivations" / "iot-2013.tsv").read_text(encoding="utf-8"))
    inferred = [quad.triple for quad in load_release(dist).quads_for_pattern(None, None, None, INFERRED)]

    assert {key_of(triple): assembled[1]["iot-2013"][triple] for triple in inferred} == record
    assert len(inferred) == len(record) > 60_000


def test_every_rule_has_concluded_something(by_rule, inputs):
    assert set(by_rule) == set(inputs.rules)


def test_a_rule_gives_the_conclusion_again_from_the_premises_alone(explainer, by_rule, inputs):
    for name, triples in by_rule.items():
        for triple in triples:
            step = explainer.explain(triple).step
            assert step.rule.query.name == name
            for part in walk(step):
                if part.repeated:
                    continue
                premises = {it.triple for it in part.stated} | {it for s in part.steps for it in s.concludes}
                alone = Store()
                alone.extend(Quad(t.subject, t.predicate, t.object, DefaultGraph()) for t in premises)
                again = set(alone.query(inputs.rules[part.rule.query.name].text))
                assert set(part.concludes) <= again, (name, triple)


def test_an_explanation_goes_back_round_by_round_to_what_is_stated(explainer, by_rule, graphs):
    stated = {triple for name, triples in graphs.items() if name != INFERRED for triple in triples}
    for triples in by_rule.values():
        for triple in triples:
            for part in walk(explainer.explain(triple).step):
                assert all(below.round < part.round for below in part.steps)
                assert part.repeated or part.stated or part.steps
                for leaf in part.stated:
                    assert leaf.graphs
                    assert INFERRED not in leaf.graphs
                    assert leaf.triple in stated or "_:" in str(leaf.triple), leaf.triple


def test_an_owner_is_explained_down_to_the_quote(explainer):
    """The standards plan's tasks are led by the standards body, for its safeguards say so."""
    found = explainer.explain(read_triple("task:iot-2013_standards_2", "iotkg:effectiveOwner", "actor:sac"))
    leaves = [leaf for part in walk(found.step) for leaf in part.stated]

    assert {words.text for leaf in leaves for words in leaf.words} >= {"国家标准委牵头"}
    assert any(re.fullmatch(r"data/iot-2013/standards/statements\.ttl:\d+", leaf.place) for leaf in leaves)
    assert [part.rule.query.name for part in walk(found.step)][:2] == [
        "effective-owner",
        "inherit-responsibility",
    ]


def test_a_stated_triple_names_its_graph_its_place_and_its_words(explainer, layout):
    stated = explainer.explain(
        read_triple("safeguard:iot-2013_industry_s3", "iotkg:aboutSector", "sector:iot-industry")
    )
    assert stated.step is None
    assert stated.graphs == (identifiers.graph("iot-2013/curated"),)
    assert {words.text for words in stated.stated.words} == {"物联网产业"}
    file, _, line = stated.stated.place.rpartition(":")
    assert (layout.root / file).read_text(encoding="utf-8").splitlines()[
        int(line) - 1
    ] == "safeguard:iot-2013_industry_s3"


def test_places_are_right_for_a_subject_described_in_two_files(explainer):
    """The ontology says what a term is, the alignment how it stands to others."""
    ours = explainer.explain(read_triple("iotkg:partOf", "a", "owl:TransitiveProperty")).stated
    theirs = explainer.explain(read_triple("iotkg:partOf", "rdfs:subPropertyOf", "eli:is_part_of")).stated
    assert ours.place.startswith("ontology/iotkg.ttl:")
    assert theirs.place.startswith("ontology/alignment.ttl:")


def test_what_does_not_hold_is_not_explained_and_near_things_hold(explainer):
    wrong = read_triple("task:iot-2013_standards_2", "iotkg:effectiveOwner", "actor:mof")
    with pytest.raises(UnknownEntity, match="does not hold"):
        explainer.explain(wrong)
    near = explainer.near(wrong)
    assert read_triple("task:iot-2013_standards_2", "iotkg:effectiveOwner", "actor:sac") == near[0]
    assert all(explainer.explain(it) for it in near)


def test_without_a_record_an_inferred_triple_says_so(dist):
    bare = telling.Explainer(Names(open_release(dist)), {}, {})
    found = bare.explain(read_triple("task:iot-2013_standards_2", "iotkg:effectiveOwner", "actor:sac"))
    assert (found.stated, found.step, found.graphs) == (None, None, (INFERRED,))


@pytest.mark.parametrize("premises", ["?s", "?s ?p", "?s nonsense:x ?o", "?s ?p 'x'"])
def test_premises_that_cannot_be_read_are_refused(premises):
    text = f"#+ summary: x\n#+ summary-zh: 规\n#+ kind: rule\n#+ stratum: owl\n#+ premises: {premises}\n"
    query = parse_query(f"{text}CONSTRUCT {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }}", name="x", path="x.rq")
    with pytest.raises(QueryFileError, match=r"ontology/rules/x\.rq"):
        read_rule(query)


nodes = st.sampled_from(
    [IOTKG.Task, NamedNode("http://example.org/a?b=c#d"), term("task:iot-2013_standards_2")]
)
literals = st.one_of(
    st.builds(Literal, st.text()),
    st.builds(lambda value: Literal(value, language="zh"), st.text()),
    st.builds(Literal, st.integers()),
    st.builds(lambda value: Literal(value, datatype=term("xsd:date")), st.sampled_from(["2015-12-31"])),
)


@given(nodes, nodes, st.one_of(nodes, literals))
def test_a_triple_that_is_spelled_out_is_read_back(subject, predicate, value):
    triple = Triple(subject, predicate, value)
    assert read_triple(spelled(subject), spelled(predicate), spelled(value)) == triple


@given(st.text(), st.text(), st.text())
def test_any_text_is_a_triple_or_a_parameter_that_cannot_be_read(subject, predicate, value):
    try:
        assert isinstance(read_triple(subject, predicate, value), Triple)
    except InvalidParameter as error:
        named = str(error)[:3]
        event(named)
        if named not in {"s: ", "p: ", "o: "}:
            raise


@pytest.mark.parametrize(
    "value", ['"a" . <urn:x> <urn:y> "b"', '"a", "b"', "(1 2)", "[]", "_:b", "<<x>>", "<a b>"]
)
def test_no_more_than_one_term_is_read(value):
    with pytest.raises(InvalidParameter, match=r"^o: "):
        read_triple("iotkg:Task", "a", value)


def ask(served, headers=None, **parameters):
    return httpx.get(f"{served.url}/explain", params=parameters, headers=headers, timeout=20)


def test_the_service_explains_in_json_and_on_a_page(served, explainer):
    asked = {"s": "task:iot-2013_standards_2", "p": "iotkg:effectiveOwner", "o": "actor:sac"}
    told = ask(served, **asked, format="json")
    assert told.headers["content-type"] == "application/json"
    assert told.json() == json.loads(
        json.dumps(telling.to_dict(explainer.explain(read_triple(*asked.values()))))
    )
    assert httpx.get(told.url, headers={"If-None-Match": told.headers["etag"]}).status_code == 304
    for language, words in (("en", "This is inferred"), ("zh", "此为推导所得")):
        page = ask(served, HTML, **asked, lang=language)
        assert page.status_code == 200
        assert words in page.text
        assert "国家标准委牵头" in page.text
        assert "/doc/anchor/iot-2013_3883-3890" in page.text


def test_full_iris_in_and_without_brackets_mean_the_same(served):
    iri = term("task:iot-2013_standards_2").value
    for spelling in (iri, f"<{iri}>", "task:iot-2013_standards_2"):
        assert ask(served, s=spelling, p="a", o="iotkg:Task", format="json").json()["stated"]


def test_what_does_not_hold_is_404_with_what_does(served):
    asked = {"s": "task:iot-2013_standards_2", "p": "iotkg:effectiveOwner", "o": "actor:mof"}
    told = ask(served, **asked, format="json")
    assert told.status_code == 404
    assert told.json()["near"][0] == "task:iot-2013_standards_2 iotkg:effectiveOwner actor:sac"
    page = ask(served, HTML, **asked, lang="zh")
    assert page.status_code == 404
    assert "图谱中没有这一三元组" in page.text
    assert "o=actor%3Asac" in page.text


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"s": "nonsense", "p": "a", "o": "iotkg:Task"}, "s"),
        ({"s": "iotkg:Task", "p": "nonsense:x", "o": "iotkg:Task"}, "p"),
        ({"s": "iotkg:Task", "p": "a", "o": '"open'}, "o"),
        ({"s": "iotkg:Task", "p": "a"}, "o"),
        ({"p": "a", "o": "iotkg:Task"}, "s"),
    ],
)
def test_a_part_that_cannot_be_read_is_422_and_named(served, asked, named):
    told = ask(served, **asked, format="json")
    assert told.status_code == 422
    assert told.json()["detail"].startswith(f"{named}: ")


def test_without_a_triple_the_page_is_a_form(served):
    page = ask(served, HTML)
    assert page.status_code == 200
    assert all(f'name="{name}"' in page.text for name in "spo")


def test_every_link_of_a_thing_that_a_rule_concluded_leads_to_its_explanation(served):
    for path in ("/doc/role/lead", "/doc/task/iot-2013_standards_2"):
        page = httpx.get(f"{served.url}{path}", headers=HTML, timeout=20)
        links = set(re.findall(r'class="because" href="([^"]+)"', page.text))
        for link in sorted(links)[:8]:
            told = httpx.get(f"{served.url}{link.replace('&amp;', '&')}&format=json", timeout=20)
            assert "inferred" in told.json(), link
        assert links, path


def test_the_command_line_explains(dist, monkeypatch, layout, capsys):
    (name,) = [it.callback.__name__ for it in cli.registered_commands if it.callback.__name__ == "explain"]
    explain = next(it.callback for it in cli.registered_commands if it.callback.__name__ == name)
    monkeypatch.setattr("iotkg.layout.Layout.dist", dist)
    monkeypatch.chdir(layout.root)
    explain("task:iot-2013_standards_2", "iotkg:effectiveOwner", "actor:sac", False)
    told = capsys.readouterr().out
    assert told.startswith(
        "task:iot-2013_standards_2 iotkg:effectiveOwner actor:sac\n  by the rule effective-owner"
    )
    assert "「国家标准委牵头」" in told
    with pytest.raises(
        UnknownEntity, match="what does:\n  task:iot-2013_standards_2 iotkg:effectiveOwner actor:sac"
    ):
        explain("task:iot-2013_standards_2", "iotkg:effectiveOwner", "actor:mof", False)


def test_the_release_names_the_files_that_say_why(dist, inputs):
    files = read_manifest(dist)["files"]
    assert {f"rules/{name}.rq" for name in inputs.rules} | {"derivations/iot-2013.tsv", "places.tsv"} <= set(
        files
    )
