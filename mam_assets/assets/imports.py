"""Group acquisition, last step: complete downloads become books of the library (`imports`)."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import dagster as dg
from pydantic import Field

from mam_assets.assets.downloads import torrents
from mam_assets.assets.gaps import rejudge_authors, rejudge_series
from mam_assets.assets.library import refresh_items
from mam_assets.assets.reporting import materialised
from mam_assets.domain.books import Library, Reason
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
from mam_assets.domain.lifecycle import next_attempt
from mam_assets.resources import files
from mam_assets.resources.audiobookshelf import Audiobookshelf
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Engine
from mam_assets.resources.errors import ServiceDown, ServiceError
from mam_assets.settings import Settings
from mam_assets.store import downloads as queue
from mam_assets.store import gaps, history
from mam_assets.store.downloads import ToImport

MOST_ATTEMPTS = 5
SCAN_PAUSE_SECONDS = 0.5
FIND_PAGE = 100


class ImportConfig(dg.Config):
    """How much is imported."""

    limit: int = Field(default=50, ge=1, description="Most downloads imported in one run.")
    scan_seconds: float = Field(default=600, gt=0, description="How long to wait for Audiobookshelf's scan.")


@dataclass
class Importing:
    """What one run has placed and found so far. ``placed`` maps a download to its folder as Audiobookshelf sees it."""

    now: datetime
    placed: dict[int, str] = field(default_factory=dict)
    book_ids: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("imported", "linked", "copied", "in_place", "import_failed", "held", "release_failed"), 0
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
    Audiobookshelf scans once for the whole batch. A failed import is tried again without downloading; after five
    tries a person decides.
    """
    importing = Importing(now=clock.now())
    with database.begin() as connection:
        due = queue.to_import(connection, limit=config.limit)
    if due and settings.mam_dry_run:
        importing.problems.append(f"dry run: {len(due)} downloads would be imported")
        due = []
    if due:
        library = _library(audiobookshelf)
        for download in due:
            _place_one(database, settings, library, importing, download)
            done = download.download_id in importing.placed
            context.log.info(f"{download.title}: {'in the library folder' if done else 'not placed'}")
        if importing.placed:
            _scan(audiobookshelf, library, clock, config.scan_seconds)
            _find_and_link(database, audiobookshelf, library, importing, due)
    if importing.book_ids:
        _recount(database, settings, importing, clock)
    with database.begin() as connection:
        sample = queue.sample(connection, statuses=("completed",), limit=20)
    return materialised(importing.counts, sample=sample, table="imported_files", problems=importing.problems)


def _library(audiobookshelf: Audiobookshelf) -> Library:
    """The library that imports go to: the first one for books, which must have a folder."""
    for library in audiobookshelf.libraries():
        if library.media_type == "book" and library.folders:
            return library
    raise ServiceDown(
        "audiobookshelf", "list libraries", "there is no library for books with a folder", "Make one in Audiobookshelf."
    )


def library_folder(settings: Settings, library: Library) -> Path:
    """The library's first folder, as this machine sees it."""
    if settings.library_path:
        return settings.library_path
    return Path(map_path(library.folders[0].full_path, settings.path_map))


def _place_one(
    database: Engine, settings: Settings, library: Library, importing: Importing, download: ToImport
) -> None:
    try:
        _verify_and_place(database, settings, library, importing, download)
    except files.NotAudio as error:
        _release_failed(database, importing, download, Reason("damaged", str(error)))
    except ServiceError as error:
        _import_failed(
            database, importing, download, error.code, str(error), give_up=isinstance(error, files.AlreadyThere)
        )


def _verify_and_place(
    database: Engine, settings: Settings, library: Library, importing: Importing, download: ToImport
) -> None:
    with database.begin() as connection:
        wanted = gaps.wanted_work(connection, download.gap_id)
    content = Path(map_path(download.content_path, settings.path_map))
    root = library_folder(settings, library)
    folder = _free_folder(target_folder(wanted.work, wanted.narrators), root)
    plan = plan_files(files.list_files(content), folder)
    base = content if content.is_dir() else content.parent
    audio = [base / source for source, _ in plan.audio]
    if not audio:
        raise files.NotAudio(files.SERVICE, f"read {content}", "it holds no audio file", "Another release is taken.")
    measured = files.measure(audio)
    verdict = runtime_verdict(wanted.expected_runtime_seconds, measured)
    if verdict is RuntimeVerdict.HOLD:
        words = (
            f"perhaps another recording: {measured / 60:.0f} min of audio, and "
            f"{(wanted.expected_runtime_seconds or 0) / 60:.0f} min are expected"
        )
        _import_failed(database, importing, download, "runtime_differs", words, give_up=True)
        return
    if is_inside(str(content), str(root)):
        placed = [files.Placed(str(path), str(path), "in_place", path.stat().st_size) for path in audio]
        relative = content.relative_to(root)
    else:
        copies = [(base / source, target.relative_to(folder).as_posix()) for source, target in plan.copies]
        placed = files.place(copies, root / folder, root, token=str(download.download_id))
        relative = Path(folder)
    with database.begin() as connection:
        queue.files_placed(
            connection, download.download_id, [(p.source, p.target, p.method, p.size_bytes) for p in placed]
        )
    importing.counts[{"link": "linked", "copy": "copied", "in_place": "in_place"}[placed[0].method]] += 1
    importing.placed[download.download_id] = relative.as_posix()


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


def _scan(audiobookshelf: Audiobookshelf, library: Library, clock: Clock, seconds: float) -> None:
    """Have the library scanned once, and wait until the task is gone: finished tasks leave Audiobookshelf's list."""
    before = library.last_scan
    audiobookshelf.scan(library.library_id)
    deadline = clock.monotonic() + seconds
    while clock.monotonic() < deadline:
        if not audiobookshelf.scanning(library.library_id):
            now = audiobookshelf.library(library.library_id).last_scan
            if now is not None and now != before:
                return
        clock.sleep(SCAN_PAUSE_SECONDS)


def _find_and_link(
    database: Engine,
    audiobookshelf: Audiobookshelf,
    library: Library,
    importing: Importing,
    due: list[ToImport],
) -> None:
    """Find the new items by their folder, read them, and link each to its download and gap."""
    wanted = set(importing.placed.values())
    by_folder = _find_items(audiobookshelf, library.library_id, wanted)
    for download in due:
        folder = importing.placed.get(download.download_id)
        if folder is None:
            continue
        abs_id = by_folder.get(folder)
        if abs_id is None:
            words = f"Audiobookshelf scanned, and shows no item for the folder {folder}; look at its scan settings"
            _import_failed(database, importing, download, "not_seen", words, give_up=False)
            continue
        ids = refresh_items(database, audiobookshelf, [abs_id], importing.now)
        if not ids:
            _import_failed(database, importing, download, "not_seen", f"item {abs_id} has no audio", give_up=False)
            continue
        with database.begin() as connection:
            queue.imported(connection, download.download_id, ids[0], importing.now)
        importing.book_ids.append(ids[0])
        importing.counts["imported"] += 1


def _find_items(audiobookshelf: Audiobookshelf, library_id: str, folders: set[str]) -> dict[str, str]:
    """Item ids by folder, newest items first, until every folder is found or the list ends."""
    found: dict[str, str] = {}
    page = 0
    while folders - found.keys():
        answer = audiobookshelf.marks(library_id, page=page, limit=FIND_PAGE)
        if not answer.marks:
            break
        for item in audiobookshelf.items([mark.abs_id for mark in answer.marks]):
            if item.rel_path in folders:
                found[item.rel_path] = item.abs_id
        page += 1
    return found


def _recount(database: Engine, settings: Settings, importing: Importing, clock: Clock) -> None:
    """Judge again what the new books touch, so that counts and gaps are true at once."""
    with database.begin() as connection:
        series_ids, author_ids = gaps.owners_of_books(connection, importing.book_ids)
    if series_ids:
        rejudge_series(database, settings, importing.now, clock.today(), series_ids)
    if author_ids:
        rejudge_authors(database, settings, importing.now, clock.today(), author_ids)


def _import_failed(
    database: Engine, importing: Importing, download: ToImport, code: str, words: str, *, give_up: bool
) -> None:
    """The files stay; the import is tried again, or waits for a person after five tries."""
    give_up = give_up or download.import_attempts + 1 >= MOST_ATTEMPTS
    with database.begin() as connection:
        queue.import_failed(connection, download.download_id, words, importing.now, give_up=give_up)
        failure = history.Failure("IMPORT", str(download.download_id), download.title, code, code, words)
        history.tally(connection, [failure], importing.now)
    importing.counts["held" if give_up else "import_failed"] += 1
    importing.problems.append(f"{download.title}: {words}")


def _release_failed(database: Engine, importing: Importing, download: ToImport, why: Reason) -> None:
    """The release is damaged: blocked, and another one is due after 1, 3 and 7 days."""
    with database.begin() as connection:
        retries = queue.retries(connection, download.download_id)
        queue.failed(
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
    importing.counts["release_failed"] += 1
    importing.problems.append(f"{download.title}: {why.evidence}")
