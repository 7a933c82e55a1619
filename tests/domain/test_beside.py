"""Books that are works of a series or an author although the library does not count them there."""

from __future__ import annotations

from mam_assets.domain.beside import books_at_places, books_beside, keys_of_book
from mam_assets.domain.books import OwnedBook
from tests.domain.test_wanting import SHE, entry


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


def test_a_book_is_found_by_its_titles_its_place_and_its_edition() -> None:
    book = OwnedBook(1, "In Society (Nieces, #5)", ("Edith Van Dyne",), "5", "0140328726", series_name="Nieces")
    assert keys_of_book(book) == {"in society|edith van dyne", "in society@nieces@5", "isbn:9780140328721"}
