"""May this release be fetched now, and is the .torrent what was promised?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from mam_assets.domain.books import MamUser, Metainfo, Reason
from mam_assets.domain.importing import AUDIO_SUFFIXES

# Trackers round sizes to a tenth of a MiB, and a person adds a cover later; a pack or another book differs by far more.
SIZE_TOLERANCE = 0.10
SIZE_SLACK_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Standing:
    """What limits a grab at this moment. ``account`` is None where MAM's could not be read; ``slots_taken`` counts this
    run's grabs, which MAM's cached number does not show yet; ``out`` maps services that failed to what they said."""

    active: int
    max_active: int
    free_bytes: int
    min_free_bytes: int
    account: MamUser | None = None
    slots_taken: int = 0
    slot_reserve: int = 10
    min_ratio: float = 2.0
    out: Mapping[str, str] = field(default_factory=dict)


def why_wait(source: str, size_bytes: int | None, standing: Standing) -> str | None:
    """Why a queued download can't go now, in words, or None when it may. What is unknown about a MAM account is a
    reason to wait: its limits are read before each grab (spec.md section 1)."""
    if standing.active >= standing.max_active:
        return f"{standing.active} downloads are active, and {standing.max_active} may be (MAX_ACTIVE_DOWNLOADS)"
    left = standing.free_bytes - (size_bytes or 0)
    if left < standing.min_free_bytes:
        least = standing.min_free_bytes / 2**30
        return f"only {left / 2**30:.1f} GiB would be free, and {least:.1f} must be (MIN_FREE_GIB)"
    if source != "MAM":
        return standing.out.get("prowlarr")
    if "mam" in standing.out:
        return standing.out["mam"]
    account = standing.account
    if account is None:
        return "MAM's limits are not known yet"
    if account.ratio is None or account.unsatisfied_count is None or account.unsatisfied_limit is None:
        return "MAM did not say the account's ratio or its unsatisfied slots"
    if account.ratio < standing.min_ratio:
        return f"MAM ratio {account.ratio:.2f} is below {standing.min_ratio:.2f} (MAM_MIN_RATIO)"
    free = account.unsatisfied_limit - account.unsatisfied_count - standing.slots_taken
    if free <= standing.slot_reserve:
        return f"{free} unsatisfied slots are free at MAM, and {standing.slot_reserve} are kept free (MAM_SLOT_RESERVE)"
    return None


def check_torrent(metainfo: Metainfo, *, promised_bytes: int | None) -> Reason | None:
    """What speaks against a .torrent: no audio in it, or a size other than promised. None when nothing does."""
    if not any(PurePosixPath(name).suffix.lower() in AUDIO_SUFFIXES for name, _ in metainfo.files):
        return Reason("no_audio", "the torrent holds no audio file")
    if promised_bytes:
        off = abs(metainfo.size_bytes - promised_bytes)
        if off > max(SIZE_SLACK_BYTES, promised_bytes * SIZE_TOLERANCE):
            return Reason(
                "size_differs", f"the torrent holds {metainfo.size_bytes} bytes, and {promised_bytes} were promised"
            )
    return None
