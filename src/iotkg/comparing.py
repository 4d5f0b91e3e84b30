"""Words that several tasks share, found by comparing them; what they mean nobody judges here.

Pure: spans of text in, shared words out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Final, TypeVar

from iotkg.matching import Span

SHORTEST: Final = 10
"""Fewest characters, white space left out, that count as shared wording."""

_POINTS = "，、：,:“”（）()《》"
_SENTENCE = re.compile(r"[^。；;]+")

Key = TypeVar("Key")


def shared_wording(text: str, spans: Mapping[Key, Span]) -> dict[str, list[tuple[Key, Span]]]:
    """Find the longest runs of words, within a sentence, that stand in the spans of two or more keys.

    Gives each run, without white space or points at its ends, with every place it stands in; a run that only ever
    stands inside longer shared ones is left out.
    """
    sentences = [
        (key, [start + match.start() + i for i, c in enumerate(match.group()) if not c.isspace()])
        for key, (start, end) in spans.items()
        for match in _SENTENCE.finditer(text[start:end])
    ]
    words = ["".join(text[offset] for offset in offsets) for _, offsets in sentences]
    places: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for index, sentence in enumerate(words):
        for at in range(len(sentence) - SHORTEST + 1):
            places[sentence[at : at + SHORTEST]].add((index, at))
    runs: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for seeds in places.values():
        for index, at in seeds:
            for other, there in seeds:
                if sentences[index][0] != sentences[other][0] and not _goes_back(
                    words[index], at, words[other], there
                ):
                    length = _common(words[index][at:], words[other][there:])
                    runs[words[index][at : at + length]] |= {(index, at), (other, there)}
    trimmed: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for run, found in runs.items():
        words_only = run.strip(_POINTS)
        if len(words_only) >= SHORTEST:
            first = len(run) - len(run.lstrip(_POINTS))
            trimmed[words_only] |= {(index, at + first) for index, at in found}
    return {
        run: sorted(
            (
                (sentences[i][0], (sentences[i][1][at], sentences[i][1][at + len(run) - 1] + 1))
                for i, at in found
            ),
            key=lambda item: item[1],
        )
        for run, found in sorted(trimmed.items())
    }


def _goes_back(one: str, at: int, other: str, there: int) -> bool:
    """Say whether the common run starts earlier, so that it is found from there."""
    return at > 0 and there > 0 and one[at - 1] == other[there - 1]


def _common(one: str, other: str) -> int:
    """Count the characters two strings share from their beginning."""
    return next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
