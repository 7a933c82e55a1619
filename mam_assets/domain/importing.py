"""Where an arrived download goes: safe names, the target folder, the plan of copies, the measured runtime.

Belongs here: what to copy where, decided from names and sizes. Does not belong here: reading or writing any file.

Every name in a torrent is a stranger's: a target is built from checked parts and lies below its folder by construction.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from mam_assets.domain.books import Work
from mam_assets.domain.names import fold, parse_position, strip_edition_notes

AUDIO_SUFFIXES = frozenset(
    {".m4b", ".m4a", ".mp3", ".mp4", ".flac", ".aac", ".ogg", ".oga", ".opus", ".wav", ".wma", ".aax"}
)
_COVERS = frozenset({".jpg", ".jpeg", ".png", ".webp"})
_CHAPTERS = frozenset({".cue"})
_CHAPTER_TEXTS = re.compile(r"chapters?(?:\.\w+)?\.(?:txt|json|ffmetadata)|.*\.chapters\.txt", re.IGNORECASE)
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\..*)?", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_DISC = re.compile(r"\b(?:cd|disc|disk|part|volume|vol)[\s._-]*(?P<number>[0-9]{1,3})\b", re.IGNORECASE)

# Windows counts 260 characters with drive and folder; Linux allows 255 bytes in a name.
_NAME_BYTES = 240
_FOLDER_BYTES = 180
_RUNTIME_SHARE = 0.05
_RUNTIME_SLACK_SECONDS = 60.0


# --- names --------------------------------------------------------------------------------------------------------


def safe_name(text: str, *, limit: int = 120) -> str:
    """A file or folder name that Linux, macOS and Windows take, at most ``limit`` bytes of UTF-8. Idempotent; never
    empty, hidden, "..", reserved ("CON"), nor ending in a dot or space."""
    limit = min(max(limit, 8), _NAME_BYTES)
    name = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    name = _FORBIDDEN.sub("-", _colons(unicodedata.normalize("NFC", name)))
    while True:
        tidy = _cut(" ".join(name.split()).strip(" .-"), limit)
        tidy = tidy.strip(" .-")
        if tidy == name:
            break
        name = tidy
    if not name or name.startswith("~"):
        name = f"_{name}"
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    return _cut(name, limit).rstrip(" .-") or "_"


def _colons(text: str) -> str:
    """ "Dune: Messiah" reads better as "Dune - Messiah" than as "Dune- Messiah"."""
    return re.sub(r"\s*:\s+", " - ", text)


def _cut(text: str, limit: int) -> str:
    """At most ``limit`` bytes, cut between characters, never between a letter and its marks."""
    while len(text.encode()) > limit:
        text = text[:-1]
        while text and unicodedata.combining(text[-1]):
            text = text[:-1]
    return text


def target_folder(work: Work, narrators: Sequence[str] = ()) -> PurePosixPath:
    """`Author/Series/Vol N - Title {Narrator}`, or `Author/Title {Narrator}` without a series; relative, at most about
    540 bytes. Audiobookshelf reads volume and narrator from this form. A position that can't be read is left out."""
    author = safe_name(" & ".join(work.authors[:2]) if work.authors else "Unknown Author", limit=80)
    title = safe_name(strip_edition_notes(work.title), limit=110)
    reader = _narrator(narrators)
    position = parse_position(work.series.position) if work.series else None
    volume = f"Vol {position.canonical} - " if position is not None else ""
    room = _FOLDER_BYTES - len(f"{volume} {reader}".encode())
    leaf = safe_name(f"{volume}{safe_name(title, limit=room)} {reader}".strip(), limit=_FOLDER_BYTES)
    if work.series is not None and fold(work.series.name):
        return PurePosixPath(author, safe_name(work.series.name, limit=80), leaf)
    return PurePosixPath(author, leaf)


def beside(folder: PurePosixPath) -> PurePosixPath:
    """The same target with its middle folder named otherwise ("She" becomes "She (series)"), for when that folder is a
    book itself; with no middle folder, the author's is."""
    parent = folder.parent
    return parent.with_name(safe_name(f"{parent.name} (series)")) / folder.name


def _narrator(narrators: Sequence[str]) -> str:
    names = [re.sub(r"[{}]", "", name).strip() for name in narrators]
    names = [name for name in names if fold(name)]
    if not names:
        return ""
    shown = ", ".join(names[:2]) + (" and others" if len(names) > 2 else "")
    return "{" + safe_name(shown, limit=50) + "}"


# --- files --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """``copies`` are (source as the torrent names it, target below the library); ``left_out`` are (source, why)."""

    copies: tuple[tuple[str, PurePosixPath], ...]
    left_out: tuple[tuple[str, str], ...]

    @property
    def audio(self) -> tuple[tuple[str, PurePosixPath], ...]:
        return tuple(copy for copy in self.copies if copy[1].suffix.lower() in AUDIO_SUFFIXES)


def plan_files(files: Sequence[tuple[str, int]], folder: PurePosixPath | str) -> ImportPlan:
    """Plan the copies of (relative path, bytes) into one flat folder: audio, one cover, cue sheets and chapters.

    Audio of several folders ("CD 1/01.mp3", "CD 2/01.mp3") keeps its order by a disc number in front. Names that would
    collide, also on a disk that doesn't tell upper from lower case, are numbered. Paths that leave the torrent, hidden
    files, empty files and everything else are left out, with the reason.
    """
    base = PurePosixPath(folder)
    left_out: list[tuple[str, str]] = []
    kept: list[tuple[str, str]] = []
    pictures: list[tuple[str, int]] = []
    for source, size in sorted(set(files), key=lambda file: _natural(file[0])):
        why, role = _sort_out(source, size)
        if why:
            left_out.append((source, why))
        elif role == "cover":
            pictures.append((source, size))
        else:
            kept.append((source, role))
    cover = max(pictures, key=lambda file: _cover_order(*file), default=None)
    left_out.extend((source, "another picture is the cover") for source, size in pictures if (source, size) != cover)
    copies = _name_targets(kept, base)
    if cover is not None and any(role == "audio" for _, role in kept):
        copies.append((cover[0], base / f"cover{_suffix(cover[0])}"))
    elif cover is not None:
        left_out.append((cover[0], "there is no audio to go with it"))
    return ImportPlan(tuple(copies), tuple(sorted(left_out)))


def _sort_out(source: str, size: int) -> tuple[str | None, str]:
    """(why it stays out, its role)."""
    path = PurePosixPath(source.replace("\\", "/"))
    if "\x00" in source or path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", source):
        return "its path leads out of the torrent", ""
    if not path.name or any(part.startswith(".") for part in path.parts) or "__MACOSX" in path.parts:
        return "it is hidden", ""
    if size <= 0:
        return "it is empty", ""
    suffix = path.suffix.lower()
    if suffix in AUDIO_SUFFIXES:
        return None, "audio"
    if suffix in _COVERS:
        return None, "cover"
    if suffix in _CHAPTERS or _CHAPTER_TEXTS.fullmatch(path.name):
        return None, "chapters"
    return f"{suffix or 'a file without suffix'} is neither audio, cover nor chapters", ""


def _name_targets(kept: Sequence[tuple[str, str]], base: PurePosixPath) -> list[tuple[str, PurePosixPath]]:
    folders = sorted({_parent(source) for source, role in kept if role == "audio"}, key=_natural)
    discs = {folder: _disc_number(folder, index) for index, folder in enumerate(folders, start=1)}
    if len(set(discs.values())) < len(discs):
        discs = {folder: index for index, folder in enumerate(folders, start=1)}
    width = max(2, len(str(max(discs.values(), default=1))))
    copies: list[tuple[str, PurePosixPath]] = []
    taken: set[str] = {f"cover{suffix}" for suffix in _COVERS}
    order = sorted(kept, key=lambda file: (discs.get(_parent(file[0]), 0), _natural(file[0])))
    for source, _ in order:
        suffix = _suffix(source)
        stem = safe_name(_stem(source), limit=150)
        if len(folders) > 1 and _parent(source) in discs:
            stem = f"{discs[_parent(source)]:0{width}d}-{stem}"
        name = stem + suffix
        attempt = 2
        while _on_any_disk(name) in taken:
            name = f"{stem} ({attempt}){suffix}"
            attempt += 1
        taken.add(_on_any_disk(name))
        copies.append((source, base / name))
    return copies


def _on_any_disk(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def _disc_number(folder: str, otherwise: int) -> int:
    numbers = [int(match["number"]) for match in _DISC.finditer(folder)]
    return numbers[-1] if numbers else otherwise


def _parent(source: str) -> str:
    return str(PurePosixPath(source.replace("\\", "/")).parent)


def _stem(source: str) -> str:
    return PurePosixPath(source.replace("\\", "/")).stem


def _suffix(source: str) -> str:
    return PurePosixPath(source.replace("\\", "/")).suffix.lower()


def _cover_order(source: str, size: int) -> tuple[bool, bool, int, str]:
    stem = _stem(source).casefold()
    return (stem in {"cover", "folder", "front"}, "cover" in stem, size, source)


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts "2.mp3" before "10.mp3"; the text itself breaks ties."""
    parts = re.findall(r"[0-9]+|[^0-9]+", text)
    keys = [(0, int(part), part) if re.fullmatch(r"[0-9]+", part) else (1, 0, part.casefold()) for part in parts]
    return (*keys, (2, 0, text))


# --- runtime ------------------------------------------------------------------------------------------------------


class RuntimeVerdict(StrEnum):
    """What a measured duration says."""

    OK = "ok"
    HOLD = "hold"
    UNKNOWN = "unknown"


def runtime_verdict(expected_seconds: float | None, measured_seconds: float | None) -> RuntimeVerdict:
    """Compare what was measured with what was expected; 5 % and a minute may differ (credits, a trailer)."""
    if expected_seconds is None or measured_seconds is None:
        return RuntimeVerdict.UNKNOWN
    if not all(0 < seconds < float("inf") for seconds in (expected_seconds, measured_seconds)):
        return RuntimeVerdict.UNKNOWN
    allowed = expected_seconds * _RUNTIME_SHARE + _RUNTIME_SLACK_SECONDS
    return RuntimeVerdict.OK if abs(measured_seconds - expected_seconds) <= allowed else RuntimeVerdict.HOLD


# --- paths --------------------------------------------------------------------------------------------------------


def map_path(path: str, pairs: Sequence[tuple[str, str]]) -> str:
    """The path as this machine sees it: the longest remote prefix of ``pairs`` (remote, local) is replaced. Whole
    folders only: "/downloads" doesn't map "/downloads2"."""
    plain = path.rstrip("/") or "/"
    for remote, local in sorted(pairs, key=lambda pair: -len(pair[0])):
        prefix = remote.rstrip("/")
        if plain == prefix:
            return local.rstrip("/") or "/"
        if plain.startswith(f"{prefix}/"):
            return f"{local.rstrip('/')}{plain[len(prefix) :]}"
    return path


def is_inside(path: str, folder: str) -> bool:
    """Whether ``path`` lies in ``folder`` (or is it), by its text: ".." is resolved, links can't be seen here."""
    inner, outer = _resolved(path), _resolved(folder)
    return inner is not None and outer is not None and inner[: len(outer)] == outer


def _resolved(path: str) -> tuple[str, ...] | None:
    """The parts of an absolute path; None where it isn't one, or climbs above the root."""
    if not path.startswith("/") or "\x00" in path:
        return None
    parts: list[str] = []
    for part in PurePosixPath(path).parts[1:]:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        else:
            parts.append(part)
    return tuple(parts)
