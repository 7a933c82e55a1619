"""What must be true of downloads: one for each gap, none unaccounted for, none stuck."""

import dagster as dg

from mam_assets.assets.acquisition import download_queue
from mam_assets.assets.downloads import torrents
from mam_assets.assets.imports import imports
from mam_assets.checks.findings import none_found
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Engine
from mam_assets.store.downloads import invariants


@dg.asset_check(asset=download_queue, blocking=True)
def one_active_download_for_each_gap(database: dg.ResourceParam[Engine]) -> dg.AssetCheckResult:
    """No gap has two downloads under way, and none that a person ignores has one queued."""
    with database.begin() as connection:
        rows = invariants.gaps_with_too_many(connection)
    return none_found(
        rows, wrong="gaps have more than one download under way", right="one for each gap at most", table="gaps"
    )


@dg.asset_check(asset=torrents, blocking=True)
def every_sent_torrent_is_known(database: dg.ResourceParam[Engine]) -> dg.AssetCheckResult:
    """A download that is in the client has its info-hash and the time it was sent: else it could not be watched."""
    with database.begin() as connection:
        rows = invariants.sent_without_hash(connection)
    return none_found(
        rows, wrong="downloads can't be watched", right="each download in the client is watched", table="downloads"
    )


@dg.asset_check(asset=torrents)
def no_retry_is_overdue(database: dg.ResourceParam[Engine], clock: dg.ResourceParam[Clock]) -> dg.AssetCheckResult:
    """Every due retry was taken within two days: the nightly run would have."""
    with database.begin() as connection:
        rows = invariants.overdue(connection, clock.now())
    return none_found(rows, wrong="retries are overdue", right="no retry is overdue", table="downloads", warns=True)


@dg.asset_check(asset=imports, blocking=True)
def imported_books_are_in_the_library(database: dg.ResourceParam[Engine]) -> dg.AssetCheckResult:
    """Each import is linked to a book, and its gap is closed."""
    with database.begin() as connection:
        rows = invariants.imports_without_book(connection)
    return none_found(
        rows, wrong="imports lack their book or left their gap open", right="each import is linked", table="downloads"
    )


CHECKS = (
    one_active_download_for_each_gap,
    every_sent_torrent_is_known,
    no_retry_is_overdue,
    imported_books_are_in_the_library,
)
