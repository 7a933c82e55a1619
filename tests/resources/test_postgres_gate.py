"""The gate that all processes share."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import httpx
import pytest
from sqlalchemy import Engine, event

from mam_assets.domain.budgets import Pace
from mam_assets.resources.cookies import RotatingCookie
from mam_assets.resources.errors import Blocked, NotAuthorised, NotFound, RateLimited, ServiceDown
from mam_assets.resources.http import build_client
from mam_assets.resources.postgres_gate import PostgresGate
from mam_assets.resources.redaction import Redactor
from mam_assets.store import services

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FAST = Pace(0.15, 0.15)
ALONE = Pace(0.05, 0.05, one_at_a_time=True)


def gate(engine: Engine, pace: Pace, session: str = "run-1", **options: object) -> PostgresGate:
    return PostgresGate(engine, {"shop": pace}, session_key=session, clock=lambda: NOW, **options)  # type: ignore[arg-type]


def test_the_wait_is_slept_outside_any_transaction(clean_engine: Engine) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        assert clean_engine.pool.checkedout() == 0  # type: ignore[attr-defined]

    passage = gate(clean_engine, Pace(100, 100), sleep=sleep)
    for _ in range(3):
        with passage.turn("shop", "x"):
            pass
    assert slept == [pytest.approx(100, abs=20), pytest.approx(200, abs=20)]


def test_the_scale_of_a_service_multiplies_its_gap(clean_engine: Engine) -> None:
    slept: list[float] = []
    passage = gate(clean_engine, Pace(100, 100), sleep=slept.append, scales={"shop": 3.0})
    for _ in range(2):
        with passage.turn("shop", "x"):
            pass
    assert slept == [pytest.approx(300, abs=20)]


def test_two_processes_keep_the_pace_together(clean_engine: Engine, clean_url: str) -> None:
    """Each process tells the moments that it would wait for, so that a busy machine does not blur them."""
    script = (
        "import sys, time; from sqlalchemy import create_engine; from mam_assets.domain.budgets import Pace;"
        "from mam_assets.resources.postgres_gate import PostgresGate;"
        "tell = lambda seconds: print(time.time() + seconds, flush=True);"
        "gate = PostgresGate(create_engine(sys.argv[1]), {'shop': Pace(60, 60)}, session_key='p', sleep=tell)\n"
        "for _ in range(5):\n"
        "    with gate.turn('shop', 'x'): pass\n"
    )
    with gate(clean_engine, Pace(60, 60)).turn("shop", "x"):
        first = time.time()
    running = [
        subprocess.Popen([sys.executable, "-c", script, clean_url], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    moments = sorted(float(line) for process in running for line in process.communicate(timeout=60)[0].split())
    assert [process.returncode for process in running] == [0, 0]
    assert len(moments) == 10
    gaps = [later - sooner for sooner, later in pairwise([first, *moments])]
    assert min(gaps) > 30, "two requests were given nearly the same moment"
    assert moments[-1] - first == pytest.approx(600, abs=30)


def test_one_at_a_time_holds_for_threads_and_processes(clean_engine: Engine) -> None:
    inside, most, guard = 0, 0, threading.Lock()
    passages = [gate(clean_engine, ALONE, f"run-{n}") for n in range(4)]

    def ask(passage: PostgresGate) -> None:
        nonlocal inside, most
        with passage.turn("shop", "x"):
            with guard:
                inside += 1
                most = max(most, inside)
            time.sleep(0.03)
            with guard:
                inside -= 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, passages * 2))
    assert most == 1


def test_a_lease_is_given_back_when_the_request_fails_or_a_budget_is_spent(clean_engine: Engine) -> None:
    passage = gate(clean_engine, Pace(one_at_a_time=True, session_limit=1))
    with pytest.raises(ZeroDivisionError), passage.turn("shop", "x"):
        raise ZeroDivisionError
    for _ in range(2):
        with pytest.raises(RateLimited, match="used its 1 requests"), passage.turn("shop", "x"):
            pass
    with gate(clean_engine, Pace(one_at_a_time=True), "another").turn("shop", "x"):
        pass


def test_a_lease_that_never_comes_free_is_given_up(clean_engine: Engine) -> None:
    with clean_engine.begin() as connection:
        services.reserve_alone(connection, "shop", 0, "somebody", 10_000)
    slept: list[float] = []
    passage = gate(clean_engine, ALONE, sleep=slept.append, dice=lambda: 200.0)
    with pytest.raises(RateLimited, match="one request at a time"), passage.turn("shop", "x"):
        pass
    assert sum(slept) >= 900


def test_a_refused_request_holds_no_lease(clean_engine: Engine) -> None:
    until = NOW + timedelta(minutes=10)
    passage = gate(clean_engine, Pace(100, 100, one_at_a_time=True, session_limit=5))
    passage.failed("shop", RateLimited("shop", "x", "429", "Wait.", retry_at=until))
    with pytest.raises(RateLimited, match="left alone"), passage.turn("shop", "x"):
        pass
    with clean_engine.begin() as connection:
        slot = services.reserve_alone(connection, "shop", 0, "another", 60)
        assert slot is not None
        assert slot.wait_seconds == pytest.approx(0, abs=20)
        assert services.used_in_session(connection, "shop", "run-1") == 0


def test_who_waits_for_the_lease_is_refused_as_soon_as_the_service_asks_to_be_left_alone(clean_engine: Engine) -> None:
    with clean_engine.begin() as connection:
        services.reserve_alone(connection, "shop", 0, "somebody", 10_000)

    def told(_: float) -> None:
        with clean_engine.begin() as connection:
            services.leave_alone_until(connection, "shop", NOW + timedelta(hours=1))

    with pytest.raises(RateLimited, match="left alone"), gate(clean_engine, ALONE, sleep=told).turn("shop", "x"):
        pass


def test_a_request_costs_one_commit_to_reserve_and_single_statements_after(clean_engine: Engine) -> None:
    statements, commits = [], []
    event.listen(clean_engine, "before_cursor_execute", lambda _c, _k, statement, *_: statements.append(statement))
    event.listen(clean_engine, "commit", commits.append)
    passage = gate(clean_engine, Pace(one_at_a_time=True, session_limit=5, daily_limit=5))
    with passage.turn("shop", "x"):
        passage.succeeded("shop")
    assert (len(statements), len(commits)) == (5, 1)


def test_a_refused_request_spends_neither_slot_nor_session_nor_day(clean_engine: Engine) -> None:
    slept: list[float] = []
    pace = Pace(100, 100, session_limit=5, daily_limit=1)
    passage = gate(clean_engine, pace, sleep=slept.append)
    with passage.turn("shop", "x"):
        pass
    for _ in range(3):
        with pytest.raises(RateLimited, match="today's 1 requests") as caught, passage.turn("shop", "x"):
            pass
    assert caught.value.retry_at == datetime(2026, 3, 2, tzinfo=UTC)
    with clean_engine.begin() as connection:
        assert services.used_in_session(connection, "shop", "run-1") == 1
        assert services.reserve_slot(connection, "shop", 0).wait_seconds == pytest.approx(100, abs=20)


def test_what_one_process_is_told_all_processes_heed(clean_engine: Engine) -> None:
    until = NOW + timedelta(minutes=10)
    gate(clean_engine, FAST, "a").failed("shop", RateLimited("shop", "x", "429", "Wait.", retry_at=until))
    with pytest.raises(RateLimited, match="left alone") as caught, gate(clean_engine, FAST, "b").turn("shop", "x"):
        pass
    assert caught.value.retry_at == until


def test_a_wait_that_comes_while_a_slot_is_waited_for_is_heeded(clean_engine: Engine) -> None:
    def told(_: float) -> None:
        with clean_engine.begin() as connection:
            services.leave_alone_until(connection, "shop", NOW + timedelta(hours=1))

    passage = gate(clean_engine, Pace(5, 5), sleep=told)
    with passage.turn("shop", "x"):
        pass
    with pytest.raises(RateLimited, match="left alone"), passage.turn("shop", "x"):
        pass


@pytest.mark.parametrize(
    ("error", "status", "until"),
    [
        (ServiceDown("shop", "x", "no", "r"), "down", None),
        (NotAuthorised("shop", "x", "no", "r"), "unauthorised", None),
        (Blocked("shop", "x", "no", "r"), "blocked", NOW + timedelta(minutes=3)),
        (RateLimited("shop", "x", "no", "r"), "limited", NOW + timedelta(minutes=3)),
        (NotFound("shop", "x", "no", "r"), "healthy", None),
    ],
)
def test_health_says_what_happened(
    clean_engine: Engine, error: ServiceDown, status: str, until: datetime | None
) -> None:
    passage = gate(clean_engine, Pace(back_off_minutes=(3,)), clean=lambda text: text.replace("no", "*"))
    assert passage.failed("shop", error) == until
    with clean_engine.connect() as connection:
        row = connection.exec_driver_sql("SELECT status, last_error FROM service_state").one()
    assert row.status == status
    assert row.last_error in (None, "shop: x: *. r")


def test_an_error_with_what_no_database_takes_is_stored_all_the_same(clean_engine: Engine) -> None:
    gate(clean_engine, FAST).failed("shop", ServiceDown("shop", "x", "a\x00b\ud800" + "c" * 9000, "r"))
    with clean_engine.connect() as connection:
        told = connection.exec_driver_sql("SELECT last_error FROM service_state").scalar_one()
    assert told.startswith("shop: x: abc")
    assert len(told) == 2000


def test_a_dry_run_allows_no_writes(clean_engine: Engine) -> None:
    assert gate(clean_engine, FAST).writes_allowed("shop")
    assert not gate(clean_engine, FAST, dry_run=True).writes_allowed("shop")


def rotating(engine: Engine, configured: str, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Client:
    redactor = Redactor()
    return build_client(
        "shop",
        "http://shop.test",
        gate=gate(engine, Pace(one_at_a_time=True)),
        redactor=redactor,
        session=RotatingCookie(engine, "shop", "mam_id", configured, redactor=redactor, clock=lambda: NOW),
        transport=httpx.MockTransport(answer),
    )


def test_a_cookie_that_rotates_with_each_answer_is_carried_on_by_other_processes(clean_engine: Engine) -> None:
    valid, refused = "start", 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal valid, refused
        if request.headers.get("Cookie") != f"mam_id={valid}":
            refused += 1
            return httpx.Response(403)
        valid += "+"
        return httpx.Response(200, headers={"Set-Cookie": f"mam_id={valid}; path=/; secure"})

    clients = [rotating(clean_engine, "start", answer) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda n: clients[n % 3].get("/"), range(9)))
    assert refused == 0
    assert valid == "start" + "+" * 9


def test_a_newly_configured_cookie_is_sent_instead_of_the_one_that_grew(clean_engine: Engine) -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["Cookie"])
        return httpx.Response(200, headers={"Set-Cookie": "mam_id=grown"})

    rotating(clean_engine, "old", answer).get("/")
    rotating(clean_engine, "old", answer).get("/")
    rotating(clean_engine, "new", answer).get("/")
    assert sent == ["mam_id=old", "mam_id=grown", "mam_id=new"]


@pytest.mark.parametrize("header", ["mam_id=deleted; Max-Age=0", "mam_id=; path=/", "lang=en", "xmam_id=other"])
def test_the_end_of_a_session_and_other_cookies_are_not_kept(clean_engine: Engine, header: str) -> None:
    client = rotating(clean_engine, "start", lambda _: httpx.Response(200, headers={"Set-Cookie": header}))
    client.get("/")
    with clean_engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM service_cookies").scalar() == 0
