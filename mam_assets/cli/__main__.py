"""`python -m mam_assets.cli` is `mam`."""

from mam_assets.cli import app

app()
