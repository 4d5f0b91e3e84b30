"""``/metrics``: what the service does and how it is, in the words of Prometheus (or OpenMetrics, when asked).

What is counted survives a change of release. What only has to be looked at (workers, queue, cache) is looked at when
somebody asks.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from iotkg_api import operations

_BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_ROUTE: Final = re.compile(r"/[\w.-]{0,40}(?:/|\Z)", re.ASCII)
_MAX_ROUTES: Final = 64
_OTHER: Final = "other"


@runtime_checkable
class CacheFigures(Protocol):
    """What a cache of answers says of itself: put it on ``app.state.cache``, and it is in the metrics."""

    hits: int
    misses: int
    bytes: int


class Metrics:
    """The counters of one process, and what else its metrics tell."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second line for each, which nothing here needs
        self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "iotkg_request_seconds",
            "Time from a request's head to the end of its answer",
            ["route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._wait = Histogram(
            "iotkg_queue_wait_seconds",
            "Time a query waited for a worker",
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._ended = Counter(
            "iotkg_workers_ended",
            "Query workers ended or lost, by reason",
            ["reason"],
            registry=self.registry,
        )
        self._routes: set[str] = set()
        self._times: dict[str, Histogram] = {}
        self._requests: dict[tuple[str, int], int] = {}  # plain numbers: every request pays for these
        self._sent = 0
        self.add(self._figures)
        ProcessCollector(registry=self.registry)

    def answered(self, path: str, status: int, seconds: float, sent: int) -> None:
        """Count an answer; its route is the first part of its path, once that has been answered well."""
        route = self.route(path, status)
        key = (route, status)
        self._requests[key] = self._requests.get(key, 0) + 1
        times = self._times.get(route)
        if times is None:
            times = self._times[route] = self._seconds.labels(route)
        times.observe(seconds)
        self._sent += sent

    def _figures(self) -> Iterator[Metric]:
        requests = CounterMetricFamily("iotkg_requests", "Requests answered", labels=["route", "status"])
        for (route, status), count in self._requests.items():
            requests.add_metric([route, str(status)], count)
        yield requests
        yield CounterMetricFamily("iotkg_answer_bytes", "Bytes of the answers' bodies", value=self._sent)

    def route(self, path: str, status: int) -> str:
        """Name a request's route; there are never more than a few names, whatever clients ask for."""
        name = "/" + path[1:].partition("/")[0]
        if name in self._routes:
            return name
        there_is_one = (
            status < HTTPStatus.BAD_REQUEST and status != HTTPStatus.NO_CONTENT and _ROUTE.match(path)
        )
        if there_is_one and len(self._routes) < _MAX_ROUTES:
            self._routes.add(name)
            return name
        return _OTHER

    def waited(self, seconds: float) -> None:
        """Count a query that got its worker, or gave up waiting for one."""
        self._wait.observe(seconds)

    def ended(self, reason: str) -> None:
        """Count a worker that was ended or lost."""
        self._ended.labels(reason).inc()

    def add(self, look: Callable[[], Iterable[Metric]]) -> None:
        """Have something looked at each time somebody asks."""
        self.registry.register(_Look(look))


class _Look(Collector):
    def __init__(self, look: Callable[[], Iterable[Metric]]) -> None:
        self._look = look

    def collect(self) -> Iterable[Metric]:
        """Look."""
        return self._look()

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand: what can be seen depends on the moment."""
        return ()


def gauge(name: str, about: str, value: float) -> Metric:
    """Give one figure that goes up and down."""
    return GaugeMetricFamily(name, about, value=value)


def counts(name: str, about: str, label: str, values: Mapping[str, int]) -> Metric:
    """Give figures that only grow, by a label."""
    family = CounterMetricFamily(name, about, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family


def of_application(state: Any) -> Iterator[Metric]:
    """Tell of the release that is served, its workers and its cache."""
    yield InfoMetricFamily(
        "iotkg_release", "The release that is served", {"release": state.release["release"]}
    )
    pool = state.pool
    workers = GaugeMetricFamily("iotkg_workers", "Query workers that live, by what they do", labels=["state"])
    workers.add_metric(["idle"], pool.idle)
    workers.add_metric(["busy"], pool.alive - pool.idle)
    yield workers
    yield gauge("iotkg_queue_length", "Queries that wait for a worker", pool.waiting)
    yield gauge("iotkg_long_queries", "Queries under way that are no longer quick", pool.long)
    yield gauge("iotkg_workers_memory_bytes", "Resident memory of the query workers", _memory(pool.pids))
    cache = getattr(state, "cache", None)
    if isinstance(cache, CacheFigures):
        lookups = {"hit": cache.hits, "miss": cache.misses}
        yield counts("iotkg_cache_lookups", "Requests looked up in the cache of answers", "result", lookups)
        yield gauge("iotkg_cache_bytes", "Bytes that the cache of answers holds", cache.bytes)


def _memory(pids: Iterable[int]) -> int:
    """Add up what processes hold in memory (Linux); shared pages count for each."""
    pages = 0
    for pid in pids:
        try:
            pages += int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
        except (OSError, IndexError):
            continue
    return pages * os.sysconf("SC_PAGE_SIZE")


def metrics(request: Request) -> Response:
    """Answer with all figures, in the format asked for."""
    found: Metrics = request.app.state.metrics
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    content = encode(found.registry)
    return Response(
        content, headers={"Content-Type": content_type, "Cache-Control": "no-store", "Vary": "Accept"}
    )


router: Final = Router()
router.add_route("/metrics", metrics, include_in_schema=False)

PATHS: Final[dict[str, Any]] = {
    "/metrics": {
        "get": {
            "summary": "What the service does, for Prometheus",
            "operationId": "metrics",
            "tags": ["Health"],
            "responses": {
                "200": {
                    "description": "All figures",
                    "content": operations.bodies("text/plain", "application/openmetrics-text"),
                }
            },
        }
    }
}
"""OpenAPI path items of this module's routes."""
