"""`book_metadata`: what Google Books fills, what a person's hand keeps, and what waits while a service fails."""

from __future__ import annotations

from typing import Any

import pytest

from mam_assets.assets.library import books
from mam_assets.assets.metadata import book_metadata
from mam_assets.sandbox.twins.faults import Fault
from tests.assets.house import House, item

DRACULA = item("dracula", "Dracula", "Bram Stoker", language=None)


def fields(house: House) -> Any:
    (row,) = house.rows("SELECT publisher, published_year, metadata_source AS source, locked_fields FROM books")
    return row


def shown(house: House, key: str) -> Any:
    (found,) = [entry for entry in house.shelf_twin.shelf.items.values() if entry.folder == f"items/{key}"]
    return found.metadata


def test_empty_fields_are_filled_with_their_source_and_history_and_written_back(make_house: Any) -> None:
    house = make_house([DRACULA])
    house.run(books)
    run = house.run(book_metadata).of("book_metadata")
    assert (run["looked_up"], run["matched"], run["written_back"]) == (1, 1, 1)
    assert fields(house).publisher
    assert fields(house).source["publisher"] == "GoogleBooks"
    assert shown(house, "dracula")["publisher"] == fields(house).publisher
    history = house.rows("SELECT field_name, old_value, source, corrected_by FROM metadata_corrections")
    assert ("publisher", None, "GoogleBooks", "book_metadata") in [tuple(row) for row in history]


def test_our_own_writing_seen_by_the_next_read_stays_google_books(make_house: Any) -> None:
    house = make_house([DRACULA])
    house.run(books)
    house.run(book_metadata)
    before = fields(house)
    assert house.run(books, books={"scope": "full"}).of("books")["items_changed"] == 1
    assert fields(house) == before
    complete = "SELECT metadata_completeness_percent FROM books"
    assert house.value(complete) > 60
    assert house.run(book_metadata).of("book_metadata")["looked_up"] == 0
    assert house.run(book_metadata, book_metadata={"scope": "all"}).of("book_metadata")["fields_changed"] == 0
    asked = len(house.requests("google_books"))  # once more, now that the ISBN is known
    house.run(book_metadata, book_metadata={"scope": "all"})
    assert len(house.requests("google_books")) == asked  # remembered


def test_what_a_person_has_written_is_never_overwritten(make_house: Any) -> None:
    house = make_house([DRACULA])
    house.run(books)
    house.run(book_metadata)
    edit = {"folder": "items/dracula", "media": {"metadata": {"publisher": "My Own Press"}}}
    house.shelf_twin.control("edit", edit)
    house.run(books, books={"scope": "full"})
    assert fields(house).source["publisher"] == "Audiobookshelf"
    house.rows("DELETE FROM lookups RETURNING 1")
    house.run(book_metadata, book_metadata={"scope": "all"})
    assert fields(house).publisher == shown(house, "dracula")["publisher"] == "My Own Press"


def test_what_a_person_writes_between_our_read_and_our_writing_stands(make_house: Any) -> None:
    house = make_house([DRACULA])
    house.run(books)
    edit = {"folder": "items/dracula", "media": {"metadata": {"publisher": "My Own Press"}}}
    house.shelf_twin.control("edit", edit)
    house.run(book_metadata)
    assert shown(house, "dracula")["publisher"] == "My Own Press"
    assert fields(house).publisher is None  # the next read brings it
    house.run(books, books={"scope": "full"})
    assert fields(house).publisher == "My Own Press"
    assert fields(house).source["publisher"] == "Audiobookshelf"


def test_a_locked_field_is_left_alone(make_house: Any) -> None:
    house = make_house([DRACULA])
    house.run(books)
    house.rows("UPDATE books SET locked_fields = ARRAY['publisher'] RETURNING 1")
    house.run(book_metadata)
    assert fields(house).publisher is None
    assert shown(house, "dracula")["publisher"] is None


@pytest.mark.parametrize("setting", [{"metadata_write_back": "off"}, {"mam_dry_run": True}], ids=["off", "dry run"])
def test_nothing_is_written_back_where_that_is_not_wanted(make_house: Any, setting: dict[str, Any]) -> None:
    house = make_house([DRACULA])
    house.run(books)
    house.settings = house.settings.model_copy(update=setting)
    house.run(book_metadata)
    assert shown(house, "dracula")["publisher"] is None
    assert not [entry for entry in house.requests("audiobookshelf") if entry.method == "PATCH"]


def test_what_a_dry_run_would_correct_is_corrected_by_the_first_real_run(make_house: Any) -> None:
    """A correction kept in our table alone is no change any more: Audiobookshelf would never be told."""
    house = make_house([DRACULA])
    house.run(books)
    real = house.settings
    house.settings = real.model_copy(update={"mam_dry_run": True})
    assert house.run(book_metadata).of("book_metadata")["fields_changed"] > 0
    assert fields(house).publisher is None
    house.settings = real
    house.run(book_metadata)
    assert shown(house, "dracula")["publisher"] == fields(house).publisher is not None


def test_a_book_by_somebody_else_of_that_title_is_no_match(make_house: Any) -> None:
    house = make_house([item("d", "Dracula", "Wilhelmina Unknown"), item("none", None)])
    house.run(books)
    run = house.run(book_metadata).of("book_metadata")
    assert (run["looked_up"], run["matched"]) == (1, 0)  # the nameless item is asked about nowhere


def test_a_spent_quota_ends_the_run_cleanly_and_the_rest_is_first_next_time(make_house: Any) -> None:
    house = make_house([item(str(n), title, author) for n, (title, author) in enumerate(
        (("Dracula", "Bram Stoker"), ("Emma", "Jane Austen"), ("Kim", "Rudyard Kipling")))])  # fmt: skip
    house.run(books)
    house.google_twin.control("quota", {"left": 1})
    run = house.run(book_metadata).of("book_metadata")
    assert (run["looked_up"], run["waiting"]) == (1, 2)
    assert "google_books: " in run["problem_list"]
    assert "2 books wait for the next run" in run["problem_list"]
    house.google_twin.control("quota", {"left": None})
    house.rows("UPDATE service_state SET retry_at = NULL RETURNING 1")
    assert house.run(book_metadata).of("book_metadata")["looked_up"] == 2


@pytest.mark.parametrize("service", ["google_books", "audiobookshelf"])
@pytest.mark.parametrize(
    ("fault", "options"),
    [
        (Fault.REFUSE, {}),
        (Fault.RESET, {}),
        (Fault.TIMEOUT, {"seconds": 1}),
        (Fault.RATE_LIMITED, {}),
        (Fault.SERVER_ERROR, {}),
        (Fault.HTML_LOGIN, {}),
        (Fault.EMPTY_BODY, {}),
        (Fault.BROKEN_JSON, {}),
        (Fault.SLOW_DRIP, {"seconds": 3}),
        (Fault.FORBIDDEN, {}),
        (Fault.NOT_FOUND, {}),
    ],
    ids=lambda value: str(value) if isinstance(value, Fault) else "",
)
def test_while_a_service_fails_books_wait_and_nothing_is_claimed(
    make_house: Any, service: str, fault: Fault, options: dict[str, Any]
) -> None:
    house = make_house([DRACULA, item("emma", "Emma", "Jane Austen")])
    house.run(books)
    house.servers[service].set_fault(fault, **options)
    run = house.run(book_metadata).of("book_metadata")
    assert run["waiting"] == 2
    assert f"{service}: " in run["problem_list"]
    assert "key=google" not in run["problem_list"]
    assert house.column("SELECT DISTINCT last_metadata_update FROM books") == [None]
    assert house.value("SELECT count(*) FROM metadata_corrections") == 0
    if fault is Fault.REFUSE:
        house.servers[service].clear_faults()
        house.rows("UPDATE service_state SET retry_at = NULL RETURNING 1")
        assert house.run(book_metadata).of("book_metadata")["looked_up"] == 2
