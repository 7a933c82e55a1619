"""The datasets: one module per group. An asset reads the store, lets the domain decide, writes the store, returns
counts."""

from mam_assets.assets.acquisition import download_queue, release_candidates
from mam_assets.assets.catalog import author_catalog, series_catalog
from mam_assets.assets.discovery import genre_top10, mam_uploads
from mam_assets.assets.downloads import torrents
from mam_assets.assets.gaps import author_gaps, series_gaps, top10_gaps
from mam_assets.assets.guides import crawled_guides
from mam_assets.assets.imports import imports
from mam_assets.assets.library import books
from mam_assets.assets.metadata import book_metadata
from mam_assets.assets.outside import OUTSIDE
from mam_assets.assets.upkeep import failure_report, history

ASSETS = (
    *OUTSIDE,
    books,
    book_metadata,
    series_catalog,
    author_catalog,
    mam_uploads,
    genre_top10,
    crawled_guides,
    series_gaps,
    author_gaps,
    top10_gaps,
    release_candidates,
    download_queue,
    torrents,
    imports,
    history,
    failure_report,
)
