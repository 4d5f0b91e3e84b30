"""Marks on the messages of sh:sparql constraints, by which a report tells which constraint spoke, in what language.

No engine says all of it: one leaves out sh:sourceConstraint, the other the language, and each spells values in its
own way. So a mark stands before each message when the shapes go to an engine, and brackets around the places of
values; what comes back is read by them, and they are taken out again. Pure.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import pyoxigraph as ox

from iotkg.vocab import term

Node: TypeAlias = ox.NamedNode | ox.BlankNode

SPARQL: Final = term("sh:sparql")
_DEACTIVATED: Final = term("sh:deactivated")
_MESSAGE: Final = term("sh:message")
_RESULT_MESSAGE: Final = term("sh:resultMessage")
_CONSTRAINT: Final = term("sh:sourceConstraint")
_SHAPE: Final = term("sh:sourceShape")
_OPEN, _CLOSE, _FROM, _TO = "\ue000", "\ue001", "\ue002", "\ue003"  # private use: no text has them
_MARK: Final = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_PLACEHOLDER: Final = re.compile(r"\{[?$]\w+\}")
_NAME: Final = re.compile(r"[?$]\w+")
_VALUE: Final = re.compile(f"{_FROM}([^{_TO}]*){_TO}")
_IRI: Final = re.compile(r"<?((?:[a-z][a-z0-9+.-]*://|urn:)[^\s<>\"]+)>?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Marked:
    """One message: the constraint it speaks for, when on behalf of which shape, and what it is, if anything."""

    constraint: Node
    shape: Node
    message: ox.Literal | None


def marked(triples: Iterable[ox.Triple]) -> tuple[list[ox.Triple], list[Marked]]:
    """Put marks on the messages of constraints, or where they have none on those of their shapes.

    Constraints that are switched off are left out: the quick engine runs them.
    """
    given = list(triples)
    off = {t.subject for t in given if t.predicate == _DEACTIVATED and _is_true(t.object)}
    kept = [one for one in given if one.predicate != SPARQL or one.object not in off]
    plain = [(t.subject, t.predicate, t.object) for t in kept if not isinstance(t.subject, ox.Triple)]
    messages: dict[Node, list[ox.Literal]] = defaultdict(list)
    uses: dict[Node, list[Node]] = defaultdict(list)
    for subject, predicate, value in plain:
        if predicate == _MESSAGE and isinstance(value, ox.Literal):
            messages[subject].append(value)
        elif predicate == SPARQL and isinstance(value, ox.NamedNode | ox.BlankNode):
            uses[value].append(subject)
    marks: list[Marked] = []
    for constraint, shapes in uses.items():
        for shape in shapes:
            said = messages.get(constraint) or messages.get(shape)
            marks += [Marked(constraint, shape, one) for one in said or (None,)]
    if marks:
        kept = [one for one in kept if one.predicate != _MESSAGE or one.subject not in uses]
        kept += [
            ox.Triple(mark.constraint, _MESSAGE, _with_mark(number, mark))
            for number, mark in enumerate(marks)
        ]
    return kept, marks


def unmarked(report: Iterable[ox.Triple], marks: Sequence[Marked]) -> Iterator[ox.Triple]:
    """Read a report by its marks: results get their constraint, and messages their language."""
    triples = list(report)
    shapes = {triple.subject: triple.object for triple in triples if triple.predicate == _SHAPE}
    spoken: dict[Node, list[tuple[Marked, str]]] = defaultdict(list)
    for triple in triples:
        if (
            triple.predicate == _RESULT_MESSAGE
            and isinstance(triple.object, ox.Literal)
            and not isinstance(triple.subject, ox.Triple)
        ):
            found = _MARK.match(triple.object.value)
            if found is not None:
                words = _VALUE.sub(_value, triple.object.value[found.end() :])
                spoken[triple.subject].append((marks[int(found[1])], words))
    for triple in triples:
        if triple.subject in spoken and triple.predicate in (_RESULT_MESSAGE, _CONSTRAINT):
            continue
        if isinstance(triple.object, ox.Literal) and _MARK.match(triple.object.value):
            continue  # a constraint that the report describes
        yield triple
    for result, said in spoken.items():
        yield ox.Triple(result, _CONSTRAINT, said[0][0].constraint)
        for mark, words in said:
            if mark.message is not None and mark.shape == shapes.get(result):
                yield ox.Triple(result, _RESULT_MESSAGE, ox.Literal(words, language=mark.message.language))


def _is_true(value: object) -> bool:
    return isinstance(value, ox.Literal) and value.value == "true"


def _with_mark(number: int, mark: Marked) -> ox.Literal:
    message = mark.message or ox.Literal("")
    words = _PLACEHOLDER.sub(lambda place: f"{_FROM}{place[0]}{_TO}", message.value)
    return ox.Literal(f"{_OPEN}{number}{_CLOSE}{words}", language=message.language)


def _value(place: re.Match[str]) -> str:
    """Write an IRI in angle brackets, and what is not bound in braces, whichever way the engine did."""
    if _NAME.fullmatch(place[1]):
        return f"{{{place[1]}}}"
    iri = _IRI.fullmatch(place[1])
    return f"<{iri[1]}>" if iri else place[1]
