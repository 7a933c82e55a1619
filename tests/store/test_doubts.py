"""What a number alone tells is left to a person: missing, said in the rows, and settled by a word."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from mam_assets.domain.books import CatalogEntry, SeriesRef
from mam_assets.domain.explaining import explain
from mam_assets.domain.meaning import Subject
from mam_assets.store import catalog, corrections, gap_reports, gap_truths, why
from mam_assets.store.library import save_items
from tests.store.judged import judge_series
from tests.store.test_catalog import NOW, ids, item

LATER = NOW + timedelta(days=1)
AUTHOR, SERIES = "E. R. Burroughs", "Barsoom"
LISTED = ("A Princess of Mars", "The Gods of Mars", "The Warlord of Mars")


def planted(connection: Connection, *owned: tuple[str, str]) -> int:
    save_items(
        connection, [item(title, title, AUTHOR, series=(SeriesRef(SERIES, number),)) for title, number in owned], NOW
    )
    series = ids(connection)[SERIES]
    lines = [
        CatalogEntry("Goodreads", str(n), title, (AUTHOR,), SeriesRef(SERIES, str(n)))
        for n, title in enumerate(LISTED, 1)
    ]
    catalog.save_entries(connection, lines, NOW, series_id=series)
    return series


def told(connection: Connection, title: str) -> Any:
    statement = "SELECT id, status, rule, reason, book_id FROM catalog_entries WHERE title = :title"
    return connection.execute(text(statement), {"title": title}).one()


def gap(connection: Connection, title: str) -> Any:
    statement = "SELECT * FROM missing_books WHERE title = :title AND closed_date IS NULL"
    return connection.execute(text(statement), {"title": title}).one_or_none()


def test_a_book_of_another_title_at_a_number_is_a_doubt_until_a_person_settles_it(connection: Connection) -> None:
    planted(connection, (LISTED[0], "1"), ("Under the Moons", "2"))
    judge_series(connection, NOW)
    doubted = told(connection, LISTED[1])
    assert (doubted.status, doubted.rule, doubted.book_id) == ("missing", "doubtful_position", None)
    assert gap(connection, LISTED[1]) is not None
    assert gap_reports.open_counts(connection, "series_gap")["works_in_doubt"] == 1
    line = why.hit_by_id(connection, "work", doubted.id)
    assert line is not None
    facts = why.gather(connection, Subject(LISTED[1], (AUTHOR,), None, (), (line,)))
    chain = explain(line.ref, LISTED[1], (AUTHOR,), facts, now=NOW)
    assert any("'Under the Moons' in the library has its number 2" in line for line in chain.answer)
    book = connection.execute(text("SELECT id FROM books WHERE title = 'Under the Moons'")).scalar_one()
    corrections.lock(connection, book, "series_number", LATER, by="anna")
    judge_series(connection, LATER)
    assert (told(connection, LISTED[1]).status, told(connection, LISTED[1]).book_id) == ("owned", book)
    assert gap(connection, LISTED[1]) is None
    assert gap_truths.missing_works_without_gap(connection) == []


@pytest.mark.parametrize("owned", [(), (("Llana", "2"),)], ids=["not owned", "owned"])
def test_an_uploader_s_mistake_gives_a_gap_no_title_and_closes_none(
    connection: Connection, owned: tuple[tuple[str, str], ...]
) -> None:
    series = planted(connection, (LISTED[0], "1"), *owned)
    judge_series(connection, NOW)
    mistaken = CatalogEntry("MAM", "77", "Llana", (AUTHOR,), SeriesRef(SERIES, "2"), audiobook=True)
    catalog.save_entries(connection, [mistaken], NOW, series_id=series)
    judge_series(connection, LATER)
    assert told(connection, LISTED[1]).status == "missing"
    assert gap(connection, LISTED[1]).other_titles == []
    assert gap_truths.missing_works_without_gap(connection) == []
    assert gap_truths.series_counts_that_disagree(connection) == []


def test_a_title_that_no_source_gives_any_more_goes_from_the_gap(connection: Connection) -> None:
    planted(connection, (LISTED[0], "1"))
    judge_series(connection, NOW)
    connection.execute(
        text("UPDATE missing_books SET other_titles = '{Llana,Gods of Mars}' WHERE title = :t"), {"t": LISTED[1]}
    )
    judge_series(connection, LATER)
    assert gap(connection, LISTED[1]).other_titles == ["Gods of Mars"]
