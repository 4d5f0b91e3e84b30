"""What HTTP asks of a request before its path matters: one host, one length, its target in any of the forms.

Source: RFC 9112, sections 3.2 and 6; RFC 9110, section 7.2. The server itself refuses what it cannot parse, such
as two lengths that differ.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import unquote

from starlette.types import Scope

from iotkg_api.problems import Kind, Problem

_HOST: Final = re.compile(rb"(?:[\w.~!$&'()*+,;=-]*|\[[0-9A-Fa-f:.]+\])(?::([0-9]{0,5}))?", re.ASCII)
_LAST_PORT: Final = 65535
_MOST: Final = 128
_LARGEST: Final = 32 * 1024
"""Headers, and bytes of them all; a long query is in the target, which may be longer."""
_ABSOLUTE: Final = re.compile(rb"https?://([^/?#]*)([^?#]*)", re.IGNORECASE)


def accepted(scope: Scope) -> Scope:
    """Give a request's scope with its target in origin form (``/sparql`` for ``http://example.org/sparql``).

    Raises: Problem for headers that are too many or too large, for a host that is none, or for a body with both a
    length and chunks: two readers could disagree where it ends.
    """
    headers: Collection[tuple[bytes, bytes]] = scope["headers"]
    if len(headers) > _MOST or sum(len(name) + len(value) for name, value in headers) > _LARGEST:
        detail = f"A request may have {_MOST} headers of {_LARGEST:,} bytes in all"
        raise Problem(Kind.HEADERS_TOO_LARGE, detail, {"Connection": "close"})
    names = {name for name, _ in headers}
    if {b"content-length", b"transfer-encoding"} <= names:
        detail = "Content-Length and Transfer-Encoding exclude each other"
        raise Problem(Kind.BAD_REQUEST, detail, {"Connection": "close"})
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) != 1 and (hosts or scope["http_version"] != "1.0"):
        raise Problem(Kind.BAD_REQUEST, "A request names its Host once", {"Connection": "close"})
    absolute = _ABSOLUTE.match(scope.get("raw_path") or b"")
    host = absolute[1] if absolute else next(iter(hosts), b"")
    named = _HOST.fullmatch(host)
    if not named or int(named[1] or 0) > _LAST_PORT:
        raise Problem(Kind.BAD_REQUEST, "The Host is not the name of one", {"Connection": "close"})
    if absolute is None:
        return scope
    path = absolute[2] or b"/"
    kept = [header for header in headers if header[0] != b"host"]
    decoded = unquote(path.decode("ascii"))
    return {**scope, "path": decoded, "raw_path": path, "headers": [(b"host", host), *kept]}
