"""What of our table is sent to Audiobookshelf, by METADATA_WRITE_BACK.

Belongs here: the choice and the form of what is sent. Does not belong here: sending (assets/write_back.py), what our
table holds (metadata).

The item has been read again just before, and what a person had changed there has come into our table and is locked, so
every difference that is left is ours. Of these

- fill sends what is empty there, and what replaces a value that we wrote ourselves;
- correct sends the others too;
- off sends nothing.

An emptied field is sent only where a person emptied it here (a revert, a lock).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mam_assets.domain.metadata import Mode
from mam_assets.domain.names import normalise_series
from mam_assets.domain.rereading import shown_alike
from mam_assets.domain.shown import Shown

Values = Mapping[str, Shown | None]

PLAIN = {
    "title": "title",
    "subtitle": "subtitle",
    "isbn": "isbn",
    "asin": "asin",
    "publisher": "publisher",
    "published_year": "publishedYear",
    "language": "language",
    "description": "description",
}
"""Our names → Audiobookshelf's, of the fields that hold one value there. Authors, narrators and series are lists, which
it replaces whole (services.md, 1.7)."""


@dataclass(frozen=True, slots=True)
class Sending:
    """``body`` is the metadata for the PATCH, empty where there is nothing to send. ``written`` is the same as
    `domain.shown.shown_values` will show it: field → value, None where a field is emptied."""

    body: Mapping[str, Any] = field(default_factory=dict)
    written: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Side:
    """A book of ours beside its item. All four are in the form of `shown_values`: ``ours`` is our table, ``theirs`` the
    item now, ``seen`` what it showed at the last read, ``written`` what we last sent. ``unconfirmed``: whether
    something was to be sent, and it is not known whether it arrived. ``former_series``: what our series was called
    before it was corrected, the latest first."""

    ours: Values
    theirs: Values
    seen: Values
    written: Values
    sources: Mapping[str, str]
    locked: Collection[str]
    unconfirmed: bool = False
    former_series: Sequence[str] = ()


def plan(side: Side, mode: Mode) -> Sending:
    """What to send of one book."""
    if mode == "off":
        return Sending()
    body: dict[str, Any] = {}
    written: dict[str, Shown | None] = {}
    for name in (*PLAIN, "author", "narrator"):
        ours, theirs = side.ours.get(name), side.theirs.get(name)
        if not _may_send(name, ours, theirs, side, mode):
            continue
        written[name] = ours or None
        if name == "author":
            body["authors"] = [{"name": person} for person in _list(ours)]
        elif name == "narrator":
            body["narrators"] = _list(ours)
        else:
            body[PLAIN[name]] = ours or None
    series = _series_to_send(side, mode)
    if series is not None:
        body["series"] = [{"name": series_name, "sequence": place} for series_name, place in series]
        written["series"] = [series_name for series_name, _ in series] or None
        written["series_number"] = [place for _, place in series] if any(place for _, place in series) else None
    return Sending(body, written)


def arrived(written: Values, theirs: Values) -> frozenset[str]:
    """Which of the fields that were just sent are shown there as ours, in whatever form. What shows another value was
    changed by a person meanwhile. A series and the place in it arrive together or not at all."""
    fields = {name for name in written if shown_alike(name, theirs, written)}
    places = written.keys() & {"series", "series_number"}
    return frozenset(fields if places <= fields else fields - places)


def _may_send(name: str, ours: Shown | None, theirs: Shown | None, side: Side, mode: Mode) -> bool:
    if same_shown(ours, theirs) or not _is_ours_to_say(name, side):
        return False
    if name == "author" and not ours:
        return False  # a book without any author can't be found again
    if not ours and name not in side.locked:
        return False
    if not theirs:
        return True
    sent_before = name in side.written and same_shown(side.written[name], ours)
    if sent_before and same_shown(side.seen.get(name), theirs) and not side.unconfirmed:
        return False  # this is what it made of our text: sending it again changes nothing
    return mode == "correct" or _we_wrote(name, theirs, side)


def _is_ours_to_say(name: str, side: Side) -> bool:
    """What came from there is never sent back, save where a person has settled it here."""
    return name in side.locked or side.sources.get(name, "Audiobookshelf") != "Audiobookshelf"


def _we_wrote(name: str, theirs: Shown | None, side: Side) -> bool:
    return name in side.written and same_shown(side.written[name], theirs)


_Places = list[tuple[str, str | None]]


def _series_to_send(side: Side, mode: Mode) -> _Places | None:
    """The whole list of series as it shall be, with places as text; None where it stays. Series of the item that our
    first one says nothing of stay in the list."""
    theirs, ours = _places(side.theirs), _places(side.ours)[:1]
    if not ours:
        emptied = _emptied(theirs, side) if mode == "correct" or _wrote_series("series", side) else None
        return None if emptied is None else [entry for i, entry in enumerate(theirs) if i != emptied]
    ((name, place),) = ours
    if not theirs:
        return ours if _is_ours_to_say("series", side) else None
    key = normalise_series(name)
    index = next((i for i, (shown, _) in enumerate(theirs) if normalise_series(shown) == key), None)
    if index is None:
        if not _is_ours_to_say("series", side) or not (mode == "correct" or _wrote_series("series", side)):
            return None
        came_from = _came_from(theirs, side)
        return [(name, place), *(entry for i, entry in enumerate(theirs) if i != came_from)]
    shown, shown_place = theirs[index]
    if (place or "") == (shown_place or "") or not _is_ours_to_say("series_number", side):
        return None
    if not place and "series_number" not in side.locked:
        return None
    if shown_place and mode != "correct" and not _wrote_series("series_number", side):
        return None
    return [*theirs[:index], (shown, place), *theirs[index + 1 :]]


def _came_from(theirs: _Places, side: Side) -> int | None:
    """Which entry there our series stands for under another name: a former value of ours, or the only one, where we
    wrote it. None: all of them are other series."""
    found = _named(theirs, side.former_series)
    if found is None and len(theirs) == 1 and _wrote_series("series", side):
        return 0
    return found


def _emptied(theirs: _Places, side: Side) -> int | None:
    """Which entry there is the series that a person took the book out of here. None: it is not there (any more), or
    cannot be told from the others, which stay.

    What was ours last is surely it. What was ours before that, or is the only one there, is taken for it as long as the
    person's word has not been carried there: afterwards it is another series.
    """
    if "series" not in side.locked:
        return None
    found = _named(theirs, side.former_series[:1])
    if found is not None or not side.unconfirmed or _wrote_series("series", side):
        return found
    found = _named(theirs, side.former_series)
    return 0 if found is None and len(theirs) == 1 else found


def _named(theirs: _Places, names: Sequence[str]) -> int | None:
    """The entry of the first of these names that is there."""
    keys = [normalise_series(name) for name, _ in theirs]
    return next((keys.index(key) for name in names if (key := normalise_series(name)) in keys), None)


def _wrote_series(name: str, side: Side) -> bool:
    return _we_wrote(name, side.theirs.get(name), side)


def _places(values: Values) -> _Places:
    names = _list(values.get("series"))
    numbers = values.get("series_number")
    places: Sequence[str | None] = numbers if isinstance(numbers, list) else []
    return [(name, places[i] if i < len(places) else None) for i, name in enumerate(names)]


def _list(value: Shown | None) -> list[str]:
    if isinstance(value, list):
        return [entry for entry in value if entry]
    return [value] if value else []


def same_shown(one: Shown | None, other: Shown | None) -> bool:
    """Whether two values are the same but for space between words; nothing and an empty list are the same."""
    return _plain(one) == _plain(other)


def _plain(value: Shown | None) -> list[str]:
    entries: Sequence[str | None] = value if isinstance(value, list) else [value]
    plain = [" ".join((entry or "").split()) for entry in entries]
    return plain if any(plain) else []
