"""The disk: measuring audio, and putting files into the library folder so that a kill or a full disk leaves nothing
half done.

Belongs here: reading and linking files. Does not belong here: what the target is called (domain.importing), what
follows.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from mam_assets.resources.errors import ServiceError

SERVICE = "files"
_CHUNK = 1 << 20


class FilesError(ServiceError):
    """The disk said no: full, missing, read-only, not permitted. Passing: a person frees space or mounts the folder."""


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
    if root.is_file():
        return [(root.name, root.stat().st_size)]
    if not root.is_dir():
        raise FilesError(
            SERVICE,
            f"read {root}",
            "this folder does not exist here",
            "If the client runs elsewhere, map its paths with PATH_MAP; else look at its save path.",
        )
    found = []
    for folder, _, names in os.walk(root):
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_symlink() or not path.is_file():
                continue
            found.append((path.relative_to(root).as_posix(), path.stat().st_size))
    return sorted(found)


def measure(paths: Sequence[Path]) -> float:
    """Seconds of audio in all these files, read from the files themselves. NotAudio where one can't be read."""
    import mutagen

    total = 0.0
    for path in paths:
        try:
            audio = mutagen.File(path)
        except mutagen.MutagenError as error:
            if isinstance(error.__cause__ or error.__context__, OSError) and not path.exists():
                raise FilesError(SERVICE, f"read {path}", "the file is gone", "Look at the client's folder.") from error
            raise NotAudio(
                SERVICE, f"read {path}", f"damaged or no audio ({error})", "Another release is taken."
            ) from error
        length = getattr(getattr(audio, "info", None), "length", None)
        if not length:
            raise NotAudio(SERVICE, f"read {path}", "no readable audio in it", "Another release is taken.")
        total += float(length)
    return total


def item_above(folder: Path, library: Path, audio_suffixes: Collection[str]) -> Path | None:
    """The nearest folder above `folder`, inside `library`, that holds audio itself. Audiobookshelf takes such a
    folder for one item with all that lies below it: a book put there would vanish into another."""
    for parent in folder.parents:
        if parent == library or not parent.is_relative_to(library):
            return None
        if parent.is_dir() and any(p.suffix.lower() in audio_suffixes for p in parent.iterdir() if p.is_file()):
            return parent
    return None


def free_bytes(folder: Path) -> int:
    """Free space on the disk that holds `folder` (or its nearest existing parent)."""
    for candidate in (folder, *folder.parents):
        if candidate.exists():
            return shutil.disk_usage(candidate).free
    raise FilesError(SERVICE, f"look at {folder}", "no such folder", "Mount the library folder or set LIBRARY_PATH.")


def place(copies: Sequence[tuple[Path, str]], target: Path, library: Path, *, token: str) -> list[Placed]:
    """Put files into `target` (a folder inside `library`) under the given relative names, all or none.

    Hard link where the disk allows, else copy with a check by hash. Built in a hidden folder beside, then renamed,
    so the
    library never sees a half. What an earlier, killed attempt left under the same `token` is cleared first. If `target`
    holds the same files already, they are taken as placed. Errors: FilesError, AlreadyThere.
    """
    if not library.is_dir():
        raise FilesError(
            SERVICE,
            f"write into {library}",
            "the library folder is missing",
            "Mount it, or set LIBRARY_PATH or PATH_MAP.",
        )
    if target.exists():
        return _recognise(copies, target)
    staging = target.parent / f".incoming-{token}"
    try:
        shutil.rmtree(staging, ignore_errors=True)
        _make_folders(staging, library)
        placed = [_put(source, staging / name, target / name) for source, name in copies]
        os.replace(staging, target)
    except OSError as error:
        shutil.rmtree(staging, ignore_errors=True)
        raise _named(error, target) from error
    return placed


def _make_folders(folder: Path, library: Path) -> None:
    resolved = folder.parent.resolve()
    if not resolved.is_relative_to(library.resolve()):
        raise FilesError(SERVICE, f"write {folder}", "it lies outside the library folder", "Nothing was written.")
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


def _named(error: OSError, target: Path) -> FilesError:
    problem, remedy = {
        errno.ENOSPC: ("the disk is full", "Free some space; the import is tried again."),
        errno.EDQUOT: ("the quota is used up", "Free some space; the import is tried again."),
        errno.EROFS: ("the disk is read-only", "Mount it for writing."),
        errno.EACCES: ("permission denied", "Let this user write into the library folder."),
        errno.EPERM: ("not permitted", "Let this user write into the library folder."),
        errno.ENAMETOOLONG: ("a name is too long for this disk", "Rename the book; then retry the import."),
        errno.ENOENT: ("a file or folder is missing", "Look at the client's save path and at the mount."),
    }.get(error.errno or 0, (os.strerror(error.errno) if error.errno else str(error), "Look at the disk."))
    return FilesError(SERVICE, f"write {target}", problem, remedy)
