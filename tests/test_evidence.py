"""Quotes, bases and links, on the real text with seeded faults."""

from dataclasses import replace

import pytest
from pyoxigraph import Literal, NamedNode, Triple

from iotkg import evidence
from iotkg.errors import LinkError, QuoteError
from iotkg.vocab import IOTKG, term

SAC = term("responsibility:iot-2013_standards_sac_lead")
S1 = term("safeguard:iot-2013_standards_s1")
WUXI_UNITS = {
    "task:iot-2013_top-level_8",
    "section:iot-2013_application_goal",
    "task:iot-2013_application_13",
    "task:iot-2013_industry_4",
    "task:iot-2013_government-support_16",
    "task:iot-2013_talent_13",
}


def with_quote(resolve, quote, *more, unit=S1):
    return resolve(
        take=[(SAC, IOTKG.quote), (SAC, IOTKG.statedIn)],
        add=[Triple(SAC, IOTKG.quote, Literal(quote)), Triple(SAC, IOTKG.statedIn, unit), *more],
    )


def test_every_anchor_quotes_the_text_at_its_offsets(resolve, inputs):
    text = inputs.texts["iot-2013"]
    about = {}
    for triple in resolve():
        about.setdefault(triple.subject, {})[triple.predicate] = triple.object
    anchors = {s: a for s, a in about.items() if IOTKG.exactQuote in a}
    assert len(anchors) > 300
    for iri, anchor in anchors.items():
        start, end = int(anchor[IOTKG.startOffset].value), int(anchor[IOTKG.endOffset].value)
        assert text[start:end] == anchor[IOTKG.exactQuote].value
        assert iri == term(f"anchor:iot-2013_{start}-{end}")


def test_the_example_of_the_design_resolves(resolve):
    derived = set(resolve())
    assert Triple(SAC, IOTKG.hasEvidence, term("anchor:iot-2013_3883-3890")) in derived
    assert Triple(SAC, IOTKG.basis, term("basis:plan-safeguard")) in derived


@pytest.mark.parametrize(
    ("quote", "said"),
    [
        ("国家标准委领导", "stands nowhere in the text"),
        ("到2015 年", r"it stands at \[1173, 2739"),
        ("标准", "stands .* times in safeguard:iot-2013_standards_s1, at"),
        ("", "stands nowhere"),
    ],
)
def test_a_quote_that_is_not_there_once_is_refused(resolve, quote, said):
    with pytest.raises(QuoteError, match=said) as caught:
        with_quote(resolve, quote)
    assert "data/iot-2013/standards/statements.ttl:" in str(caught.value)


def test_a_longer_phrase_singles_out_one_of_several_places(resolve):
    """国家标准委 stands once, 工作机制 twice: iotkg:within tells which is meant."""
    with pytest.raises(QuoteError, match="2 times"):
        with_quote(resolve, "工作机制")
    within = Triple(SAC, IOTKG.within, Literal("完善工作机制。国家标准委牵头"))
    with pytest.raises(QuoteError, match="no quote holds a label of actor:sac") as caught:
        with_quote(resolve, "工作机制", within)
    assert "times" not in str(caught.value)


def test_words_outside_the_plan_of_the_subject_are_refused(resolve):
    with pytest.raises(QuoteError, match="outside its subject's plan"):
        with_quote(resolve, "组织实施物联网发展专项行动计划", unit=term("task:iot-2013_top-level_1"))


def test_words_in_no_unit_are_refused(resolve):
    with pytest.raises(QuoteError, match="statedIn must name one unit"):
        with_quote(resolve, "国家标准委牵头", unit=term("safeguard:iot-2013_standards_s9"))


@pytest.mark.parametrize(
    ("subject", "unit", "level"),
    [
        ("plan-set:iot-2013", "task:iot-2013_top-level_1", "corpus"),
        ("task:iot-2013_standards_2", "task:iot-2013_standards_2", "task-text"),
        ("task:iot-2013_talent_1", "group:iot-2013_talent_g1", "group-text"),
        ("group:iot-2013_talent_g1", "group:iot-2013_talent_g1", "group-text"),
        ("plan:iot-2013_standards", "section:iot-2013_standards_goal", "plan-goal"),
        ("task:iot-2013_standards_2", "safeguard:iot-2013_standards_s1", "plan-safeguard"),
        ("plan:iot-2013_legislation", "plan:iot-2013_legislation", "plan-title"),
        ("plan:iot-2013_standards", "section:iot-2013_standards_ideology", "plan-other"),
        ("task:iot-2013_standards_2", "task:iot-2013_standards_3", "plan-other"),
        ("task:iot-2013_talent_9", "group:iot-2013_talent_g1", "plan-other"),
        ("place:wuxi-zone", "task:iot-2013_application_13", "task-text"),
    ],
)
def test_the_basis_follows_from_where_the_words_stand(inputs, subject, unit, level):
    """One case for each rung; a subject that is no unit takes the unit of its words."""
    document = evidence.join("iot-2013", inputs.texts["iot-2013"], inputs.documents["iot-2013"])
    statement = term("responsibility:test")
    index = {**document.index, statement: {IOTKG.appliesTo: [term(subject)]}}
    assert evidence.basis(replace(document, index=index), statement, term(unit)) == term(f"basis:{level}")


def test_wuxi_stands_where_the_text_names_it(graphs):
    """Every unit with 无锡 in it is linked with the zone, and no other."""
    linked = {
        t.subject
        for triples in graphs.values()
        for t in triples
        if t.predicate == term("iotkg:targetPlace")
        and t.object == term("place:wuxi-zone")
        and "/initiative/" not in t.subject.value
    }
    assert linked == {term(name) for name in WUXI_UNITS}


def test_a_link_without_words_is_refused(resolve):
    link = Triple(term("task:iot-2013_standards_2"), term("iotkg:targetPlace"), term("place:wuxi-zone"))
    with pytest.raises(LinkError, match=r"standards_2 iotkg:targetPlace place:wuxi-zone: no label of it"):
        resolve(add=[link])


def test_a_mention_supports_a_link(resolve):
    unit = term("task:iot-2013_standards_2")
    mention = NamedNode("https://w3id.org/iotkg/id/mention/test")
    derived = resolve(
        add=[
            Triple(unit, term("iotkg:targetPlace"), term("place:wuxi-zone")),
            Triple(mention, term("rdf:type"), term("iotkg:Mention")),
            Triple(mention, IOTKG.statedIn, unit),
            Triple(mention, IOTKG.quote, Literal("术语")),
            Triple(mention, IOTKG.mentionOf, term("place:wuxi-zone")),
        ]
    )
    assert any(t.predicate == IOTKG.identifies and t.object == term("place:wuxi-zone") for t in derived)


def test_words_without_a_link_are_refused(resolve):
    """Only the maximal label demands a link: the zone's name inside a document's title does not."""
    unit = term("task:iot-2013_talent_13")
    with pytest.raises(
        LinkError, match="says 无锡国家传感网创新示范区 at 25242: link place:wuxi-zone"
    ) as caught:
        resolve(
            take=[
                (unit, term("iotkg:targetPlace")),
                (term("xref:iot-2013_talent_13_application-13"), IOTKG.statedIn),
                (term("xref:iot-2013_talent_13_application-13"), IOTKG.quote),
                (term("xref:iot-2013_talent_13_application-13"), IOTKG.targetQuote),
            ]
        )
    assert len(caught.value.problems) == 1


def test_white_space_inside_a_name_does_not_hide_it(inputs):
    """（2012-2020 年） in task 13 is （2012-2020年） of the label."""
    derived = set(
        evidence.resolve("iot-2013", inputs.texts["iot-2013"], inputs.documents["iot-2013"], inputs.registry)
    )
    assert (
        Triple(term("anchor:iot-2013_11666-11697"), IOTKG.identifies, term("document:wuxi-outline-2012-2020"))
        in derived
    )


def test_a_name_within_a_longer_name_of_the_same_thing_is_one_place(inputs):
    """物联网关键技术 inside the name of a demonstration is not also a place of 关键技术."""
    derived = set(
        evidence.resolve("iot-2013", inputs.texts["iot-2013"], inputs.documents["iot-2013"], inputs.registry)
    )
    named = {
        t.subject
        for t in derived
        if t.predicate == IOTKG.identifies and t.object == term("technology:key-technologies")
    }
    assert term("anchor:iot-2013_6988-6995") in named
    assert term("anchor:iot-2013_6991-6995") not in named
