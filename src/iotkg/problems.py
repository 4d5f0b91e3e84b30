"""Problems: what the text says against a statement, as the checks of the build find it, in both languages.

Pure. The checks that hold statements against the text are no shapes and no queries, since they need its words. Each
kind has a name here, so that what it finds can be told, counted and explained as the findings of shapes are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from pyoxigraph import Literal as Words
from pyoxigraph import NamedNode

Stage: TypeAlias = Literal["tree", "quotes", "links", "accounts"]
"""The checks of one stage all run; where one finds something, the stages after it do not."""

STAGES: Final[tuple[Stage, ...]] = ("tree", "quotes", "links", "accounts")


@dataclass(frozen=True, slots=True)
class TextCheck:
    """One kind of check: the stage it runs in, and the rule it holds statements to."""

    stage: Stage
    names: Mapping[str, str]


_RULES: Final[tuple[tuple[str, Stage, str, str], ...]] = (
    (
        "plan-not-curated",
        "tree",
        "Every plan that the text prints is curated",
        "文本所印的每个计划均须录入",
    ),
    (
        "unit-not-curated",
        "tree",
        "Every unit that the text prints is curated",
        "文本所印的每个要素均须录入",
    ),
    (
        "unit-not-printed",
        "tree",
        "Every curated unit is printed in the text",
        "录入的每个要素均须见于文本",
    ),
    (
        "unit-differs",
        "tree",
        "A unit has the kind, parent, number and title that the text prints",
        "要素的类型、上级、编号和标题须与文本一致",
    ),
    ("stated-nowhere", "quotes", "Words stand in one unit of the text", "引文须出自文本的一个要素"),
    ("quote-not-found", "quotes", "A quote stands in the text", "引文须见于文本"),
    (
        "quote-elsewhere",
        "quotes",
        "A quote stands in the own text of its unit",
        "引文须见于所在要素自身的文字",
    ),
    ("quote-repeated", "quotes", "A quote stands once in its unit", "引文在所在要素内只能出现一次"),
    (
        "target-quote-without-unit",
        "quotes",
        "A quote of the other end needs a unit that it stands in",
        "对应引文须有其所在的要素",
    ),
    (
        "actor-not-named",
        "quotes",
        "The words of a responsibility name its actor",
        "责任陈述的引文须含主体名称",
    ),
    ("other-plan", "quotes", "Words stand in the plan of their subject", "引文须出自适用对象所属的计划"),
    (
        "link-unsupported",
        "links",
        "A link is supported by a label in the unit, or by a mention",
        "链接须有要素内的标签或提及为证",
    ),
    (
        "label-unlinked",
        "links",
        "A known label in the text is linked or excepted",
        "文本中的已知标签须链接或列为例外",
    ),
    (
        "numeral-unaccounted",
        "accounts",
        "Every numeral is accounted for or excepted",
        "每个数字均须有所归属或列为例外",
    ),
    (
        "title-unaccounted",
        "accounts",
        "Every title in 《》 is accounted for or excepted",
        "每个书名号内的标题均须有所归属或列为例外",
    ),
    (
        "watched-words-unaccounted",
        "accounts",
        "Watched words are accounted for or excepted",
        "受关注的词语均须有所归属或列为例外",
    ),
    ("exception-unused", "accounts", "Every exception excuses something", "每个例外均须有其用处"),
)
CHECKS: Final[dict[str, TextCheck]] = {
    name: TextCheck(stage, {"en": en, "zh": zh}) for name, stage, en, zh in _RULES
}
"""Every kind of check that holds statements against the text, in the order they run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One fault: its kind, what it says, and the statement at fault.

    ``place`` is the file, and the line of the subject where it is known; ``str()`` puts it before the English words.
    ``subject``, ``path`` and ``value`` are the statement at fault as far as there is one; ``near`` is a subject that
    stands where a missing one belongs.
    """

    kind: str
    messages: Mapping[str, str]
    place: str = ""
    subject: NamedNode | None = None
    path: NamedNode | None = None
    value: NamedNode | Words | None = None
    near: NamedNode | None = None

    def __str__(self) -> str:
        return f"{self.place}: {self.messages['en']}" if self.place else self.messages["en"]


def placed(problems: Iterable[Problem], place: str, subject: NamedNode) -> Iterator[Problem]:
    """Say of problems found in a text whose they are, and where that subject is described."""
    return (replace(problem, place=place, subject=subject) for problem in problems)


def both(en: str, zh: str) -> dict[str, str]:
    """Give a message in both languages."""
    return {"en": en, "zh": zh}
