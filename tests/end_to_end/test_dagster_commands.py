"""The plain `dagster` commands in a folder that nothing was prepared in: no DATABASE_URL, a fresh data folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from mam_assets.sandbox import stand
from mam_assets.sandbox.stand import Sandbox
from mam_assets.sandbox.world import build_world
from mam_assets.sandbox.world.model import World
from mam_assets.settings import PROJECT_ROOT, Settings
from tests.patience import LONG_PATIENCE_SECONDS, until

pytestmark = [pytest.mark.timeout(3 * LONG_PATIENCE_SECONDS), pytest.mark.xdist_group("dagster_commands")]

SERIES = ("Richard Hannay", "The Jungle Book", "Jungle Books")
# What a command needs of the project folder, as a clone has it.
PARTS = ("mam_assets", "schema", "dagster.yaml", "workspace.yaml", "pyproject.toml")


@dataclass(frozen=True)
class Folder:
    """A copy of the project, a data folder, and the environment of whoever types there."""

    project: Path
    data: Path
    environment: dict[str, str]

    def command(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `dagster` with these arguments in the project folder, in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "dagster", *arguments],
            cwd=self.project,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def materialise(self, selection: str) -> subprocess.Popen[str]:
        """Start the command that the README names."""
        return self.command("asset", "materialize", "-m", "mam_assets.definitions", "--select", selection)

    def programs(self) -> list[psutil.Process]:
        """Processes that work in this folder: commands, the embedded server, whatever they left."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            words = " ".join(process.cmdline())
            return str(self.data) in words or process.cwd().startswith((str(self.data), str(self.project)))
        except psutil.Error:
            return False


def output_of(process: subprocess.Popen[str], *, code: int = 0) -> str:
    """What a command printed; it must end by itself with this exit code."""
    try:
        output, _ = process.communicate(timeout=LONG_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        pytest.fail(f"{process.args!r} did not end: {output[-3000:]}")
    assert process.returncode == code, output[-4000:]
    return output


def _few(world: World) -> World:
    series = tuple(series for series in world.series if series.name in SERIES)
    ids = {series.series_id for series in series}
    works = tuple(work for work in world.works if work.series_id in ids)
    work_ids = {work.work_id for work in works}
    names = {series.author for series in series}
    return replace(
        world,
        authors=tuple(author for author in world.authors if author.name in names),
        series=series,
        works=works,
        owned=tuple(item for item in world.owned if item.work_id in work_ids),
        releases=tuple(release for release in world.releases if work_ids & set(release.work_ids)),
    )


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The six twins over a few of the world's series: a run of everything takes seconds."""
    few = _few(build_world(datetime.now(UTC)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stand, "build_world", lambda now: few)
        sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"))
    with sandbox:
        yield sandbox
    assert not sandbox.crashes()


@pytest.fixture(scope="module")
def folder(sandbox: Sandbox) -> Iterator[Folder]:
    """A fresh copy of the project, as root's servers need it: readable by another user."""
    root = Path(tempfile.mkdtemp(prefix="mam-assets-commands-"))
    root.chmod(0o755)
    project = root / "project"
    project.mkdir()
    for name in PARTS:
        part = PROJECT_ROOT / name
        if part.is_dir():
            shutil.copytree(part, project / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(part, project / name)
    ours = {name.upper() for name in Settings.model_fields} | {"DAGSTER_HOME"}
    inherited = {name: value for name, value in os.environ.items() if name.upper() not in ours}
    environment = inherited | sandbox.environment() | {"DATA_DIR": str(root / "data"), "PYTHONPATH": str(project)}
    folder = Folder(project, root / "data", environment)
    yield folder
    for process in folder.programs():
        process.kill()
    shutil.rmtree(root, ignore_errors=True)


def test_the_definitions_are_valid_before_anything_was_started(folder: Folder) -> None:
    output = output_of(folder.command("definitions", "validate"))
    assert "mam_assets" in output


def test_everything_can_be_materialised_at_once_on_a_fresh_database(folder: Folder, sandbox: Sandbox) -> None:
    output = output_of(folder.materialise("*"))
    assert "RUN_SUCCESS" in output
    assert "STEP_FAILURE" not in output
    asked = sandbox.request_counts()
    assert all(asked[name] for name in ("audiobookshelf", "goodreads", "google_books", "mam", "qbittorrent")), asked


def test_several_commands_share_one_server_though_one_of_them_is_killed(folder: Folder) -> None:
    commands = [folder.materialise("download_queue") for _ in range(3)]
    victim = commands[0]
    until(
        lambda: (folder.data / "postgres" / "postmaster.pid").exists() or victim.poll() is not None,
        "the server is starting",
        seconds=LONG_PATIENCE_SECONDS,
    )
    os.killpg(victim.pid, signal.SIGKILL)
    victim.communicate()
    assert victim.returncode == -signal.SIGKILL, "it was killed while it worked"
    for survivor in commands[1:]:
        assert "RUN_SUCCESS" in output_of(survivor)
    assert "RUN_SUCCESS" in output_of(folder.materialise("download_queue"))


def test_nothing_is_left_running_at_the_end(folder: Folder) -> None:
    until(lambda: not folder.programs(), "every program has ended", seconds=LONG_PATIENCE_SECONDS, pause=0.2)
