"""What many tests share: the real project, built and served once, a browser, and golden files."""

import os
import shutil
from pathlib import Path

import pytest
from pyoxigraph import DefaultGraph, Quad, Store

from iotkg import build, evidence, release
from iotkg.layout import Layout
from iotkg.loading import Curated, load_queries
from serving import serve

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser):
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite the golden files; review the diff as code"
    )


@pytest.fixture(scope="session")
def layout():
    """Give the checkout the tests stand in."""
    return Layout.find(Path(__file__).resolve())


@pytest.fixture(scope="session")
def inputs(layout):
    """Everything the curators wrote."""
    return build.read(layout)


@pytest.fixture(scope="session")
def assembled(inputs):
    """Build the real graphs in this session; give them, and how each inferred triple came about."""
    derived = {}
    return build.assemble(inputs, None, derived), derived


@pytest.fixture(scope="session")
def graphs(assembled):
    """Give the real graphs, built in this session."""
    return assembled[0]


@pytest.fixture(scope="session")
def dist(layout, inputs, assembled, tmp_path_factory):
    """Give the real release, as `iotkg build` writes it."""
    graphs, derived = assembled
    folder = tmp_path_factory.mktemp("a secret folder") / "dist"  # whose name no answer may tell
    canned = {name: query.text for name, query in load_queries(layout, layout.answers).items()}
    release.write(graphs, canned, folder, release.reasons(inputs, derived))
    return folder


@pytest.fixture(scope="session")
def served(dist, tmp_path_factory):
    """Serve the real release as `iotkg serve` does without settings."""
    log = tmp_path_factory.mktemp("served") / "log"
    with serve(dist, log) as server:
        yield server
    assert "Traceback" not in log.read_text()


@pytest.fixture(scope="session")
def chromium():
    """Give the program; Playwright brings none of its own here."""
    return shutil.which("chromium") or missing("chromium")


@pytest.fixture(scope="module")
def browser(chromium):
    """Run a browser for the tests of a file; longer, and its event loop would be in the way of other files' own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def store(graphs):
    """Give the real data as the service holds it: named graphs, and their union as the default graph."""
    store = Store()
    for name, triples in graphs.items():
        store.bulk_extend(Quad(t.subject, t.predicate, t.object, name) for t in triples)
    store.bulk_extend(Quad(t.subject, t.predicate, t.object, DefaultGraph()) for t in build.merged(graphs))
    return store


@pytest.fixture(scope="session")
def resolve(inputs):
    """Resolve the real document with triples taken away and others added."""
    curated = inputs.documents["iot-2013"]

    def run(take=(), add=()):
        kept = [t for t in curated.triples if (t.subject, t.predicate) not in set(take)]
        changed = Curated((*kept, *add), curated.places)
        return evidence.resolve("iot-2013", inputs.texts["iot-2013"], changed, inputs.registry)

    return run


@pytest.fixture
def golden(request):
    """Compare text with a golden file; ``pytest --update-golden`` rewrites it."""

    def compare(name, text):
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"{path} is missing; run pytest --update-golden and review it"
        assert text == path.read_text(encoding="utf-8")

    return compare


def missing(what):
    """Skip for want of a program, or fail where nothing may be skipped (IOTKG_REQUIRE_ALL)."""
    if os.environ.get("IOTKG_REQUIRE_ALL"):
        pytest.fail(f"{what} is not installed, and IOTKG_REQUIRE_ALL is set")
    pytest.skip(f"{what} is not installed")
