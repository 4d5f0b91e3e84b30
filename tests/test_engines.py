"""The quick SHACL engine gives pySHACL's verdict, on every case and on the real graph with seeded faults."""

from functools import cache

import pyoxigraph as ox
import pytest

import cases
from iotkg import build, validation
from iotkg.engines import DEFAULT, report
from iotkg.errors import ShapesError
from iotkg.turtle import parse_turtle
from iotkg.vocab import RDF, term

SHAPES = [
    (path.name, path.read_text(encoding="utf-8")) for path in sorted((cases.ROOT / "shapes").glob("*.ttl"))
]
CASES = sorted(cases.FOLDER.glob("[A-Z]*/*.ttl"))
SUBCLASSES = frozenset(
    triple
    for triple in cases.parsed(cases.ROOT / "ontology" / "iotkg.ttl")
    if triple.predicate == term("rdfs:subClassOf") and isinstance(triple.object, ox.NamedNode)
)


def verdict(engine, triples, phase):
    """Give what an engine finds: focus, path, shape, component and severity of each result."""
    found = validation.validate(triples, shapes=SHAPES, phase=phase, allow_empty=True, engine=engine)
    return sorted(
        (
            finding.focus,
            finding.path or "",
            finding.shape,
            finding.component,
            finding.severity,
            finding.value or "",
        )
        for finding in found
    )


def renamed(triples, number):
    """Move a graph of the fictional archipelago to another one, so that many cases fit in one graph."""

    def moved(node):
        if isinstance(node, ox.NamedNode) and node.value.startswith("https://w3id.org/iotkg/id/"):
            kind, _, key = node.value.removeprefix("https://w3id.org/iotkg/id/").partition("/")
            if node not in CODES:
                return ox.NamedNode(f"https://w3id.org/iotkg/id/{kind}/c{number}-{key}")
        return node

    return {ox.Triple(moved(t.subject), t.predicate, moved(t.object)) for t in triples}


CODES = {t.subject for t in cases.parsed(cases.ROOT / "ontology" / "schemes.ttl")}


@cache
def together(phase):
    """Give all cases of a phase in one graph, each in an archipelago of its own."""
    read = [case for path in CASES if (case := cases.read(path)).phase == phase]
    return frozenset(SUBCLASSES.union(*(renamed(case.triples, number) for number, case in enumerate(read))))


@pytest.mark.slow
@pytest.mark.parametrize("phase", ["written", "complete"])
def test_both_engines_find_the_same_in_every_case(phase):
    """All cases in one graph: the same results, one by one."""
    quick = verdict("shifty", together(phase), phase)
    assert quick
    assert quick == verdict("pyshacl", together(phase), phase)


@pytest.mark.slow
def test_pyshacl_finds_no_fault_in_the_real_graph(layout, inputs, graphs):
    """The verdict of record, on what was written and on everything that follows."""
    shapes = [(path.name, path.read_text(encoding="utf-8")) for path in layout.shapes]
    for triples, phase in ((inputs.written, "written"), (build.merged(graphs), "complete")):
        assert validation.validate(triples, shapes=shapes, phase=phase, engine="pyshacl") == []


def test_the_quick_engine_is_the_default():
    assert DEFAULT == "shifty"


@pytest.mark.parametrize("engine", ["shifty", "pyshacl"])
def test_a_fault_is_found_with_its_value(engine):
    """A task with a second parent: one result, naming shape and focus."""
    extra = ox.Triple(
        term("task:isle-2031_lamps_1"), term("iotkg:directPartOf"), term("section:isle-2031_lamps_goal")
    )
    found = verdict(engine, {*cases.good("written"), *SUBCLASSES, extra}, "written")
    assert [result[0] for result in found] == [term("task:isle-2031_lamps_1").value]
    assert found[0][2].endswith("#PlanElement-directPartOf")


@pytest.mark.parametrize("engine", ["shifty", "pyshacl"])
def test_shapes_that_an_engine_cannot_read_are_refused(engine):
    """A list that is none would otherwise be passed over."""
    broken = """@prefix iotkg: <https://w3id.org/iotkg/ontology#> .
      @prefix iotsh: <https://w3id.org/iotkg/shapes#> .
      @prefix sh: <http://www.w3.org/ns/shacl#> .
      iotsh:A a sh:NodeShape ; sh:targetClass iotkg:Task ; iotsh:phase iotsh:written ; sh:property iotsh:B .
      iotsh:B a sh:PropertyShape ; sh:path [ sh:inversePath "x" ] ; sh:message "b"@en ; sh:minCount 1 .
    """
    triples = {ox.Triple(term("task:isle-2031_lamps_1"), RDF.type, term("iotkg:Task"))}
    with pytest.raises(ShapesError, match="cannot evaluate the shapes"):
        validation.validate(triples, shapes=[("x.ttl", broken)], phase="written", engine=engine)


@pytest.mark.parametrize(("engine", "results"), [("shifty", 1), ("pyshacl", 0)])
def test_a_day_in_no_calendar_is_compared_without_ado(engine, results):
    """PySHACL asks rdflib whether it comes after another day, and warns of what rdflib answers."""
    head = "@prefix e: <http://e/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> . "
    shapes = (
        "@prefix sh: <http://www.w3.org/ns/shacl#> . e:S a sh:NodeShape ; sh:targetNode e:a ; "
        "sh:property [ sh:path e:from ; sh:lessThanOrEquals e:to ] ."
    )
    data = 'e:a e:from "2015-01-01"^^xsd:date ; e:to "2015-02-30"^^xsd:date .'

    found = list(report(engine, *(parse_turtle(head + text, name="x") for text in (data, shapes))))

    assert sum(triple.predicate.value.endswith("#sourceShape") for triple in found) == results
