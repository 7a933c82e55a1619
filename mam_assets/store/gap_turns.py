"""Whose turn it is to judge, and to write gaps.

Belongs here: the two locks and how long one waits for them. Does not belong here: what is judged or written in a turn
(gaps, assets.judging).
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from mam_assets.store import gap_keys


def one_judging_at_a_time(connection: Connection) -> None:
    """Wait for whoever is judging, before anything is read: what a long judging read before a book came would else be
    written over what the import of that book has settled, and its gap opened again."""
    _wait_for(connection, "mam_assets.judging")


def one_writer(connection: Connection) -> None:
    """Two runs that find the same work under two names must not both open a gap for it. Every gap has its keys then."""
    _wait_for(connection, "mam_assets.gaps")
    gap_keys.key_gaps(connection)


def _wait_for(connection: Connection, name: str) -> None:
    """Take a lock until the transaction ends, however long another one has it: a large library is judged for minutes,
    and the limit of a statement is for statements that work. Who hangs with a lock is ended by that very limit."""
    given = {"name": name}
    if connection.execute(text("SELECT pg_try_advisory_xact_lock(hashtext(:name))"), given).scalar_one():
        return
    allowed = connection.execute(text("SELECT current_setting('statement_timeout')")).scalar_one()
    _limit_statements(connection, "0")
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), given)
    _limit_statements(connection, allowed)


def _limit_statements(connection: Connection, limit: str) -> None:
    connection.execute(text("SELECT set_config('statement_timeout', :limit, true)"), {"limit": limit})
