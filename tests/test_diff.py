"""What differs between two releases, through the real command."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest

from serving import GRAPH, SMALL_QUADS, write_release

COMMAND = str(Path(sys.executable).parent / "iotkg")
LABEL = "<http://www.w3.org/2004/02/skos/core#prefLabel>"
OLD = SMALL_QUADS + f'<http://example.org/a> {LABEL} "old name"@en <{GRAPH}registry> .\n'
NEW = (
    SMALL_QUADS.replace('"3"^^', '"4"^^')
    + f'<http://example.org/a> {LABEL} "new name"@en <{GRAPH}registry> .\n'
    + f"<http://example.org/c> <http://example.org/knows> <http://example.org/a> <{GRAPH}doc/curated> .\n"
)


@pytest.fixture
def releases(tmp_path):
    return write_release(tmp_path / "old", OLD), write_release(tmp_path / "new", NEW)


def diff(*arguments):
    return subprocess.run(
        [COMMAND, "diff", *map(str, arguments)], capture_output=True, text=True, check=False
    )


def rows(done):
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_the_same_release_differs_in_nothing(releases):
    done = diff(releases[0], releases[0], "--format", "csv", "--by", "triple")
    assert done.returncode == 0
    assert rows(done) == []


def test_every_triple_that_differs_is_listed(releases):
    done = diff(*releases, "--format", "csv", "--by", "triple")
    assert done.returncode == 1
    told = [(row["change"], row["predicate"].rpartition("/")[2], row["object"]) for row in rows(done)]
    assert sorted(told) == [
        ("added", "core#prefLabel", "new name"),
        ("added", "knows", "http://example.org/a"),
        ("added", "size", "4"),
        ("removed", "core#prefLabel", "old name"),
        ("removed", "size", "3"),
    ]


def test_things_are_counted_with_their_newer_name(releases):
    found = {row["thing"]: row for row in rows(diff(*releases, "--format", "csv"))}
    assert list(found) == ["http://example.org/a", "http://example.org/c"]
    first = found["http://example.org/a"]
    assert (first["added"], first["removed"], first["thing_en"]) == ("2", "2", "new name")


def test_graphs_are_counted(releases):
    found = {
        row["graph"]: (row["added"], row["removed"])
        for row in rows(diff(*releases, "--by", "graph", "--format", "csv"))
    }
    assert found == {f"{GRAPH}registry": ("1", "1"), f"{GRAPH}doc/curated": ("2", "1")}


def test_what_is_no_release_is_named(releases, tmp_path):
    done = diff(releases[0], tmp_path / "nowhere")
    assert done.returncode == 3
    assert "nowhere" in done.stderr
    (releases[1] / "iotkg.nq").write_text("")
    done = diff(*releases)
    assert done.returncode == 3
    assert "is not the file of this release" in done.stderr
