"""Languages by one name each, whatever a source calls them: "ENG", "en-US", "English" are "english".

Belongs here: the spellings. Does not belong here: which languages are wanted (release, gaps).
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from mam_assets.domain.names import fold

# English name, ISO 639-1, ISO 639-2 (both forms where two exist), own name where sources use it.
_SPELLINGS = (
    "english en eng", "german de deu ger deutsch", "french fr fra fre francais", "spanish es spa espanol castellano",
    "italian it ita italiano", "dutch nl nld dut nederlands", "portuguese pt por portugues", "polish pl pol polski",
    "russian ru rus", "swedish sv swe svenska", "danish da dan dansk", "norwegian no nor nob nb norsk",
    "finnish fi fin suomi", "icelandic is isl ice", "japanese ja jpn", "chinese zh zho chi mandarin", "korean ko kor",
    "arabic ar ara", "hebrew he heb", "turkish tr tur", "greek el ell gre", "czech cs ces cze", "hungarian hu hun",
    "romanian ro ron rum", "bulgarian bg bul", "ukrainian uk ukr", "croatian hr hrv", "serbian sr srp",
    "slovenian sl slv", "slovak sk slk slo", "lithuanian lt lit", "latvian lv lav", "estonian et est", "hindi hi hin",
    "latin la lat", "catalan ca cat", "indonesian id ind", "vietnamese vi vie", "thai th tha",
    "farsi fa fas per persian", "bengali bn ben", "tamil ta tam", "urdu ur urd", "afrikaans af afr", "irish ga gle",
    "malay ms msa may",
)  # fmt: skip
_BY_SPELLING = {spelling: row.split()[0] for row in _SPELLINGS for spelling in row.split()}
_VARIANTS = {"castilian spanish": "spanish", "brazilian portuguese": "portuguese", "cantonese": "chinese"}
_NOT_TOLD = frozenset({"", "unknown", "und", "other", "mul", "none", "n a"})


@lru_cache(maxsize=2_000)
def normalise_language(text: str | None) -> str | None:
    """The language's English name in lower case; None where the source doesn't say. Unlisted names are kept, folded."""
    folded = fold(text or "")
    if folded in _NOT_TOLD:
        return None
    if folded in _VARIANTS:
        return _VARIANTS[folded]
    first = folded.split()[0]
    return _BY_SPELLING.get(folded) or (_BY_SPELLING.get(first) if len(first) <= 3 else None) or folded


def is_other_script(text: str) -> bool:
    """Whether most letters of a text are not Latin: such a title is no English one."""
    if text.isascii():
        return False
    letters = [char for char in text if char.isalpha()]
    foreign = sum(
        not unicodedata.name(char, "").startswith(("LATIN", "FULLWIDTH LATIN", "MODIFIER")) for char in letters
    )
    return foreign * 2 > len(letters)
