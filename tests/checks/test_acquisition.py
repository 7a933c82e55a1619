"""What must be true of downloads: shown by rows that break it."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from mam_assets.checks import acquisition as checks
from mam_assets.resources.clock import Clock

QUEUED = "INSERT INTO downloads (title, source, status, missing_book_id) VALUES ('Oz', 'MAM', 'queued', 1)"
GAP = (
    "INSERT INTO missing_books (id, work_key, title, reason_missing, download_status)"
    " VALUES (1, 'x', 'Oz', 'top10', '{}')"
)


def evaluate(check: dg.AssetChecksDefinition, engine: Engine) -> Any:
    resources = {"database": engine}
    if "clock" in check.required_resource_keys:
        resources["clock"] = Clock()  # type: ignore[assignment]
    return check(**resources)


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.check_key.name)
def test_an_empty_database_passes(check: dg.AssetChecksDefinition, clean_engine: Engine) -> None:
    assert evaluate(check, clean_engine).passed


@pytest.mark.parametrize(
    ("check", "statements", "words"),
    [
        (checks.one_active_download_for_each_gap, [GAP.format("ignored"), QUEUED], "1 gaps"),
        (
            checks.every_sent_torrent_is_known,
            ["INSERT INTO downloads (title, source, status) VALUES ('Oz', 'MAM', 'downloading')"],
            "1 downloads can't be watched",
        ),
        (
            checks.no_retry_is_overdue,
            [
                "INSERT INTO downloads (title, source, status, next_retry)"
                " VALUES ('Oz', 'MAM', 'failed', now() - interval '3 days')"
            ],
            "1 retries are overdue",
        ),
        (
            checks.imported_books_are_in_the_library,
            [
                "INSERT INTO downloads (title, source, status, abs_import_status)"
                " VALUES ('Oz', 'MAM', 'completed', 'imported')"
            ],
            "1 imports lack their book",
        ),
    ],
)
def test_what_is_wrong_is_shown(
    check: dg.AssetChecksDefinition, statements: list[str], words: str, clean_engine: Engine
) -> None:
    with clean_engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    result = evaluate(check, clean_engine)
    assert not result.passed
    assert words in result.description
    assert result.metadata
