"""The numbers of pace and budgets."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.budgets import (
    SERVICES,
    Pace,
    back_off,
    budget_day,
    budget_renews_at,
    gap,
    honoured_scale,
    is_loopback,
    paces,
)

ALL = paces(google_books_daily_limit=1000, goodreads_daily_limit=2000, mam_session_limit=50)


def test_every_service_has_a_pace() -> None:
    assert set(ALL) == set(SERVICES)


def test_mam_is_asked_one_at_a_time_with_three_to_ten_seconds_between_and_fifty_in_a_run() -> None:
    mam = ALL["mam"]
    assert (mam.min_gap_seconds, mam.max_gap_seconds) == (3, 10)
    assert mam.session_limit == 50
    assert mam.one_at_a_time


def test_a_session_limit_above_fifty_is_cut_to_fifty() -> None:
    loose = paces(google_books_daily_limit=1, goodreads_daily_limit=1, mam_session_limit=500)
    assert loose["mam"].session_limit == 50


def test_google_and_goodreads_have_the_daily_limits_of_the_settings() -> None:
    assert ALL["google_books"].daily_limit == 1000
    assert ALL["goodreads"].daily_limit == 2000
    assert ALL["google_books"].min_gap_seconds >= 1
    assert 5 <= ALL["goodreads"].min_gap_seconds <= ALL["goodreads"].max_gap_seconds <= 6


@given(dice=st.floats(0, 1, exclude_max=True), scale=st.floats(0.01, 10))
def test_a_gap_lies_between_its_bounds(dice: float, scale: float) -> None:
    found = gap(Pace(3, 10), scale, lambda: dice)
    assert 3 * scale <= found <= 10 * scale + 1e-9


@pytest.mark.parametrize(("least", "most"), [(-1, 1), (5, 4)])
def test_a_gap_that_makes_no_sense_is_refused(least: float, most: float) -> None:
    with pytest.raises(ValueError, match="makes no sense"):
        Pace(least, most)


@pytest.mark.parametrize(
    ("scale", "host", "honoured"),
    [
        (0.1, "127.0.0.1", 0.1),
        (0.1, "localhost", 0.1),
        (0.1, "[::1]", 0.1),
        (0.1, "www.goodreads.com", 1.0),
        (0.1, "localhost.example.org", 1.0),
        (0.1, "127.0.0.1.example.org", 1.0),
        (0.1, "192.168.1.10", 1.0),
        (0.1, "", 1.0),
        (2.0, "www.goodreads.com", 2.0),
        (2.0, "127.0.0.1", 2.0),
    ],
)
def test_hurrying_is_for_loopback_only(scale: float, host: str, honoured: float) -> None:
    assert honoured_scale(scale, host) == honoured


@given(st.ip_addresses())
def test_only_loopback_addresses_are_loopback(address: object) -> None:
    assert is_loopback(str(address)) == address.is_loopback  # type: ignore[attr-defined]


def test_goodreads_is_left_alone_for_two_five_ten_thirty_sixty_minutes() -> None:
    waits = [back_off(ALL["goodreads"], times) for times in (1, 2, 3, 4, 5, 6, 99)]
    assert waits == [timedelta(minutes=m) for m in (2, 5, 10, 30, 60, 60, 60)]


def test_googles_day_begins_at_midnight_pacific() -> None:
    google = ALL["google_books"]
    # 7 hours behind in summer, 8 in winter.
    assert budget_day(google, datetime(2026, 7, 2, 6, 59, tzinfo=UTC)) == date(2026, 7, 1)
    assert budget_day(google, datetime(2026, 7, 2, 7, 0, tzinfo=UTC)) == date(2026, 7, 2)
    assert budget_day(google, datetime(2026, 12, 2, 7, 59, tzinfo=UTC)) == date(2026, 12, 1)
    assert budget_renews_at(google, datetime(2026, 12, 2, 7, 59, tzinfo=UTC)) == datetime(2026, 12, 2, 8, tzinfo=UTC)


@given(st.integers(1_577_836_800, 2_208_988_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)))
def test_the_budget_renews_after_now_and_then_it_is_another_day(now: datetime) -> None:
    for pace in ALL.values():
        renewed = budget_renews_at(pace, now)
        assert now < renewed <= now + timedelta(hours=25)
        assert budget_day(pace, renewed) == budget_day(pace, now) + timedelta(days=1)
