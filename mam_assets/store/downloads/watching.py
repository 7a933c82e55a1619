"""Downloads that are in the client: what was seen of them, and when the client has all of one.

Belongs here: what a look at the client leaves behind. Does not belong here: what a look means (domain.lifecycle), a
download that failed (attempts.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text, update

from mam_assets.store import tables as t
from mam_assets.store.downloads.stages import gap_follows


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
    gap_follows(connection, download_id, "completed")
