"""A read of the library judges what few books touch itself, so that counts and gaps are true at once."""

from __future__ import annotations

from typing import Any

import pytest

from mam_assets.assets import library_read
from mam_assets.assets.catalog import series_catalog
from mam_assets.assets.gaps import author_gaps, series_gaps
from mam_assets.assets.library import books
from mam_assets.checks.gaps import counts_agree_with_rows, every_missing_work_is_a_gap, series_summary_agrees_with_rows
from mam_assets.sandbox.world.model import OwnedItem, WorldSeries
from mam_assets.store import gaps
from tests.assets.catalog_world import MakeWorld, author, work
from tests.assets.house import House, item
from tests.store.test_gaps import wish

TITLES = ("Dawn", "Noon", "Dusk")
CHECKED = (series_gaps, counts_agree_with_rows, every_missing_work_is_a_gap, series_summary_agrees_with_rows)


def volume(number: int) -> OwnedItem:
    title = TITLES[number - 1]
    return item(title, title, "Ann Author", series=(("Long March", str(number)),))


@pytest.fixture
def march(house_of: MakeWorld) -> House:
    """A series of three of which the first two are owned, judged; and other books, so that one gone is no collapse."""
    house = house_of(
        [volume(1), volume(2), *(item(f"b{number}", f"Tale {number}", "Bob Baker") for number in range(10))],
        authors=[author(3100, "Ann Author")],
        series=[WorldSeries(8100, "Long March", "Ann Author")],
        works=[
            work(number, title, "Ann Author", series=8100, place=str(number))
            for number, title in enumerate(TITLES, start=1)
        ],
    )
    house.run(books)
    house.run(series_catalog)
    house.run(*CHECKED)
    assert open_gaps(house) == {"Dusk"}
    return house


def open_gaps(house: House) -> set[str]:
    return set(house.column("SELECT title FROM missing_books WHERE closed_date IS NULL"))


def counts(house: House) -> tuple[Any, ...]:
    return tuple(house.rows("SELECT books_owned, books_missing FROM series WHERE name = 'Long March'")[0])


def data_version(run: Any) -> str:
    (event,) = run._result.asset_materializations_for_node("books")
    return str(event.tags["dagster/data_version"])


def put(house: House, owned: OwnedItem) -> None:
    house.shelf_twin.shelf._place(owned, 100_000)


def take_away(house: House, folder: str) -> None:
    items = house.shelf_twin.shelf.items
    (gone,) = [shelved for shelved in items.values() if shelved.folder == folder]
    del items[gone.id]


def nothing_is_left_to_judge(house: House) -> None:
    before = house.everything()
    run = house.run(*CHECKED, author_gaps)
    assert set(run.checks.values()) == {True}
    assert house.everything() == before


def test_a_book_that_a_person_adds_closes_its_gap(march: House) -> None:
    calm = data_version(march.run(books))
    put(march, volume(3))
    run = march.run(books)
    assert run.of("books")["judged_at_once"] == 1
    assert (open_gaps(march), counts(march)) == (set(), (3, 0))
    assert data_version(run) == calm
    nothing_is_left_to_judge(march)


def test_a_book_that_is_gone_is_a_gap_again(march: House) -> None:
    take_away(march, "items/Noon")
    run = march.run(books, books={"scope": "full"}).of("books")
    assert (run["items_archived"], run["judged_at_once"]) == (1, 1)
    assert (open_gaps(march), counts(march)) == ({"Noon", "Dusk"}, (1, 2))
    nothing_is_left_to_judge(march)


def test_a_book_that_turns_out_to_be_another_is_a_gap_again(march: House) -> None:
    """Nothing of it leads to the series any more but the verdict that rested on it."""
    metadata = {"title": "Cookery", "authors": [{"name": "Cara Cook"}], "series": []}
    march.shelf_twin.control("edit", {"folder": "items/Noon", "media": {"metadata": metadata}})
    assert march.run(books, books={"scope": "full"}).of("books")["judged_at_once"] == 1
    assert (open_gaps(march), counts(march)) == ({"Noon", "Dusk"}, (1, 2))
    nothing_is_left_to_judge(march)


def test_a_book_fills_what_only_a_list_asked_for(march: House) -> None:
    with march.engine.begin() as connection:
        gaps.write_wanted(connection, [wish("The Lonely Book", "Lea Lone")], march.clock.now())
    put(march, item("lonely", "The Lonely Book", "Lea Lone"))
    march.run(books)
    assert open_gaps(march) == {"Dusk"}


def test_where_much_changes_all_is_judged_after_it(march: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_read, "JUDGED_AT_ONCE", 1)
    calm = data_version(march.run(books))
    put(march, volume(3))
    put(march, item("other", "Other Book", "Bob Baker"))
    run = march.run(books)
    assert run.of("books")["judged_at_once"] == 0
    assert open_gaps(march) == {"Dusk"}
    assert data_version(run) != calm
    assert data_version(march.run(books)) == data_version(run)


def test_what_a_read_stored_before_it_broke_off_is_judged_with_all(
    march: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm = data_version(march.run(books))
    put(march, volume(3))

    def killed(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr("mam_assets.assets.library.rejudge_books", killed)
        march.run(books, ok=False)
    run = march.run(books)
    assert run.of("books")["judged_at_once"] == 0
    assert data_version(run) != calm
