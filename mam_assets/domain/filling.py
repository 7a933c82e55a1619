"""Which books of the library fill gaps that only a list or a person asks for.

Belongs here: the pairing of such gaps with books. Does not belong here: when two works are one (identity), gaps that a
series or an author lacks: their verdicts say whether those are owned (gaps), rows (store).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mam_assets.domain.beside import keys_of_book
from mam_assets.domain.books import OwnedBook, SeriesRef, Work
from mam_assets.domain.identity import same_work
from mam_assets.domain.names import parse_title_series


@dataclass(frozen=True, slots=True)
class ListedGap:
    """An open gap that no series and no author lacks, with every key that it may be found by."""

    gap_id: int
    work: Work
    keys: frozenset[str]


def filled_by(gaps: Iterable[ListedGap], books: Iterable[OwnedBook]) -> dict[int, int]:
    """Which of these gaps are filled, by id → book. A key in common is not enough: book and gap must surely be one
    work. Of several books that are it, the one with the lowest id."""
    by_key: dict[str, list[OwnedBook]] = {}
    for book in sorted(books, key=lambda book: book.book_id):
        for key in keys_of_book(book):
            by_key.setdefault(key, []).append(book)
    found = {}
    for gap in gaps:
        near = {id(book): book for key in gap.keys for book in by_key.get(key, ())}.values()
        same = [book.book_id for book in near if same_work(_work(book), gap.work).is_same]
        if same:
            found[gap.gap_id] = min(same)
    return found


def _work(book: OwnedBook) -> Work:
    bare, named = parse_title_series(book.title)
    return Work(
        title=book.title,
        authors=book.authors,
        series=SeriesRef(book.series_name, book.series_position) if book.series_name else named,
        isbn=book.isbn,
        asin=book.asin,
        other_titles=(bare,) if bare != book.title else (),
    )
