"""One book's series and authors, set by a correction."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text

from mam_assets.domain.books import SeriesRef
from mam_assets.store.library import save_items
from mam_assets.store.memberships import link_authors, link_series, unlink_series
from tests.store.test_catalog import NOW, item


@pytest.fixture
def books(connection: Connection) -> dict[str, int]:
    items = [
        item("a", "Ozma of Oz", "L. Frank Baum"),
        item("b", "The Emerald City", "L. Frank Baum", series=(SeriesRef("Oz", "6"), SeriesRef("Fairyland", "2"))),
        item("c", "Oz Today", "Somebody Else"),
    ]
    save_items(connection, items, NOW)
    return {row.abs_id: row.id for row in connection.execute(text("SELECT abs_id, id FROM books"))}


def places(connection: Connection, book_id: int) -> list[tuple[str, str | None, int]]:
    statement = """
        SELECT s.name, b.position, b.ordinal FROM book_series b JOIN series s ON s.id = b.series_id
        WHERE b.book_id = :id ORDER BY b.ordinal
    """
    return [tuple(row) for row in connection.execute(text(statement), {"id": book_id})]


def test_a_book_joins_the_series_of_its_author_by_any_of_its_names(
    connection: Connection, books: dict[str, int]
) -> None:
    oz = link_series(connection, books["a"], "The Oz Series", "3", source="Goodreads", now=NOW)
    assert places(connection, books["a"]) == [("Oz", "3", 0)]
    names = text("SELECT name, source FROM series_names WHERE series_id = :id ORDER BY name")
    assert [tuple(row) for row in connection.execute(names, {"id": oz})] == [
        ("Oz", "Audiobookshelf"),
        ("The Oz Series", "Goodreads"),
    ]
    assert link_series(connection, books["a"], "Oz", "4", source="Goodreads", now=NOW) == oz
    assert places(connection, books["a"]) == [("Oz", "4", 0)]


def test_a_series_of_that_name_by_others_is_another_one(connection: Connection, books: dict[str, int]) -> None:
    link_series(connection, books["c"], "Oz", "1", source="Goodreads", now=NOW)
    rows = connection.execute(text("SELECT author FROM series WHERE name = 'Oz' ORDER BY author")).scalars().all()
    assert rows == ["L. Frank Baum", "Somebody Else"]


def test_another_first_series_takes_the_place_of_the_old_and_the_others_stay(
    connection: Connection, books: dict[str, int]
) -> None:
    link_series(connection, books["b"], "Great Oz", "6", source="MAM", now=NOW)
    assert places(connection, books["b"]) == [("Great Oz", "6", 0), ("Fairyland", "2", 1)]
    unlink_series(connection, books["b"])
    assert places(connection, books["b"]) == [("Fairyland", "2", 1)]


def test_a_name_without_letters_links_nothing(connection: Connection, books: dict[str, int]) -> None:
    assert link_series(connection, books["b"], "!!", None, source="MAM", now=NOW) is None
    assert len(places(connection, books["b"])) == 2


def test_authors_are_found_by_their_names_or_added(connection: Connection, books: dict[str, int]) -> None:
    link_authors(connection, books["c"], ["Baum, L. Frank", "A New One", "a new one"], NOW)
    names = (
        "SELECT a.name FROM book_authors b JOIN authors a ON a.id = b.author_id WHERE b.book_id = :id ORDER BY ordinal"
    )
    assert connection.execute(text(names), {"id": books["c"]}).scalars().all() == ["L. Frank Baum", "A New One"]
