"""The whole flow once, step by step: which jobs run in which order, and when a repeated one has done what it can.

Belongs here: the plan and its rules. Does not belong here: how a job is run (demo.py passes that in), how it is shown
(progress.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from mam_assets.store.report import Counts

MOST_ACQUISITIONS = 8
FOLLOW_SECONDS = 90.0
QUIET_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended; ``words`` is the error in one line where it failed."""

    ok: bool
    words: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A job to run, and what a person reads: what it does, and its result from the counts. ``repeat`` is "due"
    (until no gap is due), "moving" (until no download moves) or None (once)."""

    job: str
    title: str
    result: Callable[[Counts], str]
    repeat: str | None = None


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step that ran. ``failures`` are the errors of its runs, in one line each."""

    step: Step
    runs: int
    failures: tuple[str, ...]
    seconds: float


class Display(Protocol):
    """Who shows the progress."""

    def begin(self, step: Step) -> None: ...

    def end(self, done: StepDone) -> None: ...


def _library(c: Counts) -> str:
    return f"{c.books} books, {c.series} series, {c.authors} authors"


def _gaps(c: Counts) -> str:
    return f"{c.gaps} gaps, {c.upcoming} upcoming; {c.series_complete} of {c.series} series complete"


def _verdicts(c: Counts) -> str:
    waiting = f"; {c.queued + c.downloading} downloads under way"
    return f"releases: {c.accepted} accepted, {c.held} held, {c.refused} refused{waiting}"


def _downloads(c: Counts) -> str:
    return f"{c.imported} imported, {c.downloading} coming in, {c.queued} waiting, {c.failed} failed"


PLAN = (
    Step("library_import", "Read the library and correct its metadata", _library),
    Step("series_completion", "See what each series lacks", _gaps),
    Step("author_completion", "See what each author's list lacks", _gaps),
    Step("mam_scan", "Look for new uploads", _library),
    Step("genre_top10_weekly", "Draw up the week's top ten of each genre", _gaps),
    Step("acquisition", "Search, judge, queue and send what is wanted", _verdicts, repeat="due"),
    Step("follow_downloads", "Follow the downloads and import what arrives", _downloads, repeat="moving"),
    Step("library_import", "Read the library again, and correct what is new", _library),
    Step("series_completion", "Count again what each series lacks", _gaps),
    Step("nightly", "Retry what is due, tidy up, tally what failed", _downloads),
)


@dataclass
class Flow:
    """Runs the plan. ``run`` executes a job, ``counts`` and ``due`` (gaps due to be searched) read the database."""

    run: Callable[[str], Outcome]
    counts: Callable[[], Counts]
    due: Callable[[], int]
    display: Display
    clock: Callable[[], float]
    sleep: Callable[[float], None]

    def go(self, plan: tuple[Step, ...] = PLAN) -> list[StepDone]:
        """Run every step. One that fails is noted, and the next is run: what it lacks, it says itself."""
        done = []
        for step in plan:
            self.display.begin(step)
            began = self.clock()
            rounds = {"due": self._while_due, "moving": self._while_moving}.get(step.repeat or "", self._once)(step)
            failures = tuple(outcome.words for outcome in rounds if not outcome.ok)
            done.append(StepDone(step, len(rounds), failures, self.clock() - began))
            self.display.end(done[-1])
        return done

    def _once(self, step: Step) -> list[Outcome]:
        return [self.run(step.job)]

    def _while_due(self, step: Step) -> list[Outcome]:
        """Again while gaps are due and the last run has searched some: MAM allows 50 requests in one run."""
        outcomes, before = [self.run(step.job)], None
        while len(outcomes) < MOST_ACQUISITIONS and outcomes[-1].ok:
            left = self.due()
            if left == 0 or left == before:
                break
            before = left
            outcomes.append(self.run(step.job))
        return outcomes

    def _while_moving(self, step: Step) -> list[Outcome]:
        """Every second until nothing is under way, or nothing has changed for a while, or the time is up."""
        outcomes, quiet, last, deadline = [self.run(step.job)], 0, self.counts(), self.clock() + FOLLOW_SECONDS
        while last.moving and quiet < QUIET_ROUNDS and self.clock() < deadline and outcomes[-1].ok:
            self.sleep(1.0)
            outcomes.append(self.run(step.job))
            now = self.counts()
            quiet, last = (quiet + 1 if now == last else 0), now
        return outcomes
