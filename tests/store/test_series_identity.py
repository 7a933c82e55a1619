"""Series merged and un-merged in the real PostgreSQL: nothing is lost on the way there or back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from sqlalchemy import Connection, inspect, text

from mam_assets.domain.books import CatalogEntry, SeriesRef
from mam_assets.domain.series_identity import decide
from mam_assets.store import catalog, series_identity
from mam_assets.store.library import save_items
from mam_assets.store.series_identity import NoSuchMerge, held_apart, merge, merges, sides_alike
from mam_assets.store.series_unmerging import unmerge

from .test_catalog import ids, item

NOW = datetime(2026, 3, 11, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
ERB = "E. R. Burroughs"
READ = {"rule": "by_hand", "evidence": "a test", "by": "Ann", "now": NOW}


def mars(number: str, title: str, *series: SeriesRef) -> Any:
    return item(number, title, ERB, series=series or (SeriesRef("John Carter of Mars", number),))


def fill(connection: Connection) -> dict[str, int]:
    save_items(
        connection,
        [
            mars("1", "A Princess of Mars", SeriesRef("Barsoom", "1")),
            mars("2", "The Gods of Mars", SeriesRef("Barsoom", None), SeriesRef("John Carter of Mars", "2")),
            mars("3", "The Warlord of Mars"),
        ],
        NOW,
    )
    known = ids(connection)
    barsoom, carter = known["Barsoom"], known["John Carter of Mars"]
    both = CatalogEntry("Goodreads", "1", "A Princess of Mars", (ERB,), SeriesRef("Barsoom", "1"))
    other = CatalogEntry("MAM", "7", "The Warlord of Mars", (ERB,), SeriesRef("John Carter of Mars", "3"))
    catalog.save_entries(connection, [both], NOW, series_id=barsoom)
    catalog.save_entries(connection, [both, other], NOW, series_id=carter)
    connection.execute(
        text(
            """INSERT INTO missing_books (work_key, title, series_id, reason_missing, reasons)
               VALUES ('chessmen', 'The Chessmen of Mars', :id, 'series_gap', '{series_gap}')"""
        ),
        {"id": carter},
    )
    connection.execute(text("UPDATE series SET books_missing = 1 WHERE id = :id"), {"id": carter})
    return {"barsoom": barsoom, "carter": carter}


def everything(connection: Connection) -> dict[str, list[Any]]:
    """All that tells of series, without the times at which rows were written."""
    return {
        name: [tuple(row) for row in connection.execute(text(statement))]
        for name, statement in {
            "series": "SELECT id, name, author_id, name_key, author_key, goodreads_id, books_missing FROM series",
            "books": "SELECT book_id, series_id, position FROM book_series ORDER BY 1, 2",
            "names": "SELECT series_id, name, source FROM series_names ORDER BY 1, 2, 3",
            "entries": "SELECT series_id, source, source_key, title, position FROM catalog_entries ORDER BY 1, 2, 3",
            "gaps": "SELECT id, series_id FROM missing_books ORDER BY 1",
        }.items()
    } | {"order": []}


def test_what_a_merge_moves_an_undoing_moves_back(connection: Connection) -> None:
    known = fill(connection)
    before = everything(connection)
    merge_id = merge(connection, keep=known["barsoom"], drop=known["carter"], **READ)
    assert list(ids(connection).values()) == [known["barsoom"]]
    assert connection.execute(text("SELECT count(*) FROM catalog_entries")).scalar() == 2
    assert connection.execute(text("SELECT count(*) FROM book_series")).scalar() == 3
    restored = unmerge(connection, merge_id, by="Bob", now=LATER)
    assert (restored.series_id, restored.name, restored.books, restored.gaps) == (
        known["carter"],
        "John Carter of Mars",
        2,
        1,
    )
    after = everything(connection)
    after["series"].sort()
    before["series"].sort()
    assert after == before
    (row,) = merges(connection)
    assert (row.undone_by, row.undone_at, row.rule, row.books) == ("Bob", LATER, "by_hand", 2)


def test_after_an_undoing_the_library_finds_each_series_by_its_own_name(connection: Connection) -> None:
    known = fill(connection)
    unmerge(connection, merge(connection, keep=known["barsoom"], drop=known["carter"], **READ), by=None, now=LATER)
    before = everything(connection)
    fill_again = [mars("3", "The Warlord of Mars"), mars("8", "The Chessmen of Mars")]
    save_items(connection, fill_again, LATER)
    assert ids(connection) == {"Barsoom": known["barsoom"], "John Carter of Mars": known["carter"]}
    books = connection.execute(
        text("SELECT position FROM book_series WHERE series_id = :id ORDER BY 1"), {"id": known["carter"]}
    )
    assert list(books.scalars()) == ["2", "3", "8"]
    assert everything(connection)["names"] == before["names"]


def test_an_undone_merge_is_made_again_by_no_rule(connection: Connection) -> None:
    known = fill(connection)
    unmerge(connection, merge(connection, keep=known["barsoom"], drop=known["carter"], **READ), by=None, now=LATER)
    assert held_apart(connection) == {frozenset(known.values())}
    assert catalog.identify_series(connection, known["barsoom"], "40", NOW).merged is False
    told = catalog.identify_series(connection, known["carter"], "40", NOW)
    assert (told.series_id, told.merged, told.held_apart_from) == (known["carter"], False, "Barsoom")
    numbers = connection.execute(text("SELECT goodreads_id FROM series ORDER BY id")).scalars().all()
    assert numbers == ["40", None]  # under one number every gap would count twice
    catalog.series_checked(connection, known["barsoom"], NOW, name="John Carter of Mars")
    names = connection.execute(text("SELECT series_id FROM series_names WHERE name = 'John Carter of Mars'"))
    assert set(names.scalars()) == {known["carter"]}


def test_what_is_held_apart_stays_so_when_one_of_the_two_is_merged_into_a_third(connection: Connection) -> None:
    known = fill(connection)
    save_items(connection, [mars("9", "Swords of Mars", SeriesRef("Martian Tales", "9"))], NOW)
    third = ids(connection)["Martian Tales"]
    unmerge(connection, merge(connection, keep=known["barsoom"], drop=known["carter"], **READ), by=None, now=LATER)
    merge(connection, keep=third, drop=known["carter"], **READ)
    assert held_apart(connection) == {frozenset({third, known["barsoom"]})}
    merge(connection, keep=third, drop=known["barsoom"], **READ)  # a person may change their mind
    assert held_apart(connection) == set()


def test_a_merge_within_a_merge_can_be_undone_too(connection: Connection) -> None:
    known = fill(connection)
    save_items(connection, [mars("9", "Swords of Mars", SeriesRef("Martian Tales", "9"))], NOW)
    third = ids(connection)["Martian Tales"]
    first = merge(connection, keep=known["barsoom"], drop=known["carter"], **READ)
    merge(connection, keep=third, drop=known["barsoom"], **READ)
    restored = unmerge(connection, first, by=None, now=LATER)
    assert (restored.kept_id, restored.books) == (third, 2)
    assert ids(connection) == {"Martian Tales": third, "John Carter of Mars": known["carter"]}


def chain(connection: Connection) -> tuple[tuple[int, int, int], tuple[int, int]]:
    """John Carter of Mars merged into Barsoom, and that into Martian Tales: the series, and the merges."""
    known = fill(connection)
    save_items(connection, [mars("9", "Swords of Mars", SeriesRef("Martian Tales", "9"))], NOW)
    third = ids(connection)["Martian Tales"]
    first = merge(connection, keep=known["barsoom"], drop=known["carter"], **READ)
    second = merge(connection, keep=third, drop=known["barsoom"], **READ)
    return (known["carter"], known["barsoom"], third), (first, second)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["the older first", "the newer first"])
def test_merges_that_stand_on_each_other_are_undone_in_any_order(
    connection: Connection, order: tuple[int, int]
) -> None:
    series, found = chain(connection)
    restored = [unmerge(connection, found[which], by="Ann", now=LATER) for which in order]
    carter = next(one for one in restored if one.series_id == series[0])
    assert (carter.books, carter.gaps) == (2, 1)
    rows = connection.execute(text("SELECT series_id, count(*) FROM book_series GROUP BY 1"))
    assert {row[0]: row[1] for row in rows} == dict(zip(series, (2, 2, 1), strict=True))
    assert held_apart(connection) == {frozenset(pair) for pair in combinations(series, 2)}


def test_what_was_held_apart_before_a_merge_is_so_again_after_its_undoing(connection: Connection) -> None:
    known = fill(connection)
    save_items(connection, [mars("9", "Swords of Mars", SeriesRef("Martian Tales", "9"))], NOW)
    third = ids(connection)["Martian Tales"]
    series_identity.keep_apart(connection, known["carter"], known["barsoom"], by="Ann", now=NOW)
    merge_id = merge(connection, keep=third, drop=known["barsoom"], **READ)
    assert held_apart(connection) == {frozenset({known["carter"], third})}
    unmerge(connection, merge_id, by="Ann", now=LATER)
    assert frozenset(known.values()) in held_apart(connection)


def test_what_has_changed_since_holds(connection: Connection) -> None:
    known = fill(connection)
    merge_id = merge(connection, keep=known["barsoom"], drop=known["carter"], **READ)
    save_items(
        connection,
        [
            mars("2", "The Gods of Mars", SeriesRef("Lost Worlds", "1")),  # left both series
            mars("3", "The Warlord of Mars", SeriesRef("John Carter of Mars", "3.5")),  # its place was mended
            mars("8", "The Chessmen of Mars"),  # came under the dropped name
            mars("5", "Thuvia, Maid of Mars", SeriesRef("Barsoom", "4")),  # came under the kept name
        ],
        LATER,
    )
    unmerge(connection, merge_id, by=None, now=LATER)
    rows = connection.execute(
        text(
            """SELECT s.name, b.abs_id, bs.position FROM book_series bs JOIN books b ON b.id = bs.book_id
               JOIN series s ON s.id = bs.series_id ORDER BY 1, 2"""
        )
    )
    assert [tuple(row) for row in rows] == [
        ("Barsoom", "1", "1"),
        ("Barsoom", "5", "4"),
        ("John Carter of Mars", "3", "3.5"),
        ("John Carter of Mars", "8", "8"),
        ("Lost Worlds", "2", "1"),
    ]


def test_a_number_goes_with_the_series_that_brought_it(connection: Connection) -> None:
    known = fill(connection)
    connection.execute(text("UPDATE series SET goodreads_id = '40' WHERE id = :id"), {"id": known["carter"]})
    merge_id = merge(connection, keep=known["barsoom"], drop=known["carter"], **READ)
    assert connection.execute(text("SELECT goodreads_id FROM series")).scalars().all() == ["40"]
    unmerge(connection, merge_id, by=None, now=LATER)
    numbers = connection.execute(text("SELECT id, goodreads_id FROM series"))
    assert {row.id: row.goodreads_id for row in numbers} == {known["barsoom"]: None, known["carter"]: "40"}


def test_what_is_no_pair_of_series_is_not_merged_and_nothing_is_undone_twice(connection: Connection) -> None:
    known = fill(connection)
    for keep, drop in ((known["barsoom"], known["barsoom"]), (known["barsoom"], -1), (-1, -2)):
        with pytest.raises(NoSuchMerge, match="not two series"):
            merge(connection, keep=keep, drop=drop, **READ)
    merge_id = merge(connection, keep=known["barsoom"], drop=known["carter"], **READ)
    unmerge(connection, merge_id, by="Bob", now=LATER)
    with pytest.raises(NoSuchMerge, match="undone already, on 2026-03-12 by Bob"):
        unmerge(connection, merge_id, by=None, now=LATER)
    with pytest.raises(NoSuchMerge, match="no merge"):
        unmerge(connection, 999_999, by=None, now=LATER)


def test_every_table_that_hangs_on_a_series_is_moved(connection: Connection) -> None:
    """A table that is added later and forgotten here would make a merge fail, or lose rows."""
    looked = inspect(connection)
    hanging = {
        (table, column)
        for table in looked.get_table_names()
        for key in looked.get_foreign_keys(table)
        if key["referred_table"] == "series" and key["options"].get("ondelete") != "CASCADE"
        for column in key["constrained_columns"]
    }
    moved = " ".join(series_identity._MOVES)
    for table, column in hanging:
        assert table in moved
        assert column in moved


def test_series_that_share_a_name_are_brought_with_their_works(connection: Connection) -> None:
    fill(connection)
    save_items(connection, [mars("1b", "A Princess of Mars", SeriesRef("Barsoom Chronicles", "1"))], NOW)
    sides = sides_alike(connection)
    assert {side.name for side in sides} == {"Barsoom", "Barsoom Chronicles"}
    assert sides[0].works == (("1", "A Princess of Mars"),)
    assert sides[0].authors == (ERB,)
    (found,) = decide(sides).merges
    assert found.rule == "same_works_kind"


def test_series_are_found_by_name_or_number(connection: Connection) -> None:
    known = fill(connection)
    assert series_identity.found_by_name(connection, "The Barsoom Series") == [(known["barsoom"], "Barsoom", ERB)]
    assert series_identity.found_by_name(connection, str(known["carter"]))[0][1] == "John Carter of Mars"
    assert series_identity.found_by_name(connection, "?!") == []
