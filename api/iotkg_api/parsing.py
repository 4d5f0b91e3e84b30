"""The server's side of a connection: uvicorn's, over the fast parser, with what that lacks.

llhttp limits no head and takes no target apart that is longer than 64 kB; a query in a GET may be. What RFC 9112 asks
of a request besides its grammar is seen to in ``framing``.
"""

from __future__ import annotations

import json
import re
import sys
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from iotkg_api.edge import HEADERS
from iotkg_api.problems import MEDIA_TYPE, Kind, Problem

HEAD_BYTES: Final = 512 * 1024
"""The longest request line and headers: enough for a query of 200 kB in a GET."""
_METHOD: Final = re.compile(rb"[A-Za-z]+ ")


class Connection(HttpToolsProtocol):
    """One connection, with a bounded head and targets of any form and length up to that."""

    _in_head = True
    _taken = 0
    """Bytes of the head that have come, or a few more."""
    _data = b""

    def data_received(self, data: bytes) -> None:
        """Take what came; refuse a head that is too long."""
        if self._in_head:
            self._taken += len(data)
            if self._taken > HEAD_BYTES:
                self.send_400_response(f"The head of a request may have {HEAD_BYTES:,} bytes at most")
                return
        self._data = data
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """Begin to answer; the target is taken apart here, for the parser's own way has a limit."""
        self._in_head = False
        raw_path, _, query = self.url.partition(b"#")[0].partition(b"?")
        path = raw_path.decode("ascii")
        self.url = b"/"
        super().on_headers_complete()
        self.scope["path"] = self.root_path + (unquote(path) if "%" in path else path)
        self.scope["raw_path"] = self.root_path.encode("ascii") + raw_path
        self.scope["query_string"] = query

    def on_message_complete(self) -> None:
        """Wait for the next head."""
        self._in_head, self._taken = True, 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP with a problem, and close."""
        status = HTTPStatus.BAD_REQUEST
        body = Problem(Kind.BAD_REQUEST, msg).body
        invalid = isinstance(sys.exception(), httptools.HttpParserInvalidMethodError)
        if invalid and _METHOD.match(self._data):
            status = HTTPStatus.NOT_IMPLEMENTED
            detail = "There is no such method here"
            body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
        content = json.dumps(body).encode()
        headers = {
            **HEADERS,
            "Content-Type": MEDIA_TYPE,
            "Content-Length": str(len(content)),
            "Cache-Control": "no-store",
            "Connection": "close",
        }
        lines = [
            f"HTTP/1.1 {int(status)} {status.phrase}",
            *(f"{key.lower()}: {value}" for key, value in headers.items()),
        ]
        self.transport.write("\r\n".join([*lines, "", ""]).encode("latin-1") + content)
        self.transport.close()
