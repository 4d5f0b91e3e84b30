"""Nothing passed over: each numeral, title, watched word and exception, with a seeded fault for each."""

import pytest
from pyoxigraph import Literal, Triple

from iotkg.errors import AccountError, LinkError
from iotkg.vocab import IOTKG, RDF, term


def exception(label, quote, *more):
    iri = term("exception:test")
    return [
        Triple(iri, RDF.type, IOTKG.Exception),
        Triple(iri, IOTKG.exceptedLabel, Literal(label)),
        Triple(iri, IOTKG.quote, Literal(quote)),
        *more,
    ]


def whole(inputs, iri):
    """Name everything that is said of a curated subject, to take it away."""
    return [(t.subject, t.predicate) for t in inputs.documents["iot-2013"].triples if t.subject == term(iri)]


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        (
            "target:iot-2013_standards_2_common-standards",
            r"the numeral 40 at 3070 in task:iot-2013_standards_2",
        ),
        ("deadline:iot-2013_standards_goal", r"the watched words 到2015 at 2739"),
        ("exception:iot-2013_san_in_san-ge-huan-jie", r"the numeral 三 at 22924"),
        (
            "deliverable:iot-2013_standards_1_iot-standards-system-plan",
            r"the title 物联网标准体系规划 at 2990",
        ),
        ("exception:iot-2013_ji-hua_in_you-ji-hua", r"the watched words 计划 at 24555"),
    ],
)
def test_what_is_left_out_is_named_with_its_place(resolve, inputs, gone, said):
    """Without the statement, the words it tells of are no longer accounted for."""
    taken = whole(inputs, gone)
    assert taken
    with pytest.raises(AccountError, match=said) as caught:
        resolve(take=taken)
    assert ".ttl:" in str(caught.value.problems[0])


def test_a_demonstration_project_is_missed_by_its_kind_or_by_its_words(resolve, inputs):
    """The kind of project that its name ends in demands a link first; where no kind is known, the watched word does."""
    gone = whole(inputs, "initiative:iot-2013_application_9_fire-safety-management")
    with pytest.raises(LinkError, match=r"says 物联网应用示范工程 at .*: link initiative-kind:"):
        resolve(take=gone)
    watched = Triple(term("plan-set:iot-2013"), IOTKG.watchedWords, Literal("不合理规定"))
    with pytest.raises(AccountError, match=r"the watched words 不合理规定 at .* in task:iot-2013_gov"):
        resolve(add=[watched])


def test_every_watched_word_is_watched(inputs):
    """The words of the issue: 示范工程, 无锡, 到2015, and names of plans, special projects and funds."""
    watched = {
        t.object.value for t in inputs.documents["iot-2013"].triples if t.predicate == IOTKG.watchedWords
    }
    assert watched == {"示范工程", "无锡", "到2015", "计划", "专项", "基金"}


def test_wuxi_without_a_link_is_named(resolve):
    """Its label demands a link before the watched word is even asked for."""
    mention = term("mention:iot-2013_industry_4_wuxi-zone")
    unit = term("task:iot-2013_industry_4")
    taken = [(mention, IOTKG.quote), (mention, IOTKG.statedIn), (mention, IOTKG.mentionOf)]
    with pytest.raises(AccountError, match="the watched words 无锡 at 13976"):
        resolve(take=taken)
    with pytest.raises(LinkError, match="says 无锡国家传感网创新示范区"):
        resolve(take=[*taken, (unit, term("iotkg:targetPlace")), *_references(unit)])


def _references(unit):
    reference = term(f"xref:{unit.value.rpartition('/')[2]}_application-13")
    return [(reference, IOTKG.refersTo), (reference, IOTKG.statedIn), (reference, IOTKG.quote)]


def test_an_exception_that_excuses_nothing_is_named(resolve):
    """A stale exception would hide the next mistake."""
    with pytest.raises(AccountError, match="exception:test excuses nothing"):
        resolve(add=exception("灯塔", "灯塔理事会"))


def test_an_exception_holds_only_in_its_unit(resolve, inputs):
    """三个环节 stands in the talent ideology; excused elsewhere, it is not excused there."""
    gone = whole(inputs, "exception:iot-2013_san_in_san-ge-huan-jie")
    elsewhere = Triple(term("exception:test"), IOTKG.statedIn, term("task:iot-2013_talent_1"))
    here = Triple(term("exception:test"), IOTKG.statedIn, term("section:iot-2013_talent_ideology"))
    assert resolve(take=gone, add=exception("三", "三个环节", here))
    with pytest.raises(AccountError, match="the numeral 三 at 22924"):
        resolve(take=gone, add=exception("三", "三个环节", elsewhere))


def test_an_excused_label_supports_no_link(resolve):
    """化工 in 标准化工作 is excused, so a link to the chemical industry has no words there."""
    link = Triple(term("task:iot-2013_standards_5"), term("iotkg:aboutSector"), term("sector:chemicals"))
    with pytest.raises(LinkError, match=r"standards_5 iotkg:aboutSector sector:.*: no label of it"):
        resolve(add=[link])


def test_each_place_of_an_exception_is_anchored(resolve):
    """So a reader can see what was excepted, and why."""
    derived = resolve()
    places = [t for t in derived if t.predicate == IOTKG.hasEvidence and "/exception/" in t.subject.value]
    assert len(places) > 40
