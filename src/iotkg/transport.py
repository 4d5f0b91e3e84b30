"""One HTTP request to a store elsewhere, and its whole answer: bounded in time and bytes, never a part of it.

Redirects are not followed: they would take a query's body away, and a password to another machine.
"""

from __future__ import annotations

import socket
import time
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from threading import Event, Timer
from typing import Final
from urllib.parse import urlsplit
from urllib.request import AbstractDigestAuthHandler, HTTPPasswordMgrWithDefaultRealm, Request

from iotkg.errors import InputError, RemoteError, RemoteTooSlow

_PIECE: Final = 1 << 16
_USER: Final = "IOTKG_STORE_USER"
_PASSWORD: Final = "IOTKG_STORE_PASSWORD"  # noqa: S105 - the name of a variable
_TOKEN: Final = "IOTKG_STORE_TOKEN"  # noqa: S105 - likewise


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """Who we are to a store; what is secret is never shown."""

    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Credentials:
        """Read user and password, or a bearer token, from the environment.

        Raises: InputError when only one of user and password is given, or a token as well.
        """
        user, password, token = (environment.get(name, "") for name in (_USER, _PASSWORD, _TOKEN))
        if bool(user) != bool(password) or (user and token):
            raise InputError(f"set {_USER} and {_PASSWORD}, or {_TOKEN}, or none of them")
        return cls(user=user, password=password, token=token)

    def authorization(self, request: Request, challenge: str = "") -> str:
        """Give the header for a request, in answer to a challenge where there was one; empty without credentials."""
        if self.token:
            return f"Bearer {self.token}"
        if not self.user:
            return ""
        scheme, _, parameters = challenge.partition(" ")
        if scheme.lower() == "digest":
            known = HTTPPasswordMgrWithDefaultRealm()
            known.add_password(None, request.full_url, self.user, self.password)
            asked = dict(_parameters(parameters))
            digest: str | None = AbstractDigestAuthHandler(known).get_authorization(request, asked)
            return f"Digest {digest}" if digest else ""
        return f"Basic {b64encode(f'{self.user}:{self.password}'.encode()).decode()}"


def _parameters(text: str) -> list[tuple[str, str]]:
    from urllib.request import parse_http_list  # noqa: PLC0415 - for the one who needs it

    pairs = (item.partition("=") for item in parse_http_list(text))
    return [(name.strip(), value.strip().strip('"')) for name, _, value in pairs]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A whole answer; header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    framed: bool
    """The answer said where it ends, so that it is known to be whole."""

    @property
    def media_type(self) -> str:
        """What the body claims to be, in small letters and without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Client:
    """What sends requests to one server: who we are there, and how long and large an answer may be."""

    def __init__(self, credentials: Credentials, *, deadline_s: float, limit: int) -> None:
        self._credentials = credentials
        self._deadline_s = deadline_s
        self._limit = limit
        self._challenge: str | None = None

    def send(self, request: Request) -> Reply:
        """Send a request with our credentials, if the server asks for any; see ``send``.

        A body goes out only once it is known what the server asks for: many close the line on one they refuse. And a
        password goes out only in answer to a challenge, or where there was none: Virtuoso has none for who guessed.
        """
        if self._challenge is None and self._credentials.user:
            probe = Request(request.full_url, headers={"Accept": "*/*", "User-Agent": "iotkg"})  # noqa: S310 - the address was held to http and https
            self._learn(self._once(probe))
        reply = self._once(request)
        if reply.status == HTTPStatus.UNAUTHORIZED and self._credentials.user and self._learn(reply):
            reply = self._once(request)
        return reply

    def _learn(self, reply: Reply) -> bool:
        """Keep what a server asks for; say whether it is anything new."""
        before = self._challenge
        self._challenge = reply.headers.get("www-authenticate", "") or before or ""
        return self._challenge != before

    def _once(self, request: Request) -> Reply:
        if self._challenge is not None or self._credentials.token:
            told = self._credentials.authorization(request, self._challenge or "")
            if told:
                request.add_header("Authorization", told)
        return send(request, deadline_s=self._deadline_s, limit=self._limit)


def send(request: Request, *, deadline_s: float, limit: int) -> Reply:
    """Send a request and read its answer, which may take so many seconds and bytes.

    Raises: RemoteTooSlow at the deadline; RemoteError when there is no answer, it breaks off, or it is too long.
    """
    parts = urlsplit(request.full_url)
    where = f"{parts.scheme}://{parts.netloc}{parts.path}"
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    late = RemoteTooSlow(f"{where} does not answer within {deadline_s:g} seconds")
    end = time.monotonic() + deadline_s
    connection = kind(parts.netloc, timeout=deadline_s)
    cut = Event()
    watch = Timer(deadline_s, _cut, [connection, cut])
    watch.daemon = True
    watch.start()
    try:
        headers = {**dict(request.header_items()), "Connection": "close"}
        connection.request(request.get_method(), request.selector, request.data, headers)
        with connection.getresponse() as response:
            return _read(response, where, end, limit)
    except TimeoutError:
        raise late from None
    except (OSError, HTTPException, ValueError) as error:
        if cut.is_set():
            raise late from None
        raise RemoteError(f"{where} does not answer: {error or type(error).__name__}") from error
    finally:
        watch.cancel()
        connection.close()


def _cut(connection: HTTPConnection, cut: Event) -> None:
    """End a connection whose time is over, whatever is under way on it."""
    cut.set()
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def _read(response: HTTPResponse, where: str, end: float, limit: int) -> Reply:
    parts: list[bytes] = []
    length = 0
    told = None if response.chunked else response.length
    while length != told and (piece := response.read1(_PIECE)):
        parts.append(piece)
        length += len(piece)
        if length > limit:
            raise RemoteError(f"{where} answers with more than {limit:,} bytes")
        if time.monotonic() > end:
            raise TimeoutError
    if time.monotonic() > end:  # cut by the watch, which looks like an end
        raise TimeoutError
    if told is not None and length < told:
        raise RemoteError(f"{where} does not answer: the answer breaks off after {length:,} bytes")
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Reply(
        status=response.status,
        headers=headers,
        body=b"".join(parts),
        framed=told is not None or response.chunked,
    )
