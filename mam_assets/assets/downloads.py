"""Group acquisition, second half: what is sent to the client, and what the client does with it (`torrents`)."""

from typing import Any

import dagster as dg
from pydantic import Field

from mam_assets.assets.acquisition import download_queue
from mam_assets.assets.outside import TORRENT_CLIENT
from mam_assets.assets.reporting import materialised
from mam_assets.assets.sending import Round, Sender
from mam_assets.assets.watching import watch
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Engine
from mam_assets.resources.errors import ServiceError
from mam_assets.resources.mam import Mam
from mam_assets.resources.prowlarr import Prowlarr
from mam_assets.resources.torrent_client import TorrentClient
from mam_assets.settings import Settings
from mam_assets.store.downloads import sending, stages


class TorrentsConfig(dg.Config):
    """How much is sent."""

    limit: int = Field(default=50, ge=1, description="Most torrents handed to the client in one run.")


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
    asking the client, never by sending twice. A magnet link is checked as soon as its files are known. A failed,
    stalled or vanished torrent blocks its release for this gap, is tallied, and is due again after 1, 3 and 7 days. A
    service that is down blames no release and spends no attempt.
    """
    round_ = Round(now=clock.now(), settings=settings)
    sender = Sender(database, torrent_client, mam, prowlarr, clock, context.log.info)
    try:
        _settle(database, torrent_client, round_)
        watch(database, torrent_client, round_)
        sender.send(round_, limit=config.limit)
    except ServiceError as error:
        if error.service != "qbittorrent":
            raise
        round_.gave_up(error)
    with database.begin() as connection:
        waiting = sending.to_send(connection, limit=1000)
        if "qbittorrent" in round_.out:
            sending.wait(connection, [w.download_id for w in waiting], round_.out["qbittorrent"], round_.now)
        round_.counts["waiting"] = len(waiting)
        round_.counts["downloading"] = stages.count(connection, "downloading")
        sample = stages.sample(connection, statuses=("queued", "downloading", "completed", "failed"), limit=20)
    return materialised(round_.counts, sample=sample, table="downloads", problems=round_.problems)


def _settle(database: Engine, client: TorrentClient, round_: Round) -> None:
    """Intentions that a killed run left: the client has the torrent (then it was sent) or not (then it still waits)."""
    with database.begin() as connection:
        left = sending.unsettled(connection)
    for download_id, info_hash in left:
        there = client.torrent(info_hash) is not None
        with database.begin() as connection:
            sending.settle(connection, info_hash, "confirmed" if there else "abandoned", round_.now)
            if there:
                sending.sent(connection, download_id, round_.now)
                round_.counts["adopted"] += 1
            else:
                sending.unsend(connection, download_id, round_.now)
