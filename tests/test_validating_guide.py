"""docs/validating.md: every command in it does what it says there."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from iotkg.reports import FORMATS

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "docs" / "validating.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)(?: (\w+))?\n(.*?)```", GUIDE, re.DOTALL)
DATA, SHAPES = (text for language, _, text in BLOCKS if language == "turtle")


def commands(kind):
    """Give the commands of one kind, in the guide's order, each with its exit code if one is stated."""
    lines = [
        line.partition("  #")
        for language, stated, text in BLOCKS
        if language == "sh" and stated == kind
        for line in text.splitlines()
    ]
    return [(command.strip(), int(code) if code.strip() else None) for command, _, code in lines]


def run(command, folder):
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def environment(folder):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "IOTKG_"))}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "IOTKG_CACHE": str(folder.parent / "cache"),
        "NO_COLOR": "1",
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give the folder of the guide's newcomer."""
    place = tmp_path_factory.mktemp("guide") / "work"
    place.mkdir()
    (place / "people.ttl").write_text(DATA, encoding="utf-8")
    (place / "shapes.ttl").write_text(SHAPES, encoding="utf-8")
    return place


@pytest.mark.parametrize(("command", "code"), commands(""))
def test_a_command_of_the_guide_ends_as_it_says(folder, command, code):
    if "--baseline" in command and "--update" not in command:
        run(f"{command} --update-baseline", folder)
    done = run(command, folder)
    assert done.returncode == code, done.stdout + done.stderr


def test_the_guide_shows_what_is_printed(folder):
    (shown,) = (text for language, _, text in BLOCKS if language == "text")
    command, _ = commands("")[0]
    assert run(command, folder).stdout.startswith(shown)


@pytest.mark.parametrize(("command", "code"), commands("checkout"))
def test_a_command_of_the_guide_for_curators_ends_as_it_says(layout, tmp_path, command, code):
    place = tmp_path / "work"
    for part in layout.parts:
        shutil.copytree(part, place / part.name)
    assert run(command, place).returncode == code


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """Give the newcomer's folder as a repository whose last commit brought the fault."""
    place = tmp_path_factory.mktemp("repository") / "work"
    place.mkdir()
    git = "git -c user.name=t -c user.email=t@example.org"
    (place / "shapes.ttl").write_text(SHAPES, encoding="utf-8")
    (place / "people.ttl").write_text(DATA.replace("ex:age 41", 'ex:name "Bob"'), encoding="utf-8")
    commit = f"{git} add -A && {git} commit -qm x"
    assert run(f"git init -q -b main && {commit}", place).returncode == 0
    (place / "people.ttl").write_text(DATA, encoding="utf-8")
    assert run(commit, place).returncode == 0
    return place


@pytest.mark.parametrize(("command", "code"), commands("repository"))
def test_a_command_of_the_guide_for_repositories_ends_as_it_says(repository, command, code):
    done = run(command, repository)
    assert done.returncode == code, done.stdout + done.stderr


@pytest.mark.parametrize(("command", "code"), commands("container"))
def test_what_the_guide_runs_in_a_container_runs(folder, command, code):
    """The container itself needs a service; what it is given does not."""
    inner = re.fullmatch(r"docker run --rm -v \"\$PWD:/work:ro\" -w /work (iotkg .*)", command)
    assert inner
    assert run(inner[1], folder).returncode == code


@pytest.mark.parametrize(("command", "code"), commands("watch"))
def test_the_watch_of_the_guide_starts_and_stops(folder, command, code):
    assert code is None
    process = subprocess.Popen(
        command.split(),
        cwd=folder,
        env=environment(folder),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert "Ctrl-C" in process.stderr.readline(), "it says so after each check"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 1
    finally:
        process.kill()
        process.stderr.close()


def test_every_kind_of_command_is_run_and_every_format_is_told():
    kinds = {kind for language, kind, _ in BLOCKS if language == "sh"}
    assert kinds == {"", "checkout", "repository", "container", "watch"}
    for name in FORMATS:
        assert f"`{name}`" in GUIDE, name
