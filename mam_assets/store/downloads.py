"""Downloads: queued, sent, watched, failed, retried, imported. One row per gap, whose release changes with each
attempt.

Belongs here: SQL on downloads, blocked_releases, outbox and imported_files. Does not belong here: which move is right
(domain.lifecycle), the tally of failures for ever (history).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from mam_assets.store import tables as t

# The best accepted release of a gap that is not blocked for it: greatest rank, then the one found first.
_BEST = """
    SELECT DISTINCT ON (d.missing_book_id)
           d.missing_book_id, r.id AS release_id, r.source, r.download_url, r.size_bytes, r.info_hash
    FROM release_decisions d
    JOIN releases r ON r.id = d.release_id
    WHERE (d.verdict = 'accept' OR d.approved_by IS NOT NULL)
      AND NOT EXISTS (
          SELECT FROM blocked_releases b
          WHERE b.missing_book_id = d.missing_book_id
            AND (b.guid_key = 'guid:' || r.source || ':' || r.guid OR b.info_hash = r.info_hash)
      )
    ORDER BY d.missing_book_id, (d.approved_by IS NOT NULL) DESC, d.rank DESC, r.id
"""


# A gap that never had a download, or only such as were withdrawn while a person ignored it.
_NEVER_QUEUED = """
    NOT EXISTS (SELECT FROM downloads d WHERE d.missing_book_id = m.id
                AND NOT (d.status = 'abandoned' AND d.failure_code = 'withdrawn'))
"""


@dataclass(frozen=True)
class Queued:
    """A download that waits to be sent. ``retry_count`` is the number of attempts that failed before."""

    download_id: int
    gap_id: int | None
    release_id: int
    title: str
    author: str | None
    source: str
    guid: str
    size_bytes: int | None
    info_hash: str | None
    retry_count: int
    fetch_attempts: int


@dataclass(frozen=True)
class Active:
    """A download that is in the client. ``files_checked`` is False for a magnet whose metadata was not seen yet."""

    download_id: int
    gap_id: int | None
    title: str
    status: str
    info_hash: str
    progress: float
    sent_at: datetime | None
    last_progress_at: datetime | None
    absent_since: datetime | None
    retry_count: int
    size_bytes: int | None
    files_checked: bool


@dataclass(frozen=True)
class ToImport:
    """A complete download whose files are not in the library yet."""

    download_id: int
    gap_id: int | None
    title: str
    author: str | None
    info_hash: str
    save_path: str
    content_path: str
    import_attempts: int


def queue_accepted(connection: Connection, now: datetime, *, limit: int) -> int:
    """Queue the best accepted release of each open gap that never had a download; most urgent first. Returns how many.
    The unique index refuses a second active download of a gap."""
    result = connection.execute(
        text(
            f"""
            WITH best AS ({_BEST}),
            chosen AS (
                SELECT best.*, m.title, m.author_name, m.requested_by
                FROM best JOIN missing_books m ON m.id = best.missing_book_id
                WHERE m.closed_date IS NULL AND m.download_status IN ('identified', 'held')
                  AND {_NEVER_QUEUED}
                ORDER BY m.priority, m.identified_date, m.id
                LIMIT :limit
            ),
            added AS (
                INSERT INTO downloads (missing_book_id, release_id, requested_by, title, author, source, torrent_url,
                                       size_bytes, status, abs_import_status, date_queued, date_updated)
                SELECT missing_book_id, release_id, requested_by, title, author_name, source, download_url,
                       size_bytes, 'queued', 'pending', :now, :now
                FROM chosen
                ON CONFLICT DO NOTHING
                RETURNING id, missing_book_id
            )
            UPDATE missing_books m
            SET download_status = 'queued', download_id = added.id, hold_reason = NULL
            FROM added WHERE added.missing_book_id = m.id
            """
        ),
        {"now": now, "limit": limit},
    )
    return result.rowcount


def requeue_due(connection: Connection, now: datetime, *, ids: Sequence[int] = ()) -> int:
    """Queue failed downloads whose retry is due (or that a person named) again, each with the best release that is not
    blocked. One that has no such release stays as it is. Returns how many."""
    result = connection.execute(
        text(
            f"""
            WITH best AS ({_BEST}),
            again AS (
                UPDATE downloads d
                SET status = 'queued', release_id = best.release_id, source = best.source,
                    torrent_url = best.download_url, magnet_link = NULL, size_bytes = best.size_bytes,
                    qbittorrent_hash = NULL, qbittorrent_status = NULL, progress = 0, sent_at = NULL,
                    fetch_attempts = 0, files_checked_at = NULL, last_progress_at = NULL, absent_since = NULL,
                    next_retry = NULL, waiting_reason = NULL, save_path = NULL, content_path = NULL,
                    date_completed = NULL, abs_import_status = 'pending', abs_import_error = NULL,
                    import_attempts = 0, next_import = NULL, date_updated = :now
                FROM best JOIN missing_books m ON m.id = best.missing_book_id
                WHERE d.missing_book_id = best.missing_book_id AND m.closed_date IS NULL
                  AND m.download_status <> 'ignored'
                  AND ((d.status = 'failed' AND d.next_retry <= :now)
                       OR (d.status IN ('failed', 'abandoned') AND d.id = ANY(CAST(:ids AS bigint[]))))
                RETURNING d.id, d.missing_book_id
            )
            UPDATE missing_books m SET download_status = 'queued', download_id = again.id
            FROM again WHERE again.missing_book_id = m.id
            """
        ),
        {"now": now, "ids": list(ids)},
    )
    return result.rowcount


def due_without_release(connection: Connection, now: datetime) -> list[tuple[int, int]]:
    """Failed downloads whose retry is due and for which every known release is blocked, as (id, retry_count)."""
    rows = connection.execute(
        text(
            f"""
            WITH best AS ({_BEST})
            SELECT d.id, d.retry_count FROM downloads d
            LEFT JOIN missing_books m ON m.id = d.missing_book_id
            WHERE d.status = 'failed' AND d.next_retry <= :now AND m.download_status IS DISTINCT FROM 'ignored'
              AND NOT EXISTS (SELECT FROM best WHERE best.missing_book_id = d.missing_book_id)
            ORDER BY d.id
            """
        ),
        {"now": now},
    )
    return [(row.id, row.retry_count) for row in rows]


def withdraw_unwanted(connection: Connection, now: datetime) -> int:
    """Give up what nobody wants any more: downloads that wait (to be sent, or for their retry) for a gap that was
    closed otherwise, and those that wait to be sent for one that a person ignores. What is on its way to the client is
    left to come. Returns how many."""
    reason = "the gap was closed or is ignored"
    values = {"now": now, "reason": reason}
    connection.execute(
        text(
            """
            UPDATE downloads d
            SET status = 'failed', failure_code = 'withdrawn', failure_reason = :reason, next_retry = NULL,
                waiting_reason = NULL, date_updated = :now
            FROM missing_books m
            WHERE m.id = d.missing_book_id AND d.status = 'queued'
              AND (m.closed_date IS NOT NULL OR m.download_status = 'ignored')
              AND NOT EXISTS (SELECT FROM outbox o WHERE o.download_id = d.id AND o.state = 'intended')
            """
        ),
        values,
    )
    result = connection.execute(
        text(
            """
            UPDATE downloads d SET status = 'abandoned', next_retry = NULL, date_updated = :now
            FROM missing_books m
            WHERE m.id = d.missing_book_id AND d.status = 'failed'
              AND (m.closed_date IS NOT NULL OR d.failure_code = 'withdrawn')
            """
        ),
        {"now": now},
    )
    return result.rowcount


def to_send(connection: Connection, *, limit: int) -> list[Queued]:
    """Queued downloads: those that could be fetched at once before those that could not, the most urgent gap first."""
    rows = connection.execute(
        text(
            """
            SELECT d.id AS download_id, d.missing_book_id AS gap_id, d.release_id, d.title, d.author, d.source, r.guid,
                   d.size_bytes, r.info_hash, d.retry_count, d.fetch_attempts
            FROM downloads d
            JOIN releases r ON r.id = d.release_id
            LEFT JOIN missing_books m ON m.id = d.missing_book_id
            WHERE d.status = 'queued'
            ORDER BY d.fetch_attempts, coalesce(m.priority, 1), d.date_queued, d.id
            LIMIT :limit
            """
        ),
        {"limit": limit},
    )
    return [Queued(**row) for row in rows.mappings()]


def fetch_failed(connection: Connection, download_id: int, reason: str, now: datetime) -> None:
    """What the release's address gave is no torrent, for a reason that may pass: it waits, behind the others."""
    connection.execute(
        update(t.Download)
        .where(t.Download.id == download_id, t.Download.status == "queued")
        .values(fetch_attempts=t.Download.fetch_attempts + 1, waiting_reason=reason, date_updated=now)
    )


def intend_to_send(
    connection: Connection,
    download_id: int,
    info_hash: str,
    detail: dict[str, Any],
    now: datetime,
    *,
    magnet: str | None = None,
) -> None:
    """Write down, before it is done, that this torrent is about to be handed to the client. ``magnet``, without its
    trackers, is given for one whose files can't be seen yet."""
    connection.execute(
        update(t.Download)
        .where(t.Download.id == download_id)
        .values(
            qbittorrent_hash=info_hash,
            magnet_link=magnet,
            files_checked_at=None if magnet else now,
            last_attempt=now,
            waiting_reason=None,
            date_updated=now,
        )
    )
    connection.execute(
        text("UPDATE releases SET info_hash = :hash WHERE id = (SELECT release_id FROM downloads WHERE id = :id)"),
        {"hash": info_hash, "id": download_id},
    )
    statement = insert(t.OutboxEntry).values(
        service="qbittorrent",
        action="add",
        key=info_hash,
        download_id=download_id,
        detail=detail,
        state="intended",
        intended_at=now,
    )
    connection.execute(statement.on_conflict_do_nothing())


def other_with_hash(connection: Connection, info_hash: str, download_id: int) -> str | None:
    """The title of another download that is active with this torrent, or None. One that was imported is done with."""
    statement = select(t.Download.title).where(
        t.Download.qbittorrent_hash == info_hash,
        t.Download.id != download_id,
        t.Download.status.in_(("queued", "downloading", "completed")),
        t.Download.abs_import_status != "imported",
    )
    return connection.execute(statement.limit(1)).scalar()


_ADDING = (t.OutboxEntry.service == "qbittorrent", t.OutboxEntry.action == "add")


def unsettled(connection: Connection) -> list[tuple[int, str]]:
    """Torrents that were about to be sent when a run ended, as (download id, info-hash): the client knows the rest."""
    statement = (
        select(t.OutboxEntry.download_id, t.OutboxEntry.key)
        .where(*_ADDING, t.OutboxEntry.state == "intended")
        .order_by(t.OutboxEntry.id)
    )
    return [(row.download_id, row.key) for row in connection.execute(statement)]


def settle(connection: Connection, info_hash: str, state: str, now: datetime) -> None:
    """Close the intention to send a torrent: confirmed, or abandoned since the client doesn't have it."""
    connection.execute(
        update(t.OutboxEntry)
        .where(*_ADDING, t.OutboxEntry.key == info_hash, t.OutboxEntry.state == "intended")
        .values(state=state, settled_at=now)
    )


def sent(connection: Connection, download_id: int, now: datetime) -> None:
    """The client has it."""
    moved = connection.execute(
        update(t.Download)
        .where(t.Download.id == download_id, t.Download.status == "queued")
        .values(status="downloading", sent_at=now, last_progress_at=now, waiting_reason=None, date_updated=now)
    )
    if moved.rowcount:
        _gap_follows(connection, download_id, "downloading")


def unsend(connection: Connection, download_id: int, now: datetime) -> None:
    """The client never got it: it waits to be sent as before."""
    connection.execute(
        update(t.Download)
        .where(t.Download.id == download_id, t.Download.status == "queued")
        .values(qbittorrent_hash=None, date_updated=now)
    )


def wait(connection: Connection, download_ids: Sequence[int], reason: str, now: datetime) -> None:
    """Why these are not sent yet."""
    connection.execute(
        update(t.Download)
        .where(t.Download.id.in_(download_ids), t.Download.status == "queued")
        .values(waiting_reason=reason, date_updated=now)
    )


def active(connection: Connection) -> list[Active]:
    """Downloads that are in the client and not complete."""
    rows = connection.execute(
        text(
            """
            SELECT d.id AS download_id, d.missing_book_id AS gap_id, d.title, d.status, d.qbittorrent_hash AS info_hash,
                   d.progress, d.sent_at, d.last_progress_at, d.absent_since, d.retry_count, d.size_bytes,
                   d.files_checked_at IS NOT NULL AS files_checked
            FROM downloads d
            WHERE d.status = 'downloading'
            ORDER BY d.id
            """
        )
    )
    return [Active(**row) for row in rows.mappings()]


def observed(
    connection: Connection,
    download_id: int,
    *,
    progress: float,
    client_state: str | None,
    last_progress_at: datetime | None,
    absent_since: datetime | None,
    now: datetime,
) -> None:
    """What a look at the client showed of a download that goes on; the next look counts from these times."""
    values: dict[str, Any] = {
        "progress": progress,
        "last_progress_at": last_progress_at,
        "absent_since": absent_since,
        "date_updated": now,
    }
    if client_state is not None:
        values["qbittorrent_status"] = client_state
    connection.execute(
        update(t.Download).where(t.Download.id == download_id, t.Download.status == "downloading").values(**values)
    )


def files_checked(connection: Connection, download_id: int, now: datetime) -> None:
    """The files that a magnet turned out to hold are what was promised."""
    connection.execute(update(t.Download).where(t.Download.id == download_id).values(files_checked_at=now))


def completed(
    connection: Connection, download_id: int, *, save_path: str, content_path: str, client_state: str, now: datetime
) -> None:
    """The client has all of it: to be imported."""
    connection.execute(
        update(t.Download)
        .where(t.Download.id == download_id, t.Download.status.in_(("queued", "downloading")))
        .values(
            status="completed",
            progress=1.0,
            qbittorrent_status=client_state,
            save_path=save_path,
            content_path=content_path,
            date_completed=now,
            date_updated=now,
        )
    )
    _gap_follows(connection, download_id, "completed")


def failed(
    connection: Connection,
    download_id: int,
    *,
    code: str,
    reason: str,
    next_retry: datetime | None,
    block: bool,
    now: datetime,
) -> str:
    """An attempt failed. With `block`, its release is never taken again for this gap; without a next retry the download
    is abandoned. Returns the new status."""
    if block:
        connection.execute(
            text(
                """
                INSERT INTO blocked_releases (missing_book_id, release_id, guid_key, info_hash, reason, blocked_at)
                SELECT d.missing_book_id, r.id, 'guid:' || r.source || ':' || r.guid,
                       coalesce(d.qbittorrent_hash, r.info_hash), :reason, :now
                FROM downloads d JOIN releases r ON r.id = d.release_id
                WHERE d.id = :id AND d.missing_book_id IS NOT NULL
                ON CONFLICT DO NOTHING
                """
            ),
            {"id": download_id, "reason": reason, "now": now},
        )
    connection.execute(
        update(t.Download)
        .where(t.Download.id == download_id)
        .values(
            status="failed",
            # The database lets a complete download fail only when its import found it damaged.
            abs_import_status=case(
                (t.Download.status == "completed", "import_failed"), else_=t.Download.abs_import_status
            ),
            failure_code=code,
            failure_reason=reason,
            retry_count=func.least(t.Download.retry_count + 1, t.Download.max_retries),
            next_retry=next_retry,
            waiting_reason=None,
            absent_since=None,
            date_updated=now,
        )
    )
    status = "failed"
    if next_retry is None:
        connection.execute(update(t.Download).where(t.Download.id == download_id).values(status="abandoned"))
        status = "abandoned"
    _gap_follows(connection, download_id, "failed")
    return status


def retries(connection: Connection, download_id: int) -> int:
    """How many attempts of a download failed so far."""
    return connection.execute(select(t.Download.retry_count).where(t.Download.id == download_id)).scalar_one()


def postpone(connection: Connection, download_id: int, next_retry: datetime | None, now: datetime) -> None:
    """A due retry found no release that is not blocked: the rung counts, the next one is later; at the end,
    abandoned."""
    values: dict[str, Any] = {
        "retry_count": func.least(t.Download.retry_count + 1, t.Download.max_retries),
        "next_retry": next_retry,
        "date_updated": now,
    }
    if next_retry is None:
        values["status"] = "abandoned"
    connection.execute(update(t.Download).where(t.Download.id == download_id).values(**values))


def _gap_follows(connection: Connection, download_id: int, status: str) -> None:
    connection.execute(
        text(
            """
            UPDATE missing_books m SET download_status = :status
            FROM downloads d
            WHERE d.id = :id AND m.id = d.missing_book_id AND m.closed_date IS NULL AND m.download_status <> 'ignored'
            """
        ),
        {"id": download_id, "status": status},
    )


def to_import(connection: Connection, now: datetime, *, limit: int) -> list[ToImport]:
    """Complete downloads whose import is due, the one that waits longest first."""
    rows = connection.execute(
        text(
            """
            SELECT d.id AS download_id, d.missing_book_id AS gap_id, d.title, d.author, d.qbittorrent_hash AS info_hash,
                   d.save_path, d.content_path, d.import_attempts
            FROM downloads d
            WHERE d.status = 'completed' AND d.abs_import_status = 'pending'
              AND (d.next_import IS NULL OR d.next_import <= :now)
            ORDER BY d.import_attempts, d.date_completed, d.id
            LIMIT :limit
            """
        ),
        {"limit": limit, "now": now},
    )
    return [ToImport(**row) for row in rows.mappings()]


def files_placed(connection: Connection, download_id: int, files: Sequence[tuple[str, str, str, int]]) -> None:
    """Keep which file came from where: (source, target, method, bytes)."""
    if not files:
        return
    rows = [
        {"download_id": download_id, "source_path": s, "target_path": p, "method": method, "size_bytes": size}
        for s, p, method, size in files
    ]
    connection.execute(insert(t.ImportedFile).values(rows).on_conflict_do_nothing())


def imported(connection: Connection, download_id: int, book_id: int, now: datetime) -> None:
    """The library shows the book: link it, close the gap."""
    connection.execute(
        update(t.Download)
        .where(t.Download.id == download_id)
        .values(abs_import_status="imported", abs_import_error=None, book_id=book_id, date_updated=now)
    )
    connection.execute(
        text(
            """
            UPDATE missing_books m
            SET book_id = :book, closed_date = coalesce(m.closed_date, :now), download_status = 'completed',
                hold_reason = NULL
            FROM downloads d WHERE d.id = :id AND m.id = d.missing_book_id
            """
        ),
        {"id": download_id, "book": book_id, "now": now},
    )
    connection.execute(
        text(
            """
            UPDATE books b
            SET import_source = CASE m.reason_missing WHEN 'series_gap' THEN 'series_completion'
                                     WHEN 'author_gap' THEN 'author_discovery' ELSE m.reason_missing END
            FROM downloads d JOIN missing_books m ON m.id = d.missing_book_id
            WHERE d.id = :id AND b.id = :book
            """
        ),
        {"id": download_id, "book": book_id},
    )


def import_failed(
    connection: Connection, download_id: int, error: str, now: datetime, *, next_import: datetime | None
) -> None:
    """An import did not work; the files stay. It is tried again at ``next_import``, or, without one, waits for a
    person."""
    connection.execute(
        update(t.Download)
        .where(t.Download.id == download_id)
        .values(
            import_attempts=t.Download.import_attempts + 1,
            abs_import_error=error,
            abs_import_status="pending" if next_import else "import_failed",
            next_import=next_import,
            date_updated=now,
        )
    )
    if next_import is None:
        connection.execute(
            text(
                """
                UPDATE missing_books m SET download_status = 'held', hold_reason = :error
                FROM downloads d WHERE d.id = :id AND m.id = d.missing_book_id AND m.closed_date IS NULL
                  AND m.download_status <> 'ignored'
                """
            ),
            {"id": download_id, "error": error},
        )


def import_waits(
    connection: Connection, download_ids: Sequence[int], reason: str, next_import: datetime, now: datetime
) -> None:
    """A service or the disk was not to be had: nobody is to blame, and no attempt is counted."""
    connection.execute(
        update(t.Download)
        .where(t.Download.id.in_(download_ids), t.Download.abs_import_status == "pending")
        .values(abs_import_error=reason, next_import=next_import, date_updated=now)
    )


def known_items(connection: Connection, folders: Sequence[str]) -> dict[str, str]:
    """Items of the library, as we read them last, by folder: folder → Audiobookshelf's id."""
    statement = select(t.Book.rel_path, t.Book.abs_id).where(
        t.Book.rel_path.in_(folders), t.Book.abs_id.is_not(None), t.Book.status != "archived"
    )
    return {row.rel_path: row.abs_id for row in connection.execute(statement)}


def count(connection: Connection, *statuses: str) -> int:
    """Downloads with one of these statuses."""
    statement = select(func.count()).select_from(t.Download).where(t.Download.status.in_(statuses))
    return connection.execute(statement).scalar_one()


def sample(connection: Connection, *, statuses: Sequence[str], limit: int) -> list[dict[str, Any]]:
    """Downloads with one of these statuses, changed last first, for the sample table."""
    statement = (
        select(
            t.Download.title,
            t.Download.author,
            t.Download.source,
            t.Download.status,
            t.Download.progress,
            func.coalesce(t.Download.waiting_reason, t.Download.abs_import_error, t.Download.failure_reason).label(
                "note"
            ),
        )
        .where(t.Download.status.in_(statuses))
        .order_by(t.Download.date_updated.desc(), t.Download.id)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def _rows(connection: Connection, query: str, **values: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(text(query), values).mappings()]


def gaps_with_too_many(connection: Connection) -> list[dict[str, Any]]:
    """Gaps with more than one download under way, or closed or ignored with one queued: there must be none."""
    return _rows(
        connection,
        """
        SELECT m.id, m.title, count(*) AS downloads
        FROM downloads d JOIN missing_books m ON m.id = d.missing_book_id
        WHERE d.status IN ('queued', 'downloading') OR (d.status = 'completed' AND d.abs_import_status = 'pending')
        GROUP BY m.id
        HAVING count(*) > 1
            OR ((m.download_status = 'ignored' OR m.closed_date IS NOT NULL)
                AND bool_or(d.status = 'queued' AND NOT EXISTS (SELECT FROM outbox o WHERE o.download_id = d.id
                                                                AND o.state = 'intended')))
        """,
    )


def sent_without_hash(connection: Connection) -> list[dict[str, Any]]:
    """Downloads that are said to be in the client and could not be found there: there must be none."""
    return _rows(
        connection,
        """
        SELECT id, title, status FROM downloads
        WHERE status = 'downloading' AND (qbittorrent_hash IS NULL OR sent_at IS NULL) ORDER BY id
        """,
    )


def overdue(connection: Connection, now: datetime) -> list[dict[str, Any]]:
    """Failed downloads whose retry was due more than two days ago."""
    return _rows(
        connection,
        """
        SELECT d.id, d.title, d.next_retry FROM downloads d LEFT JOIN missing_books m ON m.id = d.missing_book_id
        WHERE d.status = 'failed' AND d.next_retry < CAST(:now AS timestamptz) - interval '2 days'
          AND m.closed_date IS NULL AND m.download_status IS DISTINCT FROM 'ignored'
        ORDER BY d.next_retry
        """,
        now=now,
    )


def imports_without_book(connection: Connection) -> list[dict[str, Any]]:
    """Imports that are not linked to a book or whose gap is open: there must be none."""
    return _rows(
        connection,
        """
        SELECT d.id, d.title FROM downloads d LEFT JOIN missing_books m ON m.id = d.missing_book_id
        WHERE d.abs_import_status = 'imported' AND (d.book_id IS NULL OR m.closed_date IS NULL AND m.id IS NOT NULL)
        ORDER BY d.id
        """,
    )


def work_is_due(connection: Connection, now: datetime) -> dict[str, int]:
    """How much acquisition has to do: gaps to search, accepted ones to queue, downloads to send, retries due."""
    return _rows(
        connection,
        f"""
        WITH best AS ({_BEST})
        SELECT
            (SELECT count(*) FROM missing_books m LEFT JOIN gap_searches g ON g.missing_book_id = m.id
             WHERE m.closed_date IS NULL AND m.download_status IN ('identified', 'held')
               AND (g.next_search IS NULL OR g.next_search <= :now)
               AND NOT EXISTS (SELECT FROM downloads d WHERE d.missing_book_id = m.id
                               AND d.status IN ('queued', 'downloading', 'completed'))) AS searches,
            (SELECT count(*) FROM best JOIN missing_books m ON m.id = best.missing_book_id
             WHERE m.closed_date IS NULL AND m.download_status IN ('identified', 'held')
               AND {_NEVER_QUEUED}) AS accepted,
            (SELECT count(*) FROM downloads WHERE status = 'queued') AS to_send,
            (SELECT count(*) FROM downloads d LEFT JOIN missing_books m ON m.id = d.missing_book_id
             WHERE d.status = 'failed' AND d.next_retry <= :now AND m.closed_date IS NULL
               AND m.download_status IS DISTINCT FROM 'ignored') AS retries
        """,
        now=now,
    )[0]
