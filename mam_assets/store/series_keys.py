"""The stored keys of series, made again after an upgrade that changed what a key looks like.

Belongs here: SQL that brings series.name_key and series_names.name_key up to the rules. Does not belong here: what a
key looks like (domain/series_names.py), the keys of gaps (gap_keys), merging series that turn out to be one
(series_identity).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from mam_assets.domain.identity import series_key as key_of_owner
from mam_assets.domain.library import LONGEST_KEY
from mam_assets.domain.library import series_key as key_when_read
from mam_assets.domain.work_keys import KEY_RULES
from mam_assets.store import marks
from mam_assets.store.memberships import one_at_a_time

MARK = "series_keys"


def bring_up_to_date(connection: Connection, now: datetime) -> int:
    """Make the keys of all series again, once for each version of the rules; returns how many changed. Without it an
    upgrade would take a series that a book names for a new one. Where two series come to share a key and an author,
    the row keeps its old key and gets the new one among its names: whether they are one is decided as for any two."""
    if _is_done(connection):
        return 0
    one_at_a_time(connection)
    if _is_done(connection):
        return 0  # by whoever held the lock
    names = "SELECT id, series_id, name, name_key FROM series_names"
    _write_names(connection, _changed(connection, names, key_of_owner))
    changed = _changed(connection, "SELECT id, id AS series_id, name, name_key FROM series", _key_of_others)
    _write_series(connection, changed)
    marks.put(connection, MARK, {"rules": KEY_RULES}, now)
    return len(changed)


def _is_done(connection: Connection) -> bool:
    done = marks.get(connection, MARK)
    return done is not None and bool(done["rules"] >= KEY_RULES)


def _changed(
    connection: Connection, named: str, key_of: Callable[[str, Sequence[str]], str]
) -> list[dict[str, object]]:
    """The rows whose key is another one now. A series' name is seen beside its author, and beside whoever stands first
    in a book of it. The library's reader sees an item's first author alone: so the names of a series are keyed as who
    owns them, and the series as who does not, and it is found in whatever order a book names its writers."""
    rows = connection.execute(
        text(
            f"""
            SELECT n.id, n.name, n.name_key, array_remove(ARRAY[s.author] || first.authors, NULL) AS people
            FROM ({named}) n JOIN series s ON s.id = n.series_id
            CROSS JOIN LATERAL (
                SELECT array_agg(DISTINCT a.name ORDER BY a.name) AS authors
                FROM book_series bs JOIN book_authors ba ON ba.book_id = bs.book_id AND ba.ordinal = 0
                JOIN authors a ON a.id = ba.author_id
                WHERE bs.series_id = s.id
            ) first
            ORDER BY n.id
            """
        )
    )
    made = ((row, key_of(row.name, row.people)[:LONGEST_KEY]) for row in rows)
    return [{"id": row.id, "key": key} for row, key in made if key and key != row.name_key]


def _key_of_others(name: str, people: Sequence[str]) -> str:
    """The key that a name has beside somebody who does not own it; its owner's, where there is nobody else."""
    plain = key_when_read(name, ())
    others = (person for person in people if key_when_read(name, (person,)) == plain)
    return plain if next(others, None) else key_of_owner(name, people)


def _write_names(connection: Connection, changed: list[dict[str, object]]) -> None:
    connection.execute(
        text(
            """
            UPDATE series_names n SET name_key = v.key
            FROM jsonb_to_recordset(CAST(:changed AS jsonb)) AS v (id bigint, key text) WHERE n.id = v.id
            """
        ),
        {"changed": json.dumps(changed)},
    )


def _write_series(connection: Connection, changed: list[dict[str, object]]) -> None:
    connection.execute(
        text(
            """
            WITH v AS (
                SELECT v.id, v.key, s.author_key,
                       row_number() OVER (PARTITION BY v.key, s.author_key ORDER BY v.id) AS place
                FROM jsonb_to_recordset(CAST(:changed AS jsonb)) AS v (id bigint, key text)
                JOIN series s ON s.id = v.id
            )
            UPDATE series s SET name_key = v.key FROM v
            WHERE s.id = v.id AND v.place = 1
              AND NOT EXISTS (SELECT FROM series o WHERE o.name_key = v.key AND o.author_key = v.author_key)
            """
        ),
        {"changed": json.dumps(changed)},
    )
    connection.execute(
        text(
            """
            INSERT INTO series_names (series_id, name, name_key, source)
            SELECT s.id, s.name, v.key, 'Audiobookshelf'
            FROM jsonb_to_recordset(CAST(:changed AS jsonb)) AS v (id bigint, key text) JOIN series s ON s.id = v.id
            WHERE s.name_key <> v.key
            ON CONFLICT DO NOTHING
            """
        ),
        {"changed": json.dumps(changed)},
    )
