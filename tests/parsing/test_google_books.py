"""Google's volumes and its errors."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.books import Volume
from mam_assets.parsing.answers import Fault, UnusableAnswer
from mam_assets.parsing.google_books import QuotaSpent, parse_volumes, read_error

from .any_json import ANY_JSON

INFO: dict[str, Any] = {
    "title": "Emma",
    "subtitle": "A Comedy of Manners",
    "authors": ["Jane Austen"],
    "publisher": "Penguin",
    "publishedDate": "2003-05-06",
    "description": "Emma Woodhouse &amp; her plans.",
    "industryIdentifiers": [
        {"type": "ISBN_13", "identifier": "9780141439587"},
        {"type": "ISBN_10", "identifier": "0141439580"},
        {"type": "OTHER", "identifier": "UOM:39015"},
    ],
    "categories": ["Fiction"],
    "language": "en",
}


def answer_of(*items: Any) -> Any:
    return {"kind": "books#volumes", "totalItems": len(items), "items": list(items)}


def read(**changes: Any) -> Volume:
    (volume,) = parse_volumes(answer_of({"id": "abc", "volumeInfo": INFO | changes})).volumes
    return volume


def test_an_item_becomes_a_volume() -> None:
    assert read() == Volume(
        volume_id="abc",
        title="Emma",
        subtitle="A Comedy of Manners",
        authors=("Jane Austen",),
        publisher="Penguin",
        published="2003-05-06",
        description="Emma Woodhouse & her plans.",
        isbn_13="9780141439587",
        isbn_10="0141439580",
        language="English",
        categories=("Fiction",),
    )


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"publishedDate": "2003"}, "published", "2003"),
        ({"publishedDate": "2003-05"}, "published", "2003-05"),
        ({"publishedDate": "1987*"}, "published", "1987"),
        ({"publishedDate": "20030"}, "published", None),
        ({"publishedDate": "n.d."}, "published", None),
        ({"authors": None}, "authors", ()),
        ({"authors": "Jane Austen"}, "authors", ()),
        ({"authors": ["Jane Austen", "Jane Austen", ""]}, "authors", ("Jane Austen",)),
        ({"industryIdentifiers": [{"type": "ISBN_13", "identifier": "978-0-14-143958-7"}]}, "isbn_13", "9780141439587"),
        ({"industryIdentifiers": [{"type": "ISBN_13", "identifier": "0141439580"}]}, "isbn_13", None),
        ({"industryIdentifiers": None}, "isbn_10", None),
        ({"language": "xx"}, "language", "xx"),
        ({"language": None}, "language", None),
        ({"title": 1984}, "title", "1984"),
    ],
)
def test_each_field_may_be_missing_or_odd(changes: dict[str, Any], field: str, expected: Any) -> None:
    assert getattr(read(**changes), field) == expected


@pytest.mark.parametrize("answer", [{"kind": "books#volumes", "totalItems": 0}, {"totalItems": 812}, answer_of()])
def test_no_items_is_a_true_nothing(answer: Any) -> None:
    page = parse_volumes(answer)
    assert (page.volumes, page.rows) == ((), 0)


@pytest.mark.parametrize("answer", [{}, [], None, {"items": {}}, answer_of({"id": "x"}), answer_of(3)])
def test_a_failed_read_is_never_nothing(answer: Any) -> None:
    with pytest.raises(UnusableAnswer):
        parse_volumes(answer)


def test_a_volume_without_a_title_is_left_out_and_named() -> None:
    page = parse_volumes(answer_of({"id": "abc", "volumeInfo": INFO}, {"id": "bare", "volumeInfo": {}}))
    assert (len(page.volumes), page.rows) == (1, 2)
    assert "bare" in page.problems[0]


def error(message: str, *, status: str = "", reason: str = "", detail: str = "", **metadata: str) -> str:
    details = [{"reason": detail, "metadata": metadata}] if detail or metadata else []
    return json.dumps(
        {"error": {"message": message, "status": status, "errors": [{"reason": reason}], "details": details}}
    )


PER_DAY = "Quota exceeded for quota metric 'Queries' and limit 'Queries per day' of service 'books.googleapis.com'"
PER_MINUTE = "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute'"


@pytest.mark.parametrize(
    ("status", "body", "fault", "daily"),
    [
        (429, error(PER_DAY, status="RESOURCE_EXHAUSTED", quota_limit_value="1000"), Fault.LIMITED, True),
        (429, error(PER_MINUTE, reason="rateLimitExceeded"), Fault.LIMITED, False),
        (429, "", Fault.LIMITED, False),
        (403, error("Daily Limit Exceeded", reason="dailyLimitExceeded"), Fault.LIMITED, True),
        (403, error("User Rate Limit Exceeded", reason="userRateLimitExceeded"), Fault.LIMITED, False),
        (400, error(PER_DAY, status="FAILED_PRECONDITION"), Fault.LIMITED, True),
        (400, error("API key not valid. Please pass a valid API key.", detail="API_KEY_INVALID"), Fault.SIGN_IN, None),
        (403, error("Books API has not been used", status="PERMISSION_DENIED"), Fault.SIGN_IN, None),
        (400, error("Invalid value", status="INVALID_ARGUMENT"), Fault.REFUSED, None),
        (404, error("The volume ID could not be found."), Fault.MISSING, None),
        (503, error("Service temporarily unavailable.", reason="backendFailed"), Fault.DOWN, None),
        (403, "<html>no</html>", Fault.SIGN_IN, None),
    ],
)
def test_a_spent_quota_is_told_from_a_bad_key(status: int, body: str, fault: Fault, daily: bool | None) -> None:
    """bndct-devops/tome #11: a spent quota of an own key answered 400."""
    problem = read_error(status, body)
    assert problem.fault is fault
    assert (problem.quota.daily if isinstance(problem, QuotaSpent) else None) is daily


def test_a_spent_quota_without_a_key_is_a_missing_key() -> None:
    """calibre-web-automated #993: anonymous use answers 429, today and every other day."""
    body = error(PER_DAY, reason="rateLimitExceeded", quota_limit_value="0")
    assert read_error(429, body, with_key=False).fault is Fault.SIGN_IN
    assert read_error(429, body).fault is Fault.LIMITED


def test_an_error_with_status_200_is_still_an_error() -> None:
    with pytest.raises(QuotaSpent):
        parse_volumes(json.loads(error(PER_DAY, reason="rateLimitExceeded")))


@given(ANY_JSON, st.dictionaries(st.sampled_from([*INFO]), ANY_JSON), st.integers(200, 599))
def test_no_answer_whatever_it_holds_raises_anything_but_an_unusable_answer(
    other: Any, changes: Any, status: int
) -> None:
    for answer in (
        other,
        {"items": other},
        {"error": other},
        answer_of({"id": "a", "volumeInfo": INFO | changes}, other),
    ):
        with suppress(UnusableAnswer):
            parse_volumes(answer)
        assert isinstance(read_error(status, json.dumps(answer)), UnusableAnswer)
