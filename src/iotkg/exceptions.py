"""Exceptions: words that look like a label, a numeral or a watched word and are none, each with its reason.

An exception gives a phrase (``iotkg:quote``) and the words in it that are excused (``iotkg:exceptedLabel``); it
holds wherever the phrase stands, or only in the unit it names (``iotkg:statedIn``). Source: docs/curating.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from pyoxigraph import NamedNode

from iotkg import identifiers
from iotkg.anchors import Anchors
from iotkg.document import Document
from iotkg.matching import Matcher, Span, squeeze
from iotkg.problems import Problem, both
from iotkg.vocab import IOTKG, RDF


class Exceptions:
    """A document's exceptions, and which of them were needed."""

    def __init__(self, document: Document, matcher: Matcher) -> None:
        self._document = document
        self._phrases: dict[str, list[tuple[Span, NamedNode]]] = defaultdict(list)
        self._used: set[tuple[NamedNode, Span]] = set()
        self._all: list[NamedNode] = []
        for iri, about in document.index.items():
            if IOTKG.Exception not in about.get(RDF.type, ()):
                continue
            self._all.append(iri)
            units = [unit for unit in about.get(IOTKG.statedIn, ()) if isinstance(unit, NamedNode)]
            places = [
                span
                for quote in about.get(IOTKG.quote, ())
                for span in matcher.find(quote.value)
                if not units or document.unit_at(span[0]) in units
            ]
            for label in about.get(IOTKG.exceptedLabel, ()):
                self._phrases[squeeze(label.value)] += [(span, iri) for span in places]

    def excuse(self, words: str, span: Span) -> bool:
        """Say whether these words are excused at this place, and remember that an exception was needed."""
        for (start, end), iri in self._phrases.get(squeeze(words), ()):
            if start <= span[0] and span[1] <= end:
                self._used.add((iri, span))
                return True
        return False

    def anchor(self, anchors: Anchors) -> None:
        """Anchor each place that an exception excused."""
        for iri, span in self._used:
            anchors.support(iri, span)

    def unused(self) -> Iterator[Problem]:
        """Name each exception that excuses nothing: its phrase is not there, or its words need no excuse."""
        used = {iri for iri, _ in self._used}
        for iri in self._all:
            if iri not in used:
                shown = identifiers.shorten(iri.value)
                yield Problem(
                    kind="exception-unused",
                    messages=both(
                        f"{shown} excuses nothing; take it away or mend its quote",
                        f"{shown} 未豁免任何词语；请删除，或改正其引文",
                    ),
                    place=self._document.curated.place(iri),
                    subject=iri,
                )
