"""The rounds: how a month's work on metadata, series and authors is spread over many runs.

Belongs here: what runs next and how much of it, from what waits, what the services still allow, and what ran before.
Does not belong here: counting (store/rounds.py), asking Dagster and starting runs (sensors/rounds.py), the limits
themselves (budgets).

A library of 7,500 books needs some 15,000 requests for its metadata, where Google allows 1,000 a day; 750 authors need
15 sessions of 50 at MAM. So a round is never done in one run: each run takes a share, and the next one goes on.

The rules, in order:

1. One run of a round at a time, and none beside another run that asks the same services.
2. The night's own jobs go first: no round begins between 00:30 and 05:30.
3. A lane waits while its main service is left alone. Another source that is left alone does not hold it up: what that
   one could not say is asked in a later run.
4. A lane waits for a new day where a service's share of the day is spent. A round never plans with the last fifth of a
   day's requests: a new import or a person may want them.
5. At MAM gaps go first: no session while a search for gaps is under way, half a session while searches are due, and an
   hour's rest between two sessions.
6. A lane whose run failed, or changed nothing, rests: 1 hour, 6 hours, then a day.
7. Of the lanes that may go, the one that waited longest; time counts double where something was never asked about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from mam_assets.domain.budgets import GOODREADS, GOOGLE_BOOKS, MAM, Pace, budget_renews_at

STALE_AFTER = timedelta(days=27)
"""What was asked about longer ago waits again: less than a month, so that the monthly jobs find it due."""
FAILED_REST = timedelta(hours=20)
"""What answered badly keeps no round going until the next day."""

NIGHT = (time(0, 30), time(5, 30))
RESERVE = 0.2
MAM_REST = timedelta(hours=1)
RESTS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
RUN_REQUESTS: Mapping[str, int] = {GOOGLE_BOOKS: 500, GOODREADS: 300, MAM: 50}
"""Most requests of one run: about half an hour of Goodreads or Google, one session of MAM."""
_LEAST_WORTHWHILE = 5
_LONGEST_WAIT_HOURS = 24 * 31.0


class Lane(StrEnum):
    """A kind of work that goes round the whole library."""

    SERIES = "series"
    AUTHORS = "authors"
    METADATA = "metadata"


COSTS: Mapping[Lane, Mapping[str, float]] = {
    # A look-up of a series' number takes two requests the first time, its list one for 100 works.
    Lane.SERIES: {GOODREADS: 2.0},
    # MAM ends a run by itself after 50 requests; most authors need one.
    Lane.AUTHORS: {MAM: 1.0, GOOGLE_BOOKS: 2.0, GOODREADS: 2.0},
    # By ISBN, and by title where that finds nothing; Goodreads only for what is still lacking.
    Lane.METADATA: {GOOGLE_BOOKS: 1.5, GOODREADS: 2.0},
}
"""What one item of a lane asks of each service, about. The first one that is switched on is the lane's main one."""


@dataclass(frozen=True, slots=True)
class LaneState:
    """What waits in a lane: never asked about, and asked about too long ago or incompletely. ``began_at`` is its last
    run of a round, ``fruitless`` how many in a row failed or changed nothing."""

    lane: Lane
    never: int
    stale: int
    began_at: datetime | None = None
    fruitless: int = 0

    @property
    def waiting(self) -> int:
        return self.never + self.stale


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A service now. ``used_today`` counts the requests of its budget's day, until ``retry_at`` it is left alone. Not
    ``enabled``: a person has switched it off, or given no account for it."""

    service: str
    pace: Pace
    used_today: int = 0
    retry_at: datetime | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Start:
    """What to run: a lane, and how many items of it."""

    lane: Lane
    limit: int
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start now, if anything, and what each other lane waits for, in words."""

    start: Start | None
    waits: tuple[str, ...]


def plan(
    lanes: Sequence[LaneState],
    services: Mapping[str, ServiceState],
    *,
    now: datetime,
    zone: str,
    busy: str | None = None,
    searching: bool = False,
    searches_due: int = 0,
) -> Plan:
    """What runs next. ``busy`` names a run that must end first, ``searching`` says that an acquisition run is under
    way, ``searches_due`` how many gaps are due to be searched. ``now`` is aware, ``zone`` the person's own."""
    waiting = [lane for lane in lanes if lane.waiting]
    if not waiting:
        away = sorted(resting(services, now))
        return Plan(None, ("nothing is due" + (f"; {', '.join(away)} can't be asked now" if away else ""),))
    if busy:
        return Plan(None, (f"{busy} is under way; {_words(waiting)}",))
    if NIGHT[0] <= now.astimezone(ZoneInfo(zone)).time() < NIGHT[1]:
        return Plan(None, (f"the night's own jobs go first, until {NIGHT[1]:%H:%M}; {_words(waiting)}",))
    starts: list[tuple[float, Start]] = []
    waits: list[str] = []
    for lane in waiting:
        found = _share(lane, services, now=now, searching=searching, searches_due=searches_due)
        if isinstance(found, str):
            waits.append(f"{lane.lane}: {lane.waiting} wait, {found}")
        else:
            starts.append((_urgency(lane, now), Start(lane.lane, found, f"{lane.never} new, {lane.stale} due again")))
    if not starts:
        return Plan(None, tuple(waits))
    # Of equals the first: max keeps the order of the lanes as they were given.
    _, chosen = max(starts, key=lambda start: start[0])
    waits += [f"{start.lane}: its turn comes" for _, start in starts if start is not chosen]
    return Plan(chosen, tuple(waits))


def _words(lanes: Sequence[LaneState]) -> str:
    return ", ".join(f"{lane.waiting} {lane.lane}" for lane in lanes) + " wait"


def _urgency(lane: LaneState, now: datetime) -> float:
    hours = _LONGEST_WAIT_HOURS
    if lane.began_at is not None:
        hours = min(hours, (now - lane.began_at).total_seconds() / 3600)
    return hours * (2 if lane.never else 1)


def _share(
    lane: LaneState, services: Mapping[str, ServiceState], *, now: datetime, searching: bool, searches_due: int
) -> int | str:
    """How many items a run of this lane may take now, or why none."""
    if lane.began_at is not None and lane.fruitless:
        until = lane.began_at + RESTS[min(lane.fruitless, len(RESTS)) - 1]
        if until > now:
            return f"the last {lane.fruitless} runs changed nothing: it rests until {_moment(until)}"
    cost = {name: each for name, each in COSTS[lane.lane].items() if _switched_on(services[name])}
    if not cost:
        return "every service that it asks is switched off"
    main = services[next(iter(cost))]
    if main.service == MAM:
        if searching:
            return "a search for gaps has MAM now"
        if lane.began_at is not None and lane.began_at + MAM_REST > now:
            return f"MAM rests between two sessions, until {_moment(lane.began_at + MAM_REST)}"
    if _left_alone(main, now):
        return f"{main.service} is left alone until {_moment(main.retry_at)}"
    asked = {name: each for name, each in cost.items() if not _left_alone(services[name], now)}
    limits = {name: int(_requests(services[name], searches_due) / each) for name, each in asked.items()}
    tightest = services[min(limits, key=lambda name: limits[name])]
    limit = limits[tightest.service]
    if limit < min(_LEAST_WORTHWHILE, lane.waiting):
        renews = _moment(budget_renews_at(tightest.pace, now))
        return f"its share of today's requests to {tightest.service} is spent until {renews}"
    return min(limit, lane.waiting)


def _switched_on(state: ServiceState) -> bool:
    return state.enabled and state.pace.daily_limit != 0


def _left_alone(state: ServiceState, now: datetime) -> bool:
    return state.retry_at is not None and state.retry_at > now


def _requests(state: ServiceState, searches_due: int = 0) -> int:
    """How many requests a run of a round may make of a service now."""
    most = RUN_REQUESTS[state.service]
    if state.pace.session_limit is not None:
        most = min(most, state.pace.session_limit)
    if state.service == MAM and searches_due:
        most = max(most // 2, 1)
    if state.pace.daily_limit is not None:
        most = min(most, int(state.pace.daily_limit * (1 - RESERVE)) - state.used_today)
    return max(most, 0)


def resting(services: Mapping[str, ServiceState], now: datetime) -> frozenset[str]:
    """The services that a round can't ask now: switched off, left alone, or with their share of the day spent."""
    return frozenset(
        name
        for name, state in services.items()
        if not _switched_on(state) or _left_alone(state, now) or _requests(state) == 0
    )


def fruitless_runs(left: Sequence[int | None], waiting: int) -> int:
    """How many of the last runs of a lane, newest first, failed or changed nothing. ``left`` has, for each, how much
    waited when it began, None for one that failed; ``waiting`` is how much waits now."""
    count, after = 0, waiting
    for before in left:
        if before is not None and after < before:
            break
        count += 1
        after = after if before is None else before
    return count


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "a person helps"
