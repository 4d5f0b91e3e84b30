"""What all commands share: where they print, and how they fail."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from rich.console import Console

from iotkg import errors

EXIT: Final[dict[type[errors.IotkgError], int]] = {
    errors.CurationError: 1,
    errors.RequestError: 2,
    errors.InputError: 3,
    errors.OutputError: 3,
    errors.ShapesError: 4,
    errors.EngineError: 5,
}
"""The exit code of each kind of failure; 0 is good."""

out: Final = Console(soft_wrap=True, highlight=False, emoji=False)
err: Final = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)


class Language(StrEnum):
    """The language of messages."""

    zh = "zh"
    en = "en"


def fail(error: errors.IotkgError) -> int:
    """Print what went wrong and give its exit code."""
    err.print(f"iotkg: {error}", style="red", markup=False)
    return next(code for kind, code in EXIT.items() if isinstance(error, kind))
