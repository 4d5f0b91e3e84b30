"""What the canned queries are about: the topics they are listed under, in both languages. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class Topic:
    """A heading that queries are listed under: its name and what to expect there, by language."""

    label: Mapping[str, str]
    lead: Mapping[str, str]


def _topic(english: str, chinese: str, lead: str, lead_zh: str) -> Topic:
    return Topic(label={"en": english, "zh": chinese}, lead={"en": lead, "zh": lead_zh})


TOPICS: Final[Mapping[str, Topic]] = {
    "structure": _topic(
        "Plans and their parts",
        "计划及其构成",
        "How the text is built: plans, parts, groups of tasks, tasks and safeguards.",
        "原文的结构：计划、各部分、任务组、重点任务和保障措施。",
    ),
    "responsibility": _topic(
        "Who is to act",
        "由谁负责",
        "Owners of tasks with the words they rest on, departments, other bodies and localities.",
        "任务的责任主体及其依据，以及点名的部门、机构和地方。",
    ),
    "time": _topic(
        "By when",
        "何时完成",
        "Deadlines, periods and years, and how directly the text states them.",
        "期限、年份区间和年份，以及原文表述的直接程度。",
    ),
    "targets": _topic(
        "How much",
        "数量目标",
        "Numbers and quantities, with bounds only as far as the words go.",
        "数字和数量；上下限只取原文所及。",
    ),
    "demonstrations": _topic(
        "Demonstration projects",
        "应用示范",
        "Projects, pilots and rollouts: where, in which field, by whom and how.",
        "示范工程、试点和推广：地点、领域、主体和方式。",
    ),
    "fields": _topic(
        "Fields of application",
        "行业领域",
        "Sectors the text names, narrower ones included, and the lists it gives of them.",
        "原文提及的行业领域（含下位领域）及其清单。",
    ),
    "technologies": _topic(
        "Technologies",
        "技术",
        "Technologies the text names, where, and in several plans at once.",
        "原文提及的技术、出现之处，以及跨计划出现的技术。",
    ),
    "places": _topic(
        "Places",
        "地点",
        "Places that are named or only described, and the Wuxi demonstration zone.",
        "点名或仅作描述的地点，以及无锡示范区。",
    ),
    "means": _topic(
        "Outputs, funds and cooperation",
        "产出、资金与合作",
        "What is to be produced, what pays for it, and measures of exchange and publicity.",
        "拟产出的成果、资金来源，以及交流与宣传举措。",
    ),
    "documents": _topic(
        "Documents and shared wording",
        "所引文件与相同语句",
        "Documents the text cites, titles still to be written, and words that tasks share.",
        "原文引用的文件、尚待编制的文件，以及任务之间相同的语句。",
    ),
    "evidence": _topic(
        "Evidence and gaps",
        "依据与缺失",
        "What statements rest on, and what the text announces and does not contain.",
        "陈述的依据，以及原文预告而未包含的内容。",
    ),
}
"""By name, in the order in which they are listed."""
