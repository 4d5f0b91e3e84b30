"""Names in the code, the files and the ontology agree."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import NamedNode

from iotkg.errors import InvalidParameter
from iotkg.identifiers import anchor, expand, mint, parts_of, shorten
from iotkg.vocab import BASE, IOTKG, PREFIXES, RDF

ROOT = Path(__file__).resolve().parent.parent
KINDS = {"owl:Class", "owl:ObjectProperty", "owl:DatatypeProperty"}
part = st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True)


@pytest.fixture(scope="module")
def declared(inputs):
    """Give the terms that the ontology declares."""
    return {
        t.subject
        for t in inputs.ontology.triples
        if t.predicate == RDF.type and shorten(t.object.value) in KINDS
    }


def test_every_term_of_the_code_is_in_the_ontology(declared):
    terms = {value for name, value in vars(IOTKG).items() if not name.startswith("_")}
    assert terms - declared == set()


def test_every_term_in_rules_queries_and_shapes_is_in_the_ontology(declared):
    """A misspelt term in a query would silently match nothing."""
    names = {shorten(iri.value) for iri in declared}
    for path in [*ROOT.glob("ontology/rules/*.rq"), *ROOT.glob("queries/*/*.rq"), *ROOT.glob("shapes/*.ttl")]:
        used = set(re.findall(r"(?<![\w:/])iotkg:\w+", path.read_text()))
        assert used - names == set(), path.name


def test_the_base_is_written_once_in_the_code():
    for path in [*ROOT.glob("src/**/*.py"), *ROOT.glob("api/**/*.py")]:
        if path.name != "vocab.py":
            assert BASE not in path.read_text(), path.name


def test_no_namespace_has_two_prefixes():
    assert len(set(PREFIXES.values())) == len(PREFIXES)


@given(part, st.lists(part, min_size=1, max_size=4))
def test_minting_loses_nothing(kind, parts):
    """Different parts never share an IRI."""
    assert parts_of(mint(kind, *parts)) == (kind, *parts)


@pytest.mark.parametrize("parts", [(), ("",), ("A",), ("a_b",), ("a-",), ("标准",), ("a\n",)])
def test_a_key_of_another_form_is_refused(parts):
    with pytest.raises(InvalidParameter):
        mint("task", *parts)


def test_an_iri_is_written_short_and_read_back():
    assert shorten(anchor("iot-2013", 3, 5).value) == "anchor:iot-2013_3-5"
    assert expand("anchor:iot-2013_3-5") == anchor("iot-2013", 3, 5)
    assert expand("https://w3id.org/iotkg/id/plan/x") == NamedNode("https://w3id.org/iotkg/id/plan/x")
    assert shorten("urn:x:y") == "<urn:x:y>"
    for wrong in ("x", "nope:x", "http://a b", "task:a/b", "task:"):
        assert expand(wrong) is None


def test_an_iri_of_others_has_no_parts():
    with pytest.raises(InvalidParameter, match="not an IRI under"):
        parts_of(NamedNode("http://example.org/x"))


def test_the_ontology_stays_within_what_was_checked_as_owl_2_rl(inputs):
    """OWL API 5.1.9 finds ontology, code lists and alignment in OWL 2 RL and DL; these are all their constructs."""
    allowed = {
        "AllDisjointClasses",
        "AnnotationProperty",
        "Class",
        "DatatypeProperty",
        "FunctionalProperty",
        "ObjectProperty",
        "Ontology",
        "Restriction",
        "SymmetricProperty",
        "TransitiveProperty",
        "disjointWith",
        "equivalentClass",
        "hasValue",
        "imports",
        "inverseOf",
        "members",
        "onProperty",
        "propertyChainAxiom",
        "versionIRI",
        "versionInfo",
    }
    owl = PREFIXES["owl"]
    nodes = {node for t in inputs.ontology.triples for node in (t.predicate, t.object)}
    used = {node.value.removeprefix(owl) for node in nodes if getattr(node, "value", "").startswith(owl)}
    assert used - allowed == set()
    assert not {f"{PREFIXES['rdfs']}domain", f"{PREFIXES['rdfs']}range"} & {
        t.predicate.value for t in inputs.ontology.triples
    }
