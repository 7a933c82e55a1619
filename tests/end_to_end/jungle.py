"""A library small enough to follow by eye: The Jungle Book is owned, The Second Jungle Book is missing and offered.

Belongs here: the part of the demo's world that real torrents move, its twins, and the .torrent with a tracker that
answers. Does not belong here: the torrent clients (real_clients.py).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import torf

from mam_assets.sandbox.twins.audiobookshelf import AudiobookshelfTwin
from mam_assets.sandbox.twins.goodreads import GoodreadsTwin
from mam_assets.sandbox.twins.mam import MamTwin
from mam_assets.sandbox.twins.prowlarr import DEMO_API_KEY, ProwlarrTwin
from mam_assets.sandbox.twins.serving import Twin, TwinServer
from mam_assets.sandbox.world import build_world
from mam_assets.sandbox.world.layout import LaidOutWorld, lay_out
from mam_assets.sandbox.world.model import BuiltRelease, World
from tests.end_to_end.real_clients import QBittorrent
from tests.end_to_end.tracker import Tracker
from tests.patience import LONG_PATIENCE_SECONDS, until

SERIES = "The Jungle Book"  # Goodreads' name for it
OWNED = "The Jungle Book"
MISSING = "The Second Jungle Book"
RUNTIME_SECONDS = 1800.0  # about 6 MB of silence: enough to be caught in the middle
ABS_TOKEN = "end-to-end-audiobookshelf-key"


@dataclass(frozen=True)
class Jungle:
    """The world on disk with its twins. ``release`` is what MAM offers; its .torrent names the test's tracker."""

    laid_out: LaidOutWorld
    release: BuiltRelease
    audiobookshelf: AudiobookshelfTwin
    mam: MamTwin
    servers: dict[str, TwinServer]

    @property
    def library(self) -> Path:
        return self.laid_out.library_root

    @property
    def info_hash(self) -> str:
        return self.release.info_hash

    def environment(self) -> dict[str, str]:
        """Every setting that points at the twins and at the library folder."""
        return {
            "ABS_URL": self.servers["audiobookshelf"].address,
            "ABS_TOKEN": ABS_TOKEN,
            "PROWLARR_URL": self.servers["prowlarr"].address,
            "PROWLARR_API_KEY": DEMO_API_KEY,
            "GOODREADS_URL": self.servers["goodreads"].address,
            "MAM_URL": self.servers["mam"].address,
            "MAM_ID": self.mam.current_mam_id,
            "LIBRARY_PATH": str(self.library),
            "PACE_SCALE": "0.002",
            "MIN_FREE_GIB": "0.1",
        }

    def share(self, client: QBittorrent, tracker: Tracker) -> None:
        """Have a client seed the book from where the world keeps it, and wait until the tracker knows."""
        window = client.window()
        window.torrents_add(torrent_files=self.release.torrent, save_path=str(self.release.content_root))
        until(
            lambda: window.torrents_info(status_filter="seeding"),
            "the seeder has the whole book",
            seconds=LONG_PATIENCE_SECONDS,
        )
        until(
            lambda: tracker.knows(self.info_hash, client.peer_port),
            "the tracker knows the seeder",
            seconds=LONG_PATIENCE_SECONDS,
        )


@contextmanager
def open_jungle(folder: Path, announce: str) -> Iterator[Jungle]:
    """Lay the world out below `folder` and serve its twins until the end of the block."""
    laid_out = lay_out(_jungle_of(build_world(datetime.now(UTC))), folder)
    (built,) = laid_out.releases
    built = replace(built, torrent=announced_at(built.torrent, announce))
    laid_out = replace(laid_out, releases=(built,))
    world = laid_out.world
    audiobookshelf = AudiobookshelfTwin(
        laid_out.library_root, world.owned, world=world, token=ABS_TOKEN, scan_seconds=0.05
    )
    mam = MamTwin(laid_out)
    twins: tuple[Twin, ...] = (audiobookshelf, mam, GoodreadsTwin(world), ProwlarrTwin(laid_out))
    with ExitStack() as stack:
        servers = {twin.name: stack.enter_context(TwinServer(twin)) for twin in twins}
        yield Jungle(laid_out, built, audiobookshelf, mam, servers)
        crashes = [report for server in servers.values() for report in server.crashes]
    assert not crashes, crashes


def _jungle_of(world: World) -> World:
    series = next(series for series in world.series if series.name == SERIES)
    works = tuple(
        replace(work, runtime_seconds=RUNTIME_SECONDS) if work.title == MISSING else work
        for work in world.works
        if work.series_id == series.series_id
    )
    owned_id = next(work.work_id for work in works if work.title == OWNED)
    release = next(release for release in world.releases if release.title == MISSING)
    name = release.files[0][0].partition("/")[0].removesuffix(".m4b")
    return replace(
        world,
        authors=tuple(author for author in world.authors if author.name == series.author),
        series=(series,),
        works=works,
        owned=tuple(item for item in world.owned if item.work_id == owned_id),
        releases=(replace(release, filetype="m4b", files=((f"{name}/{name}.m4b", RUNTIME_SECONDS),)),),
    )


def announced_at(torrent: bytes, announce: str) -> bytes:
    """The same torrent with another tracker: the info-hash stays."""
    read = torf.Torrent.read_stream(io.BytesIO(torrent))
    read.trackers = [announce]
    return bytes(read.dump())
