"""Imports on the real database: when they are due, and what a failed one leaves."""

from __future__ import annotations

from sqlalchemy import Connection, text

from mam_assets.store import tables as t
from mam_assets.store.downloads import imports
from tests.store.rows import HOUR, NOW, add, gap, row


def test_an_import_is_due_at_its_time(connection: Connection) -> None:
    download = add(
        connection,
        t.Download,
        title="Oz",
        source="MAM",
        status="completed",
        qbittorrent_hash="f" * 40,
        save_path="/d",
        content_path="/d/Oz",
    )
    assert [due.download_id for due in imports.to_import(connection, NOW, limit=9)] == [download]
    imports.import_waits(connection, [download], "the disk is full", NOW + HOUR, NOW)
    assert imports.to_import(connection, NOW, limit=9) == []
    assert imports.to_import(connection, NOW + HOUR, limit=9)[0].import_attempts == 0
    imports.import_failed(connection, download, "not seen", NOW, next_import=NOW + 2 * HOUR)
    assert imports.to_import(connection, NOW + HOUR, limit=9) == []
    imports.import_failed(connection, download, "not seen", NOW, next_import=None)
    assert row(connection, download).abs_import_status == "import_failed"
    assert imports.to_import(connection, NOW + 1000 * HOUR, limit=9) == []


def test_a_failed_import_does_not_un_ignore_a_gap(connection: Connection) -> None:
    wanted = gap(connection, download_status="ignored")
    download = add(connection, t.Download, title="Oz", source="MAM", status="completed", missing_book_id=wanted)
    imports.import_failed(connection, download, "x", NOW, next_import=None)
    assert connection.execute(text("SELECT download_status FROM missing_books")).scalar() == "ignored"
