"""Group catalog: the works of each series (`series_catalog`).

Belongs here: which series are read in a run, which are one, and what a run says of itself. Does not belong here: one
series' way through Goodreads (series_lookup), authors (author_catalog).
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Any

import dagster as dg

from mam_assets.assets.asking import ask_each
from mam_assets.assets.catalog_scope import FRESH_FOR, CatalogConfig
from mam_assets.assets.library import books
from mam_assets.assets.outside import GOODREADS_PAGES
from mam_assets.assets.pages import Page
from mam_assets.assets.reporting import materialised
from mam_assets.assets.series_lookup import read_series
from mam_assets.domain.finding import SeriesFinder, told_by_entries, told_by_releases
from mam_assets.domain.series_identity import Decided, decide
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Engine
from mam_assets.resources.goodreads import Goodreads
from mam_assets.store import catalog as catalogue
from mam_assets.store import series_identity, series_keys, told


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
    """The works of every series of which a book is owned: as Goodreads lists them, and as MAM, Google and Audible told
    of them in answers that we have. Sources that disagree stand side by side.

    One page for 100 works, and one look-up where the series' number is unknown. Series that turn out to be one are
    merged, with the evidence kept; `mam series unmerge` undoes it for good. A block ends the asking for this run: what
    was not reached is first next time.
    """
    now = clock.now()
    merged = len(merge_alike(database, now).merges)
    with database.begin() as connection:
        due = catalogue.series_due(
            connection, stale_before=None if config.force else now - FRESH_FOR, ids=config.ids, limit=config.limit
        )
    gone: set[int] = set()  # merged into another series of this very run, or read as one

    def read(series: catalogue.SeriesDue) -> Any:
        if series.series_id in gone:
            return None
        outcome = read_series(database, goodreads, series, now)
        gone.update({series.series_id, outcome.series_id})
        return outcome

    def failed(series: catalogue.SeriesDue, error: Exception) -> None:
        with database.begin() as connection:
            catalogue.series_check_failed(connection, series.series_id, str(error), now)

    turn = ask_each(
        due, read, what="series", name_of=lambda series: series.name, failed=failed, progress=context.log.info
    )
    answers = [(series, outcome) for series, outcome in turn.answered if outcome is not None]
    listed = [(series, outcome) for series, outcome in answers if outcome.works is not None]
    provisional = [(series.name, outcome.doubt) for series, outcome in answers if outcome.doubt is not None]
    works_told = keep_what_was_told(database, now)
    decided = merge_alike(database, now)
    with database.begin() as connection:
        total = catalogue.count_entries(connection, of="series")
        by_source = catalogue.works_by_source(connection)
        disagreeing = catalogue.count_disagreeing(connection)
    counts = {
        "series_read": len(listed),
        "works": sum(outcome.works for _, outcome in listed),
        "works_told": works_told,
        "series_unknown_there": len(answers) - len(listed),
        "series_merged": merged + sum(outcome.merged for _, outcome in answers) + len(decided.merges),
        "series_held_apart": sum(outcome.held_apart_from is not None for _, outcome in answers),
        "series_in_doubt": len(decided.doubts) + len(provisional),
        "works_disagreeing": disagreeing,
        "series_waiting": len(turn.waiting),
    }
    return materialised(
        counts,
        sample=[
            {"series": series.name, "works": outcome.works, "goodreads_id": outcome.goodreads_id}
            for series, outcome in listed
        ],
        table="catalog_entries",
        rows=total,
        problems=turn.problems,
        told=_summary(counts, by_source, provisional),
    )


def _summary(counts: dict[str, int], by_source: dict[str, int], provisional: Sequence[tuple[str, str]]) -> Page:
    page = Page()
    page.words(f"{counts['series_read']} series read with {counts['works']} works; {counts['series_waiting']} wait.")
    page.table(("Source", "Works in all series"), sorted(by_source.items()))
    if counts["series_merged"] or counts["series_in_doubt"]:
        page.words(
            f"{counts['series_merged']} merged, {counts['series_in_doubt']} in doubt: see the check "
            "doubtful_series_pairs, and mam series list."
        )
    if provisional:
        page.words("Series whose number at Goodreads only one book points to; it is not believed before more agree.")
        page.table(("Series", "What speaks for and against"), provisional)
    return page


def merge_alike(database: Engine, now: datetime) -> Decided:
    """Merge the series that are one by name, author and works; what is in doubt stays, and is returned."""
    with database.begin() as connection:
        series_keys.bring_up_to_date(connection, now)
        decided = decide(
            series_identity.sides_alike(connection),
            held_apart=series_identity.held_apart(connection),
            pen_names=series_identity.pen_names(connection),
        )
        for merge in decided.merges:
            series_identity.merge(
                connection,
                keep=merge.keep,
                drop=merge.drop,
                rule=merge.rule,
                evidence=merge.evidence,
                by="series_catalog",
                now=now,
            )
    return decided


def keep_what_was_told(database: Engine, now: datetime) -> int:
    """Add to the catalogues what stored releases, answers about owned books and Google's volumes say of our series: no
    request is made. Answers about owned books join a catalogue that is there; alone they are none. Returns how many
    works were told."""
    with database.begin() as connection:
        finder = SeriesFinder(told.series_names(connection))
        catalogued = told.with_catalogue(connection)
        releases = told_by_releases(told.releases_in_series(connection), finder)
        volumes = told_by_entries(told.volumes_in_series(connection), finder)
        answers = told_by_entries(told.answers_with_series(connection), finder)
        answers = {series_id: entries for series_id, entries in answers.items() if series_id in catalogued}
        found = {
            series_id: list(chain(answers.get(series_id, ()), volumes.get(series_id, ()), releases.get(series_id, ())))
            for series_id in {*releases, *volumes, *answers}
        }
        return catalogue.save_series_entries(connection, found, now)
