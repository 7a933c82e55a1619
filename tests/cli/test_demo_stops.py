"""Ctrl-C ends `mam demo` at any moment: exit code 130, no trace, no process left, and a state from which it goes on."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from mam_assets.settings import PROJECT_ROOT, Settings
from tests.patience import LONG_PATIENCE_SECONDS, until

pytestmark = [pytest.mark.timeout(3 * LONG_PATIENCE_SECONDS), pytest.mark.xdist_group("demo")]


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """One folder for all moments, so that each demo finds what a stopped one left. Not pytest's own: the next session
    of pytest closes that to other users, and PostgreSQL runs as one where we are root."""
    folder = Path(tempfile.mkdtemp(prefix="mam-assets-demo-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def demo(data_dir: Path, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    ours = {name.upper() for name in Settings.model_fields}
    environment = {k: v for k, v in os.environ.items() if k.upper() not in ours}
    environment |= {"DATA_DIR": str(data_dir), "PYTHONPATH": str(PROJECT_ROOT)}
    argv = [sys.executable, "-m", "mam_assets.cli", "demo", "--port-ui", "0", "--port-api", "0"]
    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen(
            argv,
            env=environment,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        yield process
    if process.poll() is None:
        process.kill()
        process.wait()


def started_by(process: subprocess.Popen[bytes], data_dir: Path) -> list[psutil.Process]:
    """Everything that the demo started: its descendants, and the database server, which is nobody's child."""
    found = psutil.Process(process.pid).children(recursive=True)
    for other in psutil.process_iter(["cmdline"]):
        if str(data_dir / "demo" / "postgres") in (other.info["cmdline"] or []):
            found += [other, *other.children(recursive=True)]
    return found


def alive(processes: list[psutil.Process]) -> list[str]:
    """What still runs, by its command; one that only waits to be reaped does not."""
    found = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):  # a zombie counts as one
            found.append(" ".join(process.cmdline())[:150])
    return found


def listens(process: subprocess.Popen[bytes]) -> bool:
    """Whether it has taken signals into its own hands, the first thing that it does: it holds a pipe then."""
    with contextlib.suppress(OSError):  # elsewhere than on Linux nothing can be seen of it
        return any(os.readlink(end).startswith("pipe:") for end in Path(f"/proc/{process.pid}/fd").iterdir())
    return True


# What has come to pass, and how long it waits from there: any moment will do, so that none has to be met.
MOMENTS: dict[str, tuple[Callable[[subprocess.Popen[bytes], str, Path], bool], float]] = {
    "while Python is loading": (lambda demo, output, logs: listens(demo), 0.1),
    "while the twins are made": (lambda demo, output, logs: listens(demo), 1.2),
    "when the webserver was just started": (lambda demo, output, logs: (logs / "webserver.log").exists(), 0.0),
    "in the middle of a run": (lambda demo, output, logs: "Read the library" in output, 1.0),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_leaves_nothing(moment: str, demo: subprocess.Popen[bytes], data_dir: Path, tmp_path: Path) -> None:
    output, logs = tmp_path / "output", data_dir / "demo" / "logs"
    if logs.exists():
        for log in logs.iterdir():
            log.unlink()
    has_come, pause = MOMENTS[moment]
    until(
        lambda: has_come(demo, output.read_text(), logs) or demo.poll() is not None,
        moment,
        seconds=LONG_PATIENCE_SECONDS,
        pause=0.05,
    )
    time.sleep(pause)
    assert demo.poll() is None, output.read_text()
    left = started_by(demo, data_dir)
    demo.send_signal(signal.SIGINT)
    code = demo.wait(timeout=LONG_PATIENCE_SECONDS)
    until(lambda: not alive(left), f"every process ends: {alive(left)}")
    assert code == 130, output.read_text()
    assert "Traceback" not in output.read_text()
    assert not (data_dir / "demo" / "postgres" / "postmaster.pid").exists()
