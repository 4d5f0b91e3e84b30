"""What the pages say, in both languages, by part of the site; what the graph says comes from the graph.

An entry is (English, Chinese). English with a ``|`` is singular and plural, chosen by ``n``.
"""

from __future__ import annotations

from typing import Final

from iotkg_api.wording import answers, reference, release, site, things

LANGUAGES: Final = ("en", "zh")
PARTS: Final = (site, answers, things, reference, release)
WORDING: Final[dict[str, tuple[str, str]]] = {
    key: words for part in PARTS for key, words in part.WORDING.items()
}


def say(key: str, language: str, **values: str | int) -> str:
    """Word something; numbers get thousands separators.

    Raises: KeyError for a key that is not in WORDING.
    """
    english, chinese = WORDING[key]
    text = chinese
    if language != "zh":
        one, bar, many = english.partition("|")
        text = many if bar and values.get("n") != 1 else one
    shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in values.items()}
    return text.format(**shown)
