"""Coverage: how much of a text the graph says, measured in its sentences, characters, numerals and names.

Everything is counted in a release, so that what is shown is what is served. A sentence of the body (headings, tables
and the contents page are counted as structure) is *supported* when words of it are the evidence of a statement, an
initiative, an output, a described place or a mention; one that only names things is told apart. White space and
punctuation are no characters here.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal, NamedNode

from iotkg import identifiers
from iotkg.catalogue import Catalogue
from iotkg.model import Term, Unit
from iotkg.outline import Outline
from iotkg.store import Cell, Table
from iotkg.terms import iri_of, number_of
from iotkg.vocab import PREFIXES, XSD

STATED: Final = (
    *("Principle", "Ground", "Measure", "Aim"),
    *("Responsibility", "Deadline", "Target", "FundingSupport", "CrossReference"),
    *("DemonstrationProject", "DemonstrationActivity", "Deliverable", "UnspecifiedPlace", "Mention"),
)
"""Classes whose evidence supports a sentence, in the order in which they are told."""

NAMED: Final = (
    *("GovernmentDepartment", "CoordinationBody", "InternationalOrganisation", "ActorCategory"),
    *("EnterpriseKind", "InstitutionKind", "TalentKind", "Sector", "Technology", "Facility"),
    *("FundingProgramme", "PolicyInstrument", "ExternalDocument", "Place", "DemonstrationZone"),
    *("DemonstrationProject", "DemonstrationActivity", "InitiativeKind", "Deliverable", "Period"),
)
"""Classes of what words denote."""

_CLASSES: Final = PREFIXES["iotkg"]
_SENTENCE: Final = re.compile(r"[^。！？\n]+[。！？]?")
_NUMERAL: Final = re.compile(r"\d+|[〇零一二三四五六七八九十百千万亿两]+")
_SETS: Final = "SELECT ?set WHERE { ?set a iotkg:PlanSet } ORDER BY ?set"
_EVIDENCE: Final = """
SELECT DISTINCT ?kind ?start ?end
WHERE {{
  VALUES ?kind {{ {kinds} }}
  ?thing a ?kind .
  FILTER NOT EXISTS {{ ?thing iotkg:inheritedFrom ?origin }}
  ?thing iotkg:hasEvidence ?anchor .
  ?anchor iotkg:inSource {source} ; iotkg:startOffset ?start ; iotkg:endOffset ?end .
}}
"""
_NAMES: Final = """
SELECT DISTINCT ?kind ?start ?end
WHERE {{
  ?anchor iotkg:inSource {source} ; iotkg:identifies ?thing ; iotkg:startOffset ?start ; iotkg:endOffset ?end .
  ?thing a ?kind .
  VALUES ?kind {{ {kinds} }}
}}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentence:
    """A sentence of the body; ``kinds`` are the classes whose evidence stands in it, ``names`` whether it names."""

    unit: Unit
    plan: Unit
    start: int
    end: int
    text: str
    kinds: frozenset[str]
    names: bool

    @property
    def supported(self) -> bool:
        """Whether words of it are the evidence of something that is stated."""
        return bool(self.kinds)


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """How much of a part of the text is covered; ``anchored`` characters stand in some anchor that is no unit."""

    sentences: int
    supported: int
    characters: int
    anchored: int
    numerals: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """A document's coverage; the keys of ``anchors`` are classes, those of ``numerals`` how they are told."""

    document: Term
    total: Count
    plans: tuple[tuple[Unit, Count], ...]
    parts: tuple[tuple[str, Count], ...]
    sentences: tuple[tuple[str, int], ...]
    stated: tuple[tuple[Term, int], ...]
    named: tuple[tuple[Term, int], ...]
    numerals: tuple[tuple[str, int], ...]
    excepted: int
    bare: tuple[Sentence, ...]


def coverages(catalogue: Catalogue) -> tuple[Coverage, ...]:
    """Measure every document of a release, in the order of their keys."""
    sets = [NamedNode(iri_of(row["set"])) for row in catalogue.names.rows(_SETS)]
    return tuple(
        _coverage(catalogue, iri, outline) for iri in sets if (outline := catalogue.outline(iri)) is not None
    )


def sentences_of(catalogue: Catalogue, iri: NamedNode, outline: Outline) -> tuple[Sentence, ...]:
    """Give the sentences of a plan set's body, in the order of the text."""
    named = _spans(catalogue, _NAMES, iri, NAMED)
    names = [span for spans in named.values() for span in spans]
    return tuple(_sentences(outline, _spans(catalogue, _EVIDENCE, iri, STATED), names))


def _coverage(catalogue: Catalogue, iri: NamedNode, outline: Outline) -> Coverage:
    stated = _spans(catalogue, _EVIDENCE, iri, STATED)
    named = _spans(catalogue, _NAMES, iri, NAMED)
    excepted = _spans(catalogue, _EVIDENCE, iri, ("Exception",)).get("Exception", [])
    said = [span for spans in stated.values() for span in spans]
    names = [span for spans in named.values() for span in spans]
    sentences = tuple(_sentences(outline, stated, names))
    covered = _marked(outline, said + names)
    numerals = dict(_numerals(outline, stated, names, excepted))
    terms = catalogue.names.vocabulary.terms
    plans = [unit for unit in outline.units.values() if unit.kind == "plan"]
    kinds = sorted({part_of(sentence.unit) for sentence in sentences}, key=_PARTS.index)
    return Coverage(
        document=next(iter(outline.units.values())).term,
        total=_count(outline, sentences, covered, numerals),
        plans=tuple(
            (plan, _count(outline, [s for s in sentences if s.plan is plan], covered, numerals))
            for plan in plans
        ),
        parts=tuple(
            (kind, _count(outline, [s for s in sentences if part_of(s.unit) == kind], covered, numerals))
            for kind in kinds
        ),
        sentences=(
            ("supported", sum(s.supported for s in sentences)),
            ("only-names", sum(s.names and not s.supported for s in sentences)),
            ("nothing", sum(not s.names and not s.supported for s in sentences)),
        ),
        stated=tuple((terms[_class(kind)], len(spans)) for kind, spans in stated.items()),
        named=tuple((terms[_class(kind)], len(spans)) for kind, spans in named.items()),
        numerals=tuple(sorted(Counter(numerals.values()).items())),
        excepted=len(excepted),
        bare=tuple(s for s in sentences if not s.supported),
    )


_PARTS: Final = ("ideology", "goal", "group", "task", "safeguard")
"""The parts of a plan's body."""


def part_of(unit: Unit) -> str:
    """Name the part of a plan that a unit is: a task, a safeguard, a group's lead-in, the ideology or the goal."""
    return unit.term.iri.value.rpartition("_")[2] if unit.kind == "section" else unit.kind


def _class(kind: str) -> str:
    return f"{_CLASSES}{kind}"


def _spans(
    catalogue: Catalogue, query: str, iri: NamedNode, kinds: tuple[str, ...]
) -> dict[str, list[tuple[int, int]]]:
    """Read the spans of each class, in the order of the classes."""
    source = identifiers.mint("source-text", iri.value.rpartition("/")[2])
    listed = " ".join(f"iotkg:{kind}" for kind in kinds)
    found: dict[str, list[tuple[int, int]]] = {kind: [] for kind in kinds}
    for row in catalogue.names.rows(query.format(kinds=listed, source=source)):
        kind = iri_of(row["kind"]).removeprefix(_CLASSES)
        found[kind].append((number_of(row["start"]), number_of(row["end"])))
    return {kind: sorted(spans) for kind, spans in found.items() if spans}


def _sentences(
    outline: Outline, stated: dict[str, list[tuple[int, int]]], names: list[tuple[int, int]]
) -> Iterator[Sentence]:
    """Yield the sentences of the body in the order of the text."""
    by_offset = {kind: _marked(outline, spans) for kind, spans in stated.items()}
    naming = _marked(outline, names)
    plan: Unit | None = None
    for unit in outline.units.values():
        plan = unit if unit.kind == "plan" else plan
        if plan is None or not _is_body(unit):
            continue
        for match in _SENTENCE.finditer(outline.text, body_start(outline, unit), unit.own_end):
            start, end = match.span()
            if any(_counts(character) for character in match.group()):
                yield Sentence(
                    unit=unit,
                    plan=plan,
                    start=start,
                    end=end,
                    text=match.group().strip(),
                    kinds=frozenset(kind for kind, marks in by_offset.items() if any(marks[start:end])),
                    names=any(naming[start:end]),
                )


def _is_body(unit: Unit) -> bool:
    """Say whether a unit holds sentences of its own: not plans, tables or sections that only hold others."""
    return unit.kind in {"task", "group", "safeguard"} or (
        unit.kind == "section" and part_of(unit) in {"ideology", "goal"}
    )


def body_start(outline: Outline, unit: Unit) -> int:
    """Give where a unit's sentences start: behind its number and its title, as printed."""
    heading = "".join(text.value for text in unit.term.name[0] if text.language == "zh")
    printed = f"{unit.number}{heading}"
    start = unit.start + len(printed) if outline.text.startswith(printed, unit.start) else unit.start
    return start + (outline.text[start : start + 1] == "。")


def _marked(outline: Outline, spans: list[tuple[int, int]]) -> bytearray:
    """Mark each character that stands in one of the spans."""
    marks = bytearray(len(outline.text))
    for start, end in spans:
        marks[start:end] = b"\1" * (end - start)
    return marks


def _counts(character: str) -> bool:
    """Say whether a character says anything: no white space, punctuation or symbol."""
    return not unicodedata.category(character).startswith(("Z", "P", "C", "S"))


def _numerals(
    outline: Outline,
    stated: dict[str, list[tuple[int, int]]],
    names: list[tuple[int, int]],
    excepted: list[tuple[int, int]],
) -> Iterator[tuple[int, str]]:
    """Yield each numeral of the text with how it is told: by a target, a deadline, a name, an exception or the tree."""
    ways = (
        ("deadline", _marked(outline, stated.get("Deadline", []))),
        ("name", _marked(outline, names)),
        ("exception", _marked(outline, excepted)),
        ("target", _marked(outline, stated.get("Target", []))),
    )
    for match in _NUMERAL.finditer(outline.text):
        yield (
            match.start(),
            next((way for way, marks in ways if all(marks[match.start() : match.end()])), "structure"),
        )


def _count(
    outline: Outline,
    sentences: list[Sentence] | tuple[Sentence, ...],
    covered: bytearray,
    numerals: dict[int, str],
) -> Count:
    offsets = [i for s in sentences for i in range(s.start, s.end) if _counts(outline.text[i])]
    return Count(
        sentences=len(sentences),
        supported=sum(s.supported for s in sentences),
        characters=len(offsets),
        anchored=sum(covered[i] for i in offsets),
        numerals=sum(i in numerals for i in offsets),
    )


_COLUMNS: Final = (
    "document",
    "part",
    "name_zh",
    "name_en",
    "sentences",
    "supported",
    "characters",
    "anchored",
)


def to_table(measured: Iterable[Coverage]) -> Table:
    """Put the counts of each document, its plans and the parts of its plans in rows."""
    rows: list[tuple[Cell, ...]] = []
    for coverage in measured:
        for part, count in (
            (coverage.document, coverage.total),
            *((plan.term, count) for plan, count in coverage.plans),
            *coverage.parts,
        ):
            named = isinstance(part, Term)
            names = {text.language: text.value for text in part.name[0]} if isinstance(part, Term) else {}
            rows.append(
                (
                    coverage.document.iri,
                    part.iri if isinstance(part, Term) else Literal(str(part)),
                    *(Literal(names[tag], language=tag) if named else None for tag in ("zh", "en")),
                    *(
                        Literal(str(number), datatype=XSD.integer)
                        for number in (count.sentences, count.supported, count.characters, count.anchored)
                    ),
                )
            )
    return Table(_COLUMNS, tuple(rows))


def bare_table(measured: Iterable[Coverage]) -> Table:
    """Put the sentences that nothing supports in rows, in the order of the text."""
    return Table(
        ("unit", "names", "start", "end", "sentence"),
        tuple(
            (
                sentence.unit.term.iri,
                Literal(value=sentence.names),
                Literal(str(sentence.start), datatype=XSD.integer),
                Literal(str(sentence.end), datatype=XSD.integer),
                Literal(sentence.text),
            )
            for coverage in measured
            for sentence in coverage.bare
        ),
    )
