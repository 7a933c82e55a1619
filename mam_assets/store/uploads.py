"""What the daily scan of MAM has seen, and what each upload was found to be.

Belongs here: SQL on mam_uploads, the books discovered by it, the gaps raised by it. Does not belong here: the judgement
(domain.discovering), the weekly lists (discovery).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert

from mam_assets.domain.books import Release
from mam_assets.domain.discovering import JudgedUpload
from mam_assets.domain.library import LONGEST_KEY
from mam_assets.domain.names import normalise_person, normalise_title
from mam_assets.store import coming_out, marks
from mam_assets.store import releases as offered
from mam_assets.store import tables as t
from mam_assets.store.coming_out import CameOut

MARK = "mam_uploads"
_OUTCOMES = {"new": "discovered"}


@dataclass(frozen=True)
class Settled:
    """What a batch led to: books discovered, gaps raised, uploads in doubt, and what turned out to be released."""

    discovered: int = 0
    raised: int = 0
    doubtful: int = 0
    came_out: CameOut = field(default_factory=CameOut)

    def __add__(self, other: Settled) -> Settled:
        return Settled(
            self.discovered + other.discovered,
            self.raised + other.raised,
            self.doubtful + other.doubtful,
            self.came_out + other.came_out,
        )


# --- the high-water mark --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ScanMark:
    """Everything uploaded until ``at`` was stored. ``whole``: the scan that set it came to its end."""

    at: datetime
    whole: bool


def mark(connection: Connection) -> ScanMark | None:
    """How far the scans have come; None before the first."""
    value = marks.get(connection, MARK)
    return ScanMark(datetime.fromisoformat(value["at"]), bool(value.get("whole", True))) if value else None


def move_mark(connection: Connection, *, scanned_from: datetime, to: datetime, now: datetime) -> None:
    """Move the mark forward to a time of upload. It is never moved back, and stays where the scan began after it: what
    lies between was not seen."""
    known = mark(connection)
    if known is None or scanned_from <= known.at < to:
        marks.put(connection, MARK, {"at": to.isoformat(), "whole": False}, now)


def end_scan(connection: Connection, *, scanned_from: datetime, now: datetime) -> None:
    """Note that a scan came to its end, whether or not it found anything."""
    known = mark(connection)
    if known is not None and scanned_from <= known.at:
        marks.put(connection, MARK, {"at": known.at.isoformat(), "whole": True}, now)


def last_move(connection: Connection) -> datetime | None:
    """When a scan last stored something or came to its end; None before the first."""
    return connection.execute(select(t.SyncMark.updated_at).where(t.SyncMark.name == MARK)).scalar()


# --- uploads --------------------------------------------------------------------------------------------------------


def save_uploads(connection: Connection, releases: Sequence[Release], now: datetime) -> int:
    """Keep what the scan saw; returns how many were not seen before."""
    stored = offered.save(connection, releases, now)
    if not stored:
        return 0
    rows = [{"release_id": s.release_id, "seen_at": now} for s in stored]
    statement = insert(t.MamUpload).values(rows).on_conflict_do_nothing().returning(t.MamUpload.release_id)
    return len(connection.execute(statement).all())


def unjudged(connection: Connection, *, limit: int = 500) -> list[offered.StoredRelease]:
    """Uploads of which nobody has said yet what they are, the oldest first."""
    statement = select(t.MamUpload.release_id).where(t.MamUpload.outcome.is_(None)).order_by(t.MamUpload.release_id)
    ids = list(connection.execute(statement.limit(limit)).scalars())
    known = offered.by_ids(connection, ids)
    return [known[release_id] for release_id in ids]


def settle(connection: Connection, judged: Sequence[JudgedUpload], now: datetime) -> Settled:
    """Write what uploads are: a discovered book for each new work, the gap that each may fill; and raise those gaps.
    A gap that was upcoming is so no longer: the caller has its series and authors judged again."""
    if not judged:
        return Settled()
    first = [one for one in judged if one.standing.outcome == "new" and one.same_as is None]
    books: dict[int, int | None] = {one.release_id: one.standing.book_id for one in judged}
    if first:
        made = connection.execute(
            insert(t.Book).returning(t.Book.id, sort_by_parameter_order=True),
            [_discovered(one.release, now) for one in first],
        ).scalars()
        books |= {one.release_id: book_id for one, book_id in zip(first, made, strict=True)}
    books |= {one.release_id: books[one.same_as] for one in judged if one.same_as is not None}
    connection.execute(
        text(
            """
            UPDATE mam_uploads u
            SET outcome = v.outcome, reason = v.reason, book_id = v.book, missing_book_id = v.gap
            FROM unnest(CAST(:ids AS bigint[]), CAST(:outcomes AS text[]), CAST(:reasons AS text[]),
                        CAST(:books AS bigint[]), CAST(:gaps AS bigint[])) AS v (id, outcome, reason, book, gap)
            WHERE u.release_id = v.id
            """
        ),
        {
            "ids": [one.release_id for one in judged],
            "outcomes": [_outcome(one) for one in judged],
            "reasons": [one.standing.reason for one in judged],
            "books": [books[one.release_id] for one in judged],
            "gaps": [one.gap_id for one in judged],
        },
    )
    came_out = coming_out.note(connection, [(one.gap_id, one.release) for one in judged if one.gap_id is not None], now)
    raised = _raise_gaps(connection, sorted({one.gap_id for one in judged if one.gap_id is not None}), now)
    doubtful = sum(1 for one in judged if one.standing.outcome == "doubtful")
    return Settled(len(first), raised, doubtful, came_out)


def _outcome(one: JudgedUpload) -> str:
    if one.same_as is not None:
        return "known"
    return _OUTCOMES.get(one.standing.outcome, one.standing.outcome)


def _raise_gaps(connection: Connection, gap_ids: Sequence[int], now: datetime) -> int:
    """Gaps for which something was uploaded come first, and are searched at the next occasion. One that failed comes
    first when its next attempt is due, and not before; one that was given up waits for a person. What a person ignores,
    and what is under way, is left alone."""
    if not gap_ids:
        return 0
    raised = connection.execute(
        text(
            """
            UPDATE missing_books SET priority = 1
            WHERE id = ANY(CAST(:ids AS bigint[])) AND closed_date IS NULL
              AND download_status IN ('identified', 'held', 'failed')
            RETURNING id
            """
        ),
        {"ids": list(gap_ids)},
    ).scalars()
    ids = list(raised)
    connection.execute(
        text("UPDATE gap_searches SET next_search = :now WHERE missing_book_id = ANY(:ids) AND next_search > :now"),
        {"ids": ids, "now": now},
    )
    return len(ids)


def _discovered(release: Release, now: datetime) -> dict[str, Any]:
    series = release.series[0] if release.series else None
    return {
        "title": release.title,
        "title_key": normalise_title(release.title)[:LONGEST_KEY],
        "author": ", ".join(release.authors),
        "author_key": normalise_person(release.authors[0])[:LONGEST_KEY],
        "authors": list(release.authors),
        "narrator": ", ".join(release.narrators) or None,
        "narrators": list(release.narrators),
        "series": series.name if series else None,
        "series_number": series.position if series else None,
        "isbn": release.isbn,
        "asin": release.asin,
        "language": release.language,
        "duration_minutes": release.runtime_seconds / 60 if release.runtime_seconds else None,
        "status": "discovered",
        "import_source": "mam_scraper",
        "date_added": now,
        "date_updated": now,
    }


def sample(connection: Connection, since: datetime, *, limit: int) -> list[dict[str, Any]]:
    """Uploads seen since a time: those that fill a gap first, then the newest, for the sample table."""
    rows = connection.execute(
        text(
            """
            SELECT r.title, array_to_string(r.authors, ', ') AS authors, r.added_at AS uploaded, r.seeders, u.outcome,
                   m.title AS fills, u.reason
            FROM mam_uploads u
            JOIN releases r ON r.id = u.release_id
            LEFT JOIN missing_books m ON m.id = u.missing_book_id
            WHERE u.seen_at >= :since
            ORDER BY u.missing_book_id IS NULL, r.added_at DESC NULLS LAST, u.release_id
            LIMIT :limit
            """
        ),
        {"since": since, "limit": limit},
    )
    return [dict(row) for row in rows.mappings()]


def count(connection: Connection) -> int:
    """Uploads that were ever seen."""
    number: int = connection.execute(text("SELECT count(*) FROM mam_uploads")).scalar_one()
    return number
