"""The client of Prowlarr: an empty list is believed only when no indexer is down, and the key never travels on."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from mam_assets.domain.books import Release
from mam_assets.resources.errors import BadAnswer, NotAuthorised, NotFound, RateLimited, Refused, ServiceDown
from mam_assets.resources.prowlarr import MagnetLink, Prowlarr, TorrentFile, own_words

from .service_bench import SECRET, Answer, ServiceBench

ROW = {
    "guid": "https://archive.example/1",
    "title": "Emma by Jane Austen [ENG / M4B]",
    "protocol": "torrent",
    "indexer": "Archive",
    "indexerId": 2,
    "categories": [{"id": 3030}],
    "downloadUrl": f"http://prowlarr:9696/2/download?apikey={SECRET}&link=QUJD&file=Emma",
}
INDEXERS = [
    {"id": 1, "name": "MyAnonamouse", "enable": True, "protocol": "torrent"},
    {"id": 2, "name": "Archive", "enable": True, "protocol": "torrent"},
    {"id": 3, "name": "Off", "enable": False, "protocol": "torrent"},
]


def bench(answer: Answer, address: str = "http://127.0.0.1:9696") -> tuple[Prowlarr, ServiceBench]:
    made = ServiceBench("prowlarr", address, answer, headers={"X-Api-Key": SECRET}, judge=own_words)
    return Prowlarr(made.client, clock=made.now), made


def answers(**by_path: Any) -> Answer:
    """Answers by the last part of the path; a value that is a Response is sent as it is."""

    def answer(request: httpx.Request) -> httpx.Response:
        value = by_path.get(request.url.path.rpartition("/")[2], [])
        return value if isinstance(value, httpx.Response) else httpx.Response(200, json=value)

    return answer


def release(address: str | None) -> Release:
    return Release(source="Prowlarr", guid="g", title="Emma", authors=(), download_url=address)


def test_a_search_asks_all_indexers_for_audiobooks() -> None:
    prowlarr, made = bench(answers(search=[ROW]))
    (found,) = prowlarr.search("emma austen", categories=(3030, 3000))
    assert (found.title, found.authors) == ("Emma", ("Jane Austen",))
    url = made.requests[0].url
    assert url.path == "/api/v1/search"
    assert url.params.multi_items() == [
        ("query", "emma austen"),
        ("type", "search"),
        ("categories", "3030"),
        ("categories", "3000"),
        ("limit", "100"),
        ("offset", "0"),
    ]
    assert made.requests[0].headers["x-api-key"] == SECRET
    assert SECRET not in repr(found)


def test_nothing_found_is_believed_when_every_indexer_is_well() -> None:
    late = [
        {"indexerId": 1, "disabledTill": "2026-03-01T11:00:00Z"},
        {"indexerId": 3, "disabledTill": "2027-01-01T00:00:00Z"},
    ]
    prowlarr, made = bench(answers(search=[], indexer=INDEXERS, indexerstatus=late, health=[]))
    assert prowlarr.search("emma") == []
    assert made.paths == ["/api/v1/search", "/api/v1/indexer", "/api/v1/indexerstatus", "/api/v1/health"]


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ({"indexerstatus": [{"indexerId": 1, "disabledTill": "2026-03-01T13:00:00Z"}]}, ServiceDown),
        ({"health": [{"source": "IndexerStatusCheck", "type": "warning", "message": "Archive fails"}]}, ServiceDown),
        ({"indexer": []}, Refused),
        ({"indexer": {"oops": 1}}, BadAnswer),
        ({"health": {"oops": 1}}, BadAnswer),
    ],
)
def test_nothing_found_while_an_indexer_is_down_is_an_error(state: dict[str, Any], error: type[Exception]) -> None:
    prowlarr, _ = bench(answers(**({"search": [], "indexer": INDEXERS} | state)))
    with pytest.raises(error):
        prowlarr.search("emma")


def test_all_indexers_unavailable_is_a_service_that_is_down() -> None:
    says = {"message": "Search failed due to all selected indexers being unavailable"}
    prowlarr, _ = bench(answers(search=httpx.Response(400, json=says)))
    with pytest.raises(ServiceDown, match="all indexers are unavailable"):
        prowlarr.search("emma")


def test_a_wrong_key_answers_with_nothing_and_is_not_authorised() -> None:
    prowlarr, made = bench(lambda request: httpx.Response(401))
    with pytest.raises(NotAuthorised) as caught:
        prowlarr.status()
    assert SECRET not in str(caught.value)
    assert len(made.requests) == 1


def test_the_version_is_read() -> None:
    prowlarr, _ = bench(answers(status={"appName": "Prowlarr", "version": "2.3.0"}))
    assert prowlarr.status() == "2.3.0"
    prowlarr, _ = bench(answers(status={"appName": "Sonarr", "version": "4"}))
    with pytest.raises(BadAnswer):
        prowlarr.status()


@pytest.mark.parametrize("address", ["http://127.0.0.1:9696", "http://127.0.0.1:9696/prowlarr"])
def test_a_torrent_is_fetched_from_the_configured_address_only(address: str) -> None:
    prowlarr, made = bench(lambda request: httpx.Response(200, content=b"d4:infode"), address)
    stolen = release("http://evil.example/prowlarr/2/download?link=QUJD&file=Emma")
    assert prowlarr.download(stolen) == TorrentFile(b"d4:infode")
    assert str(made.requests[0].url) == f"{address}/2/download?link=QUJD&file=Emma"
    assert made.requests[0].headers["x-api-key"] == SECRET


def test_magnets_come_directly_or_by_redirect() -> None:
    magnet = "magnet:?xt=urn:btih:" + "ab" * 20
    prowlarr, made = bench(lambda request: httpx.Response(301, headers={"location": magnet}))
    assert prowlarr.download(release(magnet)) == MagnetLink(magnet)
    assert made.requests == []
    assert prowlarr.download(release(ROW["downloadUrl"])) == MagnetLink(magnet)  # type: ignore[arg-type]


XML = '<?xml version="1.0" encoding="UTF-8"?><error code="{}" description="{}" />'


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (httpx.Response(410, text=XML.format(410, "Indexer is disabled")), NotFound, "Indexer is disabled"),
        (httpx.Response(200, text=XML.format(100, "Invalid API Key")), Refused, "Invalid API Key"),
        (httpx.Response(429, text="x", headers={"retry-after": "3600"}), RateLimited, "too many"),
        (httpx.Response(301, headers={"location": "https://tracker.example/get/1"}), Refused, "Switch off Redirect"),
        (httpx.Response(200, html="<html>log in</html>"), NotAuthorised, "login page"),
        (httpx.Response(200, content=b""), BadAnswer, "not JSON"),
        (httpx.Response(500, text=XML.format(500, "x")), ServiceDown, "500"),
        (httpx.Response(400, json={"message": "link missing"}), Refused, "link missing"),
    ],
)
def test_a_download_that_fails_says_how(answer: httpx.Response, error: type[Exception], words: str) -> None:
    prowlarr, made = bench(lambda request: answer)
    with pytest.raises(error, match=words) as caught:
        prowlarr.download(release("http://prowlarr:9696/2/download?link=QUJD"))
    assert type(caught.value) is error
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_at is not None
        assert (caught.value.retry_at - made.now()).total_seconds() == 3600


@pytest.mark.parametrize("address", [None, "", "https://tracker.example/download/9?passkey=x", "file:///2/download"])
def test_an_address_that_is_not_prowlarrs_is_never_asked(address: str | None) -> None:
    prowlarr, made = bench(lambda request: httpx.Response(200))
    with pytest.raises(Refused):
        prowlarr.download(release(address))
    assert made.requests == []


def test_secrets_of_a_torrent_do_not_show() -> None:
    assert SECRET not in repr(TorrentFile(SECRET.encode())) + repr(MagnetLink(SECRET))
