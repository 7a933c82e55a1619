"""The progress of the flow: a live table on a terminal, plain lines in a pipe.

Belongs here: showing. Does not belong here: what is run (flow.py) and counted (store/report.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from mam_assets.cli.flow import Step, StepDone
from mam_assets.store.report import Counts

_FRESH_SECONDS = 0.5


@dataclass
class Progress:
    """Shows each step as it runs and how it ended. ``counts`` is asked at most twice a second, from the display's own
    thread; it may return None while the database cannot be asked. Use as a context manager."""

    console: Console
    counts: Callable[[], Counts | None]
    clock: Callable[[], float] = time.monotonic
    _lines: list[tuple[str, Text]] = field(default_factory=list)
    _current: Step | None = None
    _began: float = 0.0
    _known: Counts | None = None
    _known_at: float = float("-inf")
    _live: Live | None = None

    def __enter__(self) -> Progress:
        if self.console.is_terminal:
            self._live = Live(console=self.console, get_renderable=self._table, refresh_per_second=8)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._current = None
            self._live.stop()
            self._live = None

    def begin(self, step: Step) -> None:
        """A step starts."""
        self._began = self.clock()
        self._current = step
        if self._live is None:
            self.console.print(f"     {step.title} …", soft_wrap=True)

    def end(self, done: StepDone) -> None:
        """A step ended; a failed one says why."""
        counts = self._fresh(0)
        words = Text(done.step.result(counts) if counts else "")
        words.append(f"  ({done.seconds:.1f} s" + (f", {done.runs} runs)" if done.runs > 1 else ")"), style="dim")
        for failure in dict.fromkeys(done.failures):
            words.append(f"\n{failure}", style="red")
        mark = "fail" if done.failures else "ok"
        self._current = None
        self._lines.append((mark, Text(done.step.title, style="bold").append(": ").append_text(words)))
        if self._live is None:
            self.console.print(Text(f"{mark:<5}", style=_MARKS[mark]).append_text(self._lines[-1][1]), soft_wrap=True)
        else:
            self._live.refresh()

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1))
        for mark, words in list(self._lines):
            table.add_row(Text(f"{mark:<4}", style=_MARKS[mark]), words)
        step = self._current
        if step is not None:
            counts = self._fresh(_FRESH_SECONDS)
            so_far = f": {step.result(counts)}" if counts else ""
            line = Text(step.title, style="bold").append(so_far, style="not bold")
            line.append(f"  ({self.clock() - self._began:.0f} s)", style="dim")
            table.add_row(_SPINNER, line)
        return table

    def _fresh(self, seconds: float) -> Counts | None:
        if self.clock() - self._known_at >= seconds:
            self._known = self.counts() or self._known
            self._known_at = self.clock()
        return self._known


_MARKS = {"ok": "green", "fail": "bold red"}
_SPINNER = Spinner("dots", style="cyan")
