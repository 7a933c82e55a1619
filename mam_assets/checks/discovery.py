"""What must be true of the weekly lists, the daily scan and the person's own script."""

from datetime import timedelta

import dagster as dg

from mam_assets.assets.discovery import genre_top10, mam_uploads
from mam_assets.assets.guides import crawled_guides
from mam_assets.checks.findings import none_found
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Engine
from mam_assets.store import discovery as discoveries
from mam_assets.store import guides
from mam_assets.store import uploads as scan

LATE_AFTER = timedelta(days=3)


@dg.asset_check(asset=genre_top10, blocking=True)
def lists_are_whole(database: dg.ResourceParam[Engine]) -> dg.AssetCheckResult:
    """Each weekly list counts from 1 without a hole, and names no release twice."""
    with database.begin() as connection:
        rows = discoveries.broken_lists(connection)
    return none_found(rows, wrong="lists have holes or repeat a release", right="every list is whole", table="lists")


@dg.asset_check(asset=genre_top10)
def outcomes_follow_their_gaps(database: dg.ResourceParam[Engine]) -> dg.AssetCheckResult:
    """What an entry says became of it is what its gap says."""
    with database.begin() as connection:
        rows = discoveries.outcomes_that_disagree(connection)
    return none_found(
        rows,
        wrong="entries say something else than their gaps",
        right="all outcomes agree",
        table="entries",
        warns=True,
    )


@dg.asset_check(asset=mam_uploads)
def scan_keeps_up(database: dg.ResourceParam[Engine], clock: dg.ResourceParam[Clock]) -> dg.AssetCheckResult:
    """A scan stored something or came to its end within three days: it is made daily."""
    with database.begin() as connection:
        moved = scan.last_move(connection)
    late = moved is None or moved < clock.now() - LATE_AFTER
    when = "never" if moved is None else f"{moved:%Y-%m-%d %H:%M} UTC"
    return dg.AssetCheckResult(
        passed=not late,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"uploads were last stored: {when}" + ("; see the problems of the scan" if late else ""),
    )


@dg.asset_check(asset=crawled_guides)
def crawler_ended_well(database: dg.ResourceParam[Engine]) -> dg.AssetCheckResult:
    """The person's own crawler script, where one is set, ended by itself and without an error the last time."""
    with database.begin() as connection:
        last = guides.last_run(connection)
    if last is None:
        return dg.AssetCheckResult(passed=True, description="no script was ever run")
    return dg.AssetCheckResult(
        passed=last["ended"] == "exit",
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{last['day']}: {last['words']}",
    )


CHECKS = (lists_are_whole, outcomes_follow_their_gaps, scan_keeps_up, crawler_ended_well)
