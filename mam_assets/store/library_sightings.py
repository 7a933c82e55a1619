"""What one read of the library's list has shown: compared page by page, and asked at the end what it did not show.

Belongs here: the temporary table of sightings. Does not belong here: what to do about what is new or gone.

The table is the connection's own, so that the reader needs no memory of its own and no row is touched that has not
changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from json import dumps

from sqlalchemy import Connection, text


def begin(connection: Connection) -> None:
    """Start with nothing seen."""
    end(connection)
    connection.execute(text("CREATE TEMPORARY TABLE sighted (abs_id text)"))


def end(connection: Connection) -> None:
    """Forget all."""
    connection.execute(text("DROP TABLE IF EXISTS pg_temp.sighted"))


def see(connection: Connection, digests: Mapping[str, str], others: Sequence[str] = ()) -> list[str]:
    """Note a page (id → digest), and return which of its items are new, changed or archived, in its order. ``others``
    are there as well, and can't be told more of."""
    rows = connection.execute(
        text(
            """
            WITH page AS (
                SELECT key AS abs_id, value AS mark FROM json_each_text(CAST(:page AS json))
            ), noted AS (
                INSERT INTO sighted SELECT abs_id FROM page UNION ALL SELECT unnest(CAST(:others AS text[]))
            )
            SELECT p.abs_id FROM page p LEFT JOIN books b ON b.abs_id = p.abs_id
            WHERE b.abs_id IS NULL OR b.abs_mark IS DISTINCT FROM p.mark OR b.status = 'archived'
            """
        ),
        {"page": dumps(dict(digests)), "others": list(others)},
    )
    wanted = set(rows.scalars())
    return [abs_id for abs_id in digests if abs_id in wanted] if wanted else []


def unseen(connection: Connection, since: datetime) -> list[str]:
    """The items that the library has and the list did not show. What was stored since ``since`` is there, whoever
    stored it."""
    rows = connection.execute(
        text(
            """
            SELECT b.abs_id FROM books b
            WHERE b.abs_id IS NOT NULL AND b.status IN ('active', 'duplicate')
              AND (b.last_seen_at IS NULL OR b.last_seen_at < :since)
              AND NOT EXISTS (SELECT FROM sighted s WHERE s.abs_id = b.abs_id)
            ORDER BY b.id
            """
        ),
        {"since": since},
    )
    return list(rows.scalars())
