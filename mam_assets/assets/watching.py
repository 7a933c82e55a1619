"""Looking at the torrents that are in the client: the same look for the asset `torrents` and for its sensor.

Belongs here: from the client's answer to what follows for each download. Does not belong here: the rules
(domain.lifecycle), sending (sending.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mam_assets.assets.sending import Round, fail
from mam_assets.domain.books import Metainfo, Reason, TorrentState
from mam_assets.domain.grabbing import check_torrent
from mam_assets.domain.lifecycle import (
    METADATA_STATES,
    DownloadStatus,
    Limits,
    Observation,
    Watched,
    blames_release,
    observe,
)
from mam_assets.resources.database import Engine
from mam_assets.resources.torrent_client import TorrentClient
from mam_assets.settings import Settings
from mam_assets.store.downloads import watching
from mam_assets.store.downloads.watching import Active

# A client that has just started shows a part of its list for a while.
ABSENT_SECONDS = 180.0


@dataclass(frozen=True)
class Look:
    """One download as the client shows it; ``torrent`` is None where it doesn't."""

    download: Active
    torrent: TorrentState | None
    seen: Observation

    @property
    def ended(self) -> bool:
        """Whether the download is complete or has failed now."""
        return self.seen.status.value != self.download.status


def limits_of(settings: Settings) -> Limits:
    """How long a torrent may stand still, and how long it may be out of sight."""
    return Limits(stall_seconds=settings.stall_hours * 3600, absent_seconds=ABSENT_SECONDS)


def look_at(
    active: Sequence[Active], states: Mapping[str, TorrentState], *, now: datetime, settings: Settings
) -> list[Look]:
    """What the client's answer means for each download. ``states`` are by v1 info-hash, see `by_hash`."""
    limits = limits_of(settings)
    looks = []
    for download in active:
        watched = Watched(
            status=DownloadStatus(download.status),
            progress=download.progress,
            sent_at=download.sent_at or now,
            last_progress_at=download.last_progress_at,
            absent_since=download.absent_since,
        )
        torrent = states.get(download.info_hash)
        looks.append(Look(download, torrent, observe(watched, torrent, now=now, limits=limits)))
    return looks


def by_hash(states: Iterable[TorrentState]) -> dict[str, TorrentState]:
    """Torrents by each hash that they go by: a hybrid one is listed by its v2 hash."""
    return {key: state for state in states for key in (state.info_hash, state.infohash_v1) if key}


def watch(database: Engine, client: TorrentClient, round_: Round) -> None:
    """Move every download that is in the client as its torrent moved."""
    with database.begin() as connection:
        active = watching.active(connection)
    if not active:
        return
    states = by_hash(client.torrents())
    for download in active:
        # One that a person moved to another category is ours still, and asked for by itself.
        if download.info_hash not in states and (state := client.torrent(download.info_hash)) is not None:
            states[download.info_hash] = state
    for look in look_at(active, states, now=round_.now, settings=round_.settings):
        _follow(database, client, round_, look)


def _follow(database: Engine, client: TorrentClient, round_: Round, look: Look) -> None:
    download, torrent, seen = look.download, look.torrent, look.seen
    failure, block = seen.failure, bool(seen.failure_class and blames_release(seen.failure_class))
    if failure is None and torrent is not None and not download.files_checked:
        failure, block = _objection_to_magnet(database, client, round_, download, torrent), True
    if failure is not None:
        fail(database, round_, download.download_id, download.title, download.retry_count, failure, block=block)
        return
    with database.begin() as connection:
        if seen.status is DownloadStatus.COMPLETED and torrent is not None:
            watching.completed(
                connection,
                download.download_id,
                save_path=torrent.save_path,
                content_path=torrent.content_path,
                client_state=torrent.state,
                now=round_.now,
            )
            round_.counts["completed"] += 1
        else:
            watching.observed(
                connection,
                download.download_id,
                progress=seen.progress,
                client_state=torrent.state if torrent else None,
                last_progress_at=seen.last_progress_at,
                absent_since=seen.absent_since,
                now=round_.now,
            )


def _objection_to_magnet(
    database: Engine, client: TorrentClient, round_: Round, download: Active, torrent: TorrentState
) -> Reason | None:
    """What speaks against a magnet's files, as soon as they can be seen. It stays in the client: nothing of ours is
    removed unasked."""
    files = client.files(torrent.info_hash) if torrent.state not in METADATA_STATES else ()
    if not files:
        return None
    whole = Metainfo(download.info_hash, torrent.name, files, sum(size for _, size in files), private=False)
    objection = check_torrent(whole, promised_bytes=download.size_bytes)
    if objection is None:
        with database.begin() as connection:
            watching.files_checked(connection, download.download_id, round_.now)
    return objection
