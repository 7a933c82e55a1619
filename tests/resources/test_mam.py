"""The client of MAM: what it sends, what it refuses to take for an answer, and the rules of its cookie."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from mam_assets.resources.errors import BadAnswer, Blocked, NotAuthorised, NotFound, RateLimited, Refused
from mam_assets.resources.mam import Mam, MamSession, may_receive_cookie, session_trouble

from .service_bench import SECRET, Answer, ServiceBench, page

MAM = "https://www.myanonamouse.net"
ROW = {"id": 7, "title": "Emma", "author_info": '{"1":"Jane Austen"}', "main_cat": 13, "dl": SECRET}
NOTHING = {"error": "Nothing returned, out of 0"}


class Kept:
    """The newest cookie, kept in memory in place of the database."""

    def __init__(self, value: str = "start%3D") -> None:
        self.values = [value]

    def sign(self, request: httpx.Request) -> None:
        request.headers["Cookie"] = f"mam_id={self.values[-1]}"

    def learn(self, response: httpx.Response) -> None:
        for header in response.headers.get_list("set-cookie"):
            self.values.append(header.removeprefix("mam_id="))


def bench(answer: Answer, *, kept: Kept | None = None, address: str = MAM) -> tuple[Mam, ServiceBench]:
    made = ServiceBench("mam", address, answer, judge=session_trouble, session=MamSession(kept or Kept()))
    return Mam(made.client, languages=("English",)), made


def body_of(request: httpx.Request) -> Any:
    return json.loads(request.content)


def found(*rows: Any) -> Answer:
    return lambda request: httpx.Response(200, json={"data": list(rows), "found": len(rows)})


def test_an_author_is_searched_as_words_among_audiobooks_in_our_languages() -> None:
    mam, made = bench(found(ROW))
    result = mam.search_author("J.R.R. Tolkien | @title", start=100)
    assert [release.guid for release in result.releases] == ["7"]
    body = body_of(made.requests[0])
    assert body["tor"] == {
        "text": "J R R Tolkien title",
        "srchIn": ["author"],
        "searchType": "all",
        "searchIn": "torrents",
        "main_cat": [13],
        "browse_lang": [1],
        "startNumber": 100,
        "sortType": "dateAsc",
    }
    assert (body["perpage"], body["isbn"], body["mediaInfo"]) == (100, "true", "true")


def test_download_hashes_and_wedges_are_never_asked_for() -> None:
    mam, made = bench(found(ROW))
    mam.search_title("Emma", "Jane Austen")
    mam.torrent_by_id("7")
    for request in made.requests:
        assert b"dlLink" not in request.content
        assert "fl" not in request.url.params
    assert not [name for name in dir(mam) if "wedge" in name or "bonus" in name]


def test_an_empty_list_of_languages_is_left_out() -> None:
    made = ServiceBench("mam", MAM, found(ROW), judge=session_trouble, session=MamSession(Kept()))
    Mam(made.client).search_title("Emma")
    assert "browse_lang" not in body_of(made.requests[0])["tor"]


def test_a_title_is_searched_by_its_main_part_and_the_surname() -> None:
    mam, made = bench(found(ROW))
    mam.search_title("Sapiens: A Brief History (Sapiens, #1)", "Yuval Noah Harari")
    assert body_of(made.requests[0])["tor"]["text"] == "Sapiens harari"
    assert body_of(made.requests[0])["tor"]["srchIn"] == ["title", "author"]


def test_an_apostrophe_is_tried_as_written_and_then_without() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        has_one = "'" in body_of(request)["tor"]["text"]
        return httpx.Response(200, json=NOTHING if has_one else {"data": [ROW], "found": 1})

    mam, made = bench(answer)
    assert mam.search_title("The Hunter’s Tale").releases
    assert [body_of(r)["tor"]["text"] for r in made.requests] == ["The Hunter's Tale", "The Hunters Tale"]


def test_nothing_found_is_asked_once_where_no_apostrophe_stands() -> None:
    mam, made = bench(lambda request: httpx.Response(200, json=NOTHING))
    assert mam.search_title("Emma").releases == ()
    assert len(made.requests) == 1


def test_the_top_of_a_genre_is_the_most_snatched_of_a_window_of_uploads() -> None:
    mam, made = bench(found(ROW))
    mam.top([47, 41], since=datetime(2026, 2, 22, tzinfo=UTC), until=datetime(2026, 3, 1, tzinfo=UTC))
    body = body_of(made.requests[0])
    assert body["tor"]["cat"] == [47, 41]
    assert body["tor"]["sortType"] == "snatchedDesc"
    assert (body["tor"]["startDate"], body["tor"]["endDate"]) == (1771718400, 1772323200)
    assert "srchIn" not in body["tor"]
    assert body["perpage"] == 10


def test_a_genre_without_categories_is_not_a_search_of_everything() -> None:
    mam, made = bench(found(ROW))
    with pytest.raises(ValueError, match="no categories"):
        mam.top([], since=datetime(2026, 2, 22, tzinfo=UTC), until=datetime(2026, 3, 1, tzinfo=UTC))
    assert made.requests == []


@pytest.mark.parametrize("text", ["", "...", "'", "|@-"])
def test_a_text_without_a_word_is_not_a_search_of_everything(text: str) -> None:
    mam, made = bench(found(ROW))
    for page_of_none in (mam.search_author(text), mam.search_title(text), mam.search_isbn(text)):
        assert page_of_none.releases == ()
        assert "no word" in page_of_none.problems[0]
    assert made.requests == []


def test_uploads_of_all_audiobook_categories_come_oldest_first_so_that_pages_do_not_shift() -> None:
    mam, made = bench(found(ROW))
    assert mam.uploads_since(datetime(2026, 3, 1, tzinfo=UTC), start=200).start == 200
    assert "cat" not in body_of(made.requests[0])["tor"]
    assert body_of(made.requests[0])["tor"]["main_cat"] == [13]
    assert body_of(made.requests[0])["tor"]["sortType"] == "dateAsc"
    assert body_of(made.requests[0])["tor"]["startNumber"] == 200


def test_a_torrent_is_found_by_its_id_or_is_none() -> None:
    mam, made = bench(found(ROW | {"id": 8}, ROW))
    release = mam.torrent_by_id("7")
    assert release is not None
    assert release.authors == ("Jane Austen",)
    assert body_of(made.requests[0])["tor"]["id"] == 7
    mam, _ = bench(lambda request: httpx.Response(200, json=NOTHING))
    assert mam.torrent_by_id("7") is None


def test_the_account_and_the_session_are_read() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/json/checkCookie.php":
            return httpx.Response(200, json={"Success": "You are logged in as: reader"})
        assert "snatch_summary" in request.url.params
        return httpx.Response(200, json={"username": "reader", "ratio": 3, "unsat": {"count": 1, "limit": 50}})

    mam, _ = bench(answer)
    assert mam.check() == "reader"
    assert (mam.user().unsatisfied_count, mam.user().unsatisfied_limit) == (1, 50)


def test_a_torrent_file_comes_by_cookie_and_id() -> None:
    mam, made = bench(lambda request: httpx.Response(200, content=b"d8:announce3:abce"))
    assert mam.download("7").startswith(b"d8:")
    assert str(made.requests[0].url) == f"{MAM}/tor/download.php?tid=7"
    with pytest.raises(ValueError, match="no MAM torrent id"):
        mam.download("7&fl=1")


@pytest.mark.parametrize("body", [b"<html>an error</html>", b"", b"nonsense"])
def test_a_broken_torrent_of_a_good_session_is_to_blame_itself(body: bytes) -> None:
    """A page in place of one .torrent must not stop every other download of the account."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/json/checkCookie.php":
            return httpx.Response(200, json={"Success": "You are logged in as: reader"})
        return httpx.Response(200, content=body)

    mam, made = bench(answer)
    with pytest.raises(Refused, match="although the session is good"):
        mam.download("7")
    assert made.paths == ["/tor/download.php", "/json/checkCookie.php"]
    assert made.gate.successes[-1] == "mam"


CALLS: list[Callable[[Mam], object]] = [
    lambda mam: mam.search_author("Jane Austen"),
    lambda mam: mam.user(),
    lambda mam: mam.check(),
    lambda mam: mam.download("7"),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(403, text="Forbidden"), NotAuthorised),
        (httpx.Response(200, text=""), NotAuthorised),
        (httpx.Response(200, html="<html><form>Please log in</form></html>"), NotAuthorised),
        (httpx.Response(200, html="<!DOCTYPE html><html>Welcome</html>"), NotAuthorised),
        (httpx.Response(200, text="Error, you are not signed in"), NotAuthorised),
        (httpx.Response(302, headers={"location": "/login.php?returnto=x"}), NotAuthorised),
        (httpx.Response(200, html="<html><title>Just a moment...</title></html>"), Blocked),
        (httpx.Response(200, text="{broken"), BadAnswer),
        (httpx.Response(429, headers={"retry-after": "600"}), RateLimited),
        (httpx.Response(404), NotFound),
    ],
)
def test_trouble_is_named_and_never_an_empty_page(
    call: Callable[[Mam], object], answer: httpx.Response, error: type[Exception]
) -> None:
    mam, made = bench(lambda request: answer, kept=Kept(SECRET))
    with pytest.raises(error) as caught:
        call(mam)
    assert type(caught.value) is error
    assert str(caught.value).startswith("mam: ")
    assert SECRET not in str(caught.value)
    assert len(made.requests) <= 2  # a download asks about its session once


def test_each_answer_hands_on_the_cookie_for_the_next_request() -> None:
    counter = iter(range(1, 10))
    kept = Kept()
    mam, made = bench(
        lambda request: httpx.Response(
            200, json=NOTHING, headers=[("set-cookie", f"mam_id=v{next(counter)}%3D; path=/; Max-Age=99; HttpOnly")]
        ),
        kept=kept,
    )
    mam.search_title("Emma")
    mam.search_title("Persuasion")
    assert [request.headers["cookie"] for request in made.requests] == ["mam_id=start%3D", "mam_id=v1%3D"]
    assert kept.values == ["start%3D", "v1%3D", "v2%3D"]


def test_a_new_cookie_is_kept_even_if_the_answer_is_no_good() -> None:
    kept = Kept()
    mam, _ = bench(
        lambda request: httpx.Response(429, headers={"set-cookie": "mam_id=newer", "retry-after": "900"}), kept=kept
    )
    with pytest.raises(RateLimited):
        mam.user()
    assert kept.values[-1] == "newer"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json=NOTHING, headers={"set-cookie": "mam_id=deleted; Max-Age=0"}),
        httpx.Response(200, json=NOTHING, headers={"set-cookie": "mam_id=gone; Max-Age=0"}),
        httpx.Response(403, headers={"set-cookie": "mam_id=stranger"}),
    ],
)
def test_a_deletion_or_a_refusal_does_not_replace_the_cookie(answer: httpx.Response) -> None:
    kept = Kept()
    mam, _ = bench(lambda request: answer, kept=kept)
    try:
        mam.search_title("Emma")
    except NotAuthorised:
        assert answer.status_code == 403
    assert kept.values == ["start%3D"]


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("https://www.myanonamouse.net/x", True),
        ("https://t.myanonamouse.net/x", True),
        ("https://myanonamouse.net", True),
        ("http://www.myanonamouse.net", False),
        ("https://www.myanonamouse.net.example", False),
        ("https://notmyanonamouse.net", False),
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000", True),
        ("http://192.168.0.5", False),
    ],
)
def test_the_cookie_goes_to_mam_over_https_or_to_loopback(address: str, may: bool) -> None:
    assert may_receive_cookie(httpx.URL(address)) is may


def test_elsewhere_nothing_is_sent_at_all() -> None:
    mam, made = bench(found(ROW), address="http://www.myanonamouse.net")
    with pytest.raises(NotAuthorised, match="MAM_URL"):
        mam.user()
    assert made.requests == []


def test_without_a_session_nothing_is_sent_at_all() -> None:
    made = ServiceBench("mam", MAM, lambda request: page(""), judge=session_trouble, session=MamSession(None))
    with pytest.raises(NotAuthorised, match="MAM_ID"):
        Mam(made.client).check()
    assert made.requests == []
