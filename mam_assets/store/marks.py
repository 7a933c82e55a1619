"""How far each incremental reader has come: small named JSON values in `sync_marks`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from mam_assets.store.tables import SyncMark


def get(connection: Connection, name: str) -> dict[str, Any] | None:
    """The value under a name, or None where nothing was marked yet."""
    value = connection.execute(select(SyncMark.value).where(SyncMark.name == name)).scalar()
    return dict(value) if value is not None else None


def put(connection: Connection, name: str, value: dict[str, Any], now: datetime) -> None:
    """Set the value under a name."""
    statement = insert(SyncMark).values(name=name, value=value, updated_at=now)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[SyncMark.name], set_={"value": statement.excluded.value, "updated_at": now}
        )
    )


def moment(connection: Connection, name: str) -> datetime | None:
    """The time kept under a name (as `{"at": iso}`)."""
    value = get(connection, name)
    return datetime.fromisoformat(value["at"]) if value and value.get("at") else None


def put_moment(connection: Connection, name: str, at: datetime, now: datetime) -> None:
    put(connection, name, {"at": at.isoformat()}, now)


def older_than(connection: Connection, name: str, limit: datetime) -> bool:
    """Whether the time kept under a name is before `limit`, or was never kept."""
    at = moment(connection, name)
    return at is None or at < limit
