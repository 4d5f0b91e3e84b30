"""The SPARQL 1.1 Protocol and the HTTP under it, request by request: bytes on a socket, and what must come back.

Sources: https://www.w3.org/TR/sparql11-protocol/, RFC 9110 and 9112. The tables say what is asked and what is
expected; ``request`` writes only what it is told, so a request here is what arrives.
"""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from contextlib import suppress
from urllib.parse import quote, quote_plus

import jsonschema
import pytest
from pyoxigraph import CanonicalizationAlgorithm, Dataset, Quad, RdfFormat, parse

from iotkg_api.negotiation import GRAPHS, TABLES, listing
from serving import GRAPH, SMALL_QUADS, Wire, exchange, serve, write_release

FORM, DIRECT = "application/x-www-form-urlencoded", "application/sparql-query"
JSON, XML = "application/sparql-results+json", "application/sparql-results+xml"
CSV, TSV = "text/csv", "text/tab-separated-values"
TURTLE, NTRIPLES, JSON_LD, RDF_XML = (
    "text/turtle",
    "application/n-triples",
    "application/ld+json",
    "application/rdf+xml",
)
ASK, ALL = "ASK {}", "SELECT ?s ?p ?o { ?s ?p ?o }"
GRAPHS_HELD = ["doc/curated", "doc/inferred", "external", "meta", "ontology", "registry"]
SEEN = "CONSTRUCT WHERE { <http://example.org/a> ?p ?o }"
WHO = "SELECT ?s { ?s <http://example.org/name> '物联网'@zh }"
A = "http://example.org/a"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("protocol")
    with serve(write_release(folder / "dist"), folder / "log", query_bytes=300_000) as server:
        yield server


def request(method="GET", target="/sparql", *headers, body=b"", version="1.1"):
    """Write a request with the headers given, its length where it has a body, and a host."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"{method} {target} HTTP/{version}", "Host: example.org", "Connection: close", *headers]
    if content and not any(line.lower().startswith(("content-length", "transfer")) for line in headers):
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


def get(query, /, *headers, **parameters):
    """Ask by GET, as section 2.1.1 has it; underscores in the names of parameters are hyphens."""
    return request("GET", f"/sparql?{encoded(query, **parameters)}", *headers)


def form(query, /, *headers, **parameters):
    """Ask by POST with a form, section 2.1.2."""
    return request("POST", "/sparql", f"Content-Type: {FORM}", *headers, body=encoded(query, **parameters))


def direct(query, /, *headers, **parameters):
    """Ask by POST with the query as the body, section 2.1.3; the dataset stands in the address."""
    target = f"/sparql?{encoded(None, **parameters)}"
    return request("POST", target, f"Content-Type: {DIRECT}", *headers, body=query)


def encoded(query, /, **parameters):
    pairs = [] if query is None else [("query", query)]
    for name, value in parameters.items():
        pairs += [(name.replace("_", "-"), one) for one in ([value] if isinstance(value, str) else value)]
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)


def kind(answer):
    return answer.headers["content-type"].partition(";")[0]


def bindings(answer):
    body = answer.json()
    return [
        [row.get(name, {}).get("value") for name in body["head"]["vars"]]
        for row in body["results"]["bindings"]
    ]


WAYS = {"get": get, "form": form, "direct": direct}
ways = pytest.mark.parametrize("ask", WAYS.values(), ids=WAYS)


def table(*rows):
    """Parametrize by rows that begin with what they are about."""
    return pytest.mark.parametrize("row", [row[1:] for row in rows], ids=[row[0] for row in rows])


# Asking


@ways
@pytest.mark.parametrize("query", [ASK, ALL, WHO, SEEN, f"DESCRIBE <{A}>"])
def test_every_form_of_query_is_answered_in_every_way(server, ask, query):
    answer = exchange(server, ask(query))

    assert answer.status == 200
    assert kind(answer) in {JSON, TURTLE}
    assert answer.body == exchange(server, get(query)).body


@table(
    ("spaces as plus signs", f"query={quote_plus(WHO)}", [[A]]),
    ("spaces as %20", f"query={quote(WHO, safe='')}", [[A]]),
    ("small hexadecimal digits", f"query={quote(WHO, safe='').lower().replace('select', 'SELECT')}", [[A]]),
    ("a plus sign is %2B", "query=SELECT%20(1%2B1%20AS%20?x)%20%7B%7D", [["2"]]),
    ("a per cent sign is %25", "query=SELECT%20('%2541'%20AS%20?x)%20%7B%7D", [["%41"]]),
    ("only what must be escaped is", "query=SELECT(1AS?x){}".replace("1AS", "1%20AS"), [["1"]]),
    ("parameters nobody knows", f"a=1&query={quote_plus(WHO)}&timeout=5&b", [[A]]),
    ("an ampersand in the query", "query=SELECT('a%26b'%20AS%20?x)%7B%7D", [["a&b"]]),
    ("a line feed and a tab", "query=SELECT%0A(1%09AS%0D%0A?x)%7B%7D", [["1"]]),
    ("beyond the basic plane", "query=SELECT('%F0%9F%98%80'%20AS%20?x)%7B%7D", [["😀"]]),
)
def test_percent_encoding(server, row):
    encoding, expected = row

    for asked in (
        request("GET", f"/sparql?{encoding}"),
        request("POST", "/sparql", f"Content-Type: {FORM}", body=encoding),
    ):
        answer = exchange(server, asked)
        assert (answer.status, bindings(answer)) == (200, expected)


@table(
    ("as it is", DIRECT),
    ("UTF-8", f"{DIRECT}; charset=utf-8"),
    ("in capitals and quotes", 'Application/SPARQL-Query;Charset="UTF-8"'),
    ("with a parameter after it", f"{DIRECT}; charset=utf-8; version=1.1"),
    ("with none of it", f"{DIRECT}; version=1.1"),
)
def test_the_charset_of_a_query(server, row):
    answer = exchange(server, request("POST", "/sparql", f"Content-Type: {row[0]}", body=WHO))

    assert bindings(answer) == [[A]]


@ways
def test_200_kilobytes_of_query(server, ask):
    answer = exchange(server, ask(f"{WHO} #{'x' * 200_000}"))

    assert bindings(answer) == [[A]]


CURATED, INFERRED, ONTOLOGY = (f"{GRAPH}{name}" for name in ("doc/curated", "doc/inferred", "ontology"))
COUNT = "SELECT (COUNT(*) AS ?n) %s { ?s ?p ?o }"
NAMES = "SELECT DISTINCT ?g %s { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g"


@ways
@table(
    ("none: the default view", COUNT % "", {}, [["5"]]),
    ("one default graph", COUNT % "", {"default_graph_uri": CURATED}, [["2"]]),
    ("two are merged, not added", COUNT % "", {"default_graph_uri": [CURATED, INFERRED]}, [["2"]]),
    ("the same twice", COUNT % "", {"default_graph_uri": [CURATED, CURATED]}, [["2"]]),
    ("only named: no default", COUNT % "", {"named_graph_uri": CURATED}, [["0"]]),
    ("only default: none named", NAMES % "", {"default_graph_uri": CURATED}, []),
    ("named", NAMES % "", {"named_graph_uri": [ONTOLOGY, CURATED]}, [[CURATED], [ONTOLOGY]]),
    ("all are named", NAMES % "", {}, [[f"{GRAPH}{name}"] for name in GRAPHS_HELD]),
    ("FROM", COUNT % f"FROM <{CURATED}> FROM <{INFERRED}>", {}, [["2"]]),
    ("FROM NAMED", NAMES % f"FROM NAMED <{CURATED}>", {}, [[CURATED]]),
    ("the protocol's beats FROM", COUNT % f"FROM <{ONTOLOGY}>", {"default_graph_uri": CURATED}, [["2"]]),
    ("and FROM NAMED", NAMES % f"FROM NAMED <{ONTOLOGY}>", {"named_graph_uri": CURATED}, [[CURATED]]),
    ("even FROM of the other kind", COUNT % f"FROM <{ONTOLOGY}>", {"named_graph_uri": CURATED}, [["0"]]),
    (
        "even a FROM that is not there",
        COUNT % "FROM <http://e/none>",
        {"default_graph_uri": CURATED},
        [["2"]],
    ),
)
def test_datasets(server, ask, row):
    """Section 2.1.4."""
    query, dataset_, expected = row
    answer = exchange(server, ask(query, **dataset_))

    assert (answer.status, bindings(answer)) == (200, expected)


# Choosing a type


def chosen(accept, table_, graph):
    return (
        accept or "no Accept",
        [f"Accept: {line}" for line in accept.split("\n")] if accept else [],
        table_,
        graph,
    )


@table(
    chosen("", JSON, TURTLE),
    chosen("*/*", JSON, TURTLE),
    chosen("text/*", CSV, TURTLE),
    chosen("application/*", JSON, NTRIPLES),
    chosen(f"{XML};q=0.5, */*;q=0.1", XML, TURTLE),
    chosen(f"*/*;q=0.1, {JSON};q=0, {TURTLE};q=0", XML, NTRIPLES),
    chosen(f"{TSV}\n{RDF_XML}", TSV, RDF_XML),
    chosen(f"{CSV};q=0.2\n{TSV};q=0.3\n{NTRIPLES};q=0.1", TSV, NTRIPLES),
    chosen(f"{CSV};q=1.000, {TSV};q=0.999, {JSON_LD};q=0.001", CSV, JSON_LD),
    chosen("application/json", "application/json", "application/json"),
    chosen("text/xml", "text/xml", "text/xml"),
    chosen("TEXT/CSV, TEXT/TURTLE", CSV, TURTLE),
    chosen("text/csv;header=present", CSV, None),
    chosen(TURTLE, None, TURTLE),
    chosen("image/png", None, None),
    chosen("*/*;q=0", None, None),
    chosen("text/csv;q=0, application/*;q=0", None, None),
)
def test_the_accept_header(server, row):
    """What fits is given; else the refusal is honest and lists what there is, open to other sites too."""
    headers, *expected = row

    for query, wanted, family in zip((ALL, SEEN), expected, (TABLES, GRAPHS), strict=True):
        answer = exchange(server, form(query, *headers))
        assert "Accept" in answer.headers["vary"]
        if wanted:
            assert (answer.status, kind(answer)) == (200, wanted)
        else:
            assert (answer.status, kind(answer)) == (406, "application/problem+json")
            assert answer.headers["access-control-allow-origin"] == "*"
            assert set(listing(family)) <= set(answer.json()["types"])


@table(
    ("a short name", ALL, ["csv"], 200, CSV),
    ("in capitals", ALL, ["CSV"], 200, CSV),
    ("a media type", ALL, [XML], 200, XML),
    ("json, of a graph", SEEN, ["json"], 200, JSON_LD),
    ("json, of a table", ALL, ["json"], 200, JSON),
    ("one that is not there", ALL, ["excel"], 406, None),
    ("one for the other family", ALL, ["turtle"], 406, None),
    ("twice the same", ALL, ["csv", "csv"], 200, CSV),
    ("the same by two names", ALL, ["tsv", TSV], 200, TSV),
    ("the same, one of them wider", SEEN, ["xml", RDF_XML], 200, RDF_XML),
    (
        "one nobody knows beside one we do",
        SEEN,
        [f"{JSON_LD},application/x-json+ld", "json-ld"],
        200,
        JSON_LD,
    ),
    ("two that differ", ALL, ["csv", "tsv"], 400, None),
    ("two that differ, the other way", ALL, ["tsv", "csv"], 400, None),
)
def test_format_beats_accept(server, row):
    """Repeated, it says one thing or is refused: the order of parameters decides nothing."""
    query, formats, status, wanted = row

    for ask in WAYS.values():
        answer = exchange(server, ask(query, "Accept: text/plain", format=formats))
        assert (answer.status, kind(answer)) == (status, wanted or "application/problem+json")


@table(
    ("XML, or else CSV", r"SELECT ('\u0001' AS ?x) {}", f"{XML}, {CSV};q=0.5", CSV),
    ("a browser", r"SELECT ('\u0001' AS ?x) {}", "application/xml;q=0.9,*/*;q=0.8", JSON),
    (
        "RDF/XML, or else Turtle",
        f"CONSTRUCT {{ <{A}> <http://e/1> 1 }} {{}}",
        f"{RDF_XML}, {TURTLE};q=0.1",
        TURTLE,
    ),
    (
        "RDF/XML where it can",
        f"CONSTRUCT {{ <{A}> <http://e/p> 1 }} {{}}",
        f"{RDF_XML}, {TURTLE};q=0.1",
        RDF_XML,
    ),
    ("RDF/XML or nothing", f"CONSTRUCT {{ <{A}> <http://e/1> 1 }} {{}}", RDF_XML, None),
)
def test_what_xml_cannot_carry_comes_in_the_next_type(server, row):
    query, accept, wanted = row
    answer = exchange(server, get(query, f"Accept: {accept}"))

    assert (answer.status, kind(answer)) == ((200, wanted) if wanted else (406, "application/problem+json"))


# Refusing


UPDATE = "INSERT DATA { <http://e/s> <http://e/p> 1 }"


@table(
    # section 2.1.1 to 2.1.4, and the tests of the working group
    (
        "two queries in the address",
        request("GET", f"/sparql?{encoded(ASK)}&{encoded(ASK)}"),
        400,
        "bad-request",
    ),
    ("two in a form", form(None, query=[ASK, ASK]), 400, "bad-request"),
    (
        "one in the address, one in the body",
        request("POST", f"/sparql?{encoded(ASK)}", f"Content-Type: {DIRECT}", body=ASK),
        400,
        "bad-request",
    ),
    ("an empty query", get(""), 400, "syntax-error"),
    ("an empty form", form(None), 400, "bad-request"),
    (
        "an empty body",
        request("POST", "/sparql", f"Content-Type: {DIRECT}", "Content-Length: 0"),
        400,
        "syntax-error",
    ),
    ("no query in a form", form(None, other="1"), 400, "bad-request"),
    (
        "a form without its type",
        request("POST", "/sparql", body=encoded(ASK)),
        415,
        "unsupported-media-type",
    ),
    ("a query without its type", request("POST", "/sparql", body=ASK), 415, "unsupported-media-type"),
    (
        "plain text",
        request("POST", "/sparql", "Content-Type: text/plain", body=ASK),
        415,
        "unsupported-media-type",
    ),
    ("two types", direct(ASK, f"Content-Type: {FORM}"), 415, "unsupported-media-type"),
    (
        "UTF-16",
        request("POST", "/sparql", f"Content-Type: {DIRECT}; charset=utf-16", body=ASK.encode("utf-16")),
        415,
        "unsupported-media-type",
    ),
    ("bytes that are not UTF-8", direct(b"ASK {} # \xff\xfe"), 400, "bad-request"),
    ("a surrogate in UTF-8", direct(b"ASK {} # \xed\xa0\x80"), 400, "bad-request"),
    ("an overlong slash", direct(b"ASK {} # \xc0\xaf"), 400, "bad-request"),
    ("%FF", request("GET", "/sparql?query=ASK%20%7B%7D%23%FF"), 400, "bad-request"),
    ("half a character", request("GET", "/sparql?query=ASK%20%7B%7D%23%E7%89"), 400, "bad-request"),
    ("%00", request("GET", "/sparql?query=ASK%20%7B%7D%00"), 400, "bad-request"),
    ("NUL in the body", direct(b"ASK {} #\0"), 400, "bad-request"),
    ("NUL in a graph", get(ASK, default_graph_uri=f"{CURATED}\0"), 400, "bad-request"),
    (
        "per cent signs that escape nothing",
        request("GET", "/sparql?query=ASK%20%7B%7D%zz"),
        400,
        "syntax-error",
    ),
    ("no SPARQL", get("SELECT ?s WHERE { ?s"), 400, "syntax-error"),
    ("a graph that is not there", get(ASK, default_graph_uri="http://e/none"), 400, "unknown-graph"),
    ("a named one", form(ASK, named_graph_uri="http://e/none"), 400, "unknown-graph"),
    ("FROM one", direct("ASK FROM <http://e/none> {}"), 400, "unknown-graph"),
    # section 2.2: updates, by every route
    ("an update as a query", get(UPDATE), 400, "read-only"),
    ("in a form", form(UPDATE), 400, "read-only"),
    ("as a body", direct(UPDATE), 400, "read-only"),
    ("update=", form(None, update=UPDATE), 400, "read-only"),
    ("update= in the address", get(None, update=UPDATE), 400, "read-only"),
    ("beside a query", form(ASK, update=UPDATE), 400, "read-only"),
    ("update= beside a body", direct(ASK, update=UPDATE), 400, "read-only"),
    ("an empty update=", form(None, update=""), 400, "read-only"),
    (
        "its own type",
        request("POST", "/sparql", "Content-Type: application/sparql-update", body=UPDATE),
        400,
        "read-only",
    ),
    ("its dataset", form(None, update=UPDATE, using_graph_uri=CURATED), 400, "read-only"),
    # bodies
    ("compressed", direct(ASK, "Content-Encoding: gzip"), 415, "unsupported-media-type"),
    (
        "compressed twice",
        direct(ASK, "Content-Encoding: identity", "Content-Encoding: br"),
        415,
        "unsupported-media-type",
    ),
    ("too long", direct(f"{ASK}#{'x' * 300_000}"), 413, "request-too-large"),
    ("said to be too long", direct(ASK, "Content-Length: 1000000000000000000"), 413, "request-too-large"),
    ("a GET said to be too long", get(ASK, "Content-Length: 1000000000000000000"), 413, "request-too-large"),
    (
        "two lengths",
        direct("6\r\nASK {}\r\n0\r\n\r\n", "Content-Length: 16", "Transfer-Encoding: chunked"),
        400,
        "bad-request",
    ),
    # the address
    ("a slash too many", request("GET", "/sparql/"), 404, None),
    (
        "another path",
        request("POST", "/sparql/update", f"Content-Type: {FORM}", body=encoded(ASK)),
        404,
        None,
    ),
    ("another case", request("GET", "/SPARQL"), 404, None),
    ("PUT", request("PUT", "/sparql", f"Content-Type: {DIRECT}", body=ASK), 405, None),
    ("DELETE", request("DELETE", "/sparql"), 405, None),
    ("PATCH", request("PATCH", "/sparql", body=ASK), 405, None),
    ("TRACE", request("TRACE", "/sparql"), 405, None),
    ("a method in small letters", request("get", f"/sparql?{encoded(ASK)}"), 501, None),
    ("a method nobody knows", request("QUERYX", "/sparql"), 501, None),
    ("a host that is none", get(ASK).replace(b"Host: example.org", b'Host: "><script>'), 400, "bad-request"),
    ("an escaped host", get(ASK).replace(b"Host: example.org", b"Host: %zz"), 400, "bad-request"),
    ("no such port", get(ASK).replace(b"Host: example.org", b"Host: a:65536"), 400, "bad-request"),
    ("many headers", get(ASK, *["Accept: a/b"] * 200), 431, "headers-too-large"),
    ("large headers", get(ASK, f"X: {'x' * 33_000}"), 431, "headers-too-large"),
    (
        "a host with a path",
        get(ASK).replace(b"Host: example.org", b"Host: evil.example/x?y"),
        400,
        "bad-request",
    ),
    ("a user in the target", request("GET", "http://a:b@example.org/sparql"), 400, "bad-request"),
)
def test_refusals(server, row):
    """Each is a problem with its kind, in words, that a page of another site can read."""
    asked, status, slug = row
    answer = exchange(server, asked)

    assert (answer.status, kind(answer)) == (status, "application/problem+json")
    body = answer.json()
    assert body["type"] == (f"https://w3id.org/iotkg/problem/{slug}" if slug else "about:blank")
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"
    if status == 405:
        assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


@table(
    ("no host", b"GET /sparql HTTP/1.1\r\n\r\n"),
    ("two hosts", b"GET /sparql HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    ("a length below zero", direct(ASK, "Content-Length: -1")),
    ("a length with a sign", direct(ASK, "Content-Length: +6")),
    ("two lengths that differ", direct(ASK, "Content-Length: 6", "Content-Length: 7")),
    ("a length of 5,000 digits", direct(ASK, f"Content-Length: {'9' * 5000}")),
    ("a coding of the transfer", direct("3\r\nASK\r\n0\r\n\r\n", "Transfer-Encoding: gzip, chunked")),
    ("a chunk without a length", direct("zz\r\nASK\r\n0\r\n\r\n", "Transfer-Encoding: chunked")),
    ("a header in two lines", get(ASK, "X: a\r\n b\r\n\x00: c")),
    ("NUL in a header", get(ASK, "X: a\0b")),
    ("bytes above 127 in the target", request("GET", "/sparql?query=ASK{}#\xe7")),
    ("a space in the target", request("GET", "/sparql?query=ASK {}")),
    ("what is no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
)
def test_what_is_no_http_is_refused_and_the_connection_closed(server, row):
    with Wire(server) as wire:
        wire.send(row[0])
        assert wire.answer().status == 400
        assert wire.closed()


def test_a_head_of_a_megabyte_is_not_read(server):
    """The answer may be lost with the connection, which the server closes while bytes are still arriving."""
    with Wire(server) as wire:
        wire.send(get(f"{ASK}#{'x' * 1_000_000}"))
        with suppress(ConnectionError):
            assert wire.answer().status == 400
        assert wire.closed()


# HTTP


@table(
    ("HTTP/1.0", "GET /sparql?query=ASK%7B%7D HTTP/1.0\r\n\r\n"),
    ("HTTP/1.0 with a host", "GET /sparql?query=ASK%7B%7D HTTP/1.0\r\nHost: x\r\n\r\n"),
    (
        "a target with its host",
        "GET http://example.org/sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n",
    ),
    (
        "in capitals, with a port",
        "GET HTTPS://example.org:80/sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ),
    (
        "a host of numbers",
        "GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n",
    ),
    ("an empty host", "GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n"),
    ("an escaped path", "GET /%73parql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
    (
        "a body nobody asked for",
        "GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
    ),
    (
        "an upgrade nobody makes",
        "GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n",
    ),
    (
        "a range nobody cuts",
        "GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\nConnection: close\r\n\r\n",
    ),
)
def test_requests_of_every_shape_are_answered(server, row):
    with Wire(server) as wire:
        wire.send(row[0].encode())
        answer = wire.answer()
        assert (answer.status, answer.json()["boolean"]) == (200, True)
        assert wire.closed()


def test_the_target_with_its_host_beats_the_header(server):
    """The description names the endpoint the client asked."""
    answer = exchange(server, request("GET", "http://one.example/sparql", f"Accept: {NTRIPLES}"))

    assert b"<http://one.example/sparql>" in answer.body
    assert b"example.org" not in answer.body
    assert exchange(server, request("GET", "http://one.example")).status == 200


ALIVE = b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\n\r\n"
TEXT = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
PUTTING = b"PUT /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nASK {}"


@table(
    ("one after another", [ALIVE, ALIVE, ALIVE], [200, 200, 200]),
    ("after a refusal", [ALIVE.replace(b"ASK", b"AKS"), ALIVE], [400, 200]),
    ("after a body nobody read", [PUTTING, ALIVE], [405, 200]),
    (
        "after a body without a type",
        [TEXT.replace(b"-query", b"-quiz") + b"Content-Length: 6\r\n\r\nASK {}", ALIVE],
        [415, 200],
    ),
    (
        "after chunks",
        [TEXT + b"Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nASK\r\n3\r\n {}\r\n0\r\nX: y\r\n\r\n", ALIVE],
        [200, 200],
    ),
)
def test_a_connection_is_kept_and_may_be_sent_all_at_once(server, row):
    requests, statuses = row

    with Wire(server) as wire:
        for asked, status in zip(requests, statuses, strict=True):
            wire.send(asked)
            assert wire.answer().status == status
    with Wire(server) as wire:  # the same, pipelined
        wire.send(b"".join(requests))
        assert [wire.answer().status for _ in requests] == statuses


def test_a_client_that_waits_for_leave_gets_it(server):
    with Wire(server) as wire:
        wire.send(TEXT + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: 6\r\n\r\n")
        assert wire.makefile("rb").readline() == b"HTTP/1.1 100 Continue\r\n"
        assert wire.makefile("rb").readline().strip() == b""
        wire.send(b"ASK {}")
        assert wire.answer().status == 200


def test_a_client_that_waits_is_told_at_once_that_its_body_is_too_long(server):
    with Wire(server) as wire:
        wire.send(TEXT + b"Expect: 100-continue\r\nContent-Length: 300001\r\n\r\n")
        assert wire.makefile("rb").readline().startswith(b"HTTP/1.1 413 ")


@table(
    ("a table", get(ALL)),
    ("a graph", get(SEEN, f"Accept: {NTRIPLES}")),
    ("the description", request()),
    ("a refusal", get("SELECT")),
    ("no acceptable type", get(ALL, "Accept: image/png")),
    ("another path", request("GET", "/sparql/")),
)
def test_head_is_get_without_the_body(server, row):
    got = exchange(server, row[0])
    head = exchange(server, row[0].replace(b"GET", b"HEAD", 1), "HEAD")

    assert head.body == b""
    assert head.status == got.status
    for headers in (got.headers, head.headers):
        assert headers.pop("date")
        assert headers.pop("x-request-id")
        headers.pop("cache-status", None)
    assert head.headers == got.headers


@table(
    ("an answer", get(ASK)),
    ("by POST", form(ASK)),
    ("a syntax error", get("SELECT")),
    ("too large", direct("", "Content-Length: 999999999")),
    ("not there", request("GET", "/nothing")),
    ("not allowed", request("PUT")),
    ("not changed", get(ASK, "If-None-Match: *")),
    ("a bad host", get(ASK).replace(b"Host: e", b"Host: <")),
    ("OPTIONS", request("OPTIONS")),
    (
        "a preflight",
        request("OPTIONS", "/sparql", "Origin: https://a.example", "Access-Control-Request-Method: POST"),
    ),
)
def test_other_sites_may_read_every_answer(server, row):
    """To everyone alike, so no cache needs to keep answers apart by Origin; and without credentials."""
    for origin in ("https://a.example", "null"):
        answer = exchange(
            server, row[0].replace(b"Connection", f"Origin: {origin}\r\nConnection".encode(), 1)
        )
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers


def test_a_preflight_allows_what_clients_send(server):
    asked = request(
        "OPTIONS",
        "/sparql",
        "Origin: https://a.example",
        "Access-Control-Request-Method: POST",
        "Access-Control-Request-Headers: content-type,accept",
    )
    answer = exchange(server, asked, "OPTIONS")

    assert (answer.status, answer.body) == (204, b"")
    assert {"GET", "HEAD", "POST"} <= set(answer.headers["access-control-allow-methods"].split(", "))
    allowed = {name.lower() for name in answer.headers["access-control-allow-headers"].split(", ")}
    assert {"accept", "content-type", "if-none-match"} <= allowed


# The description of the service


@pytest.mark.parametrize("kind_", listing(GRAPHS))
def test_without_a_query_the_service_is_described_in_every_type(server, kind_):
    answer = exchange(server, request("GET", "/sparql", f"Accept: {kind_}"))
    again = exchange(server, request("GET", f"/sparql?format={quote(kind_, safe='')}"))

    assert (answer.status, kind(answer)) == (200, kind_)
    assert canonical(answer.body, kind_) == canonical(again.body, kind_)
    assert canonical(answer.body, kind_) == canonical(exchange(server, request()).body, TURTLE)


def canonical(content, media_type):
    """Read a graph so that two that differ only in the names of blank nodes are equal."""
    found = Dataset(Quad(*quad.triple) for quad in parse(content, RdfFormat.from_media_type(media_type)))
    found.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in found}


# Results, to the letter

VALUES = r"""
SELECT ?x ?y {
  VALUES (?x ?y) {
    ("a,b" UNDEF)                 ("say \"so\"" "a\tb")      ("line\nfeed" "carriage\rreturn")
    ("both\r\nof them" 1)         (<http://e/a,b> 1.5)       ("x"@en "y"@zh-Hans)
    (UNDEF UNDEF)                 ("back\\slash" "")         (true " a ")
    ("<&>]]>" '''it's''')         (-5 "2013-09-17"^^<http://www.w3.org/2001/XMLSchema#date>)
    ("物联网" "\U0001F600\u0085\u2028")
  }
}
"""
PLAIN = [
    ["a,b", None], ['say "so"', "a\tb"], ["line\nfeed", "carriage\rreturn"], ["both\r\nof them", "1"],
    ["http://e/a,b", "1.5"], ["x", "y"], [None, None], ["back\\slash", ""], ["true", " a "], ["<&>]]>", "it's"],
    ["-5", "2013-09-17"], ["物联网", "\U0001f600\u0085\u2028"],
]  # fmt: skip
RESULTS_JSON = {
    "type": "object",
    "required": ["head"],
    "properties": {
        "head": {"type": "object", "properties": {"vars": {"type": "array", "items": {"type": "string"}}}},
        "boolean": {"type": "boolean"},
        "results": {
            "type": "object",
            "required": ["bindings"],
            "properties": {
                "bindings": {
                    "type": "array",
                    "items": {"type": "object", "additionalProperties": {"$ref": "#/$defs/term"}},
                }
            },
        },
    },
    "oneOf": [{"required": ["boolean"]}, {"required": ["results"]}],
    "additionalProperties": False,
    "$defs": {
        "term": {
            "type": "object",
            "required": ["type", "value"],
            "properties": {
                "type": {"enum": ["uri", "literal", "bnode"]},
                "value": {"type": "string"},
                "datatype": {"type": "string"},
                "xml:lang": {"type": "string"},
            },
            "additionalProperties": False,
            "not": {"required": ["datatype", "xml:lang"]},
        }
    },
}
"""What https://www.w3.org/TR/sparql11-results-json/ says, as a schema."""


@pytest.mark.parametrize(
    "query", [VALUES, ALL, ASK, "SELECT * {}", "SELECT ?x { FILTER(false) }", "SELECT (BNODE() AS ?b) {}"]
)
def test_json_results_keep_to_their_schema(server, query):
    body = exchange(server, get(query, f"Accept: {JSON}")).json()

    jsonschema.validate(body, RESULTS_JSON, cls=jsonschema.Draft202012Validator)


def test_values_survive_in_json_and_in_xml(server):
    space = "{http://www.w3.org/2005/sparql-results#}"
    root = ET.fromstring(exchange(server, get(VALUES, f"Accept: {XML}")).body)
    found = []
    for row in root.iter(f"{space}result"):
        cells = {cell.get("name"): "".join(cell.itertext()) for cell in row}
        found.append([cells.get("x"), cells.get("y")])

    assert bindings(exchange(server, get(VALUES, f"Accept: {JSON}"))) == PLAIN
    assert found == PLAIN
    assert [one.get("name") for one in root.iter(f"{space}variable")] == ["x", "y"]
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    assert [one.get(lang) for one in root.iter(f"{space}literal") if one.get(lang)] == ["en", "zh-hans"]


def test_csv_is_that_of_the_specification(server):
    """Lines end in CR LF; quotes stand where they must; unbound is empty; no language, datatype or bracket."""
    answer = exchange(server, get(VALUES, f"Accept: {CSV}"))
    text = answer.body.decode()

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert text.startswith('x,y\r\n"a,b",\r\n"say ""so""",a\tb\r\n"line\nfeed","carriage\rreturn"\r\n')
    assert list(csv.reader(io.StringIO(text, newline="")))[1:] == [[x or "" for x in row] for row in PLAIN]


@table(
    (
        "a node without a name",
        "SELECT (BNODE() AS ?x) ('http://e/a,b' AS ?y) (IRI(?y) AS ?z) {}",
        '_:b,"http://e/a,b","http://e/a,b"',
    ),
    ("a triple", "SELECT (<<( <http://e/a,b> <http://e/p> 'c' )>> AS ?x) {}", '"http://e/a,b http://e/p c"'),
    ("without variables", "SELECT * {}", ""),
    ("commas in literals alone", "SELECT (<http://e/a> AS ?x) ('a,\"' AS ?y) {}", 'http://e/a,"a,"""'),
)
def test_commas_in_iris_do_not_add_columns(server, row):
    query, expected = row
    text = exchange(server, get(query, f"Accept: {CSV}")).body.decode()

    assert re.sub(r"_:\w+", "_:b", text.split("\r\n")[1]) == expected


def test_tsv_is_that_of_the_specification(server):
    """Terms are written as in Turtle, on one line each; numbers and booleans bare; variables have a mark."""
    answer = exchange(server, get(VALUES, f"Accept: {TSV}"))
    head, *lines = answer.body.decode().removesuffix("\n").split("\n")

    assert answer.headers["content-type"] == "text/tab-separated-values; charset=utf-8"
    assert head == "?x\t?y"
    assert lines[:11] == [
        '"a,b"\t',
        '"say \\"so\\""\t"a\\tb"',
        '"line\\nfeed"\t"carriage\\rreturn"',
        '"both\\r\\nof them"\t1',
        "<http://e/a,b>\t1.5",
        '"x"@en\t"y"@zh-hans',
        "\t",
        '"back\\\\slash"\t""',
        'true\t" a "',
        '"<&>]]>"\t"it\'s"',
        '-5\t"2013-09-17"^^<http://www.w3.org/2001/XMLSchema#date>',
    ]


NODES = f"""
CONSTRUCT {{
  ?s ?p ?o . <{A}> <http://e/list> (1 2.5 'three'@en) .
  <{A}> <http://e/p> [ <http://e/q> "a\\rb\\tc\\"<&>", true, "2013"^^<http://www.w3.org/2001/XMLSchema#gYear>, "物" ]
}} WHERE {{ ?s ?p ?o }}
"""


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
@pytest.mark.parametrize("query", [NODES, "DESCRIBE ?s { ?s ?p ?o }", "CONSTRUCT {} WHERE {}"])
def test_graphs_are_the_same_in_every_type(server, query):
    """As the engine's parsers read them, and rdflib's."""
    from rdflib import Graph
    from rdflib.compare import isomorphic

    answers = {name: exchange(server, get(query, f"Accept: {name}")).body for name in listing(GRAPHS)}
    read = [canonical(body, name) for name, body in answers.items()]
    others = [Graph().parse(data=body, format=name) for name, body in answers.items()]

    assert all(one == read[0] for one in read)
    assert all(isomorphic(one, others[0]) for one in others)
    assert len(others[0]) == len(read[0])
    assert (query == NODES) == (len(read[0]) > len(SMALL_QUADS.splitlines()))


def test_every_type_says_its_charset_where_one_could_be_guessed_wrong(server):
    for query, family in ((ALL, TABLES), (SEEN, GRAPHS)):
        for offer in family:
            answer = exchange(server, get(query, f"Accept: {offer.media_type}"))
            assert ("charset=utf-8" in answer.headers["content-type"]) == offer.media_type.startswith("text/")
            json.dumps(answer.body.decode())
