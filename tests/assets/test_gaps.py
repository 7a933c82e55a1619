"""`series_gaps`, `author_gaps` and `top10_gaps` over the whole world: each missing work once, and no owned one."""

from __future__ import annotations

from typing import Any

import pytest

from mam_assets.assets.catalog import author_catalog, series_catalog
from mam_assets.assets.discovery import genre_top10
from mam_assets.assets.gaps import author_gaps, series_gaps, top10_gaps
from mam_assets.assets.library import books
from mam_assets.checks.gaps import counts_agree_with_rows, every_missing_work_is_a_gap
from tests.assets.house import House, item

CHECKED = (series_gaps, counts_agree_with_rows, every_missing_work_is_a_gap)


def gaps_of(house: House, series: str) -> dict[str, str]:
    rows = house.rows(
        "SELECT m.series_number, m.download_status FROM missing_books m JOIN series s ON s.id = m.series_id "
        "WHERE s.name = :series AND m.closed_date IS NULL AND 'series_gap' = ANY(m.reasons)",
        series=series,
    )
    return {row.series_number: row.download_status for row in rows}


def test_the_whole_world_is_judged_and_judging_again_changes_nothing(house: House) -> None:
    house.run(books)
    house.run(series_catalog)
    run = house.run(*CHECKED)
    assert set(run.checks.values()) == {True}
    for _ in range(3):
        house.run(author_catalog)
    house.run(author_gaps)
    before = house.everything()
    assert house.run(*CHECKED).of("series_gaps")["gaps_opened"] == 0
    assert house.run(author_gaps).of("author_gaps")["gaps_opened"] == 0
    assert house.everything() == before

    # one number of one series is one gap, by whatever title or pen name a source lists it
    doubled = house.rows(
        "SELECT series_id, series_number, array_agg(title) FROM missing_books WHERE closed_date IS NULL "
        "AND series_id IS NOT NULL AND series_number IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1"
    )
    assert doubled == []
    same_title = house.rows(
        "SELECT split_part(work_key, '|', 1), array_agg(author_name) FROM missing_books WHERE closed_date IS NULL "
        "GROUP BY 1 HAVING count(*) > 1"
    )
    assert same_title == []
    # nothing that is owned is wanted
    assert (
        house.rows(
            "SELECT m.title FROM missing_books m JOIN books b ON b.title_key = split_part(m.work_key, '|', 1) "
            "AND b.author_key = split_part(m.work_key, '|', 2) WHERE m.closed_date IS NULL AND b.status = 'active'"
        )
        == []
    )
    statuses = dict(house.rows("SELECT download_status, count(*) FROM missing_books GROUP BY 1"))
    assert set(statuses) == {"identified", "upcoming"}


def test_a_box_set_covers_its_range_and_a_comma_ends_no_series_name(house: House) -> None:
    house.run(books)
    house.run(series_catalog)
    house.run(*CHECKED)
    assert gaps_of(house, "Caspak") == {}
    assert house.value("SELECT completion_status FROM series WHERE name = 'Caspak'") == "complete"
    assert house.value("SELECT count(*) FROM series WHERE name = 'A.J. Raffles, The Gentleman Thief'") == 1
    assert house.column("SELECT title FROM missing_books WHERE kind IN ('collection', 'part', 'summary')") == []


def owned_she(*more: Any) -> list[Any]:
    return [
        item("she", "She", "H. Rider Haggard", series=(("She", "1"),)),
        item("solomon", "King Solomon's Mines", "H. Rider Haggard", series=(("Allan Quatermain", "1"),)),
        *more,
    ]


def test_a_work_in_two_series_that_the_library_counts_in_one_is_a_gap_of_neither(make_house: Any) -> None:
    """The demo, 22 November: "She and Allan" came for Allan Quatermain; the series She still lacked it, without a
    gap."""
    both = item("both", "She and Allan", "H. Rider Haggard", series=(("Allan Quatermain", "11"),))
    house = make_house(owned_she(both))
    house.run(books)
    house.run(series_catalog)
    run = house.run(*CHECKED)
    assert set(run.checks.values()) == {True}
    assert house.value("SELECT count(*) FROM missing_books WHERE title = 'She and Allan'") == 0
    assert set(house.column("SELECT status FROM catalog_entries WHERE title = 'She and Allan'")) == {"owned"}


def test_a_work_that_two_series_lack_is_one_gap_and_closes_for_both(make_house: Any) -> None:
    house = make_house(owned_she())
    house.run(books)
    house.run(series_catalog)
    assert set(house.run(*CHECKED).checks.values()) == {True}
    one = "SELECT count(*) FROM missing_books WHERE title = 'She and Allan' AND closed_date IS NULL"
    assert house.value(one) == 1
    house.shelf_twin.shelf._place(item("late", "She and Allan", "H. Rider Haggard"), 100)  # in no series at all
    house.run(books)
    run = house.run(*CHECKED)
    assert set(run.checks.values()) == {True}
    assert house.value(one) == 0
    assert house.rows(
        "SELECT download_status, book_id IS NOT NULL FROM missing_books WHERE title = 'She and Allan'"
    ) == [("completed", True)]


def test_a_series_whose_books_are_gone_is_wanted_no_longer(make_house: Any) -> None:
    many = [item(f"b{n}", f"Book Number {n}", "Ann Author") for n in range(10)]
    house = make_house(owned_she(*many))
    house.run(books)
    house.run(series_catalog)
    house.run(*CHECKED)
    assert gaps_of(house, "She")
    items = house.shelf_twin.shelf.items
    house.shelf_twin.shelf.items = {key: value for key, value in items.items() if value.folder != "items/she"}
    house.run(books, books={"scope": "full"})
    run = house.run(*CHECKED)
    assert set(run.checks.values()) == {True}
    assert set(gaps_of(house, "She")) == {"3"}  # "She and Allan": the other series lacks it too
    assert len(gaps_of(house, "Allan Quatermain")) > 5


@pytest.mark.parametrize("status", ["ignored", "queued", "downloading", "held", "failed"])
def test_what_became_of_a_gap_outlives_the_next_judgement(make_house: Any, status: str) -> None:
    house = make_house(owned_she())
    house.run(books)
    house.run(series_catalog)
    house.run(*CHECKED)
    title = "UPDATE missing_books SET download_status = :status WHERE title LIKE 'Ayesha%' RETURNING 1"
    house.rows(title, status=status)
    run = house.run(*CHECKED)
    assert set(run.checks.values()) == {True}
    assert house.column("SELECT download_status FROM missing_books WHERE title LIKE 'Ayesha%'") == [status]


def test_an_unreleased_volume_is_upcoming_until_its_day(house: House) -> None:
    house.run(books)
    house.run(series_catalog)
    house.run(*CHECKED)
    (title,) = house.column("SELECT title FROM missing_books WHERE download_status = 'upcoming'")
    house.clock.sleep(3 * 366 * 86_400)
    house.run(*CHECKED)
    assert house.column("SELECT download_status FROM missing_books WHERE title = :title", title=title) == ["identified"]


def test_the_weekly_list_wants_what_is_neither_owned_nor_pursued(house: House) -> None:
    house.run(books)
    house.run(genre_top10)
    run = house.run(top10_gaps).of("top10_gaps")
    wanted = house.value("SELECT count(*) FROM top10_entries WHERE outcome = 'wanted'")
    assert run["gaps_opened"] == house.value("SELECT count(*) FROM missing_books") > 0
    assert wanted >= run["gaps_opened"]
    asked = len(house.requests("mam"))
    before = house.everything()
    house.run(genre_top10)
    assert house.run(top10_gaps).of("top10_gaps")["gaps_opened"] == 0
    assert len(house.requests("mam")) == asked
    assert house.everything() == before
