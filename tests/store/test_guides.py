"""Crawled pages: one row for each address."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from mam_assets.store import guides
from mam_assets.store.guides import GuideFile, Saved

NOW = datetime(2026, 3, 8, tzinfo=UTC)
FIRST = GuideFile("a.md", "https://a.example/1", "One", "Rules", NOW, "Words")


def test_the_same_page_again_is_only_seen_again(connection: Connection) -> None:
    later = NOW + timedelta(days=1)
    second = replace(FIRST, file_name="b.md", url="https://a.example/2", category=None, crawled_at=None)
    assert guides.save(connection, [FIRST, second], NOW) == Saved(new=2, changed=0)
    assert guides.save(connection, [FIRST, second], later) == Saved(new=0, changed=0)
    rows = connection.execute(text("SELECT first_seen, last_seen FROM crawled_guides")).all()
    assert [tuple(row) for row in rows] == [(NOW, later)] * 2
    assert guides.count(connection) == 2


def test_a_page_that_changed_is_counted_and_kept_as_it_is_now(connection: Connection) -> None:
    guides.save(connection, [FIRST], NOW)
    assert guides.save(connection, [replace(FIRST, content="Other words", file_name="c.md")], NOW) == Saved(0, 1)
    assert connection.execute(text("SELECT content, file_name FROM crawled_guides")).one() == ("Other words", "c.md")


def test_of_two_files_with_one_address_the_last_counts(connection: Connection) -> None:
    assert guides.save(connection, [FIRST, replace(FIRST, title="Two")], NOW) == Saved(new=1, changed=0)
    assert [row["title"] for row in guides.sample(connection, limit=5)] == ["Two"]


def test_many_pages_are_kept_at_once(connection: Connection) -> None:
    many = [replace(FIRST, url=f"https://a.example/{number}") for number in range(1203)]
    assert guides.save(connection, many, NOW) == Saved(new=1203, changed=0)
    assert guides.save(connection, [], NOW) == Saved()


def test_the_last_run_is_kept(connection: Connection) -> None:
    assert guides.last_run(connection) is None
    guides.note_run(connection, {"day": "2026-03-08", "ended": "exit", "words": "well"}, NOW)
    assert guides.last_run(connection) == {"day": "2026-03-08", "ended": "exit", "words": "well"}
