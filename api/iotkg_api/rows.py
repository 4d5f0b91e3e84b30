"""Whether a table has more rows than it may, counted on its bytes: the engine that writes them does not say."""

from __future__ import annotations

import re
from typing import Final

_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_QUOTED: Final = re.compile(rb'"[^"]*"')


def more_rows(body: bytes, media_type: str, limit: int) -> bool:
    """Say whether a table has more rows than ``limit``; ``media_type`` is one of the four of SPARQL results.

    Each format gives its separators away: outside of strings (JSON, CSV), or because text has them only escaped
    (XML, TSV). The answer to an ASK has no row.
    """
    if len(body) <= limit:  # a row takes a byte at least
        return False
    match media_type:
        case "application/sparql-results+json":
            if body.count(b",{") < limit:  # quick, and never too few
                return False
            marks = _STRING.sub(b"", body).partition(b":[")[2].partition(b":[")[2]
            return marks.count(b"{") - marks.count(b":{") > limit  # a value's brace follows a colon
        case "application/sparql-results+xml":
            return body.count(b"<result>") + body.count(b"<result/>") > limit
        case "text/csv":
            return body.count(b"\n") - 1 > limit and _QUOTED.sub(b"", body).count(b"\n") - 1 > limit
        case _:
            return body.count(b"\n") - 1 > limit
