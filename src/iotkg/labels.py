"""Links held against the words, in both directions.

A link from a unit to an entity needs a label of that entity in the unit's own text; a known label in the text
needs a link. Matching skips white space, offsets stay raw. Any occurrence supports a link; only a maximal one,
which lies in no longer label, demands one. Source: docs/curating.md, "Links".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from pyoxigraph import Literal, NamedNode, Triple

from iotkg import identifiers
from iotkg.anchors import Anchors
from iotkg.document import About, Document, index_of
from iotkg.errors import LinkError
from iotkg.exceptions import Exceptions
from iotkg.loading import Curated
from iotkg.matching import Matcher, Span, squeeze
from iotkg.problems import Problem, both
from iotkg.vocab import IOTKG, RDF, SKOS

_LABELS = (SKOS.prefLabel, SKOS.altLabel, SKOS.hiddenLabel)
_OWN = {IOTKG.Deliverable, IOTKG.DemonstrationActivity, IOTKG.DemonstrationProject}
"""What a document names itself, beside the registry. The unit that states it is linked with it; in another plan its
name, often general words such as 标准体系, need not mean it and demands no link."""

_UNNAMED = {IOTKG.MeasuredThing, SKOS.ConceptScheme}
"""What links nothing: the things that targets count, and the schemes."""

_FREE = {IOTKG.appliesTo, IOTKG.directPartOf, IOTKG.mentionOf, IOTKG.refersTo}
"""Properties whose values need no label in the unit: a mention says so itself, the others lead elsewhere."""

_Found = list[tuple[int, int, NamedNode]]


def resolve_labels(
    document: Document, anchors: Anchors, registry: Curated, matcher: Matcher, exceptions: Exceptions
) -> None:
    """Hold links against labels and labels against links; anchor each occurrence.

    Raises: LinkError listing every link without words and every label without a link.
    """
    own = own_entities(document)
    plans = set(document.of_class(IOTKG.ActionPlan, IOTKG.PlanSet))
    entities = {**labels_of(registry.triples), **labels_of(document.curated.triples, only=own | plans)}
    outputs, described = (
        set(document.of_class(kind)) for kind in (IOTKG.Deliverable, IOTKG.UnspecifiedPlace)
    )
    occurrences = _occurrences(document, entities, matcher, exceptions, outputs)
    faults: list[Problem] = []
    for unit, subjects in document.speaking.items():
        found = occurrences.get(unit, [])
        faults += _unsupported(document, unit, subjects, entities, found)
        stated = own & set(subjects)
        known = (
            stated
            | plans
            | {
                value
                for subject in subjects
                for values in document.index[subject].values()
                for value in values
            }
        )
        elsewhere = {iri for iri in own if document.plan_of(iri) != document.plan(unit)}
        for start, end, entity in _maximal(found, outputs):
            same = {e for s, t, e in found if (s, t) == (start, end) and (e in own) == (entity in own)}
            if entity in known:
                anchors.identify(entity, (start, end))
            elif not (known | elsewhere) & same:
                words = document.text[start:end]
                shown, wanted = (identifiers.shorten(iri.value) for iri in (unit, entity))
                faults.append(
                    Problem(
                        kind="label-unlinked",
                        messages=both(
                            f"{shown} says {words} at {start}: link {wanted}",
                            f"{shown} 第 {start} 字处有“{words}”：请链接 {wanted}",
                        ),
                        place=document.curated.place(unit),
                        subject=unit,
                        value=entity,
                    )
                )
        maximal = {entity for _, _, entity in _maximal(found, outputs)}
        for start, end, entity in _longest(found):
            if entity in known - maximal - own:  # a link that rests on words inside a longer name
                anchors.identify(entity, (start, end))
        unprinted = stated - {entity for _, _, entity in found} | (described & set(subjects))
        for iri in unprinted:  # its words stand for what the text names only in parts, or describes
            for span in anchors.evidence[iri]:
                anchors.identify(iri, span)
    if faults:
        raise LinkError(faults)


def _unsupported(
    document: Document,
    unit: NamedNode,
    subjects: Iterable[NamedNode],
    entities: Mapping[NamedNode, list[str]],
    found: _Found,
) -> Iterator[Problem]:
    """Name each link of a unit, and of what is stated in it, that no label in the unit supports."""
    supported = {entity for _, _, entity in found}
    supported |= {
        value
        for subject in subjects
        for value in document.index[subject].get(IOTKG.mentionOf, ())
        if isinstance(value, NamedNode)
    }
    for subject in subjects:
        for predicate, entity in _links(document.index[subject], entities):
            if entity not in supported:
                link = " ".join(identifiers.shorten(iri.value) for iri in (subject, predicate, entity))
                shown = identifiers.shorten(unit.value)
                yield Problem(
                    kind="link-unsupported",
                    messages=both(
                        f"{link}: no label of it stands in {shown}; add an iotkg:Mention",
                        f"{link}：{shown} 的文字中没有其标签；请加 iotkg:Mention",
                    ),
                    place=document.curated.place(subject),
                    subject=subject,
                    path=predicate,
                    value=entity,
                )


def own_entities(document: Document) -> set[NamedNode]:
    """Give the initiatives and planned outputs that a document states."""
    return {iri for iri, about in document.index.items() if _OWN & set(about.get(RDF.type, ()))}


def _links(about: About, entities: Mapping[NamedNode, list[str]]) -> Iterator[tuple[NamedNode, NamedNode]]:
    """Yield what is linked with an entity that has labels."""
    for predicate, values in about.items():
        if predicate not in _FREE:
            for value in values:
                if isinstance(value, NamedNode) and value in entities:
                    yield predicate, value


def _occurrences(
    document: Document,
    entities: Mapping[NamedNode, list[str]],
    matcher: Matcher,
    exceptions: Exceptions,
    outputs: set[NamedNode],
) -> dict[NamedNode, _Found]:
    """Find every label in the own text of every unit, but where an exception excuses it."""
    found: dict[NamedNode, _Found] = defaultdict(list)
    places = {label: list(matcher.find(label)) for labels in entities.values() for label in labels}
    for entity, labels in entities.items():
        for label in labels:
            for start, end in places[label]:
                unit = document.unit_at(start)
                if end <= document.units[unit].own_end:
                    found[unit].append((start, end, entity))
    return {unit: _excused(document, spans, exceptions, outputs) for unit, spans in found.items()}


def _excused(document: Document, found: _Found, exceptions: Exceptions, outputs: set[NamedNode]) -> _Found:
    """Leave out what exceptions excuse; what an excused label covered may then be maximal in its turn."""
    tried: set[Span] = set()
    while left := {(s, e) for s, e, _ in _maximal(found, outputs)} - tried:
        excused = {span for span in left if exceptions.excuse(document.text[slice(*span)], span)}
        found = [item for item in found if (item[0], item[1]) not in excused]
        tried |= left
    return found


def _maximal(found: _Found, outputs: set[NamedNode]) -> Iterator[tuple[int, int, NamedNode]]:
    """Leave out occurrences that lie within a longer one: 部际联席会议 inside 物联网发展部际联席会议.

    The name of a planned output, often a whole phrase, leaves the things it names to be linked.
    """
    longer = [(s, e) for s, e, entity in found if entity not in outputs]
    for start, end, entity in found:
        if not any(s <= start and end <= e and e - s > end - start for s, e in longer):
            yield start, end, entity


def _longest(found: _Found) -> Iterator[tuple[int, int, NamedNode]]:
    """Leave out occurrences that lie within a longer one of the same entity: 关键技术 inside 物联网关键技术."""
    for start, end, entity in found:
        if not any(e == entity and s <= start and end <= t and t - s > end - start for s, t, e in found):
            yield start, end, entity


def labels_of(triples: Iterable[Triple], *, only: set[NamedNode] | None = None) -> dict[NamedNode, list[str]]:
    """Collect the Chinese labels of each entity, without white space."""
    found: dict[NamedNode, list[str]] = defaultdict(list)
    for subject, about in index_of(triples).items():
        if _UNNAMED & set(about.get(RDF.type, ())) or (only is not None and subject not in only):
            continue
        for predicate in _LABELS:
            for label in about.get(predicate, ()):
                if isinstance(label, Literal) and label.language == "zh":
                    found[subject].append(squeeze(label.value))
    return found
