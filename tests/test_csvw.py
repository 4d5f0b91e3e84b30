"""The tables of the release say what the graph says, and their description fits them."""

import csv
import io
import json
from datetime import date

import pytest
from pyoxigraph import NamedNode

from iotkg import build
from iotkg.csvw import FOLDER, METADATA, SEPARATOR, to_tables
from iotkg.vocab import ID, IOTKG, RDF, SKOS

READ = {
    "anyURI": NamedNode,
    "integer": int,
    "date": date.fromisoformat,
    "boolean": lambda text: {"true": True, "false": False}[text],
    "string": str,
}


@pytest.fixture(scope="module")
def triples(graphs):
    return build.merged(graphs)


@pytest.fixture(scope="module")
def tables(triples):
    return to_tables(triples)


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_every_thing_has_one_row_in_the_table_of_its_kind(triples, tables):
    things = {t.subject.value for t in triples if t.subject.value.startswith(ID)}
    found = [(name, row["iri"]) for name, text in tables.items() if name != METADATA for row in rows(text)]

    assert sorted(iri for _, iri in found) == sorted(things)
    assert all(name == f"{FOLDER}{iri.removeprefix(ID).partition('/')[0]}.csv" for name, iri in found)


def test_cells_hold_what_is_said(triples, tables):
    labels = {
        t.subject.value: t.object.value
        for t in triples
        if t.predicate == SKOS.prefLabel and t.object.language == "zh"
    }
    owners = {}
    for t in triples:
        if t.predicate.value.endswith("#effectiveOwner"):
            owners.setdefault(t.subject.value, set()).add(t.object.value)
    tasks = rows(tables[f"{FOLDER}task.csv"])
    assert len(tasks) == 110
    for row in tasks:
        assert row["prefLabel_zh"] == labels[row["iri"]]
        assert set(row["effectiveOwner"].split(SEPARATOR)) == owners[row["iri"]]
    assert {t.subject.value for t in triples if (t.predicate, t.object) == (RDF.type, IOTKG.Task)} == {
        row["iri"] for row in tasks
    }


def test_the_description_names_each_column_and_every_cell_has_its_datatype(tables):
    described = {
        table["url"]: table["tableSchema"]["columns"] for table in json.loads(tables[METADATA])["tables"]
    }
    assert {f"{FOLDER}{url}" for url in described} == set(tables) - {METADATA}
    for url, columns in described.items():
        table = rows(tables[f"{FOLDER}{url}"])
        assert list(table[0]) == [column["name"] for column in columns]
        for column in columns:
            several = column.get("separator")
            cells = [row[column["name"]] for row in table if row[column["name"]]]
            assert cells, (url, column)
            assert any(SEPARATOR in cell for cell in cells) == bool(several), (url, column)
            for cell in cells:
                for value in cell.split(several) if several else [cell]:
                    READ[column["datatype"]](value)


def test_no_value_holds_the_separator(tables):
    assert not any("\u00a6" in text for text in tables.values())
