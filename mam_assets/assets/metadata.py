"""Group library: what is known of each book (`book_metadata`), corrected from the sources.

Belongs here: which books are looked up in a run, and what a run says of itself. Does not belong here: one book's way
through the sources (metadata_lookup), the sources (metadata_sources), reading Audiobookshelf (library).
"""

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

import dagster as dg
from pydantic import Field

from mam_assets.assets.library import books
from mam_assets.assets.metadata_lookup import Desk, Outcome, Services
from mam_assets.assets.metadata_sources import Memory, Source, sources
from mam_assets.assets.outside import GOODREADS_PAGES, GOOGLE_BOOKS_VOLUMES
from mam_assets.assets.pages import Page
from mam_assets.assets.reporting import SAMPLE_ROWS, materialised
from mam_assets.assets.write_back import WriteBack
from mam_assets.domain.budgets import honoured_scale
from mam_assets.domain.rounds import FAILED_REST
from mam_assets.resources.audiobookshelf import Audiobookshelf
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Engine
from mam_assets.resources.goodreads import Goodreads
from mam_assets.resources.google_books import GoogleBooks
from mam_assets.settings import Settings
from mam_assets.store import metadata_report
from mam_assets.store.metadata import BookForLookup
from mam_assets.store.metadata_due import books_for_lookup

# Small, so that a service found out of reach soon no longer brings the books that wait for it alone.
BATCH = 50

COUNTED_SOURCES = {"GoogleBooks": "google_books", "Goodreads": "goodreads", "Audible": "audible", "MAM": "mam"}


class BookMetadataConfig(dg.Config):
    """Which books are looked up."""

    scope: Literal["new", "stale", "all"] = Field(
        default="new",
        description="new: never looked up. stale: also those looked up long ago. all: every book. In each, books that "
        "waited for a service come first, then those never looked up, then the longest ago; last those that a service "
        "answered badly about.",
    )
    limit: int = Field(default=500, ge=1, description="Most books in one run; the rest is first next time.")
    stale_days: int = Field(default=30, ge=0, description="For scope stale: days after which a look-up is old.")
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
    goodreads: dg.ResourceParam[Goodreads],
    audiobookshelf: dg.ResourceParam[Audiobookshelf],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> dg.MaterializeResult[Any]:
    """What books lack or have wrong, from Google Books, Goodreads, Audible (through Audiobookshelf) and MAM's records.

    Only a certain match (the same work) is used, and what was said is kept with the reasons. Every change is a row of
    `metadata_corrections`, and can be reverted; a locked field is never touched. A source that is out of reach or has
    used its budget is left alone for this run while the others carry on; the books that wait for it are first next
    time.
    """
    memory = Memory(database, clock.now)
    services = Services()
    desk = Desk(
        database=database,
        sources=_configured(memory, google_books, goodreads, audiobookshelf, clock, settings, services),
        memory=memory,
        services=services,
        write_back=None
        if settings.metadata_write_back == "off" or settings.mam_dry_run
        else WriteBack(database, audiobookshelf, settings.metadata_write_back),
        run_id=context.run.run_id,
        dry_run=settings.mam_dry_run,
        # Whoever names a book wants it asked about now.
        failed_before=None if config.book_ids else clock.now() - FAILED_REST,
    )
    tally = Tally()
    for book in _due(database, config, clock, services):
        tally.add(desk.correct(book))
        if tally.counts["visited"] % 25 == 0:
            context.log.info(
                f"{tally.counts['visited']} books visited, {tally.counts['fields_changed']} fields changed"
            )
    with database.begin() as connection:
        average = metadata_report.average_completeness(connection)
        shares = metadata_report.fields_by_source(connection)
        worst = metadata_report.worst(connection, limit=10)
        waiting = metadata_report.waiting_books(connection)
    counts = tally.counts | {
        "asked": memory.asked,
        "cache_hits": memory.recalled,
        "unhealthy_services": len(services.left_alone),
        "books_waiting": sum(waiting.values()),
        "average_completeness": average,
    }
    return materialised(
        counts,
        sample=tally.sample,
        table="metadata_corrections",
        problems=services.problems,
        told=_summary(shares, worst, waiting, services.left_alone),
    )


def _configured(
    memory: Memory,
    google_books: GoogleBooks,
    goodreads: Goodreads,
    audiobookshelf: Audiobookshelf,
    clock: Clock,
    settings: Settings,
    services: Services,
) -> tuple[Source, ...]:
    """The sources that the settings allow to be asked. One that is switched off is not waited for."""
    off = set()
    if settings.google_books_api_key is None:
        off.add("google_books")
        services.problems.append("GOOGLE_BOOKS_API_KEY is not set: Google Books is not asked. Keys are free.")
    if not settings.goodreads_enabled:
        off.add("goodreads")
    every = sources(
        memory,
        google_books=google_books,
        goodreads=goodreads,
        audiobookshelf=audiobookshelf,
        clock=clock,
        pace_scale=honoured_scale(settings.pace_scale, urlsplit(settings.abs_url).hostname or ""),
    )
    return tuple(source for source in every if source.service not in off)


def _due(database: Engine, config: BookMetadataConfig, clock: Clock, services: Services) -> Iterator[BookForLookup]:
    """The books of this run, a batch at a time, each once. What rests is looked at anew for each batch."""
    visited: set[int] = set()
    while len(visited) < config.limit:
        now = clock.now()
        with database.begin() as connection:
            resting = {*metadata_report.resting_services(connection, now), *services.left_alone}
            batch = books_for_lookup(
                connection,
                scope=config.scope,
                limit=min(BATCH, config.limit - len(visited)),
                book_ids=config.book_ids,
                stale_before=now - timedelta(days=config.stale_days),
                failed_before=now - FAILED_REST,
                resting=resting,
                but_not=visited,
            )
        if not batch:
            return
        visited |= {book.book_id for book in batch}
        yield from batch


class Tally:
    """What a run counts, under the same keys each time, and the first of its changes."""

    def __init__(self) -> None:
        per_source = [f"{what}_{name}" for what in ("matched", "fields_changed") for name in COUNTED_SOURCES.values()]
        keys = ("visited", "looked_up", "matched", "refused", "misses", "fields_changed", "written_back", "waiting")
        self.counts: dict[str, float] = dict.fromkeys([*keys, *per_source], 0)
        self.sample: list[dict[str, Any]] = []

    def add(self, outcome: Outcome) -> None:
        """Count one book."""
        verdicts = [answer.verdict for answer in outcome.answers]
        self.counts["visited"] += 1
        self.counts["looked_up"] += outcome.looked_up
        self.counts["matched"] += "matched" in verdicts
        self.counts["refused"] += verdicts.count("refused")
        self.counts["misses"] += verdicts.count("nothing")
        self.counts["fields_changed"] += len(outcome.changes)
        self.counts["written_back"] += outcome.written_back
        self.counts["waiting"] += bool(outcome.waiting)
        for answer in outcome.answers:
            self.counts[f"matched_{COUNTED_SOURCES[answer.source]}"] += answer.verdict == "matched"
        for change in outcome.changes:
            self.counts[f"fields_changed_{COUNTED_SOURCES[change.source]}"] += 1
            if len(self.sample) < SAMPLE_ROWS:
                self.sample.append(
                    {
                        "book": outcome.book.title,
                        "field": change.field,
                        "old": change.old,
                        "new": change.new,
                        "source": change.source,
                        "reason": change.reason,
                    }
                )


def _summary(
    shares: dict[str, int], worst: list[dict[str, Any]], waiting: dict[str, int], left_alone: Collection[str]
) -> Page:
    """Where fields come from, which books lack most, and who is out of reach."""
    total = sum(shares.values()) or 1
    page = Page()
    page.table(
        ("Source", "Fields", "Share"),
        [(source, fields, f"{fields / total:.0%}") for source, fields in shares.items()],
        numbers=("Fields", "Share"),
    )
    page.table(
        ("Least complete", "Author", "%"),
        [
            (row["title"] or "(none)", row["author"] or "(none)", f"{row['metadata_completeness_percent']:.0f}")
            for row in worst
        ],
        numbers=("%",),
    )
    if waiting:
        page.words("Waiting: " + ", ".join(f"{books} books for {service}" for service, books in waiting.items()))
    if left_alone:
        page.words("Out of reach in this run: " + ", ".join(sorted(left_alone)))
    return page
