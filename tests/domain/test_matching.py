"""Which answer is the book, what may be believed of it, and what is still wanted."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.books import MetadataSuggestion, SeriesRef, Work
from mam_assets.domain.matching import Answer, Candidate, RecordingFacts, compare_recordings, judge, wanted

DUNE = Work("Dune", ("Frank Herbert",), SeriesRef("Dune", "1"), isbn="9780439554930", language="English")
OURS = RecordingFacts(("Scott Brick",), 1262.0, "B002V1OF70", 500_000_000, False)


def says(title: str, *authors: str, key: str = "1", **changes: Any) -> Candidate:
    return replace(Candidate("Goodreads", key, title, authors or ("Frank Herbert",)), **changes)


def judged(*candidates: Candidate, known: str | None = None) -> Answer:
    return judge(DUNE, OURS, "Goodreads", candidates, known)


@pytest.mark.parametrize(
    "candidate",
    [
        says("Dune", "Brian Herbert"),
        says("Dune", "Wilhelmina Unknown"),
        says("Study Guide to Dune"),
        says("Summary of Dune by Frank Herbert"),
        says("Dune: A Graphic Novel"),
        says("Dune Box Set: Books 1-3"),
        says("Dune Messiah"),
        says("Dune", values={"language": "German"}),
        says("Dune", series=(SeriesRef("Dune", "1-6"),)),
        says("Treasure of Dune"),
        says("Dune", ""),
    ],
    ids=lambda candidate: f"{candidate.title} by {candidate.authors[0]}",
)
def test_in_doubt_nothing_is_believed(candidate: Candidate) -> None:
    answer = judged(candidate)
    assert (answer.verdict, answer.suggestion, dict(answer.values)) == ("refused", None, {})
    assert candidate.title in answer.evidence


def test_nothing_is_not_the_same_as_refused() -> None:
    assert judged().verdict == "nothing"


def test_the_reasons_of_match_and_refusals_are_kept() -> None:
    answer = judged(says("Study Guide to Dune", key="9"), says("Dune", key="7", values={"publisher": "Ace"}))
    assert (answer.verdict, answer.key) == ("matched", "7")
    assert answer.evidence.startswith("'Dune' by Frank Herbert (7): title and author: ")
    assert "Refused: 'Study Guide to Dune' by Frank Herbert (9): kind summary: " in answer.evidence
    assert answer.values == {"title": "Dune", "author": "Frank Herbert", "publisher": "Ace"}
    assert answer.suggestion == MetadataSuggestion(
        "Goodreads", {"publisher": "Ace"}, "'Dune' by Frank Herbert (7), by title and author"
    )


def test_an_equal_isbn_goes_before_the_first_of_the_list() -> None:
    first, second = says("Dune", key="1"), says("Dune", key="2", values={"isbn": "0-439-55493-4"})
    assert judged(first, second).key == "2"
    assert judged(first, replace(second, values={})).key == "1"


def test_what_was_matched_before_is_matched_again() -> None:
    """Two editions that fit equally well must not take turns, and change the publisher each month."""
    candidates = [says("Dune", key=str(number)) for number in range(4)]
    assert judged(*candidates, known="3").key == "3"


def test_an_equal_edition_may_correct_our_number() -> None:
    other = says("Dune", series=(SeriesRef("Dune", "2"),))
    assert judged(other).verdict == "refused"
    corrected = judged(replace(other, values={"isbn": "9780439554930"}))
    assert corrected.values["series_number"] == "2"


def test_of_several_series_the_one_that_the_book_is_in_is_numbered() -> None:
    series = (SeriesRef("Great Deserts", "4"), SeriesRef("The Dune Series", "1"))
    assert judged(says("Dune", series=series)).values["series"] == "The Dune Series"


def test_nonsense_is_left_out_of_what_is_kept() -> None:
    values = {"isbn": "9780439554931", "publisher": "Unknown", "published_year": "-1"}
    assert dict(judged(says("Dune", values=values)).values) == {"title": "Dune", "author": "Frank Herbert"}


def test_only_a_source_that_lists_series_can_say_that_there_is_none() -> None:
    assert judged(says("Dune", lists_series=True)).stands_alone
    assert not judged(says("Dune")).stands_alone
    assert not judged(says("Dune", lists_series=True, series=(SeriesRef("Dune", "1"),))).stands_alone


# --- recordings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "same", "why"),
    [
        ({"minutes": 1250.0}, True, "1250 and 1262 minutes"),
        ({"minutes": 1000.0}, False, "1000 and 1262 minutes"),
        ({"minutes": 1262.0, "narrators": ("Simon Vance",)}, False, "read by Simon Vance"),
        ({"minutes": 1262.0, "abridged": True}, False, "abridged"),
        ({"asin": "b002v1of70"}, True, "ASIN B002V1OF70"),
        ({"asin": "B002V1OF70", "minutes": 300.0}, False, "300 and 1262 minutes"),
        ({"size_bytes": 500_100_000}, True, "bytes"),
        ({"size_bytes": 400_000_000}, False, "can be compared"),
        ({"narrators": ("Brick, Scott",)}, True, "read by"),
        ({}, False, "can be compared"),
    ],
)
def test_recordings_are_told_apart(changes: dict[str, Any], same: bool, why: str) -> None:
    verdict = compare_recordings(OURS, RecordingFacts(**changes))
    assert (verdict[0], why in verdict[1]) == (same, True), verdict


def test_another_recording_says_nothing_of_narrator_asin_and_publisher() -> None:
    values = {"narrator": "Simon Vance", "asin": "B000000000", "publisher": "Other", "language": "English"}
    other = says("Dune", values=values, recording=RecordingFacts(("Simon Vance",), 1262.0))
    answer = judged(other)
    assert answer.suggestion is not None
    assert answer.suggestion.values == {"language": "English"}
    assert judged(replace(other, imported_from=True)).values["narrator"] == "Simon Vance"


# --- what is wanted -----------------------------------------------------------------------------------------------

WHOLE = {
    "title": "Dune",
    "author": "Frank Herbert",
    "narrator": "Scott Brick",
    "description": "A planet of sand and worms.",
    "published_year": 1965,
    "language": "English",
    "publisher": "Ace",
    "asin": "B002V1OF70",
    "series": "Dune",
    "series_number": "1",
}


@pytest.mark.parametrize(
    ("changes", "locked", "alone", "fields"),
    [
        ({}, (), None, set()),
        ({"publisher": None}, (), None, {"publisher"}),
        ({"publisher": "Unknown"}, (), None, {"publisher"}),
        ({"publisher": None}, ("publisher",), None, set()),
        ({"asin": None}, (), None, {"isbn", "asin"}),
        ({"series": None, "series_number": None}, (), None, {"series", "series_number"}),
        ({"series": None, "series_number": None}, (), True, set()),
        ({"duration_minutes": None, "subtitle": None}, (), None, set()),
    ],
)
def test_what_is_empty_and_not_settled_is_wanted(
    changes: dict[str, Any], locked: tuple[str, ...], alone: bool | None, fields: set[str]
) -> None:
    assert wanted({**WHOLE, **changes}, locked, alone) == fields


def test_what_is_contradicted_once_wants_a_third_voice() -> None:
    one = MetadataSuggestion("GoogleBooks", {"published_year": "1984", "publisher": "Penguin"})
    assert wanted(WHOLE, (), None, [one]) == {"published_year"}
    assert wanted(WHOLE, ("published_year",), None, [one]) == set()
    assert wanted(WHOLE, (), None, [one, MetadataSuggestion("Goodreads", {"published_year": "1965"})]) == set()


def test_what_a_source_has_given_is_wanted_no_more() -> None:
    given_ = MetadataSuggestion("GoogleBooks", {"publisher": "Ace", "narrator": "Unknown"})
    assert wanted({**WHOLE, "publisher": None, "narrator": None}, (), None, [given_]) == {"narrator"}


_TITLES = ("Dune", "Dune Messiah", "Study Guide to Dune", "Dune Box Set", "The Dune Storybook")


@given(st.lists(st.sampled_from(_TITLES), max_size=6), st.integers())
def test_only_the_work_itself_is_ever_matched_wherever_it_stands(titles: list[str], seed: int) -> None:
    candidates = [says(title, key=str(number)) for number, title in enumerate(titles)]
    Random(seed).shuffle(candidates)
    answer = judged(*candidates)
    assert (answer.verdict == "matched") == ("Dune" in titles)
    assert answer.values.get("title", "Dune") == "Dune"
