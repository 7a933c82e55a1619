"""Library books beside catalogues: each is recognised however it is spelled, and nothing else is taken for owned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from mam_assets.domain.books import CatalogEntry, OwnedBook
from mam_assets.domain.gaps import AuthorVerdict, SeriesVerdict, WorkStatus, author_gaps, series_gaps
from mam_assets.domain.names import parse_title_series

FILE = Path(__file__).with_name("books_beside_catalogues.txt")
TODAY = date(2026, 1, 1)


@dataclass(frozen=True)
class Book:
    """A book as a library spells it, and the works of the catalogue that it is. ``told`` is "alias" where nothing shows
    that its author is the catalogue's, "doubt" where it may be left to a person, else empty."""

    title: str
    author: str
    place: str | None
    works: frozenset[str]
    told: str


@dataclass
class Shelf:
    """A catalogue, and the books that are held against it one by one."""

    author: str
    series: str
    works: dict[str, str] = field(default_factory=dict)
    books: list[Book] = field(default_factory=list)


def shelves() -> list[Shelf]:
    found: list[Shelf] = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("@ "):
            author, _, series = line.removeprefix("@ ").partition("|")
            found.append(Shelf(author.strip(), series.strip()))
        elif " -> " in line:
            spelled, _, meant = line.rpartition(" -> ")
            title, author, place = (*(part.strip() for part in spelled.split(";")), "", "")[:3]
            told = next((word for word in ("alias", "doubt") if meant.startswith(f"{word} ")), "")
            works = frozenset(meant.removeprefix(told).strip().split(", ")) - {"-"}
            found[-1].books.append(Book(title, author or found[-1].author, place or None, works, told))
        else:
            label, _, title = line.partition(" | ")
            found[-1].works[label] = title
    return found


SHELVES = shelves()
CASES = [(shelf, book) for shelf in SHELVES for book in shelf.books]


def _owned(shelf: Shelf, books: Sequence[Book], pen_names: Sequence[str] = ()) -> frozenset[str]:
    entries = [
        CatalogEntry("goodreads", label, title, (shelf.author,), parse_title_series(title)[1], audiobook=True)
        for label, title in shelf.works.items()
    ]
    owned = [
        OwnedBook(number, book.title, tuple(book.author.split(" & ")), book.place,
                  series_name=shelf.series if book.place else None)
        for number, book in enumerate(books)
    ]  # fmt: skip
    verdict: SeriesVerdict | AuthorVerdict
    if shelf.series:
        verdict = series_gaps(entries, owned, series_name=shelf.series, series_authors=(shelf.author,), today=TODAY)
    else:
        verdict = author_gaps(entries, owned, author=shelf.author, pen_names=pen_names, today=TODAY)
    works = [work for work in verdict.works if work.status is WorkStatus.OWNED]
    return frozenset(entry.source_key for work in works for entry in (work.entry, *work.also))


def test_the_table_asks_more_than_a_thousand_pairs() -> None:
    assert sum(len(shelf.works) * len(shelf.books) for shelf in SHELVES) >= 1_000


@pytest.mark.parametrize(("shelf", "book"), CASES, ids=[f"{shelf.author}: {book.title}" for shelf, book in CASES])
def test_a_book_alone_is_its_work_and_no_other(shelf: Shelf, book: Book) -> None:
    if book.told == "alias":
        assert _owned(shelf, [book]) == frozenset()
    owned = _owned(shelf, [book], [book.author] if book.told == "alias" else ())
    assert owned == book.works or (book.told == "doubt" and not owned)


@pytest.mark.parametrize("shelf", SHELVES, ids=[f"{shelf.author} {shelf.series}" for shelf in SHELVES])
def test_all_books_together_are_the_same_works(shelf: Shelf) -> None:
    books = [book for book in shelf.books if not book.told]
    assert _owned(shelf, books) == frozenset[str]().union(*(book.works for book in books))
