"""What a read of an item makes of our row: what Audiobookshelf shows first, what we wrote there, what a person edited.

Belongs here: deciding field by field. Does not belong here: which item is which book (library), in which form
Audiobookshelf's values are kept (shown), which of an item's series is the book's (first_series), reading and storing
them.

For each field three things are compared: what is shown now, what was shown last (`books.abs_values`) and what we sent
(`books.abs_written`). Shown as before: ours stays. Shown as we sent it: our own write has arrived. Anything else is a
person's edit: theirs becomes ours, empty too, and the field is locked.

An item older than what we know of it (by `updated_at`) tells of no edit. Where our row was stored or written back while
the item was on its way, it is left out (`is_overtaken`) until the next read. Otherwise Audiobookshelf was restored
from a backup: what it shows is taken as shown, locked values and those of a better source stay, and nothing is locked.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mam_assets.domain.books import LibraryItem, SeriesRef
from mam_assets.domain.completeness import asks_for_series, completeness
from mam_assets.domain.first_series import find_first, in_order, narrow, newly_listed, same_series, wanted_keys
from mam_assets.domain.shown import Shown, shown_values

FIELDS = (
    "title",
    "subtitle",
    "author",
    "series",
    "series_number",
    "isbn",
    "asin",
    "narrator",
    "publisher",
    "published_year",
    "duration_minutes",
    "language",
    "description",
)

MEASURED = "duration_minutes"
"""Comes from the files; nobody edits it."""

_HIDDEN = re.compile(r"<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"</?[a-z!][^<>]*>", re.IGNORECASE)
_CASELESS = frozenset({"author", "series"})
_WITHOUT_DASHES = re.compile(r"[\s-]+")
_FROM_THERE = frozenset({"Audiobookshelf", None})


@dataclass(frozen=True, slots=True)
class StoredBook:
    """Our row of an item. ``readded``: the item came back under a new id, so what was shown of the old one says nothing
    of what a person did to this one. ``updated_at``: when Audiobookshelf last changed the item, by its clock.
    ``seen_at``: when it was last read or written back, by ours."""

    book_id: int
    values: Mapping[str, Any]
    sources: Mapping[str, str]
    times: Mapping[str, str]
    shown: Mapping[str, Shown]
    written: Mapping[str, Shown]
    locked: Sequence[str]
    authors: Sequence[str] = ()
    narrators: Sequence[str] = ()
    stands_alone: bool | None = None
    listed: bool = True
    readded: bool = False
    updated_at: datetime | None = None
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """A field is shown changed in Audiobookshelf. None: empty."""

    field: str
    old: str | None
    new: str | None


@dataclass(slots=True)
class Reading:
    """Our row as it is to be after a read. ``authors_changed``, ``series_changed``: the links of the book are to be
    made again, to the item's authors, and to ``series``: ours first, then the item's others. ``edits`` are a person's;
    ``shown_again`` is what an item that came back shows in another way, which nobody need have edited."""

    values: dict[str, Any]
    sources: dict[str, str]
    times: dict[str, str]
    shown: dict[str, Shown]
    written: dict[str, Shown]
    locked: list[str]
    authors: list[str]
    narrators: list[str]
    series: tuple[SeriesRef, ...] = ()
    completeness: int = 0
    authors_changed: bool = True
    series_changed: bool = True
    edits: list[Edit] = field(default_factory=list)
    shown_again: list[Edit] = field(default_factory=list)


def item_values(item: LibraryItem, people: Sequence[str], first: SeriesRef | None) -> dict[str, Any]:
    """The 13 fields as our columns hold them; None where empty. ``people`` are the item's authors, taken apart,
    ``first`` is the one of its series that is the book's."""
    return {
        "title": item.title,
        "subtitle": item.subtitle,
        "author": ", ".join(people) or None,
        "series": first.name if first else None,
        "series_number": first.position if first else None,
        "isbn": item.isbn,
        "asin": item.asin,
        "narrator": ", ".join(item.narrators) or None,
        "publisher": item.publisher,
        "published_year": item.published_year,
        "duration_minutes": None if item.duration_seconds is None else item.duration_seconds / 60,
        "language": item.language,
        "description": item.description,
    }


def is_overtaken(known: StoredBook, item: LibraryItem, since: datetime) -> bool:
    """Whether the item, asked for some time after ``since``, is older than what was stored of it meanwhile."""
    return _is_older(known, item) and known.seen_at is not None and known.seen_at >= since


def _is_older(known: StoredBook, item: LibraryItem) -> bool:
    return known.updated_at is not None and item.updated_at < known.updated_at


def read_first(item: LibraryItem, people: Sequence[str], now: datetime) -> Reading:
    """A book that was not known: every value is Audiobookshelf's."""
    values = item_values(item, people, item.series[0] if item.series else None)
    filled = [name for name, value in values.items() if value is not None]
    return Reading(
        values=values,
        sources=dict.fromkeys(filled, "Audiobookshelf"),
        times=dict.fromkeys(filled, now.isoformat()),
        shown=shown_values(item),
        written={},
        locked=[],
        authors=list(people),
        narrators=list(item.narrators),
        series=item.series,
        completeness=completeness(values, in_series=True),
    )


def read_again(known: StoredBook, item: LibraryItem, people: Sequence[str], now: datetime) -> Reading:
    """A book that we have: field by field what becomes of it."""
    older = _is_older(known, item)
    first = known.readded or older or (not known.shown and not known.listed)
    keys = wanted_keys(known.shown, known.values["series"])
    stays_out = known.values["series"] is None and "series" in known.locked
    if stays_out and not first and (added := newly_listed(item.series, known.shown, known.written)):
        # A person took the book out of its series here, and has put it into one there since. The item's other series
        # say nothing of that.
        keys, stays_out = (*added, *keys), False
    in_series = find_first(item.series, keys)
    theirs, shown = item_values(item, people, in_series), shown_values(item)
    reading = Reading(
        values=dict(known.values),
        sources=dict(known.sources),
        times=dict(known.times),
        shown=shown,
        written={} if known.readded else dict(known.written),
        locked=list(known.locked),
        authors=list(known.authors),
        narrators=list(known.narrators),
    )
    changed = {name: not shown_alike(name, shown, known.shown) for name in ("author", "series", "series_number")}
    series_shown = bool(item.series) if first else changed["series"] or changed["series_number"]
    reading.series_changed = series_shown or (changed["author"] and bool(item.series))
    sides = _Sides(narrow(shown, keys), narrow(known.shown, keys), narrow(known.written, keys))
    for name in FIELDS:
        if name == MEASURED:
            if theirs[name] is not None and name not in known.locked:
                _take(reading, name, theirs[name], "Audiobookshelf", now)
        elif stays_out and name in ("series", "series_number"):
            continue
        elif first:
            _first_look(reading, known, name, theirs[name], now, trusted=known.readded or older)
        else:
            _look_again(reading, known, name, theirs[name], now, sides)
    if reading.values["author"] == theirs["author"]:
        reading.authors = list(people)
    if reading.values["narrator"] == theirs["narrator"]:
        reading.narrators = list(item.narrators)
    # Where another author than the item's is kept, so are the links to that one.
    reading.authors_changed = reading.values["author"] == theirs["author"] if first else changed["author"]
    reading.series = in_order(reading.values["series"], reading.values["series_number"], item.series, in_series)
    if stays_out and item.series:
        reading.series_changed = False  # it stays tied to the others
    asks = asks_for_series(reading.values["series"], known.stands_alone)
    reading.completeness = completeness(reading.values, in_series=asks, locked=reading.locked)
    return reading


@dataclass(frozen=True, slots=True)
class _Sides:
    """What is shown now, what was seen last and what we wrote, each with the book's series alone: another one beside it
    is no edit of it."""

    shown: Mapping[str, Shown]
    seen: Mapping[str, Shown]
    written: Mapping[str, Shown]


def _first_look(reading: Reading, known: StoredBook, name: str, theirs: Any, now: datetime, *, trusted: bool) -> None:
    """Nothing is known of what was shown before: nobody can have edited it. Locks stand; and where our row is
    ``trusted``, because the item only came back, so does what a better source had said."""
    filled = known.values.get(name) is not None
    kept = trusted and filled and known.sources.get(name) not in _FROM_THERE
    if theirs is not None and name not in known.locked and not kept:
        if trusted and known.values.get(name) != theirs:
            reading.shown_again.append(Edit(name, _as_text(known.values.get(name)), _as_text(theirs)))
        _take(reading, name, theirs, "Audiobookshelf", now)


def _look_again(reading: Reading, known: StoredBook, name: str, theirs: Any, now: datetime, sides: _Sides) -> None:
    follows = known.sources.get(name) in _FROM_THERE and name not in known.locked
    if shown_alike(name, sides.shown, sides.seen) and not _is_of_another_series(reading, known, name, theirs):
        # The form may have changed: what came from there keeps the form that is shown there.
        if follows and theirs is not None:
            _take(reading, name, theirs, "Audiobookshelf", now)
    elif name in known.written and shown_alike(name, sides.shown, sides.written):
        if follows or (known.values.get(name) is None and name not in known.locked):
            _take(reading, name, theirs, "Audiobookshelf", now)
    else:
        old = known.values.get(name)
        if old != theirs:
            reading.edits.append(Edit(name, _as_text(old), _as_text(theirs)))
        _take(reading, name, theirs, "Manual", now, again=True)
        reading.locked = sorted({*reading.locked, name})
        reading.written.pop(name, None)


def _is_of_another_series(reading: Reading, known: StoredBook, name: str, theirs: Any) -> bool:
    """Whether a number of ours was set for the series that the book has just been taken out of."""
    ours_stays = name == "series_number" and known.values.get(name) not in (None, theirs)
    return ours_stays and not same_series(known.values["series"], reading.values["series"])


def _take(reading: Reading, name: str, value: Any, source: str, now: datetime, *, again: bool = False) -> None:
    if not again and reading.values.get(name) == value and name in reading.sources:
        return
    reading.values[name] = value
    reading.sources[name] = source
    reading.times[name] = now.isoformat()


def _as_text(value: Any) -> str | None:
    return None if value is None else str(value)


# --- what is only another form ------------------------------------------------------------------------------------


def same_value(name: str, one: Shown | None, other: Shown | None) -> bool:
    """Whether two values that Audiobookshelf shows of a field differ in form only: blanks, composed accents, dashes of
    an ISBN, the HTML that its sanitiser left of a description, the case in which it files an author or a series, the
    order of a list. Empty equals missing."""
    return one == other or _form(name, one) == _form(name, other)


def shown_alike(name: str, one: Mapping[str, Shown | None], other: Mapping[str, Shown | None]) -> bool:
    """Whether two states of an item show a field alike, but for its form; a place in a series, whatever their order."""
    if name == "series_number" and "series" in other and same_value("series", one.get("series"), other["series"]):
        return _places(one) == _places(other)
    return same_value(name, one.get(name), other.get(name))


def _places(shown: Mapping[str, Shown | None]) -> dict[Hashable, Hashable]:
    """Where the book stands in each series, whatever their order."""
    names, numbers = shown.get("series") or (), shown.get("series_number") or ()
    listed = list(numbers) + [None] * (len(names) - len(numbers))
    return {_tidy(name or "").casefold(): _tidy(number or "") for name, number in zip(names, listed, strict=False)}


def _form(name: str, value: Shown | None) -> Hashable:
    if not value:
        return None
    if isinstance(value, list):
        tidy = [_tidy(entry or "") for entry in value]
        if name == "series_number":
            return tuple(tidy) if any(tidy) else None
        return frozenset(entry.casefold() if name in _CASELESS else entry for entry in tidy)
    if name == "description":
        return "".join(_tidy(html.unescape(_TAG.sub("", _HIDDEN.sub("", value)))).split()) or None
    if name in {"isbn", "asin"}:
        return _WITHOUT_DASHES.sub("", value).upper() or None
    return _tidy(value) or None


def _tidy(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
