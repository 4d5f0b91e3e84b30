"""The server's side of a connection: uvicorn's, over the fast parser, with what that lacks.

A request that is known byte for byte is not even parsed (``shortcuts``), and one that is known but for its query only
where that takes long (``ahead``). llhttp limits no head and takes no target
apart that is longer than 64 kB; a query in a GET may be. What RFC 9112 asks of a request besides its grammar is seen
to in ``framing``.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import unquote

import httptools
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from iotkg_api.ahead import Ahead, Request
from iotkg_api.edge import HEADERS
from iotkg_api.evaluation import Reply
from iotkg_api.problems import MEDIA_TYPE, Kind, Problem
from iotkg_api.shortcuts import Shortcuts
from iotkg_api.sparql import AT_ONCE_S

HEAD_BYTES: Final = 512 * 1024
"""The longest request line and headers: enough for a query of 200 kB in a GET."""
_BYTES: Final = "iotkg.bytes"
_METHOD: Final = re.compile(rb"[A-Za-z]+ ")


class _Answered:
    """What stands for the cycle of a request that was answered at once."""

    response_complete = True
    more_body = False
    disconnected = False
    message_event = asyncio.Event()


class Connection(HttpToolsProtocol):
    """One connection, with a bounded head and targets of any form and length up to that."""

    _in_head = True
    _taken = 0
    """Bytes of the head that have come, or a few more."""
    _data = b""
    _messages = 0
    _early: Request | None = None
    _waiting: asyncio.TimerHandle | None = None

    def __init__(
        self,
        *arguments: Any,
        shortcuts: Shortcuts | None = None,
        ahead: Ahead | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self._shortcuts = shortcuts
        self._ahead = ahead

    def data_received(self, data: bytes) -> None:
        """Take what came; refuse a head that is too long."""
        if self._early is not None:
            self._take_long_way()
        whole = self._shortcuts is not None and self._is_idle()
        if whole and (self._answer_at_once(data) or self._begin_ahead(data)):
            return
        self._parse(data, whole=whole)

    def _parse(self, data: bytes, *, whole: bool) -> None:
        if self._in_head:
            self._taken += len(data)
            if self._taken > HEAD_BYTES:
                self.send_400_response(f"The head of a request may have {HEAD_BYTES:,} bytes at most")
                return
        self._data, self._messages = data, 0
        super().data_received(data)
        if whole and self._messages == 1 and self._in_head and not self._taken:
            self.scope[_BYTES] = data  # type: ignore[typeddict-unknown-key]  # for when it has been answered

    def on_message_begin(self) -> None:
        """Know that a head has begun, be it in what came with the request before it."""
        self._taken = max(self._taken, 1)
        super().on_message_begin()

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
        self._messages += 1
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Remember what was asked, if the answer was a kept one."""
        scope: Scope = getattr(self.cycle, "scope", {})
        if self._shortcuts is not None and _BYTES in scope:
            self._shortcuts.learn(scope[_BYTES], scope)
            if self._ahead is not None:
                self._ahead.learn(scope[_BYTES], scope)
        super().on_response_complete()

    def _is_idle(self) -> bool:
        """Say whether the next bytes begin a request, and all before it have been answered and sent."""
        answered = self.cycle is None or self.cycle.response_complete
        return answered and self._in_head and not self._taken and not self.transport.get_write_buffer_size()

    def _answer_at_once(self, data: bytes) -> bool:
        """Answer a request that is known byte for byte; say whether it was one."""
        if self._shortcuts is None or self.transport.is_closing():
            return False
        found = self._shortcuts.answer(data, self.server_state.default_headers)
        if found is None:
            return False
        self._unset_keepalive_if_required()
        self.cycle = _Answered()  # type: ignore[assignment]  # all that is asked of one by then
        self.transport.writelines(found)
        super().on_response_complete()
        return True

    def _begin_ahead(self, data: bytes) -> bool:
        """Have a query evaluated of whose request all else is known; say whether it is one."""
        if self._ahead is None or self.transport.is_closing():
            return False
        request = self._ahead.begin(data, self.client)
        if request is None:
            return False
        self._unset_keepalive_if_required()
        self._data, self._early = data, request
        self.cycle = request  # type: ignore[assignment]  # all that is asked of one by then
        if self._waiting is None:  # else it serves for this request too
            self._waiting = self.loop.call_later(AT_ONCE_S, self._lose_patience)
        request.early.reply.add_done_callback(self._end_ahead)
        return True

    def _end_ahead(self, reply: asyncio.Future[Reply]) -> None:
        """Send the answer that has come, or go the long way."""
        request = self._early
        if request is None or request.early.reply is not reply or self._ahead is None:
            return
        found = self._ahead.answer(request, self.server_state.default_headers)
        if found is None:
            self._take_long_way()
            return
        self._early = None
        self.cycle = _Answered()  # type: ignore[assignment]
        self.transport.writelines(found)
        self._ahead.answered(request)
        super().on_response_complete()

    def _lose_patience(self) -> None:
        """Let a request take the long way whose answer does not come at once."""
        self._waiting = None
        if self._early is None:
            return
        left = self._early.began + AT_ONCE_S - time.monotonic()
        if left > 0:
            self._waiting = self.loop.call_later(left, self._lose_patience)
        else:
            self._take_long_way()

    def _take_long_way(self) -> None:
        """Parse a request whose query is being evaluated, and answer it like any other."""
        request, self._early = self._early, None
        if request is None or self._ahead is None:
            return
        self.cycle = _Answered()  # type: ignore[assignment]
        self._parse(self._data, whole=True)
        self._ahead.hand_over(request, cast("Scope", self.scope))
        self.cycle.keep_alive &= request.keep_alive

    def connection_lost(self, exc: Exception | None) -> None:
        """Give up what is being evaluated."""
        request, self._early = self._early, None
        if request is not None and self._ahead is not None:
            self._ahead.leave(request)
        super().connection_lost(exc)

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
