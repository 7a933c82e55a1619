"""Which books are looked up, and each change as a row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, text

from mam_assets.domain.books import SeriesRef
from mam_assets.domain.matching import Answer
from mam_assets.domain.metadata import Change
from mam_assets.store import metadata, metadata_due, metadata_report, metadata_writing
from mam_assets.store.library import save_items
from mam_assets.store.metadata_due import Scope
from tests.store.test_catalog import NOW, item


def titles(connection: Connection, scope: Scope, limit: int = 10) -> list[str | None]:
    return [book.title for book in metadata_due.books_for_lookup(connection, scope=scope, limit=limit)]


def test_never_asked_comes_first_and_the_nameless_are_asked_about_nowhere(connection: Connection) -> None:
    save_items(connection, [item("a", "Emma", "Jane Austen"), item("b", "Kim", "R. Kipling"), item("c", "", "X")], NOW)
    (emma, kim) = metadata_due.books_for_lookup(connection, scope="new", limit=10)
    metadata.looked_up(connection, emma.book_id, NOW)
    assert titles(connection, "new") == ["Kim"]
    assert titles(connection, "all") == ["Kim", "Emma"]
    metadata.looked_up(connection, kim.book_id, NOW - timedelta(days=1))
    assert titles(connection, "stale", limit=1) == ["Kim"]
    assert [
        b.title for b in metadata_due.books_for_lookup(connection, scope="new", limit=9, book_ids=[emma.book_id])
    ] == ["Emma"]


def test_a_change_has_its_source_and_its_history_and_raises_the_share(connection: Connection) -> None:
    save_items(connection, [item("a", "Emma", "Jane Austen")], NOW)
    (book,) = metadata_due.books_for_lookup(connection, scope="new", limit=1)
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


def due(connection: Connection, scope: Scope, **options: Any) -> list[str | None]:
    options = {"stale_before": NOW - timedelta(days=30), "limit": 10} | options
    return [book.title for book in metadata_due.books_for_lookup(connection, scope=scope, **options)]


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


def test_a_book_that_was_answered_badly_about_rests_and_then_comes_last(connection: Connection) -> None:
    """Three bad pages at the head of each run would keep the rest from being asked for ever."""
    ids = shelf(connection)
    failed = {"goodreads": NOW}
    metadata.looked_up(connection, ids["Waits"], NOW, waiting=["goodreads"], failed=failed)
    metadata.looked_up(connection, ids["Never"], None, waiting=["goodreads"], failed=failed)
    metadata.looked_up(connection, ids["Today"], NOW, waiting=["goodreads"])
    rest = {"failed_before": NOW - timedelta(hours=20)}
    assert due(connection, "new", **rest) == ["Today"]
    assert due(connection, "stale", **rest) == ["Today", "Long Ago"]
    assert due(connection, "all", **rest) == ["Today", "Long Ago", "Never", "Waits"]
    assert due(connection, "new", failed_before=NOW + timedelta(hours=1)) == ["Today", "Never", "Waits"]
    assert due(connection, "new") == ["Today", "Never", "Waits"]
    for resting in ((), ("goodreads",)):
        counted = metadata_due.count_waiting(connection, NOW - timedelta(days=30), resting, **rest)
        assert sum(counted) == len(due(connection, "stale", resting=resting, **rest))


def test_what_is_to_be_written_is_due_while_audiobookshelf_can_be_asked(connection: Connection) -> None:
    book_id = shelf(connection)["Today"]
    rest = {"failed_before": NOW - timedelta(hours=20)}
    metadata_writing.to_be_written(connection, book_id, True)
    metadata.looked_up(connection, book_id, NOW)
    assert "Today" in due(connection, "new", **rest)
    assert "Today" not in due(connection, "new", resting=["audiobookshelf"], **rest)
    metadata_writing.not_written(connection, book_id, NOW)
    assert "Today" not in due(connection, "new", **rest)
    metadata_writing.wanted_by_a_person(connection, book_id)
    assert "Today" in due(connection, "new", **rest)
    metadata_writing.to_be_written(connection, book_id, False)
    assert "Today" not in due(connection, "new", **rest)


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
    metadata_writing.about_to_write(connection, book_id, {"publisher": "Ace", "narrator": None})
    book = metadata.book_for_lookup(connection, book_id)
    assert (book.abs_written, book.unconfirmed) == ({"publisher": "Ace", "narrator": None}, True)
    assert metadata_report.waiting_books(connection) == {"audiobookshelf": 1, "goodreads": 1}
    metadata_writing.wrote(
        connection, book_id, ["publisher", "narrator"], {"publisher": "ACE", "title": "Edited Just Now"}
    )
    book = metadata.book_for_lookup(connection, book_id)
    assert (book.abs_values["publisher"], book.abs_values["title"], book.unconfirmed) == ("ACE", "Never", False)


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
