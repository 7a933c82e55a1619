"""Ctrl-C and its relatives: one exception for every way of being asked to stop, held back while half-done work would
be left behind.

Does not belong here: what is stopped, and how (processes.py).
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Stop(KeyboardInterrupt):
    """The process was asked to stop. A KeyboardInterrupt, so that no `except Exception` on the way swallows it."""

    def __init__(self, signal_number: int = signal.SIGINT) -> None:
        super().__init__()
        self.signal_number = signal_number

    @property
    def exit_code(self) -> int:
        """What shells report for a process that ended by this signal: 130 for Ctrl-C."""
        return 128 + self.signal_number


class _Holding:
    """Whether signals are held back just now, and which came meanwhile. One per process, as signals are."""

    def __init__(self) -> None:
        self.depth = 0
        self.came: int | None = None
        self.pipe: tuple[int, int] | None = None

    def receive(self, signal_number: int, frame: FrameType | None) -> None:
        if self.depth:
            self.came = signal_number
            return
        raise Stop(signal_number)


_holding = _Holding()


def install() -> None:
    """Make SIGINT, SIGTERM and SIGHUP raise `Stop`, also where a shell started us in the background and had SIGINT
    ignored. A SIGHUP that is ignored (nohup) stays so."""
    for number in _SIGNALS:
        if number == getattr(signal, "SIGHUP", None) and signal.getsignal(number) is signal.SIG_IGN:
            continue
        signal.signal(number, _holding.receive)
    if _holding.pipe is None:
        _holding.pipe = os.pipe()
        for end in _holding.pipe:
            os.set_blocking(end, False)
    signal.set_wakeup_fd(_holding.pipe[1], warn_on_full_buffer=False)
    sys.unraisablehook = _send_again


def _send_again(lost: sys.UnraisableHookArgs) -> None:
    """What cannot be raised where it came up (in a finaliser or a callback of the collector) is printed and dropped by
    Python. A signal is sent again instead."""
    if lost.exc_type is None or issubclass(lost.exc_type, Exception):
        sys.__unraisablehook__(lost)
        return
    main = threading.main_thread().ident
    again = threading.Timer(0.1, lambda: signal.pthread_kill(main or 0, signal.SIGINT))
    again.daemon = True
    again.start()


def check() -> None:
    """Raise `Stop` if a signal came since `install` that somebody else took. Dagster handles signals itself during a
    run: it ends the run as failed, or at its very end forgets the signal."""
    if _holding.pipe is None:
        return
    came = b""
    with contextlib.suppress(BlockingIOError):
        came = os.read(_holding.pipe[0], 4096)
    for number in came:
        if number in _SIGNALS:
            raise Stop(number)


@contextmanager
def reminded(every: float = 2.0) -> Iterator[None]:
    """Repeat a signal that came, every so many seconds, for as long as the block goes on, then `check`. Dagster forgets
    one that comes between its steps, and would go on to the end of the run."""
    left = threading.Event()

    def remind(pipe: int) -> None:
        while not left.wait(every):
            if select.select([pipe], [], [], 0)[0]:
                signal.pthread_kill(main, signal.SIGINT)

    main = threading.main_thread().ident or 0
    thread = threading.Thread(target=remind, args=(_holding.pipe[0],), daemon=True) if _holding.pipe else None
    if thread is not None:
        thread.start()
    try:
        yield
    finally:
        left.set()
        if thread is not None:
            thread.join()
        check()


def ignore() -> None:
    """From now on no signal is heard: the process is ending, and what it still does must be done."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def held_back() -> Iterator[None]:
    """Hold signals back for the length of the block; one that came is raised as `Stop` at its end. For short work only
    that must not be cut in two. Outside the main thread, where no signal arrives, it does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _holding.depth += 1
    try:
        yield
    finally:
        _holding.depth -= 1
        if not _holding.depth and _holding.came is not None:
            number, _holding.came = _holding.came, None
            raise Stop(number)
