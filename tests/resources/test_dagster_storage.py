"""The instance that dagster.yaml describes, on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster_postgres import DagsterPostgresStorage
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from mam_assets.resources.dagster_storage import ServerStorage
from mam_assets.settings import PROJECT_ROOT


@pytest.fixture
def instance(clean_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DATABASE_URL", clean_url)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dagster.yaml").write_text((PROJECT_ROOT / "dagster.yaml").read_text())
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        yield instance


def test_the_instance_keeps_its_runs_in_its_own_schema(instance: dg.DagsterInstance, clean_url: str) -> None:
    @dg.asset
    def shelf() -> dg.MaterializeResult:
        return dg.MaterializeResult()

    result = dg.materialize([shelf], instance=instance)
    assert result.success
    assert [run.run_id for run in instance.get_runs()] == [result.run_id]
    with create_engine(clean_url, poolclass=NullPool).connect() as connection:
        in_public = connection.execute(text("SELECT to_regclass('public.runs'), to_regclass('dagster.runs')::text"))
        assert tuple(in_public.one()) == (None, "dagster.runs")


def test_the_instance_is_what_the_file_says(instance: dg.DagsterInstance) -> None:
    storage = instance.get_ref().storage_data
    assert storage is not None
    assert isinstance(storage.rehydrate(as_type=DagsterPostgresStorage), ServerStorage)
    assert not instance.telemetry_enabled
    assert not instance.nux_enabled
    assert instance.run_retries_enabled
    assert instance.run_monitoring_enabled
    assert instance.get_concurrency_config().pool_config.default_pool_limit == 1


def test_no_address_goes_into_what_dagster_hands_to_its_processes(instance: dg.DagsterInstance, clean_url: str) -> None:
    handed_over = str(instance.get_ref().to_dict())
    assert "ServerStorage" in handed_over
    assert "psycopg2" not in handed_over
    assert clean_url not in handed_over


def test_the_workspace_names_one_module_and_nothing_beats_it() -> None:
    """A [tool.dagster] block in pyproject.toml would silently win over workspace.yaml."""
    (entry,) = yaml.safe_load((PROJECT_ROOT / "workspace.yaml").read_text())["load_from"]
    assert entry["python_module"] == {
        "module_name": "mam_assets.definitions",
        "location_name": "mam_assets",
        "working_directory": ".",
    }
    assert "[tool.dagster]" not in (PROJECT_ROOT / "pyproject.toml").read_text()
    assert "[tool.dg]" not in (PROJECT_ROOT / "pyproject.toml").read_text()


def test_tables_that_a_killed_process_left_half_made_are_made_whole(
    clean_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster creates its tables one by one outside a transaction, and later looks for `event_logs` only."""
    monkeypatch.setenv("DATABASE_URL", clean_url)
    engine = create_engine(clean_url, poolclass=NullPool)
    with ServerStorage.from_config_value(None, {}).event_log_storage.index_connection() as connection:
        whole = {
            name for (name,) in connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'dagster'"))
        }
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE dagster.asset_keys, dagster.job_ticks CASCADE"))
    ServerStorage.from_config_value(None, {})
    with engine.connect() as connection:
        mended = {
            name for (name,) in connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'dagster'"))
        }
    assert {"asset_keys", "job_ticks", "event_logs", "runs"} <= mended
    assert mended == whole


def test_new_tables_need_no_migration(instance: dg.DagsterInstance) -> None:
    assert instance.event_log_storage.has_secondary_index("asset_key_index_columns")
    assert instance.run_storage.alembic_version() is not None
