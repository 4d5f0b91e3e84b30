"""``iotkg validate`` as a CI job and an editor run it: baseline, changes, watching, the cache, several reports."""

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyoxigraph as ox
import pytest

from iotkg.reports import FORMATS

COMMAND = str(Path(sys.executable).parent / "iotkg")
PREFIXES = "@prefix ex: <http://example.org/> .\n@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
SHAPES = f"""{PREFIXES}
ex:PersonShape
  a sh:NodeShape ;
  sh:targetClass ex:Person ;
  sh:property [ sh:path ex:name ; sh:minCount 1 ; sh:message "a person has a name"@en, "人须有姓名"@zh ] ;
  sh:property [ sh:path ex:knows ; sh:class ex:Person ; sh:message "knows people"@en, "只认识人"@zh ] ;
  sh:property [ sh:path ex:nick ; sh:maxCount 0 ; sh:severity sh:Warning ; sh:message "no nicknames"@en ] ;
  sh:property [ sh:path ex:mail ; sh:maxCount 0 ; sh:severity sh:Info ; sh:message "no mail"@en ] ;
.
"""
ANN = 'ex:ann\n  a ex:Person ;\n  ex:name "Ann" ;\n.\n'
BOB = "ex:bob\n  a ex:Person ;\n  ex:age 3 ;\n.\n"
TOLD = 88 + 65
"""Findings of severity info in the real data: tasks with a corpus-level owner alone, and tasks that name no sector."""
CHECK = ("validate", "--data", "data.ttl", "--shapes", "shapes.ttl")


def environment(folder):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "IOTKG_"))}
    return {
        **kept,
        "NO_COLOR": "1",
        "IOTKG_CACHE": str(folder.parent / "cache"),
        "GIT_CONFIG_GLOBAL": str(folder.parent / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
    }


def run(folder, *arguments, **given):
    return subprocess.run(
        [COMMAND, *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        env=environment(folder) | given,
        timeout=300,
        check=False,
    )


def write(path, *parts):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PREFIXES + "\n" + "\n".join(parts), encoding="utf-8")


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    """Give a folder with shapes, and data in which one person lacks a name."""
    place = tmp_path / "work"
    write(place / "data.ttl", ANN, BOB)
    (place / "shapes.ttl").write_text(SHAPES, encoding="utf-8")
    return place


# --- baseline


def with_baseline(folder, *arguments):
    return run(folder, *CHECK, "--baseline", "known.json", *arguments)


def test_a_baseline_lets_known_findings_be_and_only_new_ones_fail(folder):
    done = with_baseline(folder, "--update-baseline")
    assert (done.returncode, done.stderr) == (0, "known.json: 1 finding written\n")
    listed = json.loads((folder / "known.json").read_text())
    assert [one["focus"] for one in listed["findings"]] == ["http://example.org/bob"]
    again = with_baseline(folder)
    assert again.returncode == 0
    assert again.stdout == "0 violations, 0 warnings\n"
    assert again.stderr == "1 finding is in known.json and let be\n"
    write(folder / "data.ttl", ANN, BOB, "ex:eve a ex:Person .\n")
    new = with_baseline(folder)
    assert new.returncode == 1
    assert "ex:eve" in new.stdout
    assert "ex:bob" not in new.stdout


def test_a_baseline_written_twice_is_the_same_file(folder):
    with_baseline(folder, "--update-baseline")
    first = (folder / "known.json").read_bytes()
    write(folder / "data.ttl", "# moved\n\n", BOB, ANN)
    with_baseline(folder, "--update-baseline")
    assert (folder / "known.json").read_bytes() == first


def test_moved_lines_other_orders_and_blank_nodes_do_not_disturb_a_baseline(folder):
    blank = "ex:carl a ex:Person ; ex:name 'Carl' ; ex:knows [ ex:age 4 ; ex:of [ ex:age 5 ] ] .\n"
    write(folder / "data.ttl", ANN, BOB, blank)
    with_baseline(folder, "--update-baseline")
    assert len(json.loads((folder / "known.json").read_text())["findings"]) == 2
    moved = (
        "_:z ex:of _:a ; ex:age 4 .\n_:a ex:age 5 .\nex:carl ex:knows _:z ; ex:name 'Carl' ; a ex:Person .\n"
    )
    write(folder / "data.ttl", "# a line\n# and another\n", moved, BOB, ANN)
    shapes = (folder / "shapes.ttl").read_text().splitlines(keepends=True)
    properties = [line for line in shapes if "sh:property" in line]
    assert len(properties) == 4
    head = shapes[: shapes.index(properties[0])]
    (folder / "shapes.ttl").write_text("".join([*head, *reversed(properties), ".\n"]))
    done = with_baseline(folder)
    assert done.returncode == 0, done.stdout
    assert done.stderr == "2 findings are in known.json and let be\n"
    edit(folder / "data.ttl", "_:a ex:age 5", "_:a ex:age 6")
    assert with_baseline(folder).returncode == 1


def test_entries_that_are_no_longer_found_are_told_and_update_takes_them_out(folder):
    with_baseline(folder, "--update-baseline")
    edit(folder / "data.ttl", "  ex:age 3 ;", '  ex:name "Bob" ;')
    done = with_baseline(folder)
    assert done.returncode == 0
    assert (
        "no longer found, take it out of known.json: http://example.org/bob: a person has a name"
        in done.stderr
    )
    with_baseline(folder, "--update-baseline")
    assert json.loads((folder / "known.json").read_text())["findings"] == []
    assert with_baseline(folder).stderr == ""


def test_what_a_report_leaves_out_is_still_held_against_the_baseline(folder):
    """An entry is gone when nothing has it, not when --changed does not show it."""
    repository(folder)
    with_baseline(folder, "--update-baseline")
    commit(folder)
    write(folder / "data.ttl", ANN, BOB, "ex:eve a ex:Person .\n")
    done = with_baseline(folder, "--changed")
    assert done.returncode == 1
    assert "ex:eve" in done.stdout
    assert "no longer found" not in done.stderr
    with_baseline(folder, "--changed", "--update-baseline")
    assert len(json.loads((folder / "known.json").read_text())["findings"]) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no such baseline; write one with --update-baseline"),
        ("", "is no baseline"),
        ("<<<<<<< HEAD\n{}\n", "is no baseline"),
        ("[]", "is no baseline"),
        ('{"findings": []}', "is no baseline"),
        ('{"version": 1, "findings": ["x"]}', "is no baseline"),
        ('{"version": 1, "findings": null}', "is no baseline"),
        ('{"version": 2, "findings": []}', "is a baseline of version 2, known is 1"),
        ("[" * 100_000, "is no baseline"),
    ],
    ids=["missing", "empty", "conflict", "list", "no-version", "words", "null", "later", "deep"],
)
def test_a_baseline_that_is_none_is_refused_by_name(folder, text, said):
    if text is not None:
        (folder / "known.json").write_text(text)
    done = with_baseline(folder)
    assert done.returncode == 3
    assert done.stderr.startswith("iotkg: known.json: ")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_baseline_that_cannot_be_written_or_is_a_folder_fails_with_3(folder):
    done = run(folder, *CHECK, "--baseline", "no/known.json", "--update-baseline")
    assert (done.returncode, "no/known.json" in done.stderr) == (3, True)
    (folder / "known.json").mkdir()
    assert with_baseline(folder).returncode == 3
    assert with_baseline(folder, "--update-baseline").returncode == 3


def test_updating_needs_a_file_to_write(folder):
    done = run(folder, *CHECK, "--update-baseline")
    assert done.returncode == 2
    assert "--baseline FILE" in done.stderr


# --- changed


def git(folder, *arguments):
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        env=environment(folder),
    )


def repository(folder):
    git(folder, "init", "-q", "-b", "main")
    commit(folder)


def commit(folder):
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x")


def changed(folder, *revision):
    return run(folder, *CHECK, *(revision or ["--changed"]))


def shown(done):
    """Give the focus of each finding of a text report."""
    return sorted(
        {word for word in done.stdout.split() if word.startswith("ex:") and word.islower()} & PEOPLE
    )


PEOPLE = {f"ex:{name}" for name in ("ann", "bob", "carl", "eve")}


def test_without_a_change_nothing_is_reported_and_the_rest_is_counted(folder):
    repository(folder)
    done = changed(folder)
    assert (done.returncode, done.stdout) == (0, "0 violations, 0 warnings\n")
    assert done.stderr == "1 finding stands outside what differs from HEAD, and stood there before\n"


@pytest.mark.parametrize("staged", [False, True], ids=["unstaged", "staged"])
def test_a_touched_block_is_reported_whether_staged_or_not(folder, staged):
    write(folder / "data.ttl", ANN, BOB, "ex:carl\n  a ex:Person ;\n  ex:age 7 ;\n.\n")
    repository(folder)
    edit(folder / "data.ttl", "ex:age 7", "ex:age 8")
    if staged:
        git(folder, "add", "-A")
    done = changed(folder)
    assert (done.returncode, shown(done)) == (1, ["ex:carl"])
    assert done.stderr == "1 finding stands outside what differs from HEAD, and stood there before\n"


@pytest.mark.parametrize(
    "revision",
    [["--changed", "HEAD~1"], ["--changed=HEAD~1"], ["--changed", "start"], ["--changed", "start..."]],
    ids=["apart", "equals", "branch", "fork"],
)
def test_a_revision_can_be_named(folder, revision):
    repository(folder)
    git(folder, "branch", "start")
    write(folder / "data.ttl", ANN, BOB, "ex:eve a ex:Person .\n")
    commit(folder)
    assert changed(folder).returncode == 0
    done = changed(folder, *revision)
    assert (done.returncode, shown(done)) == (1, ["ex:eve"])


def test_with_dots_only_what_this_branch_changed_counts(folder):
    """As hosts show a merge request: what the other branch did meanwhile is not ours."""
    repository(folder)
    git(folder, "checkout", "-q", "-b", "ours")
    write(folder / "other.ttl", "ex:dan a ex:Dog .\n")
    commit(folder)
    git(folder, "checkout", "-q", "main")
    edit(folder / "data.ttl", "ex:age 3", "ex:age 4")
    commit(folder)
    git(folder, "checkout", "-q", "ours")
    assert shown(changed(folder, "--changed", "main")) == ["ex:bob"]
    assert shown(changed(folder, "--changed", "main...")) == []


@pytest.mark.parametrize(
    "name", ["new.ttl", "with space.ttl", "新 数据.ttl", "*.ttl", 'q"uote.ttl', ":(top).ttl"]
)
def test_an_untracked_file_counts_whole_whatever_its_name(folder, name):
    repository(folder)
    write(folder / "more" / name, "ex:eve a ex:Person .\n")
    done = run(folder, *CHECK, "--data", "more", "--changed")
    assert (done.returncode, shown(done)) == (1, ["ex:eve"])
    assert f"more/{name}:4:1" in done.stdout
    commit(folder)
    done = run(folder, *CHECK, "--data", "more", "--changed")
    assert (done.returncode, shown(done)) == (0, [])
    write(folder / "more" / name, "ex:eve a ex:Person .\n", "ex:carl a ex:Person .\n")
    assert shown(run(folder, *CHECK, "--data", "more", "--changed")) == ["ex:carl"]


def test_a_file_that_git_ignores_counts_as_new(folder):
    (folder / ".gitignore").write_text("made/\n")
    repository(folder)
    write(folder / "made" / "made.ttl", "ex:eve a ex:Person .\n")
    assert shown(run(folder, *CHECK, "--data", "made", "--changed")) == ["ex:eve"]


def test_a_file_outside_of_the_repository_counts_as_new_but_what_was_found_there_before_does_too(folder):
    repository(folder)
    outside = folder.parent / "elsewhere" / "more.ttl"
    write(outside, "ex:eve a ex:Person .\n")
    done = run(folder, *CHECK, "--data", outside, "--changed")
    assert (done.returncode, shown(done)) == (1, ["ex:eve"])


def test_lines_that_were_only_deleted_touch_their_block(folder):
    repository(folder)
    edit(folder / "data.ttl", '  ex:name "Ann" ;\n', "")
    done = changed(folder)
    assert (done.returncode, shown(done)) == (1, ["ex:ann"])
    repeated = folder / "data.ttl"
    write(repeated, ANN, "ex:bob\n  a ex:Person ;\n.\n")
    commit(folder)
    write(repeated, ANN, "ex:bob\n  a ex:Person ;\n  ex:age 3 ;\n.\n")
    commit(folder)
    edit(repeated, "  ex:age 3 ;\n", "")
    assert shown(changed(folder)) == ["ex:bob"], "a finding that stood before, in a block that lost a line"


def test_what_a_change_brings_about_in_an_untouched_file_is_reported(folder):
    write(folder / "links.ttl", "ex:ann ex:knows ex:carl .\nex:bob ex:age 4 .\n")
    write(folder / "data.ttl", ANN, BOB, 'ex:carl\n  a ex:Person ;\n  ex:name "Carl" ;\n.\n')
    repository(folder)
    write(folder / "data.ttl", ANN, BOB)
    done = run(folder, *CHECK, "--data", "links.ttl", "--changed")
    assert done.returncode == 1
    assert "links.ttl:4:17: violation: knows people: ex:ann" in done.stdout
    assert "ex:bob" not in done.stdout


def test_a_new_rule_reports_what_it_finds_in_untouched_data(folder):
    write(folder / "data.ttl", ANN)
    repository(folder)
    edit(folder / "shapes.ttl", "sh:path ex:name", "sh:path ex:surname")
    assert shown(changed(folder)) == ["ex:ann"]


def test_a_renamed_file_counts_as_new(folder):
    repository(folder)
    git(folder, "mv", "data.ttl", "people.ttl")
    done = run(folder, "validate", "--data", "people.ttl", "--shapes", "shapes.ttl", "--changed")
    assert (done.returncode, shown(done)) == (1, ["ex:bob"])


def test_a_file_whose_lines_say_nothing_is_touched_whole(folder):
    thing = (
        '{"@id": "http://example.org/%s", "@type": "http://example.org/Person", "http://example.org/age": 1}'
    )
    (folder / "more.jsonld").write_text("[" + thing % "eve" + ",\n" + thing % "carl" + "]\n")
    repository(folder)
    more = (*CHECK, "--data", "more.jsonld", "--changed")
    assert shown(run(folder, *more)) == []
    edit(folder / "more.jsonld", ",\n", ",\n\n")
    assert shown(run(folder, *more)) == ["ex:carl", "ex:eve"]


def test_settings_and_attributes_that_hide_a_diff_hide_no_finding(folder):
    (folder / ".gitattributes").write_text("*.ttl -diff export-ignore\n")
    (folder.parent / "gitconfig").write_text(
        "[diff]\n  interHunkContext = 50\n  external = true\n  noprefix = true\n  renames = copies\n"
        "[color]\n  ui = always\n[core]\n  quotePath = true\n"
    )
    carl = "ex:carl\n  a ex:Person ;\n  ex:age 7 ;\n.\n"
    write(folder / "data.ttl", ANN, BOB, carl)
    repository(folder)
    edit(folder / "data.ttl", "ex:age 7", "ex:age 8")
    assert shown(changed(folder)) == ["ex:carl"]
    edit(folder / "data.ttl", '"Ann"', '"Anna"')
    assert shown(changed(folder)) == ["ex:carl"], "bob stands between two changes, and in neither"


def test_a_name_that_git_takes_for_a_pattern_is_that_of_one_file(folder):
    write(folder / "[ab].ttl", "ex:eve a ex:Person .\n", "ex:dan a ex:Dog .\n")
    write(folder / "a.ttl", "ex:rex a ex:Dog .\n", "ex:dan a ex:Dog .\n")
    repository(folder)
    edit(folder / "[ab].ttl", "ex:dan a", "ex:dog a")
    edit(folder / "a.ttl", "ex:rex a", "ex:fox a")
    assert shown(run(folder, *CHECK, "--data", "[ab].ttl", "--data", "a.ttl", "--changed")) == []


def test_changes_are_found_from_a_folder_inside_the_repository(folder):
    repository(folder)
    edit(folder / "data.ttl", "ex:age 3", "ex:age 4")
    (folder / "inner").mkdir()
    done = subprocess.run(
        [COMMAND, "validate", "--data", "../data.ttl", "--shapes", "../shapes.ttl", "--changed"],
        cwd=folder / "inner",
        capture_output=True,
        text=True,
        env=environment(folder),
        check=False,
    )
    assert (done.returncode, shown(done)) == (1, ["ex:bob"])


def test_a_revision_that_cannot_be_checked_makes_all_findings_new(folder):
    good = (folder / "data.ttl").read_text()
    (folder / "data.ttl").write_text("no turtle")
    repository(folder)
    (folder / "data.ttl").write_text(good)
    done = changed(folder)
    assert (done.returncode, shown(done)) == (1, ["ex:bob"])
    assert "HEAD itself could not be checked, so all findings count as new: data.ttl:1:" in done.stderr


def test_an_unknown_revision_is_wrong_usage_and_a_path_in_its_place_is_explained(folder):
    repository(folder)
    done = changed(folder, "--changed", "nowhere")
    assert done.returncode == 2
    assert "--changed nowhere: is no revision" in done.stderr
    done = changed(folder, "--changed", "data.ttl")
    assert done.returncode == 2
    assert "write --changed HEAD data.ttl" in done.stderr
    assert changed(folder, "--changed=--output=/x").returncode == 2
    assert changed(folder, "--changed=nowhere...").returncode == 2


def test_without_a_repository_or_a_commit_changed_says_so(folder):
    done = changed(folder)
    assert done.returncode == 3
    assert "run it inside a git repository" in done.stderr
    git(folder, "init", "-q")
    assert changed(folder).returncode == 2


def test_without_git_changed_says_so(folder):
    repository(folder)
    done = run(folder, *CHECK, "--changed", PATH=str(folder))
    assert done.returncode == 3
    assert "--changed needs git" in done.stderr


# --- what fails, what is said


@pytest.mark.parametrize(
    ("statement", "threshold", "code"),
    [
        ('ex:nick "B"', "violation", 0),
        ('ex:nick "B"', "warning", 1),
        ('ex:nick "B"', "info", 1),
        ('ex:mail "B"', "warning", 0),
        ('ex:mail "B"', "info", 1),
    ],
)
def test_the_least_severity_that_fails_can_be_chosen(folder, statement, threshold, code):
    write(folder / "data.ttl", ANN, f"ex:ann {statement} .\n")
    assert run(folder, *CHECK, "--fail-on", threshold).returncode == code


def test_explain_lists_each_shape_with_what_it_looked_at(folder):
    write(folder / "data.ttl", ANN)
    done = run(folder, *CHECK, "--explain")
    assert done.returncode == 0
    assert "ex:PersonShape (shapes.ttl:4)" in done.stdout
    assert "1 focus node" in done.stdout
    assert done.stdout.endswith("0 violations, 0 warnings\n")
    assert run(folder, *CHECK, "--explain").stdout == done.stdout, "from the cache as well"


def test_an_explanation_does_not_break_a_report_for_machines(folder):
    done = run(folder, *CHECK, "--explain", "--format", "turtle")
    assert list(ox.parse(done.stdout, format=ox.RdfFormat.TURTLE))
    assert "ex:PersonShape" in done.stderr


def test_shapes_that_look_at_nothing_fail_unless_that_is_allowed(folder):
    write(folder / "data.ttl", "ex:rex a ex:Dog .\n")
    done = run(folder, *CHECK)
    assert done.returncode == 4
    assert "matches nothing in the data: class ex:Person" in done.stderr.replace(
        "<http://example.org/", "ex:"
    ).replace("http://example.org/", "ex:")
    done = run(folder, *CHECK, "--allow-empty")
    assert (done.returncode, done.stderr) == (0, "")


def test_messages_come_in_the_language_asked_for(folder):
    assert "a person has a name" in run(folder, *CHECK).stdout
    done = run(folder, *CHECK, "--lang", "zh")
    assert "违规: 人须有姓名" in done.stdout
    assert "1 项违规" in done.stdout


def test_both_engines_write_the_same_report(folder):
    quick, record = (run(folder, *CHECK, "--engine", name) for name in ("shifty", "pyshacl"))
    assert quick.returncode == record.returncode == 1
    assert quick.stdout == record.stdout


def test_one_run_writes_several_reports(folder):
    done = run(folder, *CHECK, "--output", "turtle=r.ttl", "--output", "text=r.txt", "--format", "text")
    assert done.returncode == 1
    assert (folder / "r.txt").read_text() == done.stdout
    assert list(ox.parse((folder / "r.ttl").read_bytes(), format=ox.RdfFormat.TURTLE))
    alone = run(folder, *CHECK, "--output", "turtle=-")
    assert alone.stdout == (folder / "r.ttl").read_text()
    assert run(folder, *CHECK, "--format", "turtle").stdout == alone.stdout


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_goes_to_standard_output_and_to_a_file_alike(folder, name):
    printed = run(folder, *CHECK, "--format", name)
    filed = run(folder, *CHECK, "--output", f"{name}=r")
    assert printed.returncode == filed.returncode == 1
    assert printed.stdout == (folder / "r").read_text(encoding="utf-8")
    assert printed.stdout


# --- the cache


@pytest.fixture
def counted(folder):
    """Say whether a run was answered from the cache: no new entry, and no engine started."""

    def entries():
        return {path.name for path in (folder.parent / "cache").glob("*.json")}

    return entries


def test_a_second_run_is_answered_from_the_cache_and_equal(folder, counted):
    first = run(folder, *CHECK, "--format", "turtle")
    assert len(counted()) == 1
    (entry,) = (folder.parent / "cache").glob("*.json")
    second = run(folder, *CHECK, "--format", "turtle")
    assert (second.returncode, second.stdout, second.stderr) == (first.returncode, first.stdout, first.stderr)
    # it is this very entry that answers: another outcome in its place is believed
    stored = json.loads(entry.read_text())
    entry.write_text(json.dumps(stored | {"findings": []}))
    assert run(folder, *CHECK).returncode == 0
    assert run(folder, *CHECK, "--no-cache").returncode == 1


@pytest.mark.parametrize("name", ["data.ttl", "shapes.ttl", "ontology.ttl"])
def test_a_byte_changed_anywhere_is_another_run(folder, counted, name):
    write(folder / "ontology.ttl", "ex:Person ex:is ex:Class .\n")
    for number in (1, 2):
        run(folder, *CHECK, "--ontology", "ontology.ttl")
        assert len(counted()) == number
        with (folder / name).open("a") as file:
            file.write(" ")


def test_engines_and_file_names_are_told_apart(folder, counted):
    run(folder, *CHECK)
    run(folder, *CHECK, "--engine", "pyshacl")
    shutil.copy(folder / "data.ttl", folder / "same.ttl")
    done = run(folder, "validate", "--data", "same.ttl", "--shapes", "shapes.ttl")
    assert "same.ttl:" in done.stdout
    assert len(counted()) == 3


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"findings": 3}', "\x00", "[" * 100_000])
def test_a_broken_entry_counts_as_not_there(folder, broken):
    first = run(folder, *CHECK)
    (entry,) = (folder.parent / "cache").glob("*.json")
    found = json.loads(entry.read_bytes())["findings"]
    entry.write_text(broken)
    again = run(folder, *CHECK)
    assert (again.returncode, again.stdout, again.stderr) == (1, first.stdout, "")
    assert json.loads(entry.read_bytes())["findings"] == found, "and is made anew"


def test_deleting_the_cache_is_safe(folder):
    first = run(folder, *CHECK)
    shutil.rmtree(folder.parent / "cache")
    assert run(folder, *CHECK).stdout == first.stdout


@pytest.mark.parametrize("place", ["/dev/null/cache", "/proc/cache"])
def test_a_cache_that_cannot_be_written_is_no_fault(folder, place):
    done = run(folder, *CHECK, IOTKG_CACHE=place)
    assert (done.returncode, done.stderr) == (1, "")


def test_nothing_is_left_beside_the_entries(folder):
    run(folder, *CHECK)
    assert [path.suffix for path in (folder.parent / "cache").iterdir()] == [".json"]


def test_the_cache_is_below_the_users_cache_folder(folder, tmp_path):
    run(folder, *CHECK, IOTKG_CACHE="", XDG_CACHE_HOME=str(tmp_path / "xdg"))
    assert len(list((tmp_path / "xdg" / "iotkg").glob("*.json"))) == 1
    run(folder, *CHECK, IOTKG_CACHE="", XDG_CACHE_HOME="", HOME=str(tmp_path / "home"))
    assert len(list((tmp_path / "home" / ".cache" / "iotkg").glob("*.json"))) == 1


def test_a_user_without_a_home_needs_no_cache(monkeypatch):
    from iotkg import cache

    def none():
        raise RuntimeError

    monkeypatch.setattr(Path, "home", none)
    monkeypatch.delenv("IOTKG_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache.folder() is None
    assert cache.find("x") is None


def test_another_program_is_another_key_though_its_version_stands_still(monkeypatch):
    from iotkg import cache

    before = cache.key([b"x"])
    assert cache.key([b"x"]) == before
    monkeypatch.setattr(cache, "_program", lambda: b"edited")
    assert cache.key([b"x"]) != before


def test_a_file_saved_while_it_was_checked_is_not_kept(tmp_path, monkeypatch):
    """What was read may be the one or the other; the next run must not get it under either name."""
    from iotkg import inspecting

    monkeypatch.setenv("IOTKG_CACHE", str(tmp_path / "cache"))
    kept = []
    monkeypatch.setattr(inspecting.cache, "keep", lambda name, outcome: kept.append((name, outcome)))
    request = inspecting.Request(tmp_path, cached=True)
    names = iter(["before", "after"])
    assert inspecting._once(request, lambda: next(names), lambda: "outcome") == ("outcome", False)
    assert kept == []
    assert inspecting._once(request, lambda: "same", lambda: "outcome") == ("outcome", False)
    assert kept == [("same", "outcome")]


# --- watching


class Watching:
    """A running ``--watch``, whose lines arrive in a queue."""

    def __init__(self, folder, *arguments):
        self.process = subprocess.Popen(
            [COMMAND, *arguments, "--watch"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(folder) | {"PYTHONUNBUFFERED": ""},
            start_new_session=True,
        )
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)

    def report(self, seconds=120):
        """Read to the end of a check; give what it said."""
        return self.until("watching; stop with Ctrl-C", seconds)

    def until(self, words, seconds):
        """Read to a line with the words; give all lines read."""
        read, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                read.append(self.lines.get(timeout=max(0.01, end - time.monotonic())))
            except queue.Empty:
                break
            if words in read[-1]:
                return "".join(read)
        pytest.fail(f"no {words!r} within {seconds} s; read {read}")

    def quiet(self, seconds):
        """Say that nothing more comes."""
        try:
            return self.lines.get(timeout=seconds)
        except queue.Empty:
            return None

    def stop(self):
        """Interrupt it as Ctrl-C does, and give its exit code."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(timeout=60)
        finally:
            self.process.kill()
            self.process.stdout.close()


@pytest.fixture
def watching(folder):
    started = []

    def start(*arguments):
        started.append(Watching(folder, *arguments))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.stop()


def test_a_watch_checks_again_on_save_and_stops_at_an_interrupt(folder, watching):
    watch = watching(*CHECK)
    first = watch.report()
    assert "ex:bob" in first
    assert "1 violation," in first
    aside = folder.parent / "aside.ttl"
    write(aside, ANN)
    aside.replace(folder / "data.ttl")  # as editors save
    second = watch.report()
    assert second.startswith("— data.ttl —\n")
    assert "0 violations," in second
    (folder / "data.ttl").write_text("no turtle")
    assert "iotkg: data.ttl:1:" in watch.report()
    write(folder / "data.ttl", ANN, BOB)
    assert "1 violation," in watch.report()
    assert watch.stop() == 1


def test_a_watch_does_not_answer_its_own_reports_nor_other_files(folder, watching):
    watch = watching("validate", "--data", ".", "--output", "turtle=r.txt", "--output", "text=r.html")
    watch.report()
    write(folder / ".data.ttl.swp", "x")
    assert watch.quiet(3) is None
    write(folder / "data.ttl", ANN)
    assert "0 violations," in watch.report()
    assert watch.quiet(3) is None
    assert watch.stop() == 0


def test_a_watch_of_what_is_not_there_fails_at_once(folder):
    done = run(folder, "validate", "--data", "no/data.ttl", "--watch")
    assert done.returncode == 3
    assert "there is no such folder to watch" in done.stderr


# --- the checkout


@pytest.fixture(scope="module")
def project(layout, tmp_path_factory):
    """Give a copy of the checkout as a git repository; tests put back what they change."""
    place = tmp_path_factory.mktemp("project") / "work"
    for part in layout.parts:
        shutil.copytree(part, place / part.name)
    repository(place)
    return place


@pytest.fixture
def checkout(project):
    yield project
    git(project, "reset", "-q", "--hard", "HEAD")
    git(project, "clean", "-qfd")


STATEMENTS = "data/iot-2013/standards/statements.ttl"


def test_changes_of_the_checkout_are_told_apart_from_what_stood_there(checkout):
    done = run(checkout, "validate", "--changed")
    assert (done.returncode, done.stdout) == (0, "0 violations, 0 warnings\n")
    assert f"{TOLD} findings stand outside" in done.stderr
    edit(checkout / STATEMENTS, '"国家标准委牵头"', '"国家标准委主导"')
    done = run(checkout, "validate", "--changed")
    assert done.returncode == 1
    assert f"{STATEMENTS}:" in done.stdout
    inner = subprocess.run(
        [COMMAND, "validate", "--changed", "."],
        cwd=checkout / "data" / "iot-2013" / "standards",
        capture_output=True,
        text=True,
        env=environment(checkout),
        check=False,
    )
    assert (inner.returncode, inner.stdout) == (2, ""), "a lone . is taken for the revision"
    inner = subprocess.run(
        [COMMAND, "validate", ".", "--changed"],
        cwd=checkout / "data" / "iot-2013" / "standards",
        capture_output=True,
        text=True,
        env=environment(checkout),
        check=False,
    )
    assert (inner.returncode, inner.stdout) == (1, done.stdout)


def test_a_baseline_is_not_written_where_a_part_was_not_checked(checkout):
    """What follows from the data was not looked at: whatever is known of it would be lost."""
    known = checkout.parent / "known.json"
    done = run(checkout, "validate", "--baseline", known, "--update-baseline")
    assert (done.returncode, done.stdout) == (0, "0 violations, 0 warnings\n")
    before = known.read_bytes()
    assert len(json.loads(before)["findings"]) == TOLD
    edit(checkout / STATEMENTS, '"国家标准委牵头"', '"国家标准委主导"')
    done = run(checkout, "validate", "--baseline", known, "--update-baseline")
    assert done.returncode == 1
    assert "not written, for not everything was checked" in done.stderr
    assert known.read_bytes() == before
    done = run(checkout, "validate", "--baseline", known)
    assert done.returncode == 1
    assert "no longer found" not in done.stderr


def test_a_fault_of_the_text_keeps_its_identity_when_lines_move(checkout):
    edit(checkout / STATEMENTS, '"国家标准委牵头"', '"国家标准委主导"')
    first = identities(checkout)
    path = checkout / STATEMENTS
    path.write_text(path.read_text().replace("\n\n", "\n\n\n\n", 1))
    assert identities(checkout) == first


def identities(folder):
    from iotkg.inspecting import Request, inspect

    found = inspect(Request(folder, cached=False)).outcome.findings
    assert found
    return {one.identity for one in found}


def test_a_report_can_be_kept_to_files_and_folders_and_not_to_others(checkout):
    assert run(checkout, "validate", "data/iot-2013/standards", "shapes").returncode == 0
    for path in ("README.md", "data/nowhere", "queries", "/"):
        done = run(checkout, "validate", path)
        assert (done.returncode, f"{path}: no Turtle file of this checkout" in done.stderr) == (
            (0, False) if path == "/" else (2, True)
        )
    done = run(checkout, "validate", "data", "--data", "x.ttl")
    assert done.returncode == 2
    assert "PATHS are of the checkout" in done.stderr


def test_text_rules_and_checks_are_in_the_key_of_the_cache(checkout):
    cache = checkout.parent / "cache"
    for name in ("data/iot-2013/source.txt", "queries/checks/corpus-only-owner.rq"):
        run(checkout, "validate")
        before = set(cache.glob("*.json"))
        with (checkout / name).open("a") as file:
            file.write("\n")
        done = run(checkout, "validate")
        assert done.returncode == 3 or set(cache.glob("*.json")) > before


@pytest.mark.slow
def test_a_watch_of_the_checkout_works_from_any_folder_in_it(checkout):
    watch = Watching(checkout / "data", "validate")
    try:
        watch.report(300)
        edit(checkout / STATEMENTS, '"国家标准委牵头"', '"国家标准委主导"')
        assert f"{STATEMENTS}:" in watch.report(300)
    finally:
        code = watch.stop()
    assert code == 1
