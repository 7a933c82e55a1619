"""Text cleaned and folded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.folding import clean_text, fold


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (None, None),
        ("", None),
        (" \t\n ", None),
        ("\x00", None),
        ("a\x00b", "a b"),
        ("one\r\n two", "one two"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("Cafe\u0301", "Café"),
        ("zero\u200bwidth", "zerowidth"),
    ],
)
def test_text_is_cleaned_for_every_store(text: str | None, cleaned: str | None) -> None:
    assert clean_text(text) == cleaned


@given(st.text(st.characters(exclude_categories=[]), max_size=300), st.integers(1, 100))
def test_cleaned_text_can_be_encoded_and_is_clean_already(text: str, limit: int) -> None:
    cleaned = clean_text(text, limit=limit)
    if cleaned is not None:
        assert len(cleaned) <= limit
        assert "\x00" not in cleaned
        cleaned.encode()


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Ender's Game", "enders game"),
        ("Ender’s  Game!", "enders game"),
        ("Griffin & Sabine", "griffin and sabine"),
        ("García Márquez", "garcia marquez"),
        ("Jo Nesbø", "jo nesbo"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("Психология", "психология"),
        ("がぎ", "がぎ"),
        ("?!", ""),
    ],
)
def test_folding_leaves_what_a_name_is_known_by(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Tom &amp; Jerry", "tom and jerry"),
        ("AT&T; a story", "at and t a story"),
        ("O&#39;Brien", "obrien"),
        ("zero\u200bwidth", "zerowidth"),
        ("soft\u00adhyphen", "softhyphen"),
        ("\u202eRTL\u202c", "rtl"),
        ("الأسود", "الاسود"),
        ("שָׁלוֹם", "שלום"),
        ("नमस्ते", "नमस्ते"),
        ("Ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
        ("☃☃☃", ""),
    ],
)
def test_folding_stands_entities_marks_and_directions(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(st.characters(max_codepoint=127)))
def test_the_short_way_for_ascii_is_the_long_way(text: str) -> None:
    assert fold(text) == fold(text + "\u0301").strip()
