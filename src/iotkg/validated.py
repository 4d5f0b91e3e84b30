"""What validation found in a release, as the build records it: every rule that was held against the data.

A rule that found nothing is recorded too, so that "nothing was found" says what was looked for.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Final

from iotkg.errors import InputError

VALIDATION: Final = "validation.json"
"""The name of the record in a release."""
SEVERITIES: Final = ("violation", "warning", "info")
_SHOWN: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A rule: its IRI, how much a finding of it matters, what it is called, and what it found."""

    rule: str
    severity: str
    names: Mapping[str, str]
    found: int
    things: tuple[str, ...]
    """What the findings are about, by IRI: the first of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Validated:
    """What a release was held against, and what was found, rule by rule."""

    engine: str
    triples: int
    rules: tuple[Held, ...]

    @property
    def found(self) -> Mapping[str, int]:
        """How many findings there are of each severity."""
        counts: Counter[str] = Counter()
        for rule in self.rules:
            counts[rule.severity] += rule.found
        return {severity: counts[severity] for severity in SEVERITIES}

    @property
    def finding(self) -> tuple[Held, ...]:
        """The rules that found something."""
        return tuple(rule for rule in self.rules if rule.found)


def held(rule: str, severity: str, names: Mapping[str, str], about: Iterable[str]) -> Held:
    """Give what a rule found, which is ``about`` these things."""
    things = sorted(about)
    return Held(
        rule=rule,
        severity=severity,
        names=dict(names),
        found=len(things),
        things=tuple(dict.fromkeys(things))[:_SHOWN],
    )


def to_json(validated: Validated) -> str:
    """Write the record."""
    return json.dumps(asdict(validated), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def from_json(text: str) -> Validated:
    """Read the record.

    Raises: InputError when it is none.
    """
    try:
        told = json.loads(text)
        rules = tuple(Held(**{**rule, "things": tuple(rule["things"])}) for rule in told.pop("rules"))
        return Validated(rules=rules, **told)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(
            f"{VALIDATION}: is no record of validation ({error!r}); build the release again"
        ) from error
