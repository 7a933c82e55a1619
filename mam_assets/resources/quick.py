"""What a sensor's tick asks with: the same clients and the same database, with time-outs that keep a tick under 5
seconds, closed at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from mam_assets.resources.audiobookshelf import Audiobookshelf
from mam_assets.resources.database import DatabaseUnavailable, connect
from mam_assets.resources.exchange import IMPATIENT
from mam_assets.resources.services import ServiceKit
from mam_assets.resources.torrent_client import TorrentClient
from mam_assets.settings import Settings
from mam_assets.store import server

SESSION = "sensors"
# qbittorrent-api tries a second time by itself.
_TWICE_WITHIN_A_TICK = replace(IMPATIENT, connect_seconds=1.0, read_seconds=2.0)


@contextmanager
def quick_database(settings: Settings) -> Iterator[Connection]:
    """A transaction of at most a few seconds. Raises DatabaseUnavailable, also where the server goes away meanwhile."""
    try:
        with connect(settings).begin() as connection:
            connection.execute(text("SET LOCAL statement_timeout = '3s'"))
            yield connection
    except DBAPIError as error:
        problem = str(error.orig).strip().partition("\n")[0] or type(error.orig).__name__
        remedy = "See that it runs and is not overloaded; the next tick asks again"
        raise DatabaseUnavailable(server.address(settings).shown, problem, remedy) from None


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
    yield TorrentClient.from_kit(ServiceKit.open(settings, SESSION), limits=_TWICE_WITHIN_A_TICK)
