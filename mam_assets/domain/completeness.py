"""How complete a book's metadata is, and why.

Belongs here: the weights and the sum. Does not belong here: where values come from (metadata), how it is shown.

The table is in docs/USING.md. Three rules beside the weights:

- Either id fills both: most recordings have an ASIN or an ISBN, few have both.
- The two series fields do not count for a book that is known to stand alone.
- A field that a person has locked empty does not count: it is empty because somebody wants it so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

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
"""Share of each field in completeness: what a listener looks for weighs most. A subtitle counts for none, since most
works have none; its weight only orders it."""

SERIES_FIELDS = frozenset({"series", "series_number"})
IDS = frozenset({"isbn", "asin"})


@dataclass(frozen=True, slots=True)
class FieldShare:
    """What one field brings to the sum: its weight, and whether it is filled (an id also by the other id)."""

    field: str
    weight: int
    filled: bool


def explain(values: Mapping[str, object], in_series: bool, locked: Collection[str] = ()) -> list[FieldShare]:
    """The fields that count for this book, heaviest first. Their filled weight over their whole weight is its
    completeness. Empty text, 0 and None are unfilled; "0" is a number of a series, and filled."""
    has_id = any(is_filled(values.get(field)) for field in IDS)
    shares = []
    for field, weight in sorted(WEIGHTS.items(), key=lambda item: -item[1]):
        if field == "subtitle" or (field in SERIES_FIELDS and not in_series):
            continue
        filled = has_id if field in IDS else is_filled(values.get(field))
        if filled or field not in locked:
            shares.append(FieldShare(field, weight, filled))
    return shares


def completeness(values: Mapping[str, object], *, in_series: bool, locked: Collection[str] = ()) -> int:
    """Weighted share of filled fields, 0..100, rounded down. See `explain`."""
    shares = explain(values, in_series, locked)
    total = sum(share.weight for share in shares)
    return 100 * sum(share.weight for share in shares if share.filled) // total if total else 100


def asks_for_series(series: object, stands_alone: bool | None) -> bool:
    """Whether the series fields count for a book: unless it is in none, and known to be in none."""
    return is_filled(series) or stands_alone is not True


def is_filled(value: object) -> bool:
    """Whether a field holds something."""
    return bool(value.strip()) if isinstance(value, str) else bool(value)
