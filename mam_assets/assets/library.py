"""Group library: what is owned (`books`).

Belongs here: reading Audiobookshelf into our tables. Does not belong here: correcting metadata (metadata), what a
series lacks (catalog, gaps).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import dagster as dg
from pydantic import Field

from mam_assets.assets.outside import AUDIOBOOKSHELF_ITEMS
from mam_assets.assets.reporting import materialised
from mam_assets.domain.books import Library
from mam_assets.domain.library import Shrinkage, judge_shrinkage
from mam_assets.resources.audiobookshelf import Audiobookshelf, MarksPage
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Engine
from mam_assets.store import library as shelf
from mam_assets.store import marks as sync_marks

PAGE = 200
FULL_EVERY = timedelta(hours=20)
SHRINK_MARK = "library_shrinkage"
FULL_MARK = "library_full_comparison"
READ_MARK = "library_read"
MOST_MOVED_PAST_US = 50


class BooksConfig(dg.Config):
    """How much of the library is read."""

    scope: Literal["auto", "new", "full"] = Field(
        default="auto",
        description="new: newest first until what is known. full: compare everything. auto: full once a day, else new.",
    )
    accept_shrinkage: bool = Field(
        default=False, description="Archive what is gone even if much of the library is gone (after a look at it)."
    )


@dataclass
class Sync:
    """Running counts of one read of the library."""

    seen: int = 0
    new: int = 0
    changed: int = 0
    problems: list[str] = field(default_factory=list)


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
    clock: dg.ResourceParam[Clock],
) -> dg.MaterializeResult[Any]:
    """Every audiobook of the Audiobookshelf libraries, one row each, with its authors and series.

    Reads the list newest first, expands what is new or changed in batches, and commits as it goes. A full comparison
    (daily) archives what is gone; nothing is ever deleted. If much of the library is gone at once, nothing is archived
    and the blocking check `library_has_not_collapsed` stops what follows.
    """
    started = clock.now()
    full = _begin(database, config, started)
    sync = Sync()
    for library in audiobookshelf.libraries():
        if library.media_type == "book":
            _read_library(context, database, audiobookshelf, library, started, sync, full=full)
    if full:
        _look_again(database, audiobookshelf, started, sync)
    archived = 0
    with database.begin() as connection:
        if full:
            shrinkage = judge_shrinkage(
                known=shelf.count_active(connection), gone=shelf.count_unseen(connection, started)
            )
            accepted = config.accept_shrinkage or not shrinkage.suspicious
            if accepted:
                archived = shelf.archive_unseen(connection, started)
                sync_marks.put(connection, FULL_MARK, {"at": started.isoformat()}, started)
            sync_marks.put(connection, SHRINK_MARK, _shrink_note(shrinkage, accepted), started)
        sync_marks.put(connection, READ_MARK, {"finished": True}, started)
        duplicates = shelf.mark_duplicates(connection)
        total = shelf.count_active(connection)
        sample = shelf.newest(connection, limit=20)
    return materialised(
        {
            "items_seen": sync.seen,
            "items_new": sync.new,
            "items_changed": sync.changed,
            "items_archived": archived,
            "duplicates": duplicates,
            "full_comparison": int(full),
        },
        sample=sample,
        table="books",
        rows=total,
        problems=sync.problems,
    )


def _begin(database: Engine, config: BooksConfig, now: datetime) -> bool:
    """Whether everything is compared: when asked for, once a day, after a read that broke off, and as long as a
    shrinkage waits to be explained."""
    with database.begin() as connection:
        doubtful = bool((sync_marks.get(connection, SHRINK_MARK) or {}).get("suspicious"))
        broken_off = not (sync_marks.get(connection, READ_MARK) or {"finished": True})["finished"]
        due = doubtful or broken_off or sync_marks.older_than(connection, FULL_MARK, now - FULL_EVERY)
        sync_marks.put(connection, READ_MARK, {"finished": False}, now)
    return config.scope == "full" or config.accept_shrinkage or (config.scope == "auto" and due)


def _read_library(
    context: dg.AssetExecutionContext,
    database: Engine,
    audiobookshelf: Audiobookshelf,
    library: Library,
    now: datetime,
    sync: Sync,
    *,
    full: bool,
) -> None:
    """Read the list, newest first; unless `full`, until a whole page holds nothing new."""
    page = 0
    while True:
        answer = audiobookshelf.marks(library.library_id, page=page, limit=PAGE)
        fresh = _store_page(database, audiobookshelf, library, answer, now, sync)
        context.log.info(f"{library.name}: {sync.seen} items seen, {sync.new} new, {sync.changed} changed")
        page += 1
        if not answer.rows or page * PAGE >= answer.total or not (full or fresh):
            return


def _store_page(
    database: Engine, audiobookshelf: Audiobookshelf, library: Library, page: MarksPage, now: datetime, sync: Sync
) -> int:
    """Store what is new or changed on a page; returns how many items that were."""
    audio = [mark for mark in page.marks if mark.num_audio_files > 0 and not mark.is_missing]
    sync.seen += len(audio)
    with database.begin() as connection:
        wanted = shelf.new_or_changed(connection, audio)
    items = audiobookshelf.items(wanted) if wanted else []
    with database.begin() as connection:
        saved = shelf.save_items(connection, items, now)
        # A row that cannot be read is there all the same, and not to be archived.
        unreadable = [problem.item_id for problem in page.problems if problem.item_id]
        shelf.touch_seen(connection, [*(mark.abs_id for mark in audio), *unreadable], now)
    sync.new += saved.new
    sync.changed += saved.changed
    returned = {item.abs_id for item in items}
    sync.problems += [f"{library.name}: item {abs_id} could not be read" for abs_id in wanted if abs_id not in returned]
    sync.problems += [f"{library.name}: item {problem.item_id}: {problem.what}" for problem in page.problems]
    return len(wanted)


def _look_again(database: Engine, audiobookshelf: Audiobookshelf, now: datetime, sync: Sync) -> None:
    """Ask by id for what the list did not show. While a long list is read page by page, an item that is removed moves
    others past us; and those are not gone."""
    with database.begin() as connection:
        unseen = shelf.unseen(connection, now)
    if len(unseen) > MOST_MOVED_PAST_US:
        return
    items = [item for item in audiobookshelf.items(unseen) if not item.is_missing and item.num_audio_files > 0]
    with database.begin() as connection:
        sync.changed += shelf.save_items(connection, items, now).changed
        shelf.touch_seen(connection, [item.abs_id for item in items], now)


def refresh_items(database: Engine, audiobookshelf: Audiobookshelf, abs_ids: Sequence[str], now: datetime) -> list[int]:
    """Read these items now (after an import) and return their book ids, in the same order; unknown ones are left
    out."""
    items = audiobookshelf.items(list(abs_ids))
    with database.begin() as connection:
        shelf.save_items(connection, items, now)
        shelf.touch_seen(connection, [item.abs_id for item in items], now)
        return shelf.book_ids(connection, [item.abs_id for item in items])


def _shrink_note(shrinkage: Shrinkage, accepted: bool) -> dict[str, object]:
    return {
        "known": shrinkage.known,
        "gone": shrinkage.gone,
        "suspicious": shrinkage.suspicious and not accepted,
        "words": shrinkage.words,
    }
