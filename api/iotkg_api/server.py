"""The HTTP server: from a socket to the service, and from the settings to a running process."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import partial
from math import ceil
from typing import Final, cast

import uvicorn

from iotkg.store import read_manifest
from iotkg_api import logs
from iotkg_api.ahead import Ahead
from iotkg_api.application import create_app
from iotkg_api.connections import Server, Watch, allow_files
from iotkg_api.edge import HEADERS
from iotkg_api.editions import Editions
from iotkg_api.launching import Launched
from iotkg_api.limiting import Rate
from iotkg_api.metrics import Metrics
from iotkg_api.observing import Observed
from iotkg_api.outbox import Outbox
from iotkg_api.parsing import Connection
from iotkg_api.settings import Settings
from iotkg_api.shortcuts import Shortcuts

_LONG_ANSWERS: Final = 8
"""Answers of the greatest length that may be on their way at one time."""
_NOT_STARTED: Final = 3
"""Exit code when the release cannot be loaded or the address cannot be listened on."""


def run(settings: Settings, launched: Launched | None = None) -> None:
    """Serve until stopped by SIGINT or SIGTERM, finishing the requests under way.

    ``launched`` is the workers' parent (``launch_early``), if it was started beforehand.

    Raises: InputError when there is no release to serve.
    """
    read_manifest(settings.dist)
    allow_files(settings.connections)
    counters = Metrics()
    first = iter([launched])
    editions = Editions(settings, lambda: create_app(settings, counters, next(first, None)))
    watch = Watch(settings.patience_s, settings.connections)
    outbox = Outbox(_LONG_ANSWERS * settings.result_bytes)
    for figures in (editions.figures, watch.figures, outbox.figures):
        counters.add(figures)
    rate = Rate(settings.rate) if settings.rate else None
    # each request has its line in the log, or counts for its client: then none is answered without being read
    read_all = rate is not None or settings.access_log == "all"
    shortcuts = None if read_all else Shortcuts(lambda: editions.cache, counters)
    ahead = None if read_all else Ahead(editions, counters)
    if ahead is not None:
        counters.add(ahead.figures)
    config = uvicorn.Config(
        Observed(editions, counters, outbox, rate=rate, log=settings.access_log, headers=HEADERS),
        host=settings.host,
        port=settings.port,
        http=cast("type[Connection]", partial(Connection, shortcuts=shortcuts, ahead=ahead)),
        access_log=False,
        log_config=None,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=settings.proxies,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=ceil(settings.deadline_s) + 1,
    )
    server = Server(config, watch, editions.stop_loading)
    editions.on_broken = lambda: setattr(server, "should_exit", True)
    with logs.threaded(), suppress(KeyboardInterrupt):
        server.run()
    if not server.started or editions.broken:
        sys.exit(_NOT_STARTED)
    if editions.loading:
        os._exit(0)  # else the interpreter would wait until it is loaded
