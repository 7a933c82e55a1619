"""Text without its decoration: cleaned for every store, and folded into a key.

Belongs here: what spelling, accents, case and punctuation do to any text. Does not belong here: what a title, a person
or a series is (title_text, people, series_names).

A folded name is a key for looking up, never for showing. A name that folds to nothing ("?!") is no key: callers must
not compare empty text with empty text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from html import unescape

APOSTROPHES = "'’‘ʼʻ`´′＇"
_APOSTROPHES = re.compile(f"[{APOSTROPHES}]")
# Accents of Latin, Greek and Cyrillic, points of Hebrew, vowel and hamza signs of Arabic: written or left out at will.
_ACCENTS = re.compile(r"[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u0655\u0670]")
_ENTITY = re.compile(r"&(?:[a-z]{2,8}|#[0-9]{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
# Letters whose stroke is part of the letter, so that decomposition leaves it on.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})


def clean_text(text: str | None, *, limit: int = 2000) -> str | None:
    """Text that PostgreSQL, JSON and a file can hold: NFC, one space between words, no NUL, control character or lone
    surrogate, at most ``limit`` characters. Empty becomes None."""
    if text is None:
        return None
    if text.isascii() and text.isprintable():
        return " ".join(text[: limit * 4].split())[:limit].rstrip() or None
    # Surrogates and controls (category C, such as NUL) turn to spaces; format marks (Cf) vanish without a gap.
    kept = "".join(
        "" if unicodedata.category(char) == "Cf" else " " if unicodedata.category(char) in _UNPRINTABLE else char
        for char in text[: limit * 4]
    )
    cleaned = " ".join(unicodedata.normalize("NFC", kept).split())
    return cleaned[:limit].rstrip() or None


_UNPRINTABLE = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})


@lru_cache(maxsize=50_000)
def fold(text: str) -> str:
    """Casefolded, accents off, "&" (and "&amp;") as "and", apostrophes and zero-width characters gone, other
    punctuation as one space. Idempotent.

    Accents go only from scripts where they may be left out (Latin, Greek, Cyrillic, Hebrew, Arabic); marks that are
    letters elsewhere stay.
    """
    if "&" in text and _ENTITY.search(text):
        text = unescape(text)
    if text.isascii():
        return " ".join(text.replace("&", " and ").translate(_PLAIN).split())
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = _ACCENTS.sub("", plain).translate(_LETTERS).replace("&", " and ")
    plain = _APOSTROPHES.sub("", plain)
    return " ".join(unicodedata.normalize("NFC", plain).translate(_KEPT).split())


@lru_cache(maxsize=20_000)
def words_of(text: str) -> frozenset[str]:
    """The words of a text, folded."""
    return frozenset(fold(text).split())


class _Kept(dict[int, str]):
    """For `str.translate`: letters, digits and marks as they are, format characters nothing, anything else a space.
    Filled as characters come."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        category = unicodedata.category(char)
        kept = "" if category == "Cf" else char if char.isalnum() or category in {"Mn", "Mc"} else " "
        self[code] = kept
        return kept


_KEPT = _Kept()
# The same for ASCII, capitals and apostrophes included: nine titles in ten need no more.
_PLAIN = {code: None if chr(code) in "'`" else _KEPT[ord(chr(code).lower())] for code in range(128)}
