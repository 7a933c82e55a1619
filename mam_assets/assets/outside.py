"""The datasets that other services own: external assets, reported by sensors and by the assets that read them."""

import dagster as dg

AUDIOBOOKSHELF_ITEMS = dg.AssetSpec(
    "audiobookshelf_items",
    group_name="outside",
    kinds={"audiobookshelf"},
    description="The items of the Audiobookshelf libraries. Reported whenever the import sensor sees a new one.",
)
MAM_CATALOGUE = dg.AssetSpec(
    "mam_catalogue",
    group_name="outside",
    kinds={"mam"},
    description="What MyAnonamouse offers, read through its documented JSON API only.",
)
PROWLARR_INDEXERS = dg.AssetSpec(
    "prowlarr_indexers",
    group_name="outside",
    kinds={"prowlarr"},
    description="The indexers that Prowlarr searches for us.",
)
GOOGLE_BOOKS_VOLUMES = dg.AssetSpec(
    "google_books_volumes",
    group_name="outside",
    kinds={"google"},
    description="Google Books: metadata by ISBN, then by title and author.",
)
GOODREADS_PAGES = dg.AssetSpec(
    "goodreads_pages",
    group_name="outside",
    kinds={"goodreads"},
    description="Goodreads' public pages that robots.txt allows: series and their works.",
)
TORRENT_CLIENT = dg.AssetSpec(
    "torrent_client",
    group_name="outside",
    kinds={"qbittorrent"},
    description="The torrents of our category in qBittorrent. Reported whenever the torrent sensor sees a change.",
)

OUTSIDE = (
    AUDIOBOOKSHELF_ITEMS,
    MAM_CATALOGUE,
    PROWLARR_INDEXERS,
    GOOGLE_BOOKS_VOLUMES,
    GOODREADS_PAGES,
    TORRENT_CLIENT,
)
