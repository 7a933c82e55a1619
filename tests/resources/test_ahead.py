"""Reading ahead: in order, one thing ahead, errors in their place."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from mam_assets.resources.ahead import read_ahead


def test_things_come_in_order_and_made_by_another_thread() -> None:
    def source() -> Iterator[str]:
        for _ in range(5):
            yield threading.current_thread().name

    names = list(read_ahead(source()))
    assert len(names) == 5
    assert all(name.startswith("read-ahead") for name in names)


def test_an_error_is_raised_after_what_came_before_it() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise ValueError("broken off")

    things = read_ahead(source())
    assert next(things) == 1
    with pytest.raises(ValueError, match="broken off"):
        next(things)


def test_who_stops_early_stops_the_source() -> None:
    made: list[int] = []

    def source() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    things = read_ahead(source())
    assert next(things) == 0
    things.close()  # type: ignore[attr-defined]
    assert len(made) <= 2


def test_nothing_is_nothing() -> None:
    assert list(read_ahead(())) == []
