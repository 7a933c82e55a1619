"""A title as a key: without its series and edition notes, its article in front, its subtitle apart.

Belongs here: what is left of a title's text, as a key to look up by. Does not belong here: the series that it carries
(carried_series), its edition notes (edition_notes), how two titles stand to each other (titles), what a title's words
say of the book (marks).
"""

from __future__ import annotations

import re
from functools import lru_cache

from mam_assets.domain.carried_series import parse_title_all_series, parse_title_series
from mam_assets.domain.edition_notes import last_bracket, strip_edition_notes
from mam_assets.domain.folding import fold

__all__ = [
    "article_first",
    "last_bracket",
    "main_title",
    "normalise_title",
    "parse_title_all_series",
    "parse_title_series",
    "split_subtitle",
    "strip_edition_notes",
    "without_article",
]

_ARTICLES = ("the ", "a ", "an ")
# "_ " stands for ": " where a file's name has become a title.
_SUBTITLE = re.compile(r"[:_]\s+|\s+:\s*|\s+[-–—]+\s+|[;,]\s+(?=or,?\s)")
_MOVED_ARTICLE = re.compile(
    r"^(?P<rest>[^:]*[^\s,:]),\s+(?P<article>the|an?|der|die|das|eine?|les?|la|une?|el|los|las|il|het)"
    r"(?P<tail>\s*$|[:_]\s.*|\s+[-–—]\s.*)",
    re.IGNORECASE | re.DOTALL,
)


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
    title, _ = parse_title_series(article_first(text))  # an article may stand behind the bracket, or before it
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
