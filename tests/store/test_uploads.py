"""What the scan has seen: counted once, discovered once, and a mark that never passes what was not stored."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, text

from mam_assets.domain.books import Release, SeriesRef
from mam_assets.domain.discovering import judge_uploads
from mam_assets.store import marks, uploads
from mam_assets.store.library import save_items
from mam_assets.store.surroundings import around
from mam_assets.store.uploads import ScanMark, Settled
from tests.store.test_catalog import NOW, item
from tests.store.test_discovery import a_gap, release

HOUR = timedelta(hours=1)


def scanned(connection: Connection, *seen: Release) -> tuple[int, Settled]:
    new = uploads.save_uploads(connection, seen, NOW)
    batch = uploads.unjudged(connection)
    near = around(connection, [stored.release for stored in batch])
    judged = judge_uploads([(s.release_id, s.release) for s in batch], near, ("English",))
    return new, uploads.settle(connection, judged, NOW)


def rows(connection: Connection, statement: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(text(statement))]


def test_an_upload_becomes_one_discovered_book_and_an_owned_one_none(connection: Connection) -> None:
    save_items(connection, [item("a", "Emma", "Jane Austen")], NOW)
    seen = [
        release("1", "Emma (Unabridged)", "Austen, Jane"),
        release("2", "Kim", "Rudyard Kipling", series=(SeriesRef("Kim", "1"),)),
        release("3", "Kim (Unabridged)", "Kipling, Rudyard"),
        release("4", "No author"),
        release("5", "Emma: Volume the First of Three", "Jane Austen"),
        release("6", "Persuasion", "Jane Austen", language="German"),
    ]
    assert scanned(connection, *seen) == (6, Settled(discovered=1, raised=0, doubtful=1))
    assert rows(connection, "SELECT title, author, series FROM books WHERE status = 'discovered'") == [
        ("Kim", "Rudyard Kipling", "Kim")
    ]
    outcomes = "SELECT u.outcome, b.title FROM mam_uploads u LEFT JOIN books b ON b.id = u.book_id ORDER BY release_id"
    assert rows(connection, outcomes) == [
        ("owned", "Emma"),
        ("discovered", "Kim"),
        ("known", "Kim"),
        ("refused", None),
        ("doubtful", None),
        ("refused", None),
    ]
    before = rows(connection, "SELECT * FROM mam_uploads ORDER BY 1") + rows(
        connection, "SELECT * FROM books ORDER BY 1"
    )
    assert scanned(connection, *seen) == (0, Settled())
    after = rows(connection, "SELECT * FROM mam_uploads ORDER BY 1") + rows(
        connection, "SELECT * FROM books ORDER BY 1"
    )
    assert after == before


def test_a_later_upload_of_a_discovered_work_is_known(connection: Connection) -> None:
    scanned(connection, release("1", "Kim", "Rudyard Kipling"))
    assert scanned(connection, release("2", "Kim", "R. Kipling", "Kipling, Rudyard")) == (1, Settled())
    assert rows(connection, "SELECT outcome, book_id IS NOT NULL FROM mam_uploads ORDER BY release_id") == [
        ("discovered", True),
        ("known", True),
    ]


def test_an_upload_that_fills_a_gap_puts_it_first_and_has_it_searched_at_once(connection: Connection) -> None:
    gap = a_gap(connection, "Kim", "Rudyard Kipling")
    ignored = a_gap(connection, "Emma", "Jane Austen", "ignored")
    connection.execute(
        text("INSERT INTO gap_searches (missing_book_id, next_search) SELECT id, :at FROM missing_books"),
        {"at": NOW + timedelta(days=20)},
    )
    connection.execute(text("UPDATE missing_books SET priority = 3"))
    seen = [release("1", "Kim (Unabridged)", "Kipling, Rudyard"), release("2", "Emma", "Jane Austen")]
    assert scanned(connection, *seen)[1].raised == 1
    assert rows(
        connection,
        "SELECT m.id, m.priority, g.next_search FROM missing_books m JOIN gap_searches g ON g.missing_book_id = m.id"
        " ORDER BY 1",
    ) == [(gap, 1, NOW), (ignored, 3, NOW + timedelta(days=20))]
    linked = "SELECT missing_book_id FROM mam_uploads ORDER BY release_id"
    assert rows(connection, linked) == [(gap,), (ignored,)]
    assert [row["fills"] for row in uploads.sample(connection, NOW, limit=5)] == ["Kim", "Emma"]


def test_an_upload_of_what_was_upcoming_shows_that_it_is_out(connection: Connection) -> None:
    a_gap(connection, "Kim", "Rudyard Kipling", "upcoming")
    _, settled = scanned(connection, release("1", "Kim (Unabridged)", "Kipling, Rudyard"))
    assert (settled.raised, settled.came_out.gaps) == (1, 1)
    assert rows(connection, "SELECT download_status, priority FROM missing_books") == [("identified", 1)]


def test_an_upload_in_a_language_that_nobody_wants_shows_nothing(connection: Connection) -> None:
    a_gap(connection, "Kim", "Rudyard Kipling", "upcoming")
    _, settled = scanned(connection, release("1", "Kim", "Rudyard Kipling", language="German"))
    assert (settled.raised, settled.came_out.gaps) == (0, 0)
    assert rows(connection, "SELECT download_status FROM missing_books") == [("upcoming",)]


def test_the_mark_moves_past_what_was_stored_and_never_over_what_was_not_seen(connection: Connection) -> None:
    assert uploads.mark(connection) is None
    uploads.end_scan(connection, scanned_from=NOW, now=NOW)
    assert uploads.mark(connection) is None
    uploads.move_mark(connection, scanned_from=NOW - 9 * HOUR, to=NOW - 5 * HOUR, now=NOW)
    assert uploads.mark(connection) == ScanMark(NOW - 5 * HOUR, whole=False)
    uploads.move_mark(connection, scanned_from=NOW - 9 * HOUR, to=NOW - 6 * HOUR, now=NOW)
    assert uploads.mark(connection) == ScanMark(NOW - 5 * HOUR, whole=False), "never back"
    uploads.move_mark(connection, scanned_from=NOW - HOUR, to=NOW, now=NOW)
    uploads.end_scan(connection, scanned_from=NOW - HOUR, now=NOW)
    assert uploads.mark(connection) == ScanMark(NOW - 5 * HOUR, whole=False), "four hours were not seen"
    uploads.move_mark(connection, scanned_from=NOW - 5 * HOUR, to=NOW, now=NOW)
    uploads.end_scan(connection, scanned_from=NOW - 5 * HOUR, now=NOW)
    assert uploads.mark(connection) == ScanMark(NOW, whole=True)
    assert uploads.last_move(connection) == NOW


def test_a_mark_of_an_older_version_is_read(connection: Connection) -> None:
    marks.put_moment(connection, uploads.MARK, NOW, NOW)
    assert uploads.mark(connection) == ScanMark(NOW, whole=True)


def test_uploads_of_an_older_version_are_judged_too(connection: Connection) -> None:
    uploads.save_uploads(connection, [release("1", "Kim", "Rudyard Kipling")], NOW)
    assert len(uploads.unjudged(connection)) == 1
    assert scanned(connection)[1] == Settled(discovered=1)
    assert uploads.unjudged(connection) == []
    assert uploads.count(connection) == 1


def test_a_title_without_end_is_known_by_the_same_key_as_in_the_library(connection: Connection) -> None:
    scanned(connection, release("1", "word " * 200 + "end", "Rudyard Kipling"))
    assert rows(connection, "SELECT length(title_key) FROM books") == [(300,)]
