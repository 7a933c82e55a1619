"""The queue: what is queued, queued again when its retry is due, or withdrawn; and how much acquisition has to do.

Belongs here: which release of a gap is taken, and when. Does not belong here: how a queued download reaches the client
(sending.py), when a failed one is due again (attempts.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

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


def work_is_due(connection: Connection, now: datetime) -> dict[str, int]:
    """How much acquisition has to do: gaps to search, accepted ones to queue, downloads to send, retries due."""
    counts = connection.execute(
        text(
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
            """
        ),
        {"now": now},
    )
    return dict(counts.mappings().one())
