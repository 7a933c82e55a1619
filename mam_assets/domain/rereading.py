"""What a read of an item makes of our row: what Audiobookshelf shows first, what we wrote there, what a person edited.

Belongs here: deciding field by field. Does not belong here: which item is which book (library), in which form
Audiobookshelf's values are kept (shown), reading and storing them.

For each field three things are compared: what is shown now, what was shown last (`books.abs_values`) and what we sent
(`books.abs_written`). Shown as before: ours stays. Shown as we sent it: our own write has arrived. Anything else is a
person's edit: theirs becomes ours, empty too, and the field is locked.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mam_assets.domain.books import LibraryItem
from mam_assets.domain.completeness import asks_for_series, completeness
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
class KnownBook:
    """Our row of an item. ``readded``: the item came back under a new id, so what was shown of the old one says nothing
    of what a person did to this one."""

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


@dataclass(frozen=True, slots=True)
class Edit:
    """A person changed a field in Audiobookshelf. None: empty."""

    field: str
    old: str | None
    new: str | None


@dataclass(slots=True)
class Reading:
    """Our row as it is to be after a read. ``authors_changed``, ``series_changed``: the links of the book are to be
    made again from the item's arrays."""

    values: dict[str, Any]
    sources: dict[str, str]
    times: dict[str, str]
    shown: dict[str, Shown]
    written: dict[str, Shown]
    locked: list[str]
    authors: list[str]
    narrators: list[str]
    completeness: int = 0
    authors_changed: bool = True
    series_changed: bool = True
    edits: list[Edit] = field(default_factory=list)


def item_values(item: LibraryItem, people: Sequence[str]) -> dict[str, Any]:
    """The 13 fields as our columns hold them; None where empty. ``people`` are the item's authors, taken apart."""
    first = item.series[0] if item.series else None
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


def read_first(item: LibraryItem, people: Sequence[str], now: datetime) -> Reading:
    """A book that was not known: every value is Audiobookshelf's."""
    values = item_values(item, people)
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
        completeness=completeness(values, in_series=True),
    )


def read_again(known: KnownBook, item: LibraryItem, people: Sequence[str], now: datetime) -> Reading:
    """A book that we have: field by field what becomes of it."""
    theirs, shown = item_values(item, people), shown_values(item)
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
    first = known.readded or (not known.shown and not known.listed)
    changed = {name: not _shown_alike(name, shown, known.shown) for name in ("author", "series", "series_number")}
    reading.authors_changed = first or changed["author"]
    series_shown = bool(item.series) if first else changed["series"] or changed["series_number"]
    reading.series_changed = series_shown or (changed["author"] and bool(item.series))
    for name in FIELDS:
        if name == MEASURED:
            if theirs[name] is not None and name not in known.locked:
                _take(reading, name, theirs[name], "Audiobookshelf", now)
        elif first:
            _first_look(reading, known, name, theirs[name], now)
        else:
            _look_again(reading, known, name, theirs[name], now)
    if reading.values["author"] == theirs["author"]:
        reading.authors = list(people)
    if reading.values["narrator"] == theirs["narrator"]:
        reading.narrators = list(item.narrators)
    in_series = asks_for_series(reading.values["series"], known.stands_alone)
    reading.completeness = completeness(reading.values, in_series=in_series, locked=reading.locked)
    return reading


def _first_look(reading: Reading, known: KnownBook, name: str, theirs: Any, now: datetime) -> None:
    """Nothing is known of what was shown before: nobody can have edited it. Locks stand; and where the item only came
    back, so does what a better source had said."""
    filled = known.values.get(name) is not None
    kept = known.readded and filled and known.sources.get(name) not in _FROM_THERE
    if theirs is not None and name not in known.locked and not kept:
        _take(reading, name, theirs, "Audiobookshelf", now)


def _look_again(reading: Reading, known: KnownBook, name: str, theirs: Any, now: datetime) -> None:
    follows = known.sources.get(name) in _FROM_THERE and name not in known.locked
    if _shown_alike(name, reading.shown, known.shown):
        # The form may have changed: what came from there keeps the form that is shown there.
        if follows and theirs is not None:
            _take(reading, name, theirs, "Audiobookshelf", now)
    elif name in known.written and _shown_alike(name, reading.shown, known.written):
        if known.values.get(name) is None or follows:
            _take(reading, name, theirs, "Audiobookshelf", now)
    else:
        old = known.values.get(name)
        if old != theirs:
            reading.edits.append(Edit(name, _as_text(old), _as_text(theirs)))
        _take(reading, name, theirs, "Manual", now, again=True)
        reading.locked = sorted({*reading.locked, name})
        reading.written.pop(name, None)


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


def _shown_alike(name: str, one: Mapping[str, Shown], other: Mapping[str, Shown]) -> bool:
    if name == "series_number" and "series" in other and same_value("series", one.get("series"), other["series"]):
        return _places(one) == _places(other)
    return same_value(name, one.get(name), other.get(name))


def _places(shown: Mapping[str, Shown]) -> dict[Hashable, Hashable]:
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
