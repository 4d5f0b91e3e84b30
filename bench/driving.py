"""wrk, driven: requests for some seconds, and what came of them."""

from __future__ import annotations

import re
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass

import httpx

from bench.servers import Server

_LUA = """\
local n = 0
function request()
  n = n + 1
  local mark = MARK
  wrk.headers["Accept-Language"] = LANGUAGE
  return wrk.format("GET", (string.gsub(wrk.path, "MARK", mark)))
end
"""
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}
PATIENCE_S = 120
"""Seconds for one answer, of however large a graph."""
_QUIET_S = 0.3
"""Before and after a runaway, so that there is something to compare within a run."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of wrk found."""

    rate: float
    p50_ms: float
    p99_ms: float


def drive(url: str, path: str, accept: str, connections: int, seconds: int, *, repeated: bool) -> Load:
    """Send requests for so long. Exits when an answer is not 2xx."""
    unique = f"{time.time_ns()}"
    by_header = not repeated and "MARK" not in path  # else a program sends the same headers again and again
    lua = _LUA.replace("LANGUAGE", '"en"' if not by_header else f'"en, x-{unique[-8:]}-" .. n').replace(
        "= MARK", '= "1"' if repeated else f'= "{unique}-" .. n'
    )
    with tempfile.NamedTemporaryFile("w", suffix=".lua", encoding="utf-8") as script:
        script.write(lua)
        script.flush()
        times = [f"-d{seconds}s", "--timeout", f"{PATIENCE_S}s"]
        command = ["wrk", "--latency", "-t1", f"-c{connections}", *times, "-s", script.name]
        done = subprocess.run(  # noqa: S603  # our own arguments
            [*command, "-H", f"Accept: {accept}", f"{url}{path}"], capture_output=True, text=True, check=True
        )
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise SystemExit(f"{url}{path}: not every answer was good\n{done.stdout}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if rate is None:
        raise SystemExit(f"wrk said nothing of use:\n{done.stdout}")
    return Load(float(rate[1]), _percentile(done.stdout, 50), _percentile(done.stdout, 99))


def drive_beside(
    server: Server, query: str, path: str, accept: str, seconds: int
) -> tuple[Load, list[float]]:
    """Drive one connection while another sends a query that never ends by itself; give the seconds it took, too."""
    ends: list[float] = []
    stop = threading.Event()

    def run_away() -> None:
        with httpx.Client(timeout=60) as client:  # to make one takes longer than what is measured
            while not stop.is_set():
                began = time.perf_counter()
                client.get(f"{server.url}{server.endpoint}", params={"query": f"{query} #{began}"})
                ends.append(time.perf_counter() - began)

    thread = threading.Thread(target=run_away)
    thread.start()
    try:
        time.sleep(_QUIET_S)
        load = drive(server.url, path, accept, 1, seconds, repeated=False)
    finally:
        stop.set()
        thread.join()
    return load, ends


def _percentile(said: str, which: int) -> float:
    match = re.search(rf"{which}%\s+([\d.]+)(us|ms|s|m)\b", said)
    return float(match[1]) * _UNITS[match[2]] if match else float("nan")
