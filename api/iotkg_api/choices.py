"""What a reader of the text asked to see: kinds of marks, our English, what each sentence supports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from iotkg.errors import InvalidParameter
from iotkg.highlights import KINDS
from iotkg_api.negotiation import once
from iotkg_api.pages import language_of

GROUPS: Final = {
    "said": (
        "responsibility",
        "deadline",
        "target",
        "funding",
        "reference",
        "initiative",
        "output",
        "provision",
    ),
    "named": (
        *("body", "sector", "technology", "document", "place"),
        *("programme", "instrument", "facility", "talent"),
    ),
    "words": ("mention", "shared", "exception"),
}
"""The kinds of marks as the form groups them."""

DEFAULT: Final = frozenset(
    {*GROUPS["said"], *("body", "sector", "technology", "document", "place")} - {"output", "provision"}
)
"""The kinds that are marked unless others are asked for: nearly all words are part of a provision."""

_SWITCHES: Final = {"0": False, "1": True}


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What a reader asked to see; ``kept`` are the parameters that go along from page to page."""

    shown: frozenset[str]
    english: bool
    uncovered: bool
    kept: Mapping[str, str]


def read_choices(request: Request) -> Choices:
    """Read what is to be shown.

    Raises: InvalidParameter for a kind or a switch there is not.
    """
    asked = request.query_params.multi_items()
    given = once((name, value) for name, value in asked if name != "show")
    shows = [part for name, value in asked if name == "show" for part in value.split(",") if part]
    allowed = {*KINDS, "english", "none", "all"}
    if unknown := [show for show in shows if show not in allowed]:
        raise InvalidParameter(
            f"show: {unknown[0][:40]!r} is no kind of mark; there are {', '.join(sorted(allowed))}"
        )
    wanted = given.get("uncovered", "0")
    if wanted not in _SWITCHES:
        raise InvalidParameter(f"uncovered: {wanted[:40]!r} is neither 0 nor 1")
    kept = {"show": ",".join(dict.fromkeys(shows))} if shows else {}
    return Choices(
        shown=(frozenset(KINDS) if "all" in shows else frozenset(shows) & KINDS.keys()) if shows else DEFAULT,
        english="english" in shows if shows else language_of(request) == "en",
        uncovered=_SWITCHES[wanted],
        kept=kept | ({"uncovered": "1"} if _SWITCHES[wanted] else {}),
    )
