"""The ranks of a weekly list, and what a release is to us: in doubt neither owned nor wanted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.books import Medium, Release, SeriesRef, Work
from mam_assets.domain.discovering import (
    NearBook,
    NearGap,
    Surroundings,
    judge_uploads,
    rank,
    refusal,
    surname_keys,
    wanted_surnames,
)
from mam_assets.domain.identity import pen_name_map

NOW = datetime(2026, 3, 8, 3, tzinfo=UTC)
WEEK_AGO = NOW - timedelta(days=7)


def release(guid: str, title: str, *authors: str, snatched: int | None = 10, **more: Any) -> Release:
    plain = Release(
        "MAM",
        guid,
        title,
        authors or ("Jane Austen",),
        medium=Medium.AUDIOBOOK,
        language="English",
        snatched=snatched,
        seeders=5,
        added_at=NOW - timedelta(days=1),
    )
    return replace(plain, **more)


def ranked(*releases: Release, places: int = 10) -> list[tuple[str, tuple[str, ...]]]:
    found = rank(releases, places=places, since=WEEK_AGO, languages=("English",))
    return [(place.release.guid, tuple(other.guid for other in place.others)) for place in found]


# --- ranks --------------------------------------------------------------------------------------------------------


def test_the_most_snatched_come_first_and_ties_are_broken_by_seeders_then_age_then_id() -> None:
    listed = (
        release("9", "Persuasion", snatched=5),
        release("10", "Emma", snatched=9, seeders=1),
        release("11", "Lady Susan", snatched=9, seeders=7),
        release("12", "The Watsons", snatched=9, seeders=7, added_at=NOW - timedelta(days=2)),
        release("13", "Sanditon", snatched=None, seeders=None),
        release("8", "Mansfield Park", snatched=5),
    )
    expected = ["12", "11", "10", "8", "9", "13"]
    assert [guid for guid, _ in ranked(*listed)] == expected
    assert [guid for guid, _ in ranked(*listed[::-1])] == expected


def test_one_work_has_one_rank_where_its_best_release_stands() -> None:
    listed = (
        release("1", "Emma", snatched=9, narrators=("One",)),
        release("2", "Persuasion", snatched=8),
        release("3", "Emma (Unabridged)", "Austen, Jane", snatched=7, narrators=("Two",)),
        release("4", "Emma", "Somebody Else", snatched=6),
    )
    assert ranked(*listed) == [("1", ("3",)), ("2", ()), ("4", ())]


def test_a_release_that_could_never_be_taken_gives_way_to_one_of_the_same_work() -> None:
    listed = (
        release("1", "Emma", snatched=9, abridged=True),
        release("2", "Persuasion", snatched=8),
        release("3", "Emma", snatched=1),
    )
    assert ranked(*listed) == [("3", ("1",)), ("2", ())]
    assert ranked(*listed[:2]) == [("1", ()), ("2", ())]


def test_two_titles_at_one_place_of_a_series_keep_a_rank_each() -> None:
    """Uploaders mistake numbers; two names of one work are rather listed twice than one work hidden."""
    places = (SeriesRef("Austen", "4"),)
    listed = (
        release("1", "Emma", snatched=9, series=places),
        release("2", "Persuasion", snatched=8, series=places),
        release("3", "Emma: A Comedy of Manners", snatched=7, series=places),
    )
    assert ranked(*listed) == [("1", ("3",)), ("2", ())]


@pytest.mark.parametrize("medium", [Medium.EBOOK, Medium.MUSIC, Medium.RADIO, Medium.UNKNOWN])
def test_what_is_not_surely_an_audiobook_is_never_listed(medium: Medium) -> None:
    assert ranked(release("1", "Emma", medium=medium)) == []


def test_what_was_uploaded_before_the_week_is_left_out_and_an_unknown_date_is_not() -> None:
    listed = (
        release("1", "Emma", added_at=WEEK_AGO - timedelta(seconds=1)),
        release("2", "Persuasion", added_at=WEEK_AGO),
        release("3", "Sanditon", added_at=None),
    )
    assert {guid for guid, _ in ranked(*listed)} == {"2", "3"}


def test_fewer_than_ten_are_fine_and_no_more_than_asked_are_kept() -> None:
    listed = [release(str(number), f"Book {name}", snatched=number) for number, name in enumerate("ABCDEFGHIJKL")]
    assert len(ranked(*listed)) == 10
    assert len(ranked(*listed, places=3)) == 3
    assert ranked(*listed, places=0) == []
    assert ranked() == []


titles = st.sampled_from(["Emma", "Emma: A Novel", "EMMA (Unabridged)", "Persuasion", "1984", "?!", "Kim"])
releases = st.builds(
    lambda guid, title, author, snatched, seeders: release(
        str(guid), title, author, snatched=snatched, seeders=seeders
    ),
    st.integers(1, 30),
    titles,
    st.sampled_from(["Jane Austen", "Austen, Jane", "J. Austen", "Various", "Rudyard Kipling", ""]),
    st.none() | st.integers(0, 5),
    st.none() | st.integers(0, 3),
)


@given(st.lists(releases, unique_by=lambda r: r.guid), st.randoms())
def test_the_order_in_which_mam_answers_changes_nothing(listed: list[Release], dice: Any) -> None:
    shuffled = list(listed)
    dice.shuffle(shuffled)
    assert ranked(*shuffled) == ranked(*listed)
    guids = [guid for first, others in ranked(*listed, places=99) for guid in (first, *others)]
    assert sorted(guids) == sorted(one.guid for one in listed)


# --- standing -----------------------------------------------------------------------------------------------------

EMMA = NearBook(1, Work("Emma", ("Jane Austen",)), owned=True)
FELLOWSHIP = NearBook(
    2, Work("The Fellowship of the Ring", ("J.R.R. Tolkien",), SeriesRef("The Lord of the Rings", "1")), owned=True
)
MISTBORN = NearBook(
    3, Work("Mistborn Trilogy Boxed Set", ("Brandon Sanderson",), SeriesRef("Mistborn", "1-3")), owned=True
)
NIECES = NearBook(4, Work("Aunt Jane's Nieces", ("Edith Van Dyne",)), owned=True)
LEFT_HAND = NearBook(5, Work("The Left Hand of Darkness", ("Ursula K. Le Guin",)), owned=True)
OMENS = NearGap(7, Work("Good Omens", ("Terry Pratchett", "Neil Gaiman")), "identified")
NEAR = Surroundings(
    [EMMA, FELLOWSHIP, MISTBORN, NIECES, LEFT_HAND],
    [OMENS],
    writers=["Jane Austen", "Ursula K. Le Guin", "Various"],
    pen_names=pen_name_map([["L. Frank Baum", "Edith Van Dyne"]]),
)


@pytest.mark.parametrize(
    ("offered", "outcome", "book_id"),
    [
        (release("1", "Emma"), "owned", 1),
        (release("1", "Emma (Unabridged)", "Austen, Jane"), "owned", 1),
        (release("1", "The Lord of the Rings 01 - The Fellowship of the Ring", "J. R. R. Tolkien"), "owned", 2),
        (release("1", "The Fellowship of the Ring (The Lord of the Rings, #1)", "Tolkien, J.R.R."), "owned", 2),
        (
            release(
                "1",
                "The Fellowship of the Ring",
                "John Ronald Reuel Tolkien",
                series=(SeriesRef("Lord of the Rings", "1"),),
            ),
            "owned",
            2,
        ),
        (release("1", "The Well of Ascension", "Brandon Sanderson", series=(SeriesRef("Mistborn", "2"),)), "owned", 3),
        (release("1", "Aunt Jane's Nieces", "L. Frank Baum"), "owned", 4),
        (release("1", "The Left Hand of Darkness", "Ursula LeGuin"), "owned", 5),
        (release("1", "Emma", "Somebody Else"), "new", None),
        (release("1", "Persuasion"), "new", None),
        (release("1", "The Alloy of Law", "Brandon Sanderson", series=(SeriesRef("Mistborn", "4"),)), "new", None),
        (release("1", "Emma", "J. Austen"), "doubtful", None),
        (
            release("1", "The Two Towers", "J.R.R. Tolkien", series=(SeriesRef("Lord of the Rings", "1"),)),
            "doubtful",
            None,
        ),
        (release("1", "Emma: Volume the First of Three"), "doubtful", None),
    ],
)
def test_a_listed_release_is_owned_only_beyond_doubt(offered: Release, outcome: str, book_id: int | None) -> None:
    found = NEAR.standing(offered, ("English",))
    assert (found.outcome, found.book_id) == (outcome, book_id)
    assert found.reason


def test_a_work_that_is_a_gap_is_pursued_and_a_doubtful_gap_is_not_opened_again() -> None:
    assert NEAR.standing(release("1", "Good Omens", "Neil Gaiman", "Terry Pratchett")).gap_id == 7
    assert NEAR.standing(release("1", "Good Omens", "T. Pratchett")).outcome == "doubtful"


@pytest.mark.parametrize(
    ("offered", "says"),
    [
        (release("1", "Emma", language="German"), "German is none of the languages wanted (English)"),
        (release("1", "Emma", dramatised=True), "dramatised"),
        (release("1", "Emma", abridged=True), "abridged"),
        (release("1", "Novels, Books 1-6"), "collection"),
        (release("1", "Emma, Part 1 of 2"), "part"),
        (release("1", "Summary of Emma by Jane Austen"), "summary"),
        (release("1", "Emma", series=(SeriesRef("Austen", "1-3"),)), "collection"),
        (release("1", "Emma", "Various"), "names no author"),
        (release("1", "Emma", "Unknown", ""), "names no author"),
        (replace(release("1", "Emma"), authors=()), "names no author"),
        (release("1", "?!"), "no letter or digit"),
        (release("1", "Emma", medium=Medium.EBOOK), "no audiobook"),
    ],
)
def test_what_could_never_be_taken_is_refused_with_a_reason(offered: Release, says: str) -> None:
    assert says in (refusal(offered, ("English",)) or "")
    assert Surroundings().standing(offered, ("English",)).outcome == "refused"
    assert Surroundings().standing_of_upload(offered, ("English",)).outcome == "refused"


@pytest.mark.parametrize("language", [None, "Other", "", "English", "en"])
def test_a_language_that_is_wanted_or_not_told_refuses_nothing(language: str | None) -> None:
    assert refusal(release("1", "Emma", language=language), ("English",)) is None
    assert refusal(release("1", "Emma", language="German"), ()) is None


def test_authors_that_are_nobody_are_never_the_same() -> None:
    unknown = Surroundings([NearBook(1, Work("Fairy Tales", ("Unknown",)), owned=True)], writers=["Unknown"])
    offered = release("1", "Fairy Tales", "Unknown")
    assert unknown.standing(offered).outcome in ("refused", "doubtful")
    assert not unknown.by_a_writer_of_ours(offered)
    assert surname_keys(["Various", "Unknown", ""]) == frozenset()


@pytest.mark.parametrize(
    ("author", "ours"),
    [("Jane Austen", True), ("Austen, Jane", True), ("Ursula LeGuin", True), ("J. Austen", False), ("Various", False)],
)
def test_a_writer_of_ours_is_known_by_any_spelling_and_never_by_the_surname_alone(author: str, ours: bool) -> None:
    assert NEAR.by_a_writer_of_ours(release("1", "Anything", author)) is ours


@pytest.mark.parametrize(
    ("offered", "kept"),
    [
        (release("1", "New", "A. Nother", categories=(47,)), True),
        (release("1", "New", "A. Nother", categories=(46,)), False),
        (release("1", "New", "Jane Austen", categories=(46,)), True),
        (release("1", "Good Omens", "Neil Gaiman", categories=(46,)), True),
        (release("1", "New", "Jane Austen", categories=(47,), medium=Medium.EBOOK), False),
    ],
)
def test_an_upload_concerns_us_by_genre_by_author_or_by_a_gap(offered: Release, kept: bool) -> None:
    assert NEAR.concerns_us(offered, {47}) is kept


# --- uploads ------------------------------------------------------------------------------------------------------


def test_several_uploads_of_one_new_work_are_one_book() -> None:
    uploads = [
        (11, release("1", "Kim", "Rudyard Kipling")),
        (12, release("2", "Kim (Unabridged)", "Kipling, Rudyard")),
        (13, release("3", "Kim", "Somebody Else")),
        (14, release("4", "Emma", "Jane Austen")),
        (15, release("5", "Good Omens", "Neil Gaiman")),
    ]
    near = Surroundings([EMMA], [OMENS])
    judged = judge_uploads(uploads, near, ("English",))
    assert [(one.standing.outcome, one.same_as, one.gap_id) for one in judged] == [
        ("new", None, None),
        ("known", 11, None),
        ("new", None, None),
        ("owned", None, None),
        ("new", None, 7),
    ]


def test_a_name_turned_round_is_found_under_its_surname() -> None:
    assert wanted_surnames(["King Stephen"]) & surname_keys(["Stephen King"])
    assert wanted_surnames(["Ursula Le Guin"]) & surname_keys(["Ursula LeGuin"])
    assert wanted_surnames(["Terry Pratchett & Neil Gaiman"]) >= {"pratchett", "gaiman"}
