"""The bench of judging: it says which promise is broken, and is broken by nothing else."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from mam_assets.settings import PROJECT_ROOT


@pytest.fixture(scope="module")
def bench() -> Iterator[Any]:
    """The bench as a module."""
    patch = pytest.MonkeyPatch()
    patch.syspath_prepend(str(PROJECT_ROOT / "bench"))
    yield importlib.import_module("bench_gaps")
    patch.undo()
    for name in ("bench_gaps", "gap_world"):
        sys.modules.pop(name, None)


def line(bench: Any, books: int, seconds: float, imports: float = 0.1) -> Any:
    return bench.Measured(books, 5 * books, seconds, seconds, seconds, 0.5, [imports])


@pytest.mark.parametrize(
    ("small", "large", "imports", "broken"),
    [
        (6.0, 59.0, 0.1, []),
        (6.0, 61.0, 0.1, ["100000 books took 61 s"]),
        (3.0, 50.0, 0.1, ["first grows", "again grows", "processor grows"]),
        (6.0, 59.0, 0.3, ["0.300 s in statements at 10000", "0.300 s in statements at 100000"]),
    ],
)
def test_a_promise_that_is_missed_is_named(
    bench: Any, small: float, large: float, imports: float, broken: list[str]
) -> None:
    found = list(bench.broken_promises([line(bench, 10_000, small, imports), line(bench, 100_000, large, imports)]))
    assert len(found) == len(broken)
    for told, words in zip(found, broken, strict=True):
        assert words in told


def test_one_size_has_no_growth(bench: Any) -> None:
    assert bench.exponents([line(bench, 10_000, 6.0)]) == {}
