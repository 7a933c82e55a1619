"""What exists: the catalogue of each series and author, who is due to be read, and cached look-ups.

Belongs here: SQL on catalog_entries, on the identity of series, and on when each was checked. Does not belong here:
what of it is missing (gaps).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from mam_assets.domain.books import CatalogEntry
from mam_assets.domain.names import normalise_series
from mam_assets.store import tables as t


@dataclass(frozen=True)
class SeriesDue:
    """A series whose catalogue is to be read. ``book_title`` is an owned book of it, for finding the series' number."""

    series_id: int
    name: str
    names: tuple[str, ...]
    authors: tuple[str, ...]
    goodreads_id: str | None
    book_title: str


@dataclass(frozen=True)
class AuthorDue:
    author_id: int
    name: str


def series_due(
    connection: Connection, *, stale_before: datetime | None, ids: Sequence[int] = (), limit: int = 0
) -> list[SeriesDue]:
    """Series with an owned book, never checked first, then the longest ago; `stale_before=None` takes all."""
    rows = connection.execute(
        text(
            """
            SELECT s.id AS series_id, s.name, s.author, s.goodreads_id, owned.book_title, owned.authors, names.names
            FROM series s
            CROSS JOIN LATERAL (
                -- the first volume names the series best; a box set or a book without a place names it worst
                SELECT b.title AS book_title, b.authors
                FROM book_series bs JOIN books b ON b.id = bs.book_id
                WHERE bs.series_id = s.id AND b.status = 'active' AND b.title_key <> ''
                ORDER BY (bs.position ~ '^[0-9]+$') DESC NULLS LAST, length(bs.position), bs.position, b.id
                LIMIT 1
            ) owned
            CROSS JOIN LATERAL (
                SELECT array_agg(DISTINCT n.name) AS names FROM series_names n WHERE n.series_id = s.id
            ) names
            WHERE (cardinality(CAST(:ids AS bigint[])) = 0 OR s.id = ANY(CAST(:ids AS bigint[])))
              AND (CAST(:stale AS timestamptz) IS NULL OR s.last_completion_check IS NULL
                   OR s.last_completion_check < :stale)
            ORDER BY s.last_completion_check NULLS FIRST, s.id
            LIMIT nullif(:limit, 0)
            """
        ),
        {"ids": list(ids), "stale": stale_before, "limit": limit},
    )
    return [
        SeriesDue(
            series_id=row.series_id,
            name=row.name,
            names=tuple(row.names or (row.name,)),
            authors=tuple(row.authors) or ((row.author,) if row.author else ()),
            goodreads_id=row.goodreads_id,
            book_title=row.book_title,
        )
        for row in rows
    ]


def identify_series(connection: Connection, series_id: int, goodreads_id: str) -> tuple[int, int]:
    """Note a series' Goodreads number. If another of our series has it, this one is merged into that: its books, names
    and gaps move. Returns the series' id from now on, and how many were merged (0 or 1)."""
    kept = connection.execute(
        select(t.Series.id)
        .where(t.Series.goodreads_id == goodreads_id, t.Series.id != series_id)
        .order_by(t.Series.id)
        .limit(1)
    ).scalar()
    if kept is None:
        connection.execute(update(t.Series).where(t.Series.id == series_id).values(goodreads_id=goodreads_id))
        return series_id, 0
    merge_series(connection, keep=kept, drop=series_id)
    return kept, 1


def merge_series(connection: Connection, *, keep: int, drop: int) -> None:
    """Make two of our series one: what hangs on `drop` moves to `keep`. Its names stay as names of `keep`, so the next
    read of the library finds the merged series under either."""
    both = {"keep": keep, "drop": drop}
    for statement in (
        """INSERT INTO book_series (book_id, series_id, position, ordinal)
           SELECT book_id, :keep, position, ordinal FROM book_series WHERE series_id = :drop
           ON CONFLICT (book_id, series_id) DO UPDATE
           SET position = coalesce(book_series.position, EXCLUDED.position)""",
        "DELETE FROM book_series WHERE series_id = :drop",
        """INSERT INTO series_names (series_id, name, name_key, source)
           SELECT :keep, name, name_key, source FROM series_names WHERE series_id = :drop
           ON CONFLICT DO NOTHING""",
        "DELETE FROM series_names WHERE series_id = :drop",
        "DELETE FROM catalog_entries WHERE series_id = :drop AND author_id IS NULL",
        "UPDATE catalog_entries SET series_id = :keep WHERE series_id = :drop",
        "UPDATE missing_books SET series_id = :keep WHERE series_id = :drop",
    ):
        connection.execute(text(statement), both)
    connection.execute(delete(t.Series).where(t.Series.id == drop))


def series_is_fresh(connection: Connection, series_id: int, since: datetime) -> bool:
    """Whether the series' catalogue was read after `since`."""
    checked = connection.execute(select(t.Series.last_completion_check).where(t.Series.id == series_id)).scalar()
    return checked is not None and checked >= since


def series_checked(connection: Connection, series_id: int, now: datetime, *, name: str | None = None) -> None:
    """Note that Goodreads listed a series, and the name that it goes by there."""
    values = {"last_completion_check": now, "date_updated": now}
    connection.execute(update(t.Series).where(t.Series.id == series_id).values(**values))
    if name and (key := normalise_series(name)):
        row = {"series_id": series_id, "name": name, "name_key": key, "source": "Goodreads"}
        connection.execute(insert(t.SeriesName).values(row).on_conflict_do_nothing())


def series_unknown(connection: Connection, series_id: int, now: datetime) -> None:
    """Note that Goodreads does not know a series, or no longer under the number that we had."""
    values = {"last_completion_check": now, "date_updated": now, "goodreads_id": None, "completion_status": "unknown"}
    connection.execute(update(t.Series).where(t.Series.id == series_id).values(**values))


def authors_due(
    connection: Connection, *, stale_before: datetime | None, ids: Sequence[int] = (), limit: int = 0
) -> list[AuthorDue]:
    """Authors of whom a book is owned, never checked first, then the longest ago; `stale_before=None` takes all."""
    rows = connection.execute(
        text(
            """
            SELECT a.id AS author_id, a.name
            FROM authors a
            WHERE EXISTS (SELECT FROM book_authors ba JOIN books b ON b.id = ba.book_id
                          WHERE ba.author_id = a.id AND b.status = 'active')
              AND (cardinality(CAST(:ids AS bigint[])) = 0 OR a.id = ANY(CAST(:ids AS bigint[])))
              AND (CAST(:stale AS timestamptz) IS NULL OR a.last_completion_check IS NULL
                   OR a.last_completion_check < :stale)
            ORDER BY a.last_completion_check NULLS FIRST, a.id
            LIMIT nullif(:limit, 0)
            """
        ),
        {"ids": list(ids), "stale": stale_before, "limit": limit},
    )
    return [AuthorDue(row.author_id, row.name) for row in rows]


def save_entries(
    connection: Connection,
    entries: Sequence[CatalogEntry],
    now: datetime,
    *,
    series_id: int | None = None,
    author_id: int | None = None,
) -> None:
    """Keep what a source says exists in a series or of an author, and note that it was checked. What a source no longer
    names stays, with the day on which it was last seen: an absence upstream deletes nothing."""
    if (series_id is None) == (author_id is None):
        raise ValueError("an entry is of a series or of an author: give exactly one id")
    owner = t.CatalogEntry.series_id if series_id is not None else t.CatalogEntry.author_id
    rows = {
        (entry.source, entry.source_key): {
            "series_id": series_id,
            "author_id": author_id,
            "source": entry.source,
            "source_key": entry.source_key,
            "title": entry.title,
            "authors": list(entry.authors),
            "series_name": entry.series.name if entry.series else None,
            "position": entry.series.position if entry.series else None,
            "published": entry.published,
            "isbn": entry.isbn,
            "asin": entry.asin,
            "goodreads_id": entry.goodreads_id,
            "language": entry.language,
            "audiobook": entry.audiobook,
            "first_seen": now,
            "last_seen": now,
        }
        for entry in entries
    }
    if rows:
        statement = insert(t.CatalogEntry)
        new = statement.excluded
        kept = ("title", "authors", "series_name", "position", "published", "isbn", "asin", "goodreads_id", "language")
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[owner, t.CatalogEntry.source, t.CatalogEntry.source_key],
                index_where=owner.is_not(None),
                set_={name: new[name] for name in kept} | {"audiobook": new.audiobook, "last_seen": now},
            ),
            list(rows.values()),
        )
    if author_id is not None:
        connection.execute(
            update(t.Author).where(t.Author.id == author_id).values(last_completion_check=now, date_updated=now)
        )


def count_entries(connection: Connection, *, of: Literal["series", "authors"]) -> int:
    """How many works the catalogues hold."""
    owner = t.CatalogEntry.series_id if of == "series" else t.CatalogEntry.author_id
    return connection.execute(select(func.count()).select_from(t.CatalogEntry).where(owner.is_not(None))).scalar_one()
