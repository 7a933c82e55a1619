"""Group library: what is known of each book (`book_metadata`), corrected from the sources.

Belongs here: which books are looked up in a run, and what a run says of itself. Does not belong here: one book's way
through the sources (metadata_lookup), reading Audiobookshelf (library).
"""

from typing import Any, Literal

import dagster as dg
from pydantic import Field

from mam_assets.assets.library import books
from mam_assets.assets.metadata_lookup import Correction, correct_book
from mam_assets.assets.outside import GOODREADS_PAGES, GOOGLE_BOOKS_VOLUMES
from mam_assets.assets.patience import MOST_ODD_ANSWERS, ends_asking
from mam_assets.assets.reporting import materialised
from mam_assets.resources.audiobookshelf import Audiobookshelf
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Engine
from mam_assets.resources.errors import ServiceError
from mam_assets.resources.google_books import GoogleBooks
from mam_assets.settings import Settings
from mam_assets.store import metadata


class BookMetadataConfig(dg.Config):
    """Which books are looked up."""

    scope: Literal["new", "stale", "all"] = Field(
        default="new", description="new: never looked up. stale: oldest look-up first. all: every book, oldest first."
    )
    limit: int = Field(default=500, ge=1, description="Most books in one run; the rest is first next time.")
    book_ids: list[int] = Field(
        default_factory=list, description="Only these books (ids of our table). Empty: by scope."
    )


@dg.asset(
    group_name="library",
    kinds={"postgres", "google"},
    deps=[books, GOOGLE_BOOKS_VOLUMES, GOODREADS_PAGES],
    pool="metadata",
    owners=["team:library"],
)
def book_metadata(
    context: dg.AssetExecutionContext,
    config: BookMetadataConfig,
    database: dg.ResourceParam[Engine],
    google_books: dg.ResourceParam[GoogleBooks],
    audiobookshelf: dg.ResourceParam[Audiobookshelf],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> dg.MaterializeResult[Any]:
    """Fields that Audiobookshelf lacks, from Google Books by ISBN, then by title and author.

    Only a certain match (the same work) is used; every change is a row of `metadata_corrections`; a locked field is
    never touched. A spent quota ends the run cleanly: what was not reached is first next time.
    """
    now = clock.now()
    with database.begin() as connection:
        due = metadata.books_for_lookup(connection, scope=config.scope, limit=config.limit, book_ids=config.book_ids)
    counts = {"looked_up": 0, "matched": 0, "fields_changed": 0, "written_back": 0, "waiting": 0}
    problems: list[str] = []
    sample: list[Correction] = []
    odd_in_a_row = 0
    for index, book in enumerate(due):
        try:
            outcome = correct_book(book, database, google_books, audiobookshelf, settings, now)
        except ServiceError as error:
            odd_in_a_row += 1
            if ends_asking(error) or odd_in_a_row == MOST_ODD_ANSWERS:
                counts["waiting"] += len(due) - index
                problems.append(f"{error} {counts['waiting']} books wait for the next run.")
                break
            counts["waiting"] += 1
            problems.append(f"{book.title}: {error}")
            continue
        odd_in_a_row = 0
        counts["looked_up"] += 1
        counts["matched"] += int(outcome.matched)
        counts["fields_changed"] += len(outcome.changes)
        counts["written_back"] += int(outcome.written_back)
        sample += outcome.changes
        if index % 25 == 24:
            context.log.info(f"{index + 1} of {len(due)} books looked up, {counts['fields_changed']} fields changed")
    return materialised(
        counts,
        sample=[
            {"book": c.title, "field": c.field, "old": c.old, "new": c.new, "source": c.source} for c in sample[:20]
        ],
        table="metadata_corrections",
        problems=problems,
    )
