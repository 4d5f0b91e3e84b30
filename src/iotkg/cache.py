"""Outcomes of earlier runs, by a hash of all that went into them; the folder is safe to delete at any time."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from iotkg.outcome import Outcome, dumps, loads

_KEPT: Final = 64
"""How many outcomes are kept; the oldest go first."""


def folder() -> Path | None:
    """Give where outcomes are kept: $IOTKG_CACHE, else iotkg below the user's cache folder (XDG).

    None when the user has no home, as in some containers.
    """
    stated = os.environ.get("IOTKG_CACHE")
    if stated:
        return Path(stated)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "iotkg"
    except RuntimeError:
        return None


def key(parts: Iterable[bytes]) -> str:
    """Hash what an outcome depends on; this program is part of it: in a checkout it changes without its version."""
    digest = blake2b(digest_size=20)
    for part in (version("iotkg").encode(), _program(), *parts):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


@cache
def _program() -> bytes:
    digest = blake2b(digest_size=20)
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.digest()


def find(name: str) -> Outcome | None:
    """Give the outcome of an earlier run, or nothing; what cannot be read counts as not there."""
    place = folder()
    if place is None:
        return None
    path = place / f"{name}.json"
    try:
        outcome = loads(path.read_bytes())
        path.touch()
    except (OSError, ValueError, RecursionError):
        return None
    return outcome


def keep(name: str, outcome: Outcome) -> None:
    """Keep an outcome for later runs; a cache that cannot be written is no fault."""
    place = folder()
    if place is None:
        return
    with suppress(OSError):
        place.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=place, suffix=".new", delete=False) as aside:
            path = Path(aside.name)
            try:
                aside.write(dumps(outcome))
                aside.flush()
                path.replace(place / f"{name}.json")
            finally:
                path.unlink(missing_ok=True)
        kept = sorted(place.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for old in kept[:-_KEPT]:
            old.unlink(missing_ok=True)
