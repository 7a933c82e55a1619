"""The same recording twice: found among books of one title and author, marked, shown side by side.

Belongs here: reading the candidates and writing the marks. Does not belong here: what makes two items one recording
(domain/recordings).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select, text

from mam_assets.domain.recordings import find_duplicates
from mam_assets.store.library_items import recording_of
from mam_assets.store.tables import Book


def mark_duplicates(connection: Connection) -> int:
    """Mark what repeats a recording that came before it; what has become different is active again. Nothing else is
    touched. Returns how many are marked."""
    rows = connection.execute(
        text(
            """
            SELECT b.id, b.title_key, b.author_key, b.narrators, b.duration_minutes, b.abridged, b.series_number,
                   b.subtitle, b.language, b.library_id, b.rel_path, b.duplicate_of
            FROM books b
            LEFT JOIN (
                SELECT title_key, author_key FROM books
                WHERE abs_id IS NOT NULL AND status IN ('active', 'duplicate') AND title_key <> '' AND author_key <> ''
                GROUP BY title_key, author_key HAVING count(*) > 1
            ) again USING (title_key, author_key)
            WHERE b.abs_id IS NOT NULL AND b.status IN ('active', 'duplicate')
              AND (again.title_key IS NOT NULL OR b.status = 'duplicate')
            ORDER BY b.abs_added_at, b.id
            """
        )
    ).all()
    found = find_duplicates(map(recording_of, rows))
    changed = [(row.id, found[row.id]) for row in rows if row.duplicate_of != found[row.id]]
    if changed:
        connection.execute(
            text(
                """
                UPDATE books SET duplicate_of = v.kept,
                                 status = CASE WHEN v.kept IS NULL THEN 'active' ELSE 'duplicate' END
                FROM unnest(CAST(:ids AS bigint[]), CAST(:kept AS bigint[])) AS v (id, kept)
                WHERE books.id = v.id
                """
            ),
            {"ids": [book_id for book_id, _ in changed], "kept": [kept for _, kept in changed]},
        )
    return count_duplicates(connection)


def count_duplicates(connection: Connection) -> int:
    """Books that repeat a recording."""
    return connection.execute(select(func.count()).select_from(Book).where(Book.status == "duplicate")).scalar_one()


def duplicates(connection: Connection) -> list[dict[str, Any]]:
    """Each duplicate beside the item that is kept: the paths and sizes (MB) of both."""
    rows = connection.execute(
        text(
            """
            SELECT d.title, d.author, d.narrator, round(d.duration_minutes) AS minutes,
                   k.path AS kept, round(k.size_bytes / 1e6, 1) AS kept_mb,
                   d.path AS duplicate, round(d.size_bytes / 1e6, 1) AS duplicate_mb
            FROM books d JOIN books k ON k.id = d.duplicate_of
            WHERE d.status = 'duplicate' ORDER BY d.title_key, d.id
            """
        )
    )
    return [dict(row) | {name: _plain(row[name]) for name in ("kept_mb", "duplicate_mb")} for row in rows.mappings()]


def _plain(value: Any) -> float | None:
    return None if value is None else float(value)
