"""docs/shapes.md lists every rule of the project, with its words, place, phase and severity, and no other."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

import cases
from iotkg.problems import CHECKS
from iotkg.queryfile import parse_query
from iotkg.vocab import RDF, term

PAGE = cases.ROOT / "docs" / "shapes.md"
MARK = "<!-- rules -->\n"
HEAD = "| rule | where | phase | severity |\n|---|---|---|---|\n"
MODULES = {
    "tree": "document.py",
    "quotes": "evidence.py",
    "links": "labels.py",
    "accounts": "accounting.py",
}


def listed():
    """Write the tables of all rules."""
    shapes = "".join(sorted(shape_rows(), key=lambda row: row.split("`")[1]))
    checks = "".join(check_rows())
    texts = "".join(
        f"| {check.names['en']} | `check:{name}` ([{MODULES[check.stage]}](../src/iotkg/{MODULES[check.stage]})) "
        f"| {check.stage} | violation |\n"
        for name, check in CHECKS.items()
    )
    return (
        f"\n## Shapes\n\n{HEAD}{shapes}\n## Checks\n\n{HEAD}{checks}\n## Checks of the text\n\n{HEAD}{texts}"
    )


def shape_rows():
    """Yield a row for each property shape that a shape with a target uses."""
    files = sorted((cases.ROOT / "shapes").glob("*.ttl"))
    parsed = {path: cases.parsed(path) for path in files}
    triples = frozenset().union(*parsed.values())
    home = {
        triple.subject: path.name
        for path, held in parsed.items()
        for triple in held
        if triple.predicate == RDF.type
    }

    def values(subject, name):
        return [t.object for t in triples if t.subject == subject and t.predicate == term(name)]

    phases = {}
    for triple in triples:
        if triple.predicate == term("iotsh:phase"):
            for used in values(triple.subject, "sh:property"):
                phases.setdefault(used, set()).add(local(triple.object))
    for shape, when in phases.items():
        (severity,) = values(shape, "sh:severity")
        message = next(text.value for text in values(shape, "sh:message") if text.language == "en")
        file = home[shape]
        phase = ", ".join(sorted(when, reverse=True))
        yield (
            f"| {message} | `iotsh:{local(shape)}` ([{file}](../shapes/{file})) | {phase} "
            f"| {local(severity).lower()} |\n"
        )


def check_rows():
    for path in sorted((cases.ROOT / "queries" / "checks").glob("*.rq")):
        header = parse_query(path.read_text(encoding="utf-8"), name=path.stem, path=path.name).header
        yield (
            f"| {header['summary']} | `query:{path.stem}` ([{path.name}](../queries/checks/{path.name})) "
            f"| {header['phase'].replace('both', 'written, complete')} | {header['severity']} |\n"
        )


def local(node: ox.NamedNode):
    return node.value.rpartition("#")[2]


def test_the_page_lists_every_rule_and_no_other(request):
    text = PAGE.read_text(encoding="utf-8")
    before, mark, _ = text.partition(MARK)
    assert mark
    if request.config.getoption("--update-golden"):
        PAGE.write_text(before + mark + listed(), encoding="utf-8")

    assert PAGE.read_text(encoding="utf-8") == before + mark + listed()


@pytest.mark.parametrize("stage", MODULES)
def test_the_modules_named_raise_what_they_are_named_for(stage):
    """A check of the text stands in the module that the page links, or is handed to it."""
    text = (cases.ROOT / "src" / "iotkg" / MODULES[stage]).read_text(encoding="utf-8")
    error = {"tree": "TreeMismatch", "quotes": "QuoteError", "links": "LinkError", "accounts": "AccountError"}

    assert f"raise {error[stage]}(" in text
