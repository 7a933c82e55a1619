"""Whatever stands in a service's JSON, reading it never breaks."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.parsing import json_values as read

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(ANYTHING)
def test_no_value_breaks_a_reader(value: Any) -> None:
    for reader in (
        read.text,
        read.path_text,
        read.number,
        read.whole,
        read.flag,
        read.mapping,
        read.sequence,
        read.texts,
    ):
        reader(value)
    read.instant(value, 1)
    read.instant(value, 1000)


@given(ANYTHING)
def test_what_is_read_can_be_stored(value: Any) -> None:
    found = read.text(value)
    assert found is None or (found.encode("utf-8") and "\x00" not in found)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (" Dune ", "Dune"),
        ("", None),
        ("   ", None),
        (1984, "1984"),
        (True, None),
        (None, None),
        ([], None),
        ("a\x00b", "ab"),
        (json.loads('"a\\ud800b"'), "ab"),
        (json.loads('"\\ud83d\\ude00"'), "😀"),
    ],
)
def test_text(value: Any, found: str | None) -> None:
    assert read.text(value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [(3, 3.0), ("3.5", 3.5), ("x", None), (True, None), (float("nan"), None), (float("inf"), None), ("1e999", None)],
)
def test_number(value: Any, found: float | None) -> None:
    assert read.number(value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [(True, True), (1, True), ("1", True), ("false", False), (0, False), (2, None), ("", None), (None, None)],
)
def test_flag(value: Any, found: bool | None) -> None:
    assert read.flag(value) == found


@pytest.mark.parametrize(
    ("value", "per_second", "found"),
    [
        (1754200001234, 1000, datetime(2025, 8, 3, 5, 46, 41, 234000, UTC)),
        (1754200001, 1, datetime(2025, 8, 3, 5, 46, 41, tzinfo=UTC)),
        (-1, 1, None),
        (0, 1000, None),
        (10**30, 1, None),
        ("soon", 1, None),
    ],
)
def test_instant(value: Any, per_second: int, found: datetime | None) -> None:
    assert read.instant(value, per_second) == found


def test_a_path_keeps_its_blanks() -> None:
    assert read.path_text("/audiobooks/A Book ") == "/audiobooks/A Book "
