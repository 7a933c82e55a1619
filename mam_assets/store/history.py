"""What happened: task runs, failures for ever, corrections; and what is trimmed after 30 days.

Belongs here: SQL on tasks, failed_attempts, api_logs, and the trimming of Dagster's event logs. Does not belong here:
reports for people (report).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert

from mam_assets.store import tables as t

KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Failure:
    """Something that failed. ``details`` must be free of secrets."""

    task_name: str
    item_id: str
    item_name: str | None
    reason: str
    code: str | None = None
    details: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


def tally(connection: Connection, failures: Sequence[Failure], now: datetime) -> None:
    """Keep failures for ever: one row per task, item and reason, with first time, last time and count."""
    for failure in failures:
        statement = insert(t.FailedAttempt).values(
            task_name=failure.task_name,
            item_id=failure.item_id,
            item_name=failure.item_name,
            reason=failure.reason,
            error_code=failure.code,
            error_details=failure.details,
            metadata_=failure.metadata,
            first_attempt=now,
            last_attempt=now,
            created_at=now,
        )
        new = statement.excluded
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["task_name", "item_id", "reason"],
                set_={
                    "attempt_count": t.FailedAttempt.attempt_count + 1,
                    "last_attempt": now,
                    "item_name": new.item_name,
                    "error_code": new.error_code,
                    "error_details": new.error_details,
                    "metadata": new.metadata,
                },
            )
        )


@dataclass(frozen=True)
class TaskRun:
    """One run of one task, as `tasks` keeps it."""

    task_name: str
    run_id: str
    status: str
    start: datetime | None
    end: datetime | None
    scheduled: datetime | None = None
    processed: int = 0
    succeeded: int = 0
    failed: int = 0
    error: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


def record_task(connection: Connection, run: TaskRun) -> None:
    """Keep a run; a later report of the same run replaces the earlier."""
    duration = (run.end - run.start).total_seconds() if run.start and run.end else None
    statement = insert(t.Task).values(
        task_name=run.task_name,
        dagster_run_id=run.run_id,
        scheduled_time=run.scheduled,
        actual_start=run.start,
        actual_end=run.end,
        duration_seconds=duration,
        status=run.status,
        items_processed=run.processed,
        items_succeeded=run.succeeded,
        items_failed=run.failed,
        error_message=run.error,
        metadata_=run.metadata,
    )
    new = statement.excluded
    names = (
        "actual_start",
        "actual_end",
        "duration_seconds",
        "status",
        "items_processed",
        "items_succeeded",
        "items_failed",
        "error_message",
        "metadata",
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["dagster_run_id", "task_name"], set_={name: new[name] for name in names}
        )
    )


_OLD_CORRECTIONS = """
    SELECT id FROM metadata_corrections c
    WHERE correction_date < :before
      AND NOT (field_name = 'series' AND old_value IS NOT NULL
               AND NOT EXISTS (SELECT FROM metadata_corrections later
                               WHERE later.book_id = c.book_id AND later.field_name = 'series'
                                 AND later.old_value IS NOT NULL AND later.id > c.id))
"""


def trim(connection: Connection, now: datetime) -> dict[str, int]:
    """Delete tasks, corrections and API calls older than 30 days; returns how many of each. Failures stay for ever, and
    so does what a book's series was called before ours: nothing else tells which entry of its item ours stands for."""
    before = {"before": now - KEPT_FOR}
    old = connection.execute(text(_OLD_CORRECTIONS), before).scalars().all()
    # A revert may be younger than what it undid.
    connection.execute(
        text("UPDATE metadata_corrections SET reverts = NULL WHERE reverts = ANY(:old) AND id <> ALL(:old)"),
        {"old": old},
    )
    return {
        "tasks_deleted": connection.execute(text("DELETE FROM tasks WHERE created_at < :before"), before).rowcount,
        "corrections_deleted": connection.execute(
            text("DELETE FROM metadata_corrections WHERE id = ANY(:old)"), {"old": old}
        ).rowcount,
        "api_calls_deleted": connection.execute(
            text("DELETE FROM api_logs WHERE created_at < :before"), before
        ).rowcount,
        "outbox_deleted": connection.execute(
            text("DELETE FROM outbox WHERE state <> 'intended' AND settled_at < :before"), before
        ).rowcount,
    }


def trim_dagster(connection: Connection, now: datetime) -> int:
    """Delete the events of Dagster runs that ended more than 30 days ago, except those that its pages are built from
    (materialisations, observations, checks). Dagster never does so itself. Returns the rows deleted; 0 where Dagster
    keeps its tables elsewhere."""
    if connection.execute(text("SELECT to_regclass('dagster.event_logs')")).scalar() is None:
        return 0
    return connection.execute(
        text(
            """
            DELETE FROM dagster.event_logs e
            USING dagster.runs r
            WHERE r.run_id = e.run_id AND r.update_timestamp < :before
              AND r.status IN ('SUCCESS', 'FAILURE', 'CANCELED')
              AND e.asset_key IS NULL
              AND coalesce(e.dagster_event_type, '') NOT IN
                  ('ASSET_CHECK_EVALUATION', 'ASSET_CHECK_EVALUATION_PLANNED', 'ASSET_MATERIALIZATION',
                   'ASSET_OBSERVATION', 'ASSET_MATERIALIZATION_PLANNED')
            """
        ),
        {"before": (now - KEPT_FOR).replace(tzinfo=None)},
    ).rowcount
