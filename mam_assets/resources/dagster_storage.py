"""Dagster's own storage, in the schema `dagster` of our database.

Belongs here: the class that `dagster.yaml` names, which asks the settings where the database is. So `dagster dev` and
`dagster asset materialize` work in the project folder without preparation, and start the embedded server where there is
no DATABASE_URL. Does not belong here: anything about our tables.
"""

from __future__ import annotations

from typing import Any

from dagster._config.config_schema import UserConfigSchema
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage

from mam_assets.settings import load_settings
from mam_assets.store import server


class ServerStorage(DagsterPostgresStorage):
    """Dagster's PostgreSQL storage at the address that the settings give. It has no configuration of its own."""

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """Nothing: the address is never written into `dagster.yaml`, nor into what Dagster hands to its processes."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> ServerStorage:
        """Start or join the server and open the storage. Raises DatabaseUnavailable."""
        return cls(postgres_url=server.address(load_settings()).dagster, inst_data=inst_data)
