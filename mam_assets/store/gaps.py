"""Gaps: what follows from verdicts. A gap is never deleted and refilled: it has dates.

Belongs here: SQL that opens missing_books for what is wanted, and closes what is wanted no longer. Does not belong
here: what closes because its work is owned (gap_filling), what a gap takes over from another (gap_succession), what a
verdict is made from (gap_snapshots), the verdict (domain.gaps) and its own rows (verdicts), which wishes mean one work
(domain.wanting), the search for releases (releases).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection, text

from mam_assets.domain.books import SeriesRef, Work
from mam_assets.domain.settling import settle, titles_learned
from mam_assets.domain.standing import StandingGap, is_met
from mam_assets.domain.wanting import OpenGap, Wanted, WhyWanted, Wishes
from mam_assets.store import gap_filling, gap_keys, gap_succession
from mam_assets.store.gap_keys import ClosedGap
from mam_assets.store.gap_turns import one_writer

_BATCH = 5_000


@dataclass
class Written:
    """What a recomputation changed."""

    opened: int = 0
    closed: int = 0
    joined: int = 0
    open_ids: dict[str, int] = field(default_factory=dict)


def write_wishes(connection: Connection, wishes: Wishes, now: datetime) -> Written:
    """Open a gap for each work that is wanted, fill the gaps of those that are owned, and take its reason from what the
    judged owners want no longer."""
    one_writer(connection)
    settled, written = _open(connection, wishes.wanted, now)
    written.closed += gap_filling.fill(connection, wishes.owned, wishes.reason, now)
    written.closed += _close_unwanted(connection, settled, wishes.reason, wishes.owner_ids, now)
    return written


def write_wanted(connection: Connection, wanted: Sequence[Wanted], now: datetime) -> Written:
    """Open gaps for single works (a top ten's, a person's wish), closing none. ``open_ids`` gives the gap of each work
    by its key."""
    one_writer(connection)
    _, written = _open(connection, wanted, now)
    keys = {want.work_key: want.keys for want in wanted}
    by_key: dict[str, OpenGap] = {}
    for gap in gap_keys.open_gaps_with(connection, {key for found in keys.values() for key in found}):
        by_key |= {key: by_key.get(key, gap) for key in gap.keys} | {gap.work_key: gap}
    for own, found in keys.items():
        hit = next((key for key in (own, *sorted(found)) if key in by_key), None)
        if hit is not None:
            written.open_ids[own] = by_key[hit].gap_id
    return written


def _open(connection: Connection, wanted: Sequence[Wanted], now: datetime) -> tuple[set[str], Written]:
    """Returns the keys of the gaps for these works, and what was written."""
    written = Written()
    met = _met(connection, wanted)
    settled = set(met)
    for batch in _batches([want for want in wanted if want.work_key not in met]):
        known = gap_keys.open_gaps_with(connection, {key for want in batch for key in want.keys})
        # A gap that says all of one wish may learn from another: then both are heard, or they would take turns.
        beside = [met[gap.work_key] for gap in known if gap.work_key in met]
        wishes = settle([*beside, *batch], known)
        before = _closed_before(connection, wishes)
        wishes = [_still_ignored(want, before) for want in wishes]
        _update(connection, _with_titles(wishes, known))
        opened = _insert(connection, wishes, now)
        written.opened += len(opened)
        gap_succession.hand_on(connection, opened, wishes, before, now)
        gap_keys.key_gaps(connection)
        settled |= {want.work_key for want in wishes}
    written.joined = gap_succession.join_doubles(connection, wanted, settled, now)
    return settled, written


def _with_titles(wishes: Sequence[Wanted], known: Sequence[OpenGap]) -> list[Wanted]:
    """The wishes with all titles that their open gaps are to have."""
    gaps = {gap.work_key: gap for gap in known}
    return [
        replace(want, other_titles=titles_learned(want, gaps[want.work_key]))
        for want in wishes
        if want.work_key in gaps
    ]


def _met(connection: Connection, wanted: Sequence[Wanted]) -> dict[str, Wanted]:
    """By key: the wishes whose open gap says everything already. After an earlier judging that is most of them."""
    met: dict[str, Wanted] = {}
    for batch in _batches(wanted):
        standing = standing_gaps(connection, [want.work_key for want in batch])
        for want in batch:
            gap = standing.get(want.work_key)
            if gap is not None and is_met(want, gap):
                met[want.work_key] = want
    return met


def standing_gaps(connection: Connection, work_keys: Sequence[str]) -> dict[str, StandingGap]:
    """The open gaps with these very keys, by key."""
    columns = ", ".join(f"m.{name}" for name in StandingGap._fields)
    rows = connection.execute(
        text(
            f"""
            SELECT json_agg(json_build_array({columns}))
            FROM jsonb_array_elements_text(CAST(:keys AS jsonb)) AS v (key)
            JOIN missing_books m ON m.work_key = v.key AND m.closed_date IS NULL
            """
        ),
        {"keys": json.dumps(work_keys)},
    ).scalar()
    return {row[0]: StandingGap(*row) for row in rows or ()}


def _batches(wanted: Sequence[Wanted]) -> Iterator[Sequence[Wanted]]:
    for start in range(0, len(wanted), _BATCH):
        yield wanted[start : start + _BATCH]


def _closed_before(connection: Connection, wanted: Sequence[Wanted]) -> dict[str, ClosedGap]:
    """By the key of each work: the gap for it that was closed last."""
    by_key = gap_keys.closed_before(connection, {key for want in wanted for key in want.keys})
    found = {want.work_key: [by_key[key] for key in want.keys if key in by_key] for want in wanted} if by_key else {}
    return {work_key: max(closed) for work_key, closed in found.items() if closed}


def _still_ignored(want: Wanted, before: Mapping[str, ClosedGap]) -> Wanted:
    """What a person ignored stays so when it comes back, whatever it was closed for; only a person's wish ends it."""
    closed = before.get(want.work_key)
    if closed is None or closed.download_status != "ignored" or want.reason == "request":
        return want
    return replace(want, status="ignored")


_WANTED = """jsonb_to_recordset(CAST(:wanted AS jsonb)) AS w (
    work_key text, title text, authors jsonb, reason text, status text, series_id bigint, author_id bigint,
    series_name text, series_number text, kind text, isbn text, asin text, goodreads_id text, language text,
    published text, other_titles jsonb, priority integer)"""


def _update(connection: Connection, wanted: Sequence[Wanted]) -> None:
    """What the open gaps for these works learn: further reasons and ids, and under which titles they are sought."""
    if not wanted:
        return
    connection.execute(
        text(
            f"""
            UPDATE missing_books m SET reasons = n.reasons, series_id = n.series_id, series_name = n.series_name,
                   series_number = n.series_number, author_id = n.author_id, isbn = n.isbn, asin = n.asin,
                   goodreads_id = n.goodreads_id, published = n.published, other_titles = n.other_titles,
                   priority = n.priority, download_status = n.download_status
            FROM (
                SELECT o.id, r.reasons,
                       coalesce(o.series_id, w.series_id) AS series_id,
                       coalesce(o.series_name, w.series_name) AS series_name,
                       coalesce(o.series_number, w.series_number) AS series_number,
                       coalesce(o.author_id, w.author_id) AS author_id, coalesce(o.isbn, w.isbn) AS isbn,
                       coalesce(o.asin, w.asin) AS asin, coalesce(o.goodreads_id, w.goodreads_id) AS goodreads_id,
                       coalesce(w.published, o.published) AS published, r.other_titles,
                       least(o.priority, w.priority) AS priority,
                       -- a source without dates does not make an upcoming volume of one that another source dates
                       CASE WHEN w.status = 'ignored' THEN o.download_status
                            WHEN o.download_status = 'upcoming' THEN w.status
                            WHEN o.download_status = 'identified' AND o.reasons <@ ARRAY[w.reason] THEN w.status
                            ELSE o.download_status END AS download_status
                FROM {_WANTED}
                JOIN missing_books o ON o.work_key = w.work_key AND o.closed_date IS NULL
                CROSS JOIN LATERAL (
                    SELECT ARRAY(SELECT DISTINCT unnest(o.reasons || w.reason) ORDER BY 1) AS reasons,
                           ARRAY(SELECT jsonb_array_elements_text(w.other_titles)) AS other_titles
                ) r
            ) n
            WHERE m.id = n.id
              AND (m.reasons, m.series_id, m.series_name, m.series_number, m.author_id, m.isbn, m.asin, m.goodreads_id,
                   m.published, m.other_titles, m.priority, m.download_status)
                  IS DISTINCT FROM (n.reasons, n.series_id, n.series_name, n.series_number, n.author_id, n.isbn, n.asin,
                                    n.goodreads_id, n.published, n.other_titles, n.priority, n.download_status)
            """
        ),
        {"wanted": _json(wanted)},
    )


def _insert(connection: Connection, wanted: Sequence[Wanted], now: datetime) -> dict[str, int]:
    """Returns the gaps that were opened: work key → id."""
    if not wanted:
        return {}
    rows = connection.execute(
        text(
            f"""
            INSERT INTO missing_books (work_key, title, author_name, authors, reason_missing, reasons,
                download_status, series_id, author_id, series_name, series_number, kind, isbn, asin, goodreads_id,
                language, published, other_titles, priority, identified_date)
            SELECT w.work_key, w.title, w.authors ->> 0, ARRAY(SELECT jsonb_array_elements_text(w.authors)),
                   w.reason, ARRAY[w.reason], w.status, w.series_id, w.author_id, w.series_name, w.series_number,
                   w.kind, w.isbn, w.asin, w.goodreads_id, w.language, w.published,
                   ARRAY(SELECT jsonb_array_elements_text(w.other_titles)), w.priority, :now
            FROM {_WANTED}
            WHERE NOT EXISTS (SELECT FROM missing_books o WHERE o.work_key = w.work_key AND o.closed_date IS NULL)
            ON CONFLICT (work_key) WHERE closed_date IS NULL DO NOTHING
            RETURNING work_key, id
            """
        ),
        {"wanted": _json(wanted), "now": now},
    )
    return {row.work_key: row.id for row in rows}


def _json(wanted: Sequence[Wanted]) -> str:
    return json.dumps([{name: getattr(want, name) for name in Wanted.__dataclass_fields__} for want in wanted])


def _close_unwanted(
    connection: Connection, keys: set[str], reason: WhyWanted, owner_ids: Sequence[int], now: datetime
) -> int:
    """Take a reason away from open gaps of these series (or authors) that are wanted for it no longer; one without any
    reason left is closed. What a download is under way for, and what a person has ignored, stays, and so does what
    another series still lacks."""
    owner = "series_id" if reason == "series_gap" else "author_id"
    elsewhere = """
        AND NOT EXISTS (
            SELECT FROM missing_book_keys k
            JOIN series_work_keys w ON w.key = k.key AND w.book_id IS NULL
            JOIN book_series bs ON bs.series_id = w.series_id
            JOIN books b ON b.id = bs.book_id AND b.status IN ('active', 'duplicate')
            WHERE k.missing_book_id = m.id AND w.series_id NOT IN (SELECT unnest(CAST(:owners AS bigint[]))))"""
    rows = connection.execute(
        text(
            f"""
            UPDATE missing_books m
            SET reasons = CASE WHEN reasons <@ ARRAY[:reason] THEN reasons ELSE array_remove(reasons, :reason) END,
                closed_date = CASE WHEN reasons <@ ARRAY[:reason] THEN CAST(:now AS timestamptz) END
            WHERE m.closed_date IS NULL AND :reason = ANY(m.reasons)
              AND m.{owner} IN (SELECT unnest(CAST(:owners AS bigint[])))
              AND m.download_status IN ('identified', 'upcoming', 'held', 'failed')
              AND m.work_key NOT IN (SELECT jsonb_array_elements_text(CAST(:keys AS jsonb)))
              {elsewhere if reason == "series_gap" else ""}
            RETURNING m.closed_date
            """
        ),
        {"reason": reason, "owners": list(owner_ids), "keys": json.dumps(sorted(keys)), "now": now},
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
