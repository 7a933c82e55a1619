"""The clock, the pause and the dice as one resource, so that no test waits for real time."""

from __future__ import annotations

import random
import threading
import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import dagster as dg

from mam_assets.settings import load_settings


class Clock:
    """Real time. Tests pass a subclass whose `now` is set by hand and whose `sleep` moves it."""

    def __init__(self, zone: str = "UTC") -> None:
        self._zone = ZoneInfo(zone)
        self._stop = threading.Event()

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        return datetime.now(UTC)

    def today(self) -> date:
        """The calendar day in the person's own zone: releases come out on days, not at instants."""
        return self.now().astimezone(self._zone).date()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def random(self) -> float:
        """A number in [0, 1) for jitter; nothing secret depends on it."""
        return random.random()


class ClockResource(dg.ConfigurableResource[Clock]):
    """Vends the real clock. `timezone` overrules TIMEZONE for one run, such as to see what a Sunday would bring."""

    timezone: str | None = None

    def create_resource(self, context: dg.InitResourceContext) -> Clock:
        return Clock(self.timezone or load_settings().timezone)
