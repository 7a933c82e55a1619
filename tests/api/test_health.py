"""The probes and the health page: what a supervisor asks, and what a person sees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from mam_assets.api.app import create_app
from mam_assets.settings import Settings, load_settings
from tests.api.client import TestClient
from tests.store.filled import fill


@pytest.fixture
def client(settings: Settings, engine: Engine) -> Iterator[TestClient]:
    with TestClient(create_app(settings, engine)) as client:
        yield client


@pytest.fixture
def unreachable(bare_environment: None, tmp_path: Path) -> Iterator[TestClient]:
    settings = load_settings(
        _env_file=None, database_url="postgresql://someone:hunter2@127.0.0.1:9/books", data_dir=tmp_path
    )
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture
def empty(settings: Settings, empty_url: str) -> Iterator[TestClient]:
    engine = create_engine(empty_url)
    with TestClient(create_app(settings, engine)) as client:
        yield client
    engine.dispose()


def test_the_process_is_alive_without_a_database(unreachable: TestClient) -> None:
    answer = unreachable.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_it_is_ready_when_the_database_is_migrated(client: TestClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ready"


def test_it_is_not_ready_without_a_database_and_says_what_to_do(unreachable: TestClient) -> None:
    answer = unreachable.get("/readyz")
    assert answer.status_code == 503
    assert "DATABASE_URL" in answer.json()["remedy"]
    assert "hunter2" not in answer.text


def test_it_is_not_ready_before_the_migrations(empty: TestClient) -> None:
    answer = empty.get("/readyz")
    assert answer.status_code == 503
    assert "mam up" in answer.json()["remedy"]


@pytest.mark.parametrize("path", ["/", "/health", "/api/system/health"])
def test_a_page_without_tables_is_a_503_and_no_traceback(empty: TestClient, path: str) -> None:
    answer = empty.get(path)
    assert answer.status_code == 503
    assert "mam doctor" in answer.json()["remedy"]


def test_every_service_is_listed_before_it_was_ever_asked(client: TestClient) -> None:
    health = client.get("/api/system/health").json()
    assert health["status"] == "ok"
    assert {line["service"]: line["status"] for line in health["services"]} == dict.fromkeys(
        ("audiobookshelf", "qbittorrent", "prowlarr", "google_books", "goodreads", "mam"), "unknown"
    )


def test_a_service_that_is_down_degrades_the_whole_and_says_why(settings: Settings, clean_engine: Engine) -> None:
    with clean_engine.begin() as connection:
        fill(connection)
    with TestClient(create_app(settings, clean_engine)) as client:
        health = client.get("/api/system/health").json()
        page = client.get("/health")
    services = {line["service"]: line for line in health["services"]}
    assert health["status"] == "degraded"
    assert services["mam"]["last_error"] == "no <answer> in time"
    assert (services["google_books"]["requests_today"], services["google_books"]["daily_limit"]) == (17, 1000)
    assert {line["task"]: line["status"] for line in health["tasks"]} == {"MAM": "failed", "SERIES": "succeeded"}
    assert health["counts"]["books"] == 2
    assert page.headers["content-type"].startswith("text/html")
    assert "no &lt;answer&gt; in time" in page.text
    assert "17 of 1000" in page.text


def test_the_root_shows_the_page(client: TestClient) -> None:
    assert "<h1>mam-assets" in client.get("/").text
