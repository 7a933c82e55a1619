"""How two titles stand to each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.titles import TitleRelation, numbers_as_digits, relate_titles, without_series_name

R = TitleRelation


@pytest.mark.parametrize(
    ("a", "b", "relation"),
    [
        ("Ender's Game", "Enders Game", R.EQUAL),
        ("The Hobbit", "Hobbit (Unabridged)", R.EQUAL),
        ("Sapiens", "Sapiens: A Brief History of Humankind", R.SUBTITLE),
        ("Frankenstein", "Frankenstein: or, The Modern Prometheus", R.SUBTITLE),
        ("Mistborn", "Mistborn: Secret History", R.MAIN),
        ("Mistborn: Secret History", "Mistborn: The Final Empire", R.SHARED_HEAD),
        ("The Color of Magic", "The Colour of Magic", R.NEAR),
        ("Treasure", "Treasure of Khan", R.EXTENSION),
        ("Foundation", "Second Foundation", R.EXTENSION),
        ("It", "It Ends with Us", R.EXTENSION),
        ("Saga, Vol. 1", "Saga, Vol. 2", R.DIFFERENT_NUMBER),
        ("1Q84", "1Q85", R.DIFFERENT_NUMBER),
        ("Fry", "Fried", R.UNRELATED),
        ("?!", "!?", R.UNRELATED),
        ("", "", R.UNRELATED),
    ],
)
def test_a_short_title_matches_only_itself(a: str, b: str, relation: TitleRelation) -> None:
    """ABR #112: short titles matched anything."""
    assert relate_titles(a, b) is relation
    assert relate_titles(b, a) is relation


def test_a_series_name_is_no_title() -> None:
    assert (
        relate_titles("The Hunger Games", "The Hunger Games: Mockingjay", series=("The Hunger Games",)) is R.EXTENSION
    )


@pytest.mark.parametrize(
    ("title", "bare"),
    [
        ("Mistborn: The Final Empire", "The Final Empire"),
        ("Mistborn 01 - The Final Empire", "The Final Empire"),
        ("The Final Empire: Mistborn, Book 1", "The Final Empire"),
        ("Mistborn: Mistborn, Book 1", "Mistborn"),
        ("Mistborn: Mistborn 3", "Mistborn: Mistborn 3"),
        ("Mistborn", "Mistborn"),
        ("Warbreaker: A Novel", "Warbreaker: A Novel"),
    ],
)
def test_the_series_name_is_taken_off_a_title(title: str, bare: str) -> None:
    assert without_series_name(title, ("The Mistborn Saga",)) == bare


@given(st.text(max_size=40), st.text(max_size=40))
def test_relating_has_no_direction(a: str, b: str) -> None:
    assert relate_titles(a, b) is relate_titles(b, a)
    assert without_series_name(a, (b,)) or not a


@pytest.mark.parametrize(
    ("key", "digits"),
    [
        ("one hundred years of solitude", "100 years of solitude"),
        ("hundred and one dalmatians", "101 dalmatians"),
        ("one hundred and twenty days", "120 days"),
        ("twenty thousand leagues under the sea", "20000 leagues under sea"),
        ("first to die", "1st to die"),
        ("number one ladies detective agency", "no 1 ladies detective agency"),
        ("sign of the four", "sign of 4"),
        ("pride and prejudice", "pride and prejudice"),
        ("fifty and two", "50 and 2"),
    ],
)
def test_numbers_are_written_in_one_way(key: str, digits: str) -> None:
    assert numbers_as_digits(key) == digits
