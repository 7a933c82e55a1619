"""The words around a volume's number, in the languages that sources write: "Book", "Band", "tome", "of", "Third".

Belongs here: word lists as pieces of patterns, to be matched without regard to case. Does not belong here: what they
are looked for in (carried_series, series_in_title), what a number means (positions).
"""

from __future__ import annotations

import re

DASHES = "-‐‑‒–—"
WORD_NUMBER = r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|[ivx]{1,5}"

ENGLISH_LABEL = r"(?:books?|bks?\.?|volumes?|vols?\.?)"
# Of these each is a noun for a volume and nothing else, wherever it stands before a number.
LABEL = (
    r"(?:books?|bks?\.?|volumes?|vols?\.?|volumen|volym|band|bd\.?|bände|buch|tome|tomo|livre|livro|libro|llibre|deel"
    r"|boek|kirja|kitap|cilt|kniha|knjiga|díl|książka|kötet|könyv|книга|кн\.?|том|βιβλίο|τόμος)"
)
# These mean other things too, and count only behind a comma, a colon or a dash.
WEAK_LABEL = r"(?:teil|folge|episode|del|bind|bok|bog|osa|tom|t\.?|część|cz\.?|часть|číslo|no\.?|numbers?|nr\.?|n°|nº)"
# A part may be a volume of a series, and may be less than a work.
PART_LABEL = r"(?:part|pt\.?|parte|partie)"
# "Tome 1 de la saga ...", "Band 2 der ...": the words between the number and the series' name.
OF = r"(?:of|in|from|von|aus|der|des|de|du|del|della|dei|van|uit|av|af|i|из)"
_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth",
)  # fmt: skip
ORDINAL = rf"(?:{'|'.join(_ORDINALS)}|[0-9]{{1,2}}(?:st|nd|rd|th))"
_ORDINAL_DIGITS = re.compile(r"[0-9]+")
# The words at the end of a name that say "this is a series".
KIND = (
    r"(?:series|saga|trilogy|cycle|chronicles|quartet|duology|tetralogy|sequence|reihe|serie|trilogie|zyklus|cyclus"
    r"|trilogía|trilogia|série)"
)


def ordinal_number(word: str) -> int:
    """3 of "third" and of "3rd". Raises ValueError for anything else."""
    digits = _ORDINAL_DIGITS.match(word)
    return int(digits[0]) if digits else _ORDINALS.index(word.lower()) + 1
