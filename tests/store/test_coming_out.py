"""An upcoming gap of which MAM offers a recording is upcoming no longer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from mam_assets.domain.books import CatalogEntry, SeriesRef
from mam_assets.store import catalog
from mam_assets.store.coming_out import CameOut, note
from mam_assets.store.library import save_items
from tests.store.rows import gap
from tests.store.test_catalog import NOW, item
from tests.store.test_discovery import release

LATER = NOW + timedelta(days=30)
OFFER = release("77", "The Royal Book", "L. Frank Baum")


@pytest.fixture
def oz(connection: Connection) -> dict[str, int]:
    """A series and an author of one owned book, which Goodreads lists in both."""
    save_items(connection, [item("a", "Ozma of Oz", "L. Frank Baum", series=(SeriesRef("Oz", "3"),))], NOW)
    series_id = connection.execute(text("SELECT id FROM series")).scalar_one()
    author_id = connection.execute(text("SELECT id FROM authors")).scalar_one()
    listed = CatalogEntry("Goodreads", "3", "Ozma of Oz", ("L. Frank Baum",))
    catalog.save_entries(connection, [listed], NOW, series_id=series_id)
    catalog.save_entries(connection, [listed], NOW, author_id=author_id)
    return {"series_id": series_id, "author_id": author_id}


def upcoming(connection: Connection, **values: Any) -> int:
    plain = {"title": "The Royal Book of Oz", "series_name": "Oz", "series_number": "15", "published": "2027"}
    gap_id = gap(connection, **({"download_status": "upcoming"} | plain | values))
    connection.execute(
        text("INSERT INTO gap_searches (missing_book_id, next_search) VALUES (:id, :at)"), {"id": gap_id, "at": LATER}
    )
    return gap_id


def status(connection: Connection, gap_id: int) -> tuple[Any, ...]:
    statement = """
        SELECT m.download_status, g.next_search FROM missing_books m JOIN gap_searches g ON g.missing_book_id = m.id
        WHERE m.id = :id
    """
    return tuple(connection.execute(text(statement), {"id": gap_id}).one())


def from_mam(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM catalog_entries WHERE source = 'MAM'")).scalar_one())


def test_it_is_searched_at_the_next_occasion(connection: Connection, oz: dict[str, int]) -> None:
    gap_id = upcoming(connection, **oz)
    out = note(connection, [(gap_id, OFFER)], NOW)
    assert out == CameOut(1, frozenset({oz["series_id"]}), frozenset({oz["author_id"]}))
    assert status(connection, gap_id) == ("identified", NOW)
    assert note(connection, [(gap_id, OFFER)], NOW) == CameOut()


def test_the_offer_joins_the_catalogues_at_the_gaps_place(connection: Connection, oz: dict[str, int]) -> None:
    note(connection, [(upcoming(connection, **oz), OFFER)], NOW)
    statement = """
        SELECT series_id, author_id, source, source_key, title, series_name, position, audiobook, published
        FROM catalog_entries WHERE source = 'MAM' ORDER BY series_id NULLS LAST
    """
    told = ("MAM", "77", "The Royal Book", "Oz", "15", True, None)
    assert [tuple(row) for row in connection.execute(text(statement))] == [
        (oz["series_id"], None, *told),
        (None, oz["author_id"], *told),
    ]


def test_of_several_offers_the_first_is_the_evidence(connection: Connection, oz: dict[str, int]) -> None:
    gap_id = upcoming(connection, **oz)
    assert note(connection, [(gap_id, OFFER), (gap_id, release("78", "Royal Book", "L. Frank Baum"))], NOW).gaps == 1
    assert from_mam(connection) == 2


@pytest.mark.parametrize("values", [{"download_status": "ignored"}, {"closed_date": NOW}])
def test_what_a_person_ignores_or_is_closed_stays_as_it_is(
    connection: Connection, oz: dict[str, int], values: dict[str, Any]
) -> None:
    gap_id = upcoming(connection, **oz | values)
    before = status(connection, gap_id)
    assert note(connection, [(gap_id, OFFER)], NOW) == CameOut()
    assert status(connection, gap_id) == before
    assert from_mam(connection) == 0


def test_a_wish_of_no_series_and_no_author_is_out_all_the_same(connection: Connection) -> None:
    gap_id = upcoming(connection, series_name=None, series_number=None)
    assert note(connection, [(gap_id, OFFER)], NOW) == CameOut(1)
    assert status(connection, gap_id)[0] == "identified"


def test_an_offer_alone_is_no_catalogue(connection: Connection, oz: dict[str, int]) -> None:
    connection.execute(text("DELETE FROM catalog_entries"))
    gap_id = upcoming(connection, **oz)
    assert note(connection, [(gap_id, OFFER)], NOW) == CameOut(1)
    assert status(connection, gap_id)[0] == "identified"
    assert from_mam(connection) == 0


def test_nothing_offered_is_nothing_to_note(connection: Connection) -> None:
    assert note(connection, [], NOW) == CameOut()
