"""Words that English spells in several ways, and mistakes that are none of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.names import normalise_title
from mam_assets.domain.spelling import one_spelling


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("The Colour of Magic", "The Color of Magic"),
        ("The Theatre Murders", "The Theater Murders"),
        ("The Jewellery Box", "The Jewelry Box"),
        ("The Travelling Cat", "The Traveling Cat"),
        ("The Grey King", "The Gray King"),
        ("A Line of Defence", "A Line of Defense"),
        ("Ten Apples", "10 Apples"),
        ("Doctor Thorne", "Dr. Thorne"),
        ("The Death of Ivan Ilych", "The Death of Ivan Ilyich"),
        ("Black Cat, Volume 01", "Black Cat, Volume One"),
    ],
)
def test_two_spellings_of_one_word_are_one(a: str, b: str) -> None:
    assert one_spelling(normalise_title(a)) == one_spelling(normalise_title(b))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Hunted", "Haunted"),
        ("The Lost Island", "The Last Island"),
        ("Bound", "Bond"),
        ("Rogue", "Rouge"),
        ("The Winter King", "The Water King"),
        ("The Hunter", "The Hunters"),
        ("The Four Hours", "The Fur Hors"),
    ],
)
def test_words_that_are_nearly_alike_are_two(a: str, b: str) -> None:
    assert one_spelling(normalise_title(a)) != one_spelling(normalise_title(b))


@given(st.text(max_size=40))
def test_one_spelling_is_settled_at_once(text: str) -> None:
    key = normalise_title(text)
    assert one_spelling(key) == one_spelling(key)
    assert " " not in one_spelling(key)
