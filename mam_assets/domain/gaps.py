"""Catalogue minus library: which works of a series or an author are owned, missing, upcoming or not wanted.

Belongs here: the verdict on each work, and the counts. Does not belong here: which entries are one work (catalogue),
which book is which work (ownership), asking any source.

What counts: ``total`` is the released primary works that can be had as a recording; a novella ("0.5") is a gap of lower
priority and stands in no count. A box set, part, translation, companion or summary that isn't owned is no gap. An empty
catalogue, or one with holes in its numbers, is never complete.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from functools import lru_cache, partial
from typing import Literal

from mam_assets.domain.books import CatalogEntry, OwnedBook, Reason
from mam_assets.domain.catalogue import (
    DEFAULT_LANGUAGES,
    CatalogueWork,
    EntryKind,
    classify,
    group_works,
    read_lines,
)
from mam_assets.domain.identity import SamenessVerdict, pen_name_map, same_people
from mam_assets.domain.names import fold, normalise_series, parse_title_series
from mam_assets.domain.ownership import (
    DOUBTFUL_POSITION,
    DOUBTFUL_SPELLING,
    Ownership,
    match_owned,
    whole_numbers,
)

__all__ = [
    "AuthorVerdict",
    "EntryKind",
    "JudgedWork",
    "RefusedEntry",
    "SeriesVerdict",
    "WorkStatus",
    "author_gaps",
    "classify",
    "series_gaps",
]

Completion = Literal["complete", "partial", "incomplete", "unknown"]
PRIORITY_PRIMARY, PRIORITY_NOVELLA = 2, 3


class WorkStatus(StrEnum):
    """What became of a work."""

    OWNED = "owned"
    MISSING = "missing"
    UPCOMING = "upcoming"
    NOT_WANTED = "not_wanted"


@dataclass(frozen=True, slots=True)
class JudgedWork:
    """One row per work. ``also`` are the other entries that mean it; ``priority`` 1 (first) to 3, as in missing_books;
    ``counted`` says whether it stands in the totals; ``place_only`` are those of ``also`` that nothing but an equal
    place joined with it; ``is_placed_surely``: its number is more than an uploader's word."""

    entry: CatalogEntry
    kind: EntryKind
    status: WorkStatus
    owned_book_ids: tuple[int, ...]
    reason: Reason
    also: tuple[CatalogEntry, ...] = ()
    priority: int = PRIORITY_PRIMARY
    counted: bool = False
    place_only: tuple[CatalogEntry, ...] = ()
    is_placed_surely: bool = False

    @property
    def titles(self) -> tuple[str, ...]:
        """Every title that it surely goes by, its own first: not those that only an equal place joined with it."""
        known = (other.title for other in self.also if other not in self.place_only)
        return tuple(dict.fromkeys((self.entry.title, *known)))


@dataclass(frozen=True, slots=True)
class SeriesVerdict:
    """``total`` = ``owned_count`` + ``missing_count``: released primary works. ``percentage`` 0..100 with two decimals.
    ``holes`` are whole numbers that the catalogue skips; ``unmatched_book_ids`` are owned books that it doesn't know.

    ``status``: complete (nothing missing, no hole), partial (some owned), incomplete (none owned), unknown (nothing
    to count, or nothing missing from a catalogue with holes)."""

    works: tuple[JudgedWork, ...]
    owned_count: int
    missing_count: int
    upcoming_count: int
    total: int
    percentage: Decimal
    status: Completion
    holes: tuple[int, ...] = ()
    unmatched_book_ids: tuple[int, ...] = ()

    @property
    def missing(self) -> tuple[JudgedWork, ...]:
        """Every gap, novellas too, in the order of ``works``."""
        return tuple(work for work in self.works if work.status is WorkStatus.MISSING)


@dataclass(frozen=True, slots=True)
class RefusedEntry:
    """An entry that is not, or not surely, by the author."""

    entry: CatalogEntry
    reason: Reason


@dataclass(frozen=True, slots=True)
class AuthorVerdict:
    """As `SeriesVerdict`; ``refused`` are entries of other people, such as those that only share the surname."""

    works: tuple[JudgedWork, ...]
    refused: tuple[RefusedEntry, ...]
    owned_count: int
    missing_count: int
    upcoming_count: int
    total: int
    percentage: Decimal
    status: Completion
    unmatched_book_ids: tuple[int, ...] = ()

    @property
    def missing(self) -> tuple[JudgedWork, ...]:
        """Every gap, novellas too, in the order of ``works``."""
        return tuple(work for work in self.works if work.status is WorkStatus.MISSING)


def series_gaps(
    entries: Sequence[CatalogEntry],
    owned: Sequence[OwnedBook],
    *,
    series_name: str,
    series_authors: Sequence[str],
    today: date,
    languages: Collection[str] = DEFAULT_LANGUAGES,
    pen_names: Mapping[str, str] | None = None,
) -> SeriesVerdict:
    """Judge the works of one series. Every position in ``entries`` and ``owned`` must count in this series, under
    whatever name. ``pen_names`` is made by `identity.pen_name_map`. The order of the arguments changes nothing."""
    works = group_works(read_lines(entries, languages=languages, series_name=series_name))

    @lru_cache(maxsize=1_000)
    def may_be_same(book: tuple[str, ...], work: tuple[str, ...]) -> bool:
        if not same_people(book, work, pen_names=pen_names).is_different:
            return True
        return same_people(book, series_authors, pen_names=pen_names).is_same

    ownership = match_owned(
        works,
        owned,
        may_be_same_authors=lambda book, work: may_be_same(tuple(book), tuple(work)),
        series_key_of=lambda _: "",
        series_name=series_name,
    )
    numbered = any(work.position is not None for work in works)
    shared = _sharing_a_place(works, ownership)
    doubts = _doubts_at_places(works, ownership) | ownership.doubts
    judged = tuple(
        _judge(
            work,
            ownership.owners.get(index, []),
            today,
            _unwanted_in_series(work, index, numbered, shared),
            doubts.get(index),
        )
        for index, work in enumerate(works)
    )
    numbers = whole_numbers(works)
    holes = tuple(sorted(set(range(min(numbers), max(numbers) + 1)) - numbers)) if numbers else ()
    counts = _Counts.of(judged)
    return SeriesVerdict(
        judged,
        counts.owned,
        counts.missing,
        counts.upcoming,
        counts.total,
        counts.percentage,
        "unknown" if counts.status == "complete" and holes else counts.status,
        holes,
        tuple(ownership.unmatched),
    )


def _unwanted_in_series(work: CatalogueWork, index: int, numbered: bool, shared: Mapping[int, str]) -> Reason | None:
    if work.kind is EntryKind.PRIMARY and numbered and work.position is None:
        return Reason("unnumbered", f"{work.entry.title!r} has no number in a series that has them")
    if index in shared:
        return Reason("position_shared", f"{work.entry.title!r} stands where {shared[index]!r} stands")
    return _without_recording(work, needs_proof=False)


def _sharing_a_place(works: Sequence[CatalogueWork], ownership: Ownership) -> dict[int, str]:
    """Works at a place that another one holds with more right: the one whose source is believed more, then the owned
    one, then the first. One number, one gap; but where the number is only an uploader's word, an owned work takes no
    other title out of the gaps."""
    holder: dict[tuple[str, str], int] = {}
    shared: dict[int, str] = {}
    owned = ownership.owners
    countable = [n for n, work in enumerate(works) if work.kind in (EntryKind.PRIMARY, EntryKind.NOVELLA)]
    for index in sorted(countable, key=lambda n: (works[n].place_rank, n not in owned, n)):
        place = works[index].place
        first = holder.setdefault(place, index) if place is not None else index
        if first == index:
            continue
        if (
            works[first].place_rank < works[index].place_rank
            if index in owned
            else (works[first].is_placed_surely or first not in owned)
        ):
            shared[index] = works[first].entry.title
    return shared


def _doubts_at_places(works: Sequence[CatalogueWork], ownership: Ownership) -> dict[int, Reason]:
    """Works at a place where another title is owned: one work under two titles, or a mistaken number."""
    owned_at: dict[tuple[str, str], CatalogueWork] = {}
    for index in sorted(ownership.owners):
        if (place := works[index].place) is not None:
            owned_at.setdefault(place, works[index])
    return {
        index: Reason(
            DOUBTFUL_POSITION,
            f"{owned_at[work.place].entry.title!r}, which is in the library, has its number by "
            f"{owned_at[work.place].entry.source}",
        )
        for index, work in enumerate(works)
        if work.place in owned_at and index not in ownership.owners
    }


def author_gaps(
    entries: Sequence[CatalogEntry],
    owned: Sequence[OwnedBook],
    *,
    author: str,
    pen_names: Sequence[str] = (),
    today: date,
    languages: Collection[str] = DEFAULT_LANGUAGES,
) -> AuthorVerdict:
    """Judge the works of one author over all sources. ``pen_names`` are other names of the same person. A work is
    wanted only where some source shows a recording of it. Owned books of other people are left out."""
    aliases = pen_name_map([(author, *pen_names)])

    @lru_cache(maxsize=1_000)
    def by_author(people: tuple[str, ...]) -> SamenessVerdict:
        return same_people(people, (author,), pen_names=aliases)

    accepted: list[CatalogEntry] = []
    refused: list[RefusedEntry] = []
    for entry in entries:
        verdict = by_author(entry.authors)
        if verdict.is_same:
            accepted.append(entry)
        else:
            refused.append(RefusedEntry(entry, verdict.reasons[0]))
    mine = [book for book in owned if by_author(book.authors).is_same]
    works = group_works(read_lines(accepted, languages=languages, series_name=None))
    ownership = match_owned(
        works, mine, may_be_same_authors=lambda book, work: True, series_key_of=partial(_series_key, author=author)
    )
    judged = tuple(
        _judge(
            work,
            ownership.owners.get(index, []),
            today,
            _without_recording(work, needs_proof=True),
            ownership.doubts.get(index),
        )
        for index, work in enumerate(works)
    )
    counts = _Counts.of(judged)
    return AuthorVerdict(
        judged,
        tuple(sorted(refused, key=lambda item: (item.entry.title, repr(item.entry)))),
        counts.owned,
        counts.missing,
        counts.upcoming,
        counts.total,
        counts.percentage,
        counts.status,
        tuple(ownership.unmatched),
    )


def _series_key(book: OwnedBook, *, author: str) -> str | None:
    name = book.series_name
    if name is None:
        _, named = parse_title_series(book.title)
        name = named.name if named else None
    return normalise_series(name, author) or None if name else None


def _without_recording(work: CatalogueWork, *, needs_proof: bool) -> Reason | None:
    told = {line.entry.audiobook for line in work.lines}
    if True in told:
        return None
    if False in told:
        return Reason("no_recording", f"{work.entry.title!r} exists in print only, by all that is known")
    return Reason("recording_unknown", f"no source shows a recording of {work.entry.title!r}") if needs_proof else None


_NOT_A_GAP = {
    EntryKind.COLLECTION: "a box set that isn't owned is no gap",
    EntryKind.PART: "a part is no gap",
    EntryKind.TRANSLATION: "a translation is no gap",
    EntryKind.COMPANION: "a companion is no gap",
    EntryKind.SUMMARY: "a summary is no gap",
}


def _judge(
    work: CatalogueWork,
    owners: Sequence[tuple[int, Reason]],
    today: date,
    unwanted: Reason | None,
    doubt: Reason | None,
) -> JudgedWork:
    kind = work.kind
    is_primary = kind is EntryKind.PRIMARY
    if owners:
        status, reason = WorkStatus.OWNED, owners[0][1]
        counted = is_primary and (unwanted is None or unwanted.code not in {"unnumbered", "position_shared"})
    elif kind in _NOT_A_GAP:
        status, reason, counted = WorkStatus.NOT_WANTED, work.lines[0].reason, False
        reason = Reason(reason.code, f"{reason.evidence}; {_NOT_A_GAP[kind]}")
    elif _is_upcoming(work, today) and (unwanted is None or unwanted.code == "recording_unknown"):
        status, reason, counted = WorkStatus.UPCOMING, Reason("unreleased", _release_evidence(work)), is_primary
    elif unwanted is not None:
        status, reason, counted = WorkStatus.NOT_WANTED, unwanted, False
    else:
        status, reason, counted = WorkStatus.MISSING, _missing_reason(work, doubt), is_primary
    return JudgedWork(
        entry=work.entry,
        kind=kind,
        status=status,
        owned_book_ids=tuple(sorted({book_id for book_id, _ in owners})),
        reason=reason,
        also=tuple(line.entry for line in work.lines[1:]),
        priority=PRIORITY_NOVELLA if kind is EntryKind.NOVELLA else PRIORITY_PRIMARY,
        counted=counted,
        place_only=tuple(line.entry for line in work.place_only),
        is_placed_surely=work.is_placed_surely,
    )


def _missing_reason(work: CatalogueWork, doubt: Reason | None) -> Reason:
    where = f" ({work.position.canonical})" if work.position else ""
    evidence = (
        f"no book of the library surely is {work.entry.title!r}{where}"
        if doubt
        else (f"no book of the library is {work.entry.title!r}{where}")
    )
    if doubt is None:
        return Reason("not_in_library", evidence)
    return Reason(doubt.code, f"{evidence}, but {doubt.evidence}: if that is the work, {_SETTLED_BY[doubt.code]}")


_SETTLED_BY = {
    DOUBTFUL_POSITION: "lock that book's series_number",
    DOUBTFUL_SPELLING: "correct and lock that book's title",
}


def _is_upcoming(work: CatalogueWork, today: date) -> bool:
    """By the earliest date that any source gives: later ones are reissues. An "Untitled" volume isn't out; one that MAM
    offers is, whatever anybody says: shops list recordings before they are out, a tracker has them."""
    if any(line.entry.source == "MAM" and line.entry.audiobook for line in work.lines):
        return False
    dates = [line.entry.published for line in work.lines if line.entry.published]
    if not dates:
        return fold(work.entry.title).startswith("untitled")
    return all(_is_later(text, today) for text in dates)


def _is_later(text: str, today: date) -> bool:
    """Whether "YYYY", "YYYY-MM" or "YYYY-MM-DD" lies wholly after today; this very month or year has begun."""
    shown = today.isoformat()[: len(text)]
    return len(text) in {4, 7, 10} and text.replace("-", "").isdigit() and text > shown


def _release_evidence(work: CatalogueWork) -> str:
    dates = sorted(line.entry.published for line in work.lines if line.entry.published)
    return f"{work.entry.title!r} comes out {dates[0]}" if dates else f"{work.entry.title!r} has no title yet"


@dataclass(frozen=True, slots=True)
class _Counts:
    owned: int
    missing: int
    upcoming: int

    @classmethod
    def of(cls, works: Sequence[JudgedWork]) -> _Counts:
        tally = Counter(work.status for work in works if work.counted)
        return cls(tally[WorkStatus.OWNED], tally[WorkStatus.MISSING], tally[WorkStatus.UPCOMING])

    @property
    def total(self) -> int:
        return self.owned + self.missing

    @property
    def percentage(self) -> Decimal:
        """Rounded down: 999 of 1,000 is not yet 100 %."""
        if not self.total:
            return Decimal("0.00")
        return (Decimal(100) * self.owned / self.total).quantize(Decimal("0.01"), ROUND_DOWN)

    @property
    def status(self) -> Completion:
        if not self.total:
            return "unknown"
        if not self.missing:
            return "complete"
        return "partial" if self.owned else "incomplete"
