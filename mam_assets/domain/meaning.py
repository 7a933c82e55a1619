"""Which rows a person means by a title, and which of them are about one thing.

Belongs here: matching what was typed with what is there, and putting rows about one work together to be shown. Does not
belong here: reading the rows (store/why.py), what follows from them (explaining), whether two works are one (identity).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz, process, utils

from mam_assets.domain.names import fold, main_title, normalise_person, normalise_title

Kind = Literal["book", "gap", "work"]
NEAREST_SHOWN = 5
_NEAR_ENOUGH = 60.0


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that may be what is meant: a book, a gap, or an entry of a catalogue (kind ``work``)."""

    kind: Kind
    row_id: int
    title: str
    authors: tuple[str, ...] = ()
    series: str | None = None
    position: str | None = None
    status: str = ""
    other_titles: tuple[str, ...] = ()
    series_id: int | None = None
    author_id: int | None = None
    book_id: int | None = None
    same_as: int | None = None
    closed: bool = False

    @property
    def ref(self) -> str:
        """The id by which a person chooses it: ``book:12``, ``gap:7``, ``work:31``."""
        return f"{self.kind}:{self.row_id}"


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing to explain: a book, or a work that is no book of ours, with its gaps and its catalogue entries."""

    title: str
    authors: tuple[str, ...]
    book: Hit | None
    gaps: tuple[Hit, ...]
    works: tuple[Hit, ...]

    @property
    def ref(self) -> str:
        first = self.book or next((gap for gap in self.gaps if not gap.closed), None)
        return (first or (self.gaps or self.works)[0]).ref

    @property
    def hits(self) -> tuple[Hit, ...]:
        return (*((self.book,) if self.book else ()), *self.gaps, *self.works)

    def ids(self, kind: Kind) -> list[int]:
        """The row ids of one kind."""
        return [hit.row_id for hit in self.hits if hit.kind == kind]


def telling_word(title: str) -> str:
    """The longest word of a title, folded: every row that can be meant holds it. Empty where nothing can be folded."""
    return max(fold(title).split(), key=len, default="")


def meant(hits: Iterable[Hit], title: str, *, author: str | None = None, series: str | None = None) -> list[Hit]:
    """The rows that a title means: those with this very title; else this main title; else beginning with it, holding
    it, holding its words. ``author`` and ``series`` narrow it, by any part of the name."""
    levels: dict[int, list[Hit]] = defaultdict(list)
    for hit in hits:
        if author and not _names(hit.authors, author):
            continue
        if series and fold(series) not in fold(hit.series or ""):
            continue
        level = min((_level(own, title) for own in (hit.title, *hit.other_titles)), default=_NO_LEVEL)
        levels[level].append(hit)
    levels.pop(_NO_LEVEL, None)
    return levels[min(levels)] if levels else []


_NO_LEVEL = 9


def _level(own: str, asked: str) -> int:
    key, words = normalise_title(asked), fold(asked)
    if normalise_title(own) == key:
        return 0
    if normalise_title(main_title(own)) == key:
        return 1
    text = f" {fold(own)} "
    if text.startswith(f" {words} "):
        return 2
    if f" {words} " in text or (len(words) > 3 and words in text):
        return 3
    return 4 if words and set(words.split()) <= set(text.split()) else _NO_LEVEL


def _names(people: Iterable[str], part: str) -> bool:
    wanted = set(normalise_person(part).split())
    return any(wanted <= set(normalise_person(name).split()) for name in people)


def nearest(title: str, titles: Iterable[str]) -> list[str]:
    """The titles most like one that nobody has, best first."""
    found = process.extract(
        title, list(titles), scorer=fuzz.token_sort_ratio, processor=utils.default_process, limit=NEAREST_SHOWN
    )
    return [text for text, score, _ in found if score >= _NEAR_ENOUGH]


def subjects(hits: Sequence[Hit]) -> list[Subject]:
    """The things that rows are about. Gaps and entries of one work are one thing, and belong to the book that is that
    work; two books of one title (two narrators, say) are two."""
    books = [hit for hit in hits if hit.kind == "book"]
    works = _components([hit for hit in hits if hit.kind != "book"])
    found, attached = [], set()
    for book in books:
        own: list[Hit] = []
        for index, members in enumerate(works):
            if any(_same_work(book, member) for member in members):
                own += members
                attached.add(index)
        found.append(_subject(book, own))
    found += [_subject(None, members) for index, members in enumerate(works) if index not in attached]
    return found


def _subject(book: Hit | None, members: Sequence[Hit]) -> Subject:
    gaps = tuple(hit for hit in members if hit.kind == "gap")
    entries = tuple(hit for hit in members if hit.kind == "work")
    first = book or (gaps or entries)[0]
    return Subject(first.title, first.authors, book, gaps, entries)


def _components(hits: Sequence[Hit]) -> list[list[Hit]]:
    parents = list(range(len(hits)))

    def root(index: int) -> int:
        while parents[index] != index:
            index = parents[index]
        return index

    by_key: dict[str, list[int]] = defaultdict(list)
    by_row = {hit.row_id: index for index, hit in enumerate(hits) if hit.kind == "work"}
    for index, hit in enumerate(hits):
        for key in {normalise_title(title) for title in (hit.title, *hit.other_titles)}:
            by_key[key].append(index)
        if hit.kind == "work" and hit.same_as in by_row:
            parents[root(index)] = root(by_row[hit.same_as])
    for indices in by_key.values():
        for one, other in ((a, b) for place, a in enumerate(indices) for b in indices[:place]):
            if root(one) != root(other) and _same_work(hits[one], hits[other]):
                parents[root(one)] = root(other)
    groups: dict[int, list[Hit]] = defaultdict(list)
    for index, hit in enumerate(hits):
        groups[root(index)].append(hit)
    return list(groups.values())


def _same_work(one: Hit, other: Hit) -> bool:
    """Equal titles, and people, series or author in common. For showing rows beside each other only: what is one work
    is decided in identity.py and catalogue.py."""
    keys = [{normalise_title(title) for title in (hit.title, *hit.other_titles)} for hit in (one, other)]
    if not keys[0] & keys[1]:
        return False
    owners = [{("series", hit.series_id), ("author", hit.author_id)} - _NO_OWNERS for hit in (one, other)]
    people = [{normalise_person(name) for name in hit.authors} - {""} for hit in (one, other)]
    linked = one.kind == "book" and other.book_id == one.row_id
    return linked or bool(owners[0] & owners[1]) or bool(people[0] & people[1]) or not (people[0] and people[1])


_NO_OWNERS = frozenset({("series", None), ("author", None)})
