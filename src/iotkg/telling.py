"""Explanations from a release, and how they are told to programs and on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from iotkg.deriving import read_rule
from iotkg.explain import Explainer, Explanation, Stated, Step, parts_of
from iotkg.inference import read_record
from iotkg.queryfile import parse_query
from iotkg.store import DERIVATIONS, PLACES, RULES, read_file, read_manifest
from iotkg.terms import Names
from iotkg.vocab import GRAPH


def open_explainer(dist: Path, names: Names) -> Explainer:
    """Read a release's rules and records; one that has none explains only what is stated.

    Raises: InputError when a file is missing or is not the one in the manifest.
    """
    files = read_manifest(dist)["files"]
    rules = {
        name.removeprefix(RULES).removesuffix(".rq"): read_file(dist, name)
        for name in files
        if name.startswith(RULES)
    }
    records = {
        f"{GRAPH}{name.removeprefix(DERIVATIONS).removesuffix('.tsv')}/inferred": read_record(
            read_file(dist, name)
        )
        for name in files
        if name.startswith(DERIVATIONS)
    }
    places = (
        line.split("\t") for line in (read_file(dist, PLACES) if PLACES in files else "").splitlines()[1:]
    )
    return Explainer(
        names,
        {name: read_rule(parse_query(text, name=name, path=f"{name}.rq")) for name, text in rules.items()},
        records,
        {(iri, name): place for iri, name, place in places},
    )


def to_dict(explanation: Explanation) -> dict[str, object]:
    """Write an explanation for programs; every triple as its three parts, spelled as in Turtle."""
    told: dict[str, object] = {
        "triple": list(parts_of(explanation.triple)),
        "graphs": [graph.value for graph in explanation.graphs],
    }
    if explanation.stated:
        told["stated"] = _stated_dict(explanation.stated)
    if explanation.step:
        told["inferred"] = _step_dict(explanation.step)
    return told


def _step_dict(step: Step) -> dict[str, object]:
    header = step.rule.query.header
    told: dict[str, object] = {
        "rule": step.rule.query.name,
        "summary": {"en": header["summary"], "zh": header["summary-zh"]},
        "round": step.round,
        "concludes": [list(parts_of(triple)) for triple in step.concludes],
    }
    if step.repeated:
        return told | {"repeated": True}
    return told | {
        "stated": [_stated_dict(it) for it in step.stated],
        "inferred": [_step_dict(it) for it in step.steps],
    }


def _stated_dict(stated: Stated) -> dict[str, object]:
    return {
        "triple": list(parts_of(stated.triple)),
        "graphs": [graph.value for graph in stated.graphs],
        "place": stated.place,
        "words": [{"anchor": it.anchor.value, "text": it.text} for it in stated.words],
    }


def alike(stated: Iterable[Stated]) -> Iterator[tuple[Stated, ...]]:
    """Put together what stands in the same block and graphs and rests on the same words."""
    groups: dict[object, list[Stated]] = {}
    for it in stated:
        groups.setdefault((it.triple.subject, it.graphs, it.place, it.words), []).append(it)
    yield from map(tuple, groups.values())


def to_lines(explanation: Explanation) -> Iterator[str]:
    """Write an explanation for a terminal, indented."""
    yield " ".join(parts_of(explanation.triple))
    if explanation.stated:
        yield from _stated_lines(explanation.stated, "  ")
    elif explanation.step:
        yield from _step_lines(explanation.step, "  ")
    else:
        yield "  is inferred; this release does not record by which rule"


def _step_lines(step: Step, indent: str) -> Iterator[str]:
    yield f"{indent}by the rule {step.rule.query.name} (round {step.round}): {step.rule.query.header['summary']}"
    if step.repeated:
        yield f"{indent}  told above"
    for group in alike(step.stated):
        for it in group:
            yield f"{indent}  {' '.join(parts_of(it.triple))}"
        yield from _stated_lines(group[0], f"{indent}    ")
    for below in step.steps:
        for triple in below.concludes:
            yield f"{indent}  {' '.join(parts_of(triple))}"
        yield from _step_lines(below, f"{indent}    ")


def _stated_lines(stated: Stated, indent: str) -> Iterator[str]:
    where = ", ".join(graph.value.removeprefix(GRAPH) for graph in stated.graphs)
    yield f"{indent}stated in {where}{f', {stated.place}' if stated.place else ''}"
    for it in stated.words:
        yield f"{indent}「{it.text}」 {it.anchor.value}"
