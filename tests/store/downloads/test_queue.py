"""The queue on the real database: what is taken, what is due again, what is withdrawn."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, text

from mam_assets.store import tables as t
from mam_assets.store.downloads import invariants, queue, sending
from tests.store.rows import HOUR, NOW, add, gap, offer, only


def test_the_best_release_that_is_not_blocked_is_queued_once(connection: Connection) -> None:
    wanted = gap(connection)
    worse, best, blocked = (offer(connection, wanted, g, rank=r) for g, r in (("a", 1), ("b", 2), ("c", 3)))
    add(connection, t.BlockedRelease, missing_book_id=wanted, release_id=blocked, guid_key="guid:MAM:c", reason="x")
    assert queue.queue_accepted(connection, NOW, limit=10) == 1
    assert only(connection).release_id == best
    assert queue.queue_accepted(connection, NOW, limit=10) == 0
    assert worse


def test_a_release_is_blocked_by_its_hash_under_any_name(connection: Connection) -> None:
    wanted = gap(connection)
    offer(connection, wanted, "a", info_hash="f" * 40)
    add(connection, t.BlockedRelease, missing_book_id=wanted, guid_key="hash:x", info_hash="f" * 40, reason="x")
    assert queue.queue_accepted(connection, NOW, limit=10) == 0


def test_what_a_person_approved_comes_before_any_rank(connection: Connection) -> None:
    wanted = gap(connection, download_status="held")
    offer(connection, wanted, "a", rank=9)
    user = add(connection, t.User, name="someone")
    approved = offer(connection, wanted, "b", verdict="hold")
    connection.execute(
        text("UPDATE release_decisions SET approved_by = :u WHERE release_id = :r"), {"u": user, "r": approved}
    )
    queue.queue_accepted(connection, NOW, limit=10)
    assert only(connection).release_id == approved


@pytest.mark.parametrize("how", [{"closed_date": NOW}, {"download_status": "ignored"}])
def test_a_retry_for_a_gap_that_nobody_wants_makes_no_work(connection: Connection, how: dict[str, Any]) -> None:
    """Else the sensor would start a run every ten minutes, for ever."""
    wanted = gap(connection, **how)
    add(
        connection, t.Download, title="Oz", source="MAM", status="failed", next_retry=NOW - HOUR, missing_book_id=wanted
    )
    assert queue.work_is_due(connection, NOW)["retries"] == 0
    assert queue.requeue_due(connection, NOW) == 0
    assert invariants.overdue(connection, NOW + 100 * HOUR) == []
    queue.withdraw_unwanted(connection, NOW)
    assert only(connection).status == ("abandoned" if "closed_date" in how else "failed")


def test_what_is_on_its_way_to_the_client_is_not_withdrawn(connection: Connection) -> None:
    wanted = gap(connection)
    offer(connection, wanted, "a")
    queue.queue_accepted(connection, NOW, limit=10)
    sending.intend_to_send(connection, only(connection).id, "f" * 40, {}, NOW)
    connection.execute(text("UPDATE missing_books SET download_status = 'ignored'"))
    assert queue.withdraw_unwanted(connection, NOW) == 0
    assert invariants.gaps_with_too_many(connection) == []
    sending.settle(connection, "f" * 40, "abandoned", NOW)
    assert [found["id"] for found in invariants.gaps_with_too_many(connection)] == [wanted]
    assert queue.withdraw_unwanted(connection, NOW) == 1
    assert invariants.gaps_with_too_many(connection) == []
