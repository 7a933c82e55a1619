"""The sensor that goes on with a round: what it starts, and why it waits."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, insert, update

from mam_assets.definitions import build_defs
from mam_assets.domain.rounds import Lane, LaneState, Start
from mam_assets.resources.clock import Clock
from mam_assets.sensors import rounds as sensor
from mam_assets.sensors.rounds import LANE_TAG, WAITING_TAG, rounds
from mam_assets.settings import Settings
from mam_assets.store import tables as t
from tests.sensors.test_outside import LONGEST_TICK_SECONDS, UNFINISHED, started

NOON = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)


@pytest.fixture
def tick(
    clean_engine: Engine, clean_settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """A function: one tick at noon, with one book, its series and its author never asked about."""
    with clean_engine.begin() as connection:
        named = {"title": "A", "title_key": "a", "author_key": "b", "authors": ["B"]}
        connection.execute(insert(t.Book).values(id=1, abs_id="a", **named))
        connection.execute(insert(t.Series).values(id=1, name="S", name_key="s"))
        connection.execute(insert(t.Author).values(id=1, name="B"))
        connection.execute(insert(t.BookSeries).values(book_id=1, series_id=1))
        connection.execute(insert(t.BookAuthor).values(book_id=1, author_id=1))
    accounts = {"mam_id": SecretStr("a-session"), "google_books_api_key": SecretStr("a-key")}
    with_accounts = clean_settings.model_copy(update=accounts)
    monkeypatch.setattr(sensor, "load_settings", lambda: with_accounts)
    monkeypatch.setattr(Clock, "now", lambda self: NOON)

    def tick() -> Any:
        began = time.process_time()
        with dg.build_sensor_context(instance=instance) as context:
            answer = rounds(context)
        assert time.process_time() - began < LONGEST_TICK_SECONDS
        return answer

    return tick


def test_what_waits_starts_one_run_of_a_job_that_dagster_takes(tick: Any) -> None:
    (request,) = tick().run_requests
    assert request.job_name == "series_completion"
    assert request.run_key is None
    assert request.tags[LANE_TAG] == "series"
    assert request.tags[WAITING_TAG] == "1"
    job = build_defs().resolve_job_def(request.job_name).get_subset(asset_selection=set(request.asset_selection))
    assert dg.validate_run_config(job, request.run_config)
    assert {key.to_user_string() for key in job.asset_layer.executable_asset_keys} == {"series_catalog", "series_gaps"}


@pytest.mark.parametrize("lane", Lane)
def test_each_lane_runs_assets_of_its_job_with_a_config_that_they_take(lane: Lane) -> None:
    request = sensor.run_request(Start(lane, 7, ""), LaneState(lane, 0, 9))
    job = build_defs().resolve_job_def(str(request.job_name))
    assert set(request.asset_selection or ()) <= set(job.asset_layer.executable_asset_keys)
    subset = job.get_subset(asset_selection=set(request.asset_selection or ()))
    assert dg.validate_run_config(subset, dict(request.run_config))


@pytest.mark.parametrize("status", UNFINISHED)
@pytest.mark.parametrize("job", ["metadata_full", "library_import"])
def test_never_two_at_once(tick: Any, instance: dg.DagsterInstance, status: dg.DagsterRunStatus, job: str) -> None:
    started(instance, job, status)
    assert f"{job} is under way" in tick().skip_message


def test_a_finished_library_needs_no_run(tick: Any, clean_engine: Engine) -> None:
    with clean_engine.begin() as connection:
        connection.execute(update(t.Book).values(last_metadata_update=NOON))
        connection.execute(update(t.Series).values(last_completion_check=NOON))
        for source in ("MAM", "GoogleBooks", "Goodreads"):
            connection.execute(insert(t.AuthorSearch).values(author_id=1, source=source, searched_at=NOON))
    assert tick().skip_message == "nothing is due"


def test_a_blocked_service_is_waited_for_and_the_tick_says_so(tick: Any, clean_engine: Engine) -> None:
    with clean_engine.begin() as connection:
        for service in ("goodreads", "google_books", "mam"):
            until = NOON + timedelta(hours=2)
            connection.execute(insert(t.ServiceState).values(service=service, status="blocked", retry_at=until))
    words = tick().skip_message
    for service in ("goodreads", "google_books", "mam"):
        assert f"1 wait, {service} is left alone until 2026-03-11 14:00 UTC" in words


def test_a_run_that_failed_lets_its_lane_rest_and_another_go(tick: Any, instance: dg.DagsterInstance) -> None:
    tags = {LANE_TAG: "series", WAITING_TAG: "1"}
    run = instance.create_run_for_job(
        dg.job(name="series_completion")(lambda: None), status=dg.DagsterRunStatus.FAILURE, tags=tags
    )
    began = instance.get_run_records(dg.RunsFilter(run_ids=[run.run_id]))[0].create_timestamp
    assert began > NOON, "the run began after the clock of this test, and so a moment ago"
    assert tick().run_requests[0].job_name != "series_completion"


def test_without_a_database_it_says_so(tick: Any, monkeypatch: pytest.MonkeyPatch, clean_settings: Settings) -> None:
    away = clean_settings.model_copy(update={"database_url": SecretStr("postgresql://u:hunter2@127.0.0.1:9/x")})
    monkeypatch.setattr(sensor, "load_settings", lambda: away)
    words = tick().skip_message
    assert "127.0.0.1:9" in words
    assert "hunter2" not in words
