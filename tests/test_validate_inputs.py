# ruff: noqa: E501 - a case is read by its lines
"""Bad input to `iotkg validate`, through the real command: what is said, the exit code, and nothing half-written."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import missing

COMMAND = str(Path(sys.executable).parent / "iotkg")
HEAD = "@prefix : <http://e/> .\n@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
SHAPE = ":S a sh:NodeShape ; sh:targetClass :C ; "
GOOD = ":a a :C ; :p 1 ."
NEEDED = SHAPE + "sh:property [ sh:path :p ; sh:minCount 1 ] ."
RDF_XML = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://e/">'
    '<C rdf:about="http://e/a"><p>1</p></C></rdf:RDF>'
)


@pytest.fixture
def folder(tmp_path):
    """Give a folder with good data and good shapes."""
    (tmp_path / "d.ttl").write_text(HEAD + GOOD)
    (tmp_path / "s.ttl").write_text(HEAD + NEEDED)
    return tmp_path


def run(folder, *arguments, **more):
    """Run the command in a folder; it never shows a traceback, and never leaves a file aside."""
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200", "IOTKG_CACHE": str(folder / ".cache")}
    done = subprocess.run(
        [COMMAND, "validate", *map(str, arguments)],
        cwd=folder,
        stdout=more.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        timeout=120,
        check=False,
        **more,
    )
    assert "Traceback" not in done.stderr
    assert "Warning" not in done.stderr
    assert not [path for path in folder.rglob("*.new") if ".cache" not in path.parts]
    return done


def refused(done, code, *words):
    """Say that a run ended with a code, no report, and words on standard error."""
    assert done.returncode == code, (done.stdout, done.stderr)
    assert done.stdout in ("", None)
    for word in words:
        assert word in done.stderr


NOT_READ = {
    "empty.ttl": (b"", "empty.ttl: is empty"),
    "blank.ttl": (b" \n\t\n", "blank.ttl: is empty"),
    "comment.ttl": (b"# nothing\n", "comment.ttl: holds no triple"),
    "binary.ttl": (b"abc\x00\x01", "binary.ttl: is binary (byte 3 is NUL), not RDF"),
    "gzip.ttl": (gzip.compress(b"x"), "gzip.ttl: is gzip, not RDF; unpack it first"),
    "gzip.ttl.gz": (gzip.compress(b"x"), "gzip.ttl.gz: is packed; unpack it first"),
    "zip.ttl": (b"PK\x03\x04", "zip.ttl: is zip, not RDF; unpack it first"),
    "latin.ttl": (
        f'{HEAD}:a :p "é" .'.encode("latin-1"),
        "latin.ttl:3: byte 75 is not UTF-8; save it as UTF-8",
    ),
    "gbk.ttl": (f'{HEAD}:a :p "物联网" .'.encode("gbk"), "gbk.ttl:3: byte 75 is not UTF-8; save it as UTF-8"),
    "utf16.ttl": ((HEAD + GOOD).encode("utf-16"), "utf16.ttl: is UTF-16; save it as UTF-8"),
    "mark.ttl": (
        (HEAD + GOOD).encode("utf-8-sig"),
        "mark.ttl: begins with a byte order mark; save it as UTF-8 without",
    ),
    "words.ttl": (b"hello world", "words.ttl:1:1: hello is not a valid subject"),
    "page.ttl": (
        b"<!DOCTYPE html><html></html>",
        "page.ttl: is a page of HTML, not RDF; download the data itself",
    ),
    "dot.ttl": (f"{HEAD}:a :p 1\n:b :p 2 .".encode(), "dot.ttl:4:1: "),
    "prefix.ttl": (
        f"{HEAD}\nx:a a :C .".encode(),
        "prefix.ttl:4:1: The prefix x: has not been declared; declare it with @prefix",
    ),
    "relative.ttl": (
        f"{HEAD}<a> a :C .".encode(),
        "relative.ttl:3:1: No scheme found in an absolute IRI; write the whole IRI, state an @base in the file, or name one with --base IRI",
    ),
    "broken.rdf": (RDF_XML.replace("</C>", "").encode(), "broken.rdf"),
    "broken.nt": (b"<http://e/a> <http://e/p>", "broken.nt:1:"),
    "broken.trig": (b"{ <http://e/a> ", "broken.trig:1:"),
    "broken.jsonld": (b'{"@id":', "broken.jsonld:1:"),
    "remote.jsonld": (
        b'{"@context":"https://schema.org/","@id":"http://e/a","@type":"C"}',
        "nothing is fetched: write the context into the file",
    ),
    "plain.json": (b'{"a": 1}', "plain.json: holds no triple; terms need a @context"),
    "data.txt": (b"x", "data.txt: the suffix does not tell the syntax; rename it to end in .ttl .nt"),
    "data": (b"x", "data: the suffix does not tell the syntax; rename it to end in .ttl .nt"),
}


@pytest.mark.parametrize("name", NOT_READ)
def test_data_that_cannot_be_read_is_named_with_the_mend(folder, name):
    data, words = NOT_READ[name]
    (folder / name).write_bytes(data)
    refused(run(folder, "--data", name, "--shapes", "s.ttl"), 3, words)


@pytest.mark.parametrize("name", ["empty.ttl", "prefix.ttl", "relative.ttl", "broken.rdf"])
def test_shapes_and_ontology_are_held_to_the_same(folder, name):
    data, words = NOT_READ[name]
    (folder / name).write_bytes(data)
    refused(run(folder, "--data", "d.ttl", "--shapes", name), 3, words)
    refused(run(folder, "--data", "d.ttl", "--shapes", "s.ttl", "--ontology", name), 3, words)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gone.ttl", "gone.ttl: there is no such file"),
        ("broken", "broken: is a link to gone.ttl, which is not there"),
        ("circle", "circle: is a link to circle"),
        ("empty", "empty: holds no RDF file; RDF files end in .ttl"),
        (
            "http://e/x.ttl",
            "http://e/x.ttl: is an address, and nothing is fetched; download it and name the file",
        ),
        ("https://e/x.ttl", "https://e/x.ttl: is an address"),
    ],
)
def test_places_without_data_are_named(folder, name, words):
    (folder / "broken").symlink_to("gone.ttl")
    (folder / "circle").symlink_to("circle")
    (folder / "empty").mkdir()
    refused(run(folder, "--data", name, "--shapes", "s.ttl"), 3, words)


def test_a_file_that_may_not_be_read_is_named(folder):
    (folder / "d.ttl").chmod(0)
    if os.access(
        folder / "d.ttl", os.R_OK
    ):  # root may read everything: what no one can read is a folder's name
        (folder / "folder.ttl").mkdir()
        (folder / "folder.ttl" / "in.ttl").symlink_to("/proc/self/mem")
        refused(
            run(folder, "--data", "folder.ttl/in.ttl", "--shapes", "s.ttl"), 3, "in.ttl: cannot be read: "
        )
    else:
        refused(
            run(folder, "--data", "d.ttl", "--shapes", "s.ttl"), 3, "d.ttl: cannot be read: Permission denied"
        )


def test_every_file_at_fault_is_told_in_one_run(folder):
    for name in ("empty.ttl", "prefix.ttl"):
        (folder / name).write_bytes(NOT_READ[name][0])
    done = run(folder, "--data", "empty.ttl", "--data", "prefix.ttl", "--shapes", "s.ttl")
    refused(done, 3, "empty.ttl: is empty", "prefix.ttl:4:1")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.rdf", RDF_XML),
        ("a.owl", RDF_XML),
        ("a.jsonld", '{"@context":{"@vocab":"http://e/"},"@id":"http://e/a","@type":"C","p":1}'),
        (
            "a.nt",
            "<http://e/a> a <http://e/C> .".replace(
                " a ", " <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
            )
            + "\n<http://e/a> <http://e/p> <http://e/b> .",
        ),
        ("a.trig", f"{HEAD}:g {{ {GOOD} }}"),
        ("a.TTL", HEAD + GOOD),
        ("物联 网.ttl", HEAD + GOOD),
    ],
)
def test_other_syntaxes_are_read_by_suffix(folder, name, text):
    (folder / name).write_text(text)
    done = run(folder, "--data", name, "--shapes", "s.ttl", "--explain")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 focus node" in done.stdout


def test_a_folder_stands_for_the_files_below_it(folder):
    (folder / "below" / "deep").mkdir(parents=True)
    (folder / "below" / "deep" / "a.ttl").write_text(HEAD + ":a a :C .")
    (folder / "below" / "notes.txt").write_text("no RDF")
    done = run(folder, "--data", "below", "--shapes", "s.ttl")
    assert done.returncode == 1
    assert "below/deep/a.ttl:3:1: violation: needs at least 1 value(s)" in done.stdout


@pytest.mark.parametrize("engine", ["shifty", "pyshacl"])
def test_a_base_lets_relative_iris_be_read(folder, engine):
    """They are resolved against it, and findings have their place."""
    (folder / "r.ttl").write_text(f"{HEAD}<a#x> a :C ;\n  :p <b> .")
    (folder / "s.ttl").write_text(
        HEAD + SHAPE + "sh:property [ sh:path :p ; sh:hasValue <http://w/d/b> ; sh:class :D ] ."
    )
    done = run(folder, "--data", "r.ttl", "--shapes", "s.ttl", "--base", "http://w/d/", "--engine", engine)
    assert done.returncode == 1
    assert done.stdout.startswith(
        "r.ttl:4:6: violation: value is no instance of <http://e/D>: <http://w/d/a#x>"
    )
    assert "1 violation," in done.stdout


BROKEN = {
    "circle": (
        ":P sh:path :p ; sh:node :S . " + SHAPE + "sh:property :P .",
        "refer to each other in a circle, which SHACL leaves undefined: ",
        "--allow-recursion",
    ),
    "itself": (SHAPE + "sh:not :S .", "refer to each other in a circle", "break it"),
    "no SPARQL": (
        SHAPE + 'sh:sparql [ sh:select "SELECT $this WHERE { oops" ] .',
        "x.ttl:3:51: sh:select does not parse: error at line 1, column 2",
    ),
    "no SPARQL in a validator": (
        ':L a sh:ConstraintComponent ; sh:parameter [ sh:path :l ] ; sh:validator :V . :V sh:ask "ASK {{" ; a sh:SPARQLAskValidator . '
        + SHAPE
        + ":l 1 .",
        "x.ttl:3:79: sh:ask does not parse",
    ),
    "unknown prefix": (
        SHAPE + 'sh:sparql [ sh:select "SELECT $this WHERE { $this x:p 1 }" ] .',
        "x.ttl:3:51: sh:select does not parse",
    ),
    "no shape": (':S sh:name "x" .', "there is no shape; nothing was checked"),
    "misspelt": (
        SHAPE + "sh:property [ sh:path :p ; sh:minCuont 1 ] .",
        "x.ttl:3:53: sh:minCuont is no term of SHACL; is sh:minCount meant?",
    ),
    "misspelt class": (
        ":S a sh:NodShape ; sh:targetClass :C ; sh:nodeKind sh:IRI .",
        "x.ttl:3:1: sh:NodShape is no term of SHACL; is sh:NodeShape meant?",
    ),
    "sh:target": (
        SHAPE + 'sh:target [ sh:select "SELECT ?this {}" ] .',
        "x.ttl:3:1: <http://e/S> has sh:target, of SHACL Advanced Features, which is not evaluated; name its focus nodes",
    ),
    "sh:js": (
        SHAPE + 'sh:js [ sh:jsFunctionName "f" ] .',
        "has sh:js, of SHACL Advanced Features",
        "write the constraint with sh:sparql",
    ),
    "sh:expression": (
        SHAPE + "sh:expression [ :f ( 1 ) ] .",
        "has sh:expression, of SHACL Advanced Features",
    ),
    "not there": (
        SHAPE + "sh:node :Gone .",
        "x.ttl:3:1: <http://e/S> uses <http://e/Gone>, which is no shape",
    ),
    "no path": (
        SHAPE + "sh:property [ sh:minCount 1 ] .",
        "x.ttl:3:53: […] has no sh:path, which a property shape needs",
    ),
    "pattern": (
        SHAPE + 'sh:pattern "[" .',
        "x.ttl:3:1: <http://e/S> has a pattern that is no regular expression",
    ),
    "no list": (
        SHAPE + "sh:in :x .",
        "x.ttl:3:1: <http://e/S> has sh:in <http://e/x>, which is to be a list, in ( )",
    ),
    "no count": (
        SHAPE + 'sh:property [ sh:path :p ; sh:minCount "many" ] .',
        'x.ttl:3:53: […] has sh:minCount "many", which is to be an xsd:integer',
    ),
    "no boolean": (SHAPE + 'sh:closed "yes" .', 'has sh:closed "yes", which is to be true or false'),
    "no datatype": (SHAPE + 'sh:property [ sh:path :p ; sh:datatype "xsd:date" ] .', "which is to be an IRI"),
    "two counts": (
        SHAPE + "sh:property [ sh:path :p ; sh:maxCount 1 , 2 ] .",
        "has 2 values of sh:maxCount, which takes one",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_shapes_that_would_be_passed_over_are_named(folder, name):
    text, *words = BROKEN[name]
    (folder / "x.ttl").write_text(HEAD + text)
    refused(run(folder, "--data", "d.ttl", "--shapes", "x.ttl"), 4, *words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            ":S a sh:NodeShape ; sh:targetClass :X ; sh:nodeKind sh:IRI .",
            "the target of <http://e/S> matches nothing in the data: class <http://e/X>",
        ),
        (
            SHAPE + "sh:nodeKind sh:Literal ; sh:deactivated true .",
            "no shape has a target; nothing was checked",
        ),
        (":S a sh:NodeShape ; sh:nodeKind sh:IRI .", "no shape has a target; nothing was checked"),
    ],
)
def test_a_run_that_looked_at_nothing_is_not_good(folder, text, words):
    (folder / "x.ttl").write_text(HEAD + text)
    done = run(folder, "--data", "d.ttl", "--shapes", "x.ttl")
    assert done.returncode == 4
    assert words in done.stderr
    assert run(folder, "--data", "d.ttl", "--shapes", "x.ttl", "--allow-empty").returncode == 0


def test_shapes_in_a_circle_can_be_allowed(folder):
    (folder / "x.ttl").write_text(HEAD + BROKEN["circle"][0])
    assert run(folder, "--data", "d.ttl", "--shapes", "x.ttl", "--allow-recursion").returncode in (0, 1)


def test_terms_of_ours_need_an_ontology_and_must_be_in_it(folder):
    (folder / "d.ttl").write_text(
        f"@prefix iotkg: <https://w3id.org/iotkg/ontology#> .\n{HEAD}:a a :C , iotkg:Taks ; :p 1 ."
    )
    refused(
        run(folder, "--data", "d.ttl", "--shapes", "s.ttl"),
        4,
        "uses iotkg:Taks and there is no ontology",
        "--ontology",
    )
    ontology = Path(__file__).parent.parent / "ontology" / "iotkg.ttl"
    done = run(folder, "--data", "d.ttl", "--shapes", "s.ttl", "--ontology", ontology)
    assert done.returncode == 1
    assert "d.ttl:4:11: violation: iotkg:Taks is no term of the ontology" in done.stdout


def test_two_files_that_contradict_each_other_are_one_finding_at_the_later(folder):
    (folder / "e.ttl").write_text(HEAD + ":a :p 2 .")
    (folder / "s.ttl").write_text(HEAD + SHAPE + "sh:property [ sh:path :p ; sh:maxCount 1 ] .")
    done = run(folder, "--data", "d.ttl", "--data", "e.ttl", "--shapes", "s.ttl")
    assert done.returncode == 1
    assert "e.ttl:3:7: violation: takes at most 1 value(s)" in done.stdout
    assert "has 2: 1, 2" in done.stdout


def endless(folder):
    """Write data and a constraint that pairs everything with everything, many times over."""
    (folder / "d.ttl").write_text(HEAD + "".join(f":a{n} a :C ; :p {n} .\n" for n in range(300)))
    pairs = " ".join(f"?a{n} ?b{n} ?c{n} ." for n in range(9))
    query = f"SELECT $this WHERE {{ $this a ?t . {pairs} FILTER(?a0 = ?b1 && ?a2 = ?b3) }}"
    (folder / "s.ttl").write_text(f'{HEAD}{SHAPE}sh:sparql [ sh:select "{query}" ] .')


@pytest.mark.parametrize("engine", ["auto", "pyshacl"])
def test_a_constraint_that_never_ends_is_stopped(folder, engine):
    """Where the quick engine does not end, pySHACL is not asked as well."""
    endless(folder)
    asked = "shifty" if engine == "auto" else engine
    done = run(folder, "--data", "d.ttl", "--shapes", "s.ttl", "--timeout", "2", "--engine", engine)
    refused(
        done,
        4,
        f"{asked} was stopped after 2 s; a SPARQL constraint may never end: mend it, or allow more with --timeout",
    )


@pytest.mark.parametrize("engine", ["auto", "pyshacl"])
def test_a_constraint_that_eats_memory_is_stopped(folder, engine):
    """A text doubled thirty times over, where there are 2 GB."""
    import resource

    doubled = " ".join(f"BIND(CONCAT(?s{n}, ?s{n}) AS ?s{n + 1})" for n in range(32))
    query = (
        f"SELECT $this WHERE {{ $this a ?t . BIND('0123456789' AS ?s0) {doubled} FILTER(STRLEN(?s32) > 5) }}"
    )
    (folder / "s.ttl").write_text(f'{HEAD}{SHAPE}sh:sparql [ sh:select "{query}" ] .')
    done = run(
        folder,
        *("--data", "d.ttl", "--shapes", "s.ttl", "--engine", engine),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2_000_000_000, 2_000_000_000)),
    )
    refused(done, 4, "needs more memory than the 2.0 GB it may take")


@pytest.mark.slow
def test_200_000_triples_are_checked(folder):
    """Nothing gives way, and the one fault among them has its line."""
    lines = [f':a{n} a :C ; :p {n} ; :q "{n}" ; :r :a{n + 1} .' for n in range(50_000)]
    lines[40_000] = ":a40000 a :C ; :q 1 ; :r :a1 ."
    (folder / "d.ttl").write_text(HEAD + "\n".join(lines))
    done = run(folder, "--data", "d.ttl", "--shapes", "s.ttl")
    assert done.returncode == 1
    assert done.stdout.startswith("d.ttl:40003:1: violation: needs at least 1 value(s): <http://e/a40000>")


GIVEN = ("--data", "d.ttl", "--shapes", "s.ttl")


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("none/r.ttl", 3, "none/r.ttl: there is no folder none; make it first"),
        ("below", 3, "below: is a folder; name a file in it"),
        ("d.ttl", 2, "--output d.ttl: is one of the files read, and would be lost"),
        ("./s.ttl", 2, "--output s.ttl: is one of the files read, and would be lost"),
        ("first.txt", 2, "two reports to first.txt; give each its own file"),
    ],
)
def test_outputs_that_cannot_be_are_refused_before_any_is_written(folder, path, code, words):
    (folder / "below").mkdir()
    before = {file.name: file.read_bytes() for file in folder.glob("*.ttl")}
    refused(run(folder, *GIVEN, "--output", "text=first.txt", "--output", f"turtle={path}"), code, words)
    assert not (folder / "first.txt").exists()
    assert {file.name: file.read_bytes() for file in folder.glob("*.ttl")} == before


def test_a_folder_that_may_not_be_written_to_is_named(folder):
    """/proc takes no file of ours, whoever runs this."""
    done = run(folder, *GIVEN, "--output", "turtle=/proc/iotkg.ttl", "--output", "text=second.txt")
    assert done.returncode == 3
    assert "/proc/iotkg.ttl: " in done.stderr
    assert "written" in done.stderr


@pytest.fixture
def full():
    """Give a device that is always full."""
    if not Path("/dev/full").is_char_device():
        missing("/dev/full")
    return Path("/dev/full")


def test_a_full_disk_fails_the_run_and_leaves_the_other_reports(folder, full):
    done = run(folder, *GIVEN, "--output", f"turtle={full}", "--output", "text=second.txt")
    assert done.returncode == 3
    assert "/dev/full: cannot be written: No space left on device" in done.stderr
    assert (folder / "second.txt").read_text() == "0 violations, 0 warnings\n"
    assert full.is_char_device()


def test_a_full_disk_at_standard_output_fails_the_run(folder, full):
    with full.open("w") as stdout:
        done = run(folder, *GIVEN, stdout=stdout)
    refused(done, 3, "standard output: No space left on device")


def test_a_report_goes_through_a_pipe_by_name(folder):
    done = run(folder, *GIVEN, "--output", "turtle=/dev/stdout", "--output", "text=second.txt")
    assert done.returncode == 0
    assert "sh:conforms true" in done.stdout


def test_a_report_in_place_of_an_old_one_keeps_its_mode(folder):
    (folder / "r.ttl").write_text("old")
    (folder / "r.ttl").chmod(0o640)
    assert run(folder, *GIVEN, "--output", "turtle=r.ttl").returncode == 0
    assert "sh:conforms true" in (folder / "r.ttl").read_text()
    assert (folder / "r.ttl").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            (*GIVEN, "--output", "turtle=-", "--output", "text=-"),
            "two reports to standard output; give one of them a file",
        ),
        ((*GIVEN, "--output", "docx=r"), "'docx' is no format; there are text"),
        ((*GIVEN, "--format", "docx"), "'docx' is no format; there are text"),
        ((*GIVEN, "--output", "turtle"), "--output turtle: write FORMAT=PATH"),
        ((*GIVEN, "--output", "turtle="), "--output turtle=: write FORMAT=PATH"),
        ((*GIVEN, "--lang", "fr"), "--lang"),
        ((*GIVEN, "--engine", "jena"), "--engine"),
        ((*GIVEN, "--fail-on", "hint"), "--fail-on"),
        ((*GIVEN, "--timeout", "0"), "--timeout"),
        ((*GIVEN, "--timeout", "soon"), "--timeout"),
        ((*GIVEN, "--timeout", "nan"), "--timeout"),
        (
            (*GIVEN, "--base", "data/"),
            "--base data/: is no whole IRI, as in --base https://example.org/data/",
        ),
        ((*GIVEN, "--base", "http://e/ x"), "is no whole IRI"),
        ((*GIVEN, "--update-baseline"), "--update-baseline needs --baseline FILE"),
        ((*GIVEN, "ontology"), "PATHS are of the checkout"),
        (("--shapes", "s.ttl"), "--shapes and --ontology are for --data"),
        (("--ontology", "s.ttl"), "--shapes and --ontology are for --data"),
        ((*GIVEN, "--frobnicate"), "--frobnicate"),
    ],
)
def test_wrong_usage_names_the_option(folder, arguments, words):
    refused(run(folder, *arguments), 2, words)


def test_shapes_in_the_data_are_used_where_none_are_named(folder):
    (folder / "both.ttl").write_text(f"{HEAD}{NEEDED}\n:a a :C .")
    done = run(folder, "--data", "both.ttl")
    assert done.returncode == 1
    assert "both.ttl:4:1: violation" in done.stdout


def test_outside_of_a_checkout_without_data_there_is_nothing_to_check(folder):
    refused(run(folder), 3, "iotkg")


def test_what_the_shapes_import_and_nobody_gives_is_named(folder):
    """A verdict without half of the shapes must not look whole."""
    owl = "@prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
    (folder / "s.ttl").write_text(f"{owl}{HEAD}{NEEDED}\n:here a owl:Ontology ; owl:imports :more, :there .")
    (folder / "more.ttl").write_text(f"{owl}{HEAD}:more a owl:Ontology .")
    done = run(folder, *GIVEN, "--shapes", "more.ttl")
    assert done.returncode == 0
    assert "the shapes import <http://e/there>, which was left out" in done.stderr
    assert "/more>" not in done.stderr


def test_an_entailment_that_the_shapes_ask_for_is_refused(folder):
    """SHACL 1.0, 3.2: what a processor does not support it must not pass over."""
    rdfs = "<http://www.w3.org/ns/entailment/RDFS>"
    (folder / "s.ttl").write_text(f"{HEAD}{NEEDED}\n:here sh:entailment {rdfs} .")
    refused(run(folder, *GIVEN), 4, f"sh:entailment {rdfs}", "nothing is inferred here")
