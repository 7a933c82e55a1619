"""Group acquisition, last step: complete downloads become books of the library (`imports`).

Belongs here: from a complete download to its files in the library folder and its book in our tables. Does not belong
here: names and plans (domain.importing), the disk (resources.files), how Audiobookshelf comes to see it (seeing.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import dagster as dg
from pydantic import Field

from mam_assets.assets.downloads import torrents
from mam_assets.assets.judging import rejudge_books
from mam_assets.assets.reporting import materialised
from mam_assets.assets.seeing import find_items, scan
from mam_assets.domain.books import Library, LibraryItem, Reason, Work
from mam_assets.domain.importing import (
    AUDIO_SUFFIXES,
    RuntimeVerdict,
    beside,
    is_inside,
    map_path,
    plan_files,
    runtime_verdict,
    target_folder,
)
from mam_assets.domain.lifecycle import next_attempt, next_import
from mam_assets.resources import files
from mam_assets.resources.audiobookshelf import Audiobookshelf
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Connection, Engine
from mam_assets.resources.errors import Refused, ServiceError
from mam_assets.settings import Settings
from mam_assets.store import gaps, history
from mam_assets.store import library as shelf
from mam_assets.store.downloads import attempts, stages
from mam_assets.store.downloads import imports as arrivals
from mam_assets.store.downloads.imports import ToImport
from mam_assets.store.gaps import WantedWork

# How soon an import is tried again that waits for a service or for the disk.
WAIT = timedelta(minutes=10)


class ImportConfig(dg.Config):
    """How much is imported."""

    limit: int = Field(default=50, ge=1, description="Most downloads imported in one run.")
    scan_seconds: float = Field(default=600, gt=0, description="How long to wait for Audiobookshelf's scan.")


@dataclass
class Importing:
    """What one run has placed and found so far. ``placed`` maps a download to its folder below the library's;
    ``settled`` are those of which it is decided what becomes of them."""

    now: datetime
    placed: dict[int, str] = field(default_factory=dict)
    settled: set[int] = field(default_factory=set)
    book_ids: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("imported", "linked", "copied", "in_place", "import_failed", "held", "release_failed", "waiting"), 0
        )
    )


@dg.asset(
    group_name="acquisition",
    kinds={"postgres", "audiobookshelf"},
    deps=[torrents],
    pool="audiobookshelf",
    owners=["team:library"],
)
def imports(
    context: dg.AssetExecutionContext,
    config: ImportConfig,
    database: dg.ResourceParam[Engine],
    audiobookshelf: dg.ResourceParam[Audiobookshelf],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> dg.MaterializeResult[Any]:
    """Complete downloads put into the library folder, seen there by Audiobookshelf, linked to their gap.

    Files are verified first (present, audio, length close to what is expected), then hard-linked, or copied to another
    disk, into a hidden folder that is renamed at the end: never moved while seeding, never over an existing file.
    Audiobookshelf scans once for the whole batch. A failed import is tried again without downloading (after 10 minutes,
    1, 6 and 24 hours); then a person decides. Where Audiobookshelf or the disk is in trouble, the downloads wait and no
    attempt is counted.
    """
    importing = Importing(now=clock.now())
    with database.begin() as connection:
        due = arrivals.to_import(connection, importing.now, limit=config.limit)
    if due:
        try:
            library = _library(audiobookshelf)
            _place(context, database, settings, library, importing, due)
            if importing.placed:
                _have_seen(database, audiobookshelf, library, importing, due, clock, config.scan_seconds)
        except ServiceError as error:
            _wait(database, importing, [d for d in due if _is_open(importing, d)], error)
    if importing.book_ids:
        _recount(database, settings, importing, clock)
    with database.begin() as connection:
        sample = stages.sample(connection, statuses=("completed",), limit=20)
    return materialised(importing.counts, sample=sample, table="imported_files", problems=importing.problems)


def _library(audiobookshelf: Audiobookshelf) -> Library:
    """The library that imports go to: the first one for books, which must have a folder."""
    for library in audiobookshelf.libraries():
        if library.media_type == "book" and library.folders:
            return library
    raise Refused(
        "audiobookshelf", "list libraries", "there is no library for books with a folder", "Make one in Audiobookshelf."
    )


def library_folder(settings: Settings, library: Library) -> Path:
    """The library's first folder, as this machine sees it."""
    if settings.library_path:
        return settings.library_path
    return Path(map_path(library.folders[0].full_path, settings.path_map))


def _place(
    context: dg.AssetExecutionContext,
    database: Engine,
    settings: Settings,
    library: Library,
    importing: Importing,
    due: Sequence[ToImport],
) -> None:
    for download in due:
        try:
            _verify_and_place(database, settings, library, importing, download)
        except files.NotAudio as error:
            _release_failed(database, importing, download, Reason("damaged", str(error)))
        except files.DiskRefuses as error:
            _wait(database, importing, [download], error)
        except ServiceError as error:
            give_up = isinstance(error, files.AlreadyThere)
            _import_failed(database, importing, download, error.code, str(error), give_up=give_up)
        done = download.download_id in importing.placed
        context.log.info(f"{download.title}: {'in the library folder' if done else 'not placed'}")


def _verify_and_place(
    database: Engine, settings: Settings, library: Library, importing: Importing, download: ToImport
) -> None:
    with database.begin() as connection:
        wanted = _wanted(connection, download)
    content = Path(map_path(download.content_path, settings.path_map))
    root = library_folder(settings, library)
    inside = is_inside(str(content), str(root))
    folder = target_folder(wanted.work, wanted.narrators)
    plan = plan_files(files.list_files(content), folder)
    base = content if content.is_dir() else content.parent
    audio = [base / source for source, _ in plan.audio]
    if not audio:
        raise files.NotAudio(files.SERVICE, f"read {content}", "it holds no audio file", "Another release is taken.")
    measured = files.measure(audio)
    if runtime_verdict(wanted.expected_runtime_seconds, measured) is RuntimeVerdict.HOLD:
        words = (
            f"perhaps another recording: {measured / 60:.0f} min of audio, and "
            f"{(wanted.expected_runtime_seconds or 0) / 60:.0f} min are expected"
        )
        _import_failed(database, importing, download, "runtime_differs", words, give_up=True)
        return
    if settings.mam_dry_run:
        where = content if inside else root / folder
        _wait(database, importing, [download], f"dry run: {len(plan.copies)} files would be imported as {where}")
        return
    if inside:
        placed = [files.Placed(str(path), str(path), "in_place", path.stat().st_size) for path in audio]
        relative = _item_folder(content, root)
    else:
        relative = _free_folder(folder, root)
        copies = [(base / source, target.relative_to(folder).as_posix()) for source, target in plan.copies]
        placed = files.place(copies, root / relative, root, token=str(download.download_id))
    with database.begin() as connection:
        arrivals.files_placed(
            connection, download.download_id, [(p.source, p.target, p.method, p.size_bytes) for p in placed]
        )
    importing.counts[{"link": "linked", "copy": "copied", "in_place": "in_place"}[placed[0].method]] += 1
    importing.placed[download.download_id] = relative.as_posix()


def _wanted(connection: Connection, download: ToImport) -> WantedWork:
    """The work that the download is for; what was added by hand for no gap goes by its own title."""
    if download.gap_id is None:
        authors = (download.author,) if download.author else ()
        return WantedWork(Work(download.title, authors), (), None)
    return gaps.wanted_work(connection, download.gap_id)


def _item_folder(content: Path, root: Path) -> PurePosixPath:
    """What Audiobookshelf takes for the item: the content's folder, or the file itself where it lies in the root."""
    relative = PurePosixPath(content.as_posix()).relative_to(PurePosixPath(root.as_posix()))
    return relative.parent if content.is_file() and relative.parent != PurePosixPath() else relative


def _free_folder(folder: PurePosixPath, root: Path) -> PurePosixPath:
    """The target folder, moved aside where it would lie inside another item: a series named like one of its books."""
    for candidate in (folder, beside(folder)):
        if files.item_above(root / candidate, root, AUDIO_SUFFIXES) is None:
            return candidate
    raise files.AlreadyThere(
        files.SERVICE,
        f"write {root / folder}",
        "a folder above it is a book itself, and Audiobookshelf would take both for one",
        "Move that book's files into a folder of their own, then retry the import.",
    )


def _have_seen(
    database: Engine,
    audiobookshelf: Audiobookshelf,
    library: Library,
    importing: Importing,
    due: Sequence[ToImport],
    clock: Clock,
    scan_seconds: float,
) -> None:
    """Have Audiobookshelf look, find the new items by their folder, and link each to its download and gap. What a scan
    has missed (it may have passed by before our files were there) it is asked for once more."""
    titles = {importing.placed[d.download_id]: d.title for d in due if d.download_id in importing.placed}
    found: dict[str, LibraryItem] = {}
    for _ in range(2):
        scan(audiobookshelf, library.library_id, clock, scan_seconds)
        missing = {folder: title for folder, title in titles.items() if folder not in found}
        with database.begin() as connection:
            known = arrivals.known_items(connection, list(missing))
        found |= find_items(audiobookshelf, library.library_id, missing, known)
        if len(found) == len(titles):
            break
    _link(database, importing, due, found)


def _link(database: Engine, importing: Importing, due: Sequence[ToImport], found: dict[str, LibraryItem]) -> None:
    items = [item for item in found.values() if item.num_audio_files > 0]
    with database.begin() as connection:
        shelf.save_items(connection, items, importing.now)
        shelf.touch_seen(connection, [item.abs_id for item in items], importing.now)
        book_ids = shelf.book_ids(connection, [item.abs_id for item in items])
    ids = {item.rel_path: book_id for item, book_id in zip(items, book_ids, strict=True)}
    for download in due:
        folder = importing.placed.get(download.download_id)
        if folder is None:
            continue
        if folder in ids:
            with database.begin() as connection:
                arrivals.imported(connection, download.download_id, ids[folder], importing.now)
            importing.book_ids.append(ids[folder])
            importing.counts["imported"] += 1
        else:
            sees = "shows no audio in" if folder in found else "shows no item for"
            words = f"Audiobookshelf scanned twice, and {sees} the folder {folder}; look at its scan settings"
            _import_failed(database, importing, download, "not_seen", words, give_up=False)


def _is_open(importing: Importing, download: ToImport) -> bool:
    """Whether nothing was decided about a download yet when a service failed."""
    return download.download_id not in importing.settled


def _wait(database: Engine, importing: Importing, downloads: Sequence[ToImport], why: ServiceError | str) -> None:
    """Nobody is to blame: these are tried again soon, and no attempt is counted."""
    reason = str(why)
    with database.begin() as connection:
        ids = [download.download_id for download in downloads]
        arrivals.import_waits(connection, ids, reason, importing.now + WAIT, importing.now)
    importing.settled.update(ids)
    importing.counts["waiting"] += len(ids)
    if isinstance(why, str):
        importing.problems += [f"{download.title}: {why}" for download in downloads]
    elif reason not in importing.problems:
        importing.problems.append(reason)


def _recount(database: Engine, settings: Settings, importing: Importing, clock: Clock) -> None:
    """Judge again what the new books touch, so that counts and gaps are true at once."""
    rejudge_books(database, settings, importing.now, clock.today(), importing.book_ids)


def _import_failed(
    database: Engine, importing: Importing, download: ToImport, code: str, words: str, *, give_up: bool
) -> None:
    """The files stay; the import is tried again, or waits for a person after five tries."""
    again = None if give_up else next_import(download.import_attempts + 1, importing.now)
    with database.begin() as connection:
        arrivals.import_failed(connection, download.download_id, words, importing.now, next_import=again)
        failure = history.Failure("IMPORT", str(download.download_id), download.title, code, code, words)
        history.tally(connection, [failure], importing.now)
    importing.settled.add(download.download_id)
    importing.counts["import_failed" if again else "held"] += 1
    importing.problems.append(f"{download.title}: {words}")


def _release_failed(database: Engine, importing: Importing, download: ToImport, why: Reason) -> None:
    """The release is damaged: blocked, and another one is due after 1, 3 and 7 days."""
    with database.begin() as connection:
        retries = attempts.retries(connection, download.download_id)
        attempts.failed(
            connection,
            download.download_id,
            code=why.code,
            reason=why.evidence,
            next_retry=next_attempt(retries, importing.now),
            block=True,
            now=importing.now,
        )
        failure = history.Failure("IMPORT", str(download.download_id), download.title, why.code, why.code, why.evidence)
        history.tally(connection, [failure], importing.now)
    importing.settled.add(download.download_id)
    importing.counts["release_failed"] += 1
    importing.problems.append(f"{download.title}: {why.evidence}")
