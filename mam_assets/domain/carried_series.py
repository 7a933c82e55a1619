"""The series that a title carries: "Dune Messiah (Dune, #2)" taken apart with nothing else known.

Belongs here: the forms in which the text alone says which part is the series and which the title. Does not belong here:
forms that only a reader can take apart who knows the series' name (series_in_title).
"""

from __future__ import annotations

import re
from functools import lru_cache

from mam_assets.domain.books import SeriesRef
from mam_assets.domain.edition_notes import is_edition_note, last_bracket, strip_edition_notes, without_edition_tail
from mam_assets.domain.folding import fold
from mam_assets.domain.positions import parse_position
from mam_assets.domain.volume_words import (
    DASHES,
    ENGLISH_LABEL,
    KIND,
    LABEL,
    OF,
    ORDINAL,
    PART_LABEL,
    WEAK_LABEL,
    WORD_NUMBER,
    ordinal_number,
)

_PLACE = rf"[0-9]{{1,4}}(?:\.[0-9]{{1,3}})?(?:\s*[{DASHES}]\s*#?[0-9]{{1,4}}(?:\.[0-9]{{1,3}})?)?"
_PLACES = (
    rf"{_PLACE}(?:\s*(?:[,&+]|and)\s*#?{_PLACE})*(?:\s*[:,]?\s*(?:part|pt\.?)\s*[0-9]{{1,2}}(?:\s*of\s*[0-9]{{1,2}})?)?"
)
_SINGLE = r"[0-9]{1,3}(?:\.[0-9]{1,2})?"
_HASHED = re.compile(
    rf"(?P<name>[^#;]*?[^#;\s,])\s*(?P<comma>,?)\s*#\s*(?P<place>{_PLACES}|[0-9]{{1,4}}p[0-9]{{1,2}})(?:\s*of\s*[0-9]{{1,3}})?\s*(?:(?P<next>[;,])\s*|$)",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    rf"^(?P<name>.*?[^\s,:–-])(?:"
    rf"\s*(?:[,:]|\s[-–])?\s+(?P<label>{LABEL})\s*#?\s*(?P<place>{_PLACES}|{WORD_NUMBER})"
    rf"|\s*(?:[,:]|\s[-–])\s*(?:{WEAK_LABEL}|(?P<part>{PART_LABEL}))\s*#?\s*(?P<weakly>{_SINGLE}|{WORD_NUMBER})"
    rf"|\s+(?-i:No\.?|T\.?)\s?(?P<short>{_SINGLE}))$",
    re.IGNORECASE,
)
_BOOK_OF = re.compile(
    rf"^(?P<label>{LABEL})\s*#?\s*(?P<place>{_PLACES}|{WORD_NUMBER})(?![\w.])\s*(?:\b{OF}\b|[:,]|\s-\s)\s*(?P<name>\S.*)$",
    re.IGNORECASE,
)
_ORDINAL_OF = re.compile(
    rf"^(?:the\s+)?(?P<ordinal>{ORDINAL})\s+(?:book|novel|volume|part)\s+(?:of|in)\s+(?P<name>\S.*)$", re.IGNORECASE
)
_HASH_IN = re.compile(rf"^#\s*(?P<place>{_PLACES})\s+(?:of|in)\s+(?P<name>\S.*\s{KIND})$", re.IGNORECASE)
_LABEL_IN = re.compile(rf"(?:{LABEL}|{WEAK_LABEL}|{PART_LABEL})(?:[\s#]|(?=[0-9]))", re.IGNORECASE)
_YEAR = re.compile(r"1[5-9][0-9]{2}|20[0-9]{2}")

# Outside a bracket.
_HASH_FIRST = re.compile(
    rf"^(?P<name>[^#]*?[^\s:#,])(?P<gap>\s*,?\s*)#\s?(?P<place>{_PLACE})(?::|\s[{DASHES}])\s+(?P<title>\S.*)$"
)
_PADDED_FIRST = re.compile(
    rf"^(?P<name>[^:#]*?[^\s:#,])(?P<gap>,?\s+)(?P<place>0[0-9]{{1,2}}(?:\.[0-9])?)(?::|\s[{DASHES}])\s+(?P<title>\S.*)$"
)
_BOOK_OF_LAST = re.compile(
    rf"^(?P<title>.*?[^\s,:])(?P<gap>\s*[,:]|\s[{DASHES}])\s+"
    rf"(?P<label>{LABEL})\s*#?\s*(?P<place>{_PLACE}|(?:{WORD_NUMBER})(?!\w))\s+{OF}\s+(?P<name>\S.*)$",
    re.IGNORECASE,
)
_ORDINAL_OF_LAST = re.compile(
    rf"^(?P<title>.*?[^\s,:])(?P<gap>\s*[,:]|\s[{DASHES}])\s+(?:the\s+)?(?P<ordinal>{ORDINAL})\s+(?:book|novel|volume)"
    rf"\s+(?:of|in)\s+(?P<name>\S.*\s{KIND})$",
    re.IGNORECASE,
)
_KIND_LAST = re.compile(
    rf"^(?P<title>.*?[^\s,:])(?P<gap>\s*:|\s[{DASHES}])\s+(?P<name>[^:]*[^\s:,])"
    rf"(?:\s*[,:]?\s+(?P<label>{ENGLISH_LABEL})\s*#?\s*(?P<place>{_SINGLE}|{WORD_NUMBER})|\s*,?\s+#(?P<hashed>{_SINGLE}))$",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(rf":\s|\s[{DASHES}]\s")
_SAYS_SERIES = re.compile(rf"\S\s{KIND}$", re.IGNORECASE)
_MAY_BE_OUTSIDE = re.compile(rf"[:,]\s|\s[{DASHES}]\s")
_PLACED_FIRST_CLUE = re.compile(rf"[0-9](?::|\s[{DASHES}])\s")
_PLACED_LAST_CLUE = re.compile(rf"(?:[,:]|\s[{DASHES}])\s.*?(?:\b{LABEL}|#)", re.IGNORECASE)

_NAME_AND_NUMBER = re.compile(r"(?P<name>.*[^\W\d_].*?)(?:\s*:)? (?P<place>[0-9]{1,2}(?:\.[0-9]{1,2})?)")
# What a bracketed number counts when it isn't a series.
_COUNTING = (
    "level grade age ages aged stage step part pt disc disk cd cds track season episode act scene chapter psalm"
    " psalms day days week weeks year years month months top under over section lesson unit class no number nr route"
    " area windows phase format hours hour minutes tier volume volumes vol book books edition version rev mp3 kbps"
    " of in at to and for by the with from since page pages channel article figure"
    " symphony sonata concerto opus op prelude nocturne etude suite requiem sonnet"
    " stufe niveau klasse jahr jahre kapitel staffel folge teil ans niveau saison chapitre nivel temporada capitulo"
)
_COUNTS_ELSE = frozenset(_COUNTING.split())
# These end the names of series too, and count only where they are all that stands there: "(Tape 6)".
_COUNTING_ALONE = (
    "side tape cassette reel file record folder issue series draft verse canto stanza column table map plate exhibit"
    " appendix hymn song round match team group degree category type model mark size zone sector district block"
    " module course exam quiz test term paper room cell ward gate platform floor"
)
_COUNTS_ALONE = frozenset(_COUNTING_ALONE.split())
_MONTHS = frozenset(
    {"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november"}
    | {"december"}
)
_COUNTED_NAME = re.compile(
    r"(?:season|series|disc|disk|cd|track|episode|part|chapter|level|grade|year|book|volume|vol|day|week|lesson|unit|act"
    rf"|staffel|folge|teil|saison|temporada) (?:[0-9]+|{WORD_NUMBER})",
    re.IGNORECASE,
)
_IDIOM_TEXT = (
    "were|we re|my|our|your|his|her|their|im|youre|theyre|public enemy|world war|the|number|one|two|three|four|five|six"
    "|seven|eight|nine|ten|eleven|twelve|zwei|drei|vier|deux|trois|quatre|dos|tres|cuatro|due|tre|quattro|twee|drie"
)
_IDIOMS = frozenset(_IDIOM_TEXT.split("|"))
_PLURAL = re.compile(r"books\b|volumes\b", re.IGNORECASE)
_LABEL_TAIL = re.compile(rf"[\s,:]+(?:{ENGLISH_LABEL}|no\.?|number)$", re.IGNORECASE)
_LABEL_AFTER_COMMA = re.compile(rf"\s*[,:]\s*(?:{ENGLISH_LABEL}|no\.?|number)$", re.IGNORECASE)
_IS_ENGLISH_LABEL = re.compile(ENGLISH_LABEL, re.IGNORECASE)
_NO_SERIES_NAME = frozenset(
    {"", "the", "a", "an", "book", "books", "volume", "vol", "part", "no", "number", "complete", "set"}
)


def parse_title_series(title: str) -> tuple[str, SeriesRef | None]:
    """Take the series off a title: "Dune Messiah (Dune, #2)" is ("Dune Messiah", Dune at "2").

    Reads Goodreads' brackets ("(Series, #1)", "(Series #0.5)", "#1-3", "#3: Part 1 of 2", "#1-4 + 3.5"), "(Series, Book
    2)", "(Series 2)", "(Book 2 of Series)", "(The Second Book in the Series)" and the like in the languages of
    volume_words. A title that merely holds brackets is returned as it is, with None; so is "Batman: Hush, Vol. 1",
    where either side may be the series. Of several series ("Discworld, #3; Witches #1") the first is taken.
    """
    bare, series = parse_title_all_series(title)
    return bare, (series[0] if series else None)


@lru_cache(maxsize=20_000)
def parse_title_all_series(title: str) -> tuple[str, tuple[SeriesRef, ...]]:
    """As `parse_title_series`, with every series that the bracket names, in its order."""
    text = title.strip()
    bare = without_edition_tail(text)
    for _ in range(4):  # a few edition notes may stand behind the series
        bracket = last_bracket(bare)
        if bracket is None:
            break
        before, inside = bracket
        series = _series_in(inside, before) or _numbered_in(inside)
        if series and fold(before):
            return before.rstrip(" :"), series
        if not (before and (is_edition_note(inside) or _YEAR.fullmatch(inside))):
            break
        bare = before
    return _series_outside(text) or (text, ())


# --- in a bracket -------------------------------------------------------------------------------------------------


def _series_in(inside: str, before: str) -> tuple[SeriesRef, ...]:
    inside = " ".join(inside.split())
    if len(inside) > 250:
        return ()
    if inside.startswith("#"):
        match = _HASH_IN.match(inside)
        reference = _reference(match["name"], match["place"]) if match and "#" not in match["name"] else None
        return (reference,) if reference else ()
    if "#" in inside:
        return _hashed_in(inside)
    if not _LABEL_IN.search(inside):
        return ()
    reference = _counted_by_ordinal(inside) or _labelled_in(inside, fold(before))
    return (reference,) if reference else ()


def _hashed_in(inside: str) -> tuple[SeriesRef, ...]:
    found: list[SeriesRef] = []
    start = 0
    while start < len(inside):
        match = _HASHED.match(inside, start)
        reference = _reference(match["name"], match["place"], ended=bool(match["comma"])) if match else None
        if match is None or reference is None:
            return ()
        found.append(reference)
        start = match.end()
    return tuple(found)


def _counted_by_ordinal(inside: str) -> SeriesRef | None:
    match = _ORDINAL_OF.match(inside)
    return _reference(match["name"], str(ordinal_number(match["ordinal"]))) if match else None


def _labelled_in(inside: str, title: str) -> SeriesRef | None:
    """``title`` is what stands before the bracket, folded: "The Stand (The Stand, Part 1)" is a part of itself."""
    match = _BOOK_OF.match(inside)
    if match is not None:
        return _reference(match["name"], _place(match["label"], match["place"]), labelled=True)
    match = _LABELLED.match(inside)
    if match is None or is_edition_note(match["name"]):
        return None
    if match["label"]:
        return _reference(match["name"], _place(match["label"], match["place"]), labelled=True)
    if _is_idiom(match["name"]) or _counts_else(match["name"]) or (match["part"] and fold(match["name"]) == title):
        return None
    return _reference(match["name"], f"book {match['weakly'] or match['short']}", labelled=True)


def _numbered_in(inside: str) -> tuple[SeriesRef, ...]:
    """(Mistborn 3): a name and a small number, unless the name's last word counts something else ("[Disc 3]")."""
    match = _NAME_AND_NUMBER.fullmatch(" ".join(inside.split()))
    if (
        match is None
        or match["name"].endswith(",")
        or match["place"].endswith(".0")
        or _is_idiom(match["name"])
        or _counts_else(match["name"])
    ):
        return ()
    reference = _reference(match["name"], match["place"])
    return (reference,) if reference else ()


def _counts_else(name: str) -> bool:
    folded = fold(name)
    last = folded.rpartition(" ")[2]
    return last in _COUNTS_ELSE or last in _MONTHS or folded in _COUNTS_ALONE or _is_counted(name)


def _is_counted(name: str) -> bool:
    """Whether what stands before a number is no name but "Season 2" or "Unabridged"."""
    return is_edition_note(name) or _COUNTED_NAME.fullmatch(fold(name)) is not None


# --- outside a bracket --------------------------------------------------------------------------------------------


def _series_outside(text: str) -> tuple[str, tuple[SeriesRef, ...]] | None:
    """The forms without a bracket in which no other part can be the title: "Dune #2: Dune Messiah", "Dune 02 - Dune
    Messiah", "Dune Messiah, Book Two of Dune", "Dune Messiah: The Dune Series, Book 2", "Dune: Dune, Book 1". Not "Dune
    Messiah: Dune, Book 2", for "Percy Jackson: The Lightning Thief, Book 1" is written just so: who knows the series'
    name asks `series_in_title.place_in_title`."""
    if len(text) > 300 or _MAY_BE_OUTSIDE.search(text) is None:
        return None
    placed_first, placed_last = _PLACED_FIRST_CLUE.search(text), _PLACED_LAST_CLUE.search(text)
    if not (placed_first or placed_last):
        return None
    bare = strip_edition_notes(text)
    if placed_first:
        for pattern in (_HASH_FIRST, _PADDED_FIRST):
            match = pattern.match(bare)
            if match is not None:
                return _placed_first(match, padded=pattern is _PADDED_FIRST)
    if placed_last:
        for pattern in (_BOOK_OF_LAST, _ORDINAL_OF_LAST, _KIND_LAST):
            match = pattern.match(bare)
            if match is not None:
                return _placed_last(match)
    return None


def _placed_first(match: re.Match[str], *, padded: bool) -> tuple[str, tuple[SeriesRef, ...]] | None:
    if padded and (_LABEL_TAIL.search(match["name"]) or fold(match["name"]) in _COUNTS_ELSE):
        return None  # "Days Gone Bye, Vol. 01: The Walking Dead" may be either way round
    return _outside(match["title"], _reference(match["name"], match["place"], ended="," in match["gap"]))


def _placed_last(match: re.Match[str]) -> tuple[str, tuple[SeriesRef, ...]] | None:
    found, name = match.groupdict(), match["name"].strip("'\"‘’“” ")
    if "ordinal" in found:
        return _outside(found["title"], _reference(name, str(ordinal_number(found["ordinal"]))))
    if "hashed" in found and not (_is_again(found) or _says_series(found)):
        return None
    place = found.get("hashed") or _place(found["label"], found["place"])
    return _outside(found["title"], _reference(name, place, labelled="hashed" in found))


def _says_series(found: dict[str, str]) -> bool:
    """Whether the name says what it is: "The Expanse Series". Nothing tells where the name begins in "A: B: The C
    Trilogy, Book 1"."""
    return _SAYS_SERIES.search(found["name"]) is not None and _SEPARATOR.search(found["title"]) is None


def _is_again(found: dict[str, str]) -> bool:
    """Of "Dungeon Crawler Carl: Dungeon Crawler Carl, Book 1" either half may be the series."""
    return fold(found["title"]) == fold(found["name"])


def _outside(title: str, reference: SeriesRef | None) -> tuple[str, tuple[SeriesRef, ...]] | None:
    if reference is None or not fold(title) or _is_idiom(reference.name):
        return None
    return title.strip(), (reference,)


# --- names and places ---------------------------------------------------------------------------------------------


def _is_idiom(name: str) -> bool:
    """Names that are none: "We're #1", "Book One of Two"."""
    return not any(char.isalpha() for char in name) or fold(name) in _IDIOMS


def _place(label: str, number: str) -> str:
    """A place as `parse_position` reads it, which knows English labels."""
    return f"{label} {number}" if _IS_ENGLISH_LABEL.fullmatch(label) else f"book {number}"


def _reference(name: str, place: str, *, ended: bool = False, labelled: bool = False) -> SeriesRef | None:
    """``ended``: a comma stands between name and number; ``labelled``: the number has its label: either way the name's
    last word belongs to it ("(The Jungle Book, #1)", but "(Mistborn, Book #1)")."""
    name = name.strip(" ,:;-–")
    position = parse_position(place)
    if labelled and position is not None and not position.is_range and (plural := _PLURAL.match(place)):
        name = f"{name} {plural[0]}"
    label = None if labelled else (_LABEL_AFTER_COMMA if ended else _LABEL_TAIL).search(name)
    if label is not None and position is not None and (position.is_range or not label[0].lower().endswith("s")):
        name = name[: label.start()]  # but "The Cemetery of Forgotten Books #1": one number makes no books
    if position is None or fold(name) in _NO_SERIES_NAME or not any(char.isalnum() for char in name):
        return None
    return SeriesRef(name, position.canonical if place[0].isalpha() else " ".join(place.split()))
