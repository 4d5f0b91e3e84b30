"""What a store elsewhere gets wrong, found out by asking: small questions whose answers SPARQL settles.

Engines that pass for SPARQL 1.1 are not all right, and a wrong row looks like a right one. So before our own queries
go to a store, it is asked about each construct in them that some engine is known to get wrong; a query that needs
what the store failed is refused, never answered. Known from Virtuoso 7.2.5; see docs/scaling.md for what it says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from iotkg.errors import InputError, RemoteError
from iotkg.store import Solutions, Source, Table
from iotkg.vocab import PREFIXES

_BROADER: Final = f"<{PREFIXES['skos']}broader>"
_COMMENT: Final = re.compile(r"^\s*#.*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """A question to which there is one right answer, and the queries that depend on it."""

    about: str
    query: str
    answer: tuple[dict[str, str | None], ...]
    used: re.Pattern[str]


PROBES: Final = (
    Probe(
        about="CONCAT of text that is not ASCII",
        query='ASK { FILTER(CONCAT("《", STR("物"@zh), "》") = "《物》") }',
        answer=({"answer": "true"},),
        used=re.compile(r"\bCONCAT\s*\(", re.IGNORECASE),
    ),
    Probe(
        about="REGEX with a pattern that is not ASCII",
        query='ASK { FILTER(REGEX("国际合作", "交流|合作")) }',
        answer=({"answer": "true"},),
        used=re.compile(r'\bREGEX\s*\([^{}]*?"[^"]*[^\x00-\x7f]', re.IGNORECASE),
    ),
    Probe(
        about="paths of any length, whose ends make one row however many ways lead there",
        query=f"SELECT ?b WHERE {{ ?a {_BROADER} ?c ; {_BROADER}+ ?b }} GROUP BY ?a ?c ?b HAVING (COUNT(*) > 1)",
        answer=(),
        used=re.compile(r"[\w>)][*+](?=[\s/|)])"),
    ),
)


class Probed(Source):
    """A store to which only those queries go that rest on nothing it was seen to get wrong."""

    def __init__(self, source: Source, probes: Sequence[Probe] = PROBES) -> None:
        self._source = source
        self.failed = tuple(probe for probe in probes if not _right(source, probe))

    def solutions(self, query: str) -> Solutions:
        """Answer a SELECT or an ASK; see ``Source``.

        Raises: RemoteError, too, when the query needs what the store got wrong.
        """
        self._admit(query)
        return self._source.solutions(query)

    def select(self, query: str) -> Table:
        """Answer a SELECT or an ASK as a table; see ``solutions``."""
        self._admit(query)
        return self._source.select(query)

    def _admit(self, query: str) -> None:
        asked = _COMMENT.sub("", query) if self.failed else ""
        wrong = [probe for probe in self.failed if probe.used.search(asked)]
        if wrong:
            raise RemoteError(
                f"the store gets this wrong: {'; '.join(probe.about for probe in wrong)} (asked {wrong[0].query!r}). "
                "What needs it is not served from this store; publish to another, such as Oxigraph's server"
            )


def _right(source: Source, probe: Probe) -> bool:
    """Say whether a store answers a probe as it must; one that cannot answer it at all does not."""
    try:
        return tuple(source.select(probe.query).records()) == probe.answer
    except (InputError, RemoteError):
        return False
