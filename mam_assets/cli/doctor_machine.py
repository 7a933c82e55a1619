"""The doctor's look at this machine: Python, packages, settings, Dagster's files, the database, folders and space.

Belongs here: what can be seen without asking a service. Does not belong here: the services (doctor_services.py).
Nothing is changed: no migration, no folder, no schema. An embedded server that exists already may be started.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

from mam_assets.cli.findings import Finding, fail, ok, warn
from mam_assets.settings import PROJECT_ROOT, Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

_GIB = 1024**3


def python() -> Iterator[Finding]:
    """The interpreter, and the packages that go together in one version only."""
    yield ok("python", ".".join(map(str, sys.version_info[:3])))
    for name, wanted in _pinned():
        try:
            there = version(name)
        except PackageNotFoundError:
            yield fail(name, f"not installed: run `make demo`, or pip install -c constraints.txt {name}=={wanted}")
            continue
        if there == wanted:
            yield ok(name, there)
        else:
            yield fail(
                name, f"{there} is installed, but the set goes together as {wanted}: pip install {name}=={wanted}"
            )


def _pinned() -> list[tuple[str, str]]:
    """The packages of ours that are pinned exactly, with their versions."""
    try:
        wanted = requires("mam-assets") or []
    except PackageNotFoundError:
        return []
    found = (re.match(r"([\w-]+)==([\w.]+)$", line.partition(";")[0].strip()) for line in wanted)
    return [(match[1], match[2]) for match in found if match]


def settings_file(file: Path) -> Iterator[Finding]:
    """The `.env`: whether it is there, whether others can read it, and names in it that mean nothing."""
    if not file.exists():
        yield warn("settings", f"no {file.name} in {file.parent.resolve()}: the environment and the defaults are used")
        return
    from dotenv import dotenv_values

    known = {name.upper() for name in Settings.model_fields}
    strange = [name for name in dotenv_values(file) if name.upper() not in known and not name.startswith("DAGSTER_")]
    for name in strange:
        near = difflib.get_close_matches(name.upper(), known, n=1)
        yield warn("settings", f"{name} in {file.name} is no setting" + (f"; {near[0]} may be meant" if near else ""))
    if file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        yield warn("settings", f"{file.name} holds keys and other users can read it: chmod 600 {file.name}")
    if not strange:
        yield ok("settings", f"{file.name} is read")


def dagster_files(environment: Mapping[str, str]) -> Iterator[Finding]:
    """`dagster.yaml`, without which Dagster forgets every run."""
    home = environment.get("DAGSTER_HOME")
    folder = Path(home) if home else PROJECT_ROOT
    if (folder / "dagster.yaml").is_file():
        yield ok("dagster", f"{folder / 'dagster.yaml'}")
    else:
        yield fail("dagster", f"no dagster.yaml in {folder}: start in the project folder, or set DAGSTER_HOME to it")


@dataclass
class DatabaseSeen:
    """``engine`` is there when the database answers and has the shape that the code expects."""

    engine: Engine | None = None


def database(settings: Settings, seen: DatabaseSeen) -> Iterator[Finding]:
    """The server, its version, its size, and whether migrations are missing."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import DBAPIError

    from mam_assets.store import migrations, report, server

    if settings.database_url is None and not (settings.data_dir / "postgres").exists():
        yield ok("database", f"none yet: `mam up` makes one in {settings.data_dir / 'postgres'}")
        return
    try:
        url, shown = _address(settings)
    except server.DatabaseUnavailable as error:
        yield fail("database", str(error))
        return
    engine = create_engine(url, pool_size=2, connect_args={"connect_timeout": 5, "application_name": "mam doctor"})
    try:
        with engine.connect() as connection:
            facts, found = report.server_facts(connection), migrations.current_of(connection)
    except DBAPIError as error:
        engine.dispose()
        problem = str(error.orig).strip().partition("\n")[0]
        yield fail("database", f"{shown}: {problem}. See that it runs; look at user, password and name in DATABASE_URL")
        return
    if found != migrations.head():
        engine.dispose()
    major, size = facts.version_number // 10000, facts.size_bytes / 1024**2
    if major < server.OLDEST_VERSION:
        yield fail("database", f"{shown} is PostgreSQL {major}; {server.OLDEST_VERSION} is the oldest that will do")
        return
    yield ok("database", f"{shown}: PostgreSQL {major}, {size:.0f} MiB")
    if found == migrations.head():
        yield ok("tables", f"at step {found}, the newest")
        seen.engine = engine
    elif found is not None and found not in migrations.revisions():
        yield fail("tables", f"at step {found}, which this version does not know: install the newer version")
    else:
        yield warn(
            "tables", f"at step {found or 'none'}, the newest is {migrations.head()}: `mam up` brings them forward"
        )


def _address(settings: Settings) -> tuple[str, str]:
    """Where the database is, and how that is shown. A server of the person's own is only asked, not prepared: unlike
    `server.address` this makes no schema in it."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    from mam_assets.store import server

    if settings.database_url is None:
        embedded = server.address(settings)
        return embedded.ours, embedded.shown
    try:
        url = make_url(settings.database_url.get_secret_value().strip())
    except (ArgumentError, ValueError):
        remedy = "Write DATABASE_URL as postgresql://user:password@host:5432/name"
        raise server.DatabaseUnavailable("DATABASE_URL", "it is no address of a database", remedy) from None
    shown = url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False), shown


def folders(settings: Settings, *, library: Path | None, saves: Path | None) -> Iterator[Finding]:
    """The library folder and qBittorrent's, as seen from here: there, writable, on one disk, with space.

    Both are None where they are not known since their service did not say.
    """
    if library is not None:
        yield from _library(library)
    if saves is not None:
        yield from _saves(saves)
    if library is not None and saves is not None and library.is_dir() and saves.is_dir():
        if library.stat().st_dev == saves.stat().st_dev:
            yield ok("import", "library and downloads are on one disk: files are linked, and take space once")
        else:
            yield warn("import", "library and downloads are on different disks: files are copied, and take space twice")
    for name, folder in (("library", library), ("downloads", saves)):
        if folder is not None and folder.is_dir():
            yield from _space(name, folder, settings.min_free_gib)


def _library(folder: Path) -> Iterator[Finding]:
    remedy = "mount it here, or set LIBRARY_PATH or PATH_MAP"
    if not folder.is_dir():
        yield fail("library folder", f"{folder} does not exist here: {remedy}")
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield fail("library folder", f"{folder} cannot be written by this user: give it the right, or imports fail")
    else:
        yield ok("library folder", f"{folder} is there and can be written")


def _saves(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir():
        yield fail("downloads folder", f"{folder} does not exist here: mount it, and set PATH_MAP=/as/there:/as/here")
    elif not os.access(folder, os.R_OK | os.X_OK):
        yield fail("downloads folder", f"{folder} cannot be read by this user: give it the right, or imports fail")
    else:
        yield ok("downloads folder", f"{folder} is there and can be read")


def _space(name: str, folder: Path, wanted_gib: float) -> Iterator[Finding]:
    from mam_assets.resources.files import free_bytes

    free = free_bytes(folder) / _GIB
    if free < wanted_gib:
        yield fail(f"{name} space", f"{free:.1f} GiB free, MIN_FREE_GIB wants {wanted_gib:g}: nothing will be grabbed")
    else:
        yield ok(f"{name} space", f"{free:.1f} GiB free")


def crawler(settings: Settings) -> Iterator[Finding]:
    """The person's own crawler script: whether it is there, what would run it (see resources/crawler.py), how long it
    may take. It is not started."""
    if settings.mam_crawler is None:
        yield ok("crawler", "off: MAM_CRAWLER names no script")
        return
    script = settings.mam_crawler.expanduser().absolute()
    if not script.is_file():
        yield fail("crawler", f"MAM_CRAWLER names {script}, which is no file: correct the path, or empty it")
        return
    if not os.access(script, os.R_OK):
        yield fail("crawler", f"{script} cannot be read by this user: give it the right, or empty MAM_CRAWLER")
        return
    program, executable = _named_program(script), os.access(script, os.X_OK)
    limit = f"it may take {settings.mam_crawler_timeout_minutes:g} minutes, and is ended after that"
    if program is not None and executable and shutil.which(program) is None:
        yield fail(
            "crawler",
            f"{script} is to be run by {program or 'nothing'}: that is not here; install it, or correct line 1",
        )
    elif program is not None and executable:
        yield ok("crawler", f"{script} is executable and run by {program}; {limit}")
    elif program and not Path(program).name.startswith("python"):
        yield fail("crawler", f"{script} is for {program} but is not executable, so Python would run it: chmod +x it")
    else:
        lacking = "it is not executable" if program is not None else "no #! line names a program"
        yield ok("crawler", f"{script} is run by this Python, since {lacking}; {limit}")


def _named_program(script: Path) -> str | None:
    """What the script's first line says is to run it; behind `env`, the program that env looks for."""
    with script.open("rb") as file:
        line = file.readline(1000)
    if not line.startswith(b"#!"):
        return None
    words = line[2:].decode(errors="replace").split()
    if words and Path(words[0]).name == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    return words[0] if words else ""
