"""The plan runs to its end, repeats what is repeated as long as it helps, and says what failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import pytest

from mam_assets.cli.flow import FOLLOW_SECONDS, MOST_ACQUISITIONS, PLAN, QUIET_ROUNDS, Flow, Outcome, Step, StepDone
from mam_assets.jobs import JOBS
from mam_assets.store.report import Counts

NONE = Counts(*([0] * 15), progress=0.0)  # type: ignore[misc]


@dataclass
class World:
    """A database and a Dagster that do as they are told; `now` moves only by sleeping."""

    counts: Callable[[], Counts] = lambda: NONE
    due: Iterable[int] = ()
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    shown: list[StepDone] = field(default_factory=list)
    now: float = 0.0

    def run(self, job: str) -> Outcome:
        self.ran.append(job)
        return self.outcomes.get(job, Outcome(True))

    def begin(self, step: Step) -> None:
        pass

    def end(self, done: StepDone) -> None:
        self.shown.append(done)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def flow(self) -> Flow:
        due = iter(self.due)
        return Flow(self.run, self.counts, lambda: next(due, 0), self, lambda: self.now, self.sleep)


def test_every_step_names_a_job_that_exists() -> None:
    assert {step.job for step in PLAN} <= {job.name for job in JOBS}


def test_the_plan_is_run_in_order_and_shown() -> None:
    world = World()
    done = world.flow().go()
    assert world.ran == [step.job for step in PLAN]
    assert world.shown == done


def test_a_step_that_fails_is_noted_and_the_next_is_run() -> None:
    world = World(outcomes={"mam_scan": Outcome(False, "mam: check session: it answered 403.")})
    done = world.flow().go()
    assert [d.failures for d in done if d.failures] == [("mam: check session: it answered 403.",)]
    assert world.ran[-1] == "nightly"


@pytest.mark.parametrize(
    ("due", "runs"),
    [
        ([], 1),
        ([40, 20, 0], 3),
        ([40, 40, 40], 2),
        (range(1000, 0, -1), MOST_ACQUISITIONS),
    ],
)
def test_acquisition_is_repeated_while_gaps_are_due_and_progress_is_made(due: Iterable[int], runs: int) -> None:
    world = World(due=due)
    world.flow().go()
    assert world.ran.count("acquisition") == runs


def test_acquisition_that_fails_is_not_repeated() -> None:
    world = World(due=[40, 20, 0], outcomes={"acquisition": Outcome(False, "no")})
    world.flow().go()
    assert world.ran.count("acquisition") == 1


def test_downloads_are_followed_until_none_moves() -> None:
    left = iter([3, 2, 1, 0])
    world = World(counts=lambda: replace(NONE, downloading=next(left, 0)))
    world.flow().go()
    assert world.ran.count("follow_downloads") == 4
    assert world.now == 3.0


def test_a_download_that_never_completes_is_not_waited_for_for_ever() -> None:
    world = World(counts=lambda: replace(NONE, downloading=1, progress=0.37))
    world.flow().go()
    assert world.ran.count("follow_downloads") == 1 + QUIET_ROUNDS


def test_a_download_that_creeps_is_followed_for_a_limited_time() -> None:
    world = World()
    world.counts = lambda: replace(NONE, downloading=1, progress=world.now / 1e6)
    world.flow().go()
    assert world.now == pytest.approx(FOLLOW_SECONDS, abs=1.5)
