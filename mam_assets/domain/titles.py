"""How two titles stand to each other: equal, one with a subtitle, an extension, near, unrelated.

Belongs here: the relation between two titles, with nothing else known. Does not belong here: what it means for a work
(identity) or a release (release).

Others took "Treasure of Khan" for "Treasure", and let short titles match anything: here a title equals another whole or
it doesn't, and a longer one is an extension until a subtitle explains it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from rapidfuzz import fuzz

from mam_assets.domain.names import fold, main_title, normalise_series, normalise_title, split_subtitle
from mam_assets.domain.series_in_title import place_in_title, without_series_name, without_volume

__all__ = [
    "NEAR_AT_LEAST",
    "TitleForm",
    "TitleRelation",
    "closest",
    "numbers_as_digits",
    "place_in_title",
    "relate_titles",
    "title_form",
    "without_series_name",
    "without_volume",
]


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
NEAR_AT_LEAST = 88.0
# "A Brief History of Humankind" describes; "Secret History" is the name of another book.
_DESCRIBES = re.compile(
    r"(?:a|an) (?:\w+ ){0,6}(?:novel|novella|memoir|thriller|mystery|romance|story|biography|autobiography|history"
    r"|fable|account|life|introduction|adventure)(?: .*)?"
    r"|(?:the )?(?:\w+ ){0,3}(?:story|history|biography|life|lives) of .+"
    r"|(?:how|why|what) .+|or (?:the )?.+|(?:stories|essays|poems|a novel in stories)"
)
_DIGITS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10", "eleven": "11", "twelve": "12",
}  # fmt: skip
_TEENS = {
    "thirteen": "13", "fourteen": "14", "fifteen": "15", "sixteen": "16", "seventeen": "17", "eighteen": "18",
    "nineteen": "19",
}  # fmt: skip
_TENS = {
    "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80",
    "ninety": "90",
}  # fmt: skip
_ZEROS = {"hundred": "00", "thousand": "000"}
_SHORT = {
    "volume": "vol", "number": "no", "first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th",
    "sixth": "6th", "seventh": "7th", "eighth": "8th", "ninth": "9th", "tenth": "10th", "eleventh": "11th",
    "twelfth": "12th",
}  # fmt: skip
_REWRITTEN = frozenset({"the", *_DIGITS, *_TEENS, *_TENS, *_ZEROS, *_SHORT})
_NUMBERS = frozenset(_DIGITS) | {"i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"}


def relate_titles(a: str, b: str, *, series: Iterable[str] = ()) -> TitleRelation:
    """The relation of two titles. ``series`` are names of the series at hand: where the part that agrees is only such a
    name ("The Hunger Games: Mockingjay"), it is no title. Symmetric; text that folds to nothing is UNRELATED."""
    return _relate(title_form(a), title_form(b), frozenset(normalise_series(name) for name in series if name))


def closest(titles_a: Iterable[str], titles_b: Iterable[str], *, series: Iterable[str] = ()) -> TitleRelation:
    """The strongest relation between any of the titles of one work and any of another."""
    names = frozenset(normalise_series(name) for name in series if name)
    others = [title_form(title) for title in titles_b]
    relations = [_relate(title_form(a), b, names) for a in titles_a for b in others]
    return min(relations, key=_ORDER.__getitem__, default=TitleRelation.UNRELATED)


@dataclass(frozen=True, slots=True)
class TitleForm:
    """A title as far as relating needs it, made once: its key, that without spaces and with its numbers as digits, its
    words, the numbers among them and the others, the key of what stands before the subtitle."""

    text: str
    key: str
    joined: str
    words: tuple[str, ...]
    numbers: tuple[str, ...]
    worded: tuple[str, ...]
    main: str


@lru_cache(maxsize=20_000)
def title_form(title: str) -> TitleForm:
    key = normalise_title(title)
    words = tuple(key.split())
    worded = tuple(word for word in words if not _is_number(word))
    numbers = _numbers(key) if len(worded) < len(words) else ()
    return TitleForm(
        title, key, numbers_as_digits(key).replace(" ", ""), words, numbers, worded, normalise_title(main_title(title))
    )


def _relate(first: TitleForm, second: TitleForm, series: frozenset[str]) -> TitleRelation:
    key_a, key_b = first.key, second.key
    if not key_a or not key_b:
        return TitleRelation.UNRELATED
    if key_a == key_b or (first.joined == second.joined and len(first.joined) > 3):
        return TitleRelation.EQUAL
    numbers_agree = first.numbers == second.numbers
    if not numbers_agree and first.worded == second.worded:
        return TitleRelation.DIFFERENT_NUMBER
    if first.main == second.main and first.main:
        return _relate_subtitles(first, second, series)
    words_a, words_b = first.words, second.words
    if len(words_a) != len(words_b) and (_holds(words_a, words_b) or _holds(words_b, words_a)):
        return TitleRelation.EXTENSION
    if len(words_a) == len(words_b) and len(key_a) >= 6 and len(key_b) >= 6 and _alike(key_a, key_b, NEAR_AT_LEAST):
        return TitleRelation.NEAR if numbers_agree else TitleRelation.DIFFERENT_NUMBER
    if numbers_agree and _alike(key_a, key_b, 92.0):
        return TitleRelation.NEAR
    return TitleRelation.UNRELATED


def _alike(key_a: str, key_b: str, enough: float) -> bool:
    return fuzz.ratio(key_a, key_b, score_cutoff=enough) >= enough


def _relate_subtitles(first: TitleForm, second: TitleForm, series: frozenset[str]) -> TitleRelation:
    both_go_on = first.key != first.main and second.key != second.main
    if first.main in series:
        return TitleRelation.UNRELATED if both_go_on else TitleRelation.EXTENSION
    if both_go_on:
        tails = [fold(split_subtitle(form.text)[1] or "") for form in (first, second)]
        alike = fuzz.token_sort_ratio(*tails) >= 85
        return (
            TitleRelation.SUBTITLE if alike and _numbers(tails[0]) == _numbers(tails[1]) else TitleRelation.SHARED_HEAD
        )
    longer = first if first.key != first.main else second
    subtitle = split_subtitle(longer.text)[1]
    describes = subtitle is not None and _DESCRIBES.fullmatch(fold(subtitle)) and not _numbers(fold(subtitle))
    return TitleRelation.SUBTITLE if describes else TitleRelation.MAIN


def _holds(long: tuple[str, ...], short: tuple[str, ...]) -> bool:
    if len(short) > len(long) or short[0] not in long:
        return False
    return any(long[start : start + len(short)] == short for start in range(len(long) - len(short) + 1))


def _numbers(folded: str) -> tuple[str, ...]:
    return tuple(_plain_number(word) for word in folded.split() if _is_number(word))


def _is_number(word: str) -> bool:
    return word in _NUMBERS or word[0].isdigit()


def _plain_number(word: str) -> str:
    return _DIGITS.get(word) or word.lstrip("0") or "0"


def numbers_as_digits(title_key: str) -> str:
    """A title's key with its numbers as digits and without what sources write or leave out: "ten" is "10", "catch
    twenty two" is "catch 22", "nineteen eighty four" is "19 84", "one hundred" is "100", "first" is "1st", "volume" is
    "vol", "number" is "no", and "the" inside a title is nothing. A key for looking up, never for showing."""
    written = title_key.split()
    if _REWRITTEN.isdisjoint(written):
        return title_key
    words: list[str] = []
    tens = ""
    for word in written:
        digits = _DIGITS.get(word)
        if tens and digits is not None and len(digits) == 1:
            words[-1] = tens[0] + digits
            tens = ""
            continue
        tens = _TENS.get(word, "")
        zeros = _ZEROS.get(word)
        number = tens or digits or _TEENS.get(word)
        if zeros is not None:
            counted = words.pop() if words and words[-1].isdigit() else "1"
            words.append(counted + zeros)
        elif number is not None and words[-1:] == ["and"] and words[-2:-1] and words[-2].endswith("00"):
            words[-2:] = [words[-2][: -len(number)] + number]  # "hundred and one"
            tens = ""
        elif word != "the":
            words.append(number or _SHORT.get(word, word))
    return " ".join(words)
