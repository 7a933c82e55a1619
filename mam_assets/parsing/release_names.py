"""The one line of text in which an indexer names a release, taken apart.

Belongs here: "Title by A1, A2 [ENG / M4B] [VIP]" (how Prowlarr writes MAM's) and "Author - Title (Year) [M4B]" (what
people write). Does not belong here: what the name proves (domain/release.py).

A bracket that is not surely decoration stays in the title: "[Books 1-4]" must be seen by whoever judges it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mam_assets.domain.books import SeriesRef
from mam_assets.domain.names import split_people
from mam_assets.parsing.languages import language_name
from mam_assets.parsing.recordings import FILE_TYPES, says_abridged

_LONGEST_NAME = 500
_LAST_BRACKET = re.compile(r"\s*([\[({])([^\[\](){}]{1,60})[\])}]$")
_YEAR = re.compile(r"1[4-9]\d\d|20\d\d")
_DECORATION = re.compile(r"vip|freeleech|fl|audio ?book|audio|retail|(?:un)?abridged|\d{2,3} ?k(?:bps|bit/s)?")
_READ_BY = re.compile(r"[\s,]+[(\[-]?\s*(?:read|narrated) by (?P<who>[^()\[\]]{3,80})[)\]]?$", re.IGNORECASE)
_NUMBERED = re.compile(r"(?P<name>.*\D)\s+#?(?P<position>\d{1,3}(?:\.\d)?)")
_PARTICLES = frozenset({"da", "de", "del", "den", "der", "di", "du", "la", "le", "of", "ten", "ter", "van", "von"})


@dataclass(frozen=True, slots=True)
class ReleaseName:
    """What a name says; empty, None or False where it does not say."""

    title: str
    authors: tuple[str, ...] = ()
    narrators: tuple[str, ...] = ()
    series: tuple[SeriesRef, ...] = ()
    language: str | None = None
    filetype: str | None = None
    vip: bool = False
    abridged: bool | None = None


def read_release_name(name: str) -> ReleaseName:
    """Take a name apart; where its form is not recognised the title is the name as it is and there are no authors."""
    name = " ".join(name.split())[:_LONGEST_NAME]
    types: list[str] = []
    rest, language, vip, listed = name, None, False, False
    while (found := _LAST_BRACKET.search(rest)) and rest[: found.start()].strip():
        inside = _read_bracket(found[2], square=found[1] == "[")
        if inside is None:
            break
        language = inside.language or language
        types = [*inside.types, *types]
        vip = vip or inside.vip
        listed = listed or bool(inside.language and found[1] == "[")
        rest = rest[: found.start()].rstrip()
    narrators: tuple[str, ...] = ()
    if reader := _READ_BY.search(rest):
        narrators, rest = split_people(reader["who"]), rest[: reader.start()].rstrip(" ,-([")
    title, authors, series = _by_line(rest, trusted=listed) or _dashed(rest) or (rest, (), ())
    return ReleaseName(
        title=title or name,
        authors=authors,
        narrators=narrators,
        series=series,
        language=language,
        filetype=" ".join(dict.fromkeys(types)) or None,
        vip=vip,
        abridged=says_abridged(name),
    )


@dataclass(frozen=True, slots=True)
class _Bracket:
    language: str | None
    types: list[str]
    vip: bool


def _read_bracket(inside: str, *, square: bool) -> _Bracket | None:
    """What a bracket decorates the title with; None where it may be part of the title."""
    parts = [part for part in re.split(r"\s*[/|,]\s*", inside.strip().lower()) if part]
    language: str | None = None
    types: list[str] = []
    for index, part in enumerate(parts):
        # Two letters are words too often ("[It]"); three are taken in square brackets only, where MAM's code stands.
        code = language_name(part) if len(part) > 3 or (len(part) == 3 and square and index == 0) else None
        words = part.split()
        if code:
            language = language or code
        elif words and all(word in FILE_TYPES for word in words):
            types += words
        elif words and words[0] in FILE_TYPES and _DECORATION.fullmatch(" ".join(words[1:])):
            types.append(words[0])
        elif not (_DECORATION.fullmatch(part) or _YEAR.fullmatch(part)):
            return None
    return _Bracket(language, types, vip="vip" in parts) if parts else None


_Parts = tuple[str, tuple[str, ...], tuple[SeriesRef, ...]]


def _by_line(rest: str, *, trusted: bool) -> _Parts | None:
    """ "Title by A1, A2". `trusted`: the form is Prowlarr's, so that what follows the last " by " is surely authors."""
    title, by, tail = rest.rpartition(" by ")
    tail = re.sub(r"[\s,]*(?:\.{3}|…|et al\.?)$", "", tail)
    authors = split_people(tail)
    if not (by and title.strip() and authors) or not (trusted or all(_looks_like_a_person(name) for name in authors)):
        return None
    return title.strip(), authors, ()


def _dashed(rest: str) -> _Parts | None:
    """ "Author - Title", "Author - Series 3 - Title", or "Title - Author" where only the end looks like a person."""
    parts = [part.strip() for part in re.split(r"\s+[-–—]\s+", rest) if part.strip()]
    if len(parts) < 2:
        return None
    first, last = split_people(parts[0]), split_people(parts[-1])
    if first and all(_looks_like_a_person(name) for name in first):
        numbered = _NUMBERED.fullmatch(parts[1]) if len(parts) == 3 else None
        if numbered:
            return parts[2], first, (SeriesRef(numbered["name"].strip(" ,#"), numbered["position"]),)
        return " - ".join(parts[1:]), first, ()
    if len(parts) == 2 and last and all(_looks_like_a_person(name) for name in last):
        return parts[0], last, ()
    return None


def _looks_like_a_person(name: str) -> bool:
    words = name.replace(",", " ").split()
    return 2 <= len(words) <= 5 and all(
        word in _PARTICLES or (word[0].isupper() and not any(char.isdigit() for char in word)) for word in words
    )
