"""Pace, leases, budgets, health, cookies and look-ups on a real PostgreSQL."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import Connection, Engine, select, text, update

from mam_assets.store import services
from mam_assets.store.tables import ServiceState

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = date(2026, 3, 1)
SOON = timedelta(minutes=5)


def state(connection: Connection, service: str = "mam") -> object:
    return connection.execute(select(ServiceState.__table__).where(ServiceState.service == service)).one()


def test_the_first_slot_is_free_and_each_further_one_a_gap_later(connection: Connection) -> None:
    waits = [services.reserve_slot(connection, "mam", 100).wait_seconds for _ in range(4)]
    assert waits == [pytest.approx(seconds, abs=20) for seconds in (0, 100, 200, 300)]


def test_a_slot_long_past_does_not_let_requests_pile_up(connection: Connection) -> None:
    services.reserve_slot(connection, "mam", 100)
    connection.execute(update(ServiceState).values(next_at=func_ago(hours=1)))
    assert services.reserve_slot(connection, "mam", 100).wait_seconds == pytest.approx(0, abs=20)
    assert services.reserve_slot(connection, "mam", 100).wait_seconds == pytest.approx(100, abs=20)


def func_ago(**ago: float) -> datetime:
    return datetime.now(UTC) - timedelta(**ago)


def test_services_do_not_wait_for_each_other(connection: Connection) -> None:
    services.reserve_slot(connection, "mam", 100)
    assert services.reserve_slot(connection, "goodreads", 100).wait_seconds == pytest.approx(0, abs=20)


def test_many_processes_at_once_never_share_a_slot(clean_engine: Engine) -> None:
    def reserve(_: int) -> float:
        with clean_engine.begin() as connection:
            wait = services.reserve_slot(connection, "mam", 5).wait_seconds
            return time.time() + wait

    with ThreadPoolExecutor(8) as pool:
        starts = sorted(pool.map(reserve, range(24)))
    gaps = [later - sooner for sooner, later in pairwise(starts)]
    assert min(gaps) > 4.5, "two requests were given nearly the same moment"


def test_a_reservation_that_is_rolled_back_takes_no_slot(clean_engine: Engine) -> None:
    with clean_engine.connect() as connection:
        services.reserve_slot(connection, "mam", 100)
        connection.rollback()
    with clean_engine.begin() as connection:
        assert services.reserve_slot(connection, "mam", 100).wait_seconds == pytest.approx(0, abs=20)


def test_a_lease_has_one_holder(connection: Connection) -> None:
    assert services.reserve_alone(connection, "mam", 0, "a", 60)
    assert services.reserve_alone(connection, "mam", 0, "b", 60) is None
    services.release_lease(connection, "mam", "b", 0)
    assert services.reserve_alone(connection, "mam", 0, "b", 60) is None, "only its holder gives a lease back"
    services.release_lease(connection, "mam", "a", 0)
    assert services.reserve_alone(connection, "mam", 0, "b", 60)


def test_who_finds_the_lease_taken_takes_no_slot(connection: Connection) -> None:
    services.reserve_alone(connection, "mam", 100, "a", 60)
    for _ in range(3):
        assert services.reserve_alone(connection, "mam", 100, "b", 60) is None
    services.release_lease(connection, "mam", "a", 0)
    slot = services.reserve_alone(connection, "mam", 100, "b", 60)
    assert slot is not None
    assert slot.wait_seconds == pytest.approx(100, abs=20)


def test_the_lease_of_a_crashed_holder_ends_by_itself(connection: Connection) -> None:
    assert services.reserve_alone(connection, "mam", 0, "crashed", -1)
    assert services.reserve_alone(connection, "mam", 0, "next", 60)
    services.release_lease(connection, "mam", "crashed", 0)
    assert services.reserve_alone(connection, "mam", 0, "third", 60) is None, "the crashed one holds nothing any more"


def test_a_lease_lasts_beyond_the_wait_for_its_slot(connection: Connection) -> None:
    services.reserve_slot(connection, "mam", 1000)
    assert services.reserve_alone(connection, "mam", 0, "a", 60)
    left = state(connection).lease_until - datetime.now(UTC)
    assert left.total_seconds() == pytest.approx(1060, abs=20)


def test_a_slot_tells_until_when_the_service_wants_to_be_left_alone(connection: Connection) -> None:
    assert services.reserve_slot(connection, "mam", 0).retry_at is None
    services.leave_alone_until(connection, "mam", NOW)
    assert services.reserve_slot(connection, "mam", 0).retry_at == NOW
    slot = services.reserve_alone(connection, "mam", 0, "a", 60)
    assert slot is not None
    assert slot.retry_at == NOW


def test_only_the_transaction_that_takes_a_slot_does_not_wait_for_the_disk(clean_engine: Engine) -> None:
    asked = text("SELECT current_setting('synchronous_commit')")
    with clean_engine.connect() as connection:
        connection.execute(text("SET synchronous_commit TO on"))
        connection.commit()
        services.reserve_slot(connection, "mam", 0)
        assert connection.execute(asked).scalar() == "off"
        connection.commit()
        assert connection.execute(asked).scalar() == "on"


def test_giving_a_lease_back_begins_the_gap(connection: Connection) -> None:
    services.reserve_alone(connection, "mam", 0, "a", 60)
    services.release_lease(connection, "mam", "a", 70)
    assert services.reserve_slot(connection, "mam", 1).wait_seconds == pytest.approx(70, abs=20)


def test_a_session_is_charged_up_to_its_limit_and_a_refusal_costs_nothing(connection: Connection) -> None:
    spent = [services.count_in_session(connection, "mam", "run-1", 3, NOW) for _ in range(5)]
    assert spent == [True, True, True, False, False]
    assert services.used_in_session(connection, "mam", "run-1") == 3
    assert services.count_in_session(connection, "mam", "run-2", 3, NOW), "another run has its own share"


def test_a_day_is_charged_up_to_its_limit_and_a_refusal_costs_nothing(connection: Connection) -> None:
    spent = [services.count_in_day(connection, "google_books", DAY, 2) for _ in range(4)]
    assert spent == [True, True, False, False]
    assert services.used_in_day(connection, "google_books", DAY) == 2
    assert services.count_in_day(connection, "google_books", DAY + timedelta(days=1), 2)


def test_a_limit_of_nought_lets_nothing_through(connection: Connection) -> None:
    assert not services.count_in_day(connection, "goodreads", DAY, 0)
    assert not services.count_in_session(connection, "goodreads", "run", 0, NOW)


def test_many_processes_at_once_never_exceed_a_limit(clean_engine: Engine) -> None:
    def charge(_: int) -> bool:
        with clean_engine.begin() as connection:
            return services.count_in_day(connection, "google_books", DAY, 17)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(charge, range(40))) == 17
    with clean_engine.connect() as connection:
        assert services.used_in_day(connection, "google_books", DAY) == 17


def test_old_counts_are_forgotten_and_new_ones_kept(connection: Connection) -> None:
    services.count_in_day(connection, "mam", DAY - timedelta(days=40), 5)
    services.count_in_day(connection, "mam", DAY, 5)
    services.count_in_session(connection, "mam", "old", 5, NOW - timedelta(days=40))
    services.count_in_session(connection, "mam", "new", 5, NOW)
    assert services.forget_budgets(connection, NOW - timedelta(days=30)) == 2
    assert services.used_in_day(connection, "mam", DAY) == 1
    assert services.used_in_session(connection, "mam", "new") == 1


def test_failures_are_counted_in_a_row_and_a_success_ends_the_row(connection: Connection) -> None:
    assert services.record_failure(connection, "mam", "down", "no connection", NOW) == 1
    assert services.record_failure(connection, "mam", "down", "no connection", NOW) == 2
    services.record_success(connection, "mam", NOW + SOON)
    row = state(connection)
    assert (row.status, row.consecutive_failures, row.last_success) == ("healthy", 0, NOW + SOON)
    assert (row.last_failure, row.last_error) == (NOW, "no connection"), "what went wrong last is still told"
    assert services.record_failure(connection, "mam", "limited", "429", NOW) == 1


def test_of_two_waits_the_later_holds(connection: Connection) -> None:
    services.leave_alone_until(connection, "mam", NOW + 2 * SOON)
    services.leave_alone_until(connection, "mam", NOW + SOON)
    assert services.retry_at(connection, "mam") == NOW + 2 * SOON


def test_a_success_that_began_before_a_wait_does_not_lift_it(connection: Connection) -> None:
    services.record_failure(connection, "mam", "limited", "429", NOW)
    services.leave_alone_until(connection, "mam", NOW + SOON)
    services.record_success(connection, "mam", NOW)
    row = state(connection)
    assert (row.retry_at, row.status, row.consecutive_failures) == (NOW + SOON, "limited", 1)
    services.record_success(connection, "mam", NOW + SOON)
    row = state(connection)
    assert (row.retry_at, row.status, row.consecutive_failures) == (None, "healthy", 0)


def test_a_service_never_asked_has_no_wait(connection: Connection) -> None:
    assert services.retry_at(connection, "prowlarr") is None


def test_the_newest_cookie_wins(connection: Connection) -> None:
    services.save_cookie(connection, "mam", "one", "print-1", NOW)
    services.save_cookie(connection, "mam", "two", "print-1", NOW + SOON)
    assert services.newest_cookie(connection, "mam", "print-1") == "two"


def test_a_newly_configured_cookie_replaces_what_grew_from_the_old_one(connection: Connection) -> None:
    services.save_cookie(connection, "mam", "grown", "print-1", NOW)
    assert services.newest_cookie(connection, "mam", "print-2") is None
    services.save_cookie(connection, "mam", "fresh", "print-2", NOW)
    assert services.newest_cookie(connection, "mam", "print-2") == "fresh"
    assert services.newest_cookie(connection, "mam", "print-1") is None


def test_look_ups_are_remembered_with_misses_until_they_expire(connection: Connection) -> None:
    answers = {"isbn:1": {"title": "Émile"}, "isbn:2": None, "isbn:3": [], "isbn:4": ""}
    services.remember_answers(connection, "google_books", answers, NOW, NOW + SOON)
    known = services.known_answers(connection, "google_books", [*answers, "isbn:5"], NOW)
    assert {key: (entry.found, entry.answer) for key, entry in known.items()} == {
        "isbn:1": (True, {"title": "Émile"}),
        "isbn:2": (False, None),
        "isbn:3": (True, []),
        "isbn:4": (True, ""),
    }
    assert known["isbn:1"].fetched_at == NOW
    assert services.known_answers(connection, "google_books", list(answers), NOW + SOON) == {}
    assert services.known_answers(connection, "goodreads", list(answers), NOW) == {}
    assert services.forget_answers(connection, NOW + SOON) == 4


def test_a_look_up_made_again_replaces_the_miss(connection: Connection) -> None:
    services.remember_answers(connection, "mam", {"k": None}, NOW, NOW + SOON)
    services.remember_answers(connection, "mam", {"k": 1}, NOW + SOON, NOW + 3 * SOON)
    entry = services.known_answers(connection, "mam", ["k"], NOW + SOON)["k"]
    assert (entry.found, entry.answer, entry.fetched_at) == (True, 1, NOW + SOON)


def test_nothing_asked_is_nothing_known(connection: Connection) -> None:
    assert services.known_answers(connection, "mam", [], NOW) == {}
    services.remember_answers(connection, "mam", {}, NOW, NOW)
    assert connection.execute(text("SELECT count(*) FROM lookups")).scalar() == 0
