"""Outcomes of earlier runs, by a hash of all that went into them; the folder is safe to delete at any time."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from iotkg.outcome import Outcome, dumps, loads

_KEPT: Final = 64
"""How many outcomes are kept; the oldest go first."""


def folder() -> Path:
    """Give where outcomes are kept: $IOTKG_CACHE, else iotkg below the user's cache folder (XDG)."""
    stated = os.environ.get("IOTKG_CACHE")
    if stated:
        return Path(stated)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "iotkg"


def key(parts: Iterable[bytes]) -> str:
    """Hash what an outcome depends on; the version of this program is part of it."""
    digest = blake2b(digest_size=20)
    for part in (version("iotkg").encode(), *parts):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def find(name: str) -> Outcome | None:
    """Give the outcome of an earlier run, or nothing; what cannot be read counts as not there."""
    path = folder() / f"{name}.json"
    try:
        outcome = loads(path.read_bytes())
        path.touch()
    except (OSError, ValueError):
        return None
    return outcome


def keep(name: str, outcome: Outcome) -> None:
    """Keep an outcome for later runs; a cache that cannot be written is no fault."""
    with suppress(OSError):
        place = folder()
        place.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=place, suffix=".new", delete=False) as aside:
            aside.write(dumps(outcome))
        Path(aside.name).replace(place / f"{name}.json")
        kept = sorted(place.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for old in kept[:-_KEPT]:
            old.unlink(missing_ok=True)
