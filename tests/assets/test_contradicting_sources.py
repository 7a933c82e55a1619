"""Sources that contradict each other, half a page, no body at all: what is kept side by side, and what decided."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mam_assets.assets.catalog import author_catalog, series_catalog
from mam_assets.assets.gaps import author_gaps, series_gaps
from mam_assets.assets.library import books
from mam_assets.checks.gaps import counts_agree_with_rows, every_missing_work_is_a_gap
from mam_assets.sandbox.twins.faults import Fault
from mam_assets.sandbox.world.model import World, WorldSeries
from tests.assets.catalog_world import MakeWorld, author, release, work
from tests.assets.house import House, item

ANN = author(3200, "Ann Author")
LONG = WorldSeries(8200, "Long March", "Ann Author")
CHECKED = (series_gaps, counts_agree_with_rows, every_missing_work_is_a_gap)
HOURS = ("Dawn", "Noon", "Dusk")
FAULTS_OF_A_PAGE = (Fault.EMPTY_BODY, Fault.BROKEN_JSON)


@pytest.fixture
def march(house_of: MakeWorld) -> House:
    """Goodreads lists three works of a series, of which the first is owned."""
    works = [work(n, title, "Ann Author", series=8200, place=str(n)) for n, title in enumerate(HOURS, start=1)]
    house = house_of(
        [item("a", "Dawn", "Ann Author", series=(("Long March", "1"),))], authors=[ANN], series=[LONG], works=works
    )
    house.run(books)
    return house


def offered_on_mam(house: House, *works: tuple[str, str]) -> None:
    """Releases of the series that an earlier search stored: (title, position)."""
    for guid, (title, place) in enumerate(works, start=900):
        house.rows(
            "INSERT INTO releases (source, guid, title, authors, series, medium, language) VALUES ('MAM', :guid, "
            ":title, '{Ann Author}', CAST(:series AS jsonb), 'audiobook', 'English') RETURNING 1",
            guid=str(guid), title=title, series=json.dumps([{"name": "Long March", "position": place}]),
        )  # fmt: skip


def told(house: House, title: str) -> list[tuple[Any, ...]]:
    """What each source says of a work, the one that speaks for it first."""
    rows = house.rows(
        "SELECT source, position, status, rule FROM catalog_entries WHERE title = :title AND series_id IS NOT NULL "
        "ORDER BY same_as IS NOT NULL, source",
        title=title,
    )
    return [tuple(row) for row in rows]


def disagreements(house: House, title: str) -> dict[str, Any]:
    """As kept with the entry that speaks for the work."""
    (found,) = house.column(
        "SELECT disagreements FROM catalog_entries WHERE title = :title AND same_as IS NULL AND series_id IS NOT NULL",
        title=title,
    )
    return dict(found)


def test_other_positions_stand_side_by_side_and_the_speaker_decides(march: House) -> None:
    offered_on_mam(march, ("Noon", "7"))
    march.run(series_catalog)
    run = march.run(*CHECKED)
    assert set(run.checks.values()) == {True}
    assert [row[:2] for row in told(march, "Noon")] == [("Goodreads", "2"), ("MAM", "7")]
    assert disagreements(march, "Noon") == {"position": {"Goodreads": "2", "MAM": "7", "decided": "speaker"}}
    gaps = march.rows("SELECT title, series_number FROM missing_books WHERE closed_date IS NULL ORDER BY 2")
    assert [tuple(row) for row in gaps] == [("Noon", "2"), ("Dusk", "3")]


def test_a_source_that_knows_twelve_works_adds_nine_to_three_and_doubles_none(march: House) -> None:
    """Twelve told by MAM, three listed by Goodreads: nothing of either is dropped, and no place counts twice."""
    offered_on_mam(march, *((HOURS[n - 1] if n <= 3 else f"Night Watch {n}", str(n)) for n in range(1, 13)))
    march.run(series_catalog)
    run = march.run(*CHECKED)
    assert set(run.checks.values()) == {True}
    by_source = "SELECT source, count(*) FROM catalog_entries WHERE series_id IS NOT NULL GROUP BY 1 ORDER BY 1"
    assert [tuple(row) for row in march.rows(by_source)] == [("Goodreads", 3), ("MAM", 12)]
    counts = march.rows("SELECT total_books_in_series, books_owned, books_missing FROM series")[0]
    assert tuple(counts) == (12, 1, 11)
    numbers = march.column("SELECT series_number FROM missing_books WHERE closed_date IS NULL ORDER BY id")
    assert sorted(map(int, numbers)) == list(range(2, 13))


def test_a_source_that_knows_three_of_twelve_takes_nothing_away(house_of: MakeWorld) -> None:
    works = [work(n, f"Watch {n}", "Ann Author", series=8200, place=str(n)) for n in range(1, 13)]
    house = house_of(
        [item("a", "Watch 1", "Ann Author", series=(("Long March", "1"),))], authors=[ANN], series=[LONG], works=works
    )
    house.run(books)
    offered_on_mam(house, *((f"Watch {n}", str(n)) for n in (1, 2, 3)))
    house.run(series_catalog)
    run = house.run(*CHECKED)
    assert set(run.checks.values()) == {True}
    assert tuple(house.rows("SELECT books_owned, books_missing FROM series")[0]) == (1, 11)
    assert house.value("SELECT count(*) FROM catalog_entries WHERE disagreements <> '{}'") == 0


def test_another_work_at_a_place_that_is_taken_is_shown_and_doubles_no_gap(march: House) -> None:
    offered_on_mam(march, ("A Walk at Midday", "2"))
    march.run(series_catalog)
    run = march.run(*CHECKED)
    assert set(run.checks.values()) == {True}
    ((source, place, status, rule),) = told(march, "A Walk at Midday")
    assert (source, place) == ("MAM", "2")
    assert rule is not None
    wanted = march.column("SELECT series_number FROM missing_books WHERE closed_date IS NULL ORDER BY 1")
    assert wanted == ["2", "3"], status


def test_without_a_source_that_shows_a_recording_a_list_of_books_makes_no_gap(march: House) -> None:
    march.run(author_catalog)
    rows = march.rows("SELECT DISTINCT source, audiobook FROM catalog_entries WHERE author_id IS NOT NULL ORDER BY 1")
    assert {tuple(row) for row in rows} == {("Goodreads", None), ("GoogleBooks", None)}
    march.run(author_gaps)
    unheard = march.column("SELECT DISTINCT rule FROM catalog_entries WHERE author_id IS NOT NULL AND title = 'Dusk'")
    assert "recording_unknown" in unheard
    assert march.value("SELECT count(*) FROM missing_books WHERE 'author_gap' = ANY(reasons)") == 0


@pytest.mark.parametrize("fault", FAULTS_OF_A_PAGE)
def test_half_a_page_of_a_series_is_no_answer_and_takes_nothing_away(march: House, fault: Fault) -> None:
    march.run(series_catalog)
    march.run(*CHECKED)
    before = march.everything()
    march.servers["goodreads"].set_fault(fault, path="/series")
    run = march.run(series_catalog, series_catalog={"force": True}).of("series_catalog")
    assert (run["series_read"], run["series_waiting"]) == (0, 1)
    assert "goodreads: " in run["problem_list"]
    assert set(march.run(*CHECKED).checks.values()) == {True}
    assert march.everything() == before
    # No body at all is a block, and no word about this series; half a page is, and it is read again though it is fresh.
    march.servers["goodreads"].clear_faults()
    march.rows("UPDATE service_state SET retry_at = NULL RETURNING 1")
    again = march.run(series_catalog).of("series_catalog")["series_read"]
    assert again == (fault is Fault.BROKEN_JSON)


@pytest.mark.parametrize("fault", FAULTS_OF_A_PAGE)
@pytest.mark.parametrize("service", ["google_books", "goodreads", "mam"])
def test_half_an_answer_about_an_author_takes_nothing_away(
    house_of: MakeWorld, whole_world: World, service: str, fault: Fault
) -> None:
    works = [work(n, title, "Ann Author") for n, title in enumerate(HOURS, start=1)]
    releases = [release(whole_world, 700 + n, title, "Ann Author") for n, title in enumerate(HOURS)]
    house = house_of([item("a", "Dawn", "Ann Author")], authors=[ANN], works=works, releases=releases)
    house.run(books)
    house.run(author_catalog)
    house.run(author_gaps)
    before = house.everything()
    assert len(before["gaps"]) == 2
    house.servers[service].set_fault(fault, path="/author" if service == "goodreads" else "/")
    run = house.run(author_catalog, author_catalog={"force": True}).of("author_catalog")
    assert run["authors_waiting"] == 1
    assert f"{service}: " in run["problem_list"]
    house.run(author_gaps)
    assert house.everything() == before


def test_a_block_without_a_body_takes_nothing_away_and_is_tried_again_later(march: House) -> None:
    march.run(series_catalog)
    march.run(*CHECKED)
    before = march.everything()
    march.goodreads_twin.control("block", {"status": 202, "path": "/series"})
    run = march.run(series_catalog, series_catalog={"force": True}).of("series_catalog")
    assert run["series_waiting"] == 1
    assert march.value("SELECT status FROM service_state WHERE service = 'goodreads'") == "blocked"
    assert set(march.run(*CHECKED).checks.values()) == {True}
    assert march.everything() == before
