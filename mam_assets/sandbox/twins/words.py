"""How the twins' searches cut text into words.

Belongs here: folding and cutting. Does not belong here: what is searched, and by which rules (each twin).
"""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[a-z0-9]+")
_WORD_WITH_APOSTROPHE = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*")


def folded(text: str) -> str:
    """Lower case, without accents, with plain apostrophes."""
    decomposed = unicodedata.normalize("NFKD", text).replace("\u2019", "'")
    return "".join(character for character in decomposed if not unicodedata.combining(character)).lower()


def words(text: str) -> list[str]:
    """Words with the apostrophe taken out: "Ender's" gives "enders"."""
    return _WORD.findall(folded(text).replace("'", ""))


def words_keeping_apostrophes(text: str) -> list[str]:
    """Words in which an apostrophe counts: "Ender's" gives "ender's", which "enders" doesn't find."""
    return _WORD_WITH_APOSTROPHE.findall(folded(text))


def slug(text: str, separator: str) -> str:
    """As in an address: "Arsène Lupin" gives "Ars_ne_Lupin"-like text, but of plain letters."""
    return separator.join(
        re.findall(r"[A-Za-z0-9]+", "".join(c for c in unicodedata.normalize("NFKD", text) if c.isascii()))
    )
