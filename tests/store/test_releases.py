"""Releases, verdicts and due searches on the real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from mam_assets.domain.books import Medium, Reason, Release, SeriesRef
from mam_assets.domain.release import Judgement, Verdict
from mam_assets.store import releases as offered
from mam_assets.store import tables as t
from mam_assets.store.releases import StoredRelease
from tests.store.rows import add, gap

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OZ = Release(
    source="MAM",
    guid="1",
    title="Ozma of Oz",
    authors=("L. Frank Baum",),
    narrators=("A Reader",),
    series=(SeriesRef("Oz", "3"),),
    medium=Medium.AUDIOBOOK,
    info_hash="a" * 40,
    categories=(41,),
)


def test_a_release_is_read_as_it_was_stored(connection: Connection) -> None:
    (stored,) = offered.save(connection, [OZ], NOW)
    assert offered.by_id(connection, stored.release_id) == stored
    assert offered.of_author(connection, "l frank baum") == [stored]
    assert offered.of_author(connection, "") == []
    assert offered.by_id(connection, 0) is None
    assert offered.known_on_mam(connection, ["1", "2"]) == {"1"}


def test_what_is_seen_again_is_renewed_and_its_hash_is_kept(connection: Connection) -> None:
    (first,) = offered.save(connection, [OZ], NOW)
    again = offered.save(connection, [replace(OZ, seeders=9, info_hash=None), OZ, replace(OZ, info_hash=None)], NOW)
    assert [stored.release_id for stored in again] == [first.release_id]
    kept = offered.by_id(connection, first.release_id)
    assert kept is not None
    assert kept.release.info_hash == "a" * 40


def test_very_many_releases_are_stored_at_once(connection: Connection) -> None:
    many = [replace(OZ, guid=str(number), info_hash=None) for number in range(2500)]
    assert len(offered.save(connection, many, NOW)) == 2500
    assert offered.save(connection, [], NOW) == []


def due(connection: Connection, at: datetime = NOW, **given: Any) -> list[str]:
    return [found.work.title for found in offered.gaps_due(connection, at, limit=100, **given)]


def test_gaps_are_due_by_their_search_their_status_and_their_download(connection: Connection) -> None:
    gap(connection, "new")
    gap(connection, "ignored", download_status="ignored")
    gap(connection, "upcoming", download_status="upcoming")
    gap(connection, "closed", closed_date=NOW)
    searched = gap(connection, "searched")
    offered.searched(connection, searched, found=0, now=NOW, next_search=NOW + DAY, held=False)
    arriving = gap(connection, "held for its import", download_status="held")
    add(connection, t.Download, title="x", source="MAM", status="completed", missing_book_id=arriving)
    failed = gap(connection, "failed", download_status="failed")
    add(connection, t.Download, title="x", source="MAM", status="failed", next_retry=NOW + DAY, missing_book_id=failed)
    assert due(connection) == ["new"]
    assert sorted(due(connection, NOW + DAY)) == ["failed", "new", "searched"]
    assert due(connection, gap_ids=[searched]) == ["searched"]
    assert due(connection, gap_ids=[arriving]) == []


def test_a_search_that_was_not_completed_keeps_place_and_count(connection: Connection) -> None:
    """Else a MAM that is down for a morning would push every gap to the last rung of its ladder."""
    first, second = gap(connection, "first"), gap(connection, "second")
    offered.searched(connection, first, found=0, now=NOW, next_search=None, held=False)
    offered.asked(connection, first, "Prowlarr", NOW)
    offered.searched(connection, second, found=0, now=NOW, next_search=NOW + DAY, held=False)
    (waiting,) = offered.gaps_due(connection, NOW, limit=9)
    assert (waiting.gap_id, waiting.searches, waiting.prowlarr_asked_at) == (first, 0, NOW)
    offered.searched(connection, first, found=0, now=NOW, next_search=NOW + DAY, held=False)
    assert due(connection) == []
    assert {found.searches for found in offered.gaps_due(connection, NOW + DAY, limit=9)} == {1}


def test_the_most_urgent_author_is_first_and_its_gaps_stay_together(connection: Connection) -> None:
    for title, author, priority in (("a1", "A", 3), ("b1", "B", 2), ("a2", "A", 1), ("b2", "B", 2), ("c1", None, 3)):
        gap(connection, title, author_name=author, priority=priority)
    assert due(connection) == ["a2", "a1", "b1", "b2", "c1"]


def judged(connection: Connection, verdict: Verdict) -> tuple[StoredRelease, Judgement]:
    (stored,) = offered.save(connection, [OZ], NOW)
    return stored, Judgement(verdict, (Reason("code", "words"),), (1.0,))


def test_a_new_verdict_replaces_the_old_one_unless_a_person_has_spoken(connection: Connection) -> None:
    wanted = gap(connection)
    offered.save_decisions(connection, wanted, [judged(connection, Verdict.HOLD)], "1", NOW)
    offered.save_decisions(connection, wanted, [judged(connection, Verdict.REFUSE)], "2", NOW)
    assert [row["verdict"] for row in offered.decision_sample(connection, limit=9)] == ["refuse"]
    user = add(connection, t.User, name="someone")
    connection.execute(text("UPDATE release_decisions SET approved_by = :user"), {"user": user})
    offered.save_decisions(connection, wanted, [judged(connection, Verdict.ACCEPT)], "3", NOW)
    assert connection.execute(text("SELECT verdict, rules_version FROM release_decisions")).all() == [("refuse", "2")]
    assert offered.count_decisions(connection) == 1


@pytest.mark.parametrize(("held", "status"), [(True, "held"), (False, "identified")])
def test_a_search_says_whether_a_person_has_to_decide(connection: Connection, held: bool, status: str) -> None:
    wanted = gap(connection, download_status="identified" if held else "held")
    offered.searched(connection, wanted, found=1, now=NOW, next_search=NOW + DAY, held=held)
    row = connection.execute(text("SELECT download_status, hold_reason FROM missing_books")).one()
    assert (row.download_status, bool(row.hold_reason)) == (status, held)


def test_an_author_search_is_fresh_for_its_time(connection: Connection) -> None:
    author = add(connection, t.Author, name="L. Frank Baum")
    assert not offered.author_search_is_fresh(connection, author, "MAM", NOW - DAY)
    offered.author_searched(connection, author, "MAM", 3, NOW)
    offered.author_searched(connection, author, "MAM", 4, NOW + DAY)
    assert offered.author_search_is_fresh(connection, author, "MAM", NOW + DAY)
    assert not offered.author_search_is_fresh(connection, author, "MAM", NOW + 2 * DAY)
    assert not offered.author_search_is_fresh(connection, author, "Prowlarr", NOW)
