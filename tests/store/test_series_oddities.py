"""Series that the library changes, spells in two ways, or no longer has a book of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from mam_assets.domain.books import CatalogEntry, SeriesRef
from mam_assets.domain.series_identity import decide
from mam_assets.store import catalog
from mam_assets.store.library import save_items
from mam_assets.store.series_identity import merge, sides_alike

from .test_catalog import ids, item

NOW = datetime(2026, 3, 11, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
ANN = "Ann Author"


def places(connection: Connection) -> set[tuple[Any, ...]]:
    rows = connection.execute(
        text(
            "SELECT b.abs_id, s.name, bs.position FROM book_series bs JOIN books b ON b.id = bs.book_id "
            "JOIN series s ON s.id = bs.series_id"
        )
    )
    return {tuple(row) for row in rows}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Les Misérables", "Les Miserables"),
        ("Ångström", "Angstrom"),
        ("Œuvres", "Oeuvres"),
        ("Żółw", "Zolw"),
        ("Cafe\u0301 Noir", "Caf\u00e9 Noir"),
    ],
)
def test_names_that_differ_by_accents_are_one_series(connection: Connection, one: str, other: str) -> None:
    save_items(connection, [item("a", "Dawn", ANN, series=(SeriesRef(one, "1"),))], NOW)
    save_items(connection, [item("b", "Noon", ANN, series=(SeriesRef(other, "2"),))], NOW)
    assert places(connection) == {("a", one, "1"), ("b", one, "2")}
    names = connection.execute(text("SELECT name FROM series_names")).scalars().all()
    assert sorted(names) == sorted((one, other))


def test_a_book_of_two_series_keeps_its_place_in_each_through_a_merge_into_a_third(connection: Connection) -> None:
    both = (SeriesRef("Days", "3"), SeriesRef("Winters", "1"))
    save_items(
        connection,
        [item("a", "Twilight", ANN, series=both), item("b", "Dawn", ANN, series=(SeriesRef("All Days", "1"),))],
        NOW,
    )
    known = ids(connection)
    merge(connection, keep=known["All Days"], drop=known["Days"], rule="by_hand", evidence="", by=None, now=NOW)
    assert places(connection) == {("a", "All Days", "3"), ("a", "Winters", "1"), ("b", "All Days", "1")}
    (twilight,) = connection.execute(text("SELECT series, series_number FROM books WHERE abs_id = 'a'"))
    assert tuple(twilight) == ("Days", "3")  # as the library shows it


def test_a_series_whose_only_book_is_archived_is_not_read_and_keeps_its_row(connection: Connection) -> None:
    save_items(connection, [item("a", "Dawn", ANN, series=(SeriesRef("Days", "1"),))], NOW)
    known = ids(connection)
    assert [due.series_id for due in catalog.series_due(connection, stale_before=None)] == [known["Days"]]
    connection.execute(text("UPDATE books SET status = 'archived'"))
    assert catalog.series_due(connection, stale_before=None) == []
    save_items(connection, [item("a", "Dawn", ANN, series=(SeriesRef("Days", "1"),))], LATER)  # it came back
    assert [due.series_id for due in catalog.series_due(connection, stale_before=None)] == [known["Days"]]
    assert ids(connection) == known


def renamed(connection: Connection, name: str) -> tuple[int, int]:
    """A series with a number, a catalogue and an ignored gap, of which all books are renamed: the old and the new."""
    titles = ("Dawn", "Noon")
    for when, shown in ((NOW, "Days"), (LATER, name)):
        save_items(
            connection,
            [item(t, t, ANN, series=(SeriesRef(shown, str(n)),)) for n, t in enumerate(titles, start=1)],
            when,
        )
        if when == NOW:
            old = ids(connection)["Days"]
            connection.execute(text("UPDATE series SET goodreads_id = '40'"))
            entries = [
                CatalogEntry("Goodreads", t, t, (ANN,), SeriesRef("Days", str(n)))
                for n, t in enumerate((*titles, "Night"), start=1)
            ]
            catalog.save_entries(connection, entries, NOW, series_id=old)
            connection.execute(
                text(
                    """INSERT INTO missing_books (work_key, title, series_id, series_name, reason_missing, reasons,
                                                  download_status)
                       VALUES ('night', 'Night', :id, 'Days', 'series_gap', '{series_gap}', 'ignored')"""
                ),
                {"id": old},
            )
    return old, ids(connection).get(name, old)


def test_a_series_renamed_by_spelling_stays_the_same_row(connection: Connection) -> None:
    old, new = renamed(connection, "The Days Saga")
    assert old == new
    assert {place[1] for place in places(connection)} == {"Days"}


def test_a_series_renamed_in_audiobookshelf_is_the_old_one_again_once_goodreads_knows_it(
    connection: Connection,
) -> None:
    """The old row has the number, the catalogue and the gap with a person's word: they are kept."""
    old, new = renamed(connection, "Hours of Light")
    assert old != new
    assert {place[1] for place in places(connection)} == {"Hours of Light"}
    found = catalog.identify_series(connection, new, "40", LATER)
    assert (found.series_id, found.merged) == (old, True)
    assert {place[1] for place in places(connection)} == {"Days"}
    gap = connection.execute(text("SELECT series_id, download_status FROM missing_books")).one()
    assert tuple(gap) == (old, "ignored")
    names = connection.execute(text("SELECT name FROM series_names WHERE series_id = :id"), {"id": old}).scalars()
    assert set(names) == {"Days", "Hours of Light"}


def test_a_series_renamed_by_a_word_of_kind_is_merged_by_its_works(connection: Connection) -> None:
    old, new = renamed(connection, "Days Chronicles")
    assert old != new
    (found,) = decide(sides_alike(connection)).merges
    assert (found.keep, found.drop, found.rule) == (old, new, "same_works_kind")
