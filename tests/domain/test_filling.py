"""Which book is surely the work of a gap that only a list or a person asks for."""

from __future__ import annotations

from mam_assets.domain.books import OwnedBook, SeriesRef, Work
from mam_assets.domain.filling import ListedGap, filled_by
from mam_assets.domain.work_keys import keys_of


def listed(title: str, *authors: str, series: SeriesRef | None = None) -> ListedGap:
    return ListedGap(7, Work(title, authors, series), keys_of([title], authors))


def test_a_book_of_the_same_title_and_author_fills_the_gap() -> None:
    assert filled_by([listed("Kim", "Rudyard Kipling")], [OwnedBook(1, "Kim", ("Rudyard Kipling",))]) == {7: 1}


def test_of_several_books_the_first_fills_it() -> None:
    books = [OwnedBook(number, "Kim", ("Rudyard Kipling",)) for number in (5, 2, 9)]
    assert filled_by([listed("Kim", "Rudyard Kipling")], books) == {7: 2}


def test_a_key_in_common_is_not_enough() -> None:
    gap = listed("Saga", "Ann Bell", series=SeriesRef("Saga", "1"))
    assert filled_by([gap], [OwnedBook(1, "Saga", ("Ann Bell",), "2", series_name="Saga")]) == {}


def test_without_a_key_in_common_nothing_is_compared() -> None:
    gap = ListedGap(7, Work("Kim", ("Rudyard Kipling",)), frozenset())
    assert filled_by([gap], [OwnedBook(1, "Kim", ("Rudyard Kipling",))]) == {}


def test_the_series_in_a_title_is_no_part_of_it() -> None:
    book = OwnedBook(1, "The Long Road (Roads, #1)", ("Ann Bell",))
    assert filled_by([listed("The Long Road", "Ann Bell")], [book]) == {7: 1}
