"""What is cited: an answer, with its query, its parameters and its hash, or a thing; always with the release.

A citation's address names release and result, so that whoever follows it later learns whether the answer is still the
one that was cited. Pure: no clock; the day of access is the caller's.

Sources: BibTeX's ``misc`` entries; GB/T 7714-2015 (信息与文献 参考文献著录规则), 4.6 and 8.8, for databases online
(``[DB/OL]``); CSL-JSON 1.0.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
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


class Cited(ABC):
    """What is cited: by a title in both languages, its key, and an address that names the release."""

    __slots__ = ()

    release: str
    """SHA-256 in hexadecimal digits."""

    @property
    @abstractmethod
    def path(self) -> str:
        """The address below the project's own, with what tells whether it is still the same."""

    @property
    @abstractmethod
    def key(self) -> str:
        """What tells it from others in a list of references."""

    @property
    @abstractmethod
    def title(self) -> Mapping[str, str]:
        """What it is called, by language."""

    @abstractmethod
    def kind(self, language: str) -> str:
        """Say what in the graph it is."""

    @property
    def marks(self) -> Mapping[str, str]:
        """What its hashes are of, in the order they are named: each with the hash."""
        return {"release": self.release}

    @property
    def iri(self) -> str:
        """The lasting address of what is cited, as it is in this release."""
        return f"{BASE}{self.path}"

    @property
    def _note(self) -> str:
        return "; ".join(f"{name} SHA-256 {digest}" for name, digest in self.marks.items())

    def bibtex(self, day: str = "") -> str:
        """Write a BibTeX entry; ``day`` is the one of access (ISO 8601), left out where empty."""
        fields = {
            "author": f"{{{_AUTHORS}}}",
            "title": f"{{{_tex(self.title['en'])}}}",
            "howpublished": f"{_tex(self.kind('en'))}, in {_tex(_SET)}",
            "version": self.release[:SHOWN],
            "url": self.iri,
            "urldate": day,
            "note": self._note[:1].upper() + self._note[1:],
        }
        lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
        return f"@misc{{{self.key},\n{lines}}}\n"

    def gbt7714(self, day: str = DAY_OF_ACCESS) -> str:
        """Write a reference as GB/T 7714-2015 has it; ``day`` is the one of access (ISO 8601)."""
        result = f"，结果SHA-256：{self.marks['result'][:SHOWN]}" if "result" in self.marks else ""
        return (
            f"{_AUTHORS}. {self.title['zh']}（{self.kind('zh')}）[DB/OL]//{_SET_ZH}. "
            f"发布版本{self.release[:SHOWN]}{result}[{day}]. {self.iri}.\n"
        )

    def csl(self, day: str = "") -> str:
        """Write CSL-JSON, which reference managers read; ``day`` is the one of access (ISO 8601)."""
        item: dict[str, object] = {
            "id": self.key,
            "type": "dataset",
            "title": self.title["en"],
            "author": [{"literal": _AUTHORS}],
            "container-title": _SET,
            "version": self.release[:SHOWN],
            "URL": self.iri,
            "note": f"{self.kind('en')}; {self._note}",
        }
        if day:
            item["accessed"] = {"date-parts": [[int(part) for part in day.split("-")]]}
        return json.dumps([item], ensure_ascii=False, indent=2) + "\n"


@dataclass(frozen=True, kw_only=True)
class Citation(Cited):
    """One answer to be cited; ``release`` and ``result`` are SHA-256 in hexadecimal digits."""

    query: str
    question: Mapping[str, str]
    parameters: Mapping[str, str]
    """By name, the key of each value."""
    release: str
    result: str

    @property
    def address(self) -> str:
        """The address of this very answer below a service's queries."""
        named = {**self.parameters, "release": self.release[:SHOWN], "result": self.result[:SHOWN]}
        return f"{self.query}?{urlencode(named)}"

    @property
    def path(self) -> str:
        """The address of this very answer."""
        return f"query/{self.address}"

    @property
    def key(self) -> str:
        """The query, and the beginning of the answer's hash."""
        return f"iotkg-{self.query}-{self.result[:8]}"

    @property
    def title(self) -> Mapping[str, str]:
        """The question."""
        return self.question

    @property
    def marks(self) -> Mapping[str, str]:
        """The release and the answer."""
        return {"release": self.release, "result": self.result}

    def asked(self, colon: str = ": ", comma: str = ", ") -> str:
        """Say which query with which parameters this is."""
        given = comma.join(f"{name}={value}" for name, value in self.parameters.items())
        return f"{self.query}{colon}{given}" if given else self.query

    def kind(self, language: str) -> str:
        """Say which query with which parameters this is, in a language."""
        return self.asked("：", "，") if language == "zh" else f"Canned query {self.asked()}"


@dataclass(frozen=True, kw_only=True)
class ThingCitation(Cited):
    """What a release says of one thing, to be cited; ``thing`` is its class segment and key."""

    thing: str
    name: Mapping[str, str]
    release: str

    @property
    def path(self) -> str:
        """The address of what is said of the thing."""
        return f"doc/{self.thing}?{urlencode({'release': self.release[:SHOWN]})}"

    @property
    def key(self) -> str:
        """The thing, and the beginning of the release's hash."""
        return f"iotkg-{self.thing.replace('/', '-')}-{self.release[:8]}"

    @property
    def title(self) -> Mapping[str, str]:
        """The name of the thing."""
        return self.name

    def kind(self, language: str) -> str:
        """Say which thing it is."""
        return f"{'条目' if language == 'zh' else 'Entry '}{self.thing}"


def _tex(text: str) -> str:
    """Escape what TeX reads as a command."""
    names = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
    return _SPECIAL.sub(lambda found: names.get(found.group(), f"\\{found.group()}"), text)
