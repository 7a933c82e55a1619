"""What was judged, as rows: the verdict beside each line of a catalogue, and the counts of series and authors.

Belongs here: SQL that writes verdicts, only where something changed. Does not belong here: gaps (gaps), the verdict
(domain.gaps).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from mam_assets.domain.entry_verdicts import EntryVerdict, OwnerCounts


def write_entries(connection: Connection, changed: Sequence[tuple[int, EntryVerdict]]) -> None:
    """Write the verdicts on these lines, each by its row."""
    if changed:
        connection.execute(
            text(
                """
                UPDATE catalog_entries c SET kind = v.kind, status = v.status, rule = v.rule, reason = v.reason,
                       same_as = v.same_as, book_id = v.book_id, counted = v.counted, disagreements = v.disagreements
                FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS v (
                    id bigint, kind text, status text, rule text, reason text, same_as bigint, book_id bigint,
                    counted boolean, disagreements jsonb)
                WHERE c.id = v.id
                """
            ),
            {"rows": json.dumps([{"id": row_id, **told._asdict()} for row_id, told in changed])},
        )


def write_series_counts(connection: Connection, counts: Sequence[OwnerCounts], now: datetime) -> None:
    """The counts of each series, which must agree with its lines."""
    connection.execute(
        text(
            """
            UPDATE series s SET total_books_in_series = v.total, books_owned = v.owned, books_missing = v.missing,
                   completion_percentage = v.percentage, completion_status = v.status, date_updated = :now
            FROM unnest(CAST(:ids AS bigint[]), CAST(:totals AS integer[]), CAST(:owned AS integer[]),
                        CAST(:missing AS integer[]), CAST(:percentages AS double precision[]),
                        CAST(:statuses AS text[])) AS v (id, total, owned, missing, percentage, status)
            WHERE s.id = v.id
              AND (s.total_books_in_series, s.books_owned, s.books_missing, s.completion_percentage,
                   s.completion_status)
                  IS DISTINCT FROM (v.total, v.owned, v.missing, v.percentage, v.status)
            """
        ),
        {
            "ids": [one.owner_id for one in counts],
            "totals": [one.total for one in counts],
            "owned": [one.owned for one in counts],
            "missing": [one.missing for one in counts],
            "percentages": [one.percentage for one in counts],
            "statuses": [one.status for one in counts],
            "now": now,
        },
    )


def write_author_counts(connection: Connection, counts: Sequence[OwnerCounts], now: datetime) -> None:
    """The counts of each author, which must agree with the lines."""
    connection.execute(
        text(
            """
            UPDATE authors a SET total_audiobooks_external = v.total, audiobooks_owned = v.owned,
                   audiobooks_missing = v.missing, completion_status = v.status, date_updated = :now
            FROM unnest(CAST(:ids AS bigint[]), CAST(:totals AS integer[]), CAST(:owned AS integer[]),
                        CAST(:missing AS integer[]), CAST(:statuses AS text[])) AS v (id, total, owned, missing, status)
            WHERE a.id = v.id
              AND (a.total_audiobooks_external, a.audiobooks_owned, a.audiobooks_missing, a.completion_status)
                  IS DISTINCT FROM (v.total, v.owned, v.missing, v.status)
            """
        ),
        {
            "ids": [one.owner_id for one in counts],
            "totals": [one.total for one in counts],
            "owned": [one.owned for one in counts],
            "missing": [one.missing for one in counts],
            "statuses": [one.status for one in counts],
            "now": now,
        },
    )


def forget_counts_without_catalogue(connection: Connection, now: datetime) -> None:
    """A series of which nothing is known to exist has nothing to count: one that was merged away, or made again."""
    connection.execute(
        text(
            """
            UPDATE series s SET total_books_in_series = 0, books_owned = 0, books_missing = 0,
                   completion_percentage = NULL, completion_status = 'unknown', date_updated = :now
            WHERE (s.total_books_in_series, s.books_owned, s.books_missing) <> (0, 0, 0)
              AND NOT EXISTS (SELECT FROM catalog_entries c WHERE c.series_id = s.id)
            """
        ),
        {"now": now},
    )
