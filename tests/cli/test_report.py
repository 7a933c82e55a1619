"""The report in words: what a person reads of a database that was filled by hand."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from sqlalchemy import Connection

from mam_assets.cli import report
from mam_assets.cli.flow import Outcome, Step, StepDone
from mam_assets.cli.progress import Progress
from mam_assets.store.report import counts
from tests.store.filled import fill


@pytest.fixture
def shown(connection: Connection) -> str:
    fill(connection)
    output = io.StringIO()
    report.show(
        Console(file=output, width=160),
        report.gather(connection),
        requests={"mam": 48, "google_books": 184},
        addresses={"Dagster UI": "http://127.0.0.1:3000", "API health page": "http://127.0.0.1:8000/health"},
        notes=["mam_scan: [mam] is down"],
    )
    return output.getvalue()


@pytest.mark.parametrize(
    "words",
    [
        "2 books owned by 1 authors, metadata 70 % complete",
        "3 fields corrected: Audible 1, GoogleBooks 2",
        "1 books downloaded and imported",
        "Series: 1 complete, 1 not",
        "Complete: Aunt Jane",
        "Gaps found: 5",
        "Releases: 1 accepted, 1 held for a person, 2 refused",
        "Glinda of Oz [M4B]: by Ruth Plumly Thompson",
        "Downloads: 1 done, 2 failed, 2 waiting or under way",
        "stalled for 24 h; tried again 2026-03-10",
        "downloading (50%)",
        "Failed: mam_scan: [mam] is down",
        "Dagster UI       http://127.0.0.1:3000",
        "API health page  http://127.0.0.1:8000/health",
    ],
)
def test_the_report_says(shown: str, words: str) -> None:
    assert words in shown


def test_requests_are_listed_by_service(shown: str) -> None:
    lines = [line.split() for line in shown.splitlines()]
    assert ["google", "books", "184"] in lines
    assert ["mam", "48"] in lines


def test_a_report_of_nothing_is_still_a_report(connection: Connection) -> None:
    output = io.StringIO()
    report.show(Console(file=output), report.gather(connection), requests={}, addresses={})
    assert "0 books owned" in output.getvalue()


STEP = Step("library_import", "Read the library", lambda counts: f"{counts.books} books")


def test_a_pipe_gets_plain_lines(connection: Connection) -> None:
    fill(connection)
    output = io.StringIO()
    with Progress(Console(file=output), lambda: counts(connection), clock=lambda: 0.0) as progress:
        progress.begin(STEP)
        progress.end(StepDone(STEP, 2, (), 1.5))
        progress.begin(STEP)
        progress.end(StepDone(STEP, 1, (Outcome(False, "the disk is full").words,), 0.5))
    assert output.getvalue().splitlines() == [
        "     Read the library …",
        "ok   Read the library: 2 books  (1.5 s, 2 runs)",
        "     Read the library …",
        "fail Read the library: 2 books  (0.5 s)",
        "the disk is full",
    ]


def test_a_terminal_shows_the_running_step_with_its_counts(connection: Connection) -> None:
    fill(connection)
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=100)
    known = counts(connection)
    with Progress(console, lambda: known) as progress:
        progress.begin(STEP)
        progress.end(StepDone(STEP, 1, (), 1.5))
    assert "Read the library" in output.getvalue()
    assert "2 books" in output.getvalue()


def test_a_display_that_cannot_ask_the_database_goes_on() -> None:
    output = io.StringIO()
    with Progress(Console(file=output), lambda: None) as progress:
        progress.begin(STEP)
        progress.end(StepDone(STEP, 1, (), 1.5))
    assert "ok   Read the library:" in output.getvalue()
