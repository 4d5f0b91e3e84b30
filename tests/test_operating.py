"""What an operator sees: figures, the log, identifiers of requests, health; and the guide that describes them."""

import json
import os
import re
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import MISSING, fields
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from iotkg_api.metrics import Metrics
from iotkg_api.settings import Settings
from serving import LONG_QUADS, PATIENCE_S, START, answers, descendants, serve, wait_until, write_release

RUNAWAY = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
SMALL = "SELECT ?o WHERE { <http://example.org/s1> ?p ?o }"
SECRET = "SELECT * { ?s ?p 'the-words-of-a-query' }"
GUIDE = Path(__file__).parent.parent / "docs" / "operating.md"


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    return write_release(tmp_path_factory.mktemp("operating") / "dist", LONG_QUADS)


@pytest.fixture(scope="module")
def server(dist):
    """Everything is logged, and a query gets a second."""
    limits = {"workers": 2, "deadline_s": 1, "memory_bytes": 64 << 20, "access_log": "all"}
    with serve(dist, dist.parent / "log", **limits) as server:
        yield server


def figures(server):
    """Read all figures, by name and labels."""
    text = httpx.get(f"{server.url}/metrics", timeout=PATIENCE_S).text
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in prometheus(text)
        for sample in family.samples
    }


def lines(server):
    """Read the log; each of its lines is JSON."""
    return [json.loads(line) for line in server.log.read_text().splitlines()]


def line_of(server, answer):
    """Find the line of a request, which is written after its answer."""
    identifier = answer.headers["x-request-id"]
    found = []

    def look():
        found[:] = [
            line for line in lines(server) if line["event"] == "request" and line.get("request") == identifier
        ]
        return found

    wait_until(look, "the request is in the log")
    (line,) = found
    return line


# Figures


def test_the_figures_count_what_was_done(server):
    before = figures(server)
    for _ in range(3):
        server.ask(SMALL)
    server.ask("SELECT")
    httpx.get(f"{server.url}/no/such/page")
    after = figures(server)

    def grown(*key):
        return after.get(key, 0) - before.get(key, 0)

    assert grown("iotkg_requests_total", "/sparql", "200") == 3
    assert grown("iotkg_requests_total", "/sparql", "400") == 1
    assert grown("iotkg_requests_total", "404", "other") == 1
    assert grown("iotkg_request_seconds_count", "/sparql") == 4
    assert grown("iotkg_request_seconds_bucket", "+Inf", "/sparql") == 4
    assert grown("iotkg_answer_bytes_total") > 300
    assert after["iotkg_connections",] >= 1


def test_the_figures_tell_of_release_workers_and_memory(server):
    now = figures(server)
    release = server.health()["release"]

    assert now["iotkg_release_info", release] == 1
    assert now["iotkg_workers", "idle"] + now["iotkg_workers", "busy"] == 2
    assert now["iotkg_queue_length",] == 0
    assert now["iotkg_releases_total", "taken"] == 0
    if sys.platform == "linux":
        assert now["process_resident_memory_bytes",] > 10 << 20
        assert now["iotkg_workers_memory_bytes",] > 10 << 20


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (RUNAWAY, "deadline"),
        ("SELECT * WHERE { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c ?f", "memory"),
    ],
)
def test_ended_workers_are_counted_by_reason_and_logged(server, query, reason):
    before = figures(server).get(("iotkg_workers_ended_total", reason), 0)
    answer = server.ask(query)

    assert answer.status_code == 503
    assert figures(server)["iotkg_workers_ended_total", reason] == before + 1
    line = line_of(server, answer)
    assert line["outcome"] in {"too-slow", "worker-died"}
    ended = [entry for entry in lines(server) if entry["event"] == "a query worker has ended"]
    assert reason in {entry["reason"] for entry in ended if entry.get("request") == line["request"]}


def test_a_client_that_leaves_is_counted(server):
    before = figures(server).get(("iotkg_workers_ended_total", "left"), 0)
    with suppress(httpx.TimeoutException):
        httpx.get(server.sparql, params={"query": RUNAWAY + " # left"}, timeout=0.3)
    wait_until(
        lambda: figures(server).get(("iotkg_workers_ended_total", "left"), 0) == before + 1,
        "the worker is ended",
    )
    wait_until(lambda: figures(server).get(("iotkg_requests_total", "/sparql", "499")), "it is counted")


def test_openmetrics_when_asked(server):
    answer = httpx.get(f"{server.url}/metrics", headers={"Accept": "application/openmetrics-text"})
    plain = httpx.get(f"{server.url}/metrics")

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert "iotkg_requests" in {family.name for family in open_metrics(answer.text)}
    assert plain.headers["content-type"].startswith("text/plain")
    for each in (answer, plain):
        assert each.headers["cache-control"] == "no-store"
        assert "etag" not in each.headers


def test_no_path_makes_a_series_of_its_own():
    """What clients ask for must not fill the memory, here or in Prometheus."""
    metrics = Metrics()
    for number in range(1000):
        metrics.answered(f"/x{number}", 404, 0.1, 0)
        metrics.answered(f"/y{number}", 200, 0.1, 0)
    families = {family.name: family for family in metrics.registry.collect()}
    routes = {sample.labels["route"] for sample in families["iotkg_requests"].samples}

    assert "other" in routes
    assert len(routes) < 100


# Log and identifiers


def test_each_request_has_one_line_with_what_matters(server):
    query = f"{SMALL} # a line of the log"
    answer = server.ask(query)
    line = line_of(server, answer)

    assert line["level"] == "info"
    assert (line["method"], line["path"], line["status"]) == ("GET", "/sparql", 200)
    assert line["bytes"] == len(answer.content)
    assert line["ms"] > 0
    assert line["outcome"] == "answer"
    assert line["client"] == "127.0.0.1"
    assert re.fullmatch(r"[0-9a-f]{16}", line["query"])
    assert line["cache"] == "stored"
    assert line_of(server, server.ask(query))["cache"] == "hit"


def test_the_log_holds_no_query(server):
    answer = server.ask(SECRET)
    failed = server.ask(SECRET + "}")
    line_of(server, answer)
    line_of(server, failed)

    assert "the-words-of-a-query" not in server.log.read_text()


@pytest.mark.parametrize(
    ("given", "kept"),
    [("Abc-1_2.x", True), ("a" * 64, True), ("a" * 65, False), ("a b", False), ('"', False), ("", False)],
)
def test_a_well_formed_identifier_is_kept(server, given, kept):
    answer = httpx.get(server.sparql, params={"query": "SELECT"}, headers={"X-Request-Id": given})
    identifier = answer.headers["x-request-id"]

    assert (identifier == given) is kept
    assert kept or re.fullmatch(r"[0-9a-f]{16}", identifier)
    assert answer.json()["instance"] == f"https://w3id.org/iotkg/request/{identifier}"


def test_identifiers_differ(server):
    assert server.ask(SMALL).headers["x-request-id"] != server.ask(SMALL).headers["x-request-id"]


def test_errors_tell_nothing_of_the_machine(server, dist):
    """Neither where files are nor what runs; the log has that."""
    for path in (
        "/doc/../../etc/passwd",
        "/queries/none",
        "/static/none",
        "/source/none",
        "/sparql?query=%FF",
    ):
        answer = httpx.get(server.url + path)
        assert answer.status_code >= 400
        for word in (str(dist.parent), "Traceback", "site-packages", "/api/", 'File "'):
            assert word not in answer.text


@pytest.mark.parametrize(
    ("setting", "shown"),
    [("failures", {408, 413, 503}), ("none", set())],
)
def test_the_access_log_is_one_setting(dist, tmp_path, setting, shown):
    with serve(dist, tmp_path / "log", access_log=setting, deadline_s=2, patience_s=1) as server:
        assert server.ask(SMALL).status_code == 200
        assert server.ask(RUNAWAY).status_code == 503
        big = httpx.post(
            server.sparql, content=b"x" * (2 << 20), headers={"Content-Type": "application/sparql-query"}
        )
        assert big.status_code == 413
        with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), PATIENCE_S) as slow:
            slow.sendall(b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n")
            slow.sendall(b"Content-Length: 9\r\n\r\nASK")
            assert slow.recv(12) == b"HTTP/1.1 408"
    told = [line for line in lines(server) if line["event"] == "request"]
    assert {line["status"] for line in told if line["status"] != 200} == shown
    assert all(line["ms"] >= 1000 for line in told if line["status"] == 200)


# A log that cannot be written


def start(dist, **options):
    """Run the service with another standard error; give its process and address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "IOTKG_DIST": str(dist),
        "IOTKG_PORT": str(port),
        "IOTKG_ACCESS_LOG": "all",
        "IOTKG_WORKERS": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", START], env=environment, stdout=subprocess.DEVNULL, **options
    )
    return process, f"http://127.0.0.1:{port}"


def stays_up(process, url, requests):
    """Ask so often, all answered; then stop the service, which ends in time."""

    def ready():
        assert process.poll() is None
        with suppress(httpx.TransportError):
            return httpx.get(f"{url}/health/ready").status_code == 200

    try:
        wait_until(ready, "the service starts")
        with httpx.Client(timeout=PATIENCE_S) as client:
            assert {client.get(f"{url}/health/live").status_code for _ in range(requests)} == {200}
            assert client.get(f"{url}/sparql", params={"query": SMALL}).status_code == 200
        process.terminate()
        process.wait(PATIENCE_S)
        wait_until(lambda: not descendants(process.pid), "its processes are gone")
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux's")
def test_a_full_disk_stops_only_the_log(dist):
    with Path("/dev/full").open("w") as full:
        stays_up(*start(dist, stderr=full), requests=50)


def test_a_log_nobody_reads_stops_nothing(dist):
    """The pipe takes some hundred lines; then whoever writes to it waits for ever."""
    process, url = start(dist, stderr=subprocess.PIPE)
    try:
        stays_up(process, url, requests=800)
    finally:
        process.stderr.close()


# Health


def test_health_answers_to_head_too(server):
    for path in ("live", "ready"):
        assert httpx.head(f"{server.url}/health/{path}").status_code == 200


def test_the_service_is_ready_again_after_all_else_died(dist, tmp_path):
    """All processes but the web one are killed: it is alive all the while, and ready again soon."""
    with serve(dist, tmp_path / "log", workers=1) as server:
        assert answers(server)
        for pid in descendants(server.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, 9)
        wait_until(lambda: answers(server), "the workers are replaced")
        assert httpx.get(f"{server.url}/health/live").status_code == 200
    assert {"the parent of the query workers has died; starting another"} <= {
        line["event"] for line in lines(server)
    }


# The guide


def test_the_guide_lists_every_setting_with_its_default():
    listed = dict(
        re.findall(r"^\| `(IOTKG_[A-Z_]+)` \|([^|]*)\|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    )
    expected = {
        f"IOTKG_{field.name.upper()}": "" if field.default is MISSING else str(field.default)
        for field in fields(Settings)
    }
    assert {name: default.strip("` ") for name, default in listed.items() if name != "IOTKG_DIST"} == {
        name: default for name, default in expected.items() if name != "IOTKG_DIST"
    }
    assert "IOTKG_DIST" in listed


def test_the_guide_lists_every_figure(server):
    text = GUIDE.read_text(encoding="utf-8")
    body = httpx.get(f"{server.url}/metrics", timeout=PATIENCE_S).text
    for family in prometheus(body):
        if family.name.startswith("iotkg_"):
            assert f"`{family.name}" in text, family.name


def test_a_release_with_a_file_gone_is_a_fault_whose_place_only_the_log_tells(tmp_path):
    dist = write_release(tmp_path / "dist")
    manifest = json.loads((dist / "manifest.json").read_text())
    manifest["files"]["places.tsv"] = {"sha256": "0" * 64, "bytes": 1}
    (dist / "manifest.json").write_text(json.dumps(manifest))
    asked = {"s": "<http://example.org/a>", "p": "<http://example.org/name>", "o": '"x"'}
    with serve(dist, tmp_path / "log", workers=1) as server:
        for accept in ("application/json", "text/html"):
            answer = httpx.get(
                f"{server.url}/explain", params=asked, headers={"Accept": accept}, timeout=PATIENCE_S
            )
            assert answer.status_code == 500
            assert "the log says why" in answer.text
            assert str(tmp_path) not in answer.text
            assert "places.tsv" not in answer.text
        assert server.ask(SMALL).status_code == 200
        faults = [line["fault"] for line in lines(server) if line["event"] == "a request failed"]
    assert len(faults) == 2
    assert all("places.tsv: cannot be read" in fault for fault in faults)


def test_what_clients_invent_makes_no_figures(server):
    """A preflight is answered for any path."""
    asked = {"Origin": "http://example.org", "Access-Control-Request-Method": "GET"}
    for path in ("/invented-1", f"/{'x' * 5000}"):
        assert httpx.options(f"{server.url}{path}", headers=asked).status_code == 204
    text = httpx.get(f"{server.url}/metrics", timeout=PATIENCE_S).text
    assert "invented" not in text
    assert "xxxxx" not in text
    assert Metrics().route("/robots.txt", 200) == "/robots.txt"
    assert Metrics().route("http://x/robots.txt", 200) == "other"
