"""Every shape accepts the good graph, and complains of what it is there for and of nothing else."""

from __future__ import annotations

import re
import time
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest

import cases
from iotkg import validation
from iotkg.errors import ShapesError, TurtleError
from iotkg.findings import Severity
from iotkg.turtle import format_turtle
from iotkg.vocab import RDF, term

FILES = sorted((cases.ROOT / "shapes").glob("*.ttl"))
SHAPES = [(path.name, path.read_text(encoding="utf-8")) for path in FILES]
TRIPLES = frozenset().union(*(cases.parsed(path) for path in FILES))
CASES = sorted(path for path in cases.FOLDER.glob("*/*.ttl"))
PHASES = ("written", "complete")

ONTOLOGY = cases.parsed(cases.ROOT / "ontology" / "iotkg.ttl")
SUBCLASSES = frozenset(
    triple
    for triple in ONTOLOGY
    if triple.predicate == term("rdfs:subClassOf") and isinstance(triple.object, ox.NamedNode)
)

SAYS_NO_CONSTRAINT = {
    RDF.type,
    *(term(f"sh:{name}") for name in ("flags", "message", "name", "path", "qualifiedValueShape", "severity")),
}

HEAD = """
@prefix iotkg: <https://w3id.org/iotkg/ontology#> .
@prefix iotsh: <https://w3id.org/iotkg/shapes#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
"""
TINY = "iotsh:Task a sh:NodeShape ; sh:targetClass iotkg:Task ; iotsh:phase iotsh:written ; sh:property iotsh:T . "
PROPERTY = 'iotsh:T a sh:PropertyShape ; sh:path iotkg:quote ; sh:message "q"@en ; sh:minCount 1 .'


@cache
def found(triples, phase):
    """Give the findings of the project's shapes, the ontology's classes in sight."""
    return tuple(validation.validate(triples | SUBCLASSES, shapes=SHAPES, phase=phase, allow_empty=True))


def objects(subject, name):
    return {t.object for t in TRIPLES if t.subject == subject and t.predicate == term(name)}


def node_shapes():
    return {t.subject for t in TRIPLES if t.predicate == RDF.type and t.object == term("sh:NodeShape")}


def property_shapes():
    """Give the property shapes that node shapes with a phase use: the ones that findings name."""
    return {
        used
        for shape in node_shapes()
        if objects(shape, "iotsh:phase")
        for used in objects(shape, "sh:property")
    }


def local(node):
    return node.value.rpartition("#")[2]


@pytest.mark.parametrize("phase", PHASES)
def test_the_good_graph_passes_every_shape(phase):
    """Nothing is found in the good graph, and every shape has something there to look at."""
    triples = cases.good(phase) | SUBCLASSES

    assert validation.validate(triples, shapes=SHAPES, phase=phase) == []


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_case_gives_the_findings_its_header_states(path):
    """The shapes named in the header complain of the things named there, and no others do."""
    case = cases.read(path)

    assert {(finding.shape, finding.focus) for finding in found(case.triples, case.phase)} == case.expected


@pytest.mark.parametrize("shape", sorted(property_shapes(), key=str), ids=local)
def test_every_property_shape_has_a_failing_case_and_is_met_by_the_good_graph(shape):
    """A folder is named for the shape, a case in it expects the shape, and the good graph uses the path."""
    folder = cases.FOLDER / local(shape)
    expecting = [
        path for path in folder.glob("*.ttl") if f"# expects: iotsh:{local(shape)} " in path.read_text()
    ]
    used = {triple.predicate for phase in PHASES for triple in cases.good(phase)}

    assert expecting, f"{folder} holds no case that expects the shape"
    assert objects(shape, "sh:maxCount") == {zero()} or predicates_of(shape) & used


def test_every_constraint_has_a_failing_case():
    """A constraint that no case can trip could be taken away, or written wrong, and nobody would notice."""
    stated = {
        (shape.value, constraint_component(t.predicate))
        for shape in property_shapes()
        for t in TRIPLES
        if t.subject == shape and t.predicate not in SAYS_NO_CONSTRAINT
    }
    tripped = {
        (finding.shape, finding.component)
        for path in CASES
        for case in [cases.read(path)]
        for finding in found(case.triples, case.phase)
    }

    assert stated - tripped == set()


def constraint_component(parameter):
    """Give the IRI of the component that a parameter belongs to."""
    name = local(parameter)
    return term(f"sh:{name[0].upper()}{name[1:]}ConstraintComponent").value


def zero():
    return ox.Literal("0", datatype=term("xsd:integer"))


def predicates_of(shape):
    """Give every predicate of a shape's path, however it is built."""
    waiting, seen = list(objects(shape, "sh:path")), set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, ox.NamedNode):
            seen.add(node)
        else:
            waiting += [t.object for t in TRIPLES if t.subject == node]
    return seen


def test_every_case_folder_is_named_for_a_shape():
    """No case speaks of a shape that is gone."""
    names = {local(shape) for shape in property_shapes() | node_shapes()}

    assert {path.parent.name for path in CASES} <= names


def test_node_shapes_hold_no_constraint_that_a_case_would_miss():
    """A shape with a target only groups property shapes, which are what findings name."""
    grouping = {"a", "sh:property", "sh:targetClass", "sh:targetSubjectsOf", "skos:prefLabel", "iotsh:phase"}
    allowed = {RDF.type, *(term(name) for name in grouping - {"a"})}

    for shape in node_shapes():
        if objects(shape, "iotsh:phase"):
            assert {t.predicate for t in TRIPLES if t.subject == shape} <= allowed, shape


@pytest.mark.parametrize("shape", sorted(property_shapes(), key=str), ids=local)
def test_shapes_speak_both_languages_and_state_their_severity(shape):
    """Name and message are in Chinese and English, and the severity is written out."""
    for name in ("sh:name", "sh:message"):
        assert sorted(text.language for text in objects(shape, name)) == ["en", "zh"]
    assert len(objects(shape, "sh:severity")) == 1


def test_shapes_name_only_terms_that_the_ontology_declares():
    """A target or path with a spelling mistake would never match."""
    declared = {t.subject for t in ONTOLOGY if t.predicate == RDF.type}
    named = {
        node
        for t in TRIPLES
        for node in (t.predicate, t.object)
        if isinstance(node, ox.NamedNode) and node.value.startswith(term("iotkg:").value)
    }

    assert named <= declared


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_shape_files_are_laid_out(path):
    """``iotkg fmt`` would change nothing."""
    text = path.read_text(encoding="utf-8")

    assert format_turtle(text, name=path.name) == text


def test_a_shape_that_matches_nothing_is_named():
    """All shapes without a focus node are named at once, unless the caller allows it."""
    other = TINY.replace("Task", "Deadline") + TINY.replace("Task", "Section") + PROPERTY
    triples = cases.good("written") - {t for t in cases.good("written") if t.object == term("iotkg:Deadline")}
    triples -= {t for t in triples if t.object == term("iotkg:Section")}

    with pytest.raises(ShapesError, match=r"match nothing in the data: iotsh:Deadline, iotsh:Section\Z"):
        validation.validate(triples, shapes=[("x.ttl", HEAD + other)], phase="written")
    assert (
        validation.validate(triples, shapes=[("x.ttl", HEAD + other)], phase="written", allow_empty=True)
        == []
    )


def test_a_violation_comes_before_a_shape_without_focus():
    """Without any deadline each task fails, although the shape of deadlines then has nothing to look at."""
    bare = cases.dropped(cases.good("written"), ["* rdf:type iotkg:Deadline"]) | SUBCLASSES
    shapes = HEAD + TINY + PROPERTY + TINY.replace("Task", "Deadline")

    findings = validation.validate(bare, shapes=[("x.ttl", shapes)], phase="written")

    assert {finding.severity for finding in findings} == {Severity.VIOLATION}


@pytest.mark.parametrize(
    ("shapes", "reason"),
    [
        ([], "there are no shapes"),
        ([("x.ttl", HEAD)], r"x\.ttl: holds no shape"),
        ([("x.ttl", HEAD + TINY + PROPERTY), ("y.ttl", HEAD)], r"y\.ttl: holds no shape"),
        ([("x.ttl", HEAD + TINY)], "iotsh:Task uses iotsh:T, which is no shape"),
        ([("x.ttl", HEAD + TINY.replace("written", "later") + PROPERTY)], "iotsh:Task needs one iotsh:phase"),
        (
            [("x.ttl", HEAD + TINY.replace("iotsh:phase iotsh:written ;", "") + PROPERTY)],
            "needs one iotsh:phase",
        ),
        (
            [("x.ttl", HEAD + TINY.replace("written", "written, iotsh:complete") + PROPERTY)],
            "needs one iotsh:phase",
        ),
        (
            [("x.ttl", HEAD + TINY + PROPERTY.replace("minCount", "minCout"))],
            "sh:minCout is no term of SHACL",
        ),
        ([("x.ttl", HEAD + TINY + PROPERTY.replace("sh:path iotkg:quote ;", ""))], "iotsh:T has no sh:path"),
        (
            [("x.ttl", HEAD + TINY + PROPERTY.replace("minCount 1", 'pattern "("'))],
            "iotsh:T has a pattern that is no regular expression",
        ),
        ([("x.ttl", HEAD + TINY + PROPERTY.replace("sh:minCount 1", ""))], "iotsh:T states no constraint"),
        (
            [("x.ttl", HEAD + TINY.replace("written", "complete") + PROPERTY)],
            "no shape has iotsh:phase iotsh:written",
        ),
        ([("x.ttl", HEAD + TINY + PROPERTY + PROPERTY.replace(":T ", ":U "))], "iotsh:U has no target"),
    ],
)
def test_broken_shapes_are_refused(shapes, reason):
    """What an engine would pass over in silence is an error that names the shape or the file."""
    with pytest.raises(ShapesError, match=reason):
        validation.validate(cases.good("written"), shapes=shapes, phase="written")


def test_shapes_that_are_no_turtle_are_refused_with_their_place():
    """The file, line and column are named."""
    with pytest.raises(TurtleError, match=r"x\.ttl:2:"):
        validation.validate(cases.good("written"), shapes=[("x.ttl", "\niotsh:Task a")], phase="written")


def test_the_other_phase_is_left_out():
    """A shape of the complete graph says nothing of what was only written."""
    triples = cases.good("written")

    assert found(triples, "written") == ()
    assert found(triples, "complete") != ()


def test_shapes_are_cheap():
    """Ten plan sets of the good graph's kind, some 5,000 triples, take seconds: no shape is quadratic."""
    triples = set(SUBCLASSES)
    for copy in range(10):
        for triple in cases.good("complete"):
            triples.add(renamed(triple, copy))
    before = time.perf_counter()

    findings = validation.validate(triples, shapes=SHAPES, phase="complete", allow_empty=True)

    assert findings == []
    assert time.perf_counter() - before < 20


def renamed(triple, copy):
    """Move a triple of the fictional archipelago to another one."""

    def moved(node):
        return type(node)(re.sub("isle-2031", f"isle{copy}-2031", node.value)) if named(node) else node

    def named(node):
        return isinstance(node, ox.NamedNode) and "isle-2031" in node.value

    return ox.Triple(moved(triple.subject), triple.predicate, moved(triple.object))


def test_cases_are_laid_out():
    """Every case says on its first line which file it is and what it shows."""
    for path in cases.FOLDER.rglob("*.ttl"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith(f"# {path.relative_to(cases.ROOT).as_posix()} -- "), path
        assert Path(path).stat().st_size < 30_000
