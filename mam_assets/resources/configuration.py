"""Settings as a Dagster resource, so that assets are handed them and never read the environment."""

from __future__ import annotations

import dagster as dg

from mam_assets.settings import Settings, load_settings


class SettingsResource(dg.ConfigurableResource[Settings]):
    """Vends the settings of this process, read when a run starts. `dry_run` makes one run a dry run, whatever
    MAM_DRY_RUN says; it can't make one that writes where the person wants none."""

    dry_run: bool = False

    def create_resource(self, context: dg.InitResourceContext) -> Settings:
        settings = load_settings()
        return settings.model_copy(update={"mam_dry_run": True}) if self.dry_run else settings
