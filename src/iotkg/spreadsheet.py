"""A table as an Excel workbook: numbers, truth values and days typed, IRIs as links, and a sheet that says what it is.

The same table gives the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Final

import xlsxwriter
from pyoxigraph import NamedNode
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from iotkg.store import Cell, Table, is_date, value_of
from iotkg.tables import short

_EPOCH: Final = datetime(1980, 1, 1, tzinfo=UTC)
"""The time that ZIP archives have for none: a clock's would change the bytes of equal tables."""
_LONGEST_NUMBER: Final = 15
"""Digits that Excel keeps of a number."""
_WIDTHS: Final = (8, 48)
"""Columns are at least and at most this wide, in characters."""


def to_xlsx(
    table: Table, headings: Sequence[str], *, sheet: str, about: Iterable[tuple[str, str]] = ()
) -> bytes:
    """Write a workbook: the table under its headings, and a second sheet of names and values that say what it is."""
    written = io.BytesIO()
    with xlsxwriter.Workbook(
        written, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        book.set_properties({"created": _EPOCH})
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        day = book.add_format({"num_format": "yyyy-mm-dd", "valign": "top", "align": "left"})
        rows = book.add_worksheet(sheet)
        for column, heading in enumerate(headings):
            rows.write_string(0, column, heading, head)
            shown = [len(short(row[column])) * 1.2 for row in table.rows]
            rows.set_column(column, column, min(max([_WIDTHS[0], *shown]), _WIDTHS[1]))
        for number, row in enumerate(table.rows, 1):
            for column, cell in enumerate(row):
                _write(rows, (number, column), cell, wrap, day)
        rows.freeze_panes(1, 0)
        rows.autofilter(0, 0, max(len(table.rows), 1), max(len(headings) - 1, 0))
        notes = book.add_worksheet("About 说明")
        notes.set_column(0, 0, 26)
        notes.set_column(1, 1, 100)
        for number, (name, value) in enumerate(about):
            notes.write_string(number, 0, name, head)
            notes.write_string(number, 1, value, wrap)
    return written.getvalue()


def _write(sheet: Worksheet, place: tuple[int, int], cell: Cell, wrap: Format, day: Format) -> None:
    value = value_of(cell)
    if cell is None or value is None:
        return
    if isinstance(cell, NamedNode) and cell.value.startswith(("http://", "https://")):
        sheet.write_url(*place, cell.value, string=short(cell))
    elif isinstance(value, bool):
        sheet.write_boolean(*place, value, wrap)
    elif isinstance(value, int) and len(str(value)) <= _LONGEST_NUMBER:
        sheet.write_number(*place, value, wrap)
    elif is_date(cell) and (found := _day(str(value))):
        sheet.write_datetime(*place, datetime.combine(found, datetime.min.time()), day)
    else:
        sheet.write_string(*place, str(value), wrap)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
