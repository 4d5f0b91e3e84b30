"""Any RDF file into triples: Turtle, N-Triples, N-Quads, TriG, N3, RDF/XML, JSON-LD, told apart by suffix.

Nothing is fetched: relative IRIs are an error unless the file or the user states a base, and a JSON-LD context must be
inline.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pyoxigraph import BlankNode, RdfFormat, Triple, parse

from iotkg.errors import InputError
from iotkg.positions import Positions, locate

FORMATS: Final[dict[str, RdfFormat]] = {
    ".ttl": RdfFormat.TURTLE,
    ".nt": RdfFormat.N_TRIPLES,
    ".nq": RdfFormat.N_QUADS,
    ".trig": RdfFormat.TRIG,
    ".n3": RdfFormat.N3,
    ".rdf": RdfFormat.RDF_XML,
    ".owl": RdfFormat.RDF_XML,
    ".xml": RdfFormat.RDF_XML,
    ".jsonld": RdfFormat.JSON_LD,
    ".json": RdfFormat.JSON_LD,
}
"""The syntax that each suffix stands for."""

_FOLLOWED: Final = {RdfFormat.TURTLE, RdfFormat.N_TRIPLES, RdfFormat.N_QUADS, RdfFormat.TRIG}
_NOTHING: Final = {RdfFormat.JSON_LD: "; terms need a @context, and relative IRIs say nothing"}
_PACKED: Final = {".gz", ".zip", ".bz2", ".xz", ".zst"}
_UTF16: Final = "is UTF-16; save it as UTF-8"
_PAGE: Final = "is a page of HTML, not RDF; download the data itself"
_MAGIC: Final = {
    b"\x1f\x8b": "is gzip, not RDF; unpack it first",
    b"PK\x03\x04": "is zip, not RDF; unpack it first",
    b"%PDF": "is PDF, not RDF",
    b"\xff\xfe": _UTF16,
    b"\xfe\xff": _UTF16,
    b"\xef\xbb\xbf": "begins with a byte order mark; save it as UTF-8 without one",
    b"<!doctype html": _PAGE,
    b"<!DOCTYPE html": _PAGE,
    b"<html": _PAGE,
}


@dataclass(frozen=True, slots=True)
class RdfFile:
    """One file: its name as the user gave it, its bytes and what they say, in the parser's order."""

    name: str
    syntax: RdfFormat
    data: bytes
    triples: tuple[Triple, ...]
    prefixes: Mapping[str, str]
    mark: str = ""
    """What was put before the labels of its blank nodes."""
    base: str = ""
    """What its relative IRIs were resolved against, until it states a base of its own."""

    def positions(self) -> Positions:
        """Give the places of the statements; empty for syntaxes whose lines say nothing (RDF/XML, JSON-LD, N3)."""
        if self.syntax not in _FOLLOWED:
            return Positions()
        return locate(self.data.decode("utf-8"), self.triples, base=self.base, mark=self.mark)


def expand_paths(paths: Iterable[Path]) -> list[Path]:
    """Give the files that paths stand for: a folder stands for every RDF file below it; each once, in order.

    Raises: InputError when a path is not there, is a broken link, or is a folder without RDF files.
    """
    found: dict[Path, None] = {}
    faults: list[str] = []
    for path in paths:
        if path.is_dir():
            below = sorted(p for p in path.rglob("*") if p.suffix.lower() in FORMATS and p.is_file())
            if not below:
                faults.append(f"{path}: holds no RDF file; RDF files end in {_suffixes()}")
            found |= dict.fromkeys(below)
        elif path.is_symlink() and not path.exists():
            faults.append(f"{path}: is a link to {path.readlink()}, which is not there")
        elif str(path).startswith(("http:/", "https:/")):
            address = str(path).replace(":/", "://", 1)  # a path has no empty part
            faults.append(f"{address}: is an address, and nothing is fetched; download it and name the file")
        elif not path.exists():
            faults.append(f"{path}: there is no such file")
        else:
            found[path] = None
    if faults:
        raise InputError("\n".join(faults))
    return list(found)


def read_all(paths: Iterable[Path], *, base: str = "") -> list[RdfFile]:
    """Read files, each blank node of its own file; every file that fails is told, not only the first.

    Raises: InputError naming each file, with line and column where the syntax has them, and the mend.
    """
    files: list[RdfFile] = []
    faults: list[str] = []
    for number, path in enumerate(paths):
        try:
            file = read(path, base=base)
        except InputError as error:
            faults.append(str(error))
            continue
        files.append(_apart(file, number) if number else file)
    if faults:
        raise InputError("\n".join(dict.fromkeys(faults)))
    return files


def read(path: Path, *, base: str = "") -> RdfFile:
    """Read one file; ``base`` is the IRI for relative ones, without which they are a fault.

    Raises: InputError when it cannot be read, is empty, is no text, or does not parse.
    """
    name = str(path)
    syntax = _syntax(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror}") from error
    _refuse(name, syntax, data)
    triples, prefixes = _parsed(name, syntax, data, base)
    if not triples:
        raise InputError(f"{name}: holds no triple{_NOTHING.get(syntax, '')}")
    return RdfFile(name, syntax, data, triples, prefixes, base=base)


def _syntax(path: Path) -> RdfFormat:
    syntax = FORMATS.get(path.suffix.lower())
    if path.suffix.lower() in _PACKED:
        raise InputError(f"{path}: is packed; unpack it first")
    if syntax is None:
        raise InputError(f"{path}: the suffix does not tell the syntax; rename it to end in {_suffixes()}")
    return syntax


def _refuse(name: str, syntax: RdfFormat, data: bytes) -> None:
    """Say of bytes that are no text what they are."""
    if not data.strip():
        raise InputError(f"{name}: is empty")
    for magic, fault in _MAGIC.items():
        if data.startswith(magic):
            raise InputError(f"{name}: {fault}")
    if b"\x00" in data:
        raise InputError(f"{name}: is binary (byte {data.index(0)} is NUL), not RDF")
    if syntax != RdfFormat.RDF_XML:  # which may state another encoding
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise InputError(f"{name}:{line}: byte {error.start} is not UTF-8; save it as UTF-8") from error


def _parsed(
    name: str, syntax: RdfFormat, data: bytes, base: str
) -> tuple[tuple[Triple, ...], dict[str, str]]:
    try:
        parser = parse(data, syntax, base_iri=base or None)
        return tuple(quad.triple for quad in parser), dict(parser.prefixes)
    except SyntaxError as error:
        place = f":{error.lineno}:{error.offset}" if error.lineno else ""
        reason = error.msg.partition(": ")[2] if error.lineno and ": " in error.msg else error.msg
        raise InputError(f"{name}{place}: {reason}{_mend(reason)}") from error
    except (ValueError, OSError) as error:
        raise InputError(f"{name}: {error}") from error


def _mend(reason: str) -> str:
    """Say what to do about the faults that are met most."""
    low = reason.lower()
    if "prefix" in low and "not" in low:
        return "; declare it with @prefix at the top of the file"
    if "no scheme" in low or "relative" in low:
        return "; write the whole IRI, state an @base in the file, or name one with --base IRI"
    if "context" in low and "load" in low:
        return "; nothing is fetched: write the context into the file"
    return ""


def _apart(file: RdfFile, number: int) -> RdfFile:
    """Rename a file's blank nodes, which other files may have named alike."""
    mark = f"f{number}x"

    def own(node: object) -> object:
        return BlankNode(mark + node.value) if isinstance(node, BlankNode) else node

    if b"_:" not in file.data and file.syntax in _FOLLOWED:
        return file  # anonymous nodes get labels that are never given twice
    return replace(
        file,
        mark=mark,
        triples=tuple(
            Triple(own(t.subject), t.predicate, own(t.object))  # type: ignore[arg-type]
            for t in file.triples
        ),
    )


def _suffixes() -> str:
    return " ".join(FORMATS)
