"""The parent of the query workers, from its start until the web process knows it.

It loads the release, which takes longer than all else at the start, so it is started before all else is imported.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from typing import BinaryIO, Final

from iotkg.errors import InputError
from iotkg.store import QUADS, read_manifest
from iotkg_api.settings import Settings

_SMALL: Final = 1 << 28
"""The most bytes of N-Quads with which a first worker starts: while it is there, what is loaded is in memory twice."""


@dataclass(frozen=True, slots=True)
class Launched:
    """A process, the socket over which it takes orders, and the SHA-256 of the N-Quads that it loads.

    ``first`` leads to the worker that is there before the others, if there is to be one.
    """

    process: subprocess.Popen[bytes]
    control: socket.socket
    sha256: str
    first: socket.socket | None = None

    def close(self) -> None:
        """End it."""
        self.control.close()
        if self.first is not None:
            self.first.close()
        self.process.kill()
        self.process.wait()


def launch(file: BinaryIO, sha256: str, settings: Settings, *, first: bool = False) -> Launched:
    """Start a zygote on an open N-Quads file; with ``first``, one that has a worker before it has loaded all of it."""
    ours, theirs = socket.socketpair()
    asks, answers = socket.socketpair() if first else (None, None)
    fds = (theirs.fileno(), file.fileno(), -1 if answers is None else answers.fileno())
    limits = (settings.memory_bytes, settings.result_bytes, settings.result_rows)
    with theirs, answers or nullcontext():
        # Starting it from this thread matters: Linux ends it when the thread that started it ends.
        process = subprocess.Popen(  # noqa: S603  # arguments are numbers and a hash
            [sys.executable, "-m", "iotkg_api.zygote", *map(str, (*fds, sha256, *limits))],
            stdin=subprocess.DEVNULL,
            pass_fds=[fd for fd in fds if fd >= 0],
        )
    return Launched(process, ours, sha256, asks)


def launch_early(settings: Settings) -> Launched | None:
    """Start a zygote on the release that is to be served; None where that is in a store elsewhere.

    Raises: InputError when there is no release.
    """
    if settings.store:
        return None
    sha256, path = read_manifest(settings.dist)["files"][QUADS]["sha256"], settings.dist / QUADS
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); build the release again") from error
    with file:
        return launch(file, sha256, settings, first=path.stat().st_size <= _SMALL)
