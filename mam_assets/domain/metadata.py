"""Metadata of a book from several sources: what to change, and the rule that decided.

Belongs here: trust, locks, contradictions, refusing nonsense. Does not belong here: whether a source speaks of this
very book (matching; a suggestion comes here only after that), how complete a book is (completeness), what of it is sent
to Audiobookshelf (write_back).

One gate for all automated writers: a locked field and a person's value are never changed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mam_assets.domain.books import MetadataSuggestion
from mam_assets.domain.completeness import IDS, WEIGHTS, asks_for_series, completeness, explain, is_filled
from mam_assets.domain.isbn import normalise_asin, normalise_isbn
from mam_assets.domain.languages import normalise_language
from mam_assets.domain.names import clean_text, fold, normalise_person, normalise_series, parse_position

__all__ = [
    "TRUST",
    "WEIGHTS",
    "Change",
    "asks_for_series",
    "completeness",
    "explain",
    "merge",
    "names_in",
    "normalise_asin",
    "normalise_isbn",
    "says_the_same",
    "sensible",
]

TRUST: tuple[str, ...] = ("Manual", "GoogleBooks", "Goodreads", "Audible", "MAM", "Audiobookshelf")
"""From most to least trusted. "Manual" is a person's word. "Audiobookshelf" is what it showed when it was first read:
a person's work or a file's tags, nobody can tell; so only nonsense, or two sources that agree, stand against it."""

SETTLED_BY_TWO = frozenset({"language", "published_year", "series_number"})
"""Facts of the work, of which two sources that agree are right against what Audiobookshelf showed. The other fields
have many right values (each edition has its publisher and text), or the same one under many names (series)."""

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


def merge(
    current: Mapping[str, object],
    sources: Mapping[str, str],
    locked: Collection[str],
    suggestions: Sequence[MetadataSuggestion],
    mode: Mode,
) -> tuple[Change, ...]:
    """What to change in one book. ``sources`` says where each current value came from.

    fill: only empty fields. correct: also, when the two differ in more than spelling,

    - a value that cannot be one (an ISBN with a wrong check digit);
    - a value whose source is trusted less than the suggestion's, or is the same source (it corrected itself);
    - what Audiobookshelf showed of `SETTLED_BY_TWO`, where two sources agree and none agrees with it.

    off: nothing. Locked fields and a person's values (Manual) never change. Of several suggestions the most trusted one
    that makes sense counts; the order of ``suggestions`` doesn't, save between two of one source. The reason of a
    change names the rule, the evidence, and every source that says something else.
    """
    if mode == "off":
        return ()
    ranked = sorted(suggestions, key=lambda suggestion: _trust(suggestion.source))
    fields = [name for name in WEIGHTS if any(name in suggestion.values for suggestion in ranked)]
    changes: dict[str, Change] = {}
    for name in fields:
        if name in locked or (sources.get(name) == "Manual" and is_filled(current.get(name))):
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
    if change is None or change.old is None or not is_filled(current.get("series_number")):
        return False
    if "series_number" in changes or normalise_series(change.old) == normalise_series(change.new):
        return False
    number = str(current.get("series_number"))
    agreeing = (s.values.get("series_number") for s in _of_series(ranked, change, current))
    return not any(text and says_the_same("series_number", number, text) for text in agreeing)


def _best_change(
    name: str, current: Mapping[str, object], source: str | None, ranked: Sequence[MetadataSuggestion], mode: Mode
) -> Change | None:
    said = [(s, new) for s in ranked if (new := sensible(name, s.values.get(name))) is not None]
    if not said:
        return None
    value = current.get(name)
    old = str(value) if is_filled(value) else None
    best, new = said[0]
    if old is None:
        rule = "was empty"
    elif mode != "correct":
        return None
    elif sensible(name, old) is None:
        rule = "was no possible value"
    elif source in (None, "Audiobookshelf"):
        agreed = _agreed_by_two(name, old, said)
        if agreed is None:
            return None
        best, new = agreed
        rule = f"two sources agree against what Audiobookshelf showed ({old!r})"
    elif says_the_same(name, old, new) or name in IDS or _trust(best.source) > _trust(source):
        return None  # another edition's id is as right as this one's
    elif best.source == source:
        rule = f"{source} has corrected itself"
    else:
        rule = f"{best.source} is trusted over {source}"
    return Change(name, old, new, best.source, rule + _evidence(best) + _contradicted(name, new, best, said))


_Said = tuple[MetadataSuggestion, str]


def _agreed_by_two(name: str, old: str, said: Sequence[_Said]) -> _Said | None:
    """The most trusted suggestion that another source repeats, where no source says what is there already."""
    if name not in SETTLED_BY_TWO or any(says_the_same(name, old, new) for _, new in said):
        return None
    for first, new in said:
        if any(other.source != first.source and says_the_same(name, new, text) for other, text in said):
            return first, new
    return None


def _evidence(suggestion: MetadataSuggestion) -> str:
    return f" ({suggestion.evidence})" if suggestion.evidence else ""


def _contradicted(name: str, new: str, best: MetadataSuggestion, said: Sequence[_Said]) -> str:
    """What other sources say, and why it was not taken. Long texts always differ, and are not compared."""
    if name in IDS or name == "description":
        return ""
    others = [
        f"{s.source} says {text[:80]!r}" for s, text in said if s is not best and not says_the_same(name, new, text)
    ]
    return f"; {', '.join(others)}: {best.source} is trusted more" if others else ""


def _trust(source: str | None) -> int:
    return TRUST.index(source) if source in TRUST else _UNKNOWN_TRUST


def says_the_same(name: str, old: str, new: str) -> bool:
    """Whether two values of a field differ in spelling at most."""
    if name in IDS:
        return (sensible(name, old) or old) == (sensible(name, new) or new)
    if name == "series_number":
        first, second = parse_position(old), parse_position(new)
        return first == second if first and second else old.strip() == new.strip()
    if name == "language":
        return normalise_language(old) == normalise_language(new) is not None
    if name == "series":
        return normalise_series(old) == normalise_series(new) != ""
    if name in ("narrator", "author"):
        return {normalise_person(person) for person in names_in(old)} == {
            normalise_person(person) for person in names_in(new)
        }
    return fold(old) == fold(new) and bool(fold(old))


def names_in(text: str | None) -> tuple[str, ...]:
    """The names of a joined text as our table and Audiobookshelf join them: by commas."""
    return tuple(dict.fromkeys(name for part in (text or "").split(",") if (name := part.strip())))


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
