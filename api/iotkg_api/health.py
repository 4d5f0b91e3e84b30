"""``/health``: whether the service runs, and whether it can answer queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request

from iotkg_api.problems import Kind, Problem

router: Final = APIRouter(prefix="/health", tags=["Health"])


@dataclass(frozen=True, slots=True)
class Live:
    """The service runs."""

    status: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The service can answer: which release, with how many workers, and how many requests wait for one."""

    status: str
    release: str
    workers: int
    idle: int
    waiting: int


@router.head("/live", include_in_schema=False)
@router.get("/live", summary="Does the service run?")
async def live() -> Live:
    """Answer whenever the event loop runs."""
    return Live(status="live")


@router.head("/ready", include_in_schema=False)
@router.get("/ready", summary="Can the service answer queries?")
async def ready(request: Request) -> Ready:
    """Answer when a worker lives, idle or busy.

    Raises: Problem when none does.
    """
    pool = request.app.state.pool
    if not pool.alive:
        raise Problem(Kind.BUSY, "No query worker is alive; they are being replaced", {"Retry-After": "1"})
    release = request.app.state.release["release"]
    return Ready(status="ready", release=release, workers=pool.alive, idle=pool.idle, waiting=pool.waiting)
