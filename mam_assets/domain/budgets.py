"""How often a service may be asked: pace, sessions, daily limits, back-off.

Belongs here: the numbers and the pure arithmetic on them. Does not belong here: remembering what was used (store) and
waiting (resources/gate.py). Clock and dice are passed in.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

AUDIOBOOKSHELF = "audiobookshelf"
QBITTORRENT = "qbittorrent"
PROWLARR = "prowlarr"
GOOGLE_BOOKS = "google_books"
GOODREADS = "goodreads"
MAM = "mam"

SERVICES = (AUDIOBOOKSHELF, QBITTORRENT, PROWLARR, GOOGLE_BOOKS, GOODREADS, MAM)


@dataclass(frozen=True, slots=True)
class Pace:
    """What a service may be asked. Gaps are seconds between the starts of two requests (between the end of one and the
    start of the next where ``one_at_a_time``); limits are numbers of requests, None where there is none.

    ``day_zone`` is the zone whose midnight renews the daily limit. ``back_off_minutes`` is how long the service is left
    alone after it said "later" or "no" without saying for how long: first, second, third … time in a row.
    """

    min_gap_seconds: float = 0.0
    max_gap_seconds: float = 0.0
    session_limit: int | None = None
    daily_limit: int | None = None
    one_at_a_time: bool = False
    day_zone: str = "UTC"
    back_off_minutes: tuple[float, ...] = (1, 2, 5, 15)

    def __post_init__(self) -> None:
        if not 0 <= self.min_gap_seconds <= self.max_gap_seconds:
            raise ValueError(f"a gap of {self.min_gap_seconds} to {self.max_gap_seconds} seconds makes no sense")


def paces(*, google_books_daily_limit: int, goodreads_daily_limit: int, mam_session_limit: int) -> dict[str, Pace]:
    """The pace of every service, by its name.

    Sources: spec.md 1 (MAM: 3-10 s at random, at most 50 requests in one run, one at a time); Google renews its daily
    quota at midnight Pacific; 5-6 s is the pace at which Goodreads was seen to stay open.
    """
    return {
        AUDIOBOOKSHELF: Pace(),
        QBITTORRENT: Pace(),
        PROWLARR: Pace(1.0, 1.0),
        GOOGLE_BOOKS: Pace(1.0, 1.0, daily_limit=google_books_daily_limit, day_zone="America/Los_Angeles"),
        GOODREADS: Pace(5.0, 6.0, daily_limit=goodreads_daily_limit, back_off_minutes=(2, 5, 10, 30, 60)),
        MAM: Pace(
            3.0, 10.0, session_limit=min(mam_session_limit, 50), one_at_a_time=True, back_off_minutes=(2, 10, 60)
        ),
    }


def gap(pace: Pace, scale: float, dice: Callable[[], float]) -> float:
    """Seconds to leave after a request. ``dice`` gives numbers in [0, 1)."""
    return (pace.min_gap_seconds + (pace.max_gap_seconds - pace.min_gap_seconds) * dice()) * scale


def honoured_scale(scale: float, host: str) -> float:
    """The scale that may be used towards ``host``: hurrying (below 1) is for loopback only, slowing down is for all."""
    return scale if scale >= 1 or is_loopback(host) else 1.0


def is_loopback(host: str) -> bool:
    """True for localhost and loopback addresses. A name that would have to be looked up is never taken as loopback."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def back_off(pace: Pace, failures_in_a_row: int) -> timedelta:
    """How long to leave a service alone after its ``failures_in_a_row``-th (1, 2, …) refusal; the last step repeats."""
    ladder = pace.back_off_minutes or (1.0,)
    return timedelta(minutes=ladder[min(max(failures_in_a_row, 1), len(ladder)) - 1])


def budget_day(pace: Pace, now: datetime) -> date:
    """The local day that a request at ``now`` (aware) is charged to."""
    return now.astimezone(ZoneInfo(pace.day_zone)).date()


def budget_renews_at(pace: Pace, now: datetime) -> datetime:
    """When the daily limit is whole again: the next midnight in the pace's zone, in UTC."""
    midnight = datetime.combine(budget_day(pace, now) + timedelta(days=1), time(0), ZoneInfo(pace.day_zone))
    return midnight.astimezone(UTC)
