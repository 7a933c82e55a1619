"""Positions in a series: what is read, what is refused, what a range covers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.positions import Position, parse_position, position_key


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1", "1"),
        ("01", "1"),
        ("0", "0"),
        ("0.5", "0.5"),
        ("1.50", "1.5"),
        ("1-3", "1-3"),
        ("1–3", "1-3"),
        ("#1 - #3", "1-3"),
        ("0.1 - 0.4", "0.1-0.4"),
        ("01-16, 13.5", "1-16, 13.5"),
        ("1-4 + 3.5", "1-4, 3.5"),
        ("1 & 2", "1, 2"),
        ("1, 2, 3", "1, 2, 3"),
        ("2p1", "2p1"),
        ("3: Part 1 of 2", "3p1"),
        ("5, Part 1", "5p1"),
        ("Book 3", "3"),
        ("Volume 2 of 4", "2"),
        ("Books 1-3", "1-3"),
        ("Book II", "2"),
        ("Book One", "1"),
        ("  7  ", "7"),
    ],
)
def test_a_position_is_read_as_sources_write_it(text: str, canonical: str) -> None:
    position = parse_position(text)
    assert position is not None
    assert position.canonical == canonical
    assert position.text == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " ",
        "one",
        "II",
        "1,5",
        "3-1",
        "-1",
        "1.2.3",
        "1 of 3",
        "1/2",
        "½",
        "A",
        "1a",
        "12345",
        "1-900",
        "2p0",
        "3p4 of 2",
    ],
)
def test_what_is_not_certain_is_no_position(text: str | None) -> None:
    assert parse_position(text) is None


@pytest.mark.parametrize(
    ("whole", "inner", "covered"),
    [
        ("1-3", "1", True),
        ("1-3", "2", True),
        ("1-3", "4", False),
        ("1-3", "1-2", True),
        ("1-3", "2-4", False),
        ("1-3", "2.5", False),
        ("1-4 + 3.5", "3.5", True),
        ("01-16, 13.5", "13.5", True),
        ("0.1-0.4", "0.3", True),
        ("1, 3", "2", False),
        ("2", "2p1", True),
        ("2p1", "2", False),
        ("2p1", "2p1", True),
        ("2p1", "2p2", False),
    ],
)
def test_a_box_set_covers_its_range(whole: str, inner: str, covered: bool) -> None:
    """completeseries #49: publishers' packs ("1-8") once invented 38 missing books."""
    outer, other = parse_position(whole), parse_position(inner)
    assert outer is not None
    assert other is not None
    assert outer.covers(other) is covered


def test_spelling_makes_no_other_position() -> None:
    assert parse_position("01") == parse_position("1.0") == parse_position("#1")


def test_positions_sort_by_number_then_unread_then_none() -> None:
    texts = [None, "10", "II", "2", "1-3", "1", "0.5", "", "2p1"]
    assert sorted(texts, key=position_key) == ["0.5", "1", "1-3", "2", "2p1", "10", "II", None, ""]


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    position = parse_position(text)
    position_key(text)
    if position is not None:
        assert parse_position(position.canonical) == position
        assert position.covers(position)


_numbers = st.decimals(min_value=0, max_value=999, places=1)


@given(_numbers, st.integers(0, 50))
def test_a_made_position_comes_back_from_its_canonical_text(low: Decimal, length: int) -> None:
    position = Position(((low, low + length),))
    assert parse_position(position.canonical) == position
    assert position.covers(Position(((low, low),)))
