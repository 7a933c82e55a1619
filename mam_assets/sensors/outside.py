"""When the outside changed: new items in Audiobookshelf, torrents that moved, work that is due.

A sensor is a poll and a pure decision. A tick stays under 5 seconds: one call with a short time-out, no paging, no
work. A failed read is a skip that says why, never "nothing there".
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

from mam_assets import jobs
from mam_assets.assets.outside import AUDIOBOOKSHELF_ITEMS, TORRENT_CLIENT
from mam_assets.domain.books import LibraryMark, TorrentState
from mam_assets.domain.lifecycle import DownloadStatus, Limits, Watched, observe
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import DatabaseUnavailable, connect
from mam_assets.resources.errors import ServiceError
from mam_assets.resources.quick import quick_audiobookshelf, quick_torrent_client
from mam_assets.settings import load_settings
from mam_assets.store import downloads as queue
from mam_assets.store.downloads import Active

PAGE = 25
CURSOR_VERSION = 1


@dataclass(frozen=True)
class NewItems:
    """What a look at the newest items means: how many are new since the cursor, and the cursor from now on."""

    new: int
    cursor: str


def new_items(marks: Sequence[LibraryMark], cursor: str | None) -> NewItems:
    """Compare the newest items of the libraries with the cursor (the newest (added, id) seen and when items
    changed)."""
    seen = json.loads(cursor) if cursor else {}
    known = seen.get("newest", "") if seen.get("version") == CURSOR_VERSION else ""
    keys = sorted(f"{mark.added_at.isoformat()}|{mark.abs_id}" for mark in marks if mark.num_audio_files > 0)
    new = sum(1 for key in keys if key > known)
    newest = max([known, *keys])
    return NewItems(new, json.dumps({"version": CURSOR_VERSION, "newest": newest}))


@dg.sensor(
    job=jobs.library_import,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Looks for new items in Audiobookshelf twice a minute and has them read and corrected at once.",
)
def audiobookshelf_imports(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """New items → `library_import`. There is no webhook for books, so this polls, newest first."""
    settings = load_settings()
    if settings.abs_token is None:
        return dg.SkipReason("ABS_TOKEN is not set: there is no library to look at")
    try:
        with quick_audiobookshelf(settings) as client:
            libraries = [library for library in client.libraries() if library.media_type == "book"]
            marks = [mark for lib in libraries for mark in client.marks(lib.library_id, limit=PAGE).marks]
    except (ServiceError, DatabaseUnavailable) as error:
        return dg.SkipReason(str(error))
    found = new_items(marks, context.cursor)
    if not found.new:
        return dg.SkipReason("no new item in Audiobookshelf")
    event = dg.AssetMaterialization(AUDIOBOOKSHELF_ITEMS.key, metadata={"new_items": found.new})
    return dg.SensorResult(run_requests=[dg.RunRequest()], cursor=found.cursor, asset_events=[event])


def moved(active: Sequence[Active], states: dict[str, TorrentState], clock: Clock, limits: Limits) -> list[str]:
    """Titles of downloads whose torrent is complete, failed, stalled or gone: those that an asset must act on."""
    now = clock.now()
    found = []
    for download in active:
        watched = Watched(
            status=DownloadStatus(download.status),
            progress=download.progress,
            sent_at=download.sent_at or now,
            last_progress_at=download.last_progress_at,
        )
        seen = observe(watched, states.get(download.info_hash), now=now, limits=limits)
        if seen.status.value != download.status:
            found.append(f"{download.title}: {seen.status.value}")
    return found


@dg.sensor(
    job=jobs.follow_downloads,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Watches our torrents; completed, failed and stalled ones are acted on by a run.",
)
def torrent_states(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Torrents that moved, and complete downloads that wait to be imported → `follow_downloads`."""
    settings = load_settings()
    try:
        database = connect(settings)
        with database.begin() as connection:
            active = queue.active(connection)
            waiting = queue.to_import(connection, limit=1)
        if not active and not waiting:
            return dg.SkipReason("no download is under way")
        states = {}
        if active:
            with quick_torrent_client(settings) as client:
                states = {state.info_hash: state for state in client.torrents()}
    except (ServiceError, DatabaseUnavailable) as error:
        return dg.SkipReason(str(error))
    limits = Limits(stall_seconds=settings.stall_hours * 3600)
    changes = moved(active, states, Clock(settings.timezone), limits)
    changes += [f"{download.title}: to be imported" for download in waiting if download.import_attempts == 0]
    if not changes:
        return dg.SkipReason(f"{len(active)} downloads are under way, none has ended")
    if _is_running(context, "follow_downloads"):
        return dg.SkipReason("a run that follows the downloads is under way")
    event = dg.AssetMaterialization(TORRENT_CLIENT.key, metadata={"changes": len(changes)})
    return dg.SensorResult(run_requests=[dg.RunRequest()], asset_events=[event])


@dg.sensor(
    job=jobs.acquisition,
    minimum_interval_seconds=600,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Every ten minutes: if a gap is due to be searched or a download to be sent, a run does so.",
)
def acquisition_due(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Work that is due → `acquisition`, one run at a time."""
    settings = load_settings()
    try:
        database = connect(settings)
        with database.begin() as connection:
            due = queue.work_is_due(connection, Clock(settings.timezone).now())
    except DatabaseUnavailable as error:
        return dg.SkipReason(str(error))
    words = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in due.items())
    if not any(due.values()):
        return dg.SkipReason(f"nothing is due ({words})")
    if _is_running(context, "acquisition"):
        return dg.SkipReason("an acquisition run is under way")
    return dg.SensorResult(run_requests=[dg.RunRequest(tags={"mam_assets/due": words})])


def _is_running(context: dg.SensorEvaluationContext, job_name: str) -> bool:
    """Whether a run of the job is queued or under way: two would do the same work twice."""
    unfinished = [
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
    ]
    filters = dg.RunsFilter(job_name=job_name, statuses=unfinished)
    return bool(context.instance.get_run_records(filters, limit=1))
