"""The folders of a project: the only module that knows their names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from iotkg.errors import InputError

_SHARED = frozenset({"registry", "external"})
"""Folders of data/ that are no document."""
_PACKED = Path(__file__).parent / "packed"
"""The release that a wheel carries; `make wheel` puts it there."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a checkout keeps what the build reads and writes."""

    root: Path

    @classmethod
    def find(cls, start: Path) -> Layout:
        """Find the checkout that holds ``start``.

        Raises: InputError when no folder upwards holds ontology/iotkg.ttl.
        """
        for folder in (start, *start.parents):
            if (folder / "ontology" / "iotkg.ttl").is_file():
                return cls(folder)
        raise InputError(f"{start}: no iotkg checkout here or above (no ontology/iotkg.ttl); change into one")

    @property
    def ontology(self) -> tuple[Path, ...]:
        """The ontology, its code lists and its alignment."""
        return tuple(sorted((self.root / "ontology").glob("*.ttl")))

    @property
    def rules(self) -> tuple[Path, ...]:
        """The inference rules."""
        return tuple(sorted((self.root / "ontology" / "rules").glob("*.rq")))

    @property
    def registry(self) -> tuple[Path, ...]:
        """What all documents share: actors, places, documents, periods."""
        return tuple(sorted((self.root / "data" / "registry").glob("*.ttl")))

    @property
    def documents(self) -> tuple[str, ...]:
        """Keys of the policy documents: each folder of data/ but registry and external is one.

        A folder that lacks its source.txt is listed too, so that it is missed and not passed over.
        """
        folders = (path.name for path in (self.root / "data").glob("*") if path.is_dir())
        return tuple(sorted(name for name in folders if name not in _SHARED))

    def source(self, document: str) -> Path:
        """Give the text of a document, byte for byte."""
        return self.root / "data" / document / "source.txt"

    def curated(self, document: str) -> tuple[Path, ...]:
        """Give the curated Turtle of a document."""
        return tuple(sorted((self.root / "data" / document).rglob("*.ttl")))

    @property
    def external(self) -> tuple[Path, ...]:
        """Facts from outside the texts."""
        return tuple(sorted((self.root / "data" / "external").glob("*.ttl")))

    @property
    def shapes(self) -> tuple[Path, ...]:
        """The SHACL shapes."""
        return tuple(sorted((self.root / "shapes").glob("*.ttl")))

    @property
    def checks(self) -> tuple[Path, ...]:
        """Queries that must return no row."""
        return tuple(sorted((self.root / "queries" / "checks").glob("*.rq")))

    @property
    def answers(self) -> tuple[Path, ...]:
        """The canned queries."""
        return tuple(sorted((self.root / "queries" / "answers").glob("*.rq")))

    @property
    def turtle(self) -> tuple[Path, ...]:
        """Every Turtle file that is laid out by ``iotkg fmt``."""
        folders = ("ontology", "data", "shapes")
        return tuple(sorted(path for folder in folders for path in (self.root / folder).rglob("*.ttl")))

    @property
    def parts(self) -> tuple[Path, ...]:
        """Every folder that a build reads."""
        return tuple(self.root / name for name in ("ontology", "data", "shapes", "queries"))

    @property
    def dist(self) -> Path:
        """The last good release."""
        return self.root / "dist"

    def relative(self, path: Path) -> str:
        """Show a path as a reader of the checkout knows it."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)


def find_release(start: Path | None = None, environment: Mapping[str, str] | None = None) -> Path:
    """Find a release: the one ``IOTKG_DIST`` names, else that of the checkout that holds ``start``, else the wheel's.

    ``start`` is by default the folder one stands in.

    Raises: InputError when there is none of them.
    """
    named = (os.environ if environment is None else environment).get("IOTKG_DIST")
    if named:
        return Path(named)
    try:
        return Layout.find((start or Path.cwd()).resolve()).dist
    except InputError as error:
        if _PACKED.is_dir():
            return _PACKED
        raise InputError(f"{error}, or name a release's folder in IOTKG_DIST") from error
