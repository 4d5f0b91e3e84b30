"""The text for readers: plan by plan, cut into units, sentences and marks, with what rests on the words.

A document is read once, in a few queries, and kept: the dataset is frozen. Units: Unicode code points of the source
text, half open.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from pyoxigraph import NamedNode

from iotkg import identifiers
from iotkg.catalogue import Catalogue
from iotkg.coverage import Sentence, body_start, sentences_of
from iotkg.errors import InvalidParameter
from iotkg.highlights import HERE, KIND_OF, Mark, Piece, nest
from iotkg.matching import Span, inside
from iotkg.model import Texts, Unit
from iotkg.outline import Outline
from iotkg.terms import Node, iri_of, texts
from iotkg.vocab import ID

_CHAR: Final = re.compile(r"(?P<start>\d{0,9}),(?P<end>\d{0,9})\Z", re.ASCII)
_MARKS: Final = """
SELECT ?anchor ?thing ?names
WHERE {
  ?anchor iotkg:inSource %s .
  { ?anchor iotkg:identifies ?thing . BIND(true AS ?names) }
  UNION
  { ?thing iotkg:hasEvidence ?anchor . FILTER NOT EXISTS { ?thing iotkg:inheritedFrom ?origin } }
}
"""
_NAMED: Final = """
SELECT DISTINCT ?thing ?value
WHERE { ?anchor iotkg:inSource %s ; iotkg:identifies ?thing . ?thing skos:prefLabel ?value }
"""
_STATED: Final = """
SELECT DISTINCT ?thing ?value
WHERE {{
  ?anchor iotkg:inSource {source} .
  ?thing iotkg:hasEvidence ?anchor .
  FILTER NOT EXISTS {{ ?thing iotkg:inheritedFrom ?origin }}
  ?thing {path} ?value .
}}
"""
_TRANSLATED: Final = "iotkg:translation"
_CALLED: Final = (
    "skos:prefLabel|((iotkg:actor|iotkg:mentionOf|iotkg:refersTo|iotkg:countsThing|iotkg:fundingProgramme)"
    "/skos:prefLabel)"
)
"""What a statement is called by, where it has no label of its own."""


CLAIMS: Final = (
    *("provision", "responsibility", "deadline", "target", "funding"),
    *("reference", "initiative", "output", "place", "mention"),
)
"""The kinds of marks whose words can be the evidence of something that is stated, as coverage counts it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Something stated that rests on words of a run; ``kind`` is that of its mark.

    ``translation`` is ours, of the words: that of a clause, or of words that no clause of the run holds.
    """

    thing: NamedNode
    kind: str
    translation: Texts = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A run of words: a heading, or a sentence with the white space behind it.

    ``sentence`` is that which is counted; a heading, a table and a line of the contents page are none.
    """

    start: int
    end: int
    pieces: tuple[Piece, ...]
    claims: tuple[Claim, ...] = ()
    sentence: Sentence | None = None

    @property
    def kinds(self) -> tuple[tuple[str, tuple[Claim, ...]], ...]:
        """What rests on words of the run, kind by kind."""
        claimed = ((kind, tuple(claim for claim in self.claims if claim.kind == kind)) for kind in CLAIMS)
        return tuple((kind, claims) for kind, claims in claimed if claims)


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """A unit's own words, its heading first, and the units inside it."""

    unit: Unit
    heading: Run | None
    runs: tuple[Run, ...]
    below: tuple[Passage, ...] = ()

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """The counted sentences of the unit and those inside it, in the order of the text."""
        own = (run.sentence for run in self.runs if run.sentence)
        return (*own, *(sentence for passage in self.below for sentence in passage.sentences))


@dataclass(frozen=True, kw_only=True, slots=True)
class Book:
    """A document as its readers get it: text and units, marks by where they start, names and translations by IRI."""

    key: str
    outline: Outline
    marks: tuple[Mark, ...]
    longest: int
    labels: Mapping[str, Texts]
    translations: Mapping[str, Texts]
    sentences: tuple[Sentence, ...]

    @property
    def whole(self) -> Unit:
        """The document as a unit: the plan set."""
        return next(iter(self.outline.units.values()))

    @property
    def plans(self) -> tuple[Unit, ...]:
        """The plans, in the order of the text."""
        return self.outline.below(self.whole)

    def slug(self, plan: Unit) -> str:
        """Give the part of a plan's address that tells it from the document's other plans."""
        return identifiers.parts_of(plan.term.iri)[-1]

    def plan(self, slug: str) -> Unit | None:
        """Find a plan by its part of the address."""
        return next((plan for plan in self.plans if self.slug(plan) == slug), None)

    def plan_at(self, offset: int) -> Unit | None:
        """Give the plan in which, or behind which, an offset stands; None where the front matter stands."""
        plans = self.plans
        position = bisect_right(plans, offset, key=lambda plan: plan.start) - 1
        return plans[position] if position >= 0 else None

    def until(self, unit: Unit) -> int:
        """Give where a plan's page ends: the white space behind a plan goes with it; the front matter is a page."""
        if unit.parent is None:
            return unit.own_end
        return next((plan.start for plan in self.plans if plan.start > unit.start), len(self.outline.text))

    def sentences_in(self, start: int, end: int) -> tuple[Sentence, ...]:
        """Give the counted sentences that begin in [start, end), in the order of the text."""
        first = bisect_left(self.sentences, start, key=lambda it: it.start)
        last = bisect_left(self.sentences, end, key=lambda it: it.start)
        return self.sentences[first:last]

    def passage(self, unit: Unit, shown: Collection[str], here: Span | None = None) -> Passage:
        """Give the words of a plan with all that is inside it, or those of the front matter.

        ``shown`` are the kinds of marks that need room; ``here`` are words to be marked besides.
        """
        asked = (Mark(start=here[0], end=here[1], kind=HERE),) if here else ()
        return self._passage(unit, self.until(unit), frozenset(shown), asked)

    def _passage(self, unit: Unit, until: int, shown: frozenset[str], asked: tuple[Mark, ...]) -> Passage:
        below = self.outline.below(unit) if unit.parent is not None else ()
        own = below[0].start if below else until
        ends = [*(child.start for child in below[1:]), until][: len(below)]
        first = self._heading(unit, own)
        if unit.parent is None:
            edges = [*_lines(self.outline.text, first, own), own]
        else:
            edges = [
                first,
                *(it.start for it in self.sentences_in(unit.start, unit.own_end) if it.start > first),
                own,
            ]
        return Passage(
            unit=unit,
            heading=self._run(unit.start, first, shown, asked) if first > unit.start else None,
            runs=tuple(self._run(*span, shown, asked) for span in pairwise(edges) if span[0] < span[1]),
            below=tuple(
                self._passage(child, end, shown, asked) for child, end in zip(below, ends, strict=True)
            ),
        )

    def _heading(self, unit: Unit, own: int) -> int:
        """Give where a unit's heading ends: a plan's holds its years, that of a part that only holds others is all."""
        if unit.parent is None:
            return next(_lines(self.outline.text, self.outline.text.find("\n") + 1, own), own)
        if unit.kind == "plan":
            return own
        first = body_start(self.outline, unit)
        if first == unit.start:
            return first
        body = self.outline.text[first:own]
        return first + len(body) - len(body.lstrip())

    def _run(self, start: int, end: int, shown: frozenset[str], asked: tuple[Mark, ...]) -> Run:
        first = bisect_left(self.marks, start - self.longest, key=lambda mark: mark.start)
        last = bisect_left(self.marks, end, key=lambda mark: mark.start)
        marks = self.marks[first:last]
        found = bisect_right(self.sentences, start, key=lambda it: it.end)
        sentence = self.sentences[found] if found < len(self.sentences) else None
        return Run(
            start=start,
            end=end,
            pieces=nest((*asked, *marks), start, end, shown),
            claims=tuple(self._claims(marks, start, end)),
            sentence=sentence if sentence and sentence.start < end else None,
        )

    def _claims(self, marks: tuple[Mark, ...], start: int, end: int) -> Iterator[Claim]:
        """Yield what rests on words of a run, by where its words begin."""
        here = [mark for mark in marks if mark.kind in CLAIMS and mark.start < end and start < mark.end]
        clauses = {(mark.start, mark.end) for mark in here if mark.kind == "provision"}
        told: set[NamedNode] = set()
        for mark in here:
            own = mark.start >= start and (
                mark.kind == "provision"
                or (mark.kind != "reference" and not inside((mark.start, mark.end), clauses))
            )
            for thing in mark.stated:
                if thing not in told:
                    told.add(thing)
                    translation = self.translations.get(thing.value, ()) if own else ()
                    yield Claim(thing=thing, kind=mark.kind, translation=translation)


def span_of(asked: str, length: int) -> Span:
    """Read ``start,end`` as RFC 5147 has it: either may be left out.

    Units: code points of a text of ``length``, half open.

    Raises: InvalidParameter when it is none, or does not lie in the text.
    """
    match = _CHAR.match(asked)
    if match is None or asked == ",":
        raise InvalidParameter(f"char: {asked[:40]!r} is no span; write it like char=3883,3890")
    start, end = int(match["start"] or 0), int(match["end"] or length)
    if not start < end <= length:
        raise InvalidParameter(
            f"char: {asked!r} holds no words; the text has {length} characters, and the end is the first one "
            "that is left out"
        )
    return start, end


def read_book(catalogue: Catalogue, key: str) -> Book | None:
    """Read a document by its key, in a few queries; None when the store has no such text."""
    if f"source-text/{key}" not in catalogue.keys:
        return None
    iri = NamedNode(f"{ID}plan-set/{key}")
    outline = catalogue.outline(iri)
    if outline is None:
        return None
    source = identifiers.mint("source-text", key)
    marks = tuple(
        sorted(_marks(catalogue, source, outline), key=lambda mark: (mark.start, -mark.end, mark.kind))
    )
    named = _texts(catalogue, _NAMED % source)
    called = _texts(catalogue, _STATED.format(source=source, path=_CALLED))
    return Book(
        key=key,
        outline=outline,
        marks=marks,
        longest=max((mark.end - mark.start for mark in marks), default=0),
        labels=called | named,
        translations=_texts(catalogue, _STATED.format(source=source, path=_TRANSLATED)),
        sentences=sentences_of(catalogue, iri, outline),
    )


def _texts(catalogue: Catalogue, query: str) -> dict[str, Texts]:
    """Read literals by what they are said of."""
    found: dict[str, list[Node]] = {}
    for row in catalogue.names.rows(query):
        found.setdefault(iri_of(row["thing"]), []).append(row["value"])
    return {thing: texts(values) for thing, values in found.items()}


def _marks(catalogue: Catalogue, source: NamedNode, outline: Outline) -> Iterator[Mark]:
    """Yield a mark for each span and kind; what is the whole of a unit and nothing else is none."""
    found: dict[tuple[Span, str], dict[bool, set[str]]] = {}
    for row in catalogue.names.rows(_MARKS % source):
        thing, anchor = iri_of(row["thing"]), iri_of(row["anchor"])
        kind, names = KIND_OF.get(thing.removeprefix(ID).partition("/")[0]), "names" in row
        if kind and anchor in outline.places and (names or thing not in outline.units):
            things = found.setdefault((outline.places[anchor], kind), {True: set(), False: set()})
            things[names].add(thing)
    for (span, kind), things in found.items():
        named, stated = (tuple(NamedNode(iri) for iri in sorted(things[names])) for names in (True, False))
        yield Mark(start=span[0], end=span[1], kind=kind, named=named, stated=stated)


def _lines(text: str, start: int, end: int) -> Iterator[int]:
    """Yield where the lines of [start, end) begin."""
    at = start
    while 0 <= at < end:
        yield at
        at = text.find("\n", at, end) + 1 or end
