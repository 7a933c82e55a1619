"""What runs next of a round, and what it waits for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.budgets import GOODREADS, GOOGLE_BOOKS, MAM, budget_day, paces
from mam_assets.domain.rounds import (
    RUN_REQUESTS,
    Lane,
    LaneState,
    Plan,
    ServiceState,
    fruitless_runs,
    plan,
    resting,
)

NOON = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PACES = paces(google_books_daily_limit=1000, goodreads_daily_limit=2000, mam_session_limit=50)
FRESH = {name: ServiceState(name, PACES[name]) for name in (GOOGLE_BOOKS, GOODREADS, MAM)}
SERIES, AUTHORS, METADATA = (
    LaneState(Lane.SERIES, 0, 1500),
    LaneState(Lane.AUTHORS, 0, 750),
    LaneState(Lane.METADATA, 0, 7500),
)


def planned(*lanes: LaneState, services: dict[str, ServiceState] | None = None, **now: Any) -> Plan:
    given_now: dict[str, Any] = {"now": NOON, "zone": "UTC"} | now
    return plan(lanes, services or FRESH, **given_now)


def with_service(name: str, **changes: Any) -> dict[str, ServiceState]:
    return FRESH | {name: replace(FRESH[name], **changes)}


def test_nothing_waits_means_nothing_runs() -> None:
    nothing = replace(SERIES, stale=0)
    assert planned(nothing) == Plan(None, ("nothing is due",))
    away = with_service(MAM, retry_at=NOON + HOUR)
    assert planned(nothing, services=away).waits == ("nothing is due; mam can't be asked now",)


@pytest.mark.parametrize(
    ("lane", "limit"),
    [
        (SERIES, 150),  # 300 pages at two each
        (AUTHORS, 50),  # one session of MAM
        (METADATA, 150),  # 300 pages of Goodreads hold Google's 500 back
        (replace(METADATA, stale=20), 20),
    ],
)
def test_a_run_takes_a_share_that_its_services_can_bear(lane: LaneState, limit: int) -> None:
    start = planned(lane).start
    assert start is not None
    assert (start.lane, start.limit) == (lane.lane, limit)


def test_a_round_leaves_the_last_fifth_of_a_day_to_others() -> None:
    spent = with_service(GOODREADS, used_today=1600)
    assert planned(SERIES, services=spent).start is None
    assert "share of today's requests to goodreads is spent" in planned(SERIES, services=spent).waits[0]
    nearly = planned(SERIES, services=with_service(GOODREADS, used_today=1580)).start
    assert nearly is not None
    assert nearly.limit == 10


def test_a_source_that_is_not_the_main_one_holds_nothing_up_while_it_is_left_alone() -> None:
    start = planned(METADATA, services=with_service(GOODREADS, retry_at=NOON + HOUR)).start
    assert start is not None
    assert start.limit == 333  # what Google alone allows


def test_a_days_share_that_is_spent_anywhere_is_waited_for() -> None:
    """Else the books of that run would all come again for what that source could not say."""
    (words,) = planned(METADATA, services=with_service(GOODREADS, used_today=1600)).waits
    assert words == (
        "metadata: 7500 wait, its share of today's requests to goodreads is spent until 2026-03-12 00:00 UTC"
    )


def test_a_service_that_is_left_alone_is_not_asked_before_its_time() -> None:
    blocked = with_service(GOODREADS, retry_at=NOON + HOUR)
    decided = planned(SERIES, services=blocked)
    assert decided.start is None
    assert decided.waits == ("series: 1500 wait, goodreads is left alone until 2026-03-11 13:00 UTC",)
    assert planned(SERIES, services=blocked, now=NOON + HOUR).start is not None


def test_one_lane_that_cannot_go_lets_the_others_go() -> None:
    decided = planned(SERIES, AUTHORS, services=with_service(GOODREADS, retry_at=NOON + HOUR))
    assert decided.start is not None
    assert decided.start.lane is Lane.AUTHORS
    assert decided.waits[0].startswith("series: 1500 wait")


def test_no_second_run_beside_one_that_is_under_way() -> None:
    decided = planned(SERIES, AUTHORS, busy="library_import")
    assert decided.start is None
    assert decided.waits == ("library_import is under way; 1500 series, 750 authors wait",)


@pytest.mark.parametrize(
    ("hour", "minute", "goes"), [(0, 29, True), (0, 30, False), (3, 0, False), (5, 29, False), (5, 30, True)]
)
def test_the_night_belongs_to_the_nights_own_jobs_in_the_persons_zone(hour: int, minute: int, goes: bool) -> None:
    local = NOON.replace(hour=hour, minute=minute) - HOUR  # one hour east of Greenwich in March
    assert (planned(SERIES, now=local, zone="Europe/Amsterdam").start is not None) is goes


class TestMam:
    def test_gaps_that_are_due_get_half_of_the_session(self) -> None:
        start = planned(AUTHORS, searches_due=3).start
        assert start is not None
        assert start.limit == 25

    def test_a_search_under_way_goes_first(self) -> None:
        decided = planned(AUTHORS, searching=True)
        assert decided.start is None
        assert "a search for gaps has MAM now" in decided.waits[0]

    def test_it_rests_an_hour_between_two_sessions(self) -> None:
        assert planned(replace(AUTHORS, began_at=NOON - HOUR / 2)).start is None
        assert planned(replace(AUTHORS, began_at=NOON - HOUR)).start is not None


class TestTurns:
    def test_what_was_never_asked_about_counts_double(self) -> None:
        decided = planned(
            replace(SERIES, began_at=NOON - 3 * HOUR), replace(METADATA, never=1, began_at=NOON - 2 * HOUR)
        )
        assert decided.start is not None
        assert decided.start.lane is Lane.METADATA
        assert decided.waits == ("series: its turn comes",)

    def test_new_things_never_starve_old_ones(self) -> None:
        lanes = {lane.lane: lane for lane in (replace(SERIES, never=900), replace(AUTHORS, never=900), METADATA)}
        now, turns = NOON, []
        for _ in range(30):
            chosen = plan(list(lanes.values()), FRESH, now=now, zone="UTC").start
            if chosen is not None:
                turns.append(chosen.lane)
                lanes[chosen.lane] = replace(lanes[chosen.lane], began_at=now)
            now += HOUR / 3
        assert {lane: turns.count(lane) >= 4 for lane in Lane} == dict.fromkeys(Lane, True)

    @pytest.mark.parametrize(("fruitless", "hours"), [(1, 1), (2, 6), (3, 24), (9, 24)])
    def test_a_lane_that_gets_nowhere_rests_ever_longer(self, fruitless: int, hours: int) -> None:
        began = replace(SERIES, began_at=NOON - hours * HOUR, fruitless=fruitless)
        assert planned(began).start is not None
        assert planned(began, now=NOON - timedelta(minutes=1)).start is None


@pytest.mark.parametrize(
    ("left", "waiting", "count"),
    [
        ([], 5, 0),
        ([10], 5, 0),
        ([5], 5, 1),
        ([None], 5, 1),
        ([None, 5], 5, 2),
        ([5, 5, 9], 5, 2),
        ([5, 5, 5], 5, 3),
        ([9, None, None], 5, 0),
        ([5], 8, 1),  # more came in than was done
    ],
)
def test_runs_that_left_as_much_waiting_as_before_were_fruitless(
    left: list[int | None], waiting: int, count: int
) -> None:
    assert fruitless_runs(left, waiting) == count


def test_what_rests_is_left_alone_or_spent() -> None:
    services = with_service(MAM, retry_at=NOON + HOUR) | {GOODREADS: replace(FRESH[GOODREADS], used_today=1600)}
    assert resting(services, NOON) == {MAM, GOODREADS}


def test_what_is_switched_off_is_done_without() -> None:
    off = with_service(MAM, enabled=False)
    start = planned(AUTHORS, services=off, searching=True).start
    assert start is not None
    assert start.limit == 150  # what Goodreads and Google can bear
    assert "is switched off" in planned(SERIES, services=with_service(GOODREADS, enabled=False)).waits[0]


def test_a_daily_limit_of_nothing_switches_off() -> None:
    none = with_service(GOODREADS, pace=replace(PACES[GOODREADS], daily_limit=0))
    assert "is switched off" in planned(SERIES, services=none).waits[0]
    start = planned(METADATA, services=none).start
    assert start is not None
    assert start.limit == 333


@given(
    lanes=st.lists(
        st.builds(
            LaneState,
            lane=st.sampled_from(Lane),
            never=st.integers(0, 3000),
            stale=st.integers(0, 3000),
            began_at=st.none() | st.timedeltas(timedelta(0), timedelta(days=9)).map(lambda ago: NOON - ago),
            fruitless=st.integers(0, 4),
        ),
        max_size=3,
        unique_by=lambda state: state.lane,
    ),
    used=st.fixed_dictionaries({name: st.integers(0, 2500) for name in (GOOGLE_BOOKS, GOODREADS)}),
    due=st.integers(0, 9),
)
def test_no_share_exceeds_what_waits_or_what_its_main_service_allows(
    lanes: list[LaneState], used: dict[str, int], due: int
) -> None:
    services = FRESH | {name: replace(FRESH[name], used_today=count) for name, count in used.items()}
    start = plan(lanes, services, now=NOON, zone="UTC", searches_due=due).start
    if start is None:
        return
    lane = next(state for state in lanes if state.lane is start.lane)
    assert 0 < start.limit <= lane.waiting
    assert start.limit <= max(RUN_REQUESTS.values())
    if start.lane is Lane.SERIES:
        assert used[GOODREADS] + 2 * start.limit <= 1600
    if start.lane is Lane.AUTHORS:
        assert start.limit <= (25 if due else 50)


def test_the_library_of_the_specification_is_gone_round_within_a_month_and_every_limit_kept() -> None:
    """A model of the services alone; bench_requests.py does it with the real ones. A run asks what its items cost, and
    takes the time of its slowest service."""
    lanes = {state.lane: replace(state, never=state.stale, stale=0) for state in (SERIES, AUTHORS, METADATA)}
    costs = {
        Lane.SERIES: {GOODREADS: 3.0},
        Lane.AUTHORS: {MAM: 1.0, GOOGLE_BOOKS: 2.0, GOODREADS: 2.0},
        Lane.METADATA: {GOOGLE_BOOKS: 1.2, GOODREADS: 1.6},
    }
    used: dict[tuple[str, object], int] = {}
    began = now = NOON
    while any(state.waiting for state in lanes.values()):
        days = {name: budget_day(PACES[name], now) for name in FRESH}
        services = {name: replace(FRESH[name], used_today=used.get((name, day), 0)) for name, day in days.items()}
        start = plan(list(lanes.values()), services, now=now, zone="UTC", searches_due=1).start
        if start is not None:
            seconds = 0.0
            for name, each in costs[start.lane].items():
                asked = min(int(each * start.limit), (PACES[name].daily_limit or 50) - services[name].used_today)
                used[name, days[name]] = used.get((name, days[name]), 0) + asked
                seconds = max(seconds, asked * PACES[name].max_gap_seconds)
            lanes[start.lane] = replace(
                lanes[start.lane], never=lanes[start.lane].never - start.limit, began_at=now, fruitless=0
            )
            now += timedelta(seconds=seconds)
        now += HOUR / 3
        assert now < began + timedelta(days=28)
    for (name, _), asked in used.items():
        assert asked <= (PACES[name].daily_limit or 10**6)
    assert now - began < timedelta(days=20)
