"""What an operator decides: where the release is, where to listen, and how much one query may use.

Every field has an environment variable, ``IOTKG_`` and the field's name in capitals.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from difflib import get_close_matches
from ipaddress import ip_network
from math import inf
from pathlib import Path
from typing import Final

from iotkg.errors import InvalidParameter
from iotkg.layout import find_release

_PREFIX: Final = "IOTKG_"
_MEBIBYTE: Final = 1 << 20
_LAST_PORT: Final = 65535
_MOST_BYTES: Final = (1 << 32) - 1
"""That a frame from a worker can say."""
_URL: Final = re.compile(r"https?://[^\s/?#]+(?:/[^\s?#]*)?\Z")
RATE: Final = re.compile(r"([1-9][0-9]{0,8})/([smh])\Z", re.ASCII)
ACCESS_LOGS: Final = ("all", "failures", "none")
_POSITIVE: Final = (
    "workers",
    "quick_s",
    "deadline_s",
    "memory_bytes",
    "result_bytes",
    "result_rows",
    "query_bytes",
    "queue",
    "patience_s",
    "connections",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How the service runs.

    Raises: InvalidParameter when a number is out of range.
    """

    dist: Path
    """The folder of a release."""
    store: str = ""
    """A SPARQL 1.1 endpoint that holds the release (``iotkg publish``); without one, it is loaded into memory."""
    previous: str = ""
    """The folder of the release before, so that the quality page can say what changed; empty for none."""
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = ""
    """The address clients use, when a proxy stands in between; else it is read from each request."""
    workers: int = 3
    """Processes that evaluate queries, one query each at a time; of several, one is kept for quick queries."""
    quick_s: float = 0.1
    """Seconds of processor time after which a query is no longer quick."""
    deadline_s: float = 10.0
    """Seconds a worker gets for one query; a request waits no longer than this for a worker either."""
    memory_bytes: int = 1024 * _MEBIBYTE
    """What a worker may use above the loaded dataset."""
    result_bytes: int = 64 * _MEBIBYTE
    """The longest answer of one query."""
    result_rows: int = 1_000_000
    """The most rows a query's table may have."""
    query_bytes: int = _MEBIBYTE
    """The longest body of a request."""
    cache_bytes: int = 256 * _MEBIBYTE
    """How much memory finished answers may take; 0 keeps none."""
    queue: int = 256
    """Requests that may wait for a worker; further ones are refused at once."""
    patience_s: float = 10.0
    """Seconds a client gets for a request's head, again for its body, and to take some of the answer."""
    rate: str = ""
    """Requests that one client may send, as in 10/s, 600/m or 5000/h; empty for as many as it likes."""
    proxies: str = ""
    """Addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, joined by commas."""
    access_log: str = "failures"
    """Which requests the log tells of: all, failures (what failed, was refused or took a second), or none."""
    connections: int = 1000
    """Connections that may be open; beyond that, those that wait longest for a request are closed."""
    watch_s: float = 2.0
    """Seconds between two looks for a new release in the folder; 0 to look on SIGHUP only."""

    def __post_init__(self) -> None:
        wrong = [
            f"{name} must be more than 0" + " and less than infinity" * (getattr(self, name) == inf)
            for name in _POSITIVE
            if not 0 < getattr(self, name) < inf
        ]
        if not 0 <= self.watch_s < inf:
            wrong.append("watch_s must be 0 or more")
        if self.result_bytes > _MOST_BYTES:
            wrong.append(f"result_bytes must be {_MOST_BYTES:,} at most")
        if not self.host:
            wrong.append("host must name an address; 0.0.0.0 is every one")
        if self.public_url and not _URL.match(self.public_url):
            wrong.append(f"public_url is {self.public_url!r}; write it as https://example.org")
        wrong += [
            f"proxies: {proxy} is no address and no network ({fault})"
            for proxy, fault in ((proxy, _fault(proxy)) for proxy in self.proxies.split(","))
            if fault
        ]
        if self.cache_bytes < 0:
            wrong.append("cache_bytes must be 0 or more")
        if not 0 <= self.port <= _LAST_PORT:
            wrong.append(f"port must be from 0 to {_LAST_PORT}")
        if self.access_log not in ACCESS_LOGS:
            wrong.append(f"access_log must be one of {', '.join(ACCESS_LOGS)}")
        if self.rate and RATE.match(self.rate) is None:
            wrong.append(f"rate is {self.rate!r}; write it as 10/s, 600/m or 5000/h")
        if wrong:
            raise InvalidParameter("; ".join(wrong))


def _fault(proxy: str) -> str:
    """Say what is wrong with the name of a proxy, in the words of Python; uvicorn would believe none by it."""
    name = proxy.strip()
    try:
        if name not in {"", "*"}:
            ip_network(name)
    except ValueError as error:
        return str(error)
    return ""


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; without ``IOTKG_DIST`` the release is the checkout's, or the one that came along.

    Raises: InvalidParameter, naming every variable that cannot be read; InputError when there is no release.
    """
    given = os.environ if environment is None else environment
    values: dict[str, Path | str | int | float] = {}
    wrong: list[str] = []
    for field in fields(Settings):
        variable = _PREFIX + field.name.upper()
        if variable not in given:
            continue
        kind = Path if field.default is MISSING else type(field.default)
        try:
            values[field.name] = kind(given[variable])
            if kind is Path and not given[variable]:
                wrong.append(f"{variable} is empty; name the folder of a release, or leave it out")
        except ValueError:
            wrong.append(f"{variable} is {given[variable]!r}, which is no {_NAMES[kind]}")
    if wrong:
        raise InvalidParameter("; ".join(wrong))
    if "dist" not in values:
        values["dist"] = find_release(environment={})
    return Settings(**values)  # type: ignore[arg-type]  # each value was made by its field's own type


def unheeded(environment: Mapping[str, str]) -> list[str]:
    """Say of each variable with our prefix that no part of iotkg reads it, and which name may be meant."""
    known = {*_ELSEWHERE, *(field.name.upper() for field in fields(Settings))}
    said = []
    for variable in sorted(environment):
        name = variable.removeprefix(_PREFIX)
        if name != variable and name not in known:
            near = get_close_matches(name, known, n=1)
            meant = f"; is {_PREFIX}{near[0]} meant?" if near else ""
            said.append(f"{variable} is no setting and is not heeded{meant}")
    return said


_ELSEWHERE: Final = ("CACHE", "STORE_USER", "STORE_PASSWORD", "STORE_TOKEN")
"""Endings of variables that other modules read: ``iotkg.cache`` and ``iotkg.transport``."""

_NAMES: Final[dict[type, str]] = {int: "whole number", float: "number"}
