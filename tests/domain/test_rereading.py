"""What a read of an item makes of our row."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.books import LibraryItem, SeriesRef
from mam_assets.domain.rereading import FIELDS, Reading, StoredBook, is_overtaken, read_again, read_first, same_value
from mam_assets.domain.shown import Shown

NOW = datetime(2026, 3, 11, tzinfo=UTC)
LATER = datetime(2026, 3, 12, tzinfo=UTC)


def item(**changes: Any) -> LibraryItem:
    plain = LibraryItem(
        abs_id="a", library_id="l", path="/a", rel_path="a", title="Emma", subtitle=None, authors=("Jane Austen",),
        narrators=("Ruth Okafor",), series=(SeriesRef("Novels", "4"),), published_year=1815, publisher=None,
        description=None, isbn=None, asin=None, language="English", duration_seconds=3600.0, size_bytes=1,
        num_audio_files=1, abridged=False, explicit=False, is_missing=False, is_invalid=False, added_at=NOW,
        updated_at=NOW,
    )  # fmt: skip
    return replace(plain, **changes)


def kept(reading: Reading, **changes: Any) -> StoredBook:
    """The row that a reading made, with changes of ours: ``values`` and ``sources`` are merged into it."""
    values = reading.values | changes.pop("values", {})
    sources = reading.sources | changes.pop("sources", {})
    known = StoredBook(
        1, values, sources, reading.times, reading.shown, reading.written, reading.locked, reading.authors,
        reading.narrators,
    )  # fmt: skip
    return replace(known, **changes)


def again(known: StoredBook, after: LibraryItem) -> Reading:
    return read_again(known, after, after.authors, LATER)


def first(before: LibraryItem | None = None) -> Reading:
    before = before or item()
    return read_first(before, before.authors, NOW)


def test_the_first_read_locks_nothing_and_times_every_field_that_it_sets() -> None:
    reading = first()
    assert (reading.locked, reading.edits) == ([], [])
    assert set(reading.sources.values()) == {"Audiobookshelf"}
    assert reading.times == dict.fromkeys(reading.sources, NOW.isoformat())
    assert "publisher" not in reading.times


def test_the_same_read_again_changes_nothing() -> None:
    before = first()
    after = again(kept(before), item())
    assert (after.values, after.sources, after.times) == (before.values, before.sources, before.times)
    assert (after.edits, after.locked, after.authors_changed, after.series_changed) == ([], [], False, False)


@pytest.mark.parametrize(
    ("change", "field", "old", "new"),
    [
        ({"title": "Emma, Revised"}, "title", "Emma", "Emma, Revised"),
        ({"title": None}, "title", "Emma", None),
        ({"subtitle": "A Novel"}, "subtitle", None, "A Novel"),
        ({"authors": ("Jane Austen", "Another")}, "author", "Jane Austen", "Jane Austen, Another"),
        ({"narrators": ()}, "narrator", "Ruth Okafor", None),
        ({"published_year": 1816}, "published_year", "1815", "1816"),
        ({"language": None}, "language", "English", None),
        ({"description": "A text."}, "description", None, "A text."),
        ({"isbn": "9780141439587"}, "isbn", None, "9780141439587"),
        ({"asin": "B000000001"}, "asin", None, "B000000001"),
        ({"publisher": "Penguin"}, "publisher", None, "Penguin"),
        ({"series": (SeriesRef("Novels", "5"),)}, "series_number", "4", "5"),
        ({"series": (SeriesRef("Romances", "4"),)}, "series", "Novels", "Romances"),
    ],
)
def test_what_changed_there_and_was_not_written_by_us_is_a_persons(
    change: dict[str, Any], field: str, old: str | None, new: str | None
) -> None:
    after = again(kept(first()), item(**change))
    assert [(edit.field, edit.old, edit.new) for edit in after.edits] == [(field, old, new)]
    assert after.locked == [field]
    assert (after.sources[field], after.times[field]) == ("Manual", LATER.isoformat())
    assert (None if after.values[field] is None else str(after.values[field])) == new
    assert {name for name in FIELDS if after.times.get(name) == LATER.isoformat()} == {field}


def test_a_book_taken_out_of_its_series_is_in_none() -> None:
    after = again(kept(first()), item(series=()))
    assert (after.values["series"], after.values["series_number"], after.series_changed) == (None, None, True)
    assert after.locked == ["series", "series_number"]


def test_a_locked_field_follows_the_next_edit_of_the_person() -> None:
    once = again(kept(first()), item(title="Emma I"))
    twice = again(kept(once), item(title="Emma II"))
    assert (twice.values["title"], twice.locked) == ("Emma II", ["title"])


def test_a_field_that_we_filled_stays_while_it_is_empty_there_as_before() -> None:
    known = kept(first(), values={"publisher": "Penguin"}, sources={"publisher": "GoogleBooks"})
    after = again(known, item(narrators=("Another",)))
    assert (after.values["publisher"], after.sources["publisher"]) == ("Penguin", "GoogleBooks")
    assert after.locked == ["narrator"]


@pytest.mark.parametrize(
    ("wrote", "shows"),
    [
        ({"publisher": "Penguin"}, {"publisher": "Penguin"}),
        ({"description": "Tom & Jerry"}, {"description": "<p>Tom &amp; Jerry</p>"}),
        ({"author": ["JANE AUSTEN", "Ann Able"]}, {"authors": ("Ann Able", "Jane Austen")}),
        ({"series_number": ["5"], "series": ["Novels"]}, {"series": (SeriesRef("Novels", "5"),)}),
        ({"published_year": "1816"}, {"published_year": 1816}),
    ],
)
def test_our_own_write_is_no_edit(wrote: dict[str, Shown], shows: dict[str, Any]) -> None:
    after = again(kept(first(), written=wrote), item(**shows))
    assert (after.edits, after.locked) == ([], [])


def test_back_to_what_we_once_wrote_is_an_edit_as_well() -> None:
    known = kept(first(), written={"publisher": "Penguin"}, values={"publisher": "Penguin"})
    theirs = again(known, item(publisher="Vintage"))
    assert theirs.edits
    back = again(kept(theirs), item(publisher="Penguin"))
    assert [(edit.old, edit.new) for edit in back.edits] == [("Vintage", "Penguin")]


def test_a_kill_before_our_write_went_out_leaves_no_edit() -> None:
    known = kept(first(), written={"publisher": "Penguin"}, values={"publisher": "Penguin"})
    assert again(known, item()).edits == []


def test_a_length_is_measured_and_no_edit() -> None:
    after = again(kept(first()), item(duration_seconds=7200.0))
    assert (after.values["duration_minutes"], after.edits, after.locked) == (120.0, [], [])


def test_what_is_set_by_hand_with_us_stays_while_nothing_changes_there() -> None:
    known = kept(first(), values={"title": "Our Emma"}, sources={"title": "Manual"}, locked=["title"])
    assert again(known, item(language="en")).values["title"] == "Our Emma"


def test_one_that_came_back_keeps_locks_and_what_better_sources_said() -> None:
    known = kept(
        first(),
        values={"publisher": "Penguin", "title": "Our Emma"},
        sources={"publisher": "GoogleBooks", "title": "Manual"},
        locked=["title"],
        readded=True,
    )
    after = again(known, item(title="emma", publisher="tags", language="en", narrators=()))
    assert after.edits == []
    assert (after.values["title"], after.values["publisher"]) == ("Our Emma", "Penguin")
    assert (after.values["language"], after.values["narrator"]) == ("en", "Ruth Okafor")
    assert after.sources["publisher"] == "GoogleBooks"


def test_a_row_from_before_this_was_kept_is_read_for_the_first_time() -> None:
    known = kept(first(), shown={}, listed=False)
    after = again(known, item(title="Emma Again"))
    assert (after.edits, after.values["title"], after.sources["title"]) == ([], "Emma Again", "Audiobookshelf")


@pytest.mark.parametrize(
    ("field", "one", "other", "same"),
    [
        ("title", "Emma", " Emma", True),
        ("title", "A  Tale of Two", "A Tale of\u00a0Two", True),
        ("title", "Emma", "emma", False),
        ("title", "Caf\u00e9", "Cafe\u0301", True),
        ("title", None, "", True),
        ("title", "Emma", None, False),
        ("publisher", "Tor", "Tor Books", False),
        ("description", "Plain words.", "<p>Plain words.</p>", True),
        ("description", "One\n\nTwo", "<p>One</p><p>Two</p>", True),
        ("description", "Tom & Jerry", "Tom &amp; Jerry", True),
        ("description", "<b>Bold</b> words", "Bold words", True),
        ("description", "Text<script>alert(1)</script>", "Text", True),
        ("description", "2 < 3", "2 &lt; 3", True),
        ("description", "Plain words.", "Other words.", False),
        ("description", "<p></p>", None, True),
        ("isbn", "978-0-14-143958-7", "9780141439587", True),
        ("isbn", "9780141439587", "9780141439588", False),
        ("asin", "b000000001", "B000000001", True),
        ("author", ["Jane Austen"], ["JANE AUSTEN"], True),
        ("author", ["A", "B"], ["B", "A"], True),
        ("author", ["A & B"], ["A", "B"], False),
        ("narrator", ["Ann"], ["ann"], False),
        ("narrator", [], None, True),
        ("series", ["Oz"], ["Oz", "Fairyland"], False),
        ("series_number", ["1"], ["1.5"], False),
        ("series_number", [None], None, True),
        ("published_year", "1815", "1816", False),
    ],
)
def test_another_form_is_the_same_value(field: str, one: Shown | None, other: Shown | None, same: bool) -> None:
    assert same_value(field, one, other) is same
    assert same_value(field, other, one) is same


def test_series_in_another_order_are_the_same_with_their_numbers() -> None:
    before = item(series=(SeriesRef("Oz", "5"), SeriesRef("Fairyland")))
    after = again(kept(first(before)), item(series=(SeriesRef("Fairyland"), SeriesRef("Oz", "5"))))
    assert after.edits == []
    assert not after.series_changed


TEXTS = st.none() | st.text(min_size=1, max_size=12)


@given(title=TEXTS, publisher=TEXTS, description=TEXTS, narrators=st.lists(st.text(min_size=1, max_size=8), max_size=3))
def test_reading_twice_is_reading_once(
    title: str | None, publisher: str | None, description: str | None, narrators: list[str]
) -> None:
    edited = item(title=title, publisher=publisher, description=description, narrators=tuple(narrators))
    once = again(kept(first()), edited)
    twice = again(kept(once), edited)
    assert twice.edits == []
    assert (twice.values, twice.locked, twice.shown) == (once.values, once.locked, once.shown)


def in_oz(**changes: Any) -> StoredBook:
    """The fourth of Oz, by a person's word; Audiobookshelf shows it as the third."""
    known = kept(first(item(series=(SeriesRef("Oz", "3"),))), values={"series_number": "4"}, locked=["series_number"])
    return replace(known, **changes)


@pytest.mark.parametrize(
    "series",
    [
        (SeriesRef("Oz", "3"), SeriesRef("Fairy Books")),
        (SeriesRef("Fairy Books", "9"), SeriesRef("Oz", "3")),
    ],
)
def test_another_series_added_there_leaves_the_number_of_the_first_as_it_is(series: tuple[SeriesRef, ...]) -> None:
    after = again(in_oz(), item(series=series))
    assert (after.values["series"], after.values["series_number"]) == ("Oz", "4")
    assert (after.locked, after.edits, after.series_changed) == (["series_number"], [], True)
    assert after.series == (SeriesRef("Oz", "4"), *(ref for ref in series if ref.name != "Oz"))


def test_another_series_added_there_locks_nothing() -> None:
    after = again(kept(first()), item(series=(SeriesRef("Novels", "4"), SeriesRef("Classics", "12"))))
    assert (after.locked, after.edits, after.series_changed) == ([], [], True)


def test_another_author_there_leaves_the_number_that_we_have() -> None:
    after = again(in_oz(), item(series=(SeriesRef("Oz", "3"),), authors=("Lyman Baum",)))
    assert (after.series_changed, after.series) == (True, (SeriesRef("Oz", "4"),))


def test_the_number_of_another_series_is_not_ours() -> None:
    after = again(in_oz(), item(series=(SeriesRef("Barsoom", "3"),)))
    assert (after.values["series"], after.values["series_number"]) == ("Barsoom", "3")


# --- a series that a person emptied here ----------------------------------------------------------------------------

OZ, FAIRYLAND = SeriesRef("Oz", "3"), SeriesRef("Fairyland", "7")


def taken_out(before: LibraryItem, **changes: Any) -> StoredBook:
    """The row of an item whose series a person has emptied here."""
    emptied = {"series": None, "series_number": "3"}
    return kept(first(before), values=emptied, sources={"series": "Manual"}, locked=["series"], **changes)


@pytest.mark.parametrize("there", [(OZ, FAIRYLAND), (FAIRYLAND, OZ)])
def test_a_series_that_was_emptied_here_stays_so_whatever_else_the_item_is_in(there: tuple[SeriesRef, ...]) -> None:
    known = taken_out(item(series=there))
    for shown in (there, tuple(ref for ref in there if ref is not OZ), tuple(reversed(there)), (FAIRYLAND,), ()):
        after = again(known, item(series=shown))
        assert (after.values["series"], after.values["series_number"]) == (None, "3")
        assert (after.edits, after.locked, after.series_changed) == ([], ["series"], not shown)


def test_the_rest_of_the_list_that_we_wrote_does_not_fill_what_was_emptied() -> None:
    """A kill after the sending: what is shown is what we wrote, and not what was seen last."""
    known = taken_out(item(series=(OZ, FAIRYLAND)), written={"series": ["Fairyland"], "series_number": ["7"]})
    after = again(known, item(series=(FAIRYLAND,)))
    assert (after.values["series"], after.sources["series"], after.edits) == (None, "Manual", [])


@pytest.mark.parametrize("added", [OZ, SeriesRef("Barsoom", "2")])
def test_a_series_that_a_person_adds_there_later_is_the_books(added: SeriesRef) -> None:
    after = again(taken_out(item(series=(FAIRYLAND,))), item(series=(FAIRYLAND, added)))
    assert (after.values["series"], after.values["series_number"]) == (added.name, added.position)
    assert (after.sources["series"], after.series) == ("Manual", (added, FAIRYLAND))


def test_an_older_item_is_nobodys_edit() -> None:
    known = kept(
        first(), updated_at=LATER, seen_at=NOW, shown={"title": "Emma", "publisher": "Penguin"},
        values={"publisher": "Penguin"}, sources={"publisher": "GoogleBooks"}, written={"publisher": "Penguin"},
    )  # fmt: skip
    after = again(known, item())
    assert (after.values["publisher"], after.locked, after.edits) == ("Penguin", [], [])
    assert (after.written, "publisher" in after.shown) == ({"publisher": "Penguin"}, False)


@pytest.mark.parametrize(
    ("updated_at", "seen_at", "overtaken"),
    [(LATER, LATER, True), (LATER, NOW, False), (NOW, LATER, False), (None, LATER, False), (LATER, None, False)],
)
def test_an_item_is_overtaken_by_a_newer_one_stored_since_the_read_began(
    updated_at: datetime | None, seen_at: datetime | None, overtaken: bool
) -> None:
    known = kept(first(), updated_at=updated_at, seen_at=seen_at)
    assert is_overtaken(known, item(), LATER) is overtaken
