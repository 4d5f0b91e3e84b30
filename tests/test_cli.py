"""The command line as a newcomer types it, in a copy of the checkout."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pyoxigraph import Triple

from iotkg import build, cli
from iotkg.vocab import term
from iotkg_api.settings import unheeded

COMMAND = str(Path(sys.executable).parent / "iotkg")
BROKEN = "data/iot-2013/standards/statements.ttl"


@pytest.fixture
def checkout(layout, tmp_path):
    """Give a copy of everything the build reads."""
    for part in ("ontology", "data", "shapes", "queries"):
        shutil.copytree(layout.root / part, tmp_path / part)
    return tmp_path


def run(folder, *arguments, given=None):
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=folder,
        input=given,
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=False,
    )


def edit(path, old, new):
    text = path.read_text()
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1))


@pytest.fixture(scope="module")
def built(layout, tmp_path_factory):
    """Give a copy with a release in it."""
    folder = tmp_path_factory.mktemp("built")
    for part in ("ontology", "data", "shapes", "queries"):
        shutil.copytree(layout.root / part, folder / part)
    done = run(folder, "build")
    assert done.returncode == 0, done.stderr
    assert "iot-2013/curated" in done.stdout
    return folder


def test_help_names_every_command():
    done = run(".", "--help")
    assert done.returncode == 0
    for command in ("build", "validate", "fmt", "query", "run", "serve"):
        assert f" {command} " in done.stdout


def test_the_real_data_is_valid(layout):
    done = run(layout.root, "validate")
    assert (done.returncode, done.stderr) == (0, "")
    assert "88 × Owner is known only at corpus level" in done.stdout
    assert "0 violations" in done.stdout


def test_a_violation_names_file_line_and_rule_and_exits_1(checkout):
    edit(checkout / BROKEN, "  iotkg:role role:lead ;\n", "")
    done = run(checkout, "validate")
    assert done.returncode == 1
    line = (checkout / BROKEN).read_text().splitlines().index(
        "responsibility:iot-2013_standards_sac_lead"
    ) + 1
    assert f"{BROKEN}:{line}:1: violation: " in done.stdout
    assert "iotsh:Responsibility-role" in done.stdout


def test_messages_come_in_chinese_too(checkout):
    edit(checkout / BROKEN, "  iotkg:role role:lead ;\n", "")
    assert "责任陈述须恰有一个" in run(checkout, "validate", "--lang", "zh").stdout


def test_a_report_can_be_kept_to_some_files(checkout):
    edit(checkout / BROKEN, "  iotkg:role role:lead ;\n", "")
    elsewhere = run(checkout, "validate", "data/iot-2013/talent")
    assert elsewhere.returncode == 1
    assert "1 fault stands in other files, so what follows from these was not checked" in elsewhere.stderr
    assert "0 violations" in elsewhere.stdout
    assert run(checkout, "validate", "data/iot-2013/standards").returncode == 1


def test_a_report_on_some_files_leaves_out_what_does_not_fit_the_text_elsewhere(checkout):
    edit(checkout / BROKEN, '"国家标准委牵头"', '"国家标准委主导"')
    elsewhere = run(checkout, "validate", "data/iot-2013/talent")
    assert elsewhere.returncode == 1
    assert BROKEN not in elsewhere.stdout + elsewhere.stderr
    assert "1 fault stands in other files, so what follows from these was not checked" in elsewhere.stderr
    here = run(checkout, "validate", BROKEN)
    assert here.returncode == 1
    assert f"{BROKEN}:" in here.stdout
    assert "1 violation" in here.stdout
    assert "other files" not in here.stderr


def test_faults_elsewhere_do_not_fail_what_was_asked_for(checkout):
    """Everything was checked, and nothing asked for is at fault; the last line says that other files are."""
    edit(checkout / "queries" / "checks" / "corpus-only-owner.rq", "severity: info", "severity: violation")
    done = run(checkout, "validate", "data/iot-2013/standards")
    assert (done.returncode, done.stderr) == (0, "88 faults stand in other files: run iotkg validate\n")
    assert "0 violations" in done.stdout
    assert run(checkout, "validate", "data/iot-2013/security").returncode == 1


def test_what_is_wrong_with_an_inherited_copy_has_the_place_of_its_origin(layout, inputs, graphs):
    copy = term("responsibility:iot-2013_standards_1_from_iot-2013_standards_sac_lead")
    wrong = build.merged(graphs) | {Triple(copy, term("iotkg:actor"), term("actor:miit"))}
    found = [item for item in build.check(layout, inputs, wrong, "complete") if item.focus == copy.value]
    assert {item.shape.rpartition("/")[2] for item in found} >= {"inherited-differs"}
    (line,) = {item.line for item in found}
    assert {item.file for item in found} == {BROKEN}
    assert (layout.root / BROKEN).read_text().splitlines()[line - 1] == (
        "responsibility:iot-2013_standards_sac_lead"
    )


def test_a_quote_that_is_not_in_the_text_stops_with_its_place(checkout):
    edit(checkout / BROKEN, '"国家标准委牵头"', '"国家标准委主导"')
    done = run(checkout, "validate")
    assert done.returncode == 1
    assert f"{BROKEN}:" in done.stdout
    assert "stands nowhere in the text" in done.stdout


@pytest.mark.parametrize(
    "place", ["data/loose.ttl", "data/registry/deeper/loose.ttl", "data/external/deeper/loose.ttl"]
)
def test_turtle_that_nothing_reads_is_told(checkout, place):
    """Nobody is left to think that what they wrote is in the graph."""
    (checkout / place).parent.mkdir(parents=True, exist_ok=True)
    (checkout / place).write_text("<http://example.org/a> <http://example.org/b> 1 .\n")
    done = run(checkout, "validate")
    assert done.returncode == 3
    assert f"{place}: is read by nothing" in done.stderr


@pytest.mark.parametrize("command", ["validate", "build", "fmt"])
def test_a_file_that_does_not_parse_is_named_with_line_and_column(checkout, command):
    """Exit 3, every such file named, and nothing written."""
    edit(checkout / BROKEN, "a iotkg:Deadline ;", "a iotkg:Deadline ")
    edit(checkout / "data/registry/places.ttl", "@prefix place:", "@prefx place:")
    before = {path: path.read_bytes() for path in checkout.rglob("*.*") if path.is_file()}
    done = run(checkout, command)
    assert done.returncode == 3
    number = (checkout / BROKEN).read_text().splitlines().index("  a iotkg:Deadline ") + 1
    assert f"{BROKEN}:{number + 1}:" in done.stderr or f"{BROKEN}:{number}:" in done.stderr
    assert "data/registry/places.ttl:" in done.stderr
    assert {path: path.read_bytes() for path in checkout.rglob("*.*") if path.is_file()} == before
    assert not (checkout / "dist").exists()


def test_broken_shapes_exit_4(checkout):
    edit(
        checkout / "shapes" / "task.ttl",
        "sh:targetClass iotkg:Task ;\n  sh:property iotsh:Task-leaf",
        "sh:targetClass iotkg:Taks ;\n  sh:property iotsh:Task-leaf",
    )
    done = run(checkout, "validate")
    assert done.returncode == 4
    assert "iotsh:Task" in done.stderr


def test_no_shapes_exit_4(checkout):
    shutil.rmtree(checkout / "shapes")
    (checkout / "shapes").mkdir()
    assert run(checkout, "validate").returncode == 4


@pytest.mark.parametrize(
    "arguments",
    [
        ("validate", "nowhere"),
        ("validate", "--lang", "fr"),
        ("run", "no-such-query"),
        ("run", "owner-and-deadline", "--plan", "nonsense"),
        ("run", "owner-and-deadline", "--colour", "red"),
        ("run", "owner-and-deadline", "--name", "x"),
        ("run", "owner-and-deadline", "--self", "x"),
        ("run", "owner-and-deadline", "--plan", "standards", "--plan=talent"),
        ("run", "owner-and-deadline", "--plan"),
        ("frobnicate",),
    ],
)
def test_wrong_usage_exits_2(built, arguments):
    done = run(built, *arguments)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_a_canned_query_says_what_it_takes(built):
    done = run(built, "run", "responsibilities-as-stated", "--help")
    assert done.returncode == 0
    for said in (
        "原文自身写明了哪些主体",
        "--role  The role it has  所查角色  (default: all)",
        "    lead  lead  牵头  (1 row)",
        "iotkg run responsibilities-as-stated --plan standards --actor sac --role lead",
    ):
        assert said in done.stdout
    assert "--endpoint" in run(built, "run", "--help").stdout
    assert run(built, "run", "no-such-query", "--help").returncode == 2


def test_a_release_is_found_by_its_folder_outside_a_checkout(built, tmp_path, monkeypatch):
    assert run(tmp_path, "run", "plan-structure").returncode == 3
    monkeypatch.setenv("IOTKG_DIST", str(built / "dist"))
    assert len(run(tmp_path, "run", "plan-structure").stdout.splitlines()) == 11


def test_outside_a_checkout_the_mend_is_named(tmp_path):
    done = run(tmp_path, "validate")
    assert done.returncode == 3
    assert "no iotkg checkout here" in done.stderr


def test_fmt_check_writes_nothing_and_fmt_mends(checkout):
    path = checkout / BROKEN
    good = path.read_text()
    path.write_text(good.replace("  iotkg:role role:lead ;\n", "    iotkg:role\n   role:lead ;\n"))
    wrong = path.read_text()
    done = run(checkout, "fmt", "--check")
    assert (done.returncode, path.read_text()) == (1, wrong)
    assert f"would change {BROKEN}" in done.stdout
    assert run(checkout, "fmt").returncode == 0
    assert path.read_text() == good
    assert run(checkout, "fmt", "--check").returncode == 0


def test_fmt_leaves_a_file_that_it_cannot_write(checkout, monkeypatch, capsys):
    """A full disk costs no curated file, is told, and exits 3; nothing is left beside the file."""
    path = checkout / BROKEN
    edit(path, "  iotkg:role role:lead ;\n", "    iotkg:role\n   role:lead ;\n")
    before = {file: file.read_bytes() for file in checkout.rglob("*") if file.is_file()}

    def full(_path, _data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.chdir(checkout)
    monkeypatch.setattr(sys, "argv", ["iotkg", "fmt"])
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 3
    assert f"{BROKEN}: cannot be written: No space left on device" in capsys.readouterr().err
    assert {file: file.read_bytes() for file in checkout.rglob("*") if file.is_file()} == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "arguments", [("run",), ("run", "plan-structure"), ("run", "missing-tables"), ("fmt",)]
)
def test_a_full_disk_at_standard_output_is_told(built, tmp_path, arguments):
    folder = tmp_path / "copy"
    shutil.copytree(built, folder, symlinks=True)
    edit(folder / BROKEN, "  iotkg:role role:lead ;\n", "    iotkg:role\n   role:lead ;\n")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [COMMAND, *arguments], cwd=folder, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 3
    assert done.stderr == "iotkg: standard output: No space left on device\n"


def test_fmt_refuses_a_comment_that_it_would_lose(checkout):
    edit(checkout / BROKEN, "  iotkg:role role:lead ;\n", "  # the lead\n  iotkg:role role:lead ;\n")
    done = run(checkout, "fmt")
    assert done.returncode == 3
    assert f"{BROKEN}:" in done.stderr


def test_a_failing_build_leaves_the_last_release(built, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(built, folder, symlinks=True)
    before = (folder / "dist" / "manifest.json").read_bytes()
    edit(folder / BROKEN, "  iotkg:role role:lead ;\n", "")
    assert run(folder, "build").returncode == 1
    assert (folder / "dist" / "manifest.json").read_bytes() == before


def test_a_canned_query_that_does_not_parse_is_not_released(checkout):
    path = checkout / "queries" / "answers" / "plan-structure.rq"
    path.write_text(path.read_text() + "garbage{")
    done = run(checkout, "build")
    assert done.returncode == 3
    assert "queries/answers/plan-structure.rq: the query cannot be parsed" in done.stderr
    assert not (checkout / "dist").exists()


def test_a_release_without_canned_queries_is_refused(checkout):
    for path in (checkout / "queries" / "answers").glob("*.rq"):
        path.unlink()
    done = run(checkout, "build")
    assert done.returncode == 3
    assert "queries/answers/: holds no canned query" in done.stderr
    assert not (checkout / "dist").exists()


@pytest.mark.parametrize("command", ["validate", "build"])
def test_a_document_without_its_text_is_named(checkout, command):
    """Neither a text that is gone nor a folder that was put beside the documents is passed over."""
    (checkout / "data" / "iot-2013" / "source.txt").unlink()
    done = run(checkout, command)
    assert done.returncode == 3
    assert "data/iot-2013/source.txt: there is no such file" in done.stderr


def test_a_folder_of_data_is_a_document(checkout):
    folder = checkout / "data" / "iot-2016"
    folder.mkdir()
    shutil.copy(checkout / "data" / "registry" / "periods.ttl", folder)
    done = run(checkout, "validate")
    assert done.returncode == 3
    assert "data/iot-2016/source.txt: there is no such file" in done.stderr
    assert "move the folder out of data/" in done.stderr


def test_a_checkout_without_documents_is_refused(checkout):
    shutil.rmtree(checkout / "data" / "iot-2013")
    done = run(checkout, "validate")
    assert done.returncode == 3
    assert "data/: holds no document" in done.stderr


def test_run_lists_and_answers_the_canned_queries(built):
    assert "owner-and-deadline" in run(built, "run").stdout
    done = run(built, "run", "tasks-by-owner-basis", "--format", "json")
    assert done.returncode == 0
    rows = json.loads(done.stdout)
    assert sum(int(row["tasks"]) for row in rows) == 110


def test_query_reads_a_file_or_standard_input(built, tmp_path):
    query = "SELECT (COUNT(*) AS ?tasks) WHERE { ?t a <https://w3id.org/iotkg/ontology#Task> }"
    done = run(built, "query", "-", "--format", "csv", given=query)
    assert (done.returncode, done.stdout.split()) == (0, ["tasks", "110"])
    (tmp_path / "q.rq").write_text(query)
    assert run(built, "query", str(tmp_path / "q.rq"), "--format", "csv").stdout == done.stdout


def test_a_query_that_does_not_parse_exits_3(built):
    done = run(built, "query", "-", given="SELECT WHERE")
    assert done.returncode == 3
    assert "1:" in done.stderr


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT * {" + "{" * 20_000 + "}" * 20_001, "nested more than 100 deep (line 1, column 110)"),
        ("SELECT * {" + "OPTIONAL { ?s ?p 1 }" * 5_000 + "}", "more than 500 groups and clauses"),
    ],
    ids=["nested", "chained"],
)
def test_a_query_that_would_overflow_the_engine_is_refused(built, query, said):
    """The process would end without a word."""
    done = run(built, "query", "-", given=query)
    assert done.returncode == 3
    assert said in done.stderr


def test_standard_input_that_is_not_utf_8_is_refused(built):
    done = subprocess.run(
        [COMMAND, "query", "-"], cwd=built, input=b"ASK { ?s ?p '\xff' }", capture_output=True, check=False
    )
    assert done.returncode == 3
    assert b"standard input: byte 13 is not UTF-8" in done.stderr


@pytest.mark.parametrize("form", ["csv", "tsv", "json"])
def test_a_number_that_is_none_is_printed_as_it_is(built, form):
    done = run(
        built,
        "query",
        "-",
        "--format",
        form,
        given='SELECT ("many"^^xsd:integer AS ?n) {}'.replace(
            "xsd:integer", "<http://www.w3.org/2001/XMLSchema#integer>"
        ),
    )
    assert done.returncode == 0, done.stderr
    assert "many" in done.stdout


def test_without_a_release_the_mend_is_named(checkout):
    done = run(checkout, "run", "owner-and-deadline")
    assert done.returncode == 3
    assert "iotkg build" in done.stderr


def test_serve_names_the_settings_that_it_does_not_know(tmp_path, monkeypatch):
    """Before all else: what is misspelt is the likely reason for what comes then."""
    for name in [name for name in os.environ if name.startswith("IOTKG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("IOTKG_DEADLINE", "2")
    monkeypatch.setenv("IOTKG_X", "")
    monkeypatch.setenv("IOTKG_STORE_TOKEN", "secret")
    monkeypatch.setenv("IOTKG_DIST", str(tmp_path))

    done = run(tmp_path, "serve")

    assert done.returncode == 3
    assert done.stderr.splitlines()[:2] == [
        "warning: IOTKG_DEADLINE is no setting and is not heeded; is IOTKG_DEADLINE_S meant?",
        "warning: IOTKG_X is no setting and is not heeded",
    ]


def test_every_variable_that_a_module_reads_is_known(layout):
    """Else ``iotkg serve`` would say that it is not heeded."""
    modules = [*(layout.root / "src").rglob("*.py"), *(layout.root / "api" / "iotkg_api").rglob("*.py")]
    read = {
        name
        for path in modules
        for name in re.findall(r"\bIOTKG_[A-Z_]+\b", path.read_text(encoding="utf-8"))
    }
    named = {name for name in read if not name.endswith("_")}
    assert len(named) > 5
    assert not unheeded(dict.fromkeys(named, ""))
