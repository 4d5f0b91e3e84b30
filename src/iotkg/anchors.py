"""Anchors: the spans of a text that something rests on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from pyoxigraph import Literal, NamedNode, Triple

from iotkg import identifiers
from iotkg.matching import Span
from iotkg.vocab import IOTKG, RDF, XSD

_CONTEXT = 16
"""Code points kept on either side of a quote, to find it again in another copy."""


@dataclass(slots=True)
class Anchors:
    """The spans that something rests on, and the triples derived from them."""

    document: str
    text: str
    spans: set[Span] = field(default_factory=set)
    triples: set[Triple] = field(default_factory=set)
    evidence: dict[NamedNode, set[Span]] = field(default_factory=lambda: defaultdict(set))
    named: dict[Span, set[NamedNode]] = field(default_factory=lambda: defaultdict(set))

    def at(self, span: Span) -> NamedNode:
        """Name a span and remember it."""
        self.spans.add(span)
        return identifiers.anchor(self.document, *span)

    def support(self, subject: NamedNode, span: Span) -> None:
        """Let words be the evidence of a statement."""
        self.evidence[subject].add(span)
        self.add(subject, IOTKG.hasEvidence, self.at(span))

    def identify(self, entity: NamedNode, span: Span) -> None:
        """Let words denote an entity."""
        self.named[span].add(entity)
        self.add(self.at(span), IOTKG.identifies, entity)

    def add(self, subject: NamedNode, predicate: NamedNode, value: NamedNode | Literal) -> None:
        """Remember a derived triple."""
        self.triples.add(Triple(subject, predicate, value))

    def described(self) -> Iterator[Triple]:
        """Yield everything derived, each anchor with its offsets, quote and context."""
        yield from self.triples
        source = identifiers.mint("source-text", self.document)
        for start, end in self.spans:
            anchor = identifiers.anchor(self.document, start, end)
            yield Triple(anchor, RDF.type, IOTKG.EvidenceAnchor)
            yield Triple(anchor, IOTKG.inSource, source)
            yield Triple(anchor, IOTKG.startOffset, _count(start))
            yield Triple(anchor, IOTKG.endOffset, _count(end))
            yield Triple(anchor, IOTKG.exactQuote, Literal(self.text[start:end]))
            if start:
                yield Triple(anchor, IOTKG.quotePrefix, Literal(self.text[max(0, start - _CONTEXT) : start]))
            if end < len(self.text):
                yield Triple(anchor, IOTKG.quoteSuffix, Literal(self.text[end : end + _CONTEXT]))


def _count(number: int) -> Literal:
    return Literal(str(number), datatype=XSD.integer)
