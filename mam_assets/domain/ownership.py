"""Which works of a catalogue the library has, and by which book.

Belongs here: matching owned books with the works of a catalogue. Does not belong here: grouping the catalogue
(catalogue), counting what is missing (gaps).

An owned book is looked for by ISBN or ASIN, then by title, then by its place in the series, then by the title before
the subtitle. The first that answers settles it: a book whose title is found is not also taken for the work at a wrong
place. A place alone shows nothing, for numbers are mistaken and sources count differently: the titles must be akin, or
a person have settled the number. Nor does a title that is only spelled nearly so: "Hunted" is not "Haunted". Such a
book is a doubt, which a person can settle.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property, lru_cache

from mam_assets.domain.books import OwnedBook, Reason
from mam_assets.domain.catalogue import CatalogueWork, EntryKind, words_elsewhere
from mam_assets.domain.isbn import normalise_asin, normalise_isbn
from mam_assets.domain.kinship import akin, one_word_apart
from mam_assets.domain.marks import Mark, marks_of, range_in, volume_in
from mam_assets.domain.names import (
    Position,
    main_title,
    normalise_series,
    normalise_title,
    parse_position,
    parse_title_all_series,
    strip_edition_notes,
)
from mam_assets.domain.spelling import one_spelling
from mam_assets.domain.titles import (
    TitleRelation,
    numbers_as_digits,
    place_in_title,
    relate_titles,
    without_series_name,
    without_volume,
)

DOUBTFUL_POSITION, DOUBTFUL_SPELLING = "doubtful_position", "doubtful_spelling"
_WORKS = (EntryKind.PRIMARY, EntryKind.NOVELLA)
SameAuthors = Callable[[Sequence[str], Sequence[str]], bool]


@dataclass(slots=True)
class Ownership:
    """``owners`` maps the index of a work to (book id, reason); ``unmatched`` are books that no work was found for;
    ``doubts`` maps a work to why one of these may be it all the same."""

    owners: dict[int, list[tuple[int, Reason]]] = field(default_factory=lambda: defaultdict(list))
    unmatched: list[int] = field(default_factory=list)
    doubts: dict[int, Reason] = field(default_factory=dict)


def match_owned(
    works: Sequence[CatalogueWork],
    owned: Iterable[OwnedBook],
    *,
    may_be_same_authors: SameAuthors,
    series_key_of: Callable[[OwnedBook], str | None],
    series_name: str | None = None,
) -> Ownership:
    """Match each book once. ``series_key_of`` gives the key in which the book's position counts, None where it counts
    in no series of this catalogue; ``series_name`` is set for a series' own catalogue, where it is no title."""
    index = _Index(works, may_be_same_authors, series_name)
    found = Ownership()
    parts: dict[int, set[int]] = defaultdict(set)
    part_books: dict[int, list[int]] = defaultdict(list)
    for book in _in_order(owned):
        series_key = series_key_of(book)
        position = _book_position(book)
        if position is None:
            position, series_key = index.place_named(book, series_key)
        if (position is not None and position.is_part) or Mark.PART in marks_of(book.title):
            for work in dict.fromkeys([*index.parts_titled(book), *index.parts_at(book, position, series_key)]):
                evidence = f"{book.title!r} is in the library"
                found.owners[work].append((book.book_id, Reason("owned_title", evidence)))
            if position is not None and position.is_part and series_key is not None:
                for work in index.surely_at(series_key, position, book):
                    parts[work].add(position.part or 0)
                    part_books[work].append(book.book_id)
            continue
        hits = index.find(book, position, series_key)
        covered = index.covered(book, position, series_key, hits)
        for work, reason in {**covered, **hits}.items():
            found.owners[work].append((book.book_id, reason))
        if not hits and not covered:
            found.unmatched.append(book.book_id)
            for work, doubt in index.doubts(book, position, series_key).items():
                found.doubts.setdefault(work, doubt)
    for work, numbers in parts.items():
        if len(numbers) >= 2 and numbers == set(range(1, len(numbers) + 1)):
            reason = Reason("owned_parts", f"parts {', '.join(map(str, sorted(numbers)))} are in the library")
            found.owners[work].extend((book_id, reason) for book_id in part_books[work])
    return found


def _in_order(owned: Iterable[OwnedBook]) -> list[OwnedBook]:
    """Each once, by id; the rows of one book in an order that does not hang on how they were given."""
    books = set(owned)
    rows = Counter(book.book_id for book in books)
    return sorted(books, key=lambda book: (book.book_id, repr(book) if rows[book.book_id] > 1 else ""))


def _book_position(book: OwnedBook) -> Position | None:
    position = parse_position(book.series_position)
    if position is not None:
        return position
    named = parse_title_all_series(book.title)[1]
    return (parse_position(named[0].position) if named else None) or range_in(book.title)


class _Index:
    """The works of a catalogue by every key that an owned book may have."""

    def __init__(self, works: Sequence[CatalogueWork], same_authors: SameAuthors, series_name: str | None) -> None:
        self._works = works
        self._same_authors = same_authors
        self._series_key = normalise_series(series_name) if series_name else None
        self._series_name = series_name or ""
        self._names: dict[str, str] = {}  # of the series in this catalogue → the key that its places have
        self._by_id: dict[tuple[str, str], set[int]] = defaultdict(set)
        self._by_title: dict[str, set[int]] = defaultdict(set)
        self._by_main: dict[str, set[int]] = defaultdict(set)
        self._by_place: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._series_places: dict[str, list[tuple[Position, int]]] = defaultdict(list)
        for number, work in enumerate(works):
            self._add(number, work)

    def _add(self, number: int, work: CatalogueWork) -> None:
        for line in work.lines:
            for name, value in (("isbn", normalise_isbn(line.entry.isbn)), ("asin", normalise_asin(line.entry.asin))):
                if value:
                    self._by_id[name, value].add(number)
            if line.title_key:
                self._by_title[line.title_key].add(number)
                self._by_main[line.main_key].add(number)
                whole = normalise_title(line.entry.title)
                if whole != line.title_key:
                    self._by_title[whole].add(number)
            if line.entry.series is not None and line.place is not None:
                self._names[line.entry.series.name] = line.place[0]
        for place in sorted(work.places):
            self._by_place[place].append(number)
        # Inside a box set is what the source puts there that is believed most.
        for series, canonical in sorted(
            {line.place[0]: line.place[1] for line in reversed(work.lines) if line.place}.items()
        ):
            position = parse_position(canonical)
            if position is not None and not position.is_part:
                self._series_places[series].append((position, number))

    @cached_property
    def _by_skeleton(self) -> Mapping[str, set[int]]:
        found: dict[str, set[int]] = defaultdict(set)
        for title, numbers in self._by_title.items():
            found[_skeleton(title)] |= numbers
        return found

    def find(self, book: OwnedBook, position: Position | None, series_key: str | None) -> dict[int, Reason]:
        """The work that the book is, by the first kind of evidence that answers."""
        by_id = self._with_id(book)
        if by_id:
            return by_id
        title = normalise_title(self._bare(book))
        reason = Reason("owned_title", f"{book.title!r} is in the library")
        for key in dict.fromkeys((title, normalise_title(book.title))):
            named = self._titled(book, self._by_title.get(key, set()), position, series_key)
            if named:
                return dict.fromkeys(named, reason) | self._settled(book, position, series_key)
        if position is not None and series_key is not None:
            placed = self.surely_at(series_key, position, book)
            if placed:
                evidence = f"{book.title!r} is in the library at number {position.canonical}"
                return {placed[0]: Reason("owned_position", evidence)}
            if not position.is_range:
                return {}  # the book says where it stands, and nothing akin to it stands there
        return self._loosely(book, title)

    def _bare(self, book: OwnedBook) -> str:
        title, named = parse_title_all_series(book.title)
        return place_in_title(title, self._series_names(book, *(ref.name for ref in named)))[0]

    def _series_names(self, book: OwnedBook, *more: str) -> tuple[str, ...]:
        return (self._series_name, book.series_name or "", *more, *self._names)

    def place_named(self, book: OwnedBook, series_key: str | None) -> tuple[Position | None, str | None]:
        """Where a book stands that has no position, by its title: "Alcatraz 01 - ..." of a series in this catalogue; in
        a series' own catalogue "..., Book 11" too. And the key that the place counts in."""
        _, named = place_in_title(book.title, self._series_names(book))
        position = parse_position(named.position) if named is not None else None
        if named is not None and position is not None:
            return position, self._names.get(named.name, series_key)
        return (volume_in(book.title) if self._series_key is not None else None), series_key

    def parts_at(self, book: OwnedBook, position: Position | None, series_key: str | None) -> list[int]:
        """The parts of a catalogue that stand just where an owned part does."""
        if position is None or series_key is None:
            return []
        hits = self._by_place.get((series_key, position.canonical), [])
        return [
            n
            for n in hits
            if self._works[n].kind is EntryKind.PART and self._same_authors(book.authors, self._works[n].entry.authors)
        ]

    def parts_titled(self, book: OwnedBook) -> list[int]:
        """The parts of a catalogue that bear the title of an owned part: a part is never its whole."""
        hits = sorted(self._by_title.get(normalise_title(self._bare(book)), set()))
        return [n for n in hits if self._works[n].kind is EntryKind.PART]

    def _with_id(self, book: OwnedBook) -> dict[int, Reason]:
        for name, value in (("isbn", normalise_isbn(book.isbn)), ("asin", normalise_asin(book.asin))):
            hits = self._by_id.get((name, value), set()) if value else set()
            works = [n for n in hits if self._works[n].kind in _WORKS or len(hits) == 1]
            if len(works) == 1:
                return {works[0]: Reason(f"owned_{name}", f"{book.title!r} in the library has {name.upper()} {value}")}
        return {}

    def _titled(self, book: OwnedBook, hits: set[int], position: Position | None, series_key: str | None) -> list[int]:
        candidates = [n for n in sorted(hits) if self._same_authors(book.authors, self._works[n].entry.authors)]
        if position is None or series_key is None:
            works = [n for n in candidates if self._works[n].kind in _WORKS] or candidates
            return works if len(works) == 1 else []
        here = [n for n in candidates if (series_key, position.canonical) in self._works[n].places]
        if here:
            return here[:1]
        # The same title elsewhere in the series: sources count differently. Not so where the title is the series' name,
        # where one is a box set, or where several volumes bear the title.
        if len(candidates) != 1 or normalise_series(self._bare(book)) in {self._series_key, series_key}:
            return []
        work = self._works[candidates[0]]
        there = work.position
        alike = there is None or there.is_range == position.is_range
        return candidates if alike and work.kind in (*_WORKS, EntryKind.COLLECTION) else []

    def at(self, series_key: str, position: Position, book: OwnedBook) -> list[int]:
        """The works at a place (for a part: at the place of its whole), the one with the likest title first."""
        whole = Position(position.ranges).canonical
        wanted = (EntryKind.COLLECTION,) if position.is_range else _WORKS
        hits = [
            n
            for n in self._by_place.get((series_key, whole), [])
            if self._works[n].kind in wanted and self._same_authors(book.authors, self._works[n].entry.authors)
        ]
        order = list(TitleRelation)
        return sorted(hits, key=lambda n: (order.index(relate_titles(book.title, self._works[n].entry.title)), n))

    def _settled(self, book: OwnedBook, position: Position | None, series_key: str | None) -> dict[int, Reason]:
        """What stands at the number of a book that a person has settled, under whatever title."""
        if not book.place_is_settled or position is None or series_key is None or position.is_range:
            return {}
        believed = sorted(self.at(series_key, position, book), key=lambda n: self._works[n].place_rank)
        evidence = f"{book.title!r} is in the library at number {position.canonical}, as a person settled"
        return dict.fromkeys(believed[:1], Reason("owned_position", evidence))

    def surely_at(self, series_key: str, position: Position, book: OwnedBook) -> list[int]:
        """The works at a place that the book surely is, not by the place alone."""
        hits = self.at(series_key, position, book)
        if position.is_range or book.place_is_settled:
            return hits
        return [n for n in hits if self._is_akin(book, (series_key, position.canonical), position, self._works[n])]

    def _is_akin(self, book: OwnedBook, place: tuple[str, str], position: Position, work: CatalogueWork) -> bool:
        series = tuple(dict.fromkeys(name for name in self._series_names(book) if name))
        if _says_no_more_than(book.title, series, position):
            return True
        _, named = place_in_title(book.title, series)
        said = (parse_position(named.position) if named is not None else None) or volume_in(book.title)
        if said is not None and said != position:
            return False  # the title itself says another number
        titles = [title for line in work.lines for title in _forms(line.entry.title, series, position)]
        ours = _forms(book.title, series, position)
        if akin(ours, titles, series=series):
            return True
        lines = (line for one in self._works for line in one.lines if one is not work)
        return one_word_apart(ours, titles, series=series, elsewhere=lambda: words_elsewhere(lines, place))

    def doubts(self, book: OwnedBook, position: Position | None, series_key: str | None) -> dict[int, Reason]:
        """The works that a book, which surely is none, may be: what stands at its place, or is spelled nearly so."""
        if position is not None and series_key is not None and not position.is_range and not position.is_part:
            evidence = f"{book.title!r} in the library has its number {position.canonical}, and another title"
            return dict.fromkeys(self.at(series_key, position, book), Reason(DOUBTFUL_POSITION, evidence))
        evidence = f"{book.title!r} in the library is spelled nearly so"
        return dict.fromkeys(self._spelled_nearly(book)[:1], Reason(DOUBTFUL_SPELLING, evidence))

    def _loosely(self, book: OwnedBook, title: str) -> dict[int, Reason]:
        bare, volume = without_volume(self._bare(book))
        named = self._eligible(book, self._by_title.get(normalise_title(bare), set())) if volume is not None else []
        if len(named) == 1 and self._works[named[0]].position in (None, volume):
            return {named[0]: Reason("owned_title", f"{book.title!r} is in the library")}
        main = normalise_title(main_title(self._bare(book)))
        if main and main != self._series_key:
            hits = self._eligible(book, self._by_main.get(main, set()))
            whole = [n for n in hits if title == main or any(line.title_key == main for line in self._works[n].lines)]
            if len(hits) == 1 and whole:
                evidence = f"{book.title!r} is in the library, and no other work begins so"
                return {hits[0]: Reason("owned_main_title", evidence)}
        same = [n for n in self._spelled_nearly(book) if self._is_spelled_otherwise(book, self._works[n])]
        if len(same) == 1:
            return {
                same[0]: Reason("owned_spelled_nearly", f"{book.title!r} is in the library, spelled a little otherwise")
            }
        return {}

    def _spelled_nearly(self, book: OwnedBook) -> list[int]:
        """The works that have a title spelled nearly as the book's."""
        keys = {_skeleton(normalise_title(title)) for title in (self._bare(book), book.title)}
        return [
            n
            for n in self._eligible(book, set().union(*(self._by_skeleton.get(key, set()) for key in keys)))
            if relate_titles(book.title, self._works[n].entry.title) in {TitleRelation.EQUAL, TitleRelation.NEAR}
        ]

    def _is_spelled_otherwise(self, book: OwnedBook, work: CatalogueWork) -> bool:
        """Whether two titles that are spelled nearly alike are one title by some rule of spelling."""
        ours = {one_spelling(normalise_title(title)) for title in (self._bare(book), book.title)}
        theirs = {
            one_spelling(key) for line in work.lines for key in (line.title_key, normalise_title(line.entry.title))
        }
        return bool(ours & theirs) or relate_titles(book.title, work.entry.title) is TitleRelation.EQUAL

    def _eligible(self, book: OwnedBook, hits: set[int]) -> list[int]:
        return [
            n
            for n in sorted(hits)
            if self._works[n].kind in _WORKS and self._same_authors(book.authors, self._works[n].entry.authors)
        ]

    def covered(
        self, book: OwnedBook, position: Position | None, series_key: str | None, hits: dict[int, Reason]
    ) -> dict[int, Reason]:
        """The works inside an owned box set: by the book's own range, or by that of the collection that it is."""
        spans: list[tuple[str, Position]] = []
        if position is not None and position.is_range and series_key is not None:
            spans.append((series_key, position))
        for number in hits:
            if self._works[number].kind is EntryKind.COLLECTION:
                parsed = ((series, parse_position(text)) for series, text in sorted(self._works[number].places))
                spans.extend((series, place) for series, place in parsed if place is not None and place.is_range)
        found: dict[int, Reason] = {}
        for series, span in spans:
            for place, number in self._series_places.get(series, []):
                work = self._works[number]
                inside = work.kind in _WORKS and not place.is_range and span.covers(place)
                if inside and self._same_authors(book.authors, work.entry.authors):
                    evidence = f"{book.title!r} in the library holds {span.canonical}"
                    found.setdefault(number, Reason("owned_in_box_set", evidence))
        return found


def _forms(title: str, series: tuple[str, ...], position: Position) -> tuple[str, ...]:
    """A title as it stands, without its bracket, without its series' name, and without this very number."""
    unbracketed = strip_edition_notes(parse_title_all_series(strip_edition_notes(title))[0])
    forms = [title, unbracketed, place_in_title(unbracketed, series)[0], without_series_name(unbracketed, series)]
    numbered = [without_volume(form) for form in forms]
    return tuple(dict.fromkeys((*forms, *(bare for bare, volume in numbered if volume == position))))


_PLACE_WORDS = frozenset({"the", "a", "an", "novel", "series", "saga", "book", "vol", "no", "part"})


def _says_no_more_than(title: str, series: Sequence[str], position: Position) -> bool:
    """Whether a title is but its place: "Mistborn 2", "Mistborn, Book Two", "Book 2"."""
    text = f" {numbers_as_digits(normalise_title(strip_edition_notes(title)))} "
    for name in series:
        text = text.replace(f" {numbers_as_digits(normalise_title(name))} ", "  ")
    return {word.lstrip("0") or "0" for word in text.split() if word not in _PLACE_WORDS} == {position.canonical}


@lru_cache(maxsize=20_000)
def _skeleton(title_key: str) -> str:
    """Consonants only, numbers as digits: "colour" and "color", "Ten Apples" and "10 Apples" meet here, to be compared
    in full."""
    return re.sub(r"[aeiouy ]", "", numbers_as_digits(title_key))


def whole_numbers(works: Iterable[CatalogueWork]) -> set[int]:
    """Every whole place that a catalogue speaks of, those inside its collections and parts too."""
    found: set[int] = set()
    for work in works:
        for line in work.lines:
            if line.position is None:
                continue
            for low, high in line.position.ranges:
                first = int(low.to_integral_value(rounding="ROUND_CEILING"))
                found.update(number for number in range(first, int(high) + 1) if Decimal(number) <= high)
    return found
