"""What must be true of gaps."""

from __future__ import annotations

from sqlalchemy import Engine, text

from mam_assets.checks.gaps import counts_agree_with_rows, every_missing_work_is_a_gap
from tests.checks.results import result_of
from tests.store.judged import judge_series
from tests.store.test_catalog import NOW
from tests.store.test_gaps import WORKS, barsoom


def test_the_checks_pass_on_what_was_judged_and_fail_on_what_was_spoilt(clean_engine: Engine) -> None:
    with clean_engine.begin() as connection:
        barsoom(connection, WORKS[0])
        judge_series(connection, NOW)
    assert result_of(counts_agree_with_rows, clean_engine).passed
    assert result_of(every_missing_work_is_a_gap, clean_engine).passed
    with clean_engine.begin() as connection:
        connection.execute(text("UPDATE series SET books_missing = 0"))
        connection.execute(text("UPDATE missing_books SET closed_date = now()"))
    assert not result_of(counts_agree_with_rows, clean_engine).passed
    assert "2 missing works" in str(result_of(every_missing_work_is_a_gap, clean_engine).description)
