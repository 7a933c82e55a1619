"""The life of a download: which status may follow which, what the client's word means, when to try again.

Belongs here: the state machine, stall rules, failure classes, the 1/3/7 ladder. Does not belong here: asking the
client, storing anything, the clock (times are passed in, aware UTC).

qBittorrent's states are those of its Web API 4.5 to 5.2. "error" and "missingFiles" are failures at any progress; a
torrent that moves or is checked decides nothing; a service that is down blames no release.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mam_assets.domain.books import Reason, TorrentState


class DownloadStatus(StrEnum):
    """The status column of downloads."""

    QUEUED = "queued"
    DOWNLOADING = "downloading"
    COMPLETED = "completed"
    FAILED = "failed"
    ABANDONED = "abandoned"


class GapStatus(StrEnum):
    """The download_status column of missing_books."""

    IDENTIFIED = "identified"
    UPCOMING = "upcoming"
    HELD = "held"
    QUEUED = "queued"
    DOWNLOADING = "downloading"
    COMPLETED = "completed"
    FAILED = "failed"
    IGNORED = "ignored"


class FailureClass(StrEnum):
    """Whom a failure blames, and so what it costs.

    release: the release is blocked for the book, an attempt is spent. passing: the same is tried again soon, nothing
    is spent. service_wide: the service waits, nothing is spent, nobody is blamed. not_found: no release was found, an
    attempt is spent.
    """

    RELEASE = "release"
    PASSING = "passing"
    SERVICE_WIDE = "service_wide"
    NOT_FOUND = "not_found"


class IllegalMove(ValueError):
    """A status was to follow one that it can't follow."""

    def __init__(self, before: StrEnum, after: StrEnum) -> None:
        self.before = before
        self.after = after
        super().__init__(f"{type(before).__name__}: {before.value} can't become {after.value}; read the row again")


_D = DownloadStatus
# The database holds to the same moves (schema/triggers.sql); what is given up while it is queued fails first.
LEGAL_MOVES: dict[DownloadStatus, frozenset[DownloadStatus]] = {
    _D.QUEUED: frozenset({_D.DOWNLOADING, _D.COMPLETED, _D.FAILED}),
    _D.DOWNLOADING: frozenset({_D.COMPLETED, _D.FAILED}),
    _D.COMPLETED: frozenset({_D.FAILED}),  # what arrived was no audiobook
    _D.FAILED: frozenset({_D.QUEUED, _D.ABANDONED}),
    _D.ABANDONED: frozenset({_D.QUEUED}),  # a person tries again
}

_G = GapStatus
_OPEN = frozenset(
    {_G.IDENTIFIED, _G.UPCOMING, _G.HELD, _G.QUEUED, _G.COMPLETED, _G.IGNORED}
)  # completed: it was bought
LEGAL_GAP_MOVES: dict[GapStatus, frozenset[GapStatus]] = {
    _G.IDENTIFIED: _OPEN | {_G.FAILED},
    _G.UPCOMING: _OPEN,
    _G.HELD: _OPEN | {_G.FAILED},
    _G.QUEUED: _OPEN | {_G.DOWNLOADING, _G.FAILED},
    _G.DOWNLOADING: frozenset({_G.QUEUED, _G.COMPLETED, _G.FAILED, _G.IGNORED, _G.HELD}),
    _G.COMPLETED: frozenset({_G.IDENTIFIED}),  # the book was removed from the library
    _G.FAILED: _OPEN,
    _G.IGNORED: frozenset({_G.IDENTIFIED, _G.UPCOMING, _G.COMPLETED}),
}


def move(before: DownloadStatus, after: DownloadStatus) -> DownloadStatus:
    """``after``, when it may follow ``before`` or equals it. Raises IllegalMove."""
    if before is not after and after not in LEGAL_MOVES[before]:
        raise IllegalMove(before, after)
    return after


def move_gap(before: GapStatus, after: GapStatus) -> GapStatus:
    """As `move`, for a gap: missing_books.download_status. Raises IllegalMove."""
    if before is not after and after not in LEGAL_GAP_MOVES[before]:
        raise IllegalMove(before, after)
    return after


# --- watching -----------------------------------------------------------------------------------------------------

_ERRORS = {
    "error": "the client reports an error (disk or permission)",
    "missingFiles": "its files vanished from the disk",
}
_COMPLETE = frozenset(
    {"uploading", "forcedUP", "stalledUP", "queuedUP", "checkingUP", "stoppedUP", "pausedUP"}  # 5.x stopped, 4.x paused
)
METADATA_STATES = frozenset({"metaDL", "forcedMetaDL"})
_TRANSFERRING = frozenset({"downloading", "forcedDL", "stalledDL"})
# A queued or stopped torrent waits for the client or a person, and a check or a move for the disk: no stall.
_WAITING = frozenset({"queuedDL", "stoppedDL", "pausedDL", "checkingDL"})
_TRANSITIONAL = frozenset({"checkingResumeData", "moving", "allocating", "unknown"})


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds. ``stall``: without progress while it should transfer. ``metadata``: for a magnet's metadata.
    ``appear``: after sending, until the client must show it. ``absent``: not to be seen before it counts as removed; a
    client that has just started shows a part of its list, so set it above 0 where ``absent_since`` is stored."""

    stall_seconds: float = 24 * 3600.0
    metadata_seconds: float = 2 * 3600.0
    appear_seconds: float = 120.0
    absent_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Watched:
    """What we know of a download that was sent. ``progress`` 0..1. ``last_progress_at`` is when it last grew,
    ``absent_since`` when the client first didn't show it, None while it does."""

    status: DownloadStatus
    progress: float
    sent_at: datetime
    last_progress_at: datetime | None = None
    absent_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What follows from one look. ``last_progress_at`` and ``absent_since`` are to be stored for the next one."""

    status: DownloadStatus
    progress: float
    complete: bool
    failure: Reason | None = None
    failure_class: FailureClass | None = None
    last_progress_at: datetime | None = None
    absent_since: datetime | None = None


def observe(watched: Watched, torrent: TorrentState | None, *, now: datetime, limits: Limits) -> Observation:
    """What one look at the client means for a download. Call it only after the client has answered: a client that is
    down shows no torrents, and that is no vanishing.

    A completed download stays completed whatever the client shows later (a person may remove it).
    """
    since = watched.last_progress_at or watched.sent_at
    if watched.status not in {DownloadStatus.QUEUED, DownloadStatus.DOWNLOADING}:
        complete = watched.status is DownloadStatus.COMPLETED
        return Observation(watched.status, watched.progress, complete, last_progress_at=watched.last_progress_at)
    if torrent is None:
        return _absent(watched, now, limits, since)
    # A checked or restarted torrent may show less for a while; only growth is progress.
    progress = min(max(torrent.progress, 0.0), 1.0)
    if progress > watched.progress:
        since = now
    if torrent.state in _ERRORS:
        return _failed(watched, "torrent_" + torrent.state, _ERRORS[torrent.state], since, progress)
    if torrent.state in _COMPLETE:
        return Observation(DownloadStatus.COMPLETED, 1.0, True, last_progress_at=since)
    if torrent.state in _TRANSFERRING | METADATA_STATES:
        stalled = _stalled(torrent, now, limits, since)
        if stalled is not None:
            # A magnet whose metadata nobody has today may have it tomorrow: an attempt is spent, nobody is blamed.
            blame = FailureClass.NOT_FOUND if torrent.state in METADATA_STATES else FailureClass.RELEASE
            return _failed(watched, stalled.code, stalled.evidence, since, progress, blame)
    elif torrent.state in _WAITING | _TRANSITIONAL:
        since = now  # the timer starts anew when the transfer does
    return Observation(DownloadStatus.DOWNLOADING, progress, False, last_progress_at=since)


def _absent(watched: Watched, now: datetime, limits: Limits, since: datetime) -> Observation:
    absent_since = watched.absent_since or now
    absent, sent = (now - absent_since).total_seconds(), (now - watched.sent_at).total_seconds()
    if absent < limits.absent_seconds or sent < limits.appear_seconds:
        return Observation(watched.status, watched.progress, False, last_progress_at=since, absent_since=absent_since)
    evidence = f"the client has not shown it since {absent_since:%Y-%m-%d %H:%M} UTC: it was removed there"
    return _failed(watched, "torrent_removed", evidence, since, watched.progress)


def _stalled(torrent: TorrentState, now: datetime, limits: Limits, since: datetime) -> Reason | None:
    still = (now - since).total_seconds()
    if torrent.state in METADATA_STATES:
        if still >= limits.metadata_seconds:
            return Reason("metadata_stalled", f"no metadata for {still / 3600:.1f} h")
        return None
    if still >= limits.stall_seconds:
        return Reason("stalled", f"no progress for {still / 3600:.1f} h, {torrent.num_seeds} seeds in sight")
    return None


def _failed(
    watched: Watched,
    code: str,
    evidence: str,
    since: datetime,
    progress: float,
    blame: FailureClass = FailureClass.RELEASE,
) -> Observation:
    status = move(watched.status, DownloadStatus.FAILED)
    return Observation(status, progress, False, Reason(code, evidence), blame, since)


# --- trying again -------------------------------------------------------------------------------------------------

LADDER_DAYS = (1, 3, 7)


def next_attempt(retry_count: int, now: datetime) -> datetime | None:
    """When to try again after ``retry_count`` retries were already spent: in 1, 3, 7 days; then None, which means
    abandoned for good. Raises ValueError on a negative count."""
    if retry_count < 0:
        raise ValueError(f"retry_count can't be {retry_count}")
    if retry_count >= len(LADDER_DAYS):
        return None
    return now + timedelta(days=LADDER_DAYS[retry_count])


# The files are there already, so an import is tried again sooner than a download; then a person decides.
IMPORT_LADDER = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))


def next_import(attempts: int, now: datetime) -> datetime | None:
    """When to try an import again that failed for the ``attempts``-th time (1, 2, …); None: a person decides."""
    if attempts < 1:
        raise ValueError(f"attempts can't be {attempts}")
    return now + IMPORT_LADDER[attempts - 1] if attempts <= len(IMPORT_LADDER) else None


def spends_attempt(failure_class: FailureClass) -> bool:
    """Whether a failure takes a step of the ladder."""
    return failure_class in {FailureClass.RELEASE, FailureClass.NOT_FOUND}


def blames_release(failure_class: FailureClass) -> bool:
    """Whether a failure blocks the release for the book."""
    return failure_class is FailureClass.RELEASE
