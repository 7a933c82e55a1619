"""The life of a download."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mam_assets.domain.books import TorrentState
from mam_assets.domain.lifecycle import (
    LEGAL_GAP_MOVES,
    LEGAL_MOVES,
    DownloadStatus,
    FailureClass,
    GapStatus,
    IllegalMove,
    Limits,
    Watched,
    blames_release,
    move,
    move_gap,
    next_attempt,
    observe,
    spends_attempt,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LIMITS = Limits(stall_seconds=3600.0, metadata_seconds=600.0, absent_seconds=120.0)
S = DownloadStatus


def torrent(state: str, progress: float = 0.5) -> TorrentState:
    return TorrentState(
        "a" * 40, "Dune", state, progress, 100, "/downloads", "/downloads/Dune", "mam-assets", (), None, None
    )


def watched(status: DownloadStatus = S.DOWNLOADING, *, progress: float = 0.5, quiet: float = 0.0) -> Watched:
    since = NOW - timedelta(seconds=quiet)
    return Watched(status, progress, sent_at=NOW - timedelta(days=1), last_progress_at=since)


@pytest.mark.parametrize(
    ("state", "status", "complete"),
    [
        *[
            (state, S.DOWNLOADING, False)
            for state in (
                "downloading",
                "forcedDL",
                "metaDL",
                "forcedMetaDL",
                "stalledDL",
                "queuedDL",
                "checkingDL",
                "stoppedDL",
                "pausedDL",
                "checkingResumeData",
                "moving",
                "unknown",
                "allocating",
                "a state of tomorrow",
            )
        ],
        *[
            (state, S.COMPLETED, True)
            for state in ("uploading", "forcedUP", "stalledUP", "queuedUP", "checkingUP", "stoppedUP", "pausedUP")
        ],
        ("error", S.FAILED, False),
        ("missingFiles", S.FAILED, False),
    ],
)
def test_every_state_of_the_client_is_understood(state: str, status: DownloadStatus, complete: bool) -> None:
    seen = observe(watched(), torrent(state), now=NOW, limits=LIMITS)
    assert (seen.status, seen.complete) == (status, complete)
    assert (seen.failure is not None) == (status is S.FAILED)


@pytest.mark.parametrize("state", ["error", "missingFiles"])
def test_an_error_is_no_completion_even_at_the_end(state: str) -> None:
    """Radarr #5407: errors of qBittorrent were not treated as failed."""
    seen = observe(watched(), torrent(state, 1.0), now=NOW, limits=LIMITS)
    assert seen.status is S.FAILED
    assert seen.failure_class is FailureClass.RELEASE


@pytest.mark.parametrize("state", ["moving", "checkingResumeData", "checkingDL", "queuedDL"])
def test_what_waits_for_the_disk_or_its_turn_is_not_stalled(state: str) -> None:
    """bindery PR #1976: the retry budget was burnt while the client was still moving files."""
    seen = observe(watched(quiet=90_000), torrent(state, 1.0), now=NOW, limits=LIMITS)
    assert seen.failure is None
    assert not seen.complete
    assert seen.last_progress_at == NOW


@pytest.mark.parametrize(
    ("state", "quiet", "code"),
    [
        ("stalledDL", 3599, None),
        ("stalledDL", 3600, "stalled"),
        ("downloading", 3600, "stalled"),
        ("metaDL", 599, None),
        ("metaDL", 600, "metadata_stalled"),
        ("forcedMetaDL", 600, "metadata_stalled"),
    ],
)
def test_a_torrent_without_progress_stalls(state: str, quiet: float, code: str | None) -> None:
    """Listenarr #937: stalled downloads were never detected."""
    seen = observe(watched(quiet=quiet), torrent(state), now=NOW, limits=LIMITS)
    assert (seen.failure.code if seen.failure else None) == code


def test_progress_winds_the_clock() -> None:
    seen = observe(watched(quiet=9999), torrent("stalledDL", 0.6), now=NOW, limits=LIMITS)
    assert (seen.failure, seen.last_progress_at, seen.progress) == (None, NOW, 0.6)


def test_a_vanished_torrent_was_removed_but_not_at_the_first_look() -> None:
    first = observe(watched(), None, now=NOW, limits=LIMITS)
    assert (first.status, first.failure, first.absent_since) == (S.DOWNLOADING, None, NOW)
    still = Watched(S.DOWNLOADING, 0.5, NOW - timedelta(days=1), NOW, absent_since=NOW)
    later = observe(still, None, now=NOW + timedelta(seconds=120), limits=LIMITS)
    assert later.status is S.FAILED
    assert later.failure is not None
    assert later.failure.code == "torrent_removed"


def test_a_vanished_torrent_fails_at_once_where_no_patience_is_asked() -> None:
    assert observe(watched(), None, now=NOW, limits=Limits()).status is S.FAILED


def test_a_torrent_just_sent_may_take_a_moment_to_appear() -> None:
    fresh = Watched(S.DOWNLOADING, 0.0, sent_at=NOW - timedelta(seconds=30))
    assert observe(fresh, None, now=NOW, limits=Limits()).failure is None


def test_a_torrent_that_comes_back_is_no_longer_absent() -> None:
    still = Watched(S.DOWNLOADING, 0.5, NOW, NOW, absent_since=NOW)
    assert observe(still, torrent("downloading"), now=NOW, limits=LIMITS).absent_since is None


@pytest.mark.parametrize("status", [S.COMPLETED, S.FAILED, S.ABANDONED])
@pytest.mark.parametrize("seen", [None, torrent("error"), torrent("downloading"), torrent("uploading", 1.0)])
def test_what_is_over_stays_over(status: DownloadStatus, seen: TorrentState | None) -> None:
    assert observe(watched(status), seen, now=NOW, limits=LIMITS).status is status


def test_retries_wait_one_three_and_seven_days_and_then_end() -> None:
    """Cinephage #502: past its last attempt it never became terminal."""
    waits = [next_attempt(count, NOW) for count in range(5)]
    assert waits == [NOW + timedelta(days=1), NOW + timedelta(days=3), NOW + timedelta(days=7), None, None]
    with pytest.raises(ValueError, match="retry_count"):
        next_attempt(-1, NOW)


def test_a_service_that_is_down_blames_no_release_and_spends_no_attempt() -> None:
    """bindery PR #2715: client-wide outages must not be blocklisted."""
    assert [spends_attempt(kind) for kind in FailureClass] == [True, False, False, True]
    assert [blames_release(kind) for kind in FailureClass] == [True, False, False, False]


@pytest.mark.parametrize(
    ("before", "after"),
    [(S.ABANDONED, S.DOWNLOADING), (S.COMPLETED, S.QUEUED), (S.FAILED, S.COMPLETED), (S.ABANDONED, S.FAILED)],
)
def test_an_illegal_move_is_refused(before: DownloadStatus, after: DownloadStatus) -> None:
    with pytest.raises(IllegalMove, match=f"{before.value} can't become {after.value}"):
        move(before, after)


def test_an_ignored_gap_is_not_queued() -> None:
    with pytest.raises(IllegalMove):
        move_gap(GapStatus.IGNORED, GapStatus.QUEUED)
    assert move_gap(GapStatus.IGNORED, GapStatus.IDENTIFIED) is GapStatus.IDENTIFIED


def test_every_status_has_its_moves_and_may_stay() -> None:
    assert set(LEGAL_MOVES) == set(DownloadStatus)
    assert set(LEGAL_GAP_MOVES) == set(GapStatus)
    assert all(move(status, status) is status for status in DownloadStatus)
    assert all(move_gap(status, status) is status for status in GapStatus)


_STATES = ["downloading", "stalledDL", "metaDL", "moving", "error", "missingFiles", "uploading", "pausedUP", "what"]


@given(
    st.sampled_from(DownloadStatus),
    st.none() | st.builds(torrent, st.sampled_from(_STATES), st.floats(-1, 2)),
    st.floats(0, 1e6),
)
def test_every_look_ends_in_a_legal_move(status: DownloadStatus, seen: TorrentState | None, quiet: float) -> None:
    result = observe(watched(status, quiet=quiet), seen, now=NOW, limits=LIMITS)
    assert move(status, result.status) is result.status
    assert 0 <= result.progress <= 1
    assert result.complete == (result.status is S.COMPLETED)
