"""A baseline: findings that are known and let be, so that only new ones fail. JSON that a person can review."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from iotkg.errors import InputError
from iotkg.findings import Finding
from iotkg.loading import read_text, write_text

_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Sorted:
    """Findings held against a baseline: new ones, known ones, and what the baseline lists that is no more."""

    new: tuple[Finding, ...]
    known: tuple[Finding, ...]
    gone: tuple[str, ...]


def load(path: Path) -> dict[str, str]:
    """Read a baseline: a line of words for each identity.

    Raises: InputError when the file is not there or is no baseline.
    """
    if not path.exists():
        raise InputError(f"{path}: there is no such baseline; write one with --update-baseline")
    text = read_text(path, str(path))
    try:
        whole = json.loads(text)
        if whole["version"] != _VERSION:
            raise InputError(
                f"{path}: is a baseline of version {whole['version']}, known is {_VERSION}; write it anew with "
                "--update-baseline"
            )
        return {one["id"]: f"{one['focus']}: {one['message']} ({one['shape']})" for one in whole["findings"]}
    except (json.JSONDecodeError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{path}: is no baseline ({error}); write one with --update-baseline") from error


def save(path: Path, findings: Iterable[Finding]) -> None:
    """Write a baseline of findings, in an order that moves only where findings come and go.

    Raises: OutputError when it cannot be written.
    """
    listed = [
        {
            "id": one.identity,
            "shape": one.shape,
            "focus": one.focus,
            "path": one.path,
            "value": one.value,
            "severity": one.severity.value,
            "message": one.messages.get("en") or next(iter(one.messages.values()), ""),
        }
        for one in sorted(findings, key=lambda one: (one.shape, one.focus, one.identity))
    ]
    text = json.dumps({"version": _VERSION, "findings": listed}, ensure_ascii=False, indent=1)
    write_text(path, text + "\n", str(path))


def compare(findings: Iterable[Finding], known: dict[str, str]) -> Sorted:
    """Tell new findings from known ones."""
    found = list(findings)
    now = {one.identity for one in found}
    return Sorted(
        tuple(one for one in found if one.identity not in known),
        tuple(one for one in found if one.identity in known),
        tuple(sorted(words for identity, words in known.items() if identity not in now)),
    )
