"""Group acquisition, second half: what is sent to the client, and what the client does with it (`torrents`)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import dagster as dg
from pydantic import Field

from mam_assets.assets.acquisition import download_queue
from mam_assets.assets.outside import TORRENT_CLIENT
from mam_assets.assets.reporting import materialised
from mam_assets.domain.books import MamUser, Metainfo, Reason, TorrentState
from mam_assets.domain.grabbing import Standing, check_torrent, why_wait
from mam_assets.domain.lifecycle import DownloadStatus, FailureClass, Limits, Watched, next_attempt, observe
from mam_assets.parsing.torrents import BadTorrent, read_metainfo
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Engine
from mam_assets.resources.errors import NotFound, Refused, ServiceError
from mam_assets.resources.mam import Mam
from mam_assets.resources.prowlarr import Prowlarr, TorrentFile
from mam_assets.resources.torrent_client import AddOutcome, TorrentClient
from mam_assets.settings import Settings
from mam_assets.store import downloads as queue
from mam_assets.store import history
from mam_assets.store import releases as offered
from mam_assets.store.downloads import Queued

OUR_TAG = "mam-assets"


class TorrentsConfig(dg.Config):
    """How much is sent."""

    limit: int = Field(default=50, ge=1, description="Most torrents handed to the client in one run.")


@dataclass
class Sending:
    """What one run knows about the services while it sends."""

    now: datetime
    settings: Settings
    account: MamUser | None = None
    account_asked: bool = False
    slots_taken: int = 0
    out: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("sent", "adopted", "waiting", "failed", "abandoned", "completed"), 0)
    )

    def gave_up(self, error: ServiceError) -> None:
        if error.service not in self.out:
            self.out[error.service] = str(error)
            self.problems.append(str(error))


@dg.asset(
    group_name="acquisition",
    kinds={"postgres", "qbittorrent"},
    deps=[download_queue, TORRENT_CLIENT],
    pool="qbittorrent",
    owners=["team:library"],
)
def torrents(
    context: dg.AssetExecutionContext,
    config: TorrentsConfig,
    database: dg.ResourceParam[Engine],
    torrent_client: dg.ResourceParam[TorrentClient],
    mam: dg.ResourceParam[Mam],
    prowlarr: dg.ResourceParam[Prowlarr],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> dg.MaterializeResult[Any]:
    """Queued downloads handed to qBittorrent, and the state of those that are there.

    Each .torrent is fetched by us, checked, its info-hash written down, then sent: a kill in between is resolved by
    asking
    the client, never by sending twice. A failed, stalled or vanished torrent blocks its release for this gap, is
    tallied, and is due again after 1, 3 and 7 days. A service that is down blames no release and spends no attempt.
    """
    sending = Sending(now=clock.now(), settings=settings)
    try:
        _settle(database, torrent_client, sending)
        _watch(database, torrent_client, sending)
        _send(context, config, database, torrent_client, mam, prowlarr, sending)
    except ServiceError as error:
        if error.service != "qbittorrent":
            raise
        sending.gave_up(error)
    with database.begin() as connection:
        waiting = queue.to_send(connection, limit=1000)
        if "qbittorrent" in sending.out:
            queue.wait(connection, [w.download_id for w in waiting], sending.out["qbittorrent"], sending.now)
        sending.counts["waiting"] = len(waiting)
        sending.counts["downloading"] = queue.count(connection, "downloading")
        sample = queue.sample(connection, statuses=("queued", "downloading", "completed", "failed"), limit=20)
    return materialised(sending.counts, sample=sample, table="downloads", problems=sending.problems)


def _settle(database: Engine, client: TorrentClient, sending: Sending) -> None:
    """Intentions that a killed run left: the client has the torrent (then it was sent) or not (then it still waits)."""
    with database.begin() as connection:
        left = queue.unsettled(connection)
    for download_id, info_hash in left:
        there = client.torrent(info_hash) is not None
        with database.begin() as connection:
            queue.settle(connection, info_hash, "confirmed" if there else "abandoned", sending.now)
            if there:
                queue.sent(connection, download_id, sending.now)
                sending.counts["adopted"] += 1
            else:
                queue.unsend(connection, download_id, sending.now)


def _watch(database: Engine, client: TorrentClient, sending: Sending) -> None:
    """Move every download that is in the client as its torrent moved."""
    with database.begin() as connection:
        active = queue.active(connection)
    if not active:
        return
    limits = limits_of(sending.settings)
    states = _states(client, [download.info_hash for download in active])
    for download in active:
        seen = observe(
            Watched(
                status=DownloadStatus(download.status),
                progress=download.progress,
                sent_at=download.sent_at or sending.now,
                last_progress_at=download.last_progress_at,
            ),
            states.get(download.info_hash),
            now=sending.now,
            limits=limits,
        )
        if seen.status is DownloadStatus.COMPLETED:
            torrent = states[download.info_hash]
            with database.begin() as connection:
                queue.completed(
                    connection,
                    download.download_id,
                    save_path=torrent.save_path,
                    content_path=torrent.content_path,
                    client_state=torrent.state,
                    now=sending.now,
                )
            sending.counts["completed"] += 1
        elif seen.status is DownloadStatus.FAILED and seen.failure:
            block = seen.failure_class is FailureClass.RELEASE
            _fail(
                database, sending, download.download_id, download.title, download.retry_count, seen.failure, block=block
            )
        else:
            state = states[download.info_hash].state if download.info_hash in states else "unknown"
            with database.begin() as connection:
                queue.progressed(
                    connection,
                    download.download_id,
                    progress=seen.progress,
                    client_state=state,
                    grew=seen.progress > download.progress,
                    now=sending.now,
                )


def _states(client: TorrentClient, info_hashes: list[str]) -> dict[str, TorrentState]:
    """The client's torrents by v1 info-hash. One that a person moved to another category is asked for by itself."""
    listed = {key: state for state in client.torrents() for key in (state.info_hash, state.infohash_v1) if key}
    for info_hash in info_hashes:
        if info_hash not in listed and (state := client.torrent(info_hash)) is not None:
            listed[info_hash] = state
    return listed


def limits_of(settings: Settings) -> Limits:
    """How long a torrent may stand still."""
    return Limits(stall_seconds=settings.stall_hours * 3600)


def _fail(
    database: Engine, sending: Sending, download_id: int, title: str, retries: int, why: Reason, *, block: bool
) -> None:
    """One attempt failed: block its release, tally it, and say when the next is due (or that there is none)."""
    with database.begin() as connection:
        status = queue.failed(
            connection,
            download_id,
            code=why.code,
            reason=why.evidence,
            next_retry=next_attempt(retries, sending.now),
            block=block,
            now=sending.now,
        )
        failure = history.Failure("DOWNLOAD", str(download_id), title, why.code, why.code, why.evidence)
        history.tally(connection, [failure], sending.now)
    sending.counts["abandoned" if status == "abandoned" else "failed"] += 1
    sending.problems.append(f"{title}: {why.evidence}")


def _send(
    context: dg.AssetExecutionContext,
    config: TorrentsConfig,
    database: Engine,
    client: TorrentClient,
    mam: Mam,
    prowlarr: Prowlarr,
    sending: Sending,
) -> None:
    with database.begin() as connection:
        waiting = queue.to_send(connection, limit=config.limit)
        active = queue.count(connection, "downloading")
    if not waiting:
        return
    free_bytes = client.free_space()
    for download in waiting:
        if download.source == "MAM":
            _read_account(mam, sending)
        standing = Standing(
            active=active,
            max_active=sending.settings.max_active_downloads,
            free_bytes=free_bytes,
            min_free_bytes=int(sending.settings.min_free_gib * 2**30),
            account=sending.account,
            slots_taken=sending.slots_taken,
            slot_reserve=sending.settings.mam_slot_reserve,
            min_ratio=sending.settings.mam_min_ratio,
            out=sending.out,
        )
        reason = why_wait(download.source, download.size_bytes, standing)
        if reason is None and sending.settings.mam_dry_run:
            reason = "dry run: it would be sent now"
        if reason:
            with database.begin() as connection:
                queue.wait(connection, [download.download_id], reason, sending.now)
            continue
        if _send_one(database, client, mam, prowlarr, sending, download):
            active += 1
            free_bytes -= download.size_bytes or 0
            sending.slots_taken += int(download.source == "MAM")
            context.log.info(f"sent {download.title}")


def _read_account(mam: Mam, sending: Sending) -> None:
    """Ratio and unsatisfied slots are read before the first grab of a run, and counted on from there: MAM caches
    them."""
    if sending.account_asked:
        return
    sending.account_asked = True
    try:
        sending.account = mam.user()
    except ServiceError as error:
        sending.gave_up(error)


def _send_one(
    database: Engine, client: TorrentClient, mam: Mam, prowlarr: Prowlarr, sending: Sending, download: Queued
) -> bool:
    """Fetch, check, write down, send, confirm. Whether the client has it now."""
    try:
        torrent = _fetch(database, mam, prowlarr, download)
        metainfo = read_metainfo(torrent)
    except (BadTorrent, NotFound, Refused) as error:
        why = Reason("torrent_unusable", f"its .torrent can't be used: {error}")
        _fail(database, sending, download.download_id, download.title, download.retry_count, why, block=True)
        return False
    except ServiceError as error:
        sending.gave_up(error)
        with database.begin() as connection:
            queue.wait(connection, [download.download_id], str(error), sending.now)
        return False
    objection = _objection(database, download, metainfo)
    if objection:
        _fail(database, sending, download.download_id, download.title, download.retry_count, objection, block=True)
        return False
    with database.begin() as connection:
        detail = {"title": download.title, "source": download.source, "guid": download.guid}
        queue.intend_to_send(connection, download.download_id, metainfo.info_hash, detail, sending.now)
    outcome = client.add(
        torrent,
        category=sending.settings.qbittorrent_category,
        tags=(OUR_TAG, download.source.lower()),
        save_path=sending.settings.qbittorrent_save_path,
    )
    with database.begin() as connection:
        queue.settle(connection, metainfo.info_hash, "confirmed", sending.now)
        queue.sent(connection, download.download_id, sending.now)
    sending.counts["adopted" if outcome is AddOutcome.already_there else "sent"] += 1
    return True


def _fetch(database: Engine, mam: Mam, prowlarr: Prowlarr, download: Queued) -> bytes:
    if download.source == "MAM":
        return mam.download(download.guid)
    with database.begin() as connection:
        stored = offered.by_id(connection, download.release_id)
    if stored is None:
        raise NotFound("database", f"release {download.release_id}", "it is gone", "Search the gap again.")
    answer = prowlarr.download(stored.release)
    if not isinstance(answer, TorrentFile):
        raise Refused(
            "prowlarr",
            f"download {stored.release.guid}",
            "the indexer gives a magnet link only",
            "A magnet's files can't be checked before it is sent; another release is taken.",
        )
    return answer.content


def _objection(database: Engine, download: Queued, metainfo: Metainfo) -> Reason | None:
    """What speaks against a .torrent once it is seen: not audio, not the promised size, or active for another gap."""
    objection = check_torrent(metainfo, promised_bytes=download.size_bytes)
    if objection:
        return objection
    with database.begin() as connection:
        other = queue.other_with_hash(connection, metainfo.info_hash, download.download_id)
    return Reason("same_torrent", f"this torrent is already taken for {other!r}") if other else None
