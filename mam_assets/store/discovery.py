"""The weekly top ten of each genre: what was listed, and what became of it.

Belongs here: SQL on top10_entries. Does not belong here: the ranks and what an entry is to us (domain.discovering), the
genres themselves (genres), the daily scan (uploads).

What was decided when a week was read stays: its ranks, its releases. What becomes of an entry follows its gap: it is
wanted, then active, then owned; or it failed, or a person ignores it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert

from mam_assets.domain.books import Release
from mam_assets.domain.discovering import Ranked, Standing
from mam_assets.store import releases as offered
from mam_assets.store import tables as t

# What a standing is called in a list. A pursued work is wanted, until `settle_outcomes` says how its gap fares.
_OUTCOMES = {
    "owned": "owned",
    "pursued": "wanted",
    "refused": "refused",
    "doubtful": "doubtful",
    "new": "wanted",
}


@dataclass(frozen=True)
class GenreDue:
    """A genre whose list of a week is to be read. ``places`` is how many ranks are kept."""

    genre_id: int
    name: str
    mam_categories: tuple[int, ...]
    places: int = 10


def genres_due(
    connection: Connection, week: date, *, since: datetime | None = None, names: Sequence[str] = ()
) -> list[GenreDue]:
    """Enabled genres without entries for the week, the longest waiting first; with `names`, only these (enabled or
    not). A genre whose list was read since `since`, and had nothing, isn't due either, unless it is named."""
    rows = connection.execute(
        text(
            """
            SELECT g.id, g.genre_name, g.mam_categories, g.top10_count FROM genre_settings g
            WHERE CASE WHEN cardinality(CAST(:names AS text[])) > 0
                            THEN lower(g.genre_name) = ANY(CAST(:names AS text[]))
                       ELSE g.enabled AND g.include_in_top10 AND g.top10_count > 0
                            AND (CAST(:since AS timestamptz) IS NULL OR g.last_top10_run IS NULL
                                 OR g.last_top10_run < :since) END
              AND NOT EXISTS (SELECT FROM top10_entries e WHERE e.genre_id = g.id AND e.week = :week)
            ORDER BY g.last_top10_run NULLS FIRST, g.id
            """
        ),
        {"names": [name.strip().lower() for name in names], "week": week, "since": since},
    )
    return [GenreDue(row.id, row.genre_name, tuple(row.mam_categories), row.top10_count) for row in rows]


def save_top10(
    connection: Connection, genre_id: int, week: date, ranked: Sequence[tuple[Ranked, Standing]], now: datetime
) -> int:
    """Keep a genre's week, ranked as given, each entry with what it is to us. A week that is kept is not changed by a
    second call. Returns the entries added."""
    listed = [release for place, _ in ranked for release in (place.release, *place.others)]
    stored = {(s.release.source, s.release.guid): s.release_id for s in offered.save(connection, listed, now)}
    connection.execute(
        text("UPDATE genre_settings SET last_top10_run = :now, date_updated = :now WHERE id = :id"),
        {"now": now, "id": genre_id},
    )
    kept = "SELECT EXISTS (SELECT FROM top10_entries WHERE genre_id = :genre AND week = :week)"
    if not ranked or connection.execute(text(kept), {"genre": genre_id, "week": week}).scalar():
        return 0
    rows = [
        {
            "genre_id": genre_id,
            "week": week,
            "rank": number,
            "release_id": stored[(place.release.source, place.release.guid)],
            "other_releases": [stored[(release.source, release.guid)] for release in place.others],
            "title": place.release.title,
            "authors": list(place.release.authors),
            "narrators": list(place.release.narrators),
            "seeders": place.release.seeders,
            "snatched": place.release.snatched,
            "size_bytes": place.release.size_bytes,
            "outcome": _OUTCOMES[standing.outcome],
            "reason": standing.reason,
            "book_id": standing.book_id,
            "missing_book_id": standing.gap_id,
            "created_at": now,
        }
        for number, (place, standing) in enumerate(ranked, start=1)
    ]
    statement = insert(t.Top10Entry).values(rows).on_conflict_do_nothing().returning(t.Top10Entry.id)
    return len(connection.execute(statement).all())


# --- what becomes of an entry -------------------------------------------------------------------------------------


def settle_outcomes(connection: Connection) -> int:
    """Let every entry that has a gap say how the gap fares; returns how many entries changed. One statement, in which
    nothing is decided: a gap that a person ignores makes the entry ignored, one taken up again makes it wanted."""
    rows = connection.execute(
        text(
            """
            WITH fate AS (
                SELECT e.id,
                       CASE WHEN m.closed_date IS NOT NULL AND m.book_id IS NOT NULL THEN 'owned'
                            WHEN m.closed_date IS NOT NULL THEN 'refused'
                            WHEN m.download_status = 'ignored' THEN 'ignored'
                            WHEN m.download_status IN ('queued', 'downloading', 'completed') THEN 'active'
                            WHEN m.download_status = 'failed' THEN 'failed'
                            ELSE 'wanted' END AS outcome,
                       CASE WHEN m.closed_date IS NOT NULL AND m.book_id IS NOT NULL
                                THEN 'in the library since ' || to_char(m.closed_date AT TIME ZONE 'UTC', 'YYYY-MM-DD')
                            WHEN m.closed_date IS NOT NULL
                                THEN 'no longer wanted since '
                                     || to_char(m.closed_date AT TIME ZONE 'UTC', 'YYYY-MM-DD')
                            WHEN m.download_status = 'ignored' THEN 'a person ignores it'
                            WHEN m.download_status = 'queued' THEN 'a release is queued'
                            WHEN m.download_status = 'downloading' THEN 'a release is being downloaded'
                            WHEN m.download_status = 'completed' THEN 'downloaded, and to be imported'
                            WHEN m.download_status = 'failed'
                                THEN concat_ws(': ', 'the last attempt failed', d.failure_reason)
                            WHEN m.download_status = 'held' THEN concat_ws(': ', 'held', m.hold_reason)
                            WHEN m.download_status = 'upcoming' THEN 'a gap: not out yet'
                            ELSE 'a gap: no release was taken yet' END AS reason,
                       CASE WHEN m.closed_date IS NOT NULL THEN m.book_id ELSE e.book_id END AS book_id
                FROM top10_entries e
                JOIN missing_books m ON m.id = e.missing_book_id
                LEFT JOIN downloads d ON d.id = m.download_id
            )
            UPDATE top10_entries e SET outcome = f.outcome, reason = f.reason, book_id = f.book_id
            FROM fate f
            WHERE f.id = e.id
              AND (e.outcome, e.reason, e.book_id) IS DISTINCT FROM (f.outcome, f.reason, f.book_id)
            """
        )
    )
    return rows.rowcount


@dataclass(frozen=True)
class OpenEntry:
    """An entry that nothing pursues: wanted and not yet a gap, or in doubt."""

    entry_id: int
    release: Release


def open_entries(connection: Connection, since: date) -> list[OpenEntry]:
    """Entries of the weeks since a day that are wanted or in doubt and have no gap. The library may have got them by
    another way, or a person may have asked for them."""
    rows = connection.execute(
        text(
            """
            SELECT id, release_id FROM top10_entries
            WHERE week >= :since AND outcome IN ('wanted', 'doubtful') AND missing_book_id IS NULL
              AND release_id IS NOT NULL
            ORDER BY id
            """
        ),
        {"since": since},
    ).all()
    known = offered.by_ids(connection, [row.release_id for row in rows])
    return [OpenEntry(row.id, known[row.release_id].release) for row in rows]


def entries_stand(connection: Connection, stands: Sequence[tuple[int, Standing]]) -> int:
    """Note what entries have become: (entry id, what it is to us now). Returns how many changed."""
    if not stands:
        return 0
    rows = connection.execute(
        text(
            """
            UPDATE top10_entries e
            SET outcome = v.outcome, reason = v.reason, book_id = v.book, missing_book_id = v.gap
            FROM unnest(CAST(:ids AS bigint[]), CAST(:outcomes AS text[]), CAST(:reasons AS text[]),
                        CAST(:books AS bigint[]), CAST(:gaps AS bigint[])) AS v (id, outcome, reason, book, gap)
            WHERE e.id = v.id AND e.outcome IN ('wanted', 'doubtful') AND e.missing_book_id IS NULL
              AND (e.outcome, e.book_id, e.missing_book_id) IS DISTINCT FROM (v.outcome, v.book, v.gap)
            """
        ),
        {
            "ids": [entry_id for entry_id, _ in stands],
            "outcomes": [_OUTCOMES[standing.outcome] for _, standing in stands],
            "reasons": [standing.reason for _, standing in stands],
            "books": [standing.book_id for _, standing in stands],
            "gaps": [standing.gap_id for _, standing in stands],
        },
    )
    return rows.rowcount


def add_reason_to_gaps(connection: Connection) -> int:
    """A gap whose work is listed is wanted for that as well: the reason top10 is added to it, and it isn't searched
    last. Returns how many gaps got it. What a person ignores is left alone."""
    return connection.execute(
        text(
            """
            UPDATE missing_books m
            SET reasons = ARRAY(SELECT DISTINCT unnest(m.reasons || ARRAY['top10']) ORDER BY 1),
                priority = least(m.priority, 2)
            WHERE m.closed_date IS NULL AND m.download_status <> 'ignored' AND NOT 'top10' = ANY(m.reasons)
              AND EXISTS (SELECT FROM top10_entries e WHERE e.missing_book_id = m.id AND e.outcome = 'wanted')
            """
        )
    ).rowcount


# --- from entries to gaps -----------------------------------------------------------------------------------------


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


# --- looking ------------------------------------------------------------------------------------------------------


def top10_of(connection: Connection, week: date, *, genre: str | None = None) -> list[dict[str, Any]]:
    """A week's entries, of all genres or of one, rank by rank: for tables and for the API."""
    rows = connection.execute(
        text(
            """
            SELECT e.rank, g.genre_name AS genre, e.title, array_to_string(e.authors, ', ') AS authors,
                   array_to_string(e.narrators, ', ') AS narrators, e.snatched, e.seeders, e.size_bytes, e.outcome,
                   e.reason, cardinality(e.other_releases) AS other_releases
            FROM top10_entries e JOIN genre_settings g ON g.id = e.genre_id
            WHERE e.week = :week AND (CAST(:genre AS text) IS NULL OR lower(g.genre_name) = lower(:genre))
            ORDER BY e.rank, g.genre_name
            """
        ),
        {"week": week, "genre": genre},
    )
    return [dict(row) for row in rows.mappings()]


def count_entries(connection: Connection) -> int:
    """Entries of all weeks."""
    number: int = connection.execute(text("SELECT count(*) FROM top10_entries")).scalar_one()
    return number


def broken_lists(connection: Connection) -> list[dict[str, Any]]:
    """Lists whose ranks have holes, or that name one release twice."""
    rows = connection.execute(
        text(
            """
            SELECT g.genre_name AS genre, e.week, count(*) AS entries, max(e.rank) AS last_rank,
                   count(e.release_id) - count(DISTINCT e.release_id) AS listed_twice
            FROM top10_entries e JOIN genre_settings g ON g.id = e.genre_id
            GROUP BY g.genre_name, e.week
            HAVING max(e.rank) <> count(*) OR count(DISTINCT e.release_id) <> count(e.release_id)
            ORDER BY e.week DESC, g.genre_name
            """
        )
    )
    return [dict(row) for row in rows.mappings()]


def outcomes_that_disagree(connection: Connection) -> list[dict[str, Any]]:
    """Entries that say something else than their gap does."""
    rows = connection.execute(
        text(
            """
            SELECT g.genre_name AS genre, e.week, e.rank, e.title, e.outcome, m.download_status AS gap
            FROM top10_entries e
            JOIN genre_settings g ON g.id = e.genre_id
            JOIN missing_books m ON m.id = e.missing_book_id
            WHERE (e.outcome = 'owned') IS DISTINCT FROM (m.closed_date IS NOT NULL AND m.book_id IS NOT NULL)
               OR (m.closed_date IS NULL AND (e.outcome = 'ignored') <> (m.download_status = 'ignored'))
               OR (m.closed_date IS NULL
                   AND (e.outcome = 'active') <> (m.download_status IN ('queued', 'downloading', 'completed')))
            ORDER BY e.week DESC, g.genre_name, e.rank
            """
        )
    )
    return [dict(row) for row in rows.mappings()]
