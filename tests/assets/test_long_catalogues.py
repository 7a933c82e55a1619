"""A series of 300 works, and an author with 40 pen names, from the pages outside to one gap explained."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import Connection, Engine, event

from mam_assets.assets import author_lookup
from mam_assets.assets.catalog import author_catalog, series_catalog
from mam_assets.assets.gaps import author_gaps, series_gaps
from mam_assets.assets.judging import rejudge_authors, rejudge_series
from mam_assets.assets.library import books
from mam_assets.checks import gaps as checks
from mam_assets.cli.why import Asked, run
from mam_assets.domain.books import CatalogEntry, SeriesRef
from mam_assets.sandbox.world.model import World, WorldSeries
from mam_assets.settings import Settings
from mam_assets.store import catalog, series_identity, series_unmerging
from mam_assets.store.author_catalog import add_alias
from mam_assets.store.library import save_items
from tests.assets.catalog_world import MakeWorld, author, release, work
from tests.assets.house import NOW, House, item
from tests.store.test_catalog import ids
from tests.store.test_catalog import item as stored

ANN = "Ann Author"
SERIES = (series_gaps, checks.counts_agree_with_rows, checks.every_missing_work_is_a_gap)


def explained(house: House, title: str, **narrowed: str) -> str:
    console = Console(file=StringIO(), width=200)
    assert run(console, house.settings, Asked(title, **narrowed), as_json=False) == 0
    assert isinstance(console.file, StringIO)
    return " ".join(console.file.getvalue().split())


def test_a_series_of_three_hundred_works_comes_all_the_way(house_of: MakeWorld) -> None:
    members = [work(n, f"March {n} of Autumn", ANN, series=8002, place=str(n)) for n in range(1, 301)]
    owned = [item(f"o{n}", f"March {n} of Autumn", ANN, series=(("Long March", str(n)),)) for n in (1, 2, 300)]
    house = house_of(owned, authors=[author(3001, ANN)], series=[WorldSeries(8002, "Long March", ANN)], works=members)
    house.run(books)
    house.run(series_catalog)
    judged = house.run(*SERIES)
    assert set(judged.checks.values()) == {True}
    (counts,) = house.rows(
        "SELECT total_books_in_series, books_owned, books_missing, completion_percentage FROM series"
    )
    assert tuple(counts) == (300, 3, 297, 1.0)
    assert house.value("SELECT count(*) FROM missing_books WHERE closed_date IS NULL") == 297
    assert house.run(*SERIES).of("series_gaps")["gaps_opened"] == 0
    told = explained(house, "March 150 of Autumn")
    assert told.startswith("March 150 of Autumn by Ann Author (gap:")
    assert "Long March" in told
    assert "150" in told
    assert len(told) < 20_000  # of one work, not of three hundred


def test_what_an_author_writes_under_forty_names_comes_all_the_way(
    house_of: MakeWorld, whole_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(author_lookup, "MOST_NAMES_A_RUN", 25)  # fewer runs than with five, to be quick
    names = [f"{first} {last}" for first in ("Una", "Cora", "Dora", "Edna", "Faye")
             for last in ("Abel", "Bern", "Cole", "Dale", "Epps", "Finn", "Gray", "Hart")]  # fmt: skip
    owned = [item("own", "Dawn Alone", ANN)]
    offered = [release(whole_world, 900 + n, f"Hour {n} of Night", name) for n, name in enumerate(names, start=1)]
    works = [work(1, "Dawn Alone", ANN)]
    people = [author(3001 + n, name) for n, name in enumerate([ANN, *names])]
    house = house_of(owned, authors=people, works=works, releases=offered)
    house.run(books)
    with house.engine.begin() as connection:
        for name in names:
            add_alias(connection, name, ANN, NOW)
    while house.run(author_catalog).of("author_catalog")["mam_authors_read"]:
        pass
    judged = house.run(author_gaps, checks.author_counts_agree_with_rows)
    assert set(judged.checks.values()) == {True}
    missing = house.column("SELECT title FROM missing_books WHERE closed_date IS NULL ORDER BY 1")
    assert missing == sorted(f"Hour {n} of Night" for n in range(1, 41))
    (counts,) = house.rows("SELECT audiobooks_owned, audiobooks_missing FROM authors WHERE name = 'Ann Author'")
    assert counts.audiobooks_missing == 40
    assert "Hour 17 of Night" in explained(house, "Hour 17 of Night")


# --- statements, not seconds -----------------------------------------------------------------------------------------


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements that are sent meanwhile."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def plant(connection: Connection, works: int) -> dict[str, int]:
    """A series of so many works and one of ten, of each of which three are owned, listed for their author too."""
    for name in ("Long March", "Short Walk"):
        made = [stored(f"{name}{n}", f"{name} {n} Home", ANN, series=(SeriesRef(name, str(n)),)) for n in (1, 2, 3)]
        save_items(connection, made, NOW)
    known = ids(connection)
    entries = {
        known[name]: [
            CatalogEntry("Goodreads", f"{name}{n}", f"{name} {n} Home", (ANN,), SeriesRef(name, str(n)))
            for n in range(1, (works if name == "Long March" else 10) + 1)
        ]
        for name in known
    }
    catalog.save_series_entries(connection, entries, NOW)
    writer = connection.exec_driver_sql("SELECT id FROM authors").scalar_one()
    heard = [entry for of_one in entries.values() for entry in of_one]
    catalog.save_entries(connection, heard, NOW, author_id=writer)
    return known


def statements(engine: Engine, settings: Settings, works: int) -> dict[str, int]:
    """How many it takes to judge, to merge, to judge that, and to undo it."""
    with engine.begin() as connection:
        known = plant(connection, works)
    found: dict[str, int] = {}

    def judge() -> None:
        rejudge_series(engine, settings, NOW, NOW.date())
        rejudge_authors(engine, settings, NOW, NOW.date())

    with counted(engine) as sent:
        judge()
        found["judged"] = len(sent)
        with engine.begin() as connection:
            merge_id = series_identity.merge(
                connection, keep=known["Long March"], drop=known["Short Walk"], rule="by_hand", evidence="", by=None,
                now=NOW,
            )  # fmt: skip
        found["merged"] = len(sent)
        with engine.begin() as connection:
            series_unmerging.unmerge(connection, merge_id, by=None, now=NOW)
        found["parted"] = len(sent)
    return found


def test_three_hundred_works_take_no_more_statements_than_ten(
    make_database: Any, template_url: str, clean_settings: Settings
) -> None:
    from sqlalchemy import create_engine

    counts = []
    for size in (10, 300):
        engine = create_engine(make_database(template_url), connect_args={"options": "-c timezone=UTC"})
        try:
            counts.append(statements(engine, clean_settings, size))
        finally:
            engine.dispose()
    few, many = counts
    assert {name: many[name] - few[name] for name in few if many[name] > few[name] + 4} == {}
