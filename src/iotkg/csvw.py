"""The release as tables: one CSV file for each class segment of our IRIs, with its description (CSV on the Web).

A row for each thing, a column for each of our properties and SKOS's; a text has one column for each language, and
what has several values has them in one cell, with ``|`` between. Super-properties of other vocabularies are left out.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any, Final

from pyoxigraph import Literal, NamedNode, Triple

from iotkg.identifiers import shorten
from iotkg.vocab import ID, PREFIXES, RDF, XSD, term

FOLDER: Final = "tables/"
METADATA: Final = f"{FOLDER}csv-metadata.json"
SEPARATOR: Final = "|"
_SHOWN: Final = (PREFIXES["iotkg"], PREFIXES["skos"])
_DATATYPES: Final = {
    XSD.integer.value: "integer",
    term("xsd:date").value: "date",
    term("xsd:boolean").value: "boolean",
}


def to_tables(triples: Iterable[Triple]) -> dict[str, str]:
    """Write the tables and their description, by file name.

    A ``|`` inside of a value, which none has today, is written as ``¦``.
    """
    things: dict[str, dict[str, dict[str, set[str]]]] = {}
    about: dict[tuple[str, str], tuple[str, str | None, str]] = {}
    named: dict[NamedNode, str] = {}
    for subject, predicate, value in triples:
        name = named.get(predicate)
        if name is None:
            name = named[predicate] = _name(predicate)
        if not name or not isinstance(subject, NamedNode) or not isinstance(value, NamedNode | Literal):
            continue
        iri, cell = subject.value, value.value
        if not iri.startswith(ID) or (name == "type" and not cell.startswith(_SHOWN[0])):
            continue
        kind = iri[len(ID) :].partition("/")[0]
        language = value.language if isinstance(value, Literal) else None
        column = f"{name}_{language}" if language else name
        things.setdefault(kind, {}).setdefault(iri, {}).setdefault(column, set()).add(
            cell.replace(SEPARATOR, "¦")
        )
        if (kind, column) not in about:
            about[kind, column] = (predicate.value, language, _datatype(value))
    files, described = {}, []
    for kind, rows in sorted(things.items()):
        columns = sorted({column for row in rows.values() for column in row}, key=_order)
        files[f"{FOLDER}{kind}.csv"] = _csv(rows, columns)
        several = {column for row in rows.values() for column, cells in row.items() if len(cells) > 1}
        described.append(
            _described(kind, [(column, *about[kind, column], column in several) for column in columns])
        )
    metadata = {"@context": "http://www.w3.org/ns/csvw", "tables": described}
    return {**files, METADATA: json.dumps(metadata, ensure_ascii=False, indent=1) + "\n"}


def _name(predicate: NamedNode) -> str:
    """Name the column of a property, without its language; empty when the property is left out."""
    if predicate == RDF.type:
        return "type"
    return shorten(predicate.value).partition(":")[2] if predicate.value.startswith(_SHOWN) else ""


def _datatype(value: NamedNode | Literal) -> str:
    return _DATATYPES.get(value.datatype.value, "string") if isinstance(value, Literal) else "anyURI"


def _order(column: str) -> tuple[bool, bool, str]:
    return column != "type", not column.startswith("prefLabel"), column


def _csv(rows: dict[str, dict[str, set[str]]], columns: list[str]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["iri", *columns])
    for iri, row in sorted(rows.items()):
        writer.writerow([iri, *(SEPARATOR.join(sorted(row.get(column, ()))) for column in columns)])
    return out.getvalue()


def _described(kind: str, columns: Iterable[tuple[str, str, str | None, str, bool]]) -> dict[str, Any]:
    described: list[dict[str, Any]] = [
        {"name": "iri", "titles": "iri", "datatype": "anyURI", "propertyUrl": "@id"}
    ]
    for name, url, language, datatype, several in columns:
        column: dict[str, Any] = {"name": name, "titles": name, "propertyUrl": url, "datatype": datatype}
        if language:
            column["lang"] = language
        if several:
            column["separator"] = SEPARATOR
        described.append(column)
    schema = {"aboutUrl": "{+iri}", "primaryKey": "iri", "columns": described}
    return {"url": f"{kind}.csv", "tableSchema": schema}
