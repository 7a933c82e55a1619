"""Group catalog: what exists, according to the sources. What of it is lacking is decided in the gaps.

The one face of the group: the series are in series_catalog, the authors in author_catalog, one author's way through MAM
in author_lookup.
"""

from mam_assets.assets.author_catalog import author_catalog
from mam_assets.assets.author_lookup import search_author
from mam_assets.assets.catalog_scope import FRESH_FOR, LOOKUP_FRESH_FOR, CatalogConfig
from mam_assets.assets.series_catalog import series_catalog

__all__ = ["FRESH_FOR", "LOOKUP_FRESH_FOR", "CatalogConfig", "author_catalog", "search_author", "series_catalog"]
