"""How a query ends that has no reply."""

from __future__ import annotations

import signal

from iotkg.errors import EngineError
from iotkg_api import zygote


class TooSlow(EngineError):
    """A query was not answered within its deadline."""


class Busy(EngineError):
    """No worker became free in time, or too many requests wait already."""


class WorkerDied(EngineError):
    """The worker ended while it evaluated a query: out of memory, stack overflow, or killed."""


class Killed(WorkerDied):
    """A worker that ended for no reason of the query's that we know."""


class Moved(EngineError):
    """A query that became long on the worker kept for quick ones."""


def obituary(code: int | None) -> tuple[str, WorkerDied]:
    """Say how a worker ended, in a word and to its client: by its exit code, or minus the signal, or None."""
    if code in {-signal.SIGABRT, zygote.EXIT_MEMORY}:
        detail = (
            "The query needed more memory than one query may use; ask for less, or sort and group fewer rows"
        )
        return "memory", WorkerDied(detail)
    if code in {-signal.SIGSEGV, -signal.SIGBUS}:
        detail = "The query is nested too deeply or too long a chain for the engine; make it simpler"
        return "stack", WorkerDied(detail)
    return "died", Killed("The process that evaluated the query was ended; try again")
