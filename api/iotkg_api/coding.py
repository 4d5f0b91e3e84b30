"""Compression of answers: gzip for what is text, where it makes the answer shorter."""

from __future__ import annotations

import asyncio
import gzip
from typing import Final

SHORTEST: Final = 1024
"""Bytes: a shorter answer fits in one packet anyway."""

_LONG: Final = 64 * 1024
"""Bytes from which compressing would hold up other requests, and has a thread of its own."""

_LEVEL: Final = 6
_MARKS: Final = (
    "text/",
    "+json",
    "+xml",
    "/json",
    "/xml",
    "/ld+",
    "-triples",
    "-quads",
    "sparql-query",
    "/trig",
)


def compresses(content_type: str) -> bool:
    """Say whether a type is text, which compresses well."""
    kind = content_type.partition(";")[0].strip().lower()
    return any(mark in kind for mark in _MARKS)


async def compressed(body: bytes) -> bytes | None:
    """Compress a body; None where that does not pay. Equal bodies give equal bytes."""
    if len(body) < SHORTEST:
        return None
    packed = await asyncio.to_thread(_pack, body) if len(body) >= _LONG else _pack(body)
    return packed if len(packed) < len(body) else None


def _pack(body: bytes) -> bytes:
    return gzip.compress(body, _LEVEL, mtime=0)
