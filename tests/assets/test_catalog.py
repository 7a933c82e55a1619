"""`series_catalog` and `author_catalog`: what exists, asked of the twins of Goodreads and MAM, and counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mam_assets.assets.catalog import FRESH_FOR, author_catalog, series_catalog
from mam_assets.assets.library import books
from mam_assets.sandbox.twins.faults import Fault
from mam_assets.sandbox.world.model import World
from tests.assets.house import House, item


def barsoom(*titles: str, series: str = "Barsoom") -> list[Any]:
    numbers = {"A Princess of Mars": "1", "The Gods of Mars": "2", "Thuvia, Maid of Mars": "4"}
    return [
        item(title, title, "Edgar Rice Burroughs", series=((series, numbers[title]),), folder=f"items/{place}")
        for place, title in enumerate(titles)
    ]


def test_each_service_is_asked_once_for_each_thing_and_nothing_that_is_fresh(
    make_house: Any, whole_world: World
) -> None:
    """The issue: Goodreads at most one page per series and one look-up where the number is unknown; MAM at most one
    search per author, plus pages."""
    house: House = make_house([one for one in whole_world.owned if one.authors][:24])
    house.run(books)
    house.run(series_catalog)
    asked = Counter(entry.path.split("/")[1] for entry in house.requests("goodreads"))
    looked_up = asked["book"]
    series_then = house.value("SELECT count(*) FROM lookups WHERE service = 'goodreads'")
    read = len(house.column("SELECT DISTINCT goodreads_id FROM series WHERE goodreads_id IS NOT NULL"))
    # A list that was read only to judge where a single book leads to: in doubt, or one that another series has read.
    judged = house.value("SELECT (SELECT count(*) FROM series WHERE check_problem LIKE '%only one book leads there%') "
                         "+ (SELECT count(*) FROM series_merges WHERE rule = 'goodreads_id')")  # fmt: skip
    assert asked["series"] == read + judged
    assert looked_up <= 2 * series_then  # autocomplete, and the page of the book that it found
    assert set(asked) <= {"series", "book", "robots.txt"}

    owned_authors = house.value("SELECT count(DISTINCT author_id) FROM book_authors JOIN books b ON b.id = book_id")
    first = house.run(author_catalog).of("author_catalog")
    assert len(house.requests("mam")) <= 50
    second = house.run(author_catalog).of("author_catalog")
    read = first["mam_authors_read"] + second["mam_authors_read"]
    assert read + second["mam_authors_waiting"] == owned_authors
    assert (first["google_authors_read"], first["goodreads_authors_read"]) == (owned_authors, owned_authors)
    names = house.column("SELECT key FROM lookups WHERE service = 'mam'")
    assert len(names) == owned_authors
    assert len(house.requests("mam")) <= owned_authors + 1  # an apostrophe may cost another search
    assert house.mam_twin.violations == []

    house.run(series_catalog)  # what was told of series meanwhile is added, without a request
    counts = {name: len(server.requests) for name, server in house.servers.items()}
    before = house.everything()
    house.run(series_catalog)
    house.run(author_catalog)
    assert {name: len(server.requests) for name, server in house.servers.items()} == counts
    assert house.everything() == before


def test_a_series_under_two_names_becomes_one_and_stays_one(make_house: Any) -> None:
    gods, thuvia = barsoom("The Gods of Mars", "Thuvia, Maid of Mars", series="John Carter of Mars")
    others = [replace(gods, key="g", folder="items/g"), replace(thuvia, key="t", folder="items/t")]
    house = make_house([*barsoom("A Princess of Mars"), *others])
    house.run(books)
    assert house.value("SELECT count(*) FROM series") == 2
    assert house.run(series_catalog).of("series_catalog")["series_merged"] == 1
    (kept,) = house.column("SELECT id FROM series")
    assert house.column("SELECT position FROM book_series WHERE series_id = :id ORDER BY 1", id=kept) == ["1", "2", "4"]
    for folder in ("items/0", "items/g"):
        edited = {"metadata": {"subtitle": "touched"}}
        house.shelf_twin.control("edit", {"folder": folder, "media": edited})
    assert house.run(books, books={"scope": "full"}).of("books")["items_changed"] == 2
    assert house.column("SELECT id FROM series") == [kept]


def test_goodreads_own_name_of_a_series_is_a_name_of_ours(make_house: Any) -> None:
    house = make_house(barsoom("A Princess of Mars", "Thuvia, Maid of Mars", series="John Carter of Mars"))
    house.run(books)
    house.run(series_catalog)
    house.shelf_twin.shelf._place(replace(barsoom("The Gods of Mars")[0], key="g", folder="items/g"), 50)
    house.run(books)
    assert house.value("SELECT count(*) FROM series") == 1


def test_a_series_that_goodreads_does_not_know_is_unknown_and_asked_again_only_when_stale(make_house: Any) -> None:
    house = make_house([item("a", "No Such Book Anywhere", "Nobody Atall", series=(("Nowhere", "1"),))])
    house.run(books)
    assert house.run(series_catalog).of("series_catalog")["series_unknown_there"] == 1
    assert house.column("SELECT completion_status FROM series") == ["unknown"]
    asked = len(house.requests("goodreads"))
    house.clock.sleep(FRESH_FOR.total_seconds() + 60)  # the miss is remembered for longer than a list is fresh
    house.run(series_catalog)
    assert len(house.requests("goodreads")) == asked


def test_a_number_that_goodreads_has_dropped_is_forgotten_and_the_others_are_read(make_house: Any) -> None:
    owned = [*barsoom("A Princess of Mars"), item("x", "The Lost World", "Arthur Conan Doyle",
                                                  series=(("Professor Challenger", "1"),))]  # fmt: skip
    house = make_house(owned)
    house.run(books)
    house.rows("UPDATE series SET goodreads_id = '999999' WHERE name = 'Barsoom' RETURNING 1")
    run = house.run(series_catalog).of("series_catalog")
    assert (run["series_unknown_there"], run["series_read"]) == (1, 1)
    assert house.value("SELECT goodreads_id FROM series WHERE name = 'Barsoom'") is None


FAULTS = [
    (Fault.REFUSE, "down"),
    (Fault.RESET, "down"),
    (Fault.TIMEOUT, "down"),
    (Fault.RATE_LIMITED, "limited"),
    (Fault.SERVER_ERROR, "down"),
    (Fault.HTML_LOGIN, None),
    (Fault.EMPTY_BODY, None),
    (Fault.BROKEN_JSON, None),
    (Fault.SLOW_DRIP, "down"),
    (Fault.SESSION_EXPIRED, None),
    (Fault.FORBIDDEN, None),
    (Fault.NOT_FOUND, None),
]


@pytest.mark.parametrize(("fault", "state"), FAULTS)
def test_while_goodreads_fails_series_wait_and_say_so(make_house: Any, fault: Fault, state: str | None) -> None:
    house = make_house(
        [
            *barsoom("A Princess of Mars"),
            item("x", "The Lost World", "Arthur Conan Doyle", series=(("Professor Challenger", "1"),)),
        ]
    )
    house.run(books)
    house.servers["goodreads"].set_fault(fault, path="/")
    if fault is not Fault.REFUSE:
        house.servers["goodreads"].clear_faults()
        house.servers["goodreads"].set_fault(fault, path="/book")
    run = house.run(series_catalog).of("series_catalog")
    if fault not in (Fault.SESSION_EXPIRED, Fault.NOT_FOUND):
        assert run["series_waiting"] >= 1
        assert "goodreads: " in run["problem_list"]
    assert house.value("SELECT count(*) FROM catalog_entries") in (0, run["works"])
    if state is not None:
        assert house.value("SELECT status FROM service_state WHERE service = 'goodreads'") == state
    house.servers["goodreads"].clear_faults()
    house.clock.sleep(timedelta(days=100).total_seconds())
    house.rows("UPDATE service_state SET retry_at = NULL, status = 'healthy' RETURNING 1")
    assert house.run(series_catalog).of("series_catalog")["series_read"] == 2


def test_a_block_by_goodreads_is_kept_as_a_state_and_ends_the_asking(make_house: Any) -> None:
    owned = [item(str(n), f"Book Number {n}", "Ann Author", series=((f"Series {n}", "1"),)) for n in range(6)]
    house = make_house(owned)
    house.run(books)
    house.goodreads_twin.control("block", {"status": 202, "path": "/book"})
    run = house.run(series_catalog).of("series_catalog")
    assert run["series_waiting"] == 6
    assert "6 series wait for the next run" in run["problem_list"]
    assert house.value("SELECT status FROM service_state WHERE service = 'goodreads'") == "blocked"
    assert len([entry for entry in house.requests("goodreads") if entry.path != "/robots.txt"]) <= 2


@pytest.mark.parametrize(("fault", "state"), FAULTS)
def test_while_mam_fails_authors_wait_and_say_so(make_house: Any, fault: Fault, state: str | None) -> None:
    house = make_house([*barsoom("A Princess of Mars"), item("x", "The Lost World", "Arthur Conan Doyle")])
    house.run(books)
    house.servers["mam"].set_fault(fault)
    run = house.run(author_catalog).of("author_catalog")
    assert run["authors_waiting"] >= 1
    assert "mam: " in run["problem_list"]
    assert "demo%2B" not in run["problem_list"]
    if state is not None:
        assert house.value("SELECT status FROM service_state WHERE service = 'mam'") == state
    assert house.value("SELECT count(*) FROM author_searches WHERE source = 'MAM' AND searched_at IS NOT NULL") <= 1
    assert (run["google_authors_read"], run["goodreads_authors_read"]) == (2, 2)


def test_one_page_that_cannot_be_read_holds_up_no_other_series(make_house: Any) -> None:
    owned = [*barsoom("A Princess of Mars"), item("x", "The Lost World", "Arthur Conan Doyle",
                                                  series=(("Professor Challenger", "1"),))]  # fmt: skip
    house = make_house(owned)
    house.run(books)
    house.servers["goodreads"].set_fault(Fault.BROKEN_JSON, path="/series/", times=1)
    run = house.run(series_catalog).of("series_catalog")
    assert (run["series_read"], run["series_waiting"]) == (1, 1)
