"""What must be true of the metadata of books."""

import dagster as dg

from mam_assets.assets.metadata import book_metadata
from mam_assets.assets.reporting import sample_table
from mam_assets.resources.database import Engine
from mam_assets.store import metadata_report


@dg.asset_check(asset=book_metadata)
def no_edit_of_a_person_is_overwritten(database: dg.ResourceParam[Engine]) -> dg.AssetCheckResult:
    """No automated writer has changed a locked field after a person did. `mam revert` undoes such a change."""
    with database.begin() as connection:
        rows = metadata_report.overwritten_edits(connection)
    return dg.AssetCheckResult(
        passed=not rows,
        description="" if not rows else f"{len(rows)} edits were overwritten; `mam revert` with the number undoes each",
        metadata={"overwritten": len(rows)} | ({"sample": sample_table(rows)} if rows else {}),
    )


@dg.asset_check(asset=book_metadata)
def metadata_sources_answer(database: dg.ResourceParam[Engine]) -> dg.AssetCheckResult:
    """Warns while a metadata source is down, blocked, limited or refuses the key, and says how many books wait for it.
    Nothing is lost: they are first as soon as it answers."""
    with database.begin() as connection:
        rows = metadata_report.unhealthy(connection)
        waiting = metadata_report.waiting_books(connection)
    return dg.AssetCheckResult(
        passed=not rows,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(f"{row['service']} is {row['status']}" for row in rows),
        metadata={"unhealthy": len(rows), "books_waiting": sum(waiting.values())}
        | (
            {"services": sample_table([row | {"books": waiting.get(row["service"], 0)} for row in rows])}
            if rows
            else {}
        ),
    )


CHECKS = (no_edit_of_a_person_is_overwritten, metadata_sources_answer)
