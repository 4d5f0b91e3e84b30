"""Findings point at the value that is one too many, and at what a derived thing rests on."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from iotkg import build
from iotkg.checking import Job, check
from iotkg.identifiers import expand
from iotkg.rdffile import read_all
from iotkg.turtle import parse_turtle
from iotkg.vocab import PREFIXES

HEAD = "@prefix e: <http://e/> .\n@prefix sh: <http://www.w3.org/ns/shacl#> .\n"


def places(tmp_path, shapes, data):
    """Give line and column of what is found."""
    files = []
    for name, text in (("d.ttl", data), ("s.ttl", shapes)):
        path = tmp_path / name
        path.write_text(HEAD + text, encoding="utf-8")
        files += read_all([path])
    outcome = check(Job(data=files[:1], shapes=files[1:]))
    return [(one.line, one.column) for one in outcome.findings]


@pytest.mark.parametrize(
    ("kind", "values", "line"),
    [
        ('sh:languageIn ( "zh" )', ('"a"@zh', '"b"@zh', '"c"@en'), 5),
        ("sh:class e:C", ("e:c", "e:d", "e:x"), 5),
        ("sh:property [ sh:path e:q ; sh:hasValue 1 ]", ("e:c", "e:d", "e:x"), 5),
    ],
)
def test_of_too_many_values_of_one_kind_the_last_of_that_kind_is_meant(tmp_path, kind, values, line):
    """A value of another kind behind it is not the one too many."""
    shapes = (
        "e:S a sh:NodeShape ; sh:targetNode e:a ; sh:property e:P .\n"
        f"e:P a sh:PropertyShape ; sh:path e:p ; sh:qualifiedMaxCount 1 ; sh:qualifiedValueShape [ {kind} ] .\n"
    )
    stated = "".join(f"  e:p {value} ;\n" for value in values)
    data = f"e:a\n{stated}.\ne:c a e:C ; e:q 1 .\ne:d a e:C ; e:q 1 .\ne:x e:q 2 .\n"

    assert places(tmp_path, shapes, data) == [(line, 7)]


def test_what_is_derived_leads_to_what_it_rests_on():
    """An anchor is its statement's, even where an inherited copy rests on it too; a copy is its origin's."""
    text = (
        "responsibility:b iotkg:hasEvidence anchor:x . responsibility:a_from_b iotkg:hasEvidence anchor:x ; "
        "iotkg:inheritedFrom responsibility:b . anchor:y iotkg:standsIn task:t . task:u iotkg:textAnchor anchor:z ."
    )
    head = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
    triples = [item for item in parse_turtle(head + text, name="x") if isinstance(item, ox.Triple)]

    origins = build._origins(triples)

    assert origins == {
        expand(derived): expand(source)
        for derived, source in (
            ("anchor:x", "responsibility:b"),
            ("anchor:y", "task:t"),
            ("anchor:z", "task:u"),
            ("responsibility:a_from_b", "responsibility:b"),
        )
    }
