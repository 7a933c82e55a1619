"""Task runs and failures on the real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from mam_assets.store import history
from mam_assets.store.history import Failure, TaskRun

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_a_failure_that_repeats_is_counted_up_in_one_row(connection: Connection) -> None:
    failure = Failure("DOWNLOAD", "7", "Oz", "stalled", "stalled", "no seeds")
    history.tally(connection, [failure, failure], NOW)
    history.tally(connection, [Failure("DOWNLOAD", "7", "Oz", "vanished"), failure], NOW + DAY)
    rows = connection.execute(
        text("SELECT reason, attempt_count, first_attempt, last_attempt FROM failed_attempts ORDER BY reason")
    ).all()
    assert rows == [("stalled", 3, NOW, NOW + DAY), ("vanished", 1, NOW + DAY, NOW + DAY)]


def test_a_run_that_is_reported_twice_is_one_row(connection: Connection) -> None:
    run = TaskRun("SERIES", "run-1", "failed", NOW, NOW + DAY / 24, processed=3, error="x")
    history.record_task(connection, run)
    history.record_task(connection, TaskRun("SERIES", "run-1", "succeeded", NOW, NOW + DAY / 12, succeeded=4))
    rows = connection.execute(text("SELECT status, duration_seconds, items_succeeded, error_message FROM tasks")).all()
    assert rows == [("succeeded", 7200.0, 4, None)]


def test_what_is_older_than_thirty_days_is_trimmed_and_failures_are_kept(connection: Connection) -> None:
    for days in (29, 31):
        history.record_task(connection, TaskRun("SERIES", f"run-{days}", "succeeded", NOW, NOW))
        values = {"run": f"run-{days}", "at": NOW - days * DAY}
        connection.execute(text("UPDATE tasks SET created_at = :at WHERE dagster_run_id = :run"), values)
        connection.execute(
            text("INSERT INTO api_logs (endpoint, method, created_at) VALUES (:run, 'GET', :at)"), values
        )
        connection.execute(
            text(
                "INSERT INTO outbox (service, action, key, state, settled_at)"
                " VALUES ('qbittorrent', 'add', :run, 'confirmed', :at)"
            ),
            values,
        )
    history.tally(connection, [Failure("SERIES", "1", "Oz", "x")], NOW - 400 * DAY)
    connection.execute(text("INSERT INTO outbox (service, action, key) VALUES ('qbittorrent', 'add', 'open')"))
    counts = history.trim(connection, NOW)
    assert counts == {"tasks_deleted": 1, "corrections_deleted": 0, "api_calls_deleted": 1, "outbox_deleted": 1}
    assert connection.execute(text("SELECT count(*) FROM failed_attempts")).scalar() == 1
    assert connection.execute(text("SELECT count(*) FROM outbox WHERE state = 'intended'")).scalar() == 1


def test_without_dagster_s_tables_there_is_nothing_to_trim(connection: Connection) -> None:
    assert history.trim_dagster(connection, NOW) == 0


def test_what_a_book_s_series_was_called_last_outlives_the_month(connection: Connection) -> None:
    book = connection.execute(text("INSERT INTO books (title) VALUES ('Emma') RETURNING id")).scalar_one()
    insert = text(
        """
        INSERT INTO metadata_corrections (book_id, field_name, old_value, source, correction_date, reverts)
        VALUES (:book, :field, :old, 'Manual', :at, :reverts) RETURNING id
        """
    )
    before = None
    for days, field, old in ((40, "series", "A"), (39, "series", "B"), (38, "series", None), (37, "publisher", "P")):
        values = {"book": book, "field": field, "old": old, "at": NOW - days * DAY, "reverts": before}
        before = connection.execute(insert, values).scalar_one()
    assert history.trim(connection, NOW)["corrections_deleted"] == 3
    assert connection.execute(text("SELECT old_value, reverts FROM metadata_corrections")).all() == [("B", None)]
    assert history.trim(connection, NOW)["corrections_deleted"] == 0


def test_a_revert_outlives_the_correction_that_it_undid(connection: Connection) -> None:
    book = connection.execute(text("INSERT INTO books (title) VALUES ('Emma') RETURNING id")).scalar_one()
    insert = text(
        """
        INSERT INTO metadata_corrections (book_id, field_name, source, correction_date, reverts)
        VALUES (:book, 'publisher', 'Manual', :at, :reverts) RETURNING id
        """
    )
    old = connection.execute(insert, {"book": book, "at": NOW - 31 * DAY, "reverts": None}).scalar_one()
    connection.execute(insert, {"book": book, "at": NOW - DAY, "reverts": old})
    assert history.trim(connection, NOW)["corrections_deleted"] == 1
    assert connection.execute(text("SELECT reverts FROM metadata_corrections")).scalars().all() == [None]
