"""The graph as Dagster loads it: its assets, their rooms and edges, the checks that block, what a click can run."""

import typing
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from mam_assets.assets import ASSETS
from mam_assets.assets.outside import OUTSIDE
from mam_assets.definitions import build_defs
from mam_assets.jobs import JOBS, TASK_TAG
from mam_assets.schedules import build_schedules
from mam_assets.store.vocabulary import TASK_NAMES

# design.md section 2: group and parents of every asset of ours.
GRAPH = {
    "books": ("library", {"audiobookshelf_items"}),
    "book_metadata": ("library", {"books", "google_books_volumes", "goodreads_pages"}),
    "series_catalog": ("catalog", {"books", "goodreads_pages"}),
    "author_catalog": ("catalog", {"books", "mam_catalogue", "google_books_volumes", "goodreads_pages"}),
    "mam_uploads": ("discovery", {"books", "mam_catalogue"}),
    "genre_top10": ("discovery", {"books", "mam_catalogue"}),
    "crawled_guides": ("discovery", {"mam_catalogue"}),
    "series_gaps": ("gaps", {"series_catalog", "books"}),
    "author_gaps": ("gaps", {"author_catalog", "books"}),
    "top10_gaps": ("gaps", {"genre_top10", "books"}),
    "release_candidates": ("acquisition", {"series_gaps", "author_gaps", "top10_gaps", "prowlarr_indexers"}),
    "download_queue": ("acquisition", {"release_candidates"}),
    "torrents": ("acquisition", {"download_queue", "torrent_client"}),
    "imports": ("acquisition", {"torrents"}),
    "history": ("upkeep", {"imports"}),
    "failure_report": ("upkeep", {"history"}),
}
OUR_TABLES_ONLY = {"series_gaps", "author_gaps", "top10_gaps"}


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_defs()


def ours() -> Iterator[dg.AssetsDefinition]:
    return (asset for asset in ASSETS if isinstance(asset, dg.AssetsDefinition))


def test_the_definitions_load_and_every_resource_is_there(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)


def test_the_graph_has_the_assets_and_edges_of_the_design() -> None:
    seen = {
        asset.key.to_user_string(): (
            asset.specs_by_key[asset.key].group_name,
            {dep.asset_key.to_user_string() for dep in asset.specs_by_key[asset.key].deps},
        )
        for asset in ours()
    }
    assert seen == GRAPH


def test_the_outside_is_six_external_assets_without_parents() -> None:
    assert {spec.key.to_user_string() for spec in OUTSIDE} == {
        "audiobookshelf_items",
        "mam_catalogue",
        "prowlarr_indexers",
        "google_books_volumes",
        "goodreads_pages",
        "torrent_client",
    }
    assert all(not list(spec.deps) and spec.group_name == "outside" for spec in OUTSIDE)


@pytest.mark.parametrize("asset", list(ours()), ids=lambda asset: asset.key.to_user_string())
class TestEachAsset:
    def test_says_what_it_is_who_owns_it_and_what_it_is_made_of(self, asset: dg.AssetsDefinition) -> None:
        spec = asset.specs_by_key[asset.key]
        assert spec.description is not None
        assert len(spec.description) > 40
        assert spec.owners == ["team:library"]
        assert spec.kinds

    def test_returns_its_counts_so_that_nothing_is_pickled(self, asset: dg.AssetsDefinition) -> None:
        """An asset without a return annotation that returns None is written to disk by Dagster."""
        returned = typing.get_type_hints(asset.op.compute_fn.decorated_fn)["return"]
        assert (typing.get_origin(returned) or returned) is dg.MaterializeResult

    def test_runs_by_one_click_since_every_option_has_a_default(self, asset: dg.AssetsDefinition) -> None:
        hints = typing.get_type_hints(asset.op.compute_fn.decorated_fn)
        config = hints.get("config")
        for name, field in (config.model_fields if config else {}).items():
            assert not field.is_required(), name
            assert field.description, name

    def test_has_no_partitions(self, asset: dg.AssetsDefinition) -> None:
        """One partitioned asset breaks `dagster asset materialize --select '*'`."""
        assert asset.partitions_def is None

    def test_runs_by_itself_only_when_it_touches_our_tables_alone(self, asset: dg.AssetsDefinition) -> None:
        condition = asset.automation_conditions_by_key.get(asset.key)
        assert (condition is not None) == (asset.key.to_user_string() in OUR_TABLES_ONLY)


def test_the_checks_that_must_stop_what_follows_do_block(definitions: dg.Definitions) -> None:
    blocking = {spec.name for check in definitions.asset_checks or [] for spec in check.check_specs if spec.blocking}
    assert blocking >= {
        "library_has_not_collapsed",
        "lists_are_whole",
        "counts_agree_with_rows",
        "series_summary_agrees_with_rows",
        "every_missing_work_is_a_gap",
        "author_counts_agree_with_rows",
        "author_summary_agrees_with_rows",
        "one_active_download_for_each_gap",
        "imported_books_are_in_the_library",
    }


def test_each_job_carries_a_task_name_that_the_table_takes() -> None:
    assert {job.tags[TASK_TAG] for job in JOBS} <= set(TASK_NAMES)


def test_each_job_resolves_to_assets_that_exist(definitions: dg.Definitions) -> None:
    for job in JOBS:
        assert definitions.resolve_job_def(job.name).asset_layer.executable_asset_keys


def test_the_seven_schedules_run_at_the_times_of_the_specification() -> None:
    schedules = build_schedules("Europe/Amsterdam")
    assert {schedule.job_name: schedule.cron_schedule for schedule in schedules} == {
        "mam_scan": "0 2 * * *",
        "genre_top10_weekly": "0 3 * * 0",
        "metadata_full": "0 4 1 * *",
        "metadata_new": "30 4 * * 0",
        "series_completion": "0 3 2 * *",
        "author_completion": "0 3 3 * *",
        "nightly": "0 1 * * *",
    }
    assert {schedule.execution_timezone for schedule in schedules} == {"Europe/Amsterdam"}


def test_schedules_and_sensors_run_unless_a_person_stops_them(definitions: dg.Definitions) -> None:
    assert all(s.default_status == dg.DefaultScheduleStatus.RUNNING for s in definitions.schedules or [])
    assert all(s.default_status == dg.DefaultSensorStatus.RUNNING for s in definitions.sensors or [])


def test_the_rounds_go_on_by_a_sensor_that_looks_every_twenty_minutes(definitions: dg.Definitions) -> None:
    (rounds,) = [sensor for sensor in definitions.sensors or [] if sensor.name == "rounds"]
    assert rounds.minimum_interval_seconds == 20 * 60
    assert {target.job_name for target in rounds.targets} == {
        "series_completion",
        "author_completion",
        "metadata_full",
    }


def test_the_front_door_is_small() -> None:
    import mam_assets.definitions as door

    lines = Path(door.__file__ or "").read_text().splitlines()
    assert len(lines) < 75
