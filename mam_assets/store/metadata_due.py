"""Which books are to be looked up now, and in which order.

Belongs here: SQL on what books wait for, for the run itself and for whoever counts before it. Does not belong here:
what a look-up leaves behind (metadata), who is left alone until when (services).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, text

from mam_assets.store.metadata import BookForLookup, books_by_id

Scope = Literal["new", "stale", "all"]
"""Which books a run looks up: those never looked up, those looked up long ago, or any."""

WRITING = "write_back"
"""The word for writing to Audiobookshelf, among the services whose answer about a book was bad."""

PENDING = f"""
    LATERAL (
        SELECT coalesce(bool_or(NOT wish.service = ANY(CAST(:resting AS text[]))
                                AND (CAST(:failed AS timestamptz) IS NULL OR wish.failed_at IS NULL
                                     OR wish.failed_at < CAST(:failed AS timestamptz))), false) AS askable,
               coalesce(bool_or(wish.failed_at IS NOT NULL), false) AS failed,
               count(*) > 0 AS waits
        FROM (
            SELECT service, CAST(b.metadata_failed ->> service AS timestamptz) AS failed_at
            FROM unnest(b.metadata_waiting) AS service
            UNION ALL
            SELECT 'audiobookshelf', CAST(b.metadata_failed ->> '{WRITING}' AS timestamptz) WHERE b.abs_unconfirmed
        ) wish
    ) pending
"""
"""Beside each row of books ``b``: whether it waits for anything, whether some of that may be asked (or written) now,
and whether some of it answered badly before. Takes ``resting``, the services that nobody asks now, and ``failed``: what
answered badly since then about this very book rests too; null: nothing does."""


def books_for_lookup(
    connection: Connection,
    *,
    scope: Scope,
    limit: int,
    book_ids: Sequence[int] = (),
    stale_before: datetime | None = None,
    failed_before: datetime | None = None,
    resting: Collection[str] = (),
    but_not: Collection[int] = (),
) -> list[BookForLookup]:
    """Active books of a scope, those that wait first, then those never looked up, then the longest ago; last those that
    a service answered badly about, so that three bad pages starve nobody.

    new: never looked up. stale: also those looked up before ``stale_before``. all: every book. In each scope a book
    that waits is due again as soon as one of the services it waits for is not among ``resting``, nor answered badly
    about it since ``failed_before``; else it keeps its place. Books without title or author are left out: nobody can be
    asked about them.
    """
    due = {
        "new": "pending.askable OR (b.last_metadata_update IS NULL AND NOT pending.waits)",
        "stale": """
            pending.askable OR (b.last_metadata_update IS NULL AND NOT pending.waits)
            OR CAST(:stale AS timestamptz) IS NULL OR b.last_metadata_update < :stale
        """,
        "all": "true",
    }["all" if book_ids else scope]
    rows = connection.execute(
        text(
            f"""
            SELECT b.id FROM books b CROSS JOIN {PENDING}
            WHERE b.status = 'active' AND b.title_key <> '' AND b.author_key <> '' AND ({due})
              AND (cardinality(CAST(:ids AS bigint[])) = 0 OR b.id = ANY(CAST(:ids AS bigint[])))
              AND NOT b.id = ANY(CAST(:but_not AS bigint[]))
            ORDER BY pending.failed, pending.askable DESC, b.last_metadata_update NULLS FIRST, b.id
            LIMIT :limit
            """
        ),
        _given(resting, failed_before)
        | {"stale": stale_before, "ids": list(book_ids), "but_not": list(but_not), "limit": limit},
    ).scalars()
    return books_by_id(connection, rows.all())


def count_waiting(
    connection: Connection,
    stale_before: datetime,
    resting: Collection[str] = (),
    failed_before: datetime | None = None,
) -> tuple[int, int]:
    """How many books `books_for_lookup` would find due in scope stale: never looked up, and the others."""
    row = connection.execute(
        text(
            f"""
            SELECT count(*) FILTER (WHERE b.last_metadata_update IS NULL AND (pending.askable OR NOT pending.waits))
                       AS never,
                   count(*) FILTER (WHERE b.last_metadata_update IS NOT NULL
                                    AND (pending.askable OR b.last_metadata_update < :stale)) AS stale
            FROM books b CROSS JOIN {PENDING}
            WHERE b.status = 'active' AND b.title_key <> '' AND b.author_key <> ''
            """
        ),
        _given(resting, failed_before) | {"stale": stale_before},
    ).one()
    return row.never, row.stale


def _given(resting: Collection[str], failed_before: datetime | None) -> dict[str, Any]:
    return {"resting": sorted(resting), "failed": failed_before}
