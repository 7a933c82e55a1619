"""The questions that the database must answer (spec.md section 2), one query each, and the tally of failures as CSV.

Belongs here: reading what happened over time. Does not belong here: how things stand just now, nor the completion of
series and authors, which is a part of the report (report.py).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, datetime
from typing import TextIO

from sqlalchemy import Connection, text

from mam_assets.store.report import rows_of


@dataclass(frozen=True, slots=True)
class IncompleteBook:
    """A book whose metadata lacks something; ``lacks`` names the fields, ``percent`` is 0 to 100."""

    book_id: int
    title: str | None
    author: str | None
    percent: float
    lacks: list[str]
    last_metadata_update: datetime | None


def incomplete_metadata(connection: Connection, *, limit: int = 100) -> list[IncompleteBook]:
    """Active books with incomplete metadata, worst first."""
    return rows_of(
        connection,
        IncompleteBook,
        """
        SELECT id AS book_id, title, author, metadata_completeness_percent AS percent, last_metadata_update,
               array_remove(ARRAY[
                   CASE WHEN coalesce(title, '') = '' THEN 'title' END,
                   CASE WHEN coalesce(author, '') = '' THEN 'author' END,
                   CASE WHEN coalesce(narrator, '') = '' THEN 'narrator' END,
                   CASE WHEN coalesce(description, '') = '' THEN 'description' END,
                   CASE WHEN coalesce(isbn, asin, '') = '' THEN 'isbn or asin' END,
                   CASE WHEN coalesce(publisher, '') = '' THEN 'publisher' END,
                   CASE WHEN published_year IS NULL THEN 'published_year' END,
                   CASE WHEN coalesce(language, '') = '' THEN 'language' END,
                   CASE WHEN series IS NOT NULL AND series_number IS NULL THEN 'series_number' END
               ], NULL) AS lacks
        FROM books
        WHERE status = 'active' AND metadata_completeness_percent < 100
        ORDER BY metadata_completeness_percent, id
        LIMIT :limit
        """,
        limit=limit,
    )


@dataclass(frozen=True, slots=True)
class RetryDue:
    """A failed download whose next attempt is due."""

    download_id: int
    title: str
    author: str | None
    retry_count: int
    max_retries: int
    next_retry: datetime
    failure_reason: str | None


def retries_due(connection: Connection, now: datetime) -> list[RetryDue]:
    """Downloads due for a retry at ``now``, the longest overdue first."""
    return rows_of(
        connection,
        RetryDue,
        """
        SELECT id AS download_id, title, author, retry_count, max_retries, next_retry, failure_reason
        FROM downloads WHERE status = 'failed' AND next_retry <= :now ORDER BY next_retry, id
        """,
        now=now,
    )


@dataclass(frozen=True, slots=True)
class TaskRun:
    """A run as it is kept in `tasks`."""

    task_name: str
    status: str
    actual_start: datetime | None
    actual_end: datetime | None
    duration_seconds: float | None
    items_processed: int
    items_succeeded: int
    items_failed: int
    error_message: str | None
    dagster_run_id: str | None


def task_history(connection: Connection, since: datetime) -> list[TaskRun]:
    """Runs that began (or, not begun yet, were made) since a time, newest first; the last 7 days, say."""
    return rows_of(
        connection,
        TaskRun,
        """
        SELECT task_name, status, actual_start, actual_end, duration_seconds, items_processed, items_succeeded,
               items_failed, error_message, dagster_run_id
        FROM tasks WHERE coalesce(actual_start, created_at) >= :since
        ORDER BY coalesce(actual_start, created_at) DESC, id DESC
        """,
        since=since,
    )


@dataclass(frozen=True, slots=True)
class ChronicFailure:
    """Something that fails again and again, over all its reasons."""

    task_name: str
    item_id: str
    item_name: str | None
    attempts: int
    reasons: list[str]
    first_attempt: datetime
    last_attempt: datetime


def chronic_failures(connection: Connection, *, at_least: int = 3, limit: int = 50) -> list[ChronicFailure]:
    """Which items always fail: those with ``at_least`` failed attempts in all, worst first."""
    return rows_of(
        connection,
        ChronicFailure,
        """
        SELECT task_name, item_id, (array_agg(item_name ORDER BY last_attempt DESC))[1] AS item_name,
               sum(attempt_count)::bigint AS attempts, array_agg(DISTINCT reason) AS reasons,
               min(first_attempt) AS first_attempt, max(last_attempt) AS last_attempt
        FROM failed_attempts
        GROUP BY task_name, item_id
        HAVING sum(attempt_count) >= :at_least
        ORDER BY attempts DESC, last_attempt DESC, task_name, item_id
        LIMIT :limit
        """,
        at_least=at_least,
        limit=limit,
    )


@dataclass(frozen=True, slots=True)
class FailureWeek:
    """One week (``week`` is its Monday, UTC). ``new`` failed for the first time in it, ``last`` for the last time so
    far: fewer new ones from week to week is an improvement."""

    week: date
    new: int
    last: int


def failures_per_week(connection: Connection, now: datetime, *, weeks: int = 8) -> list[FailureWeek]:
    """The last ``weeks`` weeks up to ``now``, oldest first, those without failures included.

    A failure that repeats is one row with a count, so it is counted where it began and where it was seen last.
    """
    return rows_of(
        connection,
        FailureWeek,
        """
        WITH bounds AS (SELECT date_trunc('week', CAST(:now AS timestamptz) AT TIME ZONE 'UTC') AS this_week),
        week AS (
            SELECT generate_series(this_week - make_interval(weeks => :weeks - 1), this_week, interval '1 week') AS week
            FROM bounds
        ),
        began AS (
            SELECT date_trunc('week', first_attempt AT TIME ZONE 'UTC') AS week, count(*) AS n
            FROM failed_attempts GROUP BY 1
        ),
        ended AS (
            SELECT date_trunc('week', last_attempt AT TIME ZONE 'UTC') AS week, count(*) AS n
            FROM failed_attempts GROUP BY 1
        )
        SELECT week.week::date AS week, coalesce(began.n, 0) AS new, coalesce(ended.n, 0) AS last
        FROM week LEFT JOIN began USING (week) LEFT JOIN ended USING (week)
        ORDER BY week.week
        """,
        now=now,
        weeks=weeks,
    )


FAILURE_COLUMNS = (
    "id",
    "task_name",
    "item_id",
    "item_name",
    "reason",
    "error_code",
    "error_details",
    "first_attempt",
    "last_attempt",
    "attempt_count",
    "metadata",
)


def write_failures(connection: Connection, output: TextIO) -> int:
    """Write all of `failed_attempts` as CSV: a header line, oldest first, times as ISO 8601. Returns how many rows.

    Read in portions, so that a tally of any size fits into memory.
    """
    writer = csv.writer(output)
    writer.writerow(FAILURE_COLUMNS)
    columns = ", ".join("metadata::text AS metadata" if name == "metadata" else name for name in FAILURE_COLUMNS)
    streaming = connection.execution_options(stream_results=True, yield_per=1000)
    written = 0
    for row in streaming.execute(text(f"SELECT {columns} FROM failed_attempts ORDER BY first_attempt, id")):
        writer.writerow([_cell(value) for value in row])
        written += 1
    return written


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    # A spreadsheet would run a title that begins like a formula.
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value
