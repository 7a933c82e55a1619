"""Settings as a Dagster resource, so that assets are handed them and never read the environment."""

from __future__ import annotations

import dagster as dg

from mam_assets.settings import Settings, load_settings


class SettingsResource(dg.ConfigurableResource[Settings]):
    """Vends the settings of this process, read when a run starts."""

    def create_resource(self, context: dg.InitResourceContext) -> Settings:
        return load_settings()
