"""The release as files: a list for people, the files themselves, and the description of the data set."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.types import Message, Receive, Scope, Send

from iotkg.store import MANIFEST, QUADS, Manifest
from iotkg_api import negotiation, operations
from iotkg_api.coding import compressed
from iotkg_api.pages import Page, conditional, language_of, render
from iotkg_api.problems import Kind, Problem
from iotkg_api.resources import failure

TYPES: Final = {
    ".nq": "application/n-quads",
    ".ttl": "text/turtle; charset=utf-8",
    ".jsonld": "application/ld+json",
    ".json": "application/json",
    ".rq": "application/sparql-query",
    ".csv": "text/csv; charset=utf-8",
    ".tsv": "text/tab-separated-values; charset=utf-8",
}
"""What a file of a release is, by its suffix."""

_CACHE: Final = "public, no-cache, must-revalidate"
"""Not the words of a frozen answer: a file has an ETag and a way of its own, and would fill the cache of answers."""

_ETAG_LENGTH: Final = 32
_NO_PART: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE})
"""How a range that cannot be read, or is not in the file, is refused by Starlette."""
_MAIN: Final = (QUADS, "iotkg.ttl", "iotkg.jsonld", "void.ttl", "places.tsv")


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A file of the release: what it is called, what it is, and how to know it."""

    name: str
    type: str
    bytes: int
    sha256: str

    @property
    def folder(self) -> str:
        """The folder it is in; empty for the release's own."""
        return self.name.rpartition("/")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class DumpsPage:
    """The list of files, ``/dumps``."""

    main: tuple[File, ...]
    folders: tuple[tuple[str, tuple[File, ...]], ...]
    graphs: tuple[tuple[str, int], ...]
    release: str


def listed(request: Request) -> Response:
    """Answer the list of the release's files."""
    files = _files(request)
    manifest: Manifest = request.app.state.release
    names = dict.fromkeys((*_MAIN, *files))
    folders = dict.fromkeys(file.folder for file in files.values() if file.folder)
    context = DumpsPage(
        main=tuple(files[name] for name in names if name in files and not files[name].folder),
        folders=tuple((it, tuple(file for file in files.values() if file.folder == it)) for it in folders),
        graphs=tuple(sorted(manifest["graphs"].items())),
        release=manifest["release"],
    )
    return render(request, "dumps.html", context)


async def dump(request: Request) -> Response:
    """Answer a file of the release, or a part of it; only what the manifest names, and the manifest."""
    return await _file(request, request.path_params["name"])


async def void(request: Request) -> Response:
    """Answer the description of the data set (VoID, DCAT)."""
    return await _file(request, "void.ttl")


async def _file(request: Request, name: str) -> Response:
    if name == MANIFEST:
        path = request.app.state.settings.dist / MANIFEST
        return conditional(
            request, Response(await asyncio.to_thread(path.read_bytes), media_type=TYPES[".json"])
        )
    file = _files(request).get(name)
    path = request.app.state.settings.dist / name
    if file is None or not path.is_file():
        detail = Page(request, language_of(request)).say("dumps-unknown", name=name[:80])
        return failure(request, Kind.NOT_FOUND, detail)
    accepted = request.headers.getlist("accept-encoding")
    if request.method != "GET" or not request.headers.get("range", "").lower().startswith("bytes="):
        # there is nothing else to give a part of (RFC 9110, section 14.2)
        request.scope["headers"] = [pair for pair in request.scope["headers"] if pair[0] != b"range"]
    packs = "range" not in Headers(scope=request.scope) and negotiation.coding(accepted) == "gzip"
    tag = f'"{file.sha256[:_ETAG_LENGTH]}{"-gzip" if packs else ""}"'
    headers = {
        "ETag": tag,
        "Cache-Control": _CACHE,
        "Vary": "Accept-Encoding",
        "Repr-Digest": f"sha-256=:{_base64(file.sha256)}:",
        "Content-Type": file.type,
    }
    if packs:
        del headers["Repr-Digest"]  # that of the file as it is
    known = request.headers.getlist("if-none-match")
    if negotiation.names(known, tag) or negotiation.names_any(known):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    packed = await _packed(request, name) if packs else None
    if packed is not None:
        return Response(packed, headers={**headers, "Content-Encoding": "gzip"})
    return _Parts(path, file.bytes, headers)


class _Parts(FileResponse):
    """A file, or the parts of it that are asked for; what it has not is a problem like any other."""

    def __init__(self, path: Path, size: int, headers: Mapping[str, str]) -> None:
        super().__init__(path, headers=headers)
        self._size = size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in _NO_PART:
                size = self._size
                asked = Headers(scope=scope)["range"]
                detail = (
                    f"Range is {asked[:80]!r}; the file has {size:,} bytes, so write it as bytes=0-{size - 1}"
                )
                raise Problem(Kind.NO_SUCH_PART, detail, {"Content-Range": f"bytes */{size}"})
            await send(message)

        await super().__call__(scope, receive, sending)


async def _packed(request: Request, name: str) -> bytes | None:
    """Compress a file once; what a release has, compressed, is a few megabytes."""
    state = request.app.state
    if getattr(state, "packed", None) is None:
        state.packed = {}
    if name not in state.packed:
        state.packed[name] = asyncio.create_task(_pack(state.settings.dist / name))
    task: asyncio.Task[bytes | None] = state.packed[name]
    try:
        return await asyncio.shield(task)
    finally:
        if task.done() and (task.cancelled() or task.exception() is not None):
            state.packed.pop(name, None)  # the next one tries again


async def _pack(path: Path) -> bytes | None:
    return await compressed(await asyncio.to_thread(path.read_bytes))


def _base64(digits: str) -> str:
    return b64encode(bytes.fromhex(digits)).decode()


def _files(request: Request) -> dict[str, File]:
    manifest: Manifest = request.app.state.release
    return {
        name: File(
            name=name,
            type=TYPES.get(f".{name.rpartition('.')[2]}", "application/octet-stream"),
            bytes=about["bytes"],
            sha256=about["sha256"],
        )
        for name, about in sorted(manifest["files"].items())
    }


_ROBOTS: Final = """\
User-agent: *
Disallow: /sparql
Disallow: /explain
Disallow: /search
Disallow: /metrics
Allow: /
"""


def robots(request: Request) -> Response:
    """Tell crawlers what to leave alone: what is computed for each question."""
    return conditional(request, Response(_ROBOTS, media_type="text/plain; charset=utf-8"))


def favicon(request: Request) -> Response:
    """Send to the icon, for clients that read no page."""
    return RedirectResponse(Page(request, "en").url("/static/icon.svg"), 308)


router = APIRouter()
router.add_route("/dumps", listed, include_in_schema=False)
router.add_route("/dumps/{name:path}", dump, include_in_schema=False)
router.add_route("/.well-known/void", void, include_in_schema=False)
router.add_route("/robots.txt", robots, include_in_schema=False)
router.add_route("/favicon.ico", favicon, include_in_schema=False)

PATHS: Final[dict[str, Any]] = {
    "/dumps": {
        "get": {
            "summary": "List the files of the release / 列出发布版本的文件",
            "operationId": "dumps",
            "tags": ["Release"],
            "responses": {
                "200": {
                    "description": "Each file's type, size and SHA-256",
                    "content": operations.bodies("text/html"),
                }
            },
        }
    },
    "/dumps/{name}": {
        "get": {
            "summary": "Download a file of the release / 下载发布版本的文件",
            "description": "Whole, compressed, or a part of it (Range). The manifest lists names, sizes and hashes.",
            "operationId": "dump",
            "tags": ["Release"],
            "parameters": [
                {
                    "name": "name",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string"},
                    "description": "As the manifest has it",
                    "example": MANIFEST,
                }
            ],
            "responses": {
                "200": {
                    "description": "The file",
                    "content": operations.bodies(*(kind.partition(";")[0] for kind in TYPES.values())),
                },
                "206": {"description": "The part asked for"},
                "404": {"description": "The release has no such file"},
                "416": {"description": "The file has no such part"},
            },
        }
    },
    "/.well-known/void": {
        "get": {
            "summary": "Describe the data set (VoID, DCAT) / 数据集描述",
            "operationId": "void",
            "tags": ["Release"],
            "responses": {
                "200": {
                    "description": "The description",
                    "content": operations.bodies("text/turtle"),
                }
            },
        }
    },
}
"""OpenAPI path items of these routes."""
