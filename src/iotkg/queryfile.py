"""Query files: a header of ``#+ key: value`` lines (as grlc reads them), then SPARQL with parameter slots.

A parameter is a slot ``VALUES ?name { UNDEF }``, first in its group: the file runs as it is on any endpoint and then
means "all". A slot stands again in a sub-select or OPTIONAL that an engine would else work out for every value.
Binding puts a serialised term in place of UNDEF; request text never touches query text. ``#+ example:`` gives each
parameter a value with which the query has an answer. Pure: text in, values out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pyoxigraph import Literal, NamedNode

from iotkg.errors import InvalidParameter, QueryFileError
from iotkg.topics import TOPICS

_HEADER = re.compile(r"#\+ (?P<key>[a-z][a-z-]*): (?P<value>\S.*)\Z")
_SLOT = re.compile(r"VALUES \?(?P<name>\w+) \{ UNDEF \}")
_SELECT = re.compile(r"\bSELECT\s+(?:DISTINCT\s+)?(?P<head>.*?)\s*\bWHERE\b", re.DOTALL)
_START = re.compile(r"^SELECT\b", re.MULTILINE)
_EXAMPLE = re.compile(r"(?P<name>\w+)=(?P<value>\S+)")
_COLUMN = re.compile(r"\?(\w+)\s*(?=\?|\(|\Z)|\bAS\s+\?(\w+)\s*\)")
_REQUIRED = {
    "answer": ("summary", "summary-zh", "topic"),
    "check": ("summary", "phase", "severity", "message", "message-zh"),
    "rule": ("summary", "summary-zh", "stratum", "premises"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """A parameter of a canned query: its values are the instances of ``kind``, a class of ours."""

    name: str
    kind: str
    label: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class QueryFile:
    """A parsed query file; ``header`` keeps every key but those of the parameters."""

    name: str
    kind: str
    header: Mapping[str, str]
    parameters: tuple[Parameter, ...]
    text: str
    example: Mapping[str, str] = field(default_factory=dict)
    """A value for each parameter; together they have an answer."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names a SELECT gives its columns, in order; empty for a CONSTRUCT."""
        match = _SELECT.search(self.text)
        found = _COLUMN.findall(match["head"]) if match else []
        return tuple(plain or named for plain, named in found)

    @property
    def questions(self) -> tuple[int, ...]:
        """The numbers of the competency questions that it answers."""
        return tuple(int(number) for number in self.header.get("competency", "").split(",") if number.strip())

    def parameter(self, name: str) -> Parameter:
        """Find a parameter.

        Raises: InvalidParameter when the query has none of that name.
        """
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        allowed = ", ".join(parameter.name for parameter in self.parameters) or "none"
        raise InvalidParameter(f"{self.name} has no parameter {name}; it takes: {allowed}")

    def bind(self, values: Mapping[str, NamedNode | Literal]) -> str:
        """Fill the slots of the parameters given; those left out keep meaning "all".

        Raises: InvalidParameter for a name that the query has no slot for.
        """
        for name in values:
            self.parameter(name)

        def filled(slot: re.Match[str]) -> str:
            term = values.get(slot["name"])
            return slot.group() if term is None else f"VALUES ?{slot['name']} {{ {term} }}"

        return _SLOT.sub(filled, self.text)

    def counting(self) -> str:
        """Give a query that counts the rows for each combination of values of the parameters: they, then ``?rows``.

        Raises: QueryFileError when the query is no SELECT that begins a line.
        """
        start = _START.search(self.text)
        if start is None:
            raise QueryFileError(f"{self.name}: SELECT must begin a line")
        names = " ".join(f"?{parameter.name}" for parameter in self.parameters)
        inner = self.text[start.start() :].rstrip()
        return (
            f"{self.text[: start.start()]}SELECT {names} (COUNT(*) AS ?rows)\n"
            f"WHERE {{\n{{\n{inner}\n}}\n}}\nGROUP BY {names}\n"
        )


def parse_query(text: str, *, name: str, path: str) -> QueryFile:
    """Read a query file; ``path`` is what an error calls it.

    Raises: QueryFileError naming the line when the header is not as this module's docstring says.
    """
    header = _header(text, path)
    kind = header.pop("kind", "")
    missing = [key for key in _REQUIRED.get(kind, ()) if key not in header]
    if kind not in _REQUIRED or missing:
        wanted = f"'#+ {missing[0]}: …'" if missing else f"'#+ kind:' one of {', '.join(sorted(_REQUIRED))}"
        raise QueryFileError(f"{path}:1: the header needs {wanted}")
    parameters = tuple(
        _parameter(key.removeprefix("param-"), header.pop(key), path)
        for key in list(header)
        if key.startswith("param-")
    )
    slots = {slot["name"] for slot in _SLOT.finditer(text)}
    if slots != {parameter.name for parameter in parameters}:
        raise QueryFileError(
            f"{path}: the header names the parameters {sorted(p.name for p in parameters)}, the slots are "
            f"{sorted(slots)}; write 'VALUES ?name {{ UNDEF }}' for each"
        )
    example = _example(header.pop("example", ""), parameters, path) if kind == "answer" else {}
    topic = header.get("topic")
    if topic is not None and topic not in TOPICS:
        raise QueryFileError(f"{path}: '#+ topic: {topic}' is none of {', '.join(TOPICS)}")
    return QueryFile(name=name, kind=kind, header=header, parameters=parameters, text=text, example=example)


def _header(text: str, path: str) -> dict[str, str]:
    header: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("#+"):
            break
        match = _HEADER.match(line)
        if match is None or match["key"] in header:
            raise QueryFileError(f"{path}:{number}: a header line is '#+ key: value', each key once")
        header[match["key"]] = match["value"].strip()
    return header


def _parameter(name: str, value: str, path: str) -> Parameter:
    parts = [part.strip() for part in value.split("|")]
    if len(parts) != 3 or not all(parts):  # noqa: PLR2004 - class, English, Chinese
        raise QueryFileError(f"{path}: '#+ param-{name}:' is 'Class | English label | 中文名称'")
    return Parameter(name=name, kind=parts[0], label={"en": parts[1], "zh": parts[2]})


def _example(value: str, parameters: tuple[Parameter, ...], path: str) -> dict[str, str]:
    example = {match["name"]: match["value"] for match in _EXAMPLE.finditer(value)}
    names = [parameter.name for parameter in parameters]
    if sorted(example) != sorted(names):
        wanted = " ".join(f"{name}=…" for name in names)
        raise QueryFileError(
            f"{path}: '#+ example:' gives each parameter a value: {wanted}"
            if names
            else f"{path}: there is no parameter that '#+ example:' could give a value"
        )
    return example
