"""Names in the code, the files and the ontology agree."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import NamedNode, RdfFormat, parse

from iotkg.errors import InvalidParameter
from iotkg.identifiers import anchor, expand, mint, parts_of, shorten
from iotkg.vocab import BASE, IOTKG, PREFIXES, RDF, SKOS, term

ROOT = Path(__file__).resolve().parent.parent
KINDS = {"owl:Class", "owl:ObjectProperty", "owl:DatatypeProperty"}
DEFINITION = term("skos:definition")
HAN = re.compile(r"[\u4e00-\u9fff]")
HALF_WIDTH = re.compile(r"[,;:?()](?=[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff])[,;:?()]")
part = st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True)


@pytest.fixture(scope="module")
def declared(inputs):
    """Give the terms that the ontology declares."""
    return {
        t.subject
        for t in inputs.ontology.triples
        if t.predicate == RDF.type and shorten(t.object.value) in KINDS
    }


@pytest.fixture(scope="module")
def terms(inputs):
    """Give what is said of the ontology's terms, of the codes, of the schemes and of the shapes' own terms."""
    ours = [t for t in inputs.ontology.triples if t.subject.value.startswith(BASE)]
    schemes = {t.subject for t in inputs.registry.triples if t.object == SKOS.ConceptScheme}
    shapes = list(parse(path=str(ROOT / "shapes" / "dataset.ttl"), format=RdfFormat.TURTLE))
    own = {
        q.subject for q in shapes if q.predicate == RDF.type and shorten(q.object.value).startswith("owl:")
    }
    return [
        *(t for t in ours if shorten(t.subject.value) != "<https://w3id.org/iotkg/ontology/alignment>"),
        *(t for t in inputs.registry.triples if t.subject in schemes),
        *(q for q in shapes if q.subject in own),
    ]


def test_every_term_has_a_label_and_a_definition_in_both_languages(terms):
    """Most readers read Chinese; one text in each language, and each in its own script."""
    said = {}
    for t in terms:
        if t.predicate in (SKOS.prefLabel, DEFINITION):
            texts = said.setdefault((t.subject, t.predicate), {})
            assert texts.setdefault(t.object.language, t.object.value) == t.object.value, t.subject
    for subject in {t.subject for t in terms}:
        for predicate in (SKOS.prefLabel, DEFINITION):
            texts = said.get((subject, predicate), {})
            assert sorted(texts) == ["en", "zh"], (subject.value, predicate.value)
            assert texts["en"] != texts["zh"], subject
            assert re.search("[A-Za-z]", texts["en"]), subject
            assert HAN.search(texts["zh"]), subject
            if predicate == DEFINITION:
                assert texts["en"].endswith((".", "…")), subject
                assert texts["zh"].endswith("。"), subject
                assert not HALF_WIDTH.search(texts["zh"].replace("[起始,结束)", "")), subject


def test_whatever_else_is_said_of_a_term_is_said_in_both_languages(terms):
    said = {}
    for t in terms:
        if getattr(t.object, "language", None) and t.predicate in map(
            term, ("skos:scopeNote", "skos:example")
        ):
            said.setdefault((t.subject, t.predicate), set()).add(t.object.language)
    assert all(languages == {"en", "zh"} for languages in said.values())


@pytest.mark.parametrize(
    "kind", ["owl:Class", "owl:ObjectProperty", "owl:DatatypeProperty", "skos:ConceptScheme"]
)
def test_no_two_terms_of_a_kind_have_the_same_label(terms, kind):
    """A reader who knows a class or property by its label alone knows which one is meant."""
    subjects = {t.subject for t in terms if t.predicate == RDF.type and t.object == term(kind)}
    labels = [str(t.object) for t in terms if t.subject in subjects and t.predicate == SKOS.prefLabel]
    assert sorted(labels) == sorted(set(labels))


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
