"""What became of runs: every run of ours is a row of `tasks`, every failed one is tallied in `failed_attempts`."""

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
    dg.DagsterRunStatus.STARTED: "running",
}


def task_run(
    run: dg.DagsterRun, *, start: float | None, end: float | None, created: datetime | None, error: str | None
) -> history.TaskRun | None:
    """A run as a task, or None for runs that carry no task name (a single asset, run by hand)."""
    task = run.tags.get(jobs.TASK_TAG)
    if task is None or run.status not in _STATUS:
        return None
    status = _STATUS[run.status]
    return history.TaskRun(
        task_name=task,
        run_id=run.run_id,
        status=status,
        start=datetime.fromtimestamp(start, UTC) if start else None,
        end=datetime.fromtimestamp(end, UTC) if end else None,
        scheduled=created,
        processed=1 if end else 0,
        succeeded=int(status == "succeeded"),
        failed=int(status == "failed"),
        error=error,
        metadata={"job": run.job_name},
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
    )
    if task is None:
        return f"run {run.run_id} of {run.job_name} is no task"
    with connect(load_settings()).begin() as connection:
        history.record_task(connection, task)
    return f"{task.task_name}: {task.status}"


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
