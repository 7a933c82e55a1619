"""Judging series and authors again: whole, or only what some of them, or some books, touch.

Belongs here: reading, judging and writing in order. Does not belong here: the verdict (domain.gaps), SQL (store), what
a run shows of it (gaps).

Each call is one transaction, so that nobody sees counts of which the gaps are not yet written. It goes through the
owners in portions, so that what is held at once does not grow with the library, but for the wishes. Where there are
many portions, processes beside this one read and judge them, and this one writes (store.judging_processes).
"""

import gc
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from mam_assets.domain.entry_verdicts import OwnerCounts
from mam_assets.domain.wanting import Wishes
from mam_assets.resources.database import Connection, Engine
from mam_assets.settings import Settings
from mam_assets.store import gap_filling, gap_keys, gap_snapshots, gaps, judged_portions, verdicts
from mam_assets.store.gap_turns import one_judging_at_a_time
from mam_assets.store.gaps import Written
from mam_assets.store.judged_portions import JudgedPortion, Terms
from mam_assets.store.judging_processes import Judges


@contextmanager
def _not_looking_for_cycles() -> Iterator[None]:
    """Judging makes hundreds of thousands of records and no cycles; looking for some took a quarter of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def rejudge_books(
    database: Engine, settings: Settings, now: datetime, today: date, book_ids: Sequence[int]
) -> tuple[Written, Written, int]:
    """Judge again what these books touch (new ones, and such as have changed or are gone), so that counts and gaps are
    true at once. Returns what was written of series and of authors, and how many gaps of lists and persons they
    fill."""
    with database.begin() as connection:
        series_ids, author_ids = map(set, gap_snapshots.touched_by_books(connection, book_ids))
        leaning_series, leaning_authors = gap_keys.owners_leaning_on(connection, book_ids)
    series_ids |= leaning_series
    author_ids |= leaning_authors
    series = rejudge_series(database, settings, now, today, sorted(series_ids))[0] if series_ids else Written()
    authors = rejudge_authors(database, settings, now, today, sorted(author_ids))[0] if author_ids else Written()
    with database.begin() as connection:
        filled = gap_filling.fill_listed(connection, now, book_ids)
    return series, authors, filled


@_not_looking_for_cycles()
def rejudge_series(
    database: Engine, settings: Settings, now: datetime, today: date, ids: Sequence[int] = ()
) -> tuple[Written, dict[str, int]]:
    """Judge every series with a catalogue again (or these, their authors' others, and whichever lacks a work that
    became owned or lacking here) and write what follows. Returns what was written, and counts of works."""
    with database.begin() as connection:
        one_judging_at_a_time(connection)
        judging = _SeriesJudging(connection, _terms(settings, today), now)
        judging.judge(gap_snapshots.series_to_judge(connection, ids))
        written = gaps.write_wishes(connection, judging.wishes, now)
        if not ids:
            verdicts.forget_counts_without_catalogue(connection, now)
    return written, judging.counts()


class _SeriesJudging:
    """Each series is first judged by its own evidence; what other series' own evidence shows to be owned comes after.
    So a mistake keeps nothing alive, and the order changes nothing."""

    def __init__(self, connection: Connection, terms: Terms, now: datetime, *, alone: bool = False) -> None:
        self._connection = connection
        self._terms = terms
        self._now = now
        self._alone = alone
        self._counts: dict[int, OwnerCounts] = {}
        self.wishes = Wishes("series_gap")

    def judge(self, series_ids: Sequence[int]) -> None:
        """Judge these, then all whose works they show to be owned."""
        waiting = set(gap_keys.shown_elsewhere(self._connection, series_ids))
        chosen, changed = set(series_ids), set[str]()
        with Judges(self._connection, self._terms, alone=self._alone) as judges:
            for portion in judges.each(judged_portions.series_by_themselves, series_ids, frozenset(waiting)):
                self._write(portion)
                gap_keys.save_work_keys(self._connection, portion.keys)
                changed |= portion.keys.keys
        # What another series owns may be lacking in one that nobody asked about.
        touched = gap_keys.series_lacking(self._connection, changed) if changed else set()
        shown = gap_keys.shown_elsewhere(self._connection, chosen | touched)
        self._judge_with(sorted(waiting | (set(shown) & chosen) | (touched - chosen)), shown)
        verdicts.write_series_counts(self._connection, list(self._counts.values()), self._now)

    def _judge_with(self, series_ids: Sequence[int], shown: Mapping[int, Mapping[str, int]]) -> None:
        # In this process: its verdicts are compared with what this very transaction has written.
        for ids in judged_portions.portions(series_ids):
            self._write(judged_portions.series_with_others(self._connection, self._terms, ids, shown))

    def _write(self, portion: JudgedPortion) -> None:
        verdicts.write_entries(self._connection, portion.entries)
        self.wishes.take(portion.wishes)
        self._counts |= {one.owner_id: one for one in portion.counts}

    def counts(self) -> dict[str, int]:
        """Sums over the series of which a book is owned."""
        return _sums("series", (one for one in self._counts.values() if one.collected))


@_not_looking_for_cycles()
def rejudge_authors(
    database: Engine, settings: Settings, now: datetime, today: date, ids: Sequence[int] = ()
) -> tuple[Written, dict[str, int]]:
    """Judge every author with a catalogue again (or these), then the series that lack what an author is shown to have,
    and write what follows. Returns what was written, and counts of works."""
    wishes = Wishes("author_gap")
    counts: list[OwnerCounts] = []
    terms = _terms(settings, today)
    with database.begin() as connection:
        one_judging_at_a_time(connection)
        with Judges(connection, terms) as judges:
            author_ids = gap_snapshots.authors_to_judge(connection, ids)
            for portion in judges.each(judged_portions.authors, author_ids):
                verdicts.write_entries(connection, portion.entries)
                wishes.take(portion.wishes)
                counts += portion.counts
        verdicts.write_author_counts(connection, counts, now)
        written = gaps.write_wishes(connection, wishes, now)
        doubtful = gap_filling.series_lacking_what_is_owned(connection, wishes.owned)
        if doubtful:
            # Alone: they are judged by what has just been written of their authors.
            judging = _SeriesJudging(connection, terms, now, alone=True)
            judging.judge(gap_snapshots.series_to_judge(connection, doubtful))
            written.closed += gaps.write_wishes(connection, judging.wishes, now).closed
        if not ids:
            written.closed += gap_filling.fill_listed(connection, now)
    return written, _sums("authors", counts) | {"entries_of_others": sum(one.refused for one in counts)}


def _terms(settings: Settings, today: date) -> Terms:
    return Terms(today, tuple(settings.languages))


def _sums(owners: str, counts: Iterable[OwnerCounts]) -> dict[str, int]:
    found = Counter({owners: 0, f"{owners}_complete": 0, "works_owned": 0, "works_missing": 0, "works_upcoming": 0})
    for one in counts:
        found[owners] += 1
        found[f"{owners}_complete"] += one.status == "complete"
        found["works_owned"] += one.owned
        found["works_missing"] += one.missing
        found["works_upcoming"] += one.upcoming
    return dict(found)
