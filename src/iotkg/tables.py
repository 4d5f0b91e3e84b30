"""Tables written: as SPARQL results in each of their formats, as plain JSON, and for the eye.

pyoxigraph knows how results are written; it is handed ours as SPARQL JSON, the one format that is plain to make.
"""

from __future__ import annotations

import json
from hashlib import sha256

from pyoxigraph import BlankNode, Literal, NamedNode, QueryResultsFormat, parse_query_results

from iotkg.identifiers import shorten
from iotkg.store import Cell, Table, value_of
from iotkg.vocab import term

_LANGUAGE = term("rdf:langString")
_STRING = term("xsd:string")


def plain(cell: Cell) -> str:
    """Write a value as a spreadsheet wants it: an IRI as it is, a literal without its language or type."""
    if cell is None:
        return ""
    return str(cell) if isinstance(cell, BlankNode) else cell.value


def short(cell: Cell) -> str:
    """Write a value for the eye: an IRI as a prefixed name."""
    return shorten(cell.value) if isinstance(cell, NamedNode) else plain(cell)


def to_results(table: Table, kind: QueryResultsFormat) -> bytes:
    """Write SPARQL 1.1 results: JSON, XML, CSV (RFC 4180, no marks) or TSV (every value as a term)."""
    rows = [
        {name: _bound(cell) for name, cell in zip(table.columns, row, strict=True) if cell is not None}
        for row in table.rows
    ]
    written = json.dumps(
        {"head": {"vars": table.columns}, "results": {"bindings": rows}}, ensure_ascii=False
    ).encode()
    if kind == QueryResultsFormat.JSON:
        return written
    return parse_query_results(written, format=QueryResultsFormat.JSON).serialize(format=kind) or b""


def to_csv(table: Table) -> str:
    """Write SPARQL 1.1 CSV: RFC 4180, IRIs and literals without marks."""
    return to_results(table, QueryResultsFormat.CSV).decode()


def to_tsv(table: Table) -> str:
    """Write SPARQL 1.1 TSV: every value as a term, numbers and truth values plain."""
    return to_results(table, QueryResultsFormat.TSV).decode()


def to_json(table: Table) -> str:
    """Write a plain list of objects; numbers and truth values as JSON's, unbound as null."""
    rows = [dict(zip(table.columns, map(value_of, row), strict=True)) for row in table.rows]
    return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"


def digest(table: Table) -> str:
    """Name an answer by what it says: the SHA-256 of its TSV, in hexadecimal digits."""
    return sha256(to_results(table, QueryResultsFormat.TSV)).hexdigest()


def _bound(cell: NamedNode | BlankNode | Literal) -> dict[str, str]:
    if isinstance(cell, NamedNode):
        return {"type": "uri", "value": cell.value}
    if isinstance(cell, BlankNode):
        return {"type": "bnode", "value": cell.value}
    marks: dict[str, str] = {"xml:lang": cell.language} if cell.language else {}
    if cell.datatype not in {_LANGUAGE, _STRING}:
        marks["datatype"] = cell.datatype.value
    return {"type": "literal", "value": cell.value, **marks}
