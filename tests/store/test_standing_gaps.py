"""A wish that an open gap meets is not written: that must be just where writing it would change nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, text

from mam_assets.domain.standing import StandingGap, is_met
from mam_assets.domain.wanting import Wanted
from mam_assets.store import gap_keys, gaps

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)
COLUMNS = ", ".join(StandingGap._fields)
WANT = Wanted(
    work_key="the lost world|arthur conan doyle",
    title="The Lost World",
    authors=("Arthur Conan Doyle",),
    reason="top10",
    series_number="1",
    published="1912",
    other_titles=("The Lost World: Being an Account",),
)


def standing(connection: Connection) -> StandingGap:
    (row,) = connection.execute(text(f"SELECT {COLUMNS} FROM missing_books WHERE closed_date IS NULL"))
    return StandingGap(*row)


@pytest.mark.parametrize(
    ("stands", "wish", "met"),
    [
        ({}, {}, True),
        ({}, {"reason": "request"}, False),
        ({}, {"priority": 1}, False),
        ({}, {"priority": 3}, True),
        ({}, {"isbn": "9780306406157"}, False),
        ({"isbn": "9780306406157"}, {"isbn": "9780140439205"}, True),
        ({"isbn": "9780306406157"}, {}, True),
        ({}, {"series_number": "2"}, True),
        ({}, {"series_number": None}, True),
        ({}, {"goodreads_id": "459"}, False),
        ({}, {"published": "1912-10"}, False),
        ({}, {"published": None}, True),
        ({}, {"other_titles": ()}, True),
        ({}, {"other_titles": ("Le Monde perdu",)}, False),
        ({}, {"title": "Lost World", "other_titles": ()}, False),
        ({}, {"status": "upcoming"}, False),
        ({"download_status": "upcoming"}, {"status": "upcoming"}, True),
        ({"download_status": "upcoming"}, {}, False),
        ({"download_status": "upcoming"}, {"status": "ignored"}, True),
        ({"download_status": "failed"}, {"status": "upcoming"}, True),
        ({"download_status": "ignored"}, {}, True),
    ],
    ids=str,
)
def test_a_wish_is_met_just_where_writing_it_changes_nothing(
    connection: Connection, stands: dict[str, Any], wish: dict[str, Any], met: bool
) -> None:
    gaps.write_wanted(connection, [WANT], NOW)
    for column, value in stands.items():
        connection.execute(text(f"UPDATE missing_books SET {column} = :value"), {"value": value})
    before = standing(connection)
    want = replace(WANT, **wish)
    assert is_met(want, before) is met
    gaps._update(connection, gaps._with_titles([want], gap_keys.open_gaps_with(connection, want.keys)))
    assert (standing(connection) == before) is met


def test_a_gap_that_meets_one_wish_hears_another_beside_it(connection: Connection) -> None:
    """Two owners name one work differently and date it differently: written again in any order, nothing changes."""
    other = replace(WANT, work_key="lost world expedition|arthur conan doyle", isbn="9780306406157", published="1913",
                    title="Lost World Expedition", other_titles=("The Lost World",))  # fmt: skip
    gaps.write_wanted(connection, [WANT, other], NOW)
    first = standing(connection)
    assert first.published == "1912"
    for again in ([WANT, other], [other, WANT]):
        gaps.write_wanted(connection, again, NOW)
        assert standing(connection) == first
