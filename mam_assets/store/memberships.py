"""The series and authors of one book, set by a correction: rows of `book_series` and `book_authors`.

Belongs here: linking one book to a series or to its authors by name. Does not belong here: what a library read shows of
many books at once (library), merging series (catalog).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from mam_assets.domain.library import KnownSeries, SeriesUse, match_series, person_key, series_key
from mam_assets.store.tables import Author, Book, BookAuthor, BookSeries, Series, SeriesName


def link_series(
    connection: Connection, book_id: int, name: str, position: str | None, *, source: str, now: datetime
) -> int | None:
    """Make a series the book's first one, at this place; whatever was its first one is unlinked. Returns the series.

    The series is found by any name it is known under that shares an author with the book, else made. ``source`` is
    whose spelling the name is. None, and nothing changed, where nothing of the name can be read.
    """
    one_at_a_time(connection)
    row = connection.execute(select(Book.authors, Book.author_key).where(Book.id == book_id)).one()
    key = series_key(name, row.authors)
    if not key:
        return None
    people = tuple(dict.fromkeys(filter(None, (person_key(person) for person in row.authors))))
    use = SeriesUse(str(book_id), name, key, people)
    found, new = match_series([use], _known(connection, key))
    series_id = next(iter(found.values()), None)
    if series_id is None:
        series_id = _make(connection, name, key, new[0].author_key if new else "", row.authors, now)
    connection.execute(
        insert(SeriesName)
        .values(series_id=series_id, name=name, name_key=key, source=source)
        .on_conflict_do_nothing(index_elements=["series_id", "name", "source"])
    )
    connection.execute(
        delete(BookSeries).where(
            BookSeries.book_id == book_id, BookSeries.ordinal == 0, BookSeries.series_id != series_id
        )
    )
    place = {"position": position, "ordinal": 0}
    connection.execute(
        insert(BookSeries)
        .values(book_id=book_id, series_id=series_id, **place)
        .on_conflict_do_update(index_elements=["book_id", "series_id"], set_=place)
    )
    return series_id


def unlink_series(connection: Connection, book_id: int) -> None:
    """Take the book out of its first series; the next one, if there is one, stays where it is."""
    connection.execute(delete(BookSeries).where(BookSeries.book_id == book_id, BookSeries.ordinal == 0))


def link_authors(connection: Connection, book_id: int, names: Sequence[str], now: datetime) -> None:
    """Make these people the book's authors, in this order. Authors that are not known yet are added."""
    one_at_a_time(connection)
    by_key = {key: name for name in names if (key := person_key(name))}
    statement = select(Author.name_key, func.min(Author.id).label("id")).where(Author.name_key.in_(list(by_key)))
    found = {row.name_key: row.id for row in connection.execute(statement.group_by(Author.name_key))}
    for key, name in by_key.items():
        if key not in found:
            row = {"name": name, "name_key": key, "date_created": now, "date_updated": now}
            made = insert(Author).values(**row).on_conflict_do_update(index_elements=["name"], set_={"name_key": key})
            found[key] = connection.execute(made.returning(Author.id)).scalar_one()
    connection.execute(delete(BookAuthor).where(BookAuthor.book_id == book_id))
    rows = [{"book_id": book_id, "author_id": found[key], "ordinal": place} for place, key in enumerate(by_key)]
    if rows:
        connection.execute(insert(BookAuthor).on_conflict_do_nothing(), rows)
    connection.execute(update(Book).where(Book.id == book_id).values(author_key=next(iter(by_key), "")))


def one_at_a_time(connection: Connection) -> None:
    """Take the lock of the library's reader until the transaction ends: names have no natural lock of their own.

    Whoever holds a row of `books` and then takes it blocks the reader, which takes it first: take it first, always.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('mam_assets.library'))"))


def _known(connection: Connection, key: str) -> list[KnownSeries]:
    rows = connection.execute(
        text(
            """
            SELECT s.id, array_agg(DISTINCT a.name_key) FILTER (WHERE a.name_key <> '')
                   || CASE WHEN s.author_key <> '' THEN ARRAY[s.author_key] ELSE ARRAY[]::text[] END AS people
            FROM series s
            LEFT JOIN book_series bs ON bs.series_id = s.id
            LEFT JOIN book_authors ba ON ba.book_id = bs.book_id
            LEFT JOIN authors a ON a.id = ba.author_id
            WHERE s.name_key = :key OR s.id IN (SELECT series_id FROM series_names WHERE name_key = :key)
            GROUP BY s.id ORDER BY s.id
            """
        ),
        {"key": key},
    )
    return [KnownSeries(row.id, key, frozenset(row.people or ())) for row in rows]


def _make(connection: Connection, name: str, key: str, author_key: str, authors: Sequence[str], now: datetime) -> int:
    shown = next((person for person in authors if person_key(person) == author_key), None)
    author = select(func.min(Author.id)).where(Author.name_key == author_key).scalar_subquery() if author_key else None
    statement = insert(Series).values(
        name=name,
        author=shown,
        author_id=author,
        name_key=key,
        author_key=author_key,
        date_created=now,
        date_updated=now,
    )
    # The row may stand there for a series whose books have gone: it is taken again.
    taken = statement.on_conflict_do_update(index_elements=["name_key", "author_key"], set_={"date_updated": now})
    return connection.execute(taken.returning(Series.id)).scalar_one()
