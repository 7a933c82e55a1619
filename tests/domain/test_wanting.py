"""Which wishes mean one work, and what is owned by another name."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.books import CatalogEntry, OwnedBook, SeriesRef
from mam_assets.domain.gaps import SeriesVerdict, series_gaps
from mam_assets.domain.wanting import (
    OpenGap,
    Snapshot,
    Wanted,
    books_at_places,
    books_beside,
    filled,
    owned_elsewhere,
    settle,
    wishes_of,
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


def wish(title: str, *authors: str, **more: object) -> Wanted:
    return Wanted(work_key(title, authors), title, authors, "author_gap", **more)  # type: ignore[arg-type]


SHE = [entry("She", "H. Rider Haggard", "She", "1"), entry("She and Allan", "H. Rider Haggard", "She", "3")]
ALLAN = [entry("She and Allan", "H. Rider Haggard", "Allan Quatermain", "11")]


def test_a_work_that_one_series_owns_is_owned_in_the_other() -> None:
    book = OwnedBook(7, "She and Allan", ("H. Rider Haggard",), "11", series_name="Allan Quatermain")
    both = [
        judged(1, "She", "H. Rider Haggard", SHE, (OwnedBook(6, "She", ("H. Rider Haggard",), "1"),)),
        judged(2, "Allan Quatermain", "H. Rider Haggard", ALLAN, (book,)),
    ]
    assert [(owner, [b.book_id for b in books]) for owner, books in owned_elsewhere(both).items()] == [(1, [7])]
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
            wish("The Hand of Fu-Manchu", "Sax Rohmer", series_id=4, series_name="Fu Manchu", series_number="3"),
            True,
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
    ],
    ids=["co-authors", "namesake title", "another title", "place", "pen name", "another volume"],
)
def test_a_wish_is_an_open_gap_when_they_mean_one_work(gap: OpenGap, want: Wanted, same: bool) -> None:
    (settled,) = settle([want], [gap])
    assert (settled.work_key == gap.work_key) is same


def test_a_gap_is_filled_by_any_of_its_titles_and_authors() -> None:
    gap = OpenGap("n|a", "Northern Lights", ("A", "B"), ("The Golden Compass",))
    assert filled([gap], {"golden compass|b": 5}) == {"n|a": 5}
    assert filled([gap], {"golden compass|c": 5}) == {}


def test_a_book_of_another_series_counts_by_its_title_alone_and_not_by_its_number() -> None:
    books = [
        OwnedBook(1, "She and Allan (Allan Quatermain, #11)", ("H. Rider Haggard",), "11", series_name="Allan"),
        OwnedBook(2, "Marie", ("H. Rider Haggard",), "1", series_name="Allan"),
    ]
    (beside,) = books_beside(SHE, books)
    assert (beside.book_id, beside.title, beside.series_position) == (1, "She and Allan", None)


def test_a_book_under_a_pen_name_counts_where_title_series_and_number_agree() -> None:
    entries = [entry("In Society", "L. Frank Baum", "Aunt Jane's Nieces", "5")]
    book = OwnedBook(1, "In Society", ("Edith Van Dyne",), "5", series_name="Aunt Jane's Nieces")
    (found,) = books_at_places(entries, [book])
    assert found.authors == ("L. Frank Baum",)
    assert books_at_places(entries, [OwnedBook(1, "In Society", ("E",), "6", series_name="Aunt Jane's Nieces")]) == []


titles = st.sampled_from(["The Wrong Box", "Wrong Box", "Kim", "Saga", "Emma"])
people = st.lists(st.sampled_from(["Ann Able", "Bob Baker", "Carl Cook"]), min_size=1, max_size=2, unique=True)


@given(st.lists(st.tuples(titles, people), max_size=8))
def test_settled_wishes_have_keys_of_their_own_and_settle_to_themselves(pairs: list[tuple[str, list[str]]]) -> None:
    settled = settle([wish(title, *authors) for title, authors in pairs], [])
    keys = [want.work_key for want in settled]
    assert len(keys) == len(set(keys))
    gaps = [OpenGap(want.work_key, want.title, want.authors) for want in settled]
    assert [want.work_key for want in settle(settled, gaps)] == keys
