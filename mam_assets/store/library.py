"""The library as it stands in `books`: what is known, what is there, what is gone.

Belongs here: questions about the books of the library, and archiving. Does not belong here: writing items
(library_items), comparing the list (library_sightings), duplicates (library_duplicates), what exists elsewhere
(catalog), corrections of metadata (metadata).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select, text, update

from mam_assets.domain.books import LibraryItem
from mam_assets.store.library_items import Saved, save_items
from mam_assets.store.tables import Book

__all__ = [
    "Saved",
    "archive",
    "book_ids",
    "count_active",
    "known_ids",
    "newest",
    "places_taken",
    "save_items",
    "touch_seen",
    "untitled",
]


def known_ids(connection: Connection, abs_ids: Sequence[str]) -> set[str]:
    """Which of these items our table has already."""
    found = connection.execute(select(Book.abs_id).where(Book.abs_id.in_(abs_ids))).scalars()
    return {abs_id for abs_id in found if abs_id is not None}


def touch_seen(connection: Connection, abs_ids: Sequence[str], now: datetime) -> None:
    """Note that these items are there: a read of the list that began earlier and did not show them archives none."""
    if abs_ids:
        connection.execute(update(Book).where(Book.abs_id.in_(abs_ids)).values(last_seen_at=now))


def _in_library() -> Any:
    return and_(Book.abs_id.is_not(None), Book.status.in_(("active", "duplicate")))


def count_active(connection: Connection) -> int:
    """Books of the library, duplicates included."""
    return connection.execute(select(func.count()).select_from(Book).where(_in_library())).scalar_one()


def places_taken(connection: Connection, items: Sequence[LibraryItem]) -> list[str]:
    """The items of the library that stand where one of these stands now: other ids, the same path."""
    rows = connection.execute(
        text(
            """
            SELECT b.abs_id
            FROM unnest(CAST(:ids AS text[]), CAST(:libraries AS text[]), CAST(:rel_paths AS text[]),
                        CAST(:paths AS text[])) AS i (abs_id, library_id, rel_path, path)
            JOIN books b USING (library_id, rel_path, path)
            WHERE b.status IN ('active', 'duplicate') AND b.abs_id <> ALL (CAST(:ids AS text[]))
            """
        ),
        {
            "ids": [item.abs_id for item in items],
            "libraries": [item.library_id for item in items],
            "rel_paths": [item.rel_path for item in items],
            "paths": [item.path for item in items],
        },
    )
    return list(rows.scalars())


def archive(connection: Connection, abs_ids: Sequence[str], now: datetime) -> int:
    """Archive what is gone. Nothing is deleted; what returns is active again."""
    statement = text(
        """
        UPDATE books SET status = 'archived', duplicate_of = NULL, archived_at = :now, date_updated = :now
        WHERE abs_id = ANY(CAST(:ids AS text[])) AND status IN ('active', 'duplicate')
        """
    )
    return connection.execute(statement, {"ids": list(abs_ids), "now": now}).rowcount


def newest(connection: Connection, *, limit: int) -> list[dict[str, Any]]:
    """The books that came last, for the sample table."""
    statement = (
        select(Book.title, Book.author, Book.series, Book.series_number, Book.narrator, Book.status)
        .where(Book.abs_id.is_not(None))
        .order_by(Book.abs_added_at.desc(), Book.id.desc())
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def book_ids(connection: Connection, abs_ids: Sequence[str]) -> list[int]:
    """Our ids of these items, in the order given; unknown ones are left out."""
    rows = connection.execute(select(Book.abs_id, Book.id).where(Book.abs_id.in_(abs_ids)))
    ids = {row.abs_id: row.id for row in rows}
    return [ids[abs_id] for abs_id in abs_ids if abs_id in ids]


def untitled(connection: Connection) -> list[dict[str, Any]]:
    """Active items that lack a title, or an author who can be looked up: listed, since no source can be asked."""
    statement = (
        select(Book.abs_id, Book.rel_path, Book.title, Book.author)
        .where(Book.status == "active", or_(Book.title_key == "", Book.author_key == ""))
        .order_by(Book.id)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]
