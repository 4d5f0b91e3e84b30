"""Tables as JSON through TSV are, byte for byte, what the engine writes as JSON."""

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, QueryResultsFormat, Store

from iotkg.store import open_release
from iotkg_api import serializing, tojson

XSD = "http://www.w3.org/2001/XMLSchema#"
EVERYTHING = "SELECT * { ?s ?p ?o }"


def filled(values):
    """Make a store that says each of some values of a thing of its own."""
    store = Store()
    store.extend(Quad(NamedNode(f"urn:{n}"), NamedNode("urn:p"), value) for n, value in enumerate(values))
    return store


def both(store, query):
    """Write a table both ways; None where ours had rather not."""
    engine = store.query(query).serialize(format=QueryResultsFormat.JSON)
    output = BytesIO()
    converter = tojson.Converter(output)
    try:
        store.query(query).serialize(converter, QueryResultsFormat.TSV)
        converter.finish()
    except tojson.Unsure:
        return engine, None
    return engine, output.getvalue()


@pytest.mark.parametrize(
    "query",
    [
        EVERYTHING,
        "SELECT ?x ?y {}",
        "SELECT ?x {}",
        "SELECT ?x {} LIMIT 0",
        "SELECT ?x { BIND(BNODE() AS ?y) BIND(1/0 AS ?x) }",
        "SELECT * { VALUES (?a ?b) { (1 UNDEF) (UNDEF 1.50) (UNDEF UNDEF) (-1e5 true) (+.5 false) } }",
        "SELECT * { VALUES ?a { 'a\\tb\\nc\\rd\"e\\\\' 'é'@en-GB '/' '\\u2028' '😀' '^^<' '@en' '' } }",
        "SELECT * { VALUES ?a { <http://a/b'c> <http://a/%22> <urn:x> } }",
    ],
)
def test_what_is_converted_is_what_the_engine_writes(query):
    store = filled(Literal(n) for n in range(3))
    engine, ours = both(store, query)
    assert ours == engine


@pytest.mark.parametrize(
    "kind", ["integer", "decimal", "double", "float", "boolean", "date", "string", "int"]
)
@pytest.mark.parametrize(
    "form", ["01", "1", "-0", "+1.0", "1.", ".5", "1e5", "1E-5", "INF", "NaN", "true", "1 ", "2020-01-01", ""]
)
def test_every_form_of_every_type(kind, form):
    engine, ours = both(Store(), f"SELECT * {{ VALUES ?x {{ '{form}'^^<{XSD}{kind}> }} }}")
    assert ours == engine


_TEXT = st.text(max_size=20)
_TERM = st.one_of(
    _TEXT.map(Literal),
    _TEXT.map(lambda text: Literal(text, language="zh-Hans")),
    st.builds(
        lambda text, kind: Literal(text, datatype=NamedNode(XSD + kind)),
        _TEXT,
        st.sampled_from(["x", "date"]),
    ),
    st.integers().map(Literal),
    st.floats().map(Literal),
    st.booleans().map(Literal),
)


@given(st.lists(_TERM, max_size=10))
@settings(deadline=None, derandomize=True, max_examples=300)
def test_any_literal_is_written_alike_or_left_to_the_engine(terms):
    store = filled(terms)
    engine, ours = both(store, EVERYTHING)
    assert ours in {engine, None}
    assert (
        serializing.write(
            store.query(EVERYTHING),
            lambda: store.query(EVERYTHING),
            "application/sparql-results+json",
            1 << 20,
            {},
        )
        == engine
    )


def test_long_tables_are_converted_in_pieces_and_bounded():
    store = filled(Literal("x" * 100) for _ in range(5000))
    engine, ours = both(store, EVERYTHING)
    assert len(engine) > 4 * tojson._ENOUGH
    assert ours == engine
    with pytest.raises(serializing.TooLarge):
        serializing.write(
            store.query(EVERYTHING), lambda: None, "application/sparql-results+json", 100_000, {}
        )


def test_control_characters_are_left_to_the_engine():
    engine, ours = both(Store(), "SELECT * { VALUES ?x { 'a\\bb' } }")
    assert ours is None
    assert b"a\\bb" in engine


def test_the_whole_release_is_written_alike(dist):
    store = open_release(dist).store
    engine, ours = both(store, "SELECT * { GRAPH ?g { ?s ?p ?o } }")
    assert ours == engine
