"""IRIs: built from a class and the parts of a key, and read back.

Keys are lower-case words joined by ``-``, parts joined by ``_``; a child's key extends its parent's, so
``_`` never stands inside a part and minting is injective (tested).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pyoxigraph import NamedNode

from iotkg.errors import InvalidParameter
from iotkg.vocab import BASE, GRAPH, ID, PREFIXES

_PART = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_BY_LENGTH = sorted(PREFIXES.items(), key=lambda item: -len(item[1]))
_ANCHOR = re.compile(rf"{re.escape(ID)}anchor/([a-z0-9-]+)_(\d+)-(\d+)\Z", re.ASCII)
_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9_-]))*\Z")


def mint(kind: str, *parts: str) -> NamedNode:
    """Build the IRI of a thing from its class segment and the parts of its key.

    Raises: InvalidParameter when there is no part, or one is not lower-case words joined by hyphens.
    """
    if not parts:
        raise InvalidParameter(f"a {kind} needs a key")
    for part in (kind, *parts):
        if not _PART.match(part):
            raise InvalidParameter(f"{part!r} is no part of a key: use lower-case words joined by hyphens")
    return NamedNode(f"{ID}{kind}/{'_'.join(parts)}")


def parts_of(iri: NamedNode) -> tuple[str, ...]:
    """Split an IRI of ours into its class segment and the parts of its key.

    Raises: InvalidParameter when the IRI is none of ours.
    """
    kind, slash, key = iri.value.removeprefix(ID).partition("/")
    if not iri.value.startswith(ID) or not slash:
        raise InvalidParameter(f"{iri.value} is not an IRI under {ID}")
    return (kind, *key.split("_"))


def anchor(document: str, start: int, end: int) -> NamedNode:
    """Name the span [start, end) of a document's source text.

    Units: Unicode code points, half open. Source: NIF 2.0 string identifiers.
    """
    return NamedNode(f"{ID}anchor/{document}_{start}-{end}")


def words_of(iri: str) -> tuple[str, int, int] | None:
    """Read an anchor's IRI: the document and the span; None when it is none."""
    match = _ANCHOR.match(iri)
    return (match[1], int(match[2]), int(match[3])) if match else None


def graph(name: str) -> NamedNode:
    """Name one of the dataset's graphs, such as ``registry`` or ``iot-2013/curated``."""
    return NamedNode(f"{GRAPH}{name}")


def shorten(iri: str) -> str:
    """Write an IRI as a prefixed name where one of our prefixes covers it, else in angle brackets."""
    for prefix, namespace in _BY_LENGTH:
        if iri.startswith(namespace) and _LOCAL.match(iri[len(namespace) :]):
            return f"{prefix}:{iri[len(namespace) :]}"
    return f"<{iri}>"


def shortened(iri: str, prefixes: Mapping[str, str]) -> str:
    """Write an IRI with one of the prefixes given, by namespace and longest first, else as ``shorten`` does."""
    for namespace, prefix in prefixes.items():
        if iri.startswith(namespace) and _LOCAL.match(iri[len(namespace) :]):
            return f"{prefix}:{iri[len(namespace) :]}"
    return shorten(iri)


def expand(text: str) -> NamedNode | None:
    """Read a full IRI or a prefixed name; None when it is neither."""
    if text.startswith(("http://", "https://")):
        try:
            return NamedNode(text)
        except ValueError:
            return None
    prefix, colon, local = text.partition(":")
    if colon and prefix in PREFIXES and _LOCAL.match(local):
        return NamedNode(PREFIXES[prefix] + local)
    return None


def local_path(iri: str) -> str | None:
    """Give the path below our base at which a service shows an IRI; None for IRIs that are not ours."""
    return iri.removeprefix(BASE) if iri.startswith(BASE) else None
