"""Dagster's own storage, in the schema `dagster` of our database.

Belongs here: the class that `dagster.yaml` names, which asks the settings where the database is. So `dagster dev` and
`dagster asset materialize` work in the project folder without preparation, and start the embedded server where there is
no DATABASE_URL. Does not belong here: anything about our tables.
"""

from __future__ import annotations

from typing import Any

import dagster_postgres
from dagster._config.config_schema import UserConfigSchema
from dagster._core.storage.event_log import SqlEventLogStorageMetadata
from dagster._core.storage.runs import RunStorageSqlMetadata
from dagster._core.storage.schedules import ScheduleStorageSqlMetadata
from dagster._core.storage.sql import stamp_alembic_rev
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage
from dagster_postgres.utils import pg_alembic_config
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

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
        """Start or join the server and open the storage, with all of its tables. Raises DatabaseUnavailable."""
        url = server.address(load_settings()).dagster
        created = make_tables_whole(url)
        storage = cls(postgres_url=url, inst_data=inst_data)
        if created:
            storage.note_that_nothing_needs_migration()
        return storage

    def note_that_nothing_needs_migration(self) -> None:
        """Mark Dagster's data migrations as done, as it does for tables that it made itself. A kill just before this
        costs speed only, and `dagster instance migrate` makes up for it."""
        self.event_log_storage.reindex_events()
        self.event_log_storage.reindex_assets()
        for part in (self.run_storage, self.schedule_storage):
            part.migrate()
            part.optimize()


def make_tables_whole(url: str) -> bool:
    """Create what is missing of Dagster's tables, all or none, one process at a time. Whether anything was missing.

    Dagster itself creates them outside a transaction, and later looks for one of them only: a process that is killed in
    between leaves a database that no command mends. Where they are all there, this is one query.
    """
    engine = create_engine(url, poolclass=NullPool)
    kinds = (SqlEventLogStorageMetadata, RunStorageSqlMetadata, ScheduleStorageSqlMetadata)
    wanted = sorted({table for kind in kinds for table in kind.tables})
    count = text("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = ANY(:wanted)")
    with engine.begin() as connection:
        if connection.execute(count, {"wanted": wanted}).scalar_one() == len(wanted):
            return False
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('mam_assets.dagster_tables'))"))
        if connection.execute(count, {"wanted": wanted}).scalar_one() == len(wanted):
            return False
        for kind in kinds:
            kind.create_all(connection)
        stamp_alembic_rev(pg_alembic_config(dagster_postgres.__file__), connection)
    return True
