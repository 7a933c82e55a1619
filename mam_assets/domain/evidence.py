"""What a release's title and series say about the wanted work: the same, another, or not enough.

Belongs here: titles, siblings, positions and packs of a release. Does not belong here: everything else that the gate
asks (release).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mam_assets.domain.books import Reason, Release, SeriesRef, Work
from mam_assets.domain.identity import PenNames, Sameness, same_person, same_series
from mam_assets.domain.isbn import normalise_asin, normalise_isbn
from mam_assets.domain.marks import Mark, bare_range_in, marks_of, range_in, volume_in
from mam_assets.domain.names import (
    Position,
    fold,
    normalise_person,
    normalise_title,
    parse_position,
    parse_title_all_series,
    strip_edition_notes,
)
from mam_assets.domain.titles import TitleRelation, closest, relate_titles, without_series_name


@dataclass(frozen=True, slots=True)
class Evidence:
    """Reasons to refuse, to hold, and in favour."""

    against: tuple[Reason, ...] = ()
    doubts: tuple[Reason, ...] = ()
    support: tuple[Reason, ...] = ()


def title_evidence(
    work: Work, release: Release, siblings: Sequence[Work] = (), *, pen_names: PenNames | None = None
) -> Evidence:
    """Weigh the release's title, series and ids against the work and its siblings."""
    against: list[Reason] = []
    doubts: list[Reason] = []
    support: list[Reason] = []
    title = bare_title(work, release)
    names = _series_names(work, release)
    own = (work.title, *work.other_titles)
    wanted = tuple(dict.fromkeys((*own, *(without_series_name(name, names) for name in own))))
    relation = closest(wanted, (title, release.title), series=names)

    pack = _pack(work, release)
    if pack is not None:
        (against if pack.code == "pack" else doubts).append(pack)
    place = _compare_place(work, release, pen_names)
    against.extend(place.against)
    support.extend(place.support)

    sibling = _sibling(work, release, title, relation, siblings)
    if sibling is not None:
        against.append(sibling)
        return Evidence(tuple(against), tuple(doubts), tuple(support))
    same_edition = _same_edition(work, release)
    if same_edition is not None:
        support.append(same_edition)
    certain_place = bool(place.support)
    _weigh_title(work, release, relation, certain_place, same_edition is not None, against, doubts, support)
    return Evidence(tuple(against), tuple(doubts), tuple(support))


def _weigh_title(
    work: Work,
    release: Release,
    relation: TitleRelation,
    certain_place: bool,
    same_edition: bool,
    against: list[Reason],
    doubts: list[Reason],
    support: list[Reason],
) -> None:
    shown = f"{release.title!r} for {work.title!r}"
    if relation in {TitleRelation.EQUAL, TitleRelation.SUBTITLE}:
        support.append(Reason("title_equal", shown))
    elif relation is TitleRelation.MAIN:
        if certain_place or same_edition:
            support.append(Reason("title_main", f"{shown}: the subtitle differs, the place or edition agrees"))
        else:
            doubts.append(Reason("title_main_only", f"{shown}: they agree before the subtitle only"))
    elif relation is TitleRelation.SHARED_HEAD:
        doubts.append(Reason("title_shared_head", f"{shown}: they go on differently after the same beginning"))
    elif relation is TitleRelation.NEAR:
        doubts.append(Reason("title_near", f"{shown}: nearly equal"))
    elif relation is TitleRelation.DIFFERENT_NUMBER:
        against.append(Reason("volume_differs", f"{shown}: another number"))
    elif certain_place or same_edition:
        doubts.append(Reason("title_differs", f"{shown}: another title, though the place or edition agrees"))
    elif relation is TitleRelation.EXTENSION:
        against.append(Reason("title_extends", f"{shown}: one goes on where the other ends"))
    else:
        against.append(Reason("title_differs", shown))


# --- the title itself ---------------------------------------------------------------------------------------------

_DECORATION = re.compile(r"\s*[\[({][^\[\](){}]*[\])}]\s*$")
_LISTING = re.compile(
    r"(?:[a-z]{2,3}|[a-z]+) / .+|vip|m4b|mp3|m4a|flac|[0-9]{2,3} ?kbps|(?:19|20)[0-9]{2}", re.IGNORECASE
)
_BETWEEN = re.compile(r"\s+[-–—]\s+|\s*:\s+")
# "Dune, Book 1", "Dune: Book One of the Dune Chronicles"; only taken off where the number is the wanted one.
_OWN_VOLUME = re.compile(r"[\s,:–-]+(?:book|bk\.?|vol(?:ume)?\.?|#)\s*#?\w+(?:\s+(?:of|in)\s.+)?$", re.IGNORECASE)


def bare_title(work: Work, release: Release) -> str:
    """The release's title without what surely isn't the title: "[ENG / M4B] [VIP]", "by <the author>", and the parts
    "<author> - ", "<series> 01 - " before it. What can't be told apart is left on."""
    text = release.title.strip()
    text = parse_title_all_series(text)[0]
    while (match := _DECORATION.search(text)) and match.start() > 0:
        inside = match[0].strip().strip("[](){} ")
        if not _LISTING.fullmatch(inside):
            break
        text = text[: match.start()].rstrip()
    text = strip_edition_notes(text)
    people = [*work.authors, *release.authors, *release.narrators]
    head, by, tail = text.rpartition(" by ")
    if by and fold(head) and any(_starts_with_person(tail, person) for person in work.authors):
        text = head
    known = {normalise_person(person) for person in people}
    segments = _BETWEEN.split(text)
    kept = [segment for segment in segments if normalise_person(segment) not in known]
    if len(kept) < len(segments) and any(fold(segment) for segment in kept):
        text = " - ".join(kept)
    text = without_series_name(text, _series_names(work, release))
    wanted = parse_position(work.series.position) if work.series else None
    if wanted is not None and volume_in(text) == wanted:
        head = _OWN_VOLUME.sub("", text)
        return head if fold(head) else text
    return text


def _starts_with_person(text: str, person: str) -> bool:
    first = re.split(r",|&| and |\.\.\.", text)[0]
    return same_person(first, person).is_same


def _series_names(work: Work, release: Release) -> list[str]:
    return [ref.name for ref in (work.series, *release.series) if ref is not None]


# --- siblings, places, packs --------------------------------------------------------------------------------------


def _sibling(
    work: Work, release: Release, title: str, relation: TitleRelation, siblings: Iterable[Work]
) -> Reason | None:
    """Another work of the author or series whose title the release bears, when it bears it at least as exactly."""
    if relation is TitleRelation.EQUAL:
        return None
    own = {normalise_title(name) for name in (work.title, *work.other_titles)}
    bare = normalise_title(title)
    for sibling in siblings:
        for name in (sibling.title, *sibling.other_titles):
            key = normalise_title(name)
            if not key or key in own:
                continue
            near = relation not in {TitleRelation.SUBTITLE, TitleRelation.NEAR} and _bears(title, name)
            if key == bare or near:
                return Reason("sibling_title", f"{release.title!r} is {name!r}, wanted is {work.title!r}")
    return None


def _bears(title: str, sibling: str) -> bool:
    return relate_titles(title, sibling) in {TitleRelation.EQUAL, TitleRelation.SUBTITLE}


def _compare_place(work: Work, release: Release, pen_names: PenNames | None) -> Evidence:
    wanted = parse_position(work.series.position) if work.series else None
    if work.series is None or wanted is None:
        return Evidence()
    against: list[Reason] = []
    for ref in (*release.series, *parse_title_all_series(release.title)[1]):
        place = parse_position(ref.position)
        if place is None or not _may_compare(work.series, work, release, ref, pen_names):
            continue
        shown = f"it is {ref.name} {place.canonical}, wanted is {work.series.name} {wanted.canonical}"
        if place == wanted:
            return Evidence(support=(Reason("position_agrees", shown),))
        if place.is_part and not wanted.is_part and place.covers(Position(wanted.ranges, place.part)):
            against.append(Reason("part", shown))
        elif not place.is_range:
            against.append(Reason("position_contradicts", shown))
    if against:
        return Evidence(against=tuple(against[:1]))
    named = volume_in(release.title)
    if named is not None and volume_in(work.title) is None and named != wanted and not named.is_range:
        shown = f"{release.title!r} says number {named.canonical}, wanted is {wanted.canonical}"
        return Evidence(against=(Reason("position_contradicts", shown),))
    return Evidence()


def _may_compare(wanted: SeriesRef, work: Work, release: Release, ref: SeriesRef, pen_names: PenNames | None) -> bool:
    """Positions are compared within one series only. A release without authors is compared by the series' name."""
    authors = release.authors or work.authors
    verdict = same_series(wanted.name, work.authors, ref.name, authors, pen_names=pen_names)
    return verdict.sameness is Sameness.SAME


def _pack(work: Work, release: Release) -> Reason | None:
    """A release of several works. Refused ("pack"), or held ("maybe_pack") where the name only hints at it."""
    wanted = parse_position(work.series.position) if work.series else None
    wants_several = work.is_collection or (wanted is not None and wanted.is_range)
    marks = marks_of(release.title)
    spans = [parse_position(ref.position) for ref in (*release.series, *parse_title_all_series(release.title)[1])]
    span = next((s for s in (*spans, range_in(release.title)) if s is not None and s.is_range), None)
    if span is not None:
        if wants_several and (wanted is None or span == wanted):
            return None
        return Reason("pack", f"{release.title!r} holds {span.canonical}")
    own = frozenset().union(*(marks_of(title) for title in (work.title, *work.other_titles)))
    if wants_several:
        return None
    if Mark.COLLECTION in marks and Mark.COLLECTION not in own:
        return Reason("pack", f"{release.title!r} is several works by its name")
    if Mark.MAYBE_COLLECTION in marks and not own & {Mark.MAYBE_COLLECTION, Mark.COLLECTION}:
        return Reason("maybe_pack", f"{release.title!r} may be several works")
    loose = bare_range_in(release.title)
    if loose is not None and bare_range_in(work.title) is None:
        return Reason("maybe_pack", f"{release.title!r} may hold {loose.canonical}")
    return None


def _same_edition(work: Work, release: Release) -> Reason | None:
    isbn = normalise_isbn(work.isbn)
    if isbn and isbn == normalise_isbn(release.isbn):
        return Reason("isbn_equal", f"ISBN {isbn}")
    asin = normalise_asin(work.asin)
    if asin and asin == normalise_asin(release.asin):
        return Reason("asin_equal", f"ASIN {asin}")
    return None
