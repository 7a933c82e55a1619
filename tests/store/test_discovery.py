"""Weekly lists and uploads as rows."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, text

from mam_assets.domain.books import Medium, Release
from mam_assets.domain.wanting import Wanted, work_key
from mam_assets.store import discovery, gaps
from mam_assets.store.library import save_items
from tests.store.test_catalog import NOW, item

WEEK = date(2026, 3, 8)


def release(guid: str, title: str, *authors: str) -> Release:
    return Release("MAM", guid, title, authors, medium=Medium.AUDIOBOOK)


def test_a_week_is_kept_as_it_was_first_read(connection: Connection) -> None:
    genre = discovery.genres_due(connection, WEEK)[0]
    first = [release("1", "Emma", "Jane Austen"), release("2", "Kim", "Rudyard Kipling")]
    assert discovery.save_top10(connection, genre.genre_id, WEEK, first, NOW) == 2
    assert discovery.save_top10(connection, genre.genre_id, WEEK, first[::-1], NOW) == 0
    assert genre.genre_id not in {due.genre_id for due in discovery.genres_due(connection, WEEK)}
    assert [row["title"] for row in discovery.top10_of(connection, WEEK)] == ["Emma", "Kim"]


def test_each_entry_says_how_it_stands(connection: Connection) -> None:
    save_items(connection, [item("a", "Emma", "Jane Austen")], NOW)
    wanted = Wanted(work_key("Kim", ("Rudyard Kipling",)), "Kim", ("Rudyard Kipling",), "request")
    gaps.write_wanted(connection, [wanted], NOW)
    genre = discovery.genres_due(connection, WEEK)[0]
    offered = [
        release("1", "Emma (Unabridged)", "Austen, Jane"),
        release("2", "Kim", "Rudyard Kipling"),
        release("3", "New", "A. Nother"),
        release("4", "Emma", "Somebody Else"),
    ]
    discovery.save_top10(connection, genre.genre_id, WEEK, offered, NOW)
    assert [row["outcome"] for row in discovery.top10_of(connection, WEEK)] == ["owned", "active", "wanted", "wanted"]
    assert [entry.title for entry in discovery.wanted_entries(connection)] == ["New", "Emma"]


def test_an_upload_becomes_one_discovered_book_and_an_owned_one_none(connection: Connection) -> None:
    save_items(connection, [item("a", "Emma", "Jane Austen")], NOW)
    seen = [
        release("1", "Emma", "Jane Austen"),
        release("2", "Kim", "Rudyard Kipling"),
        release("3", "Kim (Unabridged)", "Rudyard Kipling"),
        release("4", "No author"),
    ]
    assert discovery.save_uploads(connection, seen, NOW) == 4
    assert discovery.discover_books(connection, NOW) == 1
    assert discovery.save_uploads(connection, seen, NOW) == 0
    assert discovery.discover_books(connection, NOW) == 0
    assert connection.execute(text("SELECT title FROM books WHERE status = 'discovered'")).scalars().all() == ["Kim"]
