"""Who wrote a book and which series it is in: rows of `authors` and `series`, and their ties to books.

Belongs here: SQL on authors, series, series_names and the tables between them and books, for what a read of the library
shows of many books at once, and for what a correction says of one. Does not belong here: the books themselves
(library_items, metadata), merging series (series_identity).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from mam_assets.domain.books import SeriesRef
from mam_assets.domain.library import KnownSeries, SeriesUse, match_series, person_key, series_key
from mam_assets.store.copying import copy_rows
from mam_assets.store.tables import Book, BookAuthor, BookSeries, Series


def one_at_a_time(connection: Connection) -> None:
    """Take the lock of the library's reader until the transaction ends: two processes that meet the same new author
    must not both insert it, and names have no natural lock of their own.

    Whoever holds a row of `books` and then takes it blocks the reader, which takes it first: take it first, always.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('mam_assets.library'))"))


# --- what a read of the library shows of many books ---------------------------------------------------------------


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
    rewritten = {
        book.book_id: [author_ids[person_key(name)] for name in book.people] for book in books if book.authors_changed
    }
    _tie_authors(connection, rewritten, fresh)
    in_others = [book for book in books if book.series_changed]
    uses = [
        use
        for book in in_others
        for ref in book.series
        if (use := _use(book.item, ref.name, series_key(ref.name, book.people), book.people))
    ]
    shown = {person_key(name): name for book in in_others for name in book.people}
    series_ids = _save_series(connection, uses, shown, author_ids, now, source="Audiobookshelf")
    untied = [book.book_id for book in in_others if book.book_id not in fresh]
    if untied:
        connection.execute(delete(BookSeries).where(BookSeries.book_id.in_(untied)))
    places: dict[tuple[int, int], tuple[str | None, int]] = {}
    for book in in_others:
        for ordinal, ref in enumerate(book.series):
            series_id = series_ids.get((book.item, series_key(ref.name, book.people)))
            if series_id is not None:
                places.setdefault((book.book_id, series_id), (ref.position, ordinal))
    if places:
        columns = ("book_id", "series_id", "position", "ordinal")
        copy_rows(connection, "book_series", columns, ((*ids, *place) for ids, place in places.items()))


# --- what a correction says of one book ---------------------------------------------------------------------------


def link_authors(connection: Connection, book_id: int, names: Sequence[str], now: datetime) -> None:
    """Make these people the book's authors, in this order. Authors that are not known yet are added."""
    one_at_a_time(connection)
    ids = _save_authors(connection, names, now)
    _tie_authors(connection, {book_id: list(ids.values())})
    connection.execute(update(Book).where(Book.id == book_id).values(author_key=next(iter(ids), "")))


def link_series(
    connection: Connection, book_id: int, name: str, position: str | None, *, source: str, now: datetime
) -> int | None:
    """Make a series the book's first one, at this place; whatever was its first one is unlinked. Returns the series.

    The series is found by any name it is known under that shares an author with the book, else made. ``source`` is
    whose spelling the name is. None, and nothing changed, where nothing of the name can be read.
    """
    one_at_a_time(connection)
    authors = connection.execute(select(Book.authors).where(Book.id == book_id)).scalar_one()
    use = _use(str(book_id), name, series_key(name, authors), authors)
    if use is None:
        return None
    shown = {person_key(person): person for person in authors}
    ids = _save_series(connection, [use], shown, _author_ids(connection, use.people), now, source=source)
    series_id = ids[use.item, use.name_key]
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


# --- authors ------------------------------------------------------------------------------------------------------


def _tie_authors(connection: Connection, authors: Mapping[int, Sequence[int]], fresh: Collection[int] = ()) -> None:
    """Make these the authors of each book, in this order."""
    untied = [book_id for book_id in authors if book_id not in fresh]
    if untied:
        connection.execute(delete(BookAuthor).where(BookAuthor.book_id.in_(untied)))
    rows = [
        (book_id, author_id, ordinal)
        for book_id, ids in authors.items()
        for ordinal, author_id in enumerate(dict.fromkeys(ids))
    ]
    if rows:
        copy_rows(connection, "book_authors", ("book_id", "author_id", "ordinal"), rows)


def _save_authors(connection: Connection, names: Iterable[str], now: datetime) -> dict[str, int]:
    """Ids by key, in the order given; new authors are added under the first spelling met. Nobody is left out."""
    by_key: dict[str, str] = {}
    for name in names:
        if key := person_key(name):
            by_key.setdefault(key, name)
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
    return {key: found[key] for key in by_key}


def _author_ids(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    statement = text(
        "SELECT name_key, min(id) AS id FROM authors WHERE name_key = ANY(CAST(:keys AS text[])) GROUP BY name_key"
    )
    wanted = list(keys)
    return {row.name_key: row.id for row in connection.execute(statement, {"keys": wanted})} if wanted else {}


# --- series -------------------------------------------------------------------------------------------------------


def _use(item: str, name: str, key: str, people: Iterable[str]) -> SeriesUse | None:
    if not key:
        return None
    return SeriesUse(item, name, key, tuple(dict.fromkeys(filter(None, map(person_key, people)))))


def _save_series(
    connection: Connection,
    uses: Sequence[SeriesUse],
    shown: Mapping[str, str],
    author_ids: Mapping[str, int],
    now: datetime,
    *,
    source: str,
) -> dict[tuple[str, str], int]:
    """Ids by (item, key). A series is found by any name it is known under and any author of its books, so that merged
    series stay merged, and co-authors may be named in any order. ``shown`` are the names of people by key, ``source``
    is whose spelling the names of series are."""
    if not uses:
        return {}
    found, new = match_series(uses, _known_series(connection, {use.name_key for use in uses}))
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
    _save_names(connection, {(found[use.item, use.name_key], use.name, use.name_key) for use in uses}, source)
    return found


def _save_names(connection: Connection, names: Collection[tuple[int, str, str]], source: str) -> None:
    ids, shown, keys = zip(*sorted(names), strict=True)
    connection.execute(
        text(
            """
            INSERT INTO series_names (series_id, name, name_key, source)
            SELECT series_id, name, name_key, :source
            FROM unnest(CAST(:ids AS bigint[]), CAST(:names AS text[]), CAST(:keys AS text[]))
                 AS new (series_id, name, name_key)
            ON CONFLICT DO NOTHING
            """
        ),
        {"ids": list(ids), "names": list(shown), "keys": list(keys), "source": source},
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
