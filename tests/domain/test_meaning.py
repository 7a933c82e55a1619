"""What a person means by a title, and which rows are shown as one thing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.meaning import Hit, meant, nearest, subjects, telling_word

BAUM = ("L. Frank Baum",)


def book(row_id: int, title: str, *authors: str, **more: Any) -> Hit:
    return Hit("book", row_id, title, authors or BAUM, **more)


def gap(row_id: int, title: str, *authors: str, **more: Any) -> Hit:
    return Hit("gap", row_id, title, authors or BAUM, **more)


def work(row_id: int, title: str, *authors: str, **more: Any) -> Hit:
    return Hit("work", row_id, title, authors or BAUM, **more)


SHELF = (
    book(1, "The Wonderful Wizard of Oz", series="Oz"),
    book(2, "Ozma of Oz (Oz, #3)", series="Oz"),
    book(3, "Dorothy and the Wizard in Oz", series="Oz"),
    book(4, "The Time Machine: An Invention", "H. G. Wells"),
    book(5, "The Time Machine Did It", "John Swartzwelder"),
    work(6, "Étranges histoires", "Jules Verne"),
)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Ozma of Oz", {2}),
        ("OZMA OF OZ", {2}),
        ("wonderful wizard of oz", {1}),
        ("The Time Machine", {4}),  # its main title, rather than a longer one
        ("Time Machine Did", {5}),
        ("wizard", {1, 3}),
        ("oz wizard", {1, 3}),
        ("etranges histoires", {6}),
        ("Glinda", set()),
        ("…", set()),
    ],
)
def test_a_title_means_the_closest_of_the_ways_to_read_it(asked: str, found: set[int]) -> None:
    assert {hit.row_id for hit in meant(SHELF, asked)} == found


def test_author_and_series_narrow_by_any_part_of_the_name() -> None:
    twice = (book(1, "Hunger", "Knut Hamsun"), book(2, "Hunger", "Michael Grant", series="Gone"))
    assert [hit.row_id for hit in meant(twice, "Hunger", author="hamsun")] == [1]
    assert [hit.row_id for hit in meant(twice, "Hunger", series="gone")] == [2]
    assert meant(twice, "Hunger", author="Baum") == []


def test_the_telling_word_is_the_longest_without_its_accents() -> None:
    assert telling_word("L'Île mystérieuse") == "mysterieuse"
    assert telling_word("…") == ""


def test_the_nearest_titles_come_best_first_and_only_when_near() -> None:
    assert nearest("Wonderfull Wizzard of Oz", [hit.title for hit in SHELF])[0] == "The Wonderful Wizard of Oz"
    assert nearest("qqqq", [hit.title for hit in SHELF]) == []


class TestWhatIsOneThing:
    def test_a_gap_and_the_entries_of_its_work_are_one(self) -> None:
        (found,) = subjects([gap(7, "Glinda of Oz"), work(31, "Glinda of Oz"), work(32, "Glinda of Oz (Oz, #14)")])
        assert (found.ref, found.ids("work")) == ("gap:7", [31, 32])

    def test_a_book_takes_the_gap_that_it_closed(self) -> None:
        (found,) = subjects([gap(7, "Glinda of Oz", closed=True, book_id=3), book(3, "Glinda of Oz")])
        assert (found.ref, found.ids("gap")) == ("book:3", [7])

    def test_two_recordings_are_two_and_each_shows_the_work(self) -> None:
        found = subjects([book(1, "Kim", "R. Kipling"), book(2, "Kim", "R. Kipling"), work(5, "Kim", "R. Kipling")])
        assert [(subject.ref, subject.ids("work")) for subject in found] == [("book:1", [5]), ("book:2", [5])]

    def test_equal_titles_by_different_authors_are_two(self) -> None:
        assert len(subjects([gap(1, "Hunger", "Knut Hamsun"), gap(2, "Hunger", "Michael Grant")])) == 2

    def test_a_pen_name_in_one_series_is_one_work(self) -> None:
        names = [work(1, "Aunt Jane", "Edith Van Dyne", series_id=4), work(2, "Aunt Jane", *BAUM, series_id=4)]
        assert len(subjects(names)) == 1

    def test_an_entry_that_another_speaks_for_goes_with_it_under_any_title(self) -> None:
        assert len(subjects([work(1, "Aunt Jane"), work(2, "Tante Jane", same_as=1)])) == 1

    def test_the_open_gap_names_the_thing(self) -> None:
        (found,) = subjects([gap(1, "Kim", closed=True), gap(2, "Kim")])
        assert found.ref == "gap:2"


@given(
    st.lists(
        st.builds(
            Hit,
            kind=st.sampled_from(["book", "gap", "work"]),
            row_id=st.integers(1, 5),
            title=st.sampled_from(["Kim", "Kim: A Tale", "Hunger", "…"]),
            authors=st.sampled_from([(), ("A B",), ("C D",)]),
            book_id=st.none() | st.integers(1, 5),
            same_as=st.none() | st.integers(1, 5),
        ),
        max_size=8,
        unique_by=lambda hit: hit.ref,
    )
)
def test_no_row_is_lost_and_no_book_shares_its_chain(hits: list[Hit]) -> None:
    found = subjects(hits)
    assert {hit.ref for subject in found for hit in subject.hits} == {hit.ref for hit in hits}
    assert all(len(subject.ids("book")) <= 1 for subject in found)
