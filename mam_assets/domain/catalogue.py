"""A catalogue made of entries from several sources: what kind each entry is, and which entries are one work.

Belongs here: classifying and grouping. Does not belong here: what is owned or missing (ownership, gaps).

Grouping goes by dictionaries of normalised keys, so that its cost grows with the number of entries and not with its
square. It is the same for any order of the entries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from mam_assets.domain.books import CatalogEntry, Reason
from mam_assets.domain.isbn import normalise_asin, normalise_isbn
from mam_assets.domain.kinship import akin, one_word_apart
from mam_assets.domain.languages import is_other_script, normalise_language
from mam_assets.domain.marks import Mark, marks_of, range_in
from mam_assets.domain.names import (
    Position,
    main_title,
    normalise_series,
    normalise_title,
    parse_position,
    parse_title_all_series,
)
from mam_assets.domain.titles import TitleRelation, relate_titles, without_series_name

DEFAULT_LANGUAGES = ("English",)
_OTHER_SCRIPTS = frozenset(
    {"russian", "ukrainian", "bulgarian", "serbian", "greek", "hebrew", "arabic", "farsi", "urdu", "hindi", "bengali"}
    | {"tamil", "thai", "chinese", "japanese", "korean"}
)
_PLACED_BY, _PLACED_BY_ANYBODY = {"goodreads": 0, "audible": 1}, 2
_SOURCES = {"goodreads": 0, "googlebooks": 1, "google_books": 1, "audible": 2, "audiobookshelf": 3, "mam": 4}


class EntryKind(StrEnum):
    """What a line of a catalogue is. Only primary works and novellas can be gaps."""

    PRIMARY = "primary"
    NOVELLA = "novella"
    COLLECTION = "collection"
    PART = "part"
    COMPANION = "companion"
    SUMMARY = "summary"
    TRANSLATION = "translation"


_WORKS = (EntryKind.PRIMARY, EntryKind.NOVELLA)  # a tuple: an enum is quicker compared than hashed


def classify(
    entry: CatalogEntry, *, languages: Collection[str] = DEFAULT_LANGUAGES, series_name: str | None = None
) -> tuple[EntryKind, Reason]:
    """What an entry is, and why. A whole position ("3", "0") is a primary work, a fraction ("0.5") a novella, a range a
    collection. Without a position the title must say that it is something else; else it is primary, "unnumbered"."""
    position = entry_position(entry, series_name)
    kind, code = _classify(entry, position, _wanted_languages(frozenset(languages)))
    return kind, _reason(code, entry, position)


def _classify(entry: CatalogEntry, position: Position | None, wanted: frozenset[str | None]) -> tuple[EntryKind, str]:
    """The kind, and the code of its reason."""
    marks = marks_of(entry.title)
    if Mark.SUMMARY in marks:
        return EntryKind.SUMMARY, "summary"
    if _is_translation(entry, wanted):
        return EntryKind.TRANSLATION, "translation"
    if Mark.ADAPTATION in marks or Mark.SAMPLE in marks:
        return EntryKind.COMPANION, "adaptation"
    if position is not None and position.is_part:
        return EntryKind.PART, "part"
    if Mark.PART in marks:
        return EntryKind.PART, "part_by_title"
    if position is not None and position.is_range:
        return EntryKind.COLLECTION, "range"
    if Mark.COLLECTION in marks:
        return EntryKind.COLLECTION, "collection"
    if position is None:
        if Mark.MAYBE_COLLECTION in marks or " / " in entry.title:
            return EntryKind.COLLECTION, "collection"
        if Mark.COMPANION in marks:
            return EntryKind.COMPANION, "companion"
        return EntryKind.PRIMARY, "unnumbered"
    if position.starts_whole:
        return EntryKind.PRIMARY, "whole_position"
    return (EntryKind.COMPANION, "companion") if Mark.COMPANION in marks else (EntryKind.NOVELLA, "fraction")


def _reason(code: str, entry: CatalogEntry, position: Position | None) -> Reason:
    """The words for a code of `_classify`: made only for the few lines of which they are kept."""
    place = position.canonical if position is not None else ""
    words = {
        "summary": "is about another work",
        "translation": f"is in {entry.language or 'another script'}",
        "adaptation": "is an adaptation or a sample",
        "part": f"is part {position.part} of number {position.first}" if position is not None else "",
        "part_by_title": "is a part by its title",
        "range": f"holds {place}",
        "collection": "is a collection by its title",
        "companion": "is a companion by its title",
        "unnumbered": "has no readable position",
        "whole_position": f"is number {place}",
        "fraction": f"is number {place}, between two volumes",
    }[code]
    return Reason("part" if code == "part_by_title" else code, f"{entry.title!r} {words}")


@lru_cache(maxsize=100)
def _wanted_languages(languages: frozenset[str]) -> frozenset[str | None]:
    return frozenset(normalise_language(language) for language in languages)


def _is_translation(entry: CatalogEntry, wanted: frozenset[str | None]) -> bool:
    language = normalise_language(entry.language)
    if language is not None:
        return bool(wanted) and language not in wanted
    return bool(wanted) and not wanted & _OTHER_SCRIPTS and is_other_script(entry.title)


def entry_position(entry: CatalogEntry, series_name: str | None = None) -> Position | None:
    """The entry's place: what its source says; else what its title's bracket says of this series; else a labelled range
    in the title."""
    if entry.series is not None:
        position = parse_position(entry.series.position)
        if position is not None:
            return position
    _, named = parse_title_all_series(entry.title)
    if named:
        keys = [normalise_series(reference.name) for reference in named]
        wanted = normalise_series(series_name) if series_name else keys[0]
        if wanted in keys:
            return parse_position(named[keys.index(wanted)].position)
    return range_in(entry.title)


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with its keys, made once. ``places`` are (series key, position); in a series' own catalogue the key is
    empty, for every position there counts in that series."""

    entry: CatalogEntry
    kind: EntryKind
    why: str
    position: Position | None
    place: tuple[str, str] | None
    title_key: str
    main_key: str

    @property
    def reason(self) -> Reason:
        """Why it is of this kind."""
        return _reason(self.why, self.entry, self.position)


@dataclass(frozen=True, slots=True)
class CatalogueWork:
    """Lines that are one work; the first one speaks for it. ``position`` is its own, ``places`` are those of all lines:
    sources may count differently. ``place_only`` are lines that nothing but an equal place joined with the first: their
    titles are no names of the work."""

    lines: tuple[Line, ...]
    place_only: tuple[Line, ...] = ()
    position: Position | None = field(init=False)
    places: frozenset[tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        places = frozenset([line.place for line in self.lines if line.place is not None])
        object.__setattr__(self, "position", self.lines[0].position)  # one with a place speaks first
        object.__setattr__(self, "places", places)

    @property
    def kind(self) -> EntryKind:
        return self.lines[0].kind

    @property
    def entry(self) -> CatalogEntry:
        return self.lines[0].entry

    @property
    def place(self) -> tuple[str, str] | None:
        """The place that the source gives it which ranks first of all that give one."""
        return self.lines[0].place

    @property
    def place_rank(self) -> int:
        """How much its place is believed by who gives it: 0 by Goodreads, 1 by Audible, 2 by an uploader or a title."""
        return _PLACED_BY.get(self.lines[0].entry.source.casefold(), _PLACED_BY_ANYBODY)

    @property
    def is_placed_surely(self) -> bool:
        """Whether its place is more than an uploader's word."""
        return self.place is not None and self.place_rank < _PLACED_BY_ANYBODY

    @property
    def sources(self) -> frozenset[str]:
        return frozenset(line.entry.source for line in self.lines)


def read_lines(entries: Iterable[CatalogEntry], *, languages: Collection[str], series_name: str | None) -> list[Line]:
    """The lines of a catalogue in a fixed order, so that nothing hangs on the order in which sources were read."""
    wanted = _wanted_languages(frozenset(languages))
    lines = []
    for entry in _each_once(entries):
        position = entry_position(entry, series_name)
        kind, why = _classify(entry, position, wanted)
        title_key, main_key = _title_keys(entry.title, series_name or "", entry.series.name if entry.series else "")
        place = _place(entry, position, series_name)
        lines.append(Line(entry, kind, why, position, place, title_key, main_key))
    return sorted(lines, key=_line_order)


@lru_cache(maxsize=20_000)
def _title_keys(text: str, *series: str) -> tuple[str, str]:
    """The keys of a title without the series that it names, whole and before its subtitle."""
    title, named = parse_title_all_series(text)
    title = without_series_name(title, (*series, *(ref.name for ref in named)))
    return normalise_title(title), normalise_title(main_title(title))


def _each_once(entries: Iterable[CatalogEntry]) -> Sequence[CatalogEntry]:
    """Each entry once; those that share a source's key in an order of their own, for nothing else tells them apart."""
    given = tuple(entries)
    if len({(entry.source, entry.source_key) for entry in given}) == len(given):
        return given
    return sorted(set(given), key=repr)


def _place(entry: CatalogEntry, position: Position | None, series_name: str | None) -> tuple[str, str] | None:
    if position is None:
        return None
    if series_name is not None:
        return "", position.canonical
    name = entry.series.name if entry.series else next((s.name for s in parse_title_all_series(entry.title)[1]), "")
    key = normalise_series(name, entry.authors[0] if entry.authors else None)
    return (key, position.canonical) if key else None


def _line_order(line: Line) -> tuple[object, ...]:
    entry = line.entry
    return (
        line.position is None,
        line.position.key if line.position else (),
        _source_rank(entry.source),
        entry.source,
        len(entry.title),
        entry.title,
        entry.source_key,
    )


def _source_rank(source: str) -> int:
    return _SOURCES.get(source.casefold(), 9)


def _speaking_order(line: Line) -> tuple[bool, int]:
    """Of the lines of one work: a place before none, then the source that is believed most."""
    return line.position is None, _source_rank(line.entry.source)


def group_works(lines: Sequence[Line]) -> list[CatalogueWork]:
    """One work for all lines that mean it: by id, by title, by title and subtitle, by place in the series."""
    groups = _Groups(lines)
    groups.join_by(_ids, _may_share_id)
    _join_titles(groups)
    _join_subtitles(groups)
    return _with_places_joined(groups)


class _Groups:
    """Disjoint sets of lines. Roots are always the earliest line, so the result has an order of its own."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self._parent = list(range(len(lines)))

    def root(self, index: int) -> int:
        while self._parent[index] != index:
            self._parent[index] = self._parent[self._parent[index]]
            index = self._parent[index]
        return index

    def join(self, a: int, b: int) -> None:
        first, second = self.root(a), self.root(b)
        self._parent[max(first, second)] = min(first, second)

    def join_by(self, keys: Callable[[Line], Iterable[Hashable]], allowed: Callable[[Line, Line], bool]) -> None:
        first: dict[Hashable, int] = {}
        for index, line in enumerate(self.lines):
            for key in keys(line):
                earlier = first.setdefault(key, index)
                if earlier != index and allowed(self.lines[earlier], line):
                    self.join(earlier, index)

    def members(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for index in range(len(self.lines)):
            found[self.root(index)].append(index)
        return found


def _ids(line: Line) -> list[Hashable]:
    entry = line.entry
    ids = (
        ("goodreads", entry.goodreads_id),
        ("isbn", normalise_isbn(entry.isbn)),
        ("asin", normalise_asin(entry.asin)),
        (entry.source, entry.source_key),
    )
    return [pair for pair in ids if pair[1]]


def _may_share_id(a: Line, b: Line) -> bool:
    """An omnibus may carry the ISBN of its first volume: other kinds or other places stay apart."""
    return _family(a) == _family(b) and not _places_conflict(a, b)


def _family(line: Line) -> EntryKind:
    return EntryKind.PRIMARY if line.kind in _WORKS else line.kind


def _places_conflict(a: Line, b: Line) -> bool:
    if a.place is None or b.place is None:
        return False
    return a.place[0] == b.place[0] and a.place[1] != b.place[1]


def _join_titles(groups: _Groups) -> None:
    """The same title is the same work, unless one source itself gives it several places ("Saga" 1, 2, 3). Places that
    only differ between sources are two ways of counting."""
    buckets: dict[tuple[EntryKind, str], list[int]] = defaultdict(list)
    for index, line in enumerate(groups.lines):
        if line.title_key:
            buckets[_family(line), line.title_key].append(index)
    for members in buckets.values():
        lines = [groups.lines[index] for index in members]
        if not _one_source_counts_several(lines):
            for index in members[1:]:
                groups.join(members[0], index)
            continue
        by_place: dict[tuple[str, str] | None, int] = {}
        for index in members:  # those without a place come last and go to the first volume
            first = by_place.setdefault(groups.lines[index].place, index)
            groups.join(first if groups.lines[index].place is not None else members[0], index)


def _one_source_counts_several(lines: Sequence[Line]) -> bool:
    seen: dict[tuple[str, str], str] = {}
    for line in lines:
        if line.place is not None:
            series, canonical = line.place
            if seen.setdefault((line.entry.source, series), canonical) != canonical:
                return True
    return False


def _join_subtitles(groups: _Groups) -> None:
    """A bare title is compared with those that go on ("Sapiens: A Brief History"); only a subtitle that describes, the
    same place, or the same year joins them."""
    bare: dict[tuple[EntryKind, str], int] = {}
    for index, line in enumerate(groups.lines):
        if line.title_key and line.title_key == line.main_key:
            bare.setdefault((_family(line), line.main_key), index)
    for index, line in enumerate(groups.lines):
        other = bare.get((_family(line), line.main_key)) if line.title_key != line.main_key else None
        if other is None or groups.root(other) == groups.root(index):
            continue
        short = groups.lines[other]
        names = [e.series.name for e in (short.entry, line.entry) if e.series is not None]
        relation = relate_titles(short.entry.title, line.entry.title, series=names)
        alike = relation is TitleRelation.SUBTITLE and not _places_conflict(short, line)
        year = short.entry.published and line.entry.published and short.entry.published[:4] == line.entry.published[:4]
        same_place = short.place is not None and short.place == line.place
        if alike or (relation is TitleRelation.MAIN and (same_place or (year and not _places_conflict(short, line)))):
            groups.join(other, index)


def _with_places_joined(groups: _Groups) -> list[CatalogueWork]:
    """The works, those joined too that stand at one place under titles akin. What only the place joined is told."""
    by_name = [groups.root(index) for index in range(len(groups.lines))]
    _join_places(groups)
    works = []
    for _, members in sorted(groups.members().items()):
        if len(members) == 1:
            works.append(CatalogueWork((groups.lines[members[0]],)))
            continue
        ordered = sorted(members, key=lambda index: _speaking_order(groups.lines[index]))
        place_only = [groups.lines[index] for index in ordered if by_name[index] != by_name[ordered[0]]]
        works.append(CatalogueWork(tuple(groups.lines[index] for index in ordered), tuple(place_only)))
    return works


def _join_places(groups: _Groups) -> None:
    """Two sources that put a work at one place mean one work where the titles are akin. A source that itself tells the
    two apart keeps them apart; so does a title that has nothing in common with the other, for one of the two numbers
    may be a mistake ("Edgedancer" is no "Words of Radiance", whatever number an uploader gave it)."""
    members = groups.members()
    sources = {root: {groups.lines[i].entry.source for i in indexes} for root, indexes in members.items()}
    at_place: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, line in enumerate(groups.lines):
        if line.place is None or line.kind not in _WORKS:
            continue
        for other in at_place[line.place]:
            a, b = groups.root(other), groups.root(index)
            if a == b:
                break
            if not sources[a] & sources[b] and _akin(groups, members[a], members[b], line.place):
                groups.join(a, b)
                root = groups.root(a)
                sources[root] = sources[a] | sources[b]
                members[root] = [*members[a], *members[b]]
                break
        else:
            at_place[line.place].append(index)


def _akin(groups: _Groups, first: Iterable[int], second: Iterable[int], place: tuple[str, str]) -> bool:
    """Whether any titles of two groups at one place are akin, each as it stands and without its series' names."""
    series: set[str] = set()
    titles: list[list[str]] = []
    for indexes in (first, second):
        entries = [groups.lines[index].entry for index in indexes]
        series.update(entry.series.name for entry in entries if entry.series is not None)
        titles.append([title for entry in entries for title in (parse_title_all_series(entry.title)[0], entry.title)])
    bare = [[*found, *(without_series_name(title, tuple(series)) for title in found)] for found in titles]
    ours, theirs = (tuple(dict.fromkeys(found)) for found in bare)
    return akin(ours, theirs, series=series) or one_word_apart(
        ours, theirs, series=series, elsewhere=lambda: words_elsewhere(groups.lines, place)
    )


def words_elsewhere(lines: Iterable[Line], place: tuple[str, str]) -> frozenset[str]:
    """The words of titles at other places."""
    return frozenset(word for line in lines if line.place != place for word in line.title_key.split())
