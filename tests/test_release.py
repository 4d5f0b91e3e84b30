"""The release: the same bytes from the same files, and never half a release."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from hashlib import sha256

import pytest
from pyoxigraph import RdfFormat, parse

from iotkg import build, release
from iotkg.errors import InputError, OutputError
from iotkg.identifiers import graph
from iotkg.layout import Layout
from iotkg.store import open_release
from iotkg.vocab import term

QUERIES = {"a-query": "#+ summary: a\n"}
PARTS = ("ontology", "data", "shapes", "queries")


@pytest.fixture
def checkout(layout, tmp_path):
    """Give a copy of the checkout's inputs in another folder."""
    for part in PARTS:
        shutil.copytree(layout.root / part, tmp_path / "copy" / part)
    return Layout(tmp_path / "copy")


def files(dist):
    return {
        path.relative_to(dist).as_posix(): path.read_bytes() for path in dist.rglob("*") if path.is_file()
    }


def test_two_builds_in_different_folders_give_the_same_bytes(layout, checkout, tmp_path):
    """In two processes with different hash seeds, so that no order of a set shows."""
    command = (
        "from pathlib import Path; import sys; from iotkg import build, release; from iotkg.layout import Layout;"
        "release.write(build.assemble(build.read(Layout(Path(sys.argv[1])))), {}, Path(sys.argv[2]))"
    )
    for seed, root in (("1", layout.root), ("2", checkout.root)):
        subprocess.run(
            [sys.executable, "-c", command, str(root), str(tmp_path / seed / "dist")],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
    one, two = files(tmp_path / "1" / "dist"), files(tmp_path / "2" / "dist")
    rest = {name for name in one if not name.startswith("tables/")}
    assert rest == {"iotkg.nq", "iotkg.ttl", "iotkg.jsonld", "void.ttl", "manifest.json"}
    assert {"tables/task.csv", "tables/csv-metadata.json"} <= set(one)
    assert one == two


def test_the_manifest_tells_the_truth(graphs, tmp_path):
    written = release.write(graphs, QUERIES, tmp_path / "dist")
    manifest = json.loads((tmp_path / "dist" / "manifest.json").read_text())
    for name, about in manifest["files"].items():
        data = (tmp_path / "dist" / name).read_bytes()
        assert (len(data), sha256(data).hexdigest()) == (about["bytes"], about["sha256"])
    assert manifest["release"] == written.hash == manifest["files"]["iotkg.nq"]["sha256"]
    quads = list(parse(path=tmp_path / "dist" / "iotkg.nq", format=RdfFormat.N_QUADS))
    assert len(quads) == sum(manifest["graphs"].values())
    assert {quad.graph_name.value for quad in quads} == set(manifest["graphs"])


def test_turtle_and_quads_hold_the_same_statements(graphs, tmp_path):
    """But for those from outside the texts, which are in the quads alone."""
    release.write(graphs, QUERIES, tmp_path / "dist")
    turtle = {str(q.triple) for q in parse(path=tmp_path / "dist" / "iotkg.ttl") if "_:" not in str(q.triple)}
    quads = parse(path=tmp_path / "dist" / "iotkg.nq", format=RdfFormat.N_QUADS)
    said = {str(q.triple) for q in quads if "_:" not in str(q.triple) and q.graph_name != build.EXTERNAL}
    linked = parse(path=tmp_path / "dist" / "iotkg.jsonld", format=RdfFormat.JSON_LD)
    assert turtle == said
    assert {str(q.triple) for q in linked if "_:" not in str(q.triple)} == said


def test_a_new_release_replaces_the_last_one_whole(graphs, tmp_path):
    release.write(graphs, QUERIES, tmp_path / "dist")
    first = (tmp_path / "dist").resolve()
    smaller = {name: triples for name, triples in graphs.items() if "inferred" not in name.value}
    release.write(smaller, QUERIES, tmp_path / "dist")
    assert len(json.loads((tmp_path / "dist" / "manifest.json").read_text())["graphs"]) == len(smaller)
    assert first.is_dir()  # a service may still read from it

    release.write(graphs, QUERIES, tmp_path / "dist")
    assert not first.exists()
    assert len([path for path in (tmp_path / ".releases").iterdir() if path.is_dir()]) == 2


def test_a_build_that_fails_leaves_the_last_good_release(graphs, tmp_path, monkeypatch):
    release.write(graphs, QUERIES, tmp_path / "dist")
    before = files(tmp_path / "dist")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(
        OutputError, match=r"dist: the release cannot be written: No space left on device; make room"
    ):
        release.write({}, {}, tmp_path / "dist")
    monkeypatch.undo()
    assert files(tmp_path / "dist") == before
    assert len([path for path in (tmp_path / ".releases").iterdir() if path.is_dir()]) == 1


def test_a_build_that_is_killed_leaves_the_last_good_release(graphs, tmp_path):
    """Killed while it writes, again and again: what stands in dist always fits its manifest."""
    release.write(graphs, QUERIES, tmp_path / "dist")
    command = (
        "import sys; from pathlib import Path; from iotkg import release;"
        "from pyoxigraph import NamedNode, Triple, Literal\n"
        "dist = Path(sys.argv[1]); print('ready', flush=True)\n"
        "for turn in range(100000):\n"
        "    node = NamedNode(f'https://w3id.org/iotkg/id/place/x{turn}')\n"
        "    release.write({node: frozenset({Triple(node, node, Literal(str(turn)))})}, {'q': 'ASK {}'}, dist)\n"
    )
    for delay in (0.01, 0.02, 0.03, 0.05, 0.08):
        writer = subprocess.Popen(
            [sys.executable, "-c", command, str(tmp_path / "dist")], stdout=subprocess.PIPE
        )
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        manifest = json.loads((tmp_path / "dist" / "manifest.json").read_text())
        for name, about in manifest["files"].items():
            assert sha256((tmp_path / "dist" / name).read_bytes()).hexdigest() == about["sha256"]


def test_a_real_folder_in_the_place_of_dist_is_left_alone(graphs, tmp_path):
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "mine").touch()
    with pytest.raises(InputError, match="not a link to a release"):
        release.write(graphs, QUERIES, tmp_path / "dist")
    assert (tmp_path / "dist" / "mine").exists()


def test_another_copy_of_the_text_is_refused(checkout):
    """One changed byte and every offset might be wrong."""
    path = checkout.source("iot-2013")
    path.write_bytes(path.read_bytes().replace("到2015 年".encode(), "到2016 年".encode(), 1))
    with pytest.raises(InputError, match=r"source.txt: SHA-256 is .*, pinned is 9e1aba96"):
        build.read(checkout)


@pytest.mark.parametrize("pattern", ["?task a {task}", "GRAPH {curated} {{ ?task a {task} }}"])
def test_an_answer_without_order_begins_at_the_beginning(dist, pattern):
    """The engine goes through a graph from what was loaded last, so the file has the last triple first."""
    filled = pattern.format(task=term("iotkg:Task"), curated=graph("iot-2013/curated"))
    answer = open_release(dist).select(f"SELECT ?task {{ {filled} }}")
    tasks = [str(task) for (task,) in answer.rows]
    assert len(tasks) > 100
    assert tasks == sorted(tasks)
