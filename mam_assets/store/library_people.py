"""The authors and series that items name: their rows, and their ties to books.

Belongs here: SQL on authors, series, series_names and the tables between them and books, as a read of the library needs
it. Does not belong here: the books themselves (library_items), merging series (series_identity).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, text, tuple_

from mam_assets.domain.books import SeriesRef
from mam_assets.domain.library import KnownSeries, SeriesUse, match_series, person_key, series_key
from mam_assets.store.copying import copy_rows
from mam_assets.store.tables import BookAuthor, BookSeries, Series


@dataclass(frozen=True, slots=True)
class Tied:
    """The book that an item is, the persons and series that it names, and which of its ties are to be made again."""

    item: str
    book_id: int
    people: tuple[str, ...]
    series: tuple[SeriesRef, ...]
    authors_changed: bool = True
    series_changed: bool = True


def tie(connection: Connection, books: Sequence[Tied], now: datetime, *, fresh: Collection[int] = ()) -> None:
    """Tie books to their authors and series, which are added where they are new. ``fresh`` books have no ties yet."""
    author_ids = _save_authors(connection, (name for book in books for name in book.people), now)
    series_ids = _save_series(connection, [book for book in books if book.series_changed], author_ids, now)
    untie_authors = [book.book_id for book in books if book.authors_changed and book.book_id not in fresh]
    if untie_authors:
        connection.execute(delete(BookAuthor).where(BookAuthor.book_id.in_(untie_authors)))
    untie_series = [book.book_id for book in books if book.series_changed and book.book_id not in fresh]
    if untie_series:
        connection.execute(delete(BookSeries).where(BookSeries.book_id.in_(untie_series)))
    authors = {
        (book.book_id, author_ids[person_key(name)]): ordinal
        for book in books
        if book.authors_changed
        for ordinal, name in enumerate(book.people)
    }
    places: dict[tuple[int, int], tuple[str | None, int]] = {}
    for book in books:
        for ordinal, ref in enumerate(book.series if book.series_changed else ()):
            series_id = series_ids.get((book.item, series_key(ref.name, book.people)))
            if series_id is not None:
                places.setdefault((book.book_id, series_id), (ref.position, ordinal))
    if authors:
        rows = ((*ids, ordinal) for ids, ordinal in authors.items())
        copy_rows(connection, "book_authors", ("book_id", "author_id", "ordinal"), rows)
    if places:
        copy_rows(
            connection,
            "book_series",
            ("book_id", "series_id", "position", "ordinal"),
            ((*ids, *place) for ids, place in places.items()),
        )


def _save_authors(connection: Connection, names: Iterable[str], now: datetime) -> dict[str, int]:
    """Ids by key; new authors are added under the first spelling met."""
    by_key: dict[str, str] = {}
    for name in names:
        by_key.setdefault(person_key(name), name)
    found = _author_ids(connection, by_key)
    missing = [(name, key) for key, name in by_key.items() if key not in found]
    if missing:
        connection.execute(
            text(
                """
                INSERT INTO authors (name, name_key, date_created, date_updated)
                SELECT name, name_key, :now, :now
                FROM unnest(CAST(:names AS text[]), CAST(:keys AS text[])) AS new (name, name_key)
                ON CONFLICT (name) DO NOTHING
                """
            ),
            {"names": [name for name, _ in missing], "keys": [key for _, key in missing], "now": now},
        )
        # By name as well: a row may stand there under the key of an older way to make keys.
        rows = connection.execute(
            text("SELECT name, id FROM authors WHERE name = ANY(CAST(:names AS text[]))"),
            {"names": [name for name, _ in missing]},
        )
        ids = {row.name: row.id for row in rows}
        found |= {key: ids[name] for name, key in missing}
    return found


def _author_ids(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    statement = text(
        "SELECT name_key, min(id) AS id FROM authors WHERE name_key = ANY(CAST(:keys AS text[])) GROUP BY name_key"
    )
    wanted = list(keys)
    return {row.name_key: row.id for row in connection.execute(statement, {"keys": wanted})} if wanted else {}


def _save_series(
    connection: Connection, books: Sequence[Tied], author_ids: Mapping[str, int], now: datetime
) -> dict[tuple[str, str], int]:
    """Ids by (item, key). A series is found by any name it is known under and any author of its books, so that merged
    series stay merged, and co-authors may be named in any order."""
    wanted = [
        SeriesUse(book.item, ref.name, key, tuple(person_key(name) for name in book.people))
        for book in books
        for ref in book.series
        if (key := series_key(ref.name, book.people))
    ]
    if not wanted:
        return {}
    found, new = match_series(wanted, _known_series(connection, {use.name_key for use in wanted}))
    shown = {person_key(name): name for book in books for name in book.people}
    if new:
        connection.execute(
            text(
                """
                INSERT INTO series (name, author, author_id, name_key, author_key, date_created, date_updated)
                SELECT name, author, author_id, name_key, author_key, :now, :now
                FROM unnest(CAST(:names AS text[]), CAST(:authors AS text[]), CAST(:author_ids AS bigint[]),
                            CAST(:keys AS text[]), CAST(:author_keys AS text[]))
                     AS new (name, author, author_id, name_key, author_key)
                ON CONFLICT (name_key, author_key) DO NOTHING
                """
            ),
            {
                "names": [use.name for use in new],
                "authors": [shown.get(use.author_key) for use in new],
                "author_ids": [author_ids.get(use.author_key) for use in new],
                "keys": [use.name_key for use in new],
                "author_keys": [use.author_key for use in new],
                "now": now,
            },
        )
        keys = [(use.name_key, use.author_key) for use in new]
        stored = connection.execute(
            select(Series.name_key, Series.author_key, Series.id).where(
                tuple_(Series.name_key, Series.author_key).in_(keys)
            )
        )
        made = {(row.name_key, row.author_key): row.id for row in stored}
        found |= {
            (use.item, use.name_key): made[known.name_key, known.author_key] for known in new for use in known.uses
        }
    _save_names(connection, {(found[use.item, use.name_key], use.name, use.name_key) for use in wanted})
    return found


def _save_names(connection: Connection, names: Collection[tuple[int, str, str]]) -> None:
    ids, shown, keys = zip(*sorted(names), strict=True)
    connection.execute(
        text(
            """
            INSERT INTO series_names (series_id, name, name_key, source)
            SELECT series_id, name, name_key, 'Audiobookshelf'
            FROM unnest(CAST(:ids AS bigint[]), CAST(:names AS text[]), CAST(:keys AS text[]))
                 AS new (series_id, name, name_key)
            ON CONFLICT DO NOTHING
            """
        ),
        {"ids": list(ids), "names": list(shown), "keys": list(keys)},
    )


def _known_series(connection: Connection, name_keys: Iterable[str]) -> list[KnownSeries]:
    """The series that go by these names, each with everyone who wrote a book of it."""
    rows = connection.execute(
        text(
            """
            SELECT n.name_key, s.id, array_agg(DISTINCT a.name_key) FILTER (WHERE a.name_key <> '')
                   || CASE WHEN s.author_key <> '' THEN ARRAY[s.author_key] ELSE ARRAY[]::text[] END AS people
            FROM (SELECT DISTINCT name_key, series_id FROM series_names WHERE name_key = ANY(CAST(:keys AS text[]))
                  UNION SELECT name_key, id FROM series WHERE name_key = ANY(CAST(:keys AS text[]))) n
            JOIN series s ON s.id = n.series_id
            LEFT JOIN book_series bs ON bs.series_id = s.id
            LEFT JOIN book_authors ba ON ba.book_id = bs.book_id
            LEFT JOIN authors a ON a.id = ba.author_id
            GROUP BY n.name_key, s.id ORDER BY s.id
            """
        ),
        {"keys": sorted(name_keys)},
    )
    return [KnownSeries(row.id, row.name_key, frozenset(row.people or ())) for row in rows]
