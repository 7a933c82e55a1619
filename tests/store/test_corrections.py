"""Undoing, locking and unlocking on the real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from mam_assets.domain.books import SeriesRef
from mam_assets.domain.metadata import Change
from mam_assets.store import corrections, metadata
from mam_assets.store.corrections import NotDone
from mam_assets.store.library import archive, save_items
from mam_assets.store.metadata_report import overwritten_edits
from tests.store.test_catalog import NOW, item

LATER = NOW + timedelta(days=1)


@pytest.fixture
def emma(connection: Connection) -> int:
    """The id of a book in the library."""
    save_items(connection, [item("a", "Emma", "Jane Austen", series=(SeriesRef("Novels", "4"),))], NOW)
    return int(connection.execute(text("SELECT id FROM books")).scalar_one())


def book(connection: Connection) -> Any:
    return connection.execute(text("SELECT * FROM books")).one()


def correct(connection: Connection, book_id: int, field: str, new: str, source: str, run_id: str = "run-1") -> int:
    """Change a field as `book_metadata` does; the number of the correction."""
    known = metadata.book_for_lookup(connection, book_id)
    old = known.values[field]
    change = Change(field, None if old is None else str(old), new, source, "was empty")
    metadata.apply(connection, known, [change], NOW, by="book_metadata", run_id=run_id)
    return int(connection.execute(text("SELECT max(id) FROM metadata_corrections")).scalar_one())


def rows(connection: Connection) -> list[Any]:
    return list(connection.execute(text("SELECT * FROM metadata_corrections ORDER BY id")))


def test_a_revert_brings_value_and_source_back_and_locks(connection: Connection, emma: int) -> None:
    correct(connection, emma, "published_year", "1816", "Goodreads")
    second = correct(connection, emma, "published_year", "1815", "GoogleBooks")
    done = corrections.revert(connection, second, LATER, by="me")
    row = book(connection)
    assert (row.published_year, row.metadata_source["published_year"]) == (1816, "Goodreads")
    assert row.metadata_times["published_year"] == LATER.isoformat()
    assert (row.locked_fields, row.abs_unconfirmed) == (["published_year"], True)
    undone, new = rows(connection)[1:]
    assert (undone.reverted_at, new.reverts, new.id, new.source) == (LATER, second, done.row_id, "Manual")
    assert (new.old_value, new.new_value, new.corrected_by) == ("1815", "1816", "me")
    assert new.reason == f"correction {second} was reverted"


def test_a_field_that_was_empty_is_empty_again_without_a_source(connection: Connection, emma: int) -> None:
    before = book(connection).metadata_completeness_percent
    number = correct(connection, emma, "narrator", "Ann Reader, Bo Voice", "Audible")
    assert book(connection).narrators == ["Ann Reader", "Bo Voice"]
    corrections.revert(connection, number, LATER, by="me")
    row = book(connection)
    assert (row.narrator, row.narrators, "narrator" in row.metadata_source) == (None, [], False)
    assert row.metadata_completeness_percent > before  # nobody asks for what a person wants empty


def test_what_audiobookshelf_showed_first_is_its_own_again(connection: Connection, emma: int) -> None:
    number = correct(connection, emma, "series_number", "5", "Goodreads")
    assert connection.execute(text("SELECT position FROM book_series")).scalar_one() == "5"
    corrections.revert(connection, number, LATER, by="me")
    assert book(connection).metadata_source["series_number"] == "Audiobookshelf"
    assert connection.execute(text("SELECT position FROM book_series")).scalar_one() == "4"


def test_a_revert_names_the_source_whose_own_row_was_trimmed_long_ago(connection: Connection, emma: int) -> None:
    first = correct(connection, emma, "publisher", "Tor", "GoogleBooks")
    second = correct(connection, emma, "publisher", "Gollancz", "Goodreads")
    connection.execute(text("DELETE FROM metadata_corrections WHERE id = :first"), {"first": first})
    corrections.revert(connection, second, LATER, by="me")
    row = book(connection)
    assert (row.publisher, row.metadata_source["publisher"]) == ("Tor", "GoogleBooks")
    assert [row.old_source for row in rows(connection)] == ["GoogleBooks", "Goodreads"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"updated_at": NOW - timedelta(days=9)}, "shown after a restore"),
        ({"abs_id": "b"}, "shown by the item that was added again"),
    ],
)
def test_what_an_item_that_came_back_shows_is_kept_as_a_change_and_can_be_undone(
    connection: Connection, changes: dict[str, Any], reason: str
) -> None:
    known = replace(item("a", "Emma", "Jane Austen"), publisher="Penguin")
    save_items(connection, [known], NOW)
    book_id = book(connection).id
    correct(connection, book_id, "description", "Of matchmaking", "Goodreads")
    if "abs_id" in changes:
        archive(connection, ["a"], NOW)
    save_items(connection, [replace(known, publisher="Vintage", description="Old", **changes)], LATER)
    assert (book(connection).id, book(connection).publisher) == (book_id, "Vintage")
    (change,) = [row for row in rows(connection) if row.corrected_by == "books"]
    assert (change.field_name, change.old_value, change.new_value) == ("publisher", "Penguin", "Vintage")
    assert (change.source, change.old_source, change.reason) == ("Audiobookshelf", "Audiobookshelf", reason)
    corrections.revert(connection, change.id, LATER, by="me")
    assert (book(connection).publisher, book(connection).locked_fields) == ("Penguin", ["publisher"])


def test_what_later_corrections_stand_on_is_not_undone_under_them(connection: Connection, emma: int) -> None:
    first = correct(connection, emma, "publisher", "One", "MAM")
    second = correct(connection, emma, "publisher", "Two", "Goodreads")
    with pytest.raises(
        NotDone, match=rf"Correction {first} \(publisher of 'Emma'\) has later ones .*: revert {second} "
    ):
        corrections.revert(connection, first, LATER, by="me")
    corrections.revert(connection, second, LATER, by="me")
    corrections.revert(connection, first, LATER, by="me")  # the revert itself is nothing that stands on it
    assert book(connection).publisher is None


@pytest.mark.parametrize(
    ("again", "words"), [(True, "was reverted already, on 2026-03-12"), (False, "has become 'Mine'")]
)
def test_what_is_undone_or_gone_is_refused(connection: Connection, emma: int, again: bool, words: str) -> None:
    number = correct(connection, emma, "publisher", "One", "MAM")
    if again:
        corrections.revert(connection, number, LATER, by="me")
    else:
        connection.execute(text("UPDATE books SET publisher = 'Mine'"))
    with pytest.raises(NotDone, match=words):
        corrections.revert(connection, number, LATER, by="me")


def test_a_number_that_is_none_is_refused(connection: Connection) -> None:
    with pytest.raises(NotDone, match="no correction 999; corrections are kept for 30 days"):
        corrections.revert(connection, 999, NOW, by="me")


def test_a_revert_can_itself_be_reverted(connection: Connection, emma: int) -> None:
    number = correct(connection, emma, "publisher", "One", "MAM")
    undone = corrections.revert(connection, number, LATER, by="me")
    corrections.revert(connection, undone.row_id, LATER, by="me")
    assert book(connection).publisher == "One"
    assert [row.reverted_at is None for row in rows(connection)] == [True, False, True]


def test_a_run_is_undone_newest_first_and_a_persons_rows_are_left_out(connection: Connection, emma: int) -> None:
    first = correct(connection, emma, "publisher", "One", "MAM")
    second = correct(connection, emma, "publisher", "Two", "Goodreads")
    other = correct(connection, emma, "language", "English", "GoogleBooks", "run-2")
    corrections.lock(connection, emma, "isbn", NOW, by="me", value="9780439554930")
    assert corrections.corrections_of(connection, run_id="run-1") == [second, first]
    assert corrections.corrections_of(connection, book_id=emma) == [other, second, first]
    for number in corrections.corrections_of(connection, run_id="run-1"):
        corrections.revert(connection, number, LATER, by="me")
    assert (book(connection).publisher, book(connection).language) == (None, "English")


def test_a_person_sets_and_locks_a_field(connection: Connection, emma: int) -> None:
    assert corrections.lock(connection, emma, "published_year", NOW, by="me", value="1815-12-23") == "1815"
    row = book(connection)
    assert (row.published_year, row.metadata_source["published_year"]) == (1815, "Manual")
    assert row.locked_fields == ["published_year"]
    assert [(r.new_value, r.source, r.corrected_by) for r in rows(connection)] == [("1815", "Manual", "me")]


def test_the_author_and_the_title_move_with_their_keys_and_rows(connection: Connection, emma: int) -> None:
    corrections.lock(connection, emma, "author", NOW, by="me", value="J. Austen, A. Helper")
    corrections.lock(connection, emma, "title", NOW, by="me", value="The Emma")
    row = book(connection)
    assert (row.authors, row.author_key, row.title_key) == (["J. Austen", "A. Helper"], "j austen", "emma")
    names = "SELECT a.name FROM book_authors b JOIN authors a ON a.id = b.author_id ORDER BY b.ordinal"
    assert connection.execute(text(names)).scalars().all() == ["J. Austen", "A. Helper"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("isbn", "9780439554931", "is no isbn"),
        ("published_year", "soon", "is no published year"),
        ("title", "", "without title cannot be found"),
        ("duration_minutes", "3", "cannot be locked; the fields are title, "),
        ("colour", None, "cannot be locked"),
    ],
)
def test_what_a_field_cannot_hold_is_refused(
    connection: Connection, emma: int, field: str, value: str | None, words: str
) -> None:
    with pytest.raises(NotDone, match=words):
        corrections.lock(connection, emma, field, NOW, by="me", value=value)


def test_a_book_is_taken_out_of_its_series(connection: Connection, emma: int) -> None:
    corrections.lock(connection, emma, "series", NOW, by="me", value="")
    assert book(connection).series is None
    assert connection.execute(text("SELECT count(*) FROM book_series")).scalar_one() == 0


def test_an_unlocked_field_is_the_sources_again(connection: Connection, emma: int) -> None:
    corrections.lock(connection, emma, "publisher", NOW, by="me", value="Mine")
    assert corrections.unlock(connection, emma, "publisher", LATER, by="me")
    assert not corrections.unlock(connection, emma, "publisher", LATER, by="me")
    row = book(connection)
    assert (row.publisher, row.locked_fields, "publisher" in row.metadata_source) == ("Mine", [], False)


def test_a_book_is_found_by_id_by_title_and_by_a_part_of_it(connection: Connection, emma: int) -> None:
    save_items(connection, [item("b", "Emma Brown", "C. Brontë"), item("c", "1984", "George Orwell")], NOW)

    def titles(words: str) -> list[str | None]:
        return [found.title for found in corrections.find_books(connection, words)]

    assert titles(str(emma)) == titles(f"book:{emma}") == titles("the EMMA") == ["Emma"]
    assert titles("brown") == ["Emma Brown"]
    assert titles("mm") == ["Emma", "Emma Brown"]
    assert titles("1984") == ["1984"]
    assert titles("9" * 30) == titles("!") == []


def test_an_automated_change_after_a_persons_is_found(connection: Connection, emma: int) -> None:
    corrections.lock(connection, emma, "publisher", NOW, by="me", value="Mine")
    assert overwritten_edits(connection) == []
    number = correct(connection, emma, "publisher", "Theirs", "GoogleBooks")
    assert [row["correction"] for row in overwritten_edits(connection)] == [number]
    corrections.revert(connection, number, LATER, by="me")
    assert overwritten_edits(connection) == []


def test_an_overwritten_edit_is_found_when_the_persons_own_row_is_gone(connection: Connection, emma: int) -> None:
    corrections.lock(connection, emma, "publisher", NOW, by="me", value="Mine")
    connection.execute(text("DELETE FROM metadata_corrections"))
    number = correct(connection, emma, "publisher", "Theirs", "GoogleBooks")
    assert [row["correction"] for row in overwritten_edits(connection)] == [number]


def test_what_was_unlocked_may_be_changed_and_locked_again(connection: Connection, emma: int) -> None:
    corrections.lock(connection, emma, "publisher", NOW, by="me", value="Mine")
    corrections.unlock(connection, emma, "publisher", NOW, by="me")
    correct(connection, emma, "publisher", "Theirs", "GoogleBooks")
    corrections.lock(connection, emma, "publisher", NOW, by="me")
    assert overwritten_edits(connection) == []


@pytest.mark.parametrize("act", ["a correction", "a lock", "a revert"])
def test_the_librarys_lock_is_taken_before_the_books_row(connection: Connection, emma: int, act: str) -> None:
    """The library's reader takes them in this order: the other way round, the two would wait for each other."""
    number = correct(connection, emma, "series", "Austen", "Goodreads")
    statements: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    if act == "a correction":
        metadata.set_fields(connection, emma, {"series": "Novels"}, {"series": "Goodreads"}, LATER)
    elif act == "a lock":
        corrections.lock(connection, emma, "series", LATER, by="me", value="Novels")
    else:
        corrections.revert(connection, number, LATER, by="me")
    first = {
        word: next(i for i, sql in enumerate(statements) if sql.startswith(begin) and word in sql)
        for begin, word in (("SELECT pg_advisory", "mam_assets.library"), ("UPDATE books", "UPDATE books"))
    }
    rows_locked = [i for i, sql in enumerate(statements) if "FOR UPDATE" in sql]
    assert first["mam_assets.library"] < min([first["UPDATE books"], *rows_locked])
