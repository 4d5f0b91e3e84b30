"""Help for tests that talk to the real service: a release in a folder, and a server in a process of its own."""

import io
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPResponse
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import httpx

START = "from iotkg_api import server, settings; server.run(settings.from_environment())"
PATIENCE_S = 20.0
START_S = 90.0
"""What a busy machine may take to load the real release."""
GRAPH = "https://w3id.org/iotkg/graph/"
LONG_QUADS = "".join(
    f'<http://example.org/s{n}> <http://example.org/p{n % 5}> "value {n}" <{GRAPH}registry> .\n'
    for n in range(2000)
)
SMALL_QUADS = f"""\
<http://example.org/a> <http://example.org/name> "物联网"@zh <{GRAPH}registry> .
<http://example.org/a> <http://example.org/name> "two, \\"words\\"\\r\\nand\\ta tab" <{GRAPH}registry> .
<http://example.org/a> <http://example.org/size> "3"^^<http://www.w3.org/2001/XMLSchema#integer> <{GRAPH}doc/curated> .
<http://example.org/a> <http://example.org/knows> <http://example.org/b> <{GRAPH}doc/curated> .
<http://example.org/a> <http://example.org/knows> <http://example.org/b> <{GRAPH}doc/inferred> .
_:c14n0 <http://example.org/knows> <http://example.org/a> <{GRAPH}ontology> .
<http://example.org/a> <http://example.org/note> "only outside" <{GRAPH}external> .
<http://example.org/a> <http://example.org/note> "only about" <{GRAPH}meta> .
"""
"""Seven facts in six graphs: one stands in two of them, two are apart from the default view."""


def write_release(dist: Path, quads: str = SMALL_QUADS) -> Path:
    """Write a release with a manifest to an existing or new folder."""
    dist.mkdir(parents=True, exist_ok=True)
    data = quads.encode()
    counts: dict[str, int] = {}
    for line in quads.splitlines():
        name = line.removesuffix(" .").rpartition(" ")[2].strip("<>")
        counts[name] = counts.get(name, 0) + 1
    digest = sha256(data).hexdigest()
    manifest = {
        "release": digest,
        "files": {"iotkg.nq": {"sha256": digest, "bytes": len(data)}},
        "graphs": counts,
    }
    (dist / "iotkg.nq").write_bytes(data)
    (dist / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return dist


@dataclass(frozen=True, slots=True)
class Server:
    """A running service."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def sparql(self) -> str:
        """Address of the endpoint."""
        return f"{self.url}/sparql"

    def ask(self, query: str, **options: object) -> httpx.Response:
        """Send a query by GET."""
        return httpx.get(self.sparql, params={"query": query}, timeout=PATIENCE_S, **options)

    def health(self) -> dict[str, object]:
        """Say how the workers are."""
        return httpx.get(f"{self.url}/health/ready", timeout=PATIENCE_S).json()


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer as it stood on the wire; header names in small letters, several lines of one joined by commas."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, object]:
        """Read the body as JSON."""
        return json.loads(self.body)


class Wire:
    """A connection on which bytes are sent as they are: what a client library would tidy arrives untidied."""

    def __init__(self, server: Server) -> None:
        address = urlsplit(server.url)
        self._sock = socket.create_connection((address.hostname, address.port), timeout=PATIENCE_S)
        self._reader = _Kept(self._sock.makefile("rb", buffering=0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # the server has left first
            self._sock.shutdown(socket.SHUT_RDWR)  # the reader would keep the connection open
        self._sock.close()

    def send(self, request: bytes) -> None:
        """Send bytes; the server may have refused the request before it has read them all."""
        with suppress(ConnectionError):
            self._sock.sendall(request)

    def answer(self, method: str = "GET") -> Raw:
        """Read the next answer, to a request with such a method; interim ones (1xx) are passed over."""
        answer = HTTPResponse(self, method=method)
        answer.begin()
        headers: dict[str, str] = {}
        for name, value in answer.getheaders():
            headers[name.lower()] = ", ".join(filter(None, (headers.get(name.lower()), value)))
        return Raw(answer.status, headers, answer.read())

    def closed(self) -> bool:
        """Say whether the server has closed the connection, waiting for it to say anything at all."""
        try:
            return self._reader.read(1) == b""
        except ConnectionError:
            return True

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Give http.client the reader that all answers share."""
        return self._reader


class _Kept(io.BufferedReader):
    """A reader that http.client does not close when it has read one answer."""

    def close(self) -> None:
        """Stay open: the connection closes it."""


def exchange(server: Server, request: bytes, method: str = "GET") -> Raw:
    """Send bytes on a connection of their own, and give the answer."""
    with Wire(server) as wire:
        wire.send(request)
        return wire.answer(method)


@contextmanager
def serve(dist: Path, log: Path, **settings: object) -> Iterator[Server]:
    """Run the service on a free loopback port, and stop it as an operator would.

    ``settings`` are those of ``iotkg_api.settings``, such as ``deadline_s=1``.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = {"dist": dist, "host": "127.0.0.1", "port": port, **settings}
    environment = {key: value for key, value in os.environ.items() if not key.startswith("IOTKG_")}
    environment |= {f"IOTKG_{name.upper()}": str(value) for name, value in given.items()}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", START], env=environment, stdout=output, stderr=output
        )
    server = Server(f"http://127.0.0.1:{port}", process, log)
    try:
        wait_until(lambda: process.poll() is not None or answers(server), "the service starts", START_S)
        assert process.poll() is None, log.read_text()
        yield server
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def answers(server: Server) -> bool:
    """Say whether a service is ready."""
    try:
        return httpx.get(f"{server.url}/health/ready", timeout=PATIENCE_S).status_code == 200
    except httpx.TransportError:
        return False


def wait_until(condition: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait until something holds, for a bounded time."""
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end, f"waited {patience_s:g} s in vain until {what}"
        time.sleep(0.01)


def running(pid: int) -> bool:
    """Say whether a process runs; one that has ended and awaits its parent does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def children(pid: int) -> set[int]:
    """Give the processes that a process started (Linux)."""
    return {child for child, parent in _parents().items() if parent == pid}


def descendants(pid: int) -> set[int]:
    """Give the processes below a process (Linux)."""
    parents = _parents()
    found: set[int] = set()
    level = {pid}
    while level:
        level = {child for child, parent in parents.items() if parent in level} - found
        found |= level
    return found


def _parents() -> dict[int, int]:
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            status = path.read_text(encoding="ascii", errors="replace")
        except OSError:
            continue
        parents[int(path.parent.name)] = int(status.rpartition(")")[2].split()[1])
    return parents
