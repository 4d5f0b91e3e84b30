"""From quotes to anchors: what follows from where the words stand.

Curators write words; this module counts. It finds each quote in the text unit it is said to stand in and derives
the basis of each statement from where its words stand relative to its subject. Source: docs/curating.md.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from pyoxigraph import Literal, NamedNode, Triple

from iotkg import identifiers
from iotkg.anchors import Anchors
from iotkg.document import About, Document, join
from iotkg.errors import QuoteError
from iotkg.labels import labels_of, resolve_labels, squeeze
from iotkg.loading import Curated
from iotkg.vocab import IOTKG, XSD, term


def resolve(key: str, text: str, curated: Curated, registry: Curated) -> list[Triple]:
    """Derive from the text everything that is not curated: order, anchors, basis, identified entities.

    Raises: TreeMismatch, QuoteError or LinkError, each listing every fault of its kind with file and line.
    """
    document = join(key, text, curated)
    anchors = Anchors(key, text)
    _place_units(document, anchors)
    named = _resolve_quotes(document, anchors, registry)
    resolve_labels(document, anchors, registry, named)
    return list(anchors.described())


def _place_units(document: Document, anchors: Anchors) -> None:
    """Derive order, plan, section type and whole span of each unit."""
    for iri, unit in document.units.items():
        anchors.add(iri, IOTKG.textAnchor, anchors.at(unit.start, unit.end))
        if unit.parent is not None:
            anchors.add(iri, IOTKG.ordinal, Literal(str(unit.ordinal), datatype=XSD.integer))
        if unit.kind == "plan":
            anchors.add(iri, IOTKG.inPlan, iri)
        if unit.section_type:
            anchors.add(iri, IOTKG.sectionType, identifiers.mint("section-type", unit.section_type))


def _resolve_quotes(
    document: Document, anchors: Anchors, registry: Curated
) -> dict[NamedNode, set[NamedNode]]:
    """Anchor each quote, derive each basis; give the entities that statements name, by unit."""
    named: dict[NamedNode, set[NamedNode]] = defaultdict(set)
    faults: list[str] = []
    known = {triple.subject for triple in registry.triples}
    labels = labels_of(registry.triples)
    for subject, about in document.index.items():
        stated = [unit for unit in about.get(IOTKG.statedIn, ()) if isinstance(unit, NamedNode)]
        if len(stated) != 1 or stated[0] not in document.units:
            if stated or IOTKG.quote in about:
                faults.append(
                    f"{document.curated.place(subject)}: iotkg:statedIn must name one unit of the text"
                )
            continue
        unit = stated[0]
        entities = {v for values in about.values() for v in values if isinstance(v, NamedNode) and v in known}
        named[unit] |= entities
        quotes = [value.value for value in about.get(IOTKG.quote, ()) if isinstance(value, Literal)]
        longer = [value.value for value in about.get(IOTKG.within, ()) if isinstance(value, Literal)]
        for quote in quotes:
            try:
                anchor = anchors.at(*find_quote(document, unit, quote, longer))
            except QuoteError as error:
                faults.append(f"{document.curated.place(subject)}: {error}")
                continue
            anchors.add(subject, IOTKG.hasEvidence, anchor)
            for entity in about.get(IOTKG.mentionOf, ()):
                anchors.add(anchor, IOTKG.identifies, entity)
        faults += _other_end(document, anchors, subject, about)
        faults += _unnamed(document, subject, about, quotes, labels)
        if IOTKG.appliesTo in about:
            try:
                anchors.add(subject, IOTKG.basis, basis(document, subject, unit))
            except QuoteError as error:
                faults.append(str(error))
    if faults:
        raise QuoteError(faults)
    return named


def find_quote(
    document: Document, unit: NamedNode, quote: str, longer: Iterable[str] = ()
) -> tuple[int, int]:
    """Find a quote in the own text of a unit; ``longer`` phrases single out one of several places.

    Units: code points of the source text, half open.
    Raises: QuoteError naming the positions when the quote does not stand there exactly once.
    """
    start, end = document.own_text(unit)
    for phrase in longer:
        if quote in phrase:
            start, end = _once(document, unit, phrase, start, end)
            break
    return _once(document, unit, quote, start, end)


def _once(document: Document, unit: NamedNode, quote: str, start: int, end: int) -> tuple[int, int]:
    own = document.text[start:end]
    found = [start + match.start() for match in re.finditer(f"(?={re.escape(quote)})", own)] if quote else []
    shown = identifiers.shorten(unit.value)
    if not found:
        elsewhere = [match.start() for match in re.finditer(re.escape(quote), document.text)] if quote else []
        hint = f"it stands at {elsewhere}" if elsewhere else "it stands nowhere in the text"
        raise QuoteError([f"the quote {quote!r} is not in the own text of {shown}; {hint}"])
    if len(found) > 1:
        raise QuoteError(
            [
                f"the quote {quote!r} stands {len(found)} times in {shown}, at {found}; lengthen it or add iotkg:within"
            ]
        )
    return found[0], found[0] + len(quote)


def _other_end(
    document: Document,
    anchors: Anchors,
    subject: NamedNode,
    about: About,
) -> Iterator[str]:
    """Anchor the words at the other end of a cross-reference."""
    targets = [
        iri for iri in about.get(IOTKG.refersTo, ()) if isinstance(iri, NamedNode) and iri in document.units
    ]
    for quote in about.get(IOTKG.targetQuote, ()):
        if not targets:
            yield f"{document.curated.place(subject)}: iotkg:targetQuote needs an iotkg:refersTo that is a unit"
            continue
        try:
            anchors.add(
                subject, IOTKG.hasEvidence, anchors.at(*find_quote(document, targets[0], quote.value))
            )
        except QuoteError as error:
            yield f"{document.curated.place(subject)}: {error}"


def _unnamed(
    document: Document,
    subject: NamedNode,
    about: About,
    quotes: list[str],
    labels: Mapping[NamedNode, list[str]],
) -> Iterator[str]:
    """Demand that the words of a responsibility name its actor."""
    for actor in about.get(term("iotkg:actor"), ()):
        if isinstance(actor, NamedNode) and not any(
            label in squeeze(quote) for quote in quotes for label in labels.get(actor, ())
        ):
            shown = identifiers.shorten(actor.value)
            yield f"{document.curated.place(subject)}: no quote holds a label of {shown}; quote the words that name it"


def basis(document: Document, statement: NamedNode, unit: NamedNode) -> NamedNode:
    """Derive how directly the words in ``unit`` speak of the statement's subject.

    Raises: QuoteError when the words stand in a plan that is not the subject's.
    Source: docs/curating.md, "Basis"; the first rule that fits holds.
    """
    subject = next(iri for iri in document.index[statement][IOTKG.appliesTo] if isinstance(iri, NamedNode))
    if subject not in document.units:
        subject = unit
    if document.units[subject].kind == "plan-set":
        return identifiers.mint("basis", "corpus")
    if document.plan(subject) != document.plan(unit):
        place = document.curated.place(statement)
        raise QuoteError(
            [f"{place}: its words stand in {identifiers.shorten(unit.value)}, outside its subject's plan"]
        )
    above = [unit, *document.ancestors(unit)]
    types = {document.units[iri].section_type for iri in above}
    kinds = {document.units[iri].kind: iri for iri in above}
    groups = {subject, *document.ancestors(subject)}
    if unit == subject and document.units[unit].kind == "task":
        level = "task-text"
    elif document.units[unit].kind == "group" and kinds["group"] in groups:
        level = "group-text"
    elif "overall-goal" in types:
        level = "plan-goal"
    elif "safeguards" in types:
        level = "plan-safeguard"
    elif document.units[unit].kind == "plan":
        level = "plan-title"
    else:
        level = "plan-other"
    return identifiers.mint("basis", level)
