"""`mam demo --once` as a person runs it, twice: the flow, its report, what was asked of each service, nothing left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from mam_assets.resources.database import connect
from mam_assets.settings import load_settings
from mam_assets.store import embedded

ROOT = Path(__file__).resolve().parents[2]
RUN_SECONDS = 900

pytestmark = pytest.mark.timeout(2 * RUN_SECONDS + 60)


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
        "authors_searched": "SELECT count(*) FROM author_searches WHERE source = 'MAM'",
        "authors_at_google": "SELECT count(*) FROM author_searches WHERE source = 'GoogleBooks'",
        "strangers_gaps": "SELECT count(*) FROM missing_books WHERE author_name NOT IN (SELECT name FROM authors)",
        "books_asked_at_goodreads": "SELECT count(*) FROM metadata_answers WHERE source = 'Goodreads'",
        "enabled_genres": "SELECT count(*) FROM genre_settings WHERE enabled AND include_in_top10",
    }
    try:
        with engine.connect() as connection:
            return {name: connection.execute(text(query)).scalar_one() for name, query in queries.items()}
    finally:
        engine.dispose()
        embedded.leave(folder)


def test_two_demos_in_one_folder_do_everything_once_and_leave_nothing() -> None:
    """One test, since the runs are what takes the time. The folder is not pytest's: a later session of pytest closes
    that to other users, and the embedded server runs as one where we are root."""
    with tempfile.TemporaryDirectory(prefix="mam-demo-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        first = run_demo(Path(folder))
        it_ends_well_with_a_report(first)
        the_loop_closes(first)
        goodreads_is_asked_one_page_and_one_look_up_for_each_series_and_book(first)
        second = run_demo(Path(folder))
        it_ends_well_with_a_report(second)
        for run in (first, second):
            nothing_is_there_twice(run)
        the_second_goes_on_where_the_first_ended(first, second)
        mam_is_searched_once_for_each_author(first, second)
        nothing_fresh_is_asked_again(first, second)
        no_process_is_left(folder)


def it_ends_well_with_a_report(run: DemoRun) -> None:
    assert run.code == 0, run.output[-4000:]
    told = ("books owned", "Series:", "Gaps found", "Releases:", "refused", "Downloads:", "Requests made", "API health")
    for words in told:
        assert words in run.output


def the_loop_closes(first: DemoRun) -> None:
    assert first.rows["imported"] > 50
    assert first.rows["unsettled"] == 0


def nothing_is_there_twice(run: DemoRun) -> None:
    for name in ("open_twice", "gaps_with_two", "hashes_twice", "files_twice"):
        assert run.rows[name] == 0, name


def the_second_goes_on_where_the_first_ended(first: DemoRun, second: DemoRun) -> None:
    imported = second.rows["imported"] - first.rows["imported"]
    assert imported >= 0
    assert second.rows["books"] - first.rows["books"] == imported


def mam_is_searched_once_for_each_author(first: DemoRun, second: DemoRun) -> None:
    """One search serves an author's list and all of the author's gaps; every list here fits on one page of 100. A gap
    whose author is none of ours (a top ten's) is searched by its title; each genre and each scan is one search more."""
    asked = first.asked("mam", "loadSearchJSONbasic") + second.asked("mam", "loadSearchJSONbasic")
    rows = second.rows
    assert asked <= rows["authors_searched"] + rows["strangers_gaps"] + rows["enabled_genres"] + 2
    assert rows["authors_searched"] <= rows["authors"]
    assert first.asked("mam", "bonusBuy") + second.asked("mam", "bonusBuy") == 0


def goodreads_is_asked_one_page_and_one_look_up_for_each_series_and_book(first: DemoRun) -> None:
    """A look-up is the autocomplete that names the book, and the book's page that names the series. An author whose
    number no series told is looked up once, and so is a book that still lacks something."""
    names, known = first.rows["series_names"], first.rows["books_asked_at_goodreads"]
    assert 0 < first.asked("goodreads", "/series/") <= names
    assert first.asked("goodreads", "/book/auto_complete") <= names + first.rows["authors"] + known
    assert first.asked("goodreads", "/book/show/") <= names + known


def nothing_fresh_is_asked_again(first: DemoRun, second: DemoRun) -> None:
    new_authors = second.rows["authors_searched"] - first.rows["authors_searched"]
    scan = 1
    assert second.asked("goodreads", "/series/") == 0
    new_at_google = second.rows["authors_at_google"] - first.rows["authors_at_google"]
    new_books = second.rows["books"] - first.rows["books"]
    assert second.asked("google_books") <= 2 * new_books + 4 * new_at_google
    assert second.asked("mam", "loadSearchJSONbasic") <= scan + new_authors
    assert second.asked("prowlarr", "/search") == 0


def no_process_is_left(folder: str) -> None:
    left = [
        process.info["cmdline"]
        for process in psutil.process_iter(["cmdline"])
        if folder in " ".join(process.info["cmdline"] or [])
    ]
    assert left == []
