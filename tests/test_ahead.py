"""Queries that are evaluated before their request is parsed: answered as the long way answers them, always.

A request that comes in two pieces takes the long way, so each test has something to compare with.
"""

import re
import signal
import time
from itertools import count
from urllib.parse import quote

import httpx
import pytest

from iotkg_api.ahead import Rest
from iotkg_api.edge import Led
from iotkg_api.evaluation import Query
from iotkg_api.keeping import Kept
from iotkg_api.sparql import Asked
from serving import GRAPH, SMALL_QUADS, Wire, serve, wait_until, write_release

SELECT = "SELECT ?o { <http://example.org/a> <http://example.org/name> ?o } ORDER BY LANG(?o)"
WORDS = " ".join(f"'word {number}'" for number in range(300))
LONG = f"SELECT ?x {{ VALUES ?x {{ {WORDS} }} }}"
NUMBERS = " ".join(map(str, range(120)))
SLOW = f"SELECT (COUNT(*) AS ?n) {{ VALUES ?a {{ {NUMBERS} }} VALUES ?b {{ {NUMBERS} }} VALUES ?c {{ {NUMBERS} }} }}"
"""Takes longer than anybody waits for an answer that was begun ahead."""
RUNAWAY = "SELECT (COUNT(*) AS ?n) { " + " ".join(f"VALUES ?v{n} {{ {NUMBERS} }}" for n in range(6)) + " }"
ACCEPT = "Accept: application/sparql-results+json"
_NUMBERS = count()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Serve a small release."""
    dist = write_release(tmp_path_factory.mktemp("release"))
    with serve(dist, dist / "log", deadline_s=3, result_bytes=2_000_000) as running:
        yield running


def unique(query):
    """Make a query that was not asked before."""
    return f"{query} # {next(_NUMBERS)}"


def get(query, *more, after=""):
    """Write a request; ``after`` are further parameters."""
    target = f"/sparql?query={quote(query)}{after}"
    return "\r\n".join([f"GET {target} HTTP/1.1", "Host: x", *(more or [ACCEPT]), "", ""]).encode()


def long_way(wire, request):
    """Have a request read and answered like any other."""
    wire.send(request[:20])
    time.sleep(0.01)  # else the two come as one
    wire.send(request[20:])
    return wire.answer()


def at_once(wire, request):
    wire.send(request)
    return wire.answer()


def ends(server):
    """Say what came of the requests that were begun ahead."""
    found = re.findall(r'iotkg_ahead_total\{result="([a-z ]+)"\} ([0-9.e+]+)', figures(server))
    return {result: float(value) for result, value in found}


def figures(server):
    return httpx.get(f"{server.url}/metrics", timeout=20).text


def counted(server, status=200):
    found = re.search(rf'iotkg_requests_total\{{route="/sparql",status="{status}"\}} (\S+)', figures(server))
    return float(found[1]) if found else 0


def fixed(answer):
    """Give all of an answer that may not differ, in no order: status, headers, body."""
    varying = {"date", "x-request-id", "etag", "content-length"}
    body = re.sub(rb'"[^"]*/request/[^"]*"|# \d+', b"", answer.body)
    return answer.status, {name: text for name, text in answer.headers.items() if name not in varying}, body


def known(wire, *more, after="", query=SELECT):
    """Make the rest of a request known."""
    at_once(wire, get(unique(query), *more, after=after))


@pytest.mark.parametrize(
    ("more", "after"),
    [
        ((), ""),
        (("Accept: text/csv", "Accept-Language: zh"), ""),
        (("Accept: */*", "Accept-Encoding: gzip, deflate, br", "User-Agent: somebody"), ""),
        (("Accept: application/json;q=0.5, text/html;q=0.1",), "&format=xml&output=xml"),
        ((ACCEPT, "Connection: keep-alive"), f"&default-graph-uri={quote(f'{GRAPH}registry', safe='')}"),
    ],
    ids=["plain", "csv", "gzip", "parameters", "dataset"],
)
def test_it_is_answered_as_the_long_way_answers_it(server, more, after):
    with Wire(server) as wire:
        known(wire, *more, after=after)
        before = ends(server)
        for query in (SELECT, LONG):
            expected = fixed(long_way(wire, get(unique(query), *more, after=after)))
            answers = [at_once(wire, get(unique(query), *more, after=after)) for _ in range(5)]
            assert [fixed(answer) for answer in answers] == [expected] * 5
            assert len({answer.headers["x-request-id"] for answer in answers}) == 5
            assert {int(answer.headers["content-length"]) for answer in answers} == {len(answers[0].body)}
        assert ends(server)["answered"] > before["answered"]


def test_its_answer_is_kept_and_has_its_etag(server):
    with Wire(server) as wire:
        known(wire)
        before, total = ends(server), counted(server)
        request = get(unique(SELECT))
        first, second = at_once(wire, request), long_way(wire, request)
        assert ends(server)["answered"] == before["answered"] + 1, "a busy machine: it took 20 ms"
        assert first.headers["cache-status"] == "iotkg; fwd=miss; stored"
        assert second.headers["cache-status"] == "iotkg; hit"
        assert (first.headers["etag"], first.body) == (second.headers["etag"], second.body)
        tagged = get("", ACCEPT, f"If-None-Match: {first.headers['etag']}").split(b"\r\n", 1)[1]
        assert at_once(wire, request.split(b"\r\n", 1)[0] + b"\r\n" + tagged).status == 304
        assert counted(server) == total + 2


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("SELECT x", 400),
        ("", 400),
        ("INSERT DATA { <a:b> <a:b> <a:b> }", 400),
        ("SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }", 400),
        ("SELECT (RAND() AS ?x) {}", 200),
        ("ASK {}", 200),
        ("CONSTRUCT WHERE { <http://example.org/a> ?p ?o }", 406),
        ("SELECT * { VALUES ?x { " + "'" + "x" * 20_000 + "' } }", 200),
        (f"SELECT * {{ VALUES ?a {{ {NUMBERS} }} VALUES ?b {{ {NUMBERS} }} VALUES ?c {{ 1 2 3 }} }}", 400),
    ],
)
def test_what_is_no_good_answer_is_none_ahead_either(server, query, status):
    with Wire(server) as wire:
        known(wire)
        request = get(unique(query)) if query else get("")
        expected = long_way(wire, request)
        answer = at_once(wire, get(unique(query)) if query else request)
        assert expected.status == answer.status == status
        if "RAND" not in query:
            assert fixed(answer) == fixed(expected)
        else:
            assert answer.body != expected.body
            assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("raw", ["%FF", "a%00b", "a#b", 'a"b', "a&query=b", "a&update=b", "a&&"])
def test_a_query_that_is_no_text_or_no_query_is_refused_as_ever(server, raw):
    with Wire(server) as wire:
        known(wire)
        rest = get("").partition(b"query=")[2]
        request = b"GET /sparql?query=" + raw.encode() + rest
        answer = at_once(wire, request)
        assert answer.status == 400
        assert fixed(answer) == fixed(long_way(wire, request))


def test_one_that_takes_longer_is_answered_the_long_way_and_evaluated_once(server):
    with Wire(server) as wire:
        known(wire)
        before = ends(server)
        evaluated = _evaluated(server)
        answer = at_once(wire, get(unique(SLOW)))
        assert answer.status == 200
        assert b'"1728000"' in answer.body
        assert ends(server)["long way"] == before["long way"] + 1
        assert _evaluated(server) == evaluated + 1


def test_one_that_never_ends_is_ended_and_told_by_its_identifier(server):
    with Wire(server) as wire:
        known(wire)
        answer = at_once(wire, get(unique(RUNAWAY)))
        assert answer.status == 503
        assert b"too-slow" in answer.body
        identifier = answer.headers["x-request-id"]
        wait_until(lambda: server.log.read_text().count(identifier) >= 2, "the log tells of both")
        assert '"reason": "deadline"' in server.log.read_text()


def test_several_at_once_are_answered_in_their_order(server):
    with Wire(server) as wire:
        known(wire)
        queries = [unique(query) for query in (SELECT, SLOW, LONG, SELECT)]
        alone = [long_way(wire, get(unique(query))).body for query in (SELECT, SLOW, LONG, SELECT)]
        wire.send(b"".join(map(get, queries)))
        assert [wire.answer().body for _ in queries] == alone
        for query in (SLOW, SELECT, LONG):  # each while the one before is under way
            wire.send(get(unique(query)))
            time.sleep(0.002)
        assert [wire.answer().body for _ in range(3)] == [alone[1], alone[0], alone[2]]
        whole = get(unique(SLOW))
        wire.send(whole)
        time.sleep(0.002)
        wire.send(whole[:30])
        assert wire.answer().body == alone[1]
        wire.send(whole[30:])
        assert wire.answer().body == alone[1]


def test_a_head_that_begins_in_what_came_before_teaches_nothing(server):
    """Else a client could have others' queries answered from the graphs that it names."""
    other = f"&default-graph-uri={quote(f'{GRAPH}registry', safe='')}"
    mark = f"User-Agent: {unique('')}"
    with Wire(server) as wire:
        for _ in range(3):
            begun = get(unique(SELECT), after=other).partition(b"\r\n")[0] + b"\r\nX-Begun: "
            wire.send(get(unique(SELECT), ACCEPT, mark + "2") + begun)
            assert wire.answer().status == 200
            wire.send(get(unique(SELECT), ACCEPT, mark))
            assert wire.answer().status == 200
        before = ends(server)
        count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
        expected = long_way(wire, get(unique(count), ACCEPT, mark)).body
        for _ in range(3):
            assert at_once(wire, get(unique(count), ACCEPT, mark)).body == expected
        assert ends(server)["answered"] > before["answered"]


def test_what_begins_with_one_request_is_not_known_by_the_next(server):
    """The second request comes to its end while the first is under way."""
    one, other = get(unique(SLOW)), get(unique(SELECT))
    with Wire(server) as wire:
        bodies = [long_way(wire, get(unique(SLOW))).body, *[at_once(wire, other).body for _ in range(2)]]
        for _ in range(3):
            wire.send(one + other[:40])
            time.sleep(0.01)
            wire.send(other[40:])
            assert [wire.answer().body for _ in range(2)] == bodies[:2]


def test_what_is_remembered_holds_no_answer_and_no_query():
    asked = Asked(query=Query(text="x" * 10_000, tables=("a/b",), graphs=()), table=True, media_type="a/b")
    kept = Kept(status=200, headers=[(b"etag", b"e"), (b"vary", b"Accept")], body=b"y" * 10_000, etag="e")
    key = (False, "http", b"/sparql", b"query=" + b"x" * 10_000, b"", (b"host", b"x"))
    rest = Rest.of(b" HTTP/1.1", asked, Led(key=key, kept=kept, release="r"))
    assert len(repr(rest)) < 1000
    assert rest.asked.query.tables == ("a/b",)


def test_a_client_that_leaves_leaves_nothing_behind(tmp_path):
    with serve(write_release(tmp_path / "dist"), tmp_path / "log", deadline_s=100) as server:
        with Wire(server) as wire:
            known(wire)
        before = ends(server)
        for _ in range(40):
            with Wire(server) as wire:
                wire.send(get(unique(RUNAWAY)))
                time.sleep(0.004)
        wait_until(
            lambda: (server.health()["idle"], server.health()["waiting"]) == (3, 0),
            "all of them are given up",
        )
        after = ends(server)
        assert after["left"] > before["left"]
        assert sum(after.values()) == sum(before.values()) + 40
        with Wire(server) as wire:
            assert at_once(wire, get(unique(SELECT))).status == 200
        assert "Traceback" not in server.log.read_text()


def test_those_who_ask_the_same_meanwhile_are_answered(server):
    with Wire(server) as one, Wire(server) as other:
        known(one)
        for query in (SELECT, SLOW, "SELECT x"):
            for _ in range(5):
                request = get(unique(query))
                one.send(request)
                other.send(request)
                first, second = one.answer(), other.answer()
                assert first.status == second.status
                assert first.headers.get("etag") == second.headers.get("etag")


def test_a_stop_waits_for_it(tmp_path):
    dist = write_release(tmp_path / "dist")
    with serve(dist, tmp_path / "log") as running, Wire(running) as wire:
        known(wire)
        wire.send(get(unique(SLOW)))
        time.sleep(0.004)
        running.process.send_signal(signal.SIGTERM)
        answer = wire.answer()
        assert b'"1728000"' in answer.body
        assert wire.closed()


def test_a_new_release_answers_it_anew(tmp_path):
    """What was known of requests to the old release is forgotten."""
    dist = write_release(tmp_path / "dist")
    every = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    with serve(dist, tmp_path / "log", watch_s=0) as running, Wire(running) as wire:
        old = [at_once(wire, get(unique(every))).body for _ in range(4)]
        write_release(
            dist, SMALL_QUADS + f'<http://example.org/x> <http://example.org/y> "z" <{GRAPH}registry> .\n'
        )
        running.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "a new release is served" in running.log.read_text(), "it is taken over")
        new = [at_once(wire, get(unique(every))).body for _ in range(4)]
        assert len(set(old)) == len(set(new)) == 1
        assert set(old).isdisjoint(new)
        wait_until(lambda: "the old release is gone" in running.log.read_text(), "nobody is counted for ever")


def _evaluated(server):
    """Say how many queries have got a worker."""
    found = re.search(r"iotkg_queue_wait_seconds_count (\S+)", figures(server))
    assert found is not None
    return float(found[1])
