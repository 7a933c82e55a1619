"""What a title says about itself."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mam_assets.domain import marks
from mam_assets.domain.folding import fold
from mam_assets.domain.languages import is_other_script, normalise_language
from mam_assets.domain.marks import Mark, marks_of, range_in, volume_in


@pytest.mark.parametrize(
    ("title", "mark"),
    [
        ("Summary of Dune", Mark.SUMMARY),
        ("Dune: A Study Guide", Mark.SUMMARY),
        ("BookRags Summary: A Storm of Swords", Mark.SUMMARY),
        ("SparkNotes Dune", Mark.SUMMARY),
        ("Vampire Academy: The Ultimate Guide", Mark.COMPANION),
        ("New Moon: The Complete Illustrated Movie Companion", Mark.COMPANION),
        ("A Wrinkle in Time: The Graphic Novel", Mark.ADAPTATION),
        ("The Husband's Secret Free Preview", Mark.SAMPLE),
        ("Mistborn Trilogy Boxed Set", Mark.COLLECTION),
        ("Mistborn Books 1-3", Mark.COLLECTION),
        ("The Illuminatus! Trilogy", Mark.MAYBE_COLLECTION),
        ("The Way of Kings, Part 1 of 2", Mark.PART),
        ("The Way of Kings [1 of 3]", Mark.PART),
        ("Dune (Abridged)", Mark.ABRIDGED),
        ("Dune [Dramatized Adaptation]", Mark.DRAMATISED),
        ("Dune - GraphicAudio", Mark.DRAMATISED),
        ("Dune (Full Cast)", Mark.MAYBE_DRAMATISED),
    ],
)
def test_a_mark_is_read(title: str, mark: Mark) -> None:
    assert mark in marks_of(title)


@pytest.mark.parametrize(
    "title",
    [
        "Dune (Unabridged)",
        "Dune: un-abridged",
        "The Art of War",
        "The Making of the Atomic Bomb",
        "The Hitchhiker's Guide to the Galaxy",
        "The Secret History",
        "Partials",
        "Catch-22",
        "1984",
        "A Tale of Two Cities",
        "Harry Potter and the Cursed Child",
    ],
)
def test_a_word_inside_a_word_is_no_mark(title: str) -> None:
    """Listenarr: "abridged" as a substring forbade "Unabridged"."""
    assert marks_of(title) == frozenset()


def test_ranges_and_volumes_need_a_label() -> None:
    span, volume = range_in("Mistborn, Books 1 to 3"), volume_in("The Final Empire: Mistborn, Book 2")
    assert span is not None
    assert span.canonical == "1-3"
    assert volume is not None
    assert volume.canonical == "2"
    assert range_in("1914-1918: The Great War") is None
    assert volume_in("1984") is None
    assert volume_in("Books 1-3") is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("English", "english"),
        ("eng", "english"),
        ("en-US", "english"),
        ("ENG", "english"),
        ("Deutsch", "german"),
        ("Castilian Spanish", "spanish"),
        ("Klingon", "klingon"),
        ("", None),
        (None, None),
        ("Other", None),
    ],
)
def test_a_language_has_one_name(text: str | None, language: str | None) -> None:
    assert normalise_language(text) == language


def test_a_title_in_another_script_is_seen() -> None:
    assert is_other_script("Сумеречный дозор")
    assert not is_other_script("Amélie")
    assert not is_other_script("1984")


@pytest.mark.parametrize("mark", list(marks._PATTERNS))
def test_no_mark_is_passed_over_for_want_of_a_clue(mark: Mark) -> None:
    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(marks._PATTERNS[mark], fullmatch=True, alphabet="abcdefghijklmnopqrstuvwxyz 0123456789"))
    def check(folded: str) -> None:
        plain = fold(folded)
        assert mark in marks_of(plain) or not marks._PATTERNS[mark].search(plain)

    check()
