"""pySHACL is the reference: on the W3C SHACL test suite we give its verdict, result by result, read from files."""

import os
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from pyoxigraph import RdfFormat, serialize
from rdflib import Namespace

import reference
from conftest import missing
from iotkg import checking
from iotkg.errors import ShapesError
from iotkg.rdffile import read_all

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
SHT = Namespace("http://www.w3.org/ns/shacl-test#")
SUITE = os.environ.get("IOTKG_SHACL_SUITE")
OPEN = "shapesGraph-001"
"""Uses $shapesGraph, which engines may leave out: pySHACL refuses it. What is right the suite says."""


def local(iri):
    """Give the file that a file IRI names."""
    return Path(unquote(urlsplit(str(iri)).path))


def entries(folder):
    """Give each test that the manifests of a folder list, by part and name: its graph and node."""
    found = {}
    waiting = [Path(folder).resolve() / "manifest.ttl"]
    while waiting:
        path = waiting.pop()
        graph = reference.graph(path, base=path.as_uri())
        waiting += map(local, graph.objects(None, MF.include))
        for listed in graph.objects(None, MF.entries):
            for entry in graph.items(listed):
                place = local(entry).relative_to(Path(folder).resolve())
                found[place.as_posix()] = (graph, entry)
    return found


TESTS = entries(SUITE) if SUITE else {}


@pytest.fixture
def files(request):
    """Give a test's data and shapes, and what the suite says of it."""
    graph, entry = TESTS[request.param]
    action = graph.value(entry, MF.action)
    data, shapes = graph.value(action, SHT.dataGraph), graph.value(action, SHT.shapesGraph)
    return data, shapes, graph, graph.value(entry, MF.result)


def ours(engine, data, shapes):
    """Check two files as the command does, and count the results of the report that it writes."""
    read = read_all([local(data), local(shapes)], base=str(data))
    outcome = checking.check(checking.Job(data=read[:1], shapes=read[1:], engine=engine))
    written = [reference.triples(serialize(file.triples, format=RdfFormat.N_TRIPLES)) for file in read]
    return reference.results(reference.triples(outcome.report()), *written)


def theirs(data, shapes):
    """Ask pySHACL itself; None when it fails."""
    graphs = (
        reference.graph(local(data), base=str(data)),
        reference.shapes(local(shapes), base=str(data)),
    )
    try:
        return reference.verdict(*graphs)
    except Exception:  # noqa: BLE001 - pySHACL raises what its parts raise
        return None


def test_the_suite_is_there():
    if not SUITE:
        missing("the W3C SHACL suite (IOTKG_SHACL_SUITE)")
    assert Counter(name.partition("/")[0] for name in TESTS) == {"core": 98, "sparql": 23}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pyshacl.errors.ConstraintLoadWarning")
@pytest.mark.parametrize("engine", ["auto", "pyshacl"])
@pytest.mark.parametrize("files", TESTS, indirect=True)
def test_the_verdict_is_the_references(files, engine):
    """Focus, path, value, component, severity, shape and constraint of every result; or both refuse."""
    data, shapes, graph, result = files
    expected = theirs(data, shapes)
    if engine == "auto" and str(data).endswith(f"{OPEN}.ttl"):
        assert expected is None
        expected = reference.results(graph, graph)
    if expected is None:
        assert result == SHT.Failure or str(data).endswith(f"{OPEN}.ttl")
        with pytest.raises(ShapesError):
            ours(engine, data, shapes)
    else:
        assert result != SHT.Failure
        assert ours(engine, data, shapes) == expected
