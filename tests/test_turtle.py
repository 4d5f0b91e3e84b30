"""The layout of Turtle: what it keeps, what it orders and what it refuses."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import (
    BaseDirection,
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    serialize,
)

from iotkg.errors import TurtleError
from iotkg.turtle import format_turtle, graph_to_turtle, parse_turtle, subject_lines
from iotkg.vocab import PREFIXES, RDF, XSD, term

PREFIX_LINES = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())

WRITTEN = """\
# data/sample.ttl -- a sample.
# Curated by a test.

@prefix xsd:     <http://www.w3.org/2001/XMLSchema#> .
@prefix skos:    <http://www.w3.org/2004/02/skos/core#> .
PREFIX dcterms:  <http://purl.org/dc/terms/>
@prefix unused:  <https://example.org/unused#> .
@prefix owl:     <http://www.w3.org/2002/07/owl#> .
@prefix iotkg:   <https://w3id.org/iotkg/ontology#> .
@prefix task:    <https://w3id.org/iotkg/id/task/> .
@prefix sh:      <http://www.w3.org/ns/shacl#> .

task:demo_10 a iotkg:Task ; iotkg:verbatim "十"; iotkg:quote "10、第十" ; iotkg:statedIn task:demo_10 .
task:demo_2 skos:altLabel "two"@en, "二"@zh , "deux"@fr, "两"@zh ; iotkg:ordinal 2;
  dcterms:source <https://example.org/b#2> ; iotkg:weight 1500.25, 2.5 ; iotkg:open true ;
  skos:prefLabel 'Task "two"'@en ;; iotkg:dueDate "2015-12-31"^^xsd:date ; a iotkg:Task
  .
task:demo_2 iotkg:share "1.50"^^xsd:decimal, "01"^^xsd:integer ;
  iotkg:note \"\"\"first
second \\"x\\" # no comment\"\"\" ; iotkg:refersTo task:demo_10, task:demo_9 .
[] a owl:AllDisjointClasses ; owl:members (iotkg:Task [ a owl:Class; owl:oneOf () ]) .
<https://w3id.org/iotkg/ontology> a owl:Ontology .
task:demo_1 sh:in ("a" "b"@en 3) ; sh:property [ sh:minCount 1 ; sh:path [ sh:inversePath iotkg:inPlan ] ] .
"""

LAID_OUT = """\
# data/sample.ttl -- a sample.
# Curated by a test.

@prefix iotkg: <https://w3id.org/iotkg/ontology#> .
@prefix task: <https://w3id.org/iotkg/id/task/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

<https://w3id.org/iotkg/ontology>
  a owl:Ontology ;
.

task:demo_1
  sh:in ( "a" "b"@en 3 ) ;
  sh:property [
    sh:path [
      sh:inversePath iotkg:inPlan ;
    ] ;
    sh:minCount 1 ;
  ] ;
.

task:demo_2
  a iotkg:Task ;
  skos:prefLabel "Task \\"two\\""@en ;
  skos:altLabel "两"@zh ;
  skos:altLabel "二"@zh ;
  skos:altLabel "two"@en ;
  skos:altLabel "deux"@fr ;
  iotkg:dueDate "2015-12-31"^^xsd:date ;
  iotkg:note \"\"\"first
second "x" # no comment\"\"\" ;
  iotkg:open true ;
  iotkg:ordinal 2 ;
  iotkg:refersTo task:demo_9 ;
  iotkg:refersTo task:demo_10 ;
  iotkg:share "01"^^xsd:integer ;
  iotkg:share "1.50"^^xsd:decimal ;
  iotkg:weight 2.5 ;
  iotkg:weight 1500.25 ;
  dcterms:source <https://example.org/b#2> ;
.

task:demo_10
  a iotkg:Task ;
  iotkg:statedIn task:demo_10 ;
  iotkg:quote "10、第十" ;
  iotkg:verbatim "十" ;
.

[]
  a owl:AllDisjointClasses ;
  owl:members (
    iotkg:Task
    [
      a owl:Class ;
      owl:oneOf () ;
    ]
  ) ;
.
"""


def canonical(triples):
    """Name blank nodes as RDFC-1.0 does, so that isomorphic graphs are equal sets."""
    dataset = Dataset(Quad(*triple) for triple in triples)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


def one(value):
    """Write one statement about one value."""
    return f"{PREFIX_LINES}task:x iotkg:note {value} .\n"


def values_of(text):
    return [triple.object for triple in parse_turtle(text, name="a.ttl")]


def refusal(text):
    with pytest.raises(TurtleError) as caught:
        format_turtle(text, name="a.ttl")
    return str(caught.value)


LAW = settings(deadline=None, max_examples=50)
NASTY = st.text(
    st.one_of(
        st.sampled_from("\"'\\\n\r\t\0 #<>@.;^\u00a0\u0085\u2028\u202e\ufeff字"), st.characters(codec="utf-8")
    )
)
IRIS = st.one_of(
    st.from_regex(r"https://w3id\.org/iotkg/id/task/[a-z0-9_.-]{1,6}", fullmatch=True),
    st.from_regex(r"http://www\.w3\.org/2004/02/skos/core#[a-zA-Z/]{0,4}(%2F)?", fullmatch=True),
    st.from_regex(r"urn:[a-z]:[0-9字'();.]{1,4}", fullmatch=True),
    st.sampled_from([RDF.nil.value, RDF.first.value, term("iotkg:Task").value, term("owl:Ontology").value]),
).map(NamedNode)
PREDICATES = st.one_of(
    IRIS,
    st.sampled_from([RDF.type, RDF.first, RDF.rest, *map(term, ("skos:prefLabel", "sh:in", "iotkg:quote"))]),
)
LITERALS = st.one_of(
    NASTY.map(Literal),
    st.builds(
        lambda text, language: Literal(text, language=language),
        NASTY,
        st.sampled_from(["en", "zh", "zh-hans", "fr"]),
    ),
    st.builds(
        lambda text, datatype: Literal(text, datatype=datatype),
        st.one_of(NASTY, st.from_regex(r"[+-]?[0-9]{0,3}\.?[0-9]{0,3}", fullmatch=True), st.just("true")),
        st.sampled_from([XSD.integer, term("xsd:decimal"), term("xsd:boolean"), NamedNode("urn:d")]),
    ),
)
TREES = st.recursive(
    st.one_of(IRIS, LITERALS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(st.tuples(PREDICATES, inner), max_size=3).map(tuple),
    ),
    max_leaves=12,
)


def triples_of(subject, statements):
    """Spell out a tree: a list of values is an RDF list, a tuple of statements a blank node."""
    for predicate, value in statements:
        node, inner = value, ()
        if isinstance(value, tuple):
            node, inner = BlankNode(), value
        elif isinstance(value, list):
            node = BlankNode() if value else RDF.nil
            inner = ((RDF.first, value[0]), (RDF.rest, value[1:])) if value else ()
        yield Triple(subject, predicate, node)
        yield from triples_of(node, inner)


@st.composite
def graphs(draw):
    """Draw a graph whose blank nodes are lists, nested nodes or the subjects of blocks."""
    blocks = draw(
        st.lists(
            st.tuples(
                st.one_of(IRIS, st.builds(BlankNode)),
                st.lists(st.tuples(PREDICATES, TREES), min_size=1, max_size=4),
            ),
            max_size=4,
        )
    )
    return [triple for subject, statements in blocks for triple in triples_of(subject, statements)]


def n_triples(triples):
    return serialize(triples, format=RdfFormat.N_TRIPLES).decode()


def test_sample_is_laid_out_as_shown():
    """One sample shows every rule of layout."""
    assert format_turtle(WRITTEN) == LAID_OUT


def test_laid_out_text_stays_as_it_is():
    """A file that was laid out once is not changed again."""
    assert format_turtle(LAID_OUT) == LAID_OUT


@given(graphs())
@LAW
def test_layout_keeps_the_graph_and_is_final(triples):
    """Any graph comes back isomorphic, and laying it out twice is laying it out once."""
    text = format_turtle(n_triples(triples))

    assert canonical(parse_turtle(text, name="a.ttl")) == canonical(triples)
    assert format_turtle(text) == text


@given(graphs(), st.randoms(use_true_random=False))
@LAW
def test_layout_depends_on_the_graph_alone(triples, chance):
    """Neither the order of triples nor the names of blank nodes can be seen in the text."""
    renamed = {}
    shuffled = [
        Triple(*(renamed.setdefault(t, BlankNode()) if isinstance(t, BlankNode) else t for t in triple))
        for triple in triples
    ]
    chance.shuffle(shuffled)

    assert graph_to_turtle(shuffled) == graph_to_turtle(triples)


@given(NASTY)
@LAW
def test_any_text_survives(text):
    """A literal comes back to the character, whatever is in it."""
    written = graph_to_turtle([Triple(term("task:x"), term("iotkg:note"), Literal(text))])

    assert values_of(written) == [Literal(text)]


@given(NASTY)
@LAW
def test_only_newlines_break_lines(text):
    """Whatever splits a text into lines, an editor or str.splitlines, finds the same ones."""
    written = graph_to_turtle([Triple(term("task:x"), term("iotkg:note"), Literal(text))])

    assert written.splitlines() == written.split("\n")[:-1]


@given(st.text())
@LAW
def test_no_text_crashes_the_reading(text):
    """A text that is no Turtle has no subject lines or some, and is laid out or refused with its place."""
    subject_lines(text)
    try:
        format_turtle(text, name="a.ttl")
    except TurtleError as error:
        assert str(error).startswith("a.ttl:")  # noqa: PT017 - a text may also be good


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("line\n", '"""line\n"""'),
        ('say "so"\n"', '"""say "so"\n\\""""'),
        ('""""""\n', '"""\\"\\"\\"\\"\\""\n"""'),
        ("back\\\n\\", '"""back\\\\\n\\\\"""'),
        ("a\r\nb\t", '"""a\\r\nb\\t"""'),
        ('"\\', '"\\"\\\\"'),
        ("a\u00a0b", '"a\u00a0b"'),
        ("\u2028\u0085\u0000", '"\\u2028\\u0085\\u0000"'),
    ],
)
def test_literals_are_quoted_as_shown(value, written):
    """A text with lines is written on them; what cannot be seen is escaped, but for a hard space."""
    text = graph_to_turtle([Triple(term("task:x"), term("iotkg:note"), Literal(value))])

    assert f"  iotkg:note {written} ;\n" in text
    assert values_of(text) == [Literal(value)]


@pytest.mark.parametrize(
    "value",
    [
        "1500",
        "0",
        "-3",
        "0.5",
        "1500.0",
        "-0.25",
        "true",
        '"1.50"^^xsd:decimal',
        '"+5"^^xsd:integer',
        '"1500"^^xsd:decimal',
        '"1"^^xsd:boolean',
        '"2024-02-29"^^xsd:date',
        '"2013"^^xsd:gYear',
    ],
)
def test_lexical_forms_are_kept(value):
    """A value is written as it was spelt; one in another than the plain form stays in quotes."""
    assert f"  iotkg:note {value} ;\n" in format_turtle(one(value))


@pytest.mark.parametrize(
    ("quoted", "plain"),
    [('"1500"^^xsd:integer', "1500"), ('"0.5"^^xsd:decimal', "0.5"), ('"false"^^xsd:boolean', "false")],
)
def test_plain_forms_lose_their_quotes(quoted, plain):
    """What can be written plainly is."""
    assert f"  iotkg:note {plain} ;\n" in format_turtle(one(quoted))


@pytest.mark.parametrize("number", ["+1", "01", "-0", "1.50", ".5", "00.5", "-0.0", "1e3", "1.5E0", "+.5"])
def test_other_spellings_of_a_number_are_refused(number):
    """A plain number has one spelling, and none is a double."""
    assert refusal(f"{PREFIX_LINES}task:x\n  iotkg:note {number} .\n").startswith(
        f"a.ttl:{len(PREFIXES) + 2}:14: {number} is not how we spell that number; write it like"
    )


@pytest.mark.parametrize(
    "day", ["2020-02-30", "2021-2-1", "2021-02-01Z", "20210201", "2021", "", "0000-01-01"]
)
@pytest.mark.parametrize("datatype", ["xsd:date", "<http://www.w3.org/2001/XMLSchema#d\\u0061te>"])
def test_impossible_days_are_refused(day, datatype):
    """A date is a day of the calendar in its one form."""
    assert refusal(one(f'1, "{day}"^^{datatype}')) == (
        f'a.ttl:{len(PREFIXES) + 1}:22: "{day}" is no day of the calendar; write it like 2021-02-01'
    )


@pytest.mark.parametrize("datatype", ["xsd:double", "xsd:float"])
def test_floating_point_is_refused(datatype):
    """A double is refused in quotes too."""
    assert refusal(one(f'"1.5"^^{datatype}')) == (
        f"a.ttl:{len(PREFIXES) + 1}:19: a double or float is not exact; write a decimal such as 1500.0"
    )


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("<urn:a> <urn:b> <urn:c> .\n<urn:a> bad 1 .\n", "2:9", "bad is not a valid predicate"),
        ("<urn:a> <urn:b> 1", "1:18", "Unexpected end"),
        ("<urn:a>\r<urn:b>\r\n'字' x:c .\n", "3:5", "The prefix x: has not been declared"),
        ("<urn:a> <urn:b> '\ud800' .\n", "1:18", "half a surrogate pair is no character; remove it"),
    ],
)
def test_syntax_errors_name_their_place(text, place, what):
    """An error of syntax names file, line and column, for the formatter as for the loader."""
    assert refusal(text).startswith(f"a.ttl:{place}: ")
    with pytest.raises(TurtleError) as caught:
        parse_turtle(text, name="a.ttl")
    assert what in str(caught.value)


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("# kept\n\n<urn:a> <urn:b> 1 . # lost\n", "3:21", "a comment below the header"),
        ("# kept\n\n# lost\n<urn:a> <urn:b> 1 .", "3:1", "a comment below the header"),
        ("<urn:a> <urn:b> '''\n''' .\n  # lost", "3:3", "a comment below the header"),
        ("<urn:a>\r\n#\r\n<urn:b> 1 .", "2:1", "a comment below the header"),
        ("# lost\r<urn:a> <urn:b> 1 .", "1:1", "a comment below the header"),
        ("<urn:a>\r#\r<urn:b> 1 .", "2:1", "a comment below the header"),
        ("@base <urn:x> .\n<urn:a> <urn:b> 1 .", "1:1", "a base hides"),
        ("<urn:a> <urn:b> 1 .\n BASE <urn:x>", "2:2", "a base hides"),
        (
            "@prefix\n skos: <urn:x> .",
            "2:2",
            "the prefix skos: is bound to <urn:x>; bind it to <http://www.w3.org",
        ),
        (
            "PREFIX skos:<urn:x>\n<urn:a> <urn:b> 1 .",
            "1:8",
            "the prefix skos: is bound to <urn:x>; bind it to",
        ),
        (
            "@prefix x: <urn:x> .\n<urn:a> <urn:b> '5'^^x:y, x:z .",
            "2:22",
            "the prefix x: is none of ours; write",
        ),
        ("@prefix : <urn:x> .\n<urn:a>\n a : .", "3:4", "the prefix : is none of ours; write"),
        (
            "_:x <urn:b> 1 ;\n <urn:c> _:y.\n<urn:a> <urn:b> _:y .",
            "2:10",
            "_:y is shared or part of a circle",
        ),
        (
            "<urn:a> <urn:b> 1 .\n_:x.1 <urn:b> [ <urn:b> _:x.1 ] .",
            "2:1",
            "_:x.1 is shared or part of a circle",
        ),
        ("_:x <urn:b> _:x .", "1:1", "_:x is shared or part of a circle"),
        ("<urn:a> <urn:b> <<( <urn:a> <urn:b> 1 )>> .", "1:17", "RDF 1.2"),
        ("<urn:a> <urn:b> 1 ~ <urn:c> .", "1:19", "RDF 1.2"),
        ("<urn:a> <urn:b> 1 {| <urn:c> 2 |} .", "1:19", "RDF 1.2"),
        ("<urn:a> <urn:b> 'x'@en--ltr .", "1:20", "RDF 1.2"),
    ],
)
def test_what_breaks_the_layout_is_refused_at_its_place(text, place, what):
    """Every rule names file, line and column of what breaks it, once."""
    found = refusal(text)

    assert found.startswith(f"a.ttl:{place}: {what}")
    assert "\n" not in found


def test_all_faults_are_told_at_once():
    """A curator sees every fault of a file, in the order of the file."""
    assert [
        fault.split(":")[1:3]
        for fault in refusal("<urn:a> <urn:b> 01 .\n<urn:a> <urn:b> 1e0 . # no").split("\n")
    ] == [
        ["1", "17"],
        ["2", "17"],
        ["2", "23"],
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "<urn:a#b> <urn:c#> <urn:#d> .",
        '<urn:a> <urn:b> \'#\', "#", \'\'\'\n# \\\'\'\' #\'\'\', """"\n# \\""" #""" .',
        "<urn:a> <urn:b> \"\\\"# no\", '\\'# no' .",
        "@prefix unused: <urn:x#> . <urn:a> <urn:b> <urn:c> .",
        "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> <urn:a> <urn:b> ( 'x'@prefix skos:y <urn:z> 'y'@base ) .",
    ],
)
def test_what_only_looks_like_a_comment_is_none(statement):
    """A hash inside an IRI or a literal is no comment, and a language is no directive."""
    before = parse_turtle(statement, name="a.ttl")

    assert canonical(parse_turtle(format_turtle(statement), name="a.ttl")) == canonical(before)


def test_an_escaped_hash_is_no_comment():
    """A hash in a prefixed name is no comment; the IRI that holds it is written in full."""
    assert f"<{PREFIXES['task']}a#b>" in format_turtle(one("task:a\\#b"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", ""), ("\n \n", ""), ("# a", "# a\n"), ("\n# a  \r\n#b\r\n\r\n", "# a\n#b\n")],
)
def test_header_is_kept(text, expected):
    """The comment lines at the top stay, without blanks at their ends; a file ends in one newline."""
    assert format_turtle(text) == expected


def test_numbers_in_names_are_compared_as_numbers():
    """x_2 comes before x_10, however many digits; names alike in that are ordered by their letters."""
    huge = [f"task:x_{'9' * 5000}", f"task:x_1{'0' * 5000}"]
    names = ["task:x", "task:x_01", "task:x_1", "task:x_1_2", "task:x_2", "task:x_10", "task:x_10a"]
    expected = [*names, *huge, "task:y"]

    text = format_turtle(PREFIX_LINES + "".join(f"{name} a iotkg:Task .\n" for name in expected[::-1]))

    assert [line for line in text.split("\n") if line.startswith("task:")] == expected


def test_a_list_stays_on_its_line_up_to_a_hundred_characters():
    """A list is broken, an item to a line, when its line would be longer than 100 characters."""
    room = 100 - len("  iotkg:note ( 1  ) ;") - len('""')
    fits, broken = (format_turtle(one(f'(1 "{"字" * width}")')) for width in (room, room + 1))

    assert f'  iotkg:note ( 1 "{"字" * room}" ) ;\n' in fits
    assert f'  iotkg:note (\n    1\n    "{"字" * (room + 1)}"\n  ) ;\n' in broken


def test_a_list_with_a_text_of_several_lines_is_broken():
    """A text with lines of its own stands on its own line of a list."""
    assert '(\n    1\n    """a\nb"""\n  ) ;\n' in format_turtle(one("( 1 'a\\nb' )"))


def test_what_is_said_twice_is_written_once():
    """A statement that is repeated is one statement, about a blank node too."""
    text = format_turtle(one("1, 1, _:b, _:b") + one("1"))

    assert text.count("iotkg:note 1 ;") == text.count("iotkg:note [] ;") == 1


def test_a_list_of_twenty_thousand_items_is_laid_out():
    """The length of a list is no trouble."""
    items = [f"task:x_{number}" for number in range(20_000)]

    text = format_turtle(one(f"({' '.join(items)})"))

    assert text.count("\n    task:x_") == len(items)
    assert format_turtle(text) == text


def test_nesting_may_be_deep():
    """The depth of nesting is no trouble: no node is written by recursion."""
    depth = 600
    text = format_turtle(one("( " * depth + "[ iotkg:note 1 ]" + " )" * depth))

    assert text.count("(\n") == depth
    assert format_turtle(text) == text


@pytest.mark.parametrize(
    "cells",
    [
        "[ rdf:first 1 ; rdf:rest [ rdf:first 2 ] ]",
        "[ rdf:first 1 ; rdf:rest ( 2 ) ; a rdf:List ]",
        "[ rdf:first 1, 2 ; rdf:rest () ]",
        "[ rdf:first 1 ; rdf:rest 2 ]",
    ],
)
def test_what_is_no_proper_list_is_written_as_nodes(cells):
    """Cells that say more or less than a list's are kept as they are."""
    text = format_turtle(one(cells))

    assert canonical(parse_turtle(text, name="a.ttl")) == canonical(parse_turtle(one(cells), name="a.ttl"))


def test_equal_blank_nodes_stay_apart():
    """Two nodes that look alike are two nodes."""
    assert format_turtle(one("[ a iotkg:Task ], [ a iotkg:Task ], [], []")).count("iotkg:note [") == 4


def test_subject_lines_are_those_of_the_blocks():
    """Each subject's IRI is found on the line its block starts on, and nothing else is."""
    expected = {
        "https://w3id.org/iotkg/ontology": 12,
        term("task:demo_1").value: 16,
        term("task:demo_2").value: 26,
        term("task:demo_10").value: 47,
    }

    assert subject_lines(LAID_OUT) == expected


@given(graphs())
@LAW
def test_subject_lines_match_any_layout(triples):
    """Every IRI that is a subject has its line, and the line holds nothing but its name."""
    text = graph_to_turtle(triples)
    lines = text.split("\n")

    found = subject_lines(text)

    assert set(found) == {t.subject.value for t in triples if isinstance(t.subject, NamedNode)}
    assert all(lines[line - 1].endswith((iri[-1], f"{iri}>")) for iri, line in found.items())
    assert all(lines[line - 2 :][:1] in ([""], [lines[-1]]) for line in found.values())


@pytest.mark.parametrize(
    "text",
    [
        "task:x a task:y .",
        "task:x a\ntask:y\n.\n",
        "unknown:x\n  a task:y ;\n.\n",
        '<urn:a> <urn:b> """\ntask:x\n',
        "<\n>",
    ],
)
def test_subjects_laid_out_otherwise_have_no_line(text):
    """Where a text is not laid out, a subject is missed and never taken from elsewhere."""
    assert subject_lines(text) == {}


def test_generated_graphs_are_laid_out_as_files_are():
    """Quads of a store and triples of a query come out alike, below the header given."""
    triples = parse_turtle(WRITTEN, name="a.ttl")
    header = "# data/sample.ttl -- a sample.\n# Curated by a test.\n"
    quads = [Quad(*triple, term("graph:sample")) for triple in triples]

    assert graph_to_turtle(triples, header) == LAID_OUT
    assert graph_to_turtle(quads, header) == LAID_OUT


@pytest.mark.parametrize(
    ("links", "message"),
    [
        ([(term("task:x"), BlankNode("b")), (term("task:y"), BlankNode("b"))], "_:b is shared"),
        (
            [(BlankNode("b"), BlankNode("c")), (BlankNode("c"), BlankNode("b"))],
            "_:b is shared or part of a circle",
        ),
        ([(term("task:x"), Triple(term("task:x"), RDF.type, term("iotkg:Task")))], "RDF 1.2"),
        ([(term("task:x"), Literal("x", language="en", direction=BaseDirection.LTR))], "RDF 1.2"),
    ],
    ids=["shared", "circle", "statement", "direction"],
)
def test_graphs_that_cannot_be_written_are_refused(links, message):
    """A shared blank node, a circle or a term of RDF 1.2 is an error and not a loss."""
    with pytest.raises(TurtleError, match=f"^{re.escape(message)}"):
        graph_to_turtle(Triple(subject, term("iotkg:note"), value) for subject, value in links)
