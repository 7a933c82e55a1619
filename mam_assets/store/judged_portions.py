"""A portion of the series or authors, read and judged: what is to be written of it, and nothing that was read for it.

Belongs here: reading and judging some owners in one go, so that it can be done in a process beside (judging_processes).
Does not belong here: writing (verdicts, gaps, gap_keys), the verdict itself (domain.gaps).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection

from mam_assets.domain.entry_verdicts import EntryVerdict, OwnerCounts, changed_entries, owner_counts
from mam_assets.domain.gaps import AuthorVerdict, SeriesVerdict, author_gaps, series_gaps
from mam_assets.domain.identity import pen_name_map
from mam_assets.domain.wanting import KeyedWork, Snapshot, Wishes, first_hand, keyed_works, owned_elsewhere
from mam_assets.store import gap_keys, gap_snapshots
from mam_assets.store.gap_keys import KeyChanges

_NO_PEN_NAMES = pen_name_map([])
_OWNERS = 500


def portions(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Series or authors in portions of what is held at once."""
    for start in range(0, len(ids), _OWNERS):
        yield ids[start : start + _OWNERS]


@dataclass(frozen=True)
class Terms:
    """What verdicts hang on besides the rows."""

    today: date
    languages: tuple[str, ...]


@dataclass
class JudgedPortion:
    """``entries`` are the lines whose verdict is another than the one that stands there; ``keys`` what changed in the
    keys of the works that a series' own evidence shows to be owned or lacking."""

    wishes: Wishes
    entries: list[tuple[int, EntryVerdict]] = field(default_factory=list)
    counts: list[OwnerCounts] = field(default_factory=list)
    keys: KeyChanges = field(default_factory=KeyChanges)

    def add(self, snapshot: Snapshot, verdict: SeriesVerdict | AuthorVerdict, works: Sequence[KeyedWork]) -> None:
        """Take up one verdict."""
        self.entries += changed_entries(snapshot, verdict)
        self.counts.append(owner_counts(snapshot, verdict))
        self.wishes.note(snapshot, works)


def series_by_themselves(
    connection: Connection, terms: Terms, ids: Sequence[int], unwritten: Collection[int]
) -> JudgedPortion:
    """Each series by its own evidence. Of those in ``unwritten`` only the keys are wanted: they are judged again with
    what others show."""
    portion = JudgedPortion(Wishes("series_gap"))
    keys = {}
    for snapshot in gap_snapshots.series_snapshots(connection, ids):
        verdict = _series_verdict(snapshot, terms)
        works = keyed_works(snapshot, verdict.works)
        keys[snapshot.owner_id] = first_hand(works)
        if snapshot.owner_id not in unwritten:
            portion.add(snapshot, verdict, works)
    portion.keys = gap_keys.changes_of_work_keys(connection, keys)
    return portion


def series_with_others(
    connection: Connection, terms: Terms, ids: Sequence[int], shown: Mapping[int, Mapping[str, int]]
) -> JudgedPortion:
    """Each series with what other series show to be owned: ``shown``, by series: key of a work → book."""
    portion = JudgedPortion(Wishes("series_gap"))
    for snapshot in gap_snapshots.series_snapshots(connection, ids):
        verdict = _series_verdict(snapshot, terms)
        works = keyed_works(snapshot, verdict.works)
        if books := owned_elsewhere(snapshot, works, shown.get(snapshot.owner_id, {})):
            snapshot = snapshot.with_evidence(books)
            verdict = _series_verdict(snapshot, terms)
            works = keyed_works(snapshot, verdict.works)
        portion.add(snapshot, verdict, works)
    return portion


def authors(connection: Connection, terms: Terms, ids: Sequence[int]) -> JudgedPortion:
    """Each author by their own books, and by what a series shows to be owned under one of their works' names."""
    first = []
    for snapshot in gap_snapshots.author_snapshots(connection, ids):
        verdict = _author_verdict(snapshot, terms)
        first.append((snapshot, verdict, keyed_works(snapshot, verdict.works)))
    lacking = {key for _, _, works in first for keyed in works if keyed.is_wanted for key in keyed.keys}
    shown = gap_keys.shown_by_series(connection, lacking)
    portion = JudgedPortion(Wishes("author_gap"))
    for snapshot, verdict, works in first:
        if books := owned_elsewhere(snapshot, works, shown):
            snapshot = snapshot.with_evidence(books)
            verdict = _author_verdict(snapshot, terms)
            works = keyed_works(snapshot, verdict.works)
        portion.add(snapshot, verdict, works)
    return portion


def _series_verdict(snapshot: Snapshot, terms: Terms) -> SeriesVerdict:
    return series_gaps(
        snapshot.entries,
        snapshot.owned,
        series_name=snapshot.name,
        series_authors=snapshot.authors,
        today=terms.today,
        languages=terms.languages,
        pen_names=_NO_PEN_NAMES,
    )


def _author_verdict(snapshot: Snapshot, terms: Terms) -> AuthorVerdict:
    return author_gaps(
        snapshot.entries,
        snapshot.owned,
        author=snapshot.name,
        pen_names=snapshot.aliases,
        today=terms.today,
        languages=terms.languages,
    )
