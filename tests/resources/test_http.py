"""The seam: every fault becomes the right error, and nothing is sent twice that must not be."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.budgets import Pace
from mam_assets.resources.answers import read_json
from mam_assets.resources.errors import (
    BadAnswer,
    Blocked,
    NotAuthorised,
    NotFound,
    RateLimited,
    Refused,
    ServiceDown,
    ServiceError,
)
from mam_assets.resources.gate import MemoryGate
from mam_assets.resources.http import Limits, build_client, retry_after_seconds
from mam_assets.resources.redaction import Redactor

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECRET = "s3cr3t-value"
Answer = Callable[[httpx.Request], httpx.Response]


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.at = NOW
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


class Bench:
    """A client over a function, with everything that can be watched."""

    def __init__(self, answer: Answer, *, pace: Pace | None = None, dry_run: bool = False, **options: Any) -> None:
        self.time = Time()
        self.requests: list[httpx.Request] = []
        self.cookies: list[str | None] = []

        def handle(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            self.cookies.append(request.headers.get("Cookie"))
            return answer(request)

        self.gate = MemoryGate(
            {"shop": pace or Pace()}, dry_run=dry_run, clock=self.time.now, sleep=self.time.sleep, dice=lambda: 0.5
        )
        self.client = build_client(
            "shop",
            "http://shop.test/api",
            gate=self.gate,
            redactor=Redactor([SECRET]),
            headers={"X-Api-Key": SECRET},
            transport=httpx.MockTransport(handle),
            clock=self.time.now,
            sleep=self.time.sleep,
            dice=lambda: 0.5,
            **options,
        )


def always(status: int, **content: Any) -> Answer:
    return lambda _: httpx.Response(status, **content)


def in_turn(*answers: httpx.Response | Exception) -> Answer:
    rest = iter(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        outcome = next(rest)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return answer


def fails(error: Exception) -> Answer:
    def answer(_: httpx.Request) -> httpx.Response:
        raise error

    return answer


FAULTS: list[tuple[str, Answer, type[ServiceError]]] = [
    ("refused", fails(httpx.ConnectError(f"refused {SECRET}")), ServiceDown),
    ("time-out", fails(httpx.ReadTimeout("slow")), ServiceDown),
    ("cut off", fails(httpx.RemoteProtocolError("peer closed")), ServiceDown),
    ("500", always(500, text=f"broken {SECRET}"), ServiceDown),
    ("502 with a page", always(502, html="<html>bad gateway</html>"), ServiceDown),
    ("429", always(429), RateLimited),
    ("429 with a date far off", always(429, headers={"Retry-After": "600"}), RateLimited),
    ("503 that says when", always(503, headers={"Retry-After": "600"}), RateLimited),
    ("401", always(401, text="Unauthorized"), NotAuthorised),
    ("403", always(403, text=f"Forbidden for {SECRET}"), NotAuthorised),
    ("sent to a login page", always(302, headers={"Location": "/login.php?returnto=x"}), NotAuthorised),
    ("404", always(404, text="Not Found"), NotFound),
    ("410", always(410), NotFound),
    ("400", always(400, text=f"key={SECRET} is bad"), Refused),
    ("409", always(409), Refused),
    ("415", always(415), Refused),
    (
        "broken gzip",
        lambda _: httpx.Response(200, stream=_Chunks([b"nogzip"]), headers={"Content-Encoding": "gzip"}),
        BadAnswer,
    ),
]


@pytest.mark.parametrize(("answer", "kind"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS])
def test_each_fault_is_the_right_error_with_service_call_and_remedy_and_no_secret(
    answer: Answer, kind: type[ServiceError]
) -> None:
    bench = Bench(answer)
    with pytest.raises(ServiceError) as caught:
        bench.client.get("/books", params={"apikey": SECRET})
    error = caught.value
    assert type(error) is kind
    assert (error.service, error.call) == ("shop", "GET /api/books")
    assert error.remedy
    assert "shop" in str(error)
    assert error.remedy in str(error)
    assert SECRET not in str(error)
    assert error.__cause__ is None
    assert [entry for entry in bench.gate.failures if entry[1] is error]


class _Chunks(httpx.SyncByteStream):
    def __init__(self, chunks: list[bytes], before_each: Callable[[], None] = lambda: None) -> None:
        self.chunks, self.before_each, self.closed = chunks, before_each, False

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            self.before_each()
            yield chunk

    def close(self) -> None:
        self.closed = True


def test_a_good_answer_comes_back_whole_and_is_noted_as_health() -> None:
    bench = Bench(always(200, json={"title": "Émile"}))
    assert bench.client.get("/books").json() == {"title": "Émile"}
    assert bench.gate.successes == ["shop"]
    assert bench.gate.failures == []


def test_a_compressed_answer_comes_back_decompressed() -> None:
    body = gzip.compress(b'{"a": 1}')
    bench = Bench(lambda _: httpx.Response(200, stream=_Chunks([body]), headers={"Content-Encoding": "gzip"}))
    response = bench.client.get("/x")
    assert response.json() == {"a": 1}
    assert "content-encoding" not in response.headers


def test_we_say_who_we_are() -> None:
    bench = Bench(always(200))
    bench.client.get("/x")
    agent = bench.requests[0].headers["User-Agent"]
    assert agent.startswith("mam-assets/")
    assert "Mozilla" not in agent


@pytest.mark.parametrize("error", [httpx.ConnectError("no"), httpx.ReadError("no"), httpx.ConnectTimeout("no")])
def test_a_read_is_tried_again_after_connection_faults(error: Exception) -> None:
    bench = Bench(in_turn(error, error, error, httpx.Response(200, text="ok")))
    assert bench.client.get("/x").text == "ok"
    assert bench.time.slept == [0.5, 1.0, 2.0]


def test_a_read_is_given_up_after_three_more_tries_and_each_try_passes_the_gate() -> None:
    bench = Bench(always(500))
    with pytest.raises(ServiceDown):
        bench.client.get("/x")
    assert len(bench.requests) == 4
    assert len(bench.gate.turns) == 4


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_change_is_never_sent_twice(method: str) -> None:
    bench = Bench(always(500))
    with pytest.raises(ServiceDown):
        bench.client.request(method, "/x", json={})
    assert len(bench.requests) == 1


@pytest.mark.parametrize("mark", ["reads", "repeatable"])
def test_a_post_that_is_marked_is_sent_again_with_its_body(mark: str) -> None:
    bench = Bench(in_turn(httpx.Response(500), httpx.Response(200)))
    bench.client.post("/x", json={"a": 1}, extensions={mark: True})
    assert [request.content for request in bench.requests] == [b'{"a":1}'] * 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
def test_an_answer_that_says_no_is_not_asked_again(status: int) -> None:
    bench = Bench(always(status))
    with pytest.raises(ServiceError):
        bench.client.get("/x")
    assert len(bench.requests) == 1


def test_a_short_retry_after_is_waited_for_once() -> None:
    bench = Bench(in_turn(httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(200, text="ok")))
    assert bench.client.get("/x").text == "ok"
    assert bench.time.slept == [pytest.approx(7.05)]


def test_a_second_429_in_a_row_is_raised() -> None:
    bench = Bench(always(429, headers={"Retry-After": "7"}))
    with pytest.raises(RateLimited):
        bench.client.get("/x")
    assert len(bench.requests) == 2


def test_a_long_retry_after_is_raised_at_once_and_the_gate_refuses_until_then() -> None:
    until = NOW + timedelta(minutes=10)
    bench = Bench(
        in_turn(httpx.Response(429, headers={"Retry-After": format_datetime(until, usegmt=True)}), httpx.Response(200))
    )
    with pytest.raises(RateLimited) as caught:
        bench.client.get("/x")
    assert caught.value.retry_at == until
    with pytest.raises(RateLimited, match="left alone until 2026-03-01 12:10") as caught:
        bench.client.get("/y")
    assert caught.value.retry_at == until
    assert len(bench.requests) == 1
    bench.time.at = until
    assert bench.client.get("/y").status_code == 200


def test_a_429_without_a_time_climbs_the_ladder_of_the_service() -> None:
    bench = Bench(always(429), pace=Pace(back_off_minutes=(2, 5)))
    for minutes in (2, 5, 5):
        with pytest.raises(RateLimited) as caught:
            bench.client.get("/x")
        assert caught.value.retry_at == bench.time.at + timedelta(minutes=minutes)
        bench.time.at = caught.value.retry_at


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("120", 120),
        (" 1.5 ", 1.5),
        ("-3", 0),
        ("99999999999", 86400),
        ("inf", 86400),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds


@given(st.text())
def test_no_retry_after_breaks_the_reader(value: str) -> None:
    found = retry_after_seconds(value, NOW)
    assert found is None or 0 <= found <= 86400


def test_a_slow_drip_ends_at_the_deadline() -> None:
    ticks = iter(range(0, 10_000, 50))
    bench = Bench(lambda _: httpx.Response(200, stream=_Chunks([b"x"] * 100)), limits=Limits(retries=0))
    bench.client._transport._monotonic = lambda: float(next(ticks))  # type: ignore[attr-defined]
    with pytest.raises(ServiceDown, match="not complete after 120 s"):
        bench.client.get("/x")


def test_an_answer_that_is_too_large_is_cut_off_and_the_connection_closed() -> None:
    stream = _Chunks([b"x" * 1000] * 100)
    bench = Bench(lambda _: httpx.Response(200, stream=stream), limits=Limits(max_bytes=5000))
    with pytest.raises(BadAnswer, match="larger than 5000 bytes"):
        bench.client.get("/x")
    assert stream.closed


def test_a_small_answer_that_unpacks_to_a_huge_one_is_refused() -> None:
    bomb = gzip.compress(b"\0" * 3_000_000)
    answer = lambda _: httpx.Response(200, stream=_Chunks([bomb]), headers={"Content-Encoding": "gzip"})  # noqa: E731
    with pytest.raises(BadAnswer, match="larger"):
        Bench(answer, limits=Limits(max_bytes=1_000_000)).client.get("/x")


def test_a_redirect_is_never_followed() -> None:
    bench = Bench(always(302, headers={"Location": "http://elsewhere.test/"}))
    assert bench.client.get("/x").status_code == 302
    assert [request.url.host for request in bench.requests] == ["shop.test"]


def test_a_dry_run_lets_reads_pass_and_refuses_changes_before_they_are_sent() -> None:
    bench = Bench(always(200), dry_run=True)
    bench.client.get("/x")
    bench.client.post("/search", extensions={"reads": True})
    with pytest.raises(Refused, match="dry run"):
        bench.client.patch("/x", json={}, extensions={"repeatable": True})
    assert [request.method for request in bench.requests] == ["GET", "POST"]


def test_a_session_limit_refuses_the_rest_and_sends_nothing() -> None:
    bench = Bench(always(200), pace=Pace(session_limit=2))
    bench.client.get("/1")
    bench.client.get("/2")
    with pytest.raises(RateLimited, match="used its 2 requests"):
        bench.client.get("/3")
    assert len(bench.requests) == 2


def test_a_daily_limit_says_when_it_renews() -> None:
    bench = Bench(always(200), pace=Pace(daily_limit=1, day_zone="America/Los_Angeles"))
    bench.client.get("/1")
    with pytest.raises(RateLimited) as caught:
        bench.client.get("/2")
    assert caught.value.retry_at == datetime(2026, 3, 2, 8, tzinfo=UTC)
    bench.time.at = caught.value.retry_at
    assert bench.client.get("/2").status_code == 200


def test_requests_keep_their_gap() -> None:
    bench = Bench(always(200), pace=Pace(4, 6))
    for _ in range(3):
        bench.client.get("/x")
    assert bench.time.slept == [5.0, 5.0]


def test_the_gap_of_a_service_that_takes_one_at_a_time_begins_at_the_end_of_a_request() -> None:
    bench = Bench(lambda _: bench.time.sleep(20) or httpx.Response(200), pace=Pace(5, 5, one_at_a_time=True))
    bench.client.get("/1")
    bench.client.get("/2")
    assert bench.time.slept == [20, 5.0, 20]


def test_a_judge_may_see_more_in_an_answer_than_its_status() -> None:
    blocked = Blocked("shop", "page", "nothing came", "It is asked again later.")
    bench = Bench(always(202), judge=lambda response: blocked if response.status_code == 202 else None)
    with pytest.raises(Blocked):
        bench.client.get("/x")
    assert bench.gate.failures == [("shop", blocked)]
    with pytest.raises(RateLimited):
        bench.client.get("/x")


class Rotating:
    def __init__(self) -> None:
        self.value = "one"

    def sign(self, request: httpx.Request) -> None:
        request.headers["Cookie"] = f"id={self.value}"

    def learn(self, response: httpx.Response) -> None:
        self.value = response.headers.get("x-next", self.value)


def test_a_rotating_credential_is_learned_from_failures_too() -> None:
    bench = Bench(
        in_turn(
            httpx.Response(500, headers={"x-next": "two"}),
            httpx.Response(200, headers={"x-next": "three"}),
            httpx.Response(200),
        ),
        session=Rotating(),
    )
    bench.client.get("/x")
    bench.client.get("/y")
    assert bench.cookies == ["id=one", "id=two", "id=three"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", BadAnswer),
        (b"  \n", BadAnswer),
        (b"{", BadAnswer),
        (b'{"a": NaN}', BadAnswer),
        (b"\xff\xfe\x00", BadAnswer),
        (b"[" * 100_000, BadAnswer),
        (b"[]", BadAnswer),
        (b"null", BadAnswer),
        (b"<!doctype html><p>hello", BadAnswer),
        (b"<html><form><input type='password'></form>", NotAuthorised),
        (b"<html><title>Login</title>", NotAuthorised),
        (b"<html><title>Just a moment...</title>", Blocked),
        (b"<html><div class=captcha>", Blocked),
    ],
)
def test_what_came_instead_of_json_is_told_apart_and_counts_against_health(
    content: bytes, kind: type[ServiceError]
) -> None:
    bench = Bench(always(200, content=content))
    response = bench.client.get("/x")
    with pytest.raises(ServiceError) as caught:
        read_json(response, "shop", "books", dict)
    assert type(caught.value) is kind
    assert caught.value.call == "books"
    assert bench.gate.failures == [("shop", caught.value)]


def test_json_is_read_whatever_the_content_type_says() -> None:
    response = httpx.Response(200, content=b'{"a": 1}', headers={"Content-Type": "text/html"})
    assert read_json(response, "shop", "x", dict) == {"a": 1}
    assert read_json(httpx.Response(200, content=b"[1]"), "shop", "x", list) == [1]
    assert read_json(httpx.Response(200, content=b"3"), "shop", "x") == 3
