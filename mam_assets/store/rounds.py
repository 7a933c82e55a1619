"""What waits for a round, and what the services have been asked today: cheap counts for a sensor's tick.

Belongs here: counting by the conditions of the assets' due-queries, without reading what those read of each thing. Does
not belong here: what runs next (domain/rounds.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from mam_assets.domain.authors import names_to_search
from mam_assets.domain.budgets import GOODREADS, GOOGLE_BOOKS, MAM
from mam_assets.domain.rounds import Lane
from mam_assets.store.metadata_due import count_waiting


@dataclass(frozen=True)
class Waiting:
    """``never`` asked about; ``stale``: asked too long ago, or not answered by every source."""

    never: int
    stale: int


@dataclass(frozen=True)
class Asked:
    """A service: requests of its day so far, and until when it is left alone (may lie in the past)."""

    used_today: int
    retry_at: datetime | None


_AUTHOR_SOURCES = {MAM: "MAM", GOOGLE_BOOKS: "GoogleBooks", GOODREADS: "Goodreads"}


def waiting(
    connection: Connection,
    stale_before: datetime,
    resting: Collection[str] = (),
    failed_before: datetime | None = None,
) -> dict[Lane, Waiting]:
    """How much waits in each lane. What only services lack that are ``resting`` is not due, nor is
    anything whose own answer was bad since ``failed_before``: a page that cannot be read keeps no round going."""
    return {
        Lane.SERIES: _series(connection, stale_before, failed_before),
        Lane.AUTHORS: _authors(connection, stale_before, resting, failed_before),
        Lane.METADATA: Waiting(*count_waiting(connection, stale_before, resting, failed_before)),
    }


def _series(connection: Connection, stale_before: datetime, failed_before: datetime | None) -> Waiting:
    row = connection.execute(
        text(
            """
            SELECT count(*) FILTER (WHERE s.last_completion_check IS NULL) AS never,
                   count(*) FILTER (WHERE s.last_completion_check < :stale
                                       OR s.check_failed_at > s.last_completion_check) AS stale
            FROM series s
            WHERE EXISTS (SELECT FROM book_series bs JOIN books b ON b.id = bs.book_id
                          WHERE bs.series_id = s.id AND b.status = 'active' AND b.title_key <> '')
              AND (CAST(:failed AS timestamptz) IS NULL OR s.check_failed_at IS NULL OR s.check_failed_at < :failed)
            """
        ),
        {"stale": stale_before, "failed": failed_before},
    ).one()
    return Waiting(row.never, row.stale)


def _authors(
    connection: Connection, stale_before: datetime, resting: Collection[str], failed_before: datetime | None
) -> Waiting:
    askable = set(_AUTHOR_SOURCES) - set(resting) or set(_AUTHOR_SOURCES)  # where none is left, all wait
    rows = connection.execute(
        text(
            """
            SELECT a.name, a.aliases, bool_and(x.searched_at IS NULL) AS never
            FROM authors a
            CROSS JOIN unnest(CAST(:sources AS text[])) AS wanted (source)
            LEFT JOIN author_searches x ON x.author_id = a.id AND x.source = wanted.source
            WHERE EXISTS (SELECT FROM book_authors ba JOIN books b ON b.id = ba.book_id
                          WHERE ba.author_id = a.id AND b.status = 'active')
            GROUP BY a.id
            HAVING bool_or(
                (x.searched_at IS NULL OR x.searched_at < :stale OR x.failed_at > x.searched_at)
                AND (CAST(:failed AS timestamptz) IS NULL OR x.failed_at IS NULL OR x.failed_at < :failed)
            )
            """
        ),
        {
            "stale": stale_before,
            "failed": failed_before,
            "sources": sorted(_AUTHOR_SOURCES[service] for service in askable),
        },
    ).all()
    due = [row.never for row in rows if names_to_search(row.name, row.aliases)]
    return Waiting(sum(due), len(due) - sum(due))


def asked(connection: Connection, days: Mapping[str, date]) -> dict[str, Asked]:
    """The state of some services; ``days`` has the day of each that its requests count for."""
    rows = connection.execute(
        text(
            """
            SELECT wanted.service, coalesce(b.used, 0) AS used, s.retry_at
            FROM unnest(CAST(:services AS text[]), CAST(:days AS date[])) AS wanted (service, day)
            LEFT JOIN service_budgets b ON b.service = wanted.service AND b.day = wanted.day
            LEFT JOIN service_state s ON s.service = wanted.service
            """
        ),
        {"services": list(days), "days": list(days.values())},
    )
    return {row.service: Asked(row.used, row.retry_at) for row in rows}
