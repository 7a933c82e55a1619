"""The bench of the library, with a small one: it reads and stores every item, and finds nothing changed after that."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from mam_assets.settings import PROJECT_ROOT, Settings

ITEMS = 500


@pytest.fixture(scope="module")
def bench() -> Iterator[Any]:
    """The bench as a module."""
    patch = pytest.MonkeyPatch()
    patch.syspath_prepend(str(PROJECT_ROOT / "bench"))
    yield importlib.import_module("bench_library")
    patch.undo()
    for name in ("bench_library", "library_server"):
        sys.modules.pop(name, None)


def test_the_bench_reads_every_item_once(
    bench: Any, clean_engine: Engine, clean_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def settings_for(url: str, _: Path) -> Settings:
        return clean_settings.model_copy(update={"abs_url": url, "pace_scale": 1e-9})

    monkeypatch.setattr(bench, "settings_for", settings_for)
    with bench.library_of(ITEMS) as url:
        assert bench.floor_first(url, clean_engine) > 0
        assert bench.floor_unchanged(url) > 0
        first = bench.run_asset(url, tmp_path)
        again = bench.run_asset(url, tmp_path)
    assert 0 < again["step"] < again["seconds"]
    assert (first["items_new"], first["items_changed"]) == (ITEMS, 0)
    assert (again["items_new"], again["items_changed"]) == (0, 0)
    with clean_engine.begin() as connection:
        counts = "SELECT (SELECT count(*) FROM bench_floor), count(*), count(series), count(DISTINCT author) FROM books"
        assert connection.execute(text(counts)).one() == (ITEMS, ITEMS, ITEMS * 2 // 3, (ITEMS + 7) // 8)


KEPT = {
    "items": 100_000,
    "stored": 100_000,
    "written_again": 0,
    "floor": 40.0,
    "first": 119.0,
    "list": 4.0,
    "again": 5.9,
    "peak_mb": 250.0,
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, []),
        ({"first": 122.0}, ["first 3.05 times its floor, at most 3"]),
        ({"again": 6.2}, ["again 1.55 times its floor, at most 1.5"]),
        ({"peak_mb": 301.0}, ["peak memory 301 MB, at most 300"]),
        ({"stored": 99_999}, ["an item was not stored exactly once"]),
        ({"written_again": 1}, ["an item was not stored exactly once"]),
        ({"items": 10_000, "stored": 10_000, "again": 9.0}, []),
        ({"items": 10_000, "stored": 10_000, "peak_mb": 301.0}, ["peak memory 301 MB, at most 300"]),
    ],
)
def test_a_broken_promise_is_told(bench: Any, changes: dict[str, float], words: list[str]) -> None:
    assert bench.misses({**KEPT, **changes}) == words
