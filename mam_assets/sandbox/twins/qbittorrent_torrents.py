"""The torrents of the qBittorrent twin: how they move through their states, deliver their files and are remembered.

Here: one torrent's life, the set of them, the state file. Not here: HTTP, sessions and versions (qbittorrent.py), and
how a torrent looks as JSON (qbittorrent_shapes.py). Not thread-safe: the twin holds a lock around every call. Times are
seconds since the epoch, from a clock that is passed in; nothing runs by itself.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mam_assets.sandbox.twins.bencode import TorrentFile, read_torrent
from mam_assets.sandbox.world.model import BuiltRelease

STALLS_AT = 0.37
FORCED = ("error", "missingFiles", "moving")


@dataclass(frozen=True)
class Content:
    """What the peers of a torrent have: ``content_root`` holds its tree; ``behaviour`` as in ``WorldRelease``.
    ``torrent`` is what a magnet learns from them; None: it waits for ever."""

    content_root: Path
    behaviour: str = "ok"
    torrent: bytes | None = None


def contents_of(releases: Iterable[BuiltRelease]) -> dict[str, Content]:
    """By info-hash."""
    return {built.info_hash: Content(built.content_root, built.release.behaviour, built.torrent) for built in releases}


@dataclass
class Torrent:
    """``limit`` is the progress that the peers can give: 1, or less when the torrent stalls. ``forced`` is a state that
    a test put it into. ``foreign``: not ours, there from the start, without files on disk."""

    hash: str
    name: str
    files: list[tuple[str, int]]
    single: bool
    piece_bytes: int
    private: bool
    trackers: list[str]
    comment: str
    save_path: str
    added_on: float
    category: str = ""
    tags: list[str] = field(default_factory=list)
    auto_tmm: bool = False
    by_magnet: bool = False
    limit: float = 1.0
    base: float = 0.0  # progress at the moment `running_since`
    running_since: float | None = None  # None: stopped
    checking_until: float = 0.0
    completed_on: float | None = None
    forced: str | None = None
    foreign: bool = False

    @property
    def size(self) -> int:
        return sum(size for _, size in self.files)

    @property
    def root_path(self) -> str:
        return "" if self.single or not self.files else f"{self.save_path}/{self.files[0][0].partition('/')[0]}"

    @property
    def content_path(self) -> str:
        return self.root_path or (f"{self.save_path}/{self.files[0][0]}" if self.files else self.save_path)


class Torrents:
    """All torrents by hash. ``download_seconds`` is how long a download takes, ``check_seconds`` any check of files."""

    def __init__(
        self,
        contents: Mapping[str, Content],
        save_root: Path,
        clock: Callable[[], float],
        *,
        state_path: Path | None,
        download_seconds: float,
        check_seconds: float,
    ) -> None:
        self.contents = contents
        self.save_root = save_root
        self.clock = clock
        self.download_seconds = download_seconds
        self.check_seconds = check_seconds
        self.rows: dict[str, Torrent] = {}
        self.categories: dict[str, str] = {}
        self.tags: set[str] = set()
        self._state_path = state_path
        if state_path is not None and state_path.exists():
            state = json.loads(state_path.read_text(encoding="utf-8"))
            self.categories, self.tags = dict(state["categories"]), set(state["tags"])
            for row in state["torrents"]:
                row["files"] = [(name, size) for name, size in row["files"]]
                self.rows[row["hash"]] = Torrent(**row)
        else:
            self._add_foreign()
            self.save()

    def save(self) -> None:
        """Write the state file as a whole, by rename."""
        if self._state_path is None:
            return
        torrents = [asdict(torrent) for torrent in self.rows.values()]
        state = {"categories": self.categories, "tags": sorted(self.tags), "torrents": torrents}
        self._state_path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._state_path.with_suffix(".new")
        fresh.write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")
        os.replace(fresh, self._state_path)

    def _add_foreign(self) -> None:
        """What the person has in the client already and nobody may touch."""
        now = self.clock()
        self.categories = {"linux": ""}
        self.tags = {"keep"}
        for number, (name, category, done) in enumerate(
            [
                ("debian-netinst.iso", "linux", True),
                ("holiday-pictures.zip", "", True),
                ("big-archive.tar", "linux", False),
            ]
        ):
            self.rows[f"{number + 1:040x}"] = Torrent(
                hash=f"{number + 1:040x}",
                name=name,
                files=[(name, 700_000_000)],
                single=True,
                piece_bytes=262_144,
                private=False,
                trackers=["http://tracker.invalid/announce"],
                comment="",
                save_path=f"{self.save_root}/others",
                added_on=now - 864_000,
                category=category,
                tags=["keep"] if done else [],
                limit=1.0 if done else 0.2,
                base=1.0 if done else 0.2,
                running_since=now - 864_000,
                completed_on=now - 800_000 if done else None,
                foreign=True,
            )

    # --- what a client may do -----------------------------------------------------------------------------------

    def add(
        self, file: TorrentFile, *, save_path: str, category: str, tags: list[str], stopped: bool
    ) -> Torrent | None:
        """A new torrent from a file; None when it is there already."""
        if file.info_hash in self.rows:
            return None
        now, content = self.clock(), self.contents.get(file.info_hash)
        limit = 0.0 if content is None else STALLS_AT if content.behaviour == "never_completes" else 1.0
        torrent = Torrent(
            hash=file.info_hash,
            name=file.name,
            files=list(file.files),
            single=file.single,
            piece_bytes=file.piece_bytes,
            private=file.private,
            trackers=list(file.trackers),
            comment=file.comment,
            save_path=save_path,
            added_on=now,
            category=category,
            tags=tags,
            limit=limit,
            running_since=None if stopped else now + self.check_seconds,
            checking_until=now + self.check_seconds,
        )
        self._enter(torrent)
        return torrent

    def add_magnet(self, info_hash: str, name: str, **options: Any) -> Torrent | None:
        """A new torrent from a magnet: it has its metadata once the peers have told it, if they ever do."""
        content = self.contents.get(info_hash)
        file = TorrentFile(info_hash, name or info_hash, (), True, 0, False, (), "")
        if content is not None and content.torrent is not None:
            with suppress(ValueError):  # a page in the place of a torrent file tells nothing
                file = read_torrent(content.torrent)
        torrent = self.add(file, **options)
        if torrent is not None:
            torrent.by_magnet = True
            if not torrent.files:
                torrent.limit = 0.0
            self.save()
        return torrent

    def has_metadata(self, torrent: Torrent) -> bool:
        return bool(torrent.files) and not (torrent.by_magnet and self.clock() < torrent.checking_until)

    def _enter(self, torrent: Torrent) -> None:
        if torrent.category:
            self.categories.setdefault(torrent.category, "")
        self.tags.update(torrent.tags)
        self.rows[torrent.hash] = torrent
        self.save()

    def remove(self, torrent: Torrent, delete_files: bool) -> None:
        self.rows.pop(torrent.hash, None)
        if delete_files and not torrent.foreign:
            root = Path(torrent.save_path)
            for name, _ in torrent.files:
                (root / name).unlink(missing_ok=True)
                for folder in (root / name).relative_to(root).parents:
                    if folder != Path() and (root / folder).is_dir() and not any((root / folder).iterdir()):
                        (root / folder).rmdir()
        self.save()

    def start(self, torrent: Torrent) -> None:
        if torrent.running_since is None:
            torrent.running_since = max(self.clock(), torrent.checking_until)
        self.force(torrent, None)

    def stop(self, torrent: Torrent) -> None:
        torrent.base, torrent.running_since = self.progress(torrent), None
        self.save()

    def recheck(self, torrent: Torrent) -> None:
        """Look at the files again: a torrent whose files are gone begins anew."""
        now = self.clock()
        if not torrent.foreign and not all((Path(torrent.save_path) / name).exists() for name, _ in torrent.files):
            torrent.base, torrent.completed_on = 0.0, None
        torrent.forced = None
        torrent.checking_until = now + self.check_seconds
        if torrent.running_since is not None:
            torrent.running_since = torrent.checking_until
        self.save()

    def force(self, torrent: Torrent, state: str | None) -> None:
        """Put a torrent into a state in which nothing arrives; None lets it go on from where it stood."""
        if torrent.forced != state and torrent.running_since is not None:
            torrent.base, torrent.running_since = self.progress(torrent), max(self.clock(), torrent.checking_until)
        torrent.forced = state
        self.save()

    def finish(self, torrent: Torrent) -> None:
        """The rest arrives at once."""
        torrent.base = torrent.limit = 1.0
        torrent.running_since = None if torrent.running_since is None else self.clock()
        self.advance()

    # --- time ---------------------------------------------------------------------------------------------------

    def progress(self, torrent: Torrent) -> float:
        """0..1 at this moment."""
        if torrent.completed_on is not None:
            return 1.0
        since = None if torrent.forced else torrent.running_since
        ran = 0.0 if since is None else max(0.0, self.clock() - since)
        return min(torrent.limit, torrent.base + (ran / self.download_seconds if self.download_seconds else 1.0))

    def advance(self) -> None:
        """Deliver the files of every torrent that is complete by now, dated to when it became so."""
        for torrent in self.rows.values():
            if torrent.completed_on is None and not torrent.forced and self.progress(torrent) >= 1.0:
                self._deliver(torrent)
                needed = (1.0 - torrent.base) * self.download_seconds
                done = self.clock() if torrent.running_since is None else torrent.running_since + needed
                torrent.base, torrent.completed_on = 1.0, min(done, self.clock())
                self.save()

    def _deliver(self, torrent: Torrent) -> None:
        content = self.contents.get(torrent.hash)
        if content is None:
            return
        for name, size in torrent.files:
            target = Path(torrent.save_path) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(_source(content.content_root, name, size), target)

    def state(self, torrent: Torrent, stopped_name: str = "stopped") -> str:
        """The state by its API name. ``stopped_name`` is paused before 5.0."""
        now, done = self.clock(), torrent.completed_on is not None
        if torrent.forced:
            return torrent.forced
        if not self.has_metadata(torrent) and torrent.running_since is not None:
            return "metaDL"
        if now < torrent.checking_until:
            fresh = torrent.added_on + self.check_seconds >= torrent.checking_until
            return "checkingResumeData" if fresh else "checkingUP" if done else "checkingDL"
        if torrent.running_since is None:
            return f"{stopped_name}{'UP' if done else 'DL'}"
        if done:
            return "uploading" if now - (torrent.completed_on or 0.0) < self.download_seconds else "stalledUP"
        return "downloading" if self.progress(torrent) < torrent.limit else "stalledDL"


def _source(root: Path, name: str, size: int) -> Path:
    """The file of the peers that a torrent calls ``name``; found by its size where the name had to be made safe."""
    if (root / name).is_file():
        return root / name
    return next(path for path in sorted(root.rglob("*")) if path.is_file() and path.stat().st_size == size)
