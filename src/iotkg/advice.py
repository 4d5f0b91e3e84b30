"""Advice: what a finding means, what was found, what is allowed and what may have been meant, in both languages.

Pure. A shape's own sh:message says what the rule is; where it has none, the constraint component gives one. Source of
the components: W3C, SHACL, section 4.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Final, TypeAlias

import pyoxigraph as ox

from iotkg.findings import Finding, Severity, Terms
from iotkg.shapegraph import Index, Term, members, shown
from iotkg.vocab import PREFIXES, RDF, term

Both: TypeAlias = tuple[str, str]
"""A sentence in English and in Chinese."""

_LAST: Final = re.compile(r"[/#]")
_SUBCLASS: Final = term("rdfs:subClassOf")
_MANY: Final = 12
_ALIKE: Final = 0.72

RULES: Final[dict[str, Both]] = {
    "MinCount": ("needs at least {minCount} value(s)", "至少须有 {minCount} 个值"),
    "MaxCount": ("takes at most {maxCount} value(s)", "至多只能有 {maxCount} 个值"),
    "Class": ("value is no instance of {class}", "值不是 {class} 的实例"),
    "Datatype": ("value is no well-formed {datatype}", "值不是格式正确的 {datatype}"),
    "NodeKind": ("value is of the wrong kind; it is to be {nodeKind}", "值的种类不对，应为 {nodeKind}"),
    "MinExclusive": ("value must be greater than {minExclusive}", "值须大于 {minExclusive}"),
    "MinInclusive": ("value must be {minInclusive} or more", "值不得小于 {minInclusive}"),
    "MaxExclusive": ("value must be less than {maxExclusive}", "值须小于 {maxExclusive}"),
    "MaxInclusive": ("value must be {maxInclusive} or less", "值不得大于 {maxInclusive}"),
    "MinLength": ("value has fewer than {minLength} characters", "值少于 {minLength} 个字符"),
    "MaxLength": ("value has more than {maxLength} characters", "值多于 {maxLength} 个字符"),
    "Pattern": ("value does not match {pattern}", "值与模式 {pattern} 不符"),
    "LanguageIn": ("value is in none of the languages allowed", "值的语言不在允许之列"),
    "UniqueLang": ("more than one value in one language", "同一语言有多个值"),
    "Equals": ("values differ from those of {equals}", "值与 {equals} 的值不同"),
    "Disjoint": ("value is also one of {disjoint}", "值同时是 {disjoint} 的值"),
    "LessThan": ("value is not less than that of {lessThan}", "值不小于 {lessThan} 的值"),
    "LessThanOrEquals": (
        "value is greater than that of {lessThanOrEquals}",
        "值大于 {lessThanOrEquals} 的值",
    ),
    "Not": ("value conforms to {not}, which it must not", "值符合 {not}，而不应符合"),
    "And": ("value does not conform to all of the shapes of sh:and", "值未符合 sh:and 的全部形状"),
    "Or": ("value conforms to none of the shapes of sh:or", "值不符合 sh:or 的任何一个形状"),
    "Xone": ("value conforms to none or several of the shapes of sh:xone", "值须恰好符合 sh:xone 的一个形状"),
    "Node": ("value does not conform to {node}", "值不符合 {node}"),
    "QualifiedMinCount": (
        "fewer than {qualifiedMinCount} values conform to {qualifiedValueShape}",
        "符合 {qualifiedValueShape} 的值少于 {qualifiedMinCount} 个",
    ),
    "QualifiedMaxCount": (
        "more than {qualifiedMaxCount} values conform to {qualifiedValueShape}",
        "符合 {qualifiedValueShape} 的值多于 {qualifiedMaxCount} 个",
    ),
    "Closed": ("property is not allowed here", "此处不允许该属性"),
    "HasValue": ("lacks the value {hasValue}", "缺少值 {hasValue}"),
    "In": ("value is none of those allowed", "值不在允许之列"),
    "SPARQL": ("breaks a rule written in SPARQL", "违反以 SPARQL 表述的规则"),
}
"""What each core constraint component says where its shape has no message of its own."""


@dataclass(slots=True)
class Adviser:
    """Adds messages and advice to findings; knows the shapes, and of the data what is described and as what.

    ``data`` gives the data by subject; it is asked when there is something to advise, which is seldom.
    """

    shapes: Index
    data: Callable[[], Index]
    _close: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    _index: Index | None = None

    @property
    def _about(self) -> Index:
        """What the data says."""
        if self._index is None:
            self._index = self.data()
        return self._index

    def advise(self, finding: Finding) -> Finding:
        """Add what can be said about one finding."""
        if finding.terms is None:
            return finding
        component = finding.component.rpartition("#")[2].removesuffix("ConstraintComponent")
        stated = self._parameters(finding.terms)
        rule = RULES.get(component)
        messages = finding.messages
        if not messages and rule is not None:
            words = {name: ", ".join(shown_value(v) for v in values) for name, values in stated.items()}
            messages = {"en": _filled(rule[0], words), "zh": _filled(rule[1], words)}
        if not messages and finding.component and not finding.component.startswith(PREFIXES["sh"]):
            own = shown(ox.NamedNode(finding.component))
            messages = {"en": f"does not meet {own}", "zh": f"不符合 {own}"}
        messages = messages or finding.terms.said
        if (
            finding.severity is Severity.INFO
        ):  # nothing is to be mended, and to look it up takes as long as all else
            return replace(finding, messages=messages)
        said = [part for part in self._advice(component, finding.terms, stated) if part[0]]
        advice = (
            {"en": "; ".join(en for en, _ in said), "zh": "；".join(zh for _, zh in said)} if said else {}
        )
        return replace(finding, messages=messages, advice=advice)

    def _parameters(self, terms: Terms) -> dict[str, list[Term]]:
        """Give a shape's SHACL parameters by local name."""
        return parameters(self.shapes.get(terms.shape, {}))  # type: ignore[arg-type]

    def _advice(self, component: str, terms: Terms, stated: Mapping[str, list[Term]]) -> Iterable[Both]:
        value = terms.value
        yield self._misspelt(component, terms)
        if component in ("MinCount", "MaxCount", "QualifiedMinCount", "QualifiedMaxCount", "HasValue"):
            yield self._present(terms)
        if component == "In":
            allowed = [item for head in stated.get("in", ()) for item in members(head, self.shapes)]
            yield _listed(allowed)
            yield self._near(value, allowed)
        elif component == "LanguageIn":
            yield _listed(
                [item for head in stated.get("languageIn", ()) for item in members(head, self.shapes)]
            )
            if isinstance(value, ox.Literal):
                tag = value.language or ""
                yield (f"found {tag or 'no language tag'}", f"现为{tag or '无语言标签'}")
        elif component == "Class":
            yield from self._of_class(value, stated.get("class", ()))
        elif component == "Datatype" and isinstance(value, ox.Literal):
            found = f"{value.language or ''}" and f"@{value.language}"
            shown_type = found or shown(value.datatype)
            yield (
                f"found {_cut(value.value)!r} of {shown_type}",
                f"现为“{_cut(value.value)}”，类型 {shown_type}",
            )
        elif component == "NodeKind" and value is not None:
            yield _kind(value)
        elif component == "Closed" and isinstance(terms.path, ox.NamedNode):
            yield from self._closed(terms, stated)
        elif component in ("MinLength", "MaxLength") and isinstance(value, ox.Literal):
            yield (f"has {len(value.value)}", f"现有 {len(value.value)} 个")

    def _present(self, terms: Terms) -> Both:
        """Count the values that are there, and show them."""
        if not isinstance(terms.path, ox.NamedNode):
            return ("", "")
        values = self._about.get(terms.focus, {}).get(terms.path, [])
        if not values:
            return ("has none", "现无取值")
        words = ", ".join(shown_value(value) for value in values[:_MANY])
        return (f"has {len(values)}: {words}", f"现有 {len(values)} 个：{words}")

    def _of_class(self, value: Term | None, classes: Sequence[Term]) -> Iterable[Both]:
        if value is None or isinstance(value, ox.Literal):
            yield ("a literal is an instance of nothing", "字面量不是任何类的实例")
            return
        kinds = self._about[value].get(RDF.type, []) if value in self._about else None
        if kinds is None:
            yield ("it is described nowhere in the data", "数据中未对其作任何描述")
        elif kinds:
            words = ", ".join(sorted(shown(kind) for kind in kinds))
            yield (f"it is {words}", f"其类型为 {words}")
        else:
            yield ("it has no rdf:type", "其没有 rdf:type")
        yield self._near(value, [node for name in classes for node in self._instances(name)])

    def _instances(self, name: Term) -> list[Term]:
        """Give the instances of a class and of those below it."""
        wanted, before = {name}, 0
        while len(wanted) > before:
            before = len(wanted)
            wanted |= {
                node for node, said in self._about.items() if wanted.intersection(said.get(_SUBCLASS, ()))
            }
        return [node for node, said in self._about.items() if wanted.intersection(said.get(RDF.type, ()))]

    def _misspelt(self, component: str, terms: Terms) -> Both:
        """Name what may have been meant by an IRI that a query found and nothing describes."""
        value = terms.value
        if component != "SPARQL" or not isinstance(value, ox.NamedNode) or terms.path is None:
            return ("", "")
        return ("", "") if value in self._about else self._near(value, self._alike(value))

    def _alike(self, value: ox.NamedNode) -> list[Term]:
        """Give what is described under IRIs that differ from this one only at their end."""
        start = value.value[: len(value.value) - len(_ending(value))]
        return [
            node
            for node in self._about
            if isinstance(node, ox.NamedNode) and node.value.startswith(start) and node.value != start
        ]

    def _closed(self, terms: Terms, stated: Mapping[str, list[Term]]) -> Iterable[Both]:
        paths = [
            path
            for shape in stated.get("property", ())
            for path in self.shapes.get(shape, {}).get(term("sh:path"), ())
            if isinstance(path, ox.NamedNode)
        ]
        ignored = [m for head in stated.get("ignoredProperties", ()) for m in members(head, self.shapes)]
        allowed: list[Term] = [*paths, *ignored]
        yield _listed(allowed)
        yield self._near(terms.path, allowed)

    def _near(self, value: Term | None, known: Sequence[Term]) -> Both:
        """Name what looks much like a value that is not known."""
        if value is None or isinstance(value, ox.BlankNode) or value in known:
            return ("", "")
        names = {_ending(item): shown_value(item) for item in known if not isinstance(item, ox.BlankNode)}
        key = (str(value), hash(frozenset(names)))
        if key not in self._close:
            close = get_close_matches(_ending(value), names, n=3, cutoff=_ALIKE)
            self._close[key] = [names[name] for name in close]
        close = self._close[key]
        if not close:
            return ("", "")
        return (f"did you mean {' or '.join(close)}?", f"是否应为 {'、'.join(close)}？")


def parameters(said: Mapping[ox.NamedNode, list[Term]]) -> dict[str, list[Term]]:
    """Give by local name what a shape says in SHACL's terms."""
    namespace = term("sh:path").value.removesuffix("path")
    return {
        predicate.value.removeprefix(namespace): values
        for predicate, values in said.items()
        if predicate.value.startswith(namespace)
    }


def sayings(stated: Mapping[str, Sequence[Term]]) -> list[Both]:
    """Say what a shape's core constraints say of values that break them; ``stated`` are its parameters by name."""
    words = {name: ", ".join(shown_value(value) for value in values) for name, values in stated.items()}
    return [
        (_filled(en, words), _filled(zh, words))
        for component, (en, zh) in RULES.items()
        if (component.lower() if component.isupper() else component[0].lower() + component[1:]) in stated
    ]


def shown_value(value: Term) -> str:
    """Write a value as a message shows it: a prefixed name, or the literal's words in quotes with its tag."""
    if isinstance(value, ox.Literal):
        if value.language:
            return f'"{_cut(value.value)}"@{value.language}'
        return _cut(value.value) if value.datatype != term("xsd:string") else f'"{_cut(value.value)}"'
    return shown(value)


def _ending(value: Term) -> str:
    """Give the part of a term that is compared: what follows the last / or # of an IRI, the words of a literal."""
    return _LAST.split(value.value)[-1] if isinstance(value, ox.NamedNode) else value.value


def _listed(allowed: Sequence[Term]) -> Both:
    words = ", ".join(shown_value(item) for item in allowed[:_MANY])
    more = len(allowed) - _MANY
    if not allowed:
        return ("", "")
    return (
        f"allowed: {words}{f' and {more} more' if more > 0 else ''}",
        f"允许：{words}{f' 等另外 {more} 个' if more > 0 else ''}",
    )


def _kind(value: Term) -> Both:
    if isinstance(value, ox.Literal):
        return ("found a literal", "现为字面量")
    if isinstance(value, ox.BlankNode):
        return ("found a blank node", "现为空白节点")
    return ("found an IRI", "现为 IRI")


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"  # noqa: PLR2004 - a line of a report


def _filled(template: str, words: Mapping[str, str]) -> str:
    for name, word in words.items():
        template = template.replace(f"{{{name}}}", word)
    return template
