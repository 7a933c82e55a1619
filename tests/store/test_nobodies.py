"""Authors that an earlier version stored though they are nobody go away, and take nothing of value with them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, insert, text

from mam_assets.domain.authors import NOBODY_RULES
from mam_assets.domain.books import CatalogEntry, SeriesRef
from mam_assets.store import author_catalog, catalog, marks, nobodies, report
from mam_assets.store import tables as t
from mam_assets.store.library import save_items
from tests.store.rows import add, gap
from tests.store.test_catalog import NOW, item


def rows(connection: Connection, statement: str, **given: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(text(statement), given)]


@pytest.fixture
def stored(connection: Connection) -> dict[str, int]:
    """A library as an earlier version read it: "Anon" wrote two books, one of them with Jane Doe."""
    save_items(
        connection,
        [
            item("a", "Beowulf", "Anon", series=(SeriesRef("Epics", "1"),)),
            item("b", "A Reader", "Anon", "Jane Doe", series=(SeriesRef("Readers", "1"),)),
            item("c", "Emma", "Jane Austen"),
        ],
        NOW,
    )
    anon = add(connection, t.Author, name="Anon", name_key="anon", audiobooks_owned=2, audiobooks_missing=40)
    books = dict(rows(connection, "SELECT abs_id, id FROM books"))
    connection.execute(text("UPDATE book_authors SET ordinal = 1 WHERE book_id = :id"), {"id": books["b"]})
    for name in ("a", "b"):
        connection.execute(insert(t.BookAuthor).values(book_id=books[name], author_id=anon, ordinal=0))
    connection.execute(text("UPDATE books SET author_key = 'anon' WHERE abs_id IN ('a', 'b')"))
    connection.execute(
        text("UPDATE series SET author = 'Anon', author_key = 'anon', author_id = :id WHERE name = 'Epics'"),
        {"id": anon},
    )
    listed = [CatalogEntry("Goodreads", str(n), f"Work {n}", ("Anon",)) for n in range(3)]
    catalog.save_entries(connection, listed, NOW, author_id=anon)
    connection.execute(text("UPDATE catalog_entries SET same_as = (SELECT min(id) FROM catalog_entries)"))
    author_catalog.author_answered(connection, anon, "MAM", 3, NOW)
    return {"anon": anon} | books


def test_nothing_refers_to_them_and_they_are_gone(connection: Connection, stored: dict[str, int]) -> None:
    assert nobodies.take_away(connection, NOW) == 1
    assert rows(connection, "SELECT name FROM authors ORDER BY 1") == [("Jane Austen",), ("Jane Doe",)]
    for table in ("catalog_entries", "author_searches"):
        assert rows(connection, f"SELECT count(*) FROM {table}") == [(0,)]
    assert rows(connection, "SELECT author, author_key, author_id FROM series WHERE name = 'Epics'") == [
        (None, "", None)
    ]


def test_they_are_neither_asked_about_nor_counted_nor_shown(connection: Connection, stored: dict[str, int]) -> None:
    due = {author.name for author in author_catalog.authors_due(connection, "MAM", stale_before=None)}
    assert due == {"Jane Austen", "Jane Doe"}
    nobodies.take_away(connection, NOW)
    assert "Anon" not in {line.name for line in report.author_completion(connection)}
    assert rows(connection, "SELECT count(*) FROM author_completion_summary") == [(2,)]


def test_their_books_stay_and_go_by_whoever_is_left(connection: Connection, stored: dict[str, int]) -> None:
    nobodies.take_away(connection, NOW)
    assert rows(connection, "SELECT title, author_key FROM books ORDER BY title") == [
        ("A Reader", "jane doe"),
        ("Beowulf", ""),
        ("Emma", "jane austen"),
    ]
    assert rows(connection, "SELECT book_id, ordinal FROM book_authors ORDER BY 1") == [
        (stored["b"], 0),
        (stored["c"], 0),
    ]


def test_a_gap_wanted_for_them_alone_is_closed_and_others_lose_that_reason(
    connection: Connection, stored: dict[str, int]
) -> None:
    own = {"author_id": stored["anon"], "author_name": "Anon"}
    gap(connection, "alone", reasons=["author_gap"], **own)
    gap(connection, "asked", reasons=["author_gap", "request"], **own)
    gap(connection, "under way", reasons=["author_gap"], **own | {"download_status": "downloading"})
    gap(connection, "ignored", reasons=["author_gap"], **own | {"download_status": "ignored"})
    nobodies.take_away(connection, NOW)
    statement = "SELECT title, closed_date IS NOT NULL, reasons, author_id FROM missing_books ORDER BY id"
    assert rows(connection, statement) == [
        ("alone", True, ["author_gap"], None),
        ("asked", False, ["request"], None),
        ("under way", False, ["author_gap"], None),
        ("ignored", False, ["author_gap"], None),
    ]


def test_a_name_that_a_person_gave_a_meaning_stays(connection: Connection, stored: dict[str, int]) -> None:
    author_catalog.add_alias(connection, "The Gawain Poet", "Anon", NOW)
    assert nobodies.take_away(connection, NOW) == 0
    assert len(rows(connection, "SELECT FROM authors WHERE name = 'Anon'")) == 1


def test_two_series_of_one_name_stay_two(connection: Connection, stored: dict[str, int]) -> None:
    add(connection, t.Series, name="Epics", name_key="epics", author_key="")
    nobodies.take_away(connection, NOW)
    keys = rows(connection, "SELECT author_key, author_id FROM series WHERE name = 'Epics' ORDER BY 1")
    assert keys == [("", None), ("anon", None)]


def test_it_is_done_once_for_each_version_of_the_rules(connection: Connection, stored: dict[str, int]) -> None:
    assert nobodies.take_away(connection, NOW) == 1
    assert marks.get(connection, nobodies.MARK) == {"rules": NOBODY_RULES}
    add(connection, t.Author, name="Various", name_key="various")
    assert nobodies.take_away(connection, NOW) == 0
    marks.put(connection, nobodies.MARK, {"rules": NOBODY_RULES - 1}, NOW)
    assert nobodies.take_away(connection, NOW) == 1


@pytest.mark.parametrize("name", ["Unknown", "Various", "N/A", "Anon.", "UNKNOWN AUTHOR", "(unknown)", ""])
def test_each_way_to_write_nobody_goes(connection: Connection, name: str) -> None:
    add(connection, t.Author, name=name, name_key="x")
    add(connection, t.Author, name="Jane Austen", name_key="jane austen")
    assert nobodies.take_away(connection, NOW) == 1
    assert rows(connection, "SELECT name FROM authors") == [("Jane Austen",)]
