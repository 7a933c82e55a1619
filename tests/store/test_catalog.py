"""Catalogues and the identity of series, in the real PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from mam_assets.domain.books import CatalogEntry, LibraryItem, SeriesRef
from mam_assets.domain.rounds import Lane
from mam_assets.store import catalog, rounds, series_identity, told
from mam_assets.store.author_catalog import authors_due
from mam_assets.store.library import save_items

NOW = datetime(2026, 3, 11, tzinfo=UTC)
DAY = timedelta(days=1)


def item(abs_id: str, title: str, *authors: str, series: tuple[SeriesRef, ...] = ()) -> LibraryItem:
    empty: dict[str, Any] = dict.fromkeys(
        ("subtitle", "published_year", "publisher", "description", "isbn", "asin", "language", "size_bytes")
    )
    return LibraryItem(
        abs_id=abs_id, library_id="l", path=f"/{abs_id}", rel_path=abs_id, title=title, authors=authors, narrators=(),
        series=series, duration_seconds=3600.0, num_audio_files=1, abridged=False, explicit=False, is_missing=False,
        is_invalid=False, added_at=NOW, updated_at=NOW, **empty,
    )  # fmt: skip


def ids(connection: Connection) -> dict[str, int]:
    return {row.name: row.id for row in connection.execute(text("SELECT name, id FROM series"))}


def fill(connection: Connection) -> dict[str, int]:
    both = (SeriesRef("Barsoom", None), SeriesRef("John Carter of Mars", "2"))
    save_items(
        connection,
        [
            item("a", "A Princess of Mars", "E. R. Burroughs", series=(SeriesRef("Barsoom", "1"),)),
            item("b", "The Gods of Mars", "E. R. Burroughs", series=both),
        ],
        NOW,
    )
    return ids(connection)


def test_a_merged_series_keeps_books_places_and_names(connection: Connection) -> None:
    known = fill(connection)
    first = catalog.identify_series(connection, known["Barsoom"], "40", NOW)
    assert first == catalog.Identified(known["Barsoom"])
    word: dict[str, Any] = {"rule": "by_hand", "evidence": "a person's word", "by": "Ann", "now": NOW}
    series_identity.merge(connection, keep=known["Barsoom"], drop=known["John Carter of Mars"], **word)
    assert ids(connection) == {"Barsoom": known["Barsoom"]}
    places = connection.execute(text("SELECT position FROM book_series ORDER BY 1")).scalars().all()
    assert places == ["1", "2"]  # the place that only the other one knew
    fill(connection)
    assert ids(connection) == {"Barsoom": known["Barsoom"]}


def test_two_series_of_one_book_are_not_merged_by_its_number(connection: Connection) -> None:
    """The review's case: "Cosmere" is a shelf over several series, and the first book of one leads there."""
    ann = "Brandon Sanderson"
    shelved = [
        item("e", "Elantris", ann, series=(SeriesRef("Elantris", "1"), SeriesRef("Cosmere", "1"))),
        item("m", "The Final Empire", ann, series=(SeriesRef("Mistborn", "1"), SeriesRef("Cosmere", "2"))),
        item("w", "Warbreaker", ann, series=(SeriesRef("Cosmere", "3"),)),
    ]
    save_items(connection, shelved, NOW)
    known = ids(connection)
    (due,) = (one for one in catalog.series_due(connection, stale_before=None) if one.name == "Cosmere")
    assert (due.book_title, due.other_series) == ("Elantris", ("Elantris",))
    catalog.identify_series(connection, known["Elantris"], "49075", NOW)
    found = catalog.identify_series(connection, known["Cosmere"], "49075", NOW)
    assert (found.series_id, found.merged, found.held_apart_from) == (known["Cosmere"], False, None)
    assert found.doubt is not None
    assert f"`mam series merge {known['Elantris']} {known['Cosmere']}`" in found.doubt
    assert ids(connection) == known
    numbers = connection.execute(text("SELECT goodreads_id FROM series WHERE name = 'Cosmere'")).scalar_one()
    assert numbers is None


def test_what_a_source_names_no_longer_stays_with_its_day(connection: Connection) -> None:
    series = fill(connection)["Barsoom"]
    first = CatalogEntry("Goodreads", "1", "A Princess of Mars", ("E. R. Burroughs",), published="1912")
    second = CatalogEntry("Goodreads", "2", "The Gods of Mars", ("E. R. Burroughs",))
    later = NOW + timedelta(days=30)
    catalog.save_entries(connection, [first, second, first], NOW, series_id=series)
    catalog.save_entries(connection, [first], later, series_id=series)
    rows = connection.execute(text("SELECT title, last_seen FROM catalog_entries ORDER BY 1")).all()
    assert [tuple(row) for row in rows] == [("A Princess of Mars", later), ("The Gods of Mars", NOW)]


def test_what_is_told_again_the_same_day_is_not_written_again(connection: Connection) -> None:
    series = fill(connection)["Barsoom"]
    entry = CatalogEntry("Goodreads", "1", "A Princess of Mars", ("E. R. Burroughs",))
    look = text("SELECT title, last_seen FROM catalog_entries")
    soon = NOW + timedelta(minutes=20)
    catalog.save_entries(connection, [entry], NOW, series_id=series)
    catalog.save_entries(connection, [entry], soon, series_id=series)
    assert connection.execute(look).one() == ("A Princess of Mars", NOW)
    catalog.save_entries(connection, [replace(entry, title="Under the Moons of Mars")], soon, series_id=series)
    assert connection.execute(look).one() == ("Under the Moons of Mars", soon)


def test_a_series_of_which_only_a_second_copy_is_owned_is_due(connection: Connection) -> None:
    fill(connection)
    due = catalog.series_due(connection, stale_before=None)
    named = [series.names for series in told.series_names(connection)]
    connection.execute(text("UPDATE books SET status = 'duplicate'"))
    assert catalog.series_due(connection, stale_before=None) == due != []
    assert [series.names for series in told.series_names(connection)] == named != []


def test_an_entry_has_exactly_one_owner(connection: Connection) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        catalog.save_entries(connection, [], NOW)
    with pytest.raises(ValueError, match="exactly one"):
        catalog.save_entries(connection, [], NOW, series_id=1, author_id=1)


def test_those_never_checked_are_due_first_and_those_checked_of_late_are_not(connection: Connection) -> None:
    known = fill(connection)
    stale = NOW - timedelta(days=27)
    due = catalog.series_due(connection, stale_before=stale)
    assert [(s.name, s.book_title) for s in due] == [
        ("Barsoom", "A Princess of Mars"),
        ("John Carter of Mars", "The Gods of Mars"),
    ]
    catalog.series_checked(connection, known["Barsoom"], NOW, name="The Barsoom Series")
    assert [s.name for s in catalog.series_due(connection, stale_before=stale)] == ["John Carter of Mars"]
    (again,) = catalog.series_due(connection, stale_before=None, ids=[known["Barsoom"]])
    assert set(again.names) == {"Barsoom", "The Barsoom Series"}
    assert catalog.series_due(connection, stale_before=None, limit=1)[0].name == "John Carter of Mars"


def test_a_series_whose_books_are_archived_is_not_due(connection: Connection) -> None:
    fill(connection)
    connection.execute(text("UPDATE books SET status = 'archived'"))
    assert catalog.series_due(connection, stale_before=None) == []
    assert authors_due(connection, "MAM", stale_before=None) == []


def test_a_series_whose_page_failed_comes_after_the_others_until_it_is_read(connection: Connection) -> None:
    known = fill(connection)
    catalog.series_check_failed(connection, known["Barsoom"], "goodreads: nonsense", NOW)
    assert [s.name for s in catalog.series_due(connection, stale_before=None)] == ["John Carter of Mars", "Barsoom"]
    row = connection.execute(text("SELECT check_problem, last_completion_check FROM series WHERE name = 'Barsoom'"))
    assert tuple(row.one()) == ("goodreads: nonsense", None)
    catalog.series_checked(connection, known["Barsoom"], NOW)
    assert connection.execute(text("SELECT count(*) FROM series WHERE check_problem IS NOT NULL")).scalar() == 0


def test_a_forced_read_that_failed_is_made_again_however_fresh_the_list_is(connection: Connection) -> None:
    known = fill(connection)
    for series_id in known.values():
        catalog.series_checked(connection, series_id, NOW)
    assert catalog.series_due(connection, stale_before=NOW - DAY) == []
    catalog.series_check_failed(connection, known["Barsoom"], "goodreads: nonsense", NOW + DAY)
    assert [s.name for s in catalog.series_due(connection, stale_before=NOW - DAY)] == ["Barsoom"]
    assert rounds.waiting(connection, NOW - DAY)[Lane.SERIES].stale == 1


def test_entries_of_many_series_are_kept_in_one_statement_and_counted_by_source(connection: Connection) -> None:
    known = fill(connection)
    found = {
        series_id: [CatalogEntry("MAM", str(n), f"Work {n}", ("E. R. Burroughs",)) for n in range(1500)]
        for series_id in known.values()
    }
    assert catalog.save_series_entries(connection, found, NOW) == 3000
    assert catalog.save_series_entries(connection, found, NOW) == 3000
    assert catalog.works_by_source(connection) == {"MAM": 3000}
    assert catalog.count_entries(connection, of="series") == 3000
    assert catalog.count_disagreeing(connection) == 0
