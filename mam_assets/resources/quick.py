"""Clients for sensor ticks: the same ones, with time-outs that keep a tick under 5 seconds, closed at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mam_assets.resources.audiobookshelf import Audiobookshelf
from mam_assets.resources.exchange import IMPATIENT
from mam_assets.resources.services import ServiceKit
from mam_assets.resources.torrent_client import TorrentClient
from mam_assets.settings import Settings

SESSION = "sensors"


@contextmanager
def quick_audiobookshelf(settings: Settings) -> Iterator[Audiobookshelf]:
    """Audiobookshelf for one tick."""
    client = Audiobookshelf.from_kit(ServiceKit.open(settings, SESSION), limits=IMPATIENT)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def quick_torrent_client(settings: Settings) -> Iterator[TorrentClient]:
    """qBittorrent for one tick."""
    yield TorrentClient.from_kit(ServiceKit.open(settings, SESSION), limits=IMPATIENT)
