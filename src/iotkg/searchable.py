"""What can be searched for: the things of a store by their names and definitions, and the sentences of its texts.

All is asked for by SELECT, so that any SPARQL server can be searched. What has no label of its own is found by its key
alone, and by the sentence that its words stand in.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from pyoxigraph import Literal

from iotkg import identifiers
from iotkg.model import Text, Unit
from iotkg.outline import Outline, read_outline
from iotkg.terms import Names, Row, iri_of, number_of, one_line
from iotkg.vocab import ID, PREFIXES

PASSAGE: Final = "passage"
"""The kind of a sentence; every other kind is a class segment, or ``ontology``."""

KINDS: Final = (
    *("plan-set", "plan", "task", "group", "safeguard", "section", "table"),
    *("actor", "place", "sector", "technology", "initiative", "deliverable", "target", "measured-thing"),
    *("programme", "funding-support", "instrument", "facility", "talent", "document", "responsibility"),
    *("period", "source-text", "code", "ontology", PASSAGE),
)
"""The kinds that words find, in the order in which they are offered."""

_ONTOLOGY: Final = PREFIXES["iotkg"]
_SENTENCE: Final = re.compile(r"[^。！？\n]+[。！？]?")
_KEYS: Final = f"""
SELECT DISTINCT ?thing
WHERE {{ ?thing a ?kind FILTER(STRSTARTS(STR(?thing), '{ID}') || STRSTARTS(STR(?thing), '{_ONTOLOGY}')) }}
"""
_LABELS: Final = """
SELECT ?thing ?property ?value
WHERE {
  VALUES ?property { skos:prefLabel skos:altLabel skos:hiddenLabel skos:definition skos:scopeNote }
  ?thing ?property ?value .
}
"""
_OUTSIDE: Final = """
SELECT ?thing ?property ?value
WHERE {
  GRAPH <%s> {
    VALUES ?property { skos:prefLabel skos:altLabel skos:hiddenLabel }
    ?thing ?property ?value .
  }
}
"""
_WORDED: Final = """
SELECT ?thing ?quote ?translation ?start ?end
WHERE {
  ?thing
    iotkg:quote ?quote ;
    iotkg:translation ?translation ;
    iotkg:hasEvidence ?anchor .
  ?anchor
    iotkg:exactQuote ?quote ;
    iotkg:inSource %s ;
    iotkg:startOffset ?start ;
    iotkg:endOffset ?end .
}
ORDER BY ?start ?end ?thing
"""
_SETS: Final = "SELECT ?set WHERE { ?set a iotkg:PlanSet } ORDER BY ?set"
_CODES: Final = "SELECT ?code WHERE { ?code skos:inScheme ?scheme }"
_CLAUSES: Final = frozenset({"aim", "ground", "measure", "principle", "funding-support"})
BY_WORDS: Final = frozenset({"funding-support", "responsibility", "target"})
"""Kinds that have no label but are looked for: their words name them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One thing or sentence to be found.

    ``names`` and ``texts`` are what words are looked for in, ``outside`` the names that come from elsewhere than the
    texts. ``plans`` are the IRIs of the plans it belongs to or is named in. A unit has its printed ``number``. A
    sentence has the IRI and the ``names`` of the unit it stands in, which words do not find it by; its characters
    ``start`` to ``end`` of ``document``; and ``things``, what each of its texts but the first is the English of.
    """

    iri: str
    kind: str
    names: tuple[Text, ...] = ()
    outside: tuple[Text, ...] = ()
    texts: tuple[Text, ...] = ()
    plans: tuple[str, ...] = ()
    number: str = ""
    document: str = ""
    start: int = 0
    end: int = 0
    things: tuple[str, ...] = ()


@dataclass(slots=True)
class _Said:
    """What a store says of one thing."""

    names: list[Text] = field(default_factory=list)
    outside: list[Text] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Worded:
    """The words that a thing rests on, in the text and in English."""

    document: str
    thing: str
    quote: str
    translation: str
    start: int
    end: int


def entries(names: Names) -> Iterator[Entry]:
    """Give everything that can be searched for: things by their kind and place in the text, then sentences."""
    said = _said(names)
    codes = {iri_of(row["code"]) for row in names.rows(_CODES)}
    outlines = _outlines(names)
    words = {key: _worded(names, key) for key in outlines}
    quoted = {it.thing: it for found in words.values() for it in found}
    plans, places = _named(outlines, quoted)
    numbers = {iri: unit.number for outline in outlines.values() for iri, unit in outline.units.items()}
    things = sorted(iri_of(row["thing"]) for row in names.rows(_KEYS))
    ordered = sorted(things, key=lambda iri: (_rank(iri, codes), places.get(iri, 0), iri))
    for iri in ordered:
        entry = _thing(iri, kind_of(iri, codes), said.get(iri, _Said()), quoted.get(iri))
        yield replace(entry, plans=plans.get(iri, ()), number=numbers.get(iri, ""))
    for key, outline in outlines.items():
        yield from _sentences(key, outline, words[key])


def kind_of(iri: str, codes: Iterable[str] = ()) -> str:
    """Give the kind of a thing: its class segment; the code lists are all of one kind, and so are our terms."""
    if iri.startswith(_ONTOLOGY):
        return "ontology"
    segment = iri.removeprefix(ID).partition("/")[0]
    return "code" if segment == "scheme" or (iri in codes and segment not in KINDS) else segment


def _rank(iri: str, codes: Iterable[str]) -> int:
    kind = kind_of(iri, codes)
    return KINDS.index(kind) if kind in KINDS else len(KINDS)


def _thing(iri: str, kind: str, said: _Said, quoted: _Worded | None) -> Entry:
    if kind not in KINDS:
        return Entry(iri=iri, kind=kind)
    called = said.names
    if quoted and kind in BY_WORDS:
        called = [Text(one_line(quoted.quote), "zh", printed=True), Text(quoted.translation, "en")]
    return Entry(
        iri=iri,
        kind=kind,
        names=tuple(called),
        outside=tuple(said.outside),
        texts=tuple(said.texts),
    )


def _said(names: Names) -> dict[str, _Said]:
    """Read names and definitions: preferred names first, then property by property, each language's alike."""
    found: dict[str, _Said] = {}
    preferred = PREFIXES["skos"] + "prefLabel"

    def order(row: Row) -> tuple[str, bool, str, str, str]:
        value, told = row["value"], iri_of(row["property"])
        return (
            iri_of(row["thing"]),
            told != preferred,
            told,
            getattr(value, "language", None) or "",
            str(value),
        )

    external = identifiers.graph("external").value
    for outside, query in ((False, _LABELS), (True, _OUTSIDE % external)):
        for row in sorted(names.rows(query), key=order):
            value = row["value"]
            if isinstance(value, Literal):
                it = found.setdefault(iri_of(row["thing"]), _Said())
                told = iri_of(row["property"]).endswith("Label")
                values = it.outside if outside else it.names if told else it.texts
                values.append(Text(value.value, value.language))
    return found


def _outlines(names: Names) -> dict[str, Outline]:
    keys = [iri_of(row["set"]).rpartition("/")[2] for row in names.rows(_SETS)]
    return {key: outline for key in keys if (outline := read_outline(names, key)) is not None}


def _worded(names: Names, document: str) -> list[_Worded]:
    rows = names.rows(_WORDED % identifiers.mint("source-text", document))
    return [
        _Worded(
            document,
            iri_of(row["thing"]),
            getattr(row["quote"], "value", ""),
            getattr(row["translation"], "value", ""),
            number_of(row["start"]),
            number_of(row["end"]),
        )
        for row in rows
    ]


def _named(
    outlines: dict[str, Outline], quoted: dict[str, _Worded]
) -> tuple[dict[str, tuple[str, ...]], dict[str, int]]:
    """Give the plans that each thing belongs to or is named in, and where in the text it first stands."""
    plans: dict[str, dict[str, None]] = {}
    places: dict[str, int] = {}
    for key, outline in outlines.items():
        held = [unit for unit in outline.units.values() if unit.kind == "plan"]
        starts = [plan.start for plan in held]
        spots = [(unit.term.iri.value, unit.start) for unit in outline.units.values() if unit.parent]
        spots += [(it.thing, it.start) for it in quoted.values() if it.document == key]
        spots += [(span.entity.value, span.start) for span in outline.spans if span.entity is not None]
        for iri, start in spots:
            places.setdefault(iri, start)
            at = bisect_right(starts, start) - 1
            if at >= 0:
                plans.setdefault(iri, {})[held[at].term.iri.value] = None
    return {iri: tuple(found) for iri, found in plans.items()}, places


def _sentences(document: str, outline: Outline, words: list[_Worded]) -> Iterator[Entry]:
    """Give the sentences of every plan with our English of their clauses; a unit's printed heading is its name."""
    for unit in outline.units.values():
        plan = next((it for it in outline.above(unit) if it.kind == "plan"), None)
        if plan is None or unit.kind == "table":
            continue
        for match in _SENTENCE.finditer(outline.text, _behind_heading(outline, unit), unit.own_end):
            if not any(character.isalnum() for character in match.group()):
                continue
            inside = [it for it in words if match.start() <= it.start < match.end()]
            clauses = [it for it in inside if kind_of(it.thing) in _CLAUSES]
            rendered = {it.translation: it.thing for it in reversed(clauses or inside)}
            shown = list(reversed(rendered.items()))
            yield Entry(
                iri=unit.term.iri.value,
                kind=PASSAGE,
                names=tuple(unit.term.name[0]),
                texts=(
                    Text(one_line(match.group()), "zh", printed=True),
                    *(Text(line, "en") for line, _ in shown),
                ),
                plans=(plan.term.iri.value,),
                number=unit.number,
                document=document,
                start=match.start(),
                end=match.end(),
                things=tuple(thing for _, thing in shown),
            )


def _behind_heading(outline: Outline, unit: Unit) -> int:
    """Give where a unit's sentences start: behind its number and its title, as printed."""
    name = "".join(text.value for text in unit.term.name[0] if text.language == "zh")
    printed = f"{unit.number}{name}"
    return unit.start + len(printed) if outline.text.startswith(printed, unit.start) else unit.start
