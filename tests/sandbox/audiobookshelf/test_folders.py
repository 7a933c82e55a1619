"""What the twin of Audiobookshelf makes of folders and files: a path's words, scans, what is gone and comes back."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from mam_assets.sandbox.audio import write_m4b, write_mp3
from mam_assets.sandbox.twins.audiobookshelf_folders import metadata_of, split_names
from tests.sandbox.audiobookshelf.conftest import WORLD, Clock, Shop, opened, owner_of


@pytest.mark.parametrize(
    ("folder", "title", "authors", "series", "year", "narrators"),
    [
        ("A. Uthor/Ser/Vol 1 - Tale", "Tale", ["A. Uthor"], [["Ser", "1"]], None, []),
        ("A. Uthor/Ser/Vol 3.5 - Tale {B. Reader}", "Tale", ["A. Uthor"], [["Ser", "3.5"]], None, ["B. Reader"]),
        ("A. Uthor/Ser/Vol 03 - 1918 - Tale", "Tale", ["A. Uthor"], [["Ser", "3"]], "1918", []),
        ("A. Uthor/Ser/6. Tale", "Tale", ["A. Uthor"], [["Ser", "6"]], None, []),
        ("A. Uthor/Ser/101 Tales", "101 Tales", ["A. Uthor"], [["Ser", None]], None, []),
        ("A. Uthor/Ser/Tale - Book 2", "Tale", ["A. Uthor"], [["Ser", "2"]], None, []),
        ("A. Uthor/1898 - Tale", "Tale", ["A. Uthor"], [], "1898", []),
        ("A. Uthor/813", "813", ["A. Uthor"], [], None, []),
        ("A. Uthor & B. Other/Tale - With a Tail", "Tale - With a Tail", ["A. Uthor", "B. Other"], [], None, []),
        ("Tale", "Tale", [], [], None, []),
    ],
)
def test_a_path_spells_metadata(
    folder: str, title: str, authors: list[str], series: list[Any], year: str | None, narrators: list[str]
) -> None:
    metadata = metadata_of(folder, [])
    names = ("title", "authors", "series", "publishedYear", "narrators")
    assert [metadata[name] for name in names] == [title, authors, series, year, narrators]


def test_an_asin_in_the_path_is_taken_out_of_the_title() -> None:
    metadata = metadata_of("A. Uthor/Tale [B0ABCDEFGH]", [])
    assert (metadata["title"], metadata["asin"]) == ("Tale", "B0ABCDEFGH")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Mark Twain & Charles Dudley Warner", ["Mark Twain", "Charles Dudley Warner"]),
        ("Wells, H. G.", ["H. G. Wells"]),
        ("Mark Twain, Jane Austen", ["Mark Twain", "Jane Austen"]),
        ("", []),
    ],
)
def test_names_are_split(text: str, names: list[str]) -> None:
    assert split_names(text) == names


def test_a_new_folder_becomes_an_item_only_by_a_scan_that_takes_its_time(
    shop: Shop, library: Path, clock: Clock
) -> None:
    folder = "L. Frank Baum/Oz/Vol 2 - The Marvelous Land of Oz {Phil Chenevert}"
    (library / folder / "CD 1").mkdir(parents=True)
    write_m4b(
        library / folder / "CD 1" / "oz.m4b", 61, title="The Marvelous Land of Oz", artist="L. Frank Baum", album=""
    )
    before = shop.get(f"/api/libraries/{shop.library}")["lastScan"]
    assert len(shop.items()["results"]) == 3
    assert shop.client.post(f"/api/libraries/{shop.library}/scan").text == "OK"
    assert shop.client.post(f"/api/libraries/{shop.library}/scan").text == "OK"
    assert [task["action"] for task in shop.get("/api/tasks")["tasks"]] == ["library-scan"]
    assert len(shop.items()["results"]) == 3
    clock.now += 10
    assert shop.get("/api/tasks") == {"tasks": []}
    assert shop.get(f"/api/libraries/{shop.library}")["lastScan"] > before
    newest = shop.items(sort="addedAt", desc=1, limit=1)["results"][0]
    assert newest["relPath"] == folder
    assert newest["addedAt"] == int(clock.now * 1000)
    item = shop.item(folder)
    assert item["media"]["metadata"]["seriesName"] == "Oz #2"
    assert item["media"]["metadata"]["narrators"] == ["Phil Chenevert"]
    assert item["media"]["duration"] == pytest.approx(61, rel=0.01)


def test_a_folder_that_is_gone_is_missing_and_comes_back_as_the_same_item(
    shop: Shop, library: Path, clock: Clock
) -> None:
    folder = WORLD.owned[0].folder
    own = shop.item(folder)["id"]
    shutil.move(library / folder, library.parent / "away")
    shop.scan(clock)
    assert [row["relPath"] for row in shop.items(filter="issues")["results"]] == [folder]
    shutil.move(library.parent / "away", library / folder)
    shop.scan(clock)
    assert (shop.item(folder)["id"], shop.item(folder)["isMissing"]) == (own, False)


def test_a_folder_that_changed_is_read_again_and_keeps_its_metadata(shop: Shop, library: Path, clock: Clock) -> None:
    shop.scan(clock)
    before = shop.item("Nameless")
    write_m4b(library / "Nameless" / "y.m4b", 60, title="Other", artist="Other", album="Other")
    shop.scan(clock)
    after = shop.item("Nameless")
    assert after["media"]["duration"] == pytest.approx(150, rel=0.01)
    assert after["media"]["metadata"] == before["media"]["metadata"]
    assert after["updatedAt"] > before["updatedAt"]
    assert shop.item(WORLD.owned[0].folder)["updatedAt"] < after["updatedAt"]


def test_garbage_that_calls_itself_audio_becomes_no_item(shop: Shop, library: Path, clock: Clock) -> None:
    (library / "Broken").mkdir()
    (library / "Broken" / "broken.mp3").write_bytes(b"this is no audio" * 100)
    shop.scan(clock)
    assert len(shop.items()["results"]) == 3


def test_a_single_file_in_the_root_is_an_item(shop: Shop, library: Path, clock: Clock) -> None:
    write_m4b(library / "Alone.m4b", 60, title="Alone", artist="A. Uthor", album="Alone")
    shop.scan(clock)
    item = shop.item("Alone.m4b")
    assert item["isFile"]
    assert item["path"] == str(library / "Alone.m4b")


def test_a_restart_keeps_ids_patches_and_what_was_scanned(library: Path, clock: Clock) -> None:
    def seen(shop: Shop) -> Any:
        return [(row["id"], row["addedAt"], row["media"]["metadata"]) for row in shop.items(sort="addedAt")["results"]]

    before = []
    for shop in opened(owner_of(library, clock)):
        (library / "New").mkdir()
        write_mp3(library / "New" / "new.mp3", 60, title="New", artist="A. Uthor", album="New")
        shop.scan(clock)
        own = shop.item("Nameless")["id"]
        shop.client.patch(f"/api/items/{own}/media", json={"metadata": {"title": "Named"}})
        before = seen(shop)
    for shop in opened(owner_of(library, clock)):
        assert seen(shop) == before
        assert shop.item("Nameless")["media"]["metadata"]["title"] == "Named"
