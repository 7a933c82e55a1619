"""Who wrote a work, and who only translated, read, drew, edited or introduced it; which names can be searched.

Belongs here: roles beside names, names that are nobody's, the names of one person. Does not belong here: what a name
looks like (people), whether two names are one person (identity).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from mam_assets.domain.identity import pen_name_map, same_people
from mam_assets.domain.names import fold, normalise_person, split_people

_ROLES = (
    r"translat(?:or|ors|ed|ion)s?|trans|tr|narrat(?:or|ors|ed|ion)s?|read(?:er)?|reading|performer|illustrat(?:or|ors|ed"
    r"|ions?)|illus|artist|drawings|photograph(?:er|s)|cover(?: artist| design)?|edit(?:or|ors|ed)|eds?|series editor"
    r"|compil(?:er|ed)|introduc(?:tion|er|ed)|foreword|preface|afterword|prologue|epilogue|commentary|notes|contributors?"
    r"|adapt(?:er|or|ed|ation)s?|abridg(?:er|ed|ement)|retold|produc(?:er|ed)|direct(?:or|ed)|publisher|colou?rist|inker"
    r"|letterer|consultant|annotat(?:or|ed|ions)|selected|arranged"
)
_ROLE = rf"(?:{_ROLES})(?: (?:by|of|and|or) .*| (?:{_ROLES}))*"
# "Jane Doe (Translator)", "Jane Doe - translator", "Jane Doe, translator", "Jane Doe [narrator]"
_ROLE_BEHIND = re.compile(rf"(?:[(\[]\s*{_ROLE}\s*[)\]]|(?:\s[-–—]|,)\s*{_ROLE})\s*$", re.IGNORECASE)
# "translated by Jane Doe", "foreword by Jane Doe", "Introduction: Jane Doe"
_ROLE_BEFORE = re.compile(rf"^\s*(?:with\s+)?(?:an?\s+|the\s+)?(?:{_ROLES})(?:\s+(?:and|&)\s+(?:{_ROLES}))?"
                          r"\s*(?:\bby\b|:)\s+", re.IGNORECASE)  # fmt: skip
_AUTHOR_BEHIND = re.compile(
    r"\s*(?:[(\[]\s*(?:goodreads )?(?:author|writer|co-?author|pseudonym|pen name)\s*[)\]]"
    r"|\s[-–—]\s*(?:author|writer|co-?author))\s*$",
    re.IGNORECASE,
)
_BEFORE_A_ROLE = re.compile(rf"\s*[,;]?\s+(?=(?:with\s+)?(?:an?\s+|the\s+)?(?:{_ROLES})\s+by\s)", re.IGNORECASE)

NOBODY_RULES = 1
"""To be raised when a name is added: authors of that name that are stored are then taken away."""
_NOBODY = frozenset(
    {"", "unknown", "unknown author", "author unknown", "various", "various authors", "various artists", "varies"}
    | {"anonymous", "anon", "anonym", "anonymus", "n a", "na", "none", "null", "nil", "nobody", "not available"}
    | {"multiple authors", "multiple", "several authors", "several", "others", "et al", "unbekannt", "diverse"}
    | {"verschiedene", "inconnu", "collectif", "anonyme", "desconocido", "varios", "varios autores", "autori vari"}
    | {"unspecified", "undefined", "author", "authors", "audiobook", "audiobooks", "misc", "miscellaneous"}
    | {"tba", "tbd"}
)


@lru_cache(maxsize=50_000)
def is_nobody(name: str) -> bool:
    """Whether taggers and sources write this where they know no author: "", "Unknown", "Various", "Anon", "Multiple
    Authors", "Diverse". Nobody owns no catalogue and has no gaps."""
    return fold(_AUTHOR_BEHIND.sub("", name)) in _NOBODY or normalise_person(name) in _NOBODY


def is_somebody(name: str | None) -> bool:
    """Whether a name can be searched: it is not nobody's, nor without a letter. A search for such a name finds
    everybody's works."""
    return name is not None and not is_nobody(name) and any(char.isalpha() for char in name)


def written_by(names: Iterable[str]) -> tuple[str, ...]:
    """Of the people that a source names those who wrote: "A & B" taken apart, in order, each once; translators,
    illustrators, narrators, editors and writers of forewords left out where the source says so. "Jane Doe (Author)" is
    Jane Doe. Names that are nobody's stay: the work has no other."""
    people: dict[str, str] = {}
    for text in names:
        for name in _writers(text):
            people.setdefault(normalise_person(name) or name, name)
    return tuple(people.values())


@lru_cache(maxsize=50_000)
def _writers(text: str) -> tuple[str, ...]:
    pieces = _BEFORE_A_ROLE.split(" ".join(text.split()), maxsplit=1)
    return tuple(name for piece in pieces for name in _authors_in(piece))


def _authors_in(piece: str) -> list[str]:
    if _ROLE_BEFORE.match(piece):
        return []  # the role holds for everyone who follows: "translated by A and B"
    found = []
    for part in re.split(r"\s*(?:;|\||\s&\s|\s/\s)\s*", piece):
        if has_other_role(part):
            continue
        found += [name for name in split_people(_AUTHOR_BEHIND.sub("", part)) if not has_other_role(name)]
    return found


def has_other_role(name: str) -> bool:
    """Whether the name itself says that its bearer did something else than write."""
    return bool(_ROLE_BEHIND.search(name) or _ROLE_BEFORE.match(name))


def is_by(authors: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a work by ``authors`` is surely by the person of these ``names`` (the name and the pen names)."""
    somebody = [name for name in names if is_somebody(name)]
    writers = [name for name in written_by(authors) if is_somebody(name)]
    if not somebody or not writers:
        return False
    return same_people(writers, somebody, pen_names=pen_name_map([somebody])).is_same


def names_to_search(name: str, aliases: Iterable[str], taken: Iterable[str] = ()) -> tuple[str, ...]:
    """The names to ask a source for, the shown one first, each once. ``taken`` are the names of other authors of ours:
    a pen name that has a row of its own is searched there, not twice."""
    others = {normalise_person(other) for other in taken}
    found: dict[str, str] = {}
    for one in (name, *aliases):
        key = normalise_person(one)
        if is_somebody(one) and key not in found and (one == name or key not in others):
            found[key] = one
    return tuple(found.values())
