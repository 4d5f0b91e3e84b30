"""Results as bytes: what the engine's serialisers write, and what they write wrongly mended or refused.

Sources: https://www.w3.org/TR/sparql11-results-csv-tsv/, https://www.w3.org/TR/rdf-sparql-XMLres/.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Mapping
from typing import IO, Final, TypeAlias, cast
from xml.parsers import expat

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Triple,
    serialize,
)

Results: TypeAlias = QuerySolutions | QueryBoolean | QueryTriples

_QUOTED: Final = re.compile(rb'"[^"]*"')


class TooLarge(Exception):
    """The answer outgrew its limit, which the message names."""


class Uncarried(Exception):
    """The type cannot carry this result."""


class _Bounded:
    """Collects what the serialiser writes, up to a limit: the part of a file that it uses."""

    def __init__(self, limit: int) -> None:
        self._limit = self._left = limit
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._left -= len(data)
        if self._left < 0:
            raise TooLarge(f"{self._limit:,} bytes")
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: all is in memory."""

    def value(self) -> bytes:
        return b"".join(self._parts)


def write(
    results: Results, again: Callable[[], Results], media_type: str, limit: int, prefixes: Mapping[str, str]
) -> bytes:
    """Write a result in a type of its family, in at most so many bytes; ``again`` evaluates it once more.

    Raises: TooLarge; Uncarried; ValueError for a type nothing writes; what evaluation raises.
    """
    bounded = _Bounded(limit)
    output = cast("IO[bytes]", bounded)
    if isinstance(results, QueryTriples):
        # only Turtle needs the query's prefixes, and only the slower of two ways takes them
        if media_type == RdfFormat.TURTLE.media_type and prefixes:
            serialize(results, output, RdfFormat.TURTLE, prefixes=dict(prefixes))
        else:
            results.serialize(output, _rdf_format(media_type))
    else:
        results.serialize(output, _table_format(media_type))
    body = bounded.value()
    if media_type.endswith("+xml"):
        body = body.replace(b"\r", b"&#13;")  # a parser would read a raw one as a line feed
        _check_xml(body)
    if media_type == "text/csv" and isinstance(results, QuerySolutions) and not _is_sound(body, results):
        return _csv(again(), limit)
    return body


def _is_sound(body: bytes, results: QuerySolutions) -> bool:
    """Say whether each row of CSV has a field for each variable: the engine leaves commas in IRIs unquoted."""
    bare = _QUOTED.sub(b"", body)
    return bare.count(b",") == bare.count(b"\n") * max(len(results.variables) - 1, 0)


def _csv(results: Results, limit: int) -> bytes:
    """Write CSV ourselves, six times slower."""
    if not isinstance(results, QuerySolutions):  # pragma: no cover  # the same query gives the same kind
        raise TypeError("only solutions are rows")
    bounded = _Bounded(limit)
    writer = csv.writer(codecs.getwriter("utf-8")(cast("IO[bytes]", bounded)))
    writer.writerow([variable.value for variable in results.variables])
    writer.writerows([_plain(term) for term in row] for row in results)
    return bounded.value()


def _plain(term: NamedNode | BlankNode | Literal | Triple | None) -> str:
    """Write a term as CSV has it: without brackets, quotes, language or datatype; nothing where it is unbound."""
    match term:
        case None:
            return ""
        case Triple():
            return " ".join(map(_plain, term))
        case BlankNode():
            return f"_:{term.value}"
        case _:
            return term.value


def _table_format(media_type: str) -> QueryResultsFormat:
    found = QueryResultsFormat.from_media_type(media_type)
    if found is None:
        raise ValueError(f"{media_type} is no format of tables")
    return found


def _rdf_format(media_type: str) -> RdfFormat:
    found = RdfFormat.from_media_type(media_type)
    if found is None:
        raise ValueError(f"{media_type} is no format of graphs")
    return found


def _check_xml(body: bytes) -> None:
    """Refuse what is not well-formed: XML has no control characters, and no name for some IRIs."""
    try:
        expat.ParserCreate(namespace_separator=" ").Parse(body, True)
    except expat.ExpatError as error:
        raise Uncarried(f"The result holds what XML cannot carry ({error}); ask for another type") from error
