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
