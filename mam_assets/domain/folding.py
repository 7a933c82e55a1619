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
