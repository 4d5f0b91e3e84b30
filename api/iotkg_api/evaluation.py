"""One query, from its text to the bytes of its answer: what a query worker does.

Runs in worker processes only: the engine's parser and evaluator can hang, run out of memory or overflow the
stack. Imports neither FastAPI nor rdflib.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, Any, Final, cast
from xml.parsers import expat

from pyoxigraph import (
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    serialize,
)

from iotkg import guard
from iotkg_api import faults

_SCRATCH: Final = NamedNode("urn:iotkg:scratch")
_PLACE: Final = re.compile(r"error at (\d+):(\d+): ", re.ASCII)
_CHARACTER_CLASS: Final = re.compile(r"\[(?:'[^\]]*|_)\]", re.DOTALL)
_SHOWN: Final = 400


class Outcome(StrEnum):
    """How an evaluation ended."""

    ANSWER = "answer"
    SYNTAX = "syntax"
    READ_ONLY = guard.Reason.READ_ONLY
    SERVICE = guard.Reason.SERVICE
    TOO_COMPLEX = guard.Reason.TOO_COMPLEX
    UNKNOWN_GRAPH = "unknown-graph"
    NOT_ACCEPTABLE = "not-acceptable"
    TOO_LARGE = "too-large"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """A query and the types its client accepts, best first, in case it gives a table or a graph.

    ``default_graphs`` and ``named_graphs`` come from the protocol and, where either is set, replace the
    query's own FROM clauses.
    """

    text: str
    tables: tuple[str, ...]
    graphs: tuple[str, ...]
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()

    def head(self) -> dict[str, Any]:
        """Give the query as the head of a frame."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_head(cls, head: dict[str, Any]) -> Query:
        """Read the query back from the head of a frame."""
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in head.items()}
        return cls(**fields)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What came of a query.

    An answer has the first of the types accepted for a ``table`` or for a graph. Else ``detail`` says what is
    wrong, and ``line`` and ``column`` (from 1) where, if that is known.
    """

    outcome: Outcome
    detail: str = ""
    line: int | None = None
    column: int | None = None
    table: bool = True
    volatile: bool = False
    retire: bool = False
    """The worker has grown and wants to be replaced."""
    body: bytes = b""

    def head(self) -> dict[str, Any]:
        """Give all but the body as the head of a frame."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "body"}

    @classmethod
    def from_head(cls, head: dict[str, Any], body: bytes) -> Reply:
        """Read a reply back from a frame."""
        return cls(**{**head, "outcome": Outcome(head["outcome"])}, body=body)


class _TooLarge(Exception):
    """The answer outgrew its limit."""


class _Bounded:
    """Collects what the serialiser writes, up to a limit: the part of a file that it uses."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._left -= len(data)
        if self._left < 0:
            raise _TooLarge
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: all is in memory."""

    def value(self) -> bytes:
        return b"".join(self._parts)


def evaluate(store: Store, known: frozenset[str], query: Query, limit: int) -> Reply:
    """Answer a query over a store whose graphs are ``known``, in at most ``limit`` bytes."""
    try:
        seen = guard.inspect(query.text)
    except guard.Refused as error:
        return Reply(outcome=Outcome(error.reason), detail=str(error), line=error.line, column=error.column)
    if query.default_graphs or query.named_graphs:
        default, named = query.default_graphs, query.named_graphs
    else:
        default, named = seen.default_graphs, seen.named_graphs
    unknown = [graph for graph in (*default, *named) if graph not in known]
    if unknown:
        detail = f"The dataset has no graph {', '.join(f'<{graph}>' for graph in unknown)}"
        return Reply(outcome=Outcome.UNKNOWN_GRAPH, detail=_shortened(detail))
    try:
        results = _run(store, query.text, default, named)
        return _serialize(results, query, seen, limit)
    except SyntaxError as error:
        return _syntax(str(error), query.text)
    except _TooLarge:
        detail = f"The result is longer than {limit:,} bytes; ask for less, or page with ORDER BY and LIMIT"
        return Reply(outcome=Outcome.TOO_LARGE, detail=detail)
    except (ValueError, RuntimeError, OSError) as error:
        return Reply(outcome=Outcome.FAILED, detail=_shortened(str(error)))
    finally:
        if len(default) > 1:
            store.update(f"DROP SILENT GRAPH {_SCRATCH}")


def _run(
    store: Store, text: str, default: Sequence[str], named: Sequence[str]
) -> QuerySolutions | QueryBoolean | QueryTriples:
    """Start a query; with several default graphs, over their merge (the engine would count doubles)."""
    if not default and not named:
        return store.query(text)
    graphs = [NamedNode(graph) for graph in dict.fromkeys(default)]
    if len(graphs) > 1:
        for graph in graphs:
            store.update(f"ADD {graph} TO {_SCRATCH}")
        graphs = [_SCRATCH]
    return store.query(
        text, default_graph=[*graphs], named_graphs=[NamedNode(graph) for graph in dict.fromkeys(named)]
    )


def _serialize(
    results: QuerySolutions | QueryBoolean | QueryTriples, query: Query, seen: guard.Inspection, limit: int
) -> Reply:
    table = not isinstance(results, QueryTriples)
    wanted = query.tables if table else query.graphs
    if not wanted:
        kind = "a table" if table else "a graph"
        return Reply(outcome=Outcome.NOT_ACCEPTABLE, table=table, detail=f"The query's result is {kind}")
    bounded = _Bounded(limit)
    output = cast("IO[bytes]", bounded)
    if isinstance(results, QueryTriples):
        # only Turtle needs the query's prefixes, and only the slower of two ways takes them
        if wanted[0] == RdfFormat.TURTLE.media_type and seen.prefixes:
            serialize(results, output, RdfFormat.TURTLE, prefixes=seen.prefixes)
        else:
            results.serialize(output, _rdf_format(wanted[0]))
    else:
        results.serialize(output, _table_format(wanted[0]))
    body = bounded.value()
    if wanted[0].endswith("+xml"):
        body = body.replace(b"\r", b"&#13;")  # a parser would read a raw one as a line feed
        fault = _xml_fault(body)
        if fault:
            return Reply(outcome=Outcome.NOT_ACCEPTABLE, table=table, detail=fault)
    return Reply(outcome=Outcome.ANSWER, table=table, volatile=seen.volatile, body=body)


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


def _xml_fault(body: bytes) -> str:
    """Say why a document is not well-formed: XML has no control characters, and no name for some IRIs."""
    parser = expat.ParserCreate(namespace_separator=" ")
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        return f"The result holds what XML cannot carry ({error}); ask for another type"
    return ""


def _syntax(message: str, query: str) -> Reply:
    """Say what is wrong and where: the slip the tokens show, else what the engine expected and where."""
    fault = faults.find(query)
    if fault is None:
        match = _PLACE.match(message)
        expected = _CHARACTER_CLASS.sub("", message[match.end() :] if match else message)
        pieces = [piece.strip() for piece in expected.replace("expected one of ", "expected ").split(", ")]
        rules = [
            piece.removeprefix("expected ") for piece in pieces if "The " in piece
        ]  # not syntax but sense
        words = ", ".join(rules or [piece for piece in pieces if piece not in {"", "expected"}])
        fault = faults.Fault(words, int(match[1]) if match else 1, int(match[2]) if match else 1)
    where = f"Syntax error at line {fault.line}, column {fault.column}"
    detail = _shortened(f"{where}: {fault.message}" if fault.message else where)
    return Reply(outcome=Outcome.SYNTAX, detail=detail, line=fault.line, column=fault.column)


def _shortened(text: str) -> str:
    """Keep a message short that may repeat what the client sent."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"
