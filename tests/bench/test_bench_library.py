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
    assert (first["items_new"], first["items_changed"]) == (ITEMS, 0)
    assert (again["items_new"], again["items_changed"]) == (0, 0)
    with clean_engine.begin() as connection:
        counts = "SELECT (SELECT count(*) FROM bench_floor), count(*), count(series), count(DISTINCT author) FROM books"
        assert connection.execute(text(counts)).one() == (ITEMS, ITEMS, ITEMS * 2 // 3, (ITEMS + 7) // 8)
