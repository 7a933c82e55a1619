"""Names of series as text: one key for every spelling of a name.

Belongs here: what is decoration in a series' name. Does not belong here: whether two series are one (identity), the
series that a title carries (title_text).
"""

from __future__ import annotations

import re
from functools import lru_cache

from mam_assets.domain.folding import APOSTROPHES, fold
from mam_assets.domain.people import normalise_person
from mam_assets.domain.title_text import article_first, last_bracket, without_article

_SERIES_KIND = frozenset(
    {"series", "saga", "trilogy", "duology", "quartet", "quintet", "tetralogy", "cycle", "sequence"}
    | {"novel", "novels", "universe", "books"}
)
_SERIES_NOTE = re.compile(
    r"(?:the |a )?(?:(?:complete|original|main|novel|book|audio|audiobook) )*(?:series|books|saga|novels|audiobooks)"
    r"|(?:publication|chronological|reading|recommended)(?: reading)? order|.* edition"
)
# "Asimov's Foundation", "Burroughs' Barsoom", "Burroughs's Barsoom"
_POSSESSIVE = re.compile(
    rf"(?P<owner>[^:]*?\w)(?:[{APOSTROPHES}]s|(?<=s)[{APOSTROPHES}])\s+(?P<owned>\S.*)", re.IGNORECASE
)


@lru_cache(maxsize=50_000)
def normalise_series(name: str, author: str | None = None) -> str:
    """The key of a series' name: folded, without article, the author's name in front, notes behind ("(Publication
    Order)", ": The Complete Series") and words that only say what it is (series, saga, trilogy, cycle, novels ...).
    Of the author's name the surname is enough where it owns the rest ("Asimov's Foundation").

    A subtitle that names a series of its own stays on: "Mistborn: Wax and Wayne" and "Star Wars: The Thrawn Trilogy"
    count from 1 again, and are not "Mistborn" and "Star Wars".
    """
    text = name.strip()
    bracket = last_bracket(text)
    if bracket is not None and bracket[0] and _SERIES_NOTE.fullmatch(fold(bracket[1])):
        text = bracket[0]
    head, colon, tail = text.partition(":")
    if colon and fold(head) and _SERIES_NOTE.fullmatch(fold(tail)):
        text = head
    text = _without_owner(article_first(text), author)
    words = without_article(fold(text)).split()
    words = _without_author(words, author)
    words = without_article(" ".join(words)).split()
    while len(words) > 1 and words[-1] in _SERIES_KIND:
        words.pop()
    return " ".join(words)


@lru_cache(maxsize=5_000)
def _words_of_author(author: str) -> tuple[list[str], list[str]]:
    return fold(normalise_person(author)).split(), fold(author).split()


def _without_owner(text: str, author: str | None) -> str:
    match = _POSSESSIVE.fullmatch(text) if author else None
    if match is None or author is None or not _means(match["owner"], author):
        return text
    return match["owned"] if set(fold(match["owned"]).split()) - _SERIES_KIND else text


def _means(owner: str, author: str) -> bool:
    """Whether a name is the author's: whole, its surname, or with some of the given names or their initials."""
    own, named = _words_of_author(author)[0], without_article(normalise_person(owner)).split()
    if not own or not named or named[-1] != own[-1]:
        return False
    return all(any(given == word or (len(word) == 1 and given[0] == word) for given in own[:-1]) for word in named[:-1])


def _without_author(words: list[str], author: str | None) -> list[str]:
    if not author:
        return words
    for own in _words_of_author(author):
        count = len(own)
        if count and len(words) > count and _plural_aside(words[:count]) == _plural_aside(own):
            return words[count:]
    return words


def _plural_aside(words: list[str]) -> list[str]:
    return [*words[:-1], words[-1].removesuffix("s")]
