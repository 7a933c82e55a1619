"""qBittorrent's rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.parsing.qbittorrent import read_torrent
from tests.parsing.test_json_values import ANYTHING

HASH = "8c212779b4abde7c6bc608063a0d008b7e40ce32"
ROW: dict[str, Any] = {
    "hash": HASH,
    "infohash_v1": HASH.upper(),
    "name": "Dune",
    "size": 608700000,
    "progress": 0.42,
    "state": "downloading",
    "category": "mam-assets",
    "tags": "mam, dagster",
    "save_path": "/downloads",
    "content_path": "/downloads/Dune",
    "added_on": 1754200000,
    "completion_on": -1,
    "num_seeds": 5,
    "seeding_time": 60,
}


def test_a_row_is_read_with_its_units() -> None:
    state = read_torrent(ROW)
    assert state is not None
    assert (state.info_hash, state.infohash_v1) == (HASH, HASH)
    assert (state.name, state.state, state.progress) == ("Dune", "downloading", 0.42)
    assert state.tags == ("mam", "dagster")
    assert state.added_on == datetime(2025, 8, 3, 5, 46, 40, tzinfo=UTC)
    assert state.completion_on is None
    assert (state.num_seeds, state.seeding_seconds) == (5, 60.0)


def test_a_row_of_maindata_is_known_by_its_key() -> None:
    row = {key: value for key, value in ROW.items() if key != "hash"}
    state = read_torrent(row, HASH)
    assert state is not None
    assert state.info_hash == HASH


@pytest.mark.parametrize("missing", ["hash", "state"])
def test_a_row_without_hash_or_state_is_none(missing: str) -> None:
    assert read_torrent({key: value for key, value in ROW.items() if key != missing}) is None


@pytest.mark.parametrize(
    ("field", "value", "name", "found"),
    [
        ("progress", 1.5, "progress", 1.0),
        ("progress", None, "progress", 0.0),
        ("tags", "", "tags", ()),
        ("size", -1, "size_bytes", 0),
        ("infohash_v1", "", "infohash_v1", None),
        ("completion_on", 4294967295000000, "completion_on", None),
    ],
)
def test_odd_values_are_brought_into_bounds(field: str, value: Any, name: str, found: Any) -> None:
    assert getattr(read_torrent({**ROW, field: value}), name) == found


@given(st.dictionaries(st.sampled_from(sorted(ROW)), ANYTHING))
def test_no_row_breaks_the_reader(row: dict[str, Any]) -> None:
    read_torrent(row)
