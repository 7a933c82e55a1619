"""One series' way through Goodreads: its number, its pages, and the memory of what was read.

Does not belong here: which series are read, and what other sources told of them (series_catalog).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mam_assets.assets.catalog_scope import FRESH_FOR, LOOKUP_FRESH_FOR
from mam_assets.domain.books import GoodreadsSeriesLink, GoodreadsSeriesPage
from mam_assets.domain.finding import pick_hit, pick_series
from mam_assets.domain.series_identity import Fate, SeriesSide, judge_listing
from mam_assets.resources.database import Engine
from mam_assets.resources.errors import BadAnswer, NotFound, ServiceError
from mam_assets.resources.goodreads import Goodreads
from mam_assets.store import author_catalog as authors
from mam_assets.store import catalog as catalogue
from mam_assets.store import services

MOST_PAGES = 50
"""5,000 works: more is no series but a mistake of its page."""


@dataclass(frozen=True)
class SeriesRead:
    """What one series' read gave; ``works`` is None where Goodreads does not know the series. ``series_id`` is the
    series it is now, after a merge perhaps another one; ``held_apart_from`` names the series whose number it would
    have, if a person had not kept the two apart; ``doubt`` says which one it might be, and what a person can do."""

    series_id: int
    works: int | None
    merged: bool = False
    goodreads_id: str | None = None
    held_apart_from: str | None = None
    doubt: str | None = None


@dataclass(frozen=True)
class _Found:
    """What leads to a series' number: none where nothing does, or where a ``doubt`` stands. ``page`` is the first one,
    where it was needed to be sure."""

    number: str | None
    doubt: str | None = None
    page: GoodreadsSeriesPage | None = None


def read_series(database: Engine, goodreads: Goodreads, series: catalogue.SeriesDue, now: datetime) -> SeriesRead:
    """Read the whole catalogue of a series. Pages that were read are kept at once; one that fails is asked again in the
    next run, alone. Raises ServiceError where a page is still lacking."""
    found = _Found(series.goodreads_id) if series.goodreads_id else _find_number(database, goodreads, series, now)
    number = found.number
    if number is None:
        with database.begin() as connection:
            catalogue.series_unknown(connection, series.series_id, now, found.doubt)
        return SeriesRead(series.series_id, None, doubt=found.doubt)
    with database.begin() as connection:
        known = catalogue.identify_series(connection, series.series_id, number, now)
        if known.held_apart_from is not None:
            return SeriesRead(known.series_id, None, held_apart_from=known.held_apart_from)
        if known.doubt is not None:
            return SeriesRead(known.series_id, None, doubt=known.doubt)
        if known.merged and catalogue.series_is_fresh(connection, known.series_id, now - FRESH_FOR):
            return SeriesRead(known.series_id, 0, merged=True, goodreads_id=number)
    try:
        works, name = _Pages(database, goodreads, known.series_id, number, now).read(found.page)
    except NotFound:
        with database.begin() as connection:
            catalogue.series_unknown(connection, known.series_id, now)
            services.remember_answers(
                connection, "goodreads", {_lookup_key(known.series_id): None}, now, now + LOOKUP_FRESH_FOR
            )
        return SeriesRead(known.series_id, None, merged=known.merged)
    with database.begin() as connection:
        catalogue.series_checked(connection, known.series_id, now, name=name)
    return SeriesRead(known.series_id, works, merged=known.merged, goodreads_id=number)


class _Pages:
    """The pages of one series, of which some may have been read by an earlier run."""

    def __init__(self, database: Engine, goodreads: Goodreads, series_id: int, number: str, now: datetime) -> None:
        self._database, self._goodreads = database, goodreads
        self._series_id, self._number, self._now = series_id, number, now
        self._key = f"series-pages:{number}"
        with database.begin() as connection:
            known = services.known_answers(connection, "goodreads", [self._key], now).get(self._key)
        fresh: dict[str, Any] = {"read": [], "works": 0, "of": None, "name": ""}
        memory = known.answer if known is not None and known.found else fresh
        self._read: set[int] = set(memory["read"])
        self._works: int = memory["works"]
        self._of: int | None = memory["of"]
        self._name: str = memory["name"]

    def read(self, first: GoodreadsSeriesPage | None = None) -> tuple[int, str]:
        """(works listed, Goodreads' name of the series). ``first`` is the first page, where it was read a moment ago.
        Raises NotFound where there is no such series, else the first error, after every other page was tried."""
        lacking: ServiceError | None = None
        page = 0
        while page < MOST_PAGES and (self._of is None or page < self._of):
            page += 1
            if page in self._read:
                continue
            try:
                answer = first if first and page == 1 else self._goodreads.series_page(self._number, page)
            except NotFound:
                if page == 1:
                    raise
                break
            except BadAnswer as error:
                lacking = lacking or error
                if self._of is None:
                    break  # how many pages there are is not known: the next one tells no more
                continue
            self._keep(answer)
            if self._of is not None and page <= self._of and not _is_whole(answer, page):
                lacking = lacking or self._broken(page, len(answer.entries))
                continue
            self._remember(answer, page)
            if self._of is None and not _goes_on(answer):
                break
        if lacking is not None:
            raise lacking
        with self._database.begin() as connection:  # whole: nothing is left to be remembered
            services.remember_answers(connection, "goodreads", {self._key: None}, self._now, self._now)
        return self._works, self._name

    def _broken(self, page: int, works: int) -> BadAnswer:
        call = f"series {self._number}, page {page}"
        return BadAnswer("goodreads", call, f"it lists {works} works only", "It is asked again in the next run.")

    def _keep(self, answer: GoodreadsSeriesPage) -> None:
        if answer.num_works is not None:
            self._of = max(1, -(-answer.num_works // max(1, answer.per_page)))
        with self._database.begin() as connection:
            catalogue.save_entries(connection, answer.entries, self._now, series_id=self._series_id)

    def _remember(self, answer: GoodreadsSeriesPage, page: int) -> None:
        self._read.add(page)
        self._works += len(answer.entries)
        self._name = self._name or answer.title
        if self._of is None or self._of > 1:
            with self._database.begin() as connection:
                memory = {"read": sorted(self._read), "works": self._works, "of": self._of, "name": self._name}
                services.remember_answers(
                    connection, "goodreads", {self._key: memory}, self._now, self._now + FRESH_FOR
                )


def _is_whole(answer: GoodreadsSeriesPage, page: int) -> bool:
    """Whether a page lists at least half as many works as it should: a site may count what it doesn't show."""
    expected = min(answer.per_page, (answer.num_works or 0) - (page - 1) * answer.per_page)
    return len(answer.entries) >= expected / 2


def _goes_on(answer: GoodreadsSeriesPage) -> bool:
    """Without a word on how many works there are, a page that is (nearly) full may not be the last."""
    return answer.num_works is None and len(answer.entries) >= 0.9 * answer.per_page


def _find_number(database: Engine, goodreads: Goodreads, series: catalogue.SeriesDue, now: datetime) -> _Found:
    """The Goodreads number of a series, by one of its owned books: autocomplete names the book, its page the series.
    Where only the book leads there and no name agrees, the series' works decide; what stays in doubt is asked again
    once other books are owned. The author's number is learnt on the way."""
    key = _lookup_key(series.series_id)
    with database.begin() as connection:
        known = services.known_answers(connection, "goodreads", [key], now).get(key)
        ours = catalogue.owned_side(connection, series.series_id)
    works = [list(work) for work in ours.works]
    if known is not None and not known.found:
        return _Found(None)
    if known is not None and (known.answer.get("doubt") is None or known.answer["works"] == works):
        return _Found(known.answer["goodreads_id"], known.answer.get("doubt"))
    found = _Found(None)
    hit = pick_hit(goodreads.autocomplete(series.book_title), series.book_title, series.authors, series.names)
    if hit is not None:
        try:
            links = goodreads.book(hit.book_id).series
            picked = pick_series(links, series.names, series.authors, series.other_series)
            if picked is not None:
                found = _Found(picked.link.series_id) if picked.by_name else _judged(goodreads, ours, picked.link)
        except NotFound:
            found = _Found(None)
    with database.begin() as connection:
        answer: dict[str, Any] | None = {"goodreads_id": found.number} if found.number else None
        if found.doubt is not None:
            answer = {"goodreads_id": None, "doubt": found.doubt, "works": works}
        services.remember_answers(connection, "goodreads", {key: answer}, now, now + LOOKUP_FRESH_FOR)
        if hit is not None and hit.author_id:
            authors.learn_ids(connection, "goodreads_id", {hit.author: hit.author_id})
    return found


def _judged(goodreads: Goodreads, ours: SeriesSide, link: GoodreadsSeriesLink) -> _Found:
    page = goodreads.series_page(link.series_id, 1)
    works = tuple((entry.series.position if entry.series else None, entry.title) for entry in page.entries)
    listed = SeriesSide(0, (link.name,), goodreads_id=link.series_id, works=works)
    whole = page.num_works is not None and len(page.entries) >= page.num_works
    verdict = judge_listing(ours, listed, whole=whole)
    if verdict.fate is Fate.MERGE:
        return _Found(link.series_id, page=page)
    remedy = "if it is, name it so in Audiobookshelf, or join it to that series of ours by `mam series merge`"
    return _Found(None, doubt=f"{verdict.evidence}: {remedy}")


def _lookup_key(series_id: int) -> str:
    return f"series:{series_id}"
