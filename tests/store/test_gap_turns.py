"""Who waits for a turn waits however long it takes: a wait is no slow statement."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, text

from mam_assets.store.gap_turns import one_judging_at_a_time, one_writer


@pytest.mark.parametrize("take_turn", [one_judging_at_a_time, one_writer])
def test_a_wait_longer_than_a_statement_may_take_ends_well(
    clean_engine: Engine, take_turn: Callable[[Connection], None]
) -> None:
    with clean_engine.connect() as holder, clean_engine.begin() as waiter:
        held = holder.begin()
        take_turn(holder)
        waiter.execute(text("SET LOCAL statement_timeout = '50ms'"))
        # No clock of ours: PostgreSQL measures the limit, and six times as long passes.
        timer = threading.Timer(0.3, held.commit)
        timer.start()
        take_turn(waiter)
        timer.join()
        assert waiter.execute(text("SHOW statement_timeout")).scalar_one() == "50ms"
