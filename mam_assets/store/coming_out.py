"""Works that were not released yet, and of which MAM now offers a recording: they are out.

Belongs here: SQL that turns such gaps into ones that are searched, and keeps the offer as evidence in the catalogues.
Does not belong here: whether a release is the work of a gap (domain/discovering.py), the verdict that follows
(domain/gaps.py), judging again (assets/judging.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from mam_assets.domain.books import Release, SeriesRef
from mam_assets.domain.finding import release_entry
from mam_assets.store import catalog


@dataclass(frozen=True)
class CameOut:
    """How many gaps are upcoming no longer, and whose verdicts are to be made again, so that counts agree with rows."""

    gaps: int = 0
    series_ids: frozenset[int] = frozenset()
    author_ids: frozenset[int] = frozenset()

    def __add__(self, other: CameOut) -> CameOut:
        return CameOut(self.gaps + other.gaps, self.series_ids | other.series_ids, self.author_ids | other.author_ids)


def note(connection: Connection, offered: Iterable[tuple[int, Release]], now: datetime) -> CameOut:
    """Releases, each with the gap whose work it surely is: the gaps among them that are upcoming become identified and
    are searched at the next occasion, and the release joins the catalogues that they come from, at the gap's place:
    alone it is no catalogue. What a person ignores stays ignored."""
    by_gap: dict[int, Release] = {}
    for gap_id, release in offered:
        by_gap.setdefault(gap_id, release)
    if not by_gap:
        return CameOut()
    rows = connection.execute(
        text(
            """
            UPDATE missing_books m SET download_status = 'identified'
            WHERE m.id = ANY(CAST(:ids AS bigint[])) AND m.closed_date IS NULL AND m.download_status = 'upcoming'
            RETURNING m.id, m.series_name, m.series_number,
                      (SELECT c.series_id FROM catalog_entries c WHERE c.series_id = m.series_id LIMIT 1) AS series_id,
                      (SELECT c.author_id FROM catalog_entries c WHERE c.author_id = m.author_id LIMIT 1) AS author_id
            """
        ),
        {"ids": sorted(by_gap)},
    ).all()
    connection.execute(
        text("UPDATE gap_searches SET next_search = :now WHERE missing_book_id = ANY(:ids) AND next_search > :now"),
        {"ids": [row.id for row in rows], "now": now},
    )
    for row in rows:
        place = SeriesRef(row.series_name, row.series_number) if row.series_name else None
        entry = release_entry(by_gap[row.id], place)
        if row.series_id is not None:
            catalog.save_entries(connection, [entry], now, series_id=row.series_id)
        if row.author_id is not None:
            catalog.save_entries(connection, [entry], now, author_id=row.author_id)
    return CameOut(
        len(rows),
        frozenset(row.series_id for row in rows if row.series_id is not None),
        frozenset(row.author_id for row in rows if row.author_id is not None),
    )
