"""The sensor `rounds`: goes on with what a month's metadata, series and authors still lack, when it may.

Belongs here: gathering what the decision needs, and the run that it asks for. Does not belong here: the decision
(domain/rounds.py), counting (store/rounds.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from mam_assets import jobs
from mam_assets.domain.budgets import GOODREADS, GOOGLE_BOOKS, MAM, budget_day, paces
from mam_assets.domain.rounds import (
    FAILED_REST,
    RESTS,
    STALE_AFTER,
    Lane,
    LaneState,
    Plan,
    ServiceState,
    Start,
    fruitless_runs,
    plan,
    resting,
)
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Connection, DatabaseUnavailable
from mam_assets.resources.quick import quick_database
from mam_assets.settings import Settings, load_settings
from mam_assets.store import rounds as store
from mam_assets.store.downloads import queue
from mam_assets.store.metadata_report import resting_services, unhealthy

LANE_TAG = "mam_assets/round"
WAITING_TAG = "mam_assets/round_waiting"
SERVICES = (GOOGLE_BOOKS, GOODREADS, MAM)

JOBS = {Lane.SERIES: jobs.series_completion, Lane.AUTHORS: jobs.author_completion, Lane.METADATA: jobs.metadata_full}
# Not the library itself: reading all of it again for each share would only keep Audiobookshelf busy.
ASSETS = {
    Lane.SERIES: ("series_catalog", "series_gaps"),
    Lane.AUTHORS: ("author_catalog", "author_gaps"),
    Lane.METADATA: ("book_metadata",),
}
_BUSY = ("series_completion", "author_completion", "metadata_full", "metadata_new", "library_import")
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]
_FAILED = (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


@dg.sensor(
    jobs=list(JOBS.values()),
    minimum_interval_seconds=1200,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Every 20 minutes: goes on with an unfinished round of metadata, series or authors, within budgets.",
)
def rounds(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """What waits for a round → one run of the job that goes on with it. Else it says what each waits for."""
    settings = load_settings()
    now = Clock(settings.timezone).now()
    ran = {lane: _ran(context.instance, lane) for lane in Lane}
    busy = next((name for name in _BUSY if _is_running(context.instance, name)), None)
    searching = _is_running(context.instance, "acquisition")
    try:
        with quick_database(settings) as connection:
            due = queue.work_is_due(connection, now)["searches"]
            decided, lanes = decide(connection, settings, now, ran, busy=busy, searching=searching, searches_due=due)
    except DatabaseUnavailable as error:
        return dg.SkipReason(str(error))
    if decided.start is None:
        return dg.SkipReason("; ".join(decided.waits))
    return dg.SensorResult(run_requests=[run_request(decided.start, lanes[decided.start.lane])])


@dataclass(frozen=True)
class Ran:
    """The last runs of a lane, newest first: when the newest began, and how much waited when each began, None for one
    that failed."""

    began_at: datetime | None = None
    waited: tuple[int | None, ...] = ()


def decide(
    connection: Connection,
    settings: Settings,
    now: datetime,
    ran: Mapping[Lane, Ran],
    *,
    busy: str | None,
    searching: bool,
    searches_due: int,
) -> tuple[Plan, Mapping[Lane, LaneState]]:
    """What to start now, and what waits in each lane. See `domain.rounds.plan`."""
    services = service_states(connection, settings, now)
    # Audiobookshelf too: what waits for it alone keeps no round going while it is away.
    # The library's own runs find out when it is back.
    down = {row["service"] for row in unhealthy(connection) if row["service"] not in services}
    away = {*resting(services, now), *resting_services(connection, now), *down}
    lanes = {}
    for lane, counts in store.waiting(connection, now - STALE_AFTER, away, now - FAILED_REST).items():
        fruitless = fruitless_runs(ran[lane].waited, counts.never + counts.stale)
        lanes[lane] = LaneState(lane, counts.never, counts.stale, ran[lane].began_at, fruitless)
    decided = plan(
        list(lanes.values()),
        services,
        now=now,
        zone=settings.timezone,
        busy=busy,
        searching=searching,
        searches_due=searches_due,
    )
    return decided, lanes


def service_states(connection: Connection, settings: Settings, now: datetime) -> dict[str, ServiceState]:
    """The services that rounds ask, as they are now."""
    pace = paces(
        google_books_daily_limit=settings.google_books_daily_limit,
        goodreads_daily_limit=settings.goodreads_daily_limit,
        mam_session_limit=settings.mam_session_limit,
    )
    asked = store.asked(connection, {name: budget_day(pace[name], now) for name in SERVICES})
    enabled = {
        GOOGLE_BOOKS: settings.google_books_api_key is not None,
        GOODREADS: settings.goodreads_enabled,
        MAM: settings.mam_id is not None,
    }
    return {
        name: ServiceState(name, pace[name], asked[name].used_today, asked[name].retry_at, enabled=enabled[name])
        for name in SERVICES
    }


def run_request(start: Start, lane: LaneState) -> dg.RunRequest:
    """The run that takes this share. No run key: the same share may be taken again."""
    return dg.RunRequest(
        job_name=JOBS[start.lane].name,
        asset_selection=[dg.AssetKey(name) for name in ASSETS[start.lane]],
        run_config=run_config(start),
        tags={LANE_TAG: start.lane.value, WAITING_TAG: str(lane.waiting)},
    )


def run_config(start: Start) -> dict[str, Any]:
    """What the first asset of the lane is told."""
    config: dict[str, Any] = {"limit": start.limit}
    if start.lane is Lane.METADATA:
        config |= {"scope": "stale", "stale_days": STALE_AFTER.days}
    return {"ops": {ASSETS[start.lane][0]: {"config": config}}}


def _ran(instance: dg.DagsterInstance, lane: Lane) -> Ran:
    records = instance.get_run_records(dg.RunsFilter(tags={LANE_TAG: lane.value}), limit=len(RESTS))
    runs = [record.dagster_run for record in records]
    began = max((record.create_timestamp.astimezone(UTC) for record in records), default=None)
    return Ran(began, tuple(None if run.status in _FAILED else int(run.tags[WAITING_TAG]) for run in runs))


def _is_running(instance: dg.DagsterInstance, job_name: str) -> bool:
    filters = dg.RunsFilter(job_name=job_name, statuses=_UNFINISHED)
    return bool(instance.get_run_records(filters, limit=1))


SENSORS = (rounds,)
