"""Audiobookshelf's answers, true ones and broken ones."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.books import SeriesRef
from mam_assets.parsing.audiobookshelf import read_items, read_libraries, read_listing, read_marks, read_matches
from tests.parsing.test_json_values import ANYTHING

RECORDINGS = Path(__file__).parent.parent / "recordings" / "audiobookshelf_client.jsonl"
RECORDED = {entry["note"]: entry["response"] for entry in map(json.loads, RECORDINGS.read_text("utf-8").splitlines())}
ITEMS: list[dict[str, Any]] = RECORDED["expand a page of ids"]["body"]["libraryItems"]
PAGE: list[dict[str, Any]] = RECORDED["first page, newest first"]["body"]["results"]
LIBRARIES: list[dict[str, Any]] = RECORDED["libraries"]["body"]["libraries"]


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PATHS = st.sampled_from(["id", "addedAt", "isMissing", "media", "media.numAudioFiles", "media.metadata", "updatedAt"])


def changed(row: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    row = copy.deepcopy(row)
    *steps, last = path.split(".")
    inner = row
    for step in steps:
        inner = inner[step]
    inner[last] = value
    return row


def test_a_recorded_item_is_read_from_its_arrays() -> None:
    items, problems = read_items(ITEMS)
    assert problems == []
    item = next(item for item in items if item.title == "A Princess of Mars")
    assert item.authors == ("Edgar Rice Burroughs",)
    assert item.series == (SeriesRef("Barsoom", "1"),)
    assert item.published_year == 1912
    assert item.rel_path.startswith("Edgar Rice Burroughs/Barsoom/")
    assert item.path == f"/audiobooks/{item.rel_path}"
    assert item.duration_seconds == pytest.approx(5.067755)
    assert item.size_bytes is not None
    assert item.size_bytes > 20_000
    assert item.num_audio_files == 1
    assert not item.is_missing


def test_a_recorded_page_is_read_newest_first() -> None:
    marks, problems = read_marks(PAGE)
    assert problems == []
    assert len(marks) == len(PAGE)
    assert [mark.added_at for mark in marks] == sorted((mark.added_at for mark in marks), reverse=True)
    assert marks[0].added_at == datetime.fromtimestamp(PAGE[0]["addedAt"] / 1000, UTC)
    assert marks[0].media_type == "book"


def test_a_recorded_library_has_its_folders_and_last_scan() -> None:
    (library,), problems = read_libraries(LIBRARIES)
    assert problems == []
    assert (library.name, library.media_type) == ("Audiobooks", "book")
    assert [folder.full_path for folder in library.folders] == ["/audiobooks"]
    assert library.last_scan is not None


@pytest.mark.parametrize(
    ("path", "value", "field", "found"),
    [
        ("media.metadata.title", 1984, "title", "1984"),
        ("media.metadata.title", None, "title", None),
        ("media.metadata.title", "A\x00B\ud800", "title", "AB"),
        ("media.metadata.authors", None, "authors", ()),
        ("media.metadata.authors", [{"name": "A"}, {}, None, {"name": " "}, {"name": "A"}], "authors", ("A",)),
        ("media.metadata.narrators", ["N", None, 7, "N"], "narrators", ("N", "7")),
        ("media.metadata.series", {"name": "Oz", "sequence": "2"}, "series", (SeriesRef("Oz", "2"),)),
        ("media.metadata.series", [{"name": "Oz", "sequence": None}], "series", (SeriesRef("Oz", None),)),
        ("media.metadata.series", [{"name": "Oz", "sequence": 1.5}], "series", (SeriesRef("Oz", "1.5"),)),
        ("media.metadata.series", [{"sequence": "1"}], "series", ()),
        ("media.metadata.publishedYear", "1912-10-01", "published_year", 1912),
        ("media.metadata.publishedYear", 1912, "published_year", 1912),
        ("media.metadata.publishedYear", "unknown", "published_year", None),
        ("media.metadata.publishedYear", "0", "published_year", None),
        ("media.metadata.abridged", "true", "abridged", True),
        ("media.duration", "12.5", "duration_seconds", 12.5),
        ("media.duration", -1, "duration_seconds", None),
        ("media.duration", None, "duration_seconds", None),
        ("media.size", None, "size_bytes", 20599),
        ("media.numAudioFiles", None, "num_audio_files", 1),
        ("isMissing", 1, "is_missing", True),
        ("updatedAt", None, "updated_at", datetime.fromtimestamp(ITEMS[0]["addedAt"] / 1000, UTC)),
    ],
)
def test_a_field_may_be_missing_or_of_a_wrong_type(path: str, value: Any, field: str, found: Any) -> None:
    (item,), problems = read_items([changed(ITEMS[0], path, value)])
    assert problems == []
    assert getattr(item, field) == found


@pytest.mark.parametrize("field", ["id", "libraryId", "path", "addedAt"])
def test_an_item_without_what_it_is_known_by_is_reported_and_does_not_break_the_page(field: str) -> None:
    broken = {key: value for key, value in ITEMS[1].items() if key != field}
    items, problems = read_items([ITEMS[0], broken, ITEMS[2]])
    assert [item.abs_id for item in items] == [ITEMS[0]["id"], ITEMS[2]["id"]]
    (problem,) = problems
    assert problem.item_id == (None if field == "id" else ITEMS[1]["id"])
    assert field in problem.what


@pytest.mark.parametrize("row", [None, [], "x", 3, {}])
def test_a_row_that_is_nothing_is_reported(row: Any) -> None:
    for reader in (read_items, read_marks, read_libraries):
        records, problems = reader([row])
        assert records == []
        assert len(problems) == 1


def test_audible_gives_minutes_and_joined_names() -> None:
    row = {
        "title": "Dune",
        "author": "Frank Herbert, Another Author",
        "narrator": "Scott Brick, Orlagh Cassidy",
        "publisher": "Macmillan Audio",
        "publishedYear": "2007",
        "asin": "B002V1OF70",
        "series": [{"series": "Dune", "sequence": "1"}],
        "language": "English",
        "duration": 1262,
        "abridged": False,
    }
    (match,), problems = read_matches([row], "audible.uk")
    assert problems == []
    assert match.duration_seconds == 1262 * 60
    assert match.authors == ("Frank Herbert", "Another Author")
    assert match.narrators == ("Scott Brick", "Orlagh Cassidy")
    assert match.series == (SeriesRef("Dune", "1"),)
    assert (match.published_year, match.abridged) == (2007, False)


def test_other_providers_give_no_duration_that_is_known() -> None:
    (match,), _ = read_matches(
        [{"title": "Dune", "author": "Frank Herbert", "publishedYear": None, "duration": 5}], "google"
    )
    assert match.duration_seconds is None
    assert match.published_year is None
    assert match.abridged is None


@given(
    st.lists(ANYTHING | st.fixed_dictionaries({}, optional={"id": ANYTHING, "media": ANYTHING, "addedAt": ANYTHING}))
)
def test_nothing_breaks_the_readers_and_no_row_is_lost_unsaid(rows: list[Any]) -> None:
    for read in (read_items, read_marks, read_libraries, lambda given: read_matches(given, "audible")):
        records, problems = read(rows)
        assert len(records) + len(problems) == len(rows)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("media.metadata.title", "Another"),
        ("media.metadata.authorName", "Another"),
        ("media.metadata.description", "x"),
        ("media.duration", 1.5),
        ("updatedAt", 5),
        ("path", "/moved"),
        ("isMissing", True),
    ],
)
def test_the_digest_of_a_row_tells_a_change_and_nothing_else(path: str, value: Any) -> None:
    def digest(row: Any) -> str:
        return read_marks([row])[0][0].digest

    assert digest(PAGE[0]) == digest(json.loads(json.dumps(PAGE[0])))
    assert digest(changed(PAGE[0], path, value)) != digest(PAGE[0])
    assert digest({**PAGE[0], "mtimeMs": 7}) == digest(PAGE[0])


@given(st.lists(ANYTHING | st.sampled_from(PAGE) | st.builds(changed, st.sampled_from(PAGE), PATHS, ANYTHING)))
def test_a_listing_is_the_marks_of_what_is_there(rows: list[Any]) -> None:
    marks, problems = read_marks(rows)
    listing = read_listing(rows)
    there = {mark.abs_id: mark.digest for mark in marks if mark.num_audio_files > 0 and not mark.is_missing}
    assert listing.digests == there
    assert list(listing.problems) == problems
    assert (listing.newest is None) is (max((mark.added_at for mark in marks), default=EPOCH) <= EPOCH)
