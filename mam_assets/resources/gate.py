"""The turnstile before each request: what it promises, and the one that lives in memory.

Belongs here: the contract that http.py and torrent_client.py rely on. Does not belong here: sending (http.py), the gate
that all processes share (postgres_gate.py), the numbers (domain/budgets.py).
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from mam_assets.domain.budgets import Pace, back_off, budget_day, budget_renews_at, gap
from mam_assets.resources.errors import Blocked, NotFound, RateLimited, Refused, ServiceError

Clock = Callable[[], datetime]
Sleep = Callable[[float], None]
Dice = Callable[[], float]


def utc_now() -> datetime:
    """The present, aware, in UTC."""
    return datetime.now(UTC)


class Gate(Protocol):
    """Every request to a service passes here, each try of it anew."""

    def turn(self, service: str, call: str) -> AbstractContextManager[None]:
        """Wait for a slot, count it, and hold the service for the length of the block where it takes one at a time.

        Raises RateLimited, and counts nothing, when a budget is spent or the service asked to be left alone.
        """
        ...

    def succeeded(self, service: str) -> None:
        """Note that the service answered as it should."""
        ...

    def failed(self, service: str, error: ServiceError) -> datetime | None:
        """Note a failure; returns until when (aware UTC) further calls are refused, None when they are not."""
        ...

    def writes_allowed(self, service: str) -> bool:
        """False in a dry run: whatever changes something outside is then refused before it is sent."""
        ...


def is_fault(error: ServiceError) -> bool:
    """Whether an error speaks against the service's health. "Not there" and "no" are answers of a healthy service."""
    return not isinstance(error, NotFound | Refused)


def refused_until(error: ServiceError, pace: Pace, failures_in_a_row: int, now: datetime) -> datetime | None:
    """Until when a service must not be asked after this error: what it said itself, else the pace's ladder."""
    if isinstance(error, RateLimited) and error.retry_at is not None:
        return error.retry_at
    if isinstance(error, RateLimited | Blocked):
        return now + back_off(pace, failures_in_a_row)
    return None


def asked_to_wait(service: str, call: str, until: datetime) -> RateLimited:
    """The error for a call made while the service is to be left alone."""
    problem = f"it asked to be left alone until {until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return RateLimited(
        service, call, problem, "Nothing to do: what waits is taken up again after that.", retry_at=until
    )


def session_spent(service: str, call: str, limit: int) -> RateLimited:
    """The error when a run has used its share of requests."""
    return RateLimited(
        service, call, f"this run has used its {limit} requests", "The rest is left for the next run; nothing is lost."
    )


def day_spent(service: str, call: str, limit: int, renews_at: datetime) -> RateLimited:
    """The error when the day's requests are used up; ``retry_at`` is when they renew."""
    return RateLimited(
        service,
        call,
        f"today's {limit} requests are used up",
        f"They renew at {renews_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC; the daily limit is a setting.",
        retry_at=renews_at,
    )


class MemoryGate:
    """A gate for one process and its threads, with nothing kept: for `mam doctor` without a database, and for tests.

    ``failures`` and ``successes`` show what was reported, ``turns`` the calls that were let through.
    """

    def __init__(
        self,
        paces: Mapping[str, Pace] | None = None,
        *,
        scale: float = 1.0,
        dry_run: bool = False,
        clock: Clock = utc_now,
        sleep: Sleep = time.sleep,
        dice: Dice = random.random,
    ) -> None:
        self._paces = dict(paces or {})
        self._scale = scale
        self._dry_run = dry_run
        self._clock = clock
        self._sleep = sleep
        self._dice = dice
        self._lock = threading.Lock()
        self._one_at_a_time: dict[str, threading.Lock] = {}
        self._next_at: dict[str, datetime] = {}
        self._retry_at: dict[str, datetime] = {}
        self._in_a_row: dict[str, int] = {}
        self._session: dict[str, int] = {}
        self._daily: dict[tuple[str, date], int] = {}
        self.turns: list[tuple[str, str]] = []
        self.failures: list[tuple[str, ServiceError]] = []
        self.successes: list[str] = []

    @contextmanager
    def turn(self, service: str, call: str) -> Iterator[None]:
        """See `Gate.turn`."""
        pace = self._paces.get(service, Pace())
        if not pace.one_at_a_time:
            self._wait_for_slot(service, call, pace)
            yield
            return
        with self._lock:
            lease = self._one_at_a_time.setdefault(service, threading.Lock())
        with lease:
            self._wait_for_slot(service, call, pace)
            try:
                yield
            finally:
                with self._lock:
                    self._next_at[service] = self._clock() + timedelta(seconds=gap(pace, self._scale, self._dice))

    def _wait_for_slot(self, service: str, call: str, pace: Pace) -> None:
        with self._lock:
            now = self._clock()
            until = self._retry_at.get(service)
            if until is not None and until > now:
                raise asked_to_wait(service, call, until)
            used, today = self._session.get(service, 0), (service, budget_day(pace, now))
            if pace.session_limit is not None and used >= pace.session_limit:
                raise session_spent(service, call, pace.session_limit)
            if pace.daily_limit is not None and self._daily.get(today, 0) >= pace.daily_limit:
                raise day_spent(service, call, pace.daily_limit, budget_renews_at(pace, now))
            self._session[service] = used + 1
            self._daily[today] = self._daily.get(today, 0) + 1
            starts = max(self._next_at.get(service, now), now)
            self._next_at[service] = starts + timedelta(seconds=gap(pace, self._scale, self._dice))
            self.turns.append((service, call))
        if starts > now:
            self._sleep((starts - now).total_seconds())

    def succeeded(self, service: str) -> None:
        """See `Gate.succeeded`."""
        with self._lock:
            self.successes.append(service)
            # A call that began before another was told to wait does not lift that wait.
            until = self._retry_at.get(service)
            if until is None or until <= self._clock():
                self._in_a_row[service] = 0
                self._retry_at.pop(service, None)

    def failed(self, service: str, error: ServiceError) -> datetime | None:
        """See `Gate.failed`."""
        with self._lock:
            self.failures.append((service, error))
            if not is_fault(error):
                return None
            self._in_a_row[service] = self._in_a_row.get(service, 0) + 1
            until = refused_until(error, self._paces.get(service, Pace()), self._in_a_row[service], self._clock())
            if until is not None:
                self._retry_at[service] = until
            return until

    def writes_allowed(self, service: str) -> bool:
        """See `Gate.writes_allowed`."""
        return not self._dry_run
