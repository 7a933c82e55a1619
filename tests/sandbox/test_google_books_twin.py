from __future__ import annotations

from typing import Any

import httpx
import pytest

from mam_assets.sandbox.twins.google_books import GoogleBooksTwin
from mam_assets.sandbox.world.model import World
from mam_assets.sandbox.world.works import isbn_10_of
from tests.sandbox.conftest import Serve

KEY = "demo-google-key"


@pytest.fixture
def site(world: World, serve: Serve) -> httpx.Client:
    return serve(GoogleBooksTwin(world))


def ask(site: httpx.Client, **params: Any) -> httpx.Response:
    return site.get("/books/v1/volumes", params={"key": KEY, **params})


def infos(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200
    return [item["volumeInfo"] for item in answer.json().get("items", [])]


def test_an_isbn_finds_one_volume(site: httpx.Client, world: World) -> None:
    code = next(work.isbn_13 for work in world.works if work.title == "The Sign of Four")
    assert code is not None
    for form in (code, isbn_10_of(code)):
        assert [info["title"] for info in infos(ask(site, q=f"isbn:{form}"))] == ["The Sign of Four"]


@pytest.mark.parametrize(
    "query",
    [
        'intitle:"Time Machine" inauthor:wells',
        "intitle:machine+inauthor:wells",
        'intitle:"The Time Machine" inauthor:"H. G. Wells"',
        "the time machine wells",
    ],
)
def test_title_and_author_find_the_book(site: httpx.Client, query: str) -> None:
    assert "The Time Machine" in [info["title"] for info in infos(ask(site, q=query))]


def test_nothing_found_has_no_items(site: httpx.Client) -> None:
    assert ask(site, q="isbn:9789999999999").json() == {"kind": "books#volumes", "totalItems": 0}


def test_pages_overlap_and_end_without_items(site: httpx.Client) -> None:
    seen: list[str] = []
    totals = set()
    for start in range(0, 400, 40):
        answer = ask(site, q='inauthor:"Edgar Rice Burroughs"', startIndex=start, maxResults=40).json()
        totals.add(answer["totalItems"])
        if "items" not in answer:
            break
        seen += [item["id"] for item in answer["items"]]
    else:
        pytest.fail("the pages never end")
    assert len(set(seen)) > 40
    assert len(seen) == len(set(seen)) + 1
    assert len(totals) > 1


@pytest.mark.parametrize("rows", [7, 20, 39, 40])
def test_pages_of_any_size_lead_through_everything(site: httpx.Client, rows: int) -> None:
    def titles(size: int) -> set[str]:
        seen: set[str] = set()
        for start in range(0, 1000, size):
            answer = ask(site, q="inauthor:verne", startIndex=start, maxResults=size).json()
            if "items" not in answer:
                return seen
            seen |= {item["id"] for item in answer["items"]}
        raise AssertionError("the pages never end")

    assert titles(rows) == titles(40)


@pytest.mark.parametrize("params", [{"maxResults": 41}, {"startIndex": -1}, {"maxResults": "many"}])
def test_a_bad_page_is_refused(site: httpx.Client, params: dict[str, Any]) -> None:
    answer = ask(site, q="emma", **params)
    assert answer.status_code == 400
    assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"


def test_ten_volumes_come_unless_more_are_asked(site: httpx.Client) -> None:
    assert len(infos(ask(site, q="inauthor:dickens"))) == 10


def test_dates_have_three_lengths_and_any_field_may_be_missing(site: httpx.Client) -> None:
    found = [
        info
        for author in ("burroughs", "dickens", "verne", "baum", "haggard")
        for info in infos(ask(site, q=f"inauthor:{author}", maxResults=40))
    ]
    assert {len(info["publishedDate"]) for info in found if "publishedDate" in info} == {4, 7, 10}
    named = infos(ask(site, q="the", maxResults=40)) + infos(ask(site, q="of", maxResults=40))
    for field in ("authors", "publisher", "description", "industryIdentifiers", "categories"):
        assert 0 < sum(field not in info for info in found + named) < len(found + named), field


def test_a_language_can_be_asked_for(site: httpx.Client) -> None:
    assert {info["language"] for info in infos(ask(site, q="princesa", langRestrict="es"))} == {"es"}
    assert infos(ask(site, q="princesa", langRestrict="en")) == []


def test_one_volume_is_richer_than_in_a_list(site: httpx.Client) -> None:
    listed = ask(site, q="intitle:hound inauthor:doyle").json()["items"][0]
    alone = site.get(f"/books/v1/volumes/{listed['id']}", params={"key": KEY, "includeNonComicsSeries": "true"}).json()
    assert alone["volumeInfo"]["description"].startswith("<p>")
    assert alone["volumeInfo"]["seriesInfo"]["bookDisplayNumber"] == "5"
    assert "seriesInfo" not in site.get(f"/books/v1/volumes/{listed['id']}", params={"key": KEY}).json()["volumeInfo"]


def test_an_unknown_volume_is_a_404(site: httpx.Client) -> None:
    answer = site.get("/books/v1/volumes/nothing", params={"key": KEY})
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "The volume ID could not be found."


def test_without_a_key_the_quota_is_nothing(site: httpx.Client) -> None:
    answer = site.get("/books/v1/volumes", params={"q": "emma"})
    assert answer.status_code == 429
    detail = answer.json()["error"]["details"][0]
    assert (detail["reason"], detail["metadata"]["quota_limit_value"]) == ("RATE_LIMIT_EXCEEDED", "0")


def test_a_bad_key_is_named_as_such(site: httpx.Client) -> None:
    answer = site.get("/books/v1/volumes", params={"q": "emma", "key": "wrong"})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["reason"] == "API_KEY_INVALID"


@pytest.mark.parametrize(
    ("status", "reason"), [(429, "rateLimitExceeded"), (403, "dailyLimitExceeded"), (400, "rateLimitExceeded")]
)
def test_the_daily_quota_ends(world: World, serve: Serve, status: int, reason: str) -> None:
    site = serve(GoogleBooksTwin(world))
    site.post("/_twin/do/quota", json={"left": 2, "status": status})
    assert [ask(site, q="emma").status_code for _ in range(3)] == [200, 200, status]
    assert ask(site, q="emma").json()["error"]["errors"][0]["reason"] == reason
