"""What must be true of gaps: the numbers that people see are the rows that are there."""

from collections.abc import Callable
from typing import Any

import dagster as dg

from mam_assets.assets.gaps import author_gaps, series_gaps
from mam_assets.checks.findings import none_found
from mam_assets.resources.database import Connection, Engine
from mam_assets.store import gap_truths


@dg.asset_check(asset=series_gaps, blocking=True)
def counts_agree_with_rows(database: dg.ResourceParam[Engine]) -> dg.AssetCheckResult:
    """The counts of each series are those of its catalogue's rows."""
    return _none_wrong(database, gap_truths.series_counts_that_disagree, "series show counts that are not their rows'")


@dg.asset_check(asset=series_gaps, blocking=True)
def series_summary_agrees_with_rows(database: dg.ResourceParam[Engine]) -> dg.AssetCheckResult:
    """The view of series shows what the rows of series and gaps say, and no percentage that its counts belie."""
    return _none_wrong(database, gap_truths.series_summary_that_disagrees, "lines of the summary are not their rows'")


@dg.asset_check(asset=series_gaps, blocking=True)
def every_missing_work_is_a_gap(database: dg.ResourceParam[Engine]) -> dg.AssetCheckResult:
    """Each work that a series lacks has an open gap."""
    return _none_wrong(database, gap_truths.missing_works_without_gap, "missing works have no gap")


@dg.asset_check(asset=series_gaps)
def no_owned_work_is_a_gap(database: dg.ResourceParam[Engine]) -> dg.AssetCheckResult:
    """No gap stays open for a work that its series shows to be owned, unless a download of it is under way."""
    return _none_wrong(database, gap_truths.gaps_of_owned_works, "gaps are open for works that are owned")


@dg.asset_check(asset=author_gaps, blocking=True)
def author_counts_agree_with_rows(database: dg.ResourceParam[Engine]) -> dg.AssetCheckResult:
    """The counts of each author are those of the catalogue's rows."""
    return _none_wrong(database, gap_truths.author_counts_that_disagree, "authors show counts that are not their rows'")


@dg.asset_check(asset=author_gaps, blocking=True)
def author_summary_agrees_with_rows(database: dg.ResourceParam[Engine]) -> dg.AssetCheckResult:
    """The view of authors shows what the rows of authors and gaps say, and no percentage that its counts belie."""
    return _none_wrong(database, gap_truths.author_summary_that_disagrees, "lines of the summary are not their rows'")


def _none_wrong(
    database: Engine, question: Callable[[Connection], list[dict[str, Any]]], wrong: str
) -> dg.AssetCheckResult:
    with database.begin() as connection:
        rows = question(connection)
    return none_found(rows, wrong=wrong, right="all agree", table="rows", counted="wrong")


CHECKS = (
    counts_agree_with_rows,
    series_summary_agrees_with_rows,
    every_missing_work_is_a_gap,
    no_owned_work_is_a_gap,
    author_counts_agree_with_rows,
    author_summary_agrees_with_rows,
)
