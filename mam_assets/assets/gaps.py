"""Group gaps: what exists minus what is owned, of series, of authors, of the weekly lists. Our tables only."""

from typing import Any

import dagster as dg
from pydantic import Field

from mam_assets.assets.catalog import author_catalog, series_catalog
from mam_assets.assets.discovery import genre_top10
from mam_assets.assets.judging import rejudge_authors, rejudge_series
from mam_assets.assets.library import books
from mam_assets.assets.pages import Page
from mam_assets.assets.reporting import SAMPLE_ROWS, materialised
from mam_assets.domain.wanting import Wanted, work_key
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Connection, Engine
from mam_assets.settings import Settings
from mam_assets.store import discovery as discoveries
from mam_assets.store import gap_reports, gaps
from mam_assets.store.gaps import Written

WHEN_PARENTS_CHANGE = dg.AutomationCondition.eager() & dg.AutomationCondition.all_deps_blocking_checks_passed()
# What few books touch, `books` has judged itself; all is judged when it says, by its data version, that more changed.
_BOOKS = dg.AssetSelection.assets("books")
_MUCH_CHANGED = dg.AutomationCondition.any_deps_match(
    dg.AutomationCondition.data_version_changed() & ~dg.AutomationCondition.executed_with_root_target()
).allow(_BOOKS)
WHEN_MUCH_CHANGES = WHEN_PARENTS_CHANGE.replace(
    "any_deps_updated", dg.AutomationCondition.any_deps_updated().ignore(_BOOKS) | _MUCH_CHANGED
)
# An upcoming volume comes out by date alone. Two ticks a day reach every time zone on its own day.
WHEN_A_DAY_BEGINS = (
    dg.AutomationCondition.cron_tick_passed("30 0,12 * * *")
    & ~dg.AutomationCondition.in_progress()
    & ~dg.AutomationCondition.any_deps_missing()
    & dg.AutomationCondition.all_deps_blocking_checks_passed()
)


class GapsConfig(dg.Config):
    """Which series or authors are judged again."""

    ids: list[int] = Field(
        default_factory=list, description="Only these series or authors (ids of our table). Empty: all."
    )


@dg.asset(
    group_name="gaps",
    kinds={"postgres"},
    deps=[series_catalog, books],
    automation_condition=WHEN_MUCH_CHANGES | WHEN_A_DAY_BEGINS,
    owners=["team:library"],
)
def series_gaps(
    config: GapsConfig,
    database: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> dg.MaterializeResult[Any]:
    """Works of owned series that the library lacks.

    An owned box set covers its range; box sets, parts, translations, companions and summaries that are not owned are no
    gaps; what is not out yet is upcoming. Rows keep the day they were found and the day they were closed.
    """
    written, counts = rejudge_series(database, settings, clock.now(), clock.today(), config.ids)
    with database.begin() as connection:
        sample = gap_reports.sample(connection, "series_gap", limit=SAMPLE_ROWS)
        standing = gap_reports.open_counts(connection, "series_gap")
        told = _series_told(connection)
    return materialised(
        counts | _changes(written) | standing,
        sample=sample,
        table="missing_books",
        rows=standing["gaps_open"],
        told=told,
    )


@dg.asset(
    group_name="gaps",
    kinds={"postgres"},
    deps=[author_catalog, books],
    automation_condition=WHEN_MUCH_CHANGES | WHEN_A_DAY_BEGINS,
    owners=["team:library"],
)
def author_gaps(
    config: GapsConfig,
    database: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> dg.MaterializeResult[Any]:
    """Works of owned authors that exist as audiobooks and that the library lacks. Works by people who only share a
    surname are refused; a work that a series lacks too is one row with two reasons."""
    written, counts = rejudge_authors(database, settings, clock.now(), clock.today(), config.ids)
    with database.begin() as connection:
        sample = gap_reports.sample(connection, "author_gap", limit=SAMPLE_ROWS)
        standing = gap_reports.open_counts(connection, "author_gap")
        told = _authors_told(connection)
    return materialised(
        counts | _changes(written) | standing,
        sample=sample,
        table="missing_books",
        rows=standing["gaps_open"],
        told=told,
    )


@dg.asset(
    group_name="gaps",
    kinds={"postgres"},
    deps=[genre_top10, books],
    automation_condition=WHEN_PARENTS_CHANGE,
    owners=["team:library"],
)
def top10_gaps(database: dg.ResourceParam[Engine], clock: dg.ResourceParam[Clock]) -> dg.MaterializeResult[Any]:
    """What the weekly lists hold and the library lacks. An entry keeps what became of it."""
    now = clock.now()
    with database.begin() as connection:
        entries = discoveries.wanted_entries(connection)
        wanted = {
            work_key(entry.title, entry.authors): Wanted(
                work_key=work_key(entry.title, entry.authors),
                title=entry.title,
                authors=entry.authors,
                reason="top10",
                series_name=entry.series_name,
                series_number=entry.series_number,
                isbn=entry.isbn,
                asin=entry.asin,
                language=entry.language,
                priority=2,
            )
            for entry in entries
            if entry.authors
        }
        written = gaps.write_wanted(connection, list(wanted.values()), now)
        # A wish that was settled under an older gap's key stays as it is: `genre_top10` finds that gap by the work.
        outcomes: list[tuple[int, str, int | None, str]] = [
            (entry.entry_id, "wanted", gap_id, "neither owned nor pursued")
            for entry in entries
            if (gap_id := written.open_ids.get(work_key(entry.title, entry.authors)))
        ]
        outcomes += [
            (entry.entry_id, "refused", None, "MAM names no author, so no release could be checked")
            for entry in entries
            if not entry.authors
        ]
        discoveries.entries_became(connection, outcomes)
        discoveries.settle_outcomes(connection)
        sample = gap_reports.sample(connection, "top10", limit=SAMPLE_ROWS)
        standing = gap_reports.open_counts(connection, "top10")
    return materialised(
        {"entries": len(entries), "gaps_opened": written.opened} | standing,
        sample=sample,
        table="missing_books",
        rows=standing["gaps_open"],
    )


def _changes(written: Written) -> dict[str, int]:
    return {"gaps_opened": written.opened, "gaps_closed": written.closed, "gaps_joined": written.joined}


def _series_told(connection: Connection) -> Page:
    page = Page()
    nearly = [
        (name, f"{f'by {author}: ' if author else ''}{missing} missing of {total}")
        for name, author, missing, total in gap_reports.nearly_complete(connection, limit=10)
    ]
    if nearly:
        page.words("Nearly complete:")
        page.listed(nearly)
    return page


def _authors_told(connection: Connection) -> Page:
    page = Page()
    most_wanted = [
        (name, f"{missing} missing, {owned} owned")
        for name, missing, owned in gap_reports.most_wanted_authors(connection, limit=10)
    ]
    if most_wanted:
        page.words("Most wanted:")
        page.listed(most_wanted)
    return page
