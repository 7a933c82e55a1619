"""`books` over libraries that no twin would make: several of them, rows of wrong types, pages that move while they are
read. The client and its parsing are the real ones; the answers are made by hand."""

from __future__ import annotations

import json
from typing import Any

import dagster as dg
import httpx
import pytest
from sqlalchemy import Engine, text

from mam_assets.assets import library_read
from mam_assets.assets.library import books
from mam_assets.checks.library import duplicates_are_reported, every_item_names_itself
from mam_assets.resources.audiobookshelf import Audiobookshelf
from mam_assets.resources.errors import BadAnswer
from mam_assets.settings import load_settings
from tests.assets.house import SetClock, dagster_instance

MOMENT = 1_760_000_000_000


def row(key: str, **changes: Any) -> dict[str, Any]:
    """An expanded item; `changes` are its metadata, or `item_…` and `media_…` for what stands around it."""
    metadata: dict[str, Any] = {
        "title": f"Book {key}", "authors": [{"name": "Ann Author"}], "narrators": ["Nora Reader"], "series": [],
        "genres": [], "publishedYear": "1901", "language": "English",
    }  # fmt: skip
    item: dict[str, Any] = {
        "id": key, "libraryId": "main", "path": f"/audiobooks/{key}", "relPath": key, "addedAt": MOMENT,
        "updatedAt": MOMENT, "isMissing": False, "mediaType": "book", "size": 1000,
    }  # fmt: skip
    media: dict[str, Any] = {"numAudioFiles": 1, "duration": 3600.0 + sum(map(ord, key)) * 60, "size": 1000}
    for name, value in changes.items():
        kind, _, rest = name.partition("_")
        {"item": item, "media": media}.get(kind, metadata)[rest if kind in ("item", "media") else name] = value
    authors = metadata["authors"] if isinstance(metadata["authors"], list) else []
    metadata["authorName"] = ", ".join(str(one.get("name")) for one in authors if isinstance(one, dict))
    return {**item, "media": {**media, "metadata": metadata}}


class Shelves:
    """Libraries by id, each a list of rows, newest first. `vanished` are listed and cannot be expanded; `pages` has
    pages of the caller's own making, and the page `fails_at` is empty."""

    def __init__(self, engine: Engine, **libraries: list[dict[str, Any]]) -> None:
        self.engine = engine
        self.libraries = libraries
        self.podcasts: list[str] = []
        self.vanished: set[str] = set()
        self.pages: dict[int, list[dict[str, Any]]] = {}
        self.fails_at: int | None = None
        self.asked: list[str] = []
        self.clock = SetClock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        if path == "/api/libraries":
            kinds = {key: "podcast" if key in self.podcasts else "book" for key in self.libraries}
            return httpx.Response(
                200, json={"libraries": [{"id": k, "name": k, "mediaType": v} for k, v in kinds.items()]}
            )
        if path == "/api/items/batch/get":
            wanted = set(json.loads(request.content)["libraryItemIds"]) - self.vanished
            found = [one for rows in self.libraries.values() for one in rows if str(one.get("id")) in wanted]
            return httpx.Response(200, json={"libraryItems": found})
        rows = self.libraries[path.split("/")[3]]
        page, limit = int(request.url.params["page"]), int(request.url.params["limit"])
        if page == self.fails_at:
            return httpx.Response(200, content=b"")
        shown = self.pages.get(page, rows[page * limit : (page + 1) * limit])
        return httpx.Response(200, json={"results": shown, "total": len(rows)})

    def read(self, *checks: Any, **config: Any) -> dict[str, Any]:
        """Run `books`; its counts, and the checks that passed under their names."""
        self.clock.sleep(1)
        with httpx.Client(transport=httpx.MockTransport(self), base_url="http://127.0.0.1") as client:
            result = dg.materialize(
                [books, *checks],
                resources={
                    "database": self.engine,
                    "audiobookshelf": Audiobookshelf(client),
                    "clock": self.clock,
                    "settings": load_settings(_env_file=None),
                },
                run_config={
                    "ops": {"books": {"config": config}},
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                },
                instance=dagster_instance(),
            )
        (event,) = result.asset_materializations_for_node("books")
        passed = {check.check_name: check for check in result.get_asset_check_evaluations()}
        return {name: value.value for name, value in event.metadata.items()} | passed

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.engine.begin() as connection:
            return [tuple(found) for found in connection.execute(text(statement))]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_read, "PAGE", 3)


def test_several_libraries_are_read_and_podcasts_and_books_without_audio_left_out(clean_engine: Engine) -> None:
    shelves = Shelves(
        clean_engine,
        main=[row("a"), row("only-text", media_numAudioFiles=0)],
        second=[row("b", item_libraryId="second")],
        talk=[row("c", item_mediaType="podcast")],
    )
    shelves.podcasts = ["talk"]
    assert shelves.read()["items_new"] == 2
    assert shelves.rows("SELECT abs_id, library_id FROM books ORDER BY 1") == [("a", "main"), ("b", "second")]


def test_new_items_behind_a_page_of_text_only_are_reached(clean_engine: Engine, small_pages: None) -> None:
    shelves = Shelves(clean_engine, main=[row(f"old{n}", item_addedAt=MOMENT - n) for n in range(12)])
    shelves.read()
    fresh = [row(f"text{n}", media_numAudioFiles=0, item_addedAt=MOMENT + 100 - n) for n in range(7)]
    shelves.libraries["main"] = [*fresh, row("late", item_addedAt=MOMENT + 50), *shelves.libraries["main"]]
    run = shelves.read()
    assert (run["full_comparison"], run["items_new"]) == (0, 1)
    shelves.asked.clear()
    shelves.read()
    assert len(shelves.asked) < 6  # and then it stops where it was before


def test_only_a_full_comparison_asks_for_pages_ahead(clean_engine: Engine, small_pages: None) -> None:
    shelves = Shelves(clean_engine, main=[row(f"old{n}", item_addedAt=MOMENT - n) for n in range(12)])
    shelves.read()
    for scope, pages in (("new", 1), ("full", 4)):
        shelves.asked.clear()
        shelves.read(scope=scope)
        assert shelves.asked == ["/api/libraries", *["/api/libraries/main/items"] * pages]


def test_a_page_that_fails_ends_the_read_and_archives_nothing(clean_engine: Engine, small_pages: None) -> None:
    shelves = Shelves(clean_engine, main=[row(f"book{n:02}", item_addedAt=MOMENT - n) for n in range(12)])
    shelves.read()
    shelves.libraries["main"][0] = row("book00", title="Renamed")
    shelves.fails_at = 2
    with pytest.raises(BadAnswer):
        shelves.read(scope="full")
    assert shelves.rows("SELECT count(*) FROM books WHERE status = 'active'") == [(12,)]
    assert shelves.rows("SELECT title FROM books WHERE abs_id = 'book00'") == [("Renamed",)]
    shelves.fails_at = None
    assert shelves.read()["full_comparison"] == 1


@pytest.mark.parametrize(
    "change",
    [{"authors": [{"name": "Ann A. Author"}]}, {"narrators": ["New"], "narratorName": "New"}, {"item_path": "/x/a"}],
    ids=["an author renamed", "a narrator", "moved"],
)
def test_a_change_without_a_time_of_change_is_seen(clean_engine: Engine, change: dict[str, Any]) -> None:
    shelves = Shelves(clean_engine, main=[row("a"), row("b")])
    shelves.read()
    shelves.libraries["main"][0] = row("a", **change)
    assert shelves.read(scope="full")["items_changed"] == 1
    assert shelves.read(scope="full")["items_changed"] == 0


def test_a_moved_item_is_the_same_book(clean_engine: Engine) -> None:
    shelves = Shelves(clean_engine, main=[row("a"), row("b")])
    shelves.read()
    before = shelves.rows("SELECT id FROM books WHERE abs_id = 'a'")
    moved, arrived = row("a", item_path="/audiobooks/other", item_relPath="other"), row("c", item_path="/audiobooks/a")
    shelves.libraries["main"] = [{**arrived, "relPath": "a"}, row("b"), moved]
    run = shelves.read(scope="full")
    assert (run["items_new"], run["items_changed"], run["items_archived"], run["items_returned"]) == (1, 1, 0, 0)
    assert shelves.rows("SELECT id FROM books WHERE abs_id = 'a' AND rel_path = 'other'") == before


@pytest.mark.parametrize("archived_before", [True, False])
@pytest.mark.parametrize("place", ["a", "elsewhere"])
def test_one_that_is_added_again_keeps_its_row_its_locks_and_its_sources(
    clean_engine: Engine, archived_before: bool, place: str
) -> None:
    others = [row(f"other{n}") for n in range(9)]
    shelves = Shelves(clean_engine, main=[row("a"), *others])
    shelves.read()
    with clean_engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE books SET title = 'Ours', locked_fields = '{title}', publisher = 'Tor', metadata_source = "
                """metadata_source || '{"title": "Manual", "publisher": "GoogleBooks"}' WHERE abs_id = 'a'"""
            )
        )
        connection.execute(
            text("UPDATE books SET title_key = 'book a' WHERE abs_id = 'a'")
        )  # another title of the same work would be found by its folder alone
    before = shelves.rows("SELECT id FROM books WHERE abs_id = 'a'")
    shelves.libraries["main"] = others
    if archived_before:
        assert shelves.read(scope="full")["items_archived"] == 1
    again = row("new-id", title="Book a", media_duration=row("a")["media"]["duration"] + 5, item_addedAt=MOMENT + 1)
    shelves.libraries["main"] = [{**again, "path": f"/audiobooks/{place}", "relPath": place}, *others]
    run = shelves.read(scope="auto" if archived_before or place == "a" else "full")
    if place == "elsewhere" and not archived_before:
        # The old one is not known to be gone until the whole list was read: a new book, and the old one archived.
        assert (run["items_new"], run["items_archived"]) == (1, 1)
        return
    assert (run["items_new"], run["items_returned"]) == (0, 1)
    found = shelves.rows(
        "SELECT id, title, publisher, locked_fields, metadata_source ->> 'publisher', status FROM books "
        "WHERE abs_id = 'new-id'"
    )
    assert found == [(before[0][0], "Ours", "Tor", ["title"], "GoogleBooks", "active")]
    assert shelves.rows("SELECT count(*) FROM metadata_corrections") == [(0,)]


def test_an_item_that_cannot_be_read_is_not_gone_because_another_stands_in_its_place(clean_engine: Engine) -> None:
    shelves = Shelves(clean_engine, main=[row("a")])
    shelves.read()
    other = row("b", item_path="/audiobooks/a", item_relPath="a", item_addedAt=MOMENT + 1)
    shelves.libraries["main"] = [other, row("a", item_addedAt="yesterday")]
    run = shelves.read()
    assert (run["items_new"], run["items_returned"]) == (1, 0)
    assert shelves.rows("SELECT abs_id, status FROM books WHERE abs_id = 'a'") == [("a", "active")]


def test_an_item_on_two_pages_is_one_book(clean_engine: Engine, small_pages: None) -> None:
    rows = [row(f"b{n}") for n in range(6)]
    shelves = Shelves(clean_engine, main=rows)
    shelves.pages = {1: rows[2:5]}  # one was added while the first page was read, and all moved on
    run = shelves.read(scope="full")
    assert shelves.rows("SELECT count(*), count(DISTINCT abs_id) FROM books") == [(5, 5)]
    assert run["problems"] == 0
    shelves.pages = {}
    assert shelves.read(scope="full")["items_new"] == 1


def test_one_that_moved_past_us_while_the_list_was_read_is_not_gone(clean_engine: Engine, small_pages: None) -> None:
    rows = [row(f"b{n}") for n in range(6)]
    shelves = Shelves(clean_engine, main=rows)
    shelves.read()
    shelves.pages = {1: rows[4:]}
    assert shelves.read(scope="full")["items_archived"] == 0
    shelves.libraries["main"] = rows[:5]
    shelves.pages = {}
    assert shelves.read(scope="full")["items_archived"] == 1


def test_an_item_that_vanishes_between_list_and_reading_is_told_and_stops_nobody(clean_engine: Engine) -> None:
    shelves = Shelves(clean_engine, main=[row("a"), row("b")])
    shelves.vanished = {"a"}
    run = shelves.read()
    assert (run["items_new"], run["problems"]) == (1, 1)
    assert "item a was listed and could not be read" in run["problem_list"]


def test_rows_that_cannot_be_kept_are_told_and_the_others_are_stored(clean_engine: Engine) -> None:
    broken: dict[str, dict[str, Any]] = {
        "time": {"item_addedAt": "yesterday"},
        "path": {"item_path": ["/audiobooks/x"]},
        "library": {"item_libraryId": None},
        "long": {"item_relPath": "x" * 3000},
        "id": {"item_id": {"not": "text"}},
    }
    rows = [row(key, **change) for key, change in broken.items()]
    shelves = Shelves(clean_engine, main=[row("a"), *rows, row("b")])
    run = shelves.read(scope="full")
    assert (run["items_new"], run["problems"]) == (2, len(broken))
    assert all(f"item {key}: " in run["problem_list"] for key in broken if key != "id")
    run = shelves.read(scope="full")
    assert (run["items_new"], run["items_archived"]) == (0, 0)


ODD: list[tuple[dict[str, Any], str, Any]] = [
    ({"title": None}, "title", None),
    ({"title": 1984}, "title", "1984"),
    ({"title": ["no", "text"]}, "title", None),
    ({"authors": [{"name": f"Writer Number {n}"} for n in range(300)]}, "cardinality(authors)", 300),
    ({"authors": [{"name": "Unknown"}]}, "author", "Unknown"),
    ({"authors": [{"name": "Various"}]}, "author", "Various"),
    ({"authors": [{"name": ""}, {"name": "  "}, {}, None, 7]}, "author", None),
    ({"authors": "Ann Author"}, "author", None),
    ({"authors": [{"name": "".join(chr(0x4E00 + n) for n in range(3000))}]}, "length(author)", 300),
    ({"title": "".join(chr(0x4E00 + n) for n in range(5000))}, "length(title)", 5000),
    ({"series": [{"name": "S" * 900, "sequence": "1"}]}, "length(series)", 300),
    ({"series": {"name": "One", "sequence": "1"}}, "series", "One"),
    ({"series": [{"name": "One", "sequence": 3}]}, "series_number", "3"),
    ({"isbn": "9" * 5000}, "isbn", None),
    ({"publishedYear": "0044 BC"}, "published_year", None),
    ({"publishedYear": 1605}, "published_year", 1605),
    ({"publishedYear": "-1"}, "published_year", None),
    ({"media_duration": -5}, "duration_minutes", None),
    ({"media_duration": 1e300}, "duration_minutes", None),
    ({"media_duration": "NaN"}, "duration_minutes", None),
    ({"media_duration": "7200"}, "duration_minutes", 120.0),
    ({"media_size": 10**30}, "size_bytes", None),
    ({"media_numAudioFiles": 10**12}, "num_audio_files", 2**31 - 1),
    ({"item_addedAt": -86_400_000}, "abs_added_at::date::text", "1970-01-01"),
    ({"item_updatedAt": "never"}, "abs_updated_at IS NOT NULL", True),
    ({"genres": "Fantasy"}, "genres", []),
    ({"narrators": [None, "A", "A", 3]}, "narrators", ["A", "3"]),
    (
        {"description": '<script>alert("x")</script><img src=x onerror=alert(1)>\n& more'},
        "description",
        '<script>alert("x")</script><img src=x onerror=alert(1)>\n& more',
    ),
    ({"publisher": "'; DROP TABLE books; --\t\\N\\."}, "publisher", "'; DROP TABLE books; --\t\\N\\."),
]


def test_what_is_odd_is_kept_as_it_can_be_and_holds_up_nobody(clean_engine: Engine) -> None:
    rows = [row(f"odd{n}", **change) for n, (change, _, _) in enumerate(ODD)]
    shelves = Shelves(clean_engine, main=[row("plain"), *rows])
    run = shelves.read()
    assert (run["items_new"], run["problems"]) == (len(ODD) + 1, 0)
    found = [
        shelves.rows(f"SELECT {column} FROM books WHERE abs_id = 'odd{n}'")[0][0]
        for n, (_, column, _) in enumerate(ODD)
    ]
    assert found == [kept for _, _, kept in ODD]
    again = shelves.read(scope="full")
    assert (again["items_changed"], again["edits_by_persons"]) == (0, 0)


def test_nobody_is_no_author(clean_engine: Engine) -> None:
    nobody = [{"name": name} for name in ("Unknown", "VARIOUS", "", "Various Authors", "?!")]
    shelves = Shelves(clean_engine, main=[row("a", authors=nobody), row("b", authors=[*nobody, {"name": "Ann Able"}])])
    run = shelves.read(every_item_names_itself)
    assert shelves.rows("SELECT name FROM authors") == [("Ann Able",)]
    assert not run["every_item_names_itself"].passed
    assert shelves.rows("SELECT abs_id FROM books WHERE author_key = ''") == [("a",)]


def test_duplicates_are_listed_side_by_side_and_not_touched(clean_engine: Engine) -> None:
    same = {"title": "Emma", "media_duration": 36_000.0}
    shelves = Shelves(
        clean_engine,
        main=[
            row("first", **same, item_addedAt=MOMENT - 9),
            row("again", **same, media_size=2_500_000),
            row("other-reader", **same, narrators=["Another"]),
            row("abridged", **same, abridged=True),
            row("shorter", **same | {"media_duration": 30_000.0}),
        ],
    )
    run = shelves.read(duplicates_are_reported)
    check = run["duplicates_are_reported"]
    assert (check.passed, check.severity.value, run["duplicates"]) == (False, "WARN", 1)
    (found,) = [record.data for record in check.metadata["duplicates"].value.records]
    assert (found["kept"], found["duplicate"], found["duplicate_mb"]) == ("/audiobooks/first", "/audiobooks/again", 2.5)
    assert shelves.rows("SELECT abs_id FROM books WHERE status = 'duplicate'") == [("again",)]
    shelves.libraries["main"][1] = row("again", **same | {"narrators": ["Another Reader"]})
    assert shelves.read(duplicates_are_reported, scope="full")["duplicates_are_reported"].passed


def test_edits_of_a_person_are_locked_written_down_and_flow_on(clean_engine: Engine) -> None:
    series = [{"name": "Oz", "sequence": "1"}]
    shelves = Shelves(clean_engine, main=[row("a", series=series, seriesName="Oz #1"), row("b")])
    shelves.read()
    edited = row(
        "a", title="New Title", authors=[{"name": "Bob Baker"}], publisher="Tor",
        series=[{"name": "Land of Oz", "sequence": "2"}], seriesName="Land of Oz #2", language=None,
    )  # fmt: skip
    shelves.libraries["main"][0] = edited
    run = shelves.read(scope="full")
    assert (run["items_changed"], run["edits_by_persons"]) == (1, 6)
    assert shelves.rows("SELECT title, title_key, author, author_key, locked_fields FROM books WHERE abs_id = 'a'") == [
        ("New Title", "new title", "Bob Baker", "bob baker",
         ["author", "language", "publisher", "series", "series_number", "title"])
    ]  # fmt: skip
    found = shelves.rows(
        "SELECT field_name, old_value, new_value, source, reason, corrected_by FROM metadata_corrections ORDER BY 1"
    )
    told = ("Manual", "changed in Audiobookshelf", "person in Audiobookshelf")
    assert found == [
        ("author", "Ann Author", "Bob Baker", *told),
        ("language", "English", None, *told),
        ("publisher", None, "Tor", *told),
        ("series", "Oz", "Land of Oz", *told),
        ("series_number", "1", "2", *told),
        ("title", "Book a", "New Title", *told),
    ]
    ties = "SELECT {} FROM books b JOIN {} ON book_id = b.id JOIN {} t ON t.id = {} WHERE abs_id = 'a'"
    assert shelves.rows(ties.format("t.name", "book_authors", "authors", "author_id")) == [("Bob Baker",)]
    assert shelves.rows(ties.format("t.name, position", "book_series", "series", "series_id")) == [("Land of Oz", "2")]
    assert shelves.read(scope="full")["edits_by_persons"] == 0


def test_our_own_write_is_no_edit_even_where_a_kill_came_between(clean_engine: Engine) -> None:
    shelves = Shelves(clean_engine, main=[row("a")])
    shelves.read()
    with clean_engine.begin() as connection:
        connection.execute(
            text(
                """UPDATE books SET publisher = 'Tor', abs_written = '{"publisher": "Tor"}',
                metadata_source = metadata_source || '{"publisher": "GoogleBooks"}'"""
            )
        )
    assert shelves.read(scope="full")["edits_by_persons"] == 0  # killed before it was sent
    shelves.libraries["main"] = [row("a", publisher="Tor")]
    assert shelves.read(scope="full")["edits_by_persons"] == 0  # sent, and killed before that was noted
    assert shelves.rows(
        "SELECT metadata_source ->> 'publisher', locked_fields, abs_values ->> 'publisher' FROM books"
    ) == [("GoogleBooks", [], "Tor")]
