"""The worker that is there before the others: over the default view, while the graphs are still being loaded.

It gives the answers that the others would give, for the default view does not change any more. A query that may ask for
graphs, or that takes long, is left to them, and so is what comes while it is busy: it has no line to wait in. It ends
when they come.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Final

from iotkg import guard
from iotkg_api.channels import Worker, WorkerLost
from iotkg_api.evaluation import Query, Reply

_HELLO: Final = Query(text="ASK {}", tables=("application/sparql-results+json",), graphs=())


class First:
    """A worker that answers one quick query at a time, until it is closed or fails."""

    def __init__(self, worker: Worker, result_bytes: int, quick_s: float) -> None:
        self._worker = worker
        self._result_bytes = result_bytes
        self._quick_s = quick_s
        self._busy = False

    @classmethod
    async def join(cls, connection: socket.socket, result_bytes: int, quick_s: float) -> First | None:
        """Wait until it is there; None if it does not come."""
        connection.setblocking(False)
        worker = Worker()
        await asyncio.get_running_loop().create_connection(lambda: worker, sock=connection)
        with suppress(WorkerLost):
            await worker.ask(_HELLO.frame(), result_bytes)
            return cls(worker, result_bytes, quick_s)
        return None

    async def answer(self, query: Query) -> Reply | None:
        """Evaluate a query; None where that is for the other workers."""
        if self._busy or query.default_graphs or query.named_graphs or not guard.is_plain(query.text):
            return None
        self._busy = True
        try:
            async with asyncio.timeout(self._quick_s):
                return await self._worker.ask(query.frame(), self._result_bytes)
        except (TimeoutError, WorkerLost):
            self.close()
            return None
        except BaseException:
            self.close()  # its reply would be taken for that of the next query
            raise
        finally:
            self._busy = False

    def close(self) -> None:
        """Ask it nothing more; who waits for a reply gets none."""
        self._worker.close()
