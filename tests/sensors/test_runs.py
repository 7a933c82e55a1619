"""Every run of ours becomes a row of tasks; a failed one is tallied without secrets."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from mam_assets import jobs
from mam_assets.resources.errors import ServiceDown
from mam_assets.sensors import runs
from mam_assets.sensors.runs import tallied
from mam_assets.settings import Settings

SECRET = "recognisable-secret-key-42"


@pytest.fixture
def kept(clean_settings: Settings, clean_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that asks the database which the sensors write to."""
    from pydantic import SecretStr

    settings = clean_settings.model_copy(update={"prowlarr_api_key": SecretStr(SECRET)})
    monkeypatch.setattr(runs, "load_settings", lambda: settings)

    def ask(statement: str) -> list[Any]:
        with clean_engine.begin() as connection:
            return list(connection.execute(text(statement)).all())

    return ask


def run(instance: dg.DagsterInstance, asset: dg.AssetsDefinition, **tags: str) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [asset],
        instance=instance,
        tags=tags,
        raise_on_error=False,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )


def imports(**counts: int) -> dg.AssetsDefinition:
    @dg.asset(name="imports")
    def imports() -> dg.MaterializeResult[Any]:
        return dg.MaterializeResult(metadata={**counts, "dagster/row_count": 900})

    return imports


def failing(message: str) -> dg.AssetsDefinition:
    @dg.asset(name="imports")
    def imports() -> dg.MaterializeResult[Any]:
        raise ServiceDown("prowlarr", "search", message, "See that it runs")

    return imports


def told(instance: dg.DagsterInstance, result: dg.ExecuteInProcessResult, sensor: Any) -> Any:
    context = dg.build_run_status_sensor_context(
        "a_sensor",
        dagster_event=result.get_run_success_event() if result.success else result.get_run_failure_event(),
        dagster_instance=instance,
        dagster_run=result.dagster_run,
    )
    return sensor(context if result.success else context.for_run_failure())


def test_a_run_is_kept_with_what_its_assets_counted(instance: dg.DagsterInstance, kept: Any) -> None:
    result = run(instance, imports(imported=4, held=1, linked=4), **{jobs.TASK_TAG: "IMPORT"})
    for _ in range(2):
        told(instance, result, runs.run_history_success)
    (row,) = kept("SELECT * FROM tasks")
    assert (row.task_name, row.status, row.dagster_run_id) == ("IMPORT", "succeeded", result.run_id)
    assert (row.items_processed, row.items_succeeded, row.items_failed) == (5, 4, 1)
    assert row.duration_seconds >= 0
    assert row.metadata["counts"] == {"imports": {"imported": 4, "held": 1, "linked": 4}}


def test_a_single_asset_that_was_run_by_hand_is_no_task(instance: dg.DagsterInstance, kept: Any) -> None:
    answer = told(instance, run(instance, imports(imported=1)), runs.run_history_success)
    assert "is no task" in answer.skip_message
    assert kept("SELECT id FROM tasks") == []


def test_a_failed_run_is_tallied_for_ever_and_without_secrets(instance: dg.DagsterInstance, kept: Any) -> None:
    for _ in range(2):
        result = run(instance, failing(f"it said no to apikey={SECRET}&x=1"), **{jobs.TASK_TAG: "IMPORT"})
        told(instance, result, runs.run_failures)
    (failure,) = kept("SELECT * FROM failed_attempts")
    assert (failure.task_name, failure.reason, failure.attempt_count) == ("IMPORT", "run_failed", 2)
    assert "prowlarr: search: it said no" in failure.error_details
    rows = kept("SELECT * FROM tasks")
    assert [row.status for row in rows] == ["failed", "failed"]
    assert SECRET not in str(rows) + str(failure)


def test_counts_of_unknown_assets_are_kept_and_not_added_up() -> None:
    event = dg.AssetMaterialization("strange", metadata={"things": 3, "note": "x"})
    assert tallied([event]).counts == {"strange": {"things": 3}}
    assert tallied([event]).succeeded == 0
