"""Which of our series are one series under several names: merged, asked about, or kept apart.

Belongs here: the verdict on a pair of series, and what follows for many of them. Does not belong here: what a name
looks like (series_names), how rows move (store/series_identity.py).

Two series are one when Goodreads gives both one number, or when their names differ by decoration only, an author is
shared and the works agree. A contradiction (another number, another author, another work at one place) comes first. In
doubt nothing is merged, and a person is asked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import combinations

from mam_assets.domain.identity import PenNames, same_people
from mam_assets.domain.names import fold, normalise_person, normalise_series, normalise_title, parse_position
from mam_assets.domain.titles import TitleRelation, relate_titles, without_series_name

_ALIKE = frozenset({TitleRelation.EQUAL, TitleRelation.SUBTITLE, TitleRelation.MAIN})
# Words that say what a series is and not which one; `normalise_series` leaves those off that are safe without evidence.
_KINDS = frozenset(
    {"chronicle", "chronicles", "adventure", "adventures", "mystery", "mysteries", "story", "stories", "tales"}
    | {"series", "saga", "trilogy", "duology", "quartet", "quintet", "tetralogy", "cycle", "sequence", "universe"}
    | {"novel", "novels", "books", "world", "romances", "legend", "legends", "the", "a", "an", "of"}
)
_ENOUGH_FOR_SUBTITLE = 3
"""A sub-series counts from 1 as well: "Discworld: Rincewind" agrees with "Discworld" twice before it differs."""
_ENOUGH_WITHOUT_NAME = 2
"""One book says nothing: every shelf of a person holds a book of some series."""
MOST_ALIKE = 40
"""Series that share a key; more than this say that the key is no name ("Complete Works")."""


class Likeness(StrEnum):
    """How two names stand to each other, from the surest."""

    SPELLING = "spelling"  # equal but for spelling, or the author's name in front
    KIND = "kind"  # one says besides what it is ("Dune", "Dune Chronicles")
    SUBTITLE = "subtitle"  # one has a subtitle ("Mistborn", "Mistborn: The Original Trilogy")
    UNLIKE = "unlike"


class Fate(StrEnum):
    """What is to become of a pair."""

    MERGE = "merge"
    ASK = "ask"
    APART = "apart"


@dataclass(frozen=True, slots=True)
class SeriesSide:
    """A series of ours with all that speaks for its identity. ``names`` are every spelling, the shown one first;
    ``works`` are (position as text, title) of its books and of its catalogue."""

    series_id: int
    names: tuple[str, ...]
    authors: tuple[str, ...] = ()
    goodreads_id: str | None = None
    works: tuple[tuple[str | None, str], ...] = ()
    books: int = 0

    @property
    def name(self) -> str:
        return self.names[0]


@dataclass(frozen=True, slots=True)
class PairVerdict:
    """``rule`` is a stable code, ``evidence`` its reasons in words."""

    fate: Fate
    rule: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Merge:
    keep: int
    drop: int
    rule: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """Two series that look alike and are not merged: a question for a person."""

    first: int
    second: int
    rule: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What a look at all series gives. ``merges`` are to be done in their order."""

    merges: tuple[Merge, ...] = ()
    doubts: tuple[Doubt, ...] = ()


# --- names --------------------------------------------------------------------------------------------------------


def likeness(a: SeriesSide, b: SeriesSide) -> Likeness:
    """The closest of any two of their names."""
    people = (*a.authors, *b.authors)
    best = Likeness.UNLIKE
    order = list(Likeness)
    for first in a.names:
        for second in b.names:
            found = _compare_names(first, second, people)
            if order.index(found) < order.index(best):
                best = found
    return best


def _compare_names(a: str, b: str, people: Sequence[str]) -> Likeness:
    if _plain_keys(a, people) & _plain_keys(b, people):
        return Likeness.SPELLING
    if _core_keys(a, people) & _core_keys(b, people):
        return Likeness.KIND
    heads = [_plain_keys(head, people) | _core_keys(head, people) if (head := _head(name)) else None for name in (a, b)]
    if heads[0] and heads[0] & (_plain_keys(b, people) | _core_keys(b, people)):
        return Likeness.SUBTITLE
    if heads[1] and heads[1] & (_plain_keys(a, people) | _core_keys(a, people)):
        return Likeness.SUBTITLE
    return Likeness.UNLIKE


def _plain_keys(name: str, people: Sequence[str]) -> frozenset[str]:
    keys = {normalise_series(name), *(normalise_series(name, person) for person in people)}
    keys |= {key.removeprefix(f"{surname} ") for key in list(keys) for surname in _possessive_surnames(name, people)}
    return frozenset(key.replace(" ", "") for key in keys if key)


def _possessive_surnames(name: str, people: Sequence[str]) -> list[str]:
    """ "Asimov's Foundation": only with its possessive is a surname in front no part of the name."""
    surnames = [words[-1] for person in people if (words := normalise_person(person).split())]
    return [f"{surname}s" for surname in surnames if re.match(rf"{re.escape(surname)}(?:['’]s?)\s", fold_marks(name))]


def fold_marks(name: str) -> str:
    """Folded word by word, with apostrophes kept."""
    return " ".join("'".join(fold(part) for part in re.split(r"['’]", word)) for word in name.split())


def _core_keys(name: str, people: Sequence[str]) -> frozenset[str]:
    """Without leading and trailing words of kind; nothing where no other word is left."""
    keys = {normalise_series(name), *(normalise_series(name, person) for person in people)}
    cores = set()
    for key in keys:
        words = key.split()
        while words and words[-1] in _KINDS:
            words.pop()
        while words and words[0] in _KINDS:
            words.pop(0)
        cores.add("".join(words))
    return frozenset(cores - {""})


def _head(name: str) -> str | None:
    head, colon, tail = name.partition(":")
    return head.strip() if colon and fold(head) and fold(tail) else None


def keys_of(side: SeriesSide) -> frozenset[str]:
    """What two series must share to be looked at together: any key of any name, and of what stands before a colon."""
    found: set[str] = set()
    for name in side.names:
        for spelled in (name, _head(name)):
            if spelled:
                found |= _plain_keys(spelled, side.authors) | _core_keys(spelled, side.authors)
    return frozenset(found)


# --- works --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Agreement:
    agree: list[str] = field(default_factory=list)
    conflict: list[str] = field(default_factory=list)


def _places(side: SeriesSide, names: Sequence[str]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Titles by single place, and places by title key."""
    titles: dict[str, set[str]] = defaultdict(set)
    places: dict[str, set[str]] = defaultdict(set)
    for text, title in side.works:
        position = parse_position(text)
        if position is None or position.is_range or position.is_part:
            continue
        bare = without_series_name(title, names)
        titles[position.canonical].add(bare)
        if key := normalise_title(bare):
            places[key].add(position.canonical)
    return titles, places


def _compare_works(a: SeriesSide, b: SeriesSide) -> _Agreement:
    names = (*a.names, *b.names)
    titles_a, places_a = _places(a, names)
    titles_b, places_b = _places(b, names)
    found = _Agreement()
    for place in sorted(titles_a.keys() & titles_b.keys()):
        ours, theirs = sorted(titles_a[place]), sorted(titles_b[place])
        if any(relate_titles(x, y, series=names) in _ALIKE for x in ours for y in theirs):
            found.agree.append(f"{ours[0]!r} is number {place} of both")
        else:
            found.conflict.append(f"number {place} is {ours[0]!r} in one and {theirs[0]!r} in the other")
    for key in sorted(places_a.keys() & places_b.keys()):
        if not places_a[key] & places_b[key]:
            numbers = " and ".join((min(places_a[key]), min(places_b[key])))
            found.conflict.append(f"{key!r} is number {numbers}")
    return found


# --- pairs --------------------------------------------------------------------------------------------------------


def judge_pair(
    a: SeriesSide, b: SeriesSide, *, held_apart: bool = False, pen_names: PenNames | None = None
) -> PairVerdict:
    """What is to become of two of our series. ``held_apart``: a person has undone a merge of these two, which is never
    made again. The order of the two changes nothing but the wording."""
    shown = f"{a.name!r} and {b.name!r}"
    if held_apart:
        return PairVerdict(Fate.APART, "held_apart", f"a person keeps {shown} apart")
    if a.goodreads_id and a.goodreads_id == b.goodreads_id:
        return PairVerdict(Fate.MERGE, "goodreads_id", f"{shown} are Goodreads' series {a.goodreads_id}")
    like = likeness(a, b)
    works = _compare_works(a, b)
    said = "; ".join((works.agree + works.conflict)[:4])
    if a.goodreads_id and b.goodreads_id:
        if like is Likeness.SPELLING and works.agree and not works.conflict:
            return PairVerdict(Fate.ASK, "two_numbers", f"{shown} have two numbers at Goodreads, yet {said}")
        return PairVerdict(Fate.APART, "goodreads_differs", f"Goodreads tells {shown} apart")
    if like is Likeness.UNLIKE:
        return PairVerdict(Fate.APART, "names_differ", f"nothing in their names joins {shown}")
    people = same_people(a.authors, b.authors, pen_names=pen_names)
    if people.is_different:
        return PairVerdict(Fate.APART, "authors_differ", f"{shown}: {people.reasons[0].evidence}")
    if works.conflict and not works.agree:
        return PairVerdict(Fate.APART, "works_differ", f"{shown}: {said}")
    if works.conflict:
        return PairVerdict(Fate.ASK, "works_contradict", f"{shown}: {said}")
    if people.is_unsure:
        return PairVerdict(Fate.ASK, "author_unsure", f"{shown}: {people.reasons[0].evidence}")
    if like is Likeness.SPELLING:
        return PairVerdict(Fate.MERGE, "same_name", f"{shown} are one name of one author{f'; {said}' if said else ''}")
    enough = _ENOUGH_FOR_SUBTITLE if like is Likeness.SUBTITLE else 1
    if len(works.agree) >= enough:
        return PairVerdict(Fate.MERGE, f"same_works_{like.value}", f"{shown}: {said}")
    lacking = said or "no work of one is known in the other"
    return PairVerdict(Fate.ASK, f"alike_{like.value}", f"{shown} are named alike; {lacking}")


def judge_listing(ours: SeriesSide, listed: SeriesSide, *, whole: bool) -> PairVerdict:
    """Whether a source's list is that of our series, where one book alone led there and the names differ. Two owned
    works must agree, by place or, where ours have none, by title; none may contradict. In a ``whole`` list none may be
    lacking: a person's shelf holds books of many series. One work is enough where the names' own words are the same,
    and one at its place where one name holds the other's ("Land of Oz" and "Oz")."""
    shown = f"{ours.name!r} may be {listed.name!r} ({listed.goodreads_id}) at Goodreads"
    works = _compare_works(ours, listed)
    names = (*ours.names, *listed.names)
    titles = {normalise_title(without_series_name(title, names)): title for _, title in listed.works}
    lacking: list[str] = []
    agree = list(works.agree)
    for place, title in ours.works:
        position = parse_position(place)
        if position is not None and (position.is_range or position.is_part):
            continue
        bare = without_series_name(title, names)
        if not _is_among(bare, titles, names):
            lacking.append(f"{title!r} is not in its list")
        elif position is None:
            agree.append(f"{title!r} is in its list")
    against = works.conflict + (lacking if whole else [])
    said = "; ".join((agree + against)[:4]) or "no work agrees"
    enough = 1 if _names_agree(ours, listed, placed=bool(works.agree)) else _ENOUGH_WITHOUT_NAME
    if len(agree) >= enough and not against:
        return PairVerdict(Fate.MERGE, "same_works", f"{ours.name!r} is {listed.name!r} at Goodreads: {said}")
    return PairVerdict(Fate.ASK, "number_alone", f"{shown}, yet only one book leads there: {said}")


def _names_agree(ours: SeriesSide, listed: SeriesSide, *, placed: bool) -> bool:
    """Whether two names have the same own words ("Jungle Books", "The Jungle Book"); where a work stands at its place,
    whether one has all of the other's. Part of a world ("Star Wars: Thrawn") has them too, but counts from 1 again."""
    sides = [[_own_words(name) for name in side.names] for side in (ours, listed)]
    return any(a and b and (a == b or (placed and (a <= b or b <= a))) for a in sides[0] for b in sides[1])


def _own_words(name: str) -> frozenset[str]:
    """The words that say which series it is, without the s of a plural."""
    return frozenset(word.removesuffix("s") for word in normalise_series(name).split()) - _KIND_STEMS


_KIND_STEMS = frozenset(word.removesuffix("s") for word in _KINDS)


def _is_among(title: str, titles: Mapping[str, str], names: Sequence[str]) -> bool:
    if normalise_title(title) in titles:
        return True
    return any(relate_titles(title, other, series=names) in _ALIKE for other in titles.values())


def judge_number(
    a: SeriesSide,
    b: SeriesSide,
    *,
    shared_books: int = 0,
    held_apart: bool = False,
    pen_names: PenNames | None = None,
) -> PairVerdict:
    """What is to become of two of our series that a source leads to one number. Under unlike names the works must
    agree, at two places, or at one where either holds no book any more (it was renamed); and no book may be in both:
    who shelves it in both takes them for two. Else a person is asked."""
    numbered = [replace(side, goodreads_id=a.goodreads_id or b.goodreads_id) for side in (a, b)]
    verdict = judge_pair(numbered[0], numbered[1], held_apart=held_apart, pen_names=pen_names)
    if verdict.fate is not Fate.MERGE or likeness(a, b) is not Likeness.UNLIKE:
        return verdict
    works = _compare_works(a, b)
    enough = _ENOUGH_WITHOUT_NAME if a.books and b.books else 1
    said = "; ".join((works.agree + works.conflict)[:4]) or "no work is known in both"
    if shared_books:
        said = f"{shared_books} of our books in both; {said}"
    elif len(works.agree) >= enough and not works.conflict:
        return PairVerdict(Fate.MERGE, "goodreads_id", f"{verdict.evidence}; {said}")
    return PairVerdict(Fate.ASK, "number_alone", f"{verdict.evidence}, yet their names differ; {said}")


def kept_of(a: SeriesSide, b: SeriesSide) -> tuple[SeriesSide, SeriesSide]:
    """(the one that stays, the one that goes into it): with a Goodreads number before without, more books before fewer,
    the older before the younger."""
    first, second = sorted((a, b), key=lambda side: (side.goodreads_id is None, -side.books, side.series_id))
    return first, second


def candidate_pairs(sides: Iterable[SeriesSide]) -> list[tuple[int, int]]:
    """Pairs of ids worth a look: they share a key of their names, or a Goodreads number. Cost grows with the number of
    series and of such pairs."""
    groups: dict[str, set[int]] = defaultdict(set)
    for side in sides:
        for key in keys_of(side):
            groups[key].add(side.series_id)
        if side.goodreads_id:
            groups[f"#{side.goodreads_id}"].add(side.series_id)
    pairs = {
        pair
        for members in groups.values()
        if 1 < len(members) <= MOST_ALIKE
        for pair in combinations(sorted(members), 2)
    }
    return sorted(pairs)


def decide(
    sides: Iterable[SeriesSide],
    *,
    held_apart: Collection[frozenset[int]] = frozenset(),
    pen_names: PenNames | None = None,
) -> Decided:
    """What is to become of these series. A pair that only agrees through a third one is not merged through it: each
    merge is judged with all that the merged series then holds. The order of ``sides`` changes nothing."""
    current: dict[int, SeriesSide] = {side.series_id: side for side in sides}
    members = {series_id: frozenset({series_id}) for series_id in current}
    beside: dict[int, set[int]] = defaultdict(set)
    for one, other in candidate_pairs(current.values()):
        beside[one].add(other)
        beside[other].add(one)

    def judge(one: int, other: int) -> PairVerdict:
        apart = _are_held_apart(members[one], members[other], held_apart)
        first, second = sorted((one, other))
        return judge_pair(current[first], current[second], held_apart=apart, pen_names=pen_names)

    judged = {(one, other): judge(one, other) for one in beside for other in beside[one] if one < other}
    to_merge = {pair for pair, verdict in judged.items() if verdict.fate is Fate.MERGE}
    merges: list[Merge] = []
    while to_merge:
        pair = min(to_merge, key=lambda ids: (judged[ids].rule != "goodreads_id", ids))
        verdict = judged[pair]
        keep, drop = kept_of(current[pair[0]], current[pair[1]])
        merges.append(Merge(keep.series_id, drop.series_id, verdict.rule, verdict.evidence))
        current[keep.series_id] = _joined(keep, current.pop(drop.series_id))
        members[keep.series_id] |= members.pop(drop.series_id)
        near = (beside[keep.series_id] | beside.pop(drop.series_id)) - {keep.series_id, drop.series_id}
        beside[keep.series_id] = near
        for other in near:
            beside[other] = beside[other] - {drop.series_id} | {keep.series_id}
            gone = (min(drop.series_id, other), max(drop.series_id, other))
            stays = (min(keep.series_id, other), max(keep.series_id, other))
            judged.pop(gone, None)
            to_merge -= {gone, stays}
            judged[stays] = judge(keep.series_id, other)
            if judged[stays].fate is Fate.MERGE:
                to_merge.add(stays)
        judged.pop(pair)
        to_merge.discard(pair)
    doubts = tuple(
        Doubt(pair[0], pair[1], verdict.rule, verdict.evidence)
        for pair, verdict in sorted(judged.items(), key=lambda item: item[0])
        if verdict.fate is Fate.ASK
    )
    return Decided(tuple(merges), doubts)


def _are_held_apart(a: frozenset[int], b: frozenset[int], held_apart: Collection[frozenset[int]]) -> bool:
    return bool(held_apart) and any(frozenset({x, y}) in held_apart for x in a for y in b)


def _joined(keep: SeriesSide, drop: SeriesSide) -> SeriesSide:
    return SeriesSide(
        keep.series_id,
        tuple(dict.fromkeys((*keep.names, *drop.names))),
        tuple(dict.fromkeys((*keep.authors, *drop.authors))),
        keep.goodreads_id or drop.goodreads_id,
        tuple(dict.fromkeys((*keep.works, *drop.works))),
        keep.books + drop.books,
    )


def shown_pairs(doubts: Sequence[Doubt], names: Mapping[int, str]) -> list[dict[str, str | int]]:
    """The questions as rows for a person, with the ids that `mam series merge` takes."""
    return [
        {
            "keep": doubt.first,
            "keep_name": names.get(doubt.first, ""),
            "drop": doubt.second,
            "drop_name": names.get(doubt.second, ""),
            "rule": doubt.rule,
            "evidence": doubt.evidence,
        }
        for doubt in doubts
    ]
