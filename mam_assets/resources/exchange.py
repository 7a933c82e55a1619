"""What holds for every exchange with a service, whoever sends it: how long, how large, how stubborn, in whose name.

Belongs here: what a client decides before there is anything to send with. Does not belong here: sending (http.py), pace
and budgets (domain/budgets.py). httpx is imported where a request is made: every Dagster process loads these modules.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class Limits:
    """How long, how large and how stubborn an exchange may get. Seconds, and bytes after decompression.

    A Retry-After of at most ``wait_at_most_seconds`` is waited for, once; a longer one is raised as RateLimited.
    """

    connect_seconds: float = 5.0
    read_seconds: float = 30.0
    total_seconds: float = 120.0
    max_bytes: int = 64 * 1024 * 1024
    wait_at_most_seconds: float = 30.0
    retries: int = 3

    def timeout(self) -> httpx.Timeout:
        """The same for httpx."""
        import httpx

        return httpx.Timeout(self.read_seconds, connect=self.connect_seconds)


IMPATIENT = Limits(
    connect_seconds=2.0,
    read_seconds=3.0,
    total_seconds=5.0,
    wait_at_most_seconds=0.0,
    retries=0,
    max_bytes=8 * 1024 * 1024,
)
"""For sensors and health pages, which must be done within seconds and come again soon anyway."""


def user_agent() -> str:
    """Who we say we are: ourselves."""
    try:
        number = version("mam-assets")
    except PackageNotFoundError:
        number = "0"
    return f"mam-assets/{number} (+self-hosted audiobook library keeper)"
