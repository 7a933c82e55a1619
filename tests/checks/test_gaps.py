"""What must be true of gaps."""

from __future__ import annotations

from sqlalchemy import Engine, text

from mam_assets.checks.gaps import counts_agree_with_rows, every_missing_work_is_a_gap
from mam_assets.store import gaps
from tests.store.test_catalog import NOW
from tests.store.test_gaps import WORKS, barsoom, judge


def test_the_checks_pass_on_what_was_judged_and_fail_on_what_was_spoilt(clean_engine: Engine) -> None:
    with clean_engine.begin() as connection:
        barsoom(connection, WORKS[0])
        gaps.write_series(connection, judge(connection), NOW)
    assert counts_agree_with_rows(clean_engine).passed  # type: ignore[attr-defined]
    assert every_missing_work_is_a_gap(clean_engine).passed  # type: ignore[attr-defined]
    with clean_engine.begin() as connection:
        connection.execute(text("UPDATE series SET books_missing = 0"))
        connection.execute(text("UPDATE missing_books SET closed_date = now()"))
    assert not counts_agree_with_rows(clean_engine).passed  # type: ignore[attr-defined]
    assert "2 missing works" in every_missing_work_is_a_gap(clean_engine).description  # type: ignore[attr-defined]
