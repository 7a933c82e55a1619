"""Attempts that failed: the release that is blocked for its gap, the count, and when the next one is due.

Belongs here: what a failure costs a download, wherever it happened. Does not belong here: how long the next attempt
waits (domain.lifecycle), queueing it again (queue.py), the tally of failures for ever (history).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, func, select, text, update

from mam_assets.store import tables as t
from mam_assets.store.downloads.stages import gap_follows


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
    gap_follows(connection, download_id, "failed")
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
