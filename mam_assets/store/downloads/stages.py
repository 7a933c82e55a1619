"""What concerns a download at whatever stage it is: the gap that moves along, how many there are, a sample.

Belongs here: what more than one stage needs. Does not belong here: what one stage alone asks or writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select, text

from mam_assets.store import tables as t


def gap_follows(connection: Connection, download_id: int, status: str) -> None:
    """The gap of a download shows how that fares, unless it is closed or a person ignores it."""
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
