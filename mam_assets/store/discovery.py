"""The weekly top ten of each genre and the daily uploads: what was seen, and what it led to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert

from mam_assets.domain.books import Release
from mam_assets.domain.names import normalise_person, normalise_title
from mam_assets.store import tables as t
from mam_assets.store.releases import save


@dataclass(frozen=True)
class GenreDue:
    """A genre whose list of a week is to be read."""

    genre_id: int
    name: str
    mam_categories: tuple[int, ...]


def genres_due(connection: Connection, week: date, *, names: Sequence[str] = ()) -> list[GenreDue]:
    """Enabled genres without entries for the week; with `names`, only these (enabled or not)."""
    rows = connection.execute(
        text(
            """
            SELECT g.id, g.genre_name, g.mam_categories FROM genre_settings g
            WHERE CASE WHEN cardinality(CAST(:names AS text[])) > 0 THEN g.genre_name = ANY(CAST(:names AS text[]))
                       ELSE g.enabled AND g.include_in_top10 END
              AND NOT EXISTS (SELECT FROM top10_entries e WHERE e.genre_id = g.id AND e.week = :week)
            ORDER BY g.last_top10_run NULLS FIRST, g.id
            """
        ),
        {"names": list(names), "week": week},
    )
    return [GenreDue(row.id, row.genre_name, tuple(row.mam_categories)) for row in rows]


def scanned_categories(connection: Connection) -> tuple[int, ...]:
    """MAM's categories of the enabled genres."""
    statement = select(t.GenreSetting.mam_categories).where(t.GenreSetting.enabled)
    return tuple(
        sorted({category for categories in connection.execute(statement).scalars() for category in categories})
    )


def save_top10(connection: Connection, genre_id: int, week: date, releases: Sequence[Release], now: datetime) -> int:
    """Keep a genre's week, ranked as given, each entry with whether it is owned, active, ignored or wanted. A week
    that is kept is not changed by a second call. Returns the entries added."""
    stored = {(s.release.source, s.release.guid): s.release_id for s in save(connection, releases, now)}
    rows = []
    for rank, release in enumerate(releases, start=1):
        known = _standing(connection, release)
        rows.append(
            {
                "genre_id": genre_id,
                "week": week,
                "rank": rank,
                "release_id": stored[(release.source, release.guid)],
                "title": release.title,
                "authors": list(release.authors),
                "narrators": list(release.narrators),
                "seeders": release.seeders,
                "snatched": release.snatched,
                "size_bytes": release.size_bytes,
                "created_at": now,
                **known,
            }
        )
    connection.execute(
        text("UPDATE genre_settings SET last_top10_run = :now, date_updated = :now WHERE id = :id"),
        {"now": now, "id": genre_id},
    )
    if not rows:
        return 0
    statement = insert(t.Top10Entry).values(rows).on_conflict_do_nothing().returning(t.Top10Entry.id)
    return len(connection.execute(statement).all())


def _standing(connection: Connection, release: Release) -> dict[str, Any]:
    """Whether a release's work is owned, already pursued, ignored by a person, or wanted. Ten rows a genre and week:
    one small query each."""
    keys = {
        "title": normalise_title(release.title),
        "authors": sorted({normalise_person(name) for name in release.authors} - {""}),
    }
    row = connection.execute(
        text(
            """
            SELECT (SELECT b.id FROM books b WHERE b.title_key = :title AND b.author_key = ANY(:authors)
                    AND b.status IN ('active', 'duplicate') LIMIT 1) AS book_id,
                   m.id AS gap_id, m.download_status
            FROM (SELECT 1) one
            LEFT JOIN missing_books m ON m.closed_date IS NULL
                 AND m.work_key = ANY (SELECT :title || '|' || a FROM unnest(CAST(:authors AS text[])) a)
            LIMIT 1
            """
        ),
        keys,
    ).one()
    if row.book_id is not None:
        return {"outcome": "owned", "reason": "in the library", "book_id": row.book_id, "missing_book_id": None}
    if row.gap_id is not None:
        outcome = "ignored" if row.download_status == "ignored" else "active"
        reason = f"already a gap ({row.download_status})"
        return {"outcome": outcome, "reason": reason, "book_id": None, "missing_book_id": row.gap_id}
    return {"outcome": "wanted", "reason": "neither owned nor pursued", "book_id": None, "missing_book_id": None}


@dataclass(frozen=True)
class WantedEntry:
    """An entry of a top ten that is to become a gap."""

    entry_id: int
    title: str
    authors: tuple[str, ...]
    isbn: str | None
    asin: str | None
    series_name: str | None
    series_number: str | None
    language: str | None


def wanted_entries(connection: Connection) -> list[WantedEntry]:
    """Entries that are wanted and are no gap yet, newest week and best rank first."""
    rows = connection.execute(
        text(
            """
            SELECT e.id, e.title, e.authors, r.isbn, r.asin, r.language,
                   r.series -> 0 ->> 'name' AS series_name, r.series -> 0 ->> 'position' AS series_number
            FROM top10_entries e LEFT JOIN releases r ON r.id = e.release_id
            WHERE e.outcome = 'wanted' AND e.missing_book_id IS NULL
            ORDER BY e.week DESC, e.rank, e.id
            """
        )
    )
    return [
        WantedEntry(r.id, r.title, tuple(r.authors), r.isbn, r.asin, r.series_name, r.series_number, r.language)
        for r in rows
    ]


def entries_became(connection: Connection, outcomes: Sequence[tuple[int, str, int | None, str]]) -> None:
    """Note what became of entries: (entry id, outcome, gap id, reason)."""
    if outcomes:
        connection.execute(
            text(
                "UPDATE top10_entries SET outcome = :outcome, missing_book_id = :gap, reason = :reason WHERE id = :id"
            ),
            [{"id": i, "outcome": o, "gap": g, "reason": r} for i, o, g, r in outcomes],
        )


def top10_of(connection: Connection, week: date) -> list[dict[str, Any]]:
    """A week's entries of all genres, for the sample table."""
    rows = connection.execute(
        text(
            """
            SELECT g.genre_name AS genre, e.rank, e.title, array_to_string(e.authors, ', ') AS authors, e.snatched,
                   e.seeders, e.outcome
            FROM top10_entries e JOIN genre_settings g ON g.id = e.genre_id
            WHERE e.week = :week ORDER BY e.rank, g.genre_name LIMIT 20
            """
        ),
        {"week": week},
    )
    return [dict(row) for row in rows.mappings()]


def save_uploads(connection: Connection, releases: Sequence[Release], now: datetime) -> int:
    """Keep what the scan saw; returns how many were not seen before."""
    stored = save(connection, releases, now)
    if not stored:
        return 0
    rows = [{"release_id": s.release_id, "seen_at": now} for s in stored]
    statement = insert(t.MamUpload).values(rows).on_conflict_do_nothing().returning(t.MamUpload.release_id)
    return len(connection.execute(statement).all())


def discover_books(connection: Connection, now: datetime) -> int:
    """Make a discovered book of each upload that is not a book of ours yet; returns how many."""
    rows = connection.execute(
        text(
            """
            SELECT u.release_id, r.title, r.authors, r.narrators, r.isbn, r.asin, r.language, r.runtime_seconds,
                   r.series -> 0 ->> 'name' AS series, r.series -> 0 ->> 'position' AS series_number
            FROM mam_uploads u JOIN releases r ON r.id = u.release_id
            WHERE u.book_id IS NULL AND r.medium = 'audiobook' AND cardinality(r.authors) > 0
            ORDER BY u.release_id
            """
        )
    ).all()
    by_work: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        key = (normalise_title(row.title), normalise_person(row.authors[0]))
        if all(key):
            by_work.setdefault(key, []).append(row)
    if not by_work:
        return 0
    known = _books_by_work(connection, list(by_work))
    new = [key for key in by_work if key not in known]
    if new:
        connection.execute(insert(t.Book), [_discovered(key, by_work[key][0], now) for key in new])
        known = _books_by_work(connection, list(by_work))
    connection.execute(
        text("UPDATE mam_uploads SET book_id = :book WHERE release_id = :release"),
        [{"book": known[key], "release": row.release_id} for key, group in by_work.items() for row in group],
    )
    return len(new)


def _books_by_work(connection: Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    rows = connection.execute(
        text(
            """
            SELECT b.title_key, b.author_key, min(b.id) AS id FROM books b
            JOIN unnest(CAST(:titles AS text[]), CAST(:authors AS text[])) AS w (title, author)
              ON b.title_key = w.title AND b.author_key = w.author
            GROUP BY b.title_key, b.author_key
            """
        ),
        {"titles": [key[0] for key in keys], "authors": [key[1] for key in keys]},
    )
    return {(row.title_key, row.author_key): row.id for row in rows}


def _discovered(key: tuple[str, str], row: Any, now: datetime) -> dict[str, Any]:
    return {
        "title": row.title,
        "title_key": key[0],
        "author": ", ".join(row.authors),
        "author_key": key[1],
        "authors": list(row.authors),
        "narrator": ", ".join(row.narrators) or None,
        "narrators": list(row.narrators),
        "series": row.series,
        "series_number": row.series_number,
        "isbn": row.isbn,
        "asin": row.asin,
        "language": row.language,
        "duration_minutes": row.runtime_seconds / 60 if row.runtime_seconds else None,
        "status": "discovered",
        "import_source": "mam_scraper",
        "date_added": now,
        "date_updated": now,
    }
