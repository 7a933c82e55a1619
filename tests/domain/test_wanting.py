"""Which wishes mean one work, and what is owned by another name."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.books import CatalogEntry, OwnedBook, SeriesRef
from mam_assets.domain.gaps import SeriesVerdict, series_gaps
from mam_assets.domain.settling import doubles, settle
from mam_assets.domain.wanting import (
    OpenGap,
    Snapshot,
    Wanted,
    WhyWanted,
    Wishes,
    first_hand,
    keyed_works,
    owned_elsewhere,
    work_key,
)

TODAY = date(2026, 3, 11)


def entry(title: str, author: str, series: str | None = None, position: str | None = None) -> CatalogEntry:
    place = SeriesRef(series, position) if series else None
    return CatalogEntry("Goodreads", f"{series}{title}{position}", title, (author,), series=place)


def judged(
    owner_id: int, name: str, author: str, entries: list[CatalogEntry], owned: tuple[OwnedBook, ...] = ()
) -> tuple[Snapshot, SeriesVerdict]:
    rows = {(e.source, e.source_key): n for n, e in enumerate(entries)}
    snapshot = Snapshot(owner_id, name, (author,), (), tuple(entries), owned, rows)
    return snapshot, series_gaps(entries, owned, series_name=name, series_authors=(author,), today=TODAY)


def wishes_of(judged: list[tuple[Snapshot, SeriesVerdict]], reason: WhyWanted) -> Wishes:
    wishes = Wishes(reason)
    for snapshot, verdict in judged:
        wishes.note(snapshot, keyed_works(snapshot, verdict.works))
    return wishes


def wish(title: str, *authors: str, **more: Any) -> Wanted:
    return Wanted(work_key(title, authors), title, authors, "author_gap", **more)


SHE = [entry("She", "H. Rider Haggard", "She", "1"), entry("She and Allan", "H. Rider Haggard", "She", "3")]
ALLAN = [entry("She and Allan", "H. Rider Haggard", "Allan Quatermain", "11")]


def test_a_work_that_one_series_owns_is_owned_in_the_other() -> None:
    book = OwnedBook(7, "She and Allan", ("H. Rider Haggard",), "11", series_name="Allan Quatermain")
    both = [
        judged(1, "She", "H. Rider Haggard", SHE, (OwnedBook(6, "She", ("H. Rider Haggard",), "1"),)),
        judged(2, "Allan Quatermain", "H. Rider Haggard", ALLAN, (book,)),
    ]
    keyed = {snapshot.owner_id: keyed_works(snapshot, verdict.works) for snapshot, verdict in both}
    owned = {key: book for key, book in first_hand(keyed[2]).items() if book is not None}
    assert [book.book_id for book in owned_elsewhere(both[0][0], keyed[1], owned)] == [7]
    assert owned_elsewhere(both[1][0], keyed[2], {}) == ()
    assert wishes_of(both, "series_gap").wanted == ()


def test_volumes_that_bear_one_title_are_wanted_each() -> None:
    saga = [entry("Saga", "Ann Author", "Saga", str(n)) for n in (1, 2, 3)]
    owned = (OwnedBook(1, "Saga", ("Ann Author",), "1"),)
    wishes = wishes_of([judged(1, "Saga", "Ann Author", saga, owned)], "series_gap")
    assert [(want.work_key, want.series_number) for want in wishes.wanted] == [
        ("saga|ann author|2", "2"),
        ("saga|ann author|3", "3"),
    ]
    assert len(settle(wishes.wanted, [])) == 2


def test_nothing_is_wanted_of_a_series_of_which_no_book_is_left() -> None:
    snapshot, verdict = judged(1, "She", "H. Rider Haggard", SHE)
    gone = Snapshot(1, "She", snapshot.authors, (), snapshot.entries, (), snapshot.rows, collected=False)
    assert wishes_of([(gone, verdict)], "series_gap").wanted == ()


@pytest.mark.parametrize(
    ("gap", "want", "same"),
    [
        (OpenGap("wrong box|a", "The Wrong Box", ("A", "B")), wish("The Wrong Box", "B", "A"), True),
        (OpenGap("wrong box|a", "The Wrong Box", ("A",)), wish("The Wrong Box", "C"), False),
        (OpenGap("n|a", "Northern Lights", ("A",), ("The Golden Compass",)), wish("The Golden Compass", "A"), True),
        (
            OpenGap("si fan mysteries|sax rohmer", "The Si-Fan Mysteries", ("Sax Rohmer",), (), 4, "Fu Manchu", "3"),
            wish("Si-Fan Mysteries and Others", "Sax Rohmer", series_id=4, series_name="Fu Manchu", series_number="3"),
            True,
        ),
        (
            OpenGap("si fan mysteries|sax rohmer", "The Si-Fan Mysteries", ("Sax Rohmer",), (), 4, "Fu Manchu", "3"),
            wish("The Golden Scorpion", "Sax Rohmer", series_id=4, series_name="Fu Manchu", series_number="3"),
            False,
        ),
        (
            OpenGap("m|v", "Aunt Jane's Nieces", ("Edith Van Dyne",), (), 4, "Aunt Jane's Nieces", "1"),
            wish("Aunt Jane's Nieces", "L. Frank Baum", series_name="Aunt Jane's Nieces", series_number="1"),
            True,
        ),
        (
            OpenGap("x|a", "One", ("A",), (), 4, "Saga", "1"),
            wish("Two", "A", series_id=4, series_name="Saga", series_number="2"),
            False,
        ),
        (OpenGap("u|a", "Untitled", ("A",), goodreads_id="7"), wish("The Winds", "A", goodreads_id="7"), True),
        (OpenGap("w|a", "The Winds", ("A",), isbn="9780140328721"), wish("Winds", "A", isbn="0140328726"), True),
        (OpenGap("o|a", "One", ("A",), isbn="9780140328721"), wish("Another", "A", isbn="0140328726"), False),
    ],
    ids=[
        "co-authors",
        "namesake title",
        "another title",
        "place",
        "another title at a place",
        "pen name",
        "another volume",
        "renamed at its source",
        "an edition",
        "two works under one ISBN",
    ],
)
def test_a_wish_is_an_open_gap_when_they_mean_one_work(gap: OpenGap, want: Wanted, same: bool) -> None:
    (settled,) = settle([want], [gap])
    assert (settled.work_key == gap.work_key) is same


def test_a_gap_is_found_by_any_of_its_titles_and_authors() -> None:
    gap = OpenGap("n|a", "Northern Lights", ("A", "B"), ("The Golden Compass",))
    assert "golden compass|b" in gap.keys
    assert "golden compass|c" not in gap.keys


titles = st.sampled_from(["The Wrong Box", "Wrong Box", "Kim", "Saga", "Emma"])
people = st.lists(st.sampled_from(["Ann Able", "Bob Baker", "Carl Cook"]), min_size=1, max_size=2, unique=True)


@given(st.lists(st.tuples(titles, people), max_size=8))
def test_settled_wishes_have_keys_of_their_own_and_settle_to_themselves(pairs: list[tuple[str, list[str]]]) -> None:
    settled = settle([wish(title, *authors) for title, authors in pairs], [])
    keys = [want.work_key for want in settled]
    assert len(keys) == len(set(keys))
    gaps = [OpenGap(want.work_key, want.title, want.authors) for want in settled]
    assert [want.work_key for want in settle(settled, gaps)] == keys


def gap(gap_id: int, title: str, author: str, status: str = "identified", **more: object) -> OpenGap:
    return OpenGap(work_key(title, (author,)), title, (author,), gap_id=gap_id, download_status=status, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("gaps", "pairs"),
    [
        ([gap(1, "Emma", "A"), gap(2, "Emma", "B")], []),
        (
            [gap(1, "Northern Lights", "A"), gap(2, "The Golden Compass", "A", other_titles=("Northern Lights",))],
            [(1, 2)],
        ),
        ([gap(1, "One", "A", goodreads_id="7"), gap(2, "Two", "A", "downloading", goodreads_id="7")], [(2, 1)]),
        ([gap(1, "One", "A", goodreads_id="7"), gap(2, "Two", "A", "ignored", goodreads_id="7")], [(2, 1)]),
        (
            [gap(1, "One", "A", "queued", goodreads_id="7"), gap(2, "Two", "A", "downloading", goodreads_id="7")],
            [],
        ),
        (
            [gap(1, "Saga", "A", series_id=4, series_number="1"), gap(2, "Saga!", "A", series_id=4, series_number="2")],
            [],
        ),
    ],
    ids=["namesakes", "two titles", "under way", "ignored", "both under way", "two volumes"],
)
def test_of_two_gaps_for_one_work_one_is_kept(gaps: list[OpenGap], pairs: list[tuple[int, int]]) -> None:
    assert [(kept.gap_id, double.gap_id) for kept, double in doubles(gaps)] == pairs


def test_a_wish_of_two_owners_is_out_as_soon_as_one_says_so_and_known_by_both_titles() -> None:
    early = wish("The Golden Compass", "A", goodreads_id="7", status="upcoming", published="2027", author_id=3)
    late = wish("Northern Lights", "A", goodreads_id="7", published="1995", series_id=4, series_number="1", priority=1)
    (settled,) = settle([early, late], [])
    assert (settled.status, settled.published, settled.priority) == ("identified", "1995", 1)
    assert (settled.series_id, settled.author_id, settled.series_number) == (4, 3, "1")
    assert settled.other_titles == ("Northern Lights",)


def test_a_wish_is_dated_by_the_earliest_date_of_any_source() -> None:
    she = CatalogEntry("Goodreads", "1", "She", ("H",), SeriesRef("She", "1"), published="2028-05-01")
    also = CatalogEntry("Audible", "2", "She", ("H",), SeriesRef("She", "1"), published="2027-12")
    (want,) = wishes_of([judged(1, "She", "H", [she, also])], "series_gap").wanted
    assert (want.status, want.published) == ("upcoming", "2027-12")
