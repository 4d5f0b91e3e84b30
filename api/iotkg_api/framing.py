"""What HTTP asks of a request before its path matters: one host, one length, its target in any of the forms.

Source: RFC 9112, sections 3.2 and 6; RFC 9110, section 7.2. The server itself refuses what it cannot parse, such
as two lengths that differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

from starlette.types import Scope

from iotkg_api.problems import Kind, Problem

_HOST: Final = re.compile(rb"(?:[\w.~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?", re.ASCII)
_ABSOLUTE: Final = re.compile(rb"https?://([^/?#]*)([^?#]*)", re.IGNORECASE)


def accepted(scope: Scope) -> Scope:
    """Give a request's scope with its target in origin form (``/sparql`` for ``http://example.org/sparql``).

    Raises: Problem for a host that is none, or for a body with both a length and chunks: two readers could
    disagree where it ends.
    """
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    names = {name for name, _ in headers}
    if {b"content-length", b"transfer-encoding"} <= names:
        detail = "Content-Length and Transfer-Encoding exclude each other"
        raise Problem(Kind.BAD_REQUEST, detail, {"Connection": "close"})
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) != 1 and (hosts or scope["http_version"] != "1.0"):
        raise Problem(Kind.BAD_REQUEST, "A request names its Host once", {"Connection": "close"})
    absolute = _ABSOLUTE.match(scope.get("raw_path") or b"")
    host = absolute[1] if absolute else next(iter(hosts), b"")
    if not _HOST.fullmatch(host):
        raise Problem(Kind.BAD_REQUEST, "The Host is not the name of one", {"Connection": "close"})
    if absolute is None:
        return scope
    path = absolute[2] or b"/"
    kept = [header for header in headers if header[0] != b"host"]
    decoded = unquote(path.decode("ascii"))
    return {**scope, "path": decoded, "raw_path": path, "headers": [(b"host", host), *kept]}
