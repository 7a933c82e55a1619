"""`book_metadata`: what the sources fill, what a person's hand keeps, what is written back, what waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mam_assets.assets.library import books
from mam_assets.assets.metadata import book_metadata
from mam_assets.domain.books import Medium, Release, SeriesRef
from mam_assets.resources.audiobookshelf import Audiobookshelf
from mam_assets.sandbox.twins.faults import Fault
from mam_assets.store import corrections, metadata_writing, releases
from tests.assets.house import NOW, House, item

DRACULA = item("dracula", "Dracula", "Bram Stoker", language=None)
OZMA = item("ozma", "Ozma of Oz", "L. Frank Baum", language=None)
# Its recording, that Audible knows, is two minutes long.
TARZAN = item("tarzan", "Tarzan the Untamed", "Edgar Rice Burroughs", language=None, files=(("tarzan.m4b", 120.0),))


def fields(house: House, title: str = "Dracula") -> Any:
    (row,) = house.rows(
        "SELECT *, metadata_source AS source FROM books WHERE title = :title",
        title=title,
    )
    return row


def shown(house: House, key: str) -> Any:
    (found,) = [entry for entry in house.shelf_twin.shelf.items.values() if entry.folder == f"items/{key}"]
    return found.metadata


def edited(house: House, key: str, **values: Any) -> None:
    """A person changes an item in Audiobookshelf."""
    house.shelf_twin.control("edit", {"folder": f"items/{key}", "media": {"metadata": values}})


def looked_up(house: House, scope: str = "new", **config: Any) -> dict[str, Any]:
    """What a run of `book_metadata` reports."""
    return house.run(book_metadata, book_metadata={"scope": scope, **config}).of("book_metadata")


def answers(house: House) -> dict[str, Any]:
    return {row.source: row for row in house.rows("SELECT * FROM metadata_answers")}


def rested(house: House) -> None:
    """No service asks to be left alone any longer."""
    house.rows("UPDATE service_state SET retry_at = NULL RETURNING 1")


def patches(house: House) -> int:
    return len([entry for entry in house.requests("audiobookshelf") if entry.method == "PATCH"])


# --- filling and writing back -------------------------------------------------------------------------------------


def test_empty_fields_are_filled_with_their_source_and_history_and_written_back(make_house: Any) -> None:
    house = make_house([DRACULA])
    house.run(books)
    run = looked_up(house)
    assert (run["looked_up"], run["matched"], run["written_back"], run["waiting"]) == (1, 1, 1, 0)
    assert fields(house).source["publisher"] == "GoogleBooks"
    assert fields(house).metadata_times["publisher"].startswith("2026-03-11T12:")
    assert shown(house, "dracula")["publisher"] == fields(house).publisher is not None
    history = house.rows("SELECT * FROM metadata_corrections WHERE field_name = 'publisher'")
    assert [(row.old_value, row.source, row.corrected_by) for row in history] == [
        (None, "GoogleBooks", "book_metadata")
    ]
    assert len(history[0].run_id) == 36
    assert history[0].reason.startswith("was empty ('Dracula' by Bram Stoker (")
    assert (run["fields_changed_google_books"], run["asked"], run["cache_hits"]) == (run["fields_changed"], 4, 0)


def test_each_source_adds_what_the_ones_before_it_lacked(make_house: Any) -> None:
    house = make_house([TARZAN])
    house.run(books)
    run = looked_up(house)
    book = fields(house, "Tarzan the Untamed")
    assert book.source["isbn"] == "GoogleBooks"
    assert book.source["series"] == book.source["series_number"] == "Goodreads"
    assert book.source["narrator"] == book.source["asin"] == "Audible"  # of the same length: this recording
    assert shown(house, "tarzan")["series"] == [["Tarzan", "7"]]
    assert shown(house, "tarzan")["narrators"] == book.narrators == ["Margaret Ellery"]
    places = house.rows("SELECT s.name, bs.position FROM book_series bs JOIN series s ON s.id = bs.series_id")
    assert places == [("Tarzan", "7")]
    assert run["average_completeness"] == 100.0
    verdicts = {source: row.verdict for source, row in answers(house).items()}
    assert verdicts == {"GoogleBooks": "matched", "Goodreads": "matched", "Audible": "matched"}
    assert "title and author" in answers(house)["Goodreads"].evidence
    assert "| Audible |" in run["summary"]


def test_a_recording_of_another_length_gives_no_narrator(make_house: Any) -> None:
    """RMAB #272: 7 of 49 books were matched with another reading."""
    house = make_house([replace(TARZAN, files=(("tarzan.m4b", 480.0),))])
    house.run(books)
    looked_up(house)
    assert fields(house, "Tarzan the Untamed").narrator is None
    assert fields(house, "Tarzan the Untamed").asin is None
    assert "perhaps another recording: 2 and 8 minutes" in answers(house)["Audible"].evidence


def test_the_release_that_a_book_came_from_names_its_narrator(make_house: Any) -> None:
    house = make_house([item("kim", "Kim", "Rudyard Kipling")])
    house.run(books)
    here = Release("MAM", "77", "Kim", ("Rudyard Kipling",), ("Ann Reader", "Bo Voice"), medium=Medium.AUDIOBOOK)
    other = Release("MAM", "78", "Kim", ("Rudyard Kipling",), ("Somebody Else",), medium=Medium.AUDIOBOOK)
    with house.engine.begin() as connection:
        stored = releases.save(connection, [other, here], NOW)
    house.rows(
        """
        INSERT INTO downloads (title, source, book_id, release_id, status, abs_import_status)
        SELECT 'Kim', 'MAM', id, :release, 'completed', 'imported' FROM books RETURNING id
        """,
        release=next(one.release_id for one in stored if one.release.guid == "77"),
    )
    looked_up(house)
    assert fields(house, "Kim").narrators == ["Ann Reader", "Bo Voice"]
    assert fields(house, "Kim").source["narrator"] == "MAM"
    assert "the book was imported from it" in answers(house)["MAM"].evidence
    assert not house.requests("mam")


def test_a_book_in_no_series_is_known_to_stand_alone(make_house: Any) -> None:
    house = make_house([replace(DRACULA, narrators=("A Reader",))])
    house.run(books)
    before = fields(house).metadata_completeness_percent
    looked_up(house)
    assert fields(house).stands_alone is True
    assert fields(house).metadata_completeness_percent == 100 > before


def test_a_complete_book_is_asked_about_once(make_house: Any) -> None:
    house = make_house([TARZAN])
    house.run(books)
    looked_up(house)
    house.rows("DELETE FROM lookups RETURNING 1")
    house.run(books, books={"scope": "full"})
    asked = {name: len(house.requests(name)) for name in ("google_books", "goodreads")}
    run = looked_up(house, "all")
    assert (run["looked_up"], run["asked"], run["fields_changed"]) == (1, 0, 0)
    assert asked == {name: len(house.requests(name)) for name in asked}


def test_answers_and_misses_are_remembered(make_house: Any) -> None:
    house = make_house([item("x", "A Book That Nobody Knows", "Bram Stoker")])
    house.run(books)
    first = looked_up(house)
    again = looked_up(house, "all")
    assert first["asked"] == again["cache_hits"] > 0
    assert again["asked"] == 0
    assert first["misses"] + first["refused"] == again["misses"] + again["refused"] > 0


# --- a person's hand ----------------------------------------------------------------------------------------------


def test_our_own_writing_seen_by_the_next_read_stays_google_books(make_house: Any) -> None:
    house = make_house([DRACULA])
    house.run(books)
    looked_up(house)
    before = fields(house)
    assert house.run(books, books={"scope": "full"}).of("books")["items_changed"] == 1
    after = fields(house)
    assert (after.source, after.locked_fields, after.publisher) == (before.source, [], before.publisher)
    assert house.value("SELECT count(*) FROM metadata_corrections WHERE source = 'Manual'") == 0
    assert looked_up(house)["looked_up"] == 0
    assert looked_up(house, "all")["fields_changed"] == 0


def test_what_a_person_has_written_is_never_overwritten(make_house: Any) -> None:
    house = make_house([DRACULA])
    house.run(books)
    looked_up(house)
    edited(house, "dracula", publisher="My Own Press")
    house.run(books, books={"scope": "full"})
    assert fields(house).source["publisher"] == "Manual"
    assert fields(house).locked_fields == ["publisher"]
    house.rows("DELETE FROM lookups RETURNING 1")
    house.settings = house.settings.model_copy(update={"metadata_write_back": "correct"})
    looked_up(house, "all")
    assert fields(house).publisher == shown(house, "dracula")["publisher"] == "My Own Press"


def test_what_a_person_writes_between_our_read_and_our_writing_stands(make_house: Any) -> None:
    house = make_house([DRACULA])
    house.run(books)
    edited(house, "dracula", publisher="My Own Press")
    looked_up(house)
    assert shown(house, "dracula")["publisher"] == fields(house).publisher == "My Own Press"
    assert shown(house, "dracula")["description"] == fields(house).description is not None
    assert (fields(house).source["publisher"], fields(house).locked_fields) == ("Manual", ["publisher"])


@pytest.mark.parametrize("mode", ["fill", "correct"])
def test_what_a_person_writes_between_our_writing_and_our_look_at_it_stands(
    make_house: Any, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    house = make_house([DRACULA])
    house.settings = house.settings.model_copy(update={"metadata_write_back": mode})
    house.run(books)
    send = Audiobookshelf.update_media

    def send_and_be_corrected(client: Audiobookshelf, item_id: str, metadata: Mapping[str, Any]) -> bool:
        updated = send(client, item_id, metadata)
        edited(house, "dracula", publisher="My Own Press")
        return updated

    with monkeypatch.context() as patch:
        patch.setattr(Audiobookshelf, "update_media", send_and_be_corrected)
        assert looked_up(house)["written_back"] == 1
    house.run(books)
    assert (fields(house).publisher, fields(house).locked_fields) == ("My Own Press", ["publisher"])
    assert (fields(house).source["publisher"], fields(house).source["description"]) == ("Manual", "GoogleBooks")
    looked_up(house, "all")
    assert shown(house, "dracula")["publisher"] == "My Own Press"


def test_what_a_person_emptied_stays_empty(make_house: Any) -> None:
    house = make_house([DRACULA])
    house.run(books)
    looked_up(house)
    edited(house, "dracula", publisher=None)
    house.run(books, books={"scope": "full"})
    looked_up(house, "all")
    assert fields(house).publisher is shown(house, "dracula")["publisher"] is None


def test_a_locked_field_is_left_alone(make_house: Any) -> None:
    house = make_house([DRACULA])
    house.run(books)
    house.rows("UPDATE books SET locked_fields = ARRAY['publisher'] RETURNING 1")
    looked_up(house)
    assert fields(house).publisher is None
    assert shown(house, "dracula")["publisher"] is None


def test_a_kill_after_the_sending_makes_no_edit_of_a_person(make_house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    house = make_house([DRACULA])
    house.run(books)

    def killed(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(metadata_writing, "wrote", killed)
        house.run(book_metadata, ok=False)
    assert shown(house, "dracula")["publisher"] is not None
    assert fields(house).abs_unconfirmed
    house.run(books, books={"scope": "full"})
    assert fields(house).locked_fields == []
    assert fields(house).source["publisher"] == "GoogleBooks"
    assert (looked_up(house)["visited"], patches(house)) == (1, 1)  # it has arrived: nothing is sent again
    assert not fields(house).abs_unconfirmed


def test_a_kill_before_the_sending_sends_it_the_next_time(make_house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    house = make_house([DRACULA])
    house.run(books)

    def killed(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("mam_assets.resources.audiobookshelf.Audiobookshelf.update_media", killed)
        house.run(book_metadata, ok=False)
    assert shown(house, "dracula")["publisher"] is None
    assert looked_up(house)["written_back"] == 1
    assert shown(house, "dracula")["publisher"] == fields(house).publisher is not None


# --- reverting and locking ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["fill", "correct"])
def test_a_revert_is_carried_to_audiobookshelf_by_the_next_run(make_house: Any, mode: str) -> None:
    house = make_house([TARZAN])
    house.settings = house.settings.model_copy(update={"metadata_write_back": mode})
    house.run(books)
    looked_up(house)
    with house.engine.begin() as connection:
        for name in ("publisher", "series_number", "narrator"):
            (number,) = house.column("SELECT id FROM metadata_corrections WHERE field_name = :name", name=name)
            corrections.revert(connection, number, NOW, by="me")
    house.run(books, books={"scope": "full"})
    run = looked_up(house)
    assert (run["visited"], run["fields_changed"], run["written_back"]) == (1, 0, 1)
    assert shown(house, "tarzan")["publisher"] is None
    assert shown(house, "tarzan")["narrators"] == []
    assert shown(house, "tarzan")["series"] == [["Tarzan", None]]
    row = fields(house, "Tarzan the Untamed")
    assert (row.publisher, row.series_number, row.narrators, row.series) == (None, None, [], "Tarzan")
    house.run(books, books={"scope": "full"})
    assert looked_up(house)["visited"] == 0
    assert sorted(fields(house, "Tarzan the Untamed").locked_fields) == ["narrator", "publisher", "series_number"]


@pytest.mark.parametrize(("mode", "sent"), [("fill", "Somebody's Press"), ("correct", "Mine")])
def test_a_person_sets_a_field_here_and_it_is_sent_as_the_setting_allows(make_house: Any, mode: str, sent: str) -> None:
    house = make_house([replace(DRACULA, publisher="Somebody's Press")])
    house.settings = house.settings.model_copy(update={"metadata_write_back": mode})
    house.run(books)
    with house.engine.begin() as connection:
        corrections.lock(connection, fields(house).id, "publisher", NOW, by="me", value="Mine")
    looked_up(house)
    assert shown(house, "dracula")["publisher"] == sent
    house.run(books, books={"scope": "full"})
    assert fields(house).publisher == "Mine"


# --- what may be written ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", [{"metadata_write_back": "off"}, {"mam_dry_run": True}], ids=["off", "dry run"])
def test_nothing_is_written_back_where_that_is_not_wanted(make_house: Any, setting: dict[str, Any]) -> None:
    house = make_house([DRACULA])
    house.run(books)
    house.settings = house.settings.model_copy(update=setting)
    looked_up(house)
    assert shown(house, "dracula")["publisher"] is None
    assert not patches(house)


def test_what_a_dry_run_would_correct_is_corrected_by_the_first_real_run(make_house: Any) -> None:
    """A correction kept in our table alone is no change any more: Audiobookshelf would never be told."""
    house = make_house([DRACULA])
    house.run(books)
    real = house.settings
    house.settings = real.model_copy(update={"mam_dry_run": True})
    assert looked_up(house)["fields_changed"] > 0
    assert fields(house).publisher is None
    house.settings = real
    looked_up(house)
    assert shown(house, "dracula")["publisher"] == fields(house).publisher is not None


@pytest.mark.parametrize(("mode", "sequence"), [("fill", "Volume the First"), ("correct", "1")])
def test_our_table_is_corrected_and_audiobookshelf_only_where_that_is_wanted(
    make_house: Any, mode: str, sequence: str
) -> None:
    owned = item("jungle", "The Jungle Book", "Rudyard Kipling", series=(("The Jungle Book", "Volume the First"),))
    house = make_house([owned])
    house.settings = house.settings.model_copy(update={"metadata_write_back": mode})
    house.run(books)
    looked_up(house)
    row = fields(house, "The Jungle Book")
    assert (row.series_number, row.source["series_number"]) == ("1", "Goodreads")
    assert shown(house, "jungle")["series"] == [["The Jungle Book", sequence]]
    house.run(books, books={"scope": "full"})
    assert fields(house, "The Jungle Book").series_number == "1"
    assert house.column("SELECT position FROM book_series") == ["1"]


# --- refusing -----------------------------------------------------------------------------------------------------


def test_a_book_by_somebody_else_of_that_title_is_no_match(make_house: Any) -> None:
    house = make_house([item("d", "Dracula", "Wilhelmina Unknown"), item("none", None)])
    house.run(books)
    run = looked_up(house)
    assert (run["looked_up"], run["matched"]) == (1, 0)  # the nameless item is asked about nowhere
    assert answers(house)["Goodreads"].verdict == "refused"
    assert "people differ" in answers(house)["Goodreads"].evidence


def test_two_books_of_one_title_are_matched_each_with_its_own(make_house: Any) -> None:
    house = make_house([DRACULA, item("other", "Dracula", "Hamilton Deane")])
    house.run(books)
    looked_up(house)
    filled = dict(house.rows("SELECT author, published_year FROM books"))
    assert filled == {"Bram Stoker": 1897, "Hamilton Deane": None}


# --- services that fail -------------------------------------------------------------------------------------------


def test_a_spent_quota_ends_google_alone_and_those_who_wait_are_first_next_time(make_house: Any) -> None:
    titles = (("Dracula", "Bram Stoker"), ("Emma", "Jane Austen"), ("Kim", "Rudyard Kipling"))
    house = make_house([item(str(n), title, author) for n, (title, author) in enumerate(titles)])
    house.run(books)
    house.google_twin.control("quota", {"left": 1})
    run = looked_up(house)
    assert (run["looked_up"], run["waiting"], run["unhealthy_services"]) == (3, 2, 1)
    assert (run["matched_google_books"], run["matched_goodreads"]) == (1, 3)
    assert "google_books: " in run["problem_list"]
    assert "2 books for google_books" in run["summary"]
    assert looked_up(house)["visited"] == 0  # nobody can be asked yet
    house.google_twin.control("quota", {"left": None})
    rested(house)
    first = looked_up(house, "all", limit=2)
    assert (first["matched_google_books"], first["waiting"]) == (2, 0)


@pytest.mark.parametrize(
    ("service", "fault"),
    [
        ("google_books", Fault.RATE_LIMITED),
        ("google_books", Fault.FORBIDDEN),
        ("google_books", Fault.BROKEN_JSON),
        ("google_books", Fault.NOT_FOUND),
        ("goodreads", Fault.REFUSE),
        ("goodreads", Fault.EMPTY_BODY),
        ("goodreads", Fault.HTML_LOGIN),
        ("goodreads", Fault.TIMEOUT),
        ("audiobookshelf", Fault.RESET),
        ("audiobookshelf", Fault.SERVER_ERROR),
        ("audiobookshelf", Fault.SLOW_DRIP),
        ("audiobookshelf", Fault.EMPTY_BODY),
    ],
)
def test_a_service_that_fails_delays_its_own_part_and_nothing_else(make_house: Any, service: str, fault: Fault) -> None:
    house = make_house([DRACULA])
    house.run(books)
    house.servers[service].set_fault(fault)
    run = looked_up(house)
    assert (run["visited"], run["looked_up"], run["waiting"]) == (1, 1, 1)
    assert f"{service}: " in run["problem_list"]
    assert "key=google" not in run["problem_list"]
    assert fields(house).metadata_waiting == [service]
    assert fields(house).publisher is not None  # the others carry on
    assert (shown(house, "dracula")["publisher"] is not None) == (service != "audiobookshelf")
    house.servers[service].clear_faults()
    rested(house)
    house.clock.moment += timedelta(hours=21)  # what was answered badly about rests for a day
    assert (looked_up(house)["visited"], fields(house).metadata_waiting) == (1, [])
    assert shown(house, "dracula")["publisher"] == fields(house).publisher


def test_a_goodreads_block_is_an_answer_and_never_a_miss(make_house: Any) -> None:
    house = make_house([OZMA, DRACULA])
    house.run(books)
    house.goodreads_twin.control("block", {"status": 202})
    run = looked_up(house)
    assert (run["waiting"], run["matched_goodreads"], run["matched_google_books"]) == (2, 0, 2)
    assert "Goodreads" not in answers(house)
    assert len([entry for entry in house.requests("goodreads") if "robots" not in entry.path]) == 1
    assert fields(house).stands_alone is None


def test_while_nobody_can_be_asked_nothing_is_claimed(make_house: Any) -> None:
    house = make_house([DRACULA])
    house.run(books)
    for service in ("google_books", "goodreads", "audiobookshelf"):
        house.servers[service].set_fault(Fault.REFUSE)
    run = looked_up(house)
    assert (run["visited"], run["waiting"], run["fields_changed"]) == (1, 1, 0)
    assert fields(house).publisher is None
    assert fields(house).metadata_waiting == ["audiobookshelf", "goodreads", "google_books"]


def test_a_page_without_its_book_is_asked_for_again(make_house: Any) -> None:
    house = make_house([OZMA])
    house.run(books)
    house.servers["goodreads"].set_fault(Fault.BROKEN_JSON, path="/book/show")
    run = looked_up(house)
    assert run["waiting"] in (0, 1)  # half a page may still hold the book in another layer
    house.servers["goodreads"].clear_faults()
    rested(house)
    looked_up(house)
    assert fields(house, "Ozma of Oz").series == "Oz"


def test_a_source_that_is_switched_off_is_not_waited_for(make_house: Any) -> None:
    house = make_house([DRACULA])
    house.settings = house.settings.model_copy(update={"google_books_api_key": None, "goodreads_enabled": False})
    house.run(books)
    run = looked_up(house)
    assert (run["looked_up"], run["waiting"]) == (1, 0)
    assert "GOOGLE_BOOKS_API_KEY is not set" in run["problem_list"]
    assert not house.requests("google_books")


# --- odd input ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("isbn", "stored"),
    [
        ("978-0-00-000308-9", "978-0-00-000308-9"),
        ("0000003085", "0000003085"),
        ("9780000003080", "9780000003089"),
        ("123", "9780000003089"),
    ],
    ids=["dashes", "ten digits", "wrong check digit", "no ISBN"],
)
def test_an_isbn_of_any_spelling_finds_its_book_and_a_wrong_one_is_mended(
    make_house: Any, isbn: str, stored: str
) -> None:
    house = make_house([replace(DRACULA, isbn=isbn)])
    house.run(books)
    looked_up(house)
    assert fields(house).isbn == stored
    assert fields(house).published_year == 1897


def test_markup_in_a_description_is_kept_as_text(make_house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "<p>Two ships.</p><script>alert('x')</script> & more than twenty letters"
    house = make_house([DRACULA])
    for work in house.world.works:
        if work.title == "Dracula":
            object.__setattr__(work, "description", text)
    house.run(books)
    looked_up(house)
    assert "alert('x')" in (fields(house).description or "")


def test_a_series_of_a_release_is_linked_to_the_series_that_is_known(make_house: Any) -> None:
    house = make_house([item("one", "The Marvelous Land of Oz", "L. Frank Baum", series=(("Oz", "2"),)), OZMA])
    house.run(books)
    with house.engine.begin() as connection:
        offered = Release(
            "MAM", "5", "Ozma of Oz", ("L. Frank Baum",), series=(SeriesRef("Oz", "3"),), medium=Medium.AUDIOBOOK
        )
        releases.save(connection, [offered], NOW)
    looked_up(house)
    assert house.column("SELECT name FROM series") == ["Oz"]
    assert sorted(house.column("SELECT position FROM book_series")) == ["2", "3"]
