"""Commands end with one line and an exit code, never with a trace; signals end them too."""

from __future__ import annotations

import contextlib
import csv
import signal
import socket
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from mam_assets.cli import interrupts, up
from mam_assets.cli.commands import app
from mam_assets.cli.findings import Level
from mam_assets.settings import Settings, load_settings
from tests.patience import PATIENCE_SECONDS
from tests.store.filled import fill


@pytest.fixture
def runner(bare_environment: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return CliRunner()


def test_a_wrong_setting_is_one_line_and_exit_code_2(runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_PORT", "many")
    result = runner.invoke(app, ["up"])
    assert result.exit_code == 2
    assert "Settings: API_PORT" in result.output


def test_up_without_audiobookshelf_starts_nothing(runner: CliRunner, tmp_path: Path) -> None:
    result = runner.invoke(app, ["up"])
    assert result.exit_code == 1
    assert "ABS_TOKEN is not set" in result.output
    assert "Nothing was started" in result.output
    assert not (tmp_path / "data").exists()


def test_a_database_that_is_not_there_is_one_line_without_its_password(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://someone:hunter2@127.0.0.1:9/books")
    result = runner.invoke(app, ["export", "failures"])
    assert result.exit_code == 1
    assert result.output.startswith("mam: PostgreSQL at")
    assert "hunter2" not in result.output


def test_failures_are_exported_to_a_file(
    runner: CliRunner, clean_url: str, clean_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clean_engine.begin() as connection:
        fill(connection)
    monkeypatch.setenv("DATABASE_URL", clean_url)
    result = runner.invoke(app, ["export", "failures", "--output", "failures.csv"])
    assert result.exit_code == 0, result.output
    assert "3 failures written to failures.csv" in result.output
    with (tmp_path / "failures.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 3
    assert [entry.name for entry in tmp_path.iterdir() if "unfinished" in entry.name] == []


def test_parts_without_credentials_are_said_to_be_off(bare_environment: None, tmp_path: Path) -> None:
    settings = load_settings(_env_file=None, abs_token="key", mam_dry_run=True, data_dir=tmp_path)
    findings = {finding.subject: finding for finding in up.preflight(settings)}
    assert findings["audiobookshelf"].level is Level.OK
    assert findings["mam"].words == "MAM_ID is not set: MAM is neither scanned nor searched"
    assert {findings[part].level for part in ("qbittorrent", "prowlarr", "google books", "dry run")} == {Level.WARN}


def test_a_port_that_is_taken_is_named_with_its_setting(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(up.ProgramFailed, match=f"port {port} is taken.*API_PORT"):
            up._places(settings.model_copy(update={"api_port": port, "dagster_port": 0}))


@pytest.fixture
def handlers() -> object:
    """The handlers as a shell leaves them, and put back as they were."""
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {name: signal.getsignal(name) for name in names}
    hook = sys.unraisablehook
    wakeup = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(wakeup)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, and stays so
    yield None
    for name, handler in before.items():
        signal.signal(name, handler)
    signal.set_wakeup_fd(wakeup)
    sys.unraisablehook = hook


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_every_signal_to_stop_has_its_exit_code(handlers: None, number: signal.Signals, code: int) -> None:
    interrupts.install()
    with pytest.raises(interrupts.Stop) as stop:
        signal.raise_signal(number)
    assert stop.value.exit_code == code


def test_a_signal_waits_for_what_must_not_be_cut_in_two(handlers: None) -> None:
    interrupts.install()
    done = []

    def work() -> None:
        with interrupts.held_back():
            with interrupts.held_back():
                signal.raise_signal(signal.SIGINT)
                done.append("inner")
            done.append("outer")

    with pytest.raises(interrupts.Stop):
        work()
    assert done == ["inner", "outer"]


def test_a_signal_that_somebody_else_took_is_not_lost(handlers: None) -> None:
    """Dagster replaces the handler during a run and forgets what came at its very end."""
    interrupts.install()
    with contextlib.suppress(interrupts.Stop):
        interrupts.check()  # what the tests before left in the pipe
    signal.signal(signal.SIGINT, lambda number, frame: None)
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(interrupts.Stop):
        interrupts.check()
    interrupts.check()


def test_a_signal_that_was_forgotten_is_repeated(handlers: None) -> None:
    interrupts.install()
    with contextlib.suppress(interrupts.Stop):
        interrupts.check()
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: came.append(number))

    def work() -> None:
        with interrupts.reminded(every=0.02):
            signal.raise_signal(signal.SIGINT)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while len(came) < 3 and time.monotonic() < deadline:
                time.sleep(0.01)

    with pytest.raises(interrupts.Stop):
        work()
    assert len(came) >= 3


def test_a_signal_that_falls_into_a_finaliser_is_sent_again(handlers: None) -> None:
    """Python prints and drops what is raised there."""

    class Doomed:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    interrupts.install()
    Doomed()
    with pytest.raises(interrupts.Stop):
        time.sleep(PATIENCE_SECONDS)
