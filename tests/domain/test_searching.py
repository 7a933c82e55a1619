"""When a gap is searched again, and with which words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mam_assets.domain.books import Work
from mam_assets.domain.searching import next_search, search_words, shares_a_word

NOW = datetime(2026, 3, 11, tzinfo=UTC)


@pytest.mark.parametrize(("searches", "days"), [(0, 1), (1, 3), (2, 7), (3, 14), (4, 30), (50, 30)])
def test_a_search_without_success_is_repeated_ever_less_often(searches: int, days: int) -> None:
    assert (next_search(searches, NOW) - NOW).days == days


@pytest.mark.parametrize(
    ("work", "words"),
    [
        (Work("The Gods of Mars (Barsoom, #2)", ("Edgar Rice Burroughs",)), "the gods of mars edgar rice burroughs"),
        (Work("Emma: A Novel", ()), "emma"),
        (Work("813", ("Maurice Leblanc",)), "813 maurice leblanc"),
        (Work("?!", ()), ""),
    ],
)
def test_words_are_title_and_author_without_signs(work: Work, words: str) -> None:
    assert search_words(work) == words


@pytest.mark.parametrize(
    ("title", "other", "shared"),
    [
        ("The Gods of Mars", "Mars Trilogy", True),
        ("The Gods of Mars", "The Story of a Book", False),
        ("It", "IT (Unabridged)", True),
        ("The Book of the No", "A Book", True),
        ("", "", False),
    ],
)
def test_only_words_that_tell_something_are_shared(title: str, other: str, shared: bool) -> None:
    assert shares_a_word(title, other) is shared
