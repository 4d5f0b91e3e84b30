"""What the guard refuses, and what it lets pass: words in strings, names and comments are not keywords."""

import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iotkg import guard
from iotkg.guard import Reason, Refused, inspect, tokenize

PASSED = [
    'SELECT * { ?s ?p "SERVICE <http://x/> {}" }',
    "SELECT * { ?s ?p 'SERVICE' }",
    'SELECT * { ?s ?p """a "quoted" SERVICE """ }',
    "SELECT * { ?s ?p '''it's SERVICE''' }",
    'SELECT * { ?s ?p "an escaped \\" SERVICE" }',
    "SELECT * { ?service $SERVICE ?o }",
    "PREFIX ex: <http://e/> SELECT * { ?s ex:service ?o }",
    "PREFIX service: <http://e/> SELECT * { ?s service:x ?o }",
    "SELECT * { ?s ?p ?o } # SERVICE <http://x/> {}",
    "SELECT * { ?s <http://e/SERVICE> ?o }",
    'SELECT * { ?s ?p "x"@service }',
    "SELECT * { ?s ?p _:service }",
    "SELECT ?insert { ?delete ?p 'DROP' }",
    "SELECT (?a < 1 && ?b > 2 AS ?c) { ?s ?p ?o }",
    "SELECT * { ?s ?p '\\u0053ERVICE' }",
]


@pytest.mark.parametrize("query", PASSED)
def test_words_that_are_no_keywords_pass(query):
    inspect(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <http://x/> { ?s ?p ?o } }",
        "SELECT * { service silent ?x { ?s ?p ?o } }",
        "SELECT * { SeRvIcE<http://x/>{ ?s ?p ?o } }",
        "SELECT * { SERV\\u0049CE <http://x/> { } }",
        "SELECT * { \\U00000053ERVICE <http://x/> { } }",
        "SELECT * { ?s ?p 'a' . # comment\n SERVICE <http://x/> { } }",
        "SELECT * { ?s ?p 'a\\\\' SERVICE <http://x/> { } }",
        'SELECT * { ?s ?p "" SERVICE <http://x/> { } }',
        "SELECT * { FILTER(?a<?b) SERVICE <http://x/> { } }",
        "SELECT * { FILTER EXISTS { SERVICE ?x { } } }",
        "SELECT * { SERVICE/**/<http://x/> { } }",
        "PREFIX : <http://x/> SELECT * { SERVICE:a { } }",
        "PREFIX : <http://x/> SELECT * { SERVICESILENT:a { } }",
        "SELECT * { ?s ?p 'unterminated \n SERVICE <http://x/> { } }",
        "SELECT * { ?s ?p 'unterminated SERVICE <http://x/> { } }",
        'SELECT * { ?s ?p """x" SERVICE <http://x/> { } }',
        "SELECT * { ?s ?p '''unterminated # SERVICE <http://x/> { } }",
        "SELECT * { ?s ?p a.SERVICE<http://x/>{ } }",
        "SELECT * { ?s ?p 1.SERVICE<http://x/>{ } }",
    ],
)
def test_service_is_refused_however_it_is_written(query):
    with pytest.raises(Refused) as caught:
        inspect(query)

    assert caught.value.reason is Reason.SERVICE


def test_a_refusal_says_where():
    with pytest.raises(Refused, match=r"line 2, column 14") as caught:
        inspect("SELECT *\n{ ?物 ?联 '网'. SERVICE <http://x/> { } }")

    assert (caught.value.line, caught.value.column) == (2, 14)


@pytest.mark.parametrize("word", sorted(guard._UPDATES))
def test_updates_are_refused_as_such(word):
    """Also after a prologue, and in small letters."""
    with pytest.raises(Refused, match=f"{word} is an update, and this service is read-only") as caught:
        inspect(f"BASE <http://e/> PREFIX a: <b> # INSERT\n{word.lower()} DATA {{ }}")

    assert (caught.value.reason, caught.value.line, caught.value.column) == (Reason.READ_ONLY, 2, 1)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT * {" + "{" * 3000 + "}" * 3001, "100 deep"),
        ("SELECT (" + "STR(" * 101 + "1" + ")" * 101 + " AS ?x) {}", "100 deep"),
        ("SELECT * {" + "OPTIONAL { ?s ?p 1 }" * 251 + "}", "500 groups"),
        ("SELECT * {" + "".join(f"BIND(1 AS ?b{n})" for n in range(251)) + "}", "500 groups"),
        ("SELECT " + "".join(f"(1 AS ?b{n})" for n in range(501)) + "{}", "500 groups"),
        ("SELECT * {" + "?s ?p ?o ." * 1001 + "}", "1,000 patterns"),
        ("SELECT * { ?s ?p " + "1," * 1001 + "1 }", "1,000 patterns"),
        ("SELECT (" + "!" * 2001 + "true AS ?x) {}", "2,000 operators"),
        ("SELECT (1" + "-1" * 2001 + " AS ?x) {}", "2,000 operators"),
        ("SELECT * { ?s " + "|".join(["<p>"] * 2002) + " ?o }", "2,000 operators"),
    ],
    ids=lambda value: value[:24],
)
def test_what_would_overflow_the_engine_is_refused(query, words):
    with pytest.raises(Refused, match=words) as caught:
        inspect(query)

    assert caught.value.reason is Reason.TOO_COMPLEX


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { VALUES ?x {" + " -1 'a.b' <http://e/>" * 5000 + "} }",
        "SELECT * { VALUES (?x ?y) {" + " (-1 -2)" * 5000 + "} ?x ?y ?z }",
        "SELECT * { ?s ?p ?o FILTER(?o IN (" + "1, " * 5000 + "1)) }",
        "SELECT * {" + "{" * 90 + "}" * 91,
    ],
    ids=["values", "rows", "in", "nested"],
)
def test_long_lists_of_data_pass(query):
    inspect(query)


def test_patterns_count_again_after_a_list_of_data():
    with pytest.raises(Refused, match="operators"):
        inspect("SELECT * { VALUES ?x { 1 } FILTER(" + "!" * 2001 + "true) }")


def test_from_graphs_are_resolved_and_named_once():
    seen = inspect(
        "BASE <http://e/a/> PREFIX : <graph/> prefix g.h: <http://h/>"
        "CONSTRUCT {} FROM <../b> FROM :c from named g.h:d\\-e FROM <http://e/b> FROM NAMED <http://\\u0065/f> {}"
    )

    assert seen.default_graphs == ("http://e/b", "http://e/a/graph/c")
    assert seen.named_graphs == ("http://h/d-e", "http://e/f")
    assert seen.prefixes == {"": "http://e/a/graph/", "g.h": "http://h/"}


@pytest.mark.parametrize(
    ("query", "volatile"),
    [
        ("SELECT (now() AS ?t) {}", True),
        ("SELECT (BNODE() AS ?t) {}", True),
        ("SELECT * { GRAPH ?g {} }", True),
        ("CONSTRUCT { [] ?p ?o } WHERE { ?s ?p ?o }", True),
        ("SELECT * { GRAPH <g> { [] ?p 'NOW' } }", False),
        ("CONSTRUCT WHERE { ?s ?now ?o }", False),
    ],
)
def test_answers_that_may_vary_are_known(query, volatile):
    assert inspect(query).volatile is volatile


def test_an_iri_that_cannot_be_resolved_is_left_to_the_parser():
    assert inspect("BASE <http://[> SELECT * FROM <x> FROM <http://[y> {}").default_graphs == (
        "x",
        "http://[y",
    )


@pytest.mark.parametrize(
    "piece", ["a.", "a-", "a-.", "\\'", '\\"', "'''\\", "<a", "a:.", "@a-", "1e", "ab ", "\\u0053"]
)
def test_time_grows_no_faster_than_the_query(piece):
    """Read once from each of its characters, most of these would take an hour; a child that hangs is ended."""
    code = (
        "import sys; from iotkg.guard import tokenize; from iotkg_api.faults import find\n"
        "text = sys.stdin.buffer.read().decode(); find(text); print(sum(1 for _ in tokenize(text)))"
    )
    text = "ASK {" + piece * (200_000 // len(piece))
    done = subprocess.run(
        [sys.executable, "-c", code], input=text.encode(), capture_output=True, timeout=60, check=True
    )

    assert int(done.stdout) > 2


def test_words_dots_and_hyphens_are_told_from_prefixes():
    tokens = [(token.kind, token.text) for token in tokenize("a.b:c a.b.c a-:x a-b a.:x é-1.2:y _a:b")]

    assert tokens == [
        ("name", "a.b:c"), ("word", "a"), ("mark", "."), ("word", "b"), ("mark", "."), ("word", "c"),
        ("name", "a-:x"), ("word", "a"), ("mark", "-"), ("word", "b"), ("word", "a"), ("mark", "."), ("name", ":x"),
        ("name", "é-1.2:y"), ("word", "_a"), ("name", ":b"),
    ]  # fmt: skip


@given(st.text())
def test_every_character_belongs_to_a_token_or_is_white_space_or_comment(text):
    """So nothing hides from the guard between two tokens."""
    at = 0
    for token in tokenize(text):
        between = text[at : token.start]
        assert not between.strip() or "#" in between
        assert text.startswith(token.text, token.start)
        at = token.start + len(token.text)


PIECES = [
    *[
        "SELECT",
        "select *",
        "ASK",
        "CONSTRUCT",
        "DESCRIBE",
        "INSERT",
        "PREFIX a: <b>",
        "BASE <http://e/>",
        "?x",
    ],
    *[
        "SERVICE",
        "FROM <g>",
        "FROM NAMED <g>",
        "GRAPH ?g",
        "NOW()",
        "BNODE",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "'",
        '"',
    ],
    *[
        "#",
        "<",
        ">",
        "\n",
        "{" * 60,
        "\\u0053",
        "a:task",
        "WITH",
        ";",
        "\u017f",
        "SERV\u0131CE",
        "f\u212a",
        "1",
    ],
]


@given(st.lists(st.sampled_from(PIECES)), st.sampled_from(["", " "]))
@example(["ASK", "{", "{", "SELECT", "{", "}", "}", "}"], " ")
@example(["SELECT", "{" * 60, "{" * 60], "")
@example(["SELECT", "{", "GRAPH ?g", "{", "}", "}"], " ")
@example(["PREFIX a: <b>", "CONSTRUCT", "{", "SELECT", "}"], " ")
def test_letters_say_what_the_tokens_say(pieces, between):
    """A long text is always taken apart."""
    query = between.join(pieces)
    assert said(query) == said(query + " " * 500)


def said(query):
    """Give all that the guard says of a query."""
    try:
        return inspect(query)
    except Refused as refused:
        return str(refused)


@given(st.text(alphabet="SERVICE\"'\\#<>{}:?\nu0 "))
def test_the_guard_ends_with_an_inspection_or_a_refusal(text):
    try:
        inspect(text)
    except Refused as error:
        place = (error.line, error.column)
    else:
        place = (1, 1)

    assert min(place) >= 1
