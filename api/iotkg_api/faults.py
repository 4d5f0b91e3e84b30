"""Where a query that does not parse goes wrong, in words.

The engine names the furthest place its parser got to, which for common slips is the end of the query. This finds
the slips that show on the tokens alone: a bracket without its partner, a word SPARQL does not have, a prefix
nobody declared. Pure; meant only for queries the engine has refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import pairwise
from typing import Final, NamedTuple

from iotkg.guard import Token, position, tokenize

_WORDS: Final = frozenset(
    """
    A ABS ADD ADJUST ALL AS ASC ASK AVG BASE BIND BNODE BOUND BY CEIL CLEAR COALESCE CONCAT CONSTRUCT CONTAINS COPY
    COUNT CREATE DATA DATATYPE DAY DEFAULT DELETE DESC DESCRIBE DISTINCT DROP ENCODE_FOR_URI EXISTS FALSE FILTER
    FLOOR FROM GRAPH GROUP GROUP_CONCAT HASLANG HASLANGDIR HAVING HOURS IF IN INSERT INTO IRI ISBLANK ISIRI
    ISLITERAL ISNUMERIC ISTRIPLE ISURI LANG LANGDIR LANGMATCHES LATERAL LCASE LIMIT LOAD MAX MD5 MIN MINUS MINUTES
    MONTH MOVE NAMED NOT NOW OBJECT OFFSET OPTIONAL ORDER PREDICATE PREFIX RAND REDUCED REGEX REPLACE ROUND SAMETERM
    SAMEVALUE SAMPLE SECONDS SELECT SEPARATOR SERVICE SHA1 SHA256 SHA384 SHA512 SILENT STR STRAFTER STRBEFORE STRDT
    STRENDS STRLANG STRLANGDIR STRLEN STRSTARTS STRUUID SUBJECT SUBSTR SUM TIMEZONE TO TRIPLE TRUE TZ UCASE UNDEF
    UNION UNSAID URI USING UUID VALUES VERSION WHERE WITH YEAR
    """.split()  # noqa: SIM905  # two hundred quotes would not help the reader
)
_PARTNERS: Final = {"}": "{", ")": "(", "]": "["}


class Fault(NamedTuple):
    """What is wrong, and where: line and column from 1."""

    message: str
    line: int
    column: int


def find(query: str) -> Fault | None:
    """Find the first slip in a query; None when its tokens show none."""
    tokens = list(tokenize(query))
    found = (next(slips, None) for slips in (_words(tokens), _prefixes(tokens), _brackets(tokens)))
    slips = [slip for slip in found if slip is not None]
    if not slips:
        return None
    token, message = min(slips, key=lambda slip: slip[0].start)
    return Fault(message, *position(query, token.start))


def _words(tokens: list[Token]) -> Iterator[tuple[Token, str]]:
    """Find words SPARQL does not have, in order; looking for near ones is slow, so only as many as are asked for."""
    for token in tokens:
        if token.kind == "word" and token.keyword not in _WORDS:
            near = get_close_matches(token.keyword, _WORDS, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield token, f"{token.text} is no word of SPARQL{hint}"


def _prefixes(tokens: list[Token]) -> Iterator[tuple[Token, str]]:
    declared = {after.text for token, after in pairwise(tokens) if token.keyword == "PREFIX"}
    for token in tokens:
        prefix = f"{token.text.partition(':')[0]}:"
        if token.kind == "name" and prefix not in declared:
            yield token, f"the prefix {prefix} is not declared"


def _brackets(tokens: list[Token]) -> Iterator[tuple[Token, str]]:
    """Match brackets; after the first that has no partner, nothing can be said of the others."""
    waiting: list[Token] = []
    for token in tokens:
        if token.kind != "mark":
            continue
        if token.text in _PARTNERS.values():
            waiting.append(token)
        elif token.text in _PARTNERS:
            if not waiting or waiting[-1].text != _PARTNERS[token.text]:
                yield token, f"{token.text} closes nothing"
                return
            waiting.pop()
    if waiting:
        yield waiting[-1], f"{waiting[-1].text} is never closed"
