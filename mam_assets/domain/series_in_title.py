"""A title taken apart by one who knows which series is at hand: the series' name and number off, the title left.

Belongs here: "Mistborn: The Final Empire", "The Final Empire: Mistborn, Book 1", "Mistborn 01 - The Final Empire", of
which the text alone doesn't say which part is the title. Does not belong here: what the text alone says (title_text).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from mam_assets.domain.books import SeriesRef
from mam_assets.domain.folding import fold, words_of
from mam_assets.domain.positions import Position, parse_position
from mam_assets.domain.series_names import normalise_series
from mam_assets.domain.title_text import last_bracket, parse_title_all_series, strip_edition_notes
from mam_assets.domain.volume_words import LABEL, WEAK_LABEL, WORD_NUMBER

_SEGMENTS = re.compile(r"\s+[-–—]\s+|\s*[:_]\s+")
_MAY_NAME = re.compile(r"[:_)\]]|\s[-–—]\s")
_NUMBER = r"[0-9]{1,3}(?:\.[0-9]{1,2})?"
_VOLUME_TAIL = re.compile(
    rf"(?:^|(?P<gap>[\s,(\[]{{1,3}})|(?=#))(?:(?P<label>{LABEL}|{WEAK_LABEL}|\#)\s*\#?\s*(?:(?P<number>{_NUMBER})|(?P<word>{WORD_NUMBER}))"
    rf"|(?P<bare>{_NUMBER})|(?P<roman>(?-i:[IVX]{{1,5}})))$",
    re.IGNORECASE,
)
_NUMBER_TAIL = re.compile(
    rf"(?:(?P<gap>[\s,(\[]{{1,3}})|(?=#))(?P<label>\#)?\s*(?P<number>{_NUMBER})(?P<word>)(?P<bare>)(?P<roman>)$"
)
_PLAIN_LABEL = re.compile(rf"{LABEL}|#", re.IGNORECASE)
_ENDS_WITH_NUMBER = re.compile(rf"(?:[0-9]|\b(?:{WORD_NUMBER}))$", re.IGNORECASE)
_QUOTES = " []()'\"‘’“”"
_FIRST_BRACKET = re.compile(r"^(?P<name>[(\[][^()\[\]]+|[^()\[\]:]+\[[0-9.]+)[)\]](?:\s*[:_]|\s+[-–—])?\s+(?=\S)")
_ARTICLE = re.compile(r"an?\s+", re.IGNORECASE)
_NOVEL_OF = re.compile(
    r"^(?:an?|the)\s+(?:\w+\s+){0,2}(?:novel|novella|story|tale|adventure|book|volume)\s+(?:of|in|from)\s+",
    re.IGNORECASE,
)
# What stands behind the series' name and number but says only what kind of book it is.
_KIND_OF_BOOK = re.compile(
    r"an? (?:\w+ ){0,5}(?:novel|novella|adventure|thriller|litrpg|gamelit)"
    r"|an? (?:\w+ ){0,3}(?:litrpg|gamelit|isekai|xianxia|cultivation|progression fantasy) (?:\w+ ?){0,3}"
)


@dataclass(frozen=True, slots=True)
class _Named:
    """A part of a title that names the series: by which name, with which number under which label ("book", "vol")."""

    name: str
    number: str | None = None
    label: str = ""

    @property
    def labelled(self) -> bool:
        return bool(self.label)

    @property
    def is_place(self) -> bool:
        """Whether the number is a place by itself: a small one in digits, or one with a label."""
        return self.labelled or (self.number is not None and self.number.isdigit() and len(self.number) <= 2)


def place_in_title(title: str, series: Iterable[str]) -> tuple[str, SeriesRef | None]:
    """("The Final Empire", Mistborn at "1") of "The Final Empire: Mistborn, Book 1" for one who knows that the series
    is "Mistborn", or "The Mistborn Saga". What the text says by itself goes first. A part that names the series without
    a number gives a reference without a position; where nothing names it the title comes back whole, with None."""
    return _place_in_title(title, tuple(series))


@lru_cache(maxsize=20_000)
def _place_in_title(title: str, series: tuple[str, ...]) -> tuple[str, SeriesRef | None]:
    keys = _keys(series)
    bare, named = parse_title_all_series(title)
    for reference in named:
        key = normalise_series(reference.name)
        if not keys or key in keys:
            return _taken_off(bare, keys)[0], SeriesRef(keys.get(key, reference.name), reference.position)
    text, hit = _taken_off(bare, keys)
    return (text, SeriesRef(hit.name, hit.number)) if hit is not None else (bare, None)


def without_series_name(title: str, series: Iterable[str]) -> str:
    """The title without parts that only name its series: "Mistborn: The Final Empire", "Mistborn 01 - The Final
    Empire" and "The Final Empire: Mistborn, Book 1" are "The Final Empire". Never empties a title."""
    return _taken_off(title, _keys(tuple(series)))[0]


@lru_cache(maxsize=5_000)
def _keys(series: tuple[str, ...]) -> Mapping[str, str]:
    return {key: name for name in series if name and (key := normalise_series(name))}


def _taken_off(title: str, keys: Mapping[str, str]) -> tuple[str, _Named | None]:
    words = words_of(title)
    for key in keys:
        if words.issuperset(key.split()):
            break
    else:
        return title, None  # no part of a title names a series of which a word is nowhere in it
    if not _MAY_NAME.search(title):
        return title, _whole_volume(title, keys)
    text = strip_edition_notes(" ".join(title.split()))
    first = _FIRST_BRACKET.match(text)
    if first is not None:
        before, left = _named(first["name"], keys), text[first.end() :]
        if before is not None and before.number is not None and fold(left):
            return _taken_off(left, keys)[0], before
    bracket = last_bracket(text)
    if bracket is not None and fold(bracket[0]):
        behind = _named(bracket[1], keys)
        if behind is not None and (behind.number is not None or normalise_series(bracket[0]) not in keys):
            return _taken_off(bracket[0].rstrip(" :-–,"), keys)[0], behind
    cuts = list(_SEGMENTS.finditer(text))
    if not cuts or len(cuts) > 8:
        return title, _whole_volume(text, keys)
    starts = [0, *(cut.end() for cut in cuts)]
    ends = [*(cut.start() for cut in cuts), len(text)]
    hits = _hits(text, starts, ends, keys)
    if not hits:
        return title, _whole_volume(text, keys)
    taken = {index for first, last in hits for index in range(first, last + 1)}
    kept = [index for index in range(len(starts)) if index not in taken and fold(text[starts[index] : ends[index]])]
    if not kept:
        return _named_like_series(title, text, starts, ends, hits)
    together = kept == list(range(kept[0], kept[-1] + 1))
    left = text[starts[kept[0]] : ends[kept[-1]]] if together else _joined(text, starts, ends, kept)
    hit = next((hit for hit in hits.values() if hit.number is not None), next(iter(hits.values())))
    if hit.number is not None and _KIND_OF_BOOK.fullmatch(fold(left)):
        return title, hit  # "Defiance of the Fall 3: A LitRPG Adventure" has no title but this
    return _volume_off(title, left, hit)


def _whole_volume(text: str, keys: Mapping[str, str]) -> _Named | None:
    """The place of a volume that bears nothing but the series' name and its number: "Attack on Titan, Vol. 1",
    "Defiance of the Fall 3". Three digits alone are no place: "Fahrenheit 451"."""
    if _ENDS_WITH_NUMBER.search(text) is None:
        return None
    named = _named(text, keys)
    if named is None or not (named.labelled or text[-1].isdigit()):
        return None  # "Rama II" is a title
    return named if named.is_place else None


def _joined(text: str, starts: list[int], ends: list[int], kept: list[int]) -> str:
    return " - ".join(text[starts[index] : ends[index]] for index in kept)


def _volume_off(title: str, left: str, hit: _Named) -> tuple[str, _Named]:
    """Of "Mistborn: The Final Empire, Book 1" the number goes off too; "Mistborn: Book 1" stays whole."""
    tail = _VOLUME_TAIL.search(left)
    if tail is None or not _PLAIN_LABEL.fullmatch(tail["label"] or ""):
        return left, hit
    number = _number(tail)
    if hit.number is not None and (number != hit.number or not tail["label"].lower().startswith("b")):
        return left, hit  # a volume of a title's own: "Attack on Titan, Vol. 1"
    placed = _Named(hit.name, number, tail["label"].lower())
    head = left[: tail.start()].strip(" ,([")
    return (head, placed) if fold(head) else (title, placed)


def without_volume(title: str) -> tuple[str, Position | None]:
    """("Eleven on Top", 11) of "Eleven on Top, Book 11" and "Eleven on Top (Book 11)"; the title and None where it ends
    with no labelled number. A number alone is left on: it may be the title's."""
    text = strip_edition_notes(title)
    bracket = last_bracket(text)
    if bracket is not None:
        tail = _VOLUME_TAIL.fullmatch(bracket[1])
        head = bracket[0]
    else:
        tail = _VOLUME_TAIL.search(text)
        head = text[: tail.start()].strip(" ,:-–") if tail else ""
    if tail is None or not _PLAIN_LABEL.fullmatch(tail["label"] or "") or not fold(head):
        return title, None
    return head, parse_position(_number(tail))


def _hits(text: str, starts: list[int], ends: list[int], keys: Mapping[str, str]) -> dict[tuple[int, int], _Named]:
    """The runs of segments that name a series, longest first: "Star Wars: Thrawn: Treason" may stand in either."""
    found: dict[tuple[int, int], _Named] = {}
    taken: set[int] = set()
    count = len(starts)
    for length in range(min(count, 3), 0, -1):
        for first in range(count - length + 1):
            run = range(first, first + length)
            if taken.isdisjoint(run):
                hit = _named(text[starts[first] : ends[first + length - 1]], keys)
                if hit is not None:
                    found[first, first + length - 1] = hit
                    taken.update(run)
    return dict(sorted(found.items()))


def _named_like_series(
    title: str, text: str, starts: list[int], ends: list[int], hits: Mapping[tuple[int, int], _Named]
) -> tuple[str, _Named | None]:
    """Of "Crank: Crank, Book 1" and "Crank 01 - Crank" the plain part is the title. "NYPD Red: NYPD Red 3" is whole:
    the number is in its name."""
    if len(hits) < 2:  # "Mistborn: Book 2" has a place, and no title but this
        return title, next((hit for hit in hits.values() if hit.labelled), None)
    lengths = {run: ends[run[1]] - starts[run[0]] for run in hits}
    plain = min((run for run in hits if hits[run].number is None), key=lengths.__getitem__, default=None)
    numbered = [run for run in hits if hits[run].number is not None]
    if plain is None:  # "Nana, Vol. 1: Nana, Book 1", "Nana 1 - Nana, Vol. 1": books of one title are told by volumes
        plain = min(numbered, key=lambda run: not hits[run].label.startswith("v"))
        numbered.remove(plain)
        if {hits[run].number for run in numbered} != {hits[plain].number}:
            return title, None
    if numbered and not hits[numbered[0]].labelled and numbered[0] > plain and hits[numbered[0]].number != "1":
        return title, None
    named = text[starts[plain[0]] : ends[plain[1]]].strip()
    if (
        numbered and hits[plain].number is None and hits[numbered[0]].labelled
    ):  # "Ashes Trilogy: Ashes, Book 1": the shorter is the title
        tail = text[starts[numbered[0][0]] : ends[numbered[0][1]]]
        named = min(named, without_volume(tail)[0].strip(), key=len)
    return named, hits[numbered[0] if numbered else plain]


def _named(part: str, keys: Mapping[str, str]) -> _Named | None:
    plain = part.strip(_QUOTES)
    named = _named_plainly(plain, keys)
    if named is None and (begun := _NOVEL_OF.match(plain)) is not None:
        named = _named_plainly(plain[begun.end() :], keys)
    return named


def _named_plainly(plain: str, keys: Mapping[str, str]) -> _Named | None:
    name = _name_of(plain, keys)
    if name is not None:
        return _Named(name)
    for pattern in (_VOLUME_TAIL, _NUMBER_TAIL):  # "Love by Numbers 1" may end with a label, and doesn't
        tail = pattern.search(plain)
        name = keys.get(normalise_series(plain[: tail.start()].rstrip(" ,"))) if tail else None
        if tail is not None and name is not None:
            behind_comma = "," if "," in (tail["gap"] or "") else ""
            return _Named(name, _number(tail), (tail["label"] or behind_comma).lower())
    return None


def _name_of(plain: str, keys: Mapping[str, str]) -> str | None:
    """The series that a text names. "A Space Odyssey" is a subtitle, "A Discworld Novel" names the Discworld."""
    key = normalise_series(plain)
    name = keys.get(key)
    article = _ARTICLE.match(plain) if name is not None else None
    if name is None or article is None or _ARTICLE.match(name):
        return name
    return None if fold(plain[article.end() :]) == key else name


def _number(tail: re.Match[str]) -> str | None:
    text = tail["number"] or tail["bare"] or f"book {tail['word'] or tail['roman']}"
    position = parse_position(text)
    return position.canonical if position is not None else None
