"""Queued downloads on their way to the client, each written down in the outbox before it is handed over.

Belongs here: what waits to be sent and why, the intention to send and what became of it. Does not belong here: what is
queued (queue.py), what the client does with it afterwards (watching.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, text, update
from sqlalchemy.dialects.postgresql import insert

from mam_assets.store import tables as t
from mam_assets.store.downloads.stages import gap_follows

_ADDING = (t.OutboxEntry.service == "qbittorrent", t.OutboxEntry.action == "add")


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


def wait(connection: Connection, download_ids: Sequence[int], reason: str, now: datetime) -> None:
    """Why these are not sent yet."""
    connection.execute(
        update(t.Download)
        .where(t.Download.id.in_(download_ids), t.Download.status == "queued")
        .values(waiting_reason=reason, date_updated=now)
    )


def fetch_failed(connection: Connection, download_id: int, reason: str, now: datetime) -> None:
    """What the release's address gave is no torrent, for a reason that may pass: it waits, behind the others."""
    connection.execute(
        update(t.Download)
        .where(t.Download.id == download_id, t.Download.status == "queued")
        .values(fetch_attempts=t.Download.fetch_attempts + 1, waiting_reason=reason, date_updated=now)
    )


def other_with_hash(connection: Connection, info_hash: str, download_id: int) -> str | None:
    """The title of another download that is active with this torrent, or None. One that was imported is done with."""
    statement = select(t.Download.title).where(
        t.Download.qbittorrent_hash == info_hash,
        t.Download.id != download_id,
        t.Download.status.in_(("queued", "downloading", "completed")),
        t.Download.abs_import_status != "imported",
    )
    return connection.execute(statement.limit(1)).scalar()


def intend_to_send(
    connection: Connection,
    download_id: int,
    info_hash: str,
    detail: dict[str, Any],
    now: datetime,
    *,
    magnet: str | None = None,
) -> bool:
    """Write down, before it is done, that this torrent is about to be handed to the client. ``magnet``, without its
    trackers, is given for one whose files can't be seen yet. False, and nothing is written, where it was withdrawn
    meanwhile: fetching a torrent takes its time, and the book may have come by another way."""
    intended = connection.execute(
        update(t.Download)
        .where(t.Download.id == download_id, t.Download.status == "queued")
        .values(
            qbittorrent_hash=info_hash,
            magnet_link=magnet,
            files_checked_at=None if magnet else now,
            last_attempt=now,
            waiting_reason=None,
            date_updated=now,
        )
    )
    if not intended.rowcount:
        return False
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
    return True


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
        gap_follows(connection, download_id, "downloading")


def unsend(connection: Connection, download_id: int, now: datetime) -> None:
    """The client never got it: it waits to be sent as before."""
    connection.execute(
        update(t.Download)
        .where(t.Download.id == download_id, t.Download.status == "queued")
        .values(qbittorrent_hash=None, date_updated=now)
    )
