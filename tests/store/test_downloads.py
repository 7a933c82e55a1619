"""Downloads on the real database: what may follow what, and what is due."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, text

from mam_assets.domain.lifecycle import LEGAL_MOVES
from mam_assets.store import downloads as queue
from mam_assets.store import tables as t
from mam_assets.store import vocabulary

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TRIGGERS = Path(__file__).parents[2] / "schema" / "triggers.sql"


def add(connection: Connection, table: type[t.Base], **values: Any) -> int:
    return int(connection.execute(insert(table).values(**values).returning(table.__table__.c.id)).scalar_one())


def gap(connection: Connection, title: str = "Oz", **values: Any) -> int:
    plain = {"work_key": title, "title": title, "reason_missing": "series_gap", "download_status": "identified"}
    return add(connection, t.MissingBook, **(plain | values))


def offer(
    connection: Connection, gap_id: int, guid: str, *, rank: float = 1.0, verdict: str = "accept", **values: Any
) -> int:
    release = add(connection, t.Release, source="MAM", guid=guid, title=guid, **values)
    add(
        connection,
        t.ReleaseDecision,
        missing_book_id=gap_id,
        release_id=release,
        verdict=verdict,
        rank=[rank],
        rules_version="1",
    )
    return release


def row(connection: Connection, download_id: int) -> Any:
    return connection.execute(text("SELECT * FROM downloads WHERE id = :id"), {"id": download_id}).one()


def only(connection: Connection) -> Any:
    return connection.execute(text("SELECT * FROM downloads")).one()


def test_domain_vocabulary_and_trigger_allow_the_same_moves() -> None:
    of_domain = {(before.value, after.value) for before, ways in LEGAL_MOVES.items() for after in ways}
    function = TRIGGERS.read_text().partition("refuse_illegal_download_move")[2]
    of_trigger = set(re.findall(r"\('(\w+)', '(\w+)'\)", function))
    # Allowed on one condition more, which stands by itself in the trigger.
    of_trigger |= set(re.findall(r"OLD\.status = '(\w+)' AND NEW\.status = '(\w+)'", function))
    assert of_domain == set(vocabulary.DOWNLOAD_MOVES) == of_trigger


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


def test_a_failure_blocks_is_counted_and_is_due_again(connection: Connection) -> None:
    wanted = gap(connection)
    offer(connection, wanted, "a")
    queue.queue_accepted(connection, NOW, limit=10)
    download = only(connection).id
    assert (
        queue.failed(
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
    gone = queue.failed(connection, download, code="x", reason="x", next_retry=None, block=False, now=NOW)
    assert gone == "abandoned"
    assert queue.requeue_due(connection, NOW + 1000 * HOUR) == 0
    assert queue.work_is_due(connection, NOW + 1000 * HOUR)["retries"] == 0
    assert queue.queue_accepted(connection, NOW, limit=10) == 0
    assert queue.requeue_due(connection, NOW, ids=[download]) == 1


@pytest.mark.parametrize("how", [{"closed_date": NOW}, {"download_status": "ignored"}])
def test_a_retry_for_a_gap_that_nobody_wants_makes_no_work(connection: Connection, how: dict[str, Any]) -> None:
    """Else the sensor would start a run every ten minutes, for ever."""
    wanted = gap(connection, **how)
    add(
        connection, t.Download, title="Oz", source="MAM", status="failed", next_retry=NOW - HOUR, missing_book_id=wanted
    )
    assert queue.work_is_due(connection, NOW)["retries"] == 0
    assert queue.requeue_due(connection, NOW) == 0
    assert queue.overdue(connection, NOW + 100 * HOUR) == []
    queue.withdraw_unwanted(connection, NOW)
    assert only(connection).status == ("abandoned" if "closed_date" in how else "failed")


def test_what_is_on_its_way_to_the_client_is_not_withdrawn(connection: Connection) -> None:
    wanted = gap(connection)
    offer(connection, wanted, "a")
    queue.queue_accepted(connection, NOW, limit=10)
    queue.intend_to_send(connection, only(connection).id, "f" * 40, {}, NOW)
    connection.execute(text("UPDATE missing_books SET download_status = 'ignored'"))
    assert queue.withdraw_unwanted(connection, NOW) == 0
    assert queue.gaps_with_too_many(connection) == []
    queue.settle(connection, "f" * 40, "abandoned", NOW)
    assert [found["id"] for found in queue.gaps_with_too_many(connection)] == [wanted]
    assert queue.withdraw_unwanted(connection, NOW) == 1
    assert queue.gaps_with_too_many(connection) == []


def test_a_torrent_that_was_imported_may_come_again(connection: Connection) -> None:
    first = add(connection, t.Download, title="Oz", source="MAM", status="completed", qbittorrent_hash="f" * 40)
    second = add(connection, t.Download, title="Oz again", source="MAM")
    assert queue.other_with_hash(connection, "f" * 40, second) == "Oz"
    connection.execute(text("UPDATE downloads SET abs_import_status = 'imported' WHERE id = :id"), {"id": first})
    assert queue.other_with_hash(connection, "f" * 40, second) is None


def test_an_intention_is_written_once_and_settled(connection: Connection) -> None:
    release = add(connection, t.Release, source="MAM", guid="a", title="a")
    download = add(connection, t.Download, title="Oz", source="MAM", release_id=release)
    for _ in range(2):
        queue.intend_to_send(connection, download, "f" * 40, {"guid": "a"}, NOW)
    assert queue.unsettled(connection) == [(download, "f" * 40)]
    queue.settle(connection, "f" * 40, "confirmed", NOW)
    queue.sent(connection, download, NOW)
    assert queue.unsettled(connection) == []
    assert row(connection, download).status == "downloading"
    assert connection.execute(text("SELECT info_hash FROM releases")).scalar() == "f" * 40


def test_those_that_could_not_be_fetched_stand_behind_the_others(connection: Connection) -> None:
    for title, attempts in (("first", 2), ("second", 0), ("third", 1)):
        release = add(connection, t.Release, source="MAM", guid=title, title=title)
        add(connection, t.Download, title=title, source="MAM", release_id=release, fetch_attempts=attempts)
    assert [waiting.title for waiting in queue.to_send(connection, limit=9)] == ["second", "third", "first"]


def test_a_look_touches_only_what_is_under_way(connection: Connection) -> None:
    done = add(connection, t.Download, title="Oz", source="MAM", status="completed", progress=1.0)
    queue.observed(connection, done, progress=0.2, client_state="x", last_progress_at=NOW, absent_since=NOW, now=NOW)
    assert (row(connection, done).progress, row(connection, done).absent_since) == (1.0, None)


def test_an_import_is_due_at_its_time(connection: Connection) -> None:
    download = add(
        connection,
        t.Download,
        title="Oz",
        source="MAM",
        status="completed",
        qbittorrent_hash="f" * 40,
        save_path="/d",
        content_path="/d/Oz",
    )
    assert [due.download_id for due in queue.to_import(connection, NOW, limit=9)] == [download]
    queue.import_waits(connection, [download], "the disk is full", NOW + HOUR, NOW)
    assert queue.to_import(connection, NOW, limit=9) == []
    assert queue.to_import(connection, NOW + HOUR, limit=9)[0].import_attempts == 0
    queue.import_failed(connection, download, "not seen", NOW, next_import=NOW + 2 * HOUR)
    assert queue.to_import(connection, NOW + HOUR, limit=9) == []
    queue.import_failed(connection, download, "not seen", NOW, next_import=None)
    assert row(connection, download).abs_import_status == "import_failed"
    assert queue.to_import(connection, NOW + 1000 * HOUR, limit=9) == []


def test_a_failed_import_does_not_un_ignore_a_gap(connection: Connection) -> None:
    wanted = gap(connection, download_status="ignored")
    download = add(connection, t.Download, title="Oz", source="MAM", status="completed", missing_book_id=wanted)
    queue.import_failed(connection, download, "x", NOW, next_import=None)
    assert connection.execute(text("SELECT download_status FROM missing_books")).scalar() == "ignored"


def test_the_truths_that_the_checks_ask_for(connection: Connection) -> None:
    assert queue.sent_without_hash(connection) == []
    assert queue.imports_without_book(connection) == []
    add(connection, t.Download, title="lost", source="MAM", status="downloading")
    add(connection, t.Download, title="unlinked", source="MAM", status="completed", abs_import_status="imported")
    add(connection, t.Download, title="late", source="MAM", status="failed", next_retry=NOW - 50 * HOUR)
    assert [found["title"] for found in queue.sent_without_hash(connection)] == ["lost"]
    assert [found["title"] for found in queue.imports_without_book(connection)] == ["unlinked"]
    assert [found["title"] for found in queue.overdue(connection, NOW)] == ["late"]
