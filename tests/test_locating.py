"""From findings to places, advice and identities: the same by both engines, and steady when lines move."""

from __future__ import annotations

import pytest

from iotkg import checking, outcome
from iotkg.engines import Limits
from iotkg.errors import ShapesError
from iotkg.findings import Severity
from iotkg.rdffile import read_all

HEAD = """@prefix ex: <http://example.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
SHAPE = HEAD + "ex:S a sh:NodeShape ; sh:targetClass ex:Island ;\n"


def check(tmp_path, data, shapes, **more):
    """Write data and shapes to files, and check the one against the other."""
    files = []
    texts = [data] if isinstance(data, str) else data
    for number, text in enumerate([*texts, shapes]):
        path = tmp_path / f"{number}.ttl"
        path.write_text(text if text.startswith("@prefix") else HEAD + text, encoding="utf-8")
        files.append(path)
    read = read_all(files)
    return checking.check(
        checking.Job(read[:-1], read[-1:], limits=Limits(60.0, checking.memory_allowed()), **more)
    )


def spots(found):
    return [(one.file.rpartition("/")[2], one.line, one.column) for one in found.findings]


@pytest.mark.parametrize("engine", ["shifty", "pyshacl"])
@pytest.mark.parametrize(
    ("constraint", "data", "place"),
    [
        ("sh:path ex:area ; sh:datatype xsd:integer", 'ex:i a ex:Island ;\n  ex:area 1 ,\n    "x" .', (6, 5)),
        ("sh:path ex:area ; sh:minCount 1", "\n\nex:i ex:size 3 .\nex:i a ex:Island .", (6, 1)),
        ("sh:path ex:area ; sh:maxCount 1", "ex:i a ex:Island ; ex:area 1 ;\n  ex:area 2 .", (5, 11)),
        (
            "sh:path [ sh:inversePath ex:has ] ; sh:class ex:Sea",
            "ex:i a ex:Island .\nex:a\n  ex:has ex:i .",
            (6, 10),
        ),
        (
            "sh:path ( ex:bay ex:depth ) ; sh:maxInclusive 9",
            "ex:i a ex:Island ;\n  ex:bay ex:b1 , ex:b2 .\nex:b1 ex:depth 8 .\nex:b2 ex:depth 10 .",
            (7, 16),
        ),
        (
            "sh:path ( ex:bay <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> ) ; sh:in ( ex:Bay )",
            "ex:i a ex:Island ;\n  ex:bay ex:b1 .\nex:b1 a ex:Cove .",
            (5, 10),
        ),
        (
            "sh:path [ sh:alternativePath ( ex:a [ sh:inversePath ex:b ] ) ] ; sh:nodeKind sh:Literal",
            "ex:i a ex:Island ; ex:a 1 .\nex:x\n  ex:b ex:i .",
            (6, 8),
        ),
        (
            "sh:path [ sh:zeroOrMorePath ex:next ] ; sh:class ex:Island",
            "ex:i a ex:Island ; ex:next ex:j .\nex:j a ex:Islet ;\n  ex:next ex:j .",
            (4, 28),
        ),
        (
            "sh:path ex:bay ; sh:node [ sh:property [ sh:path ex:d ; sh:minCount 1 ] ]",
            "ex:i a ex:Island ;\n  ex:bay [ ex:e 1 ] .",
            (5, 10),
        ),
        ("sh:path ex:name ; sh:uniqueLang true", 'ex:i a ex:Island ; ex:name "a"@en ,\n  "b"@en .', (5, 3)),
    ],
)
def test_a_finding_has_the_place_of_the_statement_at_fault(tmp_path, engine, constraint, data, place):
    """The value where it is written; where something is missing, the block that states the type."""
    found = check(tmp_path, data, f"{SHAPE} sh:property [ {constraint} ] .", engine=engine)
    assert spots(found) == [("0.ttl", *place)]


@pytest.mark.parametrize("engine", ["shifty", "pyshacl"])
def test_a_closed_shape_points_at_the_property_that_is_not_allowed(tmp_path, engine):
    found = check(
        tmp_path,
        "ex:i a ex:Island ;\n  ex:arrea 1 .",
        f"{SHAPE} sh:closed true ; sh:ignoredProperties ( <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> ) ;"
        " sh:property [ sh:path ex:area ] .",
        engine=engine,
    )
    assert spots(found) == [("0.ttl", 5, 12)]
    (one,) = found.findings
    assert "did you mean ex:area?" in one.advice["en"]
    assert "是否应为 ex:area？" in one.advice["zh"]


def test_two_files_that_contradict_each_other_are_both_told(tmp_path):
    """The last statement is the one too many; the advice shows all of them."""
    found = check(
        tmp_path,
        ["ex:i a ex:Island ; ex:area 1 .", "\n\nex:i ex:area 2 ."],
        f"{SHAPE} sh:property [ sh:path ex:area ; sh:maxCount 1 ] .",
    )
    assert spots(found) == [("1.ttl", 6, 14)]
    assert found.findings[0].advice == {"en": "has 2: 1, 2", "zh": "现有 2 个：1, 2"}


def test_blank_nodes_of_several_files_are_told_apart(tmp_path):
    """One label in two files is two nodes, each with its own place."""
    text = "_:b a ex:Island ; ex:area 1 ."
    found = check(tmp_path, [text, "\n" + text], f"{SHAPE} sh:property [ sh:path ex:area ; sh:maxCount 1 ] .")
    assert found.findings == ()
    (run,) = found.runs
    assert len(run.focus) == 2
    found = check(tmp_path, [text, "\n" + text], f"{SHAPE} sh:property [ sh:path ex:area ; sh:in ( 2 ) ] .")
    assert spots(found) == [("0.ttl", 4, 27), ("1.ttl", 5, 27)]


def test_rules_have_words_in_both_languages_where_the_shape_has_none(tmp_path):
    found = check(
        tmp_path,
        'ex:i a ex:Island ; ex:area "x" .',
        f"{SHAPE} sh:property [ sh:path ex:area ; sh:datatype xsd:integer ] .",
    )
    (one,) = found.findings
    assert one.messages == {"en": "value is no well-formed xsd:integer", "zh": "值不是格式正确的 xsd:integer"}
    assert one.advice["en"] == "found 'x' of xsd:string"


def test_a_shape_s_own_message_stands_in_the_language_it_has(tmp_path):
    found = check(
        tmp_path,
        "ex:i a ex:Island .",
        f'{SHAPE} sh:property [ sh:path ex:area ; sh:minCount 1 ; sh:message "面积未给出"@zh , "No area"@en ] .',
    )
    assert found.findings[0].messages == {"en": "No area", "zh": "面积未给出"}


def test_identities_outlive_moved_lines_and_new_labels_of_blank_nodes(tmp_path):
    """Comments, order, prefixes and blank node labels change no identity; a changed value does."""
    shape = f"{SHAPE} sh:property [ sh:path ex:bay ; sh:maxCount 0 ] ; sh:property [ sh:path ex:area ; sh:in ( 1 ) ] ."
    first = check(
        tmp_path, "ex:i a ex:Island ; ex:area 2 ; ex:bay [ ex:d 1 ] .\n_:k a ex:Island ; ex:area 3 .", shape
    )
    moved = check(
        tmp_path,
        "@prefix e: <http://example.org/> .\n# moved\n\n_:z e:area 3 ; a e:Island .\n\n"
        "e:i e:bay _:q ; e:area 2 ; a e:Island . _:q e:d 1 .",
        shape,
    )
    other = check(tmp_path, "ex:i a ex:Island ; ex:area 4 .", shape)
    assert {one.identity for one in first.findings} == {one.identity for one in moved.findings}
    assert len({one.identity for one in first.findings}) == len(first.findings) == 3
    assert not {one.identity for one in other.findings} & {one.identity for one in first.findings}


def test_a_shape_without_a_name_goes_by_the_one_it_belongs_to(tmp_path):
    """Its own label is new in every run, and would tell nobody anything."""
    found = check(
        tmp_path,
        "ex:i a ex:Island ; ex:area 2 .",
        f"{SHAPE} sh:or ( [ sh:property [ sh:path ex:area ; sh:in ( 1 ) ] ] ) ;"
        " sh:property [ sh:path ex:area ; sh:in ( 1 ) ] .",
    )
    assert {one.shape for one in found.findings} == {"http://example.org/S"}


def test_an_outcome_is_read_back_as_it_was(tmp_path):
    found = check(
        tmp_path,
        'ex:i a ex:Island ; ex:area "x"@zh .',
        f"{SHAPE} sh:severity sh:Warning ; sh:property [ sh:path [ sh:oneOrMorePath ex:area ] ; sh:in ( 1 ) ] .",
    )
    back = outcome.loads(outcome.dumps(found))
    assert back == found
    assert back.report() == found.report()
    assert b"oneOrMorePath" in back.report()
    assert back.findings[0].advice == found.findings[0].advice
    with pytest.raises(ValueError, match="no outcome"):
        outcome.loads(b'{"findings": []}')


def test_made_up_severities_gate_as_violations_do(tmp_path):
    found = check(
        tmp_path,
        "ex:i a ex:Island .",
        f"{SHAPE} sh:property [ sh:path ex:area ; sh:minCount 1 ; sh:severity ex:Fatal ] .",
    )
    assert [one.severity for one in found.findings] == [Severity.VIOLATION]


def test_a_run_says_what_it_looked_at_and_what_had_nothing_to_look_at(tmp_path):
    found = check(
        tmp_path,
        "ex:i a ex:Island . ex:j a ex:Islet . ex:Islet <http://www.w3.org/2000/01/rdf-schema#subClassOf> ex:Island .",
        f"{SHAPE} sh:property [ sh:path ex:area ; sh:minCount 1 ] .\n"
        "ex:T a sh:NodeShape ; sh:targetSubjectsOf ex:no ; sh:nodeKind sh:IRI .",
    )
    seen = {run.shape: run for run in found.runs}
    assert len(seen["http://example.org/S"].focus) == seen["http://example.org/S"].results == 2
    assert seen["http://example.org/S"].line == 4
    assert seen["http://example.org/T"].focus == ()
    assert len(found.empty) == 1
    assert "subjects of <http://example.org/no>" in found.empty[0]


def test_a_constraint_that_never_ends_is_stopped(tmp_path):
    """Nor may it take all memory: the limit is the engine's, in a process of its own."""
    data = "".join(f"ex:s{n} a ex:Island ; ex:p {n} .\n" for n in range(300))
    shape = SHAPE + (
        ' sh:sparql [ sh:select "SELECT $this WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l '
        'FILTER(STR(?a) > CONCAT(STR(?d), STR(?g), STR(?j), \\"z\\")) }" ] .'
    )
    path, shapes = tmp_path / "d.ttl", tmp_path / "s.ttl"
    path.write_text(HEAD + data)
    shapes.write_text(shape)
    job = checking.Job(
        read_all([path]), read_all([shapes]), engine="shifty", limits=Limits(1.0, 2_000_000_000)
    )
    with pytest.raises(ShapesError, match=r"stopped after 1 s|more memory"):
        checking.check(job)
