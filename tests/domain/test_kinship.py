"""Which titles may stand at one number of a series as one work."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.kinship import akin, one_word_apart

WORDS = st.text("abcdefghij ", min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("a", "b", "series", "same"),
    [
        ("The Way of Kings", "Way of Kings", "The Stormlight Archive", True),
        ("The Colour of Magic", "The Color of Magic", "Discworld", True),
        ("Ten Little Wizards", "10 Little Wizards", "Lord Darcy", True),
        ("Ayesha: The Return of She", "Ayesha", "She", True),
        ("Der Wind: Ein Roman", "Der Wind: A Novel", "Meere", True),
        ("A Study in Scarlet", "Scarlet", "Sherlock Holmes", True),
        ("Northern Lights / The Golden Compass", "The Golden Compass", "His Dark Materials", True),
        ("Words of Radiance", "Edgedancer", "The Stormlight Archive", False),
        ("Northern Lights", "The Golden Compass", "His Dark Materials", False),
        ("Prince Caspian", "The Lion, the Witch and the Wardrobe", "The Chronicles of Narnia", False),
        ("Foundation", "Prelude to Foundation", "Foundation", False),
        ("Dune", "Dune: House Atreides", "Dune", False),
        ("Magician: Apprentice", "Magician: Master", "The Riftwar Saga", False),
        ("Star Wars: Heir to the Empire", "Star Wars: Specter of the Past", "Star Wars: Thrawn", False),
        ("Saga, Vol. 1", "Saga, Vol. 2", "Saga", False),
        ("", "Dune", "Dune", False),
    ],
)
def test_a_place_is_believed_beside_titles_that_are_akin(a: str, b: str, series: str, same: bool) -> None:
    assert akin((a,), (b,), series=(series,)) is same
    assert akin((b,), (a,), series=(series,)) is same


STONES = ("Harry Potter and the Philosopher's Stone", "Harry Potter and the Sorcerer's Stone")


@pytest.mark.parametrize(
    ("titles", "series", "elsewhere", "same"),
    [
        (STONES, "Harry Potter", {"harry", "potter", "chamber"}, True),
        (STONES, "Harry Potter", {"stone"}, False),
        (STONES, "Wizards", set(), False),
        (("Murder in the Calais Coach", "Murder on the Orient Express"), "Murder", set(), False),
        (("Parable of the Talents", "Parable of the Sower"), "Earthseed", set(), False),
    ],
)
def test_one_word_may_differ_beside_the_series_name_and_a_word_of_its_own(
    titles: tuple[str, str], series: str, elsewhere: set[str], same: bool
) -> None:
    assert one_word_apart(titles[:1], titles[1:], series=(series,), elsewhere=lambda: elsewhere) is same


@given(WORDS, WORDS, WORDS)
def test_kinship_is_mutual(a: str, b: str, series: str) -> None:
    assert akin((a,), (b,), series=(series,)) is akin((b,), (a,), series=(series,))
