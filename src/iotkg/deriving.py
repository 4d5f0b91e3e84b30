"""A rule read backwards: which premises give a triple that the rule concludes.

Each rule names its premises in its header, as the patterns of a solution of its WHERE clause that a conclusion rests
on; tests/test_explain.py runs every rule on the premises alone and finds the conclusion again. The patterns are
those of a header and of a CONSTRUCT's head: prefixed names, variables, ``a``, ``true``, with ``;`` and ``.``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from pyoxigraph import BlankNode, Literal, NamedNode, Triple, Variable

from iotkg.errors import QueryFileError
from iotkg.identifiers import expand
from iotkg.queryfile import QueryFile
from iotkg.vocab import RDF

Slot: TypeAlias = NamedNode | Literal | Variable
Pattern: TypeAlias = tuple[Slot, Slot, Slot]
Bound: TypeAlias = Mapping[str, NamedNode | BlankNode | Literal]
"""Values by the name of the variable."""

ASKED: Final = "asked"
_PARTS: Final = re.compile(
    r"(?P<prologue>(?:PREFIX [^\n]+\n\s*)*)CONSTRUCT\s*\{(?P<head>[^}]*)\}\s*WHERE\s*\{(?P<body>.*)\}\s*\Z",
    re.DOTALL,
)
_MADE: Final = re.compile(r"\bAS \?(\w+)\)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A rule in parts: what it concludes, the body of its WHERE clause, and the premises."""

    query: QueryFile
    prologue: str
    head: tuple[Pattern, ...]
    body: str
    premises: tuple[Pattern, ...]

    def goals(self, triple: Triple) -> Iterator[Bound]:
        """Give, for each pattern of the head that a triple fits, what its variables stand for."""
        for pattern in self.head:
            bound = _unified(pattern, triple)
            if bound is not None:
                yield bound

    def asking(self, *goals: Bound) -> str:
        """Write a SELECT for every way in which the rule concludes some goals.

        Its columns are those of the premises, and ``?asked``, the number of the goal. What the body makes itself is
        compared with the goal outside of it; the rest is given to it.
        """
        made = set(_MADE.findall(self.body))
        ways = []
        for number, goal in enumerate(goals):
            inside = _values({name: value for name, value in goal.items() if name not in made})
            outside = _values({name: value for name, value in goal.items() if name in made})
            ways.append(f"{{ {outside} {{ {inside} {self.body} }} BIND({number} AS ?{ASKED}) }}")
        names = dict.fromkeys(
            str(slot) for pattern in self.premises for slot in pattern if isinstance(slot, Variable)
        )
        return (
            f"{self.prologue}SELECT DISTINCT ?{ASKED} {' '.join(names)}\nWHERE {{ {' UNION '.join(ways)} }}"
        )

    def instances(self, row: Bound) -> tuple[Triple, ...]:
        """Give the premises of a solution; one with a variable that has no value is not among them."""
        filled = (
            tuple(row.get(s.value) if isinstance(s, Variable) else s for s in pattern)
            for pattern in self.premises
        )
        return tuple(dict.fromkeys(Triple(*parts) for parts in filled if None not in parts))  # type: ignore[arg-type]


def read_rule(query: QueryFile) -> Rule:
    """Take a rule apart.

    Raises: QueryFileError when it is no CONSTRUCT, or a pattern of it cannot be read.
    """
    match = _PARTS.search(query.text)
    if match is None:
        raise QueryFileError(f"ontology/rules/{query.name}.rq: a rule is a CONSTRUCT")
    known = f"FILTER NOT EXISTS {{ {match['head'].strip()} }}"  # keeps the build from concluding it again
    return Rule(
        query=query,
        prologue=match["prologue"],
        head=_patterns(match["head"], query.name),
        body=match["body"].replace(known, ""),
        premises=_patterns(query.header["premises"], query.name),
    )


def _patterns(text: str, name: str) -> tuple[Pattern, ...]:
    found: list[Pattern] = []
    for block in re.split(r"\s\.\s", text.strip().removesuffix(".")):
        subject: list[str] = []
        for clause in re.split(r"\s;\s", block.strip()):
            parts = [*subject, *clause.split()]
            if len(parts) != 3:  # noqa: PLR2004 - a triple
                raise QueryFileError(
                    f"ontology/rules/{name}.rq: {clause.strip()!r} is no pattern of three parts"
                )
            found.append(_pattern(parts, name))
            subject = parts[:1]
    return tuple(found)


def _pattern(parts: list[str], name: str) -> Pattern:
    subject, predicate, value = (_slot(part, name) for part in parts)
    return subject, predicate, value


def _slot(text: str, name: str) -> Slot:
    if text.startswith("?"):
        return Variable(text[1:])
    if text == "true":
        return Literal(value=True)
    node = RDF.type if text == "a" else expand(text)
    if node is None:
        raise QueryFileError(f"ontology/rules/{name}.rq: {text!r} is no term that a pattern may hold")
    return node


def _unified(pattern: Pattern, triple: Triple) -> Bound | None:
    bound: dict[str, NamedNode | BlankNode | Literal] = {}
    for slot, part in zip(pattern, (triple.subject, triple.predicate, triple.object), strict=True):
        if isinstance(part, Triple) or (not isinstance(slot, Variable) and slot != part):
            return None
        if isinstance(slot, Variable) and bound.setdefault(slot.value, part) != part:
            return None
    return bound


def _values(bound: Bound) -> str:
    if not bound:
        return ""
    return f"VALUES ({' '.join(f'?{name}' for name in bound)}) {{ ({' '.join(map(str, bound.values()))}) }}"
