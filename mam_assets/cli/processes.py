"""Programs that run beside us: each in a process group of its own with a keeper, a log file, a test whether it is
ready, a restart when it dies, and an end in every case.

Belongs here: processes, their logs and ports. Does not belong here: which programs there are (programs.py), signals to
ourselves (interrupts.py).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from mam_assets.cli.interrupts import held_back

GRACE_SECONDS = 10.0
LOG_BYTES = 10 * 1024 * 1024
_KEEPER = Path(__file__).with_name("keeper.py")
_POLL_SECONDS = 0.1
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 60.0
_STEADY_SECONDS = 60.0
_DYING_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Program:
    """What to run. ``ready`` is where it answers once it is up: `http://…` (an answer below 500) or `tcp://host:port`;
    None where nothing can be asked."""

    name: str
    argv: tuple[str, ...]
    ready: str | None = None


class ProgramFailed(Exception):
    """A program ended, or was not ready in time. The message has its last words and the place of its log."""


@dataclass
class _Running:
    program: Program
    process: subprocess.Popen[bytes]
    log: Path
    started: float
    failures: int = 0
    restart_at: float | None = None


@dataclass
class Supervisor:
    """Starts programs, watches them, and ends them all when the `with` block is left, whatever the reason.

    ``logs`` is the folder of the log files, ``environment`` and ``folder`` what the programs find. Times in seconds.
    """

    logs: Path
    environment: Mapping[str, str]
    folder: Path
    grace_seconds: float = GRACE_SECONDS
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _running: list[_Running] = field(default_factory=list)

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, program: Program) -> None:
        """Start a program; it is not ready yet when this returns."""
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{program.name}.log"
        # Cut in two, a start would leave a program that nobody knows of.
        with held_back():
            self._running.append(_Running(program, self._spawn(program, log), log, self.clock()))

    def wait_until_ready(self, *names: str, within: float = 90.0) -> None:
        """Wait until the programs answer (all of them without names). Raises ProgramFailed when one ends before it
        does, or after ``within`` seconds."""
        deadline = self.clock() + within
        waiting = [entry for entry in self._running if not names or entry.program.name in names]
        while waiting:
            for entry in list(waiting):
                if (code := entry.process.poll()) is not None:
                    raise ProgramFailed(f"{entry.program.name} ended with code {code}{_last_words(entry.log)}")
                if answers(entry.program.ready):
                    waiting.remove(entry)
            if waiting and self.clock() > deadline:
                late = waiting[0]
                raise ProgramFailed(f"{late.program.name} did not answer within {within:g} s{_last_words(late.log)}")
            if waiting:
                self.sleep(_POLL_SECONDS)

    def watch(self, tell: Callable[[str], None], *, until: Callable[[], bool] = lambda: False) -> None:
        """Stay, restarting what ends after a pause of 1, 2, 4 … 60 seconds, until ``until()`` or a signal. ``tell``
        gets one line for each end and each restart."""
        while not until():
            for entry in self._running:
                self._look_after(entry, tell)
            self.sleep(_POLL_SECONDS * 5)

    def process_ids(self) -> dict[str, int]:
        """The keeper's process id, which is its group's, by the name of the program."""
        return {entry.program.name: entry.process.pid for entry in self._running}

    def stop(self) -> None:
        """End every program: asked first, killed after the grace, or at once when a second signal comes meanwhile."""
        entries, deadline = list(self._running), self.clock() + self.grace_seconds
        try:
            for entry in entries:
                if not self._gone(entry):
                    _signal_group(entry.process.pid, signal.SIGTERM)
            for entry in entries:
                while not self._gone(entry) and self.clock() < deadline:
                    self.sleep(0.05)
        finally:
            with held_back():
                for entry in entries:
                    if not self._gone(entry):
                        _signal_group(entry.process.pid, signal.SIGKILL)
                for entry in entries:
                    entry.process.wait()
                    if entry.process.stdin is not None:
                        entry.process.stdin.close()
                # What was killed takes a moment to be gone, and until then holds its locks.
                last = self.clock() + _DYING_SECONDS
                while not all(self._gone(entry) for entry in entries) and self.clock() < last:
                    time.sleep(0.02)
                self._running.clear()

    def _gone(self, entry: _Running) -> bool:
        return entry.process.poll() is not None and not _group_lives(entry.process.pid)

    def _look_after(self, entry: _Running, tell: Callable[[str], None]) -> None:
        shorten(entry.log)
        now = self.clock()
        if entry.restart_at is not None:
            if now >= entry.restart_at:
                with held_back():
                    entry.process, entry.started, entry.restart_at = self._spawn(entry.program, entry.log), now, None
                tell(f"{entry.program.name} is started again")
            return
        code = entry.process.poll()
        if code is None:
            return
        _signal_group(entry.process.pid, signal.SIGKILL)
        if entry.process.stdin is not None:
            entry.process.stdin.close()
        entry.failures = 1 if now - entry.started > _STEADY_SECONDS else entry.failures + 1
        pause = min(_FIRST_PAUSE_SECONDS * 2 ** (entry.failures - 1), _LONGEST_PAUSE_SECONDS)
        entry.restart_at = now + pause
        tell(f"{entry.program.name} ended with code {code}; started again in {pause:g} s (log: {entry.log})")

    def _spawn(self, program: Program, log: Path) -> subprocess.Popen[bytes]:
        shorten(log)
        # Appending, so that the file may be emptied under a program that keeps it open.
        with log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-I", "-S", str(_KEEPER), str(self.grace_seconds), *program.argv],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(self.environment),
                cwd=self.folder,
                start_new_session=True,
            )


def answers(address: str | None) -> bool:
    """Whether something answers at `http://…` (status below 500) or listens at `tcp://host:port`; None means yes."""
    if address is None:
        return True
    if address.startswith("tcp://"):
        host, _, port = address.removeprefix("tcp://").rpartition(":")
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
            return True
        return False
    # No proxy: what we ask for is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=2):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return error.code < 500
    except OSError:
        return False


def free_port(host: str, wanted: int, *, avoid: Sequence[int] = ()) -> int:
    """``wanted`` when it can be listened on now, else any free port; 0 means any."""
    for port in (wanted, *[0] * 20):
        if port in avoid and port:
            continue
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((host, port))
                if (found := int(probe.getsockname()[1])) not in avoid:
                    return found
    raise ProgramFailed(f"no free port on {host}")


def shorten(log: Path, limit: int = LOG_BYTES) -> None:
    """Move what a log holds to `<name>.1` when it has grown past ``limit`` bytes; one older part is kept."""
    if log.exists() and log.stat().st_size > limit:
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        os.truncate(log, 0)


def _last_words(log: Path, lines: int = 3) -> str:
    tail = [line.strip() for line in _tail(log) if line.strip()][-lines:]
    return f" (log: {log})" + "".join(f"\n  {line}" for line in tail)


def _tail(log: Path) -> Iterator[str]:
    with log.open("rb") as file:
        file.seek(max(log.stat().st_size - 4096, 0))
        yield from file.read().decode(errors="replace").splitlines()


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS says so of a group of which only zombies are left
        return False
    return True
