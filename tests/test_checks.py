"""Every check accepts the good graph, and finds what it is there for and nothing else."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

import cases
from iotkg import queryfile, validation
from iotkg.errors import ShapesError
from iotkg.findings import Severity
from iotkg.vocab import PREFIXES, QUERY

FILES = sorted((cases.ROOT / "queries" / "checks").glob("*.rq"))
CASES = sorted((cases.FOLDER / "checks").glob("*/*.ttl"))
PHASES = ("written", "complete")
ONTOLOGY = cases.parsed(cases.ROOT / "ontology" / "iotkg.ttl")
HEADER = """#+ summary: Which things are there?
#+ kind: check
#+ phase: written
#+ severity: warning
#+ message: There is {value} at {focus}
#+ message-zh: {focus}处有{value}

"""


def query(text, name="x"):
    return queryfile.parse_query(text, name=name, path=f"{name}.rq")


CHECKS = [query(path.read_text(encoding="utf-8"), path.stem) for path in FILES]


def stored(triples):
    store = ox.Store()
    store.bulk_extend(ox.Quad(t.subject, t.predicate, t.object, ox.DefaultGraph()) for t in triples)
    return store


@pytest.mark.parametrize("phase", PHASES)
def test_the_good_graph_passes_every_check(phase):
    """Nothing is found in the good graph."""
    assert validation.run_checks(stored(cases.good(phase) | ONTOLOGY), CHECKS, phase=phase) == []


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_case_gives_the_findings_its_header_states(path):
    """The checks named in the header find the things named there, and no others do."""
    case = cases.read(path)

    findings = validation.run_checks(stored(case.triples | ONTOLOGY), CHECKS, phase=case.phase)

    assert {(finding.shape, finding.focus) for finding in findings} == case.expected
    assert all("{" not in text for finding in findings for text in finding.messages.values())


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_every_check_has_a_failing_case_in_each_of_its_phases(check):
    """A folder is named for the check, and cases in it expect it."""
    read = [cases.read(path) for path in (cases.FOLDER / "checks" / check.name).glob("*.ttl")]
    failing = {case.phase for case in read if QUERY + check.name in {shape for shape, _ in case.expected}}

    stated = check.header["phase"]

    assert failing == (set(PHASES) if stated == "both" else {stated})


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_checks_keep_the_layout_of_query_files(check):
    """The id is the name, the question ends in a mark, every prefix is ours and used, the order is stated."""
    lines = check.text.splitlines()
    prefixes = [line.split() for line in lines if line.startswith("PREFIX ")]

    assert check.header["id"] == check.name
    assert check.header["summary"].endswith("?")
    for _, name, namespace in prefixes:
        assert namespace == f"<{PREFIXES[name.removesuffix(':')]}>"
        assert sum(name in line for line in lines) > 1
    assert [name for _, name, _ in prefixes] == sorted(
        (name for _, name, _ in prefixes), key=lambda name: list(PREFIXES).index(name.removesuffix(":"))
    )
    assert lines[-1].startswith("ORDER BY ?focus")
    assert all(len(line) <= 120 for line in lines)


def test_every_case_folder_is_named_for_a_check():
    """No case speaks of a check that is gone."""
    assert {path.parent.name for path in CASES} == {check.name for check in CHECKS}


def test_a_row_becomes_a_finding_in_both_languages():
    """Messages show the row's terms; severity and shape come from the file."""
    text = HEADER + 'SELECT ?focus ?value WHERE { VALUES (?focus ?value) { (<http://x/a> "1"@en) } }'

    (finding,) = validation.run_checks(ox.Store(), [query(text, "some-check")], phase="written")

    assert finding.shape == "https://w3id.org/iotkg/query/some-check"
    assert finding.severity is Severity.WARNING
    assert (finding.focus, finding.value) == ("http://x/a", '"1"@en')
    assert finding.messages == {"en": "There is 1 at <http://x/a>", "zh": "<http://x/a>处有1"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HEADER + "SELECT ?focus WHERE {", r"queries/checks/x\.rq: "),
        (HEADER + "SELECT ?focus WHERE { ?focus nope:nope 1 }", r"queries/checks/x\.rq: "),
        (
            HEADER + "SELECT ?value WHERE { ?value ?p ?o }",
            r"queries/checks/x\.rq: a check is a SELECT of \?focus",
        ),
        (HEADER + "ASK { ?focus ?p ?o }", r"queries/checks/x\.rq: a check is a SELECT of \?focus"),
        (HEADER + "SELECT ?focus WHERE { OPTIONAL { ?focus ?p 1 } }", r"queries/checks/x\.rq: .* unbound"),
        (
            HEADER.replace("written", "later") + "SELECT ?focus WHERE { }",
            r"queries/checks/x\.rq: '#\+ phase:'",
        ),
        (HEADER.replace("warning", "grave") + "SELECT ?focus WHERE { }", r"queries/checks/x\.rq: .*grave"),
    ],
)
def test_a_broken_check_is_refused_by_name(text, reason):
    """A failed query never becomes an empty table."""
    with pytest.raises(ShapesError, match=reason):
        validation.run_checks(ox.Store(), [query(text)], phase="written")


def test_no_check_at_all_is_an_error():
    """Nothing was checked, so nothing is known to be good."""
    with pytest.raises(ShapesError, match="no check has the phase complete"):
        validation.run_checks(ox.Store(), [query(HEADER + "SELECT ?focus WHERE { }")], phase="complete")
