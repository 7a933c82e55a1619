"""What goes with a series when the merge that took it up is undone, and what stays.

Belongs here: to which of two series a name or a book belongs, by what each had before they were one and by what the
library shows since. Does not belong here: whether two series are one (series_identity), the rows
(store/series_giving_back.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mam_assets.domain.library import person_key, series_key


@dataclass(frozen=True, slots=True)
class KnownAs:
    """What a series was known as before the merge: its normalised names, and its author ("" where unknown)."""

    names: frozenset[str]
    author: str


@dataclass(frozen=True, slots=True)
class Parting:
    """Two series that are two again: the one that goes, and the one that stays."""

    going: KnownAs
    staying: KnownAs

    @property
    def own_names(self) -> frozenset[str]:
        """The names by which the one that goes can be told from the other."""
        return self.going.names - self.staying.names

    def goes(self, name: str | None, authors: Sequence[str]) -> bool:
        """Whether what a source counts under this name is of the series that goes. A name that both bore says nothing;
        there the author decides, who must be the one's and not the other's."""
        key = _key(name, authors)
        if key not in self.going.names:
            return False
        return key not in self.staying.names or _is_by(self.going, self.staying, authors)

    def stays(self, name: str | None, authors: Sequence[str]) -> bool:
        """Whether what a source counts under this name is of the series that stays."""
        key = _key(name, authors)
        if key not in self.staying.names:
            return False
        return key not in self.going.names or _is_by(self.staying, self.going, authors)

    def may_go(self, name: str | None, authors: Sequence[str]) -> bool:
        """Whether the series that goes bore this name, be it alone or not."""
        return _key(name, authors) in self.going.names


def _key(name: str | None, authors: Sequence[str]) -> str:
    return series_key(name, authors) if name else ""


def _is_by(one: KnownAs, other: KnownAs, authors: Sequence[str]) -> bool:
    people = {person_key(author) for author in authors}
    return one.author in people and other.author not in people


@dataclass(frozen=True, slots=True)
class Place:
    """A book's place in a series: its number as text, and the rank of the series among the book's (0 is the first)."""

    position: str | None
    ordinal: int


@dataclass(frozen=True, slots=True)
class Membership:
    """A book of two series that are one. ``series`` is its first series as we show it, ``shown`` are the names and
    numbers that Audiobookshelf shows, ``place`` is its place in the two as one."""

    place: Place
    authors: Sequence[str] = ()
    series: str | None = None
    shown: Sequence[tuple[str, str | None]] = ()

    def listed(self) -> list[tuple[str, Place]]:
        """The series that the book is shown under: ours first, as far as this is its place, then the others."""
        ours = [(self.series, self.place)] if self.place.ordinal == 0 and self.series else []
        others = [(name, number) for name, number in self.shown if name and not (ours and name == self.series)]
        return ours + [(name, Place(number or None, rank)) for rank, (name, number) in enumerate(others, len(ours))]


@dataclass(frozen=True, slots=True)
class Parted:
    """A book's places in the two series; None: it is not in that one."""

    going: Place | None
    staying: Place | None


def part(book: Membership, parting: Parting, before: Parted) -> Parted:
    """The places of a book in the two series, by what it had ``before`` they were one and by what is shown of it since.
    What is shown holds where it names the one or the other; else it is as it was before, but for a new number."""
    listed = book.listed()
    going = _nearest((place for name, place in listed if parting.goes(name, book.authors)), before.going)
    staying = _nearest((place for name, place in listed if parting.stays(name, book.authors)), before.staying)
    if before.going is None:
        return _part_other(book, parting, before, going, staying)
    if before.staying is None:
        # A namesake by somebody else is not meant by a book that was never in it.
        is_theirs = parting.staying.author in {person_key(author) for author in book.authors}
        return Parted(going or Place(book.place.position, before.going.ordinal), staying if is_theirs else None)
    left = staying is not None and not any(
        parting.may_go(name, book.authors) for name in (book.series, *(name for name, _ in listed))
    )
    merged = Place(before.staying.position or before.going.position, before.staying.ordinal)
    if book.place == merged:
        staying = before.staying
    elif staying is None:
        staying = before.staying if going is not None else book.place
    return Parted(None if left else going or before.going, staying)


def _nearest(places: Iterable[Place], before: Place | None) -> Place | None:
    """The first of them, or the one of the rank that it had: a series may bear several of the names that are shown."""
    found = list(places)
    same = (place for place in found if before is not None and place.ordinal == before.ordinal)
    return next(same, found[0] if found else None)


def _part_other(
    book: Membership, parting: Parting, before: Parted, going: Place | None, staying: Place | None
) -> Parted:
    """A book that was not in the series that goes: it came since, or was in the other one."""
    if before.staying is not None and not (book.place.ordinal == 0 and parting.goes(book.series, book.authors)):
        return Parted(None, book.place)
    return Parted(going, staying or (None if going is not None else book.place))
