"""`book_metadata` while a service fails, has spent its quota or is switched off: its part waits, the rest goes on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mam_assets.assets.library import books
from mam_assets.sandbox.twins.faults import Fault
from tests.assets.house import item
from tests.assets.metadata_world import (
    DRACULA,
    OZMA,
    answers,
    fields,
    looked_up,
    rested,
    shown,
)


def test_a_spent_quota_ends_google_alone_and_those_who_wait_are_first_next_time(make_house: Any) -> None:
    titles = (("Dracula", "Bram Stoker"), ("Emma", "Jane Austen"), ("Kim", "Rudyard Kipling"))
    house = make_house([item(str(n), title, author) for n, (title, author) in enumerate(titles)])
    house.run(books)
    house.google_twin.control("quota", {"left": 1})
    run = looked_up(house)
    assert (run["looked_up"], run["waiting"], run["unhealthy_services"]) == (3, 2, 1)
    assert (run["matched_google_books"], run["matched_goodreads"]) == (1, 3)
    assert "google_books: " in run["problem_list"]
    assert "2 books for google_books" in run["summary"]
    assert looked_up(house)["visited"] == 0  # nobody can be asked yet
    house.google_twin.control("quota", {"left": None})
    rested(house)
    first = looked_up(house, "all", limit=2)
    assert (first["matched_google_books"], first["waiting"]) == (2, 0)


@pytest.mark.parametrize(
    ("service", "fault"),
    [
        ("google_books", Fault.RATE_LIMITED),
        ("google_books", Fault.FORBIDDEN),
        ("google_books", Fault.BROKEN_JSON),
        ("google_books", Fault.NOT_FOUND),
        ("goodreads", Fault.REFUSE),
        ("goodreads", Fault.EMPTY_BODY),
        ("goodreads", Fault.HTML_LOGIN),
        ("goodreads", Fault.TIMEOUT),
        ("audiobookshelf", Fault.RESET),
        ("audiobookshelf", Fault.SERVER_ERROR),
        ("audiobookshelf", Fault.SLOW_DRIP),
        ("audiobookshelf", Fault.EMPTY_BODY),
    ],
)
def test_a_service_that_fails_delays_its_own_part_and_nothing_else(make_house: Any, service: str, fault: Fault) -> None:
    house = make_house([DRACULA])
    house.run(books)
    house.servers[service].set_fault(fault)
    run = looked_up(house)
    assert (run["visited"], run["looked_up"], run["waiting"]) == (1, 1, 1)
    assert f"{service}: " in run["problem_list"]
    assert "key=google" not in run["problem_list"]
    assert fields(house).metadata_waiting == [service]
    assert fields(house).publisher is not None  # the others carry on
    assert (shown(house, "dracula")["publisher"] is not None) == (service != "audiobookshelf")
    house.servers[service].clear_faults()
    rested(house)
    house.clock.moment += timedelta(hours=21)  # what was answered badly about rests for a day
    assert (looked_up(house)["visited"], fields(house).metadata_waiting) == (1, [])
    assert shown(house, "dracula")["publisher"] == fields(house).publisher


def test_a_goodreads_block_is_an_answer_and_never_a_miss(make_house: Any) -> None:
    house = make_house([OZMA, DRACULA])
    house.run(books)
    house.goodreads_twin.control("block", {"status": 202})
    run = looked_up(house)
    assert (run["waiting"], run["matched_goodreads"], run["matched_google_books"]) == (2, 0, 2)
    assert "Goodreads" not in answers(house)
    assert len([entry for entry in house.requests("goodreads") if "robots" not in entry.path]) == 1
    assert fields(house).stands_alone is None


def test_while_nobody_can_be_asked_nothing_is_claimed(make_house: Any) -> None:
    house = make_house([DRACULA])
    house.run(books)
    for service in ("google_books", "goodreads", "audiobookshelf"):
        house.servers[service].set_fault(Fault.REFUSE)
    run = looked_up(house)
    assert (run["visited"], run["waiting"], run["fields_changed"]) == (1, 1, 0)
    assert fields(house).publisher is None
    assert fields(house).metadata_waiting == ["audiobookshelf", "goodreads", "google_books"]


def test_a_page_without_its_book_is_asked_for_again(make_house: Any) -> None:
    house = make_house([OZMA])
    house.run(books)
    house.servers["goodreads"].set_fault(Fault.BROKEN_JSON, path="/book/show")
    run = looked_up(house)
    assert run["waiting"] in (0, 1)  # half a page may still hold the book in another layer
    house.servers["goodreads"].clear_faults()
    rested(house)
    looked_up(house)
    assert fields(house, "Ozma of Oz").series == "Oz"


def test_a_source_that_is_switched_off_is_not_waited_for(make_house: Any) -> None:
    house = make_house([DRACULA])
    house.settings = house.settings.model_copy(update={"google_books_api_key": None, "goodreads_enabled": False})
    house.run(books)
    run = looked_up(house)
    assert (run["looked_up"], run["waiting"]) == (1, 0)
    assert "GOOGLE_BOOKS_API_KEY is not set" in run["problem_list"]
    assert not house.requests("google_books")
