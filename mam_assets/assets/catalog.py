"""Group catalog: what exists, according to the sources. What of it is lacking is decided in the gaps."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
from pydantic import Field

from mam_assets.assets.library import books
from mam_assets.assets.outside import GOODREADS_PAGES, GOOGLE_BOOKS_VOLUMES, MAM_CATALOGUE
from mam_assets.assets.patience import MOST_ODD_ANSWERS, ends_asking
from mam_assets.assets.reporting import materialised
from mam_assets.domain.books import CatalogEntry, GoodreadsHit, Release
from mam_assets.domain.finding import entries_of_releases, pick_hit, pick_series
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Engine
from mam_assets.resources.errors import NotFound, ServiceError
from mam_assets.resources.goodreads import Goodreads
from mam_assets.resources.mam import Mam
from mam_assets.store import catalog as catalogue
from mam_assets.store import releases as offered
from mam_assets.store import services

FRESH_FOR = timedelta(days=27)  # the schedules are monthly; a run by hand in between asks nothing again
LOOKUP_FRESH_FOR = timedelta(days=90)
MOST_AUTHOR_PAGES = 5


class CatalogConfig(dg.Config):
    """Which catalogues are read."""

    limit: int = Field(
        default=0, ge=0, description="Most series or authors in one run; 0: as many as the budget allows."
    )
    ids: list[int] = Field(default_factory=list, description="Only these series or authors (ids of our table).")
    force: bool = Field(default=False, description="Read again what is still fresh.")


@dg.asset(
    group_name="catalog",
    kinds={"postgres", "goodreads"},
    deps=[books, GOODREADS_PAGES],
    pool="goodreads",
    owners=["team:library"],
)
def series_catalog(
    context: dg.AssetExecutionContext,
    config: CatalogConfig,
    database: dg.ResourceParam[Engine],
    goodreads: dg.ResourceParam[Goodreads],
    clock: dg.ResourceParam[Clock],
) -> dg.MaterializeResult[Any]:
    """The works of every series of which a book is owned, as Goodreads lists them, with positions.

    One page for 100 works, and one look-up where the series' number is unknown. Two of our series that turn out to be
    the same Goodreads series are merged. A block ends the asking for this run: what was not reached is first next time.
    """
    now = clock.now()
    with database.begin() as connection:
        due = catalogue.series_due(
            connection, stale_before=None if config.force else now - FRESH_FOR, ids=config.ids, limit=config.limit
        )
    counts = {"series_read": 0, "works": 0, "series_unknown_there": 0, "series_merged": 0, "series_waiting": 0}
    problems: list[str] = []
    sample: list[dict[str, Any]] = []
    odd_in_a_row = 0
    read_already: set[int] = set()
    for index, series in enumerate(due):
        if series.series_id in read_already:
            continue
        try:
            read = _read_series(database, goodreads, series, now)
        except ServiceError as error:
            odd_in_a_row += 1
            if ends_asking(error) or odd_in_a_row == MOST_ODD_ANSWERS:
                counts["series_waiting"] += len(due) - index
                problems.append(f"{error} {counts['series_waiting']} series wait for the next run.")
                break
            counts["series_waiting"] += 1
            problems.append(f"{series.name}: {error}")
            continue
        odd_in_a_row = 0
        read_already.add(read.series_id)
        counts["series_merged"] += read.merged
        if read.entries is None:
            counts["series_unknown_there"] += 1
            continue
        counts["series_read"] += 1
        counts["works"] += read.entries
        sample.append({"series": series.name, "works": read.entries, "goodreads_id": read.goodreads_id})
        if index % 10 == 9:
            context.log.info(f"{index + 1} of {len(due)} series read")
    with database.begin() as connection:
        total = catalogue.count_entries(connection, of="series")
    return materialised(counts, sample=sample, table="catalog_entries", rows=total, problems=problems)


@dataclass(frozen=True)
class SeriesRead:
    """What one series' read gave; ``entries`` is None where Goodreads does not know the series. ``series_id`` is the
    series it is now, after a merge perhaps another one."""

    series_id: int
    entries: int | None
    merged: int = 0
    goodreads_id: str | None = None


def _read_series(database: Engine, goodreads: Goodreads, series: catalogue.SeriesDue, now: datetime) -> SeriesRead:
    goodreads_id = series.goodreads_id or _find_series(database, goodreads, series, now)
    if goodreads_id is None:
        with database.begin() as connection:
            catalogue.series_unknown(connection, series.series_id, now)
        return SeriesRead(series.series_id, None)
    with database.begin() as connection:
        series_id, merged = catalogue.identify_series(connection, series.series_id, goodreads_id)
        if merged and catalogue.series_is_fresh(connection, series_id, now - FRESH_FOR):
            return SeriesRead(series_id, 0, merged=1, goodreads_id=goodreads_id)
    entries: list[CatalogEntry] = []
    page = 1
    while True:
        try:
            answer = goodreads.series_page(goodreads_id, page)
        except NotFound:
            with database.begin() as connection:
                catalogue.series_unknown(connection, series_id, now)
                services.remember_answers(
                    connection, "goodreads", {_lookup_key(series_id): None}, now, now + LOOKUP_FRESH_FOR
                )
            return SeriesRead(series_id, None, merged=merged)
        entries += answer.entries
        if answer.num_works is None or page * answer.per_page >= answer.num_works or not answer.entries:
            break
        page += 1
    with database.begin() as connection:
        catalogue.save_entries(connection, entries, now, series_id=series_id)
        catalogue.series_checked(connection, series_id, now, name=answer.title)
    return SeriesRead(series_id, len(entries), merged=merged, goodreads_id=goodreads_id)


def _find_series(database: Engine, goodreads: Goodreads, series: catalogue.SeriesDue, now: datetime) -> str | None:
    """The Goodreads number of a series, by one of its owned books: autocomplete names the book, its page the series."""
    key = _lookup_key(series.series_id)
    with database.begin() as connection:
        known = services.known_answers(connection, "goodreads", [key], now).get(key)
    if known is not None:
        return known.answer["goodreads_id"] if known.found else None
    found: str | None = None
    hit = _find_book(goodreads, series)
    if hit is not None:
        try:
            link = pick_series(goodreads.book(hit.book_id).series, series.names, series.authors)
        except NotFound:
            link = None
        found = link.series_id if link else None
    with database.begin() as connection:
        answer = {"goodreads_id": found} if found else None
        services.remember_answers(connection, "goodreads", {key: answer}, now, now + LOOKUP_FRESH_FOR)
    return found


def _lookup_key(series_id: int) -> str:
    return f"series:{series_id}"


def _find_book(goodreads: Goodreads, series: catalogue.SeriesDue) -> GoodreadsHit | None:
    return pick_hit(goodreads.autocomplete(series.book_title), series.book_title, series.authors, series.names)


@dg.asset(
    group_name="catalog",
    kinds={"postgres", "mam"},
    deps=[books, MAM_CATALOGUE, GOOGLE_BOOKS_VOLUMES, GOODREADS_PAGES],
    pool="mam",
    owners=["team:library"],
)
def author_catalog(
    context: dg.AssetExecutionContext,
    config: CatalogConfig,
    database: dg.ResourceParam[Engine],
    mam: dg.ResourceParam[Mam],
    clock: dg.ResourceParam[Clock],
) -> dg.MaterializeResult[Any]:
    """What MAM offers of every author of whom a book is owned: works that exist as audiobooks.

    One search per author (pages of 100) serves the catalogue and, later, the search for releases. MAM's limit of 50
    requests a run ends the asking: who was not reached is first next time.
    """
    now = clock.now()
    with database.begin() as connection:
        due = catalogue.authors_due(
            connection, stale_before=None if config.force else now - FRESH_FOR, ids=config.ids, limit=config.limit
        )
    counts = {"authors_read": 0, "releases": 0, "authors_waiting": 0}
    problems: list[str] = []
    sample: list[dict[str, Any]] = []
    odd_in_a_row = 0
    for index, author in enumerate(due):
        try:
            found = search_author(database, mam, author.author_id, author.name, now)
        except ServiceError as error:
            odd_in_a_row += 1
            if ends_asking(error) or odd_in_a_row == MOST_ODD_ANSWERS:
                counts["authors_waiting"] += len(due) - index
                problems.append(f"{error} {counts['authors_waiting']} authors wait for the next run.")
                break
            counts["authors_waiting"] += 1
            problems.append(f"{author.name}: {error}")
            continue
        odd_in_a_row = 0
        counts["authors_read"] += 1
        counts["releases"] += found
        sample.append({"author": author.name, "releases": found})
        if index % 5 == 4:
            context.log.info(f"{index + 1} of {len(due)} authors read")
    with database.begin() as connection:
        total = catalogue.count_entries(connection, of="authors")
    return materialised(counts, sample=sample, table="catalog_entries", rows=total, problems=problems)


def search_author(database: Engine, mam: Mam, author_id: int, name: str, now: datetime) -> int:
    """Search MAM for an author once, keep every release and the works they name; returns the number of releases."""
    releases: list[Release] = []
    start = 0
    for _ in range(MOST_AUTHOR_PAGES):
        page = mam.search_author(name, start=start)
        releases += page.releases
        start += page.perpage
        if start >= page.found or not page.releases:
            break
    with database.begin() as connection:
        offered.save(connection, releases, now)
        offered.author_searched(connection, author_id, "MAM", len(releases), now)
        catalogue.save_entries(connection, entries_of_releases(releases, name), now, author_id=author_id)
    return len(releases)
