"""Group catalog: the works of each author (`author_catalog`).

Belongs here: which authors are asked about in a run, source by source, and what a run says of itself. Does not belong
here: one author's way through a source (author_lookup), series (series_catalog).
"""

from collections.abc import Callable
from typing import Any

import dagster as dg

from mam_assets.assets.asking import Turn, ask_each
from mam_assets.assets.author_lookup import ask_goodreads, ask_google, ask_mam
from mam_assets.assets.catalog_scope import FRESH_FOR, CatalogConfig
from mam_assets.assets.library import books
from mam_assets.assets.outside import GOODREADS_PAGES, GOOGLE_BOOKS_VOLUMES, MAM_CATALOGUE
from mam_assets.assets.pages import Page
from mam_assets.assets.reporting import materialised
from mam_assets.resources.clock import Clock
from mam_assets.resources.database import Engine
from mam_assets.resources.goodreads import Goodreads
from mam_assets.resources.google_books import GoogleBooks
from mam_assets.resources.mam import Mam
from mam_assets.store import author_catalog as authors
from mam_assets.store import catalog as catalogue
from mam_assets.store.author_catalog import AuthorDue

AuthorTurn = Turn[AuthorDue, int | None]


@dg.asset(
    group_name="catalog",
    kinds={"postgres", "mam"},
    deps=[books, MAM_CATALOGUE, GOOGLE_BOOKS_VOLUMES, GOODREADS_PAGES],
    # Held for Google's and Goodreads' turns too, while MAM's lists and searches wait. Without it MAM would be asked
    # beside a person's own crawler (guides), which no gate of ours can see. A step has one pool only, and three steps
    # would be three assets. `rounds` keeps each share to about half an hour, and leaves MAM to a search for gaps.
    pool="mam",
    owners=["team:library"],
)
def author_catalog(
    context: dg.AssetExecutionContext,
    config: CatalogConfig,
    database: dg.ResourceParam[Engine],
    mam: dg.ResourceParam[Mam],
    google_books: dg.ResourceParam[GoogleBooks],
    goodreads: dg.ResourceParam[Goodreads],
    clock: dg.ResourceParam[Clock],
) -> dg.MaterializeResult[Any]:
    """The works of every author of whom a book is owned: what MAM offers (they exist as audiobooks), what Google Books
    and Goodreads list (they exist). One row for each work and source.

    Each source has its own turn and its own queue: one that is blocked or spent leaves the others, and whom it was not
    asked about is first in its next turn. MAM: one search for each name (pages of 100), at most 50 requests in a run;
    it serves the search for releases too. "Unknown" and "Various" are asked about nowhere.
    """
    now = clock.now()
    cut: list[str] = []

    def turn(source: str, ask: Callable[[AuthorDue], int | None]) -> AuthorTurn:
        def failed(author: AuthorDue, error: Exception) -> None:
            with database.begin() as connection:
                authors.author_failed(connection, author.author_id, source, str(error), now)

        with database.begin() as connection:
            due = authors.authors_due(
                connection,
                source,
                stale_before=None if config.force else now - FRESH_FOR,
                ids=config.ids,
                limit=config.limit,
            )
        return ask_each(
            due, ask, what="authors", name_of=lambda a: a.name, failed=failed, progress=context.log.info, every=5
        )

    turns = {
        "mam": turn("MAM", lambda author: ask_mam(database, mam, author, now, again=config.force, report=cut.append)),
        "google": turn(
            "GoogleBooks", lambda author: ask_google(database, google_books, author, now, again=config.force)
        ),
        "goodreads": turn(
            "Goodreads", lambda author: ask_goodreads(database, goodreads, author, now, report=cut.append)
        ),
    }
    with database.begin() as connection:
        total = catalogue.count_entries(connection, of="authors")
        by_source = authors.works_by_source(connection)
    counts = _counts(turns)
    counts["works_with_recording"] = sum(row["recordings"] for row in by_source.values())
    problems = [*(problem for one in turns.values() for problem in one.problems), *cut]
    return materialised(
        counts,
        sample=_sample(turns),
        table="catalog_entries",
        rows=total,
        problems=problems,
        told=_summary(turns, by_source),
    )


def _counts(turns: dict[str, AuthorTurn]) -> dict[str, int]:
    """Authors for whom at least one source answered, or still has to; then each source by itself."""
    read = {author.author_id for turn in turns.values() for author, _ in turn.answered}
    waiting = {author.author_id for turn in turns.values() for author in turn.waiting}
    counts = {"authors_read": len(read), "authors_waiting": len(waiting), "releases": _found(turns["mam"])}
    for source, turn in turns.items():
        counts[f"{source}_authors_read"] = len(turn.answered)
        counts[f"{source}_authors_waiting"] = len(turn.waiting)
        if source != "mam":
            counts[f"{source}_works"] = _found(turn)
    counts["authors_unknown_to_goodreads"] = sum(1 for _, works in turns["goodreads"].answered if works is None)
    return counts


def _found(turn: AuthorTurn) -> int:
    return sum(number or 0 for _, number in turn.answered)


def _sample(turns: dict[str, AuthorTurn]) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for source, turn in turns.items():
        for author, number in turn.answered:
            rows.setdefault(author.name, {"author": author.name} | dict.fromkeys(turns))[source] = number
    return list(rows.values())


def _summary(turns: dict[str, AuthorTurn], by_source: dict[str, dict[str, int]]) -> Page:
    names = {"mam": "MAM", "google": "GoogleBooks", "goodreads": "Goodreads"}
    rows = []
    for source, turn in turns.items():
        known = by_source.get(names[source], {"works": 0, "recordings": 0})
        rows.append((names[source], len(turn.answered), len(turn.waiting), known["works"], known["recordings"]))
    page = Page()
    page.table(("Source", "Authors read", "Wait", "Works known", "Shown as recordings"), rows)
    return page
