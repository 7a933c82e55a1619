"""How Audiobookshelf 2.36.0 writes its items, series, authors, libraries and tasks as JSON.

Here: shapes, key for key as recorded. Not here: what is on the shelf, and HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sized
from typing import Any

from mam_assets.sandbox.twins.audiobookshelf_folders import ShelfFile
from mam_assets.sandbox.twins.audiobookshelf_shelf import FIRST_ADDED, Shelf, Shelved, stable_id

VERSION = "2.36.0"
LIBRARY_ID = stable_id("library", "Audiobooks")
FOLDER_ID = stable_id("folder", "Audiobooks")
PODCASTS_ID = stable_id("library", "Podcasts")

_PREFIXES = ("the ", "a ")
_CODECS = {
    ".mp3": ("MP2/3 (MPEG audio layer 2/3)", "mp3", "1/14112000", "audio/mpeg"),
    ".m4b": ("QuickTime / MOV", "aac", "1/22050", "audio/mp4"),
}
_TAGS = re.compile(r"<[^>]*>")


def ignoring_prefix(title: str | None) -> str | None:
    """``The Gilded Age`` sorts as ``Gilded Age, The``."""
    for prefix in _PREFIXES:
        if title and title.lower().startswith(prefix):
            return f"{title[len(prefix) :]}, {title[: len(prefix) - 1]}"
    return title


def last_first(name: str) -> str:
    """``L. Frank Baum`` is filed as ``Baum, L. Frank``."""
    first, _, last = name.rpartition(" ")
    return f"{last}, {first}" if first else last


def _series_name(metadata: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} #{sequence}" if sequence else name for name, sequence in metadata["series"])


class Shapes:
    """JSON of one shelf. ``shown_root`` is the library folder as Audiobookshelf names it."""

    def __init__(self, shelf: Shelf, shown_root: str) -> None:
        self.shelf = shelf
        self.shown_root = shown_root.rstrip("/")

    # --- libraries ----------------------------------------------------------------------------------------------

    def libraries(self) -> list[dict[str, Any]]:
        podcasts = {
            **self.library(),
            "id": PODCASTS_ID,
            "name": "Podcasts",
            "folders": [
                {
                    "id": stable_id("folder", "Podcasts"),
                    "fullPath": "/podcasts",
                    "libraryId": PODCASTS_ID,
                    "addedAt": FIRST_ADDED,
                }
            ],
            "displayOrder": 2,
            "icon": "podcast",
            "mediaType": "podcast",
            "provider": "itunes",
        }
        return [self.library(), podcasts]

    def library(self) -> dict[str, Any]:
        settings: dict[str, Any] = {
            "coverAspectRatio": 1,
            "disableWatcher": False,
            "autoScanCronExpression": None,
            "skipMatchingMediaWithAsin": False,
            "skipMatchingMediaWithIsbn": False,
            "audiobooksOnly": False,
            "epubsAllowScriptedContent": False,
            "hideSingleBookSeries": False,
            "onlyShowLaterBooksInContinueSeries": False,
            "metadataPrecedence": ["folderStructure", "audioMetatags", "nfoFile", "txtFiles", "opfFile", "absMetadata"],
            "markAsFinishedPercentComplete": None,
            "markAsFinishedTimeRemaining": 10,
        }
        folder = {"id": FOLDER_ID, "fullPath": self.shown_root, "libraryId": LIBRARY_ID, "addedAt": FIRST_ADDED}
        return {
            "id": LIBRARY_ID,
            "name": "Audiobooks",
            "folders": [folder],
            "displayOrder": 1,
            "icon": "database",
            "mediaType": "book",
            "provider": "audible",
            "settings": settings,
            "lastScan": self.shelf.last_scan,
            "lastScanVersion": VERSION,
            "createdAt": FIRST_ADDED,
            "lastUpdate": self.shelf.last_scan,
        }

    # --- items --------------------------------------------------------------------------------------------------

    def minified(self, item: Shelved, series: str | None = None) -> dict[str, Any]:
        """An item of a list. ``series`` (lower case) adds the one entry that a list filtered by series shows."""
        metadata = {
            **self._scalars(item),
            "authorName": ", ".join(item.metadata["authors"]),
            "authorNameLF": ", ".join(map(last_first, item.metadata["authors"])),
            "narratorName": ", ".join(item.metadata["narrators"]),
            "seriesName": _series_name(item.metadata),
        }
        if series is not None:
            metadata["series"] = next(entry for entry in self._series_of(item) if entry["name"].lower() == series)
        media = {"id": stable_id("media", item.id), "metadata": metadata, **self._counts(item)}
        return {**self._head(item), "media": media, **self._weight(item)}

    def plain(self, item: Shelved) -> dict[str, Any]:
        """An item alone, not expanded: arrays, but no length and no sizes."""
        head = self._head(item)
        at = list(head).index("isMissing")
        scanned = {"lastScan": item.scanned_at, "scanVersion": VERSION}
        head = {**dict(list(head.items())[:at]), **scanned, **dict(list(head.items())[at:])}
        media = {
            "id": stable_id("media", item.id),
            "libraryItemId": item.id,
            "metadata": self._arrays(item),
            "coverPath": self._cover(item),
            "tags": item.tags,
            "audioFiles": self._audio_files(item),
            "chapters": self._chapters(item),
            "ebookFile": None,
        }
        return {**head, "media": media, "libraryFiles": self._library_files(item)}

    def expanded(self, item: Shelved) -> dict[str, Any]:
        short = self.minified(item)["media"]["metadata"]
        names = ("titleIgnorePrefix", "authorName", "authorNameLF", "narratorName", "seriesName")
        description = item.metadata["description"]
        metadata = {
            **self._arrays(item),
            **{name: short[name] for name in names},
            "descriptionPlain": None if description is None else _TAGS.sub("", description),
        }
        media = {
            "id": stable_id("media", item.id),
            "metadata": metadata,
            **self._counts(item),
            "libraryItemId": item.id,
            "audioFiles": self._audio_files(item),
            "chapters": self._chapters(item),
            "ebookFile": None,
            "tracks": self._tracks(item),
        }
        return {
            **self._head(item),
            "media": media,
            **self._weight(item),
            "lastScan": item.scanned_at,
            "scanVersion": VERSION,
            "libraryFiles": self._library_files(item),
        }

    def _head(self, item: Shelved) -> dict[str, Any]:
        touched = max((file.mtime_ms for file in item.files), default=item.added_at)
        return {
            "id": item.id,
            "ino": item.ino,
            "oldLibraryItemId": None,
            "libraryId": LIBRARY_ID,
            "folderId": FOLDER_ID,
            "path": f"{self.shown_root}/{item.folder}",
            "relPath": item.folder,
            "isFile": "/" not in item.folder and len(item.files) == 1 and item.files[0].name == item.folder,
            "mtimeMs": touched,
            "ctimeMs": touched,
            "birthtimeMs": touched,
            "addedAt": item.added_at,
            "updatedAt": item.updated_at,
            "isMissing": item.missing,
            "isInvalid": False,
            "mediaType": "book",
        }

    def _scalars(self, item: Shelved) -> dict[str, Any]:
        names = ["subtitle", "genres", "publishedYear", "publishedDate", "publisher", "description"]
        names += ["isbn", "asin", "language", "explicit", "abridged"]
        title = item.metadata["title"]
        return {
            "title": title,
            "titleIgnorePrefix": ignoring_prefix(title),
            **{name: item.metadata[name] for name in names},
        }

    def _arrays(self, item: Shelved) -> dict[str, Any]:
        scalars = self._scalars(item)
        scalars.pop("titleIgnorePrefix")
        people = self.shelf.people
        return {
            **scalars,
            "authors": [{"id": people[name.lower()]["id"], "name": name} for name in item.metadata["authors"]],
            "narrators": item.metadata["narrators"],
            "series": self._series_of(item),
        }

    def _series_of(self, item: Shelved) -> list[dict[str, Any]]:
        ids = self.shelf.series
        return [
            {"id": ids[name.lower()]["id"], "name": name, "sequence": sequence}
            for name, sequence in item.metadata["series"]
        ]

    def _counts(self, item: Shelved) -> dict[str, Any]:
        return {
            "coverPath": self._cover(item),
            "tags": item.tags,
            "numTracks": len(item.audio),
            "numAudioFiles": len(item.audio),
            "numChapters": len(self._chapters(item)),
            "duration": item.seconds,
            "size": sum(file.size for file in item.audio),
        }

    def _weight(self, item: Shelved) -> dict[str, Any]:
        return {"numFiles": len(item.files), "size": sum(file.size for file in item.files)}

    def _cover(self, item: Shelved) -> str | None:
        image = next((file.name for file in item.files if file.kind == "image"), None)
        return None if image is None else f"{self.shown_root}/{item.folder}/{image}"

    def _file(self, item: Shelved, file: ShelfFile) -> dict[str, Any]:
        alone = file.name == item.folder
        return {
            "filename": file.name.rpartition("/")[2],
            "ext": file.extension,
            "path": f"{self.shown_root}/{item.folder}" + ("" if alone else f"/{file.name}"),
            "relPath": file.name,
            "size": file.size,
            "mtimeMs": file.mtime_ms,
            "ctimeMs": file.mtime_ms,
            "birthtimeMs": file.mtime_ms,
        }

    def _audio_files(self, item: Shelved) -> list[dict[str, Any]]:
        files = []
        for index, file in enumerate(item.audio, start=1):
            kind, codec, time_base, mime = _CODECS.get(file.extension, _CODECS[".m4b"])
            number = re.search(r"\d{1,3}", file.name.rpartition("/")[2])
            files.append(
                {
                    "index": index,
                    "ino": file.ino,
                    "metadata": self._file(item, file),
                    "addedAt": item.added_at,
                    "updatedAt": item.added_at,
                    "trackNumFromMeta": None,
                    "discNumFromMeta": None,
                    "trackNumFromFilename": int(number[0]) if number and len(item.audio) > 1 else None,
                    "discNumFromFilename": None,
                    "manuallyVerified": False,
                    "exclude": False,
                    "error": None,
                    "format": kind,
                    "duration": file.seconds,
                    "bitRate": round(file.size * 8 / (file.seconds or 1)),
                    "language": None,
                    "codec": codec,
                    "timeBase": time_base,
                    "channels": 1,
                    "channelLayout": "mono",
                    "chapters": [],
                    "embeddedCoverArt": None,
                    "metaTags": file.tags,
                    "mimeType": mime,
                }
            )
        return files

    def _tracks(self, item: Shelved) -> list[dict[str, Any]]:
        tracks, start = [], 0.0
        for file in self._audio_files(item):
            place = {
                "title": file["metadata"]["filename"],
                "startOffset": round(start, 6) if start else 0,
                "contentUrl": f"/api/items/{item.id}/file/{file['ino']}",
            }
            tracks.append({**file, **place})
            start += file["duration"]
        return tracks

    def _chapters(self, item: Shelved) -> list[dict[str, Any]]:
        """A book of several files gets a chapter a file; one of a single file has none."""
        chapters: list[dict[str, Any]] = []
        start = 0.0
        for index, file in enumerate(item.audio if len(item.audio) > 1 else ()):
            end = round(start + (file.seconds or 0.0), 6)
            title = file.name.rpartition("/")[2].rpartition(".")[0]
            chapters.append({"id": index, "start": start, "end": end, "title": title})
            start = end
        return chapters

    def _library_files(self, item: Shelved) -> list[dict[str, Any]]:
        return [
            {
                "ino": file.ino,
                "metadata": self._file(item, file),
                "isSupplementary": None,
                "addedAt": item.added_at,
                "updatedAt": item.added_at,
                "fileType": file.kind,
            }
            for file in item.files
        ]

    # --- series and authors -------------------------------------------------------------------------------------

    def series(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "id": entry["id"],
            "name": entry["name"],
            "nameIgnorePrefix": ignoring_prefix(entry["name"]),
            "description": None,
            "addedAt": entry["addedAt"],
            "updatedAt": entry["addedAt"],
            "libraryId": LIBRARY_ID,
        }

    def author(self, entry: Mapping[str, Any], items: Sized) -> dict[str, Any]:
        return {
            "id": entry["id"],
            "asin": None,
            "name": entry["name"],
            "description": None,
            "imagePath": None,
            "libraryId": LIBRARY_ID,
            "addedAt": entry["addedAt"],
            "updatedAt": entry["addedAt"],
            "numBooks": len(items),
            "lastFirst": last_first(entry["name"]),
        }


def task(library: Mapping[str, Any], action: str, started: int) -> dict[str, Any]:
    return {
        "id": stable_id("task", action, str(started)),
        "action": action,
        "data": {
            "libraryId": library["id"],
            "libraryName": library["name"],
            "libraryMediaType": library["mediaType"],
        },
        "title": f'Scanning "{library["name"]}" library',
        "titleKey": "MessageTaskScanningLibrary",
        "titleSubs": [library["name"]],
        "description": None,
        "descriptionKey": None,
        "descriptionSubs": None,
        "error": None,
        "errorKey": None,
        "errorSubs": None,
        "showSuccess": True,
        "isFailed": False,
        "isFinished": False,
        "startedAt": started,
        "finishedAt": None,
    }
