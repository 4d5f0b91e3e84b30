"""The search index: a tantivy index of everything ``searchable`` gives.

It is a cache outside the manifest. It lies in the release's folder under a name made from the release and this
program, so that another one is never read in its place; where nothing can be written it is kept in memory, and one
that is there is read from a copy.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp
from typing import Final
from weakref import finalize

import tantivy

from iotkg import cache, words
from iotkg.identifiers import shorten
from iotkg.search import ENTRY, KEY, LABEL, NAME, OUTSIDE, TEXT, WEIGHTS, WHOLE, Index, register
from iotkg.searchable import Entry, entries
from iotkg.store import open_release, read_manifest
from iotkg.terms import Names
from iotkg.vocab import ID

_HEAP: Final = 50_000_000
"""Bytes for building: enough for one segment, whose order of entries settles ties."""

_COMPLETE: Final = "complete"
"""A file that an index gets last."""


def build(found: Iterable[Entry], folder: Path | None = None) -> Index:
    """Index entries, in a folder that exists and is empty, or in memory.

    Raises: OSError or ValueError when the folder cannot be written.
    """
    index = tantivy.Index(_schema(), path=str(folder) if folder else None)
    register(index)
    writer = index.writer(_HEAP, 1)
    for entry in found:
        writer.add_document(_document(entry))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return Index(index)


def opened(names: Callable[[], Names], release: str, folder: Path | None) -> Index:
    """Open the index of a release in its folder, or build it there from the store; in memory where that fails."""
    if folder is None:
        return build(entries(names()))
    place = folder / f".search-{cache.key([release.encode(), version('tantivy').encode()])}"
    with suppress(OSError, ValueError):
        return _open(place)
    found = list(entries(names()))
    with suppress(OSError, ValueError):
        aside = Path(mkdtemp(prefix=".search-new-", dir=folder))
        try:
            build(found, aside)
            (aside / _COMPLETE).touch()
            shutil.rmtree(place, ignore_errors=True)
            aside.replace(place)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        for old in folder.glob(".search-*"):
            if old != place and not old.name.startswith(".search-new-"):
                shutil.rmtree(old, ignore_errors=True)
        return _open(place)
    return build(found)


def of_release(dist: Path) -> Index:
    """Open the index of a release; its store is loaded only to build what is not there yet.

    Raises: InputError when there is no release, or it is not what its manifest says.
    """
    folder = dist.resolve()
    release = read_manifest(folder)["release"]
    return opened(lambda: Names(open_release(folder)), release, folder)


def _open(place: Path) -> Index:
    """Open a finished index.

    Raises: OSError or ValueError when there is none.
    """
    (place / _COMPLETE).stat()
    with suppress(ValueError):
        return Index(tantivy.Index.open(str(place)))
    copy = mkdtemp(
        prefix="iotkg-search-"
    )  # tantivy locks what it opens, which a read-only folder does not allow
    try:
        shutil.copytree(place, copy, ignore=shutil.ignore_patterns("*.lock"), dirs_exist_ok=True)
        index = Index(tantivy.Index.open(copy))
    except BaseException:
        shutil.rmtree(copy, ignore_errors=True)
        raise
    finalize(index, shutil.rmtree, copy, ignore_errors=True)
    return index


def _schema() -> tantivy.Schema:
    schema = tantivy.SchemaBuilder()
    for field in WEIGHTS:
        schema.add_text_field(field, tokenizer_name="stemmed")
    schema.add_text_field(WHOLE, tokenizer_name="whole")
    for field in (LABEL, KEY):
        schema.add_text_field(field, tokenizer_name="raw", index_option="basic")
    for field in ("kind", "plan"):
        schema.add_text_field(field, fast=True, tokenizer_name="raw", index_option="basic")
    schema.add_bytes_field(ENTRY, stored=True)
    return schema.build()


def _document(entry: Entry) -> tantivy.Document:
    document = tantivy.Document()
    document.add_text("kind", entry.kind)
    document.add_bytes(ENTRY, _dumps(entry))
    for plan in entry.plans:
        document.add_text("plan", plan)
    for text in entry.texts:
        document.add_text(TEXT, words.fold(text.value))
    if entry.document:
        return document
    path = entry.iri.removeprefix(ID)
    key = path.rpartition("/")[2]
    for known in dict.fromkeys((entry.iri, shorten(entry.iri), path, key, key.partition("_")[2] or key)):
        document.add_text(KEY, known)
    for field, names in ((NAME, entry.names), (OUTSIDE, entry.outside)):
        for name in names:
            document.add_text(field, words.fold(name.value))
            document.add_text(WHOLE, words.fold(name.value))
            document.add_text(LABEL, words.squeeze(name.value))
    return document


def _dumps(entry: Entry) -> bytes:
    return json.dumps(asdict(entry), ensure_ascii=False).encode()
