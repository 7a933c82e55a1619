"""The questions that the database must answer, and the tally of failures as CSV."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from sqlalchemy import Connection

from mam_assets.store import questions
from tests.store.filled import DAY, NOW, fill


@pytest.fixture
def filled(connection: Connection) -> Connection:
    fill(connection)
    return connection


def test_the_worst_metadata_comes_first_and_says_what_it_lacks(filled: Connection) -> None:
    (book,) = questions.incomplete_metadata(filled)
    assert (book.title, book.percent) == ("Ozma of Oz", 40.0)
    assert book.lacks == [
        "narrator",
        "description",
        "isbn or asin",
        "publisher",
        "published_year",
        "language",
        "series_number",
    ]


def test_only_retries_that_are_due_are_listed(filled: Connection) -> None:
    assert [retry.title for retry in questions.retries_due(filled, NOW)] == ["Glinda of Oz"]
    assert len(questions.retries_due(filled, NOW + 2 * DAY)) == 2


def test_the_task_history_of_seven_days_leaves_out_older_runs(filled: Connection) -> None:
    assert [(run.task_name, run.status) for run in questions.task_history(filled, NOW - 7 * DAY)] == [
        ("SERIES", "succeeded"),
        ("MAM", "failed"),
    ]


def test_a_chronic_failure_is_counted_over_all_its_reasons(filled: Connection) -> None:
    (chronic,) = questions.chronic_failures(filled, at_least=2)
    assert (chronic.item_id, chronic.attempts, chronic.reasons) == ("7", 5, ["stalled", "vanished"])
    assert len(questions.chronic_failures(filled, at_least=1)) == 2


def test_failures_per_week_include_the_weeks_without(filled: Connection) -> None:
    weeks = questions.failures_per_week(filled, NOW, weeks=4)
    assert [(week.week, week.new, week.last) for week in weeks] == [
        (date(2026, 2, 16), 0, 0),
        (date(2026, 2, 23), 1, 0),
        (date(2026, 3, 2), 1, 1),
        (date(2026, 3, 9), 1, 2),
    ]


def test_the_tally_of_failures_is_written_as_csv(filled: Connection) -> None:
    output = io.StringIO(newline="")
    assert questions.write_failures(filled, output) == 3
    output.seek(0)
    rows = list(csv.DictReader(output))
    assert [(row["item_id"], row["reason"], row["attempt_count"]) for row in rows] == [
        ("7", "stalled", "3"),
        ("8", "stalled", "1"),
        ("7", "vanished", "2"),
    ]
    assert rows[0]["first_attempt"] == "2026-02-24T12:00:00+00:00"


def test_a_name_that_looks_like_a_formula_stays_text_in_a_spreadsheet(filled: Connection) -> None:
    output = io.StringIO()
    questions.write_failures(filled, output)
    assert "'=Book 7" in output.getvalue()


def test_an_empty_tally_is_a_header_line(connection: Connection) -> None:
    output = io.StringIO()
    assert questions.write_failures(connection, output) == 0
    assert output.getvalue().strip() == ",".join(questions.FAILURE_COLUMNS)
