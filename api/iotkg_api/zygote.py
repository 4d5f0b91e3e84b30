"""The parent of the query workers: loads the release once, then forks a worker whenever it is told to.

``python -m iotkg_api.zygote CONTROL DATASET FIRST SHA256 MEMORY RESULT ROWS`` (three file descriptors, a hash, two
numbers of bytes, one of rows). It has one thread, so forking is safe, and imports neither FastAPI nor rdflib. Orders
come over the control socket, each answered in turn: ``SPAWN`` with a socket for the new worker, ``REAP`` to end a
worker and learn how it ended. When the control socket closes, it ends all its workers and itself.

FIRST, unless it is -1, is a socket for a worker that is there as soon as the default view is loaded, and ends when the
graphs are. While it loads, it looks at no socket: whoever wants to end it then has to kill it.

A worker answers one query at a time over its socket. It holds no other file and can open none, its memory is
limited, and it dies with its parent (Linux).
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import resource
import signal
import socket
import struct
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, NoReturn

from pyoxigraph import Store

from iotkg.errors import IotkgError
from iotkg.store import load_graphs, load_view
from iotkg_api import logs, wire
from iotkg_api.evaluation import Query, evaluate

_LOG: Final = logging.getLogger(__name__)

ORDER: Final = struct.Struct("!cQ")
"""What is wanted, and the process it concerns."""
NOTICE: Final = struct.Struct("!Qi")
"""The process, and its exit code as ``subprocess`` gives it: minus the signal where one ended it."""
SPAWN: Final = b"S"
REAP: Final = b"R"
EXIT_MEMORY: Final = 3
"""Exit code of a worker whose Python code ran out of memory; the engine's aborts (SIGABRT)."""

_WORKER_SOCKET: Final = 3
_EXIT_FAULT: Final = 70
_MAX_GROWTH: Final = 4
"""A worker that has grown by one part in so many of its limit is replaced after its answer."""
_FIRST_CPU_S: Final = 5
"""What the first worker may use in all: a query that it is asked no more about would else compete with the loading."""
_PR_SET_PDEATHSIG: Final = 1


def main(arguments: list[str]) -> int:
    """Load the release and serve orders until the control socket closes."""
    control_fd, dataset_fd, first_fd = map(int, arguments[:3])
    expected = arguments[3]
    memory, result, rows = map(int, arguments[4:])
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # a terminal's or a container's stop is our parent's to handle
        signal.signal(number, signal.SIG_IGN)
    parent = os.getppid()
    _die_with_parent(parent)
    _fill_standard_files()
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    logs.plain(
        sys.stdout
    )  # a worker's standard error is for what the engine says when it aborts, and leads nowhere
    with os.fdopen(dataset_fd, "rb") as file:
        file.seek(0)
        data = file.read()
    with socket.socket(fileno=control_fd) as control:
        try:
            orders = _Orders(control, load_view(data, expected), memory, result, rows)
            orders.load(data, first_fd)
        except IotkgError as error:
            _LOG.error("the query workers have no release", extra={"fault": str(error)})
            return _EXIT_FAULT
        del data
        gc.collect()
        gc.freeze()
        orders.serve()
    return 0


class _Orders:
    """The control socket's side of the zygote."""

    def __init__(self, control: socket.socket, store: Store, memory: int, result: int, rows: int) -> None:
        self._control = control
        self._store = store
        self._known: frozenset[str] = frozenset()
        self._memory = memory
        self._limits = (result, rows)
        self._children: set[int] = set()

    def load(self, data: bytes, first_fd: int) -> None:
        """Load the graphs; a first worker answers over the default view meanwhile."""
        first = self._spawn([first_fd], _FIRST_CPU_S) if first_fd >= 0 else 0
        try:
            load_graphs(self._store, data)
        finally:
            self._reap(first)
        self._known = frozenset(name.value for name in self._store.named_graphs())

    def serve(self) -> None:
        """Say that we are ready, then obey until the socket closes."""
        with suppress(ConnectionError):
            self._control.sendall(NOTICE.pack(os.getpid(), 0))
            while True:
                order, fds = self._next()
                if len(order) < ORDER.size:
                    break
                kind, pid = ORDER.unpack(order)
                notice = (self._spawn(fds), 0) if kind == SPAWN else (pid, self._reap(pid))
                self._control.sendall(NOTICE.pack(*notice))
        for pid in list(self._children):
            self._reap(pid)

    def _next(self) -> tuple[bytes, list[int]]:
        order = b""
        fds: list[int] = []
        while len(order) < ORDER.size:
            part, new, _, _ = socket.recv_fds(self._control, ORDER.size - len(order), 1)
            if not part:
                break
            order, fds = order + part, fds + new
        return order, fds

    def _spawn(self, fds: list[int], cpu_s: int = 0) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._be_worker(fds[0], parent, cpu_s)
        for fd in fds:
            os.close(fd)
        self._children.add(pid)
        return pid

    def _reap(self, pid: int) -> int:
        """End a child; a child stays ours until we wait for it, so its number cannot mean another process."""
        if pid not in self._children:
            return 0
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        self._children.discard(pid)
        return os.waitstatus_to_exitcode(status)

    def _be_worker(self, fd: int, parent: int, cpu_s: int) -> NoReturn:
        """Turn this process into a worker; it never returns into the zygote's code.

        It ends after so many seconds of processor time; 0 is without end.
        """
        code = _EXIT_FAULT
        try:
            _die_with_parent(parent)
            _confine(fd, self._memory)
            if cpu_s:
                resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
            work(socket.socket(fileno=_WORKER_SOCKET), self._store, self._known, self._memory, self._limits)
            code = 0
        except MemoryError:
            code = EXIT_MEMORY
        except BaseException:  # noqa: BLE001  # the outermost handler of a process
            _LOG.critical("a query worker failed", exc_info=True)
        finally:
            os._exit(code)


def work(
    connection: socket.socket, store: Store, known: frozenset[str], memory: int, limits: tuple[int, int]
) -> None:
    """Answer queries until the connection closes."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    while (frame := _read(connection)) is not None:
        reply = evaluate(store, known, Query.from_frame(*frame), *limits)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit
        if grown > memory // _MAX_GROWTH:
            reply = replace(reply, retire=True)
        connection.sendall(reply.frame())


def _read(connection: socket.socket) -> tuple[bytes, bytes] | None:
    """Read the head and the body of a frame, mostly in one piece; None when the connection closes first."""
    frame = b""
    while part := connection.recv(wire.PIECE):
        frame += part
        if len(frame) < wire.LENGTHS.size:
            continue
        head, body = wire.LENGTHS.unpack_from(frame)
        start = wire.LENGTHS.size + head
        if len(frame) >= start + body:
            return frame[wire.LENGTHS.size : start], frame[start:]
    return None


def _confine(fd: int, memory: int) -> None:
    """Keep only the standard files and our socket, and limit memory, core dumps and files."""
    os.dup2(fd, _WORKER_SOCKET)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stderr.fileno())
    size = _address_space()
    os.closerange(_WORKER_SOCKET + 1, max(fd, nowhere, os.sysconf("SC_OPEN_MAX")) + 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if size:
        resource.setrlimit(resource.RLIMIT_AS, (size + memory, size + memory))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_WORKER_SOCKET + 1, _WORKER_SOCKET + 1))


def _address_space() -> int:
    """Give the bytes of address space in use; 0 where the platform does not say."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _die_with_parent(parent: int) -> None:
    """Ask for SIGKILL when the parent dies; Linux alone knows how."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(_EXIT_FAULT)


def _fill_standard_files() -> None:
    """Make sure that 0, 1 and 2 are open, so that a worker's limit leaves no number free."""
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:  # noqa: PLR2004  # standard error
        pass
    os.close(fd)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
