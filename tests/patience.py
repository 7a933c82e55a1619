"""How long tests wait, so that none hangs on the speed of the machine.

Belongs here: waiting for a condition, and the time limits of the clients that tests make. A deadline here is for a
program that hangs; no machine that merely is busy comes near it. Does not belong here: what is waited for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from mam_assets.resources.exchange import Limits
from mam_assets.sandbox.twins.serving import TwinServer

T = TypeVar("T")

PATIENCE_SECONDS = 60.0
LONG_PATIENCE_SECONDS = 300.0  # for whole programs: a server that is made, a demo that ends

PATIENT = Limits(connect_seconds=30, read_seconds=30, total_seconds=60, wait_at_most_seconds=0, retries=0)
GIVES_UP = replace(PATIENT, read_seconds=0.4, total_seconds=1)


def limits_beside(*servers: TwinServer) -> Limits:
    """The limits of a client of these twins: it gives up soon where an answer is held back on purpose, which never
    comes in time on any machine; elsewhere it has patience."""
    return GIVES_UP if any(server.holds_back for server in servers) else PATIENT


def jumping_clock(when: Callable[[], object], seconds: float = 3600.0) -> Callable[[], float]:
    """A clock for somebody who waits: it goes on by an hour once there is something to see, and not before."""
    return lambda: time.monotonic() + (seconds if when() else 0.0)


def until(answer: Callable[[], T], what: str, *, seconds: float = PATIENCE_SECONDS, pause: float = 0.02) -> T:
    """Ask again and again until the answer is true, and return it; fail after `seconds`.

    For what happens in another process or in a thread of somebody else's, of which nothing tells us.
    """
    deadline = time.monotonic() + seconds
    while not (found := answer()):
        if time.monotonic() > deadline:
            pytest.fail(f"after {seconds:.0f} s still not: {what}")
        time.sleep(pause)
    return found
