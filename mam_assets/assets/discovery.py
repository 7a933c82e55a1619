"""Group discovery: what is new at MAM: each genre's weekly top ten, and the daily new uploads."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
from pydantic import Field

from mam_assets.assets.library import books
from mam_assets.assets.outside import MAM_CATALOGUE
from mam_assets.assets.reporting import materialised
from mam_assets.domain.books import Release
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Engine
from mam_assets.resources.errors import ServiceError
from mam_assets.resources.mam import Mam
from mam_assets.settings import Settings
from mam_assets.store import discovery as discoveries
from mam_assets.store import marks as sync_marks
from mam_assets.store import releases as offered

UPLOADS_MARK = "mam_uploads"
FIRST_LOOK_BACK = timedelta(days=7)
MOST_UPLOAD_PAGES = 10


class Top10Config(dg.Config):
    """Which genres' lists are read."""

    genres: list[str] = Field(default_factory=list, description="Only these genres, by name. Empty: every enabled one.")


def week_of(moment: datetime, zone: str) -> date:
    """The Sunday that begins the week, in the person's zone: the list is made on Sundays at 03:00 (spec.md 4)."""
    day = moment.astimezone(ZoneInfo(zone)).date()
    return day - timedelta(days=(day.weekday() + 1) % 7)


@dg.asset(
    group_name="discovery", kinds={"postgres", "mam"}, deps=[books, MAM_CATALOGUE], pool="mam", owners=["team:library"]
)
def genre_top10(
    context: dg.AssetExecutionContext,
    config: Top10Config,
    database: dg.ResourceParam[Engine],
    mam: dg.ResourceParam[Mam],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> dg.MaterializeResult[Any]:
    """The ten most snatched audiobooks among the last seven days' uploads, per enabled genre, ranked and kept per week.

    One request per genre and week; a week that was read is never asked for, nor changed, again.
    """
    now = clock.now()
    week = week_of(now, settings.timezone)
    with database.begin() as connection:
        due = discoveries.genres_due(connection, week, names=config.genres)
    counts = {"genres_read": 0, "entries": 0, "genres_waiting": 0}
    problems: list[str] = []
    for index, genre in enumerate(due):
        if not genre.mam_categories:
            problems.append(f"{genre.name}: no MAM category is set for this genre; set mam_categories to use it")
            continue
        try:
            page = mam.top(genre.mam_categories, since=now - timedelta(days=7), until=now)
        except ServiceError as error:
            counts["genres_waiting"] = len(due) - index
            problems.append(f"{error} {counts['genres_waiting']} genres wait for the next run.")
            break
        with database.begin() as connection:
            offered.save(connection, page.releases, now)
            counts["entries"] += discoveries.save_top10(connection, genre.genre_id, week, page.releases[:10], now)
        counts["genres_read"] += 1
        context.log.info(f"{genre.name}: {len(page.releases[:10])} entries")
    with database.begin() as connection:
        sample = discoveries.top10_of(connection, week)
    return materialised(counts, sample=sample, table="top10_entries", problems=problems)


class UploadsConfig(dg.Config):
    """How far back the scan looks."""

    days: int = Field(default=0, ge=0, description="Look back this many days; 0: from the last scan's high-water mark.")


@dg.asset(
    group_name="discovery", kinds={"postgres", "mam"}, deps=[books, MAM_CATALOGUE], pool="mam", owners=["team:library"]
)
def mam_uploads(
    context: dg.AssetExecutionContext,
    config: UploadsConfig,
    database: dg.ResourceParam[Engine],
    mam: dg.ResourceParam[Mam],
    clock: dg.ResourceParam[Clock],
) -> dg.MaterializeResult[Any]:
    """New audiobooks on MAM since the last scan, in the enabled genres or by authors in the library.

    What is not owned becomes a discovered book. The mark moves only past what was stored, so a scan that breaks off
    leaves nothing out.
    """
    now = clock.now()
    with database.begin() as connection:
        since = now - timedelta(days=config.days) if config.days else sync_marks.moment(connection, UPLOADS_MARK)
        categories = discoveries.scanned_categories(connection)
    since = since or now - FIRST_LOOK_BACK
    found: list[Release] = []
    problems: list[str] = []
    waiting = 0
    start = 0
    for _ in range(MOST_UPLOAD_PAGES):
        try:
            page = mam.uploads_since(categories, since=since, start=start)
        except ServiceError as error:
            waiting = 1
            problems.append(f"{error} The scan goes on from {since:%Y-%m-%d %H:%M} next time.")
            break
        found += page.releases
        start += page.perpage
        if start >= page.found or not page.releases:
            break
    else:
        waiting = 1
        problems.append(f"More than {start} uploads since {since:%Y-%m-%d %H:%M}; the rest is read next time.")
    with database.begin() as connection:
        offered.save(connection, found, now)
        new = discoveries.save_uploads(connection, found, now)
        discovered = discoveries.discover_books(connection, now)
        if not waiting:
            sync_marks.put_moment(connection, UPLOADS_MARK, _newest(found, now), now)
        elif found and (newest := max((r.added_at for r in found if r.added_at), default=None)):
            context.log.info(f"uploads until {newest:%Y-%m-%d %H:%M} are stored")
    context.log.info(f"MAM scan complete: {discovered} new books")
    return materialised(
        {"uploads_seen": len(found), "uploads_new": new, "books_discovered": discovered, "scan_incomplete": waiting},
        sample=[{"title": r.title, "authors": r.authors, "seeders": r.seeders} for r in found[:20]],
        table="mam_uploads",
        problems=problems,
    )


def _newest(releases: list[Release], fallback: datetime) -> datetime:
    """The mark moves to the day of the newest upload seen (MAM's window is by day); with none, it stays near now."""
    newest = max((release.added_at for release in releases if release.added_at), default=fallback - timedelta(days=1))
    return datetime.combine(newest.date(), time.min, tzinfo=newest.tzinfo)
