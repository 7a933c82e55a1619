"""A volume that was announced, and that MAM has before its day: it is out, and so say gaps, counts and lists."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mam_assets.assets.catalog import author_catalog, series_catalog
from mam_assets.assets.discovery import genre_top10, mam_uploads
from mam_assets.assets.gaps import author_gaps, series_gaps, top10_gaps
from mam_assets.assets.library import books
from mam_assets.checks.gaps import counts_agree_with_rows, every_missing_work_is_a_gap
from mam_assets.sandbox.world.model import World, WorldSeries
from tests.assets.catalog_world import MakeWorld, author, release, work
from tests.assets.house import NOW, House, item

LONG = WorldSeries(8100, "Long March", "Ann Author")
CHECKED = (series_gaps, counts_agree_with_rows, every_missing_work_is_a_gap)


@pytest.fixture
def announced(house_of: MakeWorld, whole_world: World) -> House:
    """A series of which the third volume comes out in a year; MAM has it since yesterday."""
    soon = (NOW + timedelta(days=365)).date()
    house = house_of(
        [item("a", "Dawn", "Ann Author", series=(("Long March", "1"),))],
        authors=[author(3100, "Ann Author")],
        series=[LONG],
        works=[
            work(1, "Dawn", "Ann Author", series=8100, place="1"),
            work(2, "Noon", "Ann Author", series=8100, place="2"),
            work(3, "Dusk", "Ann Author", series=8100, place="3", release_date=soon, year=soon.year),
        ],
        releases=[release(whole_world, 501, "Dusk", "Ann Author", added=NOW - timedelta(days=1), category=47)],
    )
    house.run(books)
    house.run(series_catalog)
    house.run(*CHECKED)
    assert gaps(house) == {"Noon": "identified", "Dusk": "upcoming"}
    return house


def gaps(house: House) -> dict[str, str]:
    return dict(house.rows("SELECT title, download_status FROM missing_books WHERE closed_date IS NULL"))


def counts(house: House) -> Any:
    return tuple(house.rows("SELECT books_owned, books_missing FROM series")[0])


def test_an_upload_shows_that_it_is_out_and_all_counts_say_so_at_once(announced: House) -> None:
    assert counts(announced) == (1, 1)
    run = announced.run(mam_uploads).of("mam_uploads")
    assert (run["gaps_came_out"], run["gaps_raised"]) == (1, 1)
    assert gaps(announced) == {"Noon": "identified", "Dusk": "identified"}
    assert counts(announced) == (1, 2)
    assert announced.value("SELECT priority FROM missing_books WHERE title = 'Dusk'") == 1
    told = announced.rows("SELECT source, status, same_as IS NULL FROM catalog_entries WHERE title = 'Dusk' ORDER BY 1")
    assert [tuple(row) for row in told] == [("Goodreads", "missing", True), ("MAM", "not_wanted", False)]


def test_it_stays_out_however_often_it_is_judged_again(announced: House) -> None:
    announced.run(mam_uploads)
    before = announced.everything()
    run = announced.run(*CHECKED)
    assert set(run.checks.values()) == {True}
    announced.run(series_catalog, series_catalog={"force": True})
    announced.run(*CHECKED)
    assert announced.run(mam_uploads).of("mam_uploads")["gaps_came_out"] == 0
    assert announced.everything() == before


def test_a_list_of_the_week_shows_it_too(announced: House) -> None:
    announced.rows("UPDATE genre_settings SET mam_categories = ARRAY[47], enabled = (id = 1) RETURNING 1")
    announced.run(genre_top10)
    assert gaps(announced)["Dusk"] == "identified"
    assert announced.column("SELECT outcome FROM top10_entries WHERE title = 'Dusk'") == ["wanted"]
    announced.run(top10_gaps)
    run = announced.run(*CHECKED)
    assert set(run.checks.values()) == {True}
    assert announced.column("SELECT reasons FROM missing_books WHERE title = 'Dusk'") == [["series_gap", "top10"]]


def test_an_author_whose_works_mam_was_asked_for_has_it_out(announced: House) -> None:
    announced.run(author_catalog)
    announced.run(author_gaps)
    announced.run(mam_uploads)
    run = announced.run(*CHECKED)
    assert set(run.checks.values()) == {True}
    assert gaps(announced) == {"Noon": "identified", "Dusk": "identified"}


def test_what_a_person_ignores_is_left_alone(announced: House) -> None:
    announced.rows("UPDATE missing_books SET download_status = 'ignored' WHERE title = 'Dusk' RETURNING 1")
    run = announced.run(mam_uploads).of("mam_uploads")
    assert (run["gaps_came_out"], run["gaps_raised"]) == (0, 0)
    assert gaps(announced)["Dusk"] == "ignored"
