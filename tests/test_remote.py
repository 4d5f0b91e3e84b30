"""A release in a store elsewhere: the same answers as from memory, loading it there, and stores that misbehave."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, RdfFormat, Triple, parse

from iotkg import indexing, publish, published
from iotkg.catalogue import Catalogue
from iotkg.endpoint import Limits, RemoteStore
from iotkg.errors import InputError, RemoteError, RemoteTooSlow
from iotkg.loading import load_queries
from iotkg.provenance import INFERRED
from iotkg.searchable import entries
from iotkg.store import LocalStore, read_manifest
from iotkg.terms import Names
from iotkg.transport import Credentials
from iotkg.vocab import BASE, ID
from iotkg_api.evaluation import Query
from iotkg_api.problems import from_error
from iotkg_api.remote import RemotePool
from iotkg_api.settings import Settings
from serving import GRAPH, SMALL_QUADS, serve, write_release
from stores import oxigraph, virtuoso

EX = "http://example.org/"
ENGINES = ("memory", "oxigraph", "virtuoso")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/sparql-results+json\r\n"
ROWS = b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"literal","value":"1"}}]}}'


@pytest.fixture(scope="session")
def engines(tmp_path_factory):
    """Give a running store by its name, started once and ended at the end of the session."""
    started = {}
    with ExitStack() as stack:

        def get(name):
            if name not in started:
                folder = tmp_path_factory.mktemp(name)
                started[name] = stack.enter_context(oxigraph() if name == "oxigraph" else virtuoso(folder))
            return started[name]

        yield get


def graph_store(engine, **environment):
    known = Credentials.of({**engine.environment, **environment})
    return publish.GraphStore(engine.query, engine.graphs, known, 60)


@pytest.fixture(scope="module", params=ENGINES)
def service(request, engines, tmp_path_factory):
    """Serve the same small release from memory, from Oxigraph and from Virtuoso."""
    folder = tmp_path_factory.mktemp("service")
    dist = write_release(folder / "dist")
    settings = {}
    if request.param != "memory":
        engine = engines(request.param)
        list(publish.publish(dist, graph_store(engine)))
        settings["store"] = engine.query
    with serve(dist, folder / "log", workers=1, **settings) as server:
        yield server


def ask(service, query, accept="application/sparql-results+json", **parameters):
    return httpx.get(
        service.sparql, params={"query": query, **parameters}, headers={"Accept": accept}, timeout=30
    )


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("text/csv", "s,o\r\nhttp://example.org/a,物联网\r\n"),
        ("text/tab-separated-values", '?s\t?o\n<http://example.org/a>\t"物联网"@zh\n'),
        ("application/sparql-results+xml", '<literal xml:lang="zh">物联网</literal>'),
        ("application/sparql-results+json", '"value":"物联网"'),
    ],
)
def test_a_table_comes_in_every_format(service, accept, wanted):
    found = ask(service, f"SELECT ?s ?o WHERE {{ ?s <{EX}name> ?o FILTER(LANG(?o) = 'zh') }}", accept)
    assert found.status_code == 200, found.text
    assert found.headers["Content-Type"].startswith(accept)
    assert wanted in found.text


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }", "n\r\n5\r\n"),
        (f"SELECT ?o WHERE {{ <{EX}a> <{EX}note> ?o }}", "o\r\n"),
        (f"SELECT ?o WHERE {{ <{EX}a> <{EX}knows> ?o }}", f"o\r\n{EX}b\r\n"),
        (f"SELECT ?o WHERE {{ GRAPH <{GRAPH}external> {{ ?s ?p ?o }} }}", "o\r\nonly outside\r\n"),
        (f"SELECT ?o FROM <{GRAPH}meta> WHERE {{ ?s ?p ?o }}", "o\r\nonly about\r\n"),
        (f"SELECT ?o FROM NAMED <{GRAPH}meta> WHERE {{ ?s ?p ?o }}", "o\r\n"),
        ("SELECT (COUNT(DISTINCT ?g) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }", "n\r\n6\r\n"),
        (f"SELECT ?o WHERE {{ <{EX}a> <{EX}size> ?o FILTER(?o = 3) }}", "o\r\n3\r\n"),
    ],
    ids=["all", "apart", "once", "named", "from", "from-named", "graphs", "number"],
)
def test_the_default_graph_means_the_same_everywhere(service, query, rows):
    """It is the union without external and meta, each triple once, and no other data of the store."""
    found = ask(service, query, "text/csv")
    assert (found.status_code, found.text) == (200, rows)


@pytest.mark.parametrize(
    ("query", "answer"), [(f"ASK {{ <{EX}a> ?p ?o }}", True), ("ASK { <urn:x> ?p ?o }", False)]
)
def test_an_ask_is_a_truth_value(service, query, answer):
    assert ask(service, query).json()["boolean"] is answer


@pytest.mark.parametrize(
    "format_", [RdfFormat.TURTLE, RdfFormat.N_TRIPLES, RdfFormat.JSON_LD, RdfFormat.RDF_XML], ids=str
)
@pytest.mark.parametrize("query", [f"CONSTRUCT WHERE {{ ?s <{EX}name> ?o }}", f"DESCRIBE <{EX}b> <{EX}a>"])
def test_a_graph_comes_in_every_format(service, query, format_):
    found = ask(service, query, format_.media_type)
    assert found.status_code == 200, found.text
    triples = {quad.triple for quad in parse(found.content, format_)}
    wanted = Triple(NamedNode(f"{EX}a"), NamedNode(f"{EX}name"), Literal('two, "words"\r\nand\ta tab'))
    assert wanted in triples
    assert len(triples) == 2 or query.startswith("DESCRIBE")


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("INSERT DATA { <urn:a> <urn:b> <urn:c> }", "read-only"),
        ("SELECT * WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", "service-refused"),
        ("SELECT * WHERE {", "syntax-error"),
        ("SELECT * WHERE { ?s ?p ?o ", "syntax-error"),
        ("hello", "syntax-error"),
        ("SELECT * FROM <http://www.openlinksw.com/schemas/virtrdf#> WHERE { ?s ?p ?o }", "unknown-graph"),
        ("SELECT * WHERE " + "{" * 200 + "}" * 200, "too-complex"),
    ],
)
def test_the_same_queries_are_refused(service, query, kind):
    found = ask(service, query)
    assert found.status_code == 400
    assert found.json()["type"].endswith(f"/{kind}")


def test_an_answer_is_named_by_its_release(service):
    first = ask(service, "ASK { ?s ?p ?o }")
    again = httpx.get(
        service.sparql, params={"query": "ASK { ?s ?p ?o }"}, headers={"If-None-Match": first.headers["ETag"]}
    )
    assert again.status_code == 304
    assert ask(service, "ASK {}", "image/png").status_code == 406


def served(service, path, **asked):
    return httpx.get(service.url + path, params=asked, timeout=60)


@pytest.fixture
def sound(request):
    """Say whether the store is one that gets SPARQL right; Virtuoso 7.2 is asked, and does not."""
    return request.node.callspec.params["service"] != "virtuoso"


def test_pages_answer_or_say_what_the_store_gets_wrong(service, sound):
    for path, status in (("/", 200), ("/quality", 200), ("/doc/task/nothing", 404)):
        found = served(service, path)
        assert found.status_code == (status if sound else 502), path
        assert sound or "the store gets this wrong: CONCAT" in found.text
    for path in ("/queries", "/health/ready"):
        assert served(service, path).status_code == 200, path


def test_why_a_triple_holds_is_told_or_refused(service, sound):
    """Rules and places are the folder's, graphs the store's; what no graph holds is named."""
    asked = {"s": f"{EX}a", "p": f"{EX}knows", "o": f"{EX}b", "format": "json"}
    found, absent = (
        served(service, "/explain", **asked),
        served(service, "/explain", **asked | {"o": f"{EX}c"}),
    )
    if not sound:
        assert (found.status_code, absent.status_code) == (502, 502)
        return
    assert (found.status_code, found.json()["graphs"]) == (
        200,
        [f"{GRAPH}doc/curated", f"{GRAPH}doc/inferred"],
    )
    assert (absent.status_code, absent.json()["type"].rpartition("/")[2]) == (404, "not-found")


def test_search_finds_the_same_or_is_refused(service, sound):
    """An index is made from what the store gives, and not from what cannot be trusted."""
    found = served(service, "/search", q="nothing", format="json")
    assert found.status_code == (200 if sound else 502)
    assert not sound or found.json()["total"] == 0


# --- loading ---


@pytest.mark.parametrize("name", ENGINES[1:])
def test_a_release_is_loaded_once_mended_and_followed_by_the_next(engines, name, tmp_path):
    """What stands is kept; what differs, though its count is right, is put again; what is older goes last."""
    store = graph_store(engines(name))
    first = write_release(tmp_path / "first", SMALL_QUADS + f"<{EX}x> <{EX}y> <{EX}z> <{GRAPH}old> .\n")
    second = write_release(tmp_path / "second", SMALL_QUADS.replace("物联网", "互联网"))
    third = write_release(tmp_path / "third", SMALL_QUADS.replace("物联网", "网"))
    releases = [read_manifest(dist)["release"] for dist in (first, second, third)]

    list(publish.publish(first, store))
    assert {step.done for step in publish.publish(first, store)} == {"kept"}
    assert published.current(store.source) == releases[0]

    wrong = [Triple(NamedNode(f"{EX}x"), NamedNode(f"{EX}y"), Literal("another"))]
    store.put(f"{GRAPH}old", wrong)
    steps = [(step.graph, step.done) for step in publish.publish(first, store) if step.done != "kept"]
    assert steps == [(f"{GRAPH}old", "loaded")]

    removed = [step.graph for step in publish.publish(second, store) if step.done == "removed"]
    assert f"{GRAPH}old" in removed
    assert published.default_graph(releases[0]) not in removed
    assert published.current(store.source) == releases[1]
    assert published.check(store.source, releases[1]) == 5
    with pytest.raises(RemoteError, match="does not hold release"):
        published.check(store.source, releases[0])

    removed = [step.graph for step in publish.publish(third, store) if step.done == "removed"]
    assert removed == [published.default_graph(releases[0])]


def test_a_store_that_wants_a_password_says_so_and_none_is_shown(engines, tmp_path):
    engine = engines("virtuoso")
    store = graph_store(engine, IOTKG_STORE_PASSWORD="no-such-word")
    with pytest.raises(RemoteError, match="IOTKG_STORE_PASSWORD") as told:
        list(publish.publish(write_release(tmp_path, "<urn:a> <urn:b> <urn:c> <urn:d> .\n"), store))
    assert "no-such-word" not in str(told.value)
    assert "no-such-word" not in repr(Credentials(user="dba", password="no-such-word"))


@pytest.mark.parametrize(
    "environment",
    [
        {"IOTKG_STORE_USER": "a"},
        {"IOTKG_STORE_PASSWORD": "a"},
        {"IOTKG_STORE_USER": "a", "IOTKG_STORE_PASSWORD": "b", "IOTKG_STORE_TOKEN": "c"},
    ],
)
def test_half_of_a_pair_of_credentials_is_refused(environment):
    with pytest.raises(InputError, match="IOTKG_STORE_USER"):
        Credentials.of(environment)


def test_isomorphic_graphs_have_one_fingerprint_and_others_another():
    knows = NamedNode(f"{EX}knows")

    def pair(one, other):
        return [
            Triple(BlankNode(one), knows, BlankNode(other)),
            Triple(NamedNode(f"{EX}a"), knows, BlankNode(one)),
        ]

    assert publish.fingerprint(pair("x", "y")) == publish.fingerprint(reversed(pair("p", "q")))
    assert publish.fingerprint(pair("x", "y")) != publish.fingerprint(pair("x", "x"))


@pytest.mark.parametrize(
    ("query", "graphs"),
    [
        ("http://h:7878/query", "http://h:7878/store"),
        ("https://h/db/sparql", "https://h/db/sparql-graph-crud-auth"),
    ],
)
def test_the_graph_store_is_guessed_for_known_servers(query, graphs):
    assert publish.graph_store_of(query) == graphs
    with pytest.raises(InputError, match="--graphs"):
        publish.graph_store_of("http://h/other")


# --- stores that misbehave ---


@contextmanager
def speaking(*pieces, pause=0.0, forever=False):
    """Answer every connection with these bytes, slowly or without end; give the address and what was asked."""
    asked = []
    over = threading.Event()

    def answer(connection):
        with connection:
            asked.append(connection.recv(65536))
            try:
                while True:
                    for piece in pieces:
                        connection.sendall(piece)
                        if over.wait(pause):
                            return
                    if not forever:
                        return
            except OSError:
                return

    def listen(server):
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=listen, args=(server,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/sparql", asked
        finally:
            over.set()
            server.shutdown(socket.SHUT_RDWR)


def head(kind, length=None):
    told = f"Content-Length: {length}\r\n" if length is not None else ""
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{told}\r\n".encode()


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ([head("text/html", 4), b"<p/>"], "text/html, which is no SPARQL result"),
        ([head("application/sparql-results+json", 900), ROWS], "breaks off"),
        ([head("application/sparql-results+json"), ROWS[:-9]], "no SPARQL result"),
        ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b'5\r\n{"hea\r\n'], "does not answer"),
        ([HEAD + b"X-SPARQL-MaxRows: 1\r\n\r\n", ROWS], "part of the answer"),
        (
            [b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"],
            "127.0.0.1:9",
        ),
        ([b"HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n"], "status is 500"),
        ([b"HTTP/1.1 401 no\r\nContent-Length: 0\r\n\r\n"], "IOTKG_STORE_USER"),
        ([b""], "does not answer"),
    ],
    ids=["html", "cut", "cut-unframed", "cut-chunk", "truncated", "redirect", "500", "401", "hangs-up"],
)
def test_what_is_no_whole_answer_is_an_error(pieces, said):
    with speaking(*pieces) as (url, asked), pytest.raises(RemoteError, match=said):
        RemoteStore(url).select("SELECT ?x WHERE { ?x ?y ?z }")
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("kind", "said"),
    [("text/turtle", "not with N-Triples"), ("application/n-triples", "where its answer ends")],
)
def test_a_graph_that_may_be_a_part_is_an_error(kind, said):
    with (
        speaking(head(kind), b"<urn:a> <urn:b> <urn:c> .\n") as (url, _),
        pytest.raises(RemoteError, match=said),
    ):
        RemoteStore(url).graph("CONSTRUCT WHERE { ?s ?p ?o }", "CONSTRUCT")


def test_an_answer_without_end_is_given_up():
    pieces = (head("application/sparql-results+json") + ROWS, b" " * 4096)
    with (
        speaking(*pieces, forever=True) as (url, _),
        pytest.raises(RemoteError, match="more than 100,000 bytes"),
    ):
        RemoteStore(url, limits=Limits(bytes=100_000)).select("ASK {}")


@pytest.mark.parametrize(
    "pieces", [[b"H"], [head("application/sparql-results+json"), b" "]], ids=["head", "body"]
)
def test_a_store_that_drips_is_cut_at_the_deadline(pieces):
    began = time.monotonic()
    with speaking(*pieces, pause=0.05, forever=True) as (url, _), pytest.raises(RemoteError):
        RemoteStore(url, limits=Limits(deadline_s=0.5)).select("ASK {}")
    assert time.monotonic() - began < 20


def test_a_password_never_follows_a_redirect():
    away = b"HTTP/1.1 307 Go\r\nContent-Length: 0\r\nLocation: "
    with speaking(head("text/html", 0)) as (other, asked):
        with (
            speaking(away + other.encode() + b"\r\n\r\n") as (url, _),
            pytest.raises(RemoteError, match="sends to"),
        ):
            RemoteStore(url, credentials=Credentials(token="secret")).select("ASK {}")
        assert asked == []


def test_a_service_whose_store_fails_says_502_and_504(tmp_path):
    """The store is there at the start, then gone, then silent: never an empty answer."""
    dist = write_release(tmp_path / "dist")
    with oxigraph() as engine:
        list(publish.publish(dist, graph_store(engine)))
        with serve(dist, tmp_path / "log", workers=1, deadline_s=1, store=engine.query) as service:
            assert ask(service, "SELECT ?s WHERE { ?s ?p ?o }").status_code == 200
            os.kill(engine.pid, 19)  # SIGSTOP
            late = ask(service, "SELECT ?s WHERE { ?s ?p 1 }")
            os.kill(engine.pid, 18)  # SIGCONT
            os.kill(engine.pid, 9)
            gone = ask(service, "SELECT ?s WHERE { ?s ?p 2 }")
    assert (late.status_code, late.json()["type"].rpartition("/")[2]) == (504, "store-too-slow")
    assert (gone.status_code, gone.json()["type"].rpartition("/")[2]) == (502, "store-failed")
    for answer in (late, gone):
        assert "127.0.0.1" not in answer.text
        assert answer.json()["detail"].startswith("the store does not answer")


def test_a_client_is_told_what_the_store_says_and_not_where_it_is(tmp_path):
    said = b"HTTP/1.1 400 no\r\nContent-Length: 6\r\n\r\nno way"

    async def use(url):
        settings = Settings(dist=tmp_path, store=url)
        pool = RemotePool(settings, read_manifest(write_release(tmp_path)), RemoteStore(url), 5)
        query = Query(text="SELECT ?x { ?s ?p ?o } GROUP BY ?s", tables=("text/csv",), graphs=())
        return (await pool.query(query)).detail, settings

    with speaking(said) as (url, _):
        detail, settings = asyncio.run(use(url))
    assert detail == "cannot parse the query: no way"
    error = RemoteError(f"{url} does not answer: the certificate is not for '127.0.0.1'; see {BASE}x")
    assert from_error(error, settings).detail == (
        f"the store does not answer: the certificate is not for 'the store'; see {BASE}x"
    )


def test_what_is_no_query_is_not_sent_to_the_store(tmp_path):
    """Some stores take more than SPARQL for a query: pragmas that fetch, plans, forms of their own."""
    dist = write_release(tmp_path / "dist")
    with oxigraph() as engine:
        list(publish.publish(dist, graph_store(engine)))
        with serve(dist, tmp_path / "log", workers=1, deadline_s=1, store=engine.query) as service:
            os.kill(engine.pid, 19)  # SIGSTOP: whatever is sent is too slow
            for first in (
                "DEFINE input:grab-all 'yes' SELECT *",
                "EXPLAIN SELECT *",
                "JSON { 's': ?s } WHERE",
            ):
                assert ask(service, f"{first} {{ ?s ?p 'select' }}").status_code == 400
            assert ask(service, "SELECT * { ?s ?p 'select' }").status_code == 504


def test_a_service_does_not_start_over_a_store_without_its_release(engines, tmp_path):
    dist = write_release(tmp_path / "dist", SMALL_QUADS.replace("物联网", "never loaded"))
    with (
        pytest.raises(AssertionError, match="iotkg publish"),
        serve(dist, tmp_path / "log", workers=1, store=engines("oxigraph").query),
    ):
        pass


def test_a_stalled_store_is_too_slow():
    with speaking(b"", pause=5) as (url, _), pytest.raises(RemoteTooSlow, match=r"within 0\.3 seconds"):
        RemoteStore(url, limits=Limits(deadline_s=0.3)).select("ASK {}")


@pytest.fixture(scope="module")
def sources(engines, store):
    """Give the real release in memory, and in Oxigraph's server."""
    engine = engines("oxigraph")
    name = published.default_graph("0" * 64)
    graph_store(engine).put(
        name, [quad.triple for quad in store.quads_for_pattern(*[None] * 3, DefaultGraph())]
    )
    inferred = [graph.value for graph in store.named_graphs() if graph.value.endswith(INFERRED)]
    for graph in inferred:
        graph_store(engine).put(
            graph, [quad.triple for quad in store.quads_for_pattern(*[None] * 3, NamedNode(graph))]
        )
    return LocalStore(store), RemoteStore(engine.query, default=name, named=inferred)


@pytest.mark.slow
def test_every_canned_query_has_the_same_rows_elsewhere(sources, layout):
    local, remote = sources
    queries = load_queries(layout, layout.answers)
    assert queries
    for name, query in queries.items():
        assert remote.select(query.bind({})) == local.select(query.bind({})), name


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", ["task/iot-2013_standards_2", "actor/miit", "sector/agriculture", "anchor/iot-2013_3883-3890"]
)
def test_a_thing_is_described_alike_elsewhere(sources, path):
    iri = NamedNode(f"{ID}{path}")
    local, remote = (Catalogue(source) for source in sources)
    assert remote.entity(iri) == local.entity(iri)
    assert set(remote.description(iri).triples) == set(local.description(iri).triples)


@pytest.mark.slow
def test_the_search_is_made_alike_elsewhere(sources):
    """An index that is not there yet is made from what the store gives, names from outside included."""
    local, remote = (indexing.build(entries(Names(source))) for source in sources)
    for words in ("RFID", "无锡", "smart grid", "task:iot-2013_standards_2"):
        assert remote.search(words) == local.search(words), words
        assert local.search(words).total


@pytest.mark.parametrize(
    ("address", "code", "said"),
    [
        ("http://127.0.0.1:9/query", 5, "does not answer"),
        ("http://127.0.0.1:9/other", 3, "--graphs"),
        ("ftp://127.0.0.1/query", 3, "ftp:// is not spoken"),
        ("ftp://127.0.0.1/elsewhere", 3, "ftp:// is not spoken"),
        ("127.0.0.1/query", 3, "no scheme"),
    ],
)
def test_the_command_tells_by_its_exit_code_and_shows_no_secret(layout, tmp_path, address, code, said):
    (tmp_path / "pyproject.toml").write_bytes((layout.root / "pyproject.toml").read_bytes())
    for name in ("ontology", "data", "queries", "shapes"):
        (tmp_path / name).symlink_to(layout.root / name)
    write_release(tmp_path / "dist")
    found = subprocess.run(
        [str(Path(sys.executable).parent / "iotkg"), "publish", "--to", address],
        cwd=tmp_path,
        env={**os.environ, "IOTKG_STORE_TOKEN": "no-such-word"},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (found.returncode, found.stdout) == (code, "")
    assert said in found.stderr
    assert "no-such-word" not in found.stderr


@pytest.mark.slow
def test_every_page_of_the_real_release_answers_from_a_store(layout, tmp_path):
    """Some ask which graph says what: the store is told which graphs there are."""
    with oxigraph() as engine:
        list(publish.publish(layout.dist, graph_store(engine)))
        with serve(layout.dist, tmp_path / "log", workers=1, deadline_s=30, store=engine.query) as service:
            for path in ("/", "/quality", "/ontology", "/compare", "/search?q=RFID", "/source/iot-2013"):
                assert httpx.get(service.url + path, timeout=60).status_code == 200, path
