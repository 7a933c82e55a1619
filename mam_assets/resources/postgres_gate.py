"""The gate that all processes share: the truth about pace is in PostgreSQL.

Belongs here: when to wait and what to count, in which transaction. Does not belong here: the SQL (store/services.py)
and the numbers (domain/budgets.py).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, Engine

from mam_assets.domain.budgets import Pace, budget_day, budget_renews_at, gap
from mam_assets.parsing.json_values import clean_text
from mam_assets.resources.errors import Blocked, NotAuthorised, RateLimited, ServiceError
from mam_assets.resources.gate import (
    Clock,
    Dice,
    Sleep,
    asked_to_wait,
    day_spent,
    is_fault,
    refused_until,
    session_spent,
    utc_now,
)
from mam_assets.store import services
from mam_assets.store.services import Slot

# Longer than the longest exchange that http.py lets happen, so that a lease ends by itself only when its holder died.
_LEASE_SECONDS = 180.0
_LONGEST_ERROR = 2000
_LOOK_AGAIN_SECONDS = 0.25
_LONGEST_WAIT_FOR_LEASE_SECONDS = 900.0


class PostgresGate:
    """See `Gate`. ``scales`` multiplies the gaps per service, 1 where none is given; ``session_key`` names the run
    whose session limits are counted. Sleeps hold neither a lock nor a connection."""

    def __init__(
        self,
        engine: Engine,
        paces: Mapping[str, Pace],
        *,
        session_key: str,
        scales: Mapping[str, float] | None = None,
        dry_run: bool = False,
        clock: Clock = utc_now,
        sleep: Sleep = time.sleep,
        dice: Dice = random.random,
        clean: Callable[[str], str] = str,
    ) -> None:
        self._engine = engine
        self._paces = dict(paces)
        self._session_key = session_key
        self._scales = dict(scales or {})
        self._dry_run = dry_run
        self._clock = clock
        self._sleep = sleep
        self._dice = dice
        self._clean = clean

    @contextmanager
    def turn(self, service: str, call: str) -> Iterator[None]:
        """See `Gate.turn`."""
        pace = self._paces.get(service, Pace())
        if not pace.one_at_a_time:
            slot = self._reserve(service, call, pace, holder=None)
            if slot is not None:
                self._wait_for(slot, service, call)
            yield
            return
        holder = uuid4().hex
        slot = self._reserve_alone(service, call, pace, holder)
        rest = 0.0
        try:
            self._wait_for(slot, service, call)
            rest = self._gap(service, pace)
            yield
        finally:
            with self._single() as connection:
                services.release_lease(connection, service, holder, rest)

    @contextmanager
    def _single(self) -> Iterator[Connection]:
        """For one statement, which is a transaction by itself: two journeys to the server fewer for each request."""
        with self._engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    def _reserve_alone(self, service: str, call: str, pace: Pace, holder: str) -> Slot:
        waited = 0.0
        while True:
            slot = self._reserve(service, call, pace, holder)
            if slot is not None:
                return slot
            if waited >= _LONGEST_WAIT_FOR_LEASE_SECONDS:
                problem = f"others have kept it busy for {waited / 60:.0f} minutes, and it takes one request at a time"
                raise RateLimited(
                    service, call, problem, "Let the other runs finish first; the rest is left for the next."
                )
            # Uneven steps, so that two who wait do not knock together for ever.
            pause = _LOOK_AGAIN_SECONDS * (0.5 + self._dice())
            self._sleep(pause)
            waited += pause

    def _reserve(self, service: str, call: str, pace: Pace, holder: str | None) -> Slot | None:
        """Slot, lease and both counts in one transaction; None while another holds the lease."""
        gap_seconds = self._gap(service, pace)
        with self._engine.begin() as connection:
            if holder is None:
                slot: Slot | None = services.reserve_slot(connection, service, gap_seconds)
            else:
                slot = services.reserve_alone(connection, service, gap_seconds, holder, _LEASE_SECONDS)
            # An error leaves this block and rolls back the slot, the lease and both counts together.
            until = services.retry_at(connection, service) if slot is None else slot.retry_at
            self._refuse_until(until, service, call)
            if slot is not None:
                self._charge(connection, service, call, pace)
        return slot

    def _wait_for(self, slot: Slot, service: str, call: str) -> None:
        if slot.wait_seconds > 0:
            self._sleep(slot.wait_seconds)
            with self._single() as connection:
                self._refuse_until(services.retry_at(connection, service), service, call)

    def _charge(self, connection: Connection, service: str, call: str, pace: Pace) -> None:
        now = self._clock()
        limit = pace.session_limit
        if limit is not None and not services.count_in_session(connection, service, self._session_key, limit, now):
            raise session_spent(service, call, limit)
        limit = pace.daily_limit
        if limit is not None and not services.count_in_day(connection, service, budget_day(pace, now), limit):
            raise day_spent(service, call, limit, budget_renews_at(pace, now))

    def _refuse_until(self, until: datetime | None, service: str, call: str) -> None:
        if until is not None and until > self._clock():
            raise asked_to_wait(service, call, until)

    def _gap(self, service: str, pace: Pace) -> float:
        return gap(pace, self._scales.get(service, 1.0), self._dice)

    def succeeded(self, service: str) -> None:
        """See `Gate.succeeded`."""
        with self._single() as connection:
            services.record_success(connection, service, self._clock())

    def failed(self, service: str, error: ServiceError) -> datetime | None:
        """See `Gate.failed`."""
        if not is_fault(error):
            self.succeeded(service)
            return None
        now = self._clock()
        told = clean_text(self._clean(str(error)))[:_LONGEST_ERROR]
        with self._engine.begin() as connection:
            in_a_row = services.record_failure(connection, service, health_word(error), told, now)
            until = refused_until(error, self._paces.get(service, Pace()), in_a_row, now)
            if until is not None:
                services.leave_alone_until(connection, service, until)
            return until

    def writes_allowed(self, service: str) -> bool:
        """See `Gate.writes_allowed`."""
        return not self._dry_run


def health_word(error: ServiceError) -> str:
    """The word of service_state.status for an error."""
    match error:
        case RateLimited():
            return "limited"
        case Blocked():
            return "blocked"
        case NotAuthorised():
            return "unauthorised"
        case _:
            return "down"
