"""The catalogue: what a reader is told, read from the real graph in a handful of queries."""

import pytest
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store

from iotkg import vocab
from iotkg.catalogue import Catalogue
from iotkg.errors import UnknownEntity
from iotkg.identifiers import shorten
from iotkg.links import Window
from iotkg.model import Text, in_language
from iotkg.overview import overviews
from iotkg.store import LocalStore
from iotkg.vocab import ID, IOTKG, SKOS

MOST_QUERIES = 6


class Counting(LocalStore):
    """A store that counts the queries it is asked."""

    queries = 0

    def solutions(self, query):
        """Count a query and answer it."""
        self.queries += 1
        return super().solutions(query)


@pytest.fixture(scope="module")
def counting(store):
    return Counting(store)


@pytest.fixture(scope="module")
def catalogue(counting):
    return Catalogue(counting)


def thing(path):
    return NamedNode(f"{ID}{path}")


def english(term):
    return " · ".join(in_language(part, "en").value for part in term.name)


def test_a_page_takes_a_handful_of_queries(catalogue, counting):
    """What is read once is read: after that no thing of any class takes more than six queries."""
    catalogue.entity(thing("task/iot-2013_standards_2"))

    for path, iri in catalogue.keys.items():
        counting.queries = 0
        catalogue.entity(iri)
        assert counting.queries <= MOST_QUERIES, path


def test_everything_that_is_pointed_to_is_known(catalogue, graphs):
    """No IRI of ours in any triple is without a page."""
    objects = {
        triple.object.value.removeprefix(ID)
        for triples in graphs.values()
        for triple in triples
        if isinstance(triple.object, NamedNode) and triple.object.value.startswith(ID)
    }

    assert objects <= set(catalogue.keys)


def test_the_owner_of_a_task_has_basis_words_and_origin(catalogue):
    entity = catalogue.entity(thing("task/iot-2013_standards_2"))

    (owner,) = entity.owners
    assert english(owner.actor) == "Standardization Administration of China"
    assert owner.basis.iri == thing("basis/plan-safeguard")
    assert [evidence.quote for evidence in owner.evidence] == ["国家标准委牵头"]
    assert owner.inferred
    assert owner.origin.subject.iri == thing("plan/iot-2013_standards")
    assert owner.origin.stated_in.iri == thing("safeguard/iot-2013_standards_s1")


def test_every_task_has_owner_and_deadline_each_with_basis_and_words(catalogue):
    for path, iri in catalogue.keys.items():
        if path.startswith("task/"):
            entity = catalogue.entity(iri)
            for found in (entity.owners, entity.deadlines):
                assert found, path
                assert all(statement.basis and statement.evidence for statement in found), path


def test_only_the_most_direct_owners_count(catalogue):
    """The joint conference's statement on the whole set reaches task 13, and its plan names two owners."""
    entity = catalogue.entity(thing("task/iot-2013_application_13"))

    owners = {statement.actor.iri for statement in entity.owners}
    assert owners == {thing("actor/miit"), thing("actor/ndrc")}
    assert thing("actor/iot-joint-conference") in {s.actor.iri for s in entity.statements if s.owning}


def test_evidence_is_the_text_between_its_context(catalogue):
    outline = catalogue.outline(thing("plan-set/iot-2013"))
    entity = catalogue.entity(thing("task/iot-2013_application_13"))

    for statement in entity.statements:
        for evidence in statement.evidence:
            around = evidence.prefix + evidence.quote + evidence.suffix
            assert outline.text.count(around) >= 1
            assert outline.text[evidence.start : evidence.end] == evidence.quote
            assert evidence.path[0].kind == "plan-set"


def test_the_words_of_a_unit_are_its_own_text(catalogue):
    """The segments join to the text from the unit's start to its first child's start."""
    outline = catalogue.outline(thing("plan-set/iot-2013"))

    for unit in outline.units.values():
        place = catalogue.entity(unit.term.iri).place
        words = "".join(segment.text for segment in place.words)
        assert words == outline.text[unit.start : unit.own_end]
        assert place.unit == unit


def test_the_outline_is_the_printed_tree(catalogue):
    outline = catalogue.outline(thing("task/iot-2013_talent_15"))
    kinds = [unit.kind for unit in outline.units.values()]

    assert (kinds.count("plan"), kinds.count("task"), kinds.count("group")) == (10, 110, 16)
    plan = outline.units[f"{ID}plan/iot-2013_standards"]
    assert [unit.number for unit in outline.below(plan)] == ["一、", "二、", "三、", "四、", "五、"]


def test_an_actor_is_told_what_is_stated_not_its_copies(catalogue):
    entity = catalogue.entity(thing("actor/iot-joint-conference"))

    assert entity.statements
    assert not any(statement.inferred for statement in entity.statements)
    assert max(statement.copies for statement in entity.statements) == 110
    assert entity.named_total == len(entity.named) > 0


def test_an_anchor_knows_what_rests_on_it(catalogue):
    entity = catalogue.entity(thing("anchor/iot-2013_3883-3890"))

    assert entity.here.quote == "国家标准委牵头"
    assert [s.term.iri for s in entity.statements] == [
        thing("measure/iot-2013_standards_s1_standardization-administration-takes-lead"),
        thing("responsibility/iot-2013_standards_sac_lead"),
    ]


def test_no_link_names_an_owner_or_a_date_past_its_statement(catalogue):
    """Shortcuts such as effectiveOwner and other vocabularies' copies of our triples stay out of the links."""
    hidden = {
        vocab.term(f"iotkg:{name}") for name in ("effectiveOwner", "effectiveDeadline", "ownedBy", "ledBy")
    }
    for path in ("task/iot-2013_standards_2", "actor/sac", "plan/iot-2013_standards", "plan-set/iot-2013"):
        for links in catalogue.entity(thing(path)).links:
            assert links.predicate.iri not in hidden
            assert links.predicate.iri.value.startswith((vocab.PREFIXES["iotkg"], vocab.PREFIXES["skos"]))


def test_a_statement_among_links_carries_its_basis(catalogue):
    entity = catalogue.entity(thing("role/lead"))
    (links,) = [links for links in entity.links if links.incoming]

    assert all(value.basis for value in links.values)


def test_a_window_shows_one_property_portion_by_portion(catalogue):
    """The portions of a crowded property join to all that points by it, each thing once."""
    whole = catalogue.entity(thing("basis/corpus"))
    (crowded,) = [links for links in whole.links if links.incoming]
    assert crowded.more > 0

    seen = []
    while len(seen) < crowded.total:
        window = Window(predicate=crowded.predicate.iri, offset=len(seen), size=40)
        (portion,) = catalogue.entity(thing("basis/corpus"), window).links
        assert (portion.total, portion.offset) == (crowded.total, len(seen))
        seen += [value.iri.value for value in portion.values]
    assert seen == sorted(set(seen))


def test_a_window_on_a_property_that_nothing_uses_is_empty(catalogue):
    window = Window(predicate=IOTKG.quote)

    assert catalogue.entity(thing("basis/corpus"), window).links == ()


def test_the_unknown_is_an_error_and_has_neighbours(catalogue):
    with pytest.raises(UnknownEntity):
        catalogue.entity(thing("task/iot-2013_standrds_2"))

    near = [term.iri for term in catalogue.near("task/iot-2013_standrds_2")]
    assert near[0] == thing("task/iot-2013_standards_2")
    assert catalogue.near("plan/iot-2013_standards_2")[0].iri == thing("task/iot-2013_standards_2")
    assert catalogue.near("x" * 10_000) == ()


def test_the_description_holds_the_thing_its_anchors_and_what_points_to_it(catalogue, store):
    iri = thing("responsibility/iot-2013_standards_sac_lead")
    described = catalogue.description(iri)

    assert {quad.triple for quad in store.quads_for_pattern(iri, None, None, DefaultGraph())} <= set(
        described.triples
    )
    assert any(triple.predicate == IOTKG.exactQuote for triple in described.triples)
    assert any(triple.object == iri for triple in described.triples)
    assert described.omitted == 0


def test_what_a_description_leaves_out_is_counted():
    store = Store()
    hub = thing("role/hub")
    store.add(Quad(hub, SKOS.prefLabel, Literal("hub", language="en"), DefaultGraph()))
    store.extend(
        Quad(thing(f"responsibility/{number}"), vocab.term("iotkg:role"), hub, DefaultGraph())
        for number in range(1_200)
    )

    described = Catalogue(LocalStore(store)).description(hub)
    assert (len(described.triples), described.omitted) == (1_001, 200)


def test_the_numbers_of_the_plan_set_are_counted(catalogue):
    (overview,) = overviews(catalogue)

    assert [plan.tasks for plan in overview.plans] == [9, 7, 16, 14, 7, 7, 5, 25, 5, 15]
    assert [plan.groups for plan in overview.plans] == [3, 0, 4, 0, 0, 0, 0, 6, 0, 3]
    assert [plan.safeguards for plan in overview.plans] == [0, 4, 4, 4, 3, 3, 4, 0, 3, 2]
    assert overview.missing_tables == 10
    assert (
        overview.owners_by("task-text"),
        overview.owners_by("plan-safeguard"),
        overview.owners_by("corpus"),
    ) == (
        1,
        21,
        88,
    )
    assert (overview.deadlines_by("plan-goal"), overview.deadlines_by("plan-title")) == (105, 5)
    assert sum(count.tasks for count in overview.owners) == overview.tasks == 110


def test_a_text_in_another_language_tells_so():
    texts = (Text("only Chinese", "zh"),)

    assert in_language(texts, "en").language == "zh"
    assert in_language((Text("b", "en"), Text("a", "zh")), "zh").value == "a"
    assert in_language((), "en").value == ""


def test_what_has_no_name_is_called_by_its_key():
    store = Store()
    iri = thing("task/x_1")
    store.add(Quad(iri, IOTKG.numberLabel, Literal("1、"), DefaultGraph()))

    assert english(Catalogue(LocalStore(store)).entity(iri).term) == "task:x_1"


def standing(catalogue, path):
    return {row.plan.term.iri.value.rpartition("_")[2]: row for row in catalogue.entity(thing(path)).standing}


def test_a_thing_stands_in_plans_as_often_as_the_text_names_it(catalogue, store):
    """Every plan has a row, those that do not name the thing too; each spot leads to words that name it."""
    rows = standing(catalogue, "sector/agriculture")
    assert len(rows) == 10
    assert {plan for plan, row in rows.items() if row.spots} == {
        "standards",
        "application",
        "industry",
        "government-support",
    }
    assert sum(row.places for row in rows.values()) == 8
    for spot in (spot for row in rows.values() for spot in row.spots):
        held = f"{spot.anchor} <{IOTKG.identifies.value}> {thing('sector/agriculture')}"
        assert store.query(f"ASK {{ {held} ; <{IOTKG.standsIn.value}> {spot.unit.term.iri} }}")


def test_a_head_has_what_is_stated_and_what_is_not(catalogue):
    """Of a project its place, of another that it has none; what leaves nothing unsaid is left out."""

    def head(path):
        return {shorten(row.predicate.iri.value): row.values for row in catalogue.entity(thing(path)).head}

    project = head("initiative/iot-2013_application_10_hospital-management")
    assert [english(it) for it in project["iotkg:projectLevel"]] == ["national"]
    assert project["iotkg:aboutTechnology"] == ()
    target = head("target/iot-2013_application_10_care-institutions")
    assert [it.value for it in target["iotkg:verbatim"]] == ["部分"]
    assert "iotkg:minValue" not in target
    assert head("document/degree-discipline-catalogue-measures")["iotkg:issuedBy"] == ()


def test_what_a_rule_concluded_is_known_as_such(catalogue):
    project = catalogue.entity(thing("initiative/iot-2013_application_10_hospital-management"))
    follows = {shorten(predicate): value for (_, predicate, _), value in project.inferred.items()}
    assert follows["iotkg:effectiveDeadline"] == '"2015-12-31"^^xsd:date'
    assert "iotkg:projectLevel" not in follows
    assert "iotkg:targetPlace" not in follows


def test_no_funding_names_an_amount(catalogue):
    """The page of every funding support says that no amount is stated."""
    words = [
        clause.quote
        for path, iri in catalogue.keys.items()
        if path.startswith("funding-support/")
        for statement in catalogue.entity(iri).statements
        for clause in statement.evidence
    ]
    assert len(words) >= 16
    assert not [it for it in words if "元" in it or "%" in it]
