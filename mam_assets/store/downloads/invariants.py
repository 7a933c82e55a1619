"""What must be true of downloads, asked for by the checks: each answer lists the rows that break it.

Belongs here: one query for each check. Does not belong here: what a broken one means for a run (checks.acquisition).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text


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


def _rows(connection: Connection, query: str, **values: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(text(query), values).mappings()]
