"""Group discovery: what is new at MAM: each genre's weekly top ten, and the daily new uploads.

Does not belong here: the person's own crawler script (guides.py).
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
from pydantic import Field

from mam_assets.assets.judging import rejudge_authors, rejudge_series
from mam_assets.assets.library import books
from mam_assets.assets.outside import MAM_CATALOGUE
from mam_assets.assets.pages import Page
from mam_assets.assets.reporting import materialised
from mam_assets.domain.discovering import judge_uploads, rank
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Connection, Engine
from mam_assets.resources.errors import ServiceError
from mam_assets.resources.mam import Mam
from mam_assets.settings import Settings
from mam_assets.store import coming_out
from mam_assets.store import discovery as discoveries
from mam_assets.store import genres as genre_settings
from mam_assets.store import uploads as scan
from mam_assets.store.coming_out import CameOut
from mam_assets.store.discovery import GenreDue
from mam_assets.store.surroundings import around
from mam_assets.store.uploads import Settled
from mam_assets.store.vocabulary import TOP10_OUTCOMES

WEEK = timedelta(days=7)
# Rows asked for a list: one request all the same, and several releases of one work leave ten works.
LIST_ROWS = 50
SHOWN_FAULTS = 50
# How long an entry that nothing pursues is looked for in the library.
FOLLOWED_WEEKS = 8

FIRST_LOOK_BACK = timedelta(days=7)
# What is uploaded shows itself late at times: the last hours are read again, and not counted again.
OVERLAP = timedelta(hours=6)
MOST_UPLOAD_PAGES = 20


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
    """The ten most snatched audiobooks among the last seven days' uploads, per enabled genre: one rank for each work,
    kept per week with what it is to us and what became of it.

    One request per genre and week; a week that was read is never asked for, nor changed, again. Outcomes go on: an
    entry becomes active, owned, failed or ignored as its gap does.
    """
    now = clock.now()
    week = week_of(now, settings.timezone)
    begins = datetime.combine(week, time.min, ZoneInfo(settings.timezone))
    counts = {"genres_read": 0, "genres_waiting": 0, "genres_without_uploads": 0, "entries": 0}
    problems: list[str] = []
    faults: list[str] = []
    with database.begin() as connection:
        counts["outcomes_changed"] = _follow(connection, settings, week)
        due = discoveries.genres_due(connection, week, since=begins, names=config.genres)
        problems += _unknown_genres(connection, config.genres)
    for index, genre in enumerate(due):
        if not genre.mam_categories:
            problems.append(
                f"{genre.name}: it has no MAM category, so there is nothing to ask for; "
                f'set some with `mam genres set "{genre.name}" --categories …`'
            )
            continue
        try:
            page = mam.top(genre.mam_categories, since=now - WEEK, until=now, perpage=LIST_ROWS)
        except ServiceError as error:
            counts["genres_waiting"] = len(due) - index
            problems.insert(0, f"{error} {counts['genres_waiting']} genres wait for the next run.")
            break
        faults += [f"{genre.name}: {fault}" for fault in page.problems]
        with database.begin() as connection:
            kept, came_out = _keep(connection, genre, week, page.releases, settings, now)
        _judge_again(database, settings, clock, came_out)
        counts["genres_read"] += 1
        counts["entries"] += kept
        counts["genres_without_uploads"] += kept == 0
        context.log.info(f"{genre.name}: {kept} entries")
    with database.begin() as connection:
        discoveries.add_reason_to_gaps(connection)
        counts["outcomes_changed"] += discoveries.settle_outcomes(connection)
        listed = discoveries.top10_of(connection, week)
        total = discoveries.count_entries(connection)
    counts |= {outcome: sum(1 for row in listed if row["outcome"] == outcome) for outcome in TOP10_OUTCOMES}
    counts["rows_with_faults"] = len(faults)
    return materialised(
        counts,
        sample=_in_short(listed),
        table="top10_entries",
        rows=total,
        problems=problems,
        pages={"lists": _lists_page(week, listed), "row_faults": _faults_page(faults)},
    )


def _follow(connection: Connection, settings: Settings, week: date) -> int:
    """Let earlier entries say what became of them: those with a gap by their gap, the others by the library."""
    changed = discoveries.settle_outcomes(connection)
    waiting = discoveries.open_entries(connection, week - FOLLOWED_WEEKS * WEEK)
    near = around(connection, [entry.release for entry in waiting])
    stands = [(entry.entry_id, near.standing(entry.release, settings.languages)) for entry in waiting]
    found = [(entry_id, standing) for entry_id, standing in stands if standing.outcome in ("owned", "pursued")]
    return changed + discoveries.entries_stand(connection, found)


def _keep(
    connection: Connection, genre: GenreDue, week: date, releases: Sequence[Any], settings: Settings, now: datetime
) -> tuple[int, CameOut]:
    ranked = rank(releases, places=genre.places, since=now - WEEK, languages=settings.languages)
    near = around(connection, [place.release for place in ranked])
    standings = [(place, near.standing(place.release, settings.languages)) for place in ranked]
    kept = discoveries.save_top10(connection, genre.genre_id, week, standings, now)
    offered = [(standing.gap_id, place.release) for place, standing in standings if standing.gap_id is not None]
    return kept, coming_out.note(connection, offered, now)


def _judge_again(database: Engine, settings: Settings, clock: Clock, came_out: CameOut) -> None:
    """What MAM offers is out, whatever date was known: the verdicts and counts of its series and authors say so too."""
    now, today = clock.now(), clock.today()
    if came_out.series_ids:
        rejudge_series(database, settings, now, today, sorted(came_out.series_ids))
    if came_out.author_ids:
        rejudge_authors(database, settings, now, today, sorted(came_out.author_ids))


def _unknown_genres(connection: Connection, names: Sequence[str]) -> list[str]:
    known = {genre.name.casefold() for genre in genre_settings.all_genres(connection)}
    wrong = [name for name in names if name.strip().casefold() not in known]
    return [f"{name}: there is no such genre; `mam genres list` shows those there are" for name in wrong]


def _in_short(listed: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The first ranks of every genre; the size as a person reads it."""
    columns = ("rank", "genre", "title", "authors", "snatched", "seeders", "size", "outcome")
    return [{name: row["size_bytes"] if name == "size" else row[name] for name in columns} for row in _sized(listed)]


def _sized(listed: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "size_bytes": _mib(row["size_bytes"])} for row in listed]


def _mib(size: int | None) -> str:
    return "" if size is None else f"{size / 2**20:,.1f} MiB"


_COLUMNS = ("", "Title", "Authors", "Narrators", "Snatched", "Seeders", "Size", "What became of it")


def _lists_page(week: date, listed: Sequence[Mapping[str, Any]]) -> Page:
    """Every list of the week whole, genre by genre."""
    page = Page()
    page.words(f"Week of {week:%Y-%m-%d}")
    for genre in sorted({str(row["genre"]) for row in listed}):
        page.heading(genre)
        rows = [
            (
                *(row[name] for name in ("rank", "title", "authors", "narrators", "snatched", "seeders", "size_bytes")),
                f"{row['outcome']}: {row['reason']}" if row["reason"] else row["outcome"],
            )
            for row in _sized([row for row in listed if row["genre"] == genre])
        ]
        page.table(_COLUMNS, rows, numbers=("", "Snatched", "Seeders", "Size"))
    if not listed:
        page.words("Nothing was listed.")
    return page


def _faults_page(faults: Sequence[str]) -> Page:
    """What was wrong with rows of MAM's: they are kept without that part, or left out where they name no torrent."""
    page = Page()
    page.listed(sorted(set(faults))[:SHOWN_FAULTS])
    return page


class UploadsConfig(dg.Config):
    """How far back the scan looks."""

    days: int = Field(default=0, ge=0, description="Look back this many days; 0: from the last scan's high-water mark.")
    pages: int = Field(
        default=MOST_UPLOAD_PAGES, ge=1, le=50, description="Requests that one scan may take; the next one goes on."
    )


@dg.asset(
    group_name="discovery", kinds={"postgres", "mam"}, deps=[books, MAM_CATALOGUE], pool="mam", owners=["team:library"]
)
def mam_uploads(
    context: dg.AssetExecutionContext,
    config: UploadsConfig,
    database: dg.ResourceParam[Engine],
    mam: dg.ResourceParam[Mam],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> dg.MaterializeResult[Any]:
    """New audiobooks on MAM since the last scan, in the enabled genres or by authors in the library.

    What is neither owned nor known becomes a discovered book; what fills a gap puts that gap first, and one that was
    upcoming is out now. Each page is stored
    before the mark moves past it, so a scan that breaks off, or that has read its share of pages, goes on from there.
    """
    now = clock.now()
    with database.begin() as connection:
        since = _scan_from(scan.mark(connection), config, now)
        categories = genre_settings.watched_categories(connection)
    counts = {
        "uploads_seen": 0,
        "uploads_kept": 0,
        "uploads_new": 0,
        "books_discovered": 0,
        "gaps_raised": 0,
        "gaps_came_out": 0,
        "doubtful": 0,
        "pages_read": 0,
        "rows_with_faults": 0,
        "scan_incomplete": 1,
    }
    problems: list[str] = []
    faults: list[str] = []
    newest, start = since, 0
    while counts["pages_read"] < config.pages:
        try:
            page = mam.uploads_since(since, start=start)
        except ServiceError as error:
            problems.insert(0, f"{error} The next scan goes on from {newest:%Y-%m-%d %H:%M}.")
            break
        faults += page.problems
        counts["rows_with_faults"] += len(page.problems)
        counts["pages_read"] += 1
        newest = max((release.added_at for release in page.releases if release.added_at), default=newest)
        with database.begin() as connection:
            near = around(connection, page.releases)
            kept = [release for release in page.releases if near.concerns_us(release, categories)]
            counts["uploads_new"] += scan.save_uploads(connection, kept, now)
            settled = _judge_new(connection, settings, now)
            scan.move_mark(connection, scanned_from=since, to=newest, now=now)
        _judge_again(database, settings, clock, settled.came_out)
        counts["books_discovered"] += settled.discovered
        counts["gaps_raised"] += settled.raised
        counts["gaps_came_out"] += settled.came_out.gaps
        counts["doubtful"] += settled.doubtful
        counts["uploads_seen"] += len(page.releases)
        counts["uploads_kept"] += len(kept)
        context.log.info(f"{counts['uploads_seen']} of {page.found} uploads are stored, until {newest:%Y-%m-%d %H:%M}")
        start += page.perpage
        if start >= page.found or not page.releases:
            counts["scan_incomplete"] = 0
            break
    else:
        problems.insert(0, f"{config.pages} pages are read; the next scan goes on from {newest:%Y-%m-%d %H:%M}.")
    with database.begin() as connection:
        if not counts["scan_incomplete"]:
            scan.end_scan(connection, scanned_from=since, now=now)
        sample = scan.sample(connection, now, limit=20)
        total = scan.count(connection)
    context.log.info(f"MAM scan complete: {counts['books_discovered']} new books")
    return materialised(
        counts,
        sample=sample,
        table="mam_uploads",
        rows=total,
        problems=problems,
        pages={"row_faults": _faults_page(faults)},
    )


def _scan_from(mark: scan.ScanMark | None, config: UploadsConfig, now: datetime) -> datetime:
    """The mark, or some hours before it where the last scan was whole. One that broke off goes on where it was, so that
    each scan comes further than the one before."""
    if config.days:
        return now - timedelta(days=config.days)
    if mark is None:
        return now - FIRST_LOOK_BACK
    return mark.at - OVERLAP if mark.whole else mark.at


def _judge_new(connection: Connection, settings: Settings, now: datetime) -> Settled:
    """Say of every stored upload what it is; those of an older version, too, that never said."""
    total = Settled()
    while batch := scan.unjudged(connection):
        near = around(connection, [stored.release for stored in batch])
        judged = judge_uploads([(s.release_id, s.release) for s in batch], near, settings.languages)
        total += scan.settle(connection, judged, now)
    return total
