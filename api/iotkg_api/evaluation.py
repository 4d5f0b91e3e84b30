"""One query, from its text to the bytes of its answer: what a query worker does.

Runs in worker processes only: the engine's parser and evaluator can hang, run out of memory or overflow the
stack. Imports neither FastAPI nor rdflib.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache, partial
from sys import maxsize
from typing import Any, Final

from pyoxigraph import NamedNode, QueryTriples, Store

from iotkg import guard
from iotkg_api import faults, serializing, wire
from iotkg_api.rows import more_rows
from iotkg_api.serializing import Results

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

    def asking(self, text: str) -> Query:
        """Give another query that is asked in the same way."""
        return Query(
            text=text,
            tables=self.tables,
            graphs=self.graphs,
            default_graphs=self.default_graphs,
            named_graphs=self.named_graphs,
        )

    def frame(self) -> bytes:
        """Give the query as a frame, whose body is its text."""
        accepted = (self.tables, self.graphs, self.default_graphs, self.named_graphs)
        named = sum(map(len, self.default_graphs + self.named_graphs))
        head = (_query_head if named < wire.LONG else _query_head.__wrapped__)(*accepted)
        return wire.frame(head, self.text.encode("utf-8", "surrogatepass"))

    @classmethod
    def from_frame(cls, head: bytes, body: bytes) -> Query:
        """Read the query back from a frame."""
        read = _query_fields if len(head) < wire.LONG else _query_fields.__wrapped__
        tables, graphs, default, named = read(head)
        text = body.decode("utf-8", "surrogatepass")
        return cls(text=text, tables=tables, graphs=graphs, default_graphs=default, named_graphs=named)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What came of a query.

    An answer has the first of the types accepted, for a ``table`` or for a graph, that can carry it. Else
    ``detail`` says what is wrong, and ``line`` and ``column`` (from 1) where, if that is known.
    """

    outcome: Outcome
    detail: str = ""
    line: int | None = None
    column: int | None = None
    table: bool = True
    media_type: str = ""
    """What the body is."""
    volatile: bool = False
    retire: bool = False
    """The worker has grown and wants to be replaced."""
    body: bytes = b""

    def frame(self) -> bytes:
        """Give the reply as a frame."""
        return wire.frame(_reply_head(*map(partial(getattr, self), _ABOUT)), self.body)

    @classmethod
    def from_frame(cls, head: bytes, body: bytes) -> Reply:
        """Read a reply back from a frame."""
        return cls(**_reply_fields(head), body=body)


_ABOUT: Final = tuple(name for name in Reply.__slots__ if name != "body")


@lru_cache(wire.KEPT)
def _query_head(*fields: tuple[str, ...]) -> bytes:
    return wire.pack({"accepted": fields})


@lru_cache(wire.KEPT)
def _query_fields(head: bytes) -> list[tuple[str, ...]]:
    return [tuple(field) for field in wire.unpack(head)["accepted"]]


@lru_cache(wire.KEPT)
def _reply_head(*fields: Any) -> bytes:
    return wire.pack(dict(zip(_ABOUT, fields, strict=True)))


@lru_cache(wire.KEPT)
def _reply_fields(head: bytes) -> dict[str, Any]:
    fields = wire.unpack(head)
    return {**fields, "outcome": Outcome(fields["outcome"])}


@dataclass(frozen=True, kw_only=True, slots=True)
class Admitted:
    """A query that may be evaluated, and the graphs it is asked of: none where it is the default view."""

    query: Query
    seen: guard.Inspection
    default: tuple[str, ...]
    named: tuple[str, ...]


def admit(query: Query, known: frozenset[str]) -> Admitted | Reply:
    """Look at a query before any engine does: the refusal, unless it may be evaluated where graphs are ``known``."""
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
        return Reply(outcome=Outcome.UNKNOWN_GRAPH, detail=shortened(detail))
    return Admitted(query=query, seen=seen, default=default, named=named)


def evaluate(store: Store, known: frozenset[str], query: Query, limit: int, rows: int = maxsize) -> Reply:
    """Answer a query over a store whose graphs are ``known``, in at most so many bytes and ``rows``."""
    admitted = admit(query, known)
    if isinstance(admitted, Reply):
        return admitted
    default, named = admitted.default, admitted.named
    try:
        return answer(partial(_run, store, query.text, default, named), admitted, limit, rows)
    finally:
        if len(default) > 1:
            store.update(f"DROP SILENT GRAPH {_SCRATCH}")


def answer(run: Callable[[], Results], admitted: Admitted, limit: int, rows: int = maxsize) -> Reply:
    """Say what comes of running a query, which ``run`` does, in at most so many bytes and ``rows``."""
    query, seen = admitted.query, admitted.seen
    try:
        return _within(_answer(run, query, seen, limit), rows)
    except SyntaxError as error:
        return syntax(str(error), query.text)
    except serializing.TooLarge as error:
        detail = f"The result has more than {error}; ask for less, or page with ORDER BY and LIMIT"
        return Reply(outcome=Outcome.TOO_LARGE, detail=detail)
    except (ValueError, RuntimeError, OSError) as error:
        return Reply(outcome=Outcome.FAILED, detail=shortened(str(error)))


def _answer(run: Callable[[], Results], query: Query, seen: guard.Inspection, limit: int) -> Reply:
    """Evaluate a query, and write its result in the first type its client takes that can carry it."""
    results = run()
    table = not isinstance(results, QueryTriples)
    wanted = query.tables if table else query.graphs
    if not wanted:
        kind = "a table" if table else "a graph"
        return Reply(outcome=Outcome.NOT_ACCEPTABLE, table=table, detail=f"The query's result is {kind}")
    chosen = wanted[0]
    try:
        body = serializing.write(results, run, chosen, limit, seen.prefixes)
    except serializing.Uncarried as error:
        others = [name for name in wanted if not name.endswith("+xml")]
        if not others:
            return Reply(outcome=Outcome.NOT_ACCEPTABLE, table=table, detail=str(error))
        chosen = others[0]
        body = serializing.write(run(), run, chosen, limit, seen.prefixes)
    return Reply(outcome=Outcome.ANSWER, table=table, media_type=chosen, volatile=seen.volatile, body=body)


def _within(reply: Reply, rows: int) -> Reply:
    """Give a reply back unless its table has more than ``rows``."""
    if reply.outcome is Outcome.ANSWER and reply.table and more_rows(reply.body, reply.media_type, rows):
        raise serializing.TooLarge(f"{rows:,} rows")
    return reply


def _run(store: Store, text: str, default: Sequence[str], named: Sequence[str]) -> Results:
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


def syntax(message: str, query: str) -> Reply:
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
    detail = shortened(f"{where}: {fault.message}" if fault.message else where)
    return Reply(outcome=Outcome.SYNTAX, detail=detail, line=fault.line, column=fault.column)


def shortened(text: str) -> str:
    """Keep a message short that may repeat what the client sent."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"
