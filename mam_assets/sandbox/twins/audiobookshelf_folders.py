"""What Audiobookshelf learns from a folder: its files, their lengths and tags, and the metadata that the path spells.

Here: reading the disk. Not here: which items are known (audiobookshelf_shelf.py) and how they look as JSON
(audiobookshelf_shapes.py). The rules of the path were checked against recordings of Audiobookshelf 2.36.0: tags of the
audio win over the path, a subtitle is not split off, a sequence is only looked for below a series folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import mutagen

AUDIO = {".m4b", ".mp3", ".m4a", ".flac", ".opus", ".ogg", ".oga", ".mp4", ".aac", ".wma", ".wav"}
EBOOK = {".epub", ".pdf", ".mobi", ".azw3", ".cbr", ".cbz"}
IMAGE = {".png", ".jpg", ".jpeg", ".webp"}
TEXT = {".txt", ".nfo"}
METADATA = {".opf", ".abs", ".xml", ".json"}

_DISC = re.compile(r"^(cd|disc|disk)\s*\d{1,3}$", re.IGNORECASE)
_NARRATOR = re.compile(r"\{(?P<narrators>[^{}]*)\}$")
_ASIN = re.compile(r"[(\[](?P<asin>B0[A-Z0-9]{8})[)\]]", re.IGNORECASE)
_VOLUME = re.compile(
    r"^(?P<label>vol\.? |volume |book )?(?P<number>\d{1,3}(?:\.\d{1,2})?)(?P<dot>\.?)(?: (?P<rest>.*))?$", re.I
)
_YEAR = re.compile(r"^\(?(?P<year>\d{4})\)? - (?P<rest>.+)$")


@dataclass
class ShelfFile:
    """A file of an item. ``name`` is relative to the item's folder; ``seconds`` None: no readable audio."""

    name: str
    ino: str
    size: int
    mtime_ms: int
    seconds: float | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def extension(self) -> str:
        return PurePosixPath(self.name).suffix.lower()

    @property
    def kind(self) -> str:
        for kind, extensions in (
            ("audio", AUDIO),
            ("ebook", EBOOK),
            ("image", IMAGE),
            ("text", TEXT),
            ("metadata", METADATA),
        ):
            if self.extension in extensions:
                return kind
        return "unknown"

    def state(self) -> dict[str, Any]:
        return asdict(self)


def item_folders(root: Path) -> Iterator[str]:
    """Relative paths of what counts as one item: a folder with media (its disc folders belong to it), or a single media
    file that lies in the root."""
    found: set[str] = set()
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() not in AUDIO | EBOOK or not path.is_file() or _hidden(path.relative_to(root)):
            continue
        folder = path.parent.relative_to(root)
        while folder.name and _DISC.match(folder.name):
            folder = folder.parent
        found.add(path.name if folder == Path() else folder.as_posix())
    # A folder that itself holds media owns everything below it.
    for folder_name in sorted(found):
        if not any(str(above) in found for above in PurePosixPath(folder_name).parents if str(above) != "."):
            yield folder_name


def read_files(place: Path) -> list[ShelfFile]:
    """Every file of an item, audio measured. A file that isn't the audio its name says has ``seconds`` None."""
    return [_read_file(path, name) for name, path in _files_of(place)]


def same_files(place: Path, files: list[ShelfFile]) -> bool:
    """Whether an item still has just these files, going by name, size and time."""
    known = [(file.name, file.size, file.mtime_ms) for file in files]
    stats = [(name, path.stat()) for name, path in _files_of(place)]
    return known == [(name, stat.st_size, int(stat.st_mtime * 1000)) for name, stat in stats]


def _files_of(place: Path) -> list[tuple[str, Path]]:
    if place.is_file():
        return [(place.name, place)]
    files = [(path.relative_to(place), path) for path in sorted(place.rglob("*")) if path.is_file()]
    return [(name.as_posix(), path) for name, path in files if not _hidden(name)]


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _read_file(path: Path, name: str) -> ShelfFile:
    stat = path.stat()
    file = ShelfFile(name, str(stat.st_ino), stat.st_size, int(stat.st_mtime * 1000))
    if file.kind == "audio":
        try:
            audio = mutagen.File(path, easy=True)
        except mutagen.MutagenError:
            return file
        if audio is not None and audio.info is not None and audio.info.length > 0:
            file.seconds = round(float(audio.info.length), 6)
            names = {"album": "tagAlbum", "artist": "tagArtist", "title": "tagTitle"}
            file.tags = {
                names[key]: str(value[0]) for key, value in (audio.tags or {}).items() if key in names and value
            }
    return file


def metadata_of(folder: str, files: list[ShelfFile]) -> dict[str, Any]:
    """The metadata of a new item: what its path spells, overruled by the tags of its first audio file.

    Keys as Audiobookshelf names them, with ``authors`` and ``narrators`` as lists of names and ``series`` as a list of
    [name, sequence].
    """
    *above, leaf = PurePosixPath(folder).parts
    if PurePosixPath(folder).suffix.lower() in AUDIO | EBOOK and not above:
        leaf = PurePosixPath(leaf).stem
    series = above[-1] if len(above) > 1 else None
    author = above[-2] if len(above) > 1 else (above[-1] if above else None)
    narrators: list[str] = []
    if found := _NARRATOR.search(leaf):
        narrators, leaf = split_names(found["narrators"]), leaf[: found.start()].strip()
    asin = None
    if found := _ASIN.search(leaf):
        asin, leaf = found["asin"].upper(), (leaf[: found.start()] + leaf[found.end() :]).strip()
    sequence = None
    if series is not None:
        leaf, sequence = _take_sequence(leaf)
    year = None
    if found := _YEAR.match(leaf):
        year, leaf = found["year"], found["rest"]
    tags = next((file.tags for file in files if file.seconds is not None), {})
    return {
        "title": tags.get("tagAlbum") or tags.get("tagTitle") or leaf,
        "subtitle": None,
        "authors": split_names(tags.get("tagArtist") or author or ""),
        "narrators": narrators,
        "series": [[series, sequence]] if series else [],
        "genres": [],
        "publishedYear": year,
        "publishedDate": None,
        "publisher": None,
        "description": None,
        "isbn": None,
        "asin": asin,
        "language": None,
        "explicit": False,
        "abridged": False,
    }


def _take_sequence(leaf: str) -> tuple[str, str | None]:
    """Split ``Vol 3.5 - Title`` and its like into title and sequence. ``101 Dalmatians`` is all title."""
    parts = leaf.split(" - ")
    for index, part in enumerate(parts):
        found = _VOLUME.match(part)
        if found is None or (found["rest"] and not (found["label"] or found["dot"])):
            continue
        if len(parts) == 1 and not found["rest"]:
            return leaf, None  # the number is the whole title
        parts[index : index + 1] = [found["rest"]] if found["rest"] else []
        return " - ".join(parts), f"{float(found['number']):g}"
    return leaf, None


def split_names(text: str) -> list[str]:
    """``A & B``, ``A; B`` and ``A B, C D`` are several people; ``Last, First`` is one."""
    names = [name.strip() for name in re.split(r"\s*[&;]\s*|\s+and\s+", text) if name.strip()]
    if len(names) == 1 and "," in names[0]:
        pieces = [piece.strip() for piece in names[0].split(",") if piece.strip()]
        if len(pieces) == 2 and " " not in pieces[0]:
            return [f"{pieces[1]} {pieces[0]}"]
        return pieces
    return names
