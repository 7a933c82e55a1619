"""`series_catalog` in an odd world: long series, several languages, one series under many names, sources at odds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mam_assets.assets.catalog import series_catalog
from mam_assets.assets.catalog_scope import FRESH_FOR
from mam_assets.assets.gaps import series_gaps
from mam_assets.assets.library import books
from mam_assets.checks.catalog import doubtful_series_pairs
from mam_assets.sandbox.twins.faults import Fault
from mam_assets.sandbox.world.model import World, WorldSeries
from mam_assets.store import series_identity, series_unmerging
from tests.assets.catalog_world import MakeWorld, author, work
from tests.assets.house import House, item

ANN = author(3001, "Ann Author")
LONG = WorldSeries(8002, "Long March", "Ann Author")


def long_series(house_of: MakeWorld, works: int = 300, **goodreads: Any) -> House:
    members = [work(n, f"March {n} of Autumn", "Ann Author", series=8002, place=str(n)) for n in range(1, works + 1)]
    owned = [item("a", "March 1 of Autumn", "Ann Author", series=(("Long March", "1"),))]
    return house_of(owned, authors=[ANN], series=[LONG], works=members, **goodreads)


def pages_asked(house: House) -> list[str]:
    asked = [dict(entry.query).get("page", "1") for entry in house.requests("goodreads") if "/series/" in entry.path]
    return [str(page) for page in asked]


def test_all_pages_of_a_series_of_three_hundred_works_are_read(house_of: MakeWorld) -> None:
    house = long_series(house_of)
    house.run(books)
    run = house.run(series_catalog).of("series_catalog")
    assert (run["series_read"], run["works"], run["series_waiting"]) == (1, 300, 0)
    assert pages_asked(house) == ["1", "2", "3"]
    assert house.value("SELECT count(*) FROM catalog_entries WHERE series_id IS NOT NULL") == 300
    assert "300 works" in run["summary"]


def test_a_page_that_fails_leaves_the_others_and_is_asked_again_alone(house_of: MakeWorld) -> None:
    house = long_series(house_of)
    house.run(books)
    house.servers["goodreads"].set_fault(Fault.BROKEN_JSON, path="/series/", after=1, times=1)
    run = house.run(series_catalog).of("series_catalog")
    assert (run["series_read"], run["series_waiting"]) == (0, 1)
    assert house.value("SELECT count(*) FROM catalog_entries") == 200
    assert "page 2" in house.value("SELECT check_problem FROM series")
    run = house.run(series_catalog).of("series_catalog")
    assert (run["series_read"], run["works"]) == (1, 300)
    assert pages_asked(house) == ["1", "2", "3", "2"]
    assert house.value("SELECT check_problem FROM series") is None


def test_a_block_between_pages_keeps_what_was_read(house_of: MakeWorld) -> None:
    house = long_series(house_of)
    house.run(books)
    house.servers["goodreads"].set_fault(Fault.FORBIDDEN, path="/series/", after=2)
    run = house.run(series_catalog).of("series_catalog")
    assert (run["series_read"], run["series_waiting"]) == (0, 1)
    assert house.value("SELECT count(*) FROM catalog_entries") == 200
    assert house.value("SELECT check_failed_at FROM series") is None  # nothing was wrong with the series
    house.servers["goodreads"].clear_faults()
    house.rows("UPDATE service_state SET retry_at = NULL, status = 'healthy' RETURNING 1")
    assert house.run(series_catalog).of("series_catalog")["works"] == 300
    assert pages_asked(house)[:2] == ["1", "2"]
    assert pages_asked(house)[-1] == "3"


def test_a_series_that_does_not_say_how_long_it_is_is_read_to_its_end(house_of: MakeWorld) -> None:
    house = long_series(house_of, 230, says_how_many=False)
    house.run(books)
    assert house.run(series_catalog).of("series_catalog")["works"] == 230
    assert pages_asked(house) == ["1", "2", "3"]


def test_a_series_that_ends_with_a_full_page_ends_there(house_of: MakeWorld) -> None:
    house = long_series(house_of, 200, says_how_many=False)
    house.run(books)
    run = house.run(series_catalog).of("series_catalog")
    assert (run["series_read"], run["works"], run["series_waiting"]) == (1, 200, 0)
    assert pages_asked(house) == ["1", "2", "3"]


def test_three_bad_pages_starve_no_other_series(house_of: MakeWorld) -> None:
    series = [WorldSeries(8000 + 2 * n, f"Tales of {name}", "Ann Author") for n, name in enumerate("KLMNO", start=1)]
    works = [
        work(n, f"The Fall of {one.name[-1]}", "Ann Author", series=one.series_id, place="1")
        for n, one in enumerate(series, start=1)
    ]
    owned = [
        item(str(n), made.title, "Ann Author", series=((one.name, "1"),))
        for n, (one, made) in enumerate(zip(series, works, strict=True))
    ]
    house = house_of(owned, authors=[ANN], series=series, works=works)
    house.run(books)
    house.servers["goodreads"].set_fault(Fault.BROKEN_JSON, path="/series/", times=3)
    first = house.run(series_catalog).of("series_catalog")
    assert (first["series_read"], first["series_waiting"]) == (0, 5)
    house.servers["goodreads"].set_fault(Fault.BROKEN_JSON, path="/series/", after=2)
    second = house.run(series_catalog).of("series_catalog")
    assert second["series_read"] == 2
    assert house.value("SELECT count(*) FROM series WHERE check_failed_at IS NOT NULL") == 3


def test_translations_in_a_series_are_rows_and_no_gaps(house_of: MakeWorld) -> None:
    works = [
        work(1, "The Long Road", "Ann Author", series=8002, place="1"),
        work(2, "Der lange Weg", "Ann Author", series=8002, place="1", kind="translation", language="German"),
        work(3, "Долгая дорога", "Ann Author", series=8002, place="1", kind="translation"),
        work(4, "The Short Road", "Ann Author", series=8002, place="2"),
    ]
    owned = [item("a", "The Long Road", "Ann Author", series=(("Long March", "1"),))]
    house = house_of(owned, authors=[ANN], series=[LONG], works=works)
    for asset in (books, series_catalog, series_gaps):
        house.run(asset)
    assert house.value("SELECT count(*) FROM catalog_entries") == 4
    assert house.column("SELECT title FROM missing_books WHERE closed_date IS NULL") == ["The Short Road"]


# --- one series under many names -----------------------------------------------------------------------------------


def two_names(house_of: MakeWorld, second: str, *titles: tuple[str, str]) -> House:
    works = [
        work(n, title, "Ann Author", series=8002, place=str(n))
        for n, title in enumerate(("Dawn", "Noon", "Dusk", "Night", "Eve"), start=1)
    ]
    owned = [
        item("d1", "Dawn", "Ann Author", series=(("Long March", "1"),)),
        item("d2", "Noon", "Ann Author", series=(("Long March", "2"),)),
        *(item(title, title, "Ann Author", series=((second, place),)) for title, place in titles),
    ]
    return house_of(owned, authors=[ANN], series=[LONG], works=works)


def test_a_series_that_goodreads_cannot_name_is_merged_by_its_works(house_of: MakeWorld) -> None:
    """The books of the second name are not found at Goodreads under it; its name and its works say what it is."""
    house = two_names(house_of, "Long March Chronicles", ("Dusk", "3"))
    house.run(books)
    house.goodreads_twin.control("block", {"path": "/book/"})
    house.rows("UPDATE series SET goodreads_id = '8002' WHERE name = 'Long March' RETURNING 1")
    run = house.run(series_catalog, doubtful_series_pairs)
    assert run.of("series_catalog")["series_merged"] == 1
    (row,) = house.rows("SELECT * FROM series_merges")
    assert (row.rule, row.merged_by) == ("same_works_kind", "series_catalog")
    assert "'Dusk' is number 3 of both" in row.evidence
    assert run.checks == {"doubtful_series_pairs": True}


def test_what_a_person_parted_stays_parted_in_every_run(house_of: MakeWorld) -> None:
    house = two_names(house_of, "Autumn Cycle", ("Dusk", "3"), ("Eve", "5"))
    house.run(books)
    assert house.run(series_catalog).of("series_catalog")["series_merged"] == 1  # by Goodreads' number
    with house.engine.begin() as connection:
        (merge,) = series_identity.merges(connection)
        series_unmerging.unmerge(connection, merge.merge_id, by="Ann", now=house.clock.now())
    for _ in range(2):
        house.run(books, books={"scope": "full"})
        run = house.run(series_catalog, series_catalog={"force": True}).of("series_catalog")
        assert (run["series_merged"], run["series_held_apart"]) == (0, 1)
    assert sorted(house.column("SELECT name FROM series")) == ["Autumn Cycle", "Long March"]
    placed = house.rows("SELECT s.name, b.title FROM book_series JOIN series s ON s.id = series_id "
                        "JOIN books b ON b.id = book_id ORDER BY 1, 2")  # fmt: skip
    assert [tuple(row) for row in placed] == [
        ("Autumn Cycle", "Dusk"), ("Autumn Cycle", "Eve"), ("Long March", "Dawn"), ("Long March", "Noon")
    ]  # fmt: skip
    house.run(series_gaps)
    assert house.value("SELECT count(*) FROM missing_books WHERE title = 'Night' AND closed_date IS NULL") == 1


def test_what_only_looks_alike_is_asked_about_and_not_merged(house_of: MakeWorld) -> None:
    house = two_names(house_of, "Long March: The Early Days", ("Dawn of Days", "7"))
    house.run(books)
    run = house.run(series_catalog, doubtful_series_pairs)
    assert run.of("series_catalog")["series_in_doubt"] == 1
    assert run.checks == {"doubtful_series_pairs": False}
    with house.engine.begin() as connection:
        series_identity.keep_apart(
            connection, *house.column("SELECT id FROM series ORDER BY 1"), by="Ann", now=house.clock.now()
        )
    run = house.run(series_catalog, doubtful_series_pairs)
    assert run.of("series_catalog")["series_in_doubt"] == 0
    assert run.checks == {"doubtful_series_pairs": True}


# --- a shelf is no series ------------------------------------------------------------------------------------------


def memberships(house: House) -> list[tuple[str, str]]:
    rows = house.rows("SELECT s.name, b.title FROM book_series JOIN series s ON s.id = series_id "
                      "JOIN books b ON b.id = book_id ORDER BY 1, 2")  # fmt: skip
    return [tuple(row) for row in rows]


def test_a_shelf_over_real_series_pulls_none_of_them_into_it(house_of: MakeWorld, whole_world: World) -> None:
    mine = "Favourites of Mine"
    house = house_of(
        [
            item("a", "A Princess of Mars", "Edgar Rice Burroughs", series=(("Barsoom", "1"), (mine, "1"))),
            item("b", "The Lost World", "Arthur Conan Doyle", series=(("Professor Challenger", "1"), (mine, "2"))),
        ],
        authors=whole_world.authors, series=whole_world.series, works=whole_world.works,
    )  # fmt: skip
    house.run(books)
    before = memberships(house)
    run = house.run(series_catalog).of("series_catalog")
    assert (run["series_merged"], run["series_read"], run["series_unknown_there"]) == (0, 2, 2)
    assert memberships(house) == before
    assert set(house.column("SELECT name FROM series WHERE goodreads_id IS NULL")) == {mine}
    assert house.value("SELECT count(*) FROM series_names WHERE name <> :mine AND series_id IN "
                       "(SELECT id FROM series WHERE name = :mine)", mine=mine) == 0  # fmt: skip


def test_a_shelf_of_one_book_of_a_series_asks_a_person_and_asks_goodreads_once(house_of: MakeWorld) -> None:
    house = two_names(house_of, "To Be Read", ("Dusk", "1"))
    house.run(books)
    run = house.run(series_catalog).of("series_catalog")
    assert (run["series_merged"], run["series_in_doubt"]) == (0, 1)
    (problem,) = house.column("SELECT check_problem FROM series WHERE name = 'To Be Read'")
    assert "only one book leads there" in problem
    assert "mam series merge" in problem
    assert house.value("SELECT count(*) FROM catalog_entries c JOIN series s ON s.id = c.series_id "
                       "WHERE s.name = 'To Be Read'") == 0  # fmt: skip
    asked = len(house.requests("goodreads"))
    house.clock.sleep(FRESH_FOR.total_seconds() + 60)
    house.run(series_catalog)
    assert len(house.requests("goodreads")) == asked + 1  # the real series alone
    assert house.value("SELECT check_problem FROM series WHERE name = 'To Be Read'") == problem


def test_what_was_in_doubt_is_found_once_another_book_agrees(house_of: MakeWorld) -> None:
    house = two_names(house_of, "Autumn Cycle", ("Dusk", "3"))
    house.run(books)
    assert house.run(series_catalog).of("series_catalog")["series_in_doubt"] == 1
    later = replace(item("Eve", "Eve", "Ann Author", series=(("Autumn Cycle", "5"),)), folder="items/eve")
    house.shelf_twin.shelf._place(later, 50)
    house.run(books)
    assert house.run(series_catalog, series_catalog={"force": True}).of("series_catalog")["series_merged"] == 1
    assert {name for name, _ in memberships(house)} == {"Long March"}


# --- what others told ----------------------------------------------------------------------------------------------


def test_what_others_told_of_a_series_joins_its_catalogue_without_a_request(
    house_of: MakeWorld, whole_world: World
) -> None:
    house = two_names(house_of, "Long March")
    house.run(books)
    rows = [
        ("MAM", "7", "Dusk", '[{"name": "The Long March Series", "position": "3"}]'),
        ("MAM", "8", "Late Night", '[{"name": "Long March", "position": "5"}]'),
        ("MAM", "9", "Elsewhere", '[{"name": "Other", "position": "1"}]'),
    ]
    for source, guid, title, series in rows:
        house.rows(
            "INSERT INTO releases (source, guid, title, authors, series, medium) VALUES (:source, :guid, :title, "
            "'{Ann Author}', CAST(:series AS jsonb), 'audiobook') RETURNING 1",
            source=source, guid=guid, title=title, series=series,
        )  # fmt: skip
    house.rows(
        """INSERT INTO metadata_answers (book_id, source, verdict, source_key, "values")
           SELECT id, 'Audible', 'matched', 'B00DAWN', '{"title": "Dawn", "series": "Long March", "series_number": "2"}'
           FROM books WHERE title = 'Dawn' RETURNING 1"""
    )
    before = len(house.requests("goodreads"))
    run = house.run(series_catalog).of("series_catalog")
    assert run["works_told"] == 3
    assert {entry.path.split("/")[1] for entry in house.requests("goodreads")[before:]} <= {
        "series",
        "book",
        "robots.txt",
    }
    told = house.rows(
        "SELECT source, title, position, audiobook FROM catalog_entries WHERE source <> 'Goodreads' ORDER BY 1, 2"
    )
    assert [tuple(row) for row in told] == [
        ("Audible", "Dawn", "2", True),
        ("MAM", "Dusk", "3", True),
        ("MAM", "Late Night", "5", True),
    ]
    assert house.run(series_catalog).of("series_catalog")["works_told"] == 3
    assert house.value("SELECT count(*) FROM catalog_entries") == 8


def test_an_answer_about_an_owned_book_alone_is_no_catalogue(house_of: MakeWorld) -> None:
    """Else every book that is owned would be all there is, and the series complete."""
    house = house_of([item("a", "Lonely", "Ann Author", series=(("Nowhere", "1"),))], authors=[ANN])
    house.run(books)
    house.rows(
        """INSERT INTO metadata_answers (book_id, source, verdict, "values")
           SELECT id, 'Audible', 'matched', '{"title": "Lonely", "series": "Nowhere", "series_number": "1"}'
           FROM books RETURNING 1"""
    )
    assert house.run(series_catalog).of("series_catalog")["works_told"] == 0
    assert house.value("SELECT count(*) FROM catalog_entries") == 0


def test_the_counts_have_the_same_keys_when_nothing_is_there(house_of: MakeWorld) -> None:
    run = house_of([]).run(series_catalog).of("series_catalog")
    assert {key: run[key] for key in COUNTS} == dict.fromkeys(COUNTS, 0)


COUNTS = (
    "series_read", "works", "works_told", "series_unknown_there", "series_merged", "series_held_apart",
    "series_in_doubt", "works_disagreeing", "series_waiting", "problems",
)  # fmt: skip
