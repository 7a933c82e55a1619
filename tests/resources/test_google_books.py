"""The client of Google Books: queries, overlapping pages, spent quotas."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from mam_assets.resources.errors import BadAnswer, NotAuthorised, RateLimited, Refused, ServiceDown
from mam_assets.resources.google_books import GoogleBooks, quota_judge

from .service_bench import NOW, SECRET, Answer, ServiceBench


def bench(answer: Answer) -> tuple[GoogleBooks, ServiceBench]:
    made = ServiceBench("google_books", "https://www.googleapis.com/books/v1", answer, judge=quota_judge(lambda: NOW))
    return GoogleBooks(made.client, key=SECRET), made


def volumes(*ids: str) -> httpx.Response:
    items = [{"id": i, "volumeInfo": {"title": f"Book {i}"}} for i in ids]
    return httpx.Response(200, json={"kind": "books#volumes", "totalItems": 999} | ({"items": items} if ids else {}))


def test_an_isbn_is_asked_for_without_hyphens() -> None:
    google, made = bench(lambda request: volumes("a"))
    assert [v.title for v in google.by_isbn("978-0-14-143958-7")] == ["Book a"]
    assert made.requests[0].url.path == "/books/v1/volumes"
    assert dict(made.requests[0].url.params) == {
        "q": "isbn:9780141439587",
        "printType": "books",
        "startIndex": "0",
        "maxResults": "10",
        "key": SECRET,
    }
    assert google.by_isbn("B0ABCDEFGH") == ()
    assert google.by_title(" ", "Jane Austen") == ()
    assert len(made.requests) == 1


def test_title_and_author_are_asked_for_as_phrases() -> None:
    google, made = bench(lambda request: volumes("a", "a"))
    assert len(google.by_title('The "Emma" Book', "Jane Austen")) == 1
    assert made.requests[0].url.params["q"] == 'intitle:"The Emma Book" inauthor:"Jane Austen"'


def test_without_a_key_a_spent_quota_is_a_missing_key() -> None:
    _, made = bench(lambda request: error(429, "Quota exceeded", "rateLimitExceeded", quota_limit_value="0"))
    with pytest.raises(NotAuthorised, match="GOOGLE_BOOKS_API_KEY"):
        GoogleBooks(made.client).by_title("Emma")


def test_no_match_is_nothing() -> None:
    google, _ = bench(lambda request: volumes())
    assert google.by_title("Emma") == ()


def asked_from(made: ServiceBench) -> list[int]:
    return [int(request.url.params["startIndex"]) for request in made.requests]


def full(start: int) -> httpx.Response:
    return volumes(*(str(number) for number in range(start, start + 40)))


def test_an_authors_pages_overlap_and_each_volume_counts_once() -> None:
    google, made = bench(lambda request: full(max(0, int(request.url.params["startIndex"]) - 1)))
    assert len(google.by_author("Jane Austen", max_pages=3)) == 119
    assert asked_from(made) == [0, 40, 80]
    assert made.requests[0].url.params["maxResults"] == "40"


@pytest.mark.parametrize(
    ("there", "asked"),
    [
        pytest.param(0, [0], id="nothing"),
        pytest.param(1, [0], id="one"),
        pytest.param(39, [0], id="one short of a page"),
        pytest.param(40, [0, 40], id="a full page may not be the last"),
        pytest.param(41, [0, 40], id="a page and one"),
        pytest.param(80, [0, 40, 80], id="two full pages"),
    ],
)
def test_after_a_page_that_is_not_full_none_is_asked_for(there: int, asked: list[int]) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        start = int(request.url.params["startIndex"])
        return volumes(*(str(number) for number in range(start, min(start + 40, there))))

    google, made = bench(answer)
    assert len(google.by_author("Jane Austen")) == there
    assert asked_from(made) == asked


def test_volumes_that_cannot_be_read_make_no_page_short() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        start = int(request.url.params["startIndex"])
        items: list[Any] = [
            {"id": str(number), "volumeInfo": {"title": "A Book"}} for number in range(start, start + 40)
        ]
        items[7] = {"volumeInfo": None}
        return httpx.Response(
            200, json={"kind": "books#volumes", "totalItems": 80, "items": items if start < 80 else []}
        )

    google, made = bench(answer)
    assert len(google.by_author("Jane Austen")) == 78
    assert asked_from(made) == [0, 40, 80]


def test_a_page_that_brings_nothing_new_is_the_last() -> None:
    google, made = bench(lambda request: full(0))
    assert len(google.by_author("Jane Austen")) == 40
    assert asked_from(made) == [0, 40]


def error(status: int, message: str, reason: str = "", **metadata: str) -> httpx.Response:
    body: dict[str, Any] = {"message": message, "errors": [{"reason": reason}], "details": [{"metadata": metadata}]}
    return httpx.Response(status, json={"error": body})


@pytest.mark.parametrize("status", [429, 403, 400])
def test_a_spent_day_lasts_till_midnight_pacific_whatever_the_status(status: int) -> None:
    """calibre-web #3281, bndct-devops/tome #11."""
    google, made = bench(lambda request: error(status, "Quota exceeded: Queries per day", "rateLimitExceeded"))
    with pytest.raises(RateLimited) as caught:
        google.by_title("Emma")
    assert caught.value.retry_at == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert len(made.requests) == 1
    with pytest.raises(RateLimited):
        google.by_title("Persuasion")
    assert len(made.requests) == 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(400, "API key not valid. Please pass a valid API key."), NotAuthorised),
        (error(403, "Denied", "accessNotConfigured"), NotAuthorised),
        (error(400, "Invalid value"), Refused),
        (error(503, "Service temporarily unavailable.", "backendFailed"), ServiceDown),
        (httpx.Response(200, json={}), BadAnswer),
        (httpx.Response(200, text=""), BadAnswer),
        (httpx.Response(200, html="<html>hello</html>"), BadAnswer),
    ],
)
def test_every_other_trouble_has_its_own_name(answer: httpx.Response, expected: type[Exception]) -> None:
    google, _ = bench(lambda request: answer)
    with pytest.raises(expected) as caught:
        google.by_title("Emma")
    assert type(caught.value) is expected
    assert SECRET not in str(caught.value)
