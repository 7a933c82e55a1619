"""What waits for a round, and what the services have been asked today: cheap counts for a sensor's tick.

Belongs here: counting by the due-queries of the assets themselves, or by the same conditions where that would read
whole books. Does not belong here: what runs next (domain/rounds.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from mam_assets.domain.budgets import GOODREADS, GOOGLE_BOOKS, MAM
from mam_assets.domain.rounds import Lane
from mam_assets.store import catalog
from mam_assets.store.author_catalog import authors_due


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
    """How much waits in each lane. What only services lack that are ``resting`` is not due, nor are series and authors
    whose own answer was bad since ``failed_before``: a page that cannot be read keeps no round going."""
    return {
        Lane.SERIES: _series(connection, stale_before, failed_before),
        Lane.AUTHORS: _authors(connection, stale_before, resting, failed_before),
        Lane.METADATA: _metadata(connection, stale_before, resting),
    }


def _series(connection: Connection, stale_before: datetime, failed_before: datetime | None) -> Waiting:
    found = catalog.series_due(connection, stale_before=stale_before, failed_before=failed_before)
    due = [series.series_id for series in found]
    return _split(connection, due, "SELECT count(*) FROM series WHERE last_completion_check IS NULL AND id = ANY(:ids)")


def _authors(
    connection: Connection, stale_before: datetime, resting: Collection[str], failed_before: datetime | None
) -> Waiting:
    askable = set(_AUTHOR_SOURCES) - set(resting) or set(_AUTHOR_SOURCES)  # where none is left, all wait
    due = {
        author.author_id
        for service, source in _AUTHOR_SOURCES.items()
        if service in askable
        for author in authors_due(connection, source, stale_before=stale_before, failed_before=failed_before)
    }
    never = """
        SELECT count(*) FROM unnest(CAST(:ids AS bigint[])) AS due (id)
        WHERE NOT EXISTS (SELECT FROM author_searches s WHERE s.author_id = due.id AND s.searched_at IS NOT NULL)
    """
    return _split(connection, sorted(due), never)


def _split(connection: Connection, due: list[int], never_asked: str) -> Waiting:
    never = connection.execute(text(never_asked), {"ids": due}).scalar_one()
    return Waiting(never, len(due) - never)


def _metadata(connection: Connection, stale_before: datetime, resting: Collection[str]) -> Waiting:
    row = connection.execute(
        text(
            """
            WITH looked_up AS (
                SELECT last_metadata_update AS at,
                       cardinality(metadata_waiting) > 0
                       AND NOT metadata_waiting <@ CAST(:resting AS text[]) AS askable
                FROM books WHERE status = 'active' AND title_key <> '' AND author_key <> ''
            )
            SELECT count(*) FILTER (WHERE at IS NULL) AS never,
                   count(*) FILTER (WHERE at < :stale OR (at IS NOT NULL AND askable)) AS stale
            FROM looked_up
            """
        ),
        {"stale": stale_before, "resting": sorted(resting)},
    ).one()
    return Waiting(row.never, row.stale)


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
