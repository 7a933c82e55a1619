"""Books that are works of a series or an author although the library does not count them there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.beside import books_at_places, books_beside, keys_of_book
from mam_assets.domain.books import CatalogEntry, OwnedBook
from mam_assets.domain.names import normalise_title
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


WORDS = st.sampled_from(["The", "Lost", "World", "Dune", "#2", "(Dune, #2)", ":", "-", "A Novel", "Book 3", "Émile",
                         "&amp;", "(Unabridged)", "[MP3]", "Hobbit,", "It's", "Zoë", "2001", "ﬁre", "—"])  # fmt: skip


@given(
    st.lists(st.lists(WORDS, min_size=1, max_size=5), min_size=1, max_size=4), st.lists(WORDS, min_size=1, max_size=5)
)
def test_no_title_is_passed_over_for_its_words(known: list[list[str]], words: list[str]) -> None:
    entries = [CatalogEntry("MAM", str(n), " ".join(title), ("Ann Author",)) for n, title in enumerate(known)]
    book = OwnedBook(1, " ".join(words), ("Ann Author",))
    title = normalise_title(book.title)
    is_titled = title != "" and title in {normalise_title(entry.title) for entry in entries}
    assert bool(books_beside(entries, [book])) is is_titled
