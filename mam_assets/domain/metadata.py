"""Metadata of a book from several sources: how complete it is, and what to change.

Belongs here: completeness, trust, locks, refusing nonsense. Does not belong here: whether a source speaks of this very
book (identity; a suggestion comes here only after that), writing anything.

One gate for all automated writers: a locked field and a person's value are never changed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mam_assets.domain.books import MetadataSuggestion
from mam_assets.domain.isbn import normalise_asin, normalise_isbn
from mam_assets.domain.names import clean_text, fold, normalise_series, parse_position

__all__ = ["TRUST", "WEIGHTS", "Change", "completeness", "merge", "normalise_asin", "normalise_isbn"]

WEIGHTS: Mapping[str, int] = {
    "title": 15,
    "author": 15,
    "narrator": 12,
    "description": 10,
    "published_year": 8,
    "duration_minutes": 6,
    "language": 6,
    "publisher": 5,
    "isbn": 5,
    "asin": 5,
    "subtitle": 1,
    "series": 7,
    "series_number": 5,
}
"""Share of each field in completeness: what a listener looks for weighs most. The two series fields count only for a
book that is in a series, and either id (ISBN, ASIN) fills both, since most recordings have only one."""

_SERIES_FIELDS = frozenset({"series", "series_number"})
_IDS = frozenset({"isbn", "asin"})

TRUST: tuple[str, ...] = ("Manual", "Audiobookshelf", "GoogleBooks", "Goodreads", "Audible", "MAM")
"""From most to least trusted. "Audiobookshelf" is a person's edit there; what its scanner read has no source."""

_BY_PERSONS = frozenset({"Manual", "Audiobookshelf"})
_UNKNOWN_TRUST = len(TRUST)

Mode = Literal["fill", "correct", "off"]


@dataclass(frozen=True, slots=True)
class Change:
    """One field's change, ready for metadata_corrections. ``old`` is None where the field was empty."""

    field: str
    old: str | None
    new: str
    source: str
    reason: str


def completeness(values: Mapping[str, object], *, in_series: bool) -> int:
    """Weighted share of filled fields, 0..100, rounded down. Empty text, 0 and None are unfilled; "0" is a number of a
    series, and filled. Series fields never count for a book that stands alone, nor is a subtitle asked of any."""
    fields = [field for field in WEIGHTS if field != "subtitle" and (in_series or field not in _SERIES_FIELDS)]
    total = sum(WEIGHTS[field] for field in fields)
    has_id = any(_filled(values.get(field)) for field in _IDS)
    got = sum(WEIGHTS[field] for field in fields if (has_id if field in _IDS else _filled(values.get(field))))
    return 100 * got // total


def _filled(value: object) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    return bool(value)


def merge(
    current: Mapping[str, object],
    sources: Mapping[str, str],
    locked: Collection[str],
    suggestions: Sequence[MetadataSuggestion],
    mode: Mode,
) -> tuple[Change, ...]:
    """What to change in one book. ``sources`` says where each current value came from.

    fill: only empty fields. correct: also a value whose source is trusted less than the suggestion's, or is the same
    source (it corrected itself), when the two differ in more than spelling. off: nothing. Locked fields and values of a
    person (Manual, Audiobookshelf) never change. Of several suggestions the most trusted one that makes sense counts;
    the order of ``suggestions`` doesn't, save between two of one source.
    """
    if mode == "off":
        return ()
    ranked = sorted(suggestions, key=lambda suggestion: _trust(suggestion.source))
    fields = [name for name in WEIGHTS if any(name in suggestion.values for suggestion in ranked)]
    changes: dict[str, Change] = {}
    for name in fields:
        if name in locked or (sources.get(name) in _BY_PERSONS and _filled(current.get(name))):
            continue
        eligible = ranked if name != "series_number" else _of_series(ranked, changes.get("series"), current)
        change = _best_change(name, current, sources.get(name), eligible, mode)
        if change is not None:
            changes[name] = change
    if _tears_series_apart(changes, current, ranked):
        del changes["series"]
    return tuple(changes.values())


def _of_series(
    ranked: Sequence[MetadataSuggestion], changed: Change | None, current: Mapping[str, object]
) -> list[MetadataSuggestion]:
    """The suggestions that number the series which the book will have: a number counts in its own series only."""
    name = normalise_series(changed.new if changed else str(current.get("series") or ""))
    return [s for s in ranked if name and normalise_series(s.values.get("series") or "") == name]


def _tears_series_apart(
    changes: Mapping[str, Change], current: Mapping[str, object], ranked: Sequence[MetadataSuggestion]
) -> bool:
    """Whether another series would be named while the number of the old one stays."""
    change = changes.get("series")
    if change is None or change.old is None or not _filled(current.get("series_number")):
        return False
    if "series_number" in changes or normalise_series(change.old) == normalise_series(change.new):
        return False
    number = str(current.get("series_number"))
    agreeing = (s.values.get("series_number") for s in _of_series(ranked, change, current))
    return not any(text and _says_the_same("series_number", number, text) for text in agreeing)


def _best_change(
    name: str, current: Mapping[str, object], source: str | None, ranked: Sequence[MetadataSuggestion], mode: Mode
) -> Change | None:
    value = current.get(name)
    old = str(value) if _filled(value) else None
    for suggestion in ranked:
        new = sensible(name, suggestion.values.get(name))
        if new is None:
            continue
        why = f" ({suggestion.evidence})" if suggestion.evidence else ""
        if old is None:
            return Change(name, None, new, suggestion.source, f"was empty{why}")
        if mode != "correct" or _says_the_same(name, old, new):
            return None
        if sensible(name, old) is None:
            return Change(name, old, new, suggestion.source, f"was no possible value{why}")
        if name in _IDS or _trust(suggestion.source) > _trust(source):
            return None  # another edition's id is as right as this one's
        return Change(
            name, old, new, suggestion.source, f"{suggestion.source} is trusted over {source or 'file tags'}{why}"
        )
    return None


def _trust(source: str | None) -> int:
    return TRUST.index(source) if source in TRUST else _UNKNOWN_TRUST


def _says_the_same(name: str, old: str, new: str) -> bool:
    if name in _IDS:
        return (sensible(name, old) or old) == new
    if name == "series_number":
        first, second = parse_position(old), parse_position(new)
        return first == second if first and second else old.strip() == new.strip()
    return fold(old) == fold(new) and bool(fold(old))


# --- nonsense -----------------------------------------------------------------------------------------------------

_FILLERS = frozenset(
    {"unknown", "unknown author", "n a", "na", "none", "null", "various", "untitled", "not available", "tbd"}
)
_FIRST_YEAR, _LAST_YEAR = 1000, 2100
_LONGEST_MINUTES = 60 * 24 * 14
_BOILERPLATE = re.compile(r"discover and share books you love|no description available", re.IGNORECASE)


def sensible(field: str, value: str | None) -> str | None:
    """The value cleaned, or None where it can't be one: an ISBN whose check digit is wrong, a year outside 1000 to
    2100, a filler ("Unknown"), a site's boilerplate, a number of a series that can't be read."""
    text = clean_text(value, limit=20_000 if field == "description" else 1000)
    if text is None or (fold(text) in _FILLERS and field != "title"):
        return None
    if field == "isbn":
        return normalise_isbn(text)
    if field == "asin":
        return normalise_asin(text)
    if field == "published_year":
        year = re.match(r"[0-9]{4}(?![0-9])", text)
        return year[0] if year and _FIRST_YEAR <= int(year[0]) <= _LAST_YEAR else None
    if field == "duration_minutes":
        return text if re.fullmatch(r"[0-9]{1,5}", text) and 0 < int(text) <= _LONGEST_MINUTES else None
    if field == "series_number":
        return text if parse_position(text) is not None else None
    if field == "description":
        return None if _BOILERPLATE.search(text[:200]) or len(text) < 20 else text
    return text if fold(text) or field == "title" else None
