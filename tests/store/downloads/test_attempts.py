"""What a failed attempt costs, on the real database."""

from __future__ import annotations

from sqlalchemy import Connection

from mam_assets.store.downloads import attempts, queue
from tests.store.rows import HOUR, NOW, gap, offer, only, row


def test_a_failure_blocks_is_counted_and_is_due_again(connection: Connection) -> None:
    wanted = gap(connection)
    offer(connection, wanted, "a")
    queue.queue_accepted(connection, NOW, limit=10)
    download = only(connection).id
    assert (
        attempts.failed(
            connection, download, code="stalled", reason="no seeds", next_retry=NOW + HOUR, block=True, now=NOW
        )
        == "failed"
    )
    assert queue.requeue_due(connection, NOW) == 0
    assert queue.due_without_release(connection, NOW + HOUR) == [(download, 1)]
    other = offer(connection, wanted, "b")
    assert queue.due_without_release(connection, NOW + HOUR) == []
    assert queue.requeue_due(connection, NOW + HOUR) == 1
    again = row(connection, download)
    assert (again.status, again.release_id, again.retry_count, again.next_retry) == ("queued", other, 1, None)
    assert (again.fetch_attempts, again.files_checked_at, again.absent_since) == (0, None, None)


def test_without_a_next_retry_it_is_abandoned_and_stays_so(connection: Connection) -> None:
    wanted = gap(connection)
    offer(connection, wanted, "a")
    queue.queue_accepted(connection, NOW, limit=10)
    download = only(connection).id
    gone = attempts.failed(connection, download, code="x", reason="x", next_retry=None, block=False, now=NOW)
    assert gone == "abandoned"
    assert queue.requeue_due(connection, NOW + 1000 * HOUR) == 0
    assert queue.work_is_due(connection, NOW + 1000 * HOUR)["retries"] == 0
    assert queue.queue_accepted(connection, NOW, limit=10) == 0
    assert queue.requeue_due(connection, NOW, ids=[download]) == 1
