"""What a look at the client leaves behind, on the real database."""

from __future__ import annotations

from sqlalchemy import Connection

from mam_assets.store import tables as t
from mam_assets.store.downloads import watching
from tests.store.rows import NOW, add, row


def test_a_look_touches_only_what_is_under_way(connection: Connection) -> None:
    done = add(connection, t.Download, title="Oz", source="MAM", status="completed", progress=1.0)
    watching.observed(connection, done, progress=0.2, client_state="x", last_progress_at=NOW, absent_since=NOW, now=NOW)
    assert (row(connection, done).progress, row(connection, done).absent_since) == (1.0, None)
