"""Which books are looked up, and each change as a row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, text

from mam_assets.domain.books import SeriesRef
from mam_assets.domain.matching import Answer
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


# --- which books, in which order ----------------------------------------------------------------------------------


def shelf(connection: Connection) -> dict[str, int]:
    """Four books: never looked up, looked up today, long ago, and one that waits for Goodreads."""
    names = ("Never", "Today", "Long Ago", "Waits")
    save_items(connection, [item(name, name, "Jane Austen") for name in names], NOW)
    ids = {row.title: row.id for row in connection.execute(text("SELECT title, id FROM books"))}
    metadata.looked_up(connection, ids["Today"], NOW)
    metadata.looked_up(connection, ids["Long Ago"], NOW - timedelta(days=90))
    metadata.looked_up(connection, ids["Waits"], NOW, waiting=["goodreads"])
    return ids


def due(connection: Connection, scope: str, **options: Any) -> list[str | None]:
    options = {"stale_before": NOW - timedelta(days=30), "limit": 10} | options
    return [book.title for book in metadata.books_for_lookup(connection, scope=scope, **options)]  # type: ignore[arg-type]


def test_those_who_wait_come_first_in_each_scope(connection: Connection) -> None:
    shelf(connection)
    assert due(connection, "new") == ["Waits", "Never"]
    assert due(connection, "stale") == ["Waits", "Never", "Long Ago"]
    assert due(connection, "all") == ["Waits", "Never", "Long Ago", "Today"]
    assert due(connection, "all", limit=1) == ["Waits"]


def test_those_who_wait_for_one_who_rests_keep_their_own_place(connection: Connection) -> None:
    """A source that is blocked for weeks must not starve the books that others could fill."""
    ids = shelf(connection)
    resting = {"goodreads", "google_books"}
    assert due(connection, "new", resting=resting) == ["Never"]
    assert due(connection, "stale", resting=resting) == ["Never", "Long Ago"]
    assert due(connection, "all", resting=resting)[-2:] == ["Today", "Waits"]
    metadata.looked_up(connection, ids["Never"], None, waiting=["goodreads"])
    assert due(connection, "new", resting=resting) == []
    assert due(connection, "new", resting={"google_books"})[0] in ("Never", "Waits")


def test_a_book_is_given_once_in_a_run(connection: Connection) -> None:
    ids = shelf(connection)
    assert due(connection, "new", but_not={ids["Waits"]}) == ["Never"]


# --- what a look-up leaves behind ---------------------------------------------------------------------------------


def test_the_newest_answer_of_each_source_is_kept(connection: Connection) -> None:
    book_id = shelf(connection)["Never"]
    refused = Answer("Goodreads", "refused", "people differ", "7")
    metadata.keep_answers(connection, book_id, [refused, Answer("MAM", "nothing", "it knows no such book")], NOW)
    assert metadata.book_for_lookup(connection, book_id).answered == {"Goodreads": None, "MAM": None}
    matched = Answer("Goodreads", "matched", "title and author", "8", {"series": "Oz"})
    metadata.keep_answers(connection, book_id, [matched], NOW)
    metadata.keep_answers(connection, book_id, [], NOW)
    assert metadata.book_for_lookup(connection, book_id).answered == {"Goodreads": "8", "MAM": None}


def test_a_book_in_a_series_does_not_stand_alone(connection: Connection) -> None:
    save_items(connection, [item("a", "Emma", "J. Austen", series=(SeriesRef("Novels", "4"),))], NOW)
    book_id = connection.execute(text("SELECT id FROM books")).scalar_one()
    metadata.looked_up(connection, book_id, NOW, stands_alone=True)
    assert connection.execute(text("SELECT stands_alone FROM books")).scalar_one() is None


def test_what_is_sent_is_noted_before_and_what_is_shown_after(connection: Connection) -> None:
    book_id = shelf(connection)["Never"]
    metadata.about_to_write(connection, book_id, {"publisher": "Ace", "narrator": None})
    book = metadata.book_for_lookup(connection, book_id)
    assert (book.abs_written, book.waiting) == ({"publisher": "Ace", "narrator": None}, ("audiobookshelf",))
    metadata.wrote(connection, book_id, ["publisher", "narrator"], {"publisher": "ACE", "title": "Edited Just Now"})
    book = metadata.book_for_lookup(connection, book_id)
    assert (book.abs_values["publisher"], book.abs_values["title"], book.waiting) == ("ACE", "Never", ())


def test_the_report_counts_shares_waiting_and_rest(connection: Connection) -> None:
    shelf(connection)
    connection.execute(
        text("INSERT INTO service_state (service, status, retry_at) VALUES ('goodreads', 'blocked', :at)"),
        {"at": NOW + timedelta(hours=1)},
    )
    assert metadata_report.waiting_books(connection) == {"goodreads": 1}
    assert metadata_report.resting_services(connection, NOW) == {"goodreads": NOW + timedelta(hours=1)}
    assert metadata_report.resting_services(connection, NOW + timedelta(hours=2)) == {}
    assert metadata_report.fields_by_source(connection) == {"Audiobookshelf": 12}
    assert metadata_report.average_completeness(connection) > 0
    assert [row["service"] for row in metadata_report.unhealthy(connection)] == ["goodreads"]
