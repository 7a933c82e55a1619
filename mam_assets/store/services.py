"""What is remembered of the outside services: pace, lease, budgets, health, the rotated cookie, cached look-ups.

Belongs here: the SQL on the service tables, one statement per function. Does not belong here: waiting and deciding
(resources/postgres_gate.py, domain/budgets.py). No function commits: the caller's transaction says what holds together.

Slots and leases run on the database's clock, the only one that all machines share; health and caches take `now`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, delete, func, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from mam_assets.store.tables import Lookup, ServiceBudget, ServiceCookie, ServiceSession, ServiceState


@dataclass(frozen=True, slots=True)
class Known:
    """A look-up made before. ``found`` False is a miss that was remembered; ``answer`` is then None."""

    found: bool
    answer: Any
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Slot:
    """When a request may be sent."""

    wait_seconds: float
    """0 or more, from now until the slot begins."""
    retry_at: datetime | None
    """Until when the service asked to be left alone; may lie in the past."""


def _lightly() -> ColumnElement[str]:
    """Makes the commit of its transaction not wait for the disk, at no journey of its own.

    For pace, leases and health only: what a power cut takes of them is a moment of pace, and harms nobody. A crash of
    ours, or of the server's processes, loses nothing.
    """
    return func.set_config("synchronous_commit", "off", True)


def reserve_slot(connection: Connection, service: str, gap_seconds: float) -> Slot:
    """Take the next free slot and leave a gap after it."""
    gap, clock = timedelta(seconds=gap_seconds), func.clock_timestamp()
    statement = (
        insert(ServiceState)
        .values(service=service, next_at=clock + gap)
        .on_conflict_do_update(
            index_elements=[ServiceState.service],
            set_={"next_at": func.greatest(ServiceState.next_at, clock) + gap},
        )
        .returning(func.extract("epoch", ServiceState.next_at - gap - clock), ServiceState.retry_at, _lightly())
    )
    wait, until, _ = connection.execute(statement).one()
    return Slot(max(float(wait), 0.0), until)


def reserve_alone(
    connection: Connection, service: str, gap_seconds: float, holder: str, lease_seconds: float
) -> Slot | None:
    """Take the next free slot and become the only one who asks this service.

    None, and nothing taken, while another holds it. A lease ends by itself ``lease_seconds`` after its slot begins, so
    that a crashed holder blocks nobody for ever.
    """
    gap, lease, clock = timedelta(seconds=gap_seconds), timedelta(seconds=lease_seconds), func.clock_timestamp()
    begins = func.greatest(ServiceState.next_at, clock)
    statement = (
        insert(ServiceState)
        .values(service=service, next_at=clock + gap, lease_holder=holder, lease_until=clock + lease)
        .on_conflict_do_update(
            index_elements=[ServiceState.service],
            set_={"next_at": begins + gap, "lease_holder": holder, "lease_until": begins + lease},
            where=or_(ServiceState.lease_until.is_(None), ServiceState.lease_until <= clock),
        )
        .returning(func.extract("epoch", ServiceState.next_at - gap - clock), ServiceState.retry_at, _lightly())
    )
    row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    wait, until, _ = row
    return Slot(max(float(wait), 0.0), until)


def release_lease(connection: Connection, service: str, holder: str, gap_seconds: float) -> None:
    """Give the lease back and begin the gap now: it is counted from the end of a request that took long."""
    rested = func.clock_timestamp() + timedelta(seconds=gap_seconds)
    connection.execute(
        update(ServiceState)
        .where(ServiceState.service == service, ServiceState.lease_holder == holder)
        .values(lease_holder=None, lease_until=None, next_at=func.greatest(ServiceState.next_at, rested))
        .returning(_lightly())
    )


def count_in_session(connection: Connection, service: str, session_key: str, limit: int, now: datetime) -> bool:
    """Charge one request to a session. False, and nothing charged, when its limit is spent."""
    if limit < 1:
        return False
    statement = (
        insert(ServiceSession)
        .values(service=service, session_key=session_key, used=1, started_at=now)
        .on_conflict_do_update(
            index_elements=[ServiceSession.service, ServiceSession.session_key],
            set_={"used": ServiceSession.used + 1},
            where=ServiceSession.used < limit,
        )
        .returning(ServiceSession.used)
    )
    return connection.execute(statement).first() is not None


def count_in_day(connection: Connection, service: str, day: date, limit: int) -> bool:
    """Charge one request to a day. False, and nothing charged, when its limit is spent."""
    if limit < 1:
        return False
    statement = (
        insert(ServiceBudget)
        .values(service=service, day=day, used=1)
        .on_conflict_do_update(
            index_elements=[ServiceBudget.service, ServiceBudget.day],
            set_={"used": ServiceBudget.used + 1},
            where=ServiceBudget.used < limit,
        )
        .returning(ServiceBudget.used)
    )
    return connection.execute(statement).first() is not None


def used_in_session(connection: Connection, service: str, session_key: str) -> int:
    """Requests charged to a session so far."""
    statement = select(ServiceSession.used).where(
        ServiceSession.service == service, ServiceSession.session_key == session_key
    )
    return connection.execute(statement).scalar() or 0


def used_in_day(connection: Connection, service: str, day: date) -> int:
    """Requests charged to a day so far."""
    statement = select(ServiceBudget.used).where(ServiceBudget.service == service, ServiceBudget.day == day)
    return connection.execute(statement).scalar() or 0


def forget_budgets(connection: Connection, before: datetime) -> int:
    """Drop the counts of days and sessions that began before a time; returns how many."""
    days = connection.execute(delete(ServiceBudget).where(ServiceBudget.day < before.date()))
    sessions = connection.execute(delete(ServiceSession).where(ServiceSession.started_at < before))
    return days.rowcount + sessions.rowcount


def retry_at(connection: Connection, service: str) -> datetime | None:
    """Until when the service asked to be left alone; may lie in the past."""
    return connection.execute(select(ServiceState.retry_at).where(ServiceState.service == service)).scalar()


def record_success(connection: Connection, service: str, now: datetime) -> None:
    """The service answered. A wait that another call was given meanwhile stands."""
    waiting = ServiceState.retry_at > now
    connection.execute(
        insert(ServiceState)
        .values(service=service, status="healthy", last_success=now, consecutive_failures=0, updated_at=now)
        .on_conflict_do_update(
            index_elements=[ServiceState.service],
            set_={
                "status": case((waiting, ServiceState.status), else_="healthy"),
                "retry_at": case((waiting, ServiceState.retry_at), else_=null()),
                "consecutive_failures": case((waiting, ServiceState.consecutive_failures), else_=0),
                "last_success": now,
                "updated_at": now,
            },
        )
        .returning(_lightly())
    )


def record_failure(connection: Connection, service: str, status: str, error: str, now: datetime) -> int:
    """The service failed; ``error`` must be free of secrets. Returns how many failures in a row that makes."""
    told: dict[str, Any] = {"status": status, "last_failure": now, "last_error": error, "updated_at": now}
    statement = (
        insert(ServiceState)
        .values(service=service, consecutive_failures=1, **told)
        .on_conflict_do_update(
            index_elements=[ServiceState.service],
            set_={**told, "consecutive_failures": ServiceState.consecutive_failures + 1},
        )
        .returning(ServiceState.consecutive_failures)
    )
    return int(connection.execute(statement).scalar_one())


def leave_alone_until(connection: Connection, service: str, until: datetime) -> None:
    """Refuse calls to the service until a time; the later of two such times holds."""
    connection.execute(
        insert(ServiceState)
        .values(service=service, retry_at=until)
        .on_conflict_do_update(
            index_elements=[ServiceState.service],
            set_={"retry_at": func.greatest(ServiceState.retry_at, until)},
        )
    )


def newest_cookie(connection: Connection, service: str, configured_fingerprint: str) -> str | None:
    """The cookie as it last rotated, if it grew from the value that is configured now; else None."""
    statement = select(ServiceCookie.value).where(
        ServiceCookie.service == service, ServiceCookie.configured_fingerprint == configured_fingerprint
    )
    return connection.execute(statement).scalar()


def save_cookie(connection: Connection, service: str, value: str, configured_fingerprint: str, now: datetime) -> None:
    """Keep a rotated cookie. ``configured_fingerprint`` is the SHA-256 of the configured value that it grew from."""
    told = {"value": value, "configured_fingerprint": configured_fingerprint, "updated_at": now}
    connection.execute(
        insert(ServiceCookie)
        .values(service=service, **told)
        .on_conflict_do_update(index_elements=[ServiceCookie.service], set_=told)
    )


def known_answers(connection: Connection, service: str, keys: Collection[str], now: datetime) -> dict[str, Known]:
    """What is remembered, and not expired, of the look-ups asked for, by key."""
    if not keys:
        return {}
    statement = select(Lookup.key, Lookup.found, Lookup.answer, Lookup.fetched_at).where(
        Lookup.service == service, Lookup.key.in_(list(keys)), or_(Lookup.expires_at.is_(None), Lookup.expires_at > now)
    )
    return {row.key: Known(row.found, row.answer, row.fetched_at) for row in connection.execute(statement)}


def remember_answers(
    connection: Connection, service: str, answers: Mapping[str, Any], now: datetime, expires_at: datetime
) -> None:
    """Keep answers (JSON values) by key until a time; None is a miss, and remembered as one."""
    if not answers:
        return
    rows = [
        {
            "service": service,
            "key": key,
            "found": answer is not None,
            "answer": answer,
            "fetched_at": now,
            "expires_at": expires_at,
        }
        for key, answer in answers.items()
    ]
    statement = insert(Lookup).values(rows)
    kept = {name: statement.excluded[name] for name in ("found", "answer", "fetched_at", "expires_at")}
    connection.execute(statement.on_conflict_do_update(index_elements=[Lookup.service, Lookup.key], set_=kept))


def forget_answers(connection: Connection, now: datetime) -> int:
    """Drop what has expired; returns how many."""
    return connection.execute(delete(Lookup).where(Lookup.expires_at <= now)).rowcount
