"""What a check says of the rows that should not be there.

Belongs here: the form of such an answer. Does not belong here: which rows are wrong (store), what is checked.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from mam_assets.assets.reporting import sample_table


def none_found(
    rows: Sequence[Mapping[str, Any]],
    *,
    wrong: str,
    right: str,
    table: str,
    counted: str | None = None,
    warns: bool = False,
) -> dg.AssetCheckResult:
    """Passed where there are no ``rows``; otherwise "3 <wrong>", with the first of them under the name ``table`` and,
    where that is wanted, their number under the name ``counted``, zero included. ``warns``: nothing is broken."""
    metadata: dict[str, Any] = {table: sample_table(rows)} if rows else {}
    if counted is not None:
        metadata[counted] = len(rows)
    return dg.AssetCheckResult(
        passed=not rows,
        severity=dg.AssetCheckSeverity.WARN if warns else dg.AssetCheckSeverity.ERROR,
        description=f"{len(rows)} {wrong}" if rows else right,
        metadata=metadata,
    )
