"""What a verdict on a series or an author is made from: what exists, and which books are works of it.

Belongs here: SQL that reads catalogues and owned books, one statement for all series or authors. Does not belong here:
the verdict (domain.gaps), what is written of it (gaps).

Three things show that a book is a work of a series, besides that Audiobookshelf counts it there: it is another book of
the author with that very title or number, the author's own verdict says so, or it was imported for that work. None of
them rests on this series' earlier verdict, so that a mistake does not keep itself alive.
"""

from __future__ import annotations

import json
from collections import defaultdict, namedtuple
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, text

from mam_assets.domain.beside import books_at_places, books_beside, books_of_co_authors, keys_of_book
from mam_assets.domain.books import CatalogEntry, OwnedBook, SeriesRef
from mam_assets.domain.entry_verdicts import EntryVerdict
from mam_assets.domain.names import normalise_series, normalise_title
from mam_assets.domain.wanting import Snapshot
from mam_assets.store.gap_keys import owners_of_keys

_Entry = namedtuple(
    "_Entry",
    "id source source_key title authors series_name position published isbn asin goodreads_id language audiobook "
    "kind status rule reason same_as book_id counted disagreements",
)
_Book = namedtuple("_Book", "id title authors position isbn asin name settled", defaults=(False,))
# A person's word on the number counts for the series that the book itself names.
_SETTLED = "'series_number' = ANY(b.locked_fields) AND bs.position = b.series_number AND s.name = b.series"
_ENTRY = """id, source, source_key, title, authors, series_name, position, published, isbn, asin, goodreads_id,
    language, audiobook, kind, status, rule, reason, same_as, book_id, counted, disagreements"""
_TOLD = slice(_Entry._fields.index("kind"), None)  # the verdict that stands beside an entry, as `EntryVerdict` has it
_OWNED = "('active', 'duplicate')"  # the same recording twice is owned, whichever of the two is marked


def series_snapshots(connection: Connection, ids: Sequence[int] = ()) -> list[Snapshot]:
    """Every series with a catalogue (or those of `ids`), with its entries and books."""
    which, given = _among("s.id", ids)
    entries = _by_owner(
        connection,
        _Entry,
        f"""SELECT series_id AS owner, {_ENTRY} FROM catalog_entries
            WHERE series_id IS NOT NULL AND {_among("series_id", ids)[0]} ORDER BY id""",
        given,
    )
    counted = _by_owner(
        connection,
        _Book,
        f"""
        SELECT s.id AS owner, s.name, b.id, b.title, b.authors, bs.position, b.isbn, b.asin, {_SETTLED} AS settled
        FROM series s JOIN book_series bs ON bs.series_id = s.id JOIN books b ON b.id = bs.book_id
        WHERE b.status IN {_OWNED} AND b.title_key <> '' AND {which}
        ORDER BY b.id
        """,
        given,
    )
    # OFFSET 0 keeps the server from joining whole tables for the few rows of a portion: it takes people for many more.
    beside = _by_owner(
        connection,
        _Book,
        f"""
        WITH people AS (
            SELECT s.id AS series_id, s.author_id FROM series s WHERE s.author_id IS NOT NULL AND {which}
            UNION
            SELECT s.id, ba.author_id FROM series s JOIN book_series bs ON bs.series_id = s.id
            JOIN book_authors ba ON ba.book_id = bs.book_id WHERE {which}
        ), shown AS (
            SELECT p.series_id, b.* FROM people p CROSS JOIN LATERAL (
                SELECT b.id, b.title, b.isbn, b.asin
                FROM book_authors ba JOIN books b ON b.id = ba.book_id WHERE ba.author_id = p.author_id OFFSET 0
            ) b
            UNION
            SELECT p.series_id, c.* FROM people p CROSS JOIN LATERAL (
                SELECT c.book_id, c.title, c.isbn, c.asin
                FROM catalog_entries c WHERE c.author_id = p.author_id AND c.status = 'owned' OFFSET 0
            ) c
        )
        SELECT shown.series_id AS owner, b.id, shown.title, b.authors, shown.isbn, shown.asin,
               NULL AS position, NULL AS name, false AS settled
        FROM shown CROSS JOIN LATERAL (
            SELECT b.id, b.authors FROM books b
            WHERE b.id = shown.id AND b.status IN {_OWNED} AND b.title_key <> ''
              AND NOT EXISTS (SELECT FROM book_series bs WHERE bs.book_id = b.id AND bs.series_id = shown.series_id)
            OFFSET 0
        ) b
        ORDER BY b.id, shown.title
        """,
        given,
    )
    imported = _imported(connection, "series_id", ids)
    rows = connection.execute(
        text(f"SELECT s.id, s.name, s.author, s.author_id FROM series s WHERE {which} ORDER BY s.id"), given
    )
    return [
        _snapshot(row, (row.author,) if row.author else (), (), row.author_id, entries, counted, beside, imported)
        for row in rows
        if row.id in entries
    ]


def series_to_judge(connection: Connection, ids: Sequence[int] = ()) -> list[int]:
    """Every series with a catalogue; with `ids`, these and all series of their authors, since a book that the library
    counts in one of them may be a work of another."""
    chosen = """
        WITH mine AS (
            SELECT author_id FROM series WHERE id = ANY(CAST(:ids AS bigint[])) AND author_id IS NOT NULL
            UNION
            SELECT ba.author_id FROM book_series bs JOIN book_authors ba ON ba.book_id = bs.book_id
            WHERE bs.series_id = ANY(CAST(:ids AS bigint[]))
        )
        SELECT unnest(CAST(:ids AS bigint[])) AS id
        UNION
        SELECT s.id FROM mine JOIN series s ON s.author_id = mine.author_id
        UNION
        SELECT bs.series_id FROM mine JOIN book_authors ba ON ba.author_id = mine.author_id
        JOIN book_series bs ON bs.book_id = ba.book_id"""
    rows = connection.execute(
        text(
            f"""
            SELECT s.id FROM series s {f"JOIN ({chosen}) chosen ON chosen.id = s.id" if ids else ""}
            WHERE EXISTS (SELECT FROM catalog_entries c WHERE c.series_id = s.id)
            ORDER BY s.id
            """
        ),
        {"ids": list(ids)} if ids else {},
    )
    return list(rows.scalars())


def authors_to_judge(connection: Connection, ids: Sequence[int] = ()) -> list[int]:
    """Every author with a catalogue, or those of `ids` that have one."""
    which, given = _among("a.id", ids)
    rows = connection.execute(
        text(
            f"""
            SELECT a.id FROM authors a
            WHERE EXISTS (SELECT FROM catalog_entries c WHERE c.author_id = a.id) AND {which}
            ORDER BY a.id
            """
        ),
        given,
    )
    return list(rows.scalars())


def touched_by_books(connection: Connection, book_ids: Sequence[int]) -> tuple[list[int], list[int]]:
    """The series and the authors whose gaps these books may change: those that the library counts them in, all series
    of their authors, all authors of these, and whoever lacks a work under one of their names and places."""
    given = {"ids": list(book_ids)}
    series = connection.execute(
        text(
            """
            SELECT bs.series_id FROM book_series bs WHERE bs.book_id = ANY(CAST(:ids AS bigint[]))
            UNION
            SELECT s.id FROM book_authors ba JOIN series s ON s.author_id = ba.author_id
            WHERE ba.book_id = ANY(CAST(:ids AS bigint[]))
            UNION
            SELECT bs.series_id FROM book_authors mine JOIN book_authors ba ON ba.author_id = mine.author_id
            JOIN book_series bs ON bs.book_id = ba.book_id WHERE mine.book_id = ANY(CAST(:ids AS bigint[]))
            """
        ),
        given,
    )
    books = connection.execute(
        text(
            """
            SELECT b.id, b.title, b.authors, bs.position, b.isbn, b.asin, s.name
            FROM books b LEFT JOIN book_series bs ON bs.book_id = b.id LEFT JOIN series s ON s.id = bs.series_id
            WHERE b.id = ANY(CAST(:ids AS bigint[])) AND b.title_key <> ''
            """
        ),
        given,
    )
    keys = {key for book in _owned(books) for key in keys_of_book(book)}
    lacking_series, lacking_authors = owners_of_keys(connection, keys)
    touched = sorted(lacking_series.union(series.scalars()))
    authors = connection.execute(
        text(
            """
            SELECT author_id FROM book_authors WHERE book_id = ANY(CAST(:ids AS bigint[]))
            UNION
            SELECT author_id FROM series WHERE id = ANY(CAST(:series AS bigint[])) AND author_id IS NOT NULL
            UNION
            SELECT ba.author_id FROM book_series bs JOIN book_authors ba ON ba.book_id = bs.book_id
            WHERE bs.series_id = ANY(CAST(:series AS bigint[]))
            """
        ),
        {**given, "series": touched},
    )
    return touched, sorted(lacking_authors.union(authors.scalars()))


def author_snapshots(connection: Connection, ids: Sequence[int] = ()) -> list[Snapshot]:
    """Every author with a catalogue (or those of `ids`): entries, and the books owned, one row per book and series."""
    which, given = _among("a.id", ids)
    entries = _by_owner(
        connection,
        _Entry,
        f"""SELECT author_id AS owner, {_ENTRY} FROM catalog_entries
            WHERE author_id IS NOT NULL AND {_among("author_id", ids)[0]} ORDER BY id""",
        given,
    )
    counted = _by_owner(
        connection,
        _Book,
        f"""
        SELECT a.id AS owner, b.id, b.title, b.authors, bs.position, s.name, b.isbn, b.asin, {_SETTLED} AS settled
        FROM authors a JOIN book_authors ba ON ba.author_id = a.id JOIN books b ON b.id = ba.book_id
        LEFT JOIN book_series bs ON bs.book_id = b.id LEFT JOIN series s ON s.id = bs.series_id
        WHERE b.status IN {_OWNED} AND b.title_key <> '' AND {which}
        ORDER BY b.id, s.id
        """,
        given,
    )
    # What a series knows its own books as: the American title of a book that is owned under the British one.
    beside = _by_owner(
        connection,
        _Book,
        f"""
        SELECT a.id AS owner, b.id, c.title, b.authors, c.isbn, c.asin, NULL AS position, NULL AS name, false AS settled
        FROM authors a JOIN book_authors ba ON ba.author_id = a.id JOIN books b ON b.id = ba.book_id
        JOIN book_series bs ON bs.book_id = b.id
        JOIN catalog_entries c ON c.series_id = bs.series_id AND c.book_id = b.id
        WHERE b.status IN {_OWNED} AND c.status IN ('owned', 'not_wanted') AND c.kind IN ('primary', 'novella')
          AND {which}
        ORDER BY b.id, c.title
        """,
        given,
    )
    imported = _imported(connection, "author_id", ids)
    names = _series_names(connection, list(entries))
    rows = connection.execute(text(f"SELECT a.id, a.name, a.aliases FROM authors a WHERE {which} ORDER BY a.id"), given)
    snapshots = []
    for row in rows:
        if row.id not in entries:
            continue
        snapshot = _snapshot(row, (row.name,), tuple(row.aliases), row.id, entries, counted, beside, imported)
        known = names.get(row.id, {})
        named = tuple(_with_our_name(entry, row.name, known) for entry in snapshot.entries)
        series_ids = {key: series_id for key, (series_id, _) in known.items()}
        snapshots.append(replace(snapshot, entries=named, is_series=False, series_ids=series_ids))
    by_title = _books_titled(connection, snapshots)
    return [_with_books_titled_alike(snapshot, by_title) for snapshot in snapshots]


def _with_books_titled_alike(snapshot: Snapshot, by_title: Mapping[str, list[OwnedBook]]) -> Snapshot:
    """With the books of others that are works of the author all the same: under a pen name, or by a co-author."""
    titles = {normalise_title(entry.title) for entry in snapshot.entries}
    own = {(book.book_id, book.authors) for book in snapshot.owned if snapshot.name in book.authors}
    books = [
        book for title in sorted(titles) for book in by_title.get(title, ()) if (book.book_id, book.authors) not in own
    ]
    if not books:
        return snapshot
    return snapshot.with_evidence(
        [*books_at_places(snapshot.entries, books), *books_of_co_authors(snapshot.entries, books)]
    )


def _series_names(connection: Connection, author_ids: Sequence[int]) -> Mapping[int, dict[str, tuple[int, str]]]:
    """By author: their series by every normalised name → (id, name)."""
    rows = connection.execute(
        text(
            """
            WITH who AS (
                SELECT s.author_id, s.id AS series_id FROM series s WHERE s.author_id = ANY(CAST(:ids AS bigint[]))
                UNION
                SELECT ba.author_id, bs.series_id FROM book_authors ba JOIN book_series bs ON bs.book_id = ba.book_id
                WHERE ba.author_id = ANY(CAST(:ids AS bigint[]))
            )
            SELECT DISTINCT who.author_id, n.name_key, s.id, s.name
            FROM who JOIN series s ON s.id = who.series_id JOIN series_names n ON n.series_id = s.id
            ORDER BY s.id DESC
            """
        ),
        {"ids": list(author_ids)},
    )
    found: dict[int, dict[str, tuple[int, str]]] = defaultdict(dict)
    for row in rows:
        found[row.author_id][row.name_key] = (row.id, row.name)
    return found


def _with_our_name(entry: CatalogEntry, author: str, names: Mapping[str, tuple[int, str]]) -> CatalogEntry:
    """The entry with its series under the name that we have for it, so that its place can be compared with ours."""
    if entry.series is None:
        return entry
    known = names.get(normalise_series(entry.series.name, author))
    if known is None or known[1] == entry.series.name:
        return entry
    return replace(entry, series=SeriesRef(known[1], entry.series.position))


def _books_titled(connection: Connection, snapshots: Sequence[Snapshot]) -> Mapping[str, list[OwnedBook]]:
    """By title: books of anybody that bear the title of an entry which names a series or several authors."""
    titles = {
        normalise_title(entry.title)
        for one in snapshots
        for entry in one.entries
        if entry.series is not None or len(entry.authors) > 1
    }
    rows = connection.execute(
        text(
            f"""
            SELECT json_agg(json_build_array(b.title_key, b.id, b.title, b.authors, bs.position, b.isbn, b.asin, s.name)
                            ORDER BY b.id, s.id)
            FROM jsonb_array_elements_text(CAST(:titles AS jsonb)) AS v (title)
            JOIN books b ON b.title_key = v.title
            LEFT JOIN book_series bs ON bs.book_id = b.id LEFT JOIN series s ON s.id = bs.series_id
            WHERE b.status IN {_OWNED} AND b.title_key <> ''
            """
        ),
        {"titles": json.dumps(sorted(titles))},
    ).scalar()
    found: dict[str, list[OwnedBook]] = defaultdict(list)
    for title, *values in rows or ():
        found[title] += _owned([_Book(*values)])
    return found


def _among(column: str, ids: Sequence[int]) -> tuple[str, dict[str, list[int]]]:
    """A condition on the owner, and what it is given: one of these, or with none any. A statement that says "any or one
    of these" would read whole tables for a single one."""
    return (f"{column} = ANY(CAST(:ids AS bigint[]))", {"ids": sorted(ids)}) if ids else ("true", {})


def _imported(connection: Connection, owner: str, ids: Sequence[int]) -> Mapping[int, list[Any]]:
    """What was downloaded for a work and is in the library is that work, whatever its tags made of it."""
    which, given = _among(f"m.{owner}", ids)
    return _by_owner(
        connection,
        _Book,
        f"""
        SELECT m.{owner} AS owner, b.id, m.title, m.authors, m.series_number AS position, m.isbn, m.asin,
               m.series_name AS name, false AS settled
        FROM missing_books m
        JOIN downloads d ON d.missing_book_id = m.id AND d.abs_import_status = 'imported' AND d.book_id = m.book_id
        JOIN books b ON b.id = m.book_id
        WHERE m.{owner} IS NOT NULL AND b.status IN {_OWNED} AND {which}
        ORDER BY m.id
        """,
        given,
    )


def _by_owner(
    connection: Connection, shape: type[tuple[Any, ...]], statement: str, given: Mapping[str, Any]
) -> Mapping[int, list[Any]]:
    """The rows of a statement by their owner. They come as one text, since a driver in Python is slow at many rows."""
    names = ", ".join(f"q.{name}" for name in ("owner", *shape._fields))  # type: ignore[attr-defined]
    rows = connection.execute(text(f"SELECT json_agg(json_build_array({names})) FROM ({statement}) q"), given).scalar()
    found: dict[int, list[Any]] = defaultdict(list)
    for owner, *values in rows or ():
        found[owner].append(shape(*values))
    return found


def _snapshot(
    owner: Any,
    authors: tuple[str, ...],
    aliases: tuple[str, ...],
    author_id: int | None,
    entries: Mapping[int, list[Any]],
    counted: Mapping[int, list[Any]],
    beside: Mapping[int, list[Any]],
    imported: Mapping[int, list[Any]],
) -> Snapshot:
    rows = entries[owner.id]
    catalogue = tuple(_entry(row) for row in rows)
    books = _owned(counted.get(owner.id, ()))
    surely = [*books_beside(catalogue, _owned(beside.get(owner.id, ()))), *_owned(imported.get(owner.id, ()))]
    return Snapshot(
        owner_id=owner.id,
        name=owner.name,
        authors=authors,
        aliases=aliases,
        entries=catalogue,
        owned=(*books, *surely),
        rows={(row.source, row.source_key): row.id for row in rows},
        stored={row.id: EntryVerdict._make(row[_TOLD]) for row in rows},
        author_id=author_id,
        collected=bool(books),
    )


def _owned(rows: Iterable[Any]) -> list[OwnedBook]:
    return [
        OwnedBook(
            book_id=row.id,
            title=row.title,
            authors=tuple(row.authors),
            series_position=row.position,
            isbn=row.isbn,
            asin=row.asin,
            series_name=row.name,
            place_is_settled=bool(getattr(row, "settled", False)),
        )
        for row in rows
    ]


def _entry(row: Any) -> CatalogEntry:
    return CatalogEntry(
        source=row.source,
        source_key=row.source_key,
        title=row.title,
        authors=tuple(row.authors),
        series=SeriesRef(row.series_name, row.position) if row.series_name else None,
        published=row.published,
        isbn=row.isbn,
        asin=row.asin,
        goodreads_id=row.goodreads_id,
        language=row.language,
        audiobook=row.audiobook,
    )
