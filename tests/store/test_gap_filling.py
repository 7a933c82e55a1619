"""A gap closes when its book is in the library, whoever put it there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from mam_assets.domain.books import CatalogEntry, SeriesRef
from mam_assets.domain.wanting import Wanted
from mam_assets.store import catalog, gap_filling, gap_truths, gaps
from mam_assets.store import tables as t
from mam_assets.store.downloads import invariants
from mam_assets.store.library import save_items
from tests.store.judged import judge_authors, judge_books, judge_series
from tests.store.rows import add
from tests.store.test_catalog import NOW, item
from tests.store.test_gaps import WORKS, barsoom, open_gaps, wish

LATER = NOW + timedelta(days=1)


def wanted(connection: Connection, title: str, *authors: str, **more: Any) -> int:
    """The gap of a weekly list's work."""
    want: Wanted = replace(wish(title, *authors), **more)
    return gaps.write_wanted(connection, [want], NOW).open_ids[want.work_key]


def bought(connection: Connection, title: str, *authors: str, **more: Any) -> int:
    """A book that a person put into the library."""
    save_items(connection, [replace(item(title, title, *authors), **more)], LATER)
    return int(connection.execute(text("SELECT id FROM books WHERE abs_id = :a"), {"a": title}).scalar_one())


def fate(connection: Connection, gap_id: int) -> tuple[Any, ...]:
    statement = "SELECT download_status, closed_date, book_id FROM missing_books WHERE id = :id"
    return tuple(connection.execute(text(statement), {"id": gap_id}).one())


# --- what only a list or a person asks for ---------------------------------------------------------------------------


def test_a_listed_work_that_comes_by_hand_is_filled_without_any_catalogue(connection: Connection) -> None:
    gap_id = wanted(connection, "The Long Road", "Ann Bell")
    book = bought(connection, "The Long Road", "Ann Bell")
    assert judge_books(connection, LATER, [book]) == 1
    assert fate(connection, gap_id) == ("completed", LATER, book)
    assert judge_books(connection, LATER, [book]) == 0


def test_a_catalogue_that_lists_other_works_only_changes_nothing_of_that(connection: Connection) -> None:
    gap_id = wanted(connection, "The Long Road", "Ann Bell", reason="request")
    book = bought(connection, "The Long Road", "Ann Bell")
    author = connection.execute(text("SELECT id FROM authors")).scalar_one()
    other = CatalogEntry("MAM", "5", "Another Thing", ("Ann Bell",), audiobook=True)
    catalog.save_entries(connection, [other], NOW, author_id=author)
    assert judge_authors(connection, LATER).closed == 1
    assert fate(connection, gap_id) == ("completed", LATER, book)


@pytest.mark.parametrize("whole", [False, True], ids=["one book", "the whole library"])
@pytest.mark.parametrize(
    ("title", "authors", "listed", "more", "filled"),
    [
        ("The Long Road (Unabridged)", ("Bell, Ann",), ("The Long Road", "Ann Bell"), {}, True),
        ("The Long Road (Roads, #1)", ("Ann Bell",), ("The Long Road", "Ann Bell"), {}, True),
        ("The Long Road", ("Ann Bell", "Bob Cole"), ("The Long Road", "Bob Cole"), {}, True),
        ("The Road that is Long", ("Ann Bell",), ("The Long Road", "Ann Bell"), {"asin": "B00EXAMPLE"}, False),
        ("The Long Road", ("Carl Dean",), ("The Long Road", "Ann Bell"), {}, False),
        ("Summary of The Long Road", ("Ann Bell",), ("The Long Road", "Ann Bell"), {}, False),
        ("The Long Road", ("Unknown",), ("The Long Road", "Ann Bell"), {}, False),
    ],
)
def test_only_what_is_surely_the_work_fills_its_gap(
    connection: Connection,
    whole: bool,
    title: str,
    authors: tuple[str, ...],
    listed: tuple[str, str],
    more: dict[str, str],
    filled: bool,
) -> None:
    gap_id = wanted(connection, *listed, **more)
    book = bought(connection, title, *authors, **more)
    gap_filling.fill_listed(connection, LATER, None if whole else [book])
    assert (fate(connection, gap_id)[2] == book) is filled


def test_a_volume_fills_no_gap_of_another_volume_of_one_title(connection: Connection) -> None:
    """ "Saga" 1 and 2, of which only one came."""
    first = wanted(connection, "Saga", "Ann Bell", series_name="Saga", series_number="1")
    book = bought(connection, "Saga", "Ann Bell", series=(SeriesRef("Saga", "2"),))
    assert gap_filling.fill_listed(connection, LATER, [book]) == 0
    assert fate(connection, first)[0] == "identified"


@pytest.mark.parametrize("status", ["archived", "discovered"])
def test_a_book_that_is_not_in_the_library_fills_nothing(connection: Connection, status: str) -> None:
    wanted(connection, "The Long Road", "Ann Bell")
    book = bought(connection, "The Long Road", "Ann Bell")
    connection.execute(text("UPDATE books SET status = :status"), {"status": status})
    assert gap_filling.fill_listed(connection, LATER, [book]) == 0
    assert gap_filling.fill_listed(connection, LATER) == 0


def test_what_a_series_lacks_is_for_its_own_verdict_to_say(connection: Connection) -> None:
    barsoom(connection, WORKS[0])
    judge_series(connection, NOW)
    wanted(connection, WORKS[1], "E. R. Burroughs")
    bought(connection, WORKS[1], "E. R. Burroughs")
    assert gap_filling.fill_listed(connection, LATER) == 0


def test_one_that_a_person_ignored_stays_ignored_when_the_book_comes(connection: Connection) -> None:
    gap_id = wanted(connection, "The Long Road", "Ann Bell")
    connection.execute(text("UPDATE missing_books SET download_status = 'ignored'"))
    book = bought(connection, "The Long Road", "Ann Bell")
    gap_filling.fill_listed(connection, LATER, [book])
    assert fate(connection, gap_id) == ("ignored", LATER, book)


# --- what is queued -------------------------------------------------------------------------------------------------


def queued(connection: Connection, title: str, status: str = "queued") -> int:
    """A download for the open gap of this title."""
    gap_id = connection.execute(
        text("UPDATE missing_books SET download_status = :s WHERE title = :t AND closed_date IS NULL RETURNING id"),
        {"t": title, "s": status},
    ).scalar_one()
    return add(connection, t.Download, title=title, source="MAM", status=status, missing_book_id=gap_id)


def state(connection: Connection, download: int) -> str:
    return str(connection.execute(text("SELECT status FROM downloads WHERE id = :id"), {"id": download}).scalar_one())


def test_what_waits_in_the_queue_is_withdrawn_when_its_book_comes(connection: Connection) -> None:
    barsoom(connection, WORKS[0])
    judge_series(connection, NOW)
    downloads = [queued(connection, title) for title in WORKS[1:]]
    barsoom(connection, *WORKS)
    assert judge_series(connection, LATER).closed == 2
    assert open_gaps(connection) == {}
    assert [state(connection, download) for download in downloads] == ["abandoned", "abandoned"]
    assert invariants.gaps_with_too_many(connection) == []
    assert gap_truths.series_summary_that_disagrees(connection) == []


def test_what_is_on_its_way_to_the_client_or_there_is_left_to_come(connection: Connection) -> None:
    barsoom(connection, WORKS[0])
    judge_series(connection, NOW)
    sent = queued(connection, WORKS[1])
    add(connection, t.OutboxEntry, service="qbittorrent", action="add", key="f" * 40, download_id=sent)
    there = queued(connection, WORKS[2], "downloading")
    barsoom(connection, *WORKS)
    assert judge_series(connection, LATER).closed == 0
    assert open_gaps(connection) == {WORKS[1]: "queued", WORKS[2]: "downloading"}
    assert [state(connection, download) for download in (sent, there)] == ["queued", "downloading"]


def test_an_author_s_verdict_has_a_queued_gap_of_a_series_judged_again(connection: Connection) -> None:
    barsoom(connection, WORKS[0])
    judge_series(connection, NOW)
    queued(connection, WORKS[1])
    keys = connection.execute(text("SELECT DISTINCT key FROM missing_book_keys")).scalars()
    series = connection.execute(text("SELECT id FROM series")).scalar_one()
    assert gap_filling.series_lacking_what_is_owned(connection, dict.fromkeys(keys, 1)) == [series]
