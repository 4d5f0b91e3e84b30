"""The ways into other people's pipelines: action, hooks, GitLab snippet and container, run as far as a machine can.

The shell of the action's steps runs with the variables that GitHub would give. What a service adds (checking out,
uploading) is left out.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from iotkg.console import Language
from iotkg.findings import Severity

ROOT = Path(__file__).resolve().parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
CONTAINER = (ROOT / "Containerfile").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "validating.md").read_text(encoding="utf-8")
PACKAGE = ("pyproject.toml", "README.md", "LICENSE", "LICENSE-DATA", "src", "api", ".pre-commit-hooks.yaml")
GOOD = "@prefix ex: <http://example.org/> .\nex:ann a ex:Person ; ex:name 'Ann' .\n"
BAD = "@prefix ex: <http://example.org/> .\n\nex:ann a ex:Person .\n"
SHAPES = """@prefix ex: <http://example.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
ex:PersonShape a sh:NodeShape ; sh:targetClass ex:Person ;
  sh:property [ sh:path ex:name ; sh:minCount 1 ; sh:message "a person has a name"@en, "人须有姓名"@zh ] .
"""


def shell(script, folder, environment, *, timeout=900):
    """Run a script as GitHub's `shell: bash` does."""
    kept = {
        name: os.environ[name] for name in os.environ if not name.startswith(("GIT_", "IOTKG_", "INPUT_"))
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env=kept | {name: str(value) for name, value in environment.items()},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def git(folder, *arguments):
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def folder(tmp_path):
    """Give somebody's repository: data with a fault, and shapes."""
    place = tmp_path / "work space"
    (place / "my data").mkdir(parents=True)
    (place / "my data" / "people.ttl").write_text(BAD)
    (place / "shapes.ttl").write_text(SHAPES, encoding="utf-8")
    return place


# --- the action


def inputs(step):
    return set(re.findall(r"inputs\.([a-z-]+)", yaml.safe_dump(step)))


def test_every_input_of_the_action_is_described_and_used():
    used = set().union(*(inputs(step) for step in STEPS.values()))
    assert used == set(ACTION["inputs"])
    for name, one in ACTION["inputs"].items():
        assert one["description"], name
        assert isinstance(one["default"], str), f"{name}: GitHub gives text, and 3.10 would become 3.1"


def test_the_shell_of_the_action_meets_inputs_only_as_variables():
    """An expression inside a script is pasted into it before it runs, whatever it holds."""
    scripts = [step["run"] for step in STEPS.values() if "run" in step]
    assert len(scripts) == 2
    for script in scripts:
        assert "${{" not in script
        assert "eval" not in script
    given = STEPS["Validate"]["env"]
    for name, value in given.items():
        asked = name.removeprefix("INPUT_").lower().replace("_", "-")
        assert value == "${{ inputs." + asked + " }}"
        assert f'"${name}"' in scripts[1] or f'=${name}"' in scripts[1]


def test_the_action_names_options_and_formats_that_there_are():
    script = STEPS["Validate"]["run"]
    done = subprocess.run(
        [Path(sys.executable).parent / "iotkg", "validate", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"COLUMNS": "200", "NO_COLOR": "1"},
    )
    options = set(re.findall(r"--[a-z-]+(?==)", script))
    assert options == {
        "--lang", "--fail-on", "--format", "--output", "--data", "--shapes", "--ontology", "--baseline", "--changed"
    }  # fmt: skip
    assert all(option in done.stdout for option in options)
    assert ACTION["inputs"]["lang"]["default"] in set(Language)
    assert ACTION["inputs"]["fail-on"]["default"] in set(Severity)
    assert {output["value"] for output in ACTION["outputs"].values()} == {
        "${{ steps.validate.outputs.exit-code }}",
        "${{ steps.validate.outputs.sarif }}",
    }


def test_the_steps_of_the_action_are_plain_bash():
    for step in STEPS.values():
        if "run" in step:
            done = subprocess.run(
                ["bash", "-n"], input=step["run"], text=True, capture_output=True, check=False
            )
            assert (done.returncode, done.stderr) == (0, ""), step["name"]


@pytest.fixture
def act(folder, tmp_path):
    """Run the validating step with some inputs; give what it did and the outputs it set."""
    runner = tmp_path / "runner"
    (runner / "iotkg" / "bin").mkdir(parents=True)
    (runner / "iotkg" / "bin" / "iotkg").symlink_to(Path(sys.executable).parent / "iotkg")
    script = STEPS["Validate"]["run"]
    assert "--format=github" in script
    assert "--output=sarif=" in script

    def run(**given):
        stated = {name: one["default"] for name, one in ACTION["inputs"].items()}
        stated |= {name.replace("_", "-"): value for name, value in given.items()}
        outputs = tmp_path / "outputs"
        outputs.write_text("")
        done = shell(
            script,
            folder,
            {f"INPUT_{name.upper().replace('-', '_')}": value for name, value in stated.items()}
            | {
                "RUNNER_TEMP": runner,
                "GITHUB_OUTPUT": outputs,
                "GITHUB_ACTION_PATH": ROOT,
                "IOTKG_CACHE": tmp_path / "cache",
            },
        )
        return done, dict(line.split("=", 1) for line in outputs.read_text().splitlines())

    return run


def test_the_action_fails_with_an_annotation_and_leaves_a_report(act, folder):
    done, outputs = act(data="my data", shapes="shapes.ttl")
    assert (done.returncode, outputs["exit-code"]) == (1, "1"), done.stderr
    assert re.search(r"^::error .*file=my data/people\.ttl,line=3", done.stdout, re.MULTILINE)
    assert "a person has a name" in Path(outputs["sarif"]).read_text(encoding="utf-8")
    (folder / "my data" / "people.ttl").write_text(GOOD)
    done, outputs = act(data="my data", shapes="shapes.ttl")
    assert (done.returncode, outputs["exit-code"]) == (0, "0"), done.stderr
    assert "::error" not in done.stdout


def test_the_inputs_of_the_action_reach_the_command(act, folder):
    (folder / "more.ttl").write_text(GOOD.replace("ann", "eve").replace(" ; ex:name 'Ann'", ""))
    several = "\n  my data  \n\nmore.ttl\r\n"
    done, outputs = act(data=several, shapes="shapes.ttl", lang="zh", args="--no-cache\n--timeout=60")
    assert outputs["exit-code"] == "1"
    assert "人须有姓名" in done.stdout
    assert "more.ttl" in done.stdout
    assert "people.ttl" in done.stdout
    _, outputs = act(data=several, shapes="shapes.ttl", baseline="known.json", args="--update-baseline")
    assert outputs["exit-code"] == "0"
    _, outputs = act(data=several, shapes="shapes.ttl", baseline="known.json")
    assert outputs["exit-code"] == "0"
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")
    _, outputs = act(data=several, shapes="shapes.ttl", changed="HEAD")
    assert outputs["exit-code"] == "0"


def test_a_run_of_the_action_that_could_not_check_says_so_and_leaves_no_old_report(act, folder):
    act(data="my data", shapes="shapes.ttl")
    done, outputs = act(data="nowhere.ttl", shapes="shapes.ttl")
    assert (done.returncode, outputs) == (3, {"exit-code": "3"})
    assert "nowhere.ttl: there is no such file" in done.stderr
    (folder / "shapes.ttl").write_text("@prefix ex: <http://example.org/> .\nex:a ex:b ex:c .\n")
    _, outputs = act(data="my data", shapes="shapes.ttl")
    assert outputs["exit-code"] == "4"
    _, outputs = act(data="my data", shapes="shapes.ttl", fail_on="nothing")
    assert outputs["exit-code"] == "2"


HOSTILE = (
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned",
    '" ; touch pwned ; "',
    "' ; touch pwned ; '",
    "*",
    "&& touch pwned",
)


@pytest.mark.parametrize("name", sorted(set(ACTION["inputs"]) - {"python-version", "working-directory"}))
def test_nothing_in_an_input_is_run(act, folder, name):
    given = {"data": "my data", "shapes": "shapes.ttl"} | {name.replace("-", "_"): "\n".join(HOSTILE)}
    done, outputs = act(**given)
    assert not list(folder.rglob("pwned"))
    assert outputs["exit-code"] == str(done.returncode)
    assert done.returncode in {2, 3}, "each is refused as the name or the value it is"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Run the action's installing step into a folder of its own."""
    runner = tmp_path_factory.mktemp("runner")
    here = tmp_path_factory.mktemp("action")
    for name in (*PACKAGE, "requirements.lock"):
        copy(ROOT / name, here / name)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = shell(
        STEPS["Install iotkg"]["run"], here, {"RUNNER_TEMP": runner, "GITHUB_ACTION_PATH": here, "PATH": path}
    )
    assert done.returncode == 0, done.stderr
    return runner / "iotkg"


def copy(source, target):
    if source.is_dir():
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(source, target, ignore=ignored)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


@pytest.mark.slow
def test_the_action_installs_what_it_runs(installed, folder):
    done = subprocess.run(
        [
            installed / "bin" / "iotkg",
            "validate",
            "--data",
            "my data",
            "--shapes",
            "shapes.ttl",
            "--no-cache",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "my data/people.ttl:3:1" in done.stdout


# --- the hooks


def test_the_hooks_name_commands_and_look_at_the_files_that_can_be_read():
    from iotkg.rdffile import FORMATS as SYNTAXES

    assert set(HOOKS) == {"iotkg-validate", "iotkg-fmt"}
    for hook in HOOKS.values():
        assert hook["language"] == "python"
        assert hook["pass_filenames"] is False
        words = shlex.split(hook["entry"])
        assert words[0] == "iotkg"
        assert subprocess.run(
            [Path(sys.executable).parent / "iotkg", *words[1:], "--help"], capture_output=True, check=False
        ).returncode == 0  # fmt: skip
    looked_at = re.compile(HOOKS["iotkg-validate"]["files"])
    for suffix in SYNTAXES:
        assert looked_at.search(f"data/x{suffix}"), suffix
    assert not looked_at.search("README.md")


def test_pre_commit_accepts_the_hooks():
    done = subprocess.run(
        [Path(sys.executable).parent / "pre-commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.slow
def test_the_hook_stops_a_commit_that_breaks_the_data(folder, tmp_path):
    """As the guide's configuration has it, from a repository, through pre-commit."""
    source = tmp_path / "iotkg"
    for name in PACKAGE:
        copy(ROOT / name, source / name)
    git(tmp_path, "init", "-q", "iotkg")
    git(source, "add", "-A")
    git(source, "commit", "-qm", "x")
    stated = fenced("yaml", "id: iotkg-validate")
    config = yaml.safe_load(stated.replace("ADDRESS", str(source)))
    config["repos"][0]["rev"] = git(source, "rev-parse", "HEAD")
    config["repos"][0]["hooks"][0]["args"] = ["--data", "my data", "--shapes", "shapes.ttl"]
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    git(tmp_path, "init", "-q", folder.name)
    git(folder, "add", "-A")

    def pre_commit():
        return shell(
            f"{shlex.quote(str(Path(sys.executable).parent / 'pre-commit'))} run --color never",
            folder,
            {"PRE_COMMIT_HOME": tmp_path / "home", "IOTKG_CACHE": tmp_path / "cache"},
        )

    done = pre_commit()
    assert done.returncode == 1, done.stdout + done.stderr
    assert "SHACL validation (iotkg)" in done.stdout
    assert "my data/people.ttl:3:1: violation: a person has a name" in done.stdout
    (folder / "my data" / "people.ttl").write_text(GOOD)
    git(folder, "add", "-A")
    done = pre_commit()
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"SHACL validation \(iotkg\)\.+Passed", done.stdout)


def fenced(language, words):
    """Give the fenced block of the guide that holds the words."""
    (block,) = [text for text in re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL) if words in text]
    return block


# --- GitLab


def test_the_gitlab_snippet_names_formats_and_reports_it_writes():
    job = yaml.safe_load(fenced("yaml", "artifacts:"))["validate"]
    written = dict(
        part.split("=", 1)[::-1]
        for line in job["script"]
        for part in shlex.split(line)
        if re.match(r"\w+=", part)
    )
    assert set(written.values()) == {"junit", "sarif"}
    assert written[job["artifacts"]["reports"]["junit"]] == "junit"
    assert set(job["artifacts"]["paths"]) == set(written)
    assert job["artifacts"]["when"] == "always", "a failing job is the one whose report is read"


@pytest.mark.parametrize(("data", "code"), [(BAD, 1), (GOOD, 0)], ids=["bad", "good"])
def test_the_script_of_the_gitlab_snippet_runs(folder, tmp_path, data, code):
    """The installing line meets an installation that is up to date; `make setup` is how these tests got theirs."""
    job = yaml.safe_load(fenced("yaml", "artifacts:"))["validate"]
    clone, setup = job["before_script"]
    source = tmp_path / "source"
    for name in ("Makefile", "requirements.lock", *PACKAGE):
        copy(ROOT / name, source / name)
        os.utime(source / name, (0, 0))
    git(tmp_path, "init", "-q", "source")
    git(source, "add", "-A")
    git(source, "commit", "-qm", "x")
    (folder / "data").mkdir()
    (folder / "data" / "people.ttl").write_text(data)
    (folder / "shapes").mkdir()
    shutil.move(folder / "shapes.ttl", folder / "shapes" / "shapes.ttl")
    environment = {
        "HOME": tmp_path / "home",
        "CI_PROJECT_DIR": folder,
        "IOTKG_SOURCE": f"file://{source}",
        "IOTKG_CACHE": tmp_path / "cache",
    }
    (tmp_path / "home").mkdir()
    done = shell(clone, folder, environment)
    assert done.returncode == 0, done.stderr
    cloned = tmp_path / "home" / "iotkg"
    for name in ("requirements.lock", "pyproject.toml"):
        os.utime(cloned / name, (0, 0))
    (cloned / ".venv" / "bin").mkdir(parents=True)
    (cloned / ".venv" / ".ready").touch()
    (cloned / ".venv" / "bin" / "iotkg").symlink_to(Path(sys.executable).parent / "iotkg")
    done = shell(setup, folder, environment)
    assert (done.returncode, done.stderr) == (0, "")
    done = shell("\n".join(job["script"]), folder, environment)
    assert done.returncode == code, done.stderr
    for name in job["artifacts"]["paths"]:
        assert (folder / name).stat().st_size


# --- the container


def instructions():
    """Give the instructions of the Containerfile, each as its word and the rest of its line."""
    whole = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", CONTAINER, flags=re.MULTILINE))
    return [tuple(line.split(" ", 1)) for line in whole.splitlines() if line]


def test_the_container_copies_what_there_is_and_runs_as_nobody_in_particular():
    found = instructions()
    words = [word for word, _ in found]
    assert set(words) <= {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "EXPOSE", "ENTRYPOINT", "CMD"}
    ignored = (ROOT / ".dockerignore").read_text().split()  # podman reads it too
    for word, rest in found:
        if word == "COPY" and not rest.startswith("--from="):
            for name in rest.split()[:-1]:
                assert (ROOT / name).exists(), name
                assert name not in ignored
    assert words.count("USER") == 1
    assert words.index("USER") > max(number for number, word in enumerate(words) if word == "RUN")
    assert dict(found)["USER"] not in {"root", "0"}
    assert dict(found)["ENTRYPOINT"] == '["iotkg"]'
    assert "--require-hashes -r requirements.lock" in CONTAINER


@pytest.mark.slow
def test_the_commands_of_the_container_build_and_validate(installed, tmp_path):
    """The first stage in a scratch folder: only what is copied is there; packages come from a venv that has them."""
    place = tmp_path / "srv"
    place.mkdir()
    end = [number for number, (word, _) in enumerate(instructions()) if word == "FROM"][1]
    for word, rest in instructions()[:end]:
        if word == "COPY":
            *sources, target = rest.split()
            for source in sources:
                copy(ROOT / source, (place / target / source) if target == "./" else place / target)
        if word == "RUN":
            done = shell(rest.replace("/opt/iotkg", str(installed)), place, {})
            assert done.returncode == 0, done.stderr
    run = [installed / "bin" / "iotkg", "validate"]
    environment = os.environ | {"IOTKG_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(run, cwd=place, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert (place / "dist" / "manifest.json").is_file()
    for path in (place / "dist").resolve().rglob("*"):
        assert path.stat().st_mode & 0o004, f"{path} is for its owner alone, and another user serves it"
    assert (place / "dist").resolve().stat().st_mode & 0o005 == 0o005
