"""What must be true of gaps and counts: each question answers with the rows that are wrong.

Belongs here: SQL behind the checks of the group gaps. Does not belong here: what writes those rows (gaps, verdicts).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from mam_assets.domain.wanting import keys_of, keys_of_gap, places_of
from mam_assets.store.gap_filling import UNDER_WAY
from mam_assets.store.gap_keys import key_gaps, open_gaps_with

_TALLY = """
    SELECT c.{owner} AS owner, count(*) FILTER (WHERE c.status = 'owned') AS owned,
           count(*) FILTER (WHERE c.status = 'missing') AS missing
    FROM catalog_entries c WHERE c.{owner} IS NOT NULL AND c.counted GROUP BY c.{owner}"""


def series_counts_that_disagree(connection: Connection) -> list[dict[str, Any]]:
    """Series whose counts are not those of their catalogue's rows: there must be none."""
    rows = connection.execute(
        text(
            f"""
            SELECT s.id, s.name, s.books_owned, coalesce(n.owned, 0) AS rows_owned, s.books_missing,
                   coalesce(n.missing, 0) AS rows_missing
            FROM series s LEFT JOIN ({_TALLY.format(owner="series_id")}) n ON n.owner = s.id
            WHERE s.books_owned <> coalesce(n.owned, 0) OR s.books_missing <> coalesce(n.missing, 0)
               OR s.books_owned + s.books_missing <> s.total_books_in_series
            ORDER BY s.id
            """
        )
    )
    return [dict(row) for row in rows.mappings()]


def author_counts_that_disagree(connection: Connection) -> list[dict[str, Any]]:
    """Authors whose counts are not those of their catalogue's rows: there must be none."""
    rows = connection.execute(
        text(
            f"""
            SELECT a.id, a.name, a.audiobooks_owned, coalesce(n.owned, 0) AS rows_owned, a.audiobooks_missing,
                   coalesce(n.missing, 0) AS rows_missing
            FROM authors a LEFT JOIN ({_TALLY.format(owner="author_id")}) n ON n.owner = a.id
            WHERE a.audiobooks_owned <> coalesce(n.owned, 0) OR a.audiobooks_missing <> coalesce(n.missing, 0)
               OR a.audiobooks_owned + a.audiobooks_missing <> a.total_audiobooks_external
            ORDER BY a.id
            """
        )
    )
    return [dict(row) for row in rows.mappings()]


def series_summary_that_disagrees(connection: Connection) -> list[dict[str, Any]]:
    """Lines of series_completion_summary that are not what the rows of series and of gaps say: there must be none."""
    return _summary_that_disagrees(
        connection,
        view="series_completion_summary",
        table="series",
        owner="series_id",
        counts=("total_books_in_series", "books_owned", "books_missing"),
    )


def gaps_of_owned_works(connection: Connection) -> list[dict[str, Any]]:
    """Open gaps of series whose very work, at its place, the series shows to be owned: there must be none. What the
    client has, or is about to get, is left to come; and a series that others lack a work of leaves its gap open."""
    rows = connection.execute(
        text(
            f"""
            SELECT DISTINCT m.id, m.title, s.name AS series, m.download_status AS status, c.book_id
            FROM missing_books m
            JOIN series s ON s.id = m.series_id
            JOIN catalog_entries c ON c.series_id = m.series_id AND c.title = m.title
                                  AND c.position IS NOT DISTINCT FROM m.series_number
            WHERE m.closed_date IS NULL AND 'series_gap' = ANY(m.reasons) AND c.status = 'owned' AND NOT {UNDER_WAY}
              AND NOT EXISTS (
                  SELECT FROM catalog_entries l
                  WHERE l.title = m.title AND l.series_id IS NOT NULL AND l.status IN ('missing', 'upcoming'))
            ORDER BY m.id
            """
        )
    )
    return [dict(row) for row in rows.mappings()]


def author_summary_that_disagrees(connection: Connection) -> list[dict[str, Any]]:
    """Lines of author_completion_summary that are not what the rows of authors and of gaps say: there must be none."""
    return _summary_that_disagrees(
        connection,
        view="author_completion_summary",
        table="authors",
        owner="author_id",
        counts=("total_audiobooks_external", "audiobooks_owned", "audiobooks_missing"),
    )


def _summary_that_disagrees(
    connection: Connection, *, view: str, table: str, owner: str, counts: tuple[str, str, str]
) -> list[dict[str, Any]]:
    """A percentage or a status that its own counts belie is such a line, and so is one that is not there."""
    total, owned, missing = counts
    rows = connection.execute(
        text(
            f"""
            WITH gaps AS (
                SELECT {owner} AS owner,
                       count(*) FILTER (WHERE download_status NOT IN ('upcoming', 'ignored')) AS open,
                       count(*) FILTER (WHERE download_status = 'upcoming') AS upcoming,
                       count(*) FILTER (WHERE download_status = 'ignored') AS ignored
                FROM missing_books WHERE closed_date IS NULL GROUP BY {owner}
            )
            SELECT t.id, t.name, v.{owned} AS owned, v.{missing} AS missing, v.{total} AS total,
                   v.completion_percentage AS percentage, v.completion_status AS status, v.open_gaps
            FROM {table} t
            LEFT JOIN {view} v ON v.{owner} = t.id
            LEFT JOIN gaps g ON g.owner = t.id
            WHERE v.{owner} IS NULL
               OR (v.{total}, v.{owned}, v.{missing}) IS DISTINCT FROM (t.{total}, t.{owned}, t.{missing})
               OR (v.open_gaps, v.upcoming, v.ignored)
                  <> (coalesce(g.open, 0), coalesce(g.upcoming, 0), coalesce(g.ignored, 0))
               OR abs(v.completion_percentage - 100.0 * t.{owned} / nullif(t.{total}, 0)) >= 0.1
               OR (v.completion_status = 'complete' AND t.{missing} > 0)
               OR (v.completion_status IN ('partial', 'incomplete') AND t.{missing} = 0)
               OR (v.completion_status = 'partial' AND t.{owned} = 0)
            ORDER BY t.id
            """
        )
    )
    return [dict(row) for row in rows.mappings()]


def missing_works_without_gap(connection: Connection) -> list[dict[str, Any]]:
    """Works judged missing in a series of which a book is owned, for which no gap is open: there must be none. A gap
    may have been opened for another series or an author, and under another title of the same work."""
    rows = connection.execute(
        text(
            """
            SELECT c.id, c.title, c.authors, c.series_id, c.position, s.name AS series, s.author
            FROM catalog_entries c JOIN series s ON s.id = c.series_id
            WHERE c.status = 'missing'
              AND EXISTS (SELECT FROM book_series bs JOIN books b ON b.id = bs.book_id
                          WHERE bs.series_id = s.id AND b.status IN ('active', 'duplicate') AND b.title_key <> '')
              AND NOT EXISTS (SELECT FROM missing_books m WHERE m.closed_date IS NULL
                              AND m.series_id = c.series_id AND m.title = c.title)
            ORDER BY c.id
            """
        )
    ).all()
    wanted = {
        row.id: keys_of([row.title], row.authors or ([row.author] if row.author else []))
        | places_of([row.title], row.series_id, row.series, row.position)
        for row in rows
    }
    key_gaps(connection)
    gaps = open_gaps_with(connection, {key for keys in wanted.values() for key in keys})
    open_keys = {key for gap in gaps for key in keys_of_gap(gap)}
    return [{"id": row.id, "title": row.title, "series": row.series} for row in rows if not open_keys & wanted[row.id]]
