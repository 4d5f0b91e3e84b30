"""Files into triples: what curators wrote, with the file and line of every subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from shutil import copymode

from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, Triple

from iotkg.errors import InputError, OutputError, TurtleError
from iotkg.layout import Layout
from iotkg.positions import locate
from iotkg.queryfile import QueryFile, parse_query
from iotkg.rdffile import RdfFile
from iotkg.turtle import parse_turtle, subject_lines


@dataclass(frozen=True, slots=True)
class Place:
    """Where a subject is described: a file as the checkout names it, and a line from 1."""

    file: str
    line: int | None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Curated:
    """Triples from Turtle files, where each subject stands, and the files."""

    triples: tuple[Triple, ...]
    places: Mapping[NamedNode, Place]
    files: tuple[RdfFile, ...] = ()

    def without(self, *subjects: NamedNode) -> Curated:
        """Leave out every triple about the subjects given."""
        gone = set(subjects)
        kept = tuple(triple for triple in self.triples if triple.subject not in gone)
        return Curated(kept, self.places, self.files)

    def place(self, subject: NamedNode) -> str:
        """Say where a subject is described."""
        return str(self.places.get(subject, subject.value))


def read_text(path: Path, shown: str) -> str:
    """Read a UTF-8 file.

    Raises: InputError when it cannot be read or is not UTF-8.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{shown}: cannot be read: {error.strerror}") from error
    return decoded(data, shown)


def decoded(data: bytes, shown: str) -> str:
    """Read bytes as UTF-8.

    Raises: InputError when they are not.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{shown}: byte {error.start} is not UTF-8; save it as UTF-8") from error


def write_text(path: Path, text: str, shown: str) -> None:
    """Write a UTF-8 file, in place of the one there if any, which a failure leaves as it is.

    Raises: OutputError when it cannot be written.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe or a device is written to; a folder fails
            path.write_bytes(text.encode("utf-8"))
            return
        path = path.resolve()
    except (OSError, RuntimeError) as error:
        raise OutputError(
            f"{shown}: cannot be written: {getattr(error, 'strerror', None) or error}"
        ) from error
    there = path.exists()
    aside = path.with_name(f".{path.name}.new")
    try:
        try:
            aside.write_bytes(text.encode("utf-8"))
            if there:
                copymode(path, aside)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        kept = "; it stays as it was" if there else ""
        raise OutputError(f"{shown}: cannot be written: {error.strerror}{kept}") from error


def load_turtle(layout: Layout, paths: Iterable[Path], *, blank_nodes: bool = False) -> Curated:
    """Read Turtle files; every file that fails is reported, not only the first.

    Raises: TurtleError when a file does not parse, or holds a blank node where none may stand.
    """
    triples: list[Triple] = []
    places: dict[NamedNode, Place] = {}
    files: list[RdfFile] = []
    faults: list[str] = []
    for path in paths:
        shown = layout.relative(path)
        try:
            text = read_text(path, shown)
            parsed = [_triple(item) for item in parse_turtle(text, name=shown)]
        except InputError as error:
            faults.append(str(error))
            continue
        if not blank_nodes and any(
            isinstance(node, BlankNode | Triple) for t in parsed for node in (t.subject, t.object)
        ):
            faults.append(
                f"{_nameless(shown, text, parsed)}: holds a blank node or a triple term; give the thing an IRI"
            )
        lines = {NamedNode(iri): line for iri, line in subject_lines(text).items()}
        for subject in {t.subject for t in parsed if isinstance(t.subject, NamedNode)}:
            places.setdefault(subject, Place(shown, lines.get(subject)))
        triples += parsed
        files.append(RdfFile(shown, RdfFormat.TURTLE, text.encode("utf-8"), tuple(parsed), {}))
    if faults:
        raise TurtleError("\n".join(faults))
    return Curated(tuple(triples), places, tuple(files))


def _nameless(shown: str, text: str, parsed: Sequence[Triple]) -> Place:
    """Give where a file that may not hold a blank node does so first."""
    places = locate(text, parsed)
    lines = [
        spot.line
        for triple in parsed
        if isinstance(triple.object, BlankNode) and isinstance(triple.subject, NamedNode | BlankNode)
        for spot in places.statements(triple.subject, triple.predicate, triple.object)
    ]
    nodes = {triple.subject for triple in parsed if isinstance(triple.subject, BlankNode)}
    lines += [spot.line for node in nodes if (spot := places.block(node)) is not None]
    return Place(shown, min(lines, default=None))


def _triple(item: Triple | Quad) -> Triple:
    return item.triple if isinstance(item, Quad) else item


def load_queries(layout: Layout, paths: Iterable[Path]) -> dict[str, QueryFile]:
    """Read query files, by name.

    Raises: QueryFileError naming the file and line of the first fault.
    """
    found = {}
    for path in paths:
        shown = layout.relative(path)
        found[path.stem] = parse_query(read_text(path, shown), name=path.stem, path=shown)
    return found


def load_source(layout: Layout, document: str, pinned: str | None) -> str:
    """Read a document's text and hold its SHA-256 against the one that is pinned.

    Raises: InputError when there is no text, or they differ: every offset dies with another copy of the text.
    """
    path = layout.source(document)
    shown = layout.relative(path)
    if not path.is_file():
        raise InputError(
            f"{shown}: there is no such file, and {layout.relative(path.parent)} is a document as each folder of "
            "data/ is but registry and external; restore the text, or move the folder out of data/"
        )
    text = read_text(path, shown)
    found = sha256(text.encode("utf-8")).hexdigest()
    if found != pinned:
        raise InputError(
            f"{shown}: SHA-256 is {found}, pinned is {pinned}; restore the file from its first commit"
        )
    return text
