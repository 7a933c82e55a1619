"""The same recording: twice in the library, or back again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.recordings import Former, LibraryRecording, find_duplicates, find_returned, same_recording

EMMA = LibraryRecording(1, "emma", "jane austen", frozenset({"ruth okafor"}), 600.0, library_id="l", rel_path="Emma")
GONE = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"minutes": 605.9}, True),
        ({"minutes": 594.1}, True),
        ({"minutes": 650.0}, False),
        ({"minutes": None}, False),
        ({"narrators": frozenset({"ivor pemberton"})}, False),
        ({"narrators": frozenset()}, False),
        ({"narrators": frozenset({"ruth okafor", "ivor pemberton"})}, False),
        ({"abridged": True}, False),
        ({"position": "2"}, True),
        ({"subtitle": "Part One"}, True),
        ({"language": "German"}, True),
        ({"title_key": "emma part two"}, False),
        ({"author_key": "another"}, False),
    ],
)
def test_what_makes_two_items_one_recording(change: dict[str, Any], same: bool) -> None:
    assert same_recording(EMMA, replace(EMMA, **change)) is same
    assert same_recording(replace(EMMA, **change), EMMA) is same


@pytest.mark.parametrize("field", ["position", "subtitle", "language"])
def test_what_both_say_and_contradicts_makes_them_two(field: str) -> None:
    one, other = replace(EMMA, **{field: "One"}), replace(EMMA, **{field: "Two"})
    assert not same_recording(one, other)
    assert same_recording(one, replace(EMMA, **{field: "ONE"}))


def test_items_without_a_title_are_never_the_same() -> None:
    nameless = replace(EMMA, title_key="", author_key="")
    assert not same_recording(nameless, nameless)


def test_the_first_stays_and_the_others_repeat_it() -> None:
    other = replace(EMMA, key=3, narrators=frozenset({"ivor pemberton"}))
    found = find_duplicates([EMMA, replace(EMMA, key=2, minutes=601.0), other, replace(EMMA, key=4)])
    assert found == {1: None, 2: 1, 3: None, 4: 1}


def test_lengths_that_drift_apart_do_not_chain() -> None:
    found = find_duplicates([EMMA, replace(EMMA, key=2, minutes=605.0), replace(EMMA, key=3, minutes=610.0)])
    assert found == {1: None, 2: 1, 3: None}


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([100.0, 100.5, 102.0, None])), max_size=12))
def test_whatever_is_repeated_is_kept_itself(kinds: list[tuple[str, float | None]]) -> None:
    items = [replace(EMMA, key=n, title_key=title, minutes=minutes) for n, (title, minutes) in enumerate(kinds)]
    found = find_duplicates(items)
    assert set(found) == set(range(len(items)))
    assert all(found[first] is None and first < key for key, first in found.items() if first is not None)


def former(key: int, days: int | None, **changes: Any) -> Former:
    return Former(replace(EMMA, key=key, **changes), None if days is None else GONE + timedelta(days=days))


@pytest.mark.parametrize(
    ("formers", "found"),
    [
        ([former(1, 0)], {"a": 1}),
        ([former(1, 0, narrators=frozenset(), minutes=None)], {"a": 1}),
        ([former(1, 0, rel_path="elsewhere")], {"a": 1}),
        ([former(1, 0, rel_path="elsewhere", minutes=300.0)], {}),
        ([former(1, 0, rel_path="elsewhere", narrators=frozenset({"x"}))], {}),
        ([former(1, 0, title_key="dune", author_key="frank herbert")], {}),
        ([former(1, 0, title_key="emma again")], {"a": 1}),
        ([former(1, 0, library_id="other", minutes=300.0)], {}),
        ([former(1, 0), former(2, 5)], {"a": 2}),
        ([former(1, 9, rel_path="elsewhere"), former(2, 0)], {"a": 2}),
        ([former(1, None, rel_path=None, library_id=None, minutes=None, narrators=frozenset())], {"a": 1}),
        ([former(1, None), former(2, 0)], {"a": 2}),
        ([former(1, None, title_key="dune")], {}),
    ],
)
def test_which_former_book_has_returned(formers: list[Former], found: dict[str, int]) -> None:
    assert find_returned([replace(EMMA, key="a")], formers) == found


def test_one_former_book_returns_as_one_item() -> None:
    arrivals = [replace(EMMA, key="a", rel_path="copy"), replace(EMMA, key="b")]
    assert find_returned(arrivals, [former(1, 0)]) == {"b": 1}
    nameless = [replace(EMMA, key=key, title_key="", author_key="", rel_path=None) for key in "ab"]
    assert find_returned(nameless, [former(1, None, title_key="", author_key="")]) == {}
