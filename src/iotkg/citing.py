"""Answers cited: the query, its parameters, the release, and the hash of the answer.

A citation's address names release and result, so that whoever follows it later learns whether the answer is still the
one that was cited. Pure: no clock; the day of access is the caller's.

Sources: BibTeX's ``misc`` entries; GB/T 7714-2015 (信息与文献 参考文献著录规则), 4.6 and 8.8, for databases online
(``[DB/OL]``); CSL-JSON 1.0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from iotkg.vocab import BASE

SHOWN: Final = 16
"""Hexadecimal digits of a hash in an address: 64 bits."""
DAY_OF_ACCESS: Final = "引用日期"
"""What stands in GB/T 7714 for a day that is not known yet, in the standard's own words."""
_AUTHORS: Final = "The iotkg authors"
_SET: Final = "iotkg: China's ten IoT special action plans (2013-2015) as a knowledge graph"
_SET_ZH: Final = "物联网发展专项行动计划（2013-2015年）知识图谱"
_SPECIAL: Final = re.compile(r"[\\{}$&#%_^~]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Citation:
    """One answer to be cited; ``release`` and ``result`` are SHA-256 in hexadecimal digits."""

    query: str
    question: Mapping[str, str]
    parameters: Mapping[str, str]
    """By name, the key of each value."""
    release: str
    result: str

    @property
    def path(self) -> str:
        """The address of this very answer below a service's, or below the project's own."""
        named = {**self.parameters, "release": self.release[:SHOWN], "result": self.result[:SHOWN]}
        return f"{self.query}?{urlencode(named)}"

    @property
    def iri(self) -> str:
        """The lasting address of this very answer."""
        return f"{BASE}query/{self.path}"

    def asked(self, colon: str = ": ", comma: str = ", ") -> str:
        """Say which query with which parameters this is."""
        given = comma.join(f"{name}={value}" for name, value in self.parameters.items())
        return f"{self.query}{colon}{given}" if given else self.query

    def bibtex(self, day: str = "") -> str:
        """Write a BibTeX entry; ``day`` is the one of access (ISO 8601), left out where empty."""
        fields = {
            "author": f"{{{_AUTHORS}}}",
            "title": f"{{{_tex(self.question['en'])}}}",
            "howpublished": f"Canned query {_tex(self.asked())}, in {_tex(_SET)}",
            "version": self.release[:SHOWN],
            "url": self.iri,
            "urldate": day,
            "note": f"Release SHA-256 {self.release}; result SHA-256 {self.result}",
        }
        lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
        return f"@misc{{iotkg-{self.query}-{self.result[:8]},\n{lines}}}\n"

    def gbt7714(self, day: str = DAY_OF_ACCESS) -> str:
        """Write a reference as GB/T 7714-2015 has it; ``day`` is the one of access (ISO 8601)."""
        return (
            f"{_AUTHORS}. {self.question['zh']}（{self.asked('：', '，')}）[DB/OL]//{_SET_ZH}. "
            f"发布版本{self.release[:SHOWN]}，结果SHA-256：{self.result[:SHOWN]}[{day}]. {self.iri}.\n"
        )

    def csl(self, day: str = "") -> str:
        """Write CSL-JSON, which reference managers read; ``day`` is the one of access (ISO 8601)."""
        item: dict[str, object] = {
            "id": f"iotkg-{self.query}-{self.result[:8]}",
            "type": "dataset",
            "title": self.question["en"],
            "author": [{"literal": _AUTHORS}],
            "container-title": _SET,
            "version": self.release[:SHOWN],
            "URL": self.iri,
            "note": f"Canned query {self.asked()}; release SHA-256 {self.release}; result SHA-256 {self.result}",
        }
        if day:
            item["accessed"] = {"date-parts": [[int(part) for part in day.split("-")]]}
        return json.dumps([item], ensure_ascii=False, indent=2) + "\n"


def _tex(text: str) -> str:
    """Escape what TeX reads as a command."""
    names = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
    return _SPECIAL.sub(lambda found: names.get(found.group(), f"\\{found.group()}"), text)
