"""What must not knock the service over: slow and silent clients, new and broken releases, dead processes."""

import json
import os
import shutil
import signal
import socket
import sys
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256

import httpx
import pytest

from serving import (
    LONG_QUADS,
    PATIENCE_S,
    answers,
    children,
    descendants,
    running,
    serve,
    wait_until,
    write_release,
)

COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
RUNAWAY = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
SMALL = "SELECT ?o WHERE { <http://example.org/s1> ?p ?o }"
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
NEW_QUADS = LONG_QUADS.replace('"value ', '"other ')


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    return write_release(tmp_path_factory.mktemp("robust") / "dist", LONG_QUADS)


@pytest.fixture(scope="module")
def server(dist):
    """Clients get one second for each step, and there may be forty of them."""
    limits = {"patience_s": 1, "connections": 40, "workers": 2, "deadline_s": 2, "memory_bytes": 256 << 20}
    with serve(dist, dist.parent / "log", **limits) as server:
        yield server


def connect(server, **options):
    """Open a bare connection."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    sock = socket.socket()
    for option, value in options.items():
        sock.setsockopt(socket.SOL_SOCKET, getattr(socket, option), value)
    sock.settimeout(PATIENCE_S)
    sock.connect((host, int(port)))
    return sock


def until_closed(sock):
    """Read what still comes; nothing where the connection was cut."""
    received = b""
    try:
        while part := sock.recv(65536):
            received += part
    except ConnectionError:
        pass
    return received


def sent(sock, data):
    """Send some bytes; say whether that worked."""
    try:
        sock.sendall(data)
    except ConnectionError:
        return False
    time.sleep(0.01)
    return True


def values(answer):
    """Read the values of a column ``o``."""
    assert answer.status_code == 200, answer.text
    return [row["o"]["value"] for row in answer.json()["results"]["bindings"]]


@contextmanager
def asking(server, query=SMALL, clients=3):
    """Ask the same query over and over from several clients; give their answers."""
    found, stop = [], threading.Event()

    def ask():
        with httpx.Client(timeout=PATIENCE_S) as client:
            while not stop.is_set():
                try:
                    answer = client.get(server.sparql, params={"query": query})
                    found.append((answer.status_code, answer.text, answer.headers.get("etag")))
                except httpx.TransportError as error:
                    found.append((0, repr(error), None))
                time.sleep(0.005)

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE_S)


# Slow and silent clients


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"GET /sparql HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\nGET /health/live HTTP/1.1\r\nHo",
    ],
    ids=["silent", "half a head", "half a second head"],
)
def test_a_head_that_does_not_come_ends_the_connection(server, start):
    with connect(server) as sock:
        sock.sendall(start)
        until_closed(sock)
    assert answers(server)


def test_a_head_that_trickles_in_ends_the_connection(server):
    """A byte every tenth of a second would keep any timeout between two bytes from ever firing."""
    with connect(server) as sock:
        sock.sendall(b"GET /health/live HTTP/1.1\r\nX: ")
        wait_until(lambda: not sent(sock, b"a"), "the connection ends")


def test_a_body_that_trickles_in_is_answered_and_ended(server):
    with connect(server) as sock:
        sock.sendall(
            b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
            b"Content-Length: 1000\r\n\r\nSELECT"
        )
        answer = until_closed(sock)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"/request-timeout" in answer


def test_a_body_that_nobody_reads_ends_the_connection(server):
    """A GET is answered without its body; the connection is not kept for it."""
    with connect(server) as sock:
        sock.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc")
        assert until_closed(sock).startswith(b"HTTP/1.1 200 ")


def test_a_client_that_never_reads_is_cut_off(server):
    """Its answer of some megabytes is not kept for it; a whole one would end with its last row."""
    query = "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f } LIMIT 60000"
    with connect(server, SO_RCVBUF=4096) as sock:
        sock.sendall(
            b"GET /sparql?query=" + httpx.QueryParams({"q": query})["q"].replace(" ", "%20").encode()
            + b" HTTP/1.1\r\nHost: x\r\n\r\n"
        )  # fmt: skip
        wait_until(lambda: '"reason": "answer"' in server.log.read_text(), "the log tells of it")
        received = until_closed(sock)
    assert received.startswith(b"HTTP/1.1 200 ")
    assert not received.endswith(b"}]}}")
    assert server.health()["idle"] == 2


def test_answers_that_nobody_takes_are_bounded_together(tmp_path, dist):
    """Twelve clients, each with an answer of some megabytes that it does not read: the first lose theirs."""
    query = "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f } LIMIT 27000"
    with serve(dist, tmp_path / "log", result_bytes=1 << 23) as server, ExitStack() as stack:
        socks = []
        whole = len(server.ask(query).content)
        assert whole > 7 << 20
        for _ in range(12):
            sock = stack.enter_context(connect(server, SO_RCVBUF=4096))
            sock.sendall(
                f"GET /sparql?query={query.replace(' ', '%20')} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
            )
            socks.append(sock)
        wait_until(
            lambda: 'iotkg_long_answers_total{result="cut"} 4.0' in httpx.get(f"{server.url}/metrics").text,
            "four are cut off",
        )
        socks[-1].settimeout(PATIENCE_S)
        received = 0
        while received < whole:
            received += len(socks[-1].recv(1 << 20))
        assert values(server.ask(SMALL)) == ["value 1"]
    assert "Traceback" not in server.log.read_text()


def test_a_client_that_reads_slowly_but_steadily_gets_everything(server):
    query = "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f } LIMIT 30000"
    with connect(server, SO_RCVBUF=1 << 16) as sock:
        sock.sendall(
            b"GET /sparql?query=" + query.replace(" ", "%20").encode()
            + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )  # fmt: skip
        received = b""
        while part := sock.recv(1 << 17):
            received += part
            time.sleep(0.02)
    head, _, body = received.partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head.lower()
    assert body.endswith(b"}]}}")


def test_idle_connections_make_room(server):
    """Many times as many as there may be; a new client is served all the while, and those under way stay."""
    with ExitStack() as stack:
        client = stack.enter_context(httpx.Client(timeout=PATIENCE_S))
        for _ in range(8):
            for _ in range(40):
                stack.enter_context(connect(server))
            assert client.get(f"{server.url}/health/live").status_code == 200
            assert values(server.ask(SMALL)) == ["value 1"]


def test_an_oversized_head_is_refused(server):
    with connect(server) as sock:
        assert not all(sent(sock, b"GET / HTTP/1.1\r\nX: " + b"a" * (1 << 16)) for _ in range(200))
        answer = until_closed(sock)
    assert not answer or answer.startswith(b"HTTP/1.1 4")


# Queries that hang, burn or are abandoned


HANGING = {
    "many patterns": "SELECT * WHERE { " + " ".join(f"?a{n} ?b{n} ?a{n + 1} ." for n in range(800)) + " }",
    "a long path": "SELECT * WHERE { ?a " + "/".join(["<http://example.org/p1>"] * 800) + " ?b }",
    "nested lists": "SELECT * WHERE { ?a ?b " + "[ ?c " * 800 + "?d" + " ]" * 800 + " }",
    "a join of values": "SELECT (COUNT(*) AS ?n) WHERE { "
    + " ".join(f"VALUES ?v{n} {{ {' '.join(map(str, range(200)))} }}" for n in range(5))
    + " }",
    "a sort": "SELECT ?c WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f ?i LIMIT 1",
    "a grouping": "SELECT ?c (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } GROUP BY ?c ?f",
}


@pytest.mark.parametrize("query", HANGING.values(), ids=HANGING)
def test_a_query_that_hangs_is_refused_or_ended_and_never_half_answered(server, query):
    """The engine's own timeouts do not cover these; where they do, it answers half with 200."""
    answer = httpx.post(server.sparql, data={"query": query}, timeout=PATIENCE_S)

    assert answer.status_code in {400, 503}
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].rpartition("/")[2] in {"too-complex", "too-slow", "worker-died"}
    assert values(server.ask(SMALL)) == ["value 1"]


def test_a_catastrophic_pattern_is_not(server):
    """The engine's regular expressions take linear time."""
    text = "a" * 5000
    answer = server.ask(f"ASK {{ FILTER(REGEX('{text}!', '^(a+)+$') || REGEX('{text}!', '(a|aa)+$')) }}")

    assert answer.json()["boolean"] is False


def test_abandoned_queries_leave_nothing_behind(server):
    """Thirty clients ask a runaway and leave at once; the service is soon as idle as before."""
    for number in range(30):
        with connect(server) as sock:
            text = RUNAWAY.replace(" ", "%20").encode()
            sock.sendall(b"GET /sparql?query=%s%%20%%23%d HTTP/1.1\r\nHost: x\r\n\r\n" % (text, number))
            if number % 2:
                time.sleep(0.02)
    wait_until(
        lambda: (server.health()["idle"], server.health()["waiting"]) == (2, 0), "all of them are given up"
    )
    assert values(server.ask(SMALL)) == ["value 1"]
    assert "Traceback" not in server.log.read_text()


# Processes that die


@linux
def test_workers_that_are_killed_lose_no_answer(tmp_path, dist):
    """Whoever asked is answered by another worker, also when all are killed and their parent with them."""
    with serve(dist, tmp_path / "log", workers=2) as server:
        with asking(server) as found:
            for turn in range(6):
                at = len(found)
                wait_until(lambda at=at: len(found) > at + 20, "the load is on")
                parents = children(server.process.pid)
                for pid in descendants(server.process.pid):
                    if turn == 5 or pid not in parents:
                        with suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: server.health().get("idle") == 2 or len(found) > at + 200, "all are replaced")
        assert {status for status, _, _ in found} == {200}, [
            text for status, text, _ in found if status != 200
        ][:3]
        assert len({text for _, text, _ in found}) == 1
    log = server.log.read_text()
    assert '"reason": "died"' in log
    assert "the parent of the query workers has died" in log
    assert "Traceback" not in log


@linux
def test_a_busy_worker_that_is_killed_twice_is_told_of(tmp_path, dist):
    with serve(dist, tmp_path / "log", workers=1, deadline_s=20) as server:
        answer = []
        client = threading.Thread(target=lambda: answer.append(server.ask(RUNAWAY)))
        client.start()
        killed = set()
        for _ in range(2):

            def busy():
                now = descendants(server.process.pid) - children(server.process.pid) - killed
                return now if server.health().get("idle") == 0 else set()

            wait_until(busy, "the query is under way")
            (pid,) = busy()
            killed.add(pid)
            os.kill(pid, signal.SIGKILL)
        client.join(PATIENCE_S)
        assert answer[0].status_code == 503
        assert answer[0].json()["type"].endswith("/worker-died")
        assert values(server.ask(SMALL)) == ["value 1"]


# New releases


def link(dist, folder):
    """Put a release in place as a build does: in one step."""
    aside = dist.parent / ".link"
    aside.symlink_to(folder, target_is_directory=True)
    aside.replace(dist)


def release(server):
    return server.health()["release"]


@pytest.mark.parametrize("told", [True, False], ids=["SIGHUP", "looking"])
def test_a_new_release_is_taken_over_under_load(tmp_path, told):
    """Every answer is whole and of one release, ETag and all; none is lost, and the old processes go."""
    link(tmp_path / "dist", write_release(tmp_path / "one", LONG_QUADS))
    with serve(tmp_path / "dist", tmp_path / "log", watch_s=0 if told else 0.2) as server:
        before, first = descendants(server.process.pid), release(server)
        with asking(server) as found:
            wait_until(lambda: len(found) > 50, "the load is on")
            link(tmp_path / "dist", write_release(tmp_path / "two", NEW_QUADS))
            if told:
                server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: release(server) != first, "the new release is served")
            at = len(found)
            wait_until(lambda: len(found) > at + 50, "it answers")
        wait_until(lambda: not any(map(running, before)), "the old processes are gone")

        assert {status for status, _, _ in found} == {200}
        assert len({(text, etag) for _, text, etag in found}) == 2
        assert len({etag for _, _, etag in found}) == 2
        assert '"other 1"' in found[-1][1]
        assert len(descendants(server.process.pid)) == len(before)
    assert "Traceback" not in server.log.read_text()


def test_a_release_that_is_copied_file_by_file_is_taken_over_once_it_is_whole(tmp_path):
    """In the order of the alphabet: the manifest is there before what it names."""
    dist, new = write_release(tmp_path / "dist"), write_release(tmp_path / "new", NEW_QUADS)
    (new / "void.ttl").write_bytes(b"# about")
    manifest = json.loads((new / "manifest.json").read_text())
    manifest["files"]["void.ttl"] = {"sha256": sha256(b"# about").hexdigest(), "bytes": 7}
    (new / "manifest.json").write_text(json.dumps(manifest))
    with serve(dist, tmp_path / "log", watch_s=0.1) as server:
        first = release(server)
        for name in ("iotkg.nq", "manifest.json"):
            (new / name).replace(dist / name)
        wait_until(lambda: "void.ttl cannot be read" in server.log.read_text(), "it is looked at")
        assert release(server) == first
        (new / "void.ttl").replace(dist / "void.ttl")
        wait_until(lambda: release(server) != first, "the new release is served")


def test_a_query_under_way_finishes_on_the_old_release(tmp_path):
    link(tmp_path / "dist", write_release(tmp_path / "one", LONG_QUADS))
    slow = "SELECT (COUNT(*) AS ?n) (SAMPLE(?v) AS ?o) { ?a ?b ?v . ?c ?d ?e FILTER(CONTAINS(?v, 'val')) }"
    with serve(tmp_path / "dist", tmp_path / "log", watch_s=0, deadline_s=60, workers=2) as server:
        first = release(server)
        answer = []
        client = threading.Thread(target=lambda: answer.append(server.ask(slow)))
        client.start()
        wait_until(lambda: server.health()["idle"] == 1, "the query is under way")
        link(tmp_path / "dist", write_release(tmp_path / "two", NEW_QUADS))
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: release(server) != first, "the new release is served")
        assert client.is_alive(), "the query was too quick to show anything"
        client.join(60)
    assert values(answer[0])[0].startswith("value ")


def test_a_client_that_stays_on_the_old_release_delays_no_newer_one(tmp_path):
    """Three releases in turn while a query on the first is under way."""
    link(tmp_path / "dist", write_release(tmp_path / "r0", LONG_QUADS))
    with serve(tmp_path / "dist", tmp_path / "log", watch_s=0.1, deadline_s=3, workers=1) as server:
        client = threading.Thread(target=server.ask, args=(RUNAWAY,))
        client.start()
        wait_until(lambda: server.health()["idle"] == 0, "the query is under way")
        for turn in (1, 2):
            link(
                tmp_path / "dist",
                write_release(tmp_path / f"r{turn}", LONG_QUADS.replace("value", f"v{turn}")),
            )
            wait_until(
                lambda turn=turn: values(server.ask(SMALL)) == [f"v{turn} 1"], "the new release is served"
            )
        client.join(PATIENCE_S)
        wait_until(lambda: len(descendants(server.process.pid)) == 2, "the old processes are gone")


def cut(folder):
    """Lose the second half of the data."""
    path = folder / "iotkg.nq"
    os.truncate(path, path.stat().st_size // 2)


SPOILT = {
    "truncated": cut,
    "no data": lambda folder: (folder / "iotkg.nq").unlink(),
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
    "manifest cut": lambda folder: os.truncate(folder / "manifest.json", 20),
    "no release at all": shutil.rmtree,
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_broken_release_is_logged_and_the_old_one_keeps_serving(tmp_path, spoil):
    """The log names the fault; once the release is mended, it is taken over."""
    link(tmp_path / "dist", write_release(tmp_path / "one", LONG_QUADS))
    with serve(tmp_path / "dist", tmp_path / "log", watch_s=0.1) as server:
        first = release(server)
        with asking(server, clients=1) as found:
            spoil(write_release(tmp_path / "two", NEW_QUADS))
            link(tmp_path / "dist", tmp_path / "two")
            wait_until(lambda: "the old one keeps serving" in server.log.read_text(), "the log tells of it")
            assert release(server) == first
            write_release(tmp_path / "two", NEW_QUADS)
            wait_until(lambda: release(server) != first, "the mended release is served")
        assert {status for status, _, _ in found} == {200}
    log = server.log.read_text()
    assert "Traceback" not in log
    assert "dist" in log


def test_a_truncated_release_is_not_served_from_the_start(tmp_path):
    cut(write_release(tmp_path / "dist"))
    with (
        pytest.raises(AssertionError, match="the manifest says"),
        serve(tmp_path / "dist", tmp_path / "log"),
    ):
        pass
