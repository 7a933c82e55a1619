"""A title taken apart: the series in its brackets, its edition notes, its subtitle, and the key that is left.

Belongs here: what stands in a title's text. Does not belong here: how two titles stand to each other (titles), what a
title's words say of the book (marks).
"""

from __future__ import annotations

import re
from functools import lru_cache

from mam_assets.domain.books import SeriesRef
from mam_assets.domain.folding import fold
from mam_assets.domain.positions import parse_position

_ARTICLES = ("the ", "a ", "an ")
_EDITION = re.compile(
    r"(?:the )?(?:un)?abridged(?: (?:audiobook|audio|edition|version|recording))?"
    r"|audio ?books?|audio(?: (?:edition|cd))?|audible(?: studios?)?|retail|m4b|mp3|aax|flac"
    r"|(?:.{0,40} )?(?:edition|ed)|(?:international |national )?bestseller|reissue|reprint|movie tie in|a novel"
    r"|full cast(?: recording)?|dramati[sz]ed adaptation|graphic ?audio|(?:narrated|read) by .{1,60}"
)
_EDITION_TAIL = re.compile(
    r"(?:[:_]|\s[-–—]|,)\s*(?:un)?abridged(?: (?:audiobook|edition|version))?\s*$|(?:[:_]|\s[-–—])\s*a novel\s*$",
    re.IGNORECASE,
)
# "_ " stands for ": " where a file's name has become a title.
_SUBTITLE = re.compile(r"[:_]\s+|\s+:\s*|\s+[-–—]+\s+|[;,]\s+(?=or,?\s)")
_MOVED_ARTICLE = re.compile(
    r"^(?P<rest>[^:]*[^\s,:]),\s+(?P<article>the|an?|der|die|das|eine?|les?|la|une?|el|los|las|il|het)"
    r"(?P<tail>\s*$|[:_]\s.*|\s+[-–—]\s.*)",
    re.IGNORECASE | re.DOTALL,
)


def strip_edition_notes(title: str) -> str:
    """Take "(Unabridged)", "[10th Anniversary Edition]", ": A Novel" off the end. Never empties a title."""
    text = title.strip()
    while True:
        bracket = last_bracket(text)
        if bracket is not None and _EDITION.fullmatch(fold(bracket[1])) and bracket[0]:
            text = bracket[0]
            continue
        if not _may_have_edition_tail(text):
            return text
        shorter = _EDITION_TAIL.sub("", text).strip()
        if shorter == text or not fold(shorter):
            return text
        text = shorter


def _may_have_edition_tail(text: str) -> bool:
    tail = text[-40:].lower()
    return "abridged" in tail or "novel" in tail


def split_subtitle(title: str) -> tuple[str, str | None]:
    """("Sapiens", "A Brief History") of "Sapiens: A Brief History"; the second is None where there is no subtitle, or
    where what stands before it is no title of its own ("1: ...", "X - ...")."""
    text = " ".join(title.split())  # long runs of blanks would take the square of their length
    match = _SUBTITLE.search(text)
    if match is None:
        return text, None
    head, tail = text[: match.start()].strip(), text[match.end() :].strip()
    letters = sum(char.isalpha() for char in head)
    if (
        (letters < 3 and not _LONG_NUMBER.fullmatch(head))
        or not fold(tail)
        or without_article(fold(head)) in _NO_TITLE
        or _VOLUME_HEAD.fullmatch(fold(head))
    ):
        return text, None
    return head, tail


_LONG_NUMBER = re.compile(r"[0-9]{3,4}")  # "1776: ..." has a title, "1: ..." has none
_NO_TITLE = frozenset({"book", "volume", "part", "series", "novel", "complete", "audiobook"})
_VOLUME_HEAD = re.compile(r"(?:book|volume|vol|part|episode|chapter) (?:[0-9]+|[ivx]+|one|two|three|four|five)")


@lru_cache(maxsize=20_000)
def main_title(text: str) -> str:
    """The title before its subtitle (": ", " - ") when what is left is still a title. A weaker key than the whole:
    "Mistborn: Secret History" and "Mistborn: The Final Empire" share it."""
    return split_subtitle(article_first(strip_edition_notes(parse_title_series(text)[0])))[0]


@lru_cache(maxsize=50_000)
def normalise_title(text: str) -> str:
    """The key of a title: folded, without its bracketed series, edition notes and leading article. Empty only when
    nothing in it can be folded."""
    title, _ = parse_title_series(text)
    return without_article(fold(article_first(strip_edition_notes(title)))) or fold(text)


def article_first(title: str) -> str:
    """ "The Hobbit" of "Hobbit, The", as catalogues and file names put it; a subtitle may follow the article."""
    match = _MOVED_ARTICLE.match(title) if ", " in title else None
    if match is None:
        return title
    return f"{match['article']} {match['rest']}{match['tail']}"


def without_article(folded: str) -> str:
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
_BOOK_IN = re.compile(rf"\b{_BOOK}", re.IGNORECASE)
_LABELLED = re.compile(
    rf"^(?P<name>.*?[^\s,:–-])\s*(?:[,:]|\s[-–])?\s+(?P<place>{_BOOK}\s*#?\s*(?:{_PLACES}|{_WORD_NUMBER}))$",
    re.IGNORECASE,
)
_BOOK_OF = re.compile(
    rf"^(?P<place>{_BOOK}\s*#?\s*(?:{_PLACES}|{_WORD_NUMBER}))\s*(?:of|in|:|,|-)\s*(?P<name>\S.*)$", re.IGNORECASE
)
_YEAR = re.compile(r"1[5-9][0-9]{2}|20[0-9]{2}")
_HASH_IN = re.compile(
    rf"^#\s*(?P<place>{_PLACES})\s+(?:of|in)\s+(?P<name>\S.*\s(?:series|saga|trilogy|cycle|chronicles))$", re.IGNORECASE
)
_HASH_FIRST = re.compile(
    rf"^(?P<name>[^#]*?[^\s:#,])(?P<gap>\s*,?\s*)#\s?(?P<place>{_PLACE})(?::|\s[{_DASH}])\s+(?P<title>\S.*)$"
)
_PADDED_FIRST = re.compile(
    rf"^(?P<name>[^:#]*?[^\s:#,])(?P<gap>,?\s+)(?P<place>0[0-9]{{1,2}}(?:\.[0-9])?)(?::|\s[{_DASH}])\s+(?P<title>\S.*)$"
)
_BOOK_OF_LAST = re.compile(
    rf"^(?P<title>.*?[^\s,:])(?P<gap>\s*[,:]|\s[{_DASH}])\s+"
    rf"(?P<place>{_BOOK}\s*#?\s*(?:{_PLACE}|(?:{_WORD_NUMBER})(?!\w)))\s+(?:of|in)\s+(?P<name>\S.*)$",
    re.IGNORECASE,
)
_PLACED_FIRST_CLUE = re.compile(rf"[0-9](?::|\s[{_DASH}])\s")
_BOOK_OF_CLUE = re.compile(rf"\b{_BOOK}\s.{{1,12}}\s(?:of|in)\s", re.IGNORECASE)
_NAME_AND_NUMBER = re.compile(r"(?P<name>.*[^\W\d_].*?) (?P<place>[0-9]{1,2}(?:\.[0-9]{1,2})?)")
# What a bracketed number counts when it isn't a series.
_COUNTING = (
    "level grade age ages stage step part parts pt disc disk cd cds track season episode act scene chapter psalm day"
    " week year years month top under over section lesson unit class no number nr route area windows phase format"
    " hours hour tier volume volumes vol book books edition version mp3 kbps of in at to and for by the rev"
)
_COUNTS_ELSE = frozenset(_COUNTING.split())
_IDIOMS = frozenset(
    {
        "we re",
        "were",
        "my",
        "our",
        "your",
        "his",
        "her",
        "their",
        "im",
        "youre",
        "theyre",
        "public enemy",
        "the",
        "number",
    }
    | set(_WORD_NUMBER.split("|")[:12])
)
_PLURAL = re.compile(r"books\b|volumes\b", re.IGNORECASE)
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


@lru_cache(maxsize=20_000)
def parse_title_all_series(title: str) -> tuple[str, tuple[SeriesRef, ...]]:
    """As `parse_title_series`, with every series that the bracket names, in its order."""
    text = title.strip()
    bare = text
    for _ in range(3):  # an edition note or two may stand behind the series
        bracket = last_bracket(bare)
        if bracket is None:
            break
        before, inside = bracket
        series = _series_in(inside)
        if not series and bare.rstrip().endswith("]"):
            series = _numbered_in(inside)
        if series and fold(before):
            return before, series
        if not (before and (_EDITION.fullmatch(fold(inside)) or _YEAR.fullmatch(inside))):
            break
        bare = before
    return _series_outside(text) or (text, ())


def _series_outside(text: str) -> tuple[str, tuple[SeriesRef, ...]] | None:
    """The forms without a bracket in which no other part can be the title: "Dune #2: Dune Messiah", "Dune 02 - Dune
    Messiah", "Dune Messiah, Book Two of Dune". Not "Dune Messiah: Dune, Book 2", for "Percy Jackson: The Lightning
    Thief, Book 1" is written just so: who knows the series' name asks `titles.place_in_title`."""
    if len(text) > 300 or not (_PLACED_FIRST_CLUE.search(text) or _BOOK_OF_CLUE.search(text)):
        return None
    bare = strip_edition_notes(text)
    for pattern in (_HASH_FIRST, _PADDED_FIRST, _BOOK_OF_LAST):
        match = pattern.match(bare)
        if match is None:
            continue
        reference = _reference(match["name"].strip("'\"‘’“” "), match["place"], ended="," in match["gap"])
        if reference is None or not fold(match["title"]) or _is_idiom(reference.name):
            return None
        if pattern is _PADDED_FIRST and _LABEL_TAIL.search(match["name"]):
            return None  # "Days Gone Bye, Vol. 01: The Walking Dead" may be either way round
        return match["title"].strip(), (reference,)
    return None


def _numbered_in(inside: str) -> tuple[SeriesRef, ...]:
    """[Mistborn 3]: a name and a small number, unless the name's last word counts something else ("[Disc 3]")."""
    match = _NAME_AND_NUMBER.fullmatch(" ".join(inside.split()))
    if match is None or fold(match["name"]).rpartition(" ")[2] in _COUNTS_ELSE or _is_idiom(match["name"]):
        return ()
    reference = _reference(match["name"], match["place"])
    return (reference,) if reference else ()


def _is_idiom(name: str) -> bool:
    """Names that are none: "We're #1", "Book One of Two"."""
    words = fold(name).split()
    return not any(char.isalpha() for char in name) or " ".join(words) in _IDIOMS


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
    if not _BOOK_IN.search(inside):
        return ()
    for pattern in (_BOOK_OF, _LABELLED):
        match = pattern.match(inside)
        if match:
            reference = _reference(match["name"], match["place"], labelled=True)
            return (reference,) if reference else ()
    return ()


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


def last_bracket(text: str) -> tuple[str, str] | None:
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
