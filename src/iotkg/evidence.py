"""From quotes to anchors: what follows from where the words stand.

Curators write words; this module counts. It finds each quote in the text unit it is said to stand in and derives
the basis of each statement from where its words stand relative to its subject. Source: docs/curating.md.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping

from pyoxigraph import Literal, NamedNode, Triple

from iotkg import identifiers
from iotkg.accounting import account
from iotkg.anchors import Anchors
from iotkg.comparing import shared_wording
from iotkg.document import About, Document, join
from iotkg.errors import QuoteError
from iotkg.exceptions import Exceptions
from iotkg.labels import labels_of, resolve_labels
from iotkg.loading import Curated
from iotkg.matching import Matcher, Span, squeeze
from iotkg.problems import Problem, both, placed
from iotkg.vocab import ID, IOTKG, RDF, XSD, term


def resolve(key: str, text: str, curated: Curated, registry: Curated) -> list[Triple]:
    """Derive from the text everything that is not curated: order, anchors, basis, identified entities.

    Raises: TreeMismatch, QuoteError, LinkError or AccountError, each listing every fault of its kind with file and
    line.
    """
    document = join(key, text, curated)
    anchors = Anchors(key, text)
    matcher = Matcher(text)
    exceptions = Exceptions(document, matcher)
    _place_units(document, anchors)
    _resolve_quotes(document, anchors, registry)
    resolve_labels(document, anchors, registry, matcher, exceptions)
    account(document, anchors, matcher, exceptions)
    exceptions.anchor(anchors)
    _mention(document, anchors)
    _compare(document, anchors)
    _stand(document, anchors)
    return list(anchors.described())


def _place_units(document: Document, anchors: Anchors) -> None:
    """Derive order, plan, section type and whole span of each unit."""
    for iri, unit in document.units.items():
        anchors.add(iri, IOTKG.textAnchor, anchors.at((unit.start, unit.end)))
        if unit.parent is not None:
            anchors.add(iri, IOTKG.ordinal, Literal(str(unit.ordinal), datatype=XSD.integer))
        if unit.kind == "plan":
            anchors.add(iri, IOTKG.inPlan, iri)
        if unit.contents:
            page = document.text[slice(*unit.contents)]
            anchors.add(iri, IOTKG.contentsPage, Literal(page, datatype=XSD.integer))
        if unit.section_type:
            anchors.add(iri, IOTKG.sectionType, identifiers.mint("section-type", unit.section_type))


def _resolve_quotes(document: Document, anchors: Anchors, registry: Curated) -> None:
    """Anchor each quote and derive each basis."""
    faults: list[Problem] = []
    labels = labels_of(registry.triples)
    exceptions = set(document.of_class(IOTKG.Exception))
    for subject, about in document.index.items():
        stated = [unit for unit in about.get(IOTKG.statedIn, ()) if isinstance(unit, NamedNode)]
        if subject in exceptions or not (stated or IOTKG.quote in about):
            continue
        if len(stated) != 1 or stated[0] not in document.units:
            faults.append(
                Problem(
                    kind="stated-nowhere",
                    messages=both(
                        "iotkg:statedIn must name one unit of the text",
                        "iotkg:statedIn 须指明文本的一个要素",
                    ),
                    place=document.curated.place(subject),
                    subject=subject,
                    path=IOTKG.statedIn,
                    value=next(iter(stated), None),
                )
            )
            continue
        faults += _quotes(document, anchors, subject, stated[0])
        faults += _other_end(document, anchors, subject, about)
        faults += _unnamed(document, subject, about, labels)
        if IOTKG.appliesTo in about:
            try:
                anchors.add(subject, IOTKG.basis, basis(document, subject, stated[0]))
            except QuoteError as error:
                faults += error.problems
    if faults:
        raise QuoteError(faults)


def _quotes(document: Document, anchors: Anchors, subject: NamedNode, unit: NamedNode) -> Iterator[Problem]:
    """Anchor the quotes of one subject; those of a mention denote what it mentions."""
    about = document.index[subject]
    longer = [value.value for value in about.get(IOTKG.within, ())]
    for quote in about.get(IOTKG.quote, ()):
        try:
            span = find_quote(document, unit, quote.value, longer)
        except QuoteError as error:
            yield from placed(error.problems, document.curated.place(subject), subject)
            continue
        anchors.support(subject, span)
        for entity in about.get(IOTKG.mentionOf, ()):
            if isinstance(entity, NamedNode):
                anchors.identify(entity, span)


def _mention(document: Document, anchors: Anchors) -> None:
    """Derive which units and which provisions mention what: those whose words hold words that denote it."""
    holders: list[tuple[Span, NamedNode]] = [((u.start, u.end), iri) for iri, u in document.units.items()]
    provisions = document.of_class(IOTKG.Principle, IOTKG.Ground, IOTKG.Measure, IOTKG.Aim)
    holders += [(span, iri) for iri in provisions for span in anchors.evidence[iri]]
    spans = sorted(anchors.named)
    for (start, end), holder in holders:
        for span in spans[bisect_left(spans, (start, 0)) : bisect_left(spans, (end, 0))]:
            if span[1] <= end:
                for entity in anchors.named[span] - {holder}:
                    anchors.add(holder, IOTKG.mentions, entity)


def _compare(document: Document, anchors: Anchors) -> None:
    """Record the words that tasks share, each place an anchor."""
    tasks = {iri: (u.start, u.end) for iri, u in document.units.items() if u.kind == "task"}
    for places in shared_wording(document.text, tasks).values():
        (start, end) = places[0][1]
        wording = NamedNode(f"{ID}shared-wording/{document.key}_{start}-{end}")
        anchors.add(wording, RDF.type, IOTKG.SharedWording)
        for task, span in places:
            anchors.support(wording, span)
            anchors.add(wording, IOTKG.sharedBy, task)


def _stand(document: Document, anchors: Anchors) -> None:
    """Say of each anchor in which unit's own text it stands."""
    for span in sorted(anchors.spans):
        unit = document.unit_at(span[0])
        if span[1] <= document.units[unit].own_end:
            anchors.add(anchors.at(span), IOTKG.standsIn, unit)


def find_quote(
    document: Document,
    unit: NamedNode,
    quote: str,
    longer: Iterable[str] = (),
    path: NamedNode = IOTKG.quote,
) -> Span:
    """Find a quote in the own text of a unit; ``longer`` phrases single out one of several places.

    ``path`` is the property that gives the quote, for what is said when it is not found.

    Units: code points of the source text, half open.
    Raises: QuoteError naming the positions when the quote does not stand there exactly once.
    """
    start, end = document.own_text(unit)
    for phrase in longer:
        if quote in phrase:
            start, end = _once(document, unit, phrase, (start, end), IOTKG.within)
            break
    return _once(document, unit, quote, (start, end), path)


def _once(document: Document, unit: NamedNode, quote: str, span: Span, path: NamedNode) -> Span:
    start, end = span
    own = document.text[start:end]
    found = [start + match.start() for match in re.finditer(f"(?={re.escape(quote)})", own)] if quote else []
    shown = identifiers.shorten(unit.value)
    if not found:
        elsewhere = [match.start() for match in re.finditer(re.escape(quote), document.text)] if quote else []
        hint = f"it stands at {elsewhere}" if elsewhere else "it stands nowhere in the text"
        zh = f"其见于第 {elsewhere} 字处" if elsewhere else "全文均无"
        problem = Problem(
            kind="quote-elsewhere" if elsewhere else "quote-not-found",
            messages=both(
                f"the quote {quote!r} is not in the own text of {shown}; {hint}",
                f"引文 {quote!r} 不在 {shown} 自身的文字中；{zh}",
            ),
            path=path,
            value=Literal(quote),
        )
        raise QuoteError([problem])
    if len(found) > 1:
        problem = Problem(
            kind="quote-repeated",
            messages=both(
                f"the quote {quote!r} stands {len(found)} times in {shown}, at {found}; "
                "lengthen it or add iotkg:within",
                f"引文 {quote!r} 在 {shown} 中出现 {len(found)} 次，位于 {found}；请加长，或加 iotkg:within",
            ),
            path=path,
            value=Literal(quote),
        )
        raise QuoteError([problem])
    return found[0], found[0] + len(quote)


def _other_end(
    document: Document,
    anchors: Anchors,
    subject: NamedNode,
    about: About,
) -> Iterator[Problem]:
    """Anchor the words at the other end of a cross-reference."""
    targets = [
        iri for iri in about.get(IOTKG.refersTo, ()) if isinstance(iri, NamedNode) and iri in document.units
    ]
    for quote in about.get(IOTKG.targetQuote, ()):
        if not targets:
            yield Problem(
                kind="target-quote-without-unit",
                messages=both(
                    "iotkg:targetQuote needs an iotkg:refersTo that is a unit",
                    "iotkg:targetQuote 须有所指为要素的 iotkg:refersTo",
                ),
                place=document.curated.place(subject),
                subject=subject,
                path=IOTKG.targetQuote,
                value=quote,
            )
            continue
        try:
            anchors.support(subject, find_quote(document, targets[0], quote.value, path=IOTKG.targetQuote))
        except QuoteError as error:
            yield from placed(error.problems, document.curated.place(subject), subject)


def _unnamed(
    document: Document,
    subject: NamedNode,
    about: About,
    labels: Mapping[NamedNode, list[str]],
) -> Iterator[Problem]:
    """Demand that the words of a responsibility name its actor."""
    quotes = [squeeze(quote.value) for quote in about.get(IOTKG.quote, ())]
    for actor in about.get(term("iotkg:actor"), ()):
        if isinstance(actor, NamedNode) and not any(
            label in quote for quote in quotes for label in labels.get(actor, ())
        ):
            shown = identifiers.shorten(actor.value)
            yield Problem(
                kind="actor-not-named",
                messages=both(
                    f"no quote holds a label of {shown}; quote the words that name it",
                    f"引文均不含 {shown} 的标签；请引用指称它的文字",
                ),
                place=document.curated.place(subject),
                subject=subject,
                path=term("iotkg:actor"),
                value=actor,
            )


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
        shown = identifiers.shorten(unit.value)
        problem = Problem(
            kind="other-plan",
            messages=both(
                f"its words stand in {shown}, outside its subject's plan",
                f"其引文出自 {shown}，不在适用对象所属的计划内",
            ),
            place=document.curated.place(statement),
            subject=statement,
            path=IOTKG.statedIn,
            value=unit,
        )
        raise QuoteError([problem])
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
