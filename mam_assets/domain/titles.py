"""How two titles stand to each other: equal, one with a subtitle, an extension, near, unrelated.

Belongs here: the relation between two titles, with nothing else known. Does not belong here: what it means for a work
(identity) or a release (release).

Others took "Treasure of Khan" for "Treasure", and let short titles match anything: here a title equals another whole or
it doesn't, and a longer one is an extension until a subtitle explains it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache

from rapidfuzz import fuzz

from mam_assets.domain.names import fold, main_title, normalise_series, normalise_title, split_subtitle


class TitleRelation(StrEnum):
    """From the strongest to the weakest."""

    EQUAL = "equal"  # the same key
    SUBTITLE = "subtitle"  # one is the other with a subtitle that only describes ("A Brief History of Humankind")
    MAIN = "main"  # one is the part of the other before its subtitle, which may name another work
    SHARED_HEAD = "shared_head"  # both go on, and differently: "Batman: Hush" and "Batman: Dark Victory"
    NEAR = "near"  # spelled nearly alike
    EXTENSION = "extension"  # one holds the other and goes on: "Treasure" and "Treasure of Khan"
    DIFFERENT_NUMBER = "different_number"  # alike but for a number: volumes
    UNRELATED = "unrelated"


_ORDER = {relation: rank for rank, relation in enumerate(TitleRelation)}
_NEAR_ENOUGH = 88.0
# "A Brief History of Humankind" describes; "Secret History" is the name of another book.
_DESCRIBES = re.compile(
    r"(?:a|an) (?:\w+ ){0,6}(?:novel|novella|memoir|thriller|mystery|romance|story|biography|autobiography|history"
    r"|fable|account|life|introduction|adventure)(?: .*)?"
    r"|(?:the )?(?:\w+ ){0,3}(?:story|history|biography|life|lives) of .+"
    r"|(?:how|why|what) .+|or (?:the )?.+|(?:stories|essays|poems|a novel in stories)"
)
_NUMBERS = frozenset(
    {"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}
    | {"i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"}
)


def relate_titles(a: str, b: str, *, series: Iterable[str] = ()) -> TitleRelation:
    """The relation of two titles. ``series`` are names of the series at hand: where the part that agrees is only such a
    name ("The Hunger Games: Mockingjay"), it is no title. Symmetric; text that folds to nothing is UNRELATED."""
    first, second = sorted((a, b))
    return _relate(first, second, frozenset(normalise_series(name) for name in series if name))


def closest(titles_a: Iterable[str], titles_b: Iterable[str], *, series: Iterable[str] = ()) -> TitleRelation:
    """The strongest relation between any of the titles of one work and any of another."""
    names = tuple(series)
    others = tuple(titles_b)
    relations = [relate_titles(a, b, series=names) for a in titles_a for b in others]
    return min(relations, key=_ORDER.__getitem__, default=TitleRelation.UNRELATED)


_SEGMENTS = re.compile(r"\s+[-–—]\s+|\s*:\s+")
_VOLUME_TAIL = re.compile(
    r"[\s,]*(?:#|\bbooks?|\bbk\.?|\bvol(?:ume)?\.?)?\s*[0-9]{1,3}(?:\.[0-9]{1,2})?$", re.IGNORECASE
)


def without_series_name(title: str, series: Iterable[str]) -> str:
    """The title without parts that only name its series: "Mistborn: The Final Empire", "Mistborn 01 - The Final
    Empire" and "The Final Empire: Mistborn, Book 1" are "The Final Empire". Never empties a title."""
    segments = _SEGMENTS.split(title)
    keys = {normalise_series(name) for name in series if name}
    if len(segments) < 2 or not keys:
        return title
    kept = [
        segment for segment in segments if normalise_series(_VOLUME_TAIL.sub("", segment.strip(" []()"))) not in keys
    ]
    if not any(fold(segment) for segment in kept):
        # "Crank: Crank, Book 1" is named like its series; "NYPD Red: NYPD Red 3" has the number in its name.
        return segments[0].strip() if all(_is_labelled(segment) for segment in segments[1:]) else title
    return " - ".join(kept) if len(kept) < len(segments) else title


def _is_labelled(segment: str) -> bool:
    tail = _VOLUME_TAIL.search(segment.strip(" []()"))
    return tail is None or not tail[0].strip(" ,")[:1].isdigit()


@lru_cache(maxsize=50_000)
def _relate(a: str, b: str, series: frozenset[str]) -> TitleRelation:
    key_a, key_b = normalise_title(a), normalise_title(b)
    if not key_a or not key_b:
        return TitleRelation.UNRELATED
    if key_a == key_b or (key_a.replace(" ", "") == key_b.replace(" ", "") and len(key_a) > 4):
        return TitleRelation.EQUAL
    if _numbers(key_a) != _numbers(key_b) and _worded(key_a) == _worded(key_b):
        return TitleRelation.DIFFERENT_NUMBER
    by_subtitle = _relate_subtitles(a, b, key_a, key_b, series)
    if by_subtitle is not None:
        return by_subtitle
    words_a, words_b = key_a.split(), key_b.split()
    short, long = sorted((words_a, words_b), key=len)
    if len(short) < len(long) and _holds(long, short):
        return TitleRelation.EXTENSION
    if len(words_a) == len(words_b) and fuzz.ratio(key_a, key_b) >= _NEAR_ENOUGH and len(key_a) >= 6:
        return TitleRelation.NEAR if _numbers(key_a) == _numbers(key_b) else TitleRelation.DIFFERENT_NUMBER
    if _numbers(key_a) == _numbers(key_b) and fuzz.ratio(key_a, key_b) >= 92:
        return TitleRelation.NEAR
    return TitleRelation.UNRELATED


def _relate_subtitles(a: str, b: str, key_a: str, key_b: str, series: frozenset[str]) -> TitleRelation | None:
    main_a, main_b = normalise_title(main_title(a)), normalise_title(main_title(b))
    if main_a != main_b or not main_a:
        return None
    if main_a in series:
        return TitleRelation.UNRELATED if key_a != main_a and key_b != main_b else TitleRelation.EXTENSION
    if key_a != main_a and key_b != main_b:
        tails = [fold(split_subtitle(title)[1] or "") for title in (a, b)]
        alike = fuzz.token_sort_ratio(*tails) >= 85
        return (
            TitleRelation.SUBTITLE if alike and _numbers(tails[0]) == _numbers(tails[1]) else TitleRelation.SHARED_HEAD
        )
    subtitle = split_subtitle(a if key_a != main_a else b)[1]
    describes = subtitle is not None and _DESCRIBES.fullmatch(fold(subtitle)) and not _numbers(fold(subtitle))
    return TitleRelation.SUBTITLE if describes else TitleRelation.MAIN


def _holds(long: list[str], short: list[str]) -> bool:
    return any(long[start : start + len(short)] == short for start in range(len(long) - len(short) + 1))


def _numbers(folded: str) -> list[str]:
    return [_plain_number(word) for word in folded.split() if word in _NUMBERS or word[0].isdigit()]


def _plain_number(word: str) -> str:
    return word.lstrip("0") or "0"


def _worded(folded: str) -> list[str]:
    return [word for word in folded.split() if word not in _NUMBERS and not word[0].isdigit()]
