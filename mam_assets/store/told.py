"""What was told of series without being asked for: by stored releases, answers about owned books, authors' catalogues.

Belongs here: SQL that reads such words, and the names by which our series are found. Does not belong here: which series
a word means (domain/finding.py), keeping the works (catalog).
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text

from mam_assets.domain.books import CatalogEntry, Medium, Release, SeriesRef
from mam_assets.domain.finding import NamedSeries


def series_names(connection: Connection) -> list[NamedSeries]:
    """Every series of which a book is owned, with all its names and everyone who wrote a book of it."""
    rows = connection.execute(
        text(
            """
            SELECT s.id, s.name, s.author, array_agg(DISTINCT n.name) FILTER (WHERE n.name IS NOT NULL) AS names,
                   array_agg(DISTINCT a.name) FILTER (WHERE a.name IS NOT NULL) AS authors
            FROM series s
            JOIN book_series bs ON bs.series_id = s.id
            JOIN books b ON b.id = bs.book_id AND b.status IN ('active', 'duplicate')
            LEFT JOIN series_names n ON n.series_id = s.id
            LEFT JOIN book_authors ba ON ba.book_id = b.id LEFT JOIN authors a ON a.id = ba.author_id
            GROUP BY s.id ORDER BY s.id
            """
        )
    )
    return [
        NamedSeries(
            row.id,
            tuple(dict.fromkeys((row.name, *(row.names or ())))),
            tuple(dict.fromkeys(((row.author,) if row.author else ()) + tuple(row.authors or ()))),
        )
        for row in rows
    ]


def releases_in_series(connection: Connection) -> Iterator[Release]:
    """MAM's audiobooks that name a series: only what an entry of a catalogue needs of them."""
    rows = connection.execute(
        text(
            """
            SELECT guid, title, authors, series, language, isbn, asin FROM releases
            WHERE source = 'MAM' AND medium = 'audiobook' AND series <> '[]'::jsonb ORDER BY id
            """
        )
    )
    for row in rows:
        yield Release(
            source="MAM",
            guid=row.guid,
            title=row.title,
            authors=tuple(row.authors),
            series=tuple(SeriesRef(series["name"], series["position"]) for series in row.series),
            medium=Medium.AUDIOBOOK,
            language=row.language,
            isbn=row.isbn,
            asin=row.asin,
        )


def answers_with_series(connection: Connection) -> list[CatalogEntry]:
    """What sources said of the series of owned books, where the answer surely was the same work, as entries. Goodreads'
    own word on a series is its page, which is read; a person's and the library's are the book itself."""
    rows = connection.execute(
        text(
            """
            SELECT m.book_id, m.source, m.source_key, m.values, b.title, b.authors
            FROM metadata_answers m JOIN books b ON b.id = m.book_id
            WHERE m.verdict = 'matched' AND m.source IN ('Audible', 'GoogleBooks', 'MAM') AND b.status = 'active'
              AND coalesce(m.values ->> 'series', '') <> '' AND b.title IS NOT NULL
            ORDER BY m.book_id, m.source
            """
        )
    )
    return [
        CatalogEntry(
            source=row.source,
            source_key=row.source_key or f"book:{row.book_id}",
            title=row.values.get("title") or row.title,
            authors=tuple(row.authors),
            series=SeriesRef(row.values["series"], row.values.get("series_number")),
            published=row.values.get("published_year"),
            isbn=row.values.get("isbn"),
            asin=row.values.get("asin"),
            language=row.values.get("language"),
            audiobook=None if row.source == "GoogleBooks" else True,
        )
        for row in rows
    ]


def volumes_in_series(connection: Connection) -> list[CatalogEntry]:
    """Google's volumes of our authors that name a series."""
    rows = connection.execute(
        text(
            """
            SELECT DISTINCT ON (source_key) source_key, title, authors, series_name, position, published, isbn, language
            FROM catalog_entries
            WHERE author_id IS NOT NULL AND source = 'GoogleBooks' AND series_name IS NOT NULL
            ORDER BY source_key, id
            """
        )
    )
    return [
        CatalogEntry(
            source="GoogleBooks",
            source_key=row.source_key,
            title=row.title,
            authors=tuple(row.authors),
            series=SeriesRef(row.series_name, row.position),
            published=row.published,
            isbn=row.isbn,
            language=row.language,
        )
        for row in rows
    ]


def with_catalogue(connection: Connection) -> set[int]:
    """Series of which some source lists works that exist. Answers about owned books alone are no catalogue: every book
    would be all there is."""
    rows = connection.execute(
        text(
            """
            SELECT DISTINCT series_id FROM catalog_entries
            WHERE series_id IS NOT NULL AND source = 'Goodreads'
            """
        )
    )
    return set(rows.scalars())
