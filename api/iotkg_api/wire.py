"""Frames between the service and its query workers: eight bytes of lengths, a JSON head, then raw bytes.

Heads are the same again and again, so whoever makes or reads one keeps a few.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, Final

LENGTHS: Final = struct.Struct("!II")
"""Length of the head, length of the body."""


PIECE: Final = 64 * 1024
"""Bytes to read at a time: most frames are shorter."""
KEPT: Final = 32
"""Heads to keep, of each kind."""
LONG: Final = 4096
"""Bytes of a head that is not kept."""


def pack(head: Mapping[str, Any]) -> bytes:
    """Write a head."""
    return json.dumps(head, ensure_ascii=False).encode("utf-8", "surrogatepass")


def unpack(head: bytes) -> dict[str, Any]:
    """Read a head."""
    read: dict[str, Any] = json.loads(head)
    return read


def frame(head: bytes, body: bytes) -> bytes:
    """Put one message together."""
    return b"".join((LENGTHS.pack(len(head), len(body)), head, body))
