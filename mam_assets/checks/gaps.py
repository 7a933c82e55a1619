"""What must be true of gaps: the numbers that people see are the rows that are there."""

import dagster as dg

from mam_assets.assets.gaps import series_gaps
from mam_assets.assets.reporting import sample_table
from mam_assets.resources.database import Engine
from mam_assets.store import gaps


@dg.asset_check(asset=series_gaps, blocking=True)
def counts_agree_with_rows(database: dg.ResourceParam[Engine]) -> dg.AssetCheckResult:
    """The counts of each series are those of its catalogue's rows."""
    with database.begin() as connection:
        rows = gaps.series_counts_that_disagree(connection)
    return dg.AssetCheckResult(
        passed=not rows,
        description=f"{len(rows)} series show counts that are not their rows'" if rows else "all counts agree",
        metadata={"series": sample_table(rows)} if rows else {},
    )


@dg.asset_check(asset=series_gaps, blocking=True)
def every_missing_work_is_a_gap(database: dg.ResourceParam[Engine]) -> dg.AssetCheckResult:
    """Each work that a series lacks has an open gap."""
    with database.begin() as connection:
        rows = gaps.missing_works_without_gap(connection)
    return dg.AssetCheckResult(
        passed=not rows,
        description=f"{len(rows)} missing works have no gap" if rows else "each missing work is a gap",
        metadata={"works": sample_table(rows)} if rows else {},
    )


CHECKS = (counts_agree_with_rows, every_missing_work_is_a_gap)
