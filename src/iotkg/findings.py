"""Findings: what a shape or a check has to say about a thing, in both languages and always in one order.

Pure: reads a SHACL validation report and the shapes it speaks of, both as triples, and returns values.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import total_ordering
from typing import TypeAlias

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from iotkg.identifiers import shorten
from iotkg.vocab import RDF, term

Term: TypeAlias = NamedNode | BlankNode | Literal
Index: TypeAlias = dict[Term, dict[NamedNode, list[Term]]]
"""The objects of each subject and predicate."""

_PLACEHOLDER = re.compile(r"\{[?$]?(\w+)\}")
_DETAIL = term("sh:detail")
_MESSAGE = term("sh:message")
_RESULT = term("sh:result")
_STEPS = {
    term("sh:inversePath"): "^{}",
    term("sh:zeroOrMorePath"): "{}*",
    term("sh:oneOrMorePath"): "{}+",
    term("sh:zeroOrOnePath"): "{}?",
}


class Severity(StrEnum):
    """How much a finding matters: a violation may not be merged, an info never gates."""

    VIOLATION = "violation"
    WARNING = "warning"
    INFO = "info"


_RANK = {severity: rank for rank, severity in enumerate(Severity)}


@total_ordering
@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that is not as a shape or a check says it should be.

    ``shape`` is the IRI of the property shape, node shape or check; ``focus`` the IRI it is about; ``path`` a
    property path in SPARQL's syntax; ``value`` an IRI, or a literal in N-Triples syntax; ``component`` the IRI of
    the SHACL constraint component. ``messages`` are by language.
    """

    severity: Severity
    shape: str
    focus: str
    path: str | None = None
    value: str | None = None
    component: str
    messages: Mapping[str, str] = field(hash=False)
    file: str | None = None
    line: int | None = None

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Finding):
            return NotImplemented
        return self._key() < other._key()

    def _key(self) -> tuple[object, ...]:
        return (
            _RANK[self.severity],
            self.file or "",
            self.line or 0,
            self.focus,
            self.shape,
            self.path or "",
            self.value or "",
            self.component,
            sorted(self.messages.items()),
        )


def located(findings: Iterable[Finding], where: Mapping[str, tuple[str, int | None]]) -> list[Finding]:
    """Add the file and line at which each finding's focus is described; sorted."""
    placed = []
    for finding in findings:
        file, line = where.get(finding.focus, (finding.file, finding.line))
        placed.append(replace(finding, file=file, line=line))
    return sorted(placed)


def parse_report(report: Iterable[Triple], shapes: Iterable[Triple]) -> list[Finding]:
    """Read the results of a SHACL validation report; sorted, details of nested shapes left out.

    Messages come from the shape, which sh:sourceShape names, and not from the report: pySHACL drops the language
    of the messages of sh:sparql constraints.
    """
    about, described = _index(report), _index(shapes)
    results = {node for properties in about.values() for node in properties.get(_RESULT, ())}
    details = {node for properties in about.values() for node in properties.get(_DETAIL, ())}
    return sorted(_finding(about[node], about, described) for node in results - details)


def fill(template: str, values: Mapping[str, str]) -> str:
    """Put values in place of ``{name}``, ``{?name}`` or ``{$name}``; unknown names stay as they are."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), template)


def shown(value: Term) -> str:
    """Write a term as a message shows it: a prefixed name, or the words of a literal."""
    return shorten(value.value) if isinstance(value, NamedNode) else value.value


def plain(value: Term) -> str:
    """Write a term as a finding holds it: a bare IRI, or a literal in N-Triples syntax."""
    return value.value if isinstance(value, NamedNode) else str(value)


def _finding(result: Mapping[NamedNode, list[Term]], report: Index, shapes: Index) -> Finding:
    """Read one sh:ValidationResult."""

    def one(name: str) -> Term | None:
        return next(iter(result.get(term(name), ())), None)

    shape, focus, value, path = (
        one("sh:sourceShape"),
        one("sh:focusNode"),
        one("sh:value"),
        one("sh:resultPath"),
    )
    severity, component = one("sh:resultSeverity"), one("sh:sourceConstraintComponent")
    constraint = one("sh:sourceConstraint")
    written = [
        message
        for node in (constraint, shape)
        if node in shapes
        for message in shapes[node].get(_MESSAGE, ())
        if isinstance(message, Literal)
    ] or [message for message in result.get(term("sh:resultMessage"), ()) if isinstance(message, Literal)]
    values = {"this": shown(focus)} if focus else {}
    if value:
        values["value"] = shown(value)
    return Finding(
        severity=Severity(severity.value.rpartition("#")[2].lower()) if severity else Severity.VIOLATION,
        shape=plain(shape) if shape else "",
        focus=plain(focus) if focus else "",
        path=_path(*_whole(path, shape, report, shapes)) if path else None,
        value=plain(value) if value else None,
        component=component.value if component else "",
        messages=dict(sorted((message.language or "en", fill(message.value, values)) for message in written)),
    )


def _whole(path: Term, shape: Term | None, report: Index, shapes: Index) -> tuple[Term, Index]:
    """Give a path with the graph that spells it out: a report may name it and leave the spelling to the shape."""
    if shape in shapes and not isinstance(path, NamedNode) and path not in report:
        return next(iter(shapes[shape].get(term("sh:path"), ())), path), shapes
    return path, report


def _path(node: Term, graph: Index) -> str:
    """Write a SHACL property path as SPARQL writes it."""
    if isinstance(node, NamedNode):
        return shorten(node.value)
    properties = graph.get(node, {})
    for predicate, pattern in _STEPS.items():
        for inner in properties.get(predicate, ()):
            return pattern.format(_step(inner, graph))
    for choice in properties.get(term("sh:alternativePath"), ()):
        return "|".join(_step(member, graph) for member in _members(choice, graph))
    return "/".join(_step(member, graph) for member in _members(node, graph))


def _step(node: Term, graph: Index) -> str:
    """Write a path inside a path, in brackets where it has several steps."""
    text = _path(node, graph)
    return f"({text})" if "/" in text or "|" in text else text


def _members(node: Term, graph: Index) -> Iterable[Term]:
    """Yield the members of an RDF list."""
    while node != RDF.nil and node in graph:
        yield from graph[node].get(RDF.first, ())
        node = next(iter(graph[node].get(RDF.rest, ())), RDF.nil)


def _index(triples: Iterable[Triple]) -> Index:
    index: Index = defaultdict(lambda: defaultdict(list))
    for triple in triples:
        if not isinstance(triple.subject, Triple) and not isinstance(triple.object, Triple):
            index[triple.subject][triple.predicate].append(triple.object)
    return {subject: dict(properties) for subject, properties in index.items()}
