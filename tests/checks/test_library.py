"""What must be true of the library, and the words in which a person reads that it is not."""

from __future__ import annotations

from sqlalchemy import Engine

from mam_assets.assets.library import SHRINK_MARK
from mam_assets.checks.library import every_item_names_itself, library_has_not_collapsed
from mam_assets.store import marks
from mam_assets.store.library import save_items
from tests.checks.results import result_of
from tests.store.test_catalog import NOW, item


def test_a_library_never_compared_has_not_collapsed(clean_engine: Engine) -> None:
    assert result_of(library_has_not_collapsed, clean_engine).passed


def test_a_suspicious_shrinkage_fails_with_numbers_and_remedy(clean_engine: Engine) -> None:
    note = {"known": 100, "gone": 90, "suspicious": True, "words": "90 of 100 books were not seen again (90%)"}
    with clean_engine.begin() as connection:
        marks.put(connection, SHRINK_MARK, note, NOW)
    result = result_of(library_has_not_collapsed, clean_engine)
    assert not result.passed
    assert "90 of 100" in str(result.description)
    assert "accept_shrinkage" in str(result.description)


def test_items_without_a_name_are_listed_and_stop_nothing(clean_engine: Engine) -> None:
    with clean_engine.begin() as connection:
        save_items(connection, [item("a", "Emma", "Jane Austen"), item("b", "", "X")], NOW)
    result = result_of(every_item_names_itself, clean_engine)
    assert not result.passed
    assert result.severity.value == "WARN"
    assert "1 items" in str(result.description)
