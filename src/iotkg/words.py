"""Words: a question read into what must be found, and found again in a text so that it can be marked.

Texts and questions are folded alike: full width to half, traditional characters to simplified (OpenCC), -ise to -ize;
folding keeps every character in its place, so what is found in the folded text stands at the same offsets in the real
one. tantivy then cuts it: each Chinese character is a token and so is each run of other letters and digits, stemmed as
English. A Chinese word is a phrase of such tokens: exact at any length, one character included, across the line breaks
of the source too. (Pairs of characters, the usual index, hold no positions in tantivy, find no single character, and
take 标准化 for found where 标准 and 准化 stand apart.)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

import tantivy
from opencc import OpenCC

Span: TypeAlias = tuple[int, int]
"""[start, end) in code points."""

PIECES: Final = r"\p{Han}|[\p{L}\p{M}\p{N}&&[^\p{Han}]]+"
"""What a token is, as Rust's regular expressions have it."""

_QUOTED: Final = re.compile(r"[\"“”„«»「」『』《》]([^\"“”„«»「」『』《》]*)[\"“”„«»「」『』《》]")
_BRITISH: Final = re.compile(
    r"(?<=[a-z]{2})is(?=(?:e|ed|es|er|ers|ing|ation|ations|ational)(?![a-z]))", re.IGNORECASE
)
_JOINED: Final = re.compile(r"[-/.'’&+_@:]+\Z")
_STARTS: Final = 5
"""The shortest Latin word that also finds the longer words it begins; plan is not to find plant."""

MOST_WORDS: Final = 16
"""Words of one question; what follows them is not looked for."""


@dataclass(frozen=True, slots=True)
class Word:
    """What is to be found as one: its characters as they were given, and its tokens, which must follow each other.

    ``begins`` is the beginning of longer words that are meant too; empty for none.
    """

    text: str
    tokens: tuple[str, ...]
    begins: str = ""


@cache
def stemmed() -> tantivy.TextAnalyzer:
    """Give what cuts folded texts into tokens, English ones stemmed (Snowball)."""
    return _builder().filter(tantivy.Filter.stemmer("english")).build()


@cache
def whole() -> tantivy.TextAnalyzer:
    """Give what cuts folded texts into tokens without stemming."""
    return _builder().build()


def _builder() -> tantivy.TextAnalyzerBuilder:
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.regex(PIECES)).filter(tantivy.Filter.lowercase())


def fold(text: str) -> str:
    """Write a text as the index has it; each character stays in its place."""
    return _BRITISH.sub("iz", "".join(map(_folded, text)))


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")


@cache
def _folded(character: str) -> str:
    """Fold one character by itself: in context OpenCC writes 覆盖 now with one and now with the other."""
    if unicodedata.category(character) == "Cs":
        return " "  # half a character, which is none
    plain = unicodedata.normalize("NFKC", character)
    simple = _converter().convert(plain if len(plain) == 1 else character)
    return simple if len(simple) == 1 else character


def squeeze(text: str) -> str:
    """Write a label so that equal ones are equal: folded, in lower case, letters and digits alone."""
    return "".join(character for character in fold(text).lower() if character.isalnum())


def read(question: str) -> tuple[Word, ...]:
    """Read a question: words in quotes stand together, others may stand apart; English small words count for nothing.

    Whatever is no letter or digit only parts words: no question is wrong.
    """
    found: list[Word] = []
    end = 0
    for match in _QUOTED.finditer(question):
        found += _loose(question[end : match.start()])
        found += _together(match[1])
        end = match.end()
    found += _loose(question[end:])
    telling = [word for word in found if len(word.tokens) > 1 or not _is_small(word.text)]
    return tuple({word.tokens: word for word in telling or found}.values())[:MOST_WORDS]


def spans(words: Iterable[Word], text: str) -> list[Span]:
    """Find words in a text: where each stands, in order, those that touch or overlap as one."""
    pieces = _pieces(text)
    tokens = [token for token, _ in pieces]
    found = sorted(
        (pieces[at][1][0], pieces[at + length - 1][1][1])
        for word in words
        for at, length in _places(word, tokens)
    )
    merged: list[Span] = []
    for start, end in found:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def segments(words: Iterable[Word], text: str, longest: int = 0) -> tuple[tuple[str, bool], ...]:
    """Cut a text into what is one of the words and what is not; a long one is cut to ``longest`` around the first.

    Units: code points; 0 leaves it whole. Gives nothing but characters of the text, and … where it was cut.
    """
    found = spans(words, text)
    left, right = 0, len(text)
    if longest and right > longest:
        first = found[0][0] if found else 0
        left = max(0, min(first - longest // 4, right - longest))
        right = left + longest
        left, right = _rounded(text, left, right)
    cut: list[tuple[str, bool]] = [("…", False)] if left else []
    at = left
    for start, end in found:
        if at <= start and end <= right:
            cut += [(text[at:start], False), (text[start:end], True)]
            at = end
    cut += [(text[at:right], False), ("…" if right < len(text) else "", False)]
    return tuple((piece, marked) for piece, marked in cut if piece)


def _rounded(text: str, left: int, right: int) -> Span:
    """Move the ends of a cut outwards so that no word is cut in two."""
    while left and text[left - 1].isascii() and text[left - 1].isalnum():
        left -= 1
    while right < len(text) and text[right].isascii() and text[right].isalnum():
        right += 1
    return left, right


def _places(word: Word, tokens: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the first token and the number of tokens of each occurrence."""
    wanted, length = word.tokens, len(word.tokens)
    for at, token in enumerate(tokens):
        if token == wanted[0] and tuple(tokens[at : at + length]) == wanted:
            yield at, length
        elif word.begins and token.startswith(word.begins):
            yield at, 1


@cache
def _small_words() -> tantivy.TextAnalyzer:
    return _builder().filter(tantivy.Filter.stopword("english")).build()


def _is_small(text: str) -> bool:
    return not _small_words().analyze(fold(text))


def _pieces(text: str) -> list[tuple[str, Span]]:
    cut = stemmed().pre_tokenize(fold(text)).tokens
    return [(token.text, (token.char_offset_from, token.char_offset_to)) for token in cut]


def _together(text: str) -> Iterator[Word]:
    pieces = _pieces(text)
    if pieces:
        yield Word(text.strip(), tuple(token for token, _ in pieces))


def _loose(text: str) -> Iterator[Word]:
    """Part a text at white space and punctuation, and where Chinese and other writing meet: 863计划 is two words."""
    for chunk in text.split():
        run: list[tuple[str, Span]] = []
        for piece in _pieces(chunk):
            if run and not _joins(chunk, run[-1][1], piece[1]):
                yield _word(chunk, run)
                run = []
            run.append(piece)
        if run:
            yield _word(chunk, run)


def _joins(text: str, left: Span, right: Span) -> bool:
    """Say whether two tokens are of one word: both Chinese and touching, or both not, with no more than a hyphen."""
    chinese = [_is_chinese(text[start]) for start, _ in (left, right)]
    between = text[left[1] : right[0]]
    return chinese[0] == chinese[1] and (not between or (not chinese[0] and bool(_JOINED.match(between))))


def _is_chinese(character: str) -> bool:
    return unicodedata.name(character, "").startswith(("CJK ", "IDEOGRAPHIC "))


def _word(text: str, run: Sequence[tuple[str, Span]]) -> Word:
    given = text[run[0][1][0] : run[-1][1][1]]
    plain = fold(given).lower()
    longer = len(run) == 1 and len(plain) >= _STARTS and plain.isalpha()
    return Word(given, tuple(token for token, _ in run), plain if longer else "")
