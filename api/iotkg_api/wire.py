"""Frames between the service and its query workers: eight bytes of lengths, a JSON head, then raw bytes."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, Final

LENGTHS: Final = struct.Struct("!II")
"""Length of the head, length of the body."""


def frame(head: Mapping[str, Any], body: bytes = b"") -> bytes:
    """Pack one message."""
    packed = json.dumps(head, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return LENGTHS.pack(len(packed), len(body)) + packed + body


def unpack(content: bytes | bytearray, head_length: int) -> tuple[dict[str, Any], bytes]:
    """Split what follows the lengths into head and body."""
    head: dict[str, Any] = json.loads(content[:head_length])
    return head, bytes(memoryview(content)[head_length:])
