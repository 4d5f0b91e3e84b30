"""``/pictures``: what canned queries answer, drawn; each picture has its table and its data beside it.

The server chooses what is drawn and says it in words; without scripts the table is the picture. The drawing itself is
api/web/src/pictures.js.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from fastapi import APIRouter
from pyoxigraph import Literal, NamedNode
from starlette.requests import Request
from starlette.responses import Response

from iotkg.answering import Answers
from iotkg.errors import InvalidParameter
from iotkg.store import Cell
from iotkg_api.pages import Page, language_of, render
from iotkg_api.problems import Kind, Problem

Record: TypeAlias = Mapping[str, Cell]
"""One row of a canned query's answer."""

_BUNDLE: Final = Path(__file__).parent / "static" / "built-pictures.js"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' "
    "'sha256-+TfQir1nvDucAdvE6XUQBt4ayUjpAWkbw2kCdSfekHM=' 'sha256-vnLCBQhI2E03zAY/Mp8RxBhuZSloT7+cclqIlG2t6/M='; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""As on every page, and the two style sheets that the drawing library writes into its pictures and legends."""
_LEAST: Final = 3
"""How many plans must name a thing for it to be drawn, until the reader says otherwise."""
_PLANS: Final = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A cell of the table: words, and where they lead."""

    text: str
    href: str | None = None
    language: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """What is drawn, and the same as a table."""

    data: dict[str, Any]
    words: str
    """What the picture shows, in a sentence."""
    headings: tuple[str, ...]
    rows: tuple[tuple[Shown | None, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture: the canned query it is drawn from, the parameters that it takes, and how its answer is drawn."""

    name: str
    query: str
    draw: Callable[[Page, Sequence[Record], int], Drawing]
    plan: str = ""
    """The plan that is drawn until the reader chooses another; empty where all are."""
    least: bool = False
    """Whether things that few plans name can be left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PicturesPage:
    """The list of pictures, ``/pictures``."""

    pictures: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PicturePage:
    """One picture, e.g. ``/pictures/sectors``."""

    name: str
    query: str
    query_href: str
    formats: tuple[tuple[str, str], ...]
    drawing: Drawing
    others: tuple[str, ...]
    plans: tuple[tuple[str, str], ...]
    plan: str
    least: int
    most: int
    scripts: bool
    data: str


def listed(request: Request) -> Response:
    """List the pictures."""
    return render(request, "pictures.html", PicturesPage(pictures=tuple(PICTURES)))


def picture(request: Request) -> Response:
    """Answer one picture.

    Raises: Problem for one that there is none of; InvalidParameter for a plan or a number that is not allowed.
    """
    name = request.path_params["name"]
    found = PICTURES.get(name)
    if found is None:
        raise Problem(Kind.NOT_FOUND, f"There is no picture {name!r}; there is {', '.join(PICTURES)}")
    page = Page(request, language_of(request))
    answers: Answers = request.app.state.answers
    plan, least = request.query_params.get("plan") or found.plan, _least(request) if found.least else 1
    given = {"plan": plan} if found.plan else {}
    table = answers.run(found.query, **given)
    records = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    drawing = found.draw(page, records, least)
    context = PicturePage(
        name=name,
        query=found.query,
        query_href=page.url(f"/queries/{found.query}", **given),
        formats=tuple(
            (form, page.url(f"/queries/{found.query}.{form}", **given)) for form in ("csv", "json")
        ),
        drawing=drawing,
        others=tuple(other for other in PICTURES if other != name),
        plans=_plans(answers, page) if found.plan else (),
        plan=plan,
        least=least if found.least else 0,
        most=_PLANS,
        scripts=_BUNDLE.exists(),
        data=json.dumps(
            {"kind": name, "label": page.say(f"picture-{name}"), "words": drawing.words, **drawing.data},
            ensure_ascii=False,
        ),
    )
    return render(request, "picture.html", context, headers={"Content-Security-Policy": _POLICY})


def _least(request: Request) -> int:
    asked = request.query_params.get("least") or str(_LEAST)
    if asked not in {str(number) for number in range(1, _PLANS + 1)}:
        raise InvalidParameter(f"least: {asked[:20]!r} is no number from 1 to {_PLANS}")
    return int(asked)


def _plans(answers: Answers, page: Page) -> tuple[tuple[str, str], ...]:
    parameter = answers.query("tasks-of-a-plan").parameter("plan")
    return tuple(
        (choice.key.partition("_")[2], choice.label[page.language]) for choice in answers.choices(parameter)
    )


def _text(cell: Cell) -> str:
    return cell.value if isinstance(cell, Literal | NamedNode) else ""


def _label(record: Record, name: str, page: Page) -> str:
    return _text(record.get(f"{name}_{page.language}")) or _text(record.get(name))


def _linked(record: Record, name: str, page: Page) -> Shown | None:
    """Show a thing by its label, with a link to its page."""
    iri = record.get(name)
    if not isinstance(iri, NamedNode):
        return None
    return Shown(text=_label(record, name, page), href=page.link(iri))


def _quoted(record: Record, prefix: str, page: Page) -> Shown | None:
    """Show words of the text, with a link to their anchor."""
    quote, anchor = record.get(f"{prefix}quote"), record.get(f"{prefix}evidence")
    if not isinstance(quote, Literal) or not isinstance(anchor, NamedNode):
        return None
    return Shown(text=quote.value, href=page.link(anchor), language="zh")


def _short(plan: str) -> str:
    """Shorten a plan's name to what tells it from the others."""
    for part in ("Special action plan on ", "专项行动计划"):
        plan = plan.replace(part, "")
    return plan


def _heat(thing: str, picture: str) -> Callable[[Page, Sequence[Record], int], Drawing]:
    """Draw how often each plan names each thing."""

    def draw(page: Page, records: Sequence[Record], least: int) -> Drawing:
        plans = {_text(record["plan"]): _short(_label(record, "plan", page)) for record in _in_order(records)}
        places: dict[str, Counter[str]] = defaultdict(Counter)
        first: dict[str, Record] = {}
        for record in records:
            key = _text(record[thing])
            places[key][_text(record["plan"])] += int(_text(record["places"]))
            first.setdefault(key, record)
        ranked = sorted(places, key=lambda key: (-len(places[key]), -places[key].total(), key))
        kept = [key for key in ranked if len(places[key]) >= least]
        names = {key: _label(first[key], thing, page) for key in kept}
        return Drawing(
            data={
                "columns": list(plans.values()),
                "rows": [names[key] for key in kept],
                "cells": [
                    [column, row, places[key][plan]]
                    for row, key in enumerate(kept)
                    for column, plan in enumerate(plans)
                    if places[key][plan]
                ],
                "value": page.say("picture-places"),
            },
            words=page.say(f"picture-{picture}-words", n=len(kept), least=least, all=len(places)),
            headings=(page.say(f"picture-{picture}-thing"), *plans.values(), page.say("picture-places")),
            rows=tuple(
                (
                    _linked(first[key], thing, page),
                    *(Shown(text=str(places[key][plan])) if places[key][plan] else None for plan in plans),
                    Shown(text=str(places[key].total())),
                )
                for key in kept
            ),
        )

    return draw


def _in_order(records: Sequence[Record]) -> list[Record]:
    """Put plans in the order of the text, which a query that is ordered by other things does not keep."""
    order = {_text(record["plan"]): int(_text(record.get("position")) or 0) for record in records}
    return sorted(records, key=lambda record: order[_text(record["plan"])])


def _matrix(page: Page, records: Sequence[Record], _: int) -> Drawing:
    """Draw which body owns which task, on which basis."""
    tasks = {_text(record["task"]): record for record in records}
    bodies = Counter(body for body, _ in {(_text(r["owner"]), _text(r["task"])) for r in records})
    named = {_text(record["owner"]): _label(record, "owner", page) for record in records}
    bases = {_text(record["owner_basis"]): _label(record, "owner_basis", page) for record in records}
    owners = [body for body, _ in bodies.most_common()]
    column = {task: number for number, task in enumerate(tasks)}
    once = {(_text(r["owner"]), _text(r["task"])): r for r in records}
    return Drawing(
        data={
            "columns": [
                f"{_short(_label(record, 'plan', page))} {_text(record['number'])} {_label(record, 'task', page)}"
                for record in tasks.values()
            ],
            "rows": [named[body] for body in owners],
            "plans": _starts([_short(_label(record, "plan", page)) for record in tasks.values()]),
            "bases": list(bases.values()),
            "cells": [
                [
                    column[task],
                    owners.index(body),
                    list(bases).index(_text(record["owner_basis"])),
                    f"{_label(record, 'role', page)}{page.say('colon')}{_text(record['owner_quote'])}",
                ]
                for (body, task), record in once.items()
            ],
        },
        words=page.say("picture-owners-words", tasks=len(tasks), bodies=len(owners)),
        headings=tuple(
            page.say(f"column-{name}") for name in ("task", "owner", "role", "owner_basis", "owner_quote")
        ),
        rows=tuple(
            (
                _linked(record, "task", page),
                _linked(record, "owner", page),
                _linked(record, "role", page),
                _linked(record, "owner_basis", page),
                _quoted(record, "owner_", page),
            )
            for record in once.values()
        ),
    )


def _starts(names: Sequence[str]) -> list[tuple[str, int]]:
    """Give where each run of a name begins."""
    return [(name, at) for at, name in enumerate(names) if at == 0 or names[at - 1] != name]


def _periods(page: Page, records: Sequence[Record], _: int) -> Drawing:
    """Draw the years that the titles of plans and cited documents print."""
    bars = {
        (_text(r["bearer"]), _text(r["first_year"]), _text(r["last_year"])): r
        for r in sorted(records, key=lambda r: (_text(r["first_year"]), _text(r["last_year"])))
    }
    years = [int(year) for _, *pair in bars for year in pair]
    return Drawing(
        data={
            "rows": [_label(record, "bearer", page) for record in bars.values()],
            "bars": [[int(first), int(last) + 1] for _, first, last in bars],
            "own": [_text(record["differs"]) != "true" for record in bars.values()],
        },
        words=page.say("picture-periods-words", n=len(bars), first=str(min(years)), last=str(max(years))),
        headings=tuple(page.say(f"column-{name}") for name in ("bearer", "first_year", "last_year", "quote")),
        rows=tuple(
            (
                _linked(record, "bearer", page),
                Shown(text=_text(record["first_year"])),
                Shown(text=_text(record["last_year"])),
                _quoted(record, "", page),
            )
            for record in bars.values()
        ),
    )


def _deadlines(page: Page, records: Sequence[Record], _: int) -> Drawing:
    """Draw by when the tasks of each body are due, on which basis; a task counts once for each of its owners."""
    once = {(_text(r["owner"]), _text(r["task"])): r for r in records}
    due: dict[tuple[str, ...], list[Record]] = defaultdict(list)
    for record in once.values():
        due[tuple(_text(record[name]) for name in ("owner", "plan", "deadline", "deadline_basis"))].append(
            record
        )
    dots: Counter[tuple[str, str, str]] = Counter()
    for (owner, _plan, day, basis), tasks in due.items():
        dots[owner, day, basis] += len(tasks)
    named = {_text(record[name]): record for record in records for name in ("owner", "deadline_basis")}
    bodies = Counter(owner for owner, _ in once)
    bases = Counter(
        _text(record["deadline_basis"]) for record in {t: r for (_, t), r in once.items()}.values()
    )
    owners = [owner for owner, _ in bodies.most_common()]
    kinds = [basis for basis, _ in bases.most_common()]
    label = page.say("comma").join(
        page.say("picture-deadlines-of", basis=_label(named[basis], "deadline_basis", page), n=bases[basis])
        for basis in kinds
    )
    return Drawing(
        data={
            "rows": [_label(named[owner], "owner", page) for owner in owners],
            "bases": [_label(named[basis], "deadline_basis", page) for basis in kinds],
            "dots": [
                [owners.index(owner), day, kinds.index(basis), number, page.say("n-tasks", n=number)]
                for (owner, day, basis), number in sorted(dots.items())
            ],
        },
        words=page.say(
            "picture-deadlines-words",
            tasks=bases.total(),
            bodies=len(owners),
            bases=label,
            own=""
            if any(basis.endswith("/task-text") for basis in kinds)
            else page.say("picture-deadlines-none"),
        ),
        headings=(
            *(page.say(f"column-{name}") for name in ("owner", "plan")),
            page.say("tasks"),
            *(page.say(f"column-{name}") for name in ("deadline", "deadline_basis", "deadline_quote")),
        ),
        rows=tuple(
            (
                _linked(tasks[0], "owner", page),
                _linked(tasks[0], "plan", page),
                Shown(text=str(len(tasks))),
                Shown(text=page.date(day)),
                _linked(tasks[0], "deadline_basis", page),
                _quoted(tasks[0], "deadline_", page),
            )
            for (_, _, day, _), tasks in sorted(due.items(), key=lambda it: owners.index(it[0][0]))
        ),
    )


def _network(page: Page, records: Sequence[Record], _: int) -> Drawing:
    """Draw which plans refer to which, and how."""
    once = {_text(record["reference"]): record for record in records}
    plans: dict[str, str] = {}
    for record in records:
        for end in ("plan", "counterpart"):
            plans.setdefault(_text(record[end]), _short(_label(record, end, page)))
    types = {_text(record["type"]): _label(record, "type", page) for record in records}
    pairs = Counter((_text(r["plan"]), _text(r["counterpart"]), _text(r["type"])) for r in once.values())
    order, kinds = list(plans), list(types)
    across = sum(_text(r["plan"]) != _text(r["counterpart"]) for r in once.values())
    return Drawing(
        data={
            "nodes": list(plans.values()),
            "types": list(types.values()),
            "links": [
                [order.index(one), order.index(other), kinds.index(kind), number]
                for (one, other, kind), number in pairs.items()
            ],
        },
        words=page.say("picture-references-words", n=len(once), across=across),
        headings=tuple(
            page.say(f"column-{name}")
            for name in ("unit", "plan", "referred", "counterpart", "type", "quote")
        ),
        rows=tuple(
            (
                *(
                    _linked(record, name, page)
                    for name in ("unit", "plan", "referred", "counterpart", "type")
                ),
                _quoted(record, "", page),
            )
            for record in records
        ),
    )


def _targets(page: Page, records: Sequence[Record], _: int) -> Drawing:
    """Draw the numbers that targets give, by what they are counted in."""
    numbered = [r for r in records if any(_text(r.get(name)) for name in ("minimum", "maximum", "nominal"))]
    numbered.sort(key=lambda r: (_text(r.get("measure_word")), -_size(r)))
    return Drawing(
        data={
            "rows": [f"{_label(r, 'thing', page)} · {_short(_label(r, 'plan', page))}" for r in numbered],
            "units": [_text(r.get("measure_word")) for r in numbered],
            "bars": [[_number(r, "minimum"), _number(r, "maximum"), _number(r, "nominal")] for r in numbered],
            "quotes": [_text(r["quote"]) for r in numbered],
            "names": [page.say("at-least", n="…"), page.say("at-most", n="…"), page.say("some", n="…")],
        },
        words=page.say("picture-targets-words", n=len(numbered), all=len(records)),
        headings=tuple(
            page.say(f"column-{name}")
            for name in ("thing", "plan", "minimum", "maximum", "nominal", "measure_word", "quote")
        ),
        rows=tuple(
            (
                _linked(record, "thing", page),
                _linked(record, "plan", page),
                *(
                    Shown(text=_text(record[name])) if _text(record.get(name)) else None
                    for name in ("minimum", "maximum", "nominal", "measure_word")
                ),
                _quoted(record, "", page),
            )
            for record in records
        ),
    )


def _number(record: Record, name: str) -> float | None:
    text = _text(record.get(name))
    return float(text) if text else None


def _size(record: Record) -> float:
    return max(_number(record, name) or 0 for name in ("minimum", "maximum", "nominal"))


def _tree(page: Page, records: Sequence[Record], _: int) -> Drawing:
    """Draw a plan's groups and tasks."""
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        groups[_text(record.get("group"))].append(record)

    def leaf(record: Record) -> dict[str, Any]:
        return {"name": f"{_text(record['number'])}{_label(record, 'task', page)}"}

    children: list[dict[str, Any]] = []
    for group, tasks in groups.items():
        leaves = [leaf(record) for record in tasks]
        children += [{"name": _label(tasks[0], "group", page), "children": leaves}] if group else leaves
    return Drawing(
        data={
            "root": {"name": _label(records[0], "plan", page), "children": children},
            "leaves": len(records),
        },
        words=page.say("picture-tree-words", tasks=len(records), groups=sum(bool(group) for group in groups)),
        headings=tuple(page.say(f"column-{name}") for name in ("group", "number", "task")),
        rows=tuple(
            (
                _linked(record, "group", page),
                Shown(text=_text(record["number"]), language="zh"),
                _linked(record, "task", page),
            )
            for record in records
        ),
    )


PICTURES: Final[dict[str, Picture]] = {
    picture.name: picture
    for picture in (
        Picture(name="owners", query="owner-and-deadline", draw=_matrix),
        Picture(name="sectors", query="sectors-in-plans", draw=_heat("sector", "sectors"), least=True),
        Picture(
            name="technologies",
            query="technologies-in-plans",
            draw=_heat("technology", "technologies"),
            least=True,
        ),
        Picture(name="references", query="cross-references", draw=_network),
        Picture(name="targets", query="targets", draw=_targets),
        Picture(name="periods", query="periods-of-years", draw=_periods),
        Picture(name="deadlines", query="owner-and-deadline", draw=_deadlines),
        Picture(name="tree", query="tasks-of-a-plan", draw=_tree, plan="standards"),
    )
}
"""Every picture by its name, in the order of the list."""

router = APIRouter()
router.add_route("/pictures", listed, include_in_schema=False)
router.add_route("/pictures/{name}", picture, include_in_schema=False)

PATHS: Final[dict[str, Any]] = {
    "/pictures/{name}": {
        "get": {
            "summary": "Look at a picture and its table",
            "operationId": "picture",
            "tags": ["Pages"],
            "parameters": [
                {
                    "name": "name",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string", "enum": list(PICTURES)},
                    "example": "sectors",
                },
                {
                    "name": "plan",
                    "in": "query",
                    "schema": {"type": "string"},
                    "description": "For tree: the plan drawn",
                },
                {
                    "name": "least",
                    "in": "query",
                    "schema": {"type": "integer", "minimum": 1, "maximum": _PLANS},
                    "description": "For sectors and technologies: in how many plans they are named at least",
                },
            ],
            "responses": {
                "200": {"description": "The page", "content": {"text/html": {"schema": {"type": "string"}}}},
                "404": {"description": "There is no such picture; those there are, are named"},
                "422": {"description": "A plan there is none of, or a number out of range"},
            },
        }
    }
}
"""OpenAPI path items of these routes."""
