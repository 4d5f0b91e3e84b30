"""Links held against the words, in both directions.

A link from a unit to an entity needs a label of that entity in the unit's own text; a known label in the text
needs a link. Matching skips white space, offsets stay raw. Any occurrence supports a link; only a maximal one,
which lies in no longer label, demands one. Source: docs/curating.md, "Links".
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from pyoxigraph import Literal, NamedNode, Triple

from iotkg import identifiers
from iotkg.anchors import Anchors
from iotkg.document import Document, index_of
from iotkg.errors import LinkError
from iotkg.loading import Curated
from iotkg.vocab import IOTKG, RDF, SKOS

_LABELS = (SKOS.prefLabel, SKOS.altLabel, SKOS.hiddenLabel)
_LATIN = re.compile(r"[0-9A-Za-z]")


def resolve_labels(
    document: Document, anchors: Anchors, registry: Curated, named: Mapping[NamedNode, set[NamedNode]]
) -> None:
    """Hold links against labels and labels against links; anchor each occurrence."""
    entities = labels_of(registry.triples)
    occurrences = _occurrences(document, entities)
    faults: list[str] = []
    for unit in document.units:
        found = occurrences[unit]
        links = [
            (predicate, value)
            for predicate, values in document.index[unit].items()
            for value in values
            if isinstance(value, NamedNode) and value in entities
        ]
        place, shown = document.curated.place(unit), identifiers.shorten(unit.value)
        supported = {entity for _, _, entity in found}
        mentioned = {
            value
            for about in document.index.values()
            if unit in about.get(IOTKG.statedIn, ())
            for value in about.get(IOTKG.mentionOf, ())
        }
        for predicate, entity in links:
            if entity not in supported | mentioned:
                what = f"{identifiers.shorten(predicate.value)} {identifiers.shorten(entity.value)}"
                faults.append(
                    f"{place}: {shown} {what}: no label of it stands in the unit; add an iotkg:Mention"
                )
        known = {entity for _, entity in links} | named.get(unit, set())
        for start, end, entity in _maximal(found):
            sharing = {e for s, t, e in found if (s, t) == (start, end)}
            if entity in known:
                anchors.add(anchors.at(start, end), IOTKG.identifies, entity)
            elif not sharing & known:
                quote = document.text[start:end]
                faults.append(
                    f"{place}: {shown} says {quote} at {start}: link {identifiers.shorten(entity.value)}"
                )
    if faults:
        raise LinkError(faults)


def _occurrences(
    document: Document, entities: Mapping[NamedNode, list[str]]
) -> Mapping[NamedNode, list[tuple[int, int, NamedNode]]]:
    """Find every label in the own text of every unit, skipping white space; raw offsets."""
    kept = [offset for offset, character in enumerate(document.text) if not character.isspace()]
    squeezed = squeeze(document.text)
    starts = sorted((document.units[iri].start, iri.value) for iri in document.units)
    found: dict[NamedNode, list[tuple[int, int, NamedNode]]] = defaultdict(list)
    for entity, labels in entities.items():
        for label in labels:
            at = squeezed.find(label)
            while at >= 0:
                start, end = kept[at], kept[at + len(label) - 1] + 1
                unit = NamedNode(starts[bisect_left(starts, (start + 1, "")) - 1][1])
                if end <= document.units[unit].own_end and not _inside_word(squeezed, at, at + len(label)):
                    found[unit].append((start, end, entity))
                at = squeezed.find(label, at + 1)
    return found


def _inside_word(text: str, start: int, end: int) -> bool:
    """Say whether a span cuts a Latin word or a number in two."""
    before = start > 0 and bool(_LATIN.match(text[start - 1]) and _LATIN.match(text[start]))
    after = end < len(text) and bool(_LATIN.match(text[end - 1]) and _LATIN.match(text[end]))
    return before or after


def _maximal(found: list[tuple[int, int, NamedNode]]) -> Iterator[tuple[int, int, NamedNode]]:
    """Leave out occurrences that lie within a longer one: 部际联席会议 inside 物联网发展部际联席会议."""
    for start, end, entity in found:
        if not any(s <= start and end <= e and e - s > end - start for s, e, _ in found):
            yield start, end, entity


def labels_of(triples: Iterable[Triple]) -> dict[NamedNode, list[str]]:
    """Collect the Chinese labels of each entity, without white space; what targets count links nothing."""
    found: dict[NamedNode, list[str]] = defaultdict(list)
    for subject, about in index_of(triples).items():
        if IOTKG.MeasuredThing in about.get(RDF.type, ()):
            continue
        for predicate in _LABELS:
            for label in about.get(predicate, ()):
                if isinstance(label, Literal) and label.language == "zh":
                    found[subject].append(squeeze(label.value))
    return found


def squeeze(text: str) -> str:
    """Leave out all white space."""
    return "".join(text.split())
