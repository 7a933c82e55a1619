"""Text without its decoration: cleaned for every store, and folded into a key.

Belongs here: what spelling, accents, case and punctuation do to any text. Does not belong here: what a title, a person
or a series is (title_text, people, series_names).

A folded name is a key for looking up, never for showing. A name that folds to nothing ("?!") is no key: callers must
not compare empty text with empty text.
"""

from __future__ import annotations

import re
import unicodedata

_APOSTROPHES = re.compile(r"['’‘ʼʻ`´′＇]")
_ACCENTS = re.compile(r"[\u0300-\u036f]")
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


def fold(text: str) -> str:
    """Casefolded, accents off, "&" as "and", apostrophes gone, other punctuation as one space. Idempotent.

    Accents go only from scripts where they decorate (Latin, Greek, Cyrillic); marks that are letters elsewhere stay.
    """
    if text.isascii():
        return " ".join(text.replace("&", " and ").translate(_PLAIN).split())
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = _ACCENTS.sub("", plain).translate(_LETTERS).replace("&", " and ")
    plain = _APOSTROPHES.sub("", plain)
    return " ".join(unicodedata.normalize("NFC", plain).translate(_KEPT).split())


class _Kept(dict[int, str]):
    """For `str.translate`: letters, digits and marks as they are, anything else a space. Filled as characters come."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kept = char if char.isalnum() or unicodedata.category(char) in {"Mn", "Mc"} else " "
        self[code] = kept
        return kept


_KEPT = _Kept()
# The same for ASCII, capitals and apostrophes included: nine titles in ten need no more.
_PLAIN = {code: None if chr(code) in "'`" else _KEPT[ord(chr(code).lower())] for code in range(128)}
