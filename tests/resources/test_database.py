"""Engines: migrated, in UTC, few connections, and errors a person can act on."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from mam_assets.resources import database
from mam_assets.resources.database import DatabaseResource, DatabaseUnavailable, connect
from mam_assets.settings import Settings, load_settings
from mam_assets.store import migrations


@pytest.fixture(autouse=True)
def no_idle_connections() -> Iterator[None]:
    yield
    for engine in database._engines.values():
        engine.dispose()


def test_an_empty_database_is_migrated_at_first_use(empty_url: str, bare_environment: None) -> None:
    engine = connect(load_settings(_env_file=None, database_url=empty_url))
    with engine.connect() as connection:
        assert migrations.is_current(connection)


def test_one_process_has_one_engine_for_one_database(settings: Settings, clean_settings: Settings) -> None:
    assert connect(settings) is connect(settings)
    assert connect(settings) is not connect(clean_settings)


def test_sessions_run_in_utc_with_limits_and_a_name(settings: Settings) -> None:
    with connect(settings).connect() as connection:
        shown = [
            connection.execute(text(f"SHOW {name}")).scalar()
            for name in (
                "timezone",
                "statement_timeout",
                "idle_in_transaction_session_timeout",
                "application_name",
                "search_path",
            )
        ]
    assert shown == ["UTC", "5min", "10min", "mam-assets", '"$user", public']


def test_a_user_who_may_not_make_tables_is_told(empty_url: str, bare_environment: None) -> None:
    admin = connect(load_settings(_env_file=None, database_url=empty_url))
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CREATE ROLE poor LOGIN"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    try:
        with pytest.raises(DatabaseUnavailable, match="permission denied") as caught:
            connect(load_settings(_env_file=None, database_url=empty_url.replace("//postgres@", "//poor@")))
        assert "CREATE on the schema public" in caught.value.remedy
    finally:
        with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("DROP ROLE poor"))


def test_the_resource_vends_the_engine_and_closes_its_connections_after(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "load_settings", lambda: settings)

    @dg.asset
    def genres(database: dg.ResourceParam[Engine]) -> dg.MaterializeResult:
        with database.connect() as connection:
            return dg.MaterializeResult(metadata={"count": connection.execute(text("SELECT 7")).scalar()})

    result = dg.materialize([genres], resources={"database": DatabaseResource()})
    assert result.asset_materializations_for_node("genres")[0].metadata["count"].value == 7
    assert connect(settings).pool.checkedin() == 0  # type: ignore[attr-defined]


def test_a_run_that_loses_the_database_is_told_the_server_and_the_remedy(clean_settings: Settings) -> None:
    engine = connect(clean_settings)

    @dg.asset
    def interrupted() -> dg.MaterializeResult:
        with engine.connect() as connection, create_engine(engine.url, poolclass=NullPool).connect() as other:
            own = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            other.execute(text("SELECT pg_terminate_backend(:own, 5000)"), {"own": own})
            connection.execute(text("SELECT 1"))
        return dg.MaterializeResult()

    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([interrupted], instance=instance, raise_on_error=False)
    failures = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    assert len(failures) == 1
    cause = failures[0].error.cause
    assert cause is not None
    assert "database: " in cause.message
    assert "lost in the middle of a call" in cause.message
    assert "see that PostgreSQL runs" in cause.message
    with engine.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
