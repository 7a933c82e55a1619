"""Whether two people, series or works are one: same, different, or unsure, with reasons.

Belongs here: verdicts of identity. Does not belong here: what a name looks like (names, titles), what a release is
(release), what is missing (gaps).

Contradictions are looked for first and settle it; only then is evidence counted. Where evidence is missing the verdict
is unsure, and nobody may act on it. A shared surname alone is never evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from rapidfuzz.distance import OSA

from mam_assets.domain.books import Reason, SeriesRef, Work
from mam_assets.domain.isbn import normalise_asin, normalise_isbn
from mam_assets.domain.kinship import akin
from mam_assets.domain.languages import normalise_language
from mam_assets.domain.marks import Mark, marks_of, volume_in
from mam_assets.domain.names import (
    NAME_PARTICLES,
    normalise_person,
    normalise_series,
    normalise_title,
    parse_position,
    split_people,
)
from mam_assets.domain.titles import (
    TitleRelation,
    closest,
    place_in_title,
    title_form,
    without_series_name,
    without_volume,
)


class Sameness(StrEnum):
    """The three answers; unsure is one of them."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class SamenessVerdict:
    """A sameness and why."""

    sameness: Sameness
    reasons: tuple[Reason, ...]

    @property
    def is_same(self) -> bool:
        return self.sameness is Sameness.SAME

    @property
    def is_different(self) -> bool:
        return self.sameness is Sameness.DIFFERENT

    @property
    def is_unsure(self) -> bool:
        return self.sameness is Sameness.UNSURE


def _same(code: str, evidence: str) -> SamenessVerdict:
    return SamenessVerdict(Sameness.SAME, (Reason(code, evidence),))


def _different(code: str, evidence: str) -> SamenessVerdict:
    return SamenessVerdict(Sameness.DIFFERENT, (Reason(code, evidence),))


def _unsure(code: str, evidence: str) -> SamenessVerdict:
    return SamenessVerdict(Sameness.UNSURE, (Reason(code, evidence),))


# --- people -------------------------------------------------------------------------------------------------------

PenNames = Mapping[str, str]
NOBODY = frozenset({"", "unknown", "unknown author", "various", "various authors", "anonymous", "n a", "none"})


def pen_name_map(groups: Iterable[Sequence[str]]) -> dict[str, str]:
    """For `same_person`: each group holds the names of one person, the first being the one used."""
    return {normalise_person(name): normalise_person(group[0]) for group in groups if group for name in group}


def same_person(a: str, b: str, *, pen_names: PenNames | None = None) -> SamenessVerdict:
    """Whether two names are one person's. ``pen_names`` is made by `pen_name_map`.

    Initials, middle names, order and punctuation may differ. "J. Smith" and "John Smith" are unsure; "Frank Herbert"
    and "Brian Herbert" are different; "Tolkien" and "Christopher Tolkien" are unsure.
    """
    aliases = pen_names or {}
    key_a, key_b = normalise_person(a), normalise_person(b)
    key_a, key_b = aliases.get(key_a, key_a), aliases.get(key_b, key_b)
    shown = f"{a!r} and {b!r}"
    if key_a in NOBODY or key_b in NOBODY:
        return _unsure("person_unknown", f"no person is named in {shown}")
    if key_a == key_b:
        return _same("person_equal", shown)
    words_a, words_b = key_a.split(), key_b.split()
    if key_a.replace(" ", "") == key_b.replace(" ", "") or (len(words_a) > 1 and sorted(words_a) == sorted(words_b)):
        return _same("person_equal", f"{shown}: only order or spacing differs")
    words_a, words_b = joined_surname(words_a), joined_surname(words_b)
    if words_a[-1] != words_b[-1]:
        slip = OSA.distance(words_a[-1], words_b[-1]) == 1 and min(len(words_a[-1]), len(words_b[-1])) >= 5
        if slip and words_a[:-1] == words_b[:-1] and len(words_a) > 1:
            return _unsure("person_near", f"{shown}: the surnames differ by one letter")
        return _different("person_differs", shown)
    return _compare_given(words_a[:-1], words_b[:-1], shown)


def joined_surname(words: list[str]) -> list[str]:
    """["ursula", "k", "leguin"] of "Ursula K. Le Guin": sources write particles apart and together. A long surname is
    spelled in one way of several that transliterators have: "dostoevski" of "Dostoyevsky" and "Dostoevskij"."""
    start = len(words) - 1
    while start > 1 and words[start - 1] in NAME_PARTICLES:
        start -= 1
    surname = "".join(words[start:])
    return [*words[:start], _one_spelling(surname) if len(surname) >= _LONG_SURNAME else surname]


_LONG_SURNAME = 7  # "Smith" and "Smyth" are two
_TRANSLITERATED = ((re.compile(r"[ijy]e(?=.)"), "e"), (re.compile(r"[ijy]+"), "i"), (re.compile(r"t(?=ch)"), ""))


@lru_cache(maxsize=50_000)
def _one_spelling(surname: str) -> str:
    for pattern, letters in _TRANSLITERATED:
        surname = pattern.sub(letters, surname)
    return surname.replace("kh", "h").replace("w", "v")


def _compare_given(given_a: list[str], given_b: list[str], shown: str) -> SamenessVerdict:
    if not given_a or not given_b:
        return _unsure("surname_only", f"{shown} share a surname, and one has nothing else")
    pairs = list(zip(given_a, given_b, strict=False))
    for first, second in pairs:
        if first != second and not (len(first) == 1 or len(second) == 1):
            if min(len(first), len(second)) >= 3 and (first.startswith(second) or second.startswith(first)):
                return _unsure("given_name_short", f"{shown}: one may be short for the other")
            return _different("given_names_differ", shown)
        if first[0] != second[0]:
            return _different("initials_differ", shown)
    if len(given_a[0]) > 1 and len(given_b[0]) > 1:
        return _same("person_equal", f"{shown}: a middle name is left out or shortened")
    if len(pairs) >= 2 and len(given_a) == len(given_b):
        return _same("initials_agree", shown)
    return _unsure("initial_only", f"{shown} agree in a surname and an initial only")


def same_people(a: Sequence[str], b: Sequence[str], *, pen_names: PenNames | None = None) -> SamenessVerdict:
    """Whether two lists of authors can be of one work: same as soon as one person stands in both (co-authors and
    illustrators come and go between sources), unsure where a list is empty, different where nobody can be the same."""
    people_a = [person for text in a for person in split_people(text)]
    people_b = [person for text in b for person in split_people(text)]
    if not people_a or not people_b:
        return _unsure("people_unknown", "one side names no author")
    doubt: SamenessVerdict | None = None
    for first in people_a:
        for second in people_b:
            verdict = same_person(first, second, pen_names=pen_names)
            if verdict.is_same:
                return verdict
            if verdict.is_unsure and doubt is None:
                doubt = verdict
    return doubt or _different("people_differ", f"{', '.join(people_a)} and {', '.join(people_b)}")


# --- series -------------------------------------------------------------------------------------------------------

Author = str | Sequence[str] | None


def same_series(
    name_a: str, author_a: Author, name_b: str, author_b: Author, *, pen_names: PenNames | None = None
) -> SamenessVerdict:
    """Whether two series are one. Equal keys need the same author; "Dune" and "Dune Chronicles", or a name with and
    without a subtitle, are unsure: a second series object with numbers of its own has doubled many a gap."""
    people_a, people_b = _people(author_a), _people(author_b)
    key_a, key_b = series_key(name_a, people_a), series_key(name_b, people_b)
    shown = f"{name_a!r} and {name_b!r}"
    if not key_a or not key_b:
        return _unsure("series_unnamed", shown)
    people = same_people(people_a, people_b, pen_names=pen_names)
    if people.is_different:
        return _different("series_author_differs", f"{shown}: {people.reasons[0].evidence}")
    if key_a == key_b or key_a.replace(" ", "") == key_b.replace(" ", ""):
        return _same("series_equal", shown) if people.is_same else _unsure("series_author_unknown", shown)
    short, long = sorted((key_a.split(), key_b.split()), key=len)
    if long[: len(short)] == short or long[-len(short) :] == short:
        return _unsure("series_extends", f"{shown}: one name holds the other")
    if OSA.normalized_similarity(key_a, key_b) >= 0.88:
        return _unsure("series_near", f"{shown} are spelled nearly alike")
    return _different("series_differ", shown)


def _people(author: Author) -> tuple[str, ...]:
    return split_people(author) if isinstance(author, str) else tuple(author or ())


def series_key(name: str, people: Sequence[str]) -> str:
    for person in people:
        key = normalise_series(name, person)
        if key != normalise_series(name):
            return key
    return normalise_series(name)


# --- works --------------------------------------------------------------------------------------------------------

# What a title may say of itself that makes it another work than one that doesn't say so.
_OTHER_WORK = (Mark.SUMMARY, Mark.COMPANION, Mark.ADAPTATION, Mark.SAMPLE, Mark.COLLECTION, Mark.PART)
_NUMBER_MAY_EXPLAIN = {TitleRelation.MAIN, TitleRelation.EXTENSION, TitleRelation.DIFFERENT_NUMBER}


def same_work(a: Work, b: Work, *, pen_names: PenNames | None = None) -> SamenessVerdict:
    """Whether two records mean one work.

    Different on: other authors; a summary, companion, adaptation, box set or part beside the work itself; another
    language; another position in the same series under another title; a title that goes on ("Treasure of Khan").
    Same on: an equal ISBN or ASIN; title and author; series, position and author with titles that have something in
    common. A position alone is never enough, since sources count differently and uploaders mistake numbers. Otherwise
    unsure.
    """
    people = same_people(a.authors, b.authors, pen_names=pen_names)
    if people.is_different:
        return SamenessVerdict(Sameness.DIFFERENT, people.reasons)
    kind = _kinds_differ(a, b)
    if kind is not None:
        return kind
    place = _compare_places(a, b, pen_names)
    series = tuple(ref.name for ref in (a.series, b.series) if ref is not None)
    relation = closest(titles_of(a), titles_of(b), series=series)
    if relation in _NUMBER_MAY_EXPLAIN and _volume_explains(a, b):
        relation = TitleRelation.EQUAL
    shown = f"{a.title!r} and {b.title!r}"
    edition = _same_edition(a, b)
    if edition is None and not (normalise_title(a.title) and normalise_title(b.title)):
        return _unsure("title_unreadable", f"{shown}: one has no letter or digit")
    if place is Sameness.DIFFERENT:
        if relation is TitleRelation.EQUAL or edition:
            return _unsure("numbering_differs", f"{shown} stand at other positions of the series")
        return _different("sibling", f"{shown} are other volumes of one series")
    if edition is not None:
        if relation in {TitleRelation.UNRELATED, TitleRelation.DIFFERENT_NUMBER} and place is not Sameness.SAME:
            return _unsure("edition_title_differs", f"{shown} share {edition.evidence}")
        return SamenessVerdict(Sameness.SAME, (edition,))
    years_differ = bool(a.published and b.published and a.published[:4] != b.published[:4])
    if relation in {TitleRelation.EQUAL, TitleRelation.SUBTITLE}:
        if place is None and years_differ:
            return _unsure("series_and_year_differ", f"{shown} stand in different series and came out in other years")
        if people.is_same:
            return _same("title_and_author", shown)
        return _unsure("author_unsure", f"{shown}: {people.reasons[0].evidence}")
    if place is Sameness.SAME and people.is_same and relation is not TitleRelation.DIFFERENT_NUMBER:
        if not akin(titles_of(a), titles_of(b), series=series):
            return _unsure("position_only", f"{shown} stand at the same position of one series, under other titles")
        return _same("series_and_position", f"{shown} stand at the same position of one series")
    years_agree = bool(a.published and b.published) and not years_differ
    same_volume = volume_in(a.title) == volume_in(b.title)
    if relation is TitleRelation.MAIN and people.is_same and years_agree and same_volume:
        return _same("main_title_author_year", shown)
    if relation in {TitleRelation.MAIN, TitleRelation.SHARED_HEAD}:
        return _unsure("main_title_only", f"{shown} agree before the subtitle only")
    if relation is TitleRelation.NEAR:
        return _unsure("title_near", f"{shown} are spelled nearly alike")
    if relation is TitleRelation.EXTENSION:
        return _different("title_extends", f"{shown}: one goes on where the other ends")
    return _different("title_differs", shown)


def titles_of(work: Work) -> tuple[str, ...]:
    """Every title that a work goes by, with and without the name of its own series: "Star Wars: Heir to the Empire" of
    the series Star Wars is "Heir to the Empire"."""
    titles = (work.title, *work.other_titles)
    if work.series is None:
        return titles
    return tuple(dict.fromkeys((*titles, *(without_series_name(title, (work.series.name,)) for title in titles))))


def _volume_explains(a: Work, b: Work) -> bool:
    """Whether two titles differ only by what one says of the other's very place: "The Final Empire, Book 1", "The Final
    Empire: Mistborn, Book 1"."""
    for work, other in ((a, b), (b, a)):
        place = parse_position(other.series.position) if other.series else None
        if other.series is None or place is None:
            continue
        for title in titles_of(work):
            bare, volume = without_volume(title)
            if volume == place and closest((bare,), titles_of(other)) is TitleRelation.EQUAL:
                return True
            bare, named = place_in_title(title, (other.series.name,))
            if named is None or parse_position(named.position) != place:
                continue
            begun = [name for name in titles_of(other) if title_form(name).main == title_form(title).main]
            if closest((bare,), begun) is TitleRelation.EQUAL:
                return True
    return False


def _kinds_differ(a: Work, b: Work) -> SamenessVerdict | None:
    marks_a, marks_b = marks_of(a.title), marks_of(b.title)
    for mark in _OTHER_WORK:
        if (mark in marks_a) != (mark in marks_b):
            return _different(f"kind_{mark.value}", f"only one of {a.title!r} and {b.title!r} is a {mark.value}")
    if _is_several(a) != _is_several(b):
        return _different("kind_collection", f"only one of {a.title!r} and {b.title!r} is a collection")
    language_a, language_b = normalise_language(a.language), normalise_language(b.language)
    if language_a and language_b and language_a != language_b:
        return _different("translation", f"{a.title!r} is {language_a}, {b.title!r} is {language_b}")
    return None


def _is_several(work: Work) -> bool:
    position = parse_position(work.series.position) if work.series else None
    return work.is_collection or (position is not None and position.is_range)


def _compare_places(a: Work, b: Work, pen_names: PenNames | None) -> Sameness | None:
    """SAME or DIFFERENT place in one series; None for places in different series; else UNSURE."""
    if a.series is None or b.series is None:
        return Sameness.UNSURE
    both = a.series.position and b.series.position
    if both and same_series(a.series.name, a.authors, b.series.name, b.authors, pen_names=pen_names).is_different:
        return None
    return compare_places(a.series, a.authors, b.series, b.authors, pen_names=pen_names)


def compare_places(
    a: SeriesRef, authors_a: Author, b: SeriesRef, authors_b: Author, *, pen_names: PenNames | None = None
) -> Sameness:
    """Whether two places in a series are the same, another, or not to be compared."""
    first, second = parse_position(a.position), parse_position(b.position)
    if first is None or second is None:
        return Sameness.UNSURE
    if not same_series(a.name, authors_a, b.name, authors_b, pen_names=pen_names).is_same:
        return Sameness.UNSURE
    return Sameness.SAME if first == second else Sameness.DIFFERENT


def _same_edition(a: Work, b: Work) -> Reason | None:
    isbn_a, isbn_b = normalise_isbn(a.isbn), normalise_isbn(b.isbn)
    if isbn_a and isbn_a == isbn_b:
        return Reason("isbn_equal", f"ISBN {isbn_a}")
    asin_a, asin_b = normalise_asin(a.asin), normalise_asin(b.asin)
    if asin_a and asin_a == asin_b:
        return Reason("asin_equal", f"ASIN {asin_a}")
    return None
