"""The counts behind a round agree with what the assets then find due."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, update

from mam_assets.domain.rounds import STALE_AFTER, Lane
from mam_assets.store import catalog, metadata_due, rounds
from mam_assets.store import tables as t
from mam_assets.store.author_catalog import authors_due

NOW = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)
OLD, NEW = NOW - timedelta(days=40), NOW - timedelta(days=3)


def fill(connection: Connection) -> None:
    """Books, series and authors never asked about, long ago, and lately; with and without an owned book."""

    def add(table: type[t.Base], **values: Any) -> int:
        return int(connection.execute(insert(table).values(**values).returning(table.__table__.c.id)).scalar_one())

    for name, at, more in (
        ("never", None, {}),
        ("old", OLD, {}),
        ("new", NEW, {}),
        ("gone", None, {"status": "archived"}),
        ("unnamed", None, {"title_key": ""}),
        ("half", NEW, {"metadata_waiting": ["goodreads"]}),
        ("untold", None, {"metadata_waiting": ["google_books"]}),
    ):
        keys = {"title_key": name, "author_key": "somebody"} | more
        book = add(t.Book, abs_id=name, title=name, authors=["Somebody"], last_metadata_update=at, **keys)
        series = add(t.Series, name=name, name_key=name, last_completion_check=at)
        author = add(t.Author, name=f"Anna {name}")
        for source in ("MAM", "GoogleBooks", "Goodreads") if at else ():
            connection.execute(insert(t.AuthorSearch).values(author_id=author, source=source, searched_at=at))
        connection.execute(insert(t.BookSeries).values(book_id=book, series_id=series))
        connection.execute(insert(t.BookAuthor).values(book_id=book, author_id=author))
    add(t.Series, name="empty", name_key="empty")
    add(t.Author, name="Nobody Owned")
    various = add(t.Author, name="Various")
    connection.execute(insert(t.BookAuthor).values(book_id=book, author_id=various))


def test_the_counts_are_those_of_the_due_queries(connection: Connection) -> None:
    fill(connection)
    before = NOW - STALE_AFTER
    counted = rounds.waiting(connection, before)
    assert counted[Lane.SERIES] == rounds.Waiting(2, 1)
    assert counted[Lane.SERIES].never + counted[Lane.SERIES].stale == len(
        catalog.series_due(connection, stale_before=before)
    )
    assert counted[Lane.AUTHORS] == rounds.Waiting(3, 1)
    for source in ("MAM", "GoogleBooks", "Goodreads"):
        assert len(authors_due(connection, source, stale_before=before)) == 4
    for resting in ((), ("goodreads",), ("goodreads", "google_books")):
        due = metadata_due.books_for_lookup(connection, scope="stale", limit=99, stale_before=before, resting=resting)
        found = rounds.waiting(connection, before, resting)[Lane.METADATA]
        assert (found.never, found.never + found.stale) == (sum(book.abs_id in ("never", "untold") for book in due),
                                                            len(due))  # fmt: skip


def test_an_author_that_only_a_resting_source_lacks_is_not_due(connection: Connection) -> None:
    fill(connection)
    connection.execute(update(t.AuthorSearch).where(t.AuthorSearch.source != "Goodreads").values(searched_at=NEW))
    before = NOW - STALE_AFTER
    assert rounds.waiting(connection, before)[Lane.AUTHORS].stale == 1
    assert rounds.waiting(connection, before, ["goodreads"])[Lane.AUTHORS].stale == 0


def test_a_bad_page_of_today_is_not_due_as_in_the_due_queries(connection: Connection) -> None:
    fill(connection)
    connection.execute(update(t.Series).where(t.Series.name == "old").values(check_failed_at=NOW))
    connection.execute(update(t.AuthorSearch).where(t.AuthorSearch.searched_at == OLD).values(failed_at=NOW))
    before, failed = NOW - STALE_AFTER, NOW - timedelta(hours=20)
    counted = rounds.waiting(connection, before, (), failed)
    series = catalog.series_due(connection, stale_before=before, failed_before=failed)
    authors = authors_due(connection, "MAM", stale_before=before, failed_before=failed)
    assert (counted[Lane.SERIES], len(series)) == (rounds.Waiting(2, 0), 2)
    assert (counted[Lane.AUTHORS], len(authors)) == (rounds.Waiting(3, 0), 3)


def test_a_service_is_told_with_its_day_and_its_back_off(connection: Connection) -> None:
    today = date(2026, 3, 11)
    connection.execute(insert(t.ServiceBudget).values(service="google_books", day=today, used=17))
    connection.execute(insert(t.ServiceBudget).values(service="goodreads", day=date(2026, 3, 10), used=99))
    connection.execute(insert(t.ServiceState).values(service="mam", retry_at=NOW))
    told = rounds.asked(connection, dict.fromkeys(("google_books", "goodreads", "mam"), today))
    assert told == {
        "google_books": rounds.Asked(17, None),
        "goodreads": rounds.Asked(0, None),
        "mam": rounds.Asked(0, NOW),
    }
