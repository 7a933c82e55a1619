"""Complete downloads that become books of the library: due, placed, imported, or not yet.

Belongs here: what an import leaves on the download, its gap and its book. Does not belong here: names and plans
(domain.importing), reading the library (library), a download whose release turned out damaged (attempts.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, text, update
from sqlalchemy.dialects.postgresql import insert

from mam_assets.store import tables as t


@dataclass(frozen=True)
class ToImport:
    """A complete download whose files are not in the library yet."""

    download_id: int
    gap_id: int | None
    title: str
    author: str | None
    info_hash: str
    save_path: str
    content_path: str
    import_attempts: int


def to_import(connection: Connection, now: datetime, *, limit: int) -> list[ToImport]:
    """Complete downloads whose import is due, the one that waits longest first."""
    rows = connection.execute(
        text(
            """
            SELECT d.id AS download_id, d.missing_book_id AS gap_id, d.title, d.author, d.qbittorrent_hash AS info_hash,
                   d.save_path, d.content_path, d.import_attempts
            FROM downloads d
            WHERE d.status = 'completed' AND d.abs_import_status = 'pending'
              AND (d.next_import IS NULL OR d.next_import <= :now)
            ORDER BY d.import_attempts, d.date_completed, d.id
            LIMIT :limit
            """
        ),
        {"limit": limit, "now": now},
    )
    return [ToImport(**row) for row in rows.mappings()]


def files_placed(connection: Connection, download_id: int, files: Sequence[tuple[str, str, str, int]]) -> None:
    """Keep which file came from where: (source, target, method, bytes)."""
    if not files:
        return
    rows = [
        {"download_id": download_id, "source_path": s, "target_path": p, "method": method, "size_bytes": size}
        for s, p, method, size in files
    ]
    connection.execute(insert(t.ImportedFile).values(rows).on_conflict_do_nothing())


def imported(connection: Connection, download_id: int, book_id: int, now: datetime) -> None:
    """The library shows the book: link it, close the gap."""
    connection.execute(
        update(t.Download)
        .where(t.Download.id == download_id)
        .values(abs_import_status="imported", abs_import_error=None, book_id=book_id, date_updated=now)
    )
    connection.execute(
        text(
            """
            UPDATE missing_books m
            SET book_id = :book, closed_date = coalesce(m.closed_date, :now), download_status = 'completed',
                hold_reason = NULL
            FROM downloads d WHERE d.id = :id AND m.id = d.missing_book_id
            """
        ),
        {"id": download_id, "book": book_id, "now": now},
    )
    connection.execute(
        text(
            """
            UPDATE books b
            SET import_source = CASE m.reason_missing WHEN 'series_gap' THEN 'series_completion'
                                     WHEN 'author_gap' THEN 'author_discovery' ELSE m.reason_missing END
            FROM downloads d JOIN missing_books m ON m.id = d.missing_book_id
            WHERE d.id = :id AND b.id = :book
            """
        ),
        {"id": download_id, "book": book_id},
    )


def import_failed(
    connection: Connection, download_id: int, error: str, now: datetime, *, next_import: datetime | None
) -> None:
    """An import did not work; the files stay. It is tried again at ``next_import``, or, without one, waits for a
    person."""
    connection.execute(
        update(t.Download)
        .where(t.Download.id == download_id)
        .values(
            import_attempts=t.Download.import_attempts + 1,
            abs_import_error=error,
            abs_import_status="pending" if next_import else "import_failed",
            next_import=next_import,
            date_updated=now,
        )
    )
    if next_import is None:
        connection.execute(
            text(
                """
                UPDATE missing_books m SET download_status = 'held', hold_reason = :error
                FROM downloads d WHERE d.id = :id AND m.id = d.missing_book_id AND m.closed_date IS NULL
                  AND m.download_status <> 'ignored'
                """
            ),
            {"id": download_id, "error": error},
        )


def import_waits(
    connection: Connection, download_ids: Sequence[int], reason: str, next_import: datetime, now: datetime
) -> None:
    """A service or the disk was not to be had: nobody is to blame, and no attempt is counted."""
    connection.execute(
        update(t.Download)
        .where(t.Download.id.in_(download_ids), t.Download.abs_import_status == "pending")
        .values(abs_import_error=reason, next_import=next_import, date_updated=now)
    )


def known_items(connection: Connection, folders: Sequence[str]) -> dict[str, str]:
    """Items of the library, as we read them last, by folder: folder → Audiobookshelf's id."""
    statement = select(t.Book.rel_path, t.Book.abs_id).where(
        t.Book.rel_path.in_(folders), t.Book.abs_id.is_not(None), t.Book.status != "archived"
    )
    return {row.rel_path: row.abs_id for row in connection.execute(statement)}
