"""The twin of Audiobookshelf answers as the recorded 2.36.0 did."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mam_assets.sandbox.audio import write_mp3
from mam_assets.sandbox.twins.audiobookshelf import AudiobookshelfTwin
from tests.sandbox.audiobookshelf.conftest import Clock, Shop, opened

RECORDINGS = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "recordings" / "audiobookshelf.jsonl").read_text("utf-8").splitlines()
]
RECORDED_SHELF: list[dict[str, Any]] = RECORDINGS[0]["shelf"]
EXCHANGES: list[dict[str, Any]] = RECORDINGS[1:]
RECORDED_LIBRARY = "43fd9309-76a5-4df1-af56-50243842d424"

# Values that must be the recorded ones. All other values only need the recorded type.
EXACT = {
    *("title", "titleIgnorePrefix", "authorName", "authorNameLF", "narratorName", "seriesName", "publishedYear"),
    *("sequence", "narrators", "genres", "publisher", "isbn", "asin", "relPath", "fileType", "mediaType", "provider"),
    *("total", "limit", "page", "offset", "sortBy", "sortDesc", "minified", "include", "updated", "numTracks"),
    *("numFiles", "numChapters", "isFile", "isMissing", "libraryItems", "success", "lastFirst", "numBooks", "action"),
    *("titleKey", "isFinished", "app", "serverVersion", "isInit", "contentUrl_", "codec", "mimeType", "format"),
}
LOOSE = {"serverSettings", "metaTags"}  # the twin knows fewer keys of these


@pytest.fixture
def recorded_shop(tmp_path: Path, clock: Clock) -> Iterator[Shop]:
    """The shelf that was recorded, found by scans: nothing is known of it but its folders and the tags of its files."""
    library = tmp_path / "library"
    twin = AudiobookshelfTwin(library, token="root-key", clock=clock, shown_root="/audiobooks")
    for book in sorted(RECORDED_SHELF, key=lambda book: book["addedAt"]):
        folder, metadata = library / book["folder"], book["metadata"]
        folder.mkdir(parents=True)
        artist = metadata["authorName"].replace(", ", " & ")
        write_mp3(folder / "a.mp3", 5, title=metadata["title"], artist=artist, album=metadata["title"])
        twin.shelf.scan(book["addedAt"])
    yield from opened(twin)


def replayed(shop: Shop, exchange: dict[str, Any]) -> httpx.Response:
    """Send the recorded request with the twin's own ids in the place of the recorded ones."""
    ids = {item.folder: item.id for item in shop.twin.shelf.items.values()}

    def translated(text: str) -> str:
        for folder, own in ids.items():
            text = text.replace("{" + folder + "}", own)
        return text.replace(RECORDED_LIBRARY, shop.library)

    request = exchange["request"]
    headers = {"Authorization": "Bearer wrong" if "bad token" in exchange["note"] else "Bearer root-key"}
    if not request["auth"]:
        headers = {"Authorization": ""}
    body = request["body"]
    content = None if body is None else translated(json.dumps(body, ensure_ascii=False)).encode()
    return shop.client.request(request["method"], translated(request["path"]), content=content, headers=headers)


def differences(recorded: Any, given: Any, place: str = "") -> list[str]:
    """Where an answer differs from the recorded one in its keys, its types, or a value that has to be the same."""
    name = place.rpartition(".")[2].partition("[")[0]
    if isinstance(recorded, dict) and isinstance(given, dict):
        if name in LOOSE:
            return [f"{place}: unknown keys {given.keys() - recorded.keys()}"] if given.keys() - recorded.keys() else []
        if recorded.keys() != given.keys():
            return [f"{place}: missing {recorded.keys() - given.keys()}, too many {given.keys() - recorded.keys()}"]
        return [line for key in recorded for line in differences(recorded[key], given[key], f"{place}.{key}")]
    if isinstance(recorded, list) and isinstance(given, list):
        if bool(recorded) != bool(given):
            return [f"{place}: {recorded!r:.60} became {given!r:.60}"]
        pairs = zip(recorded, given, strict=False)
        return [line for index, pair in enumerate(pairs) for line in differences(*pair, f"{place}[{index}]")]
    if name in EXACT and recorded != given and not place.endswith("metadata.relPath"):
        return [f"{place}: {recorded!r} became {given!r}"]
    alike = {type(recorded), type(given)} <= {int, float} or type(recorded) is type(given)
    return [] if alike else [f"{place}: {recorded!r:.60} became {given!r:.60}"]


def test_every_recorded_exchange_is_answered_alike(recorded_shop: Shop, clock: Clock) -> None:
    """One after the other, because the changes build upon each other. Where no sort was asked for, the order of the
    rows means nothing, so they are left out."""
    problems: list[str] = []
    for exchange in EXCHANGES:
        if exchange["note"] in ("tasks later", "library after scan"):
            clock.now += 5
        answer, recorded = replayed(recorded_shop, exchange), exchange["response"]
        kind = answer.headers.get("content-type")
        if (answer.status_code, kind) != (recorded["status"], recorded["content_type"]):
            problems.append(f"{exchange['note']}: {answer.status_code} {kind} {answer.text:.80}")
            continue
        if isinstance(recorded["body"], str):
            found = [] if answer.text == recorded["body"] else [answer.text]
        elif "/items?" in exchange["request"]["path"] and "sort" not in exchange["request"]["path"]:
            found = [line for line in differences(recorded["body"], answer.json()) if ".results[" not in line]
        else:
            found = differences(recorded["body"], answer.json())
        problems.extend(f"{exchange['note']}: {line}" for line in found)
    assert problems == []


def test_the_rows_of_a_list_have_the_recorded_keys(recorded_shop: Shop) -> None:
    recorded = next(exchange for exchange in EXCHANGES if exchange["note"].startswith("first page"))["response"]["body"]
    given = recorded_shop.items(limit=5, page=0, sort="addedAt", desc=1)
    assert differences(recorded["results"][0], given["results"][0]) == []


def test_folders_and_tags_give_the_recorded_metadata(recorded_shop: Shop) -> None:
    given = {row["relPath"]: row["media"]["metadata"] for row in recorded_shop.items()["results"]}
    wanted = {book["folder"]: book["metadata"] for book in RECORDED_SHELF}
    assert {folder: {key: given[folder][key] for key in metadata} for folder, metadata in wanted.items()} == wanted
