"""Gaps: what follows from verdicts. A gap is never deleted and refilled: it has dates.

Belongs here: SQL that writes missing_books and the counts of series and authors. Does not belong here: what a verdict
is made from (gap_snapshots), the verdict (domain.gaps) and which wishes mean one work (domain.wanting), the search for
releases (releases).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, text

from mam_assets.domain.books import SeriesRef, Work
from mam_assets.domain.gaps import AuthorVerdict, SeriesVerdict, WorkStatus
from mam_assets.domain.wanting import (
    Judged,
    OpenGap,
    Snapshot,
    Wanted,
    WhyWanted,
    filled,
    keys_of,
    keys_of_gap,
    places_of,
    settle,
    wishes_of,
)
from mam_assets.store import tables as t


@dataclass
class Written:
    """What a recomputation changed."""

    opened: int = 0
    closed: int = 0
    open_ids: dict[str, int] = field(default_factory=dict)


def write_series(connection: Connection, judged: Sequence[tuple[Snapshot, SeriesVerdict]], now: datetime) -> Written:
    """Write the verdicts on series: entries, gaps opened and closed, and the counts that must agree with them."""
    _write_entries(connection, judged)
    wishes = wishes_of(judged, "series_gap")
    owner_ids = [snapshot.owner_id for snapshot, _ in judged]
    written = _write_gaps(connection, wishes.wanted, wishes.owned, "series_gap", owner_ids, now)
    if judged:
        connection.execute(
            text(
                """
                UPDATE series SET total_books_in_series = :total, books_owned = :owned, books_missing = :missing,
                       completion_percentage = :percentage, completion_status = :status, date_updated = :now
                WHERE id = :id
                """
            ),
            [
                {
                    "id": snapshot.owner_id,
                    "total": verdict.total,
                    "owned": verdict.owned_count,
                    "missing": verdict.missing_count,
                    "percentage": float(verdict.percentage),
                    "status": verdict.status,
                    "now": now,
                }
                for snapshot, verdict in judged
            ],
        )
    return written


def write_authors(connection: Connection, judged: Sequence[tuple[Snapshot, AuthorVerdict]], now: datetime) -> Written:
    """Write the verdicts on authors: entries, gaps opened and closed, and the counts that must agree with them."""
    _write_entries(connection, judged)
    wishes = wishes_of(judged, "author_gap")
    owner_ids = [snapshot.owner_id for snapshot, _ in judged]
    written = _write_gaps(connection, wishes.wanted, wishes.owned, "author_gap", owner_ids, now)
    if judged:
        connection.execute(
            text(
                """
                UPDATE authors SET total_audiobooks_external = :total, audiobooks_owned = :owned,
                       audiobooks_missing = :missing, completion_status = :status, date_updated = :now
                WHERE id = :id
                """
            ),
            [
                {
                    "id": snapshot.owner_id,
                    "total": verdict.total,
                    "owned": verdict.owned_count,
                    "missing": verdict.missing_count,
                    "status": verdict.status,
                    "now": now,
                }
                for snapshot, verdict in judged
            ],
        )
    return written


def write_wanted(connection: Connection, wanted: Sequence[Wanted], now: datetime) -> Written:
    """Open gaps for single works (a top ten's, a person's wish), closing none."""
    return _write_gaps(connection, wanted, {}, None, (), now)


def _write_entries(connection: Connection, judged: Iterable[Judged]) -> None:
    rows = []
    for snapshot, verdict in judged:
        for work in verdict.works:
            book_id = work.owned_book_ids[0] if work.owned_book_ids else None
            rows.append(
                {
                    "id": snapshot.rows[(work.entry.source, work.entry.source_key)],
                    "kind": work.kind.value,
                    "status": work.status.value,
                    "reason": work.reason.evidence,
                    "book": book_id,
                }
            )
            rows += [
                {
                    "id": snapshot.rows[(other.source, other.source_key)],
                    "kind": work.kind.value,
                    "status": WorkStatus.NOT_WANTED.value,
                    "reason": f"the same work as {work.entry.title!r} ({work.entry.source})",
                    "book": book_id,
                }
                for other in work.also
            ]
        rows += [
            {
                "id": snapshot.rows[(refused.entry.source, refused.entry.source_key)],
                "kind": "primary",
                "status": WorkStatus.NOT_WANTED.value,
                "reason": refused.reason.evidence,
                "book": None,
            }
            for refused in getattr(verdict, "refused", ())
        ]
    if rows:
        connection.execute(
            text(
                """
                UPDATE catalog_entries c SET kind = v.kind, status = v.status, reason = v.reason, book_id = v.book
                FROM unnest(CAST(:ids AS bigint[]), CAST(:kinds AS text[]), CAST(:statuses AS text[]),
                            CAST(:reasons AS text[]), CAST(:books AS bigint[])) AS v (id, kind, status, reason, book)
                WHERE c.id = v.id
                """
            ),
            {
                "ids": [row["id"] for row in rows],
                "kinds": [row["kind"] for row in rows],
                "statuses": [row["status"] for row in rows],
                "reasons": [row["reason"] for row in rows],
                "books": [row["book"] for row in rows],
            },
        )


def _write_gaps(
    connection: Connection,
    wanted: Sequence[Wanted],
    owned: Mapping[str, int],
    reason: WhyWanted | None,
    owner_ids: Sequence[int],
    now: datetime,
) -> Written:
    # Two runs that find the same work under two names must not both open a gap for it.
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('mam_assets.gaps'))"))
    written = Written()
    open_gaps = _open_gaps(connection)
    wanted = settle(wanted, open_gaps)
    if wanted:
        rows = connection.execute(
            text(
                """
                INSERT INTO missing_books (work_key, title, author_name, authors, reason_missing, reasons,
                    download_status, series_id, author_id, series_name, series_number, kind, isbn, asin, goodreads_id,
                    language, published, other_titles, priority, identified_date)
                SELECT w.work_key, w.title, w.authors ->> 0,
                       ARRAY(SELECT jsonb_array_elements_text(w.authors)), w.reason, ARRAY[w.reason], w.status,
                       w.series_id, w.author_id, w.series_name, w.series_number, w.kind, w.isbn, w.asin, w.goodreads_id,
                       w.language, w.published, ARRAY(SELECT jsonb_array_elements_text(w.other_titles)), w.priority,
                       :now FROM jsonb_to_recordset(CAST(:wanted AS jsonb)) AS w (
                    work_key text, title text, authors jsonb, reason text, status text, series_id bigint,
                    author_id bigint, series_name text, series_number text, kind text, isbn text, asin text,
                    goodreads_id text, language text, published text, other_titles jsonb, priority integer)
                ON CONFLICT (work_key) WHERE closed_date IS NULL DO UPDATE SET
                    reasons = ARRAY(SELECT DISTINCT unnest(missing_books.reasons || EXCLUDED.reasons) ORDER BY 1),
                    series_id = coalesce(missing_books.series_id, EXCLUDED.series_id),
                    series_name = coalesce(missing_books.series_name, EXCLUDED.series_name),
                    series_number = coalesce(missing_books.series_number, EXCLUDED.series_number),
                    author_id = coalesce(missing_books.author_id, EXCLUDED.author_id),
                    isbn = coalesce(missing_books.isbn, EXCLUDED.isbn),
                    asin = coalesce(missing_books.asin, EXCLUDED.asin),
                    goodreads_id = coalesce(missing_books.goodreads_id, EXCLUDED.goodreads_id),
                    published = coalesce(EXCLUDED.published, missing_books.published),
                    other_titles = ARRAY(SELECT DISTINCT unnest(missing_books.other_titles || EXCLUDED.other_titles)
                                         ORDER BY 1),
                    priority = least(missing_books.priority, EXCLUDED.priority),
                    -- a source without dates does not make an upcoming volume of one that another source dates
                    download_status = CASE
                        WHEN missing_books.download_status = 'upcoming' THEN EXCLUDED.download_status
                        WHEN missing_books.download_status = 'identified'
                             AND missing_books.reasons <@ EXCLUDED.reasons THEN EXCLUDED.download_status
                        ELSE missing_books.download_status END
                RETURNING id, work_key, (xmax = 0) AS is_new
                """
            ),
            {"wanted": _json(wanted), "now": now},
        ).all()
        written.opened = sum(1 for row in rows if row.is_new)
        written.open_ids = {row.work_key: row.id for row in rows}
    arrived = filled(open_gaps, owned)
    if arrived:
        written.closed += connection.execute(
            text(
                """
                UPDATE missing_books m
                SET closed_date = :now, book_id = v.book, download_status = 'completed', hold_reason = NULL
                FROM unnest(CAST(:keys AS text[]), CAST(:books AS bigint[])) AS v (key, book)
                WHERE m.work_key = v.key AND m.closed_date IS NULL
                  AND m.download_status NOT IN ('queued', 'downloading', 'completed')
                """
            ),
            {"keys": list(arrived), "books": list(arrived.values()), "now": now},
        ).rowcount
    if reason is not None and owner_ids:
        written.closed += _close_unwanted(connection, [want.work_key for want in wanted], reason, owner_ids, now)
    return written


def _open_gaps(connection: Connection) -> list[OpenGap]:
    rows = connection.execute(
        text(
            """
            SELECT work_key, title, authors, other_titles, series_id, series_name, series_number FROM missing_books
            WHERE closed_date IS NULL ORDER BY id
            """
        )
    )
    return [
        OpenGap(
            work_key=row.work_key,
            title=row.title,
            authors=tuple(row.authors),
            other_titles=tuple(row.other_titles),
            series_id=row.series_id,
            series_name=row.series_name,
            series_number=row.series_number,
        )
        for row in rows
    ]


def _json(wanted: Sequence[Wanted]) -> str:
    return json.dumps([{name: getattr(want, name) for name in Wanted.__dataclass_fields__} for want in wanted])


def _close_unwanted(
    connection: Connection, keys: Sequence[str], reason: WhyWanted, owner_ids: Sequence[int], now: datetime
) -> int:
    """Take a reason away from open gaps of these series (or authors) that are wanted for it no longer; one without any
    reason left is closed. What a download is under way for, and what a person has ignored, stays."""
    owner = "series_id" if reason == "series_gap" else "author_id"
    rows = connection.execute(
        text(
            f"""
            UPDATE missing_books m
            SET reasons = CASE WHEN reasons <@ ARRAY[:reason] THEN reasons ELSE array_remove(reasons, :reason) END,
                closed_date = CASE WHEN reasons <@ ARRAY[:reason] THEN CAST(:now AS timestamptz) END
            WHERE m.closed_date IS NULL AND :reason = ANY(m.reasons)
              AND m.{owner} = ANY(CAST(:owners AS bigint[])) AND m.work_key <> ALL(CAST(:keys AS text[]))
              AND m.download_status IN ('identified', 'upcoming', 'held', 'failed')
            RETURNING m.closed_date
            """
        ),
        {"reason": reason, "owners": list(owner_ids), "keys": list(keys), "now": now},
    )
    return sum(1 for row in rows if row.closed_date is not None)


@dataclass(frozen=True)
class WantedWork:
    """What an import should be."""

    work: Work
    narrators: tuple[str, ...]
    expected_runtime_seconds: float | None


def wanted_work(connection: Connection, gap_id: int | None) -> WantedWork:
    """The work of a gap, with the narrators and the runtime of the release that was taken for it."""
    row = connection.execute(
        text(
            """
            SELECT m.*, r.narrators, r.runtime_seconds
            FROM missing_books m
            LEFT JOIN downloads d ON d.id = m.download_id
            LEFT JOIN releases r ON r.id = d.release_id
            WHERE m.id = :id
            """
        ),
        {"id": gap_id},
    ).one()
    work = Work(
        title=row.title,
        authors=tuple(row.authors) or ((row.author_name,) if row.author_name else ()),
        series=SeriesRef(row.series_name, row.series_number) if row.series_name else None,
        isbn=row.isbn,
        asin=row.asin,
        is_collection=row.kind == "collection",
    )
    return WantedWork(work, tuple(row.narrators or ()), row.expected_runtime_seconds or row.runtime_seconds)


def owners_of_books(connection: Connection, book_ids: Sequence[int]) -> tuple[list[int], list[int]]:
    """The series and the authors that these books touch."""
    series = select(t.BookSeries.series_id).where(t.BookSeries.book_id.in_(book_ids)).distinct()
    authors = select(t.BookAuthor.author_id).where(t.BookAuthor.book_id.in_(book_ids)).distinct()
    return list(connection.execute(series).scalars()), list(connection.execute(authors).scalars())


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


def count_open(connection: Connection, reason: WhyWanted) -> int:
    number: int = connection.execute(
        text("SELECT count(*) FROM missing_books WHERE closed_date IS NULL AND :reason = ANY(reasons)"),
        {"reason": reason},
    ).scalar_one()
    return number


def series_counts_that_disagree(connection: Connection) -> list[dict[str, Any]]:
    """Series whose counts are not those of their catalogue's rows: there must be none."""
    rows = connection.execute(
        text(
            """
            SELECT s.id, s.name, s.books_missing, count(c.id) FILTER (WHERE c.status = 'missing') AS rows_missing
            FROM series s JOIN catalog_entries c ON c.series_id = s.id AND c.kind = 'primary'
            GROUP BY s.id
            HAVING s.books_missing <> count(c.id) FILTER (WHERE c.status = 'missing')
                OR s.books_owned + s.books_missing <> s.total_books_in_series
            ORDER BY s.id
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
                          WHERE bs.series_id = s.id AND b.status = 'active')
              AND NOT EXISTS (SELECT FROM missing_books m WHERE m.closed_date IS NULL
                              AND m.series_id = c.series_id AND m.title = c.title)
            ORDER BY c.id
            """
        )
    ).all()
    open_keys = {key for gap in (_open_gaps(connection) if rows else ()) for key in keys_of_gap(gap)}
    return [
        {"id": row.id, "title": row.title, "series": row.series}
        for row in rows
        if not open_keys
        & (
            keys_of([row.title], row.authors or ([row.author] if row.author else []))
            | places_of([row.title], row.series_id, row.series, row.position)
        )
    ]
