"""What the edge of the service owes every answer: kept once finished, named, compressed, not sent again."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import httpx
import pytest

from iotkg_api.keeping import Cache, Kept
from iotkg_api.negotiation import coding
from serving import GRAPH, SMALL_QUADS, START, Wire, serve, wait_until, write_release

SELECT = "SELECT ?o { <http://example.org/a> <http://example.org/name> ?o } ORDER BY LANG(?o)"
ALL = "SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o"
WORDS = " ".join(f"'word {number}'" for number in range(300))
LONG = f"SELECT ?x {{ VALUES ?x {{ {WORDS} }} }}"
"""A table of some kilobytes."""

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
HIT, STORED = "iotkg; hit", "iotkg; fwd=miss; stored"
PATHS = ("/", "/queries", "/health/live", "/nowhere", "/static/app.css", "/doc/task/nothing", "/openapi.json")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Serve a small release."""
    dist = write_release(tmp_path_factory.mktemp("release"))
    with serve(dist, dist / "log") as running:
        yield running


@pytest.fixture
def client(server):
    """Give a client that says no more than it is told to: httpx would ask for every coding it knows."""
    with httpx.Client(base_url=server.url, timeout=30, headers={"Accept-Encoding": ""}) as found:
        del found.headers["Accept-Encoding"]
        yield found


def ask(client, query=SELECT, **headers):
    """Ask by GET; header names have _ for -."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get("/sparql", params={"query": query}, headers=sent)


def how(answer):
    """Say how an answer came about."""
    return answer.headers.get("cache-status")


def fixed(answer):
    """Give all of an answer that may not change from one time to the next."""
    varying = {"date", "cache-status", "x-request-id"}
    return answer.status_code, [
        pair for pair in answer.headers.raw if pair[0].decode().lower() not in varying
    ]


def unique(query):
    """Make a query that was not asked before."""
    unique.count += 1
    return f"{query} # {unique.count}"


unique.count = 0


@pytest.mark.parametrize(
    "accept", ["application/json", "text/csv", "application/sparql-results+xml", "text/html"]
)
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_kept_answer_is_the_first_one_byte_for_byte(client, accept, encoding):
    query = unique(LONG)
    first = ask(client, query, accept=accept, accept_encoding=encoding)
    again = ask(client, query, accept=accept, accept_encoding=encoding)

    assert (how(first), how(again)) == (STORED, HIT)
    assert (fixed(first), first.content) == (fixed(again), again.content)


def test_kept_answers_never_cross_languages_types_codings_or_hosts(client):
    """Each is asked for twice, in turn: all have been kept when they are asked for again."""
    query = unique(LONG)
    asked = [
        {"accept": accept, "accept_language": language, "accept_encoding": encoding, "host": host}
        for accept in ("text/csv", "text/html", "application/json")
        for language in ("zh", "en")
        for encoding in ("gzip", "identity")
        for host in ("one.example", "two.example")
    ]
    first = [ask(client, query, **headers) for headers in asked]
    again = [ask(client, query, **headers) for headers in asked]

    assert {how(answer) for answer in first} == {STORED}
    assert {how(answer) for answer in again} == {HIT}
    for headers, one, other in zip(asked, first, again, strict=True):
        assert one.content == other.content
        assert one.headers["content-type"].startswith(headers["accept"])
        assert one.headers.get("content-encoding", "identity") == headers["accept_encoding"]
        if headers["accept"] == "text/html":
            assert one.headers["content-language"][:2] == headers["accept_language"]


def test_an_answer_to_a_post_is_kept_by_its_body_and_type(client):
    one, other = unique(SELECT), unique(ALL)
    csv = {"Accept": "text/csv", "Content-Type": "application/sparql-query"}
    answers = [client.post("/sparql", content=query, headers=csv) for query in (one, other, one, other)]
    as_form = client.post("/sparql", data={"query": one}, headers={"Accept": "text/csv"})

    assert [how(answer) for answer in answers] == [STORED, STORED, HIT, HIT]
    assert answers[0].content == answers[2].content == as_form.content != answers[1].content
    assert how(as_form) == STORED
    assert client.post("/sparql", content=one, headers={"Content-Type": "text/plain"}).status_code == 415
    for answer in (*answers, as_form):
        assert "etag" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"
    known = {**csv, "If-None-Match": "*"}
    assert client.post("/sparql", content=one, headers=known).status_code == 200


def test_head_and_get_share_an_answer(client):
    query = {"query": unique(LONG)}
    for coding_ in ("gzip", "identity"):
        headers = {"Accept-Encoding": coding_}
        head = client.head("/sparql", params=query, headers=headers)
        got = client.get("/sparql", params=query, headers=headers)
        assert (how(head), how(got)) == (STORED, HIT)
        assert fixed(head) == fixed(got)
        assert head.content == b""


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("headers", [{}, BROWSER, {"Accept-Encoding": "gzip"}])
def test_head_gives_the_headers_of_get(client, path, headers):
    got, head = client.get(path, headers=headers), client.head(path, headers=headers)

    assert head.content == b""
    assert fixed(head) == fixed(got)
    assert int(head.headers["content-length"]) == int(got.headers["content-length"])


@pytest.mark.parametrize(
    "query", ["SELECT (NOW() AS ?x) {}", "SELECT (RAND() AS ?x) {}", "SELECT (UUID() AS ?x) {}"]
)
@pytest.mark.parametrize("headers", [{}, BROWSER])
def test_what_may_differ_is_never_kept(client, query, headers):
    first, again = (client.get("/sparql", params={"query": query}, headers=headers) for _ in range(2))

    assert how(first) is how(again) is None
    assert first.headers["cache-control"] == "no-store"
    assert "etag" not in first.headers
    assert first.content != again.content


@pytest.mark.parametrize(
    "path",
    [
        "/sparql?query=SELECT",
        "/queries/none",
        "/nowhere",
        "/doc/task/nothing",
        "/health/ready",
        "/static/none",
    ],
)
@pytest.mark.parametrize("headers", [{}, BROWSER])
def test_failures_and_states_are_never_kept(client, path, headers):
    for _ in range(2):
        answer = client.get(path, headers=headers)
        assert how(answer) is None
        assert "etag" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/queries", "/static/app.css", "/sparql", f"/sparql?query={ALL}"])
@pytest.mark.parametrize("headers", [{}, BROWSER, {"Accept-Encoding": "gzip"}, {"Accept-Language": "zh"}])
def test_a_client_that_has_the_answer_is_not_sent_it(client, path, headers):
    first = client.get(path, headers=headers)
    etag = first.headers["etag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', etag)
    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        for method in ("GET", "HEAD"):
            again = client.request(method, path, headers={**headers, "If-None-Match": known})
            assert (again.status_code, again.content) == (304, b"")
            for name in ("etag", "vary", "cache-control"):
                assert again.headers[name] == first.headers[name]
            assert "content-length" not in again.headers
            assert "content-type" not in again.headers
    assert client.get(path, headers={**headers, "If-None-Match": '"other"'}).content == first.content


def test_each_coding_has_its_own_etag_and_the_same_content(client):
    query = unique(LONG)
    plain, packed = ask(client, query), ask(client, query, accept_encoding="gzip")

    assert plain.headers["etag"] != packed.headers["etag"]
    assert plain.content == packed.content
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer.headers["vary"]
    crossed = ask(client, query, accept_encoding="gzip", if_none_match=plain.headers["etag"])
    assert crossed.status_code == 200


def test_the_packed_bytes_on_the_wire_are_gzip_and_as_many_as_promised(server):
    target = httpx.URL(server.sparql, params={"query": LONG}).raw_path.decode()
    with Wire(server) as wire:
        wire.send(f"GET {target} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n".encode())
        packed = wire.answer()
        wire.send(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        plain = wire.answer()
    assert packed.headers["content-encoding"] == "gzip"
    assert len(packed.body) == int(packed.headers["content-length"])
    assert gzip.decompress(packed.body) == plain.body


def test_short_answers_are_sent_as_they_are(client):
    answer = ask(client, "ASK {}", accept_encoding="gzip")

    assert "content-encoding" not in answer.headers
    assert "Accept-Encoding" in answer.headers["vary"]


def test_a_client_that_takes_no_coding_at_all_is_told(client):
    for encoding in ("identity;q=0", "*;q=0", "gzip;q=0, identity;q=0"):
        refused = ask(client, accept_encoding=encoding)
        assert refused.status_code == 406
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["codings"] == ["gzip", "identity"]
    assert (
        ask(client, unique(LONG), accept_encoding="gzip, identity;q=0").headers["content-encoding"] == "gzip"
    )


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ([], "identity"),
        ([""], "identity"),
        (["gzip"], "gzip"),
        (["GZIP"], "gzip"),
        (["x-gzip"], "gzip"),
        (["deflate, br"], "identity"),
        (["deflate", "gzip;q=0.5"], "gzip"),
        (["gzip;q=0"], "identity"),
        (["gzip;q=0.5, identity"], "identity"),
        (["gzip;q=0.5, identity;q=0.5"], "gzip"),
        (["*"], "gzip"),
        (["*;q=0, gzip"], "gzip"),
        (["*;q=0, identity"], "identity"),
        (["gzip;q=0, *"], "identity"),
        (["gzip;q=nonsense"], "identity"),
        (["*;q=0"], None),
        (["identity;q=0"], None),
    ],
)
def test_codings_are_weighed(header, expected):
    """RFC 9110, section 12.5.3."""
    assert coding(header) == expected


def test_requests_for_one_answer_that_come_together_are_evaluated_once(server):
    """The query takes long enough for all to arrive while it runs; all get the same bytes."""
    slow = unique(
        "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?o ?p . ?q ?r ?s }"
    )
    gate = threading.Barrier(6)

    def one(_):
        gate.wait()
        return httpx.get(server.sparql, params={"query": slow}, timeout=30)

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(one, range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    ways = [how(answer) for answer in answers]
    assert ways.count(STORED) == 1
    assert set(ways) <= {STORED, HIT, "iotkg; fwd=miss; collapsed"}


def test_who_waits_for_another_clients_answer_is_answered_when_that_client_leaves(server):
    slow = unique(
        "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?o ?p . ?q ?r ?s }"
    )
    target = httpx.URL(server.sparql, params={"query": slow}).raw_path.decode()
    with Wire(server) as first, Wire(server) as second:
        for wire in (first, second):
            wire.send(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        first.__exit__()
        assert second.answer().status == 200


def test_a_range_is_not_taken_for_the_whole(client):
    query = unique(LONG)
    assert ask(client, query).status_code == 200
    ranged = ask(client, query, range="bytes=0-9")
    assert how(ranged) is None


def test_a_new_release_has_new_answers_and_new_etags(tmp_path):
    """Even where the answer is the same."""
    etags, counts = [], []
    more = f'<http://example.org/x> <http://example.org/y> "z" <{GRAPH}registry> .\n'
    for number, quads in enumerate((SMALL_QUADS, SMALL_QUADS + more)):
        dist = write_release(tmp_path / str(number), quads)
        with serve(dist, dist / "log") as running, httpx.Client(base_url=running.url) as client:
            etags.append(ask(client).headers["etag"])
            counts.append(ask(client, ALL, accept="text/csv").text.count("\n"))
    assert etags[0] != etags[1]
    assert counts[1] == counts[0] + 1


def test_the_memory_of_kept_answers_is_bounded(tmp_path):
    """Many answers in little memory: the last ones asked for are kept, the first ones are not; 0 keeps none."""
    dist = write_release(tmp_path / "dist")
    queries = [f"{LONG} # {number}" for number in range(40)]
    with serve(dist, dist / "log", cache_bytes=200_000) as running, httpx.Client(timeout=30) as client:

        def ways(asked):
            return [how(client.get(running.sparql, params={"query": query})) for query in asked]

        assert set(ways(queries)) == {STORED}
        assert ways(queries[-3:]) == [HIT] * 3
        assert ways(queries[:3]) == [STORED] * 3
        assert ways(queries[:3]) == [HIT] * 3
    with serve(dist, dist / "log", cache_bytes=0) as running:
        assert [how(httpx.get(running.sparql, params={"query": SELECT})) for _ in range(2)] == [None, None]


def test_a_key_counts_with_what_its_parts_take():
    """A client may send many small headers, each of which is an object."""
    key = (False, b"http", b"/", *[(b"accept", b"") for _ in range(100)])
    taken = sys.getsizeof(key) + sum(sys.getsizeof(part) for part in key)  # names are shared
    cache = Cache(10_000_000)
    cache.put(key, Kept(status=200, headers=[], body=b""))
    assert cache.bytes > taken


def test_a_long_answer_that_is_known_goes_out_as_long_ones_do(tmp_path):
    """Else slow clients could have any number of them held, whatever operators were promised."""
    numbers = "+".join(map(str, range(120)))
    query = f"SELECT+*+{{VALUES+?a+{{{numbers}}}+VALUES+?b+{{{numbers}}}}}"
    request = f"GET /sparql?query={query} HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n\r\n".encode()
    with serve(write_release(tmp_path / "dist"), tmp_path / "log") as running, Wire(running) as wire:
        for _ in range(4):
            wire.send(request)
            assert len(wire.answer().body) > 256 * 1024
        text = httpx.get(f"{running.url}/metrics", timeout=30).text
    assert float(re.search(r'iotkg_long_answers_total\{result="whole"\} (\S+)', text)[1]) == 4


def test_the_cache_counts_its_bytes():
    cache = Cache(100_000)
    kept = Kept(status=200, headers=[], body=b"x" * 10_000)
    for number in range(100):
        assert cache.put((b"key", number), kept)
        assert cache.bytes <= 100_000
    assert len(cache) == 100_000 // (cache.bytes // len(cache))
    assert cache.get((b"key", 0)) is None
    assert cache.get((b"key", 99)) is kept
    assert (cache.hits, cache.misses) == (1, 1)
    assert not cache.put(b"key", Kept(status=200, headers=[], body=b"x" * 50_000))
    before = cache.bytes
    assert cache.put((b"key", 99), kept)
    assert cache.bytes == before


# Requests that are known byte for byte


def raw_get(query, *more):
    """Write a GET on one connection."""
    target = httpx.URL("http://x/sparql", params={"query": query}).raw_path.decode()
    return "\r\n".join([f"GET {target} HTTP/1.1", "Host: x", *more, "", ""]).encode()


def counted(server):
    """Say how many answers of the endpoint have been counted."""
    figures = httpx.get(f"{server.url}/metrics").text
    found = re.search(r'iotkg_requests_total\{route="/sparql",status="200"\} ([0-9.e+]+)', figures)
    return float(found[1]) if found else 0


@pytest.mark.parametrize("more", [(), ("Accept-Encoding: gzip",), ("Connection: keep-alive",)])
def test_a_known_request_is_answered_like_a_new_one(server, more):
    """The first is evaluated, the second comes from the cache, all further ones are answered unparsed."""
    request = raw_get(unique(LONG), *more)
    before = counted(server)
    with Wire(server) as wire:
        answers = []
        for _ in range(6):
            wire.send(request)
            answers.append(wire.answer())
    first, *others = answers
    identifiers = [answer.headers.pop("x-request-id") for answer in answers]
    ways = [answer.headers.pop("cache-status") for answer in answers]
    for answer in answers:
        answer.headers.pop("date")
    assert ways == [STORED, *[HIT] * 5]
    assert len(set(identifiers)) == 6
    assert [(it.status, it.headers, it.body) for it in others] == [(200, first.headers, first.body)] * 5
    assert counted(server) == before + 6


def test_known_requests_in_pieces_or_in_a_row_are_answered_in_their_order(server):
    one, other = raw_get(unique(SELECT)), raw_get(unique(ALL))
    with Wire(server) as wire:
        for request in (one, one, one, other, other, other):
            wire.send(request)
            wire.answer()
        expected = []
        for request in (one, other):
            wire.send(request)
            expected.append(wire.answer().body)
        wire.send(one + other + one)
        assert [wire.answer().body for _ in range(3)] == [expected[0], expected[1], expected[0]]
        wire.send(one[:40])
        wire.send(one[40:] + other)
        assert [wire.answer().body for _ in range(2)] == expected
        for byte in one:
            wire.send(bytes([byte]))
        assert wire.answer().body == expected[0]


def test_a_head_that_begins_in_what_came_before_is_not_taken_for_another_request(server):
    """Else one client could have the answer to its own request kept as the answer to everybody's."""
    mine, theirs = raw_get(unique(SELECT)), raw_get(unique(ALL))
    begun = mine.partition(b"\r\n")[0] + b"\r\nX-Begun: "  # what follows is its value, then its Host
    with Wire(server) as wire:
        for request in (mine, theirs, theirs):  # kept from here on, and theirs is known byte for byte
            wire.send(request)
            expected = wire.answer().body
        wire.send(raw_get(unique(ALL)) + begun)
        assert wire.answer().body == expected
        fresh = raw_get(unique(ALL))
        for _ in range(2):
            wire.send(fresh)
            hidden = wire.answer().body
            assert hidden != expected
            wire.send(raw_get(unique(ALL)) + begun)
            assert wire.answer().body == expected
    with Wire(server) as wire:
        for _ in range(3):
            wire.send(fresh)
            assert wire.answer().body == expected


@pytest.mark.parametrize(
    ("more", "status", "closes"),
    [
        (("Connection: close",), 200, True),
        (("X-Request-Id: mine",), 200, False),
        (("If-None-Match: *",), 304, False),
    ],
)
def test_requests_that_want_something_of_their_own_are_read(server, more, status, closes):
    request = raw_get(unique(SELECT), *more)
    for _ in range(4):
        with Wire(server) as wire:
            wire.send(request)
            answer = wire.answer()
            assert answer.status == status
            if "X-Request-Id: mine" in more:
                assert answer.headers["x-request-id"] == "mine"
            if closes:
                assert wire.closed()


def test_a_known_request_is_answered_from_the_new_release(tmp_path):
    """And from nothing that was kept of the old one."""
    more = f'<http://example.org/x> <http://example.org/y> "z" <{GRAPH}registry> .\n'
    dist = write_release(tmp_path / "dist")
    request = raw_get(ALL, "Accept: text/csv")
    with serve(dist, tmp_path / "log", watch_s=0) as running, Wire(running) as wire:

        def rows():
            wire.send(request)
            return wire.answer().body.count(b"\n")

        old = [rows() for _ in range(4)]
        write_release(dist, SMALL_QUADS + more)
        running.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "a new release is served" in running.log.read_text(), "it is taken over")
        assert [rows() for _ in range(4)] == [count + 1 for count in old]


@pytest.mark.parametrize("settings", [{"access_log": "all"}, {"rate": "3/h"}])
def test_where_each_request_counts_each_is_read(tmp_path, settings):
    dist = write_release(tmp_path / "dist")
    with serve(dist, tmp_path / "log", **settings) as running, Wire(running) as wire:
        statuses = []
        for _ in range(5):
            wire.send(raw_get(SELECT))
            statuses.append(wire.answer().status)
        assert statuses == ([200] * 3 + [429] * 2 if "rate" in settings else [200] * 5)
        if "access_log" in settings:
            wait_until(
                lambda: running.log.read_text().count('"path": "/sparql"') == 5,
                "each has its line in the log",
            )


def test_a_release_whose_pages_cannot_be_served_ends_the_service(tmp_path):
    """Queries are answered before the pages have been loaded; what is wrong with those still shows at the start."""
    dist = write_release(tmp_path / "dist")
    manifest = json.loads((dist / "manifest.json").read_bytes())
    broken = b"this is no query"
    (dist / "queries").mkdir()
    (dist / "queries" / "broken.rq").write_bytes(broken)
    manifest["files"]["queries/broken.rq"] = {"sha256": sha256(broken).hexdigest(), "bytes": len(broken)}
    (dist / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    environment = {**os.environ, "IOTKG_DIST": str(dist), "IOTKG_PORT": "0"}
    ended = subprocess.run(
        [sys.executable, "-c", START], env=environment, capture_output=True, timeout=60, check=False
    )
    assert ended.returncode == 3
    assert b"the pages cannot be served" in ended.stderr
    assert b"broken.rq" in ended.stderr
