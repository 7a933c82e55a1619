"""The stages of a download: the same everywhere, shown by the gap, counted."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from mam_assets.domain.lifecycle import LEGAL_MOVES
from mam_assets.store import tables as t
from mam_assets.store import vocabulary
from mam_assets.store.downloads import stages
from tests.store.rows import NOW, add, gap

TRIGGERS = Path(__file__).parents[3] / "schema" / "triggers.sql"


def test_domain_vocabulary_and_trigger_allow_the_same_moves() -> None:
    of_domain = {(before.value, after.value) for before, ways in LEGAL_MOVES.items() for after in ways}
    function = TRIGGERS.read_text().partition("refuse_illegal_download_move")[2]
    of_trigger = set(re.findall(r"\('(\w+)', '(\w+)'\)", function))
    # Allowed on one condition more, which stands by itself in the trigger.
    of_trigger |= set(re.findall(r"OLD\.status = '(\w+)' AND NEW\.status = '(\w+)'", function))
    assert of_domain == set(vocabulary.DOWNLOAD_MOVES) == of_trigger


@pytest.mark.parametrize(
    ("how", "shown"),
    [
        ({}, "downloading"),
        ({"download_status": "ignored"}, "ignored"),
        ({"download_status": "completed", "closed_date": NOW}, "completed"),
    ],
)
def test_a_gap_follows_its_download_while_it_is_open_and_wanted(
    connection: Connection, how: dict[str, Any], shown: str
) -> None:
    download = add(connection, t.Download, title="Oz", source="MAM", missing_book_id=gap(connection, **how))
    stages.gap_follows(connection, download, "downloading")
    assert connection.execute(text("SELECT download_status FROM missing_books")).scalar() == shown


def test_downloads_are_counted_and_shown_changed_last_first(connection: Connection) -> None:
    for hours, (title, status) in enumerate([("first", "queued"), ("second", "failed"), ("third", "queued")]):
        changed = NOW + timedelta(hours=hours)
        add(connection, t.Download, title=title, source="MAM", status=status, date_updated=changed)
    assert (stages.count(connection, "queued"), stages.count(connection, "queued", "failed")) == (2, 3)
    assert [shown["title"] for shown in stages.sample(connection, statuses=("queued",), limit=9)] == ["third", "first"]
    assert len(stages.sample(connection, statuses=("queued", "failed"), limit=1)) == 1
