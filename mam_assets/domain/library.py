"""What a read of the library means: did books go away, or did the read go wrong? Who wrote an item, and which series is
it that it names?

Belongs here: decisions on what Audiobookshelf shows. Does not belong here: reading it, storing it, what it makes of the
fields that we have (rereading), which items are the same recording (recordings).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mam_assets.domain.authors import is_nobody, written_by
from mam_assets.domain.names import normalise_person, normalise_series, split_people

# A person tidies a few books at a time. A mount that failed, a wrong library or a broken answer takes most of them.
SUSPICIOUS_SHARE = 0.3
FEW_BOOKS = 10
SUSPICIOUS_SHARE_OF_FEW = 0.6


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """How many of the `known` books a full comparison did not see again."""

    known: int
    gone: int
    suspicious: bool
    words: str


def judge_shrinkage(*, known: int, gone: int) -> Shrinkage:
    """Suspicious when more than ten books and 30 % of the library are gone at once, or several books and 60 % of it."""
    share = gone / known if known else 0.0
    suspicious = (gone > FEW_BOOKS and share > SUSPICIOUS_SHARE) or (gone > 1 and share > SUSPICIOUS_SHARE_OF_FEW)
    words = f"{gone} of {known} books were not seen again ({share:.0%})"
    return Shrinkage(known=known, gone=gone, suspicious=suspicious, words=words)


LONGEST_KEY = 300
"""Characters of a key. Two of them in any script fit into one row of an index."""


def person_key(name: str) -> str:
    """The key under which a person is known; empty for "Unknown", "Various" and what holds no letter."""
    return "" if is_nobody(name) else normalise_person(name)[:LONGEST_KEY]


def people_in(names: Sequence[str]) -> tuple[str, ...]:
    """The persons that an item names as its authors, once each: "A & B" where the tags said so is two. Whom the tags
    call a translator, narrator or the like is none of them, unless nobody else is named."""
    parts = written_by(names) or tuple(part for name in names for part in split_people(name))
    return tuple({key: part for part in parts if (key := person_key(part))}.values())


def series_key(name: str, authors: Sequence[str]) -> str:
    """The normalised name of a series as an item by these authors names it; empty where nothing of it can be read."""
    return normalise_series(name, authors[0] if authors else None)[:LONGEST_KEY]


@dataclass(frozen=True, slots=True)
class SeriesUse:
    """An item's naming of a series. ``people`` are the normalised names of the item's authors, the first one first."""

    item: str
    name: str
    name_key: str
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnownSeries:
    """A series of ours under one of its names, with everyone who wrote a book of it."""

    series_id: int
    name_key: str
    people: frozenset[str]


@dataclass(slots=True)
class NewSeries:
    """A series that is not known yet, as the first item names it."""

    name: str
    name_key: str
    author_key: str
    people: set[str]
    uses: list[SeriesUse] = field(default_factory=list)


def match_series(
    uses: Iterable[SeriesUse], known: Sequence[KnownSeries]
) -> tuple[dict[tuple[str, str], int], list[NewSeries]]:
    """Which series each use means: one of this name that shares an author with the item (the oldest, if several), or,
    where the item names no author, one of which no author is known either; else a new one, shared by all uses that
    belong together. Returns ids by (item, name key), and the new series."""
    found: dict[tuple[str, str], int] = {}
    new: dict[str, list[NewSeries]] = {}
    by_name: dict[str, list[KnownSeries]] = {}
    for one in known:
        by_name.setdefault(one.name_key, []).append(one)
    for use in uses:
        same = (s for s in by_name.get(use.name_key, ()) if _shares_author(use.people, s.people))
        if (series := next(same, None)) is not None:
            found[use.item, use.name_key] = series.series_id
            continue
        fresh = new.setdefault(use.name_key, [])
        mine = next((s for s in fresh if _shares_author(use.people, s.people)), None)
        if mine is None:
            mine = NewSeries(use.name, use.name_key, use.people[0] if use.people else "", set())
            fresh.append(mine)
        mine.people |= set(use.people)
        mine.uses.append(use)
    return found, [series for group in new.values() for series in group]


def _shares_author(ours: Iterable[str], theirs: Iterable[str]) -> bool:
    mine, other = set(ours), set(theirs)
    return bool(mine & other) or (not mine and not other)
