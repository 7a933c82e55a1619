"""Gaps as rows: opened once, closed with a date, never refilled."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection, text

from mam_assets.domain.books import CatalogEntry, SeriesRef
from mam_assets.domain.wanting import Wanted, work_key
from mam_assets.store import catalog, gap_truths, gaps
from mam_assets.store.library import save_items
from tests.store.judged import judge_series
from tests.store.test_catalog import NOW, ids, item

LATER = NOW + timedelta(days=1)
WORKS = ("A Princess of Mars", "The Gods of Mars", "The Warlord of Mars")


def barsoom(connection: Connection, *titles: str) -> int:
    owned = [
        item(title, title, "E. R. Burroughs", series=(SeriesRef("Barsoom", str(WORKS.index(title) + 1)),))
        for title in titles
    ]
    save_items(connection, owned, NOW)
    series = ids(connection)["Barsoom"]
    entries = [
        CatalogEntry("Goodreads", str(n), title, ("E. R. Burroughs",), SeriesRef("Barsoom", str(n)))
        for n, title in enumerate(WORKS, start=1)
    ]
    catalog.save_entries(connection, entries, NOW, series_id=series)
    return series


def open_gaps(connection: Connection) -> dict[str, str]:
    rows = connection.execute(text("SELECT title, download_status FROM missing_books WHERE closed_date IS NULL"))
    return {row.title: row.download_status for row in rows}


def wish(title: str, *authors: str) -> Wanted:
    return Wanted(work_key(title, authors), title, authors, "top10")


def test_a_gap_opens_once_and_closes_when_its_book_comes(connection: Connection) -> None:
    barsoom(connection, WORKS[0])
    assert judge_series(connection, NOW).opened == 2
    assert judge_series(connection, LATER).opened == 0
    assert open_gaps(connection) == {WORKS[1]: "identified", WORKS[2]: "identified"}
    barsoom(connection, WORKS[0], WORKS[1])
    assert judge_series(connection, LATER).closed == 1
    row = connection.execute(text("SELECT * FROM missing_books WHERE title = :t"), {"t": WORKS[1]}).one()
    assert (row.identified_date, row.closed_date, row.download_status) == (NOW, LATER, "completed")
    assert row.book_id is not None
    assert gap_truths.series_counts_that_disagree(connection) == []
    assert gap_truths.missing_works_without_gap(connection) == []


def test_the_checks_see_a_count_that_is_wrong_and_a_work_without_gap(connection: Connection) -> None:
    barsoom(connection, WORKS[0])
    judge_series(connection, NOW)
    connection.execute(text("UPDATE series SET books_missing = 7"))
    connection.execute(text("UPDATE missing_books SET closed_date = now() WHERE title = :t"), {"t": WORKS[2]})
    assert [row["rows_missing"] for row in gap_truths.series_counts_that_disagree(connection)] == [2]
    assert [row["title"] for row in gap_truths.missing_works_without_gap(connection)] == [WORKS[2]]


def test_a_work_wanted_for_two_reasons_is_one_row_and_loses_them_one_by_one(connection: Connection) -> None:
    barsoom(connection, WORKS[0])
    judge_series(connection, NOW)
    gaps.write_wanted(connection, [wish(WORKS[1], "Somebody", "E. R. Burroughs")], NOW)  # co-authors, another order
    reasons = text("SELECT reasons FROM missing_books WHERE title = :t AND closed_date IS NULL")
    assert connection.execute(reasons, {"t": WORKS[1]}).scalars().all() == [["series_gap", "top10"]]
    connection.execute(text("DELETE FROM catalog_entries WHERE title = :t"), {"t": WORKS[1]})
    judge_series(connection, LATER)
    assert connection.execute(reasons, {"t": WORKS[1]}).scalars().all() == [["top10"]]


def test_two_wishes_for_one_work_in_one_call_are_one_gap(connection: Connection) -> None:
    wishes = [wish("The Wrong Box", "Ann Able", "Bob Baker"), wish("Wrong Box", "Bob Baker")]
    assert gaps.write_wanted(connection, wishes, NOW).opened == 1


def test_what_was_imported_for_a_work_is_that_work_whatever_its_tags_say(connection: Connection) -> None:
    """Else the gap would open again, and the same release be fetched for ever."""
    series = barsoom(connection, WORKS[0])
    judge_series(connection, NOW)
    save_items(connection, [item("odd", "Track 01", "Unknown")], NOW)
    connection.execute(
        text(
            """
            WITH d AS (
                INSERT INTO downloads (title, source, status, abs_import_status, book_id, missing_book_id)
                SELECT m.title, 'MAM', 'completed', 'imported', b.id, m.id
                FROM books b, missing_books m WHERE b.abs_id = 'odd' AND m.title = :t
                RETURNING id, book_id, missing_book_id
            )
            UPDATE missing_books m SET book_id = d.book_id, closed_date = :now, download_status = 'completed',
                   download_id = d.id
            FROM d WHERE m.id = d.missing_book_id
            """
        ),
        {"t": WORKS[1], "now": NOW},
    )
    assert judge_series(connection, LATER).opened == 0
    assert set(open_gaps(connection)) == {WORKS[2]}
    owned = text("SELECT books_owned, books_missing FROM series WHERE id = :id")
    assert tuple(connection.execute(owned, {"id": series}).one()) == (2, 1)


def ignore(connection: Connection, title: str) -> None:
    connection.execute(
        text("UPDATE missing_books SET download_status = 'ignored' WHERE title = :t AND closed_date IS NULL"),
        {"t": title},
    )


def statuses(connection: Connection, title: str) -> list[tuple[str, bool]]:
    rows = connection.execute(
        text("SELECT download_status, closed_date IS NULL FROM missing_books WHERE title = :t ORDER BY id"),
        {"t": title},
    )
    return [(status, is_open) for status, is_open in rows]


def test_what_was_ignored_and_came_and_went_is_ignored_again_in_a_new_row(connection: Connection) -> None:
    barsoom(connection, WORKS[0])
    judge_series(connection, NOW)
    ignore(connection, WORKS[1])
    barsoom(connection, WORKS[0], WORKS[1])
    judge_series(connection, LATER)
    assert statuses(connection, WORKS[1]) == [("ignored", False)]
    connection.execute(text("UPDATE books SET status = 'archived' WHERE title = :t"), {"t": WORKS[1]})
    judge_series(connection, LATER)
    assert statuses(connection, WORKS[1]) == [("ignored", False), ("ignored", True)]


def test_what_was_ignored_stays_so_under_the_other_reason_and_a_changed_title(connection: Connection) -> None:
    barsoom(connection, WORKS[0])
    judge_series(connection, NOW)
    ignore(connection, WORKS[1])
    connection.execute(
        text("UPDATE catalog_entries SET title = 'Gods of Mars, The: A Novel' WHERE title = :t"), {"t": WORKS[1]}
    )
    judge_series(connection, LATER)
    gaps.write_wanted(connection, [wish(WORKS[1], "E. R. Burroughs")], LATER)
    assert statuses(connection, WORKS[1]) == [("ignored", True)]
    assert set(open_gaps(connection)) == {WORKS[1], WORKS[2]}


def test_a_work_of_which_only_an_archived_book_is_left_is_a_gap_again_with_its_history(connection: Connection) -> None:
    barsoom(connection, WORKS[0])
    judge_series(connection, NOW)
    barsoom(connection, WORKS[0], WORKS[1])
    judge_series(connection, LATER)
    connection.execute(text("UPDATE books SET status = 'archived' WHERE title = :t"), {"t": WORKS[1]})
    assert judge_series(connection, LATER).opened == 1
    assert statuses(connection, WORKS[1]) == [("completed", False), ("identified", True)]


def test_a_work_that_is_there_only_as_a_duplicate_is_owned(connection: Connection) -> None:
    barsoom(connection, WORKS[0], WORKS[1])
    connection.execute(text("UPDATE books SET status = 'duplicate' WHERE title = :t"), {"t": WORKS[1]})
    judge_series(connection, NOW)
    assert set(open_gaps(connection)) == {WORKS[2]}


def test_two_open_gaps_for_one_work_become_one_and_keep_their_history(connection: Connection) -> None:
    barsoom(connection, WORKS[0])
    gaps.write_wanted(connection, [wish(WORKS[1], "E. R. Burroughs"), wish("Mars Gods", "E. R. Burroughs")], NOW)
    connection.execute(text("UPDATE missing_books SET goodreads_id = '7', kind = 'primary'"))
    written = gaps.write_wanted(connection, [wish(WORKS[1], "E. R. Burroughs")], LATER)
    assert written.joined == 1
    kept, double = connection.execute(text("SELECT * FROM missing_books ORDER BY id")).all()
    assert (double.closed_date, double.identified_date, double.same_as) == (LATER, NOW, kept.id)
    assert (kept.closed_date, kept.other_titles) == (None, ["Mars Gods"])


def test_a_wish_under_another_title_is_told_the_gap_that_is_open_for_it(connection: Connection) -> None:
    gaps.write_wanted(connection, [wish("The Wrong Box", "Ann Able", "Bob Baker")], NOW)
    again = wish("Wrong Box", "Bob Baker")
    written = gaps.write_wanted(connection, [again], LATER)
    assert (written.opened, list(written.open_ids)) == (0, [again.work_key])


def test_whoever_renames_a_gap_makes_its_keys_void(connection: Connection) -> None:
    gaps.write_wanted(connection, [wish("The Wrong Box", "Ann Able")], NOW)
    connection.execute(text("UPDATE missing_books SET title = 'The Ebb-Tide', work_key = 'ebb tide|ann able'"))
    assert gaps.write_wanted(connection, [wish("The Ebb-Tide", "Ann Able")], LATER).opened == 0
    assert gaps.write_wanted(connection, [wish("The Wrong Box", "Ann Able")], LATER).opened == 1


def test_a_second_writing_changes_no_row(connection: Connection) -> None:
    barsoom(connection, WORKS[0])
    judge_series(connection, NOW)
    versions = text(
        "SELECT 'm', id, CAST(xmin AS text), ctid FROM missing_books UNION ALL "
        "SELECT 'c', id, CAST(xmin AS text), ctid FROM catalog_entries UNION ALL "
        "SELECT 's', id, CAST(xmin AS text), ctid FROM series ORDER BY 1, 2"
    )
    before = connection.execute(versions).all()
    judge_series(connection, LATER)
    assert connection.execute(versions).all() == before


def test_an_ignored_double_ends_the_pursuit_of_the_work_and_not_the_download_on_its_way(connection: Connection) -> None:
    gaps.write_wanted(connection, [wish("Northern Lights", "A"), wish("The Golden Compass", "A")], NOW)
    connection.execute(
        text("UPDATE missing_books SET download_status = 'downloading' WHERE title = 'The Golden Compass'")
    )
    ignore(connection, "Northern Lights")
    connection.execute(
        text("UPDATE missing_books SET other_titles = '{Northern Lights}' WHERE title = 'The Golden Compass'")
    )
    gaps.write_wanted(connection, [wish("Northern Lights", "A")], LATER)
    assert statuses(connection, "Northern Lights") == [("ignored", False)]
    assert statuses(connection, "The Golden Compass") == [("ignored", True)]


def test_the_gap_closed_last_says_whether_a_work_is_ignored(connection: Connection) -> None:
    """Whatever the ids: of two closed gaps, each found by another key, the one with the lower id was closed later."""
    gaps.write_wanted(connection, [wish("Northern Lights", "A"), wish("The Golden Compass", "A")], NOW)
    for title, status, closed in (("Northern Lights", "ignored", LATER), ("The Golden Compass", "completed", NOW)):
        connection.execute(
            text("UPDATE missing_books SET download_status = :status, closed_date = :closed WHERE title = :title"),
            {"title": title, "status": status, "closed": closed},
        )
    both = replace(wish("Northern Lights", "A"), other_titles=("The Golden Compass",))
    gaps.write_wanted(connection, [both], LATER)
    assert statuses(connection, "Northern Lights") == [("ignored", False), ("ignored", True)]
