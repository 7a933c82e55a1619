"""The sandbox as one thing: the demo's world, laid out in a folder, and the six twins that serve it on loopback.

Here: building, starting, stopping, and the settings that point a system at the twins. Not here: what the world holds
(world/) and what a service answers (twins/).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from mam_assets.sandbox.twins.audiobookshelf import AudiobookshelfTwin
from mam_assets.sandbox.twins.goodreads import GoodreadsTwin
from mam_assets.sandbox.twins.google_books import GoogleBooksTwin
from mam_assets.sandbox.twins.mam import MamTwin
from mam_assets.sandbox.twins.prowlarr import ProwlarrTwin
from mam_assets.sandbox.twins.qbittorrent import QBittorrentTwin
from mam_assets.sandbox.twins.qbittorrent_torrents import contents_of
from mam_assets.sandbox.twins.serving import Twin, TwinServer
from mam_assets.sandbox.world import build_world
from mam_assets.sandbox.world.layout import lay_out

# Invented for the demo: they open nothing but the twins.
ABS_TOKEN = "sandbox-audiobookshelf-key"
QBITTORRENT_USERNAME = "admin"
QBITTORRENT_PASSWORD = "sandbox-qbittorrent-password"
PROWLARR_API_KEY = "5a4dbox05a4dbox05a4dbox05a4dbox0"
GOOGLE_BOOKS_API_KEY = "sandbox-google-books-key"


class Sandbox:
    """Runs from construction until ``stop()``; a context manager.

    ``folder`` keeps the world's files, the state of the twins, their ports and the log of requests
    (``requests.jsonl``), so that a second sandbox in the same folder goes on where the first one stopped. ``now``
    (aware) dates the world's uploads and releases. ``ports`` asks for ports by service name; a taken one is replaced.

    The twins are attributes (``audiobookshelf``, ``qbittorrent``, ``prowlarr``, ``google_books``, ``goodreads``,
    ``mam``); ``servers`` has the server of each by the same name, for faults and requests.
    """

    def __init__(
        self,
        folder: Path,
        *,
        now: datetime | None = None,
        ports: Mapping[str, int] | None = None,
        qbittorrent_version: str = "5.1.4",
        download_seconds: float = 2.0,
        scan_seconds: float = 0.3,
    ) -> None:
        self.folder = folder
        state = folder / "state"
        state.mkdir(parents=True, exist_ok=True)
        self.world = build_world(now or datetime.now(UTC))
        self.laid_out = lay_out(self.world, folder / "world")
        self.save_path = folder / "downloads"
        self.save_path.mkdir(exist_ok=True)
        self.audiobookshelf = AudiobookshelfTwin(
            self.laid_out.library_root,
            self.world.owned,
            world=self.world,
            state_path=state / "audiobookshelf.json",
            token=ABS_TOKEN,
            scan_seconds=scan_seconds,
        )
        self.qbittorrent = QBittorrentTwin(
            contents_of(self.laid_out.releases),
            self.save_path,
            version=qbittorrent_version,
            username=QBITTORRENT_USERNAME,
            password=QBITTORRENT_PASSWORD,
            state_path=state / "qbittorrent.json",
            download_seconds=download_seconds,
        )
        self.prowlarr = ProwlarrTwin(self.laid_out, api_key=PROWLARR_API_KEY)
        self.google_books = GoogleBooksTwin(self.world, key=GOOGLE_BOOKS_API_KEY)
        self.goodreads = GoodreadsTwin(self.world)
        self.mam = MamTwin(self.laid_out, state_path=state / "mam.json")
        self.servers: dict[str, TwinServer] = {}
        self._start({**self._known_ports(), **(ports or {})})

    # --- life ---------------------------------------------------------------------------------------------------

    def _start(self, ports: Mapping[str, int]) -> None:
        twins: list[Twin] = [
            self.audiobookshelf,
            self.qbittorrent,
            self.prowlarr,
            self.google_books,
            self.goodreads,
            self.mam,
        ]
        for twin in twins:
            self.servers[twin.name] = _started(twin, self.folder / "requests.jsonl", ports.get(twin.name, 0))
        used = {name: int(server.address.rpartition(":")[2]) for name, server in self.servers.items()}
        (self.folder / "ports.json").write_text(json.dumps(used, indent=2) + "\n", encoding="utf-8")

    def _known_ports(self) -> dict[str, int]:
        path = self.folder / "ports.json"
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}

    def stop(self) -> None:
        for server in self.servers.values():
            server.stop()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- what a system needs ------------------------------------------------------------------------------------

    def environment(self) -> dict[str, str]:
        """Every setting that points a system at the twins. MAM's cookie is the one that is good at this moment."""
        address = {name: server.address for name, server in self.servers.items()}
        return {
            "ABS_URL": address["audiobookshelf"],
            "ABS_TOKEN": ABS_TOKEN,
            "QBITTORRENT_URL": address["qbittorrent"],
            "QBITTORRENT_USERNAME": QBITTORRENT_USERNAME,
            "QBITTORRENT_PASSWORD": QBITTORRENT_PASSWORD,
            "QBITTORRENT_SAVE_PATH": str(self.save_path),
            "PROWLARR_URL": address["prowlarr"],
            "PROWLARR_API_KEY": PROWLARR_API_KEY,
            "GOOGLE_BOOKS_URL": f"{address['google_books']}/books/v1",
            "GOOGLE_BOOKS_API_KEY": GOOGLE_BOOKS_API_KEY,
            "GOODREADS_URL": address["goodreads"],
            "MAM_URL": address["mam"],
            "MAM_ID": self.mam.current_mam_id,
            "LIBRARY_PATH": str(self.laid_out.library_root),
            "PACE_SCALE": "0.002",
            "MIN_FREE_GIB": "0.1",
            "MAX_ACTIVE_DOWNLOADS": "40",
        }

    def request_counts(self) -> dict[str, int]:
        """Requests served since the start, by service."""
        return {name: len(server.requests) for name, server in self.servers.items()}

    def crashes(self) -> list[str]:
        """Tracebacks of the twins themselves: each is a bug of the sandbox."""
        return [report for server in self.servers.values() for report in server.crashes]


def _started(twin: Twin, log_path: Path, port: int) -> TwinServer:
    """A running server, on the port that is wished for or, when that one is taken, on another."""
    server = TwinServer(twin, log_path=log_path, port=port)
    try:
        server.start()
    except OSError:
        server = TwinServer(twin, log_path=log_path)
        server.start()
    return server
