"""What follows from verdicts: which works are wanted, which are owned, and when two wishes mean one work.

Belongs here: the identity of a wanted work over series, authors and lists. Does not belong here: the verdict on a work
(gaps), rows (store).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from mam_assets.domain.books import CatalogEntry, OwnedBook
from mam_assets.domain.gaps import AuthorVerdict, JudgedWork, SeriesVerdict, WorkStatus
from mam_assets.domain.isbn import normalise_asin, normalise_isbn
from mam_assets.domain.names import (
    normalise_person,
    normalise_series,
    normalise_title,
    parse_position,
    parse_title_series,
)

WhyWanted = Literal["series_gap", "author_gap", "top10", "request"]


@dataclass(frozen=True)
class Snapshot:
    """A series or an author with what exists and what is owned of it. ``rows`` maps an entry to its row;
    ``collected`` is false where the library counts no book in it (any more): then nothing of it is wanted.
    ``series_ids`` are an author's series by every normalised name of theirs."""

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

    def with_evidence(self, books: Iterable[OwnedBook]) -> Snapshot:
        """The same with further books that are known to be works of it."""
        return replace(self, owned=(*self.owned, *books))


Judged = tuple[Snapshot, SeriesVerdict] | tuple[Snapshot, AuthorVerdict]


@dataclass(frozen=True)
class Wanted:
    """A work that is to be an open gap."""

    work_key: str
    title: str
    authors: tuple[str, ...]
    reason: WhyWanted
    status: Literal["identified", "upcoming"] = "identified"
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


@dataclass(frozen=True)
class Wishes:
    """The works that are to be gaps, and those that are owned, as every key of theirs → book id."""

    wanted: tuple[Wanted, ...] = ()
    owned: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class OpenGap:
    """An open gap as far as it says which work it wants."""

    work_key: str
    title: str
    authors: tuple[str, ...]
    other_titles: tuple[str, ...] = ()
    series_id: int | None = None
    series_name: str | None = None
    series_number: str | None = None


def work_key(title: str, authors: Sequence[str]) -> str:
    """The identity of a wanted work: normalised title and first author. One open gap has it, whatever it is wanted
    for."""
    return f"{normalise_title(title)}|{normalise_person(authors[0]) if authors else ''}"


def keys_of(titles: Iterable[str], authors: Sequence[str]) -> frozenset[str]:
    """Every key that a work may go by: each title with each author, for sources name co-authors in any order."""
    people = {normalise_person(author) for author in authors} or {""}
    return frozenset(f"{title}|{person}" for title in map(normalise_title, titles) if title for person in people)


def places_of(
    titles: Iterable[str], series_id: int | None, series_name: str | None, series_number: str | None
) -> frozenset[str]:
    """The keys of a place in a series: its number there, by any title; and, since a pen name hides who wrote it, the
    title with the series' name and number, by any author."""
    position = parse_position(series_number)
    if position is None or position.is_range or position.is_part:
        return frozenset()
    keys = {f"#{series_id}@{position.canonical}"} if series_id is not None else set()
    name = normalise_series(series_name) if series_name else ""
    if name:
        keys |= {f"{normalise_title(title)}@{name}@{position.canonical}" for title in titles}
    return frozenset(keys)


def wishes_of(judged: Iterable[Judged], reason: WhyWanted) -> Wishes:
    """What all these verdicts together want. A work that one of them shows to be owned is wanted by none."""
    wanted: dict[str, Wanted] = {}
    owned: dict[str, int] = {}
    for snapshot, verdict in judged:
        for work, key, keys in _keyed(snapshot, verdict.works):
            if work.status is WorkStatus.OWNED and work.owned_book_ids:
                owned.update(dict.fromkeys(keys, work.owned_book_ids[0]))
            elif snapshot.collected and work.status in (WorkStatus.MISSING, WorkStatus.UPCOMING):
                wanted.setdefault(key, _as_wanted(snapshot, work, key, reason))
    return Wishes(tuple(want for key, want in wanted.items() if key not in owned), owned)


def owned_elsewhere(judged: Sequence[Judged]) -> dict[int, tuple[OwnedBook, ...]]:
    """By owner id: books that another verdict shows to be a work which this one lacks. A work in two series is listed
    by both, and Audiobookshelf mostly names one of them."""
    owned: dict[str, tuple[int, int]] = {}
    for snapshot, verdict in judged:
        for work, _, keys in _keyed(snapshot, verdict.works):
            if work.status is WorkStatus.OWNED and work.owned_book_ids:
                owned.update(dict.fromkeys(keys, (snapshot.owner_id, work.owned_book_ids[0])))
    found: dict[int, list[OwnedBook]] = {}
    for snapshot, verdict in judged:
        for work, _, keys in _keyed(snapshot, verdict.works):
            if work.status not in (WorkStatus.MISSING, WorkStatus.UPCOMING):
                continue
            hit = next((owned[key] for key in sorted(keys) if key in owned), None)
            if hit is not None and hit[0] != snapshot.owner_id:
                found.setdefault(snapshot.owner_id, []).append(_as_owned(hit[1], snapshot, work))
    return {owner_id: tuple(books) for owner_id, books in found.items()}


def books_beside(entries: Iterable[CatalogEntry], books: Iterable[OwnedBook]) -> list[OwnedBook]:
    """Which books that the library does not count in a series are surely works of it all the same: the very title, or
    the same ISBN or ASIN. Their places count elsewhere, and are taken off."""
    titles: set[str] = set()
    ids: set[tuple[str, str]] = set()
    for entry in entries:
        titles.add(normalise_title(entry.title))
        ids |= _ids(entry.isbn, entry.asin)
    return [
        replace(book, title=parse_title_series(book.title)[0], series_position=None, series_name=None)
        for book in books
        if normalise_title(book.title) in titles - {""} or _ids(book.isbn, book.asin) & ids
    ]


def books_at_places(entries: Iterable[CatalogEntry], books: Iterable[OwnedBook]) -> list[OwnedBook]:
    """Books that are an entry's work by title, series' name and number together, whatever name the author goes by:
    "Aunt Jane's Nieces" are by Edith Van Dyne in one source and by L. Frank Baum in the other."""
    at_place: dict[str, CatalogEntry] = {}
    for entry in entries:
        if entry.series is not None:
            for key in places_of((entry.title,), None, entry.series.name, entry.series.position):
                at_place.setdefault(key, entry)
    found = []
    for book in books:
        for key in places_of((parse_title_series(book.title)[0],), None, book.series_name, book.series_position):
            if key in at_place:
                found.append(replace(book, title=at_place[key].title, authors=at_place[key].authors))
    return found


def settle(wanted: Iterable[Wanted], open_gaps: Sequence[OpenGap]) -> list[Wanted]:
    """The wishes under the keys that open gaps have for the same works, each work once."""
    by_key = {gap.work_key: gap for gap in open_gaps}
    by_any_key: dict[str, list[OpenGap]] = {}
    for gap in open_gaps:
        for key in keys_of_gap(gap):
            by_any_key.setdefault(key, []).append(gap)
    settled: dict[str, Wanted] = {}
    for want in wanted:
        if want.work_key not in by_key:
            same = (gap for key in sorted(keys_of_gap(want)) for gap in by_any_key.get(key, ()))
            known = next((gap for gap in same if not _other_volume(gap, want)), None)
            if known is not None:
                want = replace(want, work_key=known.work_key)
            else:
                by_key[want.work_key] = _as_gap(want)
                for key in keys_of_gap(want):
                    by_any_key.setdefault(key, []).append(by_key[want.work_key])
        settled.setdefault(want.work_key, want)
    return list(settled.values())


def filled(open_gaps: Iterable[OpenGap], owned: Mapping[str, int]) -> dict[str, int]:
    """Keys of the open gaps whose work is owned → book id."""
    found = {}
    for gap in open_gaps:
        keys = {gap.work_key} | keys_of_gap(gap)
        book_id = next((owned[key] for key in sorted(keys) if key in owned), None)
        if book_id is not None:
            found[gap.work_key] = book_id
    return found


def _keyed(snapshot: Snapshot, works: Sequence[JudgedWork]) -> list[tuple[JudgedWork, str, frozenset[str]]]:
    """Each work with its own key and every key that it may be found by. Volumes that all bear one title ("Saga" 1, 2,
    3) are told apart by their place: only the first has the plain key, and none is found by the title alone."""
    plain = [work_key(work.entry.title, _authors(snapshot, work)) for work in works]
    count = Counter(plain)
    seen: set[str] = set()
    keyed = []
    for work, key in zip(works, plain, strict=True):
        own = key
        if key in seen:
            own = f"{key}|{_place(work)}"
        seen.add(key)
        titles = (work.entry.title, *(other.title for other in work.also))
        keys = keys_of(titles, _authors(snapshot, work)) | {key} if count[key] == 1 else {own}
        keyed.append((work, own, frozenset(keys | _places(snapshot, work, titles))))
    return keyed


def _places(snapshot: Snapshot, work: JudgedWork, titles: Iterable[str]) -> frozenset[str]:
    series = work.entry.series
    if series is None:
        return frozenset()
    return places_of(titles, _series_id(snapshot, work), series.name, series.position)


def _series_id(snapshot: Snapshot, work: JudgedWork) -> int | None:
    """A series' verdict speaks of that series; an author's of whichever of the author's series has the name."""
    if snapshot.is_series:
        return snapshot.owner_id
    series = work.entry.series
    return snapshot.series_ids.get(normalise_series(series.name, snapshot.name)) if series else None


def _authors(snapshot: Snapshot, work: JudgedWork) -> tuple[str, ...]:
    return work.entry.authors or snapshot.authors


def _place(work: JudgedWork) -> str:
    position = parse_position(work.entry.series.position) if work.entry.series else None
    return position.canonical if position else work.entry.source_key


def _ids(isbn: str | None, asin: str | None) -> set[tuple[str, str]]:
    pairs = (("isbn", normalise_isbn(isbn)), ("asin", normalise_asin(asin)))
    return {(name, value) for name, value in pairs if value}


def keys_of_gap(gap: OpenGap | Wanted) -> frozenset[str]:
    """Every key that a gap may be found by. A key with a place in it stands for itself and that place alone."""
    titles = (gap.title, *gap.other_titles)
    places = places_of(titles, gap.series_id, gap.series_name, gap.series_number)
    if gap.work_key.count("|") > 1:
        return places | {gap.work_key}
    return keys_of(titles, gap.authors) | places | {gap.work_key}


def _other_volume(gap: OpenGap, want: Wanted) -> bool:
    if gap.series_id is None or gap.series_id != want.series_id:
        return False
    first, second = parse_position(gap.series_number), parse_position(want.series_number)
    return first is not None and second is not None and first != second


def _as_gap(want: Wanted) -> OpenGap:
    return OpenGap(
        want.work_key, want.title, want.authors, want.other_titles, want.series_id, want.series_name, want.series_number
    )


def _as_owned(book_id: int, snapshot: Snapshot, work: JudgedWork) -> OwnedBook:
    position = work.entry.series.position if work.entry.series else None
    return OwnedBook(book_id, work.entry.title, _authors(snapshot, work), position, work.entry.isbn, work.entry.asin)


def _as_wanted(snapshot: Snapshot, work: JudgedWork, key: str, reason: WhyWanted) -> Wanted:
    entry = work.entry
    series = entry.series
    also = {other.title for other in work.also} - {entry.title}
    return Wanted(
        work_key=key,
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
        published=entry.published,
        other_titles=tuple(sorted(also)),
        priority=work.priority,
    )
