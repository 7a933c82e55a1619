"""The front door: everything that Dagster loads, by explicit lists. Nothing connects or starts here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from mam_assets.assets import ASSETS
from mam_assets.checks import CHECKS
from mam_assets.jobs import JOBS
from mam_assets.resources.audiobookshelf import AudiobookshelfResource
from mam_assets.resources.clock import ClockResource
from mam_assets.resources.configuration import SettingsResource
from mam_assets.resources.database import DatabaseResource
from mam_assets.resources.goodreads import GoodreadsResource
from mam_assets.resources.google_books import GoogleBooksResource
from mam_assets.resources.mam import MamResource
from mam_assets.resources.prowlarr import ProwlarrResource
from mam_assets.resources.torrent_client import TorrentClientResource
from mam_assets.schedules import build_schedules
from mam_assets.sensors import SENSORS
from mam_assets.settings import load_settings


def build_defs(resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """All definitions; `resources` replaces some by name (tests hand in plain objects)."""
    own: dict[str, Any] = {
        "settings": SettingsResource(),
        "clock": ClockResource(),
        "database": DatabaseResource(),
        "audiobookshelf": AudiobookshelfResource(),
        "torrent_client": TorrentClientResource(),
        "prowlarr": ProwlarrResource(),
        "google_books": GoogleBooksResource(),
        "goodreads": GoodreadsResource(),
        "mam": MamResource(),
    }
    return dg.Definitions(
        assets=ASSETS,
        asset_checks=CHECKS,
        jobs=JOBS,
        schedules=build_schedules(load_settings().timezone),
        sensors=SENSORS,
        resources=own | dict(resources or {}),
        # Our work waits for the outside, one request at a time: a process for each step would only cost 2 s each.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `workspace.yaml` and `-m mam_assets.definitions` load."""
    return build_defs()
