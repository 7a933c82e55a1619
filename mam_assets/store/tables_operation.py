"""Tables of how the system runs: tasks, failures, calls, people and keys, the pace and health of services, look-ups.

Does not belong here: anything about books (tables_library, tables_acquisition).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mam_assets.store import vocabulary as words
from mam_assets.store.base import Base, Count, Document, Key, Moment, one_of, reference


class Task(Base):
    """One run of one kind of work. Kept 30 days."""

    __tablename__ = "tasks"

    id: Mapped[Key]
    task_name: Mapped[str]
    dagster_run_id: Mapped[str | None]
    scheduled_time: Mapped[datetime | None]
    actual_start: Mapped[datetime | None]
    actual_end: Mapped[datetime | None]
    duration_seconds: Mapped[float | None]
    status: Mapped[str]
    items_processed: Mapped[Count]
    items_succeeded: Mapped[Count]
    items_failed: Mapped[Count]
    log_output: Mapped[str | None] = mapped_column(comment="last lines, secrets removed")
    error_message: Mapped[str | None]
    metadata_: Mapped[Document] = mapped_column("metadata")
    created_at: Mapped[Moment] = mapped_column(index=True)

    __table_args__ = (
        UniqueConstraint("dagster_run_id", "task_name"),
        one_of("task_name", words.TASK_NAMES),
        one_of("status", words.TASK_STATUSES),
        Index("ix_tasks_actual_start", "actual_start"),
        Index("ix_tasks_task_name_actual_start", "task_name", "actual_start"),
        {"comment": "History of runs, kept 30 days"},
    )


class FailedAttempt(Base):
    """A failure, tallied: a repeat adds to `attempt_count`. The database refuses DELETE and TRUNCATE."""

    __tablename__ = "failed_attempts"

    id: Mapped[Key]
    task_name: Mapped[str]
    item_id: Mapped[str] = mapped_column(server_default="", comment="what failed; empty for the task itself")
    item_name: Mapped[str | None]
    reason: Mapped[str] = mapped_column(comment="stable code or short text; part of the tally's key")
    error_code: Mapped[str | None]
    error_details: Mapped[str | None] = mapped_column(comment="secrets removed")
    first_attempt: Mapped[Moment]
    last_attempt: Mapped[Moment] = mapped_column(index=True)
    attempt_count: Mapped[int] = mapped_column(server_default=text("1"))
    metadata_: Mapped[Document] = mapped_column("metadata")
    created_at: Mapped[Moment]

    __table_args__ = (
        UniqueConstraint("task_name", "item_id", "reason"),
        one_of("task_name", words.TASK_NAMES),
        CheckConstraint("attempt_count >= 1", name="attempt_count"),
        Index("ix_failed_attempts_first_attempt", "first_attempt"),
        Index("ix_failed_attempts_chronic", text("attempt_count DESC")),
        {"comment": "Every failure, for ever: the database refuses DELETE and TRUNCATE"},
    )


class User(Base):
    """A person or program that uses the API."""

    __tablename__ = "users"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str] = mapped_column(server_default="viewer")
    created_at: Mapped[Moment]
    disabled_at: Mapped[datetime | None]

    __table_args__ = (
        one_of("role", words.ROLES),
        {"comment": "Users of the API"},
    )


class ApiKey(Base):
    """A key of a user, stored hashed; `prefix` finds it."""

    __tablename__ = "api_keys"

    id: Mapped[Key]
    user_id: Mapped[int] = reference("users.id")
    prefix: Mapped[str] = mapped_column(unique=True, comment="the part that is no secret")
    key_hash: Mapped[str]
    created_at: Mapped[Moment]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = ({"comment": "API keys, hashed"},)


class ApiLog(Base):
    """One call of the API. Kept 30 days."""

    __tablename__ = "api_logs"

    id: Mapped[Key]
    endpoint: Mapped[str]
    method: Mapped[str]
    request_body: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True), comment="secrets removed")
    response_code: Mapped[int | None]
    response_time_ms: Mapped[float | None]
    user_id: Mapped[int | None] = reference("users.id")
    ip_address: Mapped[str | None]
    created_at: Mapped[Moment] = mapped_column(index=True)

    __table_args__ = ({"comment": "Calls of the API, kept 30 days"},)


class ServiceState(Base):
    """The pace and health of a service, shared by all processes."""

    __tablename__ = "service_state"

    service: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[datetime | None] = mapped_column(comment="the next request may start then")
    lease_holder: Mapped[str | None] = mapped_column(comment="who has a request under way")
    lease_until: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(server_default="unknown")
    last_success: Mapped[datetime | None]
    last_failure: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(comment="secrets removed")
    consecutive_failures: Mapped[Count]
    retry_at: Mapped[datetime | None] = mapped_column(comment="the service asked to be left alone until then")
    updated_at: Mapped[Moment]

    __table_args__ = (
        one_of("status", words.SERVICE_STATUSES),
        {"comment": "Pace and health of each service"},
    )


class ServiceBudget(Base):
    """Requests to a service on one day."""

    __tablename__ = "service_budgets"

    service: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    used: Mapped[Count]

    __table_args__ = ({"comment": "Requests per service and day"},)


class ServiceSession(Base):
    """Requests to a service within one session of work (one run)."""

    __tablename__ = "service_sessions"

    service: Mapped[str] = mapped_column(primary_key=True)
    session_key: Mapped[str] = mapped_column(primary_key=True, comment="the run")
    used: Mapped[Count]
    started_at: Mapped[Moment] = mapped_column(index=True)

    __table_args__ = ({"comment": "Requests per service and session of work"},)


class ServiceCookie(Base):
    """The newest value of a session cookie that rotates."""

    __tablename__ = "service_cookies"

    service: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(comment="a secret: never shown, never logged")
    configured_fingerprint: Mapped[str] = mapped_column(comment="hash of the configured cookie that it grew from")
    updated_at: Mapped[Moment]

    __table_args__ = ({"comment": "Newest value of cookies that rotate"},)


class Lookup(Base):
    """A cached answer of a service; a miss is an answer too (`found` false)."""

    __tablename__ = "lookups"

    service: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    found: Mapped[bool]
    answer: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    fetched_at: Mapped[Moment]
    expires_at: Mapped[datetime | None] = mapped_column(index=True, comment="null: never")

    __table_args__ = ({"comment": "Cached answers, misses too"},)


class SyncMark(Base):
    """How far a reader of some source has come."""

    __tablename__ = "sync_marks"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Document]
    updated_at: Mapped[Moment]

    __table_args__ = ({"comment": "How far each incremental reader has come"},)
