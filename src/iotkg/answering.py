"""Canned queries: their parameters read, what may be chosen counted, their answers given as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from iotkg.errors import InvalidParameter, UnknownQuery
from iotkg.identifiers import expand
from iotkg.queryfile import Parameter, QueryFile, parse_query
from iotkg.store import QUERIES, Source, Table, measured, open_release, read_file, read_manifest
from iotkg.vocab import PREFIXES, term

_CHOICES = f"""
PREFIX rdfs: <{PREFIXES["rdfs"]}>
PREFIX skos: <{PREFIXES["skos"]}>

SELECT DISTINCT ?value ?zh ?en ?document ?start
WHERE {{
  VALUES ?class {{ CLASS }}
  ?value
    a ?class ;
    skos:prefLabel ?zh ;
    skos:prefLabel ?en .
  FILTER(LANG(?zh) = "zh" && LANG(?en) = "en")
  OPTIONAL {{
    ?value <{term("iotkg:textAnchor").value}> ?anchor .
    ?anchor
      <{term("iotkg:inSource").value}> ?document ;
      <{term("iotkg:startOffset").value}> ?start .
  }}
}}
ORDER BY ?document ?start ?value
"""
_SHOWN = 12
_ECHOED = 80
"""Characters of a wrong value that an error repeats; comparing more with every key would be slow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A value that a parameter may take: its IRI, its key, and its labels by language."""

    iri: NamedNode
    key: str
    label: Mapping[str, str]


class Answers:
    """The canned queries over a store."""

    def __init__(self, store: Source, queries: Mapping[str, QueryFile]) -> None:
        self.queries = queries
        self._store = store
        self._choices: dict[str, tuple[Choice, ...]] = {}
        self._counts: dict[str, Counter[tuple[str, ...]]] = {}

    def query(self, name: str) -> QueryFile:
        """Find a canned query.

        Raises: UnknownQuery, with those that are near.
        """
        if name not in self.queries:
            near = get_close_matches(name, self.queries) or sorted(self.queries)
            raise UnknownQuery(f"there is no canned query {name!r}; there is {', '.join(near)}")
        return self.queries[name]

    def select(self, query: str) -> Table:
        """Answer any SELECT or ASK; see ``iotkg.store.Source`` and ``iotkg.store.measured``."""
        return self._store.select(measured(query))

    def run(self, name: str, /, **parameters: str) -> Table:
        """Answer a canned query; parameters left out mean "all".

        Raises: UnknownQuery; InvalidParameter for a parameter or a value there is not.
        """
        return self._store.select(self.bound(name, parameters))

    def bound(self, name: str, parameters: Mapping[str, str]) -> str:
        """Give the SPARQL of a canned query with its parameters filled in; see ``run``."""
        return self.query(name).bind(self.values(name, parameters))

    def values(self, name: str, parameters: Mapping[str, str]) -> dict[str, NamedNode]:
        """Read the values of a canned query's parameters; see ``run``."""
        query = self.query(name)
        return {
            given: self.read_parameter(query.parameter(given), text) for given, text in parameters.items()
        }

    def counts(self, name: str, values: Mapping[str, NamedNode]) -> dict[str, Counter[str]]:
        """Count the rows that each choice of each parameter gives, by IRI, the others being as in ``values``.

        One query counts all combinations, the first time; a choice that gives no row is in no counter.
        """
        query = self.query(name)
        names = [parameter.name for parameter in query.parameters]
        if names and name not in self._counts:
            self._counts[name] = Counter(
                {
                    tuple("" if cell is None else cell.value for cell in cells): int(rows.value)
                    for *cells, rows in self._store.select(query.counting()).rows
                    if isinstance(rows, Literal)
                }
            )
        found: dict[str, Counter[str]] = {each: Counter() for each in names}
        for combination, rows in self._counts.get(name, {}).items():
            held = dict(zip(names, combination, strict=True))
            for each in names:
                if all(held[other] == iri.value for other, iri in values.items() if other != each):
                    found[each][held[each]] += rows
        return found

    def choices(self, parameter: Parameter) -> tuple[Choice, ...]:
        """List what a parameter may be: the labelled instances of its class, in the order of the text."""
        if parameter.kind not in self._choices:
            kind = term(f"iotkg:{parameter.kind}")
            table = self._store.select(_CHOICES.replace("CLASS", str(kind)))
            self._choices[parameter.kind] = tuple(
                Choice(iri=iri, key=iri.value.rpartition("/")[2], label={"zh": zh.value, "en": en.value})
                for iri, zh, en, *_ in table.rows
                if isinstance(iri, NamedNode) and isinstance(zh, Literal) and isinstance(en, Literal)
            )
        return self._choices[parameter.kind]

    def read_parameter(self, parameter: Parameter, text: str) -> NamedNode:
        """Read a value: an IRI, a prefixed name, a key, or the end of a key where only one ends so.

        Raises: InvalidParameter naming the parameter, what was given and what is allowed.
        """
        choices = self.choices(parameter)
        iri = expand(text)
        exact = [choice for choice in choices if text in {choice.key, choice.iri.value} or choice.iri == iri]
        ending = [choice for choice in choices if choice.key.endswith(f"_{text}")]
        found = exact or ending
        if len(found) == 1:
            return found[0].iri
        allowed = [choice.key for choice in found or choices]
        near = (
            []
            if found
            else get_close_matches(text[:_ECHOED], [key.partition("_")[2] or key for key in allowed])
        )
        said = "means several of them" if found else "is none of them"
        listed = ", ".join(near or allowed[:_SHOWN]) + (" …" if not near and len(allowed) > _SHOWN else "")
        raise InvalidParameter(
            f"{parameter.name}: {text[:_ECHOED]!r} {said}; {'near are' if near else 'allowed are'} {listed}"
        )


def open_answers(dist: Path, store: Source | None = None) -> Answers:
    """Open the canned queries of a release, over its data or another store.

    Raises: InputError when there is no release in the folder, or it is not what its manifest says.
    """
    names = [name for name in read_manifest(dist)["files"] if name.startswith(QUERIES)]
    queries = {
        (stem := Path(name).stem): parse_query(read_file(dist, name), name=stem, path=name) for name in names
    }
    return Answers(store or open_release(dist), queries)
