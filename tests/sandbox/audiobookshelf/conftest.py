"""A twin of Audiobookshelf with a small library on disk, behind its server, and a client for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from mam_assets.sandbox.audio import write_m4b, write_mp3
from mam_assets.sandbox.twins.audiobookshelf import AudiobookshelfTwin
from mam_assets.sandbox.twins.audiobookshelf_accounts import Account
from mam_assets.sandbox.twins.serving import TwinServer
from mam_assets.sandbox.world.model import OwnedItem, World, WorldSeries, WorldWork
from tests.patience import PATIENCE_SECONDS


class Clock:
    """Seconds since the epoch, moved by hand."""

    def __init__(self, now: float = 1_795_340_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Shop:
    """A twin behind its server, with a client for it."""

    def __init__(self, twin: AudiobookshelfTwin, server: TwinServer) -> None:
        self.twin = twin
        self.server = server
        self.client = httpx.Client(
            base_url=server.address,
            verify=False,  # there is no TLS, and loading the certificates takes longer than most tests
            trust_env=False,
            timeout=PATIENCE_SECONDS,
            headers={"Authorization": "Bearer root-key"},
        )

    def get(self, path: str, **params: Any) -> Any:
        return self.client.get(path, params=params).raise_for_status().json()

    def items(self, **params: Any) -> Any:
        return self.get(f"/api/libraries/{self.library}/items", **params)

    def item(self, folder: str) -> Any:
        row = next(row for row in self.items(limit=0)["results"] if row["relPath"] == folder)
        return self.get(f"/api/items/{row['id']}", expanded=1)

    @property
    def library(self) -> str:
        libraries = self.get("/api/libraries")["libraries"]
        return str(next(entry["id"] for entry in libraries if entry["mediaType"] == "book"))

    def scan(self, clock: Clock) -> None:
        assert self.client.post(f"/api/libraries/{self.library}/scan").text == "OK"
        clock.now += 10


def opened(twin: AudiobookshelfTwin) -> Iterator[Shop]:
    with TwinServer(twin) as server:
        shop = Shop(twin, server)
        yield shop
        shop.client.close()
        assert server.crashes == []


WORLD = World(
    now=datetime(2026, 11, 1, tzinfo=UTC),
    authors=(),
    series=(WorldSeries(1, "Barsoom", "Edgar Rice Burroughs"),),
    works=(
        WorldWork(
            1, "A Princess of Mars", ("Edgar Rice Burroughs",), 1912, "Science Fiction", 1, "1", asin="B0SANDBOX1"
        ),
        WorldWork(2, "The Gods of Mars", ("Edgar Rice Burroughs",), 1913, "Science Fiction", 1, "2", asin="B0SANDBOX2"),
        WorldWork(3, "Llana of Gathol", ("Edgar Rice Burroughs",), 1948, "Science Fiction", 1, "10"),
        WorldWork(
            4,
            "Silent",
            ("Nobody Else",),
            2030,
            "Thriller",
            asin="B0SANDBOX4",
            release_date=date(2030, 1, 1),
            audiobook=False,
        ),
    ),
    owned=(
        OwnedItem(
            "princess",
            1,
            "Edgar Rice Burroughs/Barsoom/Vol 1 - A Princess of Mars",
            (("one.mp3", 60.0), ("two.mp3", 60.0)),
            "A Princess of Mars",
            ("Edgar Rice Burroughs",),
            narrators=("Mark Nelson",),
            series=(("Barsoom", "1"),),
            asin="B0SANDBOX1",
            year=1912,
        ),
        OwnedItem("nameless", None, "Nameless", (("x.m4b", 90.0),), None, ()),
        OwnedItem(
            "gods", 2, "Edgar Rice Burroughs/Barsoom/Vol 2 - The Gods of Mars", (), "The Gods of Mars", ("E. R. B.",)
        ),
    ),
    releases=(),
)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    library = tmp_path / "library"
    for item in WORLD.owned[:2]:
        (library / item.folder).mkdir(parents=True)
        for name, seconds in item.files:
            write = write_mp3 if name.endswith("mp3") else write_m4b
            write(library / item.folder / name, seconds, title="t", artist="a", album="b")
    (library / WORLD.owned[0].folder / "cover.jpg").write_bytes(b"\xff\xd8")
    return library


def owner_of(library: Path, clock: Clock, **options: Any) -> AudiobookshelfTwin:
    accounts = {"user-key": Account("reader", "user"), "guest-key": Account("guest", "guest")}
    return AudiobookshelfTwin(
        library,
        WORLD.owned,
        world=WORLD,
        state_path=library.parent / "state.json",
        token="root-key",
        accounts=accounts,
        clock=clock,
        **options,
    )


@pytest.fixture
def shop(library: Path, clock: Clock) -> Iterator[Shop]:
    yield from opened(owner_of(library, clock))
