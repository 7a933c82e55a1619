"""`books` and `book_metadata` at the same time over the same books, while a person edits them here and there."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

from sqlalchemy import Connection

from mam_assets.assets.library import books
from mam_assets.domain.books import LibraryItem, SeriesRef
from mam_assets.domain.metadata import Change
from mam_assets.store import corrections, metadata
from mam_assets.store.library import save_items
from tests.assets.house import NOW, House, item
from tests.assets.metadata_world import edited, looked_up, shown
from tests.store.test_catalog import item as library_item

WORKS = {
    "dracula": ("Dracula", "Bram Stoker"),
    "ozma": ("Ozma of Oz", "L. Frank Baum"),
}
ASSET_ROUNDS = 3
STORE_ROUNDS = 12


def both(*work: Callable[[int], object], rounds: int) -> None:
    """Do all of this at once, each in a thread of its own, round by round. Raises what the first of them raised."""
    start = Barrier(len(work))

    def rounds_of(one: Callable[[int], object]) -> None:
        try:
            for number in range(rounds):
                start.wait(60)
                one(number)
        finally:
            start.abort()

    with ThreadPoolExecutor(len(work)) as pool:
        ended: list[Future[None]] = [pool.submit(rounds_of, one) for one in work]
    broken = [error for future in ended if (error := future.exception()) is not None]
    for error in sorted(broken, key=lambda error: type(error).__name__ == "BrokenBarrierError"):
        raise error


def test_books_and_their_metadata_at_once_lose_no_edit_of_a_person(make_house: Any) -> None:
    house: House = make_house([item(key, *names, language=None) for key, names in WORKS.items()])
    house.settings = house.settings.model_copy(update={"metadata_write_back": "correct"})
    house.run(books)
    looked_up(house, "all")
    ids = {row.title: row.id for row in house.rows("SELECT id, title FROM books")}

    def a_person(number: int) -> None:
        for key, (title, _) in WORKS.items():
            edited(house, key, publisher=f"Press {number} of {title}")
            with house.engine.begin() as connection:
                corrections.lock(connection, ids[title], "subtitle", NOW, by="Ann", value=f"Edition {number}")

    both(
        lambda number: house.run(books, books={"scope": "full"}),
        lambda number: looked_up(house, "all"),
        a_person,
        rounds=ASSET_ROUNDS,
    )
    house.run(books, books={"scope": "full"})
    looked_up(house, "all")
    last = ASSET_ROUNDS - 1
    for key, (title, _) in WORKS.items():
        (row,) = house.rows("SELECT * FROM books WHERE id = :id", id=ids[title])
        assert (row.publisher, row.subtitle) == (f"Press {last} of {title}", f"Edition {last}")
        assert {"publisher", "subtitle"} <= set(row.locked_fields)
        assert shown(house, key)["publisher"] == row.publisher
        assert shown(house, key)["subtitle"] == row.subtitle
        assert not row.abs_unconfirmed


def test_whoever_writes_a_book_takes_the_locks_in_one_order(make_house: Any) -> None:
    """A read of the library, corrections by a look-up and a person's word over the same rows, as fast as they can. Each
    meets authors and series that nobody knew before."""
    house: House = make_house([])
    titles = list("abcdef")

    def in_library(number: int) -> list[LibraryItem]:
        return [
            replace(
                library_item(title, f"Title {title}", f"Author {number}"),
                # Another one beside the first is no edit of it.
                series=(SeriesRef("Always", "1"), SeriesRef(f"Series {number}", None)),
                updated_at=NOW + timedelta(minutes=number),
            )
            for title in titles
        ]

    with house.engine.begin() as connection:
        save_items(connection, in_library(0), NOW)
    ids = house.column("SELECT id FROM books ORDER BY id")

    def written(work: Callable[[Connection, int], object]) -> Callable[[int], None]:
        def one_round(number: int) -> None:
            for book_id in ids:
                with house.engine.begin() as connection:
                    work(connection, book_id + number * 1000)

        return one_round

    def reads(number: int) -> None:
        with house.engine.begin() as connection:
            save_items(connection, in_library(number + 1), NOW + timedelta(minutes=number + 1))

    def corrects(connection: Connection, number: int) -> None:
        book = metadata.hold_book(connection, number % 1000)
        told = {"series": f"Series {number}", "publisher": f"Press {number}", "author": f"Author {number}"}
        changes = [
            Change(name, book.values.get(name), new, "Goodreads", "a test")
            for name, new in told.items()
            if name not in book.locked
        ]
        metadata.apply(connection, book, changes, NOW, by="book_metadata")
        metadata.looked_up(connection, book.book_id, NOW)

    def locks(connection: Connection, number: int) -> None:
        corrections.lock(connection, number % 1000, "publisher", NOW, by="Ann", value=f"Ann's {number}")
        corrections.lock(connection, number % 1000, "series", NOW, by="Ann", value=f"Ann's {number}")

    both(reads, written(corrects), written(locks), rounds=STORE_ROUNDS)
    last = (STORE_ROUNDS - 1) * 1000
    for book_id in ids:
        (row,) = house.rows("SELECT * FROM books WHERE id = :id", id=book_id)
        assert row.publisher == f"Ann's {book_id + last}"
        assert {"publisher", "series"} <= set(row.locked_fields)
        tied = house.column(
            "SELECT s.name FROM book_series b JOIN series s ON s.id = b.series_id "
            "WHERE b.book_id = :id AND b.ordinal = 0",
            id=book_id,
        )
        assert tied == [row.series]
