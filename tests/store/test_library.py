"""Items of the library as rows: nothing lost, nothing twice, sets written as sets."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from mam_assets.domain.books import LibraryItem, SeriesRef
from mam_assets.store import library
from mam_assets.store import library_sightings as sightings
from mam_assets.store.library_items import note_written
from tests.store.test_catalog import NOW, item


def test_saving_twice_adds_nothing_and_counts_what_is_new(connection: Connection) -> None:
    items = [item("a", "Emma", "Jane Austen"), item("a", "Emma", "Jane Austen"), item("b", "Kim", "Rudyard Kipling")]
    assert library.save_items(connection, items, NOW) == library.Saved(new=2, changed=0)
    assert library.save_items(connection, items, NOW) == library.Saved(new=0, changed=2)
    assert library.save_items(connection, [replace(items[0], num_audio_files=0)], NOW) == library.Saved(0, 0)


@pytest.mark.parametrize(
    ("change", "column", "kept"),
    [
        ({"publisher": None}, "publisher", "Google's"),
        ({"title": None}, "title", None),
        ({"authors": ()}, "author", None),
        ({"series": ()}, "series", None),
    ],
)
def test_an_empty_field_there_empties_only_what_none_but_audiobookshelf_says(
    connection: Connection, change: dict[str, Any], column: str, kept: str | None
) -> None:
    first = item("a", "Emma", "Jane Austen", series=(SeriesRef("Novels", "4"),))
    library.save_items(connection, [first], NOW)
    connection.execute(
        text("UPDATE books SET publisher = 'Google''s', metadata_source = '{\"publisher\": \"GoogleBooks\"}'")
    )
    library.save_items(connection, [replace(first, **change)], NOW)
    row = connection.execute(text(f"SELECT {column} AS value, title_key, title FROM books")).one()
    assert row.value == kept
    assert bool(row.title_key) is bool(row.title)


def test_how_complete_a_book_is_counts_what_other_sources_filled(connection: Connection) -> None:
    first = item("a", "Emma", "Jane Austen")
    library.save_items(connection, [first], NOW)
    share = text("SELECT metadata_completeness_percent FROM books")
    before = connection.execute(share).scalar_one()
    connection.execute(text("UPDATE books SET description = 'A novel of matchmaking.', published_year = 1815"))
    library.save_items(connection, [first], NOW)
    assert connection.execute(share).scalar_one() > before


def test_an_item_is_new_or_changed_by_what_the_list_shows(connection: Connection) -> None:
    library.save_items(connection, [item("a", "Emma", "Jane Austen")], NOW, listed={"a": "as it was"})
    sightings.begin(connection)
    assert sightings.see(connection, {"a": "as it was"}) == []
    assert sightings.see(connection, {"b": "new", "a": "another"}, ["told"]) == ["b", "a"]
    connection.execute(text("UPDATE books SET status = 'archived'"))
    assert sightings.see(connection, {"a": "as it was"}) == ["a"]


def test_what_the_list_did_not_show_and_nobody_stored_meanwhile_is_unseen(connection: Connection) -> None:
    library.save_items(connection, [item(key, f"Book {key}", "Ann Able") for key in "abc"], NOW)
    library.save_items(connection, [item("d", "Book d", "Ann Able")], NOW + timedelta(minutes=1))
    sightings.begin(connection)
    sightings.see(connection, {"a": "x"}, ["b"])
    assert sightings.unseen(connection, NOW + timedelta(seconds=1)) == ["c"]
    assert sightings.unseen(connection, NOW) == []


def many(count: int, kind: str = "i") -> list[LibraryItem]:
    return [
        item(f"{kind}{n}", f"Title {n}", f"Author {n // 10}", series=(SeriesRef(f"Series {n // 10}", str(n % 10 + 1)),))
        for n in range(count)
    ]


def test_ten_times_the_items_take_no_more_statements(connection: Connection) -> None:
    counted: list[int] = []

    def count(*_: Any) -> None:
        counted[-1] += 1

    event.listen(connection, "before_cursor_execute", count)
    for size, kind in ((20, "few"), (200, "more"), (20, "few"), (200, "more")):
        counted.append(0)
        library.save_items(connection, many(size, kind), NOW)
    event.remove(connection, "before_cursor_execute", count)
    few, more, few_again, more_again = counted
    assert more <= few + 2
    assert more_again <= few_again + 2
    assert max(counted) < 20


def test_a_copy_read_before_our_write_and_stored_after_it_changes_nothing(connection: Connection) -> None:
    before = item("a", "Emma", "Jane Austen")
    after = replace(before, publisher="Penguin", updated_at=before.updated_at + timedelta(milliseconds=1))
    library.save_items(connection, [before], NOW)
    connection.execute(
        text(
            """UPDATE books SET publisher = 'Penguin',
            metadata_source = metadata_source || '{"publisher": "GoogleBooks"}',
            abs_written = '{"publisher": "Penguin"}', abs_values = abs_values || '{"publisher": "Penguin"}'"""
        )
    )
    book_id = connection.execute(text("SELECT id FROM books")).scalar_one()
    note_written(connection, book_id, after, NOW + timedelta(minutes=2))
    look = text("SELECT publisher, locked_fields, abs_values ->> 'publisher' AS shown FROM books")
    assert library.save_items(connection, [before], NOW + timedelta(minutes=1)) == library.Saved(0, 0)
    assert tuple(connection.execute(look).one()) == ("Penguin", [], "Penguin")
    # A later read shows it as old as before: Audiobookshelf was restored from a backup.
    assert library.save_items(connection, [before], NOW + timedelta(hours=1)) == library.Saved(new=0, changed=1)
    assert tuple(connection.execute(look).one()) == ("Penguin", [], None)
    # Our write arrives again, and is known as ours.
    library.save_items(connection, [after], NOW + timedelta(hours=2))
    assert tuple(connection.execute(look).one()) == ("Penguin", [], "Penguin")


def test_the_links_to_series_say_what_the_book_says(connection: Connection) -> None:
    oz = item("a", "Ozma of Oz", "L. Frank Baum", series=(SeriesRef("Oz", "3"),))
    library.save_items(connection, [oz], NOW)
    connection.execute(text("UPDATE books SET series_number = '4', locked_fields = '{series_number}'"))
    library.save_items(connection, [replace(oz, series=(*oz.series, SeriesRef("Fairy Books", "7")))], NOW)
    rows = connection.execute(
        text("SELECT s.name, position FROM book_series JOIN series s ON s.id = series_id ORDER BY ordinal")
    )
    assert [tuple(row) for row in rows] == [("Oz", "4"), ("Fairy Books", "7")]
    assert connection.execute(text("SELECT series_number, locked_fields FROM books")).one() == ("4", ["series_number"])
