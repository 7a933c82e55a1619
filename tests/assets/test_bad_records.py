"""What libraries write into ISBNs, dates, titles and authors that is odd or wrong: kept as it stands, taken for what it
is, asked about only where somebody can answer."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from mam_assets.assets.library import books
from mam_assets.assets.metadata import book_metadata
from mam_assets.checks.library import duplicates_are_reported, every_item_names_itself
from mam_assets.store.metadata import book_for_lookup
from tests.assets.house import House, item
from tests.assets.test_library_oddities import Shelves, row

# As an item shows it, and what it is compared by.
ISBNS = [
    ("9780439554930", "9780439554930"),
    ("978-0-439-55493-0", "9780439554930"),
    ("978 0 439 55493 0", "9780439554930"),
    ("0439554934", "9780439554930"),
    ("0-439-55493-4", "9780439554930"),
    ("080442957x", "9780804429573"),
    ("9780439554931", None),
    ("0439554935", None),
    ("97804395549", None),
    ("see the cover", None),
]

# As an item shows it, and the year.
DATES = [
    ("1897", 1897),
    ("1897-05", 1897),
    ("1897-05-26", 1897),
    ("1969-12-31", 1969),
    ("1605", 1605),
    ("26 May 1897", 1897),
    ("MDCCC", None),
]


def test_isbns_are_kept_as_shown_and_compared_by_their_thirteen_digits(clean_engine: Engine) -> None:
    shelves = Shelves(clean_engine, main=[row(f"isbn{n}", isbn=shown) for n, (shown, _) in enumerate(ISBNS)])
    run = shelves.read()
    assert (run["items_new"], run["problems"]) == (len(ISBNS), 0)
    stored = dict(shelves.rows("SELECT abs_id, id FROM books"))
    with clean_engine.begin() as connection:
        found = [book_for_lookup(connection, stored[f"isbn{n}"]) for n in range(len(ISBNS))]
    assert [(book.values["isbn"], book.work.isbn) for book in found] == ISBNS
    assert shelves.read(scope="full")["edits_by_persons"] == 0


def test_a_wrong_isbn_makes_one_work_of_no_two_books(clean_engine: Engine) -> None:
    wrong = "9780439554931"
    shelves = Shelves(clean_engine, main=[row("a", isbn=wrong), row("b", isbn=wrong)])
    assert shelves.read(duplicates_are_reported)["duplicates_are_reported"].passed
    assert shelves.rows("SELECT status FROM books") == [("active",), ("active",)]


def test_a_date_of_any_length_and_age_gives_its_year(clean_engine: Engine) -> None:
    shelves = Shelves(clean_engine, main=[row(f"date{n}", publishedYear=shown) for n, (shown, _) in enumerate(DATES)])
    assert shelves.read()["problems"] == 0
    stored = dict(shelves.rows("SELECT abs_id, published_year FROM books"))
    assert [(shown, stored[f"date{n}"]) for n, (shown, _) in enumerate(DATES)] == DATES


def test_one_title_by_two_authors_is_two_books_of_two_authors(clean_engine: Engine) -> None:
    alike = {"title": "Collected Poems", "media_duration": 36_000.0, "series": [{"name": "Poets", "sequence": "1"}]}
    shelves = Shelves(
        clean_engine,
        main=[
            row(key, **alike, authors=[{"name": name}])
            for key, name in zip("abcd", ("Ann Able", "Bob Baker", "Unknown", ""), strict=True)
        ],
    )
    run = shelves.read(duplicates_are_reported, every_item_names_itself)
    assert run["duplicates_are_reported"].passed
    assert shelves.rows("SELECT author, status FROM books ORDER BY abs_id") == [
        ("Ann Able", "active"),
        ("Bob Baker", "active"),
        ("Unknown", "active"),
        (None, "active"),
    ]
    assert shelves.rows(
        "SELECT a.name, b.abs_id FROM authors a JOIN book_authors w ON w.author_id = a.id "
        "JOIN books b ON b.id = w.book_id ORDER BY 1"
    ) == [("Ann Able", "a"), ("Bob Baker", "b")]
    # One series of that name for each author; those without one are together in a third.
    assert sorted(shelves.rows("SELECT author, count(*) FROM series GROUP BY author"), key=str) == [
        ("Ann Able", 1),
        ("Bob Baker", 1),
        (None, 1),
    ]


@pytest.mark.parametrize("nobody", ["Unknown", "Various", ""])
def test_a_book_by_nobody_is_asked_about_nowhere_and_stays_as_it_is(make_house: Any, nobody: str) -> None:
    house: House = make_house([item("tales", "Dracula", *([nobody] if nobody else []))])
    house.run(books)
    run = house.run(book_metadata, book_metadata={"scope": "all"}).of("book_metadata")
    assert (run["visited"], run["fields_changed"], run["asked"], run["written_back"]) == (0, 0, 0, 0)
    assert house.column("SELECT author FROM books") == [nobody or None]
    assert house.rows("SELECT 1 FROM metadata_answers") == []
