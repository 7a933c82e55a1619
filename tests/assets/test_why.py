"""`mam why` on awkward works of the demo's world, after our assets have asked the twins about all of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import create_engine

from mam_assets.assets.catalog import author_catalog, series_catalog
from mam_assets.assets.gaps import author_gaps, series_gaps
from mam_assets.assets.library import books
from mam_assets.cli.why import Asked, run
from mam_assets.sandbox.world.model import OwnedItem, World
from mam_assets.settings import load_settings
from tests.assets.house import House


@pytest.fixture(scope="module")
def known(
    make_database: Any, template_url: str, tmp_path_factory: pytest.TempPathFactory, whole_world: World
) -> Iterator[House]:
    """A shelf of three authors in the whole world, asked about once for all tests of this module."""
    url, folder = make_database(template_url), tmp_path_factory.mktemp("why")
    engine = create_engine(url, connect_args={"options": "-c timezone=UTC"})
    settings = load_settings(_env_file=None, database_url=url, data_dir=folder / "data")
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        shelf = tuple(item for item in whole_world.owned if _is_awkward(item))
        house = House(engine, settings, stack, folder, replace(whole_world, owned=shelf))
        house.run(books, series_catalog, series_gaps)
        house.run(author_catalog, author_gaps)
        yield house


def _is_awkward(item: OwnedItem) -> bool:
    names = {name for name, _ in item.series}
    return bool(names & {"Barsoom", "Barsoom Series", "John Carter of Mars", "Caspak", "Aunt Jane's Nieces"})


@pytest.fixture
def why(known: House) -> Any:
    """A function: what is printed for a title, and the exit code."""

    def ask(title: str, **narrowed: str) -> tuple[str, int]:
        console = Console(file=StringIO(), width=100)
        code = run(console, known.settings, Asked(title, **narrowed), as_json=False)
        assert isinstance(console.file, StringIO)
        return " ".join(console.file.getvalue().split()), code

    return ask


def test_a_volume_that_an_owned_box_set_covers(why: Any) -> None:
    text, code = why("The Land That Time Forgot")
    assert code == 0
    assert "In the series Caspak: owned by book:" in text
    assert "'The Caspak Trilogy' in the library holds 1-3" in text
    assert "Owned by another book" in text


def test_a_book_under_a_pen_name(why: Any) -> None:
    text, code = why("Aunt Jane's Nieces")
    assert code == 0
    assert text.startswith("Aunt Jane's Nieces by Edith Van Dyne (book:")
    assert "Aunt Jane's Nieces" in text.partition("What exists, by every source")[2]


def test_a_book_of_a_series_that_may_be_another_one_says_so_and_what_to_do(known: House) -> None:
    """One owned volume stands in "John Carter of Mars": too little to take it for Barsoom."""
    console = Console(file=StringIO(), width=2000)
    assert run(console, known.settings, Asked("A Princess of Mars"), as_json=True) == 0
    assert isinstance(console.file, StringIO)
    told = console.file.getvalue()
    assert "'John Carter of Mars' may be 'Barsoom' (40101) at Goodreads, yet only one book leads there" in told
    assert "mam series merge" in told


def test_a_volume_that_is_not_released(why: Any) -> None:
    text, code = why("The Unwritten War of Mars")
    assert code == 0
    assert "is open (upcoming)" in text
    assert "nothing before it is released (2026-" in text
    assert "status upcoming" in text


def test_a_translation_on_the_page_of_a_series(why: Any) -> None:
    text, code = why("Una princesa de Marte")
    assert code == 0
    assert "not wanted: " in text
    assert "Nothing: it is no gap." in text


def test_a_companion_on_the_page_of_a_series(why: Any) -> None:
    text, code = why("An Atlas of Barsoom")
    assert code == 0
    assert "not wanted: " in text
