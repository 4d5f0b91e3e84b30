"""Queries and requests nobody thought of: made from grammars, always the same ones, in bounded number."""

import json
import random
import re
import socket
import subprocess
import sys

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from pyoxigraph import QueryTriples, Store
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from iotkg import guard
from iotkg.guard import Reason, Refused, inspect, tokenize
from serving import PATIENCE_S, serve

bounded = settings(
    derandomize=True, database=None, deadline=None, max_examples=150, suppress_health_check=list(HealthCheck)
)

# A grammar of SPARQL 1.1 queries: each strategy gives text

VARIABLES = st.sampled_from(["?s", "?p", "?o", "$x", "?物", "?service", "?from"])
IRIS = st.sampled_from(
    ["<http://e/a>", "<http://e/SERVICE#x>", "ex:a", "ex:service", ":b", "ex:a.b-c", "ex:%41\\~", "a-:x"]
)
STRINGS = st.sampled_from([
    '"a"', "'b'", '""', '"say \\"SERVICE\\" <x>"', "'''it's # no comment'''", '"""a "quoted" {"""', '"\\u0053ERVICE"',
    "'物联网'@zh", "'x'@en-GB", "'1'^^ex:t", "'DROP ALL'",
])  # fmt: skip
NUMBERS = st.sampled_from(["1", "-2.5", "+3", "1e6", ".5", "true", "false"])
LITERALS = st.one_of(STRINGS, NUMBERS)
SPACES = st.sampled_from([" ", "\n", "\t", " # SERVICE <x> {\n", "\r\n", "  "])
PROLOGUE = "BASE <http://e/> PREFIX ex: <http://e/> PREFIX : <b#> PREFIX a-: <http://e/-> "


def joined(*parts):
    """Join texts and strategies by white space or comments."""
    texts = [st.just(part) if isinstance(part, str) else part for part in parts]
    return st.tuples(st.tuples(*texts), st.lists(SPACES, min_size=len(texts), max_size=len(texts))).map(
        lambda both: "".join(f"{text}{space}" for text, space in zip(*both, strict=True))
    )


def some(strategy, least, most, between=" "):
    return st.lists(strategy, min_size=least, max_size=most).map(between.join)


PATHS = st.recursive(
    IRIS,
    lambda inner: st.one_of(
        joined("(", inner, ")*"), joined("(", inner, "/", inner, ")"), joined("(", inner, "|", inner, ")"),
        joined("^", inner).map(lambda text: f"({text})"), st.just("!(ex:a|^ex:b)"),
    ),
    max_leaves=4,
)  # fmt: skip
EXPRESSIONS = st.recursive(
    st.one_of(VARIABLES, LITERALS, IRIS),
    lambda inner: st.one_of(
        joined("(", inner, st.sampled_from(["+", "-", "*", "/", "=", "!=", "<", ">=", "&&", "||"]), inner, ")"),
        joined("(!", inner, ")"), joined("STR(", inner, ")"), joined("IF(", inner, ",", inner, ",", inner, ")"),
        joined("(", inner, "NOT IN (", inner, ",", inner, "))"), joined("COALESCE(", inner, ",", inner, ")"),
        joined("regex(", inner, ", 'a.*', 'i')"), joined("BOUND(", VARIABLES, ")"),
    ),
    max_leaves=6,
)  # fmt: skip
# no label of a blank node: one may not stand in two groups, and a grammar does not know what it has written
SUBJECTS = st.one_of(VARIABLES, IRIS, st.sampled_from(["[]", "[ ex:a 1 ]", "( 1 ?x )"]))
OBJECTS = st.one_of(
    VARIABLES, IRIS, LITERALS, st.sampled_from(["[]", "[ ex:p ?x ; ex:q 'a', 2 ]", "( ?x 'y' )"])
)
TRIPLES = joined(SUBJECTS, st.one_of(VARIABLES, PATHS, st.just("a")), OBJECTS, ".")
GROUPS = st.recursive(
    some(TRIPLES, 0, 3).map(lambda text: f"{{ {text} }}"),
    lambda inner: st.one_of(
        joined("{", TRIPLES, "OPTIONAL", inner, "}"),
        joined("{", inner, "UNION", inner, "}"),
        joined("{", TRIPLES, "MINUS", inner, "}"),
        joined("{", "GRAPH", st.one_of(VARIABLES, IRIS), inner, "}"),
        joined("{", TRIPLES, "FILTER (", EXPRESSIONS, ")", "}"),
        joined("{", TRIPLES, "FILTER NOT EXISTS", inner, "}"),
        joined("{", TRIPLES, "BIND(", EXPRESSIONS, "AS ?bound)", "}"),
        joined("{", "VALUES (?v ?w) { (", st.one_of(IRIS, LITERALS), "UNDEF) }", TRIPLES, "}"),
        joined("{ {", "SELECT * WHERE", inner, "LIMIT 3", "} }"),
    ),
    max_leaves=5,
)
TAILS = st.sampled_from(["", "ORDER BY DESC(?s) LIMIT 5 OFFSET 1", "LIMIT 1", "ORDER BY STR(?o) ?s"])
BODIES = st.one_of(
    joined("SELECT * WHERE", GROUPS, TAILS),
    joined("select distinct ?s ?p", GROUPS, TAILS),
    joined("SELECT ?s (COUNT(DISTINCT *) AS ?n) WHERE", GROUPS, "GROUP BY ?s HAVING (COUNT(*) > 0)"),
    joined("ASK", GROUPS),
    joined("CONSTRUCT { ?s ex:p ?o } WHERE", GROUPS, TAILS),
    joined("DESCRIBE ?s ex:a WHERE", GROUPS),
)
QUERIES = BODIES.map(lambda body: PROLOGUE + body)


@bounded
@given(QUERIES)
def test_what_is_valid_passes_the_guard_and_parses(query):
    """The words SERVICE and DROP stand in its literals, names, IRIs and comments, where they are no keywords."""
    seen = inspect(query)

    gives_triples = isinstance(Store().query(query), QueryTriples)
    assert set(seen.prefixes) == ({"ex", "", "a-"} if gives_triples else set())


def hidden(word, escapes=True):
    """Write a keyword in any case, its characters escaped or not."""

    def write(choices):
        forms = []
        for character, (upper, how) in zip(word, choices, strict=True):
            letter = character.upper() if upper else character.lower()
            code = ord(letter)
            forms.append([letter, f"\\u{code:04x}", f"\\U{code:08X}"][how if escapes else 0])
        return "".join(forms)

    one = st.tuples(st.booleans(), st.sampled_from([0, 0, 0, 1, 2]))
    return st.lists(one, min_size=len(word), max_size=len(word)).map(write)


SERVICES = joined(
    hidden("SERVICE"),
    st.one_of(st.just(""), hidden("SILENT")),
    st.sampled_from(["<http://127.0.0.1:9/>", "?s", "ex:a"]),
    GROUPS,
)


@bounded
@given(SERVICES, GROUPS, st.sampled_from(["{{ {0} {1} }}", "{{ {1} OPTIONAL {{ {0} }} }}", "{{ {1} UNION {{ {0} }} }}",
       "{{ FILTER EXISTS {{ {1} {0} }} }}", "{{ {{ SELECT * {{ {0} }} }} {1} }}", "{{ ?s ?p 'x'.{0} }}"]))  # fmt: skip
def test_service_does_not_hide(service, group, place):
    """Nothing but the guard would keep the engine from it."""
    query = f"{PROLOGUE}SELECT * {place.format(service, group)}"

    with pytest.raises(Refused) as caught:
        inspect(query)
    assert caught.value.reason is Reason.SERVICE


@pytest.mark.parametrize("spelling", ["SERVICE", "service", "sErViCe", "SERVICE#\n"])
def test_the_engine_would_obey(spelling):
    """Else the refusals would prove nothing. Escaped keywords it does not know; other engines may."""
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(20)
        query = f"SELECT * {{ {spelling} SILENT <http://127.0.0.1:{trap.getsockname()[1]}/> {{ ?s ?p ?o }} }}"
        code = "import sys; from pyoxigraph import Store; list(Store().query(sys.argv[1]))"
        child = subprocess.Popen([sys.executable, "-c", code, query], stderr=subprocess.DEVNULL)
        try:
            trap.accept()[0].close()
        finally:
            child.kill()
            child.wait()


@bounded
@given(
    joined(st.sampled_from(sorted(guard._UPDATES)).flatmap(lambda word: hidden(word, escapes=False)), GROUPS)
)
def test_updates_do_not_hide(update):
    with pytest.raises(Refused) as caught:
        inspect(f"# ASK {{}}\n{PROLOGUE} # SELECT\n{update}")
    assert caught.value.reason in {Reason.READ_ONLY, Reason.SERVICE}


PIECES = (
    "SERVICE", "\\u0053ERVICE", "SILENT", "{", "}", "(", ")", "[", "]", "'", '"', "'''", '"""',
    "\\", "#", "\n", "<", ">",
    "<<", ">>", "<<(", ")>>", "{|", "|}", "_:", "@", "@en--ltr", "^^", "^", "?", "$", ":", "ex:",
    "a.", "-", "+", "*",
    "/", "|", "||", "!", "=", ",", ";", ".", "1e", "0x", "%", "%4", "\ufeff", "\0", "\ud800", "\U0010ffff",
    "物", "\u2028",
    "FROM", "NAMED", "PREFIX", "BASE", "VALUES", "UNDEF", "GRAPH", "LATERAL", "EXISTS", "NOT",
    "IN", "AS", "BIND", "SELECT",
    "DROP ALL", "INSERT DATA", "TRIPLE(", "VERSION '1.2'", "~", "ex:a~ex:b", "<http://127.0.0.1:{port}/>",
)  # fmt: skip


def mutants(seeds, count, port):
    """Change tokens of queries: left out, doubled, swapped, replaced, torn apart, others put in."""
    chance = random.Random(20130917)
    pieces = [piece.replace("{port}", str(port)) if "port" in piece else piece for piece in PIECES]
    for _ in range(count):
        query = chance.choice(seeds)
        tokens = re.findall(r"\s+|\w+|.", query, re.DOTALL)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(tokens))
            match chance.randrange(6):
                case 0:
                    tokens[at] = ""
                case 1:
                    tokens[at] *= chance.choice([2, 3, 50])
                case 2:
                    other = chance.randrange(len(tokens))
                    tokens[at], tokens[other] = tokens[other], tokens[at]
                case 3:
                    tokens[at] = chance.choice(pieces)
                case 4:
                    middle = len(tokens[at]) // 2
                    tokens[at] = tokens[at][:middle] + chance.choice(pieces) + tokens[at][middle:]
                case _:
                    tokens.insert(at, chance.choice(pieces))
        yield "".join(tokens)


SEEDS = [
    f"{PROLOGUE}{body}"
    for body in (
        "SELECT * { ?s ?p 'a \\\\' . SERVICE <http://127.0.0.1:{port}/> { ?s ?p ?o } }",
        'SELECT * { ?s ex:p "x" ; a ?t . #\n OPTIONAL { SERVICE SILENT <http://127.0.0.1:{port}/> { ?s ?p ?o } } }',
        'ASK { ?s ?p \'\'\'it\'s\'\'\' , """a "b" c"""@en . FILTER EXISTS { SERVICE ?s { ?s ?p ?o } } }',
        "SELECT (COUNT(*) AS ?n) FROM ex:g FROM NAMED <g> { GRAPH ?g { ?s (ex:a|^ex:b)*/!ex:c ?o } } GROUP BY ?s",
        "CONSTRUCT { ?s ex:p [ ex:q (1 2.5 -3e4) ] } { VALUES (?s ?p) { (ex:a UNDEF) } ?s ?p ?o BIND(1+2 AS ?z) }",
        "SELECT * { SERVICE<http://127.0.0.1:{port}/>{?s ?p ?o}FILTER(?o<3||?o>4) }",
        "SELECT * { ?s ?p <<( ex:a ex:b 'c' )>> . << ex:a ex:b 1 >> ex:c ?o {| ex:d 2 |} }",
        "DESCRIBE ex:a ?s { ?s ?p ?o MINUS { ?s ex:p -1 } FILTER(REGEX(STR(?o), '^a{2}$', 'i') && ?o NOT IN (1)) }",
    )
]
CHILD = """
import json, sys
from itertools import islice
from pyoxigraph import Literal, NamedNode, Quad, QueryBoolean, Store
store = Store()
store.add(Quad(NamedNode("http://e/a"), NamedNode("http://e/p"), Literal("x")))
done = 0
for query in json.load(sys.stdin):
    try:
        result = store.query(query)
        if not isinstance(result, QueryBoolean):
            list(islice(result, 20))
        done += 1
    except (SyntaxError, ValueError, RuntimeError, OSError):
        pass
print(done)
"""


def refused_as(query):
    """Give the guard's refusal, or None; anything else it raises is a fault."""
    try:
        inspect(query)
    except Refused as refusal:
        return refusal
    return None


def test_what_the_guard_passes_neither_crashes_the_engine_nor_reaches_out():
    """Of thousands of mutants, those that pass are parsed and run in a child; the guard itself only refuses."""
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.setblocking(False)
        port = trap.getsockname()[1]
        passed, refused = [], 0
        for query in mutants([seed.replace("{port}", str(port)) for seed in SEEDS], 6000, port):
            assert "".join(token.text for token in tokenize(query)) or not query.strip()
            refusal = refused_as(query)
            if refusal is None:
                passed.append(query.encode("utf-8", "replace").decode())
            else:
                refused += 1
                assert min(refusal.line, refusal.column) >= 1
        child = subprocess.run(
            [sys.executable, "-c", CHILD],
            input=json.dumps(passed),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

        assert child.returncode == 0, child.stderr
        assert int(child.stdout) > 100
        assert refused > 1000
        with pytest.raises(BlockingIOError):
            trap.accept()


# The service as it describes itself


@pytest.fixture(scope="module")
def server(dist, tmp_path_factory):
    """Serve the real release."""
    with serve(dist, tmp_path_factory.mktemp("fuzz") / "log", deadline_s=5) as running:
        yield running
    assert "Traceback" not in running.log.read_text()


CONFORMS = (
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_example_answers_as_described_in_every_type_that_is_described(server):
    """Each GET with its examples, asked for each type it says it gives."""
    described = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    asked = 0
    for operation in (found.ok() for found in described.get_all_operations()):
        raw = described.raw_schema["paths"][operation.path][operation.method]
        if operation.method != "get" or "200" not in raw["responses"]:
            continue
        own = [it for it in raw.get("parameters", ()) if "$ref" not in it and it["name"] != "format"]
        given = {
            place: {it["name"]: it["example"] for it in own if it["in"] == place and "example" in it}
            for place in ("path", "query")
        }
        for media_type in raw["responses"]["200"]["content"]:
            case = operation.Case(
                path_parameters=given["path"], query=given["query"], headers={"Accept": media_type}
            )
            answer = case.call(timeout=PATIENCE_S)
            case.validate_response(answer, checks=list(CONFORMS))
            if answer.status_code == 200:
                kind = answer.headers["content-type"][0].partition(";")[0]
                assert kind == media_type or operation.path == "/dumps/{name}", (
                    operation.label
                )  # a file has its own
            else:  # the one text there is; and a query's form gives either rows or triples
                assert (operation.path, answer.status_code) in {("/source", 303), ("/sparql", 406)}, (
                    answer.text
                )
            asked += 1
    assert asked > 400


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_the_service_keeps_to_its_own_description(server, mode):
    """Whatever is asked of each operation, the answer has a status, a type and headers that are described."""
    described = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) > 10
    for operation in operations:
        tried = 0
        alike = operation.path.startswith("/queries/")  # threescore that differ in their parameters alone

        @settings(bounded, max_examples=2 if alike else 10)
        @given(operation.as_strategy(generation_mode=schemathesis.GenerationMode(mode)))
        def keeps(case):
            nonlocal tried
            tried += 1
            answer = case.call(timeout=PATIENCE_S, allow_redirects=False)
            if answer.status_code != 503:
                case.validate_response(answer, checks=[not_a_server_error])
            case.validate_response(answer, checks=list(CONFORMS))

        try:
            keeps()
        except Unsatisfiable:
            continue
        assert tried, operation.label
