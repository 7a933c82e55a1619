from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from mam_assets.sandbox.twins.prowlarr import DEMO_API_KEY, ProwlarrTwin
from mam_assets.sandbox.world.layout import LaidOutWorld
from tests.sandbox.conftest import Serve

KEY = {"X-Api-Key": DEMO_API_KEY}


class Seconds:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def twin(laid_out: LaidOutWorld, clock: Seconds) -> ProwlarrTwin:
    return ProwlarrTwin(laid_out, clock=clock)


@pytest.fixture
def site(twin: ProwlarrTwin, serve: Serve) -> httpx.Client:
    client = serve(twin)
    client.headers.update(KEY)
    return client


def search(site: httpx.Client, query: str, **params: Any) -> list[dict[str, Any]]:
    answer = site.get("/api/v1/search", params={"query": query, "type": "search", **params})
    assert answer.status_code == 200
    return list(answer.json())


def test_a_missing_or_wrong_key_is_401_with_nothing_in_it(site: httpx.Client) -> None:
    for key in ("", "wrong"):
        answer = site.get("/api/v1/search?query=oz", headers={"X-Api-Key": key})
        assert (answer.status_code, answer.content) == (401, b"")
        assert "content-type" not in answer.headers


def test_the_key_goes_three_ways(site: httpx.Client) -> None:
    for path, headers in (
        ("/api/v1/system/status", KEY),
        (f"/api/v1/system/status?apikey={DEMO_API_KEY}", {"X-Api-Key": ""}),
        ("/api/v1/system/status", {"X-Api-Key": "", "Authorization": f"Bearer {DEMO_API_KEY}"}),
    ):
        assert site.get(path, headers=headers).json()["appName"] == "Prowlarr"


def test_ping_needs_no_key(site: httpx.Client) -> None:
    assert site.get("/ping", headers={"X-Api-Key": ""}).json() == {"status": "OK"}


def test_an_unknown_path_is_a_404_in_json(site: httpx.Client) -> None:
    assert site.get("/api/v1/nothing").json() == {"message": "NotFound"}


def test_indexers_are_private_public_and_switched_off(site: httpx.Client) -> None:
    indexers = site.get("/api/v1/indexer").json()
    assert [(i["id"], i["name"], i["privacy"], i["enable"]) for i in indexers] == [
        (1, "MyAnonamouse", "private", True),
        (2, "Archive", "public", True),
        (3, "Old Shelf", "public", False),
    ]


def test_a_mam_release_loses_narrator_and_series(site: httpx.Client, laid_out: LaidOutWorld) -> None:
    found = search(site, "warlord of mars", categories=3030)
    assert len(found) == 2
    first = next(row for row in found if row["guid"].endswith("/561003"))
    assert first["title"] == "The Warlord of Mars by Edgar Rice Burroughs [ENG / M4B]"
    assert first["size"] == laid_out.release(1003).total_bytes
    assert [category["id"] for category in first["categories"]] == [3030, 100047]
    assert "name" not in first["categories"][1]
    assert not {"narrator", "series", "infoHash", "magnetUrl", "abridged"} & first.keys()
    assert None not in first.values()


def test_vip_is_in_the_title_and_freeleech_in_the_flags(site: httpx.Client, laid_out: LaidOutWorld) -> None:
    rows = {row["guid"]: row for row in search(site, "", limit=500)}
    for built in laid_out.releases:
        row = rows.get(f"https://www.myanonamouse.net/t/{built.release.mam_id}")
        if row is not None:
            assert row["title"].endswith("[VIP]") is built.release.vip
            assert ("freeleech" in row["indexerFlags"]) is built.release.freeleech


def test_categories_and_indexers_filter(site: httpx.Client) -> None:
    assert search(site, "lilith", categories=3030) == []
    assert [row["categories"][0]["id"] for row in search(site, "lilith", categories=7020)] == [7020]
    assert {row["indexerId"] for row in search(site, "", indexerIds=2)} == {2}
    assert {row["indexerId"] for row in search(site, "", indexerIds=-2, limit=500)} == {1, 2}


def test_what_prowlarr_does_not_see_is_not_there(site: httpx.Client) -> None:
    assert search(site, "second jungle book") == []


def test_tokens_of_a_book_search_are_lost(site: httpx.Client) -> None:
    assert len(search(site, "{title:Lilith}", type="book", limit=500)) > 100


def test_the_proxied_link_carries_the_key_and_gives_the_torrent(site: httpx.Client, laid_out: LaidOutWorld) -> None:
    address = search(site, "hector servadac")[0]["downloadUrl"]
    assert parse_qs(urlsplit(address).query)["apikey"] == [DEMO_API_KEY]
    answer = site.get(address)
    assert answer.headers["content-type"] == "application/x-bittorrent"
    assert answer.content == laid_out.release(1021).torrent


def test_a_magnet_is_a_redirect(site: httpx.Client, laid_out: LaidOutWorld) -> None:
    row = search(site, "world set free")[0]
    assert "downloadUrl" not in row
    assert row["infoHash"] == laid_out.release(1029).info_hash
    answer = site.get(row["magnetUrl"])
    assert answer.status_code == 301
    assert answer.headers["location"].startswith(f"magnet:?xt=urn:btih:{row['infoHash']}")


def test_a_release_that_is_gone_answers_410_in_xml(site: httpx.Client) -> None:
    address = search(site, "hector servadac")[0]["downloadUrl"]
    site.post("/_twin/do/remove", json={"release_id": 1021})
    answer = site.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (410, "application/rss+xml")
    assert '<error code="410"' in answer.text


@pytest.mark.parametrize("query", ["", "?link=bm90aGluZw==&file=x", "?file=x", "?link=%%%&file=x"])
def test_a_bad_link_is_a_400_in_json(site: httpx.Client, query: str) -> None:
    answer = site.get(f"/1/download{query}")
    assert answer.status_code == 400
    assert answer.json() == {"message": "Invalid Prowlarr link"}


def test_an_indexer_that_backs_off_is_missing_from_results(site: httpx.Client) -> None:
    address = search(site, "hector servadac")[0]["downloadUrl"]
    site.post("/_twin/do/disable_indexer", json={"indexer_id": 1, "seconds": 120})
    assert search(site, "hector servadac") == []
    assert [row["indexerId"] for row in site.get("/api/v1/indexerstatus").json()] == [1]
    assert "MyAnonamouse" in site.get("/api/v1/health").json()[0]["message"]
    refused = site.get(address)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "120")
    site.post("/_twin/do/enable_indexer", json={"indexer_id": 1})
    assert len(search(site, "hector servadac")) == 1
    assert site.get("/api/v1/indexerstatus").json() == []


def test_no_indexer_left_is_an_error(site: httpx.Client) -> None:
    for number in (1, 2):
        site.post("/_twin/do/disable_indexer", json={"indexer_id": number})
    answer = site.get("/api/v1/search?query=oz")
    assert answer.status_code == 400
    assert answer.json()["message"] == "Search failed due to all selected indexers being unavailable"


def test_a_grab_needs_a_fresh_search(site: httpx.Client, twin: ProwlarrTwin, clock: Seconds) -> None:
    row = search(site, "hector servadac")[0]
    body = {"guid": row["guid"], "indexerId": row["indexerId"]}
    assert site.post("/api/v1/search", json=body).json() == body
    clock.now += 31 * 60
    stale = site.post("/api/v1/search", json=body)
    assert stale.status_code == 404
    assert "try searching again" in stale.json()["message"]
    assert twin.grabs == [1021]


def test_a_grab_without_a_guid_is_a_list_of_errors(site: httpx.Client) -> None:
    answer = site.post("/api/v1/search", json={"indexerId": 1})
    assert answer.status_code == 400
    assert answer.json()[0]["propertyName"] == "Guid"
