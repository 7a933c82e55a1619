"""Small named values that incremental readers leave behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from mam_assets.store import marks

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)


def test_a_mark_is_what_was_put_last(connection: Connection) -> None:
    assert marks.get(connection, "x") is None
    marks.put(connection, "x", {"a": 1}, NOW)
    marks.put(connection, "x", {"b": 2}, NOW)
    assert marks.get(connection, "x") == {"b": 2}


def test_a_moment_comes_back_as_it_was_and_knows_its_age(connection: Connection) -> None:
    assert marks.moment(connection, "x") is None
    assert marks.older_than(connection, "x", NOW)
    marks.put_moment(connection, "x", NOW, NOW)
    assert marks.moment(connection, "x") == NOW
    assert not marks.older_than(connection, "x", NOW)
    assert marks.older_than(connection, "x", NOW + timedelta(seconds=1))
