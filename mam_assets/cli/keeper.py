"""The small process between `mam` and each program that it starts. Standard library only, run by its path.

It leads a process group of its own, starts the program in it, and holds the reading end of a pipe whose other end only
`mam` has. When `mam` is gone, however it went, the pipe closes and the whole group is ended: asked first, killed after
the grace. So a SIGKILL of `mam` leaves no program running, and neither does one of the keeper (Linux: the program dies
with its parent).
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(arguments: list[str]) -> int:
    """`keeper.py GRACE_SECONDS PROGRAM [ARGUMENT …]`. Returns the program's exit code, 128 + n after signal n."""
    grace, command = float(arguments[0]), arguments[1:]
    # A handler of ours rather than SIG_IGN: it is reset when the program is executed, whereas an ignored signal would
    # stay ignored, and Dagster makes SIGTERM do whatever SIGINT did.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave_it_to_the_program)
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
    keeper = os.getpid()

    def die_with_the_keeper() -> None:
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != keeper:
                os._exit(1)

    try:
        program = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=die_with_the_keeper)
    except OSError as error:
        print(f"{command[0]} cannot be started: {error.strerror}", file=sys.stderr)  # noqa: T201 - our log file
        return 127
    orphaned = threading.Event()
    threading.Thread(target=_end_when_left_alone, args=(program, grace, orphaned), daemon=True).start()
    code = program.wait()
    if orphaned.is_set():
        threading.Event().wait()  # the other thread ends the group, this process with it
    # What the program started itself has nobody left to serve.
    os.killpg(0, signal.SIGTERM)
    return code if code >= 0 else 128 - code


def _leave_it_to_the_program(number: int, frame: FrameType | None) -> None:
    """The group's signals are meant for the program; the keeper ends after it."""


def _end_when_left_alone(program: subprocess.Popen[bytes], grace: float, orphaned: threading.Event) -> None:
    while os.read(0, 1024):
        pass
    orphaned.set()
    os.killpg(0, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while program.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
