"""The curated tree joined with the printed one."""

import pytest
from pyoxigraph import Literal, NamedNode, Triple

from iotkg.document import join
from iotkg.errors import TreeMismatch
from iotkg.loading import Curated
from iotkg.vocab import IOTKG, SKOS, term

TASK = NamedNode("https://w3id.org/iotkg/id/task/iot-2013_standards_2")


@pytest.fixture(scope="module")
def curated(inputs):
    return inputs.documents["iot-2013"]


def changed(curated, predicate, *values):
    """Give the curated data with other values for a property of task 2 of the standards plan."""
    kept = [t for t in curated.triples if (t.subject, t.predicate) != (TASK, predicate)]
    return Curated((*kept, *(Triple(TASK, predicate, value) for value in values)), curated.places)


def test_the_trees_are_the_same(inputs, curated):
    document = join("iot-2013", inputs.texts["iot-2013"], curated)
    assert len(document.units) == 222
    assert document.plan(TASK) == term("plan:iot-2013_standards")
    assert [iri.value.rpartition("_")[2] for iri in document.ancestors(TASK)][:1] == ["tasks"]


@pytest.mark.parametrize(
    ("predicate", "value", "said"),
    [
        (IOTKG.numberLabel, Literal("（三）"), "numberLabel is"),
        (SKOS.prefLabel, Literal("加快研制共性标准", language="zh"), "prefLabel is"),
        (IOTKG.directPartOf, term("section:iot-2013_standards_goal"), "directPartOf is"),
        (term("rdf:type"), IOTKG.SafeguardMeasure, "rdf:type is"),
    ],
)
def test_a_difference_stops_the_build_naming_unit_and_file(inputs, curated, predicate, value, said):
    with pytest.raises(TreeMismatch, match=said) as caught:
        join("iot-2013", inputs.texts["iot-2013"], changed(curated, predicate, value))
    assert "data/iot-2013/standards/tree.ttl:" in str(caught.value)
    assert "task:iot-2013_standards_2" in str(caught.value)


def test_a_unit_that_is_not_curated_is_named(inputs, curated):
    with pytest.raises(TreeMismatch, match=r"task:iot-2013_standards_2 .*加快研制基础共性标准.* not curated"):
        join("iot-2013", inputs.texts["iot-2013"], curated.without(TASK))


def test_a_unit_that_is_not_printed_is_named(inputs, curated):
    extra = Triple(term("task:iot-2013_standards_8"), term("rdf:type"), IOTKG.Task)
    with pytest.raises(TreeMismatch, match="task:iot-2013_standards_8 is not printed"):
        join("iot-2013", inputs.texts["iot-2013"], Curated((*curated.triples, extra), curated.places))


def test_a_plan_that_is_not_curated_is_named(inputs, curated):
    with pytest.raises(TreeMismatch, match="prints the plan 标准制定专项行动计划"):
        join("iot-2013", inputs.texts["iot-2013"], curated.without(term("plan:iot-2013_standards")))


def test_two_labels_in_one_language_do_not_hide_a_wrong_one(inputs, curated):
    """A second Chinese label is left to the shapes; a missing right one is not."""
    wrong = changed(curated, SKOS.prefLabel, Literal("a", language="zh"), Literal("b", language="zh"))
    with pytest.raises(TreeMismatch, match="加快研制基础共性标准"):
        join("iot-2013", inputs.texts["iot-2013"], wrong)
