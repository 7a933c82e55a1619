"""`books`: the library read into our tables, over loopback, however odd the library is."""

from __future__ import annotations

from typing import Any

import pytest

from mam_assets.assets.library import books
from mam_assets.assets.library_read import Sync
from mam_assets.assets.metadata import book_metadata
from mam_assets.checks.library import every_item_names_itself, library_has_not_collapsed
from mam_assets.sandbox.twins.faults import Fault
from tests.assets.house import House, item


def test_the_whole_library_is_read_and_a_second_read_changes_nothing(house: House) -> None:
    first = house.run(books).of("books")
    assert first["items_new"] == house.value("SELECT count(*) FROM books WHERE abs_id IS NOT NULL") > 150
    before, asked = house.everything(), len(house.requests("audiobookshelf"))
    second = house.run(books, books={"scope": "full"}).of("books")
    assert (second["items_new"], second["items_changed"], second["items_archived"]) == (0, 0, 0)
    assert house.everything() == before
    assert len(house.requests("audiobookshelf")) - asked == 2  # the libraries, and one page: nothing is expanded


def test_an_item_that_is_new_is_read_without_comparing_everything(house: House) -> None:
    house.run(books)
    house.shelf_twin.shelf._place(item("late", "The Late Book", "Jane Late"), 100_000)
    run = house.run(books).of("books")
    assert (run["full_comparison"], run["items_new"]) == (0, 1)
    assert house.column("SELECT author FROM books WHERE title = 'The Late Book'") == ["Jane Late"]


def test_what_a_person_changes_there_is_read_and_is_theirs(make_house: Any) -> None:
    house = make_house([item("a", "Emma", "Jane Austen", publisher="Old Press")])
    house.run(books)
    house.shelf_twin.control("edit", {"folder": "items/a", "media": {"metadata": {"publisher": "New Press"}}})
    run = house.run(books).of("books")
    assert (run["items_changed"], run["edits_by_persons"]) == (1, 1)
    assert house.rows("SELECT publisher, metadata_source ->> 'publisher', locked_fields FROM books") == [
        ("New Press", "Manual", ["publisher"])
    ]


def test_what_is_gone_is_archived_and_returns_with_its_history(make_house: Any) -> None:
    house = make_house([item(f"b{number}", f"Book Number {number}", "Ann Author") for number in range(10)])
    house.run(books)
    (gone,) = [shelved for shelved in house.shelf_twin.shelf.items.values() if shelved.folder == "items/b3"]
    known = house.value("SELECT id FROM books WHERE abs_id = :id", id=gone.id)
    del house.shelf_twin.shelf.items[gone.id]
    run = house.run(books, library_has_not_collapsed, books={"scope": "full"})
    assert run.of("books")["items_archived"] == 1
    assert run.checks == {"library_has_not_collapsed": True}
    assert house.value("SELECT status FROM books WHERE id = :id", id=known) == "archived"
    house.shelf_twin.shelf.items[gone.id] = gone
    house.run(books, books={"scope": "full"})
    assert house.rows("SELECT id, status, archived_at FROM books WHERE abs_id = :id", id=gone.id) == [
        (known, "active", None)
    ]


@pytest.mark.parametrize("many", [10, 100])
def test_a_library_that_shrank_by_nine_tenths_stops_what_follows(make_house: Any, many: int) -> None:
    house = make_house([item(f"b{number}", f"Book Number {number}", "Ann Author") for number in range(many)])
    house.run(books)
    kept = list(house.shelf_twin.shelf.items.items())
    house.shelf_twin.shelf.items = dict(kept[: many // 10])
    run = house.run(books, library_has_not_collapsed, books={"scope": "full"}, ok=False)
    assert "library_has_not_collapsed" not in run.made
    assert house.value("SELECT count(*) FROM books WHERE status = 'archived'") == 0

    house.shelf_twin.shelf.items = dict(kept)  # the disk is mounted again: the next read finds all well by itself
    assert house.run(books, library_has_not_collapsed).checks == {"library_has_not_collapsed": True}

    house.shelf_twin.shelf.items = dict(kept[: many // 10])
    house.run(books, library_has_not_collapsed, books={"scope": "full"}, ok=False)
    run = house.run(books, library_has_not_collapsed, books={"accept_shrinkage": True})
    assert run.of("books")["items_archived"] == many - many // 10
    assert run.checks == {"library_has_not_collapsed": True}


def test_a_list_that_leaves_out_what_the_server_still_has_archives_nothing(house: House) -> None:
    house.run(books)
    house.shelf_twin.control("shrink", {"share": 0.85})
    assert house.run(books, books={"scope": "full"}).of("books")["items_archived"] == 0


def test_an_empty_library_is_no_error(make_house: Any) -> None:
    house = make_house([])
    run = house.run(books, library_has_not_collapsed, every_item_names_itself)
    assert run.of("books")["items_seen"] == 0
    assert set(run.checks.values()) == {True}


@pytest.mark.parametrize(
    ("title", "authors"),
    [
        (None, ()),
        ("", ("Ann Author",)),
        ("1984", ("George Orwell",)),
        ("x" * 3000, ("Ann Author",)),
        ("A\x00B \N{GRINNING FACE} \u202eelttil\u202c", ("Zoë\x00 \u0301Ann",)),
        ("?!", ("...",)),
        ("本", ("村上 春樹",)),
    ],
    ids=["nothing", "no title", "a number", "3000 letters", "odd letters", "only signs", "another script"],
)
def test_odd_names_are_kept_and_hold_up_nobody(make_house: Any, title: str | None, authors: tuple[str, ...]) -> None:
    house = make_house([item("odd", title, *authors), item("plain", "Emma", "Jane Austen")])
    run = house.run(books, every_item_names_itself)
    assert run.of("books")["items_new"] == 2
    before = house.everything()
    house.run(books, books={"scope": "full"})
    assert house.everything() == before
    assert run.checks["every_item_names_itself"] is (title not in (None, "", "?!"))


def test_a_series_number_that_is_no_number_is_kept_as_text(make_house: Any) -> None:
    house = make_house([item("a", "The Jungle Book", "Rudyard Kipling", series=(("Jungle", "Volume the First"),))])
    house.run(books)
    assert house.rows("SELECT series, series_number FROM books") == [("Jungle", "Volume the First")]


def test_the_same_recording_twice_is_one_book_and_a_duplicate(house: House) -> None:
    house.run(books)
    found = house.rows("SELECT status, count(*) FROM books WHERE title_key = 'war of the worlds' GROUP BY 1 ORDER BY 1")
    assert found == [("active", 1), ("duplicate", 1)]
    by_narrator = "SELECT count(*) FROM books WHERE title_key = 'christmas carol' AND status = 'active'"
    assert house.value(by_narrator) == 2


def test_people_are_taken_apart_and_known_by_any_spelling(house: House) -> None:
    house.run(books)
    names = house.column("SELECT name FROM authors")
    assert {"Robert Louis Stevenson", "Lloyd Osbourne"} <= set(names)
    assert not [name for name in names if "&" in name]
    assert house.value("SELECT count(*) FROM authors WHERE name_key = 'charles dickens'") == 1
    assert house.value("SELECT count(*) FROM authors WHERE name_key = 'l frank baum'") == 1


def test_co_authors_in_any_order_share_one_series(make_house: Any) -> None:
    house = make_house(
        [
            item("a", "First", "Ann Able", "Bob Baker", series=(("The Pair", "1"),)),
            item("b", "Second", "Bob Baker", "Ann Able", series=(("The Pair", "2"),)),
            item("c", "Other", "Carl Cook", series=(("The Pair", "1"),)),
        ]
    )
    house.run(books)
    found = house.rows(
        "SELECT s.author, count(*) FROM series s JOIN book_series ON series_id = s.id GROUP BY 1 ORDER BY 1"
    )
    assert found == [("Ann Able", 2), ("Carl Cook", 1)]


@pytest.mark.parametrize("fault", list(Fault))
def test_a_failing_audiobookshelf_fails_the_run_and_archives_nothing(make_house: Any, fault: Fault) -> None:
    house = make_house([item(f"b{number}", f"Book Number {number}", "Ann Author") for number in range(5)])
    house.run(books)
    before = house.everything()
    house.servers["audiobookshelf"].set_fault(fault, path="/items")
    run = house.run(books, books={"scope": "full"}, ok=False)
    assert "audiobookshelf: " in run.error
    assert run.error.rstrip().endswith(".")  # the remedy
    assert "Bearer" not in run.error
    assert house.everything() == before
    house.servers["audiobookshelf"].clear_faults()
    house.shelf_twin.expired = False
    house.rows("UPDATE service_state SET retry_at = NULL RETURNING 1")
    assert house.run(books).of("books")["full_comparison"] == 1  # the read that broke off is made up for


def test_a_write_of_ours_between_reading_and_storing_is_no_persons_edit(
    make_house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house([item("dracula", "Dracula", "Bram Stoker", language=None)])
    house.run(books)
    house.shelf_twin.control("edit", {"folder": "items/dracula", "media": {"metadata": {"subtitle": "A Tale"}}})
    store = Sync.add
    written = []

    def late(self: Sync, *args: Any) -> None:
        written.append(house.run(book_metadata, book_metadata={"scope": "new"}).of("book_metadata")["written_back"])
        store(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(Sync, "add", late)
        house.run(books, books={"scope": "full"})
    (row,) = house.rows("SELECT publisher, locked_fields FROM books")
    assert (written, row.locked_fields) == ([1], ["subtitle"])
    assert row.publisher is not None
    assert house.run(books, books={"scope": "full"}).of("books")["edits_by_persons"] == 0
    assert house.rows("SELECT publisher, locked_fields FROM books") == [row]
