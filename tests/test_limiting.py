"""Queries of many clients on few workers, clients that ask too often, and results that are too large."""

import asyncio
import os
import signal
from pathlib import Path

import httpx
import pytest
from pyoxigraph import Literal, NamedNode, Quad, QueryResultsFormat, Store

from iotkg.errors import InvalidParameter
from iotkg.store import read_manifest
from iotkg_api.endings import Busy, TooSlow
from iotkg_api.evaluation import Outcome, Query
from iotkg_api.limiting import Rate, client_of
from iotkg_api.queueing import FairQueue, Place
from iotkg_api.rows import more_rows
from iotkg_api.settings import Settings
from iotkg_api.workers import Pool
from serving import LONG_QUADS, PATIENCE_S, serve, write_release

RUNAWAY = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
SMALL = "SELECT ?o WHERE { <http://example.org/s1> ?p ?o }"


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    return write_release(tmp_path_factory.mktemp("limiting") / "dist", LONG_QUADS)


def asked(text):
    return Query(text=text, tables=("text/csv",), graphs=("application/n-triples",))


def run_in_pool(dist, use, **limits):
    """Run a coroutine function with a pool of its own."""

    async def main():
        settings = Settings(dist=dist, **{"workers": 1, "deadline_s": 5, **limits})
        pool = Pool(settings, read_manifest(dist))
        try:
            await pool.start()
            return await asyncio.wait_for(use(pool), 60)
        finally:
            await pool.close()

    return asyncio.run(main())


async def until(condition):
    """Let the loop run until something holds."""
    while not condition():  # noqa: ASYNC110  # the pool has no event for it
        await asyncio.sleep(0.01)


# Turns


def test_clients_take_turns(dist):
    """Ten queries of one client do not make the two of another wait for all of them."""
    order = []

    async def one(pool, client, number):
        await pool.query(asked(f"{SMALL} # {client} {number}"), client)
        order.append(client)

    async def use(pool):
        await asyncio.gather(
            *(one(pool, "many", number) for number in range(10)), *(one(pool, "few", n) for n in (1, 2))
        )

    run_in_pool(dist, use)

    assert order[:5] == ["many", "many", "few", "many", "few"]


def test_clients_with_long_queries_come_after_those_without():
    async def use():
        queue = FairQueue()
        for client in ("heavy", "heavy", "light", "other"):
            queue.add(Place(client, asyncio.get_running_loop().create_future()))
        return [queue.next({"heavy": 1}).client for _ in range(len(queue))]

    assert asyncio.run(use()) == ["light", "other", "heavy", "heavy"]


def test_a_full_queue_turns_away_the_client_that_fills_it(dist):
    """Not the one that comes last."""

    async def use(pool):
        many = [asyncio.create_task(pool.query(asked(f"{RUNAWAY} # {n}"), "many")) for n in range(4)]
        await until(lambda: pool.waiting == 3)
        few = asyncio.create_task(pool.query(asked(SMALL), "few"))
        await until(many[3].done)
        assert pool.waiting == 3
        for task in many[:3]:
            task.cancel()
        return await asyncio.gather(few, many[3], return_exceptions=True)

    few, turned_away = run_in_pool(dist, use, queue=3, deadline_s=30)

    assert few.outcome is Outcome.ANSWER
    assert isinstance(turned_away, Busy)
    assert "3 requests are waiting" in str(turned_away)


def test_a_long_query_on_the_last_worker_starts_again_and_is_answered(dist):
    """Two workers: the second of two long queries gives its worker up, and has its answer all the same."""
    long = "SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c . ?d ?e ?f FILTER(STRLEN(?c) + STRLEN(?f) > {}) }}"

    async def use(pool):
        tasks = [asyncio.create_task(pool.query(asked(long.format(n)), f"c{n}")) for n in (1, 2)]
        await until(lambda: pool.waiting == 1)
        assert pool.long == 1
        small = await pool.query(asked(SMALL), "small")
        replies = await asyncio.gather(*tasks)
        assert not pool.long
        assert not pool._load
        return small, replies

    small, replies = run_in_pool(dist, use, workers=2, quick_s=0.02, deadline_s=50)

    assert small.outcome is Outcome.ANSWER
    assert [reply.body for reply in replies] == [b"n\r\n4000000\r\n"] * 2


def test_a_query_known_to_be_long_starts_as_one_until_it_is_quick(dist):
    async def use(pool):
        with pytest.raises(TooSlow):
            await pool.query(asked(RUNAWAY))
        known = len(pool._known_long)
        pool._remember(b"x", long=False)
        again = asyncio.create_task(pool.query(asked(RUNAWAY)))
        await until(lambda: pool.long)
        again.cancel()
        await asyncio.gather(again, return_exceptions=True)
        return known, pool.long, dict(pool._load)

    assert run_in_pool(dist, use, deadline_s=0.3) == (1, 0, {})


@pytest.mark.parametrize("company", [True, False], ids=["beside quick ones", "alone"])
def test_a_long_query_yields_the_processor_to_quick_ones_soon_and_when_alone_later(dist, company):
    """What has yielded is replaced, which takes longer than many a long query: so only where somebody gains."""

    async def use(pool):
        niced = lambda: {os.getpriority(os.PRIO_PROCESS, pid) for pid in pool.pids}  # noqa: E731
        task = asyncio.create_task(pool.query(asked(RUNAWAY), "slow"))
        await until(lambda: pool.idle == 1)
        for number in range(10 * company):
            await pool.query(asked(f"{SMALL} # {number}"), "quick")
        await until(lambda: pool.long)
        await asyncio.sleep(0.1)
        soon = niced()
        await until(lambda: niced() == {0, 10})
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return soon

    assert run_in_pool(dist, use, workers=2, deadline_s=50) == ({0, 10} if company else {0})


def test_a_query_that_only_waits_keeps_its_place(dist):
    """On a machine that has much to do, a query is not in the way for having had to wait."""

    async def use(pool):
        asyncio.get_running_loop().call_later(0.5, lambda: os.kill(stopped, signal.SIGCONT))
        (stopped,) = (worker.pid for worker in pool._idle[-1:])
        os.kill(stopped, signal.SIGSTOP)
        task = asyncio.create_task(pool.query(asked(SMALL), "waits"))
        await until(lambda: pool.idle == 1)
        for number in range(10):
            await pool.query(asked(f"{SMALL} # {number}"), "quick")
        assert not task.done()
        assert (await task).outcome is Outcome.ANSWER
        return stopped in pool.pids, pool.idle

    assert run_in_pool(dist, use, workers=2) == (True, 2)


def test_a_slowed_worker_is_kept_for_long_queries_and_for_those_that_are_alone(dist):
    """To replace one is dear: the new one has to copy each page of the graph that it reads."""
    long = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER(STRLEN(?c) + STRLEN(?f) > 1) }"

    async def use(pool):
        before = pool.pids
        await pool.query(asked(long), "slow")
        (slowed,) = (worker for worker in pool._workers if worker.slowed)
        (other,) = pool._workers - {slowed}
        alone = pool.begin(asked(f"{SMALL} # 1"), "one")
        beside = pool.begin(asked(f"{SMALL} # 2"), "two")
        assert (alone.worker, beside.worker) == (slowed, other)
        await asyncio.gather(alone.reply, beside.reply)
        pool.end(alone)
        pool.end(beside)
        known = asyncio.create_task(pool.query(asked(long), "slow"))
        await until(lambda: slowed not in pool._idle)
        quick = pool.begin(asked(f"{SMALL} # 3"), "one")
        assert quick.worker is other
        await asyncio.gather(known, quick.reply)
        pool.end(quick)
        assert pool.pids == before
        other.slowed = True  # one more than queries may be long
        await pool.query(asked(f"{SMALL} # 4"))
        await until(lambda: pool.alive == 2)
        return len(pool.pids & before), pool.idle

    assert run_in_pool(dist, use, workers=2, quick_s=0.02, deadline_s=50) == (1, 2)


def test_a_client_that_leaves_the_long_queue_holds_nothing(dist):
    async def use(pool):
        tasks = [asyncio.create_task(pool.query(asked(f"{RUNAWAY} # {n}"), "c")) for n in range(3)]
        await until(lambda: pool.waiting == 2)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await until(lambda: pool.idle == 2)
        return pool.waiting, pool.long, dict(pool._load)

    assert run_in_pool(dist, use, workers=2, quick_s=0.02, deadline_s=60) == (0, 0, {})


# Rates


def test_a_rate_lets_a_burst_through_and_then_its_share():
    rate = Rate("3/s")
    burst = [rate.wait("a", 100.0) for _ in range(5)]
    assert burst[:3] == [0, 0, 0]
    assert burst[3] == pytest.approx(1 / 3)
    assert rate.wait("b", 100.0) == 0
    assert rate.wait("a", 100.34) == 0
    assert rate.wait("a", 100.35) > 0
    assert [rate.wait("a", 200.0) for _ in range(3)] == [0, 0, 0]


def test_a_rate_forgets_clients_that_may_ask_freely_again():
    rate = Rate("1/s")
    for number in range(50_000):
        rate.wait(str(number), number / 10)
    assert len(rate._free_at) < 25_000


@pytest.mark.parametrize("text", ["10", "0/s", "10/d", "-1/s", "1.5/s", "10/s ", "１/s"])
def test_a_rate_that_is_none_is_named(text):
    with pytest.raises(InvalidParameter, match=r"10/s, 600/m or 5000/h"):
        Rate(text)
    with pytest.raises(InvalidParameter, match="rate is"):
        Settings(dist=Path("/d"), rate=text)


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("unix", "unix"),
    ],
)
def test_a_client_is_an_address_or_a_network(host, client):
    assert client_of({"client": (host, 1)}) == client


def test_who_asks_too_often_is_told_when_to_come_back(dist, tmp_path):
    """Scripts of other origins can read it too, and whoever watches over the service is not counted."""
    with serve(dist, tmp_path / "log", rate="20/h") as server, httpx.Client(timeout=PATIENCE_S) as client:
        answers = [client.get(f"{server.url}/queries/none") for _ in range(30)]
        assert [answer.status_code for answer in answers][:10] == [404] * 10
        last = answers[-1]
        assert last.status_code == 429
        assert 100 < int(last.headers["retry-after"]) <= 180
        assert last.headers["access-control-allow-origin"] == "*"
        assert last.json()["type"].endswith("/too-many-requests")
        assert client.get(f"{server.url}/health/live").status_code == 200
        assert client.get(f"{server.url}/metrics").status_code == 200
        forged = client.get(f"{server.url}/queries/none", headers={"X-Forwarded-For": "192.0.2.7"})
        assert forged.status_code == 429


def test_clients_behind_a_trusted_proxy_are_told_apart(dist, tmp_path):
    with serve(dist, tmp_path / "log", rate="1/h", proxies="127.0.0.1,10.0.0.0/8") as server:
        seen = [
            httpx.get(f"{server.url}/queries/none", headers={"X-Forwarded-For": address}).status_code
            for address in ("192.0.2.1", "192.0.2.2", "198.51.100.9, 192.0.2.1", "192.0.2.3, 10.1.2.3")
        ]
    assert seen == [404, 404, 429, 404]


# Sizes


@pytest.mark.parametrize("accept", ["json", "xml", "csv", "tsv"])
def test_a_table_with_too_many_rows_is_refused_whole(dist, tmp_path, accept):
    with serve(dist, tmp_path / "log", result_rows=100) as server:
        query = "SELECT * WHERE {{ ?s ?p ?o }} LIMIT {}"
        allowed, refused = (
            httpx.get(server.sparql, params={"query": query.format(rows), "format": accept})
            for rows in (100, 101)
        )
    assert allowed.status_code == 200
    assert refused.status_code == 400
    assert refused.json()["type"].endswith("/result-too-large")
    assert "100 rows" in refused.json()["detail"]


AWKWARD = ('x"\r\n{,{"a":[{},{}],\t<result>', '\\"', "},{", "a,\nb", "", '"', "\\", ":[", "<result/>")
TYPES = {
    "application/sparql-results+json": QueryResultsFormat.JSON,
    "application/sparql-results+xml": QueryResultsFormat.XML,
    "text/csv": QueryResultsFormat.CSV,
    "text/tab-separated-values": QueryResultsFormat.TSV,
}


@pytest.mark.parametrize("media_type", TYPES)
@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s ?p ?o }",
        "SELECT ?o { ?s ?p ?o }",
        "SELECT ?nothing { ?s ?p ?o }",
        "SELECT ?nothing ?o ?none { ?s ?p ?o }",
        "SELECT * { ?s ?p ?o FILTER(false) }",
        "SELECT ?o (<<( ?s ?p ?o )>> AS ?t) { ?s ?p ?o }",
    ],
)
def test_rows_are_counted_whatever_they_hold(query, media_type):
    store = Store()
    for number, text in enumerate(AWKWARD):
        store.add(Quad(NamedNode(f"http://e/{number}"), NamedNode("http://e/p"), Literal(text)))
    body = store.query(query).serialize(format=TYPES[media_type])
    rows = 0 if "false" in query else len(AWKWARD)

    assert not more_rows(body, media_type, rows)
    if rows:
        assert more_rows(body, media_type, rows - 1)


@pytest.mark.parametrize("media_type", TYPES)
def test_an_answer_of_yes_or_no_has_no_rows(media_type):
    body = Store().query("ASK {}").serialize(format=TYPES[media_type])
    assert not more_rows(body, media_type, 1)
