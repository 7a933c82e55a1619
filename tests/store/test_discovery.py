"""Weekly lists as rows: kept as they were first read, followed to what became of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from mam_assets.domain.books import Medium, Release
from mam_assets.domain.discovering import rank
from mam_assets.domain.wanting import Wanted, work_key
from mam_assets.store import discovery, gaps
from mam_assets.store.library import save_items
from mam_assets.store.surroundings import around
from tests.store.test_catalog import NOW, item

WEEK = date(2026, 3, 8)


def release(guid: str, title: str, *authors: str, **more: Any) -> Release:
    plain = Release("MAM", guid, title, authors, medium=Medium.AUDIOBOOK, language="English", snatched=100 - int(guid))
    return replace(plain, **more)


def listed(connection: Connection, *offered: Release, week: date = WEEK, now: datetime = NOW) -> int:
    """Keep a week of the first genre."""
    genre = connection.execute(text("SELECT min(id) FROM genre_settings")).scalar_one()
    ranked = rank(offered, places=10, since=datetime(2020, 1, 1, tzinfo=UTC), languages=("English",))
    near = around(connection, [place.release for place in ranked])
    standings = [(place, near.standing(place.release, ("English",))) for place in ranked]
    return discovery.save_top10(connection, genre, week, standings, now)


def outcomes(connection: Connection) -> list[tuple[str, str]]:
    return [(row["title"], row["outcome"]) for row in discovery.top10_of(connection, WEEK)]


def a_gap(connection: Connection, title: str, author: str, status: str = "identified") -> int:
    wanted = Wanted(work_key(title, (author,)), title, (author,), "request")
    gap_id = next(iter(gaps.write_wanted(connection, [wanted], NOW).open_ids.values()))
    connection.execute(
        text("UPDATE missing_books SET download_status = :s WHERE id = :id"), {"s": status, "id": gap_id}
    )
    return gap_id


def test_a_week_is_kept_as_it_was_first_read(connection: Connection) -> None:
    genre = discovery.genres_due(connection, WEEK)[0]
    first = [release("1", "Emma", "Jane Austen"), release("2", "Kim", "Rudyard Kipling")]
    assert listed(connection, *first) == 2
    before = connection.execute(text("SELECT * FROM top10_entries ORDER BY id")).all()
    assert listed(connection, release("3", "New", "A. Nother"), *first) == 0
    assert connection.execute(text("SELECT * FROM top10_entries ORDER BY id")).all() == before
    assert genre.genre_id not in {due.genre_id for due in discovery.genres_due(connection, WEEK)}


def test_a_week_with_nothing_in_it_was_read_too(connection: Connection) -> None:
    """A genre without uploads isn't asked for again and again, unless a person names it."""
    begins = NOW - timedelta(days=1)
    genre = discovery.genres_due(connection, WEEK, since=begins)[0]
    assert discovery.save_top10(connection, genre.genre_id, WEEK, [], NOW) == 0
    assert genre not in discovery.genres_due(connection, WEEK, since=begins)
    assert genre in discovery.genres_due(connection, WEEK, since=NOW + timedelta(days=6))
    assert discovery.genres_due(connection, WEEK, since=begins, names=[f" {genre.name.upper()} "]) == [genre]


def test_a_genre_with_no_ranks_or_not_enabled_is_due_by_name_only(connection: Connection) -> None:
    connection.execute(text("UPDATE genre_settings SET top10_count = 0 WHERE genre_name = 'Fantasy'"))
    names = {due.name for due in discovery.genres_due(connection, WEEK)}
    assert names == {"Science Fiction", "Mystery", "Thriller"}
    assert [due.name for due in discovery.genres_due(connection, WEEK, names=["Romance"])] == ["Romance"]


def test_each_entry_says_how_it_stands(connection: Connection) -> None:
    save_items(connection, [item("a", "Emma", "Jane Austen")], NOW)
    a_gap(connection, "Kim", "Rudyard Kipling")
    a_gap(connection, "Puck of Pook's Hill", "Rudyard Kipling", "ignored")
    listed(
        connection,
        release("1", "Emma (Unabridged)", "Austen, Jane"),
        release("2", "Kim", "Rudyard Kipling"),
        release("3", "New", "A. Nother"),
        release("4", "Emma", "Somebody Else"),
        release("5", "Emma: Volume the First of Three", "Jane Austen"),
        release("6", "Persuasion", "Jane Austen", language="German"),
        release("7", "Puck of Pook's Hill", "Rudyard Kipling"),
    )
    discovery.settle_outcomes(connection)
    assert [outcome for _, outcome in outcomes(connection)] == [
        *("owned", "wanted", "wanted", "wanted", "doubtful", "refused", "ignored")
    ]
    assert [entry.title for entry in discovery.wanted_entries(connection)] == ["New", "Emma"]
    assert discovery.outcomes_that_disagree(connection) == []


def test_two_releases_of_one_work_have_one_rank_and_both_are_kept(connection: Connection) -> None:
    listed(
        connection,
        release("1", "Emma", "Jane Austen", narrators=("One",)),
        release("2", "Kim", "Rudyard Kipling"),
        release("3", "Emma (Unabridged)", "Jane Austen", narrators=("Two",)),
    )
    rows = discovery.top10_of(connection, WEEK)
    assert [(row["rank"], row["title"], row["other_releases"]) for row in rows] == [(1, "Emma", 1), (2, "Kim", 0)]
    assert [row["narrators"] for row in rows] == ["One", ""]
    assert connection.execute(text("SELECT count(*) FROM releases")).scalar() == 3
    assert discovery.broken_lists(connection) == []


@pytest.mark.parametrize(
    ("change", "outcome", "says"),
    [
        ("download_status = 'queued'", "active", "queued"),
        ("download_status = 'downloading'", "active", "downloaded"),
        ("download_status = 'completed'", "active", "imported"),
        ("download_status = 'failed'", "failed", "last attempt failed"),
        ("download_status = 'ignored'", "ignored", "a person ignores it"),
        ("download_status = 'held', hold_reason = 'which narrator?'", "wanted", "held: which narrator?"),
        ("download_status = 'upcoming'", "wanted", "not out yet"),
        (
            "download_status = 'completed', closed_date = now(), book_id = (SELECT min(id) FROM books)",
            "owned",
            "library",
        ),
        ("closed_date = now()", "refused", "no longer wanted"),
    ],
)
def test_an_entry_follows_its_gap(connection: Connection, change: str, outcome: str, says: str) -> None:
    save_items(connection, [item("a", "Persuasion", "Jane Austen")], NOW)
    a_gap(connection, "Kim", "Rudyard Kipling")
    listed(connection, release("1", "Kim", "Rudyard Kipling"), release("2", "New", "A. Nother"))
    discovery.settle_outcomes(connection)
    connection.execute(text(f"UPDATE missing_books SET {change}"))
    assert discovery.settle_outcomes(connection) == 1
    assert discovery.settle_outcomes(connection) == 0
    assert outcomes(connection) == [("Kim", outcome), ("New", "wanted")]
    assert says in discovery.top10_of(connection, WEEK)[0]["reason"]
    assert discovery.outcomes_that_disagree(connection) == []


def test_an_entry_that_nothing_pursues_becomes_owned_when_the_library_has_it(connection: Connection) -> None:
    listed(connection, release("1", "Kim", "Rudyard Kipling"), release("2", "New", "A. Nother"))
    save_items(connection, [item("a", "Kim (Unabridged)", "Kipling, Rudyard")], NOW)
    waiting = discovery.open_entries(connection, WEEK)
    near = around(connection, [entry.release for entry in waiting])
    stands = [(entry.entry_id, near.standing(entry.release)) for entry in waiting]
    assert discovery.entries_stand(connection, stands) == 1
    assert outcomes(connection) == [("Kim", "owned"), ("New", "wanted")]
    assert [entry.release.title for entry in discovery.open_entries(connection, WEEK)] == ["New"]
    assert discovery.open_entries(connection, WEEK + timedelta(days=1)) == []


def test_a_gap_that_is_listed_is_wanted_for_that_too(connection: Connection) -> None:
    kept, ignored = a_gap(connection, "Kim", "Rudyard Kipling"), a_gap(connection, "Emma", "Jane Austen", "ignored")
    connection.execute(text("UPDATE missing_books SET priority = 3"))
    listed(connection, release("1", "Kim", "Rudyard Kipling"), release("2", "Emma", "Jane Austen"))
    discovery.settle_outcomes(connection)
    assert discovery.add_reason_to_gaps(connection) == 1
    assert discovery.add_reason_to_gaps(connection) == 0
    rows = connection.execute(text("SELECT id, reasons, priority FROM missing_books ORDER BY id")).all()
    assert [tuple(row) for row in rows] == [(kept, ["request", "top10"], 2), (ignored, ["request"], 3)]


def test_lists_with_holes_are_found(connection: Connection) -> None:
    listed(connection, release("1", "Kim", "Rudyard Kipling"), release("2", "Emma", "Jane Austen"))
    assert discovery.broken_lists(connection) == []
    connection.execute(text("UPDATE top10_entries SET rank = 3 WHERE rank = 2"))
    assert [row["last_rank"] for row in discovery.broken_lists(connection)] == [3]


def test_the_list_of_one_genre_can_be_had_alone(connection: Connection) -> None:
    listed(connection, release("1", "Kim", "Rudyard Kipling"))
    genre = connection.execute(text("SELECT genre_name FROM genre_settings ORDER BY id LIMIT 1")).scalar_one()
    assert len(discovery.top10_of(connection, WEEK, genre=genre.lower())) == 1
    assert discovery.top10_of(connection, WEEK, genre="Romance") == []
