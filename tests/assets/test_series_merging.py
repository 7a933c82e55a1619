"""Series merged, judged, parted and judged again: gaps, counts and a person's word are as before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from mam_assets.assets.judging import rejudge_series
from mam_assets.domain.books import CatalogEntry, SeriesRef
from mam_assets.settings import Settings
from mam_assets.store import catalog, gap_truths, series_identity, series_unmerging
from mam_assets.store.library import save_items
from tests.store.test_catalog import ids, item

NOW = datetime(2026, 3, 11, tzinfo=UTC)
ANN = "Ann Author"


class Shelf:
    """Two series of one author: of each some works are owned, and some are lacking."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self.now = NOW
        with engine.begin() as connection:
            save_items(
                connection,
                [
                    item("1", "Dawn", ANN, series=(SeriesRef("Days", "1"),)),
                    item("2", "Noon", ANN, series=(SeriesRef("Days", "2"),)),
                    item("3", "Frost", ANN, series=(SeriesRef("Winters", "3"),)),
                    item("4", "Twilight", ANN, series=(SeriesRef("Winters", "4"), SeriesRef("Days", "3"))),
                ],
                NOW,
            )
            known = ids(connection)
            self.days, self.winters = known["Days"], known["Winters"]
            for name, titles in {
                "Days": {1: "Dawn", 2: "Noon", 3: "Twilight", 4: "Night", 5: "Midnight"},
                "Winters": {1: "Ice", 2: "Snow", 3: "Frost", 4: "Twilight", 6: "Thaw"},
            }.items():
                entries = [
                    CatalogEntry("Goodreads", f"{name}{n}", title, (ANN,), SeriesRef(name, str(n)))
                    for n, title in titles.items()
                ]
                catalog.save_entries(connection, entries, NOW, series_id=known[name])
        self.judge()

    def judge(self) -> None:
        self.now += timedelta(hours=1)
        rejudge_series(self.engine, self.settings, self.now, self.now.date())

    def merge(self) -> int:
        with self.engine.begin() as connection:
            return series_identity.merge(
                connection, keep=self.days, drop=self.winters, rule="by_hand", evidence="", by="Ann", now=self.now
            )

    def unmerge(self, merge_id: int) -> None:
        with self.engine.begin() as connection:
            series_unmerging.unmerge(connection, merge_id, by="Ann", now=self.now)

    def rows(self, statement: str) -> list[Any]:
        with self.engine.begin() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]

    def state(self) -> dict[str, list[Any]]:
        return {
            "gaps": self.rows(
                "SELECT title, series_id, series_name, series_number, download_status "
                "FROM missing_books WHERE closed_date IS NULL ORDER BY title"
            ),
            "counts": self.rows(
                "SELECT id, total_books_in_series, books_owned, books_missing, completion_percentage, "
                "completion_status FROM series ORDER BY id"
            ),
            "entries": self.rows(
                "SELECT id, series_id, status, kind, rule, counted, book_id FROM catalog_entries ORDER BY id"
            ),
            "keys": self.rows("SELECT series_id, key, book_id FROM series_work_keys ORDER BY 1, 2"),
        }

    def wrong(self) -> list[Any]:
        with self.engine.begin() as connection:
            return [
                *gap_truths.series_counts_that_disagree(connection),
                *gap_truths.series_summary_that_disagrees(connection),
                *gap_truths.missing_works_without_gap(connection),
            ]


@pytest.fixture
def shelf(clean_engine: Engine, clean_settings: Settings) -> Shelf:
    return Shelf(clean_engine, clean_settings)


def test_merged_judged_parted_and_judged_it_is_as_before(shelf: Shelf) -> None:
    """At one place they seem to own what Winters lacks there: those gaps close, and open again as rows of their own."""
    before = shelf.state()
    assert {row[0] for row in before["gaps"]} == {"Night", "Midnight", "Ice", "Snow", "Thaw"}
    merge_id = shelf.merge()
    shelf.judge()
    assert shelf.wrong() == []
    assert {row[1] for row in shelf.state()["gaps"]} == {shelf.days}
    shelf.unmerge(merge_id)
    shelf.judge()
    assert shelf.wrong() == []
    assert shelf.state() == before
    history = shelf.rows("SELECT title, download_status FROM missing_books WHERE closed_date IS NOT NULL ORDER BY 1")
    assert history == [("Ice", "completed"), ("Snow", "completed")]


def test_parted_at_once_all_is_as_before_without_a_judging(shelf: Shelf) -> None:
    before = shelf.state()
    shelf.unmerge(shelf.merge())
    assert shelf.state() == before
    assert shelf.wrong() == []


def test_what_a_person_ignored_stays_ignored_through_both(shelf: Shelf) -> None:
    for title in ("Snow", "Night"):
        shelf.rows(f"UPDATE missing_books SET download_status = 'ignored' WHERE title = '{title}' RETURNING id")
    before = shelf.state()
    merge_id = shelf.merge()
    shelf.judge()
    shelf.unmerge(merge_id)
    shelf.judge()
    assert shelf.state() == before
    assert {row[0] for row in shelf.state()["gaps"] if row[-1] == "ignored"} == {"Night", "Snow"}


def test_a_gap_that_a_merge_took_for_owned_opens_again_and_stays_ignored(shelf: Shelf) -> None:
    """As one series they hold one work at place 3; two again, Winters lacks its own, and the person's word stands."""
    with shelf.engine.begin() as connection:
        late = CatalogEntry("Goodreads", "late", "Noon of Ice", (ANN,), SeriesRef("Winters", "2.5"))
        catalog.save_entries(connection, [late], NOW, series_id=shelf.winters)
    shelf.judge()
    shelf.rows("UPDATE missing_books SET download_status = 'ignored' WHERE title = 'Noon of Ice' RETURNING id")
    before = shelf.state()
    merge_id = shelf.merge()
    with shelf.engine.begin() as connection:
        save_items(connection, [item("9", "Noon of Ice", ANN, series=(SeriesRef("Days", "2.5"),))], shelf.now)
    shelf.judge()
    assert shelf.rows("SELECT closed_date IS NOT NULL, download_status FROM missing_books "
                      "WHERE title = 'Noon of Ice'") == [(True, "ignored")]  # fmt: skip
    shelf.rows("UPDATE books SET status = 'archived' WHERE abs_id = '9' RETURNING id")
    shelf.unmerge(merge_id)
    shelf.judge()
    assert shelf.wrong() == []
    assert shelf.state()["gaps"] == before["gaps"]
    assert shelf.rows("SELECT download_status FROM missing_books WHERE title = 'Noon of Ice' ORDER BY id") == [
        ("ignored",),
        ("ignored",),
    ]


def test_a_gap_that_opened_while_they_were_one_goes_to_the_series_that_lacks_it(shelf: Shelf) -> None:
    merge_id = shelf.merge()
    with shelf.engine.begin() as connection:
        told = CatalogEntry("MAM", "77", "Hail", (ANN,), SeriesRef("Winters", "7"), audiobook=True)
        catalog.save_entries(connection, [told], shelf.now, series_id=shelf.days)
    shelf.judge()
    shelf.unmerge(merge_id)
    shelf.judge()
    assert shelf.wrong() == []
    found = "SELECT series_id, series_name, closed_date FROM missing_books WHERE title = 'Hail'"
    assert shelf.rows(found) == [(shelf.winters, "Winters", None)]


def test_a_third_series_lacks_nothing_while_two_are_merged_and_not_yet_judged(shelf: Shelf) -> None:
    """What a series shows to be owned is known by its keys; they must not vanish with it."""
    merge_id = shelf.merge()
    shown = "SELECT DISTINCT series_id FROM series_work_keys WHERE book_id IS NOT NULL AND key LIKE 'frost|%'"
    assert shelf.rows(shown) == [(shelf.days,)]
    shelf.unmerge(merge_id)
    assert shelf.rows(shown) == [(shelf.winters,)]
