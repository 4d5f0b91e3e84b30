"""The SPARQL 1.1 Protocol: what a request asks, read from its method, parameters and body.

Source: https://www.w3.org/TR/sparql11-protocol/
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.message import Message
from http import HTTPMethod
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from iotkg_api.problems import Kind, Problem

FORM: Final = "application/x-www-form-urlencoded"
QUERY: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"
_LONGEST_TYPE: Final = 1000
_MAX_FIELDS: Final = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """What is asked: a query (None for the service description), its dataset and the type wanted."""

    query: str | None
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    formats: tuple[str, ...]
    """The values of ``format``, which may say the same in several ways."""


async def read(request: Request, *, max_bytes: int, patience_s: float) -> Operation:
    """Read a request.

    Raises: Problem when it is no query operation, is too long or too slow, or is not UTF-8.
    """
    headers = request.headers
    _refuse_coding(headers.getlist("content-encoding"))
    fields = _fields(request.scope["query_string"], "The query string")
    body = await body_of(request, max_bytes=max_bytes, patience_s=patience_s)
    if request.method == HTTPMethod.POST:
        fields += _posted(body, headers.getlist("content-type"))
    if any(name == "update" for name, _ in fields):
        raise Problem(Kind.READ_ONLY, "Updates are refused: this service is read-only")
    query = _single(fields, "query")
    if query is None and request.method == HTTPMethod.POST:
        raise Problem(Kind.BAD_REQUEST, "There is no query: send it as the parameter query or as the body")
    return Operation(
        query=query,
        default_graphs=tuple(value for name, value in fields if name == "default-graph-uri"),
        named_graphs=tuple(value for name, value in fields if name == "named-graph-uri"),
        formats=tuple(value for name, value in fields if name == "format"),
    )


def _refuse_coding(codings: Sequence[str]) -> None:
    """Refuse a compressed body: what it would unpack to is not known until it has been."""
    if any(coding.strip().lower() not in {"", "identity"} for coding in ",".join(codings).split(",")):
        detail = f"A body comes as it is, not as {', '.join(codings)}"
        headers = {"Accept-Encoding": "identity", "Connection": "close"}
        raise Problem(Kind.UNSUPPORTED_TYPE, detail, headers)


def _posted(body: bytes, content_types: Sequence[str]) -> list[tuple[str, str]]:
    """Read the body of a POST: a form, or a query on its own."""
    header = Message()
    header["Content-Type"] = ", ".join(content_types)[:_LONGEST_TYPE]  # to read one takes ages if it is odd
    kind = header.get_content_type()
    charset = str(header.get_param("charset", "utf-8")).lower()
    if kind not in {FORM, QUERY, UPDATE} or charset not in {"", "utf-8", "utf8", "us-ascii"}:
        detail = (
            f"A query comes as {QUERY} or {FORM}, in UTF-8; this is {', '.join(content_types) or 'untyped'}"
        )
        raise Problem(Kind.UNSUPPORTED_TYPE, detail, {"Accept": f"{QUERY}, {FORM}"}, types=[QUERY, FORM])
    if kind == UPDATE:
        raise Problem(Kind.READ_ONLY, "Updates are refused: this service is read-only")
    if kind == FORM:
        return _fields(body, "The form")
    return [("query", _text(body, "The query"))]


def _fields(encoded: bytes, what: str) -> list[tuple[str, str]]:
    text = _text(encoded, what)
    try:
        fields = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except UnicodeDecodeError as error:
        raise Problem(Kind.BAD_REQUEST, f"{what} is not UTF-8 once decoded ({error.reason})") from error
    except ValueError as error:
        raise Problem(Kind.BAD_REQUEST, f"{what} has more than {_MAX_FIELDS:,} fields") from error
    if any("\0" in part for field in fields for part in field):
        raise Problem(Kind.BAD_REQUEST, f"{what} holds a NUL character")
    return fields


def _text(data: bytes, what: str) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        detail = f"{what} is not UTF-8 ({error.reason} at byte {error.start})"
        raise Problem(Kind.BAD_REQUEST, detail) from error
    if "\0" in text:
        raise Problem(Kind.BAD_REQUEST, f"{what} holds a NUL character")
    return text


def _single(fields: Iterable[tuple[str, str]], name: str) -> str | None:
    values = [value for field, value in fields if field == name]
    if len(values) > 1:
        raise Problem(
            Kind.BAD_REQUEST, f"The parameter {name} may stand once, and stands {len(values)} times"
        )
    return values[0] if values else None


async def body_of(request: Request, *, max_bytes: int, patience_s: float) -> bytes:
    """Read the body of a request, refusing it as soon as it is known to be too long.

    Raises: Problem when it is too long or too slow, or its client leaves.
    """
    if "content-length" not in request.headers and "transfer-encoding" not in request.headers:
        return b""
    too_large = Problem(
        Kind.REQUEST_TOO_LARGE, f"The body may have {max_bytes:,} bytes at most", {"Connection": "close"}
    )
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared) > max_bytes:
        raise too_large
    parts, length = [], 0
    try:
        async with asyncio.timeout(patience_s):
            async for part in request.stream():
                length += len(part)
                if length > max_bytes:
                    raise too_large
                parts.append(part)
    except TimeoutError:
        detail = f"The body did not arrive within {patience_s:g} seconds"
        raise Problem(Kind.TIMEOUT, detail, {"Connection": "close"}) from None
    except ClientDisconnect:
        raise Problem(Kind.BAD_REQUEST, "The client left before its request was complete") from None
    return b"".join(parts)
