"""When the outside changed: new items in Audiobookshelf, torrents that moved, work that is due.

A sensor is a poll and a pure decision. A tick stays under 5 seconds: one or two calls with a short time-out, no paging,
no work. A failed read is a skip that says why, never "nothing there".
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import dagster as dg

from mam_assets import jobs
from mam_assets.assets.outside import AUDIOBOOKSHELF_ITEMS, TORRENT_CLIENT
from mam_assets.assets.watching import Look, by_hash, look_at
from mam_assets.domain.books import LibraryMark
from mam_assets.domain.lifecycle import METADATA_STATES
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import DatabaseUnavailable
from mam_assets.resources.errors import ServiceError
from mam_assets.resources.quick import quick_audiobookshelf, quick_database, quick_torrent_client
from mam_assets.settings import Settings, load_settings
from mam_assets.store import library as shelf
from mam_assets.store.downloads import imports as arrivals
from mam_assets.store.downloads import queue, watching

PAGE = 25
CURSOR_VERSION = 2
# How soon items are asked for again that a run should have read and did not.
ASK_AGAIN = timedelta(minutes=10)


@dataclass(frozen=True)
class NewItems:
    """What a look at the newest items means: how many a run must read now, and the cursor from then on."""

    new: int
    cursor: str


def new_items(marks: Sequence[LibraryMark], known: Collection[str], cursor: str | None, now: datetime) -> NewItems:
    """Which of the newest items are not in our tables (``known``) and were not asked for a moment ago.

    The cursor holds the newest (time added, id) that a run was asked for, and when. An item that the run then did not
    store is asked for again after a while: a run may fail, and an item may never become readable.
    """
    seen = json.loads(cursor) if cursor else {}
    if seen.get("version") != CURSOR_VERSION:
        seen = {"newest": "", "asked": None}
    keys = [
        f"{mark.added_at.isoformat()}|{mark.abs_id}"
        for mark in marks
        if mark.num_audio_files > 0 and not mark.is_missing and mark.abs_id not in known
    ]
    again = seen["asked"] is None or now - datetime.fromisoformat(seen["asked"]) >= ASK_AGAIN
    new = [key for key in keys if again or key > seen["newest"]]
    newest = max([seen["newest"], *new])
    asked = now.isoformat() if new else seen["asked"]
    return NewItems(len(new), json.dumps({"version": CURSOR_VERSION, "newest": newest, "asked": asked}))


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
        with quick_database(settings) as connection:
            known = shelf.known_ids(connection, [mark.abs_id for mark in marks])
    except (ServiceError, DatabaseUnavailable) as error:
        return dg.SkipReason(str(error))
    found = new_items(marks, known, context.cursor, Clock(settings.timezone).now())
    if not found.new:
        return dg.SkipReason("no new item in Audiobookshelf")
    if _is_running(context, "library_import"):
        return dg.SkipReason(f"a run that reads the library is under way; {found.new} items are new")
    event = dg.AssetMaterialization(AUDIOBOOKSHELF_ITEMS.key, metadata={"new_items": found.new})
    return dg.SensorResult(run_requests=[dg.RunRequest()], cursor=found.cursor, asset_events=[event])


def needs_a_run(look: Look) -> str | None:
    """Why an asset must act on a download now, in words: its torrent is complete, failed, stalled or gone, or a magnet
    that has told its files, which are to be checked."""
    if look.ended:
        return f"{look.download.title}: {look.seen.status.value}"
    if look.torrent is not None and not look.download.files_checked and look.torrent.state not in METADATA_STATES:
        return f"{look.download.title}: its files are known"
    return None


@dg.sensor(
    job=jobs.follow_downloads,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Watches our torrents; completed, failed and stalled ones are acted on by a run.",
)
def torrent_states(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Torrents that moved, and complete downloads that are due to be imported → `follow_downloads`.

    Each look is written down, since a stall is counted from the last progress that anybody saw.
    """
    settings = load_settings()
    now = Clock(settings.timezone).now()
    try:
        with quick_database(settings) as connection:
            active = watching.active(connection)
            waiting = arrivals.to_import(connection, now, limit=1)
        if not active and not waiting:
            return dg.SkipReason("no download is under way")
        looks = _looks(settings, active, now) if active else []
    except (ServiceError, DatabaseUnavailable) as error:
        return dg.SkipReason(str(error))
    changes = [words for look in looks if (words := needs_a_run(look))]
    changes += [f"{download.title}: to be imported" for download in waiting]
    if not changes:
        return dg.SkipReason(f"{len(active)} downloads are under way, none has ended")
    if _is_running(context, "follow_downloads"):
        return dg.SkipReason(f"a run that follows the downloads is under way ({'; '.join(changes[:5])})")
    event = dg.AssetMaterialization(TORRENT_CLIENT.key, metadata={"changes": len(changes)})
    return dg.SensorResult(run_requests=[dg.RunRequest()], asset_events=[event])


def _looks(settings: Settings, active: Sequence[watching.Active], now: datetime) -> list[Look]:
    """Ask the client for our category, and again for what is not in it; keep what was seen."""
    with quick_torrent_client(settings) as client:
        states = by_hash(client.torrents())
        # One that a person moved to another category is ours still. More than a few are left to the run.
        for download in [d for d in active if d.info_hash not in states][:3]:
            if (moved := client.torrent(download.info_hash)) is not None:
                states[download.info_hash] = moved
    looks = look_at(active, states, now=now, settings=settings)
    with quick_database(settings) as connection:
        for look in looks:
            if not look.ended:
                watching.observed(
                    connection,
                    look.download.download_id,
                    progress=look.seen.progress,
                    client_state=look.torrent.state if look.torrent else None,
                    last_progress_at=look.seen.last_progress_at,
                    absent_since=look.seen.absent_since,
                    now=now,
                )
    return looks


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
        with quick_database(settings) as connection:
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
