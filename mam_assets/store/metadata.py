"""Which books are to be looked up, and every change made to their fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select, text, update

from mam_assets.domain.metadata import Change, completeness
from mam_assets.store import tables as t

FIELDS = (
    "title",
    "subtitle",
    "author",
    "series",
    "series_number",
    "isbn",
    "asin",
    "narrator",
    "publisher",
    "published_year",
    "duration_minutes",
    "language",
    "description",
)


@dataclass(frozen=True)
class BookForLookup:
    """A book with the values, sources and locks that a correction needs."""

    book_id: int
    abs_id: str | None
    title: str | None
    authors: tuple[str, ...]
    values: dict[str, Any]
    sources: dict[str, str]
    locked: tuple[str, ...]
    stands_alone: bool | None


def books_for_lookup(
    connection: Connection,
    *,
    scope: Literal["new", "stale", "all"],
    limit: int,
    book_ids: Sequence[int] = (),
) -> list[BookForLookup]:
    """Active books of a scope: never looked up first, then the longest ago. Those without title or author are left
    out: nobody can be asked about them."""
    book = t.Book
    statement = select(*book.__table__.c).where(book.status == "active", book.title_key != "", book.author_key != "")
    if book_ids:
        statement = statement.where(book.id.in_(book_ids))
    elif scope == "new":
        statement = statement.where(book.last_metadata_update.is_(None))
    rows = connection.execute(statement.order_by(book.last_metadata_update.nulls_first(), book.id).limit(limit))
    return [
        BookForLookup(
            book_id=row.id,
            abs_id=row.abs_id,
            title=row.title,
            authors=tuple(row.authors),
            values={name: getattr(row, name) for name in FIELDS},
            sources=dict(row.metadata_source),
            locked=tuple(row.locked_fields),
            stands_alone=row.stands_alone,
        )
        for row in rows
    ]


def looked_up(connection: Connection, book_id: int, now: datetime) -> None:
    """Note that sources were asked about a book, whatever they said."""
    connection.execute(update(t.Book).where(t.Book.id == book_id).values(last_metadata_update=now))


def apply(connection: Connection, book: BookForLookup, changes: Sequence[Change], now: datetime, *, by: str) -> None:
    """Change a book's fields and keep each change as a row that can be reverted."""
    if not changes:
        return
    values = {change.field: _typed(change.field, change.new) for change in changes}
    after = book.values | values
    in_series = bool(after.get("series")) or book.stands_alone is not True
    connection.execute(
        update(t.Book)
        .where(t.Book.id == book.book_id)
        .values(
            **values,
            metadata_source=book.sources | {change.field: change.source for change in changes},
            metadata_completeness_percent=completeness(after, in_series=in_series),
            date_updated=now,
        )
    )
    connection.execute(
        insert(t.MetadataCorrection),
        [
            {
                "book_id": book.book_id,
                "field_name": change.field,
                "old_value": None if change.old is None else str(change.old),
                "new_value": change.new,
                "source": change.source,
                "reason": change.reason,
                "correction_date": now,
                "corrected_by": by,
            }
            for change in changes
        ],
    )


def _typed(field: str, value: str | None) -> Any:
    if value is None:
        return None
    if field == "published_year":
        return int(value)
    if field == "duration_minutes":
        return float(value)
    return value


def worst(connection: Connection, *, limit: int) -> list[dict[str, Any]]:
    """Active books with the least complete metadata."""
    rows = connection.execute(
        text(
            """
            SELECT title, author, metadata_completeness_percent FROM books WHERE status = 'active'
            ORDER BY metadata_completeness_percent, id LIMIT :limit
            """
        ),
        {"limit": limit},
    )
    return [dict(row) for row in rows.mappings()]
