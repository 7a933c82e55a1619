"""`mam doctor`: looks at everything that must be right, says one line each, and changes nothing.

Belongs here: the order of the checks and how they are shown. Does not belong here: the checks (doctor_machine.py,
doctor_services.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError
from rich.console import Console
from rich.text import Text

from mam_assets.cli import doctor_machine
from mam_assets.cli.findings import Finding, Level, fail
from mam_assets.settings import Settings, load_settings

if TYPE_CHECKING:
    from mam_assets.cli import doctor_services

_STYLES = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}


def run(console: Console) -> int:
    """Look and show. Returns 1 if anything must be mended, else 0."""
    worst: list[Finding] = []
    for finding in examine():
        console.print(line(finding), soft_wrap=True)
        if finding.level is not Level.OK:
            worst.append(finding)
    failed = sum(1 for finding in worst if finding.level is Level.FAIL)
    if failed:
        console.print(f"\n{failed} to mend, {len(worst) - failed} to look at.", style="bold red")
    else:
        console.print(f"\nAll is right{f', {len(worst)} to look at' if worst else ''}.", style="bold green")
    return 1 if failed else 0


def line(finding: Finding) -> Text:
    """A finding as a line: level, subject, words."""
    # A mark as well as a colour: the line must mean the same in a pipe.
    text = Text(f"{finding.level.value:<4} ", style=_STYLES[finding.level])
    return text.append(f"{finding.subject}: ", style="bold").append(finding.words, style="not bold default")


def examine(file: Path = Path(".env")) -> Iterator[Finding]:
    """Every finding, in the order in which it makes sense to mend them."""
    yield from doctor_machine.python()
    yield from doctor_machine.settings_file(file)
    try:
        settings = load_settings(_env_file=file)
    except ValidationError as error:
        yield from (fail("settings", words) for words in settings_problems(error))
        return
    yield from doctor_machine.dagster_files(os.environ)
    yield from doctor_machine.crawler(settings)
    seen = doctor_machine.DatabaseSeen()
    yield from doctor_machine.database(settings, seen)
    yield from _outside(settings, seen)


def settings_problems(error: ValidationError) -> list[str]:
    """What is wrong with the settings, one line each, without the values: they may be secret."""
    found = []
    for problem in error.errors(include_input=False, include_url=False, include_context=False):
        name = "_".join(str(part) for part in problem["loc"]).upper() or "settings"
        found.append(f"{name}: {problem['msg'].removeprefix('Value error, ')}")
    return found


def _outside(settings: Settings, database: doctor_machine.DatabaseSeen) -> Iterator[Finding]:
    from mam_assets.cli import doctor_services
    from mam_assets.store import report

    kit = _kit(settings, database)
    seen = doctor_services.Seen()
    yield from doctor_services.services(kit, seen, has_database=database.engine is not None)
    yield from doctor_machine.folders(settings, library=_library(settings, seen), saves=_here(settings, seen.save_path))
    ahead: timedelta | None = None
    if database.engine is not None:
        with database.engine.connect() as connection:
            ahead = report.server_facts(connection).now - datetime.now(UTC)
    yield from doctor_services.clocks(kit, database_ahead=ahead)
    if database.engine is not None:
        yield from doctor_services.states(kit, datetime.now(UTC))
        database.engine.dispose()


def _kit(settings: Settings, database: doctor_machine.DatabaseSeen) -> doctor_services.ListeningKit:
    """What the clients are built from. Without a database the pace is kept in memory, for this process."""
    from sqlalchemy import create_engine

    from mam_assets.cli.doctor_services import ListeningKit
    from mam_assets.domain.budgets import paces
    from mam_assets.resources.gate import MemoryGate
    from mam_assets.resources.redaction import Redactor
    from mam_assets.resources.services import ServiceKit

    if database.engine is not None:
        kit = ServiceKit.open(settings, engine=database.engine)
        return ListeningKit(kit.settings, kit.engine, kit.gate, kit.redactor)
    gate = MemoryGate(
        paces(
            google_books_daily_limit=settings.google_books_daily_limit,
            goodreads_daily_limit=settings.goodreads_daily_limit,
            mam_session_limit=settings.mam_session_limit,
        ),
        dry_run=settings.mam_dry_run,
    )
    # An engine that nobody connects: only MAM's cookie needs one, and MAM is not asked without a database.
    return ListeningKit(settings, create_engine("postgresql+psycopg://"), gate, Redactor(settings.secrets()))


def _library(settings: Settings, seen: doctor_services.Seen) -> Path | None:
    if settings.library_path is not None:
        return settings.library_path
    folders = [folder.full_path for library in seen.libraries for folder in library.folders]
    return _here(settings, folders[0]) if folders else None


def _here(settings: Settings, path: str | None) -> Path | None:
    """A path that a service named, as it looks on this machine."""
    from mam_assets.domain.importing import map_path

    return None if path is None else Path(map_path(path, settings.path_map))
