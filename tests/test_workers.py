"""Workers: a query that is too slow, too large or deadly ends its own process and nobody else's."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from pyoxigraph import Store

from iotkg.errors import EngineError, InputError, InvalidParameter
from iotkg.store import LocalStore, default_size, load_release, read_manifest
from iotkg_api.endings import Busy, TooSlow, WorkerDied
from iotkg_api.evaluation import Outcome, Query, evaluate
from iotkg_api.launching import launch_early
from iotkg_api.settings import Settings, from_environment
from iotkg_api.workers import Pool
from serving import (
    GRAPH,
    LONG_QUADS,
    SMALL_QUADS,
    START,
    Server,
    Wire,
    answers,
    children,
    descendants,
    running,
    serve,
    wait_until,
    write_release,
)

RUNAWAY = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
GLUTTON = "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c ?f"
SMALL = "SELECT ?o WHERE { <http://example.org/s1> ?p ?o }"
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    return write_release(tmp_path_factory.mktemp("workers") / "dist", LONG_QUADS)


@pytest.fixture(scope="module")
def server(dist):
    """Two workers, one second for a query, 64 MiB above the dataset, 100 kB for a result."""
    limits = {"workers": 2, "deadline_s": 1, "memory_bytes": 64 << 20, "result_bytes": 100_000}
    with serve(dist, dist.parent / "log", **limits) as server:
        yield server


def asked(text, **dataset_):
    return Query(text=text, tables=("text/csv",), graphs=("application/n-triples",), **dataset_)


def run_in_pool(dist, use, **limits):
    """Run a coroutine function with a pool of its own."""

    async def main():
        settings = Settings(dist=dist, **{"workers": 1, "deadline_s": 5, **limits})
        pool = Pool(settings, read_manifest(dist))
        try:
            await pool.start()
            return await asyncio.wait_for(use(pool), 20)
        finally:
            await pool.close()

    return asyncio.run(main())


def full(server):
    """Say whether all workers are there and idle."""
    health = server.health()
    return health.get("idle") == 2


def ask_in_vain(server):
    """Send a runaway to a server that will be gone before it answers."""
    with pytest.raises(httpx.HTTPError):
        server.ask(RUNAWAY)


def about(pid, name):
    """Read one of the files in which Linux describes a process."""
    return Path(f"/proc/{pid}/{name}").read_text()


async def until(condition):
    """Let the loop run until something holds."""
    while not condition():  # noqa: ASYNC110  # the pool has no event for it
        await asyncio.sleep(0.01)


# Over HTTP


def test_a_runaway_ends_at_its_deadline_while_others_are_served(server):
    wait_until(lambda: full(server), "both workers idle")
    with ThreadPoolExecutor(1) as threads:
        runaway = threads.submit(server.ask, RUNAWAY)
        wait_until(lambda: server.health()["idle"] == 1, "the runaway has its worker")
        live = httpx.get(f"{server.url}/health/live")
        small = server.ask(SMALL)
        assert not runaway.done()
        answer = runaway.result()

    assert (live.status_code, small.status_code) == (200, 200)
    assert small.json()["results"]["bindings"][0]["o"]["value"] == "value 1"
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["type"].endswith("/too-slow")


def test_long_queries_never_hold_the_last_worker(server):
    """Three runaways on two workers, the first two new to the service: small ones are served all the while."""
    wait_until(lambda: full(server), "both workers idle")
    with ThreadPoolExecutor(3) as threads:
        runaways = [
            threads.submit(server.ask, text) for text in (RUNAWAY, f"{RUNAWAY} # 1", f"{RUNAWAY} # 2")
        ]
        wait_until(lambda: server.health()["waiting"] >= 1, "a runaway waits")
        while not any(runaway.done() for runaway in runaways):
            assert server.ask(SMALL).status_code == 200

    assert [runaway.result().status_code for runaway in runaways] == [503] * 3
    wait_until(lambda: full(server), "both workers are there")
    assert server.ask(SMALL).status_code == 200


def test_the_memory_limit_ends_only_the_worker(server):
    answer = server.ask(GLUTTON)

    assert answer.status_code == 503
    assert answer.json()["type"].endswith("/worker-died")
    assert "memory" in answer.json()["detail"]
    assert server.ask(SMALL).status_code == 200
    wait_until(lambda: full(server), "the worker is replaced")


def test_a_large_result_is_refused_whole(server):
    answer = server.ask("SELECT * WHERE { ?a ?b ?c . ?d ?e ?f }")

    assert answer.status_code == 400
    assert answer.json()["type"].endswith("/result-too-large")


@pytest.mark.parametrize("depth", [3000, 20000])
def test_nested_braces_are_refused_in_kind(server, depth):
    query = "SELECT * WHERE {" + "{" * depth + "}" * depth + "}"
    answer = httpx.post(
        server.sparql, content=query, headers={"Content-Type": "application/sparql-query"}, timeout=20
    )

    assert answer.status_code == 400
    assert answer.json()["type"].endswith("/too-complex")


def test_a_client_that_leaves_frees_its_worker(dist, tmp_path):
    """With one worker and a deadline of a minute, the next query is answered only if the first was ended."""
    with serve(dist, tmp_path / "log", workers=1, deadline_s=60) as server:
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(server.sparql, params={"query": RUNAWAY}, timeout=0.5)

        assert server.ask(SMALL).status_code == 200
    assert "Traceback" not in server.log.read_text()


@linux
def test_a_killed_worker_is_replaced(server):
    wait_until(lambda: full(server), "both workers idle")
    before = descendants(server.process.pid)
    zygote = children(server.process.pid)
    for worker in before - zygote:
        os.kill(worker, signal.SIGKILL)

    def replaced():
        now = descendants(server.process.pid)
        return len(now) == len(before) and now & before == zygote

    wait_until(replaced, "both workers are replaced")
    wait_until(lambda: full(server), "both workers idle")
    assert server.ask(SMALL).status_code == 200


@linux
def test_a_killed_zygote_is_replaced_and_takes_its_workers_along(server):
    wait_until(lambda: full(server), "both workers idle")
    before = descendants(server.process.pid)
    (zygote,) = children(server.process.pid)
    os.kill(zygote, signal.SIGKILL)

    wait_until(lambda: not any(map(running, before)), "the old workers are gone")
    wait_until(lambda: full(server), "both workers idle")
    assert server.ask(SMALL).status_code == 200


@linux
def test_what_stops_the_server_is_not_for_its_workers(server):
    """A terminal's Ctrl-C reaches them too, and would end the queries that the server lets finish."""
    wait_until(lambda: full(server), "both workers idle")
    before = descendants(server.process.pid)
    for pid in before:
        os.kill(pid, signal.SIGINT)
        os.kill(pid, signal.SIGTERM)

    assert server.ask(SMALL).status_code == 200
    assert descendants(server.process.pid) == before


@linux
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_the_server(dist, tmp_path, end):
    """Not even one that is busy, nor when the server has no time to say goodbye."""
    with serve(dist, tmp_path / "log", workers=2, deadline_s=1) as server:
        children = descendants(server.process.pid)
        client = threading.Thread(target=ask_in_vain, args=(server,))
        if end == signal.SIGKILL:
            client.start()
            wait_until(lambda: server.health()["idle"] == 1, "a worker is busy")
        server.process.send_signal(end)
        server.process.wait(20)

        assert len(children) == 3
        wait_until(lambda: not any(map(running, children)), "all processes are gone")
    if client.ident is not None:
        client.join(20)


@contextmanager
def beginning(dist, log, code=START):
    """Start a service without waiting for it, and end it whatever comes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {"IOTKG_DIST": str(dist), "IOTKG_PORT": str(port), "PATH": os.environ["PATH"]}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", code], env=environment, stdout=output, stderr=output
        )
    try:
        yield Server(f"http://127.0.0.1:{port}", process, log)
    finally:
        process.kill()
        process.wait()


@linux
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_service_that_is_told_to_end_before_it_has_started_does_not_start_first(tmp_path, end):
    """Over a hundred real corpora the start takes minutes."""
    release = write_release(tmp_path / "dist", LONG_QUADS * 100)
    with beginning(release, tmp_path / "log") as server:
        wait_until(lambda: "Waiting for application startup" in server.log.read_text(), "it is starting")
        wait_until(lambda: children(server.process.pid), "the parent of its workers is there")
        started = descendants(server.process.pid)
        server.process.send_signal(end)
        assert server.process.wait(20) == -end
    wait_until(lambda: not any(map(running, started)), "all processes are gone")
    assert "Application startup complete" not in server.log.read_text()


@pytest.mark.parametrize(("end", "code"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 0)])
def test_a_service_that_is_told_to_end_while_it_loads_its_pages_ends(tmp_path, end, code):
    """Who waits for what will not come is told; until then it says that it lives and is not ready."""
    release = write_release(tmp_path / "dist")
    endless = "application.open_release = lambda _: time.sleep(600)"
    start = f"import time; from iotkg_api import application; {endless}; {START}"

    def answered():
        with suppress(httpx.TransportError):
            return server.ask("ASK {}").status_code == 200

    with beginning(release, tmp_path / "log", start) as server:
        wait_until(answered, "it answers queries")
        assert httpx.get(f"{server.url}/health/live").json() == {"status": "live"}
        ready = httpx.get(f"{server.url}/health/ready")
        assert (ready.status_code, ready.headers["retry-after"]) == (503, "1")
        with Wire(server) as page, Wire(server) as description:
            page.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            description.send(b"GET /sparql HTTP/1.1\r\nHost: x\r\nAccept: text/turtle\r\n\r\n")
            assert answered()  # what was sent before has been read by now
            server.process.send_signal(end)
            for wire in (page, description):
                answer = wire.answer()
                assert answer.status == 503
                assert "shutting down" in answer.json()["detail"]
                assert answer.headers["retry-after"]
        assert server.process.wait(20) == code
    assert "Traceback" not in server.log.read_text()


# The pool itself


def test_the_zygote_imports_neither_fastapi_nor_rdflib():
    """So it is small, has one thread, and starts quickly."""
    code = "import sys, threading, iotkg_api.zygote; print(threading.active_count(), *sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    threads, *modules = printed.split()

    assert threads == "1"
    heavy = {"fastapi", "starlette", "uvicorn", "rdflib", "pyshacl", "owlrl", "asyncio"}
    assert heavy.isdisjoint(modules)


@linux
def test_the_zygote_has_one_thread_when_it_forks(dist):
    async def use(pool):
        return about(pool._zygote._process.pid, "status").splitlines()

    assert "Threads:\t1" in run_in_pool(dist, use)


@linux
def test_a_worker_holds_no_file_but_its_socket_and_can_open_none(dist):
    async def use(pool):
        await pool.query(asked(SMALL))
        (pid,) = pool.pids
        return sorted(os.listdir(f"/proc/{pid}/fd")), about(pid, "limits")  # noqa: PTH208

    files, limits = run_in_pool(dist, use)

    assert files == ["0", "1", "2", "3"]
    found = {line[:20].strip(): line[20:].split()[:2] for line in limits.splitlines()}
    assert found["Max open files"] == ["4", "4"]
    assert found["Max core file size"] == ["0", "0"]


def test_a_worker_cannot_call_out_even_past_the_guard(dist, monkeypatch):
    """The worker is forked with its guard disarmed; the engine then tries to open a socket, and cannot."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        query = asked(f"SELECT * {{ SERVICE <{address}> {{ ?s ?p ?o }} }}")
        disarm = (
            "import sys; from iotkg import guard; from iotkg_api import zygote\n"
            "guard._refuse_service = lambda *given: None\n"
            "sys.exit(zygote.main(sys.argv[3:]))"
        )
        start = subprocess.Popen
        monkeypatch.setattr(
            subprocess,
            "Popen",
            lambda command, **options: start([command[0], "-c", disarm, *command[1:]], **options),
        )

        reply = run_in_pool(dist, lambda pool: pool.query(query))

        assert reply.outcome is Outcome.FAILED
        assert "Too many open files" in reply.detail
        with pytest.raises(TimeoutError):
            listener.accept()


def test_queries_are_served_in_the_order_they_came(dist):
    order = []

    async def one(pool, number):
        await pool.query(asked(SMALL))
        order.append(number)

    run_in_pool(dist, lambda pool: asyncio.gather(*(one(pool, number) for number in range(20))))

    assert order == list(range(20))


def test_who_waits_too_long_or_behind_too_many_is_told_that_we_are_busy(dist):
    """Two queries before the third take two deadlines; the fourth finds the queue full."""

    async def use(pool):
        tasks = []
        for query in (RUNAWAY, RUNAWAY, SMALL, SMALL):
            tasks.append(asyncio.create_task(pool.query(asked(query))))
            await asyncio.sleep(0)
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, second, third, fourth = run_in_pool(dist, use, deadline_s=0.3, queue=2)

    assert isinstance(first, TooSlow)
    assert isinstance(second, TooSlow | Busy)  # both of its times end with the first query's
    assert isinstance(third, Busy)
    assert "No worker became free" in str(third)
    assert isinstance(fourth, Busy)
    assert "2 requests are waiting" in str(fourth)


def test_a_waiting_client_that_leaves_holds_nothing(dist):
    async def use(pool):
        runaway = asyncio.create_task(pool.query(asked(RUNAWAY)))
        waiting = [asyncio.create_task(pool.query(asked(SMALL))) for _ in range(5)]
        await asyncio.sleep(0.1)
        for task in (runaway, *waiting[:4]):
            task.cancel()
        reply = await waiting[4]
        return reply.outcome, pool.waiting

    assert run_in_pool(dist, use) == (Outcome.ANSWER, 0)


def test_a_worker_given_to_a_request_at_the_moment_it_gives_up_is_not_lost(dist):
    async def use(pool):
        (worker,) = pool._workers
        pool._idle.clear()
        task = asyncio.create_task(pool.query(asked(SMALL)))
        await asyncio.sleep(0)
        pool._release(worker)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return pool.idle, pool.alive

    assert run_in_pool(dist, use) == (1, 1)


def test_a_stack_overflow_is_told_from_a_lack_of_memory(dist, monkeypatch):
    """The limits of the guard are lifted in the worker, so that the engine meets the query."""
    start = subprocess.Popen
    lift = (
        "import sys; from iotkg import guard; from iotkg_api import zygote\n"
        "guard.MAX_DEPTH = 10**9; guard.MAX_CLAUSES = 10**9\n"
        "sys.exit(zygote.main(sys.argv[3:]))"
    )
    monkeypatch.setattr(
        subprocess,
        "Popen",
        lambda command, **options: start([command[0], "-c", lift, *command[1:]], **options),
    )

    async def use(pool):
        with pytest.raises(WorkerDied, match="nested too deeply"):
            await pool.query(asked("SELECT * {" + "{" * 50_000 + "}" * 50_001))
        return await pool.query(asked(SMALL))

    assert run_in_pool(dist, use).outcome is Outcome.ANSWER


def test_a_worker_that_has_grown_is_replaced_after_its_answer(dist):
    """A sort that fits leaves the heap large; a fresh worker takes over."""

    async def use(pool):
        (before,) = pool.pids
        reply = await pool.query(
            asked("SELECT (COUNT(*) AS ?n) { SELECT DISTINCT ?a ?d { ?a ?b ?c . ?d ?e ?f } LIMIT 400000 }")
        )
        after = (await pool.query(asked(SMALL))).outcome
        return reply, pool.pids != {before}, after

    reply, replaced, after = run_in_pool(dist, use, memory_bytes=160 << 20)

    assert (reply.outcome, reply.retire, replaced, after) == (Outcome.ANSWER, True, True, Outcome.ANSWER)


def test_a_pool_whose_release_is_not_the_manifests_does_not_start(tmp_path, capfd):
    write_release(tmp_path, LONG_QUADS)
    (tmp_path / "iotkg.nq").write_text(SMALL_QUADS)

    with pytest.raises(EngineError):
        run_in_pool(tmp_path, lambda pool: pool.query(asked(SMALL)))
    assert "the manifest says" in capfd.readouterr().err


def test_a_release_put_in_place_meanwhile_changes_no_answer(tmp_path):
    """A new zygote reads the file the service started with, even once that is deleted."""
    write_release(tmp_path, LONG_QUADS)

    async def use(pool):
        for path in tmp_path.iterdir():
            path.unlink()
        write_release(tmp_path, SMALL_QUADS)
        pool._zygote._process.kill()
        before = pool._zygote
        await until(lambda: pool._zygote is not before and pool.alive)
        return await pool.query(asked(SMALL))

    assert b"value 1" in run_in_pool(tmp_path, use).body


# The dataset and the settings


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return load_release(write_release(tmp_path_factory.mktemp("small")))


def values(store, query, **given):
    known = frozenset(name.value for name in store.named_graphs())
    reply = evaluate(store, known, asked(query, **given), 10_000)
    return reply.body.decode().split("\r\n")[1:-1] if reply.outcome is Outcome.ANSWER else reply.outcome


def test_the_default_view_is_the_union_without_what_stands_apart(small):
    """Each triple once, and neither the facts from outside nor those about the release."""
    assert values(small, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == ["5"]
    assert values(small, "SELECT ?o { ?s <http://example.org/note> ?o }") == []
    assert values(small, f"SELECT ?o {{ GRAPH <{GRAPH}meta> {{ ?s ?p ?o }} }}") == ["only about"]
    assert default_size(LocalStore(small)) == 5


def test_blank_nodes_keep_their_labels(small):
    assert values(small, "SELECT ?s { ?s ?p ?o FILTER(isBlank(?s)) }") == ["_:c14n0"]


def test_from_graphs_are_merged_not_added_up(small):
    """The merge of two graphs holds a triple of both once, whether FROM or the protocol names them."""
    pair = (f"{GRAPH}doc/curated", f"{GRAPH}doc/inferred")
    clauses = "".join(f" FROM <{name}>" for name in pair)

    assert values(small, f"SELECT (COUNT(*) AS ?n){clauses} {{ ?s ?p ?o }}") == ["2"]
    assert values(small, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", default_graphs=pair) == ["2"]
    assert values(small, f"SELECT ?g{clauses} {{ GRAPH ?g {{ ?s ?p ?o }} }}") == []
    assert values(small, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", default_graphs=pair[:1] * 2) == ["2"]
    assert values(small, "SELECT ?o { ?s ?p ?o }", named_graphs=pair[:1]) == []
    assert values(small, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == ["5"]


def test_a_merge_leaves_nothing_behind(small):
    """Neither after an answer nor after a failure; so the next query cannot see it."""
    clauses = f"FROM <{GRAPH}doc/curated> FROM <{GRAPH}doc/inferred>"
    for query in (
        "SELECT * {c} {{ ?s ?p ?o }}",
        "SELECT ?x {c} {{ BIND(<http://e/f>() AS ?x) }}",
        "SELECT {c}",
    ):
        values(small, query.format(c=clauses))

        assert all(name.value.startswith(GRAPH) for name in small.named_graphs())


def test_xml_that_would_not_be_well_formed_is_not_acceptable():
    store = Store()
    query = Query(
        text="CONSTRUCT { <http://e/s> <http://e/1> 'x' } {}", tables=(), graphs=("application/rdf+xml",)
    )
    control = replace(query, text="SELECT ('\\u0001' AS ?x) {}", tables=("application/sparql-results+xml",))

    for one in (query, control):
        reply = evaluate(store, frozenset(), one, 10_000)
        assert reply.outcome is Outcome.NOT_ACCEPTABLE
        assert "XML cannot carry" in reply.detail


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda dist: (dist / "manifest.json").unlink(), "run iotkg build first"),
        (lambda dist: (dist / "manifest.json").write_text("{}"), "is not the manifest"),
        (lambda dist: (dist / "manifest.json").write_text("[]"), "is not the manifest"),
        (lambda dist: (dist / "iotkg.nq").unlink(), "cannot be read"),
        (lambda dist: (dist / "iotkg.nq").write_text(LONG_QUADS), "the manifest says"),
        (lambda dist: write_release(dist, "no quads"), "iotkg.nq"),
    ],
)
def test_a_release_that_cannot_be_used_says_why(tmp_path, spoil, message):
    spoil(write_release(tmp_path))

    with pytest.raises(InputError, match=message):
        load_release(tmp_path)


def test_the_command_starts_the_parent_of_the_workers_itself_and_once(dist, tmp_path):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("IOTKG_")}
    environment |= {"IOTKG_DIST": str(dist), "IOTKG_WORKERS": "2"}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).parent / "iotkg"), "serve", "--port", str(port)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    server = Server(f"http://127.0.0.1:{port}", process, tmp_path / "log")
    try:
        wait_until(lambda: answers(server), "the service starts")
        assert server.ask(SMALL).status_code == 200
        (parent,) = children(process.pid)
        assert len(children(parent)) == 2
    finally:
        process.terminate()
        process.wait(20)
    assert "Traceback" not in server.log.read_text()


def test_a_launched_parent_of_another_release_is_ended_and_replaced(dist, tmp_path):
    other = launch_early(Settings(dist=write_release(tmp_path / "other")))

    async def main():
        pool = Pool(Settings(dist=dist, workers=1), read_manifest(dist), launched=other)
        try:
            await pool.start()
            return await pool.query(asked(SMALL))
        finally:
            await pool.close()

    assert asyncio.run(main()).outcome is Outcome.ANSWER
    assert other.process.returncode == -signal.SIGKILL


def test_what_is_launched_needs_a_release(tmp_path):
    dist = write_release(tmp_path / "dist")
    (dist / "iotkg.nq").unlink()
    with pytest.raises(InputError, match=r"iotkg.nq: cannot be read"):
        launch_early(Settings(dist=dist))


def test_settings_come_from_the_environment():
    settings = from_environment(
        {"IOTKG_DIST": "/d", "IOTKG_WORKERS": "3", "IOTKG_DEADLINE_S": "2.5", "HOME": "x"}
    )

    assert settings == Settings(dist=Path("/d"), workers=3, deadline_s=2.5)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"IOTKG_WORKERS": "two"}, "IOTKG_WORKERS is 'two', which is no whole number"),
        (
            {"IOTKG_WORKERS": "x", "IOTKG_DEADLINE_S": "y"},
            "IOTKG_WORKERS.*IOTKG_DEADLINE_S is 'y', which is no number",
        ),
        ({"IOTKG_WORKERS": "0"}, "workers must be more than 0"),
        ({"IOTKG_DEADLINE_S": "nan"}, "deadline_s must be more than 0"),
        ({"IOTKG_PORT": "65536"}, "port must be from 0 to 65535"),
        ({"IOTKG_DEADLINE_S": "inf"}, "deadline_s must be more than 0 and less than infinity"),
        ({"IOTKG_RESULT_BYTES": str(1 << 32)}, "result_bytes must be 4,294,967,295 at most"),
        (
            {"IOTKG_PUBLIC_URL": "iotkg.example.org"},
            "public_url is 'iotkg.example.org'; write it as https://",
        ),
        ({"IOTKG_PROXIES": "10.0.0.1/8"}, "proxies: 10.0.0.1/8 is no address and no network .*host bits"),
        ({"IOTKG_HOST": ""}, "host must name an address"),
        ({"IOTKG_DIST": ""}, "IOTKG_DIST is empty"),
    ],
)
def test_settings_that_cannot_be_are_named(variables, message):
    with pytest.raises(InvalidParameter, match=message):
        from_environment({"IOTKG_DIST": "/d", **variables})
