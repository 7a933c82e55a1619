"""What must be true of the library before anything is built on it."""

import dagster as dg

from mam_assets.assets.library import SHRINK_MARK, books
from mam_assets.checks.findings import none_found
from mam_assets.resources.database import Engine
from mam_assets.store import library as shelf
from mam_assets.store import library_duplicates as doubles
from mam_assets.store import marks as sync_marks


@dg.asset_check(asset=books, blocking=True)
def library_has_not_collapsed(database: dg.ResourceParam[Engine]) -> dg.AssetCheckResult:
    """A full comparison that misses much of the library at once archives nothing and stops what follows: more likely
    the read or a mount went wrong than that a person removed so much. Run `books` with accept_shrinkage to accept it.
    """
    with database.begin() as connection:
        note = sync_marks.get(connection, SHRINK_MARK) or {"suspicious": False, "words": "never compared", "gone": 0}
    remedy = "Look whether the library's folder is mounted; if it is right, run books with accept_shrinkage."
    return dg.AssetCheckResult(
        passed=not note["suspicious"],
        description=f"{note['words']}. {remedy}" if note["suspicious"] else str(note["words"]),
        metadata={"gone": int(note.get("gone", 0))},
    )


@dg.asset_check(asset=books)
def every_item_names_itself(database: dg.ResourceParam[Engine]) -> dg.AssetCheckResult:
    """Items without a title, or with no author but "Unknown", can't be matched with anything: listed for a person, in
    nobody's way."""
    with database.begin() as connection:
        rows = shelf.untitled(connection)
    return none_found(
        rows,
        wrong="items lack a title or an author",
        right="every item has a title and an author",
        table="items",
        warns=True,
    )


@dg.asset_check(asset=books)
def duplicates_are_reported(database: dg.ResourceParam[Engine]) -> dg.AssetCheckResult:
    """The same recording twice is listed side by side, with paths and sizes and which one is kept. Nothing is touched:
    what to delete is for a person to say. Other narrators, abridgements and lengths are no duplicates."""
    with database.begin() as connection:
        rows = doubles.duplicates(connection)
    return none_found(
        rows,
        wrong="items repeat a recording",
        right="no recording is there twice",
        table="duplicates",
        counted="count",
        warns=True,
    )


CHECKS = (library_has_not_collapsed, every_item_names_itself, duplicates_are_reported)
