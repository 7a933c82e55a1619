"""Finding a work among very many, with the verdicts that comparing with each of them would give.

Belongs here: which works can be anything but different, found by keys instead of by comparing. Does not belong here:
the verdict itself (identity): every work that a key brings up is compared in full.

`same_work` says SAME or UNSURE only where nobody's name contradicts and one of these holds: an equal ISBN or ASIN; an
equal title; an equal title before the subtitle; an equal place in an equally named series; a title spelled nearly
alike; a title without letters; a title that is the other's but for the number of its volume. Each has its key here.
Only spelling has none, so it is looked for among the works of the people that can be the same, among works that name
nobody, and for a work that names nobody itself among all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from mam_assets.domain.books import Work
from mam_assets.domain.identity import (
    NOBODY,
    PenNames,
    Sameness,
    SamenessVerdict,
    joined_surname,
    same_work,
    series_key,
    titles_of,
)
from mam_assets.domain.isbn import normalise_asin, normalise_isbn
from mam_assets.domain.people import normalise_person, split_people
from mam_assets.domain.positions import parse_position
from mam_assets.domain.titles import NEAR_AT_LEAST, TitleForm, title_form, without_volume


@dataclass(frozen=True, slots=True)
class WorkMatch:
    """A work of the index that is, or may be, the one asked for. ``number`` counts from 0 in the order of adding."""

    number: int
    work: Work
    verdict: SamenessVerdict


class _Keys:
    """Numbers by key. Only the key's hash is kept, and no list for a single number: two keys that share a hash bring up
    a work too many, which the full comparison sends away."""

    def __init__(self) -> None:
        self._found: dict[int, int | list[int]] = {}

    def add(self, key: object, number: int) -> None:
        place = hash(key)
        known = self._found.get(place)
        if known is None:
            self._found[place] = number
        elif isinstance(known, list):
            if known[-1] != number:
                known.append(number)
        elif known != number:
            self._found[place] = [known, number]

    def get(self, key: object) -> Sequence[int]:
        known = self._found.get(hash(key))
        if known is None:
            return ()
        return known if isinstance(known, list) else (known,)


class WorkIndex:
    """Works by every key under which `same_work` could call two of them one. ``pen_names`` is made by
    `identity.pen_name_map`. Adding is possible at any time; nothing is taken out."""

    def __init__(self, works: Iterable[Work] = (), *, pen_names: PenNames | None = None) -> None:
        self._pen_names = pen_names
        self._works: list[Work] = []
        self._titles = _Keys()
        self._places = _Keys()
        self._editions = _Keys()
        self._unreadable: list[int] = []
        self._nameless: set[int] = set()
        self._people: dict[str, int] = {}
        self._works_of_person: list[list[int]] = []
        self._person_by = _Keys()
        self._surnames_of_given: dict[tuple[str, ...], tuple[list[str], list[int]]] = {}
        # Every title's key, with the number of its work; those of the nameless once more.
        self._keys: list[str] = []
        self._numbers: list[int] = []
        self._first_key: list[int] = []
        self._nameless_keys: list[str] = []
        self._nameless_numbers: list[int] = []
        for work in works:
            self.add(work)

    def __len__(self) -> int:
        return len(self._works)

    def add(self, work: Work) -> int:
        """Take a work in; its number is given back."""
        number = len(self._works)
        self._works.append(work)
        people = self._persons(work)
        if people is None:
            self._nameless.add(number)
        for person in people or ():
            self._works_of_person[self._person_number(person)].append(number)
        self._first_key.append(len(self._keys))
        if not title_form(work.title).key:
            self._unreadable.append(number)
        for form in _forms(work):
            for key in _keys_of(form):
                self._titles.add(key, number)
            self._keys.append(form.key)
            self._numbers.append(number)
            if people is None:
                self._nameless_keys.append(form.key)
                self._nameless_numbers.append(number)
        for key in _editions(work):
            self._editions.add(key, number)
        place_key = _place(work)
        if place_key is not None:
            self._places.add(place_key, number)
        return number

    def find(self, work: Work) -> tuple[WorkMatch, ...]:
        """Every work that is the same or may be, the same ones first, each in the order of adding: exactly those for
        which `same_work` with each work of the index doesn't say different."""
        matches = []
        for number in sorted(self._candidates(work)):
            known = self._works[number]
            verdict = same_work(work, known, pen_names=self._pen_names)
            if not verdict.is_different:
                matches.append(WorkMatch(number, known, verdict))
        return tuple(sorted(matches, key=lambda match: match.verdict.sameness is not Sameness.SAME))

    def _candidates(self, work: Work) -> set[int]:
        people = self._persons(work)
        named = None if people is None else self._named(people)
        if not title_form(work.title).key:
            return set(range(len(self._works))) if named is None else named | self._nameless
        found: set[int] = set(self._unreadable)
        forms = _forms(work)
        for form in forms:
            for key in _keys_of(form):
                found.update(self._titles.get(key))
        for key in _editions(work):
            found.update(self._editions.get(key))
        place = _place(work)
        if place is not None:
            found.update(self._places.get(place))
        if named is not None:
            found = {number for number in found if number in named or number in self._nameless}
        found.update(self._spelled_nearly([form.key for form in forms], named))
        return found

    def _spelled_nearly(self, keys: Sequence[str], named: set[int] | None) -> Iterator[int]:
        if named is None:
            yield from _near(keys, self._keys, self._numbers)
            return
        own_keys: list[str] = []
        own_numbers: list[int] = []
        for number in named:
            end = self._first_key[number + 1] if number + 1 < len(self._first_key) else len(self._keys)
            for place in range(self._first_key[number], end):
                own_keys.append(self._keys[place])
                own_numbers.append(number)
        yield from _near(keys, own_keys, own_numbers)
        yield from _near(keys, self._nameless_keys, self._nameless_numbers)

    # --- people -------------------------------------------------------------------------------------------------

    def _persons(self, work: Work) -> list[str] | None:
        """The keys of a work's people, None where one of them, or all, is nobody: such a work may be anyone's."""
        aliases = self._pen_names or {}
        people = []
        for text in work.authors:
            for name in split_people(text):
                key = normalise_person(name)
                key = aliases.get(key, key)
                if key in NOBODY:
                    return None
                people.append(key)
        return people or None

    def _person_number(self, person: str) -> int:
        number = self._people.get(person)
        if number is not None:
            return number
        number = self._people[person] = len(self._works_of_person)
        self._works_of_person.append([])
        words = person.split()
        self._person_by.add(("joined", person.replace(" ", "")), number)
        self._person_by.add(("words", tuple(sorted(words))), number)
        *given, surname = joined_surname(words)
        self._person_by.add((surname, given[0][0] if given else ""), number)
        self._person_by.add((surname,), number)
        if given:
            surnames, numbers = self._surnames_of_given.setdefault(tuple(given), ([], []))
            surnames.append(surname)
            numbers.append(number)
        return number

    def _named(self, people: Iterable[str]) -> set[int]:
        """The works of everyone who can be one of these people."""
        persons: set[int] = set()
        for person in people:
            words = person.split()
            persons.update(self._person_by.get(("joined", person.replace(" ", ""))))
            persons.update(self._person_by.get(("words", tuple(sorted(words)))))
            *given, surname = joined_surname(words)
            if given:
                persons.update(self._person_by.get((surname, given[0][0])), self._person_by.get((surname, "")))
            else:
                persons.update(self._person_by.get((surname,)))
            surnames, numbers = self._surnames_of_given.get(tuple(given), ([], []))
            slips = process.extract(surname, surnames, scorer=OSA.distance, score_cutoff=1, limit=None)
            persons.update(numbers[index] for _, _, index in slips)
        return {number for person in persons for number in self._works_of_person[person]}


def _forms(work: Work) -> list[TitleForm]:
    return [form for title in titles_of(work) if (form := title_form(title)).key]


def _keys_of(form: TitleForm) -> Iterator[object]:
    """What an equal title, an equal title before the subtitle, and a title but for its volume's number share."""
    yield form.joined
    yield "main", form.main
    bare, volume = without_volume(form.text)
    if volume is not None:
        yield title_form(bare).joined


def _near(keys: Sequence[str], among: Sequence[str], numbers: Sequence[int]) -> Iterator[int]:
    for key in keys:
        hits = process.extract(key, among, scorer=fuzz.ratio, score_cutoff=NEAR_AT_LEAST, limit=None)
        yield from (numbers[index] for _, _, index in hits)


def _editions(work: Work) -> Iterator[tuple[str, str]]:
    isbn, asin = normalise_isbn(work.isbn), normalise_asin(work.asin)
    if isbn:
        yield "isbn", isbn
    if asin:
        yield "asin", asin


def _place(work: Work) -> tuple[str, str] | None:
    """The place that may make two works one whatever their titles."""
    position = parse_position(work.series.position) if work.series else None
    if work.series is None or position is None:
        return None
    people = [name for text in work.authors for name in split_people(text)]
    return series_key(work.series.name, people).replace(" ", ""), position.canonical
