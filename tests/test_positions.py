"""Each statement of a Turtle file is found where its object is written, whatever the layout."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotkg.positions import Spot, locate

ROOT = Path(__file__).resolve().parent.parent
HEAD = "@prefix e: <http://e/> .\n"


def parsed(text, syntax=ox.RdfFormat.TURTLE, base=None):
    return [quad.triple for quad in ox.parse(text.encode(), syntax, base_iri=base)]


def places(text, **more):
    """Give what stands at each triple's place, by the triple's object as the parser gives it."""
    triples = parsed(text, base=more.get("base"))
    found = locate(text, triples, **more)
    lines = text.splitlines()
    return {
        triple: [lines[spot.line - 1][spot.column - 1 :] for spot in spots]
        for triple in triples
        if (spots := found.statements(triple.subject, triple.predicate, triple.object))
    }, triples


FILES = sorted(path for folder in ("ontology", "data", "shapes") for path in (ROOT / folder).rglob("*.ttl"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_statement_of_the_project_has_a_place(path):
    """Of all our files none loses a statement, and an IRI written in full or a string stands where it is said to."""
    text = path.read_text(encoding="utf-8")
    found, triples = places(text)
    assert set(found) == set(triples)
    for triple, (words, *_) in found.items():
        if isinstance(triple.object, ox.Literal) and "\n" not in triple.object.value and words[0] == '"':
            assert words.startswith(str(ox.Literal(triple.object.value))[:2])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("e:s e:p e:o .", [(2, 9)]),
        ('e:s e:p "a" , "b"@en ,\n  1 ;\n  a e:C .', [(2, 9), (2, 15), (3, 3), (4, 5)]),
        ("e:s e:p [ e:q e:o ] .", [(2, 9), (2, 15)]),
        ("[ e:q e:o ] e:p e:x .", [(2, 7), (2, 17)]),
        ("[ e:q e:o ] .", [(2, 7)]),
        ("e:s e:p ( e:a [ e:q 1 ] ) .", [(2, 9), (2, 11), (2, 15), (2, 15), (2, 21), (2, 25)]),
        ("e:s e:p () .", [(2, 9)]),
        ("_:a e:p _:b . _:b e:p _:a .", [(2, 9), (2, 23)]),
        ("e:s e:p 1.5 , -3 , true , 1e6 .", [(2, 9), (2, 15), (2, 20), (2, 27)]),
        ('e:s e:p """two\nlines""" ; e:q "x"^^e:t .', [(2, 9), (3, 16)]),
        ("# [ e:x ( \ne:s e:p e:o . # e:s e:p e:o2 .", [(3, 9)]),
        ("PREFIX f: <http://f/>\nf:s e:p f:o", [(3, 9)]),
        ("@base <http://b/> .\n<s> e:p <o> .", [(3, 9)]),
        ("e:s e:p <http://e/\\u0041> , e:a\\-b .", [(2, 9), (2, 29)]),
        ("e:s e:p e:o . e:s e:p e:o .", [(2, 9), (2, 23)]),
    ],
)
def test_a_place_is_the_line_and_column_of_the_object(text, expected):
    whole = HEAD + text + ("" if text.endswith(".") else " .")
    triples = parsed(whole)
    found = locate(whole, triples)
    spots = {
        (spot.line, spot.column)
        for triple in triples
        for spot in found.statements(triple.subject, triple.predicate, triple.object)
    }
    assert spots == set(expected)


def test_a_block_is_where_its_subject_begins():
    text = HEAD + "e:a e:p e:b .\n\ne:b\n  e:p [\n    e:q 1 ] .\ne:a e:q 2 ."
    triples = parsed(text)
    found = locate(text, triples)
    inner = next(triple.object for triple in triples if isinstance(triple.object, ox.BlankNode))
    assert found.block(ox.NamedNode("http://e/a")) == Spot(2, 1)
    assert found.block(ox.NamedNode("http://e/b")) == Spot(4, 1)
    assert found.block(inner) == Spot(5, 7)
    assert found.block(ox.NamedNode("http://e/none")) is None
    assert found.starts() == {2, 4, 7}


@pytest.mark.parametrize("breaking", ["\n", "\r\n", "\r"])
def test_lines_break_as_the_parser_breaks_them(breaking):
    text = breaking.join(["@prefix e: <http://e/> .", "", "e:s", "  e:p 物 ;", "  e:q e:o ."]).replace(
        "物", "e:物"
    )
    triples = parsed(text)
    found = locate(text, triples)
    assert [found.statements(t.subject, t.predicate, t.object) for t in triples] == [
        [Spot(4, 7)],
        [Spot(5, 7)],
    ]


def test_line_based_syntaxes_are_followed_too():
    nquads = '<http://e/s> <http://e/p> "o"@en <http://e/g> .\n<http://e/s> <http://e/p> _:b .\n'
    triples = parsed(nquads, ox.RdfFormat.N_QUADS)
    found = locate(nquads, triples)
    assert [found.statements(t.subject, t.predicate, t.object) for t in triples] == [
        [Spot(1, 27)],
        [Spot(2, 27)],
    ]
    trig = HEAD + "e:g { e:s e:p e:o ; e:q 1 } GRAPH e:h { [] e:p 2 . }\n{ e:t e:p 3 }\n"
    triples = parsed(trig, ox.RdfFormat.TRIG)
    found = locate(trig, triples)
    assert {spot.column for t in triples for spot in found.statements(t.subject, t.predicate, t.object)} == {
        15,
        25,
        48,
        11,
    }


def test_relative_iris_and_renamed_blank_nodes_are_matched():
    text = HEAD + "<a> e:p _:x ."
    (triple,) = parsed(text, base="http://base/dir/")
    renamed = ox.Triple(triple.subject, triple.predicate, ox.BlankNode(f"f7x{triple.object.value}"))
    found = locate(text, [renamed], base="http://base/dir/", mark="f7x")
    assert found.statements(renamed.subject, renamed.predicate, renamed.object) == [Spot(2, 9)]


def test_what_cannot_be_followed_has_no_place():
    """RDF 1.2 is beyond the walk, and so are triples of another text: no place is better than a wrong one."""
    text = HEAD + "e:s e:p <<( e:a e:b e:c )>> ."
    assert locate(text, parsed(HEAD + "e:s e:p e:o .")).block(ox.NamedNode("http://e/s")) is None
    other = parsed(HEAD + "e:s e:p e:o , e:o2 .")
    found = locate(HEAD + "e:s e:p e:o .", other)
    assert [found.statements(t.subject, t.predicate, t.object) for t in other] == [[], []]


def test_deep_brackets_end_in_no_place_and_not_in_a_crash():
    deep = HEAD + "e:s e:p " + "[ e:p " * 4000 + "1" + " ]" * 4000 + " ."
    assert locate(deep, []).block(ox.NamedNode("http://e/s")) is None


names = st.sampled_from(["e:a", "e:b", "e:c", "<http://e/d>", "_:x", "_:y"])
literals = st.one_of(
    st.integers(-9, 9).map(str),
    st.text(st.characters(codec="utf-8", exclude_characters='"\\\n\r'), max_size=5).map(
        lambda t: f'"{t}"@zh'
    ),
    st.sampled_from(["true", '"x;. [ ( #"', "'''a''b'''", "1.5", '"t"^^e:t']),
)
nodes = st.recursive(
    st.one_of(names, literals),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: f"( {' '.join(parts)} )"),
        st.lists(st.tuples(st.sampled_from(["e:p", "a"]), inner), min_size=1, max_size=3).map(
            lambda pairs: f"[ {' ; '.join(f'{p} {o}' for p, o in pairs)} ]"
        ),
    ),
    max_leaves=6,
)
blocks = st.tuples(
    st.one_of(names, st.just("[]"), st.just("( e:l )")),
    st.lists(st.tuples(st.sampled_from(["e:p", "e:q"]), nodes), min_size=1, max_size=4),
)


@given(st.lists(blocks, min_size=1, max_size=5))
def test_any_text_that_parses_is_followed_to_its_end(written):
    """Whatever is nested in whatever: each triple has a place, and what stands there is its object."""
    said = [
        (subject, " ;\n  ".join(f"{verb} {value}" for verb, value in pairs)) for subject, pairs in written
    ]
    text = HEAD + "".join(f"{subject} {pairs} .\n" for subject, pairs in said)
    triples = parsed(text)
    found = locate(text, triples)
    lines = text.split("\n")
    for triple in triples:
        spots = found.statements(triple.subject, triple.predicate, triple.object)
        assert spots, f"{triple} has no place in\n{text}"
        for spot in spots:
            words = lines[spot.line - 1][spot.column - 1 :]
            if isinstance(triple.object, ox.NamedNode) and triple.predicate.value.endswith(("p", "q")):
                name = triple.object.value.removeprefix("http://e/")
                assert words.startswith((f"e:{name}", f"<http://e/{name}>", "("))
            elif isinstance(triple.object, ox.Literal):
                assert words[0] in "\"'-0123456789tf"
