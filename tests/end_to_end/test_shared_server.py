"""Many processes on one embedded server in a fresh data folder, some of them killed at the worst moments."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from mam_assets.settings import PROJECT_ROOT, Settings
from mam_assets.store import embedded
from tests.patience import LONG_PATIENCE_SECONDS, until

pytestmark = [pytest.mark.timeout(3 * LONG_PATIENCE_SECONDS), pytest.mark.xdist_group("shared_server")]

# What a `dagster` command of ours does first: Dagster's storage in its schema, our tables in ours.
PROCESS = """
import sys
from sqlalchemy import text
from mam_assets.resources.dagster_storage import ServerStorage
from mam_assets.resources.database import connect
from mam_assets.settings import load_settings
storage = ServerStorage.from_config_value(None, {})
engine = connect(load_settings())
with engine.connect() as connection:
    genres = connection.execute(text("SELECT count(*) FROM genre_settings")).scalar()
    runs = connection.execute(text("SELECT count(*) FROM dagster.runs")).scalar()
print("found", genres, runs, flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Not below pytest's own folder, which it closes to others, and as root the server runs as somebody else."""
    folder = Path(tempfile.mkdtemp(prefix="mam-assets-shared-"))
    folder.chmod(0o711)
    yield folder / "data"
    if (folder / "data").exists():
        embedded.stop_if_unused(folder / "data")
    shutil.rmtree(folder)


@pytest.fixture
def start(data_dir: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """A function that starts a process on the server; what is left of them is killed at the end."""
    started: list[subprocess.Popen[str]] = []
    environment = {k: v for k, v in os.environ.items() if k.lower() not in Settings.model_fields}
    environment |= {"DATA_DIR": str(data_dir), "PYTHONPATH": str(PROJECT_ROOT)}

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", PROCESS],
            cwd=data_dir.parent,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def killed(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        process.kill()
    for process in processes:
        process.communicate()


def gone(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        output, _ = process.communicate("go\n", timeout=LONG_PATIENCE_SECONDS)
        assert process.returncode == 0, output


def found(process: subprocess.Popen[str]) -> str:
    """Our genres and Dagster's runs, as the process found them; before that Dagster may warn that it tries again."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        if line.startswith("found "):
            return line.strip()
        lines.append(line)
    return "".join(lines)


def left_running(data_dir: Path) -> list[str]:
    """Programs of PostgreSQL that work in or for this folder."""
    left = []
    for process in psutil.process_iter(["name", "cmdline", "cwd"]):
        words = " ".join(process.info["cmdline"] or [])
        if process.info["name"] in {"postgres", "initdb", "pg_ctl"} and str(data_dir) in (
            words + str(process.info["cwd"])
        ):
            left.append(words)
    return left


def is_being_made(data_dir: Path) -> bool:
    return any(data_dir.glob("postgres.unfinished*/global/*"))


def is_made(data_dir: Path) -> bool:
    return (data_dir / "postgres" / "PG_VERSION").exists()


@pytest.mark.parametrize("moment", [is_being_made, is_made], ids=["while it is made", "once it is made"])
def test_whoever_is_killed_the_server_is_there_for_the_others_and_ends_with_the_last(
    data_dir: Path, start: Callable[[], subprocess.Popen[str]], moment: Callable[[Path], bool]
) -> None:
    first = [start() for _ in range(6)]
    until(lambda: moment(data_dir), "the cluster comes to the moment", seconds=LONG_PATIENCE_SECONDS)
    # Whoever is at work on the cluster just then is among the first to go.
    killed(sorted(first, key=lambda process: not psutil.Process(process.pid).children())[:3])
    survivors = [process for process in first if process.returncode is None]
    assert [found(process) for process in survivors] == ["found 7 0"] * 3
    second = [start() for _ in range(2)]
    assert [found(process) for process in second] == ["found 7 0"] * 2
    killed(survivors)
    gone(second[:1])
    assert embedded.is_running(data_dir), "one still uses it"
    gone(second[1:])
    assert not embedded.is_running(data_dir)
    until(lambda: not left_running(data_dir), "no program of the server is left")
    assert not list(data_dir.glob("postgres.unfinished*"))
