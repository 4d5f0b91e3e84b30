"""How a canned query's answer becomes a picture: what is drawn, what it shows in words, and the same as a table."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pyoxigraph import Literal, NamedNode

from iotkg.store import Cell
from iotkg_api.pages import Page

Record: TypeAlias = Mapping[str, Cell]
"""One row of a canned query's answer."""


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


def text_of(cell: Cell) -> str:
    """Give a cell's text; nothing where there is none."""
    return cell.value if isinstance(cell, Literal | NamedNode) else ""


def _label(record: Record, name: str, page: Page) -> str:
    return text_of(record.get(f"{name}_{page.language}")) or text_of(record.get(name))


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


def heat(thing: str, picture: str) -> Callable[[Page, Sequence[Record], int], Drawing]:
    """Draw how often each plan names each thing."""

    def draw(page: Page, records: Sequence[Record], least: int) -> Drawing:
        plans = {
            text_of(record["plan"]): _short(_label(record, "plan", page)) for record in _in_order(records)
        }
        places: dict[str, Counter[str]] = defaultdict(Counter)
        first: dict[str, Record] = {}
        for record in records:
            key = text_of(record[thing])
            places[key][text_of(record["plan"])] += int(text_of(record["places"]))
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
    order = {text_of(record["plan"]): int(text_of(record.get("position")) or 0) for record in records}
    return sorted(records, key=lambda record: order[text_of(record["plan"])])


def matrix(page: Page, records: Sequence[Record], _: int) -> Drawing:
    """Draw which body owns which task, on which basis."""
    tasks = {text_of(record["task"]): record for record in records}
    bodies = Counter(body for body, _ in {(text_of(r["owner"]), text_of(r["task"])) for r in records})
    named = {text_of(record["owner"]): _label(record, "owner", page) for record in records}
    bases = {text_of(record["owner_basis"]): _label(record, "owner_basis", page) for record in records}
    owners = [body for body, _ in bodies.most_common()]
    column = {task: number for number, task in enumerate(tasks)}
    once = {(text_of(r["owner"]), text_of(r["task"])): r for r in records}
    return Drawing(
        data={
            "columns": [
                f"{_short(_label(record, 'plan', page))} {text_of(record['number'])} {_label(record, 'task', page)}"
                for record in tasks.values()
            ],
            "rows": [named[body] for body in owners],
            "plans": _starts([_short(_label(record, "plan", page)) for record in tasks.values()]),
            "bases": list(bases.values()),
            "cells": [
                [
                    column[task],
                    owners.index(body),
                    list(bases).index(text_of(record["owner_basis"])),
                    f"{_label(record, 'role', page)}{page.say('colon')}{text_of(record['owner_quote'])}",
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


def periods(page: Page, records: Sequence[Record], _: int) -> Drawing:
    """Draw the years that the titles of plans and cited documents print."""
    bars = {
        (text_of(r["bearer"]), text_of(r["first_year"]), text_of(r["last_year"])): r
        for r in sorted(records, key=lambda r: (text_of(r["first_year"]), text_of(r["last_year"])))
    }
    years = [int(year) for _, *pair in bars for year in pair]
    return Drawing(
        data={
            "rows": [_label(record, "bearer", page) for record in bars.values()],
            "bars": [[int(first), int(last) + 1] for _, first, last in bars],
            "own": [text_of(record["differs"]) != "true" for record in bars.values()],
        },
        words=page.say("picture-periods-words", n=len(bars), first=str(min(years)), last=str(max(years))),
        headings=tuple(page.say(f"column-{name}") for name in ("bearer", "first_year", "last_year", "quote")),
        rows=tuple(
            (
                _linked(record, "bearer", page),
                Shown(text=text_of(record["first_year"])),
                Shown(text=text_of(record["last_year"])),
                _quoted(record, "", page),
            )
            for record in bars.values()
        ),
    )


def deadlines(page: Page, records: Sequence[Record], _: int) -> Drawing:
    """Draw by when the tasks of each body are due, on which basis; a task counts once for each of its owners."""
    once = {(text_of(r["owner"]), text_of(r["task"])): r for r in records}
    due: dict[tuple[str, ...], list[Record]] = defaultdict(list)
    for record in once.values():
        due[tuple(text_of(record[name]) for name in ("owner", "plan", "deadline", "deadline_basis"))].append(
            record
        )
    dots: Counter[tuple[str, str, str]] = Counter()
    for (owner, _plan, day, basis), tasks in due.items():
        dots[owner, day, basis] += len(tasks)
    named = {text_of(record[name]): record for record in records for name in ("owner", "deadline_basis")}
    bodies = Counter(owner for owner, _ in once)
    bases = Counter(
        text_of(record["deadline_basis"]) for record in {t: r for (_, t), r in once.items()}.values()
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


def network(page: Page, records: Sequence[Record], _: int) -> Drawing:
    """Draw which plans refer to which, and how."""
    once = {text_of(record["reference"]): record for record in records}
    plans: dict[str, str] = {}
    for record in records:
        for end in ("plan", "counterpart"):
            plans.setdefault(text_of(record[end]), _short(_label(record, end, page)))
    types = {text_of(record["type"]): _label(record, "type", page) for record in records}
    pairs = Counter(
        (text_of(r["plan"]), text_of(r["counterpart"]), text_of(r["type"])) for r in once.values()
    )
    order, kinds = list(plans), list(types)
    across = sum(text_of(r["plan"]) != text_of(r["counterpart"]) for r in once.values())
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


def targets(page: Page, records: Sequence[Record], _: int) -> Drawing:
    """Draw the numbers that targets give, by what they are counted in."""
    numbered = [r for r in records if any(text_of(r.get(name)) for name in ("minimum", "maximum", "nominal"))]
    numbered.sort(key=lambda r: (text_of(r.get("measure_word")), -_size(r)))
    return Drawing(
        data={
            "rows": [f"{_label(r, 'thing', page)} · {_short(_label(r, 'plan', page))}" for r in numbered],
            "units": [text_of(r.get("measure_word")) for r in numbered],
            "bars": [[_number(r, "minimum"), _number(r, "maximum"), _number(r, "nominal")] for r in numbered],
            "quotes": [text_of(r["quote"]) for r in numbered],
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
                    Shown(text=text_of(record[name])) if text_of(record.get(name)) else None
                    for name in ("minimum", "maximum", "nominal", "measure_word")
                ),
                _quoted(record, "", page),
            )
            for record in records
        ),
    )


def _number(record: Record, name: str) -> float | None:
    text = text_of(record.get(name))
    return float(text) if text else None


def _size(record: Record) -> float:
    return max(_number(record, name) or 0 for name in ("minimum", "maximum", "nominal"))


def tree(page: Page, records: Sequence[Record], _: int) -> Drawing:
    """Draw a plan's groups and tasks."""
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        groups[text_of(record.get("group"))].append(record)

    def leaf(record: Record) -> dict[str, Any]:
        return {"name": f"{text_of(record['number'])}{_label(record, 'task', page)}"}

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
                Shown(text=text_of(record["number"]), language="zh"),
                _linked(record, "task", page),
            )
            for record in records
        ),
    )
