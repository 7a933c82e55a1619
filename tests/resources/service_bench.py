"""An httpx client of ours over a function, with the true seam between: what the tests of the clients stand on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from mam_assets.resources.gate import MemoryGate
from mam_assets.resources.http import build_client
from mam_assets.resources.redaction import Redactor

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECRET = "s3cr3t-value"
Answer = Callable[[httpx.Request], httpx.Response]


class ServiceBench:
    """`requests` shows what was sent, `gate` what was counted and reported, `slept` the pauses; no real time passes."""

    def __init__(self, service: str, address: str, answer: Answer, **options: Any) -> None:
        self.at = NOW
        self.slept: list[float] = []
        self.requests: list[httpx.Request] = []
        self.gate = MemoryGate(clock=self.now, sleep=self.sleep, dice=lambda: 0.5, dry_run=True)
        self.redactor = Redactor([SECRET])

        def handle(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            return answer(request)

        self.client = build_client(
            service,
            address,
            gate=self.gate,
            redactor=self.redactor,
            transport=httpx.MockTransport(handle),
            clock=self.now,
            sleep=self.sleep,
            dice=lambda: 0.5,
            **options,
        )

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)

    @property
    def paths(self) -> list[str]:
        return [request.url.path for request in self.requests]


def page(markup: str, status: int = 200, **headers: str) -> httpx.Response:
    """An answer of HTML."""
    return httpx.Response(status, html=markup, headers=headers)
