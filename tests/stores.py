"""Help for tests that talk to real SPARQL stores: Oxigraph's server and Virtuoso, on loopback."""

import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from conftest import missing
from serving import wait_until

VIRTUOSO = """\
[Database]
DatabaseFile = {folder}/v.db
ErrorLogFile = {folder}/v.log
LockFile = {folder}/v.lck
TransactionFile = {folder}/v.trx
xa_persistent_file = {folder}/v.pxa
FileExtend = 200
MaxCheckpointRemap = 2000
TempStorage = TempDatabase
[TempDatabase]
DatabaseFile = {folder}/t.db
TransactionFile = {folder}/t.trx
MaxCheckpointRemap = 2000
[Parameters]
ServerPort = 127.0.0.1:{sql}
DisableUnixSocket = 1
ServerThreads = 10
NumberOfBuffers = 20000
MaxDirtyBuffers = 15000
DirsAllowed = {folder}
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerThreads = 5
[SPARQL]
ResultSetMaxRows = 1000000
MaxQueryExecutionTime = 60
"""
"""160 MB of buffers, no other port than these two, both on loopback."""


@dataclass(frozen=True)
class Engine:
    """A running store: its query endpoint, its graph store, and what it wants to know of us."""

    name: str
    query: str
    graphs: str
    pid: int
    environment: dict[str, str] = field(default_factory=dict)


def port() -> int:
    """Find a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
    return found


@contextmanager
def oxigraph() -> Iterator[Engine]:
    """Run Oxigraph's server, in memory."""
    program = Path(sys.executable).parent / "oxigraph"
    if not program.is_file():
        missing("oxigraph")
    address = f"127.0.0.1:{port()}"
    with _running([str(program), "serve", "--bind", address], f"http://{address}/query") as pid:
        yield Engine("oxigraph", f"http://{address}/query", f"http://{address}/store", pid)


@contextmanager
def virtuoso(folder: Path) -> Iterator[Engine]:
    """Run Virtuoso in a folder."""
    program = shutil.which("virtuoso-t")
    if program is None:
        missing("virtuoso-t")
    http = port()
    (folder / "v.ini").write_text(VIRTUOSO.format(folder=folder, sql=port(), http=http), encoding="utf-8")
    base = f"http://127.0.0.1:{http}"
    with _running(
        [str(program), "+foreground", "+configfile", str(folder / "v.ini")], f"{base}/sparql"
    ) as pid:
        known = {"IOTKG_STORE_USER": "dba", "IOTKG_STORE_PASSWORD": "dba"}
        yield Engine("virtuoso", f"{base}/sparql", f"{base}/sparql-graph-crud-auth", pid, known)


@contextmanager
def _running(command: list[str], url: str) -> Iterator[int]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(_answering(url, process), f"{command[0]} starts", 120)
        assert process.poll() is None, command
        yield process.pid
    finally:
        process.kill()  # what it holds is a test's
        process.wait()


def _answering(url: str, process: subprocess.Popen[bytes]) -> Callable[[], bool]:
    def look() -> bool:
        try:
            return httpx.get(url, params={"query": "ASK {}"}, timeout=10).status_code == 200
        except httpx.TransportError:
            return process.poll() is not None

    return look
