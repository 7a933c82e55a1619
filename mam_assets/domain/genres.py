"""MAM's audiobook categories, and what a genre may be made of.

Belongs here: the ids and names of the old scheme, which is the one that can be searched by, and checking a person's
choice of them. Does not belong here: the genres themselves (store/genres.py).

The same numbers mean other things in MAM's new scheme and among its e-books: 47 is Science Fiction here and a sheet
collection there; 63 is Fantasy among the e-books. So a number that is no audiobook category is refused with the one
that was probably meant.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from mam_assets.domain.names import fold

AUDIOBOOK_CATEGORIES: dict[int, str] = {
    39: "Action/Adventure",
    40: "Crime/Thriller",
    41: "Fantasy",
    42: "General Fiction",
    43: "Horror",
    44: "Juvenile",
    45: "Literary Classics",
    46: "Romance",
    47: "Science Fiction",
    48: "Western",
    49: "Art",
    50: "Biographical",
    51: "Computer/Internet",
    52: "General Non-Fic",
    53: "Self-Help",
    54: "History",
    55: "Home/Garden",
    56: "Language",
    57: "Math/Science/Tech",
    58: "Pol/Soc/Relig",
    59: "Recreation",
    83: "Business",
    84: "Instructional",
    85: "Medical",
    87: "Mystery",
    88: "Philosophy",
    89: "Travel/Adventure",
    97: "Crafts",
    98: "Historical Fiction",
    99: "Humor",
    100: "True Crime",
    106: "Food",
    108: "Urban Fantasy",
    111: "Young Adult",
    119: "Nature",
}

# E-book categories that have a name in common with one of audiobooks.
_EBOOK_CATEGORIES: dict[int, int] = {
    60: 39, 62: 40, 63: 41, 64: 42, 65: 43, 66: 44, 67: 45, 68: 46, 69: 47, 70: 48, 71: 49, 72: 50, 73: 51, 74: 52,
    75: 53, 76: 54, 77: 55, 78: 56, 80: 57, 81: 58, 82: 59, 90: 83, 91: 84, 92: 85, 94: 87, 95: 88, 96: 89, 101: 97,
    102: 98, 103: 99, 104: 100, 107: 106, 109: 108, 112: 111, 120: 119,
}  # fmt: skip

LONGEST_NAME = 80


class GenreProblem(ValueError):
    """A person's choice that can't be kept. The message says what to write instead."""


def read_categories(written: Iterable[str | int]) -> tuple[int, ...]:
    """The ids of categories given by number or by name, in ascending order, each once.

    Raises GenreProblem for one that is no audiobook category of MAM.
    """
    by_name = {fold(name): number for number, name in AUDIOBOOK_CATEGORIES.items()}
    found: set[int] = set()
    for word in (str(part).strip() for part in written):
        if not word:
            continue
        number = int(word) if word.isascii() and word.isdigit() and len(word) <= 9 else by_name.get(fold(word))
        if number is None or number not in AUDIOBOOK_CATEGORIES:
            raise GenreProblem(_no_such_category(word, by_name))
        found.add(number)
    return tuple(sorted(found))


def _no_such_category(word: str, by_name: dict[str, int]) -> str:
    said = f"{word} is no audiobook category of MAM"
    meant: int | None = None
    if word.isascii() and word.isdigit():
        meant = _EBOOK_CATEGORIES.get(int(word[:9]))
        if meant is not None:
            return f"{said}: it is e-books' {AUDIOBOOK_CATEGORIES[meant]}. The audiobooks of that name are {meant}."
    else:
        near = get_close_matches(fold(word), by_name, n=1, cutoff=0.5)
        meant = by_name[near[0]] if near else None
    hint = f" {meant} {AUDIOBOOK_CATEGORIES[meant]} may be meant." if meant is not None else ""
    return f"{said}.{hint} `mam genres categories` lists them all."


def read_name(name: str) -> str:
    """A genre's name as it is kept: outer and double blanks off. Raises GenreProblem where nothing readable is left, or
    too much."""
    plain = " ".join(name.split())
    if not fold(plain):
        raise GenreProblem("A genre needs a name with letters or digits.")
    if len(plain) > LONGEST_NAME:
        raise GenreProblem(f"A genre's name may have {LONGEST_NAME} characters; this one has {len(plain)}.")
    return plain


def unknown_genre(name: str, known: Iterable[str]) -> GenreProblem:
    """The error for a genre that isn't there, naming those that are."""
    names = sorted(known)
    near = get_close_matches(name.casefold(), {one.casefold(): one for one in names}, n=1, cutoff=0.6)
    meant = next((one for one in names if near and one.casefold() == near[0]), None)
    hint = f" {meant} may be meant." if meant else f" There are: {', '.join(names)}."
    return GenreProblem(f"There is no genre {name!r}.{hint} `mam genres add NAME --categories …` makes a new one.")
