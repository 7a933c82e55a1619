"""What a person should look at in the catalogues: series that may be one."""

import dagster as dg

from mam_assets.assets.series_catalog import series_catalog
from mam_assets.checks.findings import none_found
from mam_assets.domain.series_identity import decide, shown_pairs
from mam_assets.resources.database import Engine
from mam_assets.store import series_identity


@dg.asset_check(asset=series_catalog)
def doubtful_series_pairs(database: dg.ResourceParam[Engine]) -> dg.AssetCheckResult:
    """Series that look alike and that no rule may merge, with what speaks for and against: a question for a person, in
    nobody's way. `mam series merge KEEP DROP` answers it with yes, `mam series apart` with no."""
    with database.begin() as connection:
        sides = series_identity.sides_alike(connection)
        doubts = decide(
            sides,
            held_apart=series_identity.held_apart(connection),
            pen_names=series_identity.pen_names(connection),
        ).doubts
    rows = shown_pairs(doubts, {side.series_id: side.name for side in sides})
    return none_found(
        rows,
        wrong="pairs of series look alike: merge them or leave them",
        right="no pair is in doubt",
        table="pairs",
        warns=True,
    )


CHECKS = (doubtful_series_pairs,)
