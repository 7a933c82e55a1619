"""`mam up`: the system with the person's own services, kept running.

Belongs here: what must be right before anything starts, and what is started. Does not belong here: supervision
(processes.py), the thorough look (doctor.py).
"""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from mam_assets.cli import programs
from mam_assets.cli.findings import Finding, Level, fail, ok, warn
from mam_assets.cli.interrupts import held_back
from mam_assets.cli.processes import ProgramFailed, Supervisor, free_port
from mam_assets.settings import PROJECT_ROOT, Settings
from mam_assets.store.report import counts

if TYPE_CHECKING:
    from sqlalchemy import Engine

_LAUNCH = """
mutation Launch($job: String!, $location: String!) {
  launchRun(executionParams: {selector: {
    repositoryLocationName: $location, repositoryName: "__repository__", jobName: $job
  }}) { __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } }
}
"""


class NotReady(Exception):
    """Something must be mended before anything can start; the findings were shown."""


def run(console: Console, settings: Settings) -> None:
    """Start everything and stay, restarting what dies, until a signal. Raises NotReady, DatabaseUnavailable,
    ProgramFailed."""
    from mam_assets.cli.doctor import line

    findings = list(preflight(settings))
    for finding in findings:
        console.print(line(finding), soft_wrap=True)
    if any(finding.level is Level.FAIL for finding in findings):
        raise NotReady("Nothing was started. Mend what is marked fail; `mam doctor` looks closer.")
    engine = _engine(settings)
    empty = _library_is_empty(engine)
    engine.dispose()
    places = _places(settings)
    folder = settings.data_dir
    given = programs.environment(os.environ, places, Path(os.environ.get("DAGSTER_HOME") or PROJECT_ROOT))
    os.environ["DAGSTER_HOME"] = given["DAGSTER_HOME"]
    programs.prepare_dagster()
    with Supervisor(folder / "logs", given, Path.cwd()) as supervisor:
        workspace = programs.write_workspace(folder, places)
        supervisor.start(programs.code_server(places))
        supervisor.start(programs.api(places))
        with console.status("Starting …"):
            # Without it the others would note the code as unreachable and look again only later.
            supervisor.wait_until_ready(programs.CODE)
            supervisor.start(programs.webserver(places, workspace))
            supervisor.start(programs.daemon(workspace))
            supervisor.wait_until_ready()
        console.print(f"Dagster UI       {places.ui}", highlight=False)
        console.print(f"API health page  {places.api}/health", highlight=False)
        console.print(f"Logs             {folder / 'logs'}", highlight=False, soft_wrap=True)
        if empty:
            console.print(launch(places.ui, "library_import"), soft_wrap=True)
        console.print("Running until Ctrl-C.")
        supervisor.watch(lambda words: console.print(words, soft_wrap=True, markup=False))


def preflight(settings: Settings) -> Iterator[Finding]:
    """What must be set before a start, and which parts are off without more. Asks nobody."""
    if settings.abs_token is None:
        yield fail(
            "audiobookshelf", "ABS_TOKEN is not set: make an API key under Settings, API Keys, and put it in .env"
        )
    else:
        yield ok("audiobookshelf", settings.abs_url)
    parts = (
        ("qbittorrent", settings.qbittorrent_password, "QBITTORRENT_PASSWORD", "nothing is downloaded"),
        ("prowlarr", settings.prowlarr_api_key, "PROWLARR_API_KEY", "only MAM is searched"),
        (
            "google books",
            settings.google_books_api_key,
            "GOOGLE_BOOKS_API_KEY",
            "metadata comes from the other sources",
        ),
        ("mam", settings.mam_id, "MAM_ID", "MAM is neither scanned nor searched"),
    )
    for subject, value, name, without in parts:
        yield warn(subject, f"{name} is not set: {without}") if value is None else ok(subject, "configured")
    if settings.mam_dry_run:
        yield warn("dry run", "MAM_DRY_RUN is on: nothing is written to any service")


def launch(ui: str, job: str, *, within: float = 60.0) -> str:
    """Ask the Dagster UI's server for a run; what to tell a person. It is asked again for ``within`` seconds while it
    has not loaded the job. Raises ProgramFailed where it says no."""
    deadline = time.monotonic() + within
    while (told := _asked_for(ui, job)).get("__typename") == "PipelineNotFoundError" and time.monotonic() < deadline:
        time.sleep(1)
    if told.get("__typename") != "LaunchRunSuccess":
        why = told.get("message") or told.get("__typename") or "no answer"
        raise ProgramFailed(f"the Dagster UI refused the first {job}: {why}")
    return f"The library is read for the first time: {ui}/runs/{told['run']['runId']}"


def _asked_for(ui: str, job: str) -> dict[str, Any]:
    body = json.dumps({"query": _LAUNCH, "variables": {"job": job, "location": programs.LOCATION}}).encode()
    request = urllib.request.Request(f"{ui}/graphql", body, {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            told: dict[str, Any] = (json.load(answer).get("data") or {}).get("launchRun") or {}
    except (urllib.error.URLError, ValueError) as error:
        raise ProgramFailed(f"the Dagster UI did not take the first {job}: {error}") from None
    return told


def _engine(settings: Settings) -> Engine:
    from mam_assets.resources.database import connect

    with held_back():
        return connect(settings)


def _library_is_empty(engine: Engine) -> bool:
    with engine.connect() as connection:
        return counts(connection).books == 0


def _places(settings: Settings) -> programs.Places:
    for host, port, name in (
        (settings.dagster_host, settings.dagster_port, "DAGSTER_PORT"),
        (settings.api_host, settings.api_port, "API_PORT"),
    ):
        if port and free_port(host, port) != port:
            raise ProgramFailed(f"port {port} is taken. Stop what uses it, or set {name} to another.")
    ui = free_port(settings.dagster_host, settings.dagster_port)
    api = free_port(settings.api_host, settings.api_port, avoid=[ui])
    code = free_port("127.0.0.1", 0, avoid=[ui, api])
    return programs.Places(settings.dagster_host, ui, settings.api_host, api, code)
