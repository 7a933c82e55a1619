"""What one gap takes over from another that wanted the same work: from its double, or from one that was closed before.

Belongs here: SQL by which blocked releases, attempts, decisions and places on lists go along with the work. Does not
belong here: which gaps want one work (domain.wanting), opening and closing for other reasons (gaps).

A release that failed for a work has failed for it, whatever row wants the work next; and an attempt that was given up
stays given up until a person takes it up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from mam_assets.domain.settling import doubles
from mam_assets.domain.wanting import OpenGap, Wanted
from mam_assets.store import gap_keys
from mam_assets.store.gap_keys import ClosedGap

MANY = 5_000
"""From so many wishes on it is quicker to look at all gaps than at those with one of their keys."""


# --- doubles --------------------------------------------------------------------------------------------------------


def join_doubles(connection: Connection, wanted: Sequence[Wanted], settled: set[str], now: datetime) -> int:
    """Close each open gap beside which another one wants the same work: it keeps its dates and says for which one it
    was closed. ``settled`` learns the keys of those that were kept. Returns how many were closed."""
    if not wanted:
        return 0
    keys = None
    if len(wanted) <= MANY:
        keys = {key for want in wanted for key in want.keys}
        keys.update(*(gap.keys for gap in gap_keys.open_gaps_with(connection, keys)))
    pairs = doubles(gap_keys.gaps_that_share_a_key(connection, keys))
    for kept, double in pairs:
        if double.work_key in settled:
            settled.add(kept.work_key)
        _join(connection, kept, double, now)
    if pairs:
        gap_keys.key_gaps(connection)
    return len(pairs)


def _join(connection: Connection, kept: OpenGap, double: OpenGap, now: datetime) -> None:
    """Lists and uploads point to the kept gap from now on; what was tried, decided and searched is copied to it, and
    stays with the double as its history. What a person approved stays approved."""
    connection.execute(
        text(
            """
            WITH gone AS (
                UPDATE missing_books SET closed_date = :now, same_as = :kept WHERE id = :double RETURNING *
            ), listed AS (
                UPDATE top10_entries SET missing_book_id = :kept WHERE missing_book_id = :double
            ), uploaded AS (
                UPDATE mam_uploads SET missing_book_id = :kept WHERE missing_book_id = :double
            ), blocked AS (
                INSERT INTO blocked_releases (missing_book_id, release_id, guid_key, info_hash, reason, blocked_at)
                SELECT :kept, release_id, guid_key, info_hash, reason, blocked_at
                FROM blocked_releases WHERE missing_book_id = :double
                ON CONFLICT DO NOTHING
            ), decided AS (
                INSERT INTO release_decisions AS own
                    (missing_book_id, release_id, verdict, reasons, rank, rules_version, decided_at, approved_by)
                SELECT :kept, release_id, verdict, reasons, rank, rules_version, decided_at, approved_by
                FROM release_decisions WHERE missing_book_id = :double
                ON CONFLICT (missing_book_id, release_id) DO UPDATE SET approved_by = EXCLUDED.approved_by
                WHERE own.approved_by IS NULL AND EXCLUDED.approved_by IS NOT NULL
            ), searched AS (
                INSERT INTO gap_searches (missing_book_id, last_search, next_search, mam_asked_at, prowlarr_asked_at,
                                          searches, found, last_error)
                SELECT :kept, last_search, next_search, mam_asked_at, prowlarr_asked_at, searches, found, last_error
                FROM gap_searches WHERE missing_book_id = :double
                ON CONFLICT DO NOTHING
            )
            UPDATE missing_books m SET
                reasons = ARRAY(SELECT DISTINCT unnest(m.reasons || gone.reasons) ORDER BY 1),
                series_id = coalesce(m.series_id, gone.series_id),
                series_name = coalesce(m.series_name, gone.series_name),
                series_number = coalesce(m.series_number, gone.series_number),
                author_id = coalesce(m.author_id, gone.author_id), isbn = coalesce(m.isbn, gone.isbn),
                asin = coalesce(m.asin, gone.asin), goodreads_id = coalesce(m.goodreads_id, gone.goodreads_id),
                requested_by = coalesce(m.requested_by, gone.requested_by),
                other_titles = ARRAY(SELECT DISTINCT unnest(m.other_titles || gone.other_titles || gone.title)
                                     EXCEPT SELECT m.title ORDER BY 1),
                priority = least(m.priority, gone.priority),
                -- what is on its way may come; nothing new is tried for what a person ignores
                download_status = CASE gone.download_status WHEN 'ignored' THEN 'ignored'
                                                            ELSE m.download_status END
            FROM gone WHERE m.id = :kept
            """
        ),
        {"now": now, "kept": kept.gap_id, "double": double.gap_id},
    )


# --- a work that is wanted again --------------------------------------------------------------------------------------


def hand_on(
    connection: Connection,
    opened: Mapping[str, int],
    wanted: Sequence[Wanted],
    before: Mapping[str, ClosedGap],
    now: datetime,
) -> None:
    """Give gaps that were just opened (``opened``: work key → id) what the gap closed last for the same work had
    (``before``: by work key): the releases that are blocked for it, and, where it had failed, its attempt with the
    rungs that are spent. A person who asks for a work has it tried afresh, with the same releases blocked."""
    pairs = [
        {
            "gap": opened[want.work_key],
            "before": before[want.work_key].gap_id,
            "goes_on": want.reason != "request" and want.status == "identified",
        }
        for want in wanted
        if want.work_key in opened and want.work_key in before
    ]
    if not pairs:
        return
    given = {"pairs": json.dumps(pairs), "now": now}
    connection.execute(
        text(
            f"""
            INSERT INTO blocked_releases (missing_book_id, release_id, guid_key, info_hash, reason, blocked_at)
            SELECT v.gap, b.release_id, b.guid_key, b.info_hash, b.reason, b.blocked_at
            FROM {_PAIRS} JOIN blocked_releases b ON b.missing_book_id = v.before
            ON CONFLICT DO NOTHING
            """
        ),
        given,
    )
    moved = connection.execute(
        text(
            f"""
            WITH moved AS (
                UPDATE downloads d SET missing_book_id = v.gap, date_updated = :now
                FROM {_PAIRS} JOIN missing_books old ON old.id = v.before
                WHERE v.goes_on AND d.id = old.download_id AND d.missing_book_id = old.id
                  AND ((old.download_status = 'failed' AND d.status IN ('failed', 'abandoned'))
                       OR (old.download_status = 'held' AND d.status = 'completed'
                           AND d.abs_import_status <> 'imported'))
                RETURNING v.gap, d.id, d.status, d.retry_count < d.max_retries AS has_rungs, old.download_status AS was,
                          old.hold_reason
            ), told AS (
                UPDATE missing_books m
                SET download_status = moved.was, download_id = moved.id, hold_reason = moved.hold_reason
                FROM moved WHERE m.id = moved.gap
            )
            SELECT id, status, has_rungs FROM moved
            """
        ),
        given,
    )
    # Given up only because its gap was closed: the ladder goes on where it stood. No move leads there directly.
    cut_short = [row.id for row in moved if row.status == "abandoned" and row.has_rungs]
    for changes in ("status = 'queued', qbittorrent_hash = NULL", "status = 'failed', next_retry = :now"):
        if cut_short:
            connection.execute(
                text(f"UPDATE downloads SET {changes} WHERE id = ANY(CAST(:ids AS bigint[]))"),
                {"ids": cut_short, "now": now},
            )


_PAIRS = "jsonb_to_recordset(CAST(:pairs AS jsonb)) AS v (gap bigint, before bigint, goes_on boolean)"
