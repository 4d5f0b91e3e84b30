"""Findings: what a shape or a check has to say about a thing, in both languages and always in one order.

Pure: reads a SHACL validation report and the shapes it speaks of, both as triples, and returns values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import total_ordering

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from iotkg.identifiers import shorten
from iotkg.shapegraph import Index, ShapesGraph, Term, index, members
from iotkg.vocab import RDF, term

_LAST = re.compile(r"[/#]")
_PLACEHOLDER = re.compile(r"\{[?$]?(\w+)\}")
_DETAIL = term("sh:detail")
_MESSAGE = term("sh:message")
_RESULT = term("sh:result")
_SPARQL = term("sh:SPARQLConstraintComponent")
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """The terms a finding speaks of, as the report has them.

    ``severity`` is as the shape states it, which may be one of its own;
    ``spelling`` spells out a path that is no IRI; ``said`` are the engine's own messages, by language.
    """

    focus: Term
    path: Term | None = None
    value: Term | None = None
    shape: Term | None = None
    constraint: Term | None = None
    severity: Term | None = None
    spelling: Index = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)


@total_ordering
@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that is not as a shape or a check says it should be.

    ``shape`` is the IRI of the property shape, node shape or check; ``focus`` the IRI it is about; ``path`` a
    property path in SPARQL's syntax; ``value`` an IRI, or a literal in N-Triples syntax; ``component`` the IRI of
    the SHACL constraint component. ``messages`` say by language what the rule is, ``advice`` what was found, what is
    allowed and what may have been meant. Lines and columns are from 1; columns count characters. ``identity`` tells a
    finding from others in every run, however its lines move.
    """

    severity: Severity
    shape: str
    focus: str
    path: str | None = None
    value: str | None = None
    component: str
    messages: Mapping[str, str] = field(hash=False)
    advice: Mapping[str, str] = field(default_factory=dict, hash=False, compare=False)
    file: str | None = None
    line: int | None = None
    column: int | None = None
    identity: str = ""
    terms: Terms | None = field(default=None, hash=False, compare=False, repr=False)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Finding):
            return NotImplemented
        return self._key() < other._key()

    def _key(self) -> tuple[object, ...]:
        return (
            _RANK[self.severity],
            self.file or "",
            self.line or 0,
            self.column or 0,
            self.focus,
            self.shape,
            self.path or "",
            self.value or "",
            self.component,
            sorted(self.messages.items()),
        )


def parse_report(report: Iterable[Triple], shapes: Iterable[Triple]) -> list[Finding]:
    """Read the results of a SHACL validation report; sorted, details of nested shapes left out.

    Messages come from the shape, which sh:sourceShape names, and not from the report: pySHACL drops the language
    of the messages of sh:sparql constraints.
    """
    graph = ShapesGraph.of(shapes)
    about, described, owners = index(report), graph.about, graph.owners()
    results = {node for properties in about.values() for node in properties.get(_RESULT, ())}
    details = {node for properties in about.values() for node in properties.get(_DETAIL, ())}
    return sorted(_finding(about[node], about, described, owners) for node in results - details)


def fill(template: str, values: Mapping[str, str]) -> str:
    """Put values in place of ``{name}``, ``{?name}`` or ``{$name}``; unknown names stay as they are."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), template)


def shown(value: Term) -> str:
    """Write a term as a message shows it: a prefixed name, or the words of a literal."""
    if isinstance(value, BlankNode):
        return "[…]"
    return shorten(value.value) if isinstance(value, NamedNode) else value.value


def plain(value: Term) -> str:
    """Write a term as a finding holds it: a bare IRI, or a literal in N-Triples syntax."""
    return value.value if isinstance(value, NamedNode) else str(value)


def _finding(
    result: Mapping[NamedNode, list[Term]], report: Index, shapes: Index, owners: Mapping[Term, NamedNode]
) -> Finding:
    """Read one sh:ValidationResult; a shape without a name goes by the one it belongs to."""

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
    written = _stated(constraint, shapes) or _stated(shape, shapes) or _of_component(component, shape, shapes)
    own = [message for message in result.get(term("sh:resultMessage"), ()) if isinstance(message, Literal)]
    values = {name: shown(said) for name, said in _parameters(component, shape, shapes)}
    if focus:
        values["this"] = shown(focus)
    if value:
        values["value"] = shown(value)
    return Finding(
        severity=severity_of(severity),
        shape=plain(owners.get(shape, shape)) if shape else "",
        focus=plain(focus) if focus else "",
        path=_path(*_whole(path, shape, report, shapes)) if path else None,
        value=plain(value) if value else None,
        component=component.value if component else "",
        messages=dict(
            sorted((message.language or "en", message.value) for message in own)
            if component == _SPARQL and own  # filled by the engine, which knows what the query selected
            else sorted((message.language or "en", fill(message.value, values)) for message in written)
        ),
        terms=focus
        and Terms(
            focus=focus,
            path=path,
            value=value,
            shape=shape,
            constraint=constraint,
            severity=severity,
            spelling=_whole(path, shape, report, shapes)[1] if path else {},
            said={message.language or "en": message.value for message in own},
        ),
    )


def _stated(node: Term | None, shapes: Index) -> list[Literal]:
    """Give the messages of a shape or constraint."""
    said = shapes.get(node, {}).get(_MESSAGE, ()) if node is not None else ()
    return [message for message in said if isinstance(message, Literal)]


def _of_component(component: Term | None, shape: Term | None, shapes: Index) -> list[Literal]:
    """Give the messages of the validators that a component of the shapes' own has for a shape."""
    said = shapes.get(component, {}) if component is not None else {}
    kind = "property" if shape is not None and term("sh:path") in shapes.get(shape, {}) else "node"
    validators = said.get(term(f"sh:{kind}Validator")) or said.get(term("sh:validator"), [])
    return [message for validator in validators for message in _stated(validator, shapes)]


def _parameters(component: Term | None, shape: Term | None, shapes: Index) -> Iterator[tuple[str, Term]]:
    """Give what a shape states for the parameters of a component of the shapes' own, by local name."""
    if component is None or shape is None:
        return
    for parameter in shapes.get(component, {}).get(term("sh:parameter"), ()):
        for path in shapes.get(parameter, {}).get(term("sh:path"), ()):
            for value in shapes.get(shape, {}).get(path, ()) if isinstance(path, NamedNode) else ():
                yield _LAST.split(path.value)[-1], value


def severity_of(stated: Term | None) -> Severity:
    """Read a severity; one that a shapes graph made up gates as a violation does."""
    name = stated.value.rpartition("#")[2].lower() if stated else ""
    return next((severity for severity in Severity if severity.value == name), Severity.VIOLATION)


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
    if RDF.first in properties:  # before all else: what else is said of a list is beside its meaning
        return "/".join(_step(member, graph) for member in members(node, graph))
    for predicate, pattern in _STEPS.items():
        for inner in properties.get(predicate, ()):
            return pattern.format(_step(inner, graph))
    for choice in properties.get(term("sh:alternativePath"), ()):
        return "|".join(_step(member, graph) for member in members(choice, graph))
    return "/".join(_step(member, graph) for member in members(node, graph))


def _step(node: Term, graph: Index) -> str:
    """Write a path inside a path, in brackets where it has several steps."""
    text = _path(node, graph)
    several = not isinstance(node, NamedNode) and not text.startswith(("^", "("))
    return f"({text})" if several else text
