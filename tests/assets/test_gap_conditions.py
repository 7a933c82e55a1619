"""When gaps are judged by themselves: their own conditions, over a graph of two assets that costs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest

from mam_assets.assets.gaps import author_gaps, series_gaps, top10_gaps

GAPS = {asset.key.to_user_string(): asset for asset in (series_gaps, author_gaps, top10_gaps)}
BY_DATE = ("series_gaps", "author_gaps")


def at(day: int, hour: int, minute: int) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


class Automation:
    """A parent with a blocking check and one asset of ours below it, as the automation sensor sees them."""

    def __init__(
        self, instance: dg.DagsterInstance, condition: dg.AutomationCondition[Any], parent_name: str = "parent"
    ) -> None:
        self.instance, self.passes = instance, True
        self.cursor: Any = None
        self.data_version: str | None = None

        @dg.asset(name=parent_name)
        def parent() -> dg.MaterializeResult[Any]:
            return dg.MaterializeResult(data_version=dg.DataVersion(self.data_version) if self.data_version else None)

        @dg.asset_check(asset=parent, blocking=True)
        def parent_is_right() -> dg.AssetCheckResult:
            return dg.AssetCheckResult(passed=self.passes)

        @dg.asset(deps=[parent], automation_condition=condition)
        def gaps() -> dg.MaterializeResult[Any]:
            return dg.MaterializeResult()

        self.definitions = dg.Definitions(assets=[parent, gaps], asset_checks=[parent_is_right])

    def run(self, *names: str) -> None:
        """Materialise these, with their checks."""
        job = self.definitions.resolve_implicit_global_asset_job_def()
        job.execute_in_process(
            instance=self.instance, asset_selection=[dg.AssetKey(name) for name in names], raise_on_error=False
        )

    def asks_at(self, now: datetime) -> bool:
        """Whether a tick now asks for a run."""
        result = dg.evaluate_automation_conditions(
            self.definitions, self.instance, cursor=self.cursor, evaluation_time=now
        )
        self.cursor = result.cursor
        return result.get_num_requested(dg.AssetKey("gaps")) > 0


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def automation(instance: dg.DagsterInstance, name: str, parent: str = "parent") -> Automation:
    condition = GAPS[name].automation_conditions_by_key[GAPS[name].key]
    return Automation(instance, condition, parent)


def settled(instance: dg.DagsterInstance, name: str, now: datetime) -> Automation:
    """Both have run, and the automation has seen it."""
    made = automation(instance, name)
    made.run("parent", "gaps")
    made.asks_at(now)
    assert not made.asks_at(now)
    return made


@pytest.mark.parametrize("name", BY_DATE)
def test_an_upcoming_volume_comes_out_by_date_alone(instance: dg.DagsterInstance, name: str) -> None:
    """Nothing else would judge again: no book came, no catalogue was read."""
    made = settled(instance, name, at(1, 10, 0))
    seen = [(hour, minute) for hour in range(11, 24) for minute in (0, 29, 31) if made.asks_at(at(1, hour, minute))]
    assert seen == [(12, 31)]
    assert not made.asks_at(at(2, 0, 29))
    assert made.asks_at(at(2, 0, 31))


def test_a_weekly_list_has_no_dates_to_wait_for(instance: dg.DagsterInstance) -> None:
    made = settled(instance, "top10_gaps", at(1, 10, 0))
    assert not any(made.asks_at(at(day, hour, 31)) for day in (1, 2) for hour in (12, 0) if (day, hour) > (1, 0))


@pytest.mark.parametrize("name", GAPS)
def test_what_a_parent_brings_is_judged_at_once(instance: dg.DagsterInstance, name: str) -> None:
    made = settled(instance, name, at(1, 10, 0))
    made.run("parent")
    assert made.asks_at(at(1, 10, 1))
    assert not made.asks_at(at(1, 10, 2))


@pytest.mark.parametrize("name", GAPS)
def test_nothing_is_judged_after_a_parent_whose_blocking_check_failed(instance: dg.DagsterInstance, name: str) -> None:
    """A library that has collapsed would make gaps of everything that is owned."""
    made = settled(instance, name, at(1, 10, 0))
    made.passes = False
    made.run("parent")
    assert not made.asks_at(at(1, 10, 1))
    assert not made.asks_at(at(1, 12, 31))
    made.passes = True
    made.run("parent")
    assert made.asks_at(at(1, 12, 32))


@pytest.fixture(params=BY_DATE)
def below_books(request: pytest.FixtureRequest, instance: dg.DagsterInstance) -> Automation:
    """Gaps below `books`, both settled."""
    made = automation(instance, request.param, "books")
    made.data_version = "calm"
    made.run("books", "gaps")
    made.asks_at(at(1, 10, 0))
    assert not made.asks_at(at(1, 10, 1))
    return made


def test_what_few_books_touch_was_judged_by_the_read_itself(below_books: Automation) -> None:
    below_books.run("books")
    assert not below_books.asks_at(at(1, 10, 2))
    assert below_books.asks_at(at(1, 12, 31))


def test_all_is_judged_when_much_of_the_library_changed(below_books: Automation) -> None:
    below_books.data_version = "2026-03-01"
    below_books.run("books")
    assert below_books.asks_at(at(1, 10, 2))
    assert not below_books.asks_at(at(1, 10, 3))
    below_books.run("books")
    assert not below_books.asks_at(at(1, 10, 4))


def test_a_run_that_judges_all_itself_is_not_followed_by_another(below_books: Automation) -> None:
    below_books.data_version = "2026-03-01"
    below_books.run("books", "gaps")
    assert not below_books.asks_at(at(1, 10, 2))


def test_much_that_changed_while_a_check_failed_is_judged_when_it_passes(below_books: Automation) -> None:
    below_books.passes, below_books.data_version = False, "2026-03-01"
    below_books.run("books")
    assert not below_books.asks_at(at(1, 10, 2))
    below_books.passes = True
    below_books.run("books")
    assert below_books.asks_at(at(1, 10, 3))


@pytest.mark.parametrize("name", BY_DATE)
def test_a_fresh_install_judges_nothing_before_its_library_was_read(instance: dg.DagsterInstance, name: str) -> None:
    made = automation(instance, name)
    assert not made.asks_at(at(1, 10, 0))
    assert not made.asks_at(at(1, 12, 31))


@pytest.mark.parametrize("name", BY_DATE)
def test_a_day_that_began_while_nothing_looked_is_not_lost(instance: dg.DagsterInstance, name: str) -> None:
    made = settled(instance, name, at(1, 10, 0))
    assert made.asks_at(at(3, 9, 0))
    assert not made.asks_at(at(3, 9, 1))
