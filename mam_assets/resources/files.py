"""The disk: measuring audio, and putting files into the library folder so that a kill or a full disk leaves nothing
half done.

Belongs here: reading and linking files. Does not belong here: what the target is called (domain.importing), what
follows.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import struct
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mam_assets.resources.errors import ServiceError

SERVICE = "files"
_CHUNK = 1 << 20
_DISC = re.compile(r"(cd|disc|disk)\s*\d{1,3}", re.IGNORECASE)


class FilesError(ServiceError):
    """These files could not be read or written: gone, unreadable, a name too long for the disk."""


class DiskRefuses(FilesError):
    """The disk or the library folder takes nothing from anybody: full, read-only, not permitted, not mounted. It blames
    no download: a person frees space or mounts the folder."""


class NotAudio(ServiceError):
    """A file that should be audio can't be read as such: the release's fault, not the disk's."""

    passing = False


class AlreadyThere(ServiceError):
    """The target folder exists and holds something else. Nothing is ever written over it."""

    passing = False


@dataclass(frozen=True)
class Placed:
    """A file in the library: where from, where to, how ("link", "copy" or "in_place"), bytes."""

    source: str
    target: str
    method: str
    size_bytes: int


def list_files(root: Path) -> list[tuple[str, int]]:
    """Every file below `root` (or `root` itself, if it is a file) as (path relative to root's folder, bytes)."""
    try:
        if root.is_file():
            return [(root.name, root.stat().st_size)]
        if not root.is_dir():
            raise FilesError(
                SERVICE,
                f"read {root}",
                "this folder does not exist here",
                "If the client runs elsewhere, map its paths with PATH_MAP; else look at its save path.",
            )
        return sorted(_walk(root))
    except OSError as error:
        raise _named(error, f"read {root}") from error


def _walk(root: Path) -> Iterator[tuple[str, int]]:
    def unreadable(error: OSError) -> None:
        # Without this, a folder that may not be read would count as an empty one.
        raise error

    for folder, _, names in os.walk(root, onerror=unreadable):
        for name in names:
            path = Path(folder, name)
            if not path.is_symlink() and path.is_file():
                yield path.relative_to(root).as_posix(), path.stat().st_size


def measure(paths: Sequence[Path]) -> float:
    """Seconds of audio in all these files, read from the files themselves. NotAudio where one can't be read."""
    total = 0.0
    for path in paths:
        length = _length(path)
        if not length:
            raise NotAudio(SERVICE, f"read {path}", "no readable audio in it", "Another release is taken.")
        total += length
    return total


def _length(path: Path) -> float | None:
    import mutagen

    try:
        audio = mutagen.File(path)
    except (mutagen.MutagenError, OSError, ValueError, LookupError, ArithmeticError, struct.error) as error:
        disk = next((e for e in (error, error.__cause__, error.__context__) if isinstance(e, OSError)), None)
        # A nonsensical offset in a damaged file is an OSError as well (EINVAL): only these are the disk's.
        if disk is not None and disk.errno in _DISK_TROUBLE:
            raise _named(disk, f"read {path}") from error
        problem = f"damaged or no audio ({type(error).__name__}: {error})"
        raise NotAudio(SERVICE, f"read {path}", problem, "Another release is taken.") from error
    length = getattr(getattr(audio, "info", None), "length", None)
    return float(length) if length else None


def item_above(folder: Path, library: Path, audio_suffixes: Collection[str]) -> Path | None:
    """The nearest folder above `folder`, inside `library`, that holds audio itself. Audiobookshelf takes such a
    folder for one item with all that lies below it: a book put there would vanish into another."""
    for parent in folder.parents:
        if parent == library or not parent.is_relative_to(library):
            return None
        try:
            if parent.is_dir() and _is_item(parent, audio_suffixes):
                return parent
        except OSError as error:
            raise _named(error, f"read {parent}") from error
    return None


def _is_item(folder: Path, audio_suffixes: Collection[str]) -> bool:
    """Whether audio lies in the folder itself or in one of its disc folders, which Audiobookshelf counts to it."""
    entries = list(folder.iterdir())
    discs = [entry for entry in entries if _DISC.fullmatch(entry.name) and entry.is_dir()]
    files = [*entries, *(inner for disc in discs for inner in disc.iterdir())]
    return any(entry.suffix.lower() in audio_suffixes and entry.is_file() for entry in files)


def free_bytes(folder: Path) -> int:
    """Free space on the disk that holds `folder` (or its nearest existing parent)."""
    for candidate in (folder, *folder.parents):
        if candidate.exists():
            return shutil.disk_usage(candidate).free
    raise DiskRefuses(SERVICE, f"look at {folder}", "no such folder", "Mount the library folder or set LIBRARY_PATH.")


def place(copies: Sequence[tuple[Path, str]], target: Path, library: Path, *, token: str) -> list[Placed]:
    """Put files into `target` (a folder inside `library`) under the given relative names, all or none.

    Hard link where the disk allows, else copy with a check by hash. Built in a hidden folder beside, then renamed, so
    that the library never sees a half. What an earlier, killed attempt left under the same `token` is cleared first. If
    `target` holds the same files already, they are taken as placed. Errors: FilesError, DiskRefuses, AlreadyThere.
    """
    if not library.is_dir():
        raise DiskRefuses(
            SERVICE,
            f"write into {library}",
            "the library folder is missing",
            "Mount it, or set LIBRARY_PATH or PATH_MAP.",
        )
    staging = target.parent / f".incoming-{token}"
    try:
        shutil.rmtree(staging, ignore_errors=True)
        if target.is_symlink() or (target.exists() and (not target.is_dir() or any(target.iterdir()))):
            return _recognise(copies, target)
        _make_folders(staging, library)
        placed = [_put(source, staging / name, target / name) for source, name in copies]
        # Takes the place of nothing, or of an empty folder: the system refuses any other.
        os.rename(staging, target)
    except OSError as error:
        shutil.rmtree(staging, ignore_errors=True)
        raise _named(error, f"write {target}") from error
    return placed


def _make_folders(folder: Path, library: Path) -> None:
    resolved = folder.parent.resolve()
    if not resolved.is_relative_to(library.resolve()):
        problem, remedy = "it lies outside the library folder", "Nothing was written; look for a link in its path."
        raise FilesError(SERVICE, f"write {folder}", problem, remedy)
    folder.mkdir(parents=True)


def _put(source: Path, staged: Path, final: Path) -> Placed:
    staged.parent.mkdir(parents=True, exist_ok=True)
    size = source.stat().st_size
    try:
        os.link(source, staged)
        return Placed(str(source), str(final), "link", size)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EACCES):
            raise
    _copy(source, staged)
    return Placed(str(source), str(final), "copy", size)


def _copy(source: Path, target: Path) -> None:
    written = hashlib.sha256()
    with source.open("rb") as reading, target.open("xb") as writing:
        while chunk := reading.read(_CHUNK):
            written.update(chunk)
            writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())
    if _digest(target) != written.digest():
        raise OSError(errno.EIO, "the copy differs from its source", str(target))


def _digest(path: Path) -> bytes:
    with path.open("rb") as reading:
        return hashlib.file_digest(reading, "sha256").digest()


def _recognise(copies: Sequence[tuple[Path, str]], target: Path) -> list[Placed]:
    placed = []
    for source, name in copies:
        final = target / name
        same = final.is_file() and (os.path.samefile(source, final) or _digest(source) == _digest(final))
        if not same:
            raise AlreadyThere(
                SERVICE,
                f"write {target}",
                "the folder exists and holds something else",
                "Look at it: rename or remove it, then retry the import.",
            )
        method = "link" if os.path.samefile(source, final) else "copy"
        placed.append(Placed(str(source), str(final), method, final.stat().st_size))
    return placed


# The errors of a disk that is in trouble, rather than of one file's contents.
_DISK_TROUBLE = frozenset({errno.EACCES, errno.EPERM, errno.ENOENT, errno.EIO, errno.ESTALE, errno.ENODEV, errno.EROFS})
_REFUSALS = {
    errno.ENOSPC: ("the disk is full", "Free some space; it is tried again."),
    errno.EDQUOT: ("the quota is used up", "Free some space; it is tried again."),
    errno.EROFS: ("the disk is read-only", "Mount it for writing."),
    errno.EACCES: ("permission denied", "Let this user read the downloads and write into the library folder."),
    errno.EPERM: ("not permitted", "Let this user read the downloads and write into the library folder."),
    errno.EIO: ("the disk fails", "Look at the disk and its cable; the system's log says more."),
    errno.ESTALE: ("the network share is gone", "Mount it again."),
    errno.ENODEV: ("the disk is gone", "Mount it again."),
}
_FAULTS = {
    errno.ENAMETOOLONG: ("a name is too long for this disk", "Rename the book; then retry the import."),
    errno.ENOENT: ("a file or folder is missing", "Look at the client's save path and at the mount."),
}


def _named(error: OSError, call: str) -> FilesError:
    if error.errno in _REFUSALS:
        return DiskRefuses(SERVICE, call, *_REFUSALS[error.errno])
    problem = os.strerror(error.errno) if error.errno else str(error)
    return FilesError(SERVICE, call, *_FAULTS.get(error.errno or 0, (problem, "Look at the disk.")))
