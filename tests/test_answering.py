"""Parameters read, answers written, and one contract for every store."""

import csv
import io
import json
import re
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, QueryBoolean, QueryResultsFormat, QuerySolutions, Store

from iotkg import release
from iotkg.answering import Answers, open_answers
from iotkg.endpoint import RemoteStore
from iotkg.errors import EngineError, InputError, InvalidParameter, QueryFileError, UnknownQuery
from iotkg.loading import load_queries
from iotkg.queryfile import parse_query
from iotkg.store import LocalStore, Table
from iotkg.tables import to_csv, to_json, to_tsv
from iotkg.vocab import term

QUERY = """#+ summary: What?
#+ summary-zh: 什么？
#+ kind: answer
#+ topic: structure
#+ param-a: Task | A task | 任务
#+ param-b: Task | Another | 另一个
#+ example: a=x b=y
SELECT ?a ?b WHERE { VALUES ?a { UNDEF } VALUES ?b { UNDEF } }
"""


@pytest.fixture(scope="module")
def answers(layout, store):
    return Answers(LocalStore(store), load_queries(layout, layout.answers))


@contextmanager
def endpoint(store):
    """Serve a store at a real socket, as the smallest SPARQL endpoint there is."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.answer(parse_qs(urlsplit(self.path).query)["query"][0])

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.answer(parse_qs(body)["query"][0])

        def answer(self, query):
            try:
                found = store.query(query)
                if not isinstance(found, QuerySolutions | QueryBoolean):
                    return self.reply(200, b"<s> <p> <o> .", "application/n-triples")
                body = found.serialize(format=QueryResultsFormat.JSON)
                self.reply(200, body, "application/sparql-results+json")
            except SyntaxError as error:
                self.reply(400, str(error).encode(), "text/plain")

        def reply(self, status, body, kind):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/sparql"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(params=["local", "remote"])
def source(request, store):
    """Give the same contract to meet, in this process and over a socket."""
    if request.param == "local":
        yield LocalStore(store)
    else:
        with endpoint(store) as url:
            yield RemoteStore(url)


def test_every_store_answers_a_select(source):
    table = source.select("SELECT ?x ?y WHERE { VALUES (?x ?y) { (1 'a'@zh) (<urn:x> UNDEF) } }")
    assert table == Table(("x", "y"), ((Literal(1), Literal("a", language="zh")), (NamedNode("urn:x"), None)))


def test_every_store_answers_an_ask(source):
    assert source.select("ASK { ?s ?p ?o }") == Table(("answer",), ((Literal(True),),))


def test_every_store_takes_a_long_query(source):
    values = " ".join(f"'{number}'" for number in range(2000))
    assert len(source.select(f"SELECT ?x WHERE {{ VALUES ?x {{ {values} }} }}").rows) == 2000


def test_every_store_says_that_a_query_cannot_be_parsed(source):
    with pytest.raises(InputError, match="parse"):
        source.select("SELECT WHERE")


def test_no_store_makes_a_table_of_a_graph(source):
    with pytest.raises((InputError, EngineError), match=r"graph|no SPARQL result|no table"):
        source.select("CONSTRUCT WHERE { ?s ?p ?o }")


def test_an_endpoint_that_is_not_there_is_no_empty_answer():
    with pytest.raises(EngineError, match="does not answer"):
        RemoteStore("http://127.0.0.1:9/sparql").select("ASK {}")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"garbage\r\n\r\n", "does not answer"),
        (b"HTTP/1.1 503 no\r\nContent-Length: 0\r\n\r\n", "does not answer"),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"head"', "does not answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<p/>", "no SPARQL result"),
    ],
    ids=["no-http", "refused", "broken-off", "a-page"],
)
def test_an_answer_that_goes_wrong_is_no_empty_answer(answer, said):
    """What arrives before a connection breaks off is never taken for the whole."""

    def speak(server):
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=speak, args=(server,))
        thread.start()
        with pytest.raises(EngineError, match=said):
            RemoteStore(f"http://127.0.0.1:{server.getsockname()[1]}/").select("ASK {}")
        thread.join()


@pytest.mark.parametrize("address", ["localhost/sparql", "file:///etc/hostname", ""])
def test_what_is_no_address_of_the_web_is_refused(address):
    with pytest.raises(InputError, match="no address of an endpoint"):
        RemoteStore(address)


@pytest.mark.parametrize("iri", ["http://x> }", "http://x y", "no-scheme", 'http://x"{'])
def test_an_iri_with_odd_characters_never_reaches_a_query(iri):
    with pytest.raises(ValueError, match="IRI"):
        NamedNode(iri)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_bound_text_stays_in_its_literal(text):
    """Whatever is bound, the query parses and gives back exactly that."""
    query = parse_query(QUERY, name="q", path="q.rq")
    found = list(
        Store().query(query.bind({"a": Literal(text), "b": Literal(f"VALUES ?a {{ UNDEF }} {text}")}))
    )
    assert [(row["a"].value, row["b"].value) for row in found] == [(text, f"VALUES ?a {{ UNDEF }} {text}")]


def test_every_slot_of_a_parameter_is_filled():
    """A sub-select is worked out by itself: it takes the value too."""
    inner = "{ SELECT ?a WHERE { VALUES ?a { UNDEF } } } VALUES ?b { UNDEF }"
    query = parse_query(QUERY.replace("VALUES ?b { UNDEF }", inner), name="q", path="q.rq")
    assert query.bind({"a": Literal("x")}).count('VALUES ?a { "x" }') == 2


def test_a_parameter_there_is_not_is_named():
    with pytest.raises(InvalidParameter, match="q has no parameter c; it takes: a, b"):
        parse_query(QUERY, name="q", path="q.rq").bind({"c": Literal("x")})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("#+ summary: What?\n", "", "q.rq:1: the header needs '#+ summary:"),
        ("#+ kind: answer", "#+ kind: other", "'#+ kind:' one of answer, check, rule"),
        ("#+ summary-zh", "#+ summary", "q.rq:2: a header line is"),
        ("#+ param-a: Task | A task | 任务", "#+ param-a: Task", "'#+ param-a:' is 'Class"),
        ("#+ topic: structure\n", "", "the header needs '#+ topic: …'"),
        ("topic: structure", "topic: other", "'#+ topic: other' is none of structure, responsibility"),
        ("#+ example: a=x b=y\n", "", "'#+ example:' gives each parameter a value: a=… b=…"),
        ("#+ example: a=x b=y", "#+ example: a=x", "gives each parameter a value"),
        ("#+ example: a=x b=y", "#+ example: a=x c=y", "gives each parameter a value"),
        ("VALUES ?b { UNDEF }", "", "the slots are ['a']"),
        ("VALUES ?b", "VALUES ?c", "the slots are ['a', 'c']"),
    ],
)
def test_a_wrong_header_names_file_and_mend(old, new, said):
    with pytest.raises(QueryFileError, match=re.escape(said)):
        parse_query(QUERY.replace(old, new, 1), name="q", path="q.rq")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("standrds", "near are standards"),
        ("https://w3id.org/iotkg/id/task/iot-2013_standards_1", "is none of them"),
        ("https://x> } DROP ALL", "is none of them"),
        ("", "is none of them"),
    ],
)
def test_a_wrong_value_names_what_is_allowed(answers, value, said):
    with pytest.raises(InvalidParameter, match=said):
        answers.run("tasks-of-a-plan", plan=value)


def test_a_value_that_ends_several_keys_is_refused(answers):
    with pytest.raises(InvalidParameter, match="means several of them; allowed are iot-2013_top-level_1"):
        answers.run("owner-and-deadline", task="1")


def test_an_unknown_query_names_near_ones(answers):
    with pytest.raises(UnknownQuery, match="tasks-of-a-plan"):
        answers.run("task-of-a-plan")


def test_answers_are_written_so_that_nothing_is_lost():
    table = Table(
        ("iri", "text", "number", "truth", "none"),
        ((NamedNode("urn:x"), Literal('a\t"b"\n，', language="zh"), Literal(5), Literal(True), None),),
    )
    assert list(csv.reader(io.StringIO(to_csv(table), newline=""))) == [
        ["iri", "text", "number", "truth", "none"],
        ["urn:x", 'a\t"b"\n，', "5", "true", ""],
    ]
    assert json.loads(to_json(table)) == [
        {"iri": "urn:x", "text": 'a\t"b"\n，', "number": 5, "truth": True, "none": None}
    ]
    from pyoxigraph import parse_query_results

    (row,) = parse_query_results(to_tsv(table), format=QueryResultsFormat.TSV)
    assert [row[name] for name in table.columns] == list(table.rows[0])


def test_what_is_ill_typed_is_written_as_the_text_it_is():
    """Neither an error nor a number that nobody wrote; the truth values that XML Schema has are all known."""
    from pyoxigraph import parse_query_results

    def typed(text, name):
        return Literal(text, datatype=term(f"xsd:{name}"))

    values = {
        "abc": (typed("abc", "integer"), "abc"),
        "gaps": (typed("1_000", "integer"), "1_000"),
        "empty": (typed("", "decimal"), ""),
        "long": (typed("9" * 5000, "integer"), "9" * 5000),
        "plus": (typed("+5", "integer"), 5),
        "one": (typed("1", "boolean"), True),
        "zero": (typed("0", "boolean"), False),
        "maybe": (typed("maybe", "boolean"), "maybe"),
    }
    table = Table(tuple(values), (tuple(value for value, _ in values.values()),))
    assert json.loads(to_json(table)) == [{name: written for name, (_, written) in values.items()}]
    (row,) = parse_query_results(to_tsv(table), format=QueryResultsFormat.TSV)
    assert [row[name] for name in table.columns] == list(table.rows[0])


def test_a_release_opens_with_its_queries(graphs, layout, tmp_path):
    texts = {name: query.text for name, query in load_queries(layout, layout.answers).items()}
    release.write(graphs, texts, tmp_path / "dist")
    opened = open_answers(tmp_path / "dist")
    assert set(opened.queries) == set(texts)
    assert len(opened.run("tasks-of-a-plan", plan="security").rows) == 5
    assert opened.select("ASK { ?s ?p ?o }").rows == ((Literal(True),),)


@pytest.mark.parametrize("name", ["iotkg.nq", "manifest.json", "queries/tasks-of-a-plan.rq"])
def test_a_release_that_was_tampered_with_is_refused(graphs, layout, tmp_path, name):
    texts = {name: query.text for name, query in load_queries(layout, layout.answers).items()}
    release.write(graphs, texts, tmp_path / "dist")
    path = (tmp_path / "dist" / name).resolve()
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"build it again|no release|not the manifest"):
        open_answers(tmp_path / "dist")
