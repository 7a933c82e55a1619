"""Short ways to write catalogue entries and owned books, shared by the tests of gaps."""

from __future__ import annotations

from mam_assets.domain.books import CatalogEntry, OwnedBook, SeriesRef

AUTHOR = ("Arthur Conan Doyle",)


def entry(
    title: str,
    position: str | None = None,
    *,
    source: str = "Goodreads",
    authors: tuple[str, ...] = AUTHOR,
    series: str = "Sherlock Holmes",
    published: str | None = "1900",
    language: str | None = None,
    audiobook: bool | None = None,
    isbn: str | None = None,
    asin: str | None = None,
) -> CatalogEntry:
    return CatalogEntry(
        source=source,
        source_key=f"{source}:{title}:{position}",
        title=title,
        authors=authors,
        series=SeriesRef(series, position) if position is not None else None,
        published=published,
        isbn=isbn,
        asin=asin,
        language=language,
        audiobook=audiobook,
    )


def book(
    book_id: int,
    title: str,
    position: str | None = None,
    *,
    authors: tuple[str, ...] = AUTHOR,
    isbn: str | None = None,
    asin: str | None = None,
    series: str | None = None,
) -> OwnedBook:
    return OwnedBook(book_id, title, authors, position, isbn, asin, series)
