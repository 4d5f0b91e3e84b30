"""The endpoint over a real socket: the SPARQL 1.1 Protocol, eight result types, errors."""

import asyncio
import csv
import io
import json
import socket
import xml.etree.ElementTree as ET

import httpx
import pytest
from pyoxigraph import NamedNode, QueryResultsFormat, RdfFormat, parse, parse_query_results

from iotkg import errors
from iotkg.problems import Problem
from iotkg_api import editor, problems
from iotkg_api.app import whole_app
from iotkg_api.application import create_app
from iotkg_api.negotiation import GRAPHS, TABLES, listing
from iotkg_api.settings import Settings
from serving import GRAPH, PATIENCE_S, SMALL_QUADS, serve, write_release

SELECT = "SELECT ?p ?o WHERE { <http://example.org/a> ?p ?o } ORDER BY ?p ?o"
CONSTRUCT = "CONSTRUCT WHERE { <http://example.org/a> ?p ?o }"
ASK = "ASK { <http://example.org/a> ?p ?o }"
TABLE_TYPES, GRAPH_TYPES = listing(TABLES), listing(GRAPHS)
TEXT = 'two, "words"\r\nand\ta tab'
SD = "http://www.w3.org/ns/sparql-service-description#"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sparql")
    with serve(write_release(folder / "dist"), folder / "log", query_bytes=100_000) as server:
        yield server


@pytest.fixture(scope="module")
def client(server):
    with httpx.Client(base_url=server.url, timeout=PATIENCE_S) as client:
        yield client


def get(client, query=SELECT, **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get("/sparql", params={"query": query}, headers=names)


def post(client, content, content_type="application/sparql-query", **options):
    return client.post("/sparql", content=content, headers={"Content-Type": content_type}, **options)


def problem(answer, status, slug):
    """Check that an answer is a problem of a kind, open to every site, and give its body."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    body = answer.json()
    assert body["type"].endswith(f"/{slug}"), body
    assert body["status"] == status
    return body


def rows(answer):
    """Read a table as a list of rows of plain values."""
    kind = answer.headers["content-type"].partition(";")[0]
    if kind.endswith("json"):
        body = answer.json()
        names = body["head"]["vars"]
        return [[row[name]["value"] for name in names] for row in body["results"]["bindings"]]
    if kind.endswith("xml"):
        space = "{http://www.w3.org/2005/sparql-results#}"
        return [
            ["".join(binding.itertext()) for binding in row.iter(f"{space}binding")]
            for row in ET.fromstring(answer.content).iter(f"{space}result")
        ]
    if kind == "text/csv":
        return list(csv.reader(io.StringIO(answer.text, newline="")))[1:]
    solutions = parse_query_results(answer.content, QueryResultsFormat.from_media_type(kind))
    return [[solution[name].value for name in solutions.variables] for solution in solutions]


# Results


@pytest.mark.parametrize("kind", TABLE_TYPES)
def test_all_tables_agree(client, kind):
    answer = get(client, accept=kind)

    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == kind
    assert rows(answer) == [
        ["http://example.org/knows", "http://example.org/b"],
        ["http://example.org/name", TEXT],
        ["http://example.org/name", "物联网"],
        ["http://example.org/size", "3"],
    ]


@pytest.mark.parametrize("kind", TABLE_TYPES)
def test_ask_is_answered_in_all_types_of_tables(client, kind):
    text = get(client, ASK, accept=kind).text

    assert "true" in text
    assert "true" not in get(client, "ASK { ?s <http://example.org/none> ?o }", accept=kind).text


@pytest.mark.parametrize("kind", GRAPH_TYPES)
@pytest.mark.parametrize("query", [CONSTRUCT, "DESCRIBE <http://example.org/a>"])
def test_all_graphs_agree(client, query, kind):
    answer = get(client, query, accept=kind)

    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == kind
    triples = {str(quad.triple) for quad in parse(answer.content, RdfFormat.from_media_type(kind))}
    expected = {
        str(quad.triple)
        for quad in parse(SMALL_QUADS.encode(), RdfFormat.N_QUADS)
        if quad.subject == NamedNode("http://example.org/a") and "note" not in quad.predicate.value
    }
    assert triples == expected


def test_turtle_uses_the_querys_prefixes(client):
    answer = get(client, f"PREFIX ex: <http://example.org/> {CONSTRUCT}")

    assert answer.headers["content-type"] == "text/turtle; charset=utf-8"
    assert "ex:a ex:knows ex:b" in answer.text or "ex:knows ex:b" in answer.text


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ([], "application/sparql-results+json"),
        ([("Accept", "*/*")], "application/sparql-results+json"),
        (
            [("Accept", "text/csv;q=0.3, application/sparql-results+xml;q=0.8")],
            "application/sparql-results+xml",
        ),
        ([("Accept", "text/csv;q=0"), ("Accept", "text/*")], "text/tab-separated-values"),
        ([("Accept", "application/json")], "application/json"),
        ([("Accept", "text/xml")], "text/xml"),
    ],
)
def test_the_accept_header_decides(server, headers, kind):
    """Several lines are one header."""
    with httpx.Client() as bare:
        bare.headers.pop("accept")
        answer = bare.get(server.sparql, params={"query": SELECT}, headers=headers)

    assert answer.headers["content-type"].partition(";")[0] == kind
    assert "Accept" in answer.headers["vary"]


def test_format_beats_accept(client):
    for name, kind in (
        ("csv", "text/csv"),
        ("application/sparql-results+xml", "application/sparql-results+xml"),
    ):
        answer = client.get(
            "/sparql", params={"query": SELECT, "format": name}, headers={"Accept": "application/json"}
        )
        assert answer.headers["content-type"].partition(";")[0] == kind


def test_unknown_types_are_not_acceptable_and_the_answer_lists_those_there_are(client):
    everything = problem(get(client, accept="image/png"), 406, "not-acceptable")["types"]
    by_format = client.get("/sparql", params={"query": SELECT, "format": "excel"})

    assert everything == TABLE_TYPES + GRAPH_TYPES
    assert "excel" in problem(by_format, 406, "not-acceptable")["detail"]


def test_the_form_of_the_query_decides_which_types_fit(client):
    assert problem(get(client, accept="text/turtle"), 406, "not-acceptable")["types"] == TABLE_TYPES
    assert problem(get(client, CONSTRUCT, accept="text/csv"), 406, "not-acceptable")["types"] == GRAPH_TYPES
    assert get(client, CONSTRUCT, accept="text/csv, text/turtle;q=0.1").status_code == 200


def test_xml_that_would_be_broken_is_refused_and_a_carriage_return_survives(client):
    query = "CONSTRUCT { <http://example.org/a> <http://example.org/1> 'x' } {}"

    problem(get(client, query, accept="application/rdf+xml"), 406, "not-acceptable")
    problem(get(client, "SELECT ('\\u0001' AS ?x) {}", accept="application/xml"), 406, "not-acceptable")
    assert rows(get(client, "SELECT ('a\\rb' AS ?x) {}", accept="application/xml")) == [["a\rb"]]


# Operations


def test_the_three_ways_to_ask_agree(client):
    answers = [
        get(client),
        post(client, SELECT.encode()),
        post(client, SELECT.encode(), "application/sparql-query; charset=UTF-8"),
        client.post("/sparql", data={"query": SELECT}),
        post(
            client,
            "query=" + SELECT.replace(" ", "%20").replace("?", "%3F"),
            "application/x-www-form-urlencoded",
        ),
    ]

    assert len({answer.content for answer in answers}) == 1
    assert {answer.status_code for answer in answers} == {200}


def test_non_ascii_queries_work_every_way(client):
    query = "SELECT ?s { ?s <http://example.org/name> '物联网'@zh }"

    for answer in (
        get(client, query),
        post(client, query.encode()),
        client.post("/sparql", data={"query": query}),
    ):
        assert rows(answer) == [["http://example.org/a"]]


def test_head_gives_the_headers_of_get(client):
    got, head = get(client), client.head("/sparql", params={"query": SELECT})

    assert head.content == b""
    for name in ("content-type", "content-length", "etag", "vary"):
        assert head.headers[name] == got.headers[name]


def test_options_and_preflight(client):
    plain = client.options("/sparql")
    preflight = client.options(
        "/sparql", headers={"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    )

    assert plain.status_code == preflight.status_code == 204
    assert {"GET", "HEAD", "OPTIONS", "POST"} == set(plain.headers["allow"].split(", "))
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert "Content-Type" in preflight.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in preflight.headers


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_not_allowed(client, method):
    answer = client.request(method, "/sparql")

    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "text/turtle"),
        ("application/ld+json", "application/ld+json"),
        ("application/rdf+xml", "application/rdf+xml"),
        ("application/n-triples", "application/n-triples"),
    ],
)
def test_without_a_query_the_service_describes_itself(client, server, accept, kind):
    answer = client.get("/sparql", headers={"Accept": accept} if accept else None)
    triples = [quad.triple for quad in parse(answer.content, RdfFormat.from_media_type(kind))]
    objects = {str(t.predicate.value.removeprefix(SD)): set() for t in triples}
    for triple in triples:
        objects[triple.predicate.value.removeprefix(SD)].add(triple.object.value)

    assert answer.headers["content-type"].partition(";")[0] == kind
    assert objects["endpoint"] == {server.sparql}
    assert objects["supportedLanguage"] == {f"{SD}SPARQL11Query"}
    assert len(objects["resultFormat"]) == 8
    assert objects["name"] == {
        f"{GRAPH}{name}"
        for name in ("doc/curated", "doc/inferred", "external", "meta", "ontology", "registry")
    }
    default = next(t.object for t in triples if t.predicate.value == f"{SD}defaultGraph")
    sizes = {t.subject: t.object.value for t in triples if t.predicate.value.endswith("void#triples")}
    assert sizes[default] == "5"
    assert len(sizes) == 7


def test_the_description_comes_only_as_a_graph(client):
    problem(client.get("/sparql", headers={"Accept": "text/csv"}), 406, "not-acceptable")


@pytest.mark.parametrize(
    "accept", ["*/*;q=0.8,text/html", "text/html,application/xml;q=0.9,*/*;q=0.8", "text/html"]
)
def test_a_browser_without_a_query_gets_a_form(client, accept):
    """It would be given RDF to download; a client that likes HTML no better than the rest gets the description."""
    answer = client.get("/sparql", headers={"Accept": accept})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Accept" in answer.headers["vary"]
    assert 'action="/sparql"' in answer.text
    assert (
        client.get("/sparql", headers={"Accept": "*/*,text/html"})
        .headers["content-type"]
        .startswith("text/turtle")
    )
    assert (
        client.get("/sparql?format=ttl", headers={"Accept": accept})
        .headers["content-type"]
        .startswith("text/turtle")
    )


def test_the_protocols_dataset_replaces_the_querys(client):
    def count(query, **parameters):
        answer = client.get("/sparql", params={"query": query, **parameters})
        return rows(answer)[0][0]

    everything = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    named = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
    curated, ontology = f"{GRAPH}doc/curated", f"{GRAPH}ontology"

    assert count(everything) == "5"
    assert count(everything, **{"default-graph-uri": curated}) == "2"
    assert count(everything, **{"default-graph-uri": [curated, ontology]}) == "3"
    assert count(everything.replace("{", f"FROM <{ontology}> {{", 1), **{"default-graph-uri": curated}) == "2"
    assert count(everything, **{"named-graph-uri": curated}) == "0"
    assert count(named, **{"named-graph-uri": [curated, ontology]}) == "3"
    form = {"query": everything, "default-graph-uri": curated}
    assert rows(client.post("/sparql", data=form)) == [["2"]]
    direct = post(client, everything, params={"default-graph-uri": curated})
    assert rows(direct) == [["2"]]


def test_graphs_that_are_not_in_the_dataset_are_refused_and_the_others_listed(client):
    """Neither is anything fetched, nor is the answer about another graph."""
    elsewhere = "http://127.0.0.1:9/x"
    for answer in (
        get(client, f"SELECT * FROM <{elsewhere}> {{ ?s ?p ?o }}"),
        get(client, f"SELECT * FROM NAMED <{elsewhere}> {{ ?s ?p ?o }}"),
        get(client, "BASE <file:///etc/> SELECT * FROM <passwd> { ?s ?p ?o }"),
        client.get("/sparql", params={"query": SELECT, "default-graph-uri": elsewhere}),
        client.get("/sparql", params={"query": SELECT, "named-graph-uri": "no iri"}),
    ):
        assert f"{GRAPH}registry" in problem(answer, 400, "unknown-graph")["graphs"]


# Refusals


@pytest.mark.parametrize(
    ("query", "line", "column"),
    [
        ("SELECT * WHERE { ?s ?p ", 1, 16),
        ("SELECT *\n# 物联网\nWHERE { ?s ?p ?o } LIMITS 1", 3, 20),
        ("SELECT *\r\nWHERE { '物联网' ?p ?o ; ; ( }", 2, 27),
        ("SELECT * WHERE { ?s ?p ?o } LIMIT 物", 1, 35),
        ("SELECT * WHERE { ?s ?p '物' } ORDER ?s", 1, 38),
        ("", 1, 1),
        ("SELECT (ex:y AS ?x) {}", 1, 9),
    ],
)
def test_a_syntax_error_says_where(client, query, line, column):
    body = problem(get(client, query), 400, "syntax-error")

    assert (body["line"], body["column"]) == (line, column)
    assert f"line {line}, column {column}" in body["detail"]
    assert "u{00" not in body["detail"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELCT * { ?s ?p ?o }", "SELCT is no word of SPARQL; did you mean SELECT?"),
        ("SELECT * { ?s ex:p ?o }", "the prefix ex: is not declared"),
        ("SELECT * { ?s ?p ?o ) }", ") closes nothing"),
        ("SELECT * { ?s ?p ?o", "{ is never closed"),
        ("SELECT * { ?s ?p ?o } ORDER ?s", "expected BY"),
        ("SELECT ?s { ?s ?p ?o } GROUP BY ?p", "The SELECT contains a variable that is unbound"),
    ],
)
def test_a_syntax_error_says_what_is_wrong(client, query, words):
    assert problem(get(client, query), 400, "syntax-error")["detail"].endswith(f": {words}")


def test_service_is_refused_even_escaped_but_the_word_is_not(client):
    for query in (
        "SELECT * {\n SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "SELECT * {\n SERV\\u0049CE <http://127.0.0.1:9/> { ?s ?p ?o } }",
    ):
        body = problem(get(client, query), 400, "service-refused")
        assert (body["line"], body["column"]) == (2, 2)
    assert rows(get(client, "SELECT ('SERVICE' AS ?service) {} # SERVICE <x> {}")) == [["SERVICE"]]


def test_updates_are_refused_by_every_route(client):
    update = "INSERT DATA { <http://e/s> <http://e/p> 1 }"
    for answer in (
        get(client, update),
        post(client, update),
        post(client, update, "application/sparql-update"),
        post(client, ASK, "application/sparql-update"),
        client.post("/sparql", data={"update": update}),
        client.get("/sparql", params={"update": update}),
        client.post("/sparql", data={"query": SELECT, "update": update}),
    ):
        assert "read-only" in problem(answer, 400, "read-only")["detail"]


def test_what_cannot_be_evaluated_is_the_clients_fault(client):
    answer = get(client, "SELECT (<http://example.org/f>(1) AS ?x) {}")

    assert "http://example.org/f" in problem(answer, 400, "query-failed")["detail"]


@pytest.mark.parametrize(
    "query_string",
    [
        "query=ASK%20%7B%7D&query=ASK%20%7B%7D",
        "query=ASK%20%7B%7D%FF",
        "query=ASK%20%7B%7D%00",
        "query=ASK%20%7B%7D&other=%C3",
        "&".join(f"x{n}=1" for n in range(1001)),
    ],
    ids=["two queries", "no UTF-8", "NUL", "no UTF-8 elsewhere", "many fields"],
)
def test_malformed_parameters_are_refused(client, query_string):
    problem(client.get(f"/sparql?{query_string}"), 400, "bad-request")
    problem(post(client, query_string, "application/x-www-form-urlencoded"), 400, "bad-request")


def test_malformed_bodies_are_refused(client):
    problem(post(client, b"ASK {} # \xff"), 400, "bad-request")
    problem(post(client, b"ASK {} # \0"), 400, "bad-request")
    problem(post(client, "other=1", "application/x-www-form-urlencoded"), 400, "bad-request")
    problem(post(client, SELECT, params={"query": SELECT}), 400, "bad-request")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/json", "application/sparql-query; charset=utf-16"]
)
def test_other_types_of_body_are_not_read(client, kind):
    body = problem(post(client, SELECT, kind), 415, "unsupported-media-type")

    assert body["types"] == ["application/sparql-query", "application/x-www-form-urlencoded"]


def test_a_body_without_a_type_is_not_read(client):
    problem(client.post("/sparql", content=SELECT), 415, "unsupported-media-type")


def raw(server, request):
    """Send bytes and give the answer up to where the server closes, or a second passes."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as connection:
        connection.sendall(request)
        connection.settimeout(1)
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except TimeoutError:
            pass
    return answer


HEAD = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"


def test_too_large_a_body_is_refused_before_it_is_read(server, client):
    declared = raw(server, HEAD + b"Content-Length: 1000000000000000000\r\n\r\n")

    assert declared.startswith(b"HTTP/1.1 413")
    problem(post(client, "ASK {} #" + "x" * 100_000), 413, "request-too-large")


def test_too_large_a_body_is_refused_while_it_is_read(server):
    piece = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"

    assert raw(server, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + piece * 7).startswith(b"HTTP/1.1 413")


def test_two_lengths_are_refused(server):
    body = b"6\r\nASK {}\r\n0\r\n\r\n"
    answer = raw(server, HEAD + b"Content-Length: 16\r\nTransfer-Encoding: chunked\r\n\r\n" + body)

    assert answer.startswith(b"HTTP/1.1 400")
    assert b"connection: close" in answer


def test_a_body_that_does_not_come_is_not_waited_for(tmp_path):
    with serve(write_release(tmp_path / "dist"), tmp_path / "log", patience_s=0.2, workers=1) as server:
        assert raw(server, HEAD + b"Content-Length: 6\r\n\r\nAS").startswith(b"HTTP/1.1 408")


def test_a_long_get_is_answered(server):
    start = b"GET /sparql?query=ASK%20%7B%7D%20%23"
    end = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    assert raw(server, start + b"x" * 200_000 + end).startswith(b"HTTP/1.1 200")


# What every answer carries


def test_security_headers_and_cors_are_on_answers_and_errors(client):
    for answer in (get(client), get(client, "SELECT"), client.get("/none"), client.get("/health/live")):
        headers = answer.headers
        assert headers["access-control-allow-origin"] == "*"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "referrer-policy" in headers
        assert "access-control-allow-credentials" not in headers


def test_no_redirect_repeats_the_host(client):
    answer = client.get("/sparql/", headers={"Host": "evil.example"})

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_answer_is_not_sent_again_while_it_is_the_same(client):
    first = get(client)
    again = get(client, if_none_match=f'"other", W/{first.headers["etag"]}')

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["vary"] == "Accept, Accept-Encoding"
    assert get(client, accept="text/csv").headers["etag"] != first.headers["etag"]
    assert (
        get(client, accept="text/xml").headers["etag"]
        != get(client, accept="application/xml").headers["etag"]
    )
    assert get(client, f"{SELECT} LIMIT 1").headers["etag"] != first.headers["etag"]


def test_a_client_that_has_any_answer_is_not_sent_one(client):
    """Unless there is none: a query that fails is told to fail."""
    assert get(client, if_none_match="*").status_code == 304
    assert "etag" not in get(client, "SELECT (NOW() AS ?x) {}", if_none_match="*").headers
    assert get(client, "SELECT (NOW() AS ?x) {}", if_none_match="*").status_code == 304
    problem(get(client, "SELECT", if_none_match="*"), 400, "syntax-error")


@pytest.mark.parametrize("function", ["NOW()", "RAND()", "UUID()", "STRUUID()", "BNODE()"])
def test_answers_that_vary_are_not_cached(client, function):
    answer = get(client, f"SELECT ({function} AS ?x) {{}}")

    assert answer.status_code == 200
    assert "etag" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


def test_health(client):
    assert client.get("/health/live").json() == {"status": "live"}
    ready = client.get("/health/ready").json()
    assert (ready["status"], ready["workers"], len(ready["release"])) == ("ready", 3, 64)


def test_the_endpoint_is_described(client):
    described = client.get("/openapi.json").json()

    assert set(described["paths"]["/sparql"]) == {"get", "post"}
    assert "/health/ready" in described["paths"]
    kinds = described["paths"]["/sparql"]["get"]["responses"]["200"]["content"]
    assert list(kinds)[:8] == TABLE_TYPES + GRAPH_TYPES
    assert set(kinds) == {offer.media_type for offer in (*TABLES, *GRAPHS)} | {"text/html"}


def test_every_error_of_the_library_has_an_answer():
    def leaves(kind):
        below = [leaf for child in kind.__subclasses__() for leaf in leaves(child)]
        return below or [kind]

    for kind in leaves(errors.IotkgError):
        if kind.__module__.startswith("iotkg.errors"):
            error = (
                kind([Problem(kind="quote-not-found", messages={"en": "a fault"})])
                if issubclass(kind, errors.CurationError)
                else kind("a fault")
            )
            assert any(cls in problems.KINDS for cls in kind.__mro__), kind
            assert problems.from_error(error).kind.status >= 400


def test_a_server_that_cannot_load_its_release_says_why(tmp_path):
    with (
        pytest.raises(AssertionError, match="run iotkg build first"),
        serve(tmp_path / "none", tmp_path / "log"),
    ):
        pass


def get_from(app, **options):
    """Ask an application without a server, a release or workers."""

    async def ask():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
            return await client.get("/sparql", **options)

    return asyncio.run(ask())


def test_a_failing_page_is_our_fault(tmp_path, monkeypatch):
    """Even then the answer is a problem that other sites can read, and says nothing of the inside."""

    async def page(*_):
        raise RuntimeError("a secret")

    monkeypatch.setattr(editor, "editor", page)
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}

    app = create_app(Settings(dist=tmp_path))

    async def whole():
        return whole_app(app.state)

    app.state.whole = whole()
    failed = get_from(app, headers=browser)
    assert "secret" not in problem(failed, 500, "internal-error")["detail"]


def test_json_results_are_those_of_the_specification(client):
    """A plain reader of application/sparql-results+json finds its way."""
    body = json.loads(get(client, "SELECT ?o { ?s <http://example.org/name> ?o } ORDER BY LANG(?o)").content)

    assert body["head"] == {"vars": ["o"]}
    assert body["results"]["bindings"][1] == {"o": {"type": "literal", "value": "物联网", "xml:lang": "zh"}}
