"""Handing queued downloads to the client: fetch, check, write down, send, confirm.

Belongs here: what may go now, what a failure on the way costs whom. Does not belong here: what the client does with a
torrent afterwards (watching.py), the asset itself (downloads.py).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from mam_assets.domain.books import MamUser, Metainfo, Reason
from mam_assets.domain.grabbing import Standing, check_torrent, why_wait
from mam_assets.domain.lifecycle import next_attempt
from mam_assets.parsing.torrents import BadTorrent, DamagedTorrent, magnet_hash, read_metainfo
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Engine
from mam_assets.resources.errors import BadAnswer, NotAuthorised, NotFound, Refused, ServiceDown, ServiceError
from mam_assets.resources.mam import Mam
from mam_assets.resources.prowlarr import MagnetLink, Prowlarr, TorrentFile
from mam_assets.resources.torrent_client import AddOutcome, TorrentClient
from mam_assets.settings import Settings
from mam_assets.store import history
from mam_assets.store import releases as offered
from mam_assets.store.downloads import attempts, sending, stages
from mam_assets.store.downloads.sending import Queued

OUR_TAG = "mam-assets"
# What a service that is well answers with rubbish this often is taken for dead: about an hour of runs.
MOST_FETCHES = 5


@dataclass
class Round:
    """What one run of `torrents` knows and has done. ``out`` maps services that failed to what they said: they are left
    alone for the rest of the run."""

    now: datetime
    settings: Settings
    account: MamUser | None = None
    account_asked: bool = False
    slots_taken: int = 0
    out: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("sent", "adopted", "would_send", "waiting", "failed", "abandoned", "completed"), 0
        )
    )

    def gave_up(self, error: ServiceError) -> None:
        if error.service not in self.out:
            self.out[error.service] = str(error)
            self.problems.append(str(error))


def fail(
    database: Engine, round_: Round, download_id: int, title: str, retries: int, why: Reason, *, block: bool
) -> None:
    """One attempt failed: block its release, tally it, and say when the next is due (or that there is none)."""
    with database.begin() as connection:
        status = attempts.failed(
            connection,
            download_id,
            code=why.code,
            reason=why.evidence,
            next_retry=next_attempt(retries, round_.now),
            block=block,
            now=round_.now,
        )
        failure = history.Failure("DOWNLOAD", str(download_id), title, why.code, why.code, why.evidence)
        history.tally(connection, [failure], round_.now)
    round_.counts["abandoned" if status == "abandoned" else "failed"] += 1
    round_.problems.append(f"{title}: {why.evidence}")


@dataclass(frozen=True)
class Sender:
    """The services between a queued download and the client."""

    database: Engine
    client: TorrentClient
    mam: Mam
    prowlarr: Prowlarr
    clock: Clock
    log: Callable[[str], None]

    def send(self, round_: Round, *, limit: int) -> None:
        """Send what may go. Errors of the client end it; those of one indexer or release don't."""
        with self.database.begin() as connection:
            waiting = sending.to_send(connection, limit=limit)
            active = stages.count(connection, "downloading")
        if not waiting:
            return
        settings = round_.settings
        free_bytes = self.client.free_space()
        for download in waiting:
            if download.source == "MAM":
                self._read_account(round_)
            standing = Standing(
                active=active,
                max_active=settings.max_active_downloads,
                free_bytes=free_bytes,
                min_free_bytes=int(settings.min_free_gib * 2**30),
                account=round_.account,
                slots_taken=round_.slots_taken,
                slot_reserve=settings.mam_slot_reserve,
                min_ratio=settings.mam_min_ratio,
                out=round_.out,
            )
            reason = why_wait(download.source, download.size_bytes, standing)
            if reason is None and settings.mam_dry_run:
                reason = "dry run: it would be sent now"
                round_.counts["would_send"] += 1
                round_.problems.append(f"{download.title}: {reason} ({download.source} {download.guid})")
                taken = True
            elif reason is None:
                taken = self._send_one(round_, download)
            else:
                taken = False
            if reason:
                with self.database.begin() as connection:
                    sending.wait(connection, [download.download_id], reason, round_.now)
            if taken:
                active += 1
                free_bytes -= download.size_bytes or 0
                round_.slots_taken += int(download.source == "MAM")

    def _read_account(self, round_: Round) -> None:
        """Ratio and unsatisfied slots are read before the first grab of a run, and counted on from there: MAM caches
        them."""
        if round_.account_asked:
            return
        round_.account_asked = True
        try:
            round_.account = self.mam.user()
        except ServiceError as error:
            round_.gave_up(error)

    def _send_one(self, round_: Round, download: Queued) -> bool:
        """Whether the client has it now."""
        try:
            fetched = self._fetch(download)
            metainfo = None if isinstance(fetched, MagnetLink) else read_metainfo(fetched.content)
            info_hash = metainfo.info_hash if metainfo else magnet_hash(_uri(fetched))
        except DamagedTorrent as error:
            service, call = download.source.lower(), f"download {download.title!r}"
            self._not_fetched(round_, download, BadAnswer(service, call, str(error), "It is fetched again."))
            return False
        except BadTorrent as error:
            why = Reason("torrent_unusable", f"its .torrent can't be used: {error}")
            self._fail(round_, download, why, block=True)
            return False
        except ServiceError as error:
            self._not_fetched(round_, download, error)
            return False
        objection = self._objection(download, info_hash, metainfo)
        if objection:
            self._fail(round_, download, objection, block=True)
            return False
        with self.database.begin() as connection:
            detail = {"title": download.title, "source": download.source, "guid": download.guid}
            magnet = None if metainfo else f"magnet:?xt=urn:btih:{info_hash}"
            wanted = sending.intend_to_send(
                connection, download.download_id, info_hash, detail, round_.now, magnet=magnet
            )
        if not wanted:
            return False
        try:
            outcome = self._hand_over(round_, download, fetched)
        except Refused as error:
            if error.status not in (None, 409, 415):
                raise
            with self.database.begin() as connection:
                sending.settle(connection, info_hash, "abandoned", round_.now)
            self._fail(round_, download, Reason("torrent_refused", str(error)), block=True)
            return False
        with self.database.begin() as connection:
            sending.settle(connection, info_hash, "confirmed", round_.now)
            # Not the moment when the run began: MAM's pauses make a run last, and a torrent has its time to appear.
            sending.sent(connection, download.download_id, self.clock.now())
        round_.counts["adopted" if outcome is AddOutcome.already_there else "sent"] += 1
        self.log(f"sent {download.title}")
        return True

    def _hand_over(self, round_: Round, download: Queued, fetched: TorrentFile | MagnetLink) -> AddOutcome:
        category, save_path = round_.settings.qbittorrent_category, round_.settings.qbittorrent_save_path
        tags = (OUR_TAG, download.source.lower())
        if isinstance(fetched, MagnetLink):
            return self.client.add_magnet(fetched.uri, category=category, tags=tags, save_path=save_path)
        return self.client.add(fetched.content, category=category, tags=tags, save_path=save_path)

    def _fetch(self, download: Queued) -> TorrentFile | MagnetLink:
        if download.source == "MAM":
            return TorrentFile(self.mam.download(download.guid))
        with self.database.begin() as connection:
            stored = offered.by_id(connection, download.release_id)
        if stored is None:
            raise NotFound("database", f"release {download.release_id}", "it is gone", "Search the gap again.")
        return self.prowlarr.download(stored.release)

    def _not_fetched(self, round_: Round, download: Queued, error: ServiceError) -> None:
        """Who is to blame: the service (then everything of it waits, and nobody is blamed), or this one torrent, if the
        service is well. What is gone there is gone; any other rubbish may be the indexer's, and has some more tries."""
        trouble = self._trouble_of(download.source, error)
        if trouble is not None:
            round_.gave_up(trouble)
            with self.database.begin() as connection:
                sending.wait(connection, [download.download_id], str(trouble), round_.now)
            return
        gone = isinstance(error, NotFound) or (isinstance(error, Refused) and download.source == "MAM")
        if gone or download.fetch_attempts + 1 >= MOST_FETCHES:
            why = Reason("torrent_unusable", f"its .torrent can't be had: {error}")
            # What Prowlarr is set up to refuse is no release's fault.
            self._fail(round_, download, why, block=gone or not isinstance(error, Refused))
            return
        with self.database.begin() as connection:
            sending.fetch_failed(connection, download.download_id, str(error), round_.now)
        round_.problems.append(f"{download.title}: {error}")

    def _trouble_of(self, source: str, error: ServiceError) -> ServiceError | None:
        """The error, when the service itself is in trouble; None when it answers another question well."""
        if error.service not in ("mam", "prowlarr") or isinstance(error, Refused):
            return None
        asked_already = source == "MAM" and isinstance(error, NotAuthorised)
        if asked_already or not isinstance(error, NotFound | ServiceDown | BadAnswer | NotAuthorised):
            return error
        try:
            if source == "MAM":
                self.mam.check()
            else:
                self.prowlarr.status()
        except ServiceError as trouble:
            return trouble
        return None

    def _objection(self, download: Queued, info_hash: str, metainfo: Metainfo | None) -> Reason | None:
        """What speaks against a torrent once it is seen: not audio, not the promised size, or active for another gap.
        Of a magnet only the last can be told before it is sent."""
        if metainfo and (objection := check_torrent(metainfo, promised_bytes=download.size_bytes)):
            return objection
        with self.database.begin() as connection:
            other = sending.other_with_hash(connection, info_hash, download.download_id)
        return Reason("same_torrent", f"this torrent is already taken for {other!r}") if other else None

    def _fail(self, round_: Round, download: Queued, why: Reason, *, block: bool) -> None:
        fail(self.database, round_, download.download_id, download.title, download.retry_count, why, block=block)


def _uri(fetched: TorrentFile | MagnetLink) -> str:
    return fetched.uri if isinstance(fetched, MagnetLink) else ""
