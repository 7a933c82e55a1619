"""Titles, people and series as text: cleaned, folded, and taken apart.

Belongs here: what a name looks like once spelling, punctuation and decoration are off, and the series that a title
carries in brackets. Does not belong here: whether two names mean the same thing (identity), positions themselves
(positions, offered here too).

A folded name is a key for looking up, never for showing. A name that folds to nothing ("?!") is no key: callers must
not compare empty text with empty text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from mam_assets.domain.books import SeriesRef
from mam_assets.domain.positions import Position, parse_position, position_key

__all__ = [
    "NAME_PARTICLES",
    "Position",
    "clean_text",
    "fold",
    "main_title",
    "normalise_person",
    "normalise_series",
    "normalise_title",
    "parse_position",
    "parse_title_all_series",
    "parse_title_series",
    "position_key",
    "same_surname",
    "split_people",
    "split_subtitle",
    "strip_edition_notes",
]

# --- text ---------------------------------------------------------------------------------------------------------

_APOSTROPHES = re.compile(r"['’‘ʼʻ`´′＇]")
_ACCENTS = re.compile(r"[\u0300-\u036f]")
# Letters whose stroke is part of the letter, so that decomposition leaves it on.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})


def clean_text(text: str | None, *, limit: int = 2000) -> str | None:
    """Text that PostgreSQL, JSON and a file can hold: NFC, one space between words, no NUL, control character or lone
    surrogate, at most ``limit`` characters. Empty becomes None."""
    if text is None:
        return None
    # Surrogates and controls (category C, such as NUL) turn to spaces; format marks (Cf) vanish without a gap.
    kept = "".join(
        "" if unicodedata.category(char) == "Cf" else " " if unicodedata.category(char) in _UNPRINTABLE else char
        for char in text[: limit * 4]
    )
    cleaned = " ".join(unicodedata.normalize("NFC", kept).split())
    return cleaned[:limit].rstrip() or None


_UNPRINTABLE = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})


def fold(text: str) -> str:
    """Casefolded, accents off, "&" as "and", apostrophes gone, other punctuation as one space. Idempotent.

    Accents go only from scripts where they decorate (Latin, Greek, Cyrillic); marks that are letters elsewhere stay.
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = _ACCENTS.sub("", plain).translate(_LETTERS).replace("&", " and ")
    plain = _APOSTROPHES.sub("", plain)
    plain = unicodedata.normalize("NFC", plain)
    return " ".join("".join(char if char.isalnum() or _is_mark(char) else " " for char in plain).split())


def _is_mark(char: str) -> bool:
    return unicodedata.category(char) in {"Mn", "Mc"}


# --- titles -------------------------------------------------------------------------------------------------------

_ARTICLES = ("the ", "a ", "an ")
_EDITION = re.compile(
    r"(?:the )?(?:un)?abridged(?: (?:audiobook|audio|edition|version|recording))?"
    r"|audio ?books?|audio(?: (?:edition|cd))?|audible(?: studios?)?|retail|m4b|mp3|aax|flac"
    r"|(?:.{0,40} )?(?:edition|ed)|(?:international |national )?bestseller|reissue|reprint|movie tie in|a novel"
    r"|full cast(?: recording)?|dramati[sz]ed adaptation|graphic ?audio|(?:narrated|read) by .{1,60}"
)
_EDITION_TAIL = re.compile(
    r"(?::|\s[-–—]|,)\s*(?:un)?abridged(?: (?:audiobook|edition|version))?\s*$|:\s*a novel\s*$", re.IGNORECASE
)
_SUBTITLE = re.compile(r":\s+|\s+[-–—]+\s+|;\s+or,?\s+")


def strip_edition_notes(title: str) -> str:
    """Take "(Unabridged)", "[10th Anniversary Edition]", ": A Novel" off the end. Never empties a title."""
    text = title.strip()
    while True:
        bracket = _last_bracket(text)
        if bracket is not None and _EDITION.fullmatch(fold(bracket[1])) and bracket[0]:
            text = bracket[0]
            continue
        shorter = _EDITION_TAIL.sub("", text).strip()
        if shorter == text or not fold(shorter):
            return text
        text = shorter


def split_subtitle(title: str) -> tuple[str, str | None]:
    """("Sapiens", "A Brief History") of "Sapiens: A Brief History"; the second is None where there is no subtitle, or
    where what stands before it is no title of its own ("1: ...", "X - ...")."""
    text = title.strip()
    match = _SUBTITLE.search(text)
    if match is None:
        return text, None
    head, tail = text[: match.start()].strip(), text[match.end() :].strip()
    letters = sum(char.isalpha() for char in head)
    if letters < 3 or not fold(tail) or _without_article(fold(head)) in _NO_TITLE or _VOLUME_HEAD.fullmatch(fold(head)):
        return text, None
    return head, tail


_NO_TITLE = frozenset({"book", "volume", "part", "series", "novel", "complete", "audiobook"})
_VOLUME_HEAD = re.compile(r"(?:book|volume|vol|part|episode|chapter) (?:[0-9]+|[ivx]+|one|two|three|four|five)")


def main_title(text: str) -> str:
    """The title before its subtitle (": ", " - ") when what is left is still a title. A weaker key than the whole:
    "Mistborn: Secret History" and "Mistborn: The Final Empire" share it."""
    return split_subtitle(strip_edition_notes(parse_title_series(text)[0]))[0]


@lru_cache(maxsize=50_000)
def normalise_title(text: str) -> str:
    """The key of a title: folded, without its bracketed series, edition notes and leading article. Empty only when
    nothing in it can be folded."""
    title, _ = parse_title_series(text)
    return _without_article(fold(strip_edition_notes(title))) or fold(text)


def _without_article(folded: str) -> str:
    for article in _ARTICLES:
        if folded.startswith(article) and len(folded) > len(article):
            return folded[len(article) :]
    return folded


# --- the series that a title carries ------------------------------------------------------------------------------

_DASH = "-‐‑‒–—"
_PLACE = rf"[0-9]{{1,4}}(?:\.[0-9]{{1,3}})?(?:\s*[{_DASH}]\s*#?[0-9]{{1,4}}(?:\.[0-9]{{1,3}})?)?"
_PLACES = (
    rf"{_PLACE}(?:\s*(?:[,&+]|and)\s*#?{_PLACE})*(?:\s*[:,]?\s*(?:part|pt\.?)\s*[0-9]{{1,2}}(?:\s*of\s*[0-9]{{1,2}})?)?"
)
_HASHED = re.compile(
    rf"(?P<name>[^#;]*?[^#;\s,])\s*(?P<comma>,?)\s*#\s*(?P<place>{_PLACES}|[0-9]{{1,4}}p[0-9]{{1,2}})(?:\s*of\s*[0-9]{{1,3}})?\s*(?:(?P<next>[;,])\s*|$)",
    re.IGNORECASE,
)
_WORD_NUMBER = r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|[ivx]{1,4}"
_BOOK = r"(?:books?|bks?\.?|volumes?|vols?\.?)"
_LABELLED = re.compile(
    rf"^(?P<name>.*?[^\s,:–-])\s*(?:[,:]|\s[-–])?\s+(?P<place>{_BOOK}\s*#?\s*(?:{_PLACES}|{_WORD_NUMBER}))$",
    re.IGNORECASE,
)
_BOOK_OF = re.compile(
    rf"^(?P<place>{_BOOK}\s*#?\s*(?:{_PLACES}|{_WORD_NUMBER}))\s*(?:of|in|:|,|-)\s*(?P<name>\S.*)$", re.IGNORECASE
)
_HASH_IN = re.compile(
    rf"^#\s*(?P<place>{_PLACES})\s+(?:of|in)\s+(?P<name>\S.*\s(?:series|saga|trilogy|cycle|chronicles))$", re.IGNORECASE
)
_LABEL_TAIL = re.compile(rf"[\s,:]+(?:{_BOOK}|no\.?|number)$", re.IGNORECASE)
_LABEL_AFTER_COMMA = re.compile(rf"\s*[,:]\s*(?:{_BOOK}|no\.?|number)$", re.IGNORECASE)
_NO_SERIES_NAME = frozenset(
    {"", "the", "a", "an", "book", "books", "volume", "vol", "part", "no", "number", "complete", "set"}
)


def parse_title_series(title: str) -> tuple[str, SeriesRef | None]:
    """Take the series off a title: "Dune Messiah (Dune, #2)" is ("Dune Messiah", Dune at "2").

    Reads Goodreads' brackets ("(Series, #1)", "(Series #0.5)", "#1-3", "#3: Part 1 of 2", "#1-4 + 3.5"), and
    "(Series, Book 2)", "(Book 2 of Series)". A title that merely holds brackets is returned as it is, with None; so is
    "Batman: Hush, Vol. 1", where either side may be the series. Of several series ("Discworld, #3; Witches #1") the
    first is taken.
    """
    bare, series = parse_title_all_series(title)
    return bare, (series[0] if series else None)


def parse_title_all_series(title: str) -> tuple[str, tuple[SeriesRef, ...]]:
    """As `parse_title_series`, with every series that the bracket names, in its order."""
    text = title.strip()
    bare = text
    for _ in range(3):  # an edition note or two may stand behind the series
        bracket = _last_bracket(bare)
        if bracket is None:
            break
        before, inside = bracket
        series = _series_in(inside)
        if series and fold(before):
            return before, series
        if not (before and (_EDITION.fullmatch(fold(inside)) or re.fullmatch(r"1[5-9][0-9]{2}|20[0-9]{2}", inside))):
            break
        bare = before
    return text, ()


def _series_in(inside: str) -> tuple[SeriesRef, ...]:
    inside = " ".join(inside.split())
    if len(inside) > 250:
        return ()
    if inside.startswith("#"):
        match = _HASH_IN.match(inside)
        reference = _reference(match["name"], match["place"]) if match and "#" not in match["name"] else None
        return (reference,) if reference else ()
    if "#" in inside:
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
    for pattern in (_BOOK_OF, _LABELLED):
        match = pattern.match(inside)
        if match:
            reference = _reference(match["name"], match["place"])
            return (reference,) if reference else ()
    return ()


def _reference(name: str, place: str, *, ended: bool = False) -> SeriesRef | None:
    """``ended``: a comma stands between name and number, so that the name's last word belongs to it."""
    label = _LABEL_AFTER_COMMA if ended else _LABEL_TAIL
    name = label.sub("", name.strip(" ,:;-–"))  # "(Mistborn, Book #1)", but "(The Jungle Book, #1)"
    position = parse_position(place)
    if position is None or fold(name) in _NO_SERIES_NAME or not any(char.isalnum() for char in name):
        return None
    labelled = re.match(r"[a-z]", place, re.IGNORECASE)
    return SeriesRef(name, position.canonical if labelled else " ".join(place.split()))


def _last_bracket(text: str) -> tuple[str, str] | None:
    """(what stands before, what stands inside) of a bracket that closes the text; nesting is followed."""
    text = text.rstrip()
    if not text or text[-1] not in ")]":
        return None
    closing = text[-1]
    opening = "(" if closing == ")" else "["
    depth = 0
    for index in range(len(text) - 1, -1, -1):
        if text[index] == closing:
            depth += 1
        elif text[index] == opening:
            depth -= 1
            if depth == 0:
                return text[:index].rstrip(), text[index + 1 : -1].strip()
    return None


# --- people -------------------------------------------------------------------------------------------------------

_HONOURS = frozenset({"dr", "prof", "professor", "sir", "dame", "phd", "md", "jr", "sr", "esq", "obe", "cbe", "mbe"})
_SUFFIX = re.compile(r"(?:jr|sr|ph\.?\s?d|m\.?d|esq|ii|iii|iv)\.?", re.IGNORECASE)
NAME_PARTICLES = frozenset(
    {
        "le",
        "la",
        "de",
        "du",
        "des",
        "del",
        "della",
        "di",
        "da",
        "van",
        "von",
        "der",
        "den",
        "ter",
        "st",
        "el",
        "al",
        "o",
    }
)
_ROLE = re.compile(
    r"\s*(?:[(\[][^()\[\]]*[)\]]"
    r"|\s[-–]\s(?:translator|editor|introduction|foreword|afterword|narrator|illustrator).*)\s*$",
    re.IGNORECASE,
)
_BETWEEN_PEOPLE = re.compile(r"\s*(?:;|&|/|\||\s(?:and|with|et)\s)\s*", re.IGNORECASE)


@lru_cache(maxsize=50_000)
def normalise_person(name: str) -> str:
    """The key of a person's name: folded, "Last, First" turned round, roles and honours off, initials apart
    ("J.R.R. Tolkien", "JRR Tolkien" and "Tolkien, J. R. R." are "j r r tolkien")."""
    text = _without_role(" ".join(name.split()))
    head, comma, tail = text.partition(",")
    if comma and tail.strip() and not _SUFFIX.fullmatch(tail.strip()):
        text = f"{tail.strip()} {head.strip()}"
    words = re.findall(r"[^\s.,]+", text)
    if not text.isupper():
        words = [part for index, word in enumerate(words) for part in _initials(word, last=index == len(words) - 1)]
    folded = fold(" ".join(words)).split()
    kept = [word for word in folded if word not in _HONOURS]
    return " ".join(kept or folded)


def _initials(word: str, *, last: bool) -> list[str]:
    run_together = not last and word.isalpha() and word.isupper() and 2 <= len(word) <= 3
    return list(word) if run_together else [word]


def _without_role(name: str) -> str:
    while True:
        shorter = _ROLE.sub("", name)
        if shorter == name or not fold(shorter):
            return name
        name = shorter


def split_people(text: str | None) -> tuple[str, ...]:
    """The people that a joined text names: "A & B", "A and B", "A, B", "A with B", "A; B". "Last, First" is one person.

    Where one comma may be either ("Plato, Aristotle") the text is kept whole: a person too few is seen, one too many is
    searched for.
    """
    people: list[str] = []
    for piece in _BETWEEN_PEOPLE.split(text or ""):
        people.extend(_split_commas(piece))
    cleaned = (_without_role(person.strip(" ,")) for person in people)
    return tuple(dict.fromkeys(person for person in cleaned if fold(person)))


def _split_commas(piece: str) -> list[str]:
    parts: list[str] = []
    for part in (part.strip() for part in piece.split(",")):
        if parts and _SUFFIX.fullmatch(part):
            parts[-1] = f"{parts[-1]}, {part}"
        elif part:
            parts.append(part)
    pairs = list(zip(parts[::2], parts[1::2], strict=False))
    turned = len(parts) % 2 == 0 and all(_is_surname(last) and len(first.split()) <= 3 for last, first in pairs)
    if turned and (len(pairs) == 1 or any(_has_initial(first) for _, first in pairs)):
        return [f"{last}, {first}" for last, first in pairs]
    return parts


def _is_surname(text: str) -> bool:
    words = text.split()
    return len(words) == 1 or (len(words) <= 3 and fold(words[0]) in NAME_PARTICLES)


def _has_initial(text: str) -> bool:
    return any(re.fullmatch(r"(?:\w\.?)+", word) and (len(word) == 1 or "." in word) for word in text.split())


def same_surname(a: str, b: str) -> bool:
    """Whether the last names agree. Never enough to say that two people are one."""
    last_a, last_b = normalise_person(a).split()[-1:], normalise_person(b).split()[-1:]
    return bool(last_a) and last_a == last_b


# --- series names -------------------------------------------------------------------------------------------------

_SERIES_KIND = frozenset(
    {"series", "saga", "trilogy", "duology", "quartet", "quintet", "tetralogy", "cycle", "sequence"}
    | {"novel", "novels", "universe", "books"}
)
_SERIES_NOTE = re.compile(
    r"(?:the |a )?(?:(?:complete|original|main|novel|book|audio|audiobook) )*(?:series|books|saga|novels|audiobooks)"
    r"|(?:publication|chronological|reading|recommended)(?: reading)? order|.* edition"
)


@lru_cache(maxsize=50_000)
def normalise_series(name: str, author: str | None = None) -> str:
    """The key of a series' name: folded, without article, the author's name in front, notes behind ("(Publication
    Order)", ": The Complete Series") and words that only say what it is (series, saga, trilogy, cycle, novels ...).

    A subtitle that names a series of its own stays on: "Mistborn: Wax and Wayne" and "Star Wars: The Thrawn Trilogy"
    count from 1 again, and are not "Mistborn" and "Star Wars".
    """
    text = name.strip()
    bracket = _last_bracket(text)
    if bracket is not None and bracket[0] and _SERIES_NOTE.fullmatch(fold(bracket[1])):
        text = bracket[0]
    head, colon, tail = text.partition(":")
    if colon and fold(head) and _SERIES_NOTE.fullmatch(fold(tail)):
        text = head
    words = _without_article(fold(text)).split()
    words = _without_author(words, author)
    words = _without_article(" ".join(words)).split()
    while len(words) > 1 and words[-1] in _SERIES_KIND:
        words.pop()
    return " ".join(words)


def _without_author(words: list[str], author: str | None) -> list[str]:
    if not author:
        return words
    name = fold(normalise_person(author)).split()
    for own in (name, fold(author).split()):
        count = len(own)
        if (
            count
            and len(words) > count
            and [*words[: count - 1], words[count - 1].removesuffix("s")]
            == [
                *own[:-1],
                own[-1].removesuffix("s"),
            ]
        ):
            return words[count:]
    return words
