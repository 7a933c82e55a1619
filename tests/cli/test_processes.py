"""Programs are started, watched and ended; nothing is left, however it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from mam_assets.cli.processes import Program, ProgramFailed, Supervisor, answers, free_port, shorten
from tests.patience import PATIENCE_SECONDS, until


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-c", code)


SLEEPER = python("import time; print('up', flush=True); time.sleep(600)")
STUBBORN = python(
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)
WITH_CHILD = python(
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-I', '-S', '-c', 'import time; time.sleep(600)'])\n"
    "print('child', child.pid, flush=True); time.sleep(600)"
)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with Supervisor(tmp_path / "logs", {"PATH": os.environ["PATH"]}, tmp_path, grace_seconds=1.0) as started:
        yield started


def log_of(supervisor: Supervisor, name: str) -> str:
    file = supervisor.logs / f"{name}.log"
    return file.read_text() if file.exists() else ""


def family(keeper: int) -> list[psutil.Process]:
    """The keeper and everything below it."""
    process = psutil.Process(keeper)
    return [process, *process.children(recursive=True)]


def all_gone(processes: list[psutil.Process]) -> bool:
    return not any(map(lives, processes))


def lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it ended between the two questions
        return False


def test_a_program_writes_to_its_log_and_is_ended(supervisor: Supervisor) -> None:
    supervisor.start(Program("sleeper", SLEEPER))
    until(lambda: "up" in log_of(supervisor, "sleeper"), "the program writes")
    started = family(supervisor.process_ids()["sleeper"])
    assert len(started) == 2
    supervisor.stop()
    assert all_gone(started)


def test_a_program_that_will_not_end_is_killed_after_the_grace(supervisor: Supervisor) -> None:
    supervisor.start(Program("stubborn", STUBBORN))
    until(lambda: "up" in log_of(supervisor, "stubborn"), "the program writes")
    started = family(supervisor.process_ids()["stubborn"])
    begun = time.monotonic()
    supervisor.stop()
    assert 0.9 < time.monotonic() - begun < PATIENCE_SECONDS
    assert all_gone(started)


def test_what_a_program_started_itself_is_ended_with_it(supervisor: Supervisor) -> None:
    supervisor.start(Program("parent", WITH_CHILD))
    until(lambda: "child" in log_of(supervisor, "parent"), "the child runs")
    started = family(supervisor.process_ids()["parent"])
    assert len(started) == 3
    supervisor.stop()
    assert all_gone(started)


def test_a_kill_of_the_supervising_process_leaves_nothing(tmp_path: Path) -> None:
    """SIGKILL cannot be caught: the keepers see the pipe close."""
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom mam_assets.cli.processes import Program, Supervisor\n"
        "folder = Path(sys.argv[1])\n"
        "supervisor = Supervisor(folder, {}, folder, grace_seconds=1.0)\n"
        f"supervisor.start(Program('stubborn', {STUBBORN!r}))\nsupervisor.start(Program('parent', {WITH_CHILD!r}))\n"
        "time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
    try:
        logs = [tmp_path / "stubborn.log", tmp_path / "parent.log"]
        until(lambda: all(log.exists() and log.read_text() for log in logs), "both programs write")
        left = psutil.Process(parent.pid).children(recursive=True)
        assert len(left) == 5
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    until(lambda: all_gone(left), "every program ends")


def test_a_program_ends_with_its_keeper(supervisor: Supervisor) -> None:
    if sys.platform != "linux":
        return  # only Linux tells a process of its parent's death
    supervisor.start(Program("sleeper", SLEEPER))
    until(lambda: "up" in log_of(supervisor, "sleeper"), "the program writes")
    keeper, program = family(supervisor.process_ids()["sleeper"])
    keeper.kill()
    until(lambda: all_gone([program]), "the program ends")


def test_an_interrupt_that_is_ignored_by_the_shell_does_not_reach_the_program(supervisor: Supervisor) -> None:
    """A shell that starts us with `&` sets SIGINT to be ignored, and Dagster lets SIGTERM do what SIGINT does."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        supervisor.start(
            Program("asks", python("import signal; print(signal.getsignal(signal.SIGINT).__name__, flush=True)"))
        )
        until(lambda: "default_int_handler" in log_of(supervisor, "asks"), "the program has the usual handler")
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_program_is_ready_when_it_answers(supervisor: Supervisor) -> None:
    port = free_port("127.0.0.1", 0)
    server = (sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port))
    supervisor.start(Program("server", server, ready=f"http://127.0.0.1:{port}/"))
    supervisor.wait_until_ready(within=PATIENCE_SECONDS)
    assert answers(f"tcp://127.0.0.1:{port}")


def test_a_program_that_ends_too_early_is_named_with_its_last_words(supervisor: Supervisor) -> None:
    supervisor.start(Program("broken", python("raise SystemExit('the port is taken')"), ready="tcp://127.0.0.1:9"))
    with pytest.raises(ProgramFailed, match=r"broken ended with code 1 .*broken\.log\)\n  the port is taken"):
        supervisor.wait_until_ready(within=PATIENCE_SECONDS)


def test_a_program_that_does_not_exist_is_named(supervisor: Supervisor) -> None:
    supervisor.start(Program("absent", ("/no/such/program",), ready="tcp://127.0.0.1:9"))
    with pytest.raises(ProgramFailed, match="cannot be started"):
        supervisor.wait_until_ready(within=PATIENCE_SECONDS)


def test_a_program_that_never_answers_is_not_waited_for_for_ever(supervisor: Supervisor) -> None:
    supervisor.start(Program("silent", SLEEPER, ready=f"tcp://127.0.0.1:{free_port('127.0.0.1', 0)}"))
    with pytest.raises(ProgramFailed, match=r"silent did not answer within 0\.3 s"):
        supervisor.wait_until_ready(within=0.3)


def test_a_program_that_dies_is_started_again_after_a_growing_pause(tmp_path: Path) -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        """A program that runs takes no time, however slow the machine is, and so never counts as a steady one."""
        supervisor._running[0].process.wait(PATIENCE_SECONDS)
        now[0] += seconds

    told: list[str] = []
    with Supervisor(tmp_path, {}, tmp_path, grace_seconds=1.0, clock=lambda: now[0], sleep=sleep) as supervisor:
        supervisor.start(Program("crashes", python("raise SystemExit(3)")))
        supervisor.watch(told.append, until=lambda: len(told) >= 5)
    assert [line.split(" (")[0] for line in told] == [
        "crashes ended with code 3; started again in 1 s",
        "crashes is started again",
        "crashes ended with code 3; started again in 2 s",
        "crashes is started again",
        "crashes ended with code 3; started again in 4 s",
    ]


def test_a_port_that_is_taken_is_replaced_by_a_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        other = free_port("127.0.0.1", port)
    assert other != port
    assert free_port("127.0.0.1", other) == other
    assert free_port("127.0.0.1", other, avoid=[other]) != other


def test_a_long_log_is_cut_and_one_older_part_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text("a" * 100)
    shorten(log, limit=100)
    assert log.read_text() == "a" * 100
    shorten(log, limit=99)
    assert (log.read_text(), (tmp_path / "web.log.1").read_text()) == ("", "a" * 100)


def test_nothing_answers_at_a_closed_port() -> None:
    port = free_port("127.0.0.1", 0)
    assert not answers(f"tcp://127.0.0.1:{port}")
    assert not answers(f"http://127.0.0.1:{port}/")
    assert answers(None)


def test_a_second_signal_while_stopping_kills_at_once(tmp_path: Path) -> None:
    def sleep(seconds: float) -> None:
        raise KeyboardInterrupt

    supervisor = Supervisor(tmp_path, {}, tmp_path, grace_seconds=600.0, sleep=sleep)
    supervisor.start(Program("stubborn", STUBBORN))
    until(lambda: "up" in (tmp_path / "stubborn.log").read_text(), "the program writes")
    started = family(supervisor.process_ids()["stubborn"])
    with contextlib.suppress(KeyboardInterrupt):
        supervisor.stop()
    until(lambda: all_gone(started), "every program ends")
