"""What is trimmed every night, and what keeps failing."""

from __future__ import annotations

from mam_assets.assets.upkeep import failure_report, history
from mam_assets.store import history as past
from mam_assets.store.history import Failure
from tests.assets.dock import DAY, Dock


def test_a_night_trims_what_is_old_and_tells_what_keeps_failing(dock: Dock) -> None:
    now = dock.clock.now()
    with dock.engine.begin() as connection:
        past.record_task(connection, past.TaskRun("SERIES", "old", "succeeded", now, now))
        past.tally(connection, [Failure("DOWNLOAD", "7", "Oz", "stalled")] * 3, now - 40 * DAY)
    dock.rows("UPDATE tasks SET created_at = :at RETURNING id", at=now - 31 * DAY)
    run = dock.run(history, failure_report)
    assert run.of("history")["tasks_deleted"] == 1
    assert run.of("failure_report")["chronic_failures"] == 1
    assert dock.rows("SELECT task_name, status, items_processed FROM tasks") == [("CLEANUP", "succeeded", 1)]
    assert dock.rows("SELECT attempt_count FROM failed_attempts") == [(3,)]
    assert dock.run(history).of("history")["tasks_deleted"] == 0
