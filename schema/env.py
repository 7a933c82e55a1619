"""What Alembic runs for each command. The connection, in a transaction, comes from mam_assets/store/migrations.py."""

from __future__ import annotations

from typing import Any

from alembic import context

from mam_assets.store.tables import metadata


def _is_ours(name: str | None, kind: str, parents: Any) -> bool:
    """Leave alone what else lives in the database: Dagster's schema, tables of other programs."""
    if kind == "schema":
        return name is None
    return name in metadata.tables if kind == "table" else True


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_name=_is_ours,
    compare_server_default=True,
    transactional_ddl=True,
)
context.run_migrations()
