"""Judging again: what one import touches, and the whole, come to the same."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import OperationalError

from mam_assets.assets.judging import rejudge_authors, rejudge_books, rejudge_series
from mam_assets.domain.books import CatalogEntry, SeriesRef
from mam_assets.settings import Settings
from mam_assets.store import catalog, gap_truths, judged_portions, judging_processes
from mam_assets.store.gap_turns import one_judging_at_a_time
from mam_assets.store.library import save_items
from tests.store.test_catalog import item

NOW = datetime(2026, 3, 11, tzinfo=UTC)
TITLES = [
    f"{first} {last}" for first in ("Emma", "Kim", "Jess", "Marie", "Lorna") for last in ("Gone", "Alone", "Found")
]
PEOPLE = ("Ann Able", "Bob Baker", "Carl Cook")


def whole(database: Engine, settings: Settings, when: datetime = NOW) -> None:
    rejudge_series(database, settings, when, when.date())
    rejudge_authors(database, settings, when, when.date())


def wrong(database: Engine) -> list[Any]:
    with database.begin() as connection:
        return [
            *gap_truths.series_counts_that_disagree(connection),
            *gap_truths.author_counts_that_disagree(connection),
            *gap_truths.series_summary_that_disagrees(connection),
            *gap_truths.author_summary_that_disagrees(connection),
            *gap_truths.missing_works_without_gap(connection),
            *gap_truths.gaps_of_owned_works(connection),
        ]


def everything(database: Engine) -> dict[str, list[Any]]:
    statements = {
        "entries": "SELECT id, kind, status, rule, same_as, book_id, counted FROM catalog_entries ORDER BY id",
        "series": "SELECT id, books_owned, books_missing, completion_status, date_updated FROM series ORDER BY id",
        "authors": "SELECT id, audiobooks_owned, audiobooks_missing, date_updated FROM authors ORDER BY id",
        "gaps": "SELECT id, work_key, download_status, reasons, closed_date, book_id FROM missing_books ORDER BY id",
        "keys": "SELECT series_id, key, book_id FROM series_work_keys ORDER BY 1, 2",
    }
    with database.begin() as connection:
        return {name: list(connection.execute(text(statement))) for name, statement in statements.items()}


def plant(connection: Connection, dice: random.Random) -> None:
    """Series that share works and authors, each title in several spellings, half of it owned."""
    books, entries = [], []
    for number in range(8):
        series, people = f"Series {'ABCDEFGH'[number]}", dice.sample(PEOPLE, dice.choice((1, 1, 2)))
        for place, title in enumerate(dice.sample(TITLES, dice.randint(2, 6)), start=1):
            if place == 1 or dice.random() < 0.4:
                ref = SeriesRef(series, str(place) if dice.random() < 0.8 else None)
                books.append(item(f"{number}-{place}", title, *people, series=(ref,)))
            for source in dice.sample(("Goodreads", "Audible"), dice.choice((1, 2))):
                shown = f"{title} ({series}, #{place})" if dice.random() < 0.3 else title
                entries.append((series, source, shown, people, place))
    books += [item(f"alone-{n}", dice.choice(TITLES), dice.choice(PEOPLE)) for n in range(3)]
    save_items(connection, books, NOW)
    known = {row.name: row.id for row in connection.execute(text("SELECT name, id FROM series"))}
    writers = {row.name: row.id for row in connection.execute(text("SELECT name, id FROM authors"))}
    for series, source, shown, people, place in entries:
        line = CatalogEntry(source, f"{series}{place}", shown, tuple(people), SeriesRef(series, str(place)))
        if series in known:
            catalog.save_entries(connection, [line], NOW, series_id=known[series])
        if people[0] in writers:
            heard = CatalogEntry("MAM", f"{series}{place}", shown, tuple(people), line.series, audiobook=True)
            catalog.save_entries(connection, [heard], NOW, author_id=writers[people[0]])


@pytest.mark.parametrize("seed", range(6))
def test_what_imports_touch_comes_to_the_same_as_the_whole(
    clean_engine: Engine, clean_settings: Settings, seed: int
) -> None:
    dice = random.Random(seed)
    with clean_engine.begin() as connection:
        plant(connection, dice)
    whole(clean_engine, clean_settings)
    whole(clean_engine, clean_settings)
    assert wrong(clean_engine) == []
    for number in range(3):
        when = NOW + timedelta(days=number + 1)
        with clean_engine.begin() as connection:
            gap = connection.execute(
                text(
                    "SELECT * FROM missing_books WHERE closed_date IS NULL ORDER BY md5(id || CAST(:n AS text)) LIMIT 1"
                ),
                {"n": str(number)},
            ).first()
            if gap is None:
                break
            series = (SeriesRef(gap.series_name, gap.series_number),) if gap.series_name and number else ()
            save_items(connection, [item(f"new-{number}", gap.title, *gap.authors, series=series)], when)
            book_id = connection.execute(
                text("SELECT id FROM books WHERE abs_id = :a"), {"a": f"new-{number}"}
            ).scalar_one()
        rejudge_books(clean_engine, clean_settings, when, when.date(), [book_id])
        assert wrong(clean_engine) == []
        touched = everything(clean_engine)
        whole(clean_engine, clean_settings, when)
        again = everything(clean_engine)
        for name, rows in touched.items():
            assert again[name] == rows, name


def test_processes_beside_this_one_come_to_the_same(
    clean_engine: Engine, clean_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clean_engine.begin() as connection:
        plant(connection, random.Random(11))
    monkeypatch.setattr(judged_portions, "_OWNERS", 2)
    monkeypatch.setattr(judging_processes, "WORTH_IT", 2)
    whole(clean_engine, clean_settings)
    beside = everything(clean_engine)
    assert beside["gaps"]
    assert wrong(clean_engine) == []
    monkeypatch.undo()
    whole(clean_engine, clean_settings)
    assert everything(clean_engine) == beside


def test_a_process_that_ends_early_is_told_of_and_nothing_is_written(
    clean_engine: Engine, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(judging_processes, "WORTH_IT", 1)
    terms = judged_portions.Terms(NOW.date(), ("English",))
    no_judge: Any = divmod
    with (
        clean_engine.begin() as connection,
        pytest.raises(judging_processes.JudgingProcessFailed, match=r"exit code 1.*nothing was written"),
        judging_processes.Judges(connection, terms) as judges,
    ):
        list(judges.each(no_judge, [1]))
    assert "TypeError" in capfd.readouterr().err


@pytest.mark.parametrize("rejudge", [rejudge_series, rejudge_authors])
def test_one_judging_waits_for_another(clean_engine: Engine, clean_settings: Settings, rejudge: Any) -> None:
    def impatient(connection: Connection) -> None:
        connection.execute(text("SET LOCAL lock_timeout = '50ms'"))

    with clean_engine.begin() as connection:
        one_judging_at_a_time(connection)
        event.listen(clean_engine, "begin", impatient)
        try:
            with pytest.raises(OperationalError, match="lock timeout"):
                rejudge(clean_engine, clean_settings, NOW, NOW.date())
        finally:
            event.remove(clean_engine, "begin", impatient)
    rejudge(clean_engine, clean_settings, NOW, NOW.date())
