from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.sandbox.twins.mam import FIRST_MAM_ID, MamTwin
from mam_assets.sandbox.twins.mam_search import text_matches
from mam_assets.sandbox.twins.serving import Request, Response, Twin
from mam_assets.sandbox.world.layout import LaidOutWorld
from tests.patience import PATIENCE_SECONDS
from tests.sandbox.conftest import Serve

SEARCH = "/tor/js/loadSearchJSONbasic.php"


class Member:
    """A client that keeps the newest cookie, as a good one does."""

    def __init__(self, http: httpx.Client, mam_id: str = FIRST_MAM_ID) -> None:
        self.http = http
        self.mam_id = mam_id

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Cookie": f"mam_id={self.mam_id}", **options.pop("headers", {})}
        answer = self.http.request(method, path, headers=headers, **options)
        self.http.cookies.clear()
        for cookie in answer.headers.get_list("set-cookie"):
            if cookie.startswith("mam_id=") and "deleted" not in cookie:
                self.mam_id = cookie.partition(";")[0].removeprefix("mam_id=")
        return answer

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.ask("GET", path, params=params)

    def search(self, tor: dict[str, Any], **top: Any) -> dict[str, Any]:
        return dict(self.ask("POST", SEARCH, json={"tor": tor, **top}).json())

    def titles(self, tor: dict[str, Any], **top: Any) -> list[Any]:
        return [row["title"] for row in self.search(tor, perpage=100, **top).get("data", [])]

    def rows(self, tor: dict[str, Any], **top: Any) -> list[dict[str, Any]]:
        return list(self.search(tor, perpage=100, **top)["data"])


@pytest.fixture
def twin(laid_out: LaidOutWorld) -> MamTwin:
    return MamTwin(laid_out)


@pytest.fixture
def member(twin: Twin, serve: Serve) -> Member:
    return Member(serve(twin))


# --- session ----------------------------------------------------------------------------------------------------


def test_the_cookie_changes_with_every_answer_and_the_old_one_dies(member: Member) -> None:
    first = member.mam_id
    assert member.get("/json/checkCookie.php").json() == {"Success": "You are logged in as: demo"}
    second = member.mam_id
    assert "%3D" in second
    assert second != first
    assert member.get("/json/checkCookie.php").status_code == 200
    member.mam_id = second
    assert member.get("/json/checkCookie.php").status_code == 403


def test_a_refusal_sends_a_cookie_that_must_not_be_stored(member: Member) -> None:
    member.mam_id = "stale"
    answer = member.get(SEARCH)
    assert answer.status_code == 403
    assert answer.headers["set-cookie"].startswith("mam_id=deleted;")
    assert "Max-Age=0" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("look", "status", "start"),
    [
        ("forbidden", 403, "<html>"),
        ("login_page", 200, "<!DOCTYPE html>"),
        ("empty", 200, ""),
        ("not_signed_in", 200, "Error, you are not signed in"),
        ("redirect", 302, ""),
    ],
)
def test_a_dead_session_looks_like_many_things(
    twin: MamTwin, member: Member, look: str, status: int, start: str
) -> None:
    member.http.post("/_twin/do/session", json={"dead_session": look})
    twin.expire_session()
    answer = member.get("/json/checkCookie.php")
    assert answer.status_code == status
    assert answer.text.startswith(start)
    assert bool(answer.text) is bool(start)
    assert "json" not in answer.headers["content-type"]


def test_a_person_can_make_a_new_session(twin: MamTwin, member: Member) -> None:
    twin.expire_session()
    assert member.get("/json/checkCookie.php").status_code == 403
    member.http.post("/_twin/do/session", json={"mam_id": "fresh%3D"})
    member.mam_id = "fresh%3D"
    assert member.get("/json/checkCookie.php").status_code == 200


def test_the_session_outlives_a_restart(laid_out: LaidOutWorld, serve: Serve, tmp_path: Path) -> None:
    state = tmp_path / "mam.json"
    member = Member(serve(MamTwin(laid_out, state_path=state)))
    member.get("/json/checkCookie.php")
    again = Member(serve(MamTwin(laid_out, state_path=state)), member.mam_id)
    assert again.get("/json/checkCookie.php").status_code == 200


# --- what a client must not do ----------------------------------------------------------------------------------


def test_two_requests_at_once_are_noticed(
    laid_out: LaidOutWorld, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = MamTwin(laid_out, latency_seconds=0.01)
    http, answer, both = serve(twin), twin._answer, threading.Barrier(2, timeout=PATIENCE_SECONDS)

    def answer_both(request: Request) -> Response:
        both.wait()
        return answer(request)

    monkeypatch.setattr(twin, "_answer", answer_both)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: http.get("/json/checkCookie.php"), range(2)))
    assert any("at once" in violation for violation in twin.violations)


def test_one_after_the_other_is_no_violation(twin: MamTwin, member: Member) -> None:
    for _ in range(3):
        member.get("/json/checkCookie.php")
    assert twin.violations == []


def test_imitating_a_browser_is_noticed(twin: MamTwin, member: Member) -> None:
    member.ask("GET", "/json/checkCookie.php", headers={"User-Agent": "Mozilla/5.0 (X11) Chrome/126.0"})
    assert twin.violations == ["a User-Agent that imitates a browser"]


def test_spending_a_wedge_is_counted(twin: MamTwin, member: Member) -> None:
    member.get("/tor/download.php", tid=561003, fl=1)
    member.get("/json/bonusBuy.php/1700000000", spendtype="personalFL", torrentid=561003)
    assert twin.wedges_spent == 2


def test_pages_for_browsers_are_noticed(twin: MamTwin, member: Member) -> None:
    assert member.get("/t/561003").status_code == 404
    assert "outside the documented API" in twin.violations[0]


# --- search: shapes of the request ------------------------------------------------------------------------------


def bracketed(member: Member) -> httpx.Response:
    return member.ask(
        "GET",
        SEARCH,
        params=[
            ("tor[text]", "warlord mars"),
            ("tor[srchIn][title]", "true"),
            ("tor[main_cat][]", "13"),
            ("tor[browse_lang][0]", "1"),
            ("tor[perpage]", "100"),
            ("dlLink", "true"),
        ],
    )


def as_form(member: Member) -> httpx.Response:
    return member.ask(
        "POST",
        SEARCH,
        data={"tor[text]": "warlord mars", "tor[srchIn][0]": "title", "tor[main_cat]": "13", "dlLink": ""},
    )


def as_json(member: Member) -> httpx.Response:
    return member.ask(
        "POST", SEARCH, json={"tor": {"text": "warlord mars", "srchIn": ["title"], "main_cat": [13]}, "dlLink": "false"}
    )


@pytest.mark.parametrize("send", [bracketed, as_form, as_json])
def test_a_search_can_be_sent_in_three_ways(member: Member, send: Callable[[Member], httpx.Response]) -> None:
    answer = send(member).json()
    assert (answer["found"], answer["total"], answer["start"]) == (2, 2, 0)
    assert {row["title"] for row in answer["data"]} == {"The Warlord of Mars"}
    assert all("dl" in row and "isbn" not in row for row in answer["data"])


def test_json_must_be_exact(member: Member) -> None:
    answer = member.ask("POST", SEARCH, content=b"{'tor':", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()) == (200, {"error": "Invalid JSON"})


def test_nothing_found_is_an_error_with_status_200(member: Member) -> None:
    assert member.search({"text": "no such book"}) == {"error": "Nothing returned, out of 0"}


def test_the_other_forms_that_sources_tell_of_can_be_had(laid_out: LaidOutWorld, serve: Serve) -> None:
    member = Member(serve(MamTwin(laid_out, count_fields=("total_found",), nothing_found="empty_data")))
    assert member.search({"text": "no such book"})["data"] == []
    assert member.search({"text": "warlord of mars"})["total_found"] == 2


def test_every_release_is_found_by_its_own_title(laid_out: LaidOutWorld) -> None:
    for built in laid_out.releases:
        assert text_matches(built.release.title, ("title",), built.release), built.release.title


@given(text=st.text(max_size=60))
def test_any_text_can_be_searched_for(text: str, laid_out: LaidOutWorld) -> None:
    assert text_matches(text, ("title", "author"), laid_out.releases[0].release) in (True, False)


def test_pages_follow_one_another_and_end_in_an_error(member: Member) -> None:
    seen: list[int] = []
    start = 0
    while True:
        answer = member.search({"text": "", "main_cat": [13], "startNumber": start, "sortType": "dateDesc"}, perpage=50)
        if "error" in answer:
            assert answer["error"] == f"Nothing returned, out of {len(seen)}"
            break
        assert answer["start"] == start
        seen += [row["id"] for row in answer["data"]]
        start += 50
    assert len(seen) == len(set(seen)) > 150


def test_a_page_holds_a_hundred_rows_at_most(member: Member) -> None:
    answer = member.search({"text": ""}, perpage=1000)
    assert (answer["perpage"], len(answer["data"])) == (100, 100)


# --- search: the engine -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tor", "found"),
    [
        ({"text": "Ivory Child"}, ["The Ivory Child"]),
        ({"text": "haggard ivory"}, ["The Ivory Child"]),
        ({"text": "haggard ivory", "srchIn": ["title"]}, []),
        ({"text": '"child ivory"'}, []),
        ({"text": "@title ivory @author haggard"}, ["The Ivory Child"]),
        ({"text": "@(title,series) ivory quatermain"}, ["The Ivory Child"]),
        ({"text": "ivory | warlord @author haggard"}, ["The Ivory Child"]),
        ({"text": "emily -climbs"}, ["Emily&#039;s Quest", "Emily's Quest"]),
        ({"text": "emily's quest"}, ["Emily&#039;s Quest", "Emily's Quest"]),
        ({"text": "emilys quest"}, []),
        ({"text": "lilith", "main_cat": [14]}, ["Lilith"]),
        ({"text": "lilith", "main_cat": [13]}, []),
        ({"text": "curdie", "browse_lang": [37]}, ["The Princess and Curdie"]),
        ({"text": "curdie", "browse_lang": [1]}, []),
        ({"text": "curdie", "browse_lang": []}, []),
        ({"text": "new treasure seekers", "searchType": "active"}, []),
        ({"text": "new treasure seekers", "searchType": "inactive"}, ["The New Treasure Seekers"]),
        ({"text": "ivory", "cat": [41]}, ["The Ivory Child"]),
        ({"text": "ivory", "cat": [0]}, ["The Ivory Child"]),
        ({"text": "ivory", "cat": [47]}, []),
        ({"id": 561019}, ["The Ivory Child"]),
        ({"text": "arsene lupin crystal"}, ["The Crystal Stopper"]),
    ],
)
def test_a_search_finds(member: Member, tor: dict[str, Any], found: list[str]) -> None:
    titles = member.titles(tor)
    assert set(titles) <= set(found)
    assert bool(titles) == bool(found)


def test_a_hash_finds_its_torrent(member: Member, laid_out: LaidOutWorld) -> None:
    built = laid_out.release(1019)
    assert [row["id"] for row in member.rows({"hash": built.info_hash})] == [built.release.mam_id]


def test_the_weeks_most_snatched_come_in_order(member: Member, laid_out: LaidOutWorld) -> None:
    now = laid_out.world.now
    week = {
        "text": "",
        "main_cat": [13],
        "cat": [47],
        "startDate": int((now - timedelta(days=7)).timestamp()),
        "endDate": int(now.timestamp()),
        "sortType": "snatchedDesc",
    }
    answer = member.search(week, perpage=10)
    counts = [row["times_completed"] for row in answer["data"]]
    assert len(counts) == 10 < answer["found"]
    assert counts == sorted(counts, reverse=True)


def test_a_date_is_a_day_too(member: Member, laid_out: LaidOutWorld) -> None:
    day = f"{laid_out.world.now - timedelta(days=3):%Y-%m-%d}"
    assert all(row["added"] >= day for row in member.rows({"text": "", "startDate": day}))


# --- search: rows -----------------------------------------------------------------------------------------------


def test_a_row_holds_json_in_strings(member: Member) -> None:
    row = member.rows({"id": 561019}, isbn="true", mediaInfo="true", description="true", thumbnail="true")[0]
    assert list(json.loads(row["author_info"]).values()) == ["H. Rider Haggard"]
    assert next(iter(json.loads(row["series_info"]).values()))[:2] == ["Allan Quatermain", "9"]
    assert json.loads(row["mediainfo"])["General"]["Duration"].startswith("00:0")
    assert json.loads(row["categories"]) == [13]
    assert {"isbn", "description", "thumbnail"} <= row.keys()


def test_a_title_that_is_a_number_comes_as_one(member: Member) -> None:
    row = member.rows({"text": "813"})[0]
    assert (row["title"], row["tags"]) == (813, 813)


def test_one_author_info_is_broken(member: Member) -> None:
    text = member.rows({"text": "ghost pirates"})[0]["author_info"]
    with pytest.raises(ValueError, match="delimiter"):
        json.loads(text)


def test_rows_vary_as_the_site_does(member: Member) -> None:
    rows = member.rows({"text": "", "sortType": "titleAsc"}, isbn="1")
    rows += member.rows({"text": "", "sortType": "titleAsc", "startNumber": 100}, isbn="1")
    assert {type(row["vip"]) for row in rows} == {int, str, bool}
    assert {type(row["isbn"]) for row in rows} == {int, str}
    assert {row["size"].rpartition(" ")[2] for row in rows if " " in row["size"]} == {"KiB", "MiB"}
    assert any(row["size"].isdigit() for row in rows)
    assert any(row["narrator_info"] == "" for row in rows)
    assert any("&#039;" in str(row["title"]) for row in rows)
    assert any(row["isbn"] != "" and str(row["isbn"]).startswith("ASIN:") for row in rows)
    assert {len(entry) for row in rows if row["series_info"] for entry in json.loads(row["series_info"]).values()} == {
        2,
        3,
    }


def test_abridged_is_a_browse_flag(member: Member) -> None:
    assert member.rows({"id": 561002})[0]["browseflags"] & 32


# --- account and .torrent files ---------------------------------------------------------------------------------


def test_the_account_tells_its_limits_when_asked(member: Member) -> None:
    plain = member.get("/jsonLoad.php").json()
    assert (plain["classname"], "unsat" in plain) == ("VIP", False)
    full = member.ask("GET", "/jsonLoad.php?snatch_summary&notif").json()
    assert (full["ratio"], full["unsat"]["count"], full["unsat"]["limit"]) == (5.43, 3, 150)
    assert "notifs" in full


def test_each_torrent_taken_fills_a_slot(twin: MamTwin, member: Member) -> None:
    member.http.post("/_twin/do/account", json={"unsatisfied": 149, "ratio": 1.5})
    for number in (561003, 561003, 561004):
        member.get("/tor/download.php", tid=number)
    account = member.ask("GET", "/jsonLoad.php?snatch_summary").json()
    assert (account["unsat"]["count"], account["unsat"]["red"], account["ratio"]) == (151, True, 1.5)
    assert twin.violations == ["a grab beyond the limit of unsatisfied torrents"]


def test_a_torrent_comes_by_number_or_by_its_secret_address(member: Member, laid_out: LaidOutWorld) -> None:
    wanted = laid_out.release(1003).torrent
    by_number = member.get("/tor/download.php", tid=561003)
    assert by_number.headers["content-type"] == "application/x-bittorrent"
    assert by_number.content == wanted
    secret = member.rows({"id": 561003}, dlLink="true")[0]["dl"]
    assert member.http.get(f"/tor/download.php/{secret}").content == wanted


def test_the_number_alone_does_not_do(member: Member) -> None:
    assert member.http.get("/tor/download.php?tid=561003").status_code == 403


def test_a_torrent_may_be_html_or_gone(member: Member) -> None:
    answer = member.get("/tor/download.php", tid=561010)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    member.http.post("/_twin/do/remove", json={"release_id": 1003})
    assert member.get("/tor/download.php", tid=561003).status_code == 404
    assert len(member.titles({"text": "warlord of mars"})) == 1
