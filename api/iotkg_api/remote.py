"""Users' queries to a store elsewhere: held to the same rules, and answered in the same types.

Takes the place of the pool of workers, which a service without data of its own does not need. The store is asked in
one format for tables and one for graphs; what the client wants is written here, so that an answer is known to be
whole, and of its type, before any of it is sent.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Final

from pyoxigraph import QueryTriples, RdfFormat, Store

from iotkg import guard
from iotkg.endpoint import Limits, RemoteStore
from iotkg.errors import InputError, RemoteTooSlow
from iotkg.probing import Probed
from iotkg.published import NOWHERE, check, default_graph, in_default
from iotkg.store import Manifest, Source
from iotkg.transport import Credentials
from iotkg_api import faults
from iotkg_api.endings import Busy
from iotkg_api.evaluation import Admitted, Outcome, Query, Reply, admit, answer, shortened, syntax
from iotkg_api.serializing import Results
from iotkg_api.settings import Settings

_BESIDE: Final = 4
"""Queries under way at the store for each worker that there would be: it does the work, we wait."""
_GRACE_S: Final = 1.0
"""Seconds after the deadline in which the request itself should have ended."""
_GRAPHS: Final = frozenset({"CONSTRUCT", "DESCRIBE"})
_FORMS: Final = frozenset({"SELECT", "ASK"}) | _GRAPHS
_PLACED: Final = "error at "
"""How Oxigraph begins to say where a query does not parse."""


def join(settings: Settings, manifest: Manifest) -> tuple[Source, RemotePool]:
    """Serve a release that stands in a store elsewhere; its manifest and canned queries are still the folder's.

    Pages and canned queries that need what the store gets wrong are refused; a query of the user's own is the user's.

    Raises: InputError when the credentials are incomplete; RemoteError when the store does not answer, or does not
    hold the release.
    """
    whole = RemoteStore(
        settings.store,
        credentials=Credentials.of(os.environ),
        limits=Limits(deadline_s=settings.deadline_s, bytes=settings.result_bytes),
    )
    triples = check(whole, manifest["release"])
    source = whole.viewing(default_graph(manifest["release"]), sorted(manifest["graphs"]))
    pool = RemotePool(settings, manifest, source, triples)
    return Probed(source), pool


class RemotePool:
    """What ``workers.Pool`` is to a release in memory, to one in a store elsewhere."""

    pids: frozenset[int] = frozenset()
    long = 0
    ended = 0

    def __init__(self, settings: Settings, manifest: Manifest, source: RemoteStore, triples: int) -> None:
        self._settings = settings
        self._source = source
        self._known = frozenset(manifest["graphs"])
        viewed = [size for name, size in manifest["graphs"].items() if in_default(name)]
        self._disjoint = sum(viewed) == triples
        self.triples = triples
        self.alive = settings.workers * _BESIDE
        self.waiting = 0
        self._free = asyncio.Semaphore(self.alive)
        self._under_way = 0
        self._threads = ThreadPoolExecutor(self.alive, "store")
        """Of its own: those that asyncio has compress answers and read files too."""

    @property
    def idle(self) -> int:
        """Queries that could be asked at once."""
        return self.alive - self._under_way

    async def start(self) -> None:
        """Do nothing: there is nothing to start."""

    async def filled(self) -> None:
        """Return at once: it is as ready as it can be."""

    async def close(self) -> None:
        """Let go: what is under way ends at its deadline."""
        self._threads.shutdown(wait=False)

    def begin(self, _query: Query, _client: str = "") -> None:
        """Begin with nothing at once: there is a thread to wait for."""

    async def query(self, query: Query, _client: str = "", _begun: None = None) -> Reply:
        """Have a query answered by the store.

        Raises: Busy when too many are under way; RemoteTooSlow at the deadline; RemoteError.
        """
        admitted = admit(query, self._known)
        if isinstance(admitted, Reply):
            return admitted
        limit = self._settings.deadline_s
        if self.waiting >= self._settings.queue:
            raise Busy(f"{self.waiting} requests are waiting already")
        self.waiting += 1
        try:
            async with asyncio.timeout(limit):
                await self._free.acquire()
        except TimeoutError:
            raise Busy(f"The store did not get to the query within {limit:g} seconds") from None
        finally:
            self.waiting -= 1
        self._under_way += 1
        try:
            async with asyncio.timeout(limit + _GRACE_S):
                answering = partial(copy_context().run, self._answer, admitted)
                return await asyncio.get_running_loop().run_in_executor(self._threads, answering)
        except TimeoutError:
            raise RemoteTooSlow(f"{self._source.url} does not answer within {limit:g} seconds") from None
        finally:
            self._under_way -= 1
            self._free.release()

    def _answer(self, admitted: Admitted) -> Reply:
        text = admitted.query.text
        form = guard.form_of(text)
        if form not in _FORMS:
            return _misread(text, "there is no SELECT, ASK, CONSTRUCT or DESCRIBE")
        if len(admitted.default) > 1 and not self._disjoint:
            detail = (
                "Graphs of this release share triples, which the store would count twice; name one of them"
            )
            return Reply(outcome=Outcome.FAILED, detail=detail)
        found = partial(self._results, admitted, form)
        try:
            return answer(found, admitted, self._settings.result_bytes, self._settings.result_rows)
        except InputError as error:
            return _misread(text, str(error).removeprefix(f"{self._source.url} "))

    def _results(self, admitted: Admitted, form: str) -> Results:
        default, named = self._dataset(admitted)
        text = admitted.query.text
        if form not in _GRAPHS:
            return self._source.table(text, form, default, named)
        store = Store()
        store.load(self._source.graph(text, form, default, named), RdfFormat.N_TRIPLES)
        found = store.query("CONSTRUCT WHERE { ?s ?p ?o }")
        if not isinstance(found, QueryTriples):  # pragma: no cover - a CONSTRUCT gives triples
            raise TypeError(found)
        return found

    def _dataset(self, admitted: Admitted) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Name the graphs where the query does; where it does not, ``RemoteStore`` names those of the release."""
        if not admitted.default and not admitted.named:
            return (), ()
        return admitted.default or (NOWHERE,), admitted.named


def _misread(query: str, message: str) -> Reply:
    """Say why the store does not take a query: by the slip that the tokens show, else in its own words."""
    _, placed, place = message.partition(_PLACED)
    if faults.find(query) is not None or placed:
        return syntax(placed + place, query)
    return Reply(outcome=Outcome.SYNTAX, detail=shortened(message))
