"""The world on disk: the owned items of the library, the content of every release, and its .torrent.

Belongs here: paths, files and torrents. Does not belong here: what exists (the other modules of this package), how
audio is written (sandbox.audio), who serves it (the twins).
"""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import torf

from mam_assets.sandbox.audio import write_m4b, write_mp3
from mam_assets.sandbox.world.model import BuiltRelease, OwnedItem, World, WorldRelease

FAKE_PASSKEY = "0123456789abcdef0123456789abcdef"
ANNOUNCE = f"http://127.0.0.1:9/announce/{FAKE_PASSKEY}"
HTML_INSTEAD_OF_TORRENT = b"<!DOCTYPE html><html><head><title>Error</title></head><body>Not signed in</body></html>"

_PIECE_BYTES = 64 * 1024
_DAMAGED_BYTES = 180_000
_EBOOK_BYTES = 45_000
_LAYOUT_VERSION = 1


@dataclass(frozen=True)
class LaidOutWorld:
    """The world and where it lies. ``releases`` are in the order of ``world.releases``."""

    world: World
    root: Path
    library_root: Path
    releases: tuple[BuiltRelease, ...]

    def release(self, release_id: int) -> BuiltRelease:
        """Raises ``KeyError`` when no release has that id."""
        for built in self.releases:
            if built.release.release_id == release_id:
                return built
        raise KeyError(release_id)

    @property
    def contents(self) -> dict[str, BuiltRelease]:
        """Releases by v1 info-hash (40 lower-case hex digits), as a torrent client finds them."""
        return {built.info_hash: built for built in self.releases}


def lay_out(world: World, root: Path) -> LaidOutWorld:
    """Write what isn't there yet below ``root``: ``library/``, ``releases/<release_id>/`` and ``torrents/``.

    A list of what was written makes the second call cheap: it trusts that list and looks only whether files exist.
    Files of other makers (imports into the library, say) are left alone.
    """
    library = root / "library"
    for folder in (library, root / "releases", root / "torrents"):
        folder.mkdir(parents=True, exist_ok=True)
    written_path = root / "laid-out.json"
    written: dict[str, str] = json.loads(written_path.read_text()) if written_path.exists() else {}
    built = tuple(_release(release, root, written) for release in world.releases)
    for place, item in enumerate(world.owned):
        fingerprint = _fingerprint(item.folder, item.files, item.title, item.authors)
        if written.get(item.key) != fingerprint:
            _write_owned(item, place, library / item.folder)
            written[item.key] = fingerprint
    written_path.write_text(json.dumps(written, indent=0, sort_keys=True))
    return LaidOutWorld(world, root, library, built)


def _fingerprint(*parts: object) -> str:
    return hashlib.sha256(repr((_LAYOUT_VERSION, parts)).encode()).hexdigest()[:24]


def _write_owned(item: OwnedItem, place: int, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, seconds in item.files:
        _write_audio(folder / name, seconds, item.title or "", ", ".join(item.authors))
    # The litter that real libraries hold beside the audio.
    if place % 4 == 0:
        (folder / "cover.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(200) + b"\xff\xd9")
    if place % 9 == 3:
        (folder / "info.nfo").write_text(f"{item.title}\nripped for the demo\n", encoding="utf-8")


def _write_audio(path: Path, seconds: float, title: str, artist: str) -> None:
    write = write_m4b if path.suffix == ".m4b" else write_mp3
    write(path, seconds, title=title, artist=artist, album=title)


def _release(release: WorldRelease, root: Path, written: dict[str, str]) -> BuiltRelease:
    content_root = root / "releases" / str(release.release_id)
    torrent_path = root / "torrents" / f"{release.release_id}.torrent"
    key = f"release-{release.release_id}"
    fingerprint = _fingerprint(release.title, release.authors, release.files, release.behaviour)
    paths = [content_root / PurePosixPath(name) for name, _ in release.files]
    recorded, _, info_hash = written.get(key, "").partition(" ")
    if recorded != fingerprint or not torrent_path.exists() or not all(path.exists() for path in paths):
        for path, (_, seconds) in zip(paths, release.files, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_release_file(release, path, seconds)
        torrent, info_hash = _torrent(release, content_root)
        torrent_path.write_bytes(torrent)
        written[key] = f"{fingerprint} {info_hash}"
    return BuiltRelease(
        release=release,
        torrent=torrent_path.read_bytes(),
        info_hash=info_hash,
        content_root=content_root,
        total_bytes=sum(path.stat().st_size for path in paths),
    )


def _write_release_file(release: WorldRelease, path: Path, seconds: float) -> None:
    if release.behaviour == "damaged":
        path.write_bytes(random.Random(release.release_id).randbytes(_DAMAGED_BYTES))
    elif path.suffix == ".epub":
        path.write_bytes(b"PK\x03\x04" + random.Random(release.release_id).randbytes(_EBOOK_BYTES))
    else:
        _write_audio(path, seconds, release.title, ", ".join(release.authors))


def _torrent(release: WorldRelease, content_root: Path) -> tuple[bytes, str]:
    """The .torrent as served, and the info-hash of what it should be."""
    top = PurePosixPath(release.files[0][0]).parts[0]
    made = torf.Torrent(
        path=content_root / top, trackers=[ANNOUNCE], private=True, created_by="demo", creation_date=None
    )
    made.piece_size = _PIECE_BYTES
    made.generate(threads=1)
    if release.behaviour == "unsafe_names":
        _make_unsafe(made)
    served = made.dump(validate=False)
    # "info" is the last key of the outer dictionary, and torf refuses to hash a tree that it can't see on disk.
    info_hash = hashlib.sha1(served[served.index(b"4:infod") + len(b"4:info") : -1]).hexdigest()
    return (HTML_INSTEAD_OF_TORRENT if release.behaviour == "html_torrent" else served), info_hash


def _make_unsafe(torrent: torf.Torrent) -> None:
    """Rewrite the file list so that the first file climbs out of the download folder."""
    info = torrent.metainfo["info"]
    length = info.pop("length", None)
    if length is not None:
        info["files"] = [{"length": length, "path": [info["name"]]}]
    info["files"][0]["path"] = ["..", "..", "escaped.m4b"]
