"""What the twin of Audiobookshelf answers that no recording shows: rights, lists, changes, the provider search."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox.audiobookshelf.conftest import WORLD, Clock, Shop, opened, owner_of


def test_an_owned_item_has_the_worlds_metadata_and_the_files_on_disk(shop: Shop) -> None:
    item = shop.item(WORLD.owned[0].folder)
    assert item["media"]["metadata"]["seriesName"] == "Barsoom #1"
    assert item["media"]["duration"] == pytest.approx(120, rel=0.01)
    assert item["media"]["numTracks"] == 2
    assert [chapter["title"] for chapter in item["media"]["chapters"]] == ["one", "two"]
    assert item["media"]["tracks"][1]["startOffset"] == pytest.approx(60, rel=0.01)
    assert item["numFiles"] == 3
    assert item["media"]["coverPath"].endswith("/cover.jpg")


def test_an_item_may_lack_title_and_author(shop: Shop) -> None:
    metadata = shop.item("Nameless")["media"]["metadata"]
    assert (metadata["title"], metadata["authors"], metadata["authorName"]) == (None, [], "")


def test_a_podcast_library_stands_beside_the_books(shop: Shop) -> None:
    libraries = shop.get("/api/libraries")["libraries"]
    assert [entry["mediaType"] for entry in libraries] == ["book", "podcast"]
    assert shop.get(f"/api/libraries/{libraries[1]['id']}/items")["results"] == []


@pytest.mark.parametrize(
    ("key", "scan", "patch"), [("root-key", 200, 200), ("user-key", 403, 200), ("guest-key", 403, 403)]
)
def test_rights_differ_by_user(shop: Shop, key: str, scan: int, patch: int) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    own = shop.item("Nameless")["id"]
    assert shop.client.post(f"/api/libraries/{shop.library}/scan", headers=headers).status_code == scan
    answer = shop.client.patch(f"/api/items/{own}/media", json={"metadata": {"isbn": "1"}}, headers=headers)
    assert answer.status_code == patch
    may = shop.client.post("/api/authorize", headers=headers).json()["user"]["permissions"]["update"]
    assert may == (patch == 200)


def test_an_expired_key_is_unauthorised_until_it_is_renewed(shop: Shop) -> None:
    shop.server.set_fault("session_expired")
    assert [shop.client.get("/api/tasks").status_code for _ in range(2)] == [401, 401]
    assert shop.client.post("/_twin/do/revive").status_code == 200
    assert shop.client.get("/api/tasks").status_code == 200


def test_lists_page_sort_and_filter(shop: Shop) -> None:
    by_title = [row["media"]["metadata"]["title"] for row in shop.items(sort="media.metadata.title", desc=1)["results"]]
    assert by_title == ["The Gods of Mars", "A Princess of Mars", None]
    pages = [shop.items(sort="addedAt", limit=2, page=page)["results"] for page in range(3)]
    assert [len(page) for page in pages] == [2, 1, 0]
    series = shop.get(f"/api/libraries/{shop.library}/series", limit=5, page=0)["results"][0]
    code = base64.b64encode(series["id"].encode()).decode()
    rows = shop.items(filter=f"series.{code}")["results"]
    assert [row["media"]["metadata"]["series"]["sequence"] for row in rows] == ["1"]
    missing = base64.b64encode(b"asin").decode()
    assert len(shop.items(filter=f"missing.{missing}")["results"]) == 2
    assert shop.client.get(f"/api/libraries/{shop.library}/items?limit=-1").status_code == 400


def test_an_author_entry_without_a_name_is_dropped_and_the_rest_replaces(shop: Shop) -> None:
    own = shop.item("Nameless")["id"]

    def authors(entries: list[Any]) -> Any:
        answer = shop.client.patch(f"/api/items/{own}/media", json={"metadata": {"authors": entries}}).json()
        return [entry["name"] for entry in answer["libraryItem"]["media"]["metadata"]["authors"]]

    assert authors([{"name": "edgar rice burroughs"}, {"nom": "x"}]) == ["Edgar Rice Burroughs"]
    assert authors([{}]) == []


def test_a_batch_update_counts_what_changed_and_refuses_doubles(shop: Shop) -> None:
    own, other = shop.item("Nameless")["id"], shop.item(WORLD.owned[0].folder)["id"]

    def update(*rows: Any) -> httpx.Response:
        return shop.client.post("/api/items/batch/update", json=list(rows))

    change = {"id": own, "mediaPayload": {"metadata": {"title": "T"}, "tags": ["x", "x"]}}
    assert update(change, {"id": other, "mediaPayload": {}}).json() == {"success": True, "updates": 1}
    assert shop.item("Nameless")["media"]["tags"] == ["x"]
    assert update(change, change).status_code == 400
    assert update({"id": "nope", "mediaPayload": {}}).status_code == 404
    assert update().status_code == 400


def test_an_author_shows_items_and_series(shop: Shop) -> None:
    author = shop.item(WORLD.owned[0].folder)["media"]["metadata"]["authors"][0]
    answer = shop.get(f"/api/authors/{author['id']}", include="items,series")
    assert [row["relPath"] for row in answer["libraryItems"]] == [WORLD.owned[0].folder]
    assert [series["name"] for series in answer["series"]] == ["Barsoom"]
    assert shop.client.get("/api/authors/nope").status_code == 404


def test_audible_knows_minutes_narrator_series_and_asin(shop: Shop) -> None:
    books = shop.get("/api/search/books", title="A Princess of Mars", author="Edgar Rice Burroughs", provider="audible")
    first = books[0]
    assert (first["asin"], first["duration"], first["narrator"]) == ("B0SANDBOX1", 2, "Mark Nelson")
    assert first["series"] == [{"series": "Barsoom", "sequence": "1"}]
    assert [book["title"] for book in books[1:]] == ["The Gods of Mars"]


@pytest.mark.parametrize(
    ("title", "author", "provider", "found"),
    [
        ("B0SANDBOX2", "", "audible.uk", ["B0SANDBOX2"]),
        ("Llana of Gathol", "Edgar Rice Burroughs", "audible", []),
        ("Silent", "", "audible", []),
        ("A Princess of Mars", "Jane Austen", "audible", []),
        ("A Princess of Mars", "Edgar Rice Burroughs", "google", []),
        ("", "", "audible", []),
    ],
)
def test_audible_finds_only_what_it_sells(shop: Shop, title: str, author: str, provider: str, found: list[str]) -> None:
    books = shop.get("/api/search/books", title=title, author=author, provider=provider)
    assert [book["asin"] for book in books] == found


def test_the_list_can_shrink_and_grow_again(library: Path, clock: Clock) -> None:
    for shop in opened(owner_of(library, clock, synthetic=97)):
        assert shop.items(limit=1)["total"] == 100
        shop.client.post("/_twin/do/shrink", json={"share": 0.1})
        assert shop.items(limit=1)["total"] == 10
        shop.client.post("/_twin/do/shrink", json={"share": 1})
        assert shop.items(limit=1)["total"] == 100
        shop.scan(clock)
        assert shop.items(filter="issues")["total"] == 0


def test_a_person_can_edit_behind_our_back(shop: Shop) -> None:
    before = shop.item("Nameless")["updatedAt"]
    edit = {"folder": "Nameless", "media": {"metadata": {"title": "Mine"}}}
    assert shop.client.post("/_twin/do/edit", json=edit).json() == {"updated": True}
    assert shop.item("Nameless")["media"]["metadata"]["title"] == "Mine"
    assert shop.item("Nameless")["updatedAt"] > before
