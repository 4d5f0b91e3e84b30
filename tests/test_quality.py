"""The quality page: what validation found and what changed since the release before, or that nobody can tell."""

import csv
import io
import json
import shutil
from hashlib import sha256

import httpx
import pytest

from iotkg import validated
from iotkg.errors import InputError
from iotkg.examining import record
from iotkg.findings import Finding, Severity
from iotkg.store import MANIFEST, QUADS
from iotkg.validated import VALIDATION
from iotkg.vocab import ID, QUERY
from iotkg_api.wording import WORDING
from serving import serve, write_release
from test_pages import checked

TASK = f"{ID}task/iot-2013_standards_3"
GONE = f"{ID}place/wuxi-zone"


def finding(name, focus, severity=Severity.INFO):
    return Finding(
        severity=severity, shape=f"{QUERY}{name}", focus=focus, component="", messages={"en": "so"}
    )


@pytest.fixture(scope="module")
def recorded(layout):
    return record(layout, [finding("task-without-sector", TASK), finding("task-without-sector", GONE)], 7)


def written(folder, files):
    """Put files into a release, or take those that are None out of it; the quads name it."""
    manifest = json.loads((folder / MANIFEST).read_text())
    for name, text in files.items():
        manifest["files"].pop(name, None)
        if text is not None:
            (folder / name).write_text(text)
            manifest["files"][name] = {
                "bytes": len(text.encode()),
                "sha256": sha256(text.encode()).hexdigest(),
            }
    manifest["release"] = manifest["files"][QUADS]["sha256"]
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return folder


@pytest.fixture(scope="module")
def releases(dist, recorded, tmp_path_factory):
    """Give two real releases: one with a record of validation, and one before it, which called a task otherwise."""
    root = tmp_path_factory.mktemp("two")
    new, old = (shutil.copytree(dist.resolve(), root / name) for name in ("new", "old"))
    lines = (old / QUADS).read_text().splitlines(keepends=True)
    changed = [
        line.replace('"@en', ' (old)"@en') if line.startswith(f"<{TASK}> ") and "prefLabel" in line else line
        for line in lines
    ]
    kept = [line for line in changed if not line.startswith(f"<{ID}exception/iot-2013_an-quan-fang-fan_")]
    assert sum(a != b for a, b in zip(lines, changed, strict=True)) == 1
    assert len(kept) < len(lines)
    text = (old / "queries" / "targets.rq").read_text() + "# as it was\n"
    return (
        written(new, {VALIDATION: validated.to_json(recorded)}),
        written(old, {QUADS: "".join(sorted(kept)), "queries/targets.rq": text}),
    )


def quality(dist, language, log, **settings):
    """Serve a release, with one before it or without, and give what the page says."""
    with serve(dist, log, **settings) as server:
        page = httpx.get(f"{server.url}/quality?lang={language}", headers={"Accept": "text/html"}, timeout=60)
        things = httpx.get(f"{server.url}/quality/things.csv", timeout=60)
    return checked(page, language), things


def test_every_rule_is_recorded_what_it_found_or_that_it_found_nothing(recorded, layout):
    names = {rule.rule.rpartition("/")[2] for rule in recorded.rules}
    assert {path.stem for path in layout.checks} <= names
    assert "shapes#Task" in names
    (found,) = recorded.finding
    assert (found.found, found.severity, found.things) == (2, "info", (GONE, TASK))
    assert recorded.found == {"violation": 0, "warning": 0, "info": 2}
    assert all(rule.names.get("zh") for rule in recorded.rules)


def test_the_record_is_read_as_it_was_written(recorded):
    assert validated.from_json(validated.to_json(recorded)) == recorded
    for broken in ("", "[]", '{"rules": 3}', '{"rules": [{}], "engine": "", "triples": 1}'):
        with pytest.raises(InputError, match="no record of validation"):
            validated.from_json(broken)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_says_what_was_found_and_what_changed(releases, recorded, language, tmp_path):
    new, old = releases
    page, things = quality(new, language, tmp_path / "log", previous=str(old))
    number = ["en", "zh"].index(language)
    found = page[page.index('id="validated"') : page.index('id="changes"')]
    assert f"{len(recorded.rules)}" in found
    assert found.count(WORDING["severity-none"][number]) >= 2
    assert 'href="/doc/place/wuxi-zone' in found
    changes = page[page.index('id="changes"') :]
    assert json.loads((old / MANIFEST).read_text())["release"][:16] in changes
    assert '<small class="quiet">+1 −1</small>' in changes
    assert 'href="/doc/task/iot-2013_standards_3' in changes
    assert "queries/targets.rq" in changes
    rows = {row["thing"]: row for row in csv.DictReader(io.StringIO(things.text))}
    assert rows[TASK]["added"] == rows[TASK]["removed"] == "1"
    assert len(rows) > 1


def test_without_a_release_before_the_page_says_how_to_give_one(dist, tmp_path):
    """It says too that a release of before has no record of validation."""
    page, things = quality(dist, "en", tmp_path / "log")
    assert "IOTKG_PREVIOUS=" in page
    assert WORDING["changes-none-given"][0].partition(",")[0] in page
    assert WORDING["validated-unrecorded"][0].partition(";")[0] in page
    assert things.status_code == 404
    assert "IOTKG_PREVIOUS" in things.text


@pytest.mark.parametrize("broken", ["missing", "no manifest", "no quads", "other quads", "no N-Quads"])
def test_a_broken_release_before_is_told(broken, tmp_path):
    """The page is there, and says what is wrong with which file."""
    new, old = write_release(tmp_path / "new"), tmp_path / "before"
    if broken != "missing":
        write_release(old)
    if broken == "no manifest":
        (old / MANIFEST).write_text("{")
    if broken == "no quads":
        (old / QUADS).unlink()
    if broken == "other quads":
        (old / QUADS).write_text("")
    if broken == "no N-Quads":
        written(old, {QUADS: "this is no line\n"})
    page, things = quality(new, "en", tmp_path / "log", previous=str(old))
    changes = page[page.index('id="changes"') :]
    assert WORDING["changes-fault"][0] in changes
    assert things.status_code == 404
    for told in (changes, things.text):
        assert "IOTKG_PREVIOUS" in told
        assert str(tmp_path) not in told
    assert str(old) in (tmp_path / "log").read_text()
