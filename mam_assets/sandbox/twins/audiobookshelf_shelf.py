"""What stands on the shelf of the Audiobookshelf twin, and its memory over a restart.

Here: items, their metadata and how a change alters it, scanning the library folder, the state file. Not here: reading
one folder (audiobookshelf_folders.py), JSON (audiobookshelf_shapes.py), HTTP (audiobookshelf.py). Not thread-safe: the
twin holds a lock around every call. All times are epoch milliseconds.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mam_assets.sandbox.twins.audiobookshelf_folders import ShelfFile, item_folders, metadata_of, read_files, same_files
from mam_assets.sandbox.world.model import OwnedItem

FIRST_ADDED = 1_704_067_200_000
SYNTHETIC_BYTES_PER_SECOND = 8000
SCALARS = (
    "title",
    "subtitle",
    "publishedYear",
    "publishedDate",
    "publisher",
    "description",
    "isbn",
    "asin",
    "language",
)

_NAMESPACE = uuid.UUID("6d3bb0d4-5d0e-4f4c-9b0a-6a8f0c6f3a51")


def stable_id(*parts: str) -> str:
    """The same id for the same parts, in every run."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts)))


@dataclass
class Shelved:
    """One item. ``metadata`` has Audiobookshelf's own keys; see ``metadata_of``. ``on_disk`` False: never had files."""

    id: str
    folder: str
    added_at: int
    updated_at: int
    scanned_at: int
    metadata: dict[str, Any]
    files: list[ShelfFile]
    tags: list[str] = field(default_factory=list)
    missing: bool = False
    on_disk: bool = True
    ino: str = "0"

    @property
    def audio(self) -> list[ShelfFile]:
        return [file for file in self.files if file.kind == "audio" and file.seconds is not None]

    @property
    def seconds(self) -> float:
        return round(sum(file.seconds or 0.0 for file in self.audio), 6)


class Shelf:
    """The items of one book library, by id, in the order in which they were added."""

    def __init__(self, root: Path, owned: Iterable[OwnedItem], state_path: Path | None, synthetic: int = 0) -> None:
        self.root = root
        self.state_path = state_path
        self.items: dict[str, Shelved] = {}
        self.people: dict[str, dict[str, Any]] = {}  # lower-case name -> {"id", "name", "addedAt"}
        self.series: dict[str, dict[str, Any]] = {}
        self.last_scan = FIRST_ADDED
        if state_path is not None and state_path.exists():
            self._load(json.loads(state_path.read_text(encoding="utf-8")))
        else:
            for index, item in enumerate(owned):
                self._place(item, index)
        for index in range(synthetic):
            self._place_synthetic(index)
        self.save()

    # --- memory -------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Write the state file as a whole, by rename, so that a kill leaves the old or the new one."""
        if self.state_path is None:
            return
        state = {
            "last_scan": self.last_scan,
            "people": self.people,
            "series": self.series,
            "items": [asdict(item) for item in self.items.values() if not item.id.startswith("synthetic")],
        }
        self.state_path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.state_path.with_suffix(".new")
        fresh.write_text(json.dumps(state, ensure_ascii=False), encoding="utf-8")
        os.replace(fresh, self.state_path)
        self._journal.unlink(missing_ok=True)

    def save_item(self, item: Shelved) -> None:
        """Keep one item's change as a line of a journal: the whole file each time would be most of a demo's work."""
        if self.state_path is None:
            return
        line = {"item": asdict(item), "people": self.people, "series": self.series}
        with self._journal.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(line) + "\n")

    @property
    def _journal(self) -> Path:
        assert self.state_path is not None
        return self.state_path.with_suffix(".journal")

    def _load(self, state: Mapping[str, Any]) -> None:
        self.last_scan, self.people, self.series = state["last_scan"], dict(state["people"]), dict(state["series"])
        for row in state["items"]:
            self._load_item(row)
        for line in self._journal.read_text(encoding="utf-8").splitlines() if self._journal.exists() else ():
            try:
                change = json.loads(line)
            except json.JSONDecodeError:
                break  # a kill in the middle of the last line: that change was never answered
            self.people, self.series = dict(change["people"]), dict(change["series"])
            self._load_item(change["item"])

    def _load_item(self, row: Mapping[str, Any]) -> None:
        files = [ShelfFile(**file) for file in row["files"]]
        self.items[row["id"]] = Shelved(**{**row, "files": files})

    # --- filling ------------------------------------------------------------------------------------------------

    def _place(self, item: OwnedItem, index: int) -> None:
        place = self.root / item.folder
        on_disk = place.exists()
        files = read_files(place) if on_disk else [_imagined(name, seconds) for name, seconds in item.files]
        # Every tenth shares its time with the one before it: a mark made of the time alone would lose it.
        added = FIRST_ADDED + (index - (index % 10 == 9)) * 60_000
        metadata = {
            "title": item.title,
            "subtitle": item.subtitle,
            "authors": list(item.authors),
            "narrators": list(item.narrators),
            "series": [list(entry) for entry in item.series],
            "genres": list(item.genres),
            "publishedYear": None if item.year is None else str(item.year),
            "publishedDate": None,
            "publisher": item.publisher,
            "description": item.description,
            "isbn": item.isbn,
            "asin": item.asin,
            "language": item.language,
            "explicit": False,
            "abridged": item.abridged,
        }
        self._add(
            Shelved(stable_id("item", item.key), item.folder, added, added, added, metadata, files, on_disk=on_disk)
        )

    def _place_synthetic(self, index: int) -> None:
        author, series, place = f"Author {index // 10:05}", f"Series {index // 10:05}", index % 10 + 1
        folder = f"{author}/{series}/Vol {place} - Title {index:06}"
        files = [_imagined(f"Title {index:06}.m4b", 3600.0 + index % 1000)]
        metadata = {**metadata_of(folder, files), "narrators": [f"Reader {index % 97}"], "language": "English"}
        added = FIRST_ADDED + index * 1000
        self._add(Shelved(f"synthetic-{index:06}", folder, added, added, added, metadata, files, on_disk=False))

    def _add(self, item: Shelved) -> None:
        item.ino = item.files[0].ino if item.files else "0"
        for name in item.metadata["authors"]:
            self.person(name, item.added_at)
        for name, _ in item.metadata["series"]:
            self.series_named(name, item.added_at)
        self.items[item.id] = item

    def person(self, name: str, now: int) -> dict[str, Any]:
        """The author of this name in any case, made when new."""
        fresh = {"id": stable_id("author", name.lower()), "name": name, "addedAt": now}
        return self.people.setdefault(name.lower(), fresh)

    def series_named(self, name: str, now: int) -> dict[str, Any]:
        """The series of this name in any case, made when new."""
        fresh = {"id": stable_id("series", name.lower()), "name": name, "addedAt": now}
        return self.series.setdefault(name.lower(), fresh)

    # --- scanning -----------------------------------------------------------------------------------------------

    def scan(self, now: int) -> int:
        """Look at the disk: new folders become items, gone ones are marked missing, changed ones are read again (their
        metadata stays). The number of new items."""
        known = {item.folder: item for item in self.items.values() if item.on_disk}
        present = set(item_folders(self.root)) if self.root.is_dir() else set()
        fresh = 0
        for folder in sorted(present - known.keys()):
            files = read_files(self.root / folder)
            if any(file.seconds is not None or file.kind == "ebook" for file in files):
                metadata = metadata_of(folder, files)
                self._add(Shelved(str(uuid.uuid4()), folder, now + fresh, now + fresh, now, metadata, files))
                fresh += 1
        for folder, item in known.items():
            if item.missing != (folder not in present):
                item.missing = folder not in present
                item.updated_at = now
            if not item.missing and not same_files(self.root / folder, item.files):
                item.files = read_files(self.root / folder)
                item.updated_at = item.scanned_at = now
        self.last_scan = now
        self.save()
        return fresh

    # --- changing -----------------------------------------------------------------------------------------------

    def change(self, item: Shelved, payload: Mapping[str, Any], now: int) -> bool:
        """Apply a media payload with the quirks of services.md 1.7; whether anything changed. The caller saves."""
        before = json.dumps([item.metadata, item.tags])
        wanted = payload.get("metadata")
        if isinstance(wanted, Mapping):
            self._change_metadata(item.metadata, wanted, now)
        if isinstance(payload.get("tags"), list):
            item.tags = _strings(payload["tags"])
        changed = json.dumps([item.metadata, item.tags]) != before
        if changed:
            item.updated_at = now
        return changed

    def _change_metadata(self, metadata: dict[str, Any], wanted: Mapping[str, Any], now: int) -> None:
        for name in SCALARS:
            value = wanted.get(name, ...)
            if value is None or value == "":
                metadata[name] = None
            elif isinstance(value, str | int | float) and not isinstance(value, bool):
                metadata[name] = str(value)
        for name in ("explicit", "abridged"):
            if isinstance(wanted.get(name), bool):
                metadata[name] = wanted[name]
        for name in ("narrators", "genres"):
            if isinstance(wanted.get(name), list):
                metadata[name] = _strings(wanted[name])
        if isinstance(authors := wanted.get("authors"), list):
            names = [entry["name"] for entry in authors if _has_name(entry)]
            metadata["authors"] = [self.person(name, now)["name"] for name in names]
        if isinstance(series := wanted.get("series"), list) and all(_has_name(entry) for entry in series):
            metadata["series"] = [
                [
                    self.series_named(entry["name"], now)["name"],
                    entry["sequence"] if isinstance(entry.get("sequence"), str) and entry["sequence"] else None,
                ]
                for entry in series
            ]


def _has_name(entry: Any) -> bool:
    return isinstance(entry, Mapping) and isinstance(entry.get("name"), str) and bool(entry["name"])


def _strings(values: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(value for value in values if isinstance(value, str) and value))


def _imagined(name: str, seconds: float) -> ShelfFile:
    number = str(int(stable_id("file", name)[:6], 16))
    return ShelfFile(name, number, int(seconds * SYNTHETIC_BYTES_PER_SECOND), FIRST_ADDED, seconds)
