"""Single rows for the tests of downloads and releases: a gap, an offer, and the download as it stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, text

from mam_assets.store import tables as t

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def add(connection: Connection, table: type[t.Base], **values: Any) -> int:
    return int(connection.execute(insert(table).values(**values).returning(table.__table__.c.id)).scalar_one())


def gap(connection: Connection, title: str = "Oz", **values: Any) -> int:
    plain = {"work_key": title, "title": title, "reason_missing": "series_gap", "download_status": "identified"}
    return add(connection, t.MissingBook, **(plain | values))


def offer(
    connection: Connection, gap_id: int, guid: str, *, rank: float = 1.0, verdict: str = "accept", **values: Any
) -> int:
    release = add(connection, t.Release, source="MAM", guid=guid, title=guid, **values)
    add(
        connection,
        t.ReleaseDecision,
        missing_book_id=gap_id,
        release_id=release,
        verdict=verdict,
        rank=[rank],
        rules_version="1",
    )
    return release


def row(connection: Connection, download_id: int) -> Any:
    return connection.execute(text("SELECT * FROM downloads WHERE id = :id"), {"id": download_id}).one()


def only(connection: Connection) -> Any:
    return connection.execute(text("SELECT * FROM downloads")).one()
