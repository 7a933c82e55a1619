"""What waits to be sent, and the outbox, on the real database."""

from __future__ import annotations

from sqlalchemy import Connection, text

from mam_assets.store import tables as t
from mam_assets.store.downloads import queue, sending
from tests.store.rows import NOW, add, gap, row


def test_those_that_could_not_be_fetched_stand_behind_the_others(connection: Connection) -> None:
    for title, attempts in (("first", 2), ("second", 0), ("third", 1)):
        release = add(connection, t.Release, source="MAM", guid=title, title=title)
        add(connection, t.Download, title=title, source="MAM", release_id=release, fetch_attempts=attempts)
    assert [waiting.title for waiting in sending.to_send(connection, limit=9)] == ["second", "third", "first"]


def test_an_intention_is_written_once_and_settled(connection: Connection) -> None:
    release = add(connection, t.Release, source="MAM", guid="a", title="a")
    download = add(connection, t.Download, title="Oz", source="MAM", release_id=release)
    for _ in range(2):
        sending.intend_to_send(connection, download, "f" * 40, {"guid": "a"}, NOW)
    assert sending.unsettled(connection) == [(download, "f" * 40)]
    sending.settle(connection, "f" * 40, "confirmed", NOW)
    sending.sent(connection, download, NOW)
    assert sending.unsettled(connection) == []
    assert row(connection, download).status == "downloading"
    assert connection.execute(text("SELECT info_hash FROM releases")).scalar() == "f" * 40


def test_what_was_withdrawn_while_its_torrent_was_fetched_is_not_sent(connection: Connection) -> None:
    release = add(connection, t.Release, source="MAM", guid="a", title="a")
    wanted = gap(connection)
    download = add(connection, t.Download, title="Oz", source="MAM", release_id=release, missing_book_id=wanted)
    connection.execute(text("UPDATE missing_books SET closed_date = now()"))
    queue.withdraw_unwanted(connection, NOW)
    assert not sending.intend_to_send(connection, download, "f" * 40, {}, NOW)
    assert sending.unsettled(connection) == []
    assert row(connection, download).qbittorrent_hash is None


def test_a_torrent_that_was_imported_may_come_again(connection: Connection) -> None:
    first = add(connection, t.Download, title="Oz", source="MAM", status="completed", qbittorrent_hash="f" * 40)
    second = add(connection, t.Download, title="Oz again", source="MAM")
    assert sending.other_with_hash(connection, "f" * 40, second) == "Oz"
    connection.execute(text("UPDATE downloads SET abs_import_status = 'imported' WHERE id = :id"), {"id": first})
    assert sending.other_with_hash(connection, "f" * 40, second) is None
