"""What there is and what became of it, for the report of `mam`, its live display and the health page.

Belongs here: one read-only query per part of the report. Does not belong here: the questions about trends and chronic
failures (questions.py), how it is shown (cli, api).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, text

_Row = TypeVar("_Row")


def rows_of(connection: Connection, row: type[_Row], query: str, **values: Any) -> list[_Row]:
    """The answer of a query, each row as a record with the same field names."""
    return [row(**found) for found in connection.execute(text(query), values).mappings()]


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is just now. Gaps are the open ones; decisions those on open and closed gaps; ``progress`` is the
    sum over the downloads that come in, 0 to 1 each."""

    books: int
    series: int
    authors: int
    series_complete: int
    gaps: int
    upcoming: int
    accepted: int
    held: int
    refused: int
    queued: int
    downloading: int
    completed: int
    failed: int
    abandoned: int
    imported: int
    progress: float

    @property
    def moving(self) -> int:
        """Downloads that may still change by themselves: waiting to be sent, coming in, or waiting to be imported."""
        return self.queued + self.downloading + self.completed


def counts(connection: Connection) -> Counts:
    """One row of numbers, cheap enough to be asked every second."""
    return rows_of(
        connection,
        Counts,
        """
        SELECT (SELECT count(*) FROM books WHERE status = 'active') AS books,
               s.series, s.series_complete, (SELECT count(*) FROM authors) AS authors,
               m.gaps, m.upcoming, r.accepted, r.held, r.refused,
               d.queued, d.downloading, d.completed, d.failed, d.abandoned, d.imported, d.progress
        FROM (SELECT count(*) AS series,
                     count(*) FILTER (WHERE completion_status = 'complete') AS series_complete FROM series) s,
             (SELECT count(*) FILTER (WHERE download_status <> 'upcoming') AS gaps,
                     count(*) FILTER (WHERE download_status = 'upcoming') AS upcoming
              FROM missing_books WHERE closed_date IS NULL) m,
             (SELECT count(*) FILTER (WHERE verdict = 'accept') AS accepted,
                     count(*) FILTER (WHERE verdict = 'hold') AS held,
                     count(*) FILTER (WHERE verdict = 'refuse') AS refused FROM release_decisions) r,
             (SELECT count(*) FILTER (WHERE status = 'queued') AS queued,
                     count(*) FILTER (WHERE status = 'downloading') AS downloading,
                     coalesce(sum(progress) FILTER (WHERE status = 'downloading'), 0) AS progress,
                     count(*) FILTER (WHERE status = 'completed' AND abs_import_status = 'pending') AS completed,
                     count(*) FILTER (WHERE status = 'failed'
                                      OR (status = 'completed' AND abs_import_status = 'import_failed')) AS failed,
                     count(*) FILTER (WHERE status = 'abandoned') AS abandoned,
                     count(*) FILTER (WHERE abs_import_status = 'imported') AS imported FROM downloads) d
        """,
    )[0]


@dataclass(frozen=True, slots=True)
class Completion:
    """How complete a series or an author is. ``percent`` is None until the catalogue is known."""

    name: str
    author: str | None
    owned: int
    missing: int
    total: int
    percent: float | None
    status: str
    checked_at: datetime | None


def series_completion(connection: Connection, *, limit: int = 1000) -> list[Completion]:
    """Every series, the least complete first, those of unknown catalogue last."""
    return rows_of(
        connection,
        Completion,
        """
        SELECT name, author, books_owned AS owned, books_missing AS missing, total_books_in_series AS total,
               completion_percentage AS percent, completion_status AS status, last_completion_check AS checked_at
        FROM series
        ORDER BY completion_percentage NULLS LAST, books_missing DESC, name
        LIMIT :limit
        """,
        limit=limit,
    )


def author_completion(connection: Connection, *, limit: int = 1000) -> list[Completion]:
    """Every author, most missing first, those of unknown catalogue last."""
    return rows_of(
        connection,
        Completion,
        """
        SELECT name, NULL AS author, audiobooks_owned AS owned, audiobooks_missing AS missing,
               total_audiobooks_external AS total,
               round(100.0 * audiobooks_owned / nullif(audiobooks_owned + audiobooks_missing, 0), 1)::float AS percent,
               completion_status AS status, last_completion_check AS checked_at
        FROM authors
        ORDER BY (completion_status = 'unknown'), audiobooks_missing DESC, name
        LIMIT :limit
        """,
        limit=limit,
    )


@dataclass(frozen=True, slots=True)
class GapGroup:
    """Gaps, open and closed, by the reason that found them first. ``open`` includes those being downloaded."""

    reason: str
    found: int
    closed: int
    upcoming: int
    held: int
    open: int


def gaps_by_reason(connection: Connection) -> list[GapGroup]:
    """How many gaps each reason found, and how they stand."""
    return rows_of(
        connection,
        GapGroup,
        """
        SELECT reason_missing AS reason, count(*) AS found,
               count(*) FILTER (WHERE closed_date IS NOT NULL) AS closed,
               count(*) FILTER (WHERE closed_date IS NULL AND download_status = 'upcoming') AS upcoming,
               count(*) FILTER (WHERE closed_date IS NULL AND download_status = 'held') AS held,
               count(*) FILTER (WHERE closed_date IS NULL) AS open
        FROM missing_books GROUP BY reason_missing ORDER BY count(*) DESC, reason_missing
        """,
    )


@dataclass(frozen=True, slots=True)
class DecisionGroup:
    """Releases with one verdict for one main reason, and an example: which release, for which gap, and the evidence."""

    verdict: str
    code: str
    releases: int
    example_release: str
    example_gap: str
    evidence: str


def decisions_by_reason(connection: Connection) -> list[DecisionGroup]:
    """Verdicts on releases grouped by their main (first) reason: accepted, held, refused; the most frequent first."""
    return rows_of(
        connection,
        DecisionGroup,
        """
        SELECT d.verdict, coalesce(d.reasons -> 0 ->> 'code', 'none') AS code, count(*) AS releases,
               (array_agg(r.title ORDER BY d.id))[1] AS example_release,
               (array_agg(m.title ORDER BY d.id))[1] AS example_gap,
               coalesce((array_agg(d.reasons -> 0 ->> 'evidence' ORDER BY d.id))[1], '') AS evidence
        FROM release_decisions d
        JOIN releases r ON r.id = d.release_id
        JOIN missing_books m ON m.id = d.missing_book_id
        GROUP BY d.verdict, coalesce(d.reasons -> 0 ->> 'code', 'none')
        ORDER BY array_position(ARRAY['accept', 'hold', 'refuse'], d.verdict), count(*) DESC, code
        """,
    )


@dataclass(frozen=True, slots=True)
class DownloadLine:
    """One download and where it stands. ``state`` is waiting, downloading, complete, imported, import failed, failed or
    abandoned; ``words`` why, where there is a why."""

    title: str
    author: str | None
    source: str
    state: str
    progress: float
    words: str | None
    next_retry: datetime | None


def downloads(connection: Connection, *, limit: int = 1000) -> list[DownloadLine]:
    """Downloads, those with something to say first, then the newest."""
    return rows_of(
        connection,
        DownloadLine,
        """
        SELECT title, author, source, state, progress, next_retry,
               CASE state WHEN 'waiting' THEN waiting_reason
                          WHEN 'imported' THEN NULL
                          WHEN 'complete' THEN abs_import_error
                          WHEN 'import failed' THEN abs_import_error
                          WHEN 'downloading' THEN qbittorrent_status
                          ELSE failure_reason END AS words
        FROM (
            SELECT *, CASE WHEN status = 'queued' THEN 'waiting'
                           WHEN abs_import_status = 'imported' THEN 'imported'
                           WHEN status = 'completed' AND abs_import_status = 'import_failed' THEN 'import failed'
                           WHEN status = 'completed' THEN 'complete'
                           ELSE status END AS state
            FROM downloads
        ) d
        ORDER BY array_position(
            ARRAY['failed', 'abandoned', 'import failed', 'waiting', 'downloading', 'complete', 'imported'], state
        ), date_queued DESC, id
        LIMIT :limit
        """,
        limit=limit,
    )


@dataclass(frozen=True, slots=True)
class MetadataState:
    """Completeness (0 to 100) of the active books, and what was corrected in the last 30 days, by source."""

    books: int
    mean_completeness: float | None
    complete: int
    never_looked_up: int
    corrections: Mapping[str, int]


def metadata_state(connection: Connection) -> MetadataState:
    """One row on the metadata of the library."""
    return rows_of(
        connection,
        MetadataState,
        """
        SELECT count(*) AS books, round(avg(metadata_completeness_percent)::numeric, 1)::float AS mean_completeness,
               count(*) FILTER (WHERE metadata_completeness_percent >= 100) AS complete,
               count(*) FILTER (WHERE last_metadata_update IS NULL) AS never_looked_up,
               (SELECT coalesce(jsonb_object_agg(source, corrected), '{}')
                FROM (SELECT source, count(*) AS corrected FROM metadata_corrections GROUP BY source) c) AS corrections
        FROM books WHERE status = 'active'
        """,
    )[0]


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """How a service stands: its health, until when it is left alone, and the requests charged to it today (UTC)."""

    service: str
    status: str
    last_success: datetime | None
    last_failure: datetime | None
    last_error: str | None
    consecutive_failures: int
    retry_at: datetime | None
    used_today: int


def service_health(connection: Connection) -> list[ServiceHealth]:
    """Every service that was ever asked. The day of a budget is the newest one charged, the service's own day."""
    return rows_of(
        connection,
        ServiceHealth,
        """
        SELECT s.service, s.status, s.last_success, s.last_failure, s.last_error, s.consecutive_failures, s.retry_at,
               coalesce((SELECT b.used FROM service_budgets b
                         WHERE b.service = s.service AND b.day >= (now() - interval '1 day')::date
                         ORDER BY b.day DESC LIMIT 1), 0) AS used_today
        FROM service_state s ORDER BY s.service
        """,
    )


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest run of one kind of work."""

    task_name: str
    status: str
    started: datetime | None
    duration_seconds: float | None
    items_processed: int
    items_failed: int
    error_message: str | None


def last_runs(connection: Connection) -> list[LastRun]:
    """The newest run of each task."""
    return rows_of(
        connection,
        LastRun,
        """
        SELECT DISTINCT ON (task_name) task_name, status, actual_start AS started, duration_seconds, items_processed,
               items_failed, error_message
        FROM tasks ORDER BY task_name, actual_start DESC NULLS LAST, id DESC
        """,
    )


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What `mam doctor` asks the server itself: version as 140005, size in bytes, its clock."""

    version_number: int
    size_bytes: int
    now: datetime


def server_facts(connection: Connection) -> ServerFacts:
    """Version, size and clock of the server; needs no table of ours."""
    return rows_of(
        connection,
        ServerFacts,
        """
        SELECT current_setting('server_version_num')::int AS version_number,
               pg_database_size(current_database()) AS size_bytes, clock_timestamp() AS now
        """,
    )[0]
