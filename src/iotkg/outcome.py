"""What one validation gives: findings, what each shape looked at, and the W3C report; made lasting and read back.

Pure. Findings are identified by what they say, not by where it is written: moving lines does not disturb them, and a
blank node is known by what is said of it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import Any, Final

import pyoxigraph as ox

from iotkg.findings import Finding, Severity
from iotkg.shapegraph import Index, Term, shown
from iotkg.vocab import RDF, term

_DEPTH: Final = 4
"""How far into nested blank nodes a structure is read."""


@dataclass(frozen=True, slots=True)
class ShapeRun:
    """One shape or check with a target: where it stands, what it is aimed at, what it looked at, what it found."""

    shape: str
    names: Mapping[str, str]
    file: str | None
    line: int | None
    targets: tuple[str, ...]
    focus: tuple[str, ...]
    results: int
    shapes: tuple[str, ...] = ()
    """The shape and all that it refers to: its findings may be of any of them."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a shape or a check says for its reader, by language; ``help`` is the IRI of a page that says more.

    ``messages`` are templates: where a finding would name a value, they have a placeholder.
    """

    shape: str
    names: Mapping[str, str] = field(default_factory=dict)
    messages: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    severity: Severity = Severity.VIOLATION
    help: str | None = None
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything a report needs.

    ``empty`` says what had nothing to look at: a run that finds nothing and has one of these is not good.
    ``notes`` are for the reader of the run; where it is ``partial``, they say what was not checked, and it is not
    good either. ``results`` are what the W3C report says of each finding, by its identity, as N-Triples. ``rules``
    are what there is to say of shapes and checks, those that others refer to included. ``threshold`` is the least
    severity that fails the run.
    """

    findings: tuple[Finding, ...]
    runs: tuple[ShapeRun, ...]
    engine: str
    files: tuple[str, ...]
    triples: int
    empty: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    results: Mapping[str, str] = field(default_factory=dict, repr=False)
    prefixes: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Namespaces of the files read, longest first, with the prefix each has there."""
    rules: tuple[Rule, ...] = ()
    partial: bool = False
    threshold: Severity = Severity.VIOLATION

    def only(self, findings: Iterable[Finding]) -> Outcome:
        """Give the outcome with some of its findings alone."""
        return replace(self, findings=tuple(sorted(findings)))

    def fails(self, finding: Finding) -> bool:
        """Say whether a finding is as severe as the threshold."""
        order = list(Severity)
        return order.index(finding.severity) <= order.index(self.threshold)

    @property
    def good(self) -> bool:
        """Say whether the run passes: all was checked, and nothing found is as severe as the threshold."""
        return not (self.partial or self.empty or any(self.fails(one) for one in self.findings))

    def report(self) -> bytes:
        """Write the W3C validation report of the findings as N-Triples; messages keep their language."""
        conforms = "false" if self.findings else "true"
        lines = [
            f"_:report <{RDF.type.value}> <{term('sh:ValidationReport').value}> .\n",
            f'_:report <{term("sh:conforms").value}> "{conforms}"^^<{term("xsd:boolean").value}> .\n',
        ]
        for finding in self.findings:
            lines.append(f"_:report <{term('sh:result').value}> _:r{finding.identity} .\n")
            lines.append(self.results.get(finding.identity, ""))
        return "".join(lines).encode("utf-8")


def identified(findings: Sequence[Finding], about: Index) -> list[Finding]:
    """Give each finding its identity: a hash of shape, focus, path, value and component, told apart by number.

    ``about`` describes the blank nodes of the data.
    """
    seen: Counter[str] = Counter()
    done = []
    for finding in sorted(findings):
        focus, value = finding.focus, finding.value
        if finding.terms is not None:
            focus = structure(finding.terms.focus, about)
            value = structure(finding.terms.value, about) if finding.terms.value is not None else None
        parts = (finding.shape, focus, finding.path or "", value or "", finding.component)
        name = sha256("\n".join(parts).encode("utf-8")).hexdigest()[:20]
        seen[name] += 1
        done.append(replace(finding, identity=name if seen[name] == 1 else f"{name}-{seen[name]}"))
    return done


def structure(node: Term, about: Index, depth: int = _DEPTH) -> str:
    """Write a term so that it reads the same in every run: a blank node by what is said of it."""
    if not isinstance(node, ox.BlankNode):
        return node.value if isinstance(node, ox.NamedNode) else str(node)
    if depth == 0:
        return "[…]"
    said = sorted(
        f"{predicate.value} {structure(value, about, depth - 1)}"
        for predicate, values in about.get(node, {}).items()
        for value in values
    )
    return f"[{'; '.join(said)}]"


def results(findings: Iterable[Finding]) -> dict[str, str]:
    """Say of each finding, by its identity, what the W3C report says of it, as N-Triples."""
    written = {}
    for finding in findings:
        node = ox.BlankNode(f"r{finding.identity}")
        said = list(_result(finding))
        triples = [ox.Triple(node, predicate, value) for predicate, value in said]
        if finding.terms is not None and finding.terms.path is not None:
            path = _spelt(finding.terms.path, finding.terms.spelling, f"p{finding.identity}", triples)
            triples.append(ox.Triple(node, term("sh:resultPath"), path))
        lines = ox.serialize(dict.fromkeys(triples), format=ox.RdfFormat.N_TRIPLES) or b""
        written[finding.identity] = lines.decode("utf-8")
    return written


def _result(finding: Finding) -> Iterator[tuple[ox.NamedNode, Term]]:
    """Give what is said of one result, but for its path."""
    yield RDF.type, term("sh:ValidationResult")
    stated = finding.terms and finding.terms.severity
    yield term("sh:resultSeverity"), stated or term(f"sh:{finding.severity.value.capitalize()}")
    if finding.component:
        yield term("sh:sourceConstraintComponent"), ox.NamedNode(finding.component)
    for language, message in finding.messages.items():
        yield term("sh:resultMessage"), ox.Literal(message, language=language)
    terms = finding.terms
    if terms is None:
        yield term("sh:sourceShape"), ox.NamedNode(finding.shape)
        return
    yield term("sh:focusNode"), terms.focus
    if terms.value is not None:
        yield term("sh:value"), terms.value
    yield term("sh:sourceShape"), terms.shape if terms.shape is not None else ox.NamedNode(finding.shape)
    if terms.constraint is not None:
        yield term("sh:sourceConstraint"), terms.constraint


def _spelt(path: Term, spelling: Index, mark: str, triples: list[ox.Triple]) -> Term:
    """Copy the triples that spell out a path, under names of its own."""
    if not isinstance(path, ox.BlankNode):
        return path
    names = {path: ox.BlankNode(f"{mark}x0")}
    waiting: list[Term] = [path]
    while waiting:
        node = waiting.pop()
        for predicate, values in spelling.get(node, {}).items():
            for value in values:
                if isinstance(value, ox.BlankNode) and value not in names:
                    names[value] = ox.BlankNode(f"{mark}x{len(names)}")
                    waiting.append(value)
                end = names[value] if isinstance(value, ox.BlankNode) else value
                triples.append(ox.Triple(names[node], predicate, end))  # type: ignore[index]
    return names[path]


def dumps(outcome: Outcome) -> bytes:
    """Write an outcome for a later run of the same."""
    whole = asdict(replace(outcome, findings=()))
    whole["findings"] = [_flat(finding) for finding in outcome.findings]
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def loads(written: bytes) -> Outcome:
    """Read what ``dumps`` wrote.

    Raises: ValueError when it is something else.
    """
    try:
        whole: dict[str, Any] = json.loads(written)
        return Outcome(
            findings=tuple(
                Finding(**{**one, "severity": Severity(one["severity"])}) for one in whole["findings"]
            ),
            runs=tuple(
                ShapeRun(**{**one, **{name: tuple(one[name]) for name in ("targets", "focus", "shapes")}})
                for one in whole["runs"]
            ),
            engine=whole["engine"],
            files=tuple(whole["files"]),
            triples=whole["triples"],
            empty=tuple(whole["empty"]),
            notes=tuple(whole["notes"]),
            results=whole["results"],
            prefixes=whole["prefixes"],
            rules=tuple(Rule(**{**one, "severity": Severity(one["severity"])}) for one in whole["rules"]),
            partial=whole["partial"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no outcome: {error}") from error


def _flat(finding: Finding) -> dict[str, Any]:
    return {
        name: getattr(finding, name)
        for name in (
            "severity",
            "shape",
            "focus",
            "path",
            "value",
            "component",
            "messages",
            "advice",
            "file",
            "line",
            "column",
            "identity",
        )
    }


def target_words(kind: str, node: Term) -> str:
    """Say what a shape is aimed at, as ``class iotkg:Task``."""
    return f"{kind} {shown(node)}"
