"""People's names as text: one key each, and joined names split.

Belongs here: initials, order, honours, roles, "A & B". Does not belong here: whether two names are one person
(identity).
"""

from __future__ import annotations

import re
from functools import lru_cache

from mam_assets.domain.folding import fold

_HONOURS = frozenset(
    {"dr", "prof", "professor", "sir", "dame", "phd", "md", "jr", "sr", "esq", "obe", "cbe", "mbe", "pere"}
)
_NOBLE = frozenset({"count", "countess", "baron", "baroness", "lord", "lady", "graf", "comte", "comtesse"})
_SUFFIX = re.compile(r"(?:jr|sr|ph\.?\s?d|m\.?d|esq|ii|iii|iv)\.?", re.IGNORECASE)
NAME_PARTICLES = frozenset(
    {
        "le",
        "la",
        "de",
        "du",
        "des",
        "del",
        "della",
        "di",
        "da",
        "van",
        "von",
        "der",
        "den",
        "ter",
        "st",
        "el",
        "al",
        "o",
    }
)
_ROLE = re.compile(
    r"\s*(?:[(\[][^()\[\]]*[)\]]"
    r"|\s[-–]\s(?:translator|editor|introduction|foreword|afterword|narrator|illustrator).*)\s*$",
    re.IGNORECASE,
)
_BETWEEN_PEOPLE = re.compile(r"\s*(?:;|&|/|\||\s(?:and|with|et)\s)\s*", re.IGNORECASE)


@lru_cache(maxsize=50_000)
def normalise_person(name: str) -> str:
    """The key of a person's name: folded, "Last, First" turned round, roles and honours off, initials apart
    ("J.R.R. Tolkien", "JRR Tolkien" and "Tolkien, J. R. R." are "j r r tolkien")."""
    text = _without_role(" ".join(name.split()))
    head, comma, tail = text.partition(",")
    if comma and tail.strip() and not _SUFFIX.fullmatch(tail.strip()):
        text = f"{tail.strip()} {head.strip()}"
    words = re.findall(r"[^\s.,]+", text)
    if not text.isupper():
        words = [part for index, word in enumerate(words) for part in _initials(word, last=index == len(words) - 1)]
    folded = fold(" ".join(words)).split()
    kept = [word for word in folded if word not in _HONOURS]
    if len(kept) > 2 and kept[0] in _NOBLE:
        kept = kept[1:]  # but "Lord Dunsany" is called so
    return " ".join(kept or folded)


def _initials(word: str, *, last: bool) -> list[str]:
    run_together = not last and word.isalpha() and word.isupper() and 2 <= len(word) <= 3
    return list(word) if run_together else [word]


def _without_role(name: str) -> str:
    while name.endswith((")", "]")) or "-" in name or "–" in name:
        shorter = _ROLE.sub("", name)
        if shorter == name or not fold(shorter):
            break
        name = shorter
    return name


_NO_PEOPLE = frozenset({"n a"})  # "N/A" names nobody, and not N and A


@lru_cache(maxsize=20_000)
def split_people(text: str | None) -> tuple[str, ...]:
    """The people that a joined text names: "A & B", "A and B", "A, B", "A with B", "A; B". "Last, First" is one person.

    Where one comma may be either ("Plato, Aristotle") the text is kept whole: a person too few is seen, one too many is
    searched for.
    """
    whole = " ".join((text or "").split())
    if fold(whole) in _NO_PEOPLE:
        return (whole,)
    people: list[str] = []
    for piece in _BETWEEN_PEOPLE.split(whole):
        people.extend(_split_commas(piece))
    cleaned = (_without_role(person.strip(" ,")) for person in people)
    return tuple(dict.fromkeys(person for person in cleaned if fold(person)))


def _split_commas(piece: str) -> list[str]:
    parts: list[str] = []
    for part in (part.strip() for part in piece.split(",")):
        if parts and _SUFFIX.fullmatch(part):
            parts[-1] = f"{parts[-1]}, {part}"
        elif part:
            parts.append(part)
    if len(parts) == 2 and " " in parts[0] and " " not in parts[1] and len(parts[0].split()) <= 3:
        return [piece]  # "García Márquez, Gabriel": who has one name only is hardly ever named behind another
    pairs = list(zip(parts[::2], parts[1::2], strict=False))
    turned = len(parts) % 2 == 0 and all(_is_surname(last) and len(first.split()) <= 3 for last, first in pairs)
    if turned and (len(pairs) == 1 or any(_has_initial(first) for _, first in pairs)):
        return [f"{last}, {first}" for last, first in pairs]
    return parts


def _is_surname(text: str) -> bool:
    words = text.split()
    return len(words) == 1 or (len(words) <= 3 and fold(words[0]) in NAME_PARTICLES)


def _has_initial(text: str) -> bool:
    return any(re.fullmatch(r"(?:\w\.?)+", word) and (len(word) == 1 or "." in word) for word in text.split())


def same_surname(a: str, b: str) -> bool:
    """Whether the last names agree. Never enough to say that two people are one."""
    last_a, last_b = normalise_person(a).split()[-1:], normalise_person(b).split()[-1:]
    return bool(last_a) and last_a == last_b
