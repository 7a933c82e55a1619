"""Each truth about gaps and counts can be broken, and is then seen."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text

from mam_assets.domain.books import CatalogEntry
from mam_assets.store import catalog, gap_truths
from tests.store.judged import judge_authors, judge_series
from tests.store.test_catalog import NOW
from tests.store.test_gaps import WORKS, barsoom


@pytest.fixture
def judged(connection: Connection) -> Connection:
    """A series and its author, of which one work of three is owned."""
    barsoom(connection, WORKS[0])
    author = connection.execute(text("SELECT id FROM authors")).scalar_one()
    lines = [CatalogEntry("MAM", title, title, ("E. R. Burroughs",), audiobook=True) for title in WORKS]
    catalog.save_entries(connection, lines, NOW, author_id=author)
    judge_series(connection, NOW)
    judge_authors(connection, NOW)
    return connection


TRUTHS = {
    "series": gap_truths.series_counts_that_disagree,
    "authors": gap_truths.author_counts_that_disagree,
    "series summary": gap_truths.series_summary_that_disagrees,
    "author summary": gap_truths.author_summary_that_disagrees,
    "works": gap_truths.missing_works_without_gap,
    "owned works": gap_truths.gaps_of_owned_works,
}


def broken(connection: Connection) -> set[str]:
    return {name for name, question in TRUTHS.items() if question(connection)}


def test_what_was_judged_is_true(judged: Connection) -> None:
    assert broken(judged) == set()


@pytest.mark.parametrize(
    ("statement", "seen"),
    [
        ("UPDATE series SET books_missing = 7", {"series"}),
        ("UPDATE series SET books_owned = 0", {"series", "series summary"}),
        ("UPDATE series SET completion_percentage = 99", {"series summary"}),
        ("UPDATE series SET completion_status = 'complete'", {"series summary"}),
        ("UPDATE authors SET audiobooks_missing = 0", {"authors", "author summary"}),
        ("UPDATE authors SET audiobooks_owned = 3, total_audiobooks_external = 5", {"authors"}),
        ("UPDATE authors SET completion_status = 'complete'", {"author summary"}),
        ("UPDATE catalog_entries SET status = 'owned' WHERE series_id IS NOT NULL", {"series", "owned works"}),
        ("UPDATE catalog_entries SET counted = false WHERE author_id IS NOT NULL", {"authors"}),
        ("DELETE FROM catalog_entries WHERE author_id IS NOT NULL", {"authors"}),
        ("UPDATE missing_books SET closed_date = now()", {"works"}),
        ("UPDATE catalog_entries SET status = 'owned'", {"series", "authors", "owned works"}),
        (
            "UPDATE catalog_entries SET status = 'owned'; UPDATE missing_books SET download_status = 'queued'",
            {"series", "authors", "owned works"},
        ),
        (
            "UPDATE catalog_entries SET status = 'owned'; UPDATE missing_books SET download_status = 'downloading'",
            {"series", "authors"},
        ),
        (
            "CREATE OR REPLACE VIEW series_completion_summary AS SELECT id AS series_id, name, author, "
            "total_books_in_series, books_owned, books_missing, completion_percentage, completion_status, "
            "last_completion_check, 0::bigint AS open_gaps, 0::bigint AS upcoming, 0::bigint AS held, "
            "0::bigint AS active, 0::bigint AS ignored FROM series",
            {"series summary"},
        ),
    ],
)
def test_what_is_broken_by_hand_is_seen(judged: Connection, statement: str, seen: set[str]) -> None:
    judged.execute(text(statement))
    assert broken(judged) == seen
