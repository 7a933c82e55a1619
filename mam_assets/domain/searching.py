"""When a gap is searched again, and with which words."""

from __future__ import annotations

from datetime import datetime, timedelta

from mam_assets.domain.books import Work
from mam_assets.domain.names import fold, main_title

# A search that found nothing acceptable is repeated ever less often (issue 4: 1, 3, 7, 14, then every 30 days).
LADDER_DAYS = (1, 3, 7, 14)
LAST_RUNG_DAYS = 30


def next_search(searches: int, now: datetime) -> datetime:
    """When to search again after `searches` earlier searches of the same gap."""
    days = LADDER_DAYS[searches] if searches < len(LADDER_DAYS) else LAST_RUNG_DAYS
    return now + timedelta(days=days)


def search_words(work: Work) -> str:
    """Title and first author, without punctuation: what an indexer's plain text search takes."""
    author = work.authors[0] if work.authors else ""
    return fold(f"{main_title(work.title)} {author}")


# Words that say nothing about which book it is: sharing only these makes no candidate.
_COMMON = frozenset(
    {
        "a",
        "an",
        "and",
        "at",
        "book",
        "books",
        "by",
        "de",
        "for",
        "from",
        "her",
        "his",
        "i",
        "in",
        "la",
        "le",
        "my",
        "no",
        "novel",
        "of",
        "on",
        "or",
        "part",
        "story",
        "tales",
        "the",
        "their",
        "to",
        "volume",
        "with",
    }
)


def shares_a_word(title: str, other: str) -> bool:
    """Whether two titles share a word that means something; titles made only of common words share any word."""
    ours, theirs = set(fold(title).split()), set(fold(other).split())
    telling = ours - _COMMON or ours
    return bool(telling & theirs)
