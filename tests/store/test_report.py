"""The report's numbers are those of a database that was filled by hand."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from mam_assets.store import report
from tests.store.filled import NOW, fill


@pytest.fixture
def filled(connection: Connection) -> Connection:
    fill(connection)
    return connection


def test_counts_are_those_of_the_rows(filled: Connection) -> None:
    counts = report.counts(filled)
    assert (counts.books, counts.series, counts.series_complete, counts.authors) == (2, 2, 1, 1)
    assert (counts.gaps, counts.upcoming) == (3, 1)
    assert (counts.accepted, counts.held, counts.refused) == (1, 1, 2)
    assert (counts.queued, counts.downloading, counts.completed, counts.failed) == (1, 1, 0, 2)
    assert (counts.imported, counts.abandoned) == (1, 0)
    assert counts.moving == 2


def test_an_empty_database_counts_nought(connection: Connection) -> None:
    assert report.counts(connection).books == 0
    assert report.series_completion(connection) == []
    assert report.decisions_by_reason(connection) == []
    assert report.metadata_state(connection).mean_completeness is None


def test_incomplete_series_come_first(filled: Connection) -> None:
    found = report.series_completion(filled)
    assert [(s.name, s.owned, s.missing, s.total, s.percent) for s in found] == [
        ("Oz", 12, 2, 14, 85.7),
        ("Aunt Jane", 2, 0, 2, 100.0),
    ]


def test_an_author_has_a_share_of_what_exists(filled: Connection) -> None:
    (author,) = report.author_completion(filled)
    assert (author.name, author.missing, author.percent) == ("L. Frank Baum", 5, 75.0)


def test_gaps_are_counted_by_what_found_them(filled: Connection) -> None:
    series, top10 = report.gaps_by_reason(filled)
    assert (series.reason, series.found, series.closed, series.upcoming, series.held, series.open) == (
        "series_gap",
        4,
        1,
        1,
        1,
        3,
    )
    assert (top10.reason, top10.open) == ("top10", 1)


def test_verdicts_are_grouped_by_their_main_reason_with_an_example(filled: Connection) -> None:
    accepted, held, refused = report.decisions_by_reason(filled)
    assert (accepted.verdict, accepted.code, accepted.releases) == ("accept", "right_work", 1)
    assert (held.verdict, held.code, held.example_gap) == ("hold", "no_author", "Rinkitink in Oz")
    assert (refused.code, refused.releases, refused.example_release, refused.evidence) == (
        "wrong_author",
        2,
        "Glinda of Oz [M4B]",
        "by Ruth Plumly Thompson",
    )


def test_each_download_says_where_it_stands_and_why(filled: Connection) -> None:
    lines = {line.title: (line.state, line.words) for line in report.downloads(filled)}
    assert lines == {
        "Glinda of Oz": ("failed", "stalled for 24 h"),
        "Later": ("failed", "no seeders"),
        "Waits": ("waiting", "10 downloads are active already"),
        "Comes": ("downloading", "downloading"),
        "Tik-Tok of Oz": ("imported", None),
    }
    assert [line.state for line in report.downloads(filled, limit=2)] == ["failed", "failed"]


def test_metadata_says_how_complete_it_is_and_who_corrected(filled: Connection) -> None:
    state = report.metadata_state(filled)
    assert (state.books, state.mean_completeness, state.complete, state.never_looked_up) == (2, 70.0, 1, 1)
    assert state.corrections == {"GoogleBooks": 2, "Audible": 1}


def test_services_show_health_and_the_day_s_requests(filled: Connection) -> None:
    google, mam = report.service_health(filled)
    assert (google.service, google.status, google.used_today) == ("google_books", "healthy", 17)
    assert (mam.service, mam.status, mam.last_error, mam.used_today) == ("mam", "down", "no <answer> in time", 0)


def test_only_the_newest_run_of_a_task_counts(filled: Connection) -> None:
    assert [(run.task_name, run.status, run.started) for run in report.last_runs(filled)] == [
        ("MAM", "failed", NOW.replace(day=10)),
        ("SERIES", "succeeded", NOW),
    ]


def test_the_server_tells_its_version_and_size(connection: Connection) -> None:
    facts = report.server_facts(connection)
    assert facts.version_number >= 140000
    assert facts.size_bytes > 1_000_000
    assert facts.now.tzinfo is not None
