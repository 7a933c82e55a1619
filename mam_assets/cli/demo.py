"""`mam demo`: the whole system over a world of public-domain books, on this machine alone.

Belongs here: putting the parts together. Does not belong here: the plan (flow.py), the display (progress.py), the
report (report.py). Nothing of the person's own is touched: the demo has its own folder, its own database, and settings
that name the twins on loopback and nothing else.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from sqlalchemy.exc import DBAPIError

from mam_assets.cli import interrupts, programs, report
from mam_assets.cli.flow import Flow, Outcome, StepDone
from mam_assets.cli.interrupts import held_back
from mam_assets.cli.processes import ProgramFailed, Supervisor, free_port
from mam_assets.cli.progress import Progress
from mam_assets.settings import PROJECT_ROOT, Settings, load_settings
from mam_assets.store import releases
from mam_assets.store.report import Counts, counts

if TYPE_CHECKING:
    from dagster import DagsterInstance, Definitions
    from sqlalchemy import Engine

_MARK = ".mam-assets-demo"
_BLANKED = ("DATABASE_URL", "NOTIFY_URLS", "MAM_CRAWLER")


class DemoBusy(Exception):
    """Another demo uses the folder, or the folder is not a demo's."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked on the command line. Ports are taken when they are free, else others are chosen."""

    once: bool = False
    fresh: bool = False
    dagster_port: int = 3000
    api_port: int = 8000


def run(console: Console, folder: Path, wishes: Wishes) -> int:
    """Run the demo in ``folder``. Returns 0, or 1 if a part of the flow failed. Without ``once`` it stays until a
    signal, which arrives as `Stop`."""
    from mam_assets.sandbox.stand import Sandbox

    with ExitStack() as stack:
        stack.enter_context(reserved(folder, fresh=wishes.fresh))
        with console.status("Standing up the six services on loopback …"):
            sandbox = stack.enter_context(Sandbox(folder / "world"))
        places = _places(wishes)
        home = _dagster_home(folder)
        given = environment(os.environ, sandbox.environment(), folder)
        stack.enter_context(living_in(folder, programs.environment(given, places, home)))
        settings = load_settings(_env_file=None)
        _log_to(folder / "logs" / "flow.log")
        stack.callback(_stop_database, folder)
        with console.status("Starting PostgreSQL …"):
            engine = _engine(settings)
            stack.callback(engine.dispose)
            programs.prepare_dagster()
        supervisor = stack.enter_context(Supervisor(folder / "logs", dict(os.environ), folder))
        workspace = programs.write_workspace(folder, places)
        supervisor.start(programs.code_server(places))
        supervisor.start(programs.api(places))
        with console.status("Loading the graph …"):
            jobs = Jobs.load()
            stack.callback(jobs.close)
            # Without it the webserver would note the code as unreachable, and show no graph.
            supervisor.wait_until_ready(programs.CODE)
        supervisor.start(programs.webserver(places, workspace))
        failures = _flow(console, engine, jobs)
        with console.status("Waiting for the Dagster UI …"):
            try:
                supervisor.wait_until_ready()
            except ProgramFailed as failed:
                failures.append(str(failed))
        _report(console, engine, sandbox.request_counts(), places, failures)
        if not wishes.once:
            supervisor.start(programs.daemon(workspace))
            console.print("\nSchedules and sensors run now. Everything stays open until Ctrl-C.")
            supervisor.watch(lambda line: console.print(line, soft_wrap=True, markup=False))
    return 1 if failures else 0


@contextmanager
def reserved(folder: Path, *, fresh: bool = False) -> Iterator[None]:
    """Make the folder ours for the length of the block; ``fresh`` empties it first. Raises DemoBusy when another demo
    uses it, or when it holds something that no demo made."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / _MARK
    if not mark.exists() and any(folder.iterdir()):
        raise DemoBusy(f"{folder} holds something that no demo made. Move it away, or set DATA_DIR to another folder.")
    with mark.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoBusy(
                f"another demo is running in {folder}. Stop it, or set DATA_DIR to another folder."
            ) from None
        if fresh:
            _empty(folder)
        yield


def _empty(folder: Path) -> None:
    import psutil

    from mam_assets.store import embedded

    # An earlier demo that was killed outright leaves its server running.
    embedded.stop_if_unused(folder)
    cluster = folder / "postgres"
    with contextlib.suppress(FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
        process = psutil.Process(int((cluster / "postmaster.pid").read_text().split()[0]))
        if str(cluster) in process.cmdline():
            raise DemoBusy(f"a program still uses the database in {folder}. Stop it first.")
    for entry in folder.iterdir():
        if entry.name == _MARK:
            continue
        shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()


def environment(base: Mapping[str, str], twins: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The environment of the demo: that of the person without a single setting of ours, then the twins'. So nothing
    that they have configured is ever reached, and the demo does the same on every machine."""
    ours = {name.upper() for name in Settings.model_fields} | set(_BLANKED)
    kept = {k: v for k, v in base.items() if k.upper() not in ours and not k.upper().startswith("DAGSTER_")}
    return {**kept, **twins, "DATA_DIR": str(folder)}


@contextmanager
def living_in(folder: Path, wanted: Mapping[str, str]) -> Iterator[None]:
    """This process in another environment and folder, where no `.env` is found, for the length of the block."""
    before, here = dict(os.environ), Path.cwd()
    _become(wanted)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)
        _become(before)


def _become(wanted: Mapping[str, str]) -> None:
    for name in set(os.environ) - set(wanted):
        del os.environ[name]
    os.environ.update(wanted)


def _places(wishes: Wishes) -> programs.Places:
    host = "127.0.0.1"
    ui = free_port(host, wishes.dagster_port)
    api = free_port(host, wishes.api_port, avoid=[ui])
    return programs.Places(host, ui, host, api, free_port(host, 0, avoid=[ui, api]))


def _dagster_home(folder: Path) -> Path:
    """A home of the demo's own, with the same `dagster.yaml`."""
    home = folder / "dagster"
    home.mkdir(exist_ok=True)
    shutil.copyfile(PROJECT_ROOT / "dagster.yaml", home / "dagster.yaml")
    return home


def _engine(settings: Settings) -> Engine:
    from mam_assets.resources.database import connect
    from mam_assets.store import server

    # A first start makes the cluster; cut in two it would have to be made again.
    with held_back():
        # Losing power may lose a demo: it need not wait for the disk. A kill of any process loses nothing.
        server.embedded_address(settings, durable=False)
        return connect(settings)


def _stop_database(folder: Path) -> None:
    """Leave the embedded server, and see that it stops: nobody but this demo has to do with it."""
    from mam_assets.store import embedded

    with held_back():
        embedded.leave(folder)
        deadline = time.monotonic() + 10
        while embedded.is_running(folder) and not embedded.stop_if_unused(folder) and time.monotonic() < deadline:
            time.sleep(0.1)


def _log_to(file: Path) -> None:
    """What this process logs goes to a file: the terminal is for the progress."""
    file.parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=file, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.captureWarnings(True)


def _flow(console: Console, engine: Engine, jobs: Jobs) -> list[str]:
    """Run the plan; the failures, one line each."""

    def count() -> Counts:
        with engine.connect() as connection:
            return counts(connection)

    def shown() -> Counts | None:
        with contextlib.suppress(DBAPIError):  # a display that misses a beat is no reason to stop
            return count()
        return None

    def due() -> int:
        with engine.connect() as connection:
            return len(releases.gaps_due(connection, datetime.now(UTC), limit=100_000))

    with Progress(console, shown) as progress:
        done = Flow(jobs.run, count, due, progress, time.monotonic, time.sleep).go()
    return [words for step in done for words in _failures(step)]


def _failures(done: StepDone) -> list[str]:
    return [f"{done.step.job}: {words}" for words in dict.fromkeys(done.failures)]


@dataclass
class Jobs:
    """Runs jobs of our definitions in this process, recorded by the instance that the UI shows."""

    definitions: Definitions
    instance: DagsterInstance

    @classmethod
    def load(cls) -> Jobs:
        """Load the definitions and open the instance that DAGSTER_HOME names."""
        import dagster as dg

        from mam_assets.definitions import build_defs

        return cls(build_defs(), dg.DagsterInstance.get())

    def close(self) -> None:
        """Close the instance's connections."""
        self.instance.dispose()

    def run(self, name: str) -> Outcome:
        """Run a job to its end. A signal ends the run, is recorded with it, and goes on as `Stop`."""
        import dagster as dg

        job = self.definitions.resolve_job_def(name)
        quiet: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        try:
            with interrupts.reminded():
                result = job.execute_in_process(
                    instance=self.instance, raise_on_error=False, run_config={**(job.run_config or {}), **quiet}
                )
        except dg.DagsterError as error:
            logging.getLogger(__name__).exception("%s could not be run", name)
            return Outcome(False, _first_line(str(error)))
        if result.success:
            return Outcome(True)
        return Outcome(False, _what_failed(result))


def _what_failed(result: Any) -> str:
    """The error at the root of a failed run, in one line; its trace goes to the log."""
    for event in result.all_events:
        error = getattr(event.event_specific_data, "error", None)
        if error is None:
            continue
        logging.getLogger(__name__).error("run %s\n%s", result.run_id, error.to_string())
        while error.cause is not None:
            error = error.cause
        # "package.module.ServiceDown: words": the class says nothing to a person that the words don't.
        head, colon, words = _first_line(error.message).partition(": ")
        return words if colon and " " not in head and "." in head else f"{head}{colon}{words}"
    return f"run {result.run_id} failed; the Dagster UI shows why"


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0].strip()


def _report(
    console: Console, engine: Engine, requests: Mapping[str, int], places: programs.Places, failures: list[str]
) -> None:
    with engine.connect() as connection:
        found = report.gather(connection)
    addresses = {"Dagster UI": places.ui, "API health page": f"{places.api}/health", "API": f"{places.api}/docs"}
    report.show(console, found, requests=requests, addresses=addresses, notes=failures)
