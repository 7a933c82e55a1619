"""What the checks ask of downloads, on the real database."""

from __future__ import annotations

from sqlalchemy import Connection

from mam_assets.store import tables as t
from mam_assets.store.downloads import invariants
from tests.store.rows import HOUR, NOW, add


def test_the_truths_that_the_checks_ask_for(connection: Connection) -> None:
    assert invariants.sent_without_hash(connection) == []
    assert invariants.imports_without_book(connection) == []
    add(connection, t.Download, title="lost", source="MAM", status="downloading")
    add(connection, t.Download, title="unlinked", source="MAM", status="completed", abs_import_status="imported")
    add(connection, t.Download, title="late", source="MAM", status="failed", next_retry=NOW - 50 * HOUR)
    assert [found["title"] for found in invariants.sent_without_hash(connection)] == ["lost"]
    assert [found["title"] for found in invariants.imports_without_book(connection)] == ["unlinked"]
    assert [found["title"] for found in invariants.overdue(connection, NOW)] == ["late"]
