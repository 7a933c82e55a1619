"""Keys of series that an older version made are made again, once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from mam_assets.domain.books import SeriesRef
from mam_assets.domain.work_keys import KEY_RULES
from mam_assets.store import marks
from mam_assets.store.library import save_items
from mam_assets.store.series_keys import MARK, bring_up_to_date
from tests.store.test_catalog import NOW, item

BURROUGHS = "Edgar Rice Burroughs"


def shelve(connection: Connection, *names: str, author: str = BURROUGHS) -> None:
    items = [
        item(f"{author}-{name}", f"Volume of {name}", author, series=(SeriesRef(name, str(place)),))
        for place, name in enumerate(names, start=1)
    ]
    save_items(connection, items, NOW)


def keys(connection: Connection, table: str = "series") -> list[tuple[str, str]]:
    return [tuple(row) for row in connection.execute(text(f"SELECT name, name_key FROM {table} ORDER BY name, id"))]


@pytest.fixture
def aged(connection: Connection) -> Connection:
    shelve(connection, "Burroughs' Barsoom")
    connection.execute(text("UPDATE series SET name_key = 'burroughs barsoom'"))
    connection.execute(text("UPDATE series_names SET name_key = 'burroughs barsoom'"))
    return connection


def test_keys_of_older_rules_are_made_again(aged: Connection) -> None:
    assert bring_up_to_date(aged, NOW) == 1
    assert keys(aged) == keys(aged, "series_names") == [("Burroughs' Barsoom", "barsoom")]


def test_they_are_made_once_for_each_version_of_the_rules(aged: Connection) -> None:
    bring_up_to_date(aged, NOW)
    assert marks.get(aged, MARK) == {"rules": KEY_RULES}
    aged.execute(text("UPDATE series SET name_key = 'by hand'"))
    assert bring_up_to_date(aged, NOW) == 0
    assert keys(aged) == [("Burroughs' Barsoom", "by hand")]
    marks.put(aged, MARK, {"rules": KEY_RULES - 1}, NOW)
    assert bring_up_to_date(aged, NOW) == 1


def test_they_are_made_again_while_nobody_reads_the_library(aged: Connection) -> None:
    statements: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    event.listen(aged, "before_cursor_execute", note)
    bring_up_to_date(aged, NOW)
    locks = [number for number, sql in enumerate(statements) if "mam_assets.library" in sql]
    writes = [number for number, sql in enumerate(statements) if "UPDATE series" in sql]
    assert locks
    assert min(locks) < min(writes)
    statements.clear()
    bring_up_to_date(aged, NOW)
    assert not [sql for sql in statements if "mam_assets.library" in sql]


def test_a_book_read_after_an_upgrade_finds_its_series(aged: Connection) -> None:
    bring_up_to_date(aged, NOW)
    shelve(aged, "Barsoom")
    assert keys(aged) == [("Burroughs' Barsoom", "barsoom")]


def test_two_series_that_come_to_share_a_key_both_stay_till_they_are_merged(connection: Connection) -> None:
    shelve(connection, "Barsoom", "Mars Tales")
    connection.execute(text("UPDATE series SET name = 'Burroughs'' Barsoom' WHERE name = 'Mars Tales'"))
    connection.execute(text("UPDATE series_names SET name = 'Burroughs'' Barsoom' WHERE name = 'Mars Tales'"))
    assert bring_up_to_date(connection, NOW) == 1
    assert keys(connection) == [("Barsoom", "barsoom"), ("Burroughs' Barsoom", "mars tales")]
    assert keys(connection, "series_names") == [("Barsoom", "barsoom"), ("Burroughs' Barsoom", "barsoom")]


def test_two_that_change_to_one_key_at_once_do_not_collide(connection: Connection) -> None:
    shelve(connection, "First Tales", "Second Tales")
    for key, name in (("first tales", "Burroughs' Barsoom"), ("second tales", "Burroughs's Barsoom")):
        statement = text("UPDATE series SET name = :name WHERE name_key = :key")
        connection.execute(statement, {"name": name, "key": key})
    bring_up_to_date(connection, NOW)
    assert sorted(key for _, key in keys(connection)) == ["barsoom", "second tales"]
    names = connection.execute(text("SELECT count(DISTINCT series_id) FROM series_names WHERE name_key = 'barsoom'"))
    assert names.scalar() == 1


def test_whoever_stands_first_in_a_book_may_own_the_name(connection: Connection) -> None:
    shelve(connection, "Venus")
    save_items(
        connection,
        [item("k", "Planet of Peril", "Otis Adelbert Kline", series=(SeriesRef("Kline's Venus", "1"),))],
        NOW,
    )
    connection.execute(text("UPDATE series SET author = NULL"))
    bring_up_to_date(connection, NOW)
    assert keys(connection) == [("Kline's Venus", "venus"), ("Venus", "venus")]


@pytest.mark.parametrize("order", [("Otis Adelbert Kline", BURROUGHS), (BURROUGHS, "Otis Adelbert Kline")])
def test_a_series_is_found_whichever_of_its_writers_a_book_names_first(
    connection: Connection, order: tuple[str, str]
) -> None:
    """Old rules left the owner's name on in every order."""
    for number, people in enumerate((order, order[::-1])):
        series = (SeriesRef("Burroughs' Venus", str(number)),)
        save_items(connection, [item(f"before {number}", f"Venus {number}", *people, series=series)], NOW)
    connection.execute(text("UPDATE book_series SET series_id = (SELECT min(id) FROM series)"))
    connection.execute(text("DELETE FROM series_names WHERE series_id > (SELECT min(id) FROM series)"))
    connection.execute(text("DELETE FROM series WHERE id > (SELECT min(id) FROM series)"))
    for table in ("series", "series_names"):
        connection.execute(text(f"UPDATE {table} SET name_key = 'burroughs venus'"))
    bring_up_to_date(connection, NOW)
    for number, people in enumerate((order, order[::-1]), start=2):
        series = (SeriesRef("Burroughs' Venus", str(number)),)
        save_items(connection, [item(f"after {number}", f"Venus {number}", *people, series=series)], NOW)
    assert connection.execute(text("SELECT count(*) FROM series")).scalar() == 1
