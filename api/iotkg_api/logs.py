"""The log: one JSON object in each line of standard error.

``time`` (UTC), ``level``, ``event`` (a fixed sentence), ``request`` where one is being answered, and what else is
known of the event. A log that cannot be written, because the disk is full or nobody reads the pipe, loses lines and
stops nothing.
"""

from __future__ import annotations

import json
import logging
import queue
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from typing import Final, TextIO

PATH_SHOWN: Final = 200
"""Characters of a path that a line of the log has."""

REQUEST: Final[ContextVar[str]] = ContextVar("request", default="")
"""The identifier of the request that is being answered here."""

_LINES: Final = 10_000
"""Lines that may wait to be written; further ones are lost."""
_LAST_S: Final = 1.0
"""Seconds that the last lines get when the service stops."""
_OURS: Final = frozenset({"message", "asctime", "color_message", "taskName"}) | frozenset(
    vars(logging.makeLogRecord({}))
)


class JsonFormatter(logging.Formatter):
    """Writes a record, with all that was given as ``extra``, as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line, without its end."""
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        request = REQUEST.get()
        if request:
            entry["request"] = request
        entry.update((name, value) for name, value in vars(record).items() if name not in _OURS)
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


class _Handler(QueueHandler):
    """Hands lines over to the thread that writes them."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """Lose the line: there is nowhere to say so."""


def plain(stream: TextIO) -> None:
    """Log in this process without a thread, as one that forks must."""
    logging.raiseExceptions = False
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


@contextmanager
def threaded() -> Iterator[None]:
    """Log from a thread of its own while this lasts, so that a reader who hangs holds up nobody."""
    logging.raiseExceptions = False
    waiting: queue.Queue[logging.LogRecord] = queue.Queue(_LINES)
    handler = _Handler(waiting)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    writing = QueueListener(waiting, logging.StreamHandler(sys.stderr))
    writing.start()
    try:
        yield
    finally:
        stopping = threading.Thread(target=writing.stop, daemon=True)
        stopping.start()
        stopping.join(_LAST_S)
