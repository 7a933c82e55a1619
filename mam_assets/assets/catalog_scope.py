"""What of the catalogues a run reads, and for how long an answer holds."""

from datetime import timedelta

import dagster as dg
from pydantic import Field

FRESH_FOR = timedelta(days=27)  # the schedules are monthly; a run by hand in between asks nothing again
LOOKUP_FRESH_FOR = timedelta(days=90)


class CatalogConfig(dg.Config):
    """Which catalogues are read."""

    limit: int = Field(
        default=0, ge=0, description="Most series or authors in one run; 0: as many as the budget allows."
    )
    ids: list[int] = Field(default_factory=list, description="Only these series or authors (ids of our table).")
    force: bool = Field(default=False, description="Read again what is still fresh.")
