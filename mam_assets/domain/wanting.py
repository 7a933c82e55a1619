"""What follows from verdicts: which works are wanted, which are owned, and what each is found by.

Belongs here: the identity of a wanted work over series, authors and lists. Does not belong here: the verdict on a work
(gaps), which wishes and gaps mean one work (settling), what a key looks like (work_keys), rows (store).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from mam_assets.domain.books import CatalogEntry, OwnedBook
from mam_assets.domain.gaps import EntryKind, JudgedWork, WorkStatus
from mam_assets.domain.names import normalise_series, parse_position
from mam_assets.domain.work_keys import edition_keys, keys_of, places_of, work_key

if TYPE_CHECKING:
    from mam_assets.domain.entry_verdicts import EntryVerdict

__all__ = [
    "KeyedWork",
    "OpenGap",
    "Snapshot",
    "Wanted",
    "WhyWanted",
    "Wishes",
    "first_hand",
    "keyed_works",
    "keys_of",
    "keys_of_gap",
    "owned_elsewhere",
    "places_of",
    "work_key",
]

WhyWanted = Literal["series_gap", "author_gap", "top10", "request"]
_WANTED = (WorkStatus.MISSING, WorkStatus.UPCOMING)


@dataclass(frozen=True)
class Snapshot:
    """A series or an author with what exists and what is owned of it. ``rows`` maps an entry to its row, ``stored`` a
    row to what stands there now; ``collected`` is false where the library counts no book in it (any more): then nothing
    of it is wanted. ``series_ids`` are an author's series by every normalised name of theirs."""

    owner_id: int
    name: str
    authors: tuple[str, ...]
    aliases: tuple[str, ...]
    entries: tuple[CatalogEntry, ...]
    owned: tuple[OwnedBook, ...]
    rows: Mapping[tuple[str, str], int]
    author_id: int | None = None
    is_series: bool = True
    collected: bool = True
    series_ids: Mapping[str, int] = field(default_factory=dict)
    stored: Mapping[int, EntryVerdict] = field(default_factory=dict)

    def with_evidence(self, books: Iterable[OwnedBook]) -> Snapshot:
        """The same with further books that are known to be works of it."""
        return replace(self, owned=(*self.owned, *books))


@dataclass(frozen=True)
class Wanted:
    """A work that is to be an open gap. ``published`` is the earliest date that any source gives."""

    work_key: str
    title: str
    authors: tuple[str, ...]
    reason: WhyWanted
    status: Literal["identified", "upcoming", "ignored"] = "identified"
    series_id: int | None = None
    author_id: int | None = None
    series_name: str | None = None
    series_number: str | None = None
    kind: str = "primary"
    isbn: str | None = None
    asin: str | None = None
    goodreads_id: str | None = None
    language: str | None = None
    published: str | None = None
    other_titles: tuple[str, ...] = ()
    priority: int = 2

    @cached_property
    def keys(self) -> frozenset[str]:
        """As `keys_of_gap`."""
        return keys_of_gap(self)


@dataclass(frozen=True)
class OpenGap:
    """A gap as far as it says which work it wants."""

    work_key: str
    title: str
    authors: tuple[str, ...]
    other_titles: tuple[str, ...] = ()
    series_id: int | None = None
    series_name: str | None = None
    series_number: str | None = None
    isbn: str | None = None
    asin: str | None = None
    goodreads_id: str | None = None
    kind: str = "primary"
    gap_id: int = 0
    download_status: str = "identified"
    reasons: tuple[str, ...] = ()

    @cached_property
    def keys(self) -> frozenset[str]:
        """As `keys_of_gap`."""
        return keys_of_gap(self)


# --- works and their keys -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeyedWork:
    """A judged work with its own key and every key that it may be found by."""

    work: JudgedWork
    key: str
    keys: frozenset[str]

    @property
    def book_id(self) -> int | None:
        """The book that shows it to be owned."""
        owned = self.work.status is WorkStatus.OWNED and self.work.owned_book_ids
        return self.work.owned_book_ids[0] if owned else None

    @property
    def is_wanted(self) -> bool:
        return self.work.status in _WANTED


def keyed_works(snapshot: Snapshot, works: Sequence[JudgedWork]) -> list[KeyedWork]:
    """Each work with its keys. Volumes that all bear one title ("Saga" 1, 2, 3) are told apart by their place: only the
    first has the plain key, and none is found by the title alone."""
    plain = [work_key(work.entry.title, _authors(snapshot, work)) for work in works]
    count = Counter(plain)
    seen: set[str] = set()
    keyed = []
    for work, key in zip(works, plain, strict=True):
        own = key
        if key in seen:
            own = f"{key}|{_place(work)}"
        seen.add(key)
        titles = work.titles
        keys = keys_of(titles, _authors(snapshot, work)) | {key} if count[key] == 1 else {own}
        keyed.append(KeyedWork(work, own, frozenset(keys | _places(snapshot, work, titles))))
    return keyed


def first_hand(works: Iterable[KeyedWork]) -> dict[str, int | None]:
    """Every key of the works that are owned (with the book) and of those that are lacking (with None)."""
    found: dict[str, int | None] = {}
    for keyed in works:
        if keyed.book_id is not None:
            found.update(dict.fromkeys(keyed.keys, keyed.book_id))
        elif keyed.is_wanted:
            for key in keyed.keys:
                found.setdefault(key, None)
    return found


def owned_elsewhere(snapshot: Snapshot, works: Iterable[KeyedWork], owned: Mapping[str, int]) -> tuple[OwnedBook, ...]:
    """Books that another series shows to be works that this one lacks, by ``owned``: key → book. A work in two series
    is listed by both, and Audiobookshelf mostly names one of them."""
    found = []
    for keyed in works:
        hit = next((key for key in sorted(keyed.keys) if key in owned), None) if keyed.is_wanted else None
        if hit is not None:
            found.append(_as_owned(owned[hit], snapshot, keyed.work))
    return tuple(found)


def _places(snapshot: Snapshot, work: JudgedWork, titles: Iterable[str]) -> frozenset[str]:
    series = work.entry.series
    if series is None:
        return frozenset()
    # An uploader's number alone makes two works of one series no one work.
    series_id = _series_id(snapshot, work) if work.is_placed_surely else None
    return places_of(titles, series_id, series.name, series.position)


def _series_id(snapshot: Snapshot, work: JudgedWork) -> int | None:
    """A series' verdict speaks of that series; an author's of whichever of the author's series has the name, where the
    place in it is more than an uploader's word."""
    if snapshot.is_series:
        return snapshot.owner_id
    series = work.entry.series if work.is_placed_surely else None
    return snapshot.series_ids.get(normalise_series(series.name, snapshot.name)) if series else None


def _authors(snapshot: Snapshot, work: JudgedWork) -> tuple[str, ...]:
    return work.entry.authors or snapshot.authors


def _place(work: JudgedWork) -> str:
    position = parse_position(work.entry.series.position) if work.entry.series else None
    return position.canonical if position else work.entry.source_key


def _as_owned(book_id: int, snapshot: Snapshot, work: JudgedWork) -> OwnedBook:
    position = work.entry.series.position if work.entry.series else None
    return OwnedBook(book_id, work.entry.title, _authors(snapshot, work), position, work.entry.isbn, work.entry.asin)


# --- wishes -------------------------------------------------------------------------------------------------------


class Wishes:
    """What many verdicts together want, whatever their order. A work that one of them shows to be owned is wanted by
    none; one that several want is wanted for the owner with the lowest id."""

    def __init__(self, reason: WhyWanted) -> None:
        self.reason: WhyWanted = reason
        self._wanted: dict[int, list[tuple[Wanted, frozenset[str]]]] = {}
        self._owned: dict[int, dict[str, int]] = {}

    def note(self, snapshot: Snapshot, works: Iterable[KeyedWork]) -> None:
        """What one verdict says, instead of what was noted of the same owner before."""
        wanted: list[tuple[Wanted, frozenset[str]]] = []
        owned: dict[str, int] = {}
        for keyed in works:
            if keyed.book_id is not None:
                owned.update(dict.fromkeys(keyed.keys, keyed.book_id))
            elif keyed.is_wanted and snapshot.collected:
                wanted.append((_as_wanted(snapshot, keyed, self.reason), keyed.keys))
        self._wanted[snapshot.owner_id] = wanted
        self._owned[snapshot.owner_id] = owned

    def take(self, other: Wishes) -> None:
        """What another portion noted, instead of what was noted of the same owners before."""
        self._wanted |= other._wanted
        self._owned |= other._owned

    @property
    def owner_ids(self) -> list[int]:
        """Who was judged."""
        return sorted(self._wanted)

    @property
    def owned(self) -> dict[str, int]:
        """Every key of the works that are owned → book id."""
        found: dict[str, int] = {}
        for owner_id in sorted(self._owned):
            found.update(self._owned[owner_id])
        return found

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        """The works that are to be gaps."""
        owned = frozenset(key for keys in self._owned.values() for key in keys)
        found: dict[str, Wanted] = {}
        for owner_id in self.owner_ids:
            for want, keys in self._wanted[owner_id]:
                if not keys & owned:
                    found.setdefault(want.work_key, want)
        return tuple(found.values())


def _as_wanted(snapshot: Snapshot, keyed: KeyedWork, reason: WhyWanted) -> Wanted:
    work = keyed.work
    entry = work.entry
    series = entry.series
    entries = (entry, *work.also)
    return Wanted(
        work_key=keyed.key,
        title=entry.title,
        authors=_authors(snapshot, work),
        reason=reason,
        status="upcoming" if work.status is WorkStatus.UPCOMING else "identified",
        series_id=_series_id(snapshot, work),
        author_id=snapshot.author_id,
        series_name=snapshot.name if snapshot.is_series else (series.name if series else None),
        series_number=series.position if series else None,
        kind=work.kind.value,
        isbn=entry.isbn,
        asin=entry.asin,
        goodreads_id=entry.goodreads_id,
        language=entry.language,
        published=min((one.published for one in entries if one.published), default=None),
        other_titles=tuple(sorted(set(work.titles) - {entry.title})),
        priority=work.priority,
    )


# --- wishes and gaps ----------------------------------------------------------------------------------------------


def keys_of_gap(gap: OpenGap | Wanted) -> frozenset[str]:
    """Every key that a gap may be found by. A key with a place in it stands for itself and that place alone."""
    titles = (gap.title, *gap.other_titles)
    keys = places_of(titles, gap.series_id, gap.series_name, gap.series_number) | {gap.work_key}
    if gap.kind in (EntryKind.PRIMARY, EntryKind.NOVELLA):
        keys |= edition_keys(gap.isbn, gap.asin, gap.goodreads_id)
    return keys if gap.work_key.count("|") > 1 else keys | keys_of(titles, gap.authors)
