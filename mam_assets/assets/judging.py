"""Judging series and authors again: whole, or only what some of them, or some books, touch.

Belongs here: reading, judging and writing in order. Does not belong here: the verdict (domain.gaps), SQL (store), what
a run shows of it (gaps).

Each call is one transaction, so that nobody sees counts of which the gaps are not yet written. It goes through the
owners in portions, so that what is held at once does not grow with the library, but for the wishes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from mam_assets.domain.gaps import AuthorVerdict, SeriesVerdict, author_gaps, series_gaps
from mam_assets.domain.identity import pen_name_map
from mam_assets.domain.wanting import Snapshot, Wishes, first_hand, keyed_works, owned_elsewhere
from mam_assets.resources.database import Connection, Engine
from mam_assets.settings import Settings
from mam_assets.store import gap_keys, gap_snapshots, gaps, verdicts
from mam_assets.store.gaps import Written

_PORTION = 500
_NO_PEN_NAMES = pen_name_map([])


def rejudge_books(
    database: Engine, settings: Settings, now: datetime, today: date, book_ids: Sequence[int]
) -> tuple[Written, Written]:
    """Judge again what these books touch, so that counts and gaps are true at once. Returns what was written of series
    and of authors."""
    with database.begin() as connection:
        series_ids, author_ids = gap_snapshots.touched_by_books(connection, book_ids)
    series = rejudge_series(database, settings, now, today, series_ids)[0] if series_ids else Written()
    authors = rejudge_authors(database, settings, now, today, author_ids)[0] if author_ids else Written()
    return series, authors


def rejudge_series(
    database: Engine, settings: Settings, now: datetime, today: date, ids: Sequence[int] = ()
) -> tuple[Written, dict[str, int]]:
    """Judge every series with a catalogue again (or these, their authors' others, and whichever lacks a work that
    became owned or lacking here) and write what follows. Returns what was written, and counts of works."""
    with database.begin() as connection:
        judging = _SeriesJudging(connection, settings, now, today)
        judging.judge(gap_snapshots.series_to_judge(connection, ids))
        written = gaps.write_wishes(connection, judging.wishes, now)
        if not ids:
            verdicts.forget_counts_without_catalogue(connection, now)
    return written, judging.counts()


class _SeriesJudging:
    """Each series is first judged by its own evidence; what other series' own evidence shows to be owned comes after.
    So a mistake keeps nothing alive, and the order changes nothing."""

    def __init__(self, connection: Connection, settings: Settings, now: datetime, today: date) -> None:
        self._connection = connection
        self._settings = settings
        self._now = now
        self._today = today
        self._counts: dict[int, Counter[str]] = {}
        self.wishes = Wishes("series_gap")

    def judge(self, series_ids: Sequence[int]) -> None:
        """Judge these, then all whose works they show to be owned."""
        waiting = set(gap_keys.shown_elsewhere(self._connection, series_ids))
        chosen, changed = set(series_ids), set[str]()
        for portion in _portions(series_ids):
            changed |= self._judge_alone(portion, unwritten=waiting)
        # What another series owns may be lacking in one that nobody asked about.
        touched = gap_keys.series_lacking(self._connection, changed) if changed else set()
        shown = gap_keys.shown_elsewhere(self._connection, chosen | touched)
        second = waiting | (set(shown) & chosen) | (touched - chosen)
        for portion in _portions(sorted(second)):
            self._judge_with(portion, shown)

    def _judge_alone(self, series_ids: Sequence[int], unwritten: set[int]) -> set[str]:
        judged, keys = [], {}
        for snapshot in gap_snapshots.series_snapshots(self._connection, series_ids):
            verdict = self._verdict(snapshot)
            works = keyed_works(snapshot, verdict.works)
            keys[snapshot.owner_id] = first_hand(works)
            if snapshot.owner_id not in unwritten:
                self.wishes.note(snapshot, works)
                judged.append((snapshot, verdict))
        self._write(judged)
        return gap_keys.save_work_keys(self._connection, keys)

    def _judge_with(self, series_ids: Sequence[int], shown: Mapping[int, Mapping[str, int]]) -> None:
        judged = []
        for snapshot in gap_snapshots.series_snapshots(self._connection, series_ids):
            verdict = self._verdict(snapshot)
            works = keyed_works(snapshot, verdict.works)
            books = owned_elsewhere(snapshot, works, shown.get(snapshot.owner_id, {}))
            if books:
                snapshot = snapshot.with_evidence(books)
                verdict = self._verdict(snapshot)
                works = keyed_works(snapshot, verdict.works)
            self.wishes.note(snapshot, works)
            judged.append((snapshot, verdict))
        self._write(judged)

    def _write(self, judged: Sequence[tuple[Snapshot, SeriesVerdict]]) -> None:
        verdicts.write_entries(self._connection, judged)
        verdicts.write_series_counts(self._connection, judged, self._now)
        for snapshot, verdict in judged:
            if snapshot.collected:
                self._counts[snapshot.owner_id] = Counter(
                    series=1,
                    series_complete=verdict.status == "complete",
                    works_owned=verdict.owned_count,
                    works_missing=verdict.missing_count,
                    works_upcoming=verdict.upcoming_count,
                )

    def _verdict(self, snapshot: Snapshot) -> SeriesVerdict:
        return series_gaps(
            snapshot.entries,
            snapshot.owned,
            series_name=snapshot.name,
            series_authors=snapshot.authors,
            today=self._today,
            languages=self._settings.languages,
            pen_names=_NO_PEN_NAMES,
        )

    def counts(self) -> dict[str, int]:
        """Sums over the series of which a book is owned."""
        names = ("series", "series_complete", "works_owned", "works_missing", "works_upcoming")
        return _sums(self._counts.values(), names)


def rejudge_authors(
    database: Engine, settings: Settings, now: datetime, today: date, ids: Sequence[int] = ()
) -> tuple[Written, dict[str, int]]:
    """Judge every author with a catalogue again (or these), then the series that lack what an author is shown to have,
    and write what follows. Returns what was written, and counts of works."""
    wishes = Wishes("author_gap")
    counts: list[Counter[str]] = []
    with database.begin() as connection:
        for portion in _portions(gap_snapshots.authors_to_judge(connection, ids)):
            judged = _judge_authors(connection, settings, today, portion, wishes)
            for _, verdict in judged:
                counts.append(
                    Counter(
                        authors=1,
                        authors_complete=verdict.status == "complete",
                        works_owned=verdict.owned_count,
                        works_missing=verdict.missing_count,
                        works_upcoming=verdict.upcoming_count,
                        entries_of_others=len(verdict.refused),
                    )
                )
            verdicts.write_entries(connection, judged)
            verdicts.write_author_counts(connection, judged, now)
        written = gaps.write_wishes(connection, wishes, now)
        doubtful = gaps.series_lacking_what_is_owned(connection, wishes.owned)
        if doubtful:
            judging = _SeriesJudging(connection, settings, now, today)
            judging.judge(gap_snapshots.series_to_judge(connection, doubtful))
            written.closed += gaps.write_wishes(connection, judging.wishes, now).closed
    names = ("authors", "authors_complete", "works_owned", "works_missing", "works_upcoming", "entries_of_others")
    return written, _sums(counts, names)


def _judge_authors(
    connection: Connection, settings: Settings, today: date, ids: Sequence[int], wishes: Wishes
) -> list[tuple[Snapshot, AuthorVerdict]]:
    """Each author by their own books, and by what a series shows to be owned under one of their works' names."""

    def verdict_on(snapshot: Snapshot) -> AuthorVerdict:
        return author_gaps(
            snapshot.entries,
            snapshot.owned,
            author=snapshot.name,
            pen_names=snapshot.aliases,
            today=today,
            languages=settings.languages,
        )

    first = []
    for snapshot in gap_snapshots.author_snapshots(connection, ids):
        verdict = verdict_on(snapshot)
        first.append((snapshot, verdict, keyed_works(snapshot, verdict.works)))
    lacking = {key for _, _, works in first for keyed in works if keyed.is_wanted for key in keyed.keys}
    shown = gap_keys.shown_by_series(connection, lacking)
    judged = []
    for snapshot, verdict, works in first:
        if books := owned_elsewhere(snapshot, works, shown):
            snapshot = snapshot.with_evidence(books)
            verdict = verdict_on(snapshot)
            works = keyed_works(snapshot, verdict.works)
        wishes.note(snapshot, works)
        judged.append((snapshot, verdict))
    return judged


def _portions(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), _PORTION):
        yield ids[start : start + _PORTION]


def _sums(counts: Iterable[Counter[str]], names: Sequence[str]) -> dict[str, int]:
    found = dict.fromkeys(names, 0)
    for tally in counts:
        for name in names:
            found[name] += int(tally[name])
    return found
