"""Whether a store elsewhere can be trusted with our own queries, found out by asking what SPARQL settles.

Engines that pass for SPARQL 1.1 are not all right, and a wrong row looks like a right one. Which of our queries an
engine gets wrong depends on the plan it happens to choose, so one that fails any of these questions is given none of
them. Known from Virtuoso 7.2.5; see docs/scaling.md for what it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from iotkg.errors import InputError, RemoteError
from iotkg.store import Solutions, Source, Table
from iotkg.vocab import PREFIXES

_BROADER: Final = f"<{PREFIXES['skos']}broader>"


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """A question to which there is one right answer."""

    about: str
    query: str
    answer: tuple[dict[str, str | None], ...]


PROBES: Final = (
    Probe(
        about="CONCAT of text that is not ASCII",
        query='ASK { FILTER(CONCAT("《", STR("物"@zh), "》") = "《物》") }',
        answer=({"answer": "true"},),
    ),
    Probe(
        about="REGEX with a pattern that is not ASCII",
        query='ASK { FILTER(REGEX("国际合作", "交流|合作")) }',
        answer=({"answer": "true"},),
    ),
    Probe(
        about="paths of any length, whose ends make one row however many ways lead there",
        query=f"SELECT ?b WHERE {{ ?a {_BROADER} ?c ; {_BROADER}+ ?b }} GROUP BY ?a ?c ?b HAVING (COUNT(*) > 1)",
        answer=(),
    ),
)


class Probed(Source):
    """A store that is asked our own queries only if it got every probe right."""

    def __init__(self, source: Source, probes: Sequence[Probe] = PROBES) -> None:
        self._source = source
        self.failed = tuple(probe for probe in probes if not _right(source, probe))

    def solutions(self, query: str) -> Solutions:
        """Answer a SELECT or an ASK; see ``Source``.

        Raises: RemoteError, too, when the store got a probe wrong, or cannot read the query: other engines read it.
        """
        self._admit()
        try:
            return self._source.solutions(query)
        except InputError as error:
            raise _unread(error) from error

    def select(self, query: str) -> Table:
        """Answer a SELECT or an ASK as a table; see ``solutions``."""
        self._admit()
        try:
            return self._source.select(query)
        except InputError as error:
            raise _unread(error) from error

    def _admit(self) -> None:
        if self.failed:
            raise RemoteError(
                f"the store gets this wrong: {'; '.join(probe.about for probe in self.failed)} (asked "
                f"{self.failed[0].query!r}), so over it only /sparql is served. Publish to another store, such as "
                "Oxigraph's server, for pages and canned queries"
            )


def _unread(error: InputError) -> RemoteError:
    return RemoteError(f"the store cannot read one of this service's own queries: {error}")


def _right(source: Source, probe: Probe) -> bool:
    """Say whether a store answers a probe as it must; one that cannot answer it at all does not."""
    try:
        return tuple(source.select(probe.query).records()) == probe.answer
    except (InputError, RemoteError):
        return False
