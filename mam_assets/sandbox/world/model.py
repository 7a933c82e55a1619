"""What the demo's world is made of. Facts (titles, years, numbers, names) of public-domain works only.

One `World` feeds all twins: Audiobookshelf shows what is owned, Goodreads and Google know what exists, MAM and Prowlarr
offer releases, the qBittorrent twin has their content.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path


@dataclass(frozen=True)
class WorldAuthor:
    author_id: int  # the same number is used as the Goodreads and MAM author id
    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class WorldSeries:
    series_id: int  # Goodreads number
    name: str  # as Goodreads writes it
    author: str
    aliases: tuple[str, ...] = ()  # as Audiobookshelf or MAM may write it instead


@dataclass(frozen=True)
class WorldWork:
    """``position`` is text or None; ``kind`` primary, novella, collection, part, companion, summary or translation.

    ``runtime_seconds`` is what every source states for the unabridged recording: whole minutes, as Audible knows no
    others. ``year`` 0 is an unknown one. ``also_in`` names further series of the same work as (series id, position).
    """

    work_id: int  # Goodreads work id; book id is work_id + 1_000_000
    title: str
    authors: tuple[str, ...]
    year: int
    genre: str  # one of the seven genres of spec.md or "Classics"
    series_id: int | None = None
    position: str | None = None
    kind: str = "primary"
    subtitle: str | None = None
    isbn_13: str | None = None
    asin: str | None = None
    publisher: str | None = None
    description: str | None = None  # one or two plain sentences written for this project
    release_date: date | None = None  # set for an unreleased volume: in the future of the world's clock
    audiobook: bool = True  # exists as a recording
    runtime_seconds: float = 60.0
    other_titles: tuple[str, ...] = ()  # the same work under other names (British and American, say)
    also_in: tuple[tuple[int, str | None], ...] = ()
    language: str = "English"


@dataclass(frozen=True)
class OwnedItem:
    """An item of the Audiobookshelf library. Empty strings and None play real, messy metadata. ``folder`` is relative
    to the library root; ``files`` are (name, seconds of audio)."""

    key: str
    work_id: int | None
    folder: str
    files: tuple[tuple[str, float], ...]
    title: str | None
    authors: tuple[str, ...]
    narrators: tuple[str, ...] = ()
    series: tuple[tuple[str, str | None], ...] = ()
    subtitle: str | None = None
    year: int | None = None
    publisher: str | None = None
    description: str | None = None
    isbn: str | None = None
    asin: str | None = None
    language: str | None = "English"
    abridged: bool = False
    genres: tuple[str, ...] = ()


@dataclass(frozen=True)
class WorldRelease:
    """A torrent on MAM (``mam_id``) and, when ``on_prowlarr``, seen through Prowlarr too; ``mam_id`` None means another
    indexer only. ``behaviour``: ok, never_completes, damaged, html_torrent, unsafe_names. ``files`` are (relative path,
    seconds of audio). ``magnet``: the indexer gives a magnet link instead of a .torrent file."""

    release_id: int
    mam_id: int | None
    title: str  # MAM's title (plain), the Prowlarr twin builds its own from it
    authors: tuple[str, ...]
    narrators: tuple[str, ...]
    series: tuple[tuple[str, str], ...]
    language: str  # MAM language name, "English"
    filetype: str  # m4b or mp3, or epub for an e-book
    main_cat: int  # 13 audiobooks, 14 e-books
    category: int  # MAM category id
    files: tuple[tuple[str, float], ...]
    seeders: int
    leechers: int
    snatched: int
    added: datetime
    work_ids: tuple[int, ...] = ()
    abridged: bool = False
    freeleech: bool = False
    vip: bool = False
    dramatised: bool = False
    tags: str = ""
    isbn: str = ""
    behaviour: str = "ok"
    on_prowlarr: bool = True
    on_mam: bool = True
    magnet: bool = False


@dataclass(frozen=True)
class World:
    """``now`` is the world's clock: releases and the unreleased volume are dated against it."""

    now: datetime
    authors: tuple[WorldAuthor, ...]
    series: tuple[WorldSeries, ...]
    works: tuple[WorldWork, ...]
    owned: tuple[OwnedItem, ...]
    releases: tuple[WorldRelease, ...]


@dataclass(frozen=True)
class BuiltRelease:
    """A release made real: its .torrent bytes (private, fake passkey in announce), v1 info-hash, and its content
    on disk below ``content_root`` (a folder holding exactly the torrent's tree)."""

    release: WorldRelease
    torrent: bytes
    info_hash: str
    content_root: Path
    total_bytes: int
