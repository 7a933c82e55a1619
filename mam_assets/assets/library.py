"""Group library: what is owned (`books`).

Belongs here: reading Audiobookshelf into our tables. Does not belong here: correcting metadata (metadata), what a
series lacks (catalog, gaps).
"""

from datetime import datetime, timedelta
from typing import Any, Literal

import dagster as dg
from pydantic import Field

from mam_assets.assets.judging import rejudge_books
from mam_assets.assets.library_read import ReadLibrary, Sync, page_batches
from mam_assets.assets.outside import AUDIOBOOKSHELF_ITEMS
from mam_assets.assets.reporting import materialised
from mam_assets.domain.library import Shrinkage, judge_shrinkage
from mam_assets.resources.ahead import read_ahead
from mam_assets.resources.audiobookshelf import Audiobookshelf
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Connection, Engine
from mam_assets.settings import Settings
from mam_assets.store import library as shelf
from mam_assets.store import library_duplicates as doubles
from mam_assets.store import library_sightings as sightings
from mam_assets.store import marks as sync_marks
from mam_assets.store import nobodies, series_keys

FULL_EVERY = timedelta(hours=20)
SHRINK_MARK = "library_shrinkage"
FULL_MARK = "library_full_comparison"
READ_MARK = "library_read"
NEWEST_MARK = "library_newest"
# When last more had changed than a read judges by itself.
UPHEAVAL_MARK = "library_upheaval"
LOG_SECONDS = 5.0


class BooksConfig(dg.Config):
    """How much of the library is read."""

    scope: Literal["auto", "new", "full"] = Field(
        default="auto",
        description="new: newest first until what is known. full: compare everything. auto: full once a day, else new.",
    )
    accept_shrinkage: bool = Field(
        default=False, description="Archive what is gone even if much of the library is gone (after a look at it)."
    )


@dg.asset(
    group_name="library",
    kinds={"postgres"},
    deps=[AUDIOBOOKSHELF_ITEMS],
    pool="audiobookshelf",
    owners=["team:library"],
)
def books(
    context: dg.AssetExecutionContext,
    config: BooksConfig,
    database: dg.ResourceParam[Engine],
    audiobookshelf: dg.ResourceParam[Audiobookshelf],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> dg.MaterializeResult[Any]:
    """Every audiobook of the Audiobookshelf libraries, one row each, with its authors and series.

    Reads the list newest first, expands what is new or changed in batches, and commits as it goes. A value that a
    person changed in Audiobookshelf is locked. A full comparison (daily) archives what is gone; nothing is ever
    deleted, and what returns keeps its row. If much of the library is gone at once, nothing is archived and the
    blocking check `library_has_not_collapsed` stops what follows.

    What up to 200 books touch is judged again at once. Its data version changes when more have changed, or when a read
    broke off before that: then all gaps are judged.
    """
    started = clock.now()
    full, broken_off, marks = _begin(database, config, started)
    libraries = [library for library in audiobookshelf.libraries() if library.media_type == "book"]
    sync = Sync()
    with database.connect() as reader:
        with reader.begin():
            sightings.begin(reader)
        read = ReadLibrary(reader, audiobookshelf, full=full, marks=marks)
        told = clock.monotonic()
        for batch in read_ahead(page_batches(read, libraries)):
            sync.add(database, audiobookshelf, batch, started)
            if clock.monotonic() - told > LOG_SECONDS:
                context.log.info(f"{batch.library}: {sync.words}")
                told = clock.monotonic()
        gone = _ask_for_the_unseen(reader, database, audiobookshelf, started, sync) if full else []
        with reader.begin():
            sightings.end(reader)
    context.log.info(sync.words)
    archived = 0
    with database.begin() as connection:
        if full:
            shrinkage = judge_shrinkage(known=shelf.count_active(connection), gone=len(gone))
            accepted = config.accept_shrinkage or not shrinkage.suspicious
            if accepted:
                archived = shelf.archive(connection, gone, started)
                sync.touch(gone)
                sync_marks.put(connection, FULL_MARK, {"at": started.isoformat()}, started)
            sync_marks.put(connection, SHRINK_MARK, _shrink_note(shrinkage, accepted), started)
        sync_marks.put(connection, NEWEST_MARK, {**marks, **read.newest}, started)
        moved = sync.new + sync.changed + sync.returned + archived
        duplicates = doubles.mark_duplicates(connection) if moved else doubles.count_duplicates(connection)
        total = shelf.count_active(connection)
        sample = shelf.newest(connection, limit=20)
    judged = 0 if broken_off or sync.touched_many else _judge_touched(database, settings, clock, sync)
    with database.begin() as connection:
        if broken_off or sync.touched_many:
            sync_marks.put_moment(connection, UPHEAVAL_MARK, started, started)
        upheaval = sync_marks.moment(connection, UPHEAVAL_MARK)
        # Not before: what a read has stored and not judged is judged with the whole after the next one.
        sync_marks.put(connection, READ_MARK, {"finished": True}, started)
    result = materialised(
        {
            "items_seen": read.seen,
            "items_new": sync.new,
            "items_changed": sync.changed,
            "items_returned": sync.returned,
            "items_archived": archived,
            "edits_by_persons": sync.edits,
            "duplicates": duplicates,
            "full_comparison": int(full),
            "judged_at_once": judged,
        },
        sample=sample,
        table="books",
        rows=total,
        problems=[*read.problems, *sync.problems],
    )
    return result._replace(data_version=dg.DataVersion(upheaval.isoformat() if upheaval else "calm"))


def _judge_touched(database: Engine, settings: Settings, clock: Clock, sync: Sync) -> int:
    """Judge again what the stored and archived books touch; returns how many those are."""
    with database.begin() as connection:
        book_ids = shelf.book_ids(connection, sorted(sync.touched))
    if book_ids:
        rejudge_books(database, settings, clock.now(), clock.today(), book_ids)
    return len(book_ids)


def _begin(database: Engine, config: BooksConfig, now: datetime) -> tuple[bool, bool, dict[str, Any]]:
    """Whether everything is compared: when asked for, once a day, after a read that broke off, and as long as a
    shrinkage waits to be explained. Whether one broke off. And how far each library was read."""
    with database.begin() as connection:
        nobodies.take_away(connection, now)
        series_keys.bring_up_to_date(connection, now)
        doubtful = bool((sync_marks.get(connection, SHRINK_MARK) or {}).get("suspicious"))
        broken_off = not (sync_marks.get(connection, READ_MARK) or {"finished": True})["finished"]
        due = doubtful or broken_off or sync_marks.older_than(connection, FULL_MARK, now - FULL_EVERY)
        sync_marks.put(connection, READ_MARK, {"finished": False}, now)
        marks = sync_marks.get(connection, NEWEST_MARK) or {}
    full = config.scope == "full" or config.accept_shrinkage or (config.scope == "auto" and due)
    return full, broken_off, marks


def _ask_for_the_unseen(
    reader: Connection, database: Engine, audiobookshelf: Audiobookshelf, now: datetime, sync: Sync
) -> list[str]:
    """Ask by id for what the list did not show, and return what is gone. While a long list is read page by page, an
    item that is removed moves others past us; and those are not gone."""
    with reader.begin():
        unseen = sightings.unseen(reader, now)
    there: set[str] = set()
    for batch in audiobookshelf.batches(unseen):
        items = [item for item in batch.items if not item.is_missing and item.num_audio_files > 0]
        there |= {item.abs_id for item in items} | {problem.item_id for problem in batch.problems if problem.item_id}
        with database.begin() as connection:
            sync.count(shelf.save_items(connection, items, now))
        sync.touch(item.abs_id for item in items)
    return [abs_id for abs_id in unseen if abs_id not in there]


def _shrink_note(shrinkage: Shrinkage, accepted: bool) -> dict[str, object]:
    return {
        "known": shrinkage.known,
        "gone": shrinkage.gone,
        "suspicious": shrinkage.suspicious and not accepted,
        "words": shrinkage.words,
    }
