"""Tables as a spreadsheet and as a data frame: nothing is retyped on the way."""

import builtins
import datetime as dt
import io
import zipfile
from hashlib import sha256
from xml.etree import ElementTree as ET

import pytest
from pyoxigraph import Literal, NamedNode

from iotkg.errors import InputError
from iotkg.spreadsheet import to_xlsx
from iotkg.store import Table
from iotkg.tables import digest
from iotkg.vocab import term

IRI = "https://w3id.org/iotkg/id/task/iot-2013_standards_2"
COLUMNS = ("thing", "words", "number", "truth", "day", "none")
ROW = (
    NamedNode(IRI),
    Literal("=1+1 物联网\n𠮷", language="zh"),
    Literal(42),
    Literal(True),
    Literal("2015-12-31", datatype=term("xsd:date")),
    None,
)
TABLE = Table(COLUMNS, (ROW, (*[None] * 6,)))
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(scope="module")
def book():
    written = to_xlsx(TABLE, [f"{name}\n列" for name in COLUMNS], sheet="x", about=[("Release", "abc")])
    return zipfile.ZipFile(io.BytesIO(written))


def cells(book, sheet):
    strings = [
        "".join(node.itertext())
        for node in ET.fromstring(book.read("xl/sharedStrings.xml")).iter(f"{MAIN}si")
    ]
    for cell in ET.fromstring(book.read(f"xl/worksheets/sheet{sheet}.xml")).iter(f"{MAIN}c"):
        value = cell.findtext(f"{MAIN}v")
        kind = cell.get("t", "n")
        yield cell.get("r"), kind, strings[int(value)] if kind == "s" else value


def test_a_workbook_types_its_cells(book):
    """Text that looks like a formula stays text; a number, a truth value and a day are what they are."""
    found = {place: (kind, value) for place, kind, value in cells(book, 1)}
    assert found["A1"] == ("s", "thing\n列")
    assert found["A2"] == ("s", "task:iot-2013_standards_2")
    assert found["B2"] == ("s", "=1+1 物联网\n𠮷")
    assert found["C2"] == ("n", "42")
    assert found["D2"] == ("b", "1")
    day = dt.date(1899, 12, 30) + dt.timedelta(days=int(float(found["E2"][1])))
    assert day == dt.date(2015, 12, 31)
    assert not any(place.startswith("F2") or place.endswith("3") for place in found)
    assert IRI in book.read("xl/worksheets/_rels/sheet1.xml.rels").decode()


def test_a_workbook_says_what_it_is(book):
    assert [value for _, _, value in cells(book, 2)] == ["Release", "abc"]


def test_equal_tables_give_equal_bytes():
    one, other = (to_xlsx(TABLE, COLUMNS, sheet="x") for _ in range(2))
    assert one == other


def test_a_data_frame_keeps_types_and_gaps():
    frame = TABLE.to_pandas()
    assert list(frame.columns) == list(COLUMNS)
    assert {name: str(kind).partition("[")[0] for name, kind in frame.dtypes.items()} == {
        "thing": "string",
        "words": "string",
        "number": "Int64",
        "truth": "boolean",
        "day": "datetime64",
        "none": "object",
    }
    assert frame["day"][0].date() == dt.date(2015, 12, 31)
    assert frame["number"].isna().tolist() == [False, True]
    assert list(Table(("a",), ()).to_pandas().columns) == ["a"]


def test_without_pandas_the_mend_is_named(monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **options):
        if name == "pandas":
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match="pip install pandas"):
        TABLE.to_pandas()


def test_the_hash_of_an_answer_is_that_of_its_tsv():
    assert digest(Table(("a",), ((Literal(1),),))) == sha256(b"?a\n1\n").hexdigest()
