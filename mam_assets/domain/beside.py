"""Books that are works of a series or an author although the library does not count them there.

Belongs here: which of the books beside a catalogue are surely in it. Does not belong here: which work each one is
(ownership).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from mam_assets.domain.books import CatalogEntry, OwnedBook
from mam_assets.domain.folding import words_of
from mam_assets.domain.identity import same_people
from mam_assets.domain.names import normalise_title, parse_title_series
from mam_assets.domain.work_keys import edition_keys, keys_of, places_of


def books_beside(entries: Iterable[CatalogEntry], books: Iterable[OwnedBook]) -> list[OwnedBook]:
    """Which books that the library does not count in a series are surely works of it all the same: the very title, or
    the same ISBN or ASIN. Their places count elsewhere, and are taken off."""
    titles: set[str] = set()
    editions: set[str] = set()
    for entry in entries:
        titles.add(normalise_title(entry.title))
        editions |= edition_keys(entry.isbn, entry.asin)
    titles.discard("")
    first_words = {title.partition(" ")[0] for title in titles}
    return [
        replace(book, title=parse_title_series(book.title)[0], series_position=None, series_name=None)
        for book in books
        if _is_titled(book.title, titles, first_words) or edition_keys(book.isbn, book.asin) & editions
    ]


def _is_titled(title: str, titles: Collection[str], first_words: Collection[str]) -> bool:
    # Most books beside a series are other works, of which the words tell as much before the title is read.
    return not words_of(title).isdisjoint(first_words) and normalise_title(title) in titles


def books_at_places(entries: Iterable[CatalogEntry], books: Iterable[OwnedBook]) -> list[OwnedBook]:
    """Books that are an entry's work by title, series' name and number together, whatever name the author goes by:
    "Aunt Jane's Nieces" are by Edith Van Dyne in one source and by L. Frank Baum in the other."""
    at_place: dict[str, CatalogEntry] = {}
    for entry in entries:
        if entry.series is not None:
            for key in places_of((entry.title,), None, entry.series.name, entry.series.position):
                at_place.setdefault(key, entry)
    found = []
    for book in books if at_place else ():
        if book.series_name is None or book.series_position is None:
            continue
        for key in places_of((parse_title_series(book.title)[0],), None, book.series_name, book.series_position):
            if key in at_place:
                found.append(replace(book, title=at_place[key].title, authors=at_place[key].authors))
    return found


def books_of_co_authors(entries: Iterable[CatalogEntry], books: Iterable[OwnedBook]) -> list[OwnedBook]:
    """Books that are an entry's work by title and one of its authors: the library may name only the other of the two
    who wrote it. Their places are taken off."""
    by_title: dict[str, list[CatalogEntry]] = {}
    for entry in entries:
        if len(entry.authors) > 1 and (title := normalise_title(entry.title)):
            by_title.setdefault(title, []).append(entry)
    return [
        replace(book, title=entry.title, authors=entry.authors, series_position=None, series_name=None)
        for book in books
        for entry in by_title.get(normalise_title(book.title), ())
        if same_people(book.authors, entry.authors).is_same
    ]


def keys_of_book(book: OwnedBook) -> frozenset[str]:
    """The keys under which a book may be the work of a gap."""
    titles = (book.title, parse_title_series(book.title)[0])
    return (
        keys_of(titles, book.authors)
        | places_of(titles, None, book.series_name, book.series_position)
        | edition_keys(book.isbn, book.asin)
    )
