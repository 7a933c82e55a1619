"""Positions in a series: text such as "1", "0.5", "1-3", "01-16, 13.5", "2p1", read or refused.

Belongs here: what such a text means, what it covers, how it sorts. Does not belong here: which series it counts in
(names, identity), nor whether the work at that place is wanted (gaps).

The shapes are those of MAM's series_info, Goodreads' "(Series, #n)" and Audiobookshelf's sequence. Whatever is not
certain is None: a wrong position makes a wrong book.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

_LONGEST_RANGE = 300
_NUMBER = r"[0-9]{1,4}(?:\.[0-9]{1,3})?"
_LABEL = r"(?:books?|bks?\.?|volumes?|vols?\.?|numbers?|nos?\.?|nr\.?|episodes?|#)"
_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12,
}  # fmt: skip
_ROMAN = {
    "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10, "xi": 11, "xii": 12,
}  # fmt: skip

_LABELLED = re.compile(rf"^(?P<label>{_LABEL})\s*(?P<rest>.+)$")
_PART = re.compile(r"^(?P<whole>.+?)(?:\s*[:,;]?\s*\(?\bpart\s*|(?<=[0-9])\s?p(?:t\.?)?\s?)(?P<part>[0-9]{1,2})"
                   r"(?:\s*(?:of|/)\s*(?P<parts>[0-9]{1,2}))?\)?$")  # fmt: skip
_OF_TOTAL = re.compile(rf"^(?P<number>{_NUMBER})\s*of\s*[0-9]{{1,3}}$")
_SPAN = re.compile(rf"^#?\s*(?P<low>{_NUMBER})(?:\s*(?:-|to|through|thru)\s*#?\s*(?P<high>{_NUMBER}))?$")
_DASHES = re.compile(r"\s?[‐‑‒–—―−]\s?")
_AMBIGUOUS = re.compile(r"[0-9]+,[0-9]+")
_DIGIT = re.compile(r"[0-9]")
_MAY_BE_WORDED = re.compile(r"\s*[bvnem#]", re.IGNORECASE)  # the first letters of labels
_SEPARATOR = re.compile(r"\s*(?:[,;&+]|\band\b)\s*")


@dataclass(frozen=True, slots=True)
class Position:
    """One or more places in a series. ``ranges`` are inclusive and ascending; ``part`` is the part of a split volume.

    ``text`` is what was read; it takes no part in comparison, so "01" equals "1".
    """

    ranges: tuple[tuple[Decimal, Decimal], ...]
    part: int | None = None
    text: str = field(default="", compare=False)
    canonical: str = field(init=False, compare=False, repr=False)
    """One spelling for one meaning: "1", "0.5", "1-3, 13.5", "2p1". `parse_position` reads it back as equal."""
    is_range: bool = field(init=False, compare=False, repr=False)
    """True for more than one place: a box set, an omnibus, a pack."""
    starts_whole: bool = field(init=False, compare=False, repr=False)
    """Whether the lowest place is a whole number."""

    def __post_init__(self) -> None:
        low, high = self.ranges[0]
        object.__setattr__(self, "canonical", _canonical(self.ranges, self.part))
        object.__setattr__(self, "is_range", len(self.ranges) > 1 or low != high)
        object.__setattr__(self, "starts_whole", _is_whole(low))

    @property
    def is_part(self) -> bool:
        """True for a part of a split volume: it is less than the work."""
        return self.part is not None

    @property
    def first(self) -> Decimal:
        """The lowest place."""
        return self.ranges[0][0]

    @property
    def key(self) -> tuple[Decimal, Decimal, int]:
        """Sorts by the first place, then single before range, then by part."""
        return (self.first, self.ranges[-1][1], self.part or 0)

    def covers(self, other: Position) -> bool:
        """Whether who has this has ``other`` as well.

        "1-3" covers 1, 2, 3 and "1-2", but not 2.5: sources that mean the novella too write "1-3 + 2.5". A range with a
        fractional end ("0.1-0.4") covers what lies between. A whole volume covers its parts; a part covers only itself.
        """
        if self.part is not None and self.part != other.part:
            return False
        return all(any(_within(span, wanted) for span in self.ranges) for wanted in other.ranges)


@lru_cache(maxsize=20_000)
def parse_position(text: str | None) -> Position | None:
    """Read a position; None where there is none or where it isn't certain ("II", "one", "1,5", "3-1", "-1").

    A label makes words and Roman numbers certain: "Book One", "Volume II". Never raises.
    """
    if text is None:
        return None
    if text.isdecimal() and text.isascii() and len(text) <= 4:
        number = Decimal(text)
        return Position(((number, number),), text=text)
    plain = unicodedata.normalize("NFKC", text).replace("\x00", " ")
    if not _DIGIT.search(plain) and not _MAY_BE_WORDED.match(plain):
        return None
    plain = _DASHES.sub("-", " ".join(plain.casefold().split()))
    if not plain or len(plain) > 80:
        return None
    labelled = _LABELLED.match(plain)
    if labelled:
        plain = labelled["rest"].strip(" .")
        if labelled["label"] != "#":
            if plain in _WORDS or plain in _ROMAN:
                number = Decimal(_WORDS.get(plain) or _ROMAN[plain])
                return Position(((number, number),), text=text.strip())
            of_total = _OF_TOTAL.match(plain)
            plain = of_total["number"] if of_total else plain
    part: int | None = None
    split = _PART.match(plain)
    if split:
        plain, part = split["whole"].strip(), int(split["part"])
        if part == 0 or (split["parts"] is not None and part > int(split["parts"])):
            return None
    ranges = _read_spans(plain)
    if ranges is None:
        return None
    position = Position(ranges, part, text.strip())
    return None if part is not None and position.is_range else position


def position_key(text: str | None) -> tuple[int, Decimal, Decimal, int, str]:
    """Sorting key of a position's text: readable ones by number, then unreadable text, then none at all."""
    position = parse_position(text)
    if position is not None:
        return (0, *position.key, "")
    zero = Decimal(0)
    return (1, zero, zero, 0, text.casefold()) if text and text.strip() else (2, zero, zero, 0, "")


def _read_spans(plain: str) -> tuple[tuple[Decimal, Decimal], ...] | None:
    if _AMBIGUOUS.fullmatch(plain):
        return None  # "1,5" is one and a half to some, one and five to others
    spans: set[tuple[Decimal, Decimal]] = set()
    for piece in _SEPARATOR.split(plain):
        match = _SPAN.match(piece)
        if match is None:
            return None
        low = Decimal(match["low"])
        high = Decimal(match["high"]) if match["high"] else low
        if low > high or high - low > _LONGEST_RANGE or (match["high"] and low == high):
            return None
        spans.add((low, high))
    return tuple(sorted(spans))


def _within(span: tuple[Decimal, Decimal], wanted: tuple[Decimal, Decimal]) -> bool:
    low, high = span
    if not (low <= wanted[0] and wanted[1] <= high):
        return False
    if wanted[0] in span and wanted[1] in span:
        return True
    counts_wholes = _is_whole(low) and _is_whole(high)
    return not counts_wholes or (_is_whole(wanted[0]) and _is_whole(wanted[1]))


def _is_whole(number: Decimal) -> bool:
    return number == int(number)


def _canonical(ranges: tuple[tuple[Decimal, Decimal], ...], part: int | None) -> str:
    spans = ", ".join(_plain(low) if low == high else f"{_plain(low)}-{_plain(high)}" for low, high in ranges)
    return spans if part is None else f"{spans}p{part}"


def _plain(number: Decimal) -> str:
    whole = int(number)
    return str(whole) if whole == number else format(number.normalize(), "f")
