"""Which books are looked up, and each change as a row."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, text

from mam_assets.domain.metadata import Change
from mam_assets.store import metadata, metadata_report
from mam_assets.store.library import save_items
from tests.store.test_catalog import NOW, item


def titles(connection: Connection, scope: str, limit: int = 10) -> list[str | None]:
    return [book.title for book in metadata.books_for_lookup(connection, scope=scope, limit=limit)]  # type: ignore[arg-type]


def test_never_asked_comes_first_and_the_nameless_are_asked_about_nowhere(connection: Connection) -> None:
    save_items(connection, [item("a", "Emma", "Jane Austen"), item("b", "Kim", "R. Kipling"), item("c", "", "X")], NOW)
    (emma, kim) = metadata.books_for_lookup(connection, scope="new", limit=10)
    metadata.looked_up(connection, emma.book_id, NOW)
    assert titles(connection, "new") == ["Kim"]
    assert titles(connection, "all") == ["Kim", "Emma"]
    metadata.looked_up(connection, kim.book_id, NOW - timedelta(days=1))
    assert titles(connection, "stale", limit=1) == ["Kim"]
    assert [b.title for b in metadata.books_for_lookup(connection, scope="new", limit=9, book_ids=[emma.book_id])] == [
        "Emma"
    ]


def test_a_change_has_its_source_and_its_history_and_raises_the_share(connection: Connection) -> None:
    save_items(connection, [item("a", "Emma", "Jane Austen")], NOW)
    (book,) = metadata.books_for_lookup(connection, scope="new", limit=1)
    before = connection.execute(text("SELECT metadata_completeness_percent FROM books")).scalar_one()
    change = Change("published_year", None, "1815", "GoogleBooks", "was empty")
    metadata.apply(connection, book, [change], NOW, by="book_metadata")
    row = connection.execute(text("SELECT * FROM books")).one()
    assert (row.published_year, row.metadata_source["published_year"]) == (1815, "GoogleBooks")
    assert row.metadata_completeness_percent > before
    kept = connection.execute(text("SELECT field_name, old_value, new_value, corrected_by FROM metadata_corrections"))
    assert tuple(kept.one()) == ("published_year", None, "1815", "book_metadata")
    assert metadata_report.worst(connection, limit=1)[0]["title"] == "Emma"
