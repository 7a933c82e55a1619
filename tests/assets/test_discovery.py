"""`mam_uploads` and `genre_top10`: what is new at MAM, once a day and once a week."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from mam_assets.assets.discovery import genre_top10, mam_uploads, week_of
from mam_assets.assets.library import books
from mam_assets.sandbox.twins.faults import Fault
from tests.assets.house import item


@pytest.mark.parametrize(
    ("moment", "zone", "week"),
    [
        (datetime(2026, 3, 8, 3, tzinfo=UTC), "UTC", date(2026, 3, 8)),
        (datetime(2026, 3, 14, 23, tzinfo=UTC), "UTC", date(2026, 3, 8)),
        (datetime(2026, 3, 14, 23, tzinfo=UTC), "Asia/Tokyo", date(2026, 3, 15)),
        (datetime(2026, 3, 15, 3, tzinfo=UTC), "America/Los_Angeles", date(2026, 3, 8)),
    ],
)
def test_a_week_begins_on_the_persons_own_sunday(moment: datetime, zone: str, week: date) -> None:
    assert week_of(moment, zone) == week


def test_each_enabled_genre_has_at_most_ten_ranked_entries_once_a_week(make_house: Any) -> None:
    house = make_house([item("emma", "Emma", "Jane Austen")])
    house.run(books)
    assert house.run(genre_top10).of("genre_top10")["genres_read"] == 4
    ranks = house.rows("SELECT genre_id, array_agg(rank ORDER BY rank) AS ranks FROM top10_entries GROUP BY 1")
    assert all(row.ranks == list(range(1, len(row.ranks) + 1)) and len(row.ranks) <= 10 for row in ranks)
    assert len(house.requests("mam")) == 4
    house.run(genre_top10)
    assert len(house.requests("mam")) == 4
    house.clock.sleep(8 * 86_400)
    house.run(genre_top10)
    assert len(house.requests("mam")) == 8


def test_uploads_are_read_once_and_become_discovered_books(make_house: Any) -> None:
    house = make_house([item("emma", "Emma", "Jane Austen")])
    house.run(books)
    first = house.run(mam_uploads, mam_uploads={"days": 3000}).of("mam_uploads")
    assert first["uploads_new"] == first["uploads_seen"] > 50
    assert first["books_discovered"] == house.value("SELECT count(*) FROM books WHERE status = 'discovered'") > 0
    before = house.everything()
    second = house.run(mam_uploads, mam_uploads={"days": 3000}).of("mam_uploads")
    assert (second["uploads_new"], second["books_discovered"]) == (0, 0)
    assert house.everything() == before


def test_a_discovered_book_that_arrives_keeps_its_row(make_house: Any) -> None:
    house = make_house([item("emma", "Emma", "Jane Austen")])
    house.run(books)
    house.run(mam_uploads, mam_uploads={"days": 3000})
    row = house.rows("SELECT id, title, authors FROM books WHERE status = 'discovered' ORDER BY id LIMIT 1")[0]
    house.shelf_twin.shelf._place(item("new", row.title, *row.authors), 100)
    house.run(books)
    assert house.rows("SELECT status, abs_id IS NOT NULL FROM books WHERE id = :id", id=row.id) == [("active", True)]


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        (Fault.REFUSE, {}),
        (Fault.TIMEOUT, {"seconds": 1}),
        (Fault.RATE_LIMITED, {}),
        (Fault.HTML_LOGIN, {}),
        (Fault.EMPTY_BODY, {}),
        (Fault.BROKEN_JSON, {}),
        (Fault.FORBIDDEN, {}),
        (Fault.SESSION_EXPIRED, {}),
    ],
    ids=lambda value: str(value) if isinstance(value, Fault) else "",
)
def test_a_scan_that_breaks_off_says_so_and_its_mark_stays(
    make_house: Any, fault: Fault, options: dict[str, Any]
) -> None:
    house = make_house([item("emma", "Emma", "Jane Austen")])
    house.servers["mam"].set_fault(fault, **options)
    run = house.run(mam_uploads).of("mam_uploads")
    assert run["scan_incomplete"] == 1
    assert "mam: " in run["problem_list"]
    assert house.value("SELECT count(*) FROM sync_marks WHERE name = 'mam_uploads'") == 0
    lists = house.run(genre_top10).of("genre_top10")
    assert lists["genres_waiting"] + lists["genres_read"] == 4
