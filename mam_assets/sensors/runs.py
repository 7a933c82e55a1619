"""What became of runs: every run of ours is a row of `tasks`, every failed one is tallied in `failed_attempts`.

Runs that are under way are not kept: Dagster shows those, and `tasks` says what has been.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from mam_assets import jobs
from mam_assets.resources.database import connect
from mam_assets.resources.redaction import Redactor
from mam_assets.settings import load_settings
from mam_assets.store import history

_LONGEST = 2000
_STATUS = {
    dg.DagsterRunStatus.SUCCESS: "succeeded",
    dg.DagsterRunStatus.FAILURE: "failed",
    dg.DagsterRunStatus.CANCELED: "canceled",
}


@dataclass(frozen=True)
class Tallied:
    """What the assets of a run counted: items that succeeded and that failed, and all counts by asset."""

    succeeded: int = 0
    failed: int = 0
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


# Which of an asset's counts are items that it was run for. "waiting" is neither: those are taken up by the next run.
_ITEMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "books": (("items_new", "items_changed"), ()),
    "book_metadata": (("looked_up",), ()),
    "series_catalog": (("series_read",), ("series_unknown_there",)),
    "author_catalog": (("authors_read",), ()),
    "genre_top10": (("genres_read",), ()),
    "mam_uploads": (("uploads_seen",), ()),
    "crawled_guides": (("guides_read",), ("guides_unreadable", "script_failed")),
    "release_candidates": (("gaps_searched",), ()),
    "torrents": (("sent", "adopted", "completed"), ("failed", "abandoned")),
    "imports": (("imported",), ("import_failed", "held", "release_failed")),
    "history": (("tasks_deleted", "corrections_deleted", "api_calls_deleted"), ()),
}


def tallied(materialisations: Iterable[dg.AssetMaterialization]) -> Tallied:
    """Add up what the assets of a run reported in their metadata."""
    succeeded = failed = 0
    counts: dict[str, dict[str, int]] = {}
    for event in materialisations:
        asset = event.asset_key.to_user_string()
        found = {
            name: value.value
            for name, value in event.metadata.items()
            if isinstance(value, dg.IntMetadataValue) and value.value is not None and "/" not in name
        }
        counts[asset] = found
        good, bad = _ITEMS.get(asset, ((), ()))
        succeeded += sum(found.get(name, 0) for name in good)
        failed += sum(found.get(name, 0) for name in bad)
    return Tallied(succeeded, failed, counts)


def task_run(
    run: dg.DagsterRun,
    *,
    start: float | None,
    end: float | None,
    created: datetime | None,
    error: str | None,
    items: Tallied | None = None,
) -> history.TaskRun | None:
    """A run as a task, or None for runs that carry no task name (a single asset, run by hand)."""
    task = run.tags.get(jobs.TASK_TAG)
    if task is None or run.status not in _STATUS:
        return None
    items = items or Tallied()
    return history.TaskRun(
        task_name=task,
        run_id=run.run_id,
        status=_STATUS[run.status],
        start=datetime.fromtimestamp(start, UTC) if start else None,
        end=datetime.fromtimestamp(end, UTC) if end else None,
        scheduled=created,
        processed=items.succeeded + items.failed,
        succeeded=items.succeeded,
        failed=items.failed,
        error=error,
        metadata={"job": run.job_name, "counts": items.counts},
    )


def _record(context: dg.RunStatusSensorContext, error: str | None = None) -> str:
    run = context.dagster_run
    record = context.instance.get_run_record_by_id(run.run_id)
    task = task_run(
        run,
        start=record.start_time if record else None,
        end=record.end_time if record else None,
        created=record.create_timestamp if record else None,
        error=error,
        items=tallied(_materialisations(context.instance, run.run_id)),
    )
    if task is None:
        return f"run {run.run_id} of {run.job_name} is no task"
    with connect(load_settings()).begin() as connection:
        history.record_task(connection, task)
    return f"{task.task_name}: {task.status}"


def _materialisations(instance: dg.DagsterInstance, run_id: str) -> Iterable[dg.AssetMaterialization]:
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION).records
    return [event for record in records if (event := record.event_log_entry.asset_materialization)]


def _history_sensor(status: dg.DagsterRunStatus, name: str) -> Any:
    @dg.run_status_sensor(
        name=name,
        run_status=status,
        minimum_interval_seconds=30,
        monitored_jobs=list(jobs.JOBS),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Keeps each run that ended as {_STATUS[status]} in the table tasks.",
    )
    def record_run(context: dg.RunStatusSensorContext) -> dg.SkipReason:
        return dg.SkipReason(_record(context))

    return record_run


run_history_success = _history_sensor(dg.DagsterRunStatus.SUCCESS, "run_history_success")
run_history_canceled = _history_sensor(dg.DagsterRunStatus.CANCELED, "run_history_canceled")


@dg.run_failure_sensor(
    minimum_interval_seconds=30,
    monitored_jobs=list(jobs.JOBS),
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tallies each failed run in failed_attempts, for ever, and keeps it in tasks.",
)
def run_failures(context: dg.RunFailureSensorContext) -> dg.SkipReason:
    """A failed run → a row of `failed_attempts` (counted up when it repeats) and of `tasks`."""
    settings = load_settings()
    clean = Redactor(settings.secrets()).clean
    words = clean(_cause(context))[:_LONGEST]
    told = _record(context, error=words)
    task = context.dagster_run.tags.get(jobs.TASK_TAG)
    if task:
        failure = history.Failure(
            task_name=task,
            item_id="",
            item_name=context.dagster_run.job_name,
            reason="run_failed",
            code="run_failed",
            details=words,
            metadata={"run_id": context.dagster_run.run_id},
        )
        with connect(settings).begin() as connection:
            history.tally(connection, [failure], datetime.now(UTC))
    return dg.SkipReason(told)


def _cause(context: dg.RunFailureSensorContext) -> str:
    """The step's own error rather than Dagster's "steps failed"."""
    for event in context.get_step_failure_events():
        data = event.step_failure_data
        if data.error:
            error = data.error.cause or data.error
            return str(error.message).strip()
    return str(context.failure_event.message or "the run failed")


SENSORS = (run_history_success, run_history_canceled, run_failures)
