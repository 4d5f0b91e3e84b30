"""The worker that is there before the others: it answers as they will, and is never in their way."""

import asyncio
import os
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from iotkg import guard
from iotkg import store as stores
from iotkg.answering import open_answers
from iotkg.errors import EngineError, InputError
from iotkg.store import LocalStore, load, load_graphs, load_view, read_manifest
from iotkg_api.endings import TooSlow
from iotkg_api.evaluation import Outcome, Query, evaluate
from iotkg_api.launching import launch_early
from iotkg_api.settings import Settings
from iotkg_api.workers import Pool
from serving import GRAPH, SMALL_QUADS, children, running, wait_until, write_release

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
BROADER = "<http://www.w3.org/2004/02/skos/core#broader>"
SMALL = "SELECT ?p ?o { <https://w3id.org/iotkg/id/task/iot-2013_standards_2> ?p ?o }"
IN_GRAPHS = "SELECT (COUNT(DISTINCT ?g) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
FORMS = (
    SMALL,
    "DESCRIBE <https://w3id.org/iotkg/id/task/iot-2013_standards_2>",
    "DESCRIBE ?s { ?s a ?o } LIMIT 3",
    "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o } LIMIT 500",
    "ASK { ?s ?p ?o }",
    "SELECT * { ?s ?p ?o } LIMIT 1000",
    "SELECT ?p (COUNT(*) AS ?n) (SAMPLE(?s) AS ?one) { ?s ?p ?o } GROUP BY ?p",
    f"SELECT * {{ ?s {BROADER}* ?o }} LIMIT 2000",
    "SELECT (COUNT(*) AS ?n) { ?s <http://example.org/none>? ?o }",
    "SELECT * { ?s !a ?o } LIMIT 100",
    "SELECT * { ?s a ?t OPTIONAL { ?s <http://www.w3.org/2004/02/skos/core#prefLabel> ?l } } LIMIT 700",
    "SELECT ?s { ?s ?p ?o FILTER isBlank(?s) }",
    "SELECT * { { SELECT DISTINCT ?p { ?s ?p ?o } } ?p ?q ?r } LIMIT 300",
)


def asked(text):
    return Query(text=text, tables=("text/csv",), graphs=("application/n-triples",))


def test_the_default_view_answers_alike_before_and_after_the_graphs_are_loaded(dist):
    """To the byte, without ORDER BY too."""
    data = (dist / "iotkg.nq").read_bytes()
    view, whole = (make(data, sha256(data).hexdigest()) for make in (load_view, load))
    known = frozenset(name.value for name in whole.named_graphs())
    texts = [*FORMS, *(query.text for query in open_answers(dist, LocalStore(whole)).queries.values())]
    alike = [text for text in texts if not re.search("graph|from", text, re.IGNORECASE)]
    assert set(FORMS) <= set(alike)
    assert len(alike) > len(FORMS) + 30
    assert guard.is_plain(SMALL)
    for text in alike:
        early = evaluate(view, frozenset(), asked(text), 1 << 26)
        assert early.outcome is Outcome.ANSWER, early.detail
        assert early == evaluate(whole, known, asked(text), 1 << 26), text


@pytest.mark.parametrize("block_bytes", [1, 200, 1 << 18])
@pytest.mark.parametrize("by_graph", [True, False])
def test_a_release_is_loaded_whatever_the_order_of_its_lines(monkeypatch, block_bytes, by_graph):
    monkeypatch.setattr(stores, "_BLOCK_BYTES", block_bytes)
    lines = SMALL_QUADS.splitlines(keepends=True)
    if by_graph:
        lines.sort(key=lambda line: line[line.rindex("<") :])
    data = "".join(lines).encode()
    store = load_view(data, sha256(data).hexdigest())
    view = sorted(map(str, store))
    assert len(view) == 5
    load_graphs(store, data)
    assert sorted(map(str, store.quads_for_pattern(None, None, None))) == sorted(
        [*view, *(line.removesuffix(" .\n") for line in lines)]
    )


def of_pool(dist, main, **settings):
    """Run a pool whose zygote was launched beforehand, as ``iotkg serve`` does; its processes are gone afterwards."""
    chosen = Settings(dist=dist, workers=2, **settings)
    launched = launch_early(chosen)

    async def running_it():
        pool = Pool(chosen, read_manifest(dist), launched=launched)
        try:
            await pool.start()
            assert pool._first is not None
            return await main(pool, launched.process.pid)
        finally:
            await pool.close()

    try:
        return asyncio.run(running_it())
    finally:
        wait_until(lambda: launched.process.poll() is not None, "the zygote is gone")


@linux
def test_it_answers_before_there_is_another_and_ends_when_there_is(dist):
    async def main(pool, zygote):
        (first,) = children(zygote)
        early = await pool.query(asked(SMALL))
        assert pool.alive == 0
        assert pool.begin(asked(SMALL)) is None
        in_graphs = await pool.query(asked(IN_GRAPHS))  # for which it waits
        assert pool.alive > 0
        await pool.filled()
        assert not running(first)
        assert len(children(zygote)) == pool.alive == 2
        late = await pool.query(asked(SMALL))
        return early, in_graphs, late

    early, in_graphs, late = of_pool(dist, main)
    assert early == late
    assert early.body.count(b"\n") > 10
    assert int(in_graphs.body.split()[1]) > 5


def test_what_asks_for_graphs_is_not_for_it(dist):
    named = Query(text=SMALL, tables=("text/csv",), graphs=(), named_graphs=(f"{GRAPH}registry",))
    texts = (f"SELECT * FROM <{GRAPH}registry> {{ ?s ?p ?o }} LIMIT 1", IN_GRAPHS)

    async def main(pool, _):
        return await asyncio.gather(*(pool.query(it) for it in (*map(asked, texts), named)))

    *one, none = of_pool(dist, main)
    assert all(reply.outcome is Outcome.ANSWER and reply.body.count(b"\n") == 2 for reply in one)
    assert (none.outcome, none.body) == (Outcome.ANSWER, b"p,o\r\n")  # for the default graph is empty


@linux
def test_a_long_query_is_left_to_the_others_and_so_is_all_after_it(dist):
    async def main(pool, _):
        async with asyncio.TaskGroup() as tasks:
            endless = tasks.create_task(outcome(pool, RUNAWAY))
            small = [tasks.create_task(pool.query(asked(f"{SMALL} #{n}"))) for n in range(20)]
        return endless.result(), [task.result() for task in small]

    async def outcome(pool, text):
        with pytest.raises(TooSlow):
            await pool.query(asked(text))
        return "too slow"

    endless, small = of_pool(dist, main, deadline_s=2, quick_s=0.05)
    assert endless == "too slow"
    assert len({reply.body for reply in small}) == 1


def test_the_reply_to_one_who_has_left_is_not_taken_for_the_next(dist):
    async def main(pool, _):
        left = asyncio.create_task(pool.query(asked("SELECT ?t (COUNT(*) AS ?n) { ?s a ?t } GROUP BY ?t")))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        left.cancel()
        return await pool.query(asked(SMALL))

    assert of_pool(dist, main).body.startswith(b"p,o\r\n")


@linux
@pytest.mark.parametrize("ticks", range(5))
def test_a_pool_that_is_closed_soon_leaves_no_process(dist, ticks):
    async def main(pool, zygote):
        (first,) = children(zygote)
        for _ in range(ticks):
            await asyncio.sleep(0)
        return pool.alive, first

    alive, first = of_pool(dist, main)
    assert alive == 0
    wait_until(lambda: not running(first), "the first worker is gone")


def test_a_release_that_is_not_what_its_manifest_says_is_not_served(tmp_path):
    dist = write_release(tmp_path)
    (dist / "iotkg.nq").write_text(SMALL_QUADS * 2)
    with pytest.raises(EngineError):
        asyncio.run(started(dist))


def test_a_release_whose_graphs_cannot_be_loaded_ends_the_service(tmp_path):
    """Though its default view can be, over which the first worker answers."""
    dist = write_release(
        tmp_path / "dist", f'{SMALL_QUADS}<http://e/a> "no IRI" <http://e/b> <{GRAPH}meta> .\n'
    )

    async def main(pool, _):
        assert (await pool.query(asked("ASK {}"))).outcome is Outcome.ANSWER
        await pool.filled()

    with pytest.raises(EngineError):
        of_pool(dist, main)
    environment = {"IOTKG_DIST": str(dist), "IOTKG_PORT": "0", "PATH": os.environ["PATH"]}
    command = str(Path(sys.executable).parent / "iotkg")
    done = subprocess.run(
        [command, "serve"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 3
    assert "line 9" in done.stderr


async def started(dist):
    """Start a pool as ``of_pool`` does, which fails."""
    pool = Pool(Settings(dist=dist), read_manifest(dist), launched=launch_early(Settings(dist=dist)))
    try:
        await pool.start()
    finally:
        await pool.close()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda text: text.replace("\n", "\r\n"), "as iotkg build writes them"),
        (lambda text: text.removesuffix("\n"), "as iotkg build writes them"),
        (lambda text: f"{text}<http://e/a> <http://e/b> 'c' .\n", "as iotkg build writes them"),
        (lambda text: f"{text}\n", "as iotkg build writes them"),
        (lambda text: f"{text}<http://e/a> 'c' <http://e/b> <{GRAPH}registry> .\n", "line 9 "),
        (lambda text: f"{text}<http://e/a> <http://e/b> <{GRAPH}registry> .\n", "iotkg.nq: "),
        (lambda text: f"{text}<http://e/a> <http://e/b> <http://e/c> _:g .\n", "as iotkg build writes them"),
    ],
)
def test_lines_that_are_not_as_a_build_writes_them_are_refused(monkeypatch, spoil, message):
    monkeypatch.setattr(stores, "_BLOCK_BYTES", 200)
    data = spoil(SMALL_QUADS).encode()
    with pytest.raises(InputError, match=message):
        load(data, sha256(data).hexdigest())
