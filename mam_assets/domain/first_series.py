"""Which of the series that an item is in is the book's: the one that our row has a name and a number of.

Belongs here: finding that one among others, and the order in which a book is tied to all of them. Does not belong here:
whether it was edited (rereading), series as rows (library).

Audiobookshelf files a book under any number of series. A person who adds another says nothing about the first; so the
book's stays the same as long as it is still listed, wherever it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mam_assets.domain.books import SeriesRef
from mam_assets.domain.names import normalise_series
from mam_assets.domain.shown import Shown


def wanted_keys(before: Mapping[str, Shown], ours: str | None) -> tuple[str, ...]:
    """The keys to find the book's series by, best first. ``before`` is what the item showed last, ``ours`` the name
    that our row has: ours where it was listed, else what was listed first, for which ours may have been put."""
    listed = [_key(ref.name) for ref in _refs(before)]
    own = [_key(ours)] if ours else []
    return (*own, *listed[:1]) if own and own[0] in listed else (*listed[:1], *own)


def newly_listed(series: Sequence[SeriesRef], *before: Mapping[str, Shown]) -> tuple[str, ...]:
    """The keys of the series that an item is in now, and was in by none of these."""
    known = {_key(ref.name) for shown in before for ref in _refs(shown)}
    return tuple(key for ref in series if (key := _key(ref.name)) not in known)


def find_first(series: Sequence[SeriesRef], keys: Sequence[str]) -> SeriesRef | None:
    """The first of these keys that an item is in, else what it names first; None where it is in no series."""
    by_key = {_key(ref.name): ref for ref in reversed(series)}
    return next((by_key[key] for key in keys if key in by_key), series[0] if series else None)


def narrow(shown: Mapping[str, Shown], keys: Sequence[str]) -> dict[str, Shown]:
    """What an item shows, as if it were in the book's series only."""
    rest = {name: value for name, value in shown.items() if name not in {"series", "series_number"}}
    first = find_first(_refs(shown), keys)
    if first is not None:
        rest["series"] = [first.name]
        if first.position:
            rest["series_number"] = [first.position]
    return rest


def in_order(
    name: str | None, position: str | None, series: Sequence[SeriesRef], stands_for: SeriesRef | None
) -> tuple[SeriesRef, ...]:
    """The series to tie a book to: ours with its number, then the item's others. ``stands_for`` is the item's one that
    ours is put for. None at all where ours was emptied: the next one does not take its rank."""
    if name is None:
        return ()
    own = {_key(name)} | ({_key(stands_for.name)} if stands_for else set())
    return (SeriesRef(name, position), *(ref for ref in series if _key(ref.name) not in own))


def same_series(one: str | None, other: str | None) -> bool:
    """Whether two names of a book's series differ in spelling only."""
    return _key(one or "") == _key(other or "")


def _refs(shown: Mapping[str, Shown]) -> list[SeriesRef]:
    names, numbers = shown.get("series"), shown.get("series_number")
    places = list(numbers) if isinstance(numbers, list) else []
    places += [None] * (len(names or ()) - len(places))
    listed = names if isinstance(names, list) else []
    return [SeriesRef(name, place) for name, place in zip(listed, places, strict=False) if name]


def _key(name: str) -> str:
    return normalise_series(name) or name.strip().casefold()
