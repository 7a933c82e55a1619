"""A person's choice of MAM categories: what is none of audiobooks is refused with what was meant."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.genres import AUDIOBOOK_CATEGORIES, GenreProblem, read_categories, read_name, unknown_genre


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["47"], (47,)),
        ([41, 47, "41"], (41, 47)),
        (["Science Fiction", "fantasy"], (41, 47)),
        ([" crime/thriller ", ""], (40,)),
        ([], ()),
    ],
)
def test_categories_are_read_by_number_or_name(written: list[str | int], read: tuple[int, ...]) -> None:
    assert read_categories(written) == read


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("63", "it is e-books' Fantasy. The audiobooks of that name are 41."),
        ("69", "The audiobooks of that name are 47."),
        ("13", "`mam genres categories` lists them all"),
        ("Phantasy", "41 Fantasy may be meant"),
        ("Sciense Fiction", "47 Science Fiction may be meant"),
        ("-47", "is no audiobook category"),
        ("4.7", "is no audiobook category"),
        ("٤٧", "is no audiobook category"),
        ("9" * 40, "is no audiobook category"),
    ],
)
def test_what_is_no_category_is_refused_with_a_remedy(written: str, says: str) -> None:
    with pytest.raises(GenreProblem, match="audiobook") as refused:
        read_categories(["41", written])
    assert says in str(refused.value)


@given(st.lists(st.sampled_from(sorted(AUDIOBOOK_CATEGORIES))))
def test_what_was_read_is_read_again_as_it_is(numbers: list[int]) -> None:
    read = read_categories(numbers)
    assert read == tuple(sorted(set(numbers))) == read_categories(map(str, read))
    assert read_categories([AUDIOBOOK_CATEGORIES[number] for number in read]) == read


@given(st.text())
def test_any_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    for read in (lambda: read_categories([text]), lambda: read_name(text)):
        with contextlib.suppress(GenreProblem):
            assert read() is not None


@pytest.mark.parametrize(("written", "kept"), [("  Urban   Fantasy ", "Urban Fantasy"), ("Krimi & Co", "Krimi & Co")])
def test_a_name_is_kept_without_needless_blanks(written: str, kept: str) -> None:
    assert read_name(written) == kept


@pytest.mark.parametrize("written", ["", "  ", "!!", "x" * 81])
def test_a_name_that_says_nothing_or_too_much_is_refused(written: str) -> None:
    with pytest.raises(GenreProblem, match="name"):
        read_name(written)


def test_an_unknown_genre_is_answered_with_those_there_are() -> None:
    assert "Fantasy may be meant" in str(unknown_genre("fantsy", ["Fantasy", "Mystery"]))
    assert "There are: Fantasy, Mystery" in str(unknown_genre("Poetry", ["Mystery", "Fantasy"]))
