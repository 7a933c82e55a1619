"""What must be true of the datasets. One property a check; blocking where what follows would build on sand."""

from mam_assets.checks import acquisition, catalog, discovery, gaps, library, metadata

CHECKS = (*library.CHECKS, *metadata.CHECKS, *catalog.CHECKS, *discovery.CHECKS, *gaps.CHECKS, *acquisition.CHECKS)
