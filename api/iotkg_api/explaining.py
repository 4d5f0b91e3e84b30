"""Why a triple holds, over HTTP: a page, or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from fastapi import APIRouter
from pyoxigraph import BlankNode, Literal, NamedNode, Triple
from starlette.requests import Request
from starlette.responses import Response

from iotkg.errors import InvalidParameter, UnknownEntity
from iotkg.explain import Explainer, Explanation, Stated, Step, parts_of
from iotkg.model import Term, Text, Value
from iotkg.spelling import read_triple, spelled
from iotkg.telling import alike, open_explainer, to_dict
from iotkg.terms import Names, is_printed
from iotkg.vocab import GRAPH
from iotkg_api import operations
from iotkg_api.negotiation import HTML, Offer, choose, listing, once
from iotkg_api.pages import Page, conditional, language_of, render
from iotkg_api.problems import Kind, Problem
from iotkg_api.resources import catalogue_of

_JSON: Final = Offer("application/json", "application/json", ("json",))
_VARY: Final = {"Vary": "Accept, Accept-Language"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """A triple as a page shows it, with the address that explains it; a nameless node is shown by its label."""

    subject: Value
    predicate: Term
    value: Value
    href: str


Facts: TypeAlias = tuple[tuple[Value, tuple[Fact, ...]], ...]
"""Facts by subject."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """What stands in one place and rests on the same words; ``graphs`` are named as below our graphs' base."""

    facts: Facts
    graphs: tuple[str, ...]
    place: str
    words: tuple[tuple[NamedNode, Text], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """A step as a page shows it."""

    facts: Facts
    rule: str
    summary: Text
    round: int
    blocks: tuple[Block, ...]
    reasons: tuple[Reason, ...]
    repeated: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ExplainPage:
    """Why a triple holds, ``/explain``; without ``fact`` the form alone, with ``near`` when it does not hold."""

    fact: Fact | None
    asked: tuple[str, str, str]
    graphs: tuple[str, ...]
    blocks: tuple[Block, ...]
    reason: Reason | None
    near: tuple[Fact, ...]
    holds: bool


def explain(request: Request) -> Response:
    """Answer why a triple holds.

    Raises: InvalidParameter for a part that is missing, stands twice or cannot be read; Problem when the triple does
    not hold, or for a type there is none of.
    """
    asked = once(request.query_params.multi_items())
    offers = (HTML, _JSON)
    wanted = choose(offers, request.headers.getlist("accept"), asked.get("format"))
    if not wanted:
        raise Problem(Kind.NOT_ACCEPTABLE, "See types for what there is", _VARY, types=listing(offers))
    html = wanted[0] == HTML
    given = tuple(asked.get(name, "") for name in ("s", "p", "o"))
    if html and not any(given):
        return render(request, "explain.html", _form(("", "", "")))
    absent = [name for name, text in zip(("s", "p", "o"), given, strict=True) if not text.strip()]
    if absent:
        raise InvalidParameter(f"{absent[0]}: is missing; give s, p and o, like s=task:iot-2013_standards_2")
    triple = read_triple(*given)
    explainer = _explainer(request)
    try:
        found = explainer.explain(triple)
    except UnknownEntity as error:
        near = explainer.near(triple)
        if html:
            return render(request, "explain.html", _absent(request, triple, near), status=404)
        lines = [" ".join(parts_of(it)) for it in near]
        raise Problem(Kind.NOT_FOUND, f"{error}; near has what does", _VARY, near=lines) from error
    if html:
        return render(request, "explain.html", _page(request, found))
    body = json.dumps(to_dict(found), ensure_ascii=False, indent=2).encode()
    return conditional(request, Response(body, media_type="application/json", headers=_VARY))


def why(page: Page, triple: Triple) -> str:
    """Address the explanation of a triple."""
    s, p, o = parts_of(triple)
    return page.url("/explain", s=s, p=p, o=o)


def _explainer(request: Request) -> Explainer:
    """Give the explainer of the release that is served, made on first use."""
    state = request.app.state
    names = catalogue_of(request).names
    found: Explainer | None = getattr(state, "explainer", None)
    if found is None or found.names is not names:
        found = state.explainer = open_explainer(state.settings.dist, names)
    return found


def _form(asked: tuple[str, str, str]) -> ExplainPage:
    return ExplainPage(fact=None, asked=asked, graphs=(), blocks=(), reason=None, near=(), holds=False)


def _absent(request: Request, triple: Triple, near: Iterable[Triple]) -> ExplainPage:
    near = tuple(near)
    shown = _Showing(request, [triple, *near])
    return ExplainPage(
        fact=shown.fact(triple),
        asked=parts_of(triple),
        graphs=(),
        blocks=(),
        reason=None,
        near=tuple(map(shown.fact, near)),
        holds=False,
    )


def _page(request: Request, found: Explanation) -> ExplainPage:
    shown = _Showing(request, [found.triple, *_triples(found)])
    return ExplainPage(
        fact=shown.fact(found.triple),
        asked=parts_of(found.triple),
        graphs=shown.graphs(found.graphs),
        blocks=tuple(shown.blocks([found.stated] if found.stated else [])),
        reason=shown.reason(found.step) if found.step else None,
        near=(),
        holds=True,
    )


def _triples(found: Explanation) -> Iterator[Triple]:
    if found.stated:
        yield found.stated.triple
    steps = [found.step] if found.step else []
    while steps:
        step = steps.pop()
        yield from step.concludes
        yield from (it.triple for it in step.stated)
        steps += step.steps


class _Showing:
    """Triples as a page shows them: everything is named in one query."""

    def __init__(self, request: Request, triples: Iterable[Triple]) -> None:
        self._page = Page(request, language_of(request))
        names: Names = catalogue_of(request).names
        parts = {part for it in triples for part in (it.subject, it.predicate, it.object)}
        self._terms = names.of(part for part in parts if isinstance(part, NamedNode))

    def fact(self, triple: Triple) -> Fact:
        """Show a triple."""
        return Fact(
            subject=self._value(triple.subject, triple),
            predicate=self._terms[triple.predicate.value],
            value=self._value(triple.object, triple),
            href=why(self._page, triple),
        )

    def facts(self, triples: Iterable[Triple]) -> Facts:
        """Show triples by subject."""
        found: dict[Value, list[Fact]] = {}
        for fact in map(self.fact, triples):
            found.setdefault(fact.subject, []).append(fact)
        return tuple((subject, tuple(facts)) for subject, facts in found.items())

    def _value(self, node: NamedNode | BlankNode | Literal | Triple, triple: Triple) -> Value:
        if isinstance(node, NamedNode):
            return self._terms[node.value]
        if isinstance(node, Literal):
            printed = is_printed(triple.predicate.value)
            return Text(node.value, "zh" if printed else node.language, printed=printed)
        return Text(spelled(node))

    def blocks(self, stated: Iterable[Stated]) -> Iterator[Block]:
        """Show what is stated, block by block."""
        for group in alike(stated):
            first = group[0]
            yield Block(
                facts=self.facts(it.triple for it in group),
                graphs=self.graphs(first.graphs),
                place=first.place,
                words=tuple((it.anchor, Text(it.text, "zh", printed=True)) for it in first.words),
            )

    def graphs(self, graphs: Iterable[NamedNode]) -> tuple[str, ...]:
        """Name graphs."""
        return tuple(graph.value.removeprefix(GRAPH) for graph in graphs)

    def reason(self, step: Step) -> Reason:
        """Show a step and those below it."""
        header = step.rule.query.header
        summary = (Text(header["summary"], "en"), Text(header["summary-zh"], "zh"))
        return Reason(
            facts=self.facts(step.concludes),
            rule=step.rule.query.name,
            summary=self._page.text(summary),
            round=step.round,
            blocks=tuple(self.blocks(step.stated)),
            reasons=tuple(map(self.reason, step.steps)),
            repeated=step.repeated,
        )


router = APIRouter()
router.add_route("/explain", explain, include_in_schema=False)

_EXAMPLES: Final = (
    ("s", "The subject: an IRI, or a name with one of our prefixes", "task:iot-2013_standards_2"),
    ("p", "The property, or a", "iotkg:effectiveOwner"),
    ("o", "The object: as the subject, or a literal as in Turtle", "actor:sac"),
)
PATHS: Final[dict[str, Any]] = {
    "/explain": {
        "get": {
            "summary": "Tell why a triple holds / 某三元组为何成立",
            "description": "Where it is stated, or the rule it follows by and the premises, recursively, down to the "
            "words of the text. 说明其见于何处，或由哪条规则、哪些前提得出，逐层回溯直至原文。",
            "operationId": "explain",
            "tags": ["Things"],
            "parameters": [
                *(
                    {
                        "name": name,
                        "in": "query",
                        "required": True,
                        "schema": {"type": "string"},
                        "description": what,
                        "example": example,
                    }
                    for name, what, example in _EXAMPLES
                ),
                {
                    "name": "format",
                    "in": "query",
                    "schema": {"type": "string", "enum": ["html", "json"]},
                    "description": "Beats Accept",
                    "example": "json",
                },
            ],
            "responses": {
                "200": {
                    "description": "The explanation",
                    "content": operations.bodies("application/json", "text/html", json="object"),
                },
                "404": {"description": "The triple does not hold; near ones that do are listed"},
                "406": {"description": "None of the types asked for can be given"},
                "422": {"description": "A part is missing or cannot be read"},
            },
        }
    },
}
"""OpenAPI path items of this route."""
