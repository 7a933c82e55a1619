"""`book_metadata`: what the sources fill, what is refused, what is written back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mam_assets.assets.library import books
from mam_assets.domain.books import Medium, Release, SeriesRef
from mam_assets.store import releases
from tests.assets.house import NOW, item
from tests.assets.metadata_world import (
    DRACULA,
    OZMA,
    TARZAN,
    answers,
    fields,
    looked_up,
    patches,
    shown,
)

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
    assert fields(house).description == text


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
