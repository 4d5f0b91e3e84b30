"""Which client asks, and whether it asks more often than it may.

A client is an address; of IPv6 the network of 64 bits, since that is what one client is given.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final

from starlette.types import Scope

from iotkg.errors import InvalidParameter
from iotkg_api.settings import RATE

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}
_SWEEP: Final = 10_000
"""Clients after which those that may ask freely again are forgotten."""
_NETWORK_BYTES: Final = 8


class Rate:
    """So many requests in so many seconds, as in ``10/s``, ``600/m`` or ``5000/h``.

    All of them may come at once; after that each takes its share of the time (GCRA, the leaky bucket as a meter).

    Raises: InvalidParameter when the text is no rate.
    """

    def __init__(self, text: str) -> None:
        match = RATE.match(text)
        if match is None:
            raise InvalidParameter(f"rate is {text!r}; write it as 10/s, 600/m or 5000/h")
        self._window = float(_SECONDS[match[2]])
        self._share = self._window / int(match[1])
        self._free_at: dict[str, float] = {}
        self._sweep_at = _SWEEP

    def wait(self, client: str, now: float) -> float:
        """Count a request; give 0 where it is allowed, else the seconds after which it would be."""
        free_at = max(self._free_at.get(client, 0.0), now) + self._share
        early = free_at - now - self._window
        if early > self._share * 1e-9:  # rounding
            return early
        self._free_at[client] = free_at
        if len(self._free_at) > self._sweep_at:
            self._free_at = {name: at for name, at in self._free_at.items() if at > now}
            self._sweep_at = max(_SWEEP, 2 * len(self._free_at))
        return 0.0


def client_of(scope: Scope) -> str:
    """Name the client of a request; one and the same name for all whose address is not known."""
    return _network(scope["client"][0]) if scope.get("client") else ""


@lru_cache(maxsize=4096)
def _network(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(address.packed[:_NETWORK_BYTES].ljust(2 * _NETWORK_BYTES, b"\0"))) + "/64"
