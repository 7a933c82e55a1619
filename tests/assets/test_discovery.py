"""`mam_uploads` and `genre_top10`: what is new at MAM, once a day and once a week."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from mam_assets.assets.discovery import genre_top10, mam_uploads, week_of
from mam_assets.assets.gaps import top10_gaps
from mam_assets.assets.library import books
from mam_assets.sandbox.twins.faults import Fault
from mam_assets.sandbox.twins.messages import json_response
from tests.assets.house import House, item


@pytest.mark.parametrize(
    ("moment", "zone", "week"),
    [
        (datetime(2026, 3, 8, 3, tzinfo=UTC), "UTC", date(2026, 3, 8)),
        (datetime(2026, 3, 14, 23, tzinfo=UTC), "UTC", date(2026, 3, 8)),
        (datetime(2026, 3, 14, 23, tzinfo=UTC), "Asia/Tokyo", date(2026, 3, 15)),
        (datetime(2026, 3, 15, 3, tzinfo=UTC), "America/Los_Angeles", date(2026, 3, 8)),
    ],
)
def test_a_week_begins_on_the_persons_own_sunday(moment: datetime, zone: str, week: date) -> None:
    assert week_of(moment, zone) == week


@pytest.fixture
def small(make_house: Any) -> House:
    """A library of one book, read."""
    house: House = make_house([item("emma", "Emma", "Jane Austen")])
    house.run(books)
    return house


FAULTS = [
    Fault.REFUSE,
    Fault.TIMEOUT,
    Fault.RATE_LIMITED,
    Fault.HTML_LOGIN,
    Fault.EMPTY_BODY,
    Fault.BROKEN_JSON,
    Fault.FORBIDDEN,
    Fault.SESSION_EXPIRED,
]
each_fault = pytest.mark.parametrize("fault", FAULTS)
each_refusal = pytest.mark.parametrize(
    "fault", [Fault.RATE_LIMITED, Fault.HTML_LOGIN, Fault.EMPTY_BODY, Fault.SESSION_EXPIRED]
)

ENTRIES = "SELECT genre_id, week, rank, release_id, title, outcome, reason, created_at FROM top10_entries ORDER BY id"


# --- the weekly lists -----------------------------------------------------------------------------------------------


def test_each_enabled_genre_has_at_most_ten_ranked_entries_once_a_week(small: House) -> None:
    assert small.run(genre_top10).of("genre_top10")["genres_read"] == 4
    ranks = small.rows("SELECT genre_id, array_agg(rank ORDER BY rank) AS ranks FROM top10_entries GROUP BY 1")
    assert all(row.ranks == list(range(1, len(row.ranks) + 1)) and len(row.ranks) <= 10 for row in ranks)
    assert len(small.requests("mam")) == 4
    before = small.rows(ENTRIES)
    small.run(genre_top10)
    assert len(small.requests("mam")) == 4
    assert small.rows(ENTRIES) == before
    small.clock.sleep(8 * 86_400)
    small.run(genre_top10)
    assert len(small.requests("mam")) == 8


def test_a_list_falls_by_snatches_and_holds_only_new_audiobooks(small: House) -> None:
    small.run(genre_top10)
    rows = small.rows(
        "SELECT e.genre_id, e.rank, e.snatched, r.medium, r.added_at, r.language FROM top10_entries e"
        " JOIN releases r ON r.id = e.release_id ORDER BY 1, 2"
    )
    week_ago = small.clock.now() - timedelta(days=7)
    assert all(row.medium == "audiobook" and row.added_at >= week_ago for row in rows)
    for genre in {row.genre_id for row in rows}:
        snatched = [row.snatched for row in rows if row.genre_id == genre]
        assert snatched == sorted(snatched, reverse=True)


def test_a_week_that_broke_off_goes_on_with_the_genres_that_wait(small: House) -> None:
    small.servers["mam"].set_fault(Fault.SERVER_ERROR, after=2)
    broken = small.run(genre_top10).of("genre_top10")
    assert (broken["genres_read"], broken["genres_waiting"]) == (2, 2)
    before = small.rows(ENTRIES)
    small.servers["mam"].clear_faults()
    assert small.run(genre_top10).of("genre_top10")["genres_read"] == 2
    assert small.rows(ENTRIES)[: len(before)] == before
    assert small.value("SELECT count(DISTINCT genre_id) FROM top10_entries") == 4


@each_refusal
def test_lists_that_could_not_be_read_are_not_taken_for_empty(small: House, fault: Fault) -> None:
    small.servers["mam"].set_fault(fault)
    lists = small.run(genre_top10).of("genre_top10")
    assert (lists["genres_read"], lists["genres_waiting"], lists["genres_without_uploads"]) == (0, 4, 0)
    assert "mam: " in lists["problem_list"]
    assert small.value("SELECT count(last_top10_run) FROM genre_settings") == 0


def test_an_answer_that_counts_results_and_shows_none_is_asked_again(
    small: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as half:
        half.setattr(small.mam_twin, "_search", lambda request: json_response({"found": 250, "data": []}))
        lists = small.run(genre_top10).of("genre_top10")
        scan = small.run(mam_uploads).of("mam_uploads")
    assert (lists["genres_read"], lists["genres_waiting"], lists["genres_without_uploads"]) == (0, 4, 0)
    assert (scan["scan_incomplete"], mark(small)) == (1, None)
    assert "no rows came from place 0 on, although 250 are counted" in lists["problem_list"]
    assert small.run(genre_top10).of("genre_top10")["genres_read"] == 4


def test_a_week_without_uploads_is_a_list_of_none(small: House) -> None:
    small.mam_twin.control("remove", {})
    run = small.run(genre_top10).of("genre_top10")
    assert (run["genres_read"], run["genres_without_uploads"], run["entries"]) == (4, 4, 0)
    assert "Nothing was listed" in run["lists"]
    assert small.run(genre_top10).of("genre_top10")["genres_read"] == 0
    small.clock.sleep(8 * 86_400)
    assert small.run(genre_top10).of("genre_top10")["genres_read"] == 4


def test_a_genre_without_categories_is_named_with_its_remedy_and_stops_no_other(small: House) -> None:
    with small.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE genre_settings SET mam_categories = '{}' WHERE genre_name = 'Fantasy'")
    run = small.run(genre_top10).of("genre_top10")
    assert run["genres_read"] == 3
    assert 'mam genres set "Fantasy" --categories' in run["problem_list"]


def test_a_genre_is_read_by_name_even_if_it_is_not_enabled(small: House) -> None:
    run = small.run(genre_top10, genre_top10={"genres": ["romance", "Poetry"]}).of("genre_top10")
    assert run["genres_read"] == 1
    assert "Poetry: there is no such genre" in run["problem_list"]


def test_rows_that_cannot_be_read_are_named_and_the_others_listed(small: House) -> None:
    small.mam_twin.odd_rows = [{"id": "x"}, None, {"title": "No id"}, {"id": 9, "title": "1", "author_info": "{"}]
    run = small.run(genre_top10).of("genre_top10")
    assert run["genres_read"] == 4
    assert "no id or no title" in run["row_faults"]
    assert small.value("SELECT count(*) FROM top10_entries WHERE rank = 1") == 4


def test_what_is_owned_is_not_wanted_whatever_the_library_calls_it(house: House) -> None:
    house.run(books)
    run = house.run(genre_top10).of("genre_top10")
    assert run["owned"] >= 4
    owned = house.rows(
        "SELECT e.title, b.status FROM top10_entries e JOIN books b ON b.id = e.book_id WHERE e.outcome = 'owned'"
    )
    assert len(owned) == run["owned"]
    assert {row.status for row in owned} <= {"active", "duplicate"}


def test_an_entry_is_followed_from_the_list_to_the_library(small: House) -> None:
    small.run(genre_top10)
    opened = small.run(top10_gaps).of("top10_gaps")["gaps_opened"]
    first = small.rows(
        "SELECT e.id, e.missing_book_id AS gap, e.title FROM top10_entries e"
        " WHERE e.outcome = 'wanted' ORDER BY id LIMIT 2"
    )
    assert opened > 2
    with small.engine.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE missing_books SET download_status = 'downloading' WHERE id = {first[0].gap};"
            f"UPDATE missing_books SET download_status = 'ignored' WHERE id = {first[1].gap}"
        )
    run = small.run(genre_top10).of("genre_top10")
    assert (run["active"], run["ignored"]) == (1, 1)
    assert run["outcomes_changed"] >= 2
    with small.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE missing_books SET download_status = 'completed', closed_date = now(),"
            f" book_id = (SELECT min(id) FROM books) WHERE id = {first[0].gap}"
        )
    run = small.run(genre_top10).of("genre_top10")
    assert (run["active"], run["owned"], run["outcomes_changed"]) == (0, 1, 1)
    assert len(small.requests("mam")) == 4, "following asks nobody"
    small.run(top10_gaps)
    assert small.value("SELECT outcome FROM top10_entries WHERE id = :id", id=first[1].id) == "ignored"


def test_the_page_of_the_lists_shows_each_genre_and_no_markup_of_strangers(small: House) -> None:
    odd = "| [x](http://evil) <script>"
    release = small.mam_twin._offered[-1]
    small.mam_twin._offered[-1] = replace(
        release,
        release=replace(
            release.release,
            title=odd,
            narrators=("Rose Reader", "Ray Reader"),
            category=41,
            snatched=10_000,
            added=small.clock.now(),
        ),
    )
    run = small.run(genre_top10).of("genre_top10")
    assert "### Fantasy" in run["lists"]
    assert "### Thriller" in run["lists"]
    (line,) = [line for line in run["lists"].splitlines() if "\\| \\[x\\](http://evil) \\<script\\>" in line]
    assert "Rose Reader, Ray Reader" in line
    assert ["Rose Reader", "Ray Reader"] in small.column("SELECT narrators FROM top10_entries WHERE rank = 1")


# --- the daily scan -------------------------------------------------------------------------------------------------


def mark(house: House) -> datetime | None:
    value = house.value("SELECT value ->> 'at' FROM sync_marks WHERE name = 'mam_uploads'")
    return datetime.fromisoformat(value) if value else None


def test_uploads_are_read_once_and_become_discovered_books(small: House) -> None:
    first = small.run(mam_uploads, mam_uploads={"days": 3000}).of("mam_uploads")
    assert first["uploads_new"] == first["uploads_kept"] > 50
    assert first["books_discovered"] == small.value("SELECT count(*) FROM books WHERE status = 'discovered'") > 0
    before = small.everything()
    second = small.run(mam_uploads, mam_uploads={"days": 3000}).of("mam_uploads")
    assert (second["uploads_new"], second["books_discovered"]) == (0, 0)
    assert small.everything() == before


def test_uploads_by_a_writer_of_ours_are_kept_whatever_their_category(make_house: Any) -> None:
    house = make_house([item("lord", "Lord Jim", "Joseph Conrad")])
    house.run(books)
    with house.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE genre_settings SET enabled = false")
    run = house.run(mam_uploads, mam_uploads={"days": 3000}).of("mam_uploads")
    assert 0 < run["uploads_kept"] < run["uploads_seen"]
    assert all("Joseph Conrad" in authors for authors in house.column("SELECT authors FROM releases"))


def test_an_upload_that_fills_a_gap_raises_it_and_is_linked_with_it(small: House) -> None:
    small.run(genre_top10)
    small.run(top10_gaps)
    with small.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE missing_books SET priority = 3")
    run = small.run(mam_uploads).of("mam_uploads")
    raised = small.value("SELECT count(*) FROM missing_books WHERE priority = 1")
    assert run["gaps_raised"] == raised > 10
    assert small.value("SELECT count(DISTINCT missing_book_id) FROM mam_uploads") == raised
    again = small.run(mam_uploads).of("mam_uploads")
    assert (again["gaps_raised"], again["uploads_new"], again["books_discovered"]) == (0, 0, 0)


def test_a_discovered_book_that_arrives_keeps_its_row(small: House) -> None:
    small.run(mam_uploads, mam_uploads={"days": 3000})
    row = small.rows("SELECT id, title, authors FROM books WHERE status = 'discovered' ORDER BY id LIMIT 1")[0]
    small.shelf_twin.shelf._place(item("new", row.title, *row.authors), 100)
    small.run(books)
    assert small.rows("SELECT status, abs_id IS NOT NULL FROM books WHERE id = :id", id=row.id) == [("active", True)]


def test_the_mark_goes_to_the_newest_upload_and_the_next_scan_reads_little(small: House) -> None:
    first = small.run(mam_uploads).of("mam_uploads")
    newest = small.value("SELECT max(added_at) FROM releases")
    assert first["scan_incomplete"] == 0
    assert mark(small) == newest
    small.clock.sleep(86_400)
    second = small.run(mam_uploads).of("mam_uploads")
    assert second["uploads_seen"] < first["uploads_seen"]
    assert (second["uploads_new"], mark(small)) == (0, newest)


def test_a_scan_over_its_share_of_pages_goes_on_in_the_next_run(small: House) -> None:
    first = small.run(mam_uploads, mam_uploads={"days": 3000, "pages": 1}).of("mam_uploads")
    assert (first["pages_read"], first["scan_incomplete"], first["uploads_seen"]) == (1, 1, 100)
    assert "goes on from" in first["problem_list"]
    stored, reached = small.value("SELECT count(*) FROM mam_uploads"), mark(small)
    assert stored == first["uploads_new"]
    second = small.run(mam_uploads, mam_uploads={"pages": 1}).of("mam_uploads")
    assert second["uploads_new"] > 0
    assert mark(small) > reached
    rest = small.run(mam_uploads, mam_uploads={"pages": 5}).of("mam_uploads")
    assert rest["scan_incomplete"] == 0
    total = small.value("SELECT count(*) FROM mam_uploads")
    assert total == stored + second["uploads_new"] + rest["uploads_new"]
    again = small.run(mam_uploads, mam_uploads={"days": 3000}).of("mam_uploads")
    assert again["uploads_new"] == 0, "the three runs left nothing out"


def test_a_scan_that_breaks_off_on_its_second_page_keeps_the_first(small: House) -> None:
    small.servers["mam"].set_fault(Fault.SERVER_ERROR, after=1)
    broken = small.run(mam_uploads, mam_uploads={"days": 3000}).of("mam_uploads")
    assert (broken["pages_read"], broken["scan_incomplete"]) == (1, 1)
    assert broken["uploads_new"] == small.value("SELECT count(*) FROM mam_uploads") > 0
    small.servers["mam"].clear_faults()
    assert small.run(mam_uploads).of("mam_uploads")["scan_incomplete"] == 0
    assert small.run(mam_uploads, mam_uploads={"days": 3000}).of("mam_uploads")["uploads_new"] == 0


def test_a_short_look_back_does_not_move_the_mark_over_days_that_were_not_seen(small: House) -> None:
    small.run(mam_uploads, mam_uploads={"days": 3000, "pages": 1})
    reached = mark(small)
    small.run(mam_uploads, mam_uploads={"days": 1})
    assert mark(small) == reached


@each_fault
def test_a_scan_that_breaks_off_says_so_and_its_mark_stays(small: House, fault: Fault) -> None:
    small.servers["mam"].set_fault(fault)
    run = small.run(mam_uploads).of("mam_uploads")
    assert run["scan_incomplete"] == 1
    assert "mam: " in run["problem_list"]
    assert mark(small) is None


def test_days_without_uploads_end_a_scan_well(small: House) -> None:
    small.mam_twin.control("remove", {})
    run = small.run(mam_uploads).of("mam_uploads")
    assert (run["scan_incomplete"], run["uploads_seen"], run["problems"]) == (0, 0, 0)


def test_uploads_without_a_title_or_an_author_are_named_or_refused(small: House) -> None:
    odd = {"main_cat": 13, "category": 47, "language": 1, "added": "2026-03-11 11:00:00"}
    small.mam_twin.odd_rows = [
        {**odd, "id": 1, "title": "A", "author_info": ""},
        {**odd, "id": 2, "title": "B", "author_info": '{"1":"Various"}'},
        {**odd, "id": 3, "title": "C", "author_info": '{"1":"Unknown","2":""}'},
        {**odd, "id": 4, "title": "D", "author_info": "{broken"},
        {**odd, "id": 5},
        "no row",
    ]
    run = small.run(mam_uploads).of("mam_uploads")
    assert "no id or no title" in run["row_faults"]
    assert "author_info is not readable" in run["row_faults"]
    judged = small.rows(
        "SELECT u.outcome, u.book_id, u.reason FROM mam_uploads u JOIN releases r ON r.id = u.release_id"
        " WHERE r.guid IN ('1', '2', '3', '4')"
    )
    assert len(judged) == 4
    assert {(row.outcome, row.book_id) for row in judged} == {("refused", None)}
    assert all("names no author" in row.reason for row in judged)
