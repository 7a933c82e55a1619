"""What hangs on a gap goes along with its work: to the gap that is kept, and to the one that is opened later."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from mam_assets.store import discovery, gaps, releases
from mam_assets.store import tables as t
from mam_assets.store.downloads import queue
from tests.store.judged import judge_series
from tests.store.rows import add, offer
from tests.store.test_catalog import NOW
from tests.store.test_gaps import WORKS, barsoom, statuses, wish

LATER = NOW + timedelta(days=1)
DAY = timedelta(days=1)


def gap_of(connection: Connection, title: str, *, is_open: bool = True) -> Any:
    statement = "SELECT * FROM missing_books WHERE title = :t AND (closed_date IS NULL) = :open ORDER BY id"
    return connection.execute(text(statement), {"t": title, "open": is_open}).one()


def block(connection: Connection, gap_id: int, guid: str) -> None:
    add(connection, t.BlockedRelease, missing_book_id=gap_id, guid_key=f"guid:MAM:{guid}", reason="dead")


def blocked(connection: Connection, gap_id: int) -> list[str]:
    statement = "SELECT guid_key FROM blocked_releases WHERE missing_book_id = :id ORDER BY 1"
    return list(connection.execute(text(statement), {"id": gap_id}).scalars())


# --- doubles --------------------------------------------------------------------------------------------------------


@pytest.fixture
def pair(connection: Connection) -> tuple[int, int]:
    """Two open gaps, of which nobody knows yet that they are one work."""
    ids = gaps.write_wanted(connection, [wish("The Long Road", "Ann Bell"), wish("Der Weg", "Ann Bell")], NOW).open_ids
    kept, double = ids.values()
    return kept, double


def join(connection: Connection) -> None:
    both = replace(wish("The Long Road", "Ann Bell"), other_titles=("Der Weg",))
    assert gaps.write_wanted(connection, [both], LATER).joined == 1


def test_a_place_on_a_list_and_an_upload_follow_the_gap_that_is_kept(
    connection: Connection, pair: tuple[int, int]
) -> None:
    kept, double = pair
    release = add(connection, t.Release, source="MAM", guid="9", title="Der Weg")
    connection.execute(
        text("INSERT INTO mam_uploads (release_id, seen_at, missing_book_id) VALUES (:r, now(), :g)"),
        {"r": release, "g": double},
    )
    genre = connection.execute(text("SELECT min(id) FROM genre_settings")).scalar_one()
    add(
        connection,
        t.Top10Entry,
        genre_id=genre,
        week=date(2026, 3, 8),
        rank=1,
        title="Der Weg",
        outcome="wanted",
        missing_book_id=double,
        created_at=NOW,
    )
    join(connection)
    discovery.settle_outcomes(connection)
    entry = connection.execute(text("SELECT outcome, missing_book_id FROM top10_entries")).one()
    assert tuple(entry) == ("wanted", kept)
    assert discovery.outcomes_that_disagree(connection) == []
    assert connection.execute(text("SELECT missing_book_id FROM mam_uploads")).scalars().all() == [kept]


def test_a_release_that_is_dead_for_the_double_is_dead_for_the_work(
    connection: Connection, pair: tuple[int, int]
) -> None:
    kept, double = pair
    block(connection, kept, "1")
    block(connection, double, "1")
    block(connection, double, "2")
    join(connection)
    assert blocked(connection, kept) == ["guid:MAM:1", "guid:MAM:2"]
    assert blocked(connection, double) == ["guid:MAM:1", "guid:MAM:2"]


def test_decisions_go_along_and_what_a_person_approved_stays_approved(
    connection: Connection, pair: tuple[int, int]
) -> None:
    kept, double = pair
    person = add(connection, t.User, name="someone")
    both, other = offer(connection, kept, "1", verdict="hold"), offer(connection, double, "2", verdict="refuse")
    connection.execute(
        text(
            "INSERT INTO release_decisions (missing_book_id, release_id, verdict, rules_version, decided_at, "
            "approved_by) VALUES (:gap, :release, 'hold', '1', now(), :person)"
        ),
        {"gap": double, "release": both, "person": person},
    )
    join(connection)
    statement = (
        "SELECT release_id, verdict, approved_by FROM release_decisions WHERE missing_book_id = :id ORDER BY release_id"
    )
    assert [tuple(row) for row in connection.execute(text(statement), {"id": kept})] == [
        (both, "hold", person),
        (other, "refuse", None),
    ]
    queue.queue_accepted(connection, LATER, limit=9)
    assert connection.execute(text("SELECT release_id FROM downloads")).scalars().all() == [both]


@pytest.mark.parametrize("own", [True, False])
def test_a_search_counts_for_the_work_unless_the_kept_gap_was_searched_itself(
    connection: Connection, pair: tuple[int, int], own: bool
) -> None:
    kept, double = pair
    releases.searched(connection, double, found=7, now=NOW, next_search=NOW + 9 * DAY, held=False)
    if own:
        releases.searched(connection, kept, found=3, now=NOW, next_search=NOW + 2 * DAY, held=False)
    join(connection)
    statement = "SELECT found, next_search FROM gap_searches WHERE missing_book_id = :id"
    found = connection.execute(text(statement), {"id": kept}).one()
    assert tuple(found) == ((3, NOW + 2 * DAY) if own else (7, NOW + 9 * DAY))


# --- what is wanted again ---------------------------------------------------------------------------------------------


def come_and_go(connection: Connection, *, withdrawn: bool = True) -> None:
    """The only book of the series is gone for a day, so that nothing of it is wanted, and comes back."""
    connection.execute(text("UPDATE books SET status = 'archived'"))
    judge_series(connection, LATER)
    if withdrawn:
        queue.withdraw_unwanted(connection, LATER)
    connection.execute(text("UPDATE books SET status = 'active'"))
    judge_series(connection, LATER)


@pytest.fixture
def lacking(connection: Connection) -> Any:
    """The gap of a series of which one work is owned."""
    barsoom(connection, WORKS[0])
    judge_series(connection, NOW)
    return gap_of(connection, WORKS[1])


def attempt(connection: Connection, gap_id: int, status: str, **values: Any) -> int:
    """A failed download of a gap."""
    download = add(connection, t.Download, title="x", source="MAM", status=status, missing_book_id=gap_id, **values)
    connection.execute(
        text("UPDATE missing_books SET download_status = 'failed', download_id = :d WHERE id = :g"),
        {"d": download, "g": gap_id},
    )
    return download


def test_blocked_releases_stay_blocked_for_what_is_wanted_again(connection: Connection, lacking: Any) -> None:
    block(connection, lacking.id, "9")
    come_and_go(connection)
    again = gap_of(connection, WORKS[1])
    assert again.id != lacking.id
    assert blocked(connection, again.id) == ["guid:MAM:9"]
    assert again.download_status == "identified"
    (due,) = releases.gaps_due(connection, LATER, limit=9, gap_ids=[again.id])
    assert due.blocked == {"guid:MAM:9"}


def test_they_do_so_when_the_book_that_filled_the_gap_is_gone(connection: Connection, lacking: Any) -> None:
    block(connection, lacking.id, "9")
    barsoom(connection, *WORKS[:2])
    judge_series(connection, LATER)
    connection.execute(text("UPDATE books SET status = 'archived' WHERE title = :t"), {"t": WORKS[1]})
    judge_series(connection, LATER)
    assert blocked(connection, gap_of(connection, WORKS[1]).id) == ["guid:MAM:9"]


def test_what_was_given_up_stays_given_up(connection: Connection, lacking: Any) -> None:
    download = attempt(connection, lacking.id, "abandoned", retry_count=3)
    come_and_go(connection)
    assert statuses(connection, WORKS[1]) == [("failed", False), ("failed", True)]
    again = gap_of(connection, WORKS[1])
    assert again.download_id == download
    assert queue.queue_accepted(connection, LATER, limit=9) == 0
    state = connection.execute(text("SELECT status, missing_book_id, retry_count FROM downloads")).one()
    assert tuple(state) == ("abandoned", again.id, 3)


@pytest.mark.parametrize("withdrawn", [True, False])
def test_a_ladder_that_was_not_at_its_end_goes_on_where_it_stood(
    connection: Connection, lacking: Any, withdrawn: bool
) -> None:
    attempt(connection, lacking.id, "failed", retry_count=1, next_retry=LATER, qbittorrent_hash="f" * 40)
    come_and_go(connection, withdrawn=withdrawn)
    again = gap_of(connection, WORKS[1])
    state = connection.execute(text("SELECT status, missing_book_id, retry_count, next_retry FROM downloads")).one()
    assert tuple(state) == ("failed", again.id, 1, LATER)
    assert again.download_status == "failed"
    offer(connection, again.id, "10")
    assert queue.requeue_due(connection, LATER) == 1


def test_a_person_who_asks_for_it_has_it_tried_afresh_without_the_dead_release(connection: Connection) -> None:
    first = gaps.write_wanted(connection, [wish("The Long Road", "Ann Bell")], NOW)
    (gap_id,) = first.open_ids.values()
    block(connection, gap_id, "9")
    attempt(connection, gap_id, "abandoned", retry_count=3)
    connection.execute(text("UPDATE missing_books SET closed_date = now()"))
    gaps.write_wanted(connection, [replace(wish("The Long Road", "Ann Bell"), reason="request")], LATER)
    again = gap_of(connection, "The Long Road")
    assert (again.download_status, again.download_id) == ("identified", None)
    assert blocked(connection, again.id) == ["guid:MAM:9"]


def test_what_a_person_has_to_decide_about_complete_files_is_still_to_be_decided(
    connection: Connection, lacking: Any
) -> None:
    download = add(
        connection,
        t.Download,
        title="x",
        source="MAM",
        status="completed",
        abs_import_status="import_failed",
        missing_book_id=lacking.id,
    )
    connection.execute(
        text("UPDATE missing_books SET download_status = 'held', hold_reason = 'too short', download_id = :d"),
        {"d": download},
    )
    connection.execute(text("UPDATE missing_books SET download_id = NULL WHERE id <> :g"), {"g": lacking.id})
    come_and_go(connection)
    again = gap_of(connection, WORKS[1])
    assert (again.download_status, again.hold_reason, again.download_id) == ("held", "too short", download)
    assert gap_of(connection, WORKS[2]).download_status == "identified"
