"""Group gaps: what exists minus what is owned, of series, of authors, of the weekly lists. Our tables only."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import dagster as dg
from pydantic import Field

from mam_assets.assets.catalog import author_catalog, series_catalog
from mam_assets.assets.discovery import genre_top10
from mam_assets.assets.library import books
from mam_assets.assets.reporting import materialised
from mam_assets.domain.gaps import SeriesVerdict
from mam_assets.domain.gaps import author_gaps as judge_author
from mam_assets.domain.gaps import series_gaps as judge_series
from mam_assets.domain.identity import pen_name_map
from mam_assets.domain.wanting import Snapshot, Wanted, owned_elsewhere, work_key
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Engine
from mam_assets.settings import Settings
from mam_assets.store import discovery as discoveries
from mam_assets.store import gaps
from mam_assets.store.gap_snapshots import author_snapshots, series_snapshots
from mam_assets.store.gaps import Written

WHEN_PARENTS_CHANGE = dg.AutomationCondition.eager() & dg.AutomationCondition.all_deps_blocking_checks_passed()


class GapsConfig(dg.Config):
    """Which series or authors are judged again."""

    ids: list[int] = Field(
        default_factory=list, description="Only these series or authors (ids of our table). Empty: all."
    )


@dg.asset(
    group_name="gaps",
    kinds={"postgres"},
    deps=[series_catalog, books],
    automation_condition=WHEN_PARENTS_CHANGE,
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
        sample = gaps.sample(connection, "series_gap", limit=20)
        total = gaps.count_open(connection, "series_gap")
    return materialised(
        counts | {"gaps_opened": written.opened, "gaps_closed": written.closed},
        sample=sample,
        table="missing_books",
        rows=total,
    )


def rejudge_series(
    database: Engine, settings: Settings, now: datetime, today: date, ids: Sequence[int] = ()
) -> tuple[Written, dict[str, int]]:
    """Judge every series with a catalogue again (or these and their authors' others) and write what follows, in one
    transaction. A work that another series shows to be owned is owned here too."""
    with database.begin() as connection:
        snapshots = series_snapshots(connection, ids)
        judged = [(snapshot, _judge_series(snapshot, settings, today)) for snapshot in snapshots]
        elsewhere = owned_elsewhere(judged)
        judged = [
            (better := snapshot.with_evidence(more), _judge_series(better, settings, today))
            if (more := elsewhere.get(snapshot.owner_id))
            else (snapshot, verdict)
            for snapshot, verdict in judged
        ]
        written = gaps.write_series(connection, judged, now)
    verdicts = [verdict for snapshot, verdict in judged if snapshot.collected]
    return written, {
        "series": len(verdicts),
        "series_complete": sum(1 for v in verdicts if v.status == "complete"),
        "works_owned": sum(v.owned_count for v in verdicts),
        "works_missing": sum(v.missing_count for v in verdicts),
        "works_upcoming": sum(v.upcoming_count for v in verdicts),
    }


def _judge_series(snapshot: Snapshot, settings: Settings, today: date) -> SeriesVerdict:
    return judge_series(
        snapshot.entries,
        snapshot.owned,
        series_name=snapshot.name,
        series_authors=snapshot.authors,
        today=today,
        languages=settings.languages,
        pen_names=pen_name_map([]),
    )


@dg.asset(
    group_name="gaps",
    kinds={"postgres"},
    deps=[author_catalog, books],
    automation_condition=WHEN_PARENTS_CHANGE,
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
        sample = gaps.sample(connection, "author_gap", limit=20)
        total = gaps.count_open(connection, "author_gap")
    return materialised(
        counts | {"gaps_opened": written.opened, "gaps_closed": written.closed},
        sample=sample,
        table="missing_books",
        rows=total,
    )


def rejudge_authors(
    database: Engine, settings: Settings, now: datetime, today: date, ids: Sequence[int] = ()
) -> tuple[Written, dict[str, int]]:
    """Judge every author with a catalogue again (or these) and write what follows, in one transaction."""
    with database.begin() as connection:
        judged = [
            (
                snapshot,
                judge_author(
                    snapshot.entries,
                    snapshot.owned,
                    author=snapshot.name,
                    pen_names=snapshot.aliases,
                    today=today,
                    languages=settings.languages,
                ),
            )
            for snapshot in author_snapshots(connection, ids)
        ]
        written = gaps.write_authors(connection, judged, now)
    verdicts = [verdict for _, verdict in judged]
    return written, {
        "authors": len(verdicts),
        "works_owned": sum(v.owned_count for v in verdicts),
        "works_missing": sum(v.missing_count for v in verdicts),
        "entries_of_others": sum(len(v.refused) for v in verdicts),
    }


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
        outcomes = [
            (entry.entry_id, "wanted", gap_id, "neither owned nor pursued")
            if (gap_id := written.open_ids.get(work_key(entry.title, entry.authors)))
            else (entry.entry_id, "refused", None, "MAM names no author, so no release could be checked")
            for entry in entries
        ]
        discoveries.entries_became(connection, outcomes)
        sample = gaps.sample(connection, "top10", limit=20)
        total = gaps.count_open(connection, "top10")
    return materialised(
        {"entries": len(entries), "gaps_opened": written.opened}, sample=sample, table="missing_books", rows=total
    )
