"""The bench that counts requests, on a small library and with small limits: it spans days and exceeds nothing."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from mam_assets.settings import PROJECT_ROOT, Settings


@pytest.fixture(scope="module")
def bench() -> Any:
    """The bench as a module."""
    patch = pytest.MonkeyPatch()
    patch.syspath_prepend(str(PROJECT_ROOT / "bench"))
    yield importlib.import_module("bench_requests")
    patch.undo()
    for name in ("bench_requests", "request_world"):
        sys.modules.pop(name, None)


def test_a_round_is_spread_over_days_and_keeps_every_limit(
    bench: Any, clean_engine: Engine, clean_settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = clean_settings.model_copy(update={"google_books_daily_limit": 12, "goodreads_daily_limit": 20})
    measured = bench.measure(clean_engine, small, 20, tmp_path)
    asked = {one.service: one for one in measured.asked}
    assert measured.days > 1, asked
    assert not any(one.exceeded for one in measured.asked)
    assert 0 < asked["google_books"].most <= 12 < asked["google_books"].requests
    assert 0 < asked["goodreads"].most <= 20 < asked["goodreads"].requests
    assert asked["mam"].requests == measured.known["authors"] == 2
    assert measured.known["books"] == 20
    bench.show(measured)
    assert "A full round takes" in capsys.readouterr().out


def test_no_word_of_the_made_up_world_leads_to_two_shelves(bench: Any) -> None:
    shelves = bench.build_shelves(600)
    tokens = [token for shelf in shelves for token in shelf.tokens]
    assert len(shelves) == 6
    assert len(tokens) == len(set(tokens))
