"""What the canned queries are and take, in words for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from iotkg.answering import Answers
from iotkg.queryfile import Parameter, QueryFile
from iotkg.topics import TOPICS

_LAST = (999,)


def by_topic(answers: Answers) -> Iterator[tuple[str, list[QueryFile]]]:
    """Give each topic that has queries, in order, with its queries in the order of the questions they answer."""
    for topic in TOPICS:
        queries = [query for query in answers.queries.values() if query.header.get("topic") == topic]
        if queries:
            yield topic, sorted(queries, key=lambda query: (query.questions or _LAST, query.name))


def listing(answers: Answers) -> str:
    """List all canned queries by topic: how each is called, and its question in both languages."""
    lines: list[str] = []
    for topic, queries in by_topic(answers):
        label = TOPICS[topic].label
        lines.append(f"\n{label['en']}  {label['zh']}" if lines else f"{label['en']}  {label['zh']}")
        for query in queries:
            options = "".join(f" [--{parameter.name} …]" for parameter in query.parameters)
            lines.append(f"  {query.name}{options}")
            lines += [f"      {query.header[key]}" for key in ("summary", "summary-zh")]
    return "\n".join(lines)


def usage(answers: Answers, name: str) -> str:
    """Say what a canned query asks, what each parameter may be with the rows it gives, and an example.

    Raises: UnknownQuery, with those that are near.
    """
    query = answers.query(name)
    keys = ("summary", "summary-zh", "description", "description-zh")
    lines = [query.header[key] for key in keys if key in query.header]
    counts = answers.counts(name, {})
    for parameter in query.parameters:
        lines += ["", f"--{parameter.name}  {parameter.label['en']}  {parameter.label['zh']}  (default: all)"]
        lines += _choices(answers, parameter, counts[parameter.name])
    if query.example:
        given = " ".join(f"--{key} {value}" for key, value in query.example.items())
        lines += ["", f"iotkg run {name} {given}"]
    return "\n".join(lines)


def _choices(answers: Answers, parameter: Parameter, counts: dict[str, int]) -> Iterator[str]:
    choices = answers.choices(parameter)
    for choice in choices:
        if rows := counts[choice.iri.value]:
            said = f"{rows} row{'' if rows == 1 else 's'}"
            yield f"    {choice.key}  {choice.label['en']}  {choice.label['zh']}  ({said})"
    empty = sum(not counts[choice.iri.value] for choice in choices)
    if empty:
        yield f"    … and {empty} more that give no row"
