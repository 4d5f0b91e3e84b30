"""The release as a store, and what the use cases need of any store.

Used by the command line, the web process and the query workers' parent, so it imports neither FastAPI nor rdflib.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, TypedDict

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryBoolean,
    QuerySolutions,
    RdfFormat,
    Store,
    Triple,
    parse,
)

from iotkg import guard
from iotkg.errors import EngineError, InputError
from iotkg.identifiers import graph
from iotkg.vocab import XSD, term

if TYPE_CHECKING:
    from pandas import DataFrame

Cell: TypeAlias = NamedNode | BlankNode | Literal | None
"""One value of a table; None where a variable is unbound."""

QUADS: Final = "iotkg.nq"
MANIFEST: Final = "manifest.json"
QUERIES: Final = "queries/"
RULES: Final = "rules/"
DERIVATIONS: Final = "derivations/"
PLACES: Final = "places.tsv"
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,4000}\Z")
"""An integer that Python reads: it refuses more than 4,300 digits."""
_TRUTH: Final = {"true": True, "1": True, "false": False, "0": False}
_BOOLEAN: Final = term("xsd:boolean")
_DATE: Final = term("xsd:date")
APART: Final = frozenset({graph("external").value, graph("meta").value})
"""The graphs that are no part of the default view."""
_APART: Final = tuple(f" <{name}> .\n".encode() for name in APART)
_GRAPH: Final = re.compile(rb" <[^<>\n]*> \.\n")
"""The end of a line of N-Quads, from its graph."""
_BLOCK_BYTES: Final = 1 << 18
"""What is loaded at once: so little that no other thread has to wait for long."""


class FileEntry(TypedDict):
    """One file of a release."""

    sha256: str
    bytes: int


class Manifest(TypedDict):
    """What a release says of itself: its hash, its files, and the number of triples in each graph."""

    release: str
    files: dict[str, FileEntry]
    graphs: dict[str, int]


def read_manifest(dist: Path) -> Manifest:
    """Read the manifest of a release.

    Raises: InputError when there is none, or it lacks what a release needs.
    """
    path = dist / MANIFEST
    try:
        manifest: Manifest = json.loads(path.read_bytes())
        _ = manifest["release"], manifest["files"][QUADS]["sha256"], manifest["graphs"].items()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); run iotkg build first") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: is not the manifest of a release ({error!r}); build it again") from error
    return manifest


def load_release(dist: Path) -> Store:
    """Load a release: its named graphs, and the default view in the default graph.

    Raises: InputError when a file is missing, does not parse or is not the one in the manifest.
    """
    manifest = read_manifest(dist)
    path = dist / QUADS
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); build the release again") from error
    return load(data, manifest["files"][QUADS]["sha256"], str(path))


def read_file(dist: Path, name: str) -> str:
    """Read one of a release's text files.

    Raises: InputError when it is missing, or is not the one in the manifest.
    """
    path = dist / name
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); build the release again") from error
    if sha256(data).hexdigest() != read_manifest(dist)["files"][name]["sha256"]:
        raise InputError(f"{path}: is not the file of this release; build it again")
    return data.decode()


def check_files(dist: Path) -> None:
    """See that each file of a release is the one in its manifest.

    Raises: InputError, naming each that is not.
    """
    faults: list[str] = []
    for name, about in read_manifest(dist)["files"].items():
        try:
            data = (dist / name).read_bytes()
        except OSError as error:
            faults.append(f"{name} cannot be read ({error.strerror})")
            continue
        if sha256(data).hexdigest() != about["sha256"]:
            faults.append(f"{name} is not the manifest's: it has {len(data):,} of {about['bytes']:,} bytes")
    if faults:
        raise InputError(f"{dist}: {'; '.join(faults)}; build the release again")


def load(data: bytes, expected: str, name: str = QUADS) -> Store:
    """Load a release's N-Quads, whose SHA-256 is ``expected``: ``load_view`` and then ``load_graphs``.

    Raises: InputError when the hash differs or the data does not parse.
    """
    store = load_view(data, expected, name)
    load_graphs(store, data, name)
    return store


def load_view(data: bytes, expected: str, name: str = QUADS) -> Store:
    """Load the default view of a release's N-Quads: all graphs but external and meta, as one.

    Answers from it do not change once ``load_graphs`` has loaded the graphs too: the engine goes through a graph's own
    triples from the last to the first that came. Lines are as ``iotkg build`` writes them.

    Raises: InputError when the hash differs or the data does not parse.
    """
    found = sha256(data).hexdigest()
    if found != expected:
        raise InputError(f"{name}: its SHA-256 is {found}, the manifest says {expected}; build it again")
    if data.count(b"> .\n") != data.count(b"\n") or not data.endswith(b"\n"):
        raise InputError(
            f"{name}: its lines are not as iotkg build writes them (graph, space, full stop, LF)"
        )
    store = Store()
    _fill(store, data, name, view=True)
    return store


def load_graphs(store: Store, data: bytes, name: str = QUADS) -> None:
    """Load the named graphs of a release's N-Quads.

    Raises: InputError when the data does not parse.
    """
    _fill(store, data, name, view=False)


def _fill(store: Store, data: bytes, name: str, *, view: bool) -> None:
    """Load N-Quads; blank nodes keep their labels, which ``Store.load`` would change with each start."""
    form = RdfFormat.N_TRIPLES if view else RdfFormat.N_QUADS
    try:  # lenient: the hash says that it was checked already
        for block, labelled in _blocks(data):
            lines = _triples(block) if view else block
            if labelled:
                store.extend(parse(lines, form, lenient=True))
            else:
                store.load(lines, form, lenient=True)
    except SyntaxError as error:
        raise InputError(f"{name}: {_located(data, error)}") from error


def _located(data: bytes, error: SyntaxError) -> SyntaxError:
    """Give an error in a block with its place in the whole."""
    try:
        deque(parse(data, RdfFormat.N_QUADS, lenient=True), maxlen=0)
    except SyntaxError as exact:
        return exact
    return error


def _blocks(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """Give the lines in blocks, those apart that name a blank node."""
    at = 0
    while at < len(data):
        end = data.find(b"\n", at + _BLOCK_BYTES) + 1 or len(data)
        block, labelled = _without(data[at:end], b"_:")
        if labelled:
            yield labelled, True
        yield block, False
        at = end


def _triples(block: bytes) -> bytes:
    """Take the graphs from lines of N-Quads, and leave out those that are apart; mostly all are of one graph."""
    last = block[block.rfind(b" <") :]
    if block.count(last) == block.count(b"\n"):
        return b"" if last in _APART else block.replace(last, b" .\n")
    for mark in _APART:
        block, _ = _without(block, mark)
    return _GRAPH.sub(b" .\n", block)


def _without(lines: bytes, mark: bytes) -> tuple[bytes, bytes]:
    """Give the lines without a mark, and those with it; without taking apart the others, which are many."""
    without, having = [], []
    at = 0
    while (found := lines.find(mark, at)) >= 0:
        begin, end = lines.rfind(b"\n", 0, found) + 1, lines.find(b"\n", found + 1) + 1 or len(lines)
        without.append(lines[at:begin])
        having.append(lines[begin:end])
        at = end
    return b"".join((*without, lines[at:])), b"".join(having)


@dataclass(frozen=True, slots=True)
class Table:
    """The answer to a SELECT: its columns in order, and its rows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def records(self) -> list[dict[str, str | None]]:
        """Give each row as a dictionary of plain text: IRIs and literals without marks, None where unbound."""
        return [
            {name: None if cell is None else cell.value for name, cell in zip(self.columns, row, strict=True)}
            for row in self.rows
        ]

    def to_pandas(self) -> DataFrame:
        """Give a data frame: IRIs and text as strings, numbers and truth values as such, days as dates.

        A column with gaps gets pandas' nullable type, so its numbers stay whole.

        Raises: InputError when pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415 - no dependency: only those who ask for a frame need it
        except ImportError as error:
            raise InputError(
                "a data frame needs pandas, which is not installed: pip install pandas"
            ) from error
        columns = {name: [row[number] for row in self.rows] for number, name in enumerate(self.columns)}
        frame = pd.DataFrame(
            {name: pd.Series(list(map(value_of, cells)), dtype=object) for name, cells in columns.items()}
        ).convert_dtypes()
        for name, cells in columns.items():
            said = [cell for cell in cells if cell is not None]
            if said and all(map(is_date, said)):
                frame[name] = pd.to_datetime(frame[name], format="%Y-%m-%d")
        return frame


def value_of(cell: Cell) -> str | int | bool | None:
    """Give a value as Python has it; a number or truth value that is ill typed stays the text that it is."""
    if isinstance(cell, Literal) and cell.datatype == XSD.integer and _INTEGER.match(cell.value):
        return int(cell.value)
    if isinstance(cell, Literal) and cell.datatype == _BOOLEAN and cell.value in _TRUTH:
        return _TRUTH[cell.value]
    if cell is None:
        return None
    return str(cell) if isinstance(cell, BlankNode) else cell.value


def is_date(cell: Cell) -> bool:
    """Say whether a value is typed as a day."""
    return isinstance(cell, Literal) and cell.datatype == _DATE


Solutions: TypeAlias = QuerySolutions | QueryBoolean
"""What an engine answers to a SELECT or an ASK; read once, or written in one of the result formats."""


class Source(Protocol):
    """What the use cases need from an engine, and no more: all access to the data goes through here.

    The default graph is the union of the release's graphs but external and meta, each triple once. Queries of others
    pass ``measured`` first: the engine in this process dies of one that is nested too deeply.
    """

    def solutions(self, query: str) -> Solutions:
        """Answer a SELECT or an ASK, as the engine has it.

        Raises: InputError when the query cannot be parsed or gives no table; EngineError when the engine fails.
        """

    def select(self, query: str) -> Table:
        """Answer a SELECT or an ASK as a table; see ``solutions``."""
        return table_of(self.solutions(query))


def measured(query: str) -> str:
    """Give a query back that is small enough for any engine.

    Raises: InputError when it is nested too deeply, or too long a chain.
    """
    try:
        guard.measured(query)
    except guard.Refused as error:
        raise InputError(f"the query is too complex: {error}; split it") from error
    return query


class LocalStore(Source):
    """A store in this process."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def solutions(self, query: str) -> Solutions:
        """Answer a SELECT or an ASK; see ``Source``."""
        try:
            found = self.store.query(query)
        except SyntaxError as error:
            raise InputError(f"the query cannot be parsed: {error}") from error
        except (OSError, RuntimeError, ValueError) as error:
            raise EngineError(f"the query failed: {error}") from error
        if isinstance(found, QuerySolutions | QueryBoolean):
            return found
        raise InputError(
            "the query gives a graph; ask a SELECT or an ASK, or send it to the service's /sparql"
        )


def open_release(dist: Path) -> LocalStore:
    """Open the release in a folder.

    Raises: InputError when there is none, or it is not what its manifest says.
    """
    return LocalStore(load_release(dist))


def table_of(found: Solutions) -> Table:
    """Read solutions to their end; an ASK gives one row with the column ``answer``.

    Raises: EngineError when the engine fails on the way, or gives a quoted triple, which none of our graphs holds.
    """
    if isinstance(found, QueryBoolean):
        value = Literal(bool(found))
        return Table(("answer",), ((value,),))
    columns = tuple(variable.value for variable in found.variables)
    try:
        rows: list[tuple[Cell, ...]] = [tuple(row) for row in found]
    except (OSError, RuntimeError, ValueError) as error:
        raise EngineError(f"the query failed: {error}") from error
    quoted = next((cell for row in rows for cell in row if isinstance(cell, Triple)), None)
    if quoted is not None:
        raise EngineError(f"the answer holds {quoted}, which a table cannot carry")
    return Table(columns, tuple(rows))


def default_size(source: Source) -> int:
    """Count the triples of the default view."""
    ((count,),) = source.select("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }").rows
    return int(count.value) if isinstance(count, Literal) else 0
