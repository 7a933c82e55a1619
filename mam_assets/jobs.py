"""Which assets run together, and under which task name their run is kept in `tasks`.

Belongs here: selections and their run config. Does not belong here: when they run (schedules, sensors).
"""

from __future__ import annotations

from typing import Any

import dagster as dg

from mam_assets.assets.metadata import BookMetadataConfig

TASK_TAG = "mam_assets/task"


def _job(name: str, task: str, description: str, *assets: str, config: dg.RunConfig | None = None) -> Any:
    return dg.define_asset_job(
        name,
        selection=dg.AssetSelection.assets(*assets),
        description=description,
        tags={TASK_TAG: task},
        config=config,
        executor_def=dg.in_process_executor,
    )


library_import = _job(
    "library_import",
    "IMPORT",
    "Read what is new in Audiobookshelf and correct its metadata at once.",
    "books",
    "book_metadata",
    config=dg.RunConfig(ops={"book_metadata": BookMetadataConfig(scope="new")}),
)
metadata_full = _job(
    "metadata_full",
    "METADATA_FULL",
    "Correct the metadata of every book, oldest first, within the day's budgets.",
    "books",
    "book_metadata",
    config=dg.RunConfig(ops={"book_metadata": BookMetadataConfig(scope="all")}),
)
metadata_new = _job(
    "metadata_new",
    "METADATA_NEW",
    "Correct the metadata of books that were never looked up.",
    "book_metadata",
    config=dg.RunConfig(ops={"book_metadata": BookMetadataConfig(scope="new")}),
)
series_completion = _job(
    "series_completion", "SERIES", "What each owned series lacks.", "books", "series_catalog", "series_gaps"
)
author_completion = _job(
    "author_completion", "AUTHOR", "What each owned author's list lacks.", "books", "author_catalog", "author_gaps"
)
genre_top10 = _job(
    "genre_top10_weekly",
    "TOP10",
    "The week's ten most snatched new audiobooks of each genre.",
    "genre_top10",
    "top10_gaps",
)
mam_scan = _job(
    "mam_scan",
    "MAM",
    "New uploads in the enabled genres and by authors in the library; the person's own crawler script, if one is set.",
    "mam_uploads",
    "crawled_guides",
)
acquisition = _job(
    "acquisition",
    "DOWNLOAD",
    "Search what is due, judge what is offered, queue the best, hand it to the client.",
    "release_candidates",
    "download_queue",
    "torrents",
)
follow_downloads = _job(
    "follow_downloads", "IMPORT", "Act on what the torrents did: failures, completions, imports.", "torrents", "imports"
)
nightly = _job(
    "nightly",
    "RETRY",
    "Retry what is due; trim what has been kept long enough; report what keeps failing.",
    "download_queue",
    "torrents",
    "history",
    "failure_report",
)

JOBS = (
    library_import,
    metadata_full,
    metadata_new,
    series_completion,
    author_completion,
    genre_top10,
    mam_scan,
    acquisition,
    follow_downloads,
    nightly,
)
