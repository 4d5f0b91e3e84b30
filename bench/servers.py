"""The servers that are compared: each started on the same data, on a free port, and ended."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import httpx
import pyoxigraph as ox

from iotkg.store import MANIFEST, QUADS, load, read_manifest

_PATIENCE_S = 1800.0
_BIN = Path(sys.executable).parent


@dataclass(slots=True)
class Server:
    """A server that was started at a time, and where it answers."""

    url: str
    endpoint: str
    process: subprocess.Popen[bytes]
    began: float = field(default_factory=time.perf_counter)

    def wait(self, query: str) -> float:
        """Wait for the first answer to a query; give the seconds since the start."""
        with httpx.Client(timeout=_PATIENCE_S) as client:
            while True:
                if self.process.poll() is not None:
                    raise SystemExit(f"{self.process.args!r} ended with {self.process.returncode}")
                try:
                    answer = client.get(f"{self.url}{self.endpoint}", params={"query": query})
                    if answer.status_code == httpx.codes.OK:
                        return time.perf_counter() - self.began
                except httpx.TransportError:
                    pass
                if time.perf_counter() - self.began > _PATIENCE_S:
                    raise SystemExit(f"{self.process.args!r} does not answer")
                time.sleep(0.005)

    def wait_for_pages(self) -> None:
        """Wait until the pages and the search index are there, which are made while queries are answered already."""
        httpx.get(self.url, timeout=_PATIENCE_S).raise_for_status()
        httpx.get(f"{self.url}/search", params={"q": "x"}, timeout=_PATIENCE_S).raise_for_status()

    def memory(self) -> float:
        """Give the memory of the server's processes in MB, shared pages once."""
        return sum(map(_proportional, _tree(self.process.pid))) / 1e6


@contextmanager
def _running(command: list[str], endpoint: str, port: int, **environment: str) -> Iterator[Server]:
    process = subprocess.Popen(  # noqa: S603  # our own commands
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield Server(f"http://127.0.0.1:{port}", endpoint, process)
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def ours(dist: Path, **settings: float) -> Iterator[Server]:
    """Run our service on a release."""
    port = _free_port()
    given = {f"IOTKG_{name.upper()}": str(value) for name, value in settings.items()}
    with _running(
        [str(_BIN / "iotkg"), "serve", "--port", str(port)], "/sparql", port, IOTKG_DIST=str(dist), **given
    ) as server:
        yield server


@contextmanager
def oxigraph(data: Path) -> Iterator[Server]:
    """Run Oxigraph's server in memory; its start is that of an empty one, and its data is sent to it."""
    port = _free_port()
    command = [str(_BIN / "oxigraph"), "serve", "--bind", f"127.0.0.1:{port}"]
    with _running(command, "/query", port) as server:
        server.wait("ASK {}")
        with data.open("rb") as file:
            httpx.post(
                f"{server.url}/store",
                content=file,
                headers={"Content-Type": "application/n-quads"},
                timeout=_PATIENCE_S,
            ).raise_for_status()
        yield server


@contextmanager
def plain(data: Path) -> Iterator[Server]:
    """Run the service one would write first."""
    port = _free_port()
    with _running([sys.executable, "-m", "bench.plain", str(data), str(port)], "/sparql", port) as server:
        yield server


@contextmanager
def rdflib_endpoint(python: Path, data: Path) -> Iterator[Server]:
    """Run rdflib-endpoint."""
    port = _free_port()
    command = [str(python.parent / "rdflib-endpoint"), "serve", "--host", "127.0.0.1", "--port", str(port)]
    with _running([*command, str(data)], "/", port) as server:
        yield server


@contextmanager
def datasette(command: Path, data: Path) -> Iterator[Server]:
    """Run Datasette on an SQLite file that does not change."""
    port = _free_port()
    arguments = [str(command), "serve", "--immutable", str(data), "--host", "127.0.0.1", "--port", str(port)]
    with _running(arguments, "/-/versions.json", port) as server:
        yield server


def folded(dist: Path, times: int, folder: Path) -> Path:
    """Give the release, or one with the graph several times over, each time with documents of another name."""
    if times == 1:
        return dist.resolve()
    made = folder / "dist"
    shutil.copytree(dist / "queries", made / "queries")
    quads = (dist / QUADS).read_bytes()
    moving = [line for line in quads.splitlines(keepends=True) if b"/iot-2013" in line.partition(b" ")[0]]
    with (made / QUADS).open("wb") as file:
        file.write(quads)
        for number in range(1, times):
            mark = b"/iot-%d" % (2013 + number * 10)
            file.writelines(line.replace(b"/iot-2013", mark) for line in moving)
    manifest = json.loads((dist / MANIFEST).read_bytes())
    data = (made / QUADS).read_bytes()
    manifest["release"] = digest = sha256(data).hexdigest()
    manifest["files"] = {
        name: about for name, about in manifest["files"].items() if name.startswith("queries/")
    }
    manifest["files"][QUADS] = {"bytes": len(data), "sha256": digest}
    (made / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return made


def whole(release: Path, folder: Path) -> Path:
    """Write what a release's store holds, the default graph too, so that every server has the same."""
    file = folder / "whole.nq"
    store = load((release / QUADS).read_bytes(), read_manifest(release)["files"][QUADS]["sha256"])
    store.dump(file, ox.RdfFormat.N_QUADS)
    return file


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _tree(pid: int) -> list[int]:
    """Give a process and all below it (Linux)."""
    found = [pid]
    for parent in found:
        for path in Path(f"/proc/{parent}/task").glob("*/children"):
            found += map(int, path.read_text(encoding="ascii").split())
    return found


def _proportional(pid: int) -> int:
    """Give a process's proportional set size in bytes (Linux)."""
    try:
        said = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:  # it has ended meanwhile
        return 0
    return next(int(line.split()[1]) * 1024 for line in said.splitlines() if line.startswith("Pss:"))
