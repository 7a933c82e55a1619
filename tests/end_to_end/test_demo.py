"""`mam demo --once` as a person runs it, twice: the flow, its report, what was asked of each service, nothing left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from mam_assets.resources.database import connect
from mam_assets.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]
RUN_SECONDS = 400

pytestmark = [pytest.mark.timeout(2 * RUN_SECONDS + 60), pytest.mark.xdist_group("demo")]


@dataclass(frozen=True)
class DemoRun:
    """One run: its exit code, what it printed, its requests by service and path, and the rows that are there."""

    code: int
    output: str
    requests: Counter[tuple[str, str]]
    rows: dict[str, int]

    def asked(self, service: str, path: str = "") -> int:
        return sum(count for (name, where), count in self.requests.items() if name == service and path in where)


def run_demo(data_dir: Path) -> DemoRun:
    folder = data_dir / "demo"
    log = folder / "world" / "requests.jsonl"
    before = len(log.read_text().splitlines()) if log.exists() else 0
    done = subprocess.run(
        [sys.executable, "-m", "mam_assets.cli", "demo", "--once"],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(data_dir), "COLUMNS": "160"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
    )
    lines = [json.loads(line) for line in log.read_text().splitlines()[before:]]
    requests = Counter((line["service"], line["path"]) for line in lines)
    return DemoRun(done.returncode, done.stdout + done.stderr, requests, rows_of(folder))


def rows_of(folder: Path) -> dict[str, int]:
    engine = connect(load_settings(data_dir=folder, _env_file=None))
    queries = {
        "books": "SELECT count(*) FROM books WHERE status = 'active'",
        "authors": "SELECT count(*) FROM authors",
        "gaps": "SELECT count(*) FROM missing_books",
        "open_twice": "SELECT count(*) - count(DISTINCT work_key) FROM missing_books WHERE closed_date IS NULL",
        "downloads": "SELECT count(*) FROM downloads",
        "imported": "SELECT count(*) FROM downloads WHERE abs_import_status = 'imported'",
        "gaps_with_two": "SELECT count(*) - count(DISTINCT missing_book_id) FROM downloads",
        "hashes_twice": "SELECT count(qbittorrent_hash) - count(DISTINCT qbittorrent_hash) FROM downloads",
        "files": "SELECT count(*) FROM imported_files",
        "files_twice": "SELECT count(*) - count(DISTINCT target_path) FROM imported_files",
        "unsettled": "SELECT count(*) FROM outbox WHERE state = 'intended'",
        "series_read": "SELECT count(*) FROM series WHERE goodreads_id IS NOT NULL",
        "series_names": "SELECT count(DISTINCT (name_key, source)) FROM series_names WHERE source = 'Audiobookshelf'",
        "enabled_genres": "SELECT count(*) FROM genre_settings WHERE enabled AND include_in_top10",
    }
    try:
        with engine.connect() as connection:
            return {name: connection.execute(text(query)).scalar_one() for name, query in queries.items()}
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def runs(data_dir: Path) -> tuple[DemoRun, DemoRun]:
    return run_demo(data_dir), run_demo(data_dir)


def test_the_demo_ends_well_and_prints_a_report(runs: tuple[DemoRun, DemoRun]) -> None:
    first, _ = runs
    assert first.code == 0, first.output[-4000:]
    told = ("books owned", "Series:", "Gaps found", "Releases:", "refused", "Downloads:", "Requests made", "API health")
    for words in told:
        assert words in first.output


def test_the_loop_closes_and_books_are_imported(runs: tuple[DemoRun, DemoRun]) -> None:
    first, _ = runs
    assert first.rows["imported"] > 50
    assert first.rows["unsettled"] == 0


def test_nothing_is_there_twice_after_two_runs(runs: tuple[DemoRun, DemoRun]) -> None:
    for run in runs:
        assert run.rows["open_twice"] == 0
        assert run.rows["gaps_with_two"] == 0
        assert run.rows["hashes_twice"] == 0
        assert run.rows["files_twice"] == 0


def test_a_second_run_picks_up_where_the_first_ended(runs: tuple[DemoRun, DemoRun]) -> None:
    first, second = runs
    assert second.code == 0, second.output[-4000:]
    assert second.rows["imported"] >= first.rows["imported"]
    assert second.rows["books"] - first.rows["books"] == second.rows["imported"] - first.rows["imported"]


def test_mam_is_searched_once_for_each_author_and_each_genre(runs: tuple[DemoRun, DemoRun]) -> None:
    """One search serves an author's list and all of the author's gaps; every list here fits on one page of 100."""
    first, second = runs
    searches = first.asked("mam", "loadSearchJSONbasic") + second.asked("mam", "loadSearchJSONbasic")
    scans = 2  # the daily scan looks at the newest uploads once in each run
    assert searches <= second.rows["authors"] + second.rows["enabled_genres"] + scans
    assert first.asked("mam", "bonusBuy") == 0


def test_goodreads_is_asked_one_page_for_each_series_and_one_look_up(runs: tuple[DemoRun, DemoRun]) -> None:
    """A look-up is the autocomplete that names the book, and the book's page that names the series."""
    first, _ = runs
    names = first.rows["series_names"]
    assert first.asked("goodreads", "/series/") <= names
    assert first.asked("goodreads", "/book/auto_complete") <= names
    assert first.asked("goodreads", "/book/show/") <= names


def test_a_second_run_asks_nothing_again_that_is_fresh(runs: tuple[DemoRun, DemoRun]) -> None:
    first, second = runs
    new_books = second.rows["books"] - first.rows["books"]
    assert second.asked("goodreads", "/series/") == 0
    assert second.asked("google_books") <= 2 * new_books
    assert second.asked("mam", "loadSearchJSONbasic") <= 1 + second.rows["authors"] - first.rows["authors"]
    assert second.asked("prowlarr", "/search") == 0


def test_no_process_is_left(runs: tuple[DemoRun, DemoRun], data_dir: Path) -> None:
    left = [
        process.info["cmdline"]
        for process in psutil.process_iter(["cmdline"])
        if str(data_dir) in " ".join(process.info["cmdline"] or [])
    ]
    assert left == []
