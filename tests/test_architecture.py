"""Who may import whom, and that every test file is collected."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = (
    ("problems", "vocab"),
    ("errors",),
    ("identifiers", "matching", "marking", "highlights"),
    ("spelling",),
    ("model", "tokens", "validated", "words", "comparing", "guard", "shapegraph", "engines", "topics"),
    ("store",),
    ("terms", "positions"),
    ("links", "outline", "provenance", "rdffile"),
    ("heads", "statements", "clauses", "searchable"),
    ("turtle", "csvw", "queryfile", "findings", "source_text"),
    ("layout", "transport", "advice", "locating", "outcome"),
    ("loading", "endpoint", "probing", "published", "cache", "reports", "rules", "tables"),
    ("publish", "document", "anchors", "baseline", "changes", "deriving"),
    ("exceptions",),
    ("labels", "accounting"),
    (
        *("evidence", "inference", "validation", "answering", "citing", "spreadsheet"),
        *("catalogue", "checking", "sides", "diff"),
    ),
    ("build", "overview", "coverage", "describing", "search", "explain", "glossary"),
    ("release", "examining", "console", "indexing", "telling", "reading"),
    ("inspecting",),
    ("cli_validate",),
    ("cli",),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
HEAVY = {
    "rdflib": {"engines", "shapegraph"},
    "pyshacl": {"engines"},
    "owlrl": set(),
    "shifty": {"engines"},
    "SPARQLWrapper": {"endpoint"},
}


def imports(path):
    """Give (module, whether at the top level) for each import of a file."""
    tree = ast.parse(path.read_text())
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "iotkg" else [module]
            yield from ((name, id(node) in top) for name in names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in top) for alias in node.names)


MODULES = sorted(
    path
    for path in (ROOT / "src" / "iotkg").rglob("*.py")
    if path.parent.name != "iotkg" or path.stem[0] != "_"
)


def module(path):
    """Name the module that a file is or, in a package, belongs to."""
    return path.stem if path.parent.name == "iotkg" else path.parent.name


@pytest.mark.parametrize("path", MODULES, ids=lambda p: f"{module(p)}/{p.stem}")
def test_imports_point_down(path):
    """A module imports only from layers below its own, or its own package; every module has a layer."""
    mine = module(path)
    for name, _ in imports(path):
        if name.startswith("iotkg.") and name.split(".")[1] != mine:
            assert LEVEL[name.split(".")[1]] < LEVEL[mine], f"{path.stem} imports {name}"
        assert not name.startswith("iotkg_api") or mine == "cli"


@pytest.mark.parametrize("path", sorted((ROOT / "src").rglob("*.py")), ids=lambda p: p.stem)
def test_heavy_libraries_stay_where_they_are_used(path):
    """rdflib, pySHACL and owlrl cost up to half a second: `iotkg serve` starts without them."""
    for name, top in imports(path):
        package = name.split(".")[0]
        if package in HEAVY:
            assert path.stem in HEAVY[package]
            assert not top or in_type_checking(path, name)


def in_type_checking(path, name):
    return f"if TYPE_CHECKING:\n    from {name}" in path.read_text()


def test_every_test_file_is_collected():
    allowed = {"browsing.py", "conftest.py", "reference.py", "serving.py", "stores.py", "strategies.py"}
    for path in (ROOT / "tests").glob("*.py"):
        assert path.name.startswith("test_") or path.name in allowed


def test_the_version_is_written_once_and_agrees_with_the_ontology_and_the_changelog():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f'owl:versionInfo "{version}"' in (ROOT / "ontology" / "iotkg.ttl").read_text()
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()


def test_nothing_committed_names_a_registry_or_a_machine():
    """Lock files hold names, versions and hashes, and no address."""
    for path in ("requirements.lock", "bench/datasette.lock"):
        lock = (ROOT / path).read_text()
        assert "--hash=sha256:" in lock
        assert "://" not in lock
