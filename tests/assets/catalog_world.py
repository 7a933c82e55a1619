"""A house of which the world outside is the test's own: few works, odd series, odd authors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from mam_assets.sandbox.twins.goodreads import GoodreadsTwin
from mam_assets.sandbox.twins.serving import TwinServer
from mam_assets.sandbox.world.model import OwnedItem, World, WorldAuthor, WorldRelease, WorldSeries, WorldWork
from mam_assets.settings import Settings

from .house import House

MakeWorld = Callable[..., House]


def author(number: int, name: str) -> WorldAuthor:
    return WorldAuthor(number, name)


def work(
    number: int, title: str, *authors: str, series: int | None = None, place: str | None = None, **more: Any
) -> Any:
    values: dict[str, Any] = {"year": 1900 + number % 20, "genre": "Fantasy", "runtime_seconds": 3600.0} | more
    return WorldWork(number, title, authors, series_id=series, position=place, **values)


def release(whole_world: World, number: int, title: str, *authors: str, **more: Any) -> WorldRelease:
    """An audiobook at MAM, and nowhere else."""
    plain = next(one for one in whole_world.releases if one.on_mam and one.main_cat == 13)
    values: dict[str, Any] = {"series": (), "language": "English", "narrators": ("Ray Reader",), "work_ids": ()} | more
    values |= {"abridged": False, "dramatised": False, "tags": "", "isbn": "", "behaviour": "ok"}
    return replace(plain, release_id=number, mam_id=number, title=title, authors=authors, **values)


@pytest.fixture
def house_of(clean_engine: Engine, clean_settings: Settings, tmp_path: Path, whole_world: World) -> Iterator[MakeWorld]:
    """A function: the house with this library, in a world of these authors, series, works and releases."""
    with ExitStack() as stack:

        def make(
            owned: Iterable[OwnedItem],
            *,
            authors: Iterable[WorldAuthor] = (),
            series: Iterable[WorldSeries] = (),
            works: Iterable[WorldWork] = (),
            releases: Iterable[WorldRelease] = (),
            **goodreads: Any,
        ) -> House:
            world = replace(
                whole_world,
                owned=tuple(owned),
                authors=tuple(authors),
                series=tuple(series),
                works=tuple(works),
                releases=tuple(releases),
            )
            house = House(clean_engine, clean_settings, stack, tmp_path, world)
            if goodreads:
                house.goodreads_twin = GoodreadsTwin(world, **goodreads)
                server = stack.enter_context(TwinServer(house.goodreads_twin))
                house.servers["goodreads"] = server
                house.settings = house.settings.model_copy(update={"goodreads_url": server.address})
            return house

        yield make
