"""Gaps as people see them: samples, sums, what is nearly complete, what is wanted most.

Belongs here: SQL behind the pages of the three gap assets. Does not belong here: what writes gaps (gaps), what must be
true of them (gap_truths).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from mam_assets.domain.wanting import WhyWanted


def sample(connection: Connection, reason: WhyWanted, *, limit: int) -> list[dict[str, Any]]:
    """Open gaps of a reason, newest first, for the sample table."""
    rows = connection.execute(
        text(
            """
            SELECT title, author_name AS author, series_name AS series, series_number AS number, download_status AS
            status FROM missing_books WHERE closed_date IS NULL AND :reason = ANY(reasons)
            ORDER BY identified_date DESC, id DESC LIMIT :limit
            """
        ),
        {"reason": reason, "limit": limit},
    )
    return [dict(row) for row in rows.mappings()]


def open_counts(connection: Connection, reason: WhyWanted) -> dict[str, int]:
    """Open gaps of a reason: all, and those that are upcoming, ignored or wanted for another reason too; and the works
    missing from catalogues of its kind that a book of the library may be, which a person can say."""
    row = connection.execute(
        text(
            """
            SELECT count(*) AS gaps_open,
                   count(*) FILTER (WHERE download_status = 'upcoming') AS gaps_upcoming,
                   count(*) FILTER (WHERE download_status = 'ignored') AS gaps_ignored,
                   count(*) FILTER (WHERE cardinality(reasons) > 1) AS gaps_with_two_reasons,
                   (SELECT count(*) FROM catalog_entries c
                    WHERE c.status = 'missing' AND c.rule LIKE 'doubtful%'
                      AND CASE :reason WHEN 'series_gap' THEN c.series_id WHEN 'author_gap' THEN c.author_id END
                          IS NOT NULL) AS works_in_doubt
            FROM missing_books WHERE closed_date IS NULL AND :reason = ANY(reasons)
            """
        ),
        {"reason": reason},
    ).one()
    return dict(row._mapping)


def nearly_complete(connection: Connection, *, limit: int) -> list[tuple[str, str | None, int, int]]:
    """Series that lack least of much: (name, author, missing, total), the fewest missing first."""
    rows = connection.execute(
        text(
            """
            SELECT name, author, books_missing, total_books_in_series FROM series
            WHERE books_missing BETWEEN 1 AND 3 AND books_owned >= books_missing
            ORDER BY books_missing, total_books_in_series DESC, name LIMIT :limit
            """
        ),
        {"limit": limit},
    )
    return [(row.name, row.author, row.books_missing, row.total_books_in_series) for row in rows]


def most_wanted_authors(connection: Connection, *, limit: int) -> list[tuple[str, int, int]]:
    """Authors of whom most is missing: (name, missing, owned)."""
    rows = connection.execute(
        text(
            """
            SELECT name, audiobooks_missing, audiobooks_owned FROM authors WHERE audiobooks_missing > 0
            ORDER BY audiobooks_missing DESC, name LIMIT :limit
            """
        ),
        {"limit": limit},
    )
    return [(row.name, row.audiobooks_missing, row.audiobooks_owned) for row in rows]
