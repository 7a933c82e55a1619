"""What our definitions add to the start of a `dagster` command, against a bare project with one asset.

Run `python bench/bench_startup.py` from the project; it prints a table and ends with 1 when our commands take more than
1.5 times those of a bare project on the same PostgreSQL. bench/README.md says how to read it.

The commands run in temporary folders, so that no `.env`, no data and no Dagster instance of a person is touched.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from mam_assets.settings import PROJECT_ROOT, Settings, load_settings
from mam_assets.store import embedded, server

ROUNDS = 5
ASKED = 1.5
BARE_DATABASE = "bare"
SAME_SERVER = "bare, same server"

BARE_DEFINITIONS = """
import dagster as dg


@dg.asset
def nothing() -> dg.MaterializeResult:
    return dg.MaterializeResult()


defs = dg.Definitions(assets=[nothing], executor=dg.in_process_executor)
"""

BARE_INSTANCE = """
telemetry: {{enabled: false}}
storage:
  postgres:
    postgres_url: "{url}"
"""


@dataclass(frozen=True, slots=True)
class Project:
    """A folder in which `dagster` commands run, and how to name what they load."""

    title: str
    folder: Path
    module: str
    asset: str
    data_dir: Path

    def run(self, *arguments: str) -> Spent:
        """Run one `dagster` command to its end. Raises CalledProcessError with what it printed."""
        environment = {k: v for k, v in os.environ.items() if k not in _of_a_person()}
        environment |= {
            "DATA_DIR": str(self.data_dir),
            "PYTHONPATH": os.pathsep.join([str(self.folder), str(PROJECT_ROOT)]),
        }
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "dagster", *arguments],
            cwd=self.folder,
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        return Spent(seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    def commands(self) -> Mapping[str, tuple[str, ...]]:
        """What is measured, by its title."""
        return {
            "definitions validate": ("definitions", "validate", "-m", self.module),
            "asset materialize": ("asset", "materialize", "-m", self.module, "--select", self.asset),
        }


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds by the clock, and seconds of processor time."""

    clock: float
    processor: float


def _of_a_person() -> set[str]:
    """Variables that would point a command at somebody's own data."""
    return {name.upper() for name in Settings.model_fields} | {"DAGSTER_HOME", "PYTHONPATH"}


@contextmanager
def projects(root: Path) -> Iterator[list[Project]]:
    """Ours, a bare one on the same server, a bare one as Dagster makes it. The server runs within the block."""
    data_dir = root / "data"
    settings = load_settings(_env_file=None, database_url=None, data_dir=data_dir)
    address = server.embedded_address(settings)
    try:
        made = [
            Project("ours", root / "ours", "mam_assets.definitions", "download_queue", data_dir),
            Project(SAME_SERVER, root / "bare_server", "bare_project", "nothing", data_dir),
            Project("bare, default storage", root / "bare_default", "bare_project", "nothing", data_dir),
        ]
        ours, on_server, plain = (project.folder for project in made)
        for folder in (ours, on_server, plain):
            folder.mkdir()
        shutil.copy(PROJECT_ROOT / "dagster.yaml", ours)
        for folder in (on_server, plain):
            (folder / "bare_project.py").write_text(BARE_DEFINITIONS)
        with psycopg.connect(address.ours.replace("+psycopg", "", 1), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {BARE_DATABASE}")
        url = make_url(address.ours).set(drivername="postgresql+psycopg2", database=BARE_DATABASE)
        (on_server / "dagster.yaml").write_text(BARE_INSTANCE.format(url=url.render_as_string(hide_password=False)))
        yield made
    finally:
        embedded.leave(data_dir)


def cold_start(root: Path) -> tuple[float, float]:
    """Seconds to make a cluster and start it, and to start it once it is made."""
    spent = []
    for _ in range(2):
        began = time.perf_counter()
        embedded.join(root / "cold")
        spent.append(time.perf_counter() - began)
        embedded.leave(root / "cold")
    return spent[0], spent[1]


def main() -> int:
    """Measure in turn, print, judge."""
    with tempfile.TemporaryDirectory(prefix="mam-assets-bench-") as folder:
        root = Path(folder)
        root.chmod(0o711)  # where root runs this, the server's own user passes through
        made, started = cold_start(root)
        with projects(root) as measured:
            spent: dict[tuple[str, str], list[Spent]] = {}
            for number in range(ROUNDS + 1):
                for command in measured[0].commands():
                    for project in measured:
                        one = project.run(*project.commands()[command])
                        if number:  # the first round makes tables and byte code
                            spent.setdefault((command, project.title), []).append(one)
                print(f"round {number} of {ROUNDS} done", file=sys.stderr, flush=True)
            return report(measured, spent, made, started)


def report(measured: list[Project], spent: Mapping[tuple[str, str], list[Spent]], made: float, started: float) -> int:
    """Print the table; 1 when a ratio to the bare project on the same server is above what is asked, else 0."""
    print(
        f"Medians of {ROUNDS} rounds, taken in turn; the embedded server runs already. Load {os.getloadavg()[0]:.1f}.\n"
    )
    print(f"{'command':22}{'project':24}{'clock s':>9}{'processor s':>13}{'ratio':>8}{'ratio of processor':>20}")
    worst = 0.0
    for command in measured[0].commands():
        ours = medians(spent[command, measured[0].title])
        print(f"{command:22}{measured[0].title:24}{ours.clock:9.2f}{ours.processor:13.2f}")
        for project in measured[1:]:
            theirs = medians(spent[command, project.title])
            ratio, of_processor = ours.clock / theirs.clock, ours.processor / theirs.processor
            numbers = f"{theirs.clock:9.2f}{theirs.processor:13.2f}{ratio:8.2f}{of_processor:20.2f}"
            print(f"{command:22}{project.title:24}{numbers}")
            if project.title == SAME_SERVER:
                worst = max(worst, ratio)
    print(f"\nembedded server: {made:.2f} s to make and start, {started:.2f} s to start again")
    print(f"worst ratio to the bare project on the same server: {worst:.2f}; asked: at most {ASKED}")
    return int(worst > ASKED)


def medians(of: list[Spent]) -> Spent:
    """The median of each kind of seconds."""
    return Spent(statistics.median(one.clock for one in of), statistics.median(one.processor for one in of))


if __name__ == "__main__":
    sys.exit(main())
